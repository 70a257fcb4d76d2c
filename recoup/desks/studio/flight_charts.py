"""The pictures of a flight: gains over the days, budgets against their caps, refusals, changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from recoup.look import charts
from recoup.look.charts import Option
from recoup.strategy.flights.flying import CANDIDATE

HUNDRED = 100.0  # minor units in one of the currency, for axes
TINTS = {CANDIDATE: "#0f5b5f"}
OTHER = "#c98a1b"
MOST_RULES = 12


def _short(days: Sequence[str]) -> list[str]:
    return [day[5:] for day in days]


def _major(values: Sequence[Mapping[str, float | None]], key: str) -> list[float | None]:
    return [None if (x := each[key]) is None else round(x / HUNDRED, 2) for each in values]


def gap(results: Mapping[str, Any]) -> Option:
    """What the candidate recovered beyond the other side up to each day, within its interval."""
    rows = results["gap"]
    return charts.band(
        names=_short(results["days"]), middle=(_("difference"), _major(rows, "value")),
        low=(_("at least"), _major(rows, "low")), high=(_("at most"), _major(rows, "high")),
    )  # fmt: skip


def gains(results: Mapping[str, Any], names: Mapping[str, str]) -> Option:
    """What each side recovered beyond nobody contacted, each within its interval."""
    option = charts.lines(
        names=_short(results["days"]),
        series={names[side]: _major(rows, "value") for side, rows in results["lift"].items()},
    )
    for line, (side, rows) in zip(list(option["series"]), results["lift"].items(), strict=True):
        tint = TINTS.get(side, OTHER)
        line["color"] = tint
        low, high = _major(rows, "low"), _major(rows, "high")
        if None in low:
            continue
        hidden = {
            "type": "line", "silent": True, "symbol": "none", "stack": side,
            "stackStrategy": "all", "tooltip": {"show": False}, "lineStyle": {"opacity": 0},
            "color": tint,
        }  # fmt: skip
        width = [round((b or 0) - (a or 0), 2) for a, b in zip(low, high, strict=True)]
        shade = {"color": tint, "opacity": 0.1}
        option["series"] += [{**hidden, "data": low}, {**hidden, "data": width, "areaStyle": shade}]
    option["legend"]["data"] = list(names.values())
    return option


def budgets(rows: Sequence[Mapping[str, Any]], days: Sequence[str]) -> Option:
    """How much of each budget the candidate uses on each day, in per cent of its cap."""
    series = {
        row["title"]: [round(100 * used / row["most"], 1) for used in row["used"]]
        for row in rows if row["most"]
    }  # fmt: skip
    option = charts.lines(names=_short(days), series=series, unit="%")
    option["yAxis"] |= {"min": 0, "max": 110, "interval": 20}
    cap = {"symbol": "none", "silent": True, "label": {"formatter": _("cap"), "position": "insideEndTop"},
           "lineStyle": {"color": "#b4533c"}, "data": [{"yAxis": 100}]}  # fmt: skip
    if option["series"]:
        option["series"][0]["markLine"] = cap
    return option


def refusals(results: Mapping[str, Any], names: Mapping[str, str]) -> Option:
    """Refusals by rule on both sides."""
    rows = results["rules"][:MOST_RULES]
    option = charts.rows(names=[row["rule"] for row in rows], data=())
    option["legend"] = {"top": 0, "right": 0}
    option["series"] = [
        {"type": "bar", "name": names[side], "barMaxWidth": 12, "color": TINTS.get(side, OTHER),
         "data": [round(row[key], 1) for row in rows]}
        for side, key in zip(results["lift"], ("candidate", "against"), strict=True)
    ]  # fmt: skip
    return option


def changes(night: Mapping[str, Any]) -> Option:
    """From which action to which, in cases of the first night."""
    nothing = _("no action")
    before = sorted({row["before"] for row in night["matrix"]})
    after = sorted({row["after"] for row in night["matrix"]})
    option = charts.matrix(
        across=[name or nothing for name in after], down=[name or nothing for name in before],
        cells=[
            (after.index(row["after"]), before.index(row["before"]), row["cases"])
            for row in night["matrix"]
        ],
        unit="",
    )  # fmt: skip
    option["visualMap"]["max"] = max((row["cases"] for row in night["matrix"]), default=1)
    option["xAxis"]["axisLabel"] = {"rotate": 35}
    return option
