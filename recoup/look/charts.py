"""
Charts as data: what ECharts draws, made here so that a page needs one line of script.

Every builder gives an option with its words already in the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Option = dict[str, Any]
Numbers = Sequence[float | int | None]


def _axes(names: Sequence[str], *, unit: str = "") -> Option:
    return {
        "xAxis": {"type": "category", "data": list(names), "axisTick": {"show": False}},
        "yAxis": {
            "type": "value", "name": unit, "nameTextStyle": {"align": "left"},
            "splitLine": {"lineStyle": {"color": "#eef1f0"}},
        },
    }  # fmt: skip


def _legend(unit: str) -> Option:
    """Beside the axis's name, which stands in the corner."""
    return {"top": 0, "right": 0, **({"left": 56} if unit else {})}


def bars(
    *, names: Sequence[str], series: dict[str, Numbers], unit: str = "", stacked: bool = False
) -> Option:
    """Upright bars, one for each name, side by side or stacked."""
    stack = {"stack": "all"} if stacked else {}
    return {
        **_axes(names, unit=unit),
        "legend": _legend(unit) if len(series) > 1 else {"show": False},
        "series": [
            {"type": "bar", "name": name, "data": list(data), "barMaxWidth": 28, **stack}
            for name, data in series.items()
        ],
    }


def lines(
    *, names: Sequence[str], series: dict[str, Numbers], unit: str = "",
    mark: tuple[str, str] | None = None,
) -> Option:  # fmt: skip
    """
    Lines over the same names; a gap where a figure is `None`. `mark` is an upright line: the name it
    stands at, and its label.
    """
    option: Option = {
        **_axes(names, unit=unit),
        "legend": {**_legend(unit), "type": "scroll"} if len(series) > 1 else {"show": False},
        "series": [
            {"type": "line", "name": name, "data": list(data), "showSymbol": len(data) < 32,
             "symbolSize": 5}
            for name, data in series.items()
        ],
    }  # fmt: skip
    if mark is not None and option["series"]:
        option["series"][0]["markLine"] = {
            "silent": True, "symbol": "none", "lineStyle": {"color": "#b4533c"},
            "data": [{"xAxis": mark[0]}],
            "label": {"formatter": mark[1], "color": "#b4533c", "position": "insideEndTop"},
        }  # fmt: skip
    return option


def band(
    *, names: Sequence[str], middle: tuple[str, Numbers], low: tuple[str, Numbers],
    high: tuple[str, Numbers], unit: str = "", marks: dict[str, str] | None = None,
) -> Option:  # fmt: skip
    """
    A line within its interval, with a line at zero; `None` where nothing can be said. `marks` are
    upright lines, by the name they stand at.
    """
    width = [
        None if a is None or b is None else round(b - a, 6)
        for a, b in zip(low[1], high[1], strict=True)
    ]
    hidden = {"type": "line", "silent": True, "symbol": "none", "stack": "band",
              "stackStrategy": "all", "tooltip": {"trigger": "none"},
              "lineStyle": {"opacity": 0}}  # fmt: skip
    edge = {"type": "line", "symbol": "none", "color": "#9db5b3",
            "lineStyle": {"width": 1, "type": "dashed", "color": "#9db5b3"}}  # fmt: skip
    zero = [{"yAxis": 0, "lineStyle": {"color": "#6b7775", "type": "solid"}}]
    at = [
        {"xAxis": name, "lineStyle": {"color": "#b4533c"},
         "label": {"show": True, "formatter": said, "color": "#b4533c", "position": "insideEndTop"}}
        for name, said in (marks or {}).items()
    ]  # fmt: skip
    return {
        **_axes(names, unit=unit),
        "legend": {"show": False},
        "series": [
            {**hidden, "name": "low", "data": list(low[1])},
            {**hidden, "name": "width", "data": width,
             "areaStyle": {"color": "#0f5b5f", "opacity": 0.12}},
            {**edge, "name": high[0], "data": list(high[1])},
            {"type": "line", "name": middle[0], "data": list(middle[1]),
             "showSymbol": len(names) < 32, "symbolSize": 5, "color": "#0f5b5f",
             "markLine": {"silent": True, "symbol": "none", "label": {"show": False},
                          "data": [*zero, *at]}},
            {**edge, "name": low[0], "data": list(low[1])},
        ],
    }  # fmt: skip


