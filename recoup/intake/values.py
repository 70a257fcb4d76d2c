"""
Reading columns of text as what they mean, a whole batch at a time.

Each reader takes a column of tidy texts (null where the cell was empty) and gives the values and
what is wrong with which rows, as masks. A row with a problem has no value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

import polars as pl

from recoup.intake.tables import DTYPES, Field

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
TRUE = ("1", "1.0", "true", "yes", "y", "t", "是", "有")
FALSE = ("0", "0.0", "false", "no", "n", "f", "否", "无")
MONEY_SIGNS = r"[,，\s¥￥$€£元]|CNY|RMB|USD|TWD|NT\$|EUR|GBP|HKD|HK\$"
INSTANTS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f",
)  # fmt: skip
OFFSET = r"(Z|[+-]\d{2}:?\d{2})$"


@dataclass(frozen=True, slots=True)
class Ways:
    """How a column is read: the mapping's and the placement's words on units, dates and limits."""

    as_of: date
    currency: str = "CNY"
    exponent: int = 2
    unit: str = "major"
    rounded: bool = False
    percent: bool = False
    dates: tuple[str, ...] = ("%Y-%m-%d",)
    time_zone: str = "Asia/Shanghai"
    largest: int = 1_000_000_000
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fault:
    """Rows (a mask) with one kind of problem, and the figures that its sentence needs."""

    kind: str
    mask: pl.Series
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Column:
    """Values, and what is wrong where."""

    values: pl.Series
    faults: list[Fault] = field(default_factory=list)

    def fault(self, kind: str, mask: pl.Series, **facts: Any) -> None:
        """Note a problem, if any row has it."""
        mask = mask.fill_null(False)
        if mask.any():
            self.faults.append(Fault(kind, mask, facts))


def read(cells: pl.Series, target: Field, ways: Ways) -> Column:
    """The cells of a source column as the canonical field; they may be of the right type already."""
    column = READERS[target.kind](cells, target, ways)
    column.values = column.values.cast(DTYPES[target.kind], strict=False)
    return column


def _text(cells: pl.Series, target: Field, ways: Ways) -> Column:
    values = _as_text(cells)
    column = Column(values)
    column.fault("too_long", values.str.len_chars() > target.longest, longest=target.longest)
    return column


def _as_text(cells: pl.Series) -> pl.Series:
    if cells.dtype == pl.String:
        return cells
    if cells.dtype.is_float():
        # A whole number that passed through a float is shown as 36, not 36.0.
        return cells.cast(pl.String).str.replace(r"\.0$", "")
    return cells.cast(pl.String)


def _code(cells: pl.Series, target: Field, ways: Ways) -> Column:
    return _text(cells, target, ways)


def _choice(cells: pl.Series, target: Field, ways: Ways) -> Column:
    words = _as_text(cells).str.to_lowercase()
    known = {choice: choice for choice in target.choices}
    known |= {str(key).lower(): value for key, value in ways.choices.items()}
    values = words.replace_strict(known, default=None, return_dtype=pl.String)
    column = Column(values)
    column.fault(
        "not_a_choice", values.is_null() & words.is_not_null(), choices=", ".join(target.choices)
    )
    return column


def _currency(cells: pl.Series, target: Field, ways: Ways) -> Column:
    values = _as_text(cells).str.to_uppercase().replace({"RMB": "CNY", "人民币": "CNY"})
    column = Column(values)
    column.fault("other_currency", values != ways.currency, currency=ways.currency)
    return column


def _money(cells: pl.Series, target: Field, ways: Ways) -> Column:
    scale = 10**ways.exponent
    factor = scale if ways.unit == "major" else 1
    figures = _as_figures(cells)
    if cells.dtype == pl.String and figures.null_count() > cells.null_count():
        # Only what is no plain number is looked at for signs and separators.
        cleaned = cells.str.replace_all(MONEY_SIGNS, "").cast(pl.Float64, strict=False)
        figures = figures.zip_with(figures.is_not_null(), cleaned)
    numbers = figures.is_finite()
    figures = figures.set(~numbers.fill_null(False), None)
    # Exact: below the limit a double holds every whole number of minor units.
    minor = (figures * factor).round()
    absurd = (figures.abs() * factor) > ways.largest * scale
    column = Column(minor.set(absurd.fill_null(False), None))
    column.fault("not_an_amount", cells.is_not_null() & ~numbers.fill_null(False))
    column.fault("absurd", absurd)
    column.fault("negative", minor < 0)
    if not ways.rounded:
        # The noise of a double, not a fraction that somebody wrote.
        fine = (figures * factor - minor).abs() <= 1e-4 + minor.abs() * 1e-15
        if ways.unit == "minor":
            column.fault("not_minor", ~fine)
        else:
            column.fault("decimals", ~fine, currency=ways.currency, exponent=ways.exponent)
    return column


def _as_figures(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_temporal():
        # A cast would count the days since 1970.
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    return cells.cast(pl.Float64, strict=False)


def numbers_of(cells: pl.Series) -> pl.Series:
    """The finite numbers in a column of texts or numbers; null where there is none."""
    if cells.dtype == pl.String:
        cells = cells.str.replace_all(r"[,，\s]", "").cast(pl.Float64, strict=False)
    else:
        cells = _as_figures(cells)
    return cells.set(~cells.is_finite().fill_null(False), None)


def _whole(cells: pl.Series, target: Field, ways: Ways) -> Column:
    numbers = numbers_of(cells)
    column = Column(numbers.set((numbers.abs() > 1e9).fill_null(False), None))
    column.fault("not_a_number", cells.is_not_null() & numbers.is_null())
    column.fault("not_a_number", numbers != numbers.round())
    column.fault("absurd", (numbers.abs() > 1e9) | (numbers < 0))
    return column


def _year(cells: pl.Series, target: Field, ways: Ways) -> Column:
    numbers = numbers_of(cells)
    right = (numbers == numbers.round()) & (numbers >= 1900) & (numbers <= ways.as_of.year)
    column = Column(numbers.set(~right.fill_null(False), None))
    column.fault("not_a_year", cells.is_not_null() & ~right.fill_null(False))
    return column


def _rate(cells: pl.Series, target: Field, ways: Ways) -> Column:
    numbers, hundredths = cells, pl.repeat(ways.percent, len(cells), eager=True)
    if cells.dtype == pl.String:
        hundredths = hundredths | cells.str.ends_with("%").fill_null(False)
        numbers = cells.str.strip_suffix("%")
    numbers = numbers_of(numbers)
    numbers = pl.select(
        pl.when(hundredths).then(numbers / 100).otherwise(numbers)
    ).to_series().round(8)  # fmt: skip
    absurd = (numbers < 0) | (numbers > 10)
    column = Column(numbers.set(absurd.fill_null(False), None))
    column.fault("not_a_rate", cells.is_not_null() & numbers.is_null())
    column.fault("absurd", absurd)
    return column


def _date(cells: pl.Series, target: Field, ways: Ways) -> Column:
    values = dates_of(cells, ways.dates)
    column = Column(values)
    column.fault(
        "not_a_date", cells.is_not_null() & values.is_null(), formats=", ".join(ways.dates)
    )
    column.fault("absurd", (values < EARLIEST) | (values >= LATEST))
    if target.past:
        column.fault("future", values > ways.as_of, as_of=ways.as_of.isoformat())
    return column


def dates_of(cells: pl.Series, formats: Sequence[str]) -> pl.Series:
    """The dates in a column, the first format that fits winning; null where none does."""
    if cells.dtype.is_temporal():
        return cells.cast(pl.Date, strict=False)
    if cells.dtype != pl.String:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Date)
    # A midnight that a spreadsheet or a database added to a date is no part of it.
    cells = cells.str.replace(r"[T ]00:00(:00(\.0+)?)?(Z|[+-]00:?00)?$", "")
    found = pl.Series(cells.name, [None] * len(cells), dtype=pl.Date)
    for form in formats:
        # Of another length is of another format: `%Y` would read 26 as the year 26.
        fits = cells.set(~cells.str.contains(DATE_SHAPES.get(form, r"\d")).fill_null(False), None)
        parsed = fits.str.to_date(form, strict=False)
        found = (
            parsed
            if found.null_count() == len(found)
            else found.zip_with(found.is_not_null(), parsed)
        )
        if found.null_count() == cells.null_count():
            break
    return found


DATE_SHAPES = {
    "%Y-%m-%d": r"^\d{4}-\d{1,2}-\d{1,2}$",
    "%Y/%m/%d": r"^\d{4}/\d{1,2}/\d{1,2}$",
    "%Y.%m.%d": r"^\d{4}\.\d{1,2}\.\d{1,2}$",
    "%Y%m%d": r"^\d{8}$",
    "%d/%m/%Y": r"^\d{1,2}/\d{1,2}/\d{4}$",
    "%m/%d/%Y": r"^\d{1,2}/\d{1,2}/\d{4}$",
    "%d.%m.%Y": r"^\d{1,2}\.\d{1,2}\.\d{4}$",
    "%Y年%m月%d日": r"^\d{4}年\d{1,2}月\d{1,2}日$",
}


def _instant(cells: pl.Series, target: Field, ways: Ways) -> Column:
    values = _instants_of(cells, ways)
    column = Column(values)
    column.fault("not_an_instant", cells.is_not_null() & values.is_null())
    column.fault("absurd", (values.dt.year() < EARLIEST.year) | (values.dt.year() >= LATEST.year))
    if target.past:
        # Half a day of grace: the day of a placement ends later in the west than in UTC.
        end = datetime(ways.as_of.year, ways.as_of.month, ways.as_of.day) + timedelta(hours=36)  # noqa: DTZ001
        column.fault(
            "future", values.dt.replace_time_zone(None) > end, as_of=ways.as_of.isoformat()
        )
    return column


def _instants_of(cells: pl.Series, ways: Ways) -> pl.Series:
    utc = pl.Datetime("us", "UTC")
    if cells.dtype == pl.Date or (cells.dtype == pl.Datetime and _is_naive(cells)):
        naive = cells.cast(pl.Datetime("us"))
        return naive.dt.replace_time_zone(
            ways.time_zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")
    if cells.dtype == pl.Datetime:
        return cells.cast(utc, strict=False)
    if cells.dtype != pl.String:
        return pl.Series(cells.name, [None] * len(cells), dtype=utc)
    found = pl.Series(cells.name, [None] * len(cells), dtype=utc)
    offset = cells.str.contains(OFFSET).fill_null(False)
    zoned = cells.set(~offset, None).str.replace("Z$", "+00:00").str.replace(" ", "T")
    naive = cells.set(offset, None)
    tries: list[pl.Series] = []
    if zoned.null_count() < len(zoned):
        tries += [
            zoned.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
            for form in ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z")
        ]
    for value in tries:
        found = found.zip_with(found.is_not_null(), value)
    for form in (*INSTANTS, *ways.dates):
        if found.null_count() == cells.null_count():
            break
        if form in ways.dates:
            day = dates_of(naive, [form]).cast(pl.Datetime("us"))
        else:
            day = naive.str.to_datetime(form, time_unit="us", strict=False)
        there = day.dt.replace_time_zone(
            ways.time_zone, ambiguous="earliest", non_existent="null"
        ).dt.convert_time_zone("UTC")
        found = found.zip_with(found.is_not_null(), there)
    return found


def _is_naive(cells: pl.Series) -> bool:
    return getattr(cells.dtype, "time_zone", None) is None


def _flag(cells: pl.Series, target: Field, ways: Ways) -> Column:
    words = _as_text(cells).str.to_lowercase()
    known = dict.fromkeys(TRUE, True) | dict.fromkeys(FALSE, False)
    values = words.replace_strict(known, default=None, return_dtype=pl.Boolean)
    column = Column(values)
    column.fault("not_a_flag", values.is_null() & words.is_not_null())
    return column


ZONES = frozenset(available_timezones())


def _zones(cells: pl.Series, target: Field, ways: Ways) -> Column:
    texts = _as_text(cells).str.replace_all(r"\s", "")
    wrong = [
        text for text in texts.drop_nulls().unique()
        if not all(name in ZONES for name in text.split(","))
    ]  # fmt: skip
    column = Column(texts)
    column.fault("not_a_zone", texts.is_in(wrong))
    return column


def _json(cells: pl.Series, target: Field, ways: Ways) -> Column:
    wrong = pl.Series([not _is_object(text) for text in cells], dtype=pl.Boolean)
    column = Column(cells)
    column.fault("not_json", wrong)
    column.fault("too_long", cells.str.len_chars() > target.longest, longest=target.longest)
    return column


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _is_object(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return isinstance(json.loads(text, parse_constant=_refuse), dict)
    except (ValueError, RecursionError):
        return False


READERS = {
    "text": _text, "code": _code, "choice": _choice, "currency": _currency, "money": _money,
    "whole": _whole, "year": _year, "rate": _rate, "date": _date, "instant": _instant,
    "flag": _flag, "zones": _zones, "json": _json,
}  # fmt: skip