def intervals(
    *, names: Sequence[str], values: Numbers, lows: Numbers, highs: Numbers, said: str,
    unit: str = "",
) -> Option:  # fmt: skip
    """Lying intervals with their estimates, the first on top, and a line at zero."""
    width = [None if a is None or b is None else b - a for a, b in zip(lows, highs, strict=True)]
    part = {"type": "bar", "stack": "interval", "stackStrategy": "all", "barWidth": 8,
            "silent": True}  # fmt: skip
    return {
        "tooltip": {"trigger": "item"},
        "xAxis": {"type": "value", "name": unit, "splitLine": {"lineStyle": {"color": "#eef1f0"}}},
        "yAxis": {"type": "category", "data": list(names), "inverse": True,
                  "axisTick": {"show": False}, "axisLine": {"show": False}},
        "series": [
            {**part, "data": list(lows), "itemStyle": {"opacity": 0}},
            {**part, "data": width, "itemStyle": {"color": "#9db5b3", "opacity": 0.6}},
            {"type": "scatter", "name": said, "symbolSize": 9, "color": "#0f5b5f",
             "data": [[value, name] for value, name in zip(values, names, strict=True)],
             "markLine": {"silent": True, "symbol": "none", "label": {"show": False},
                          "data": [{"xAxis": 0, "lineStyle": {"color": "#6b7775",
                                                              "type": "solid"}}]}},
        ],
    }  # fmt: skip


def bars_and_line(
    *, names: Sequence[str], bar: tuple[str, Numbers], line: tuple[str, Numbers], unit: str
) -> Option:
    """Bars of each day, and a line of the running total on its own scale."""
    option = _axes(names, unit=unit)
    option["yAxis"] = [option["yAxis"], {"type": "value", "splitLine": {"show": False}}]
    option["legend"] = {"top": 0, "right": 0}
    option["series"] = [
        {"type": "bar", "name": bar[0], "data": list(bar[1]), "barMaxWidth": 22},
        {"type": "line", "name": line[0], "data": list(line[1]), "yAxisIndex": 1,
         "showSymbol": False},
    ]  # fmt: skip
    return option


def stacked_rows(*, names: Sequence[str], series: dict[str, Numbers]) -> Option:
    """Lying bars in parts, the first on top: for long names."""
    return {
        **rows(names=names, data=()),
        "legend": {"top": 0, "right": 0} if len(series) > 1 else {"show": False},
        "series": [
            {"type": "bar", "name": name, "data": list(data), "barMaxWidth": 18, "stack": "all"}
            for name, data in series.items()
        ],
    }


def rows(*, names: Sequence[str], data: Numbers, unit: str = "") -> Option:
    """Lying bars, the first on top: for long names."""
    return {
        "xAxis": {"type": "value", "name": unit, "splitLine": {"lineStyle": {"color": "#eef1f0"}}},
        "yAxis": {"type": "category", "data": list(names), "inverse": True,
                  "axisTick": {"show": False}},
        "series": [{"type": "bar", "data": list(data), "barMaxWidth": 18}],
    }  # fmt: skip


def matrix(
    *, across: Sequence[str], down: Sequence[str], cells: Sequence[tuple[int, int, float]],
    unit: str = "%",
) -> Option:  # fmt: skip
    """A table of shares by colour: `(column, row, per cent)`."""
    return {
        "tooltip": {"trigger": "item"},
        "grid": {"left": 8, "right": 16, "top": 8, "bottom": 30, "containLabel": True},
        "xAxis": {"type": "category", "data": list(across), "position": "top",
                  "axisTick": {"show": False}, "axisLine": {"show": False}},
        "yAxis": {"type": "category", "data": list(down), "inverse": True,
                  "axisTick": {"show": False}, "axisLine": {"show": False}},
        "visualMap": {"min": 0, "max": 100, "show": False,
                      "inRange": {"color": ["#f5f7f6", "#cfe5e2", "#6fb0ab", "#0f5b5f"]}},
        "series": [
            {"type": "heatmap", "data": [list(cell) for cell in cells],
             "label": {"show": True, "formatter": "{@[2]}" + unit}}
        ],
    }  # fmt: skip


def diagonal(
    *, points: Sequence[tuple[float, float]], across: str, up: str, most: float
) -> Option:  # fmt: skip
    """Points beside the line where said and happened are the same."""
    axis = {
        "type": "value",
        "min": 0,
        "max": most,
        "splitLine": {"lineStyle": {"color": "#eef1f0"}},
    }
    return {
        "tooltip": {"trigger": "item"},
        "xAxis": {**axis, "name": across, "nameLocation": "middle", "nameGap": 26},
        "yAxis": {**axis, "name": up},
        "grid": {"left": 8, "right": 20, "top": 36, "bottom": 30, "containLabel": True},
        "series": [
            {"type": "line", "data": [[0, 0], [most, most]], "showSymbol": False,
             "silent": True, "lineStyle": {"type": "dashed", "color": "#b3bdba"}},
            {"type": "line", "data": [list(point) for point in points], "symbolSize": 7},
        ],
    }  # fmt: skip
