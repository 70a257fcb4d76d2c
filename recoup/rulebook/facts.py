"""
Facts as rules read them, in one form for one contact and for millions.

A value that is absent, or a word outside the vocabulary, is missing; what a rule does about it is
the engine's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.kernel.clock import local_day, local_minute
from recoup.kernel.errors import Invalid
from recoup.rulebook.instants import JUDGED_AT, SPANS, spans_each
from recoup.rulebook.vocabulary import DERIVED, FACTS, Fact

Mask: TypeAlias = Any  # np.bool_ for one contact, an array of bool for many

ZONE_LIMIT = 24
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Word:
    """A fact that is one word, coded; -1 where missing."""

    codes: Any
    words: tuple[str, ...]

    def among(self, *wanted: str) -> Mask:
        """Whether it is one of these words."""
        found = self.codes == self.words.index(wanted[0])
        for word in wanted[1:]:
            found = found | (self.codes == self.words.index(word))
        return found


@dataclass(frozen=True, slots=True)
class Words:
    """A fact that is a set of words, one bit for each."""

    bits: Any
    words: tuple[str, ...]

    def has(self, word: str) -> Mask:
        """Whether the word is in the set."""
        return (self.bits & (1 << self.words.index(word))) != 0


class Facts:
    """The facts of one contact or of many, read by attribute; `missing` says what is absent."""

    def __init__(self, values: dict[str, Any], missing: dict[str, Mask], size: int | None) -> None:
        self._values, self._missing, self.size = values, missing, size

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def missing(self, name: str) -> Mask:
        """Where this fact is absent."""
        return self._missing[name]

    def everywhere(self, value: bool) -> Mask:
        """The same answer for all."""
        return np.bool_(value) if self.size is None else np.full(self.size, value)


# -- One contact ---------------------------------------------------------------------------------
def of_mapping(raw: Mapping[str, object], at: datetime) -> Facts:
    """The facts of one contact, from plain values."""
    values: dict[str, Any] = {}
    missing: dict[str, Mask] = {}
    given = {**raw, **_derived(raw, at)}
    for name, fact in FACTS.items():
        if fact.kind != "zones":
            values[name], absent = _one(fact, given.get(name))
            missing[name] = np.bool_(absent)
    return Facts(values, missing, None)


def _one(fact: Fact, value: Any) -> tuple[Any, bool]:
    if fact.kind == "flag":
        return np.bool_(value is True or value is np.True_), not isinstance(value, bool | np.bool_)
    if fact.kind == "word":
        known = value in fact.words
        return Word(np.int8(fact.words.index(value) if known else -1), fact.words), not known
    if fact.kind == "words":
        if value is None:
            return Words(np.int64(0), fact.words), True
        if isinstance(value, int | np.integer):
            return Words(np.int64(value), fact.words), False
        unknown = not set(value) <= set(fact.words)
        kept = [word for word in value if word in fact.words]
        return Words(
            np.int64(sum(1 << fact.words.index(w) for w in set(kept))), fact.words
        ), unknown
    if isinstance(value, datetime):
        value = int(value.timestamp())
    if value is None or isinstance(value, bool) or value != value:
        return np.int64(0), True
    return np.int64(value), False


def _derived(raw: Mapping[str, object], at: datetime) -> dict[str, int | None]:
    zones, year = raw.get("time_zones"), raw.get("birth_year")
    span = local_spans(zones if isinstance(zones, str) else "", at)
    return {
        **dict(zip(SPANS, span or (None,) * len(SPANS), strict=True)),
        "age_least": at.year - int(str(year)) - 1 if year is not None else None,
    }


def zones_of(text: str) -> tuple[str, ...]:
    """
    The candidate time zones of a borrower.

    >>> zones_of("Asia/Shanghai, Asia/Urumqi")
    ('Asia/Shanghai', 'Asia/Urumqi')
    """
    return tuple(part.strip() for part in text.split(",") if part.strip())[:ZONE_LIMIT]


@lru_cache(maxsize=4096)
def local_spans(zones: str, at: datetime) -> tuple[int, int, int, int, int] | None:
    """
    Least and most minute of the local day, least and most local date (days since 1970), and the
    weekdays as a set, over all candidate zones.

    `None` if no zone is known, or one of them is no zone at all.
    """
    try:
        minutes = [local_minute(at, name) for name in zones_of(zones)]
        days = [local_day(at, name) for name in zones_of(zones)]
    except Invalid:
        return None
    if not minutes:
        return None
    dates = [day.toordinal() - EPOCH for day in days]
    weekdays = sum(1 << number for number in {day.weekday() for day in days})
    return min(minutes), max(minutes), min(dates), max(dates), weekdays


# -- Many contacts -------------------------------------------------------------------------------
def of_frame(frame: pl.DataFrame, at: datetime) -> Facts:
    """
    The facts of as many contacts as the frame has rows, one column for each fact.

    Words are text or categories, sets are numbers made by `bits`, instants are datetimes or
    seconds. A column that is not there is missing in every row.
    """
    size = frame.height
    values: dict[str, Any] = {}
    missing: dict[str, Mask] = {}
    for name, fact in FACTS.items():
        if name in DERIVED or fact.kind == "zones":
            continue
        column = frame.get_column(name) if name in frame.columns else None
        values[name], missing[name] = _many(fact, column, size)
    _derive_many(frame, at, values, missing)
    return Facts(values, missing, size)


_DTYPES = {
    "flag": pl.Boolean, "number": pl.Int64, "instant": pl.Int64, "word": pl.String,
    "words": pl.Int64, "zones": pl.String,
}  # fmt: skip


def frame_of(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Contacts given as mappings, as a frame; a value of the wrong kind is missing."""
    columns = {}
    for name, fact in FACTS.items():
        if name not in DERIVED:
            found = [_cell(fact, row.get(name)) for row in rows]
            columns[name] = pl.Series(name, found, dtype=_DTYPES[fact.kind])
    return pl.DataFrame(columns)


def _cell(fact: Fact, value: Any) -> Any:
    if value is None or fact.kind == "zones":
        return value if isinstance(value, str) else None
    coded, absent = _one(fact, value)
    if absent:
        return None
    if fact.kind == "word":
        return value
    return coded.bits.item() if fact.kind == "words" else coded.item()


def _many(fact: Fact, column: pl.Series | None, size: int) -> tuple[Any, npt.NDArray[np.bool_]]:
    if column is None or column.dtype == pl.Null:
        plain: Any = np.zeros(size, dtype=np.bool_ if fact.kind == "flag" else np.int64)
        if fact.kind == "word":
            return Word(plain - 1, fact.words), np.ones(size, dtype=np.bool_)
        return (Words(plain, fact.words) if fact.kind == "words" else plain), np.ones(
            size, dtype=np.bool_
        )
    if fact.kind == "word":
        order = dict(zip(fact.words, range(len(fact.words)), strict=True))
        codes = column.cast(pl.String).replace_strict(order, default=-1, return_dtype=pl.Int8)
        found = codes.fill_null(-1).to_numpy()
        return Word(found, fact.words), found < 0
    absent = column.is_null().to_numpy()
    if fact.kind == "flag":
        if column.dtype != pl.Boolean:
            return np.zeros(size, dtype=np.bool_), np.ones(size, dtype=np.bool_)
        return column.fill_null(False).to_numpy(), absent
    if column.dtype.is_temporal():
        column = column.dt.epoch("s")
    elif column.dtype.is_float():
        absent = absent | column.is_nan().fill_null(True).to_numpy()
        column = column.fill_nan(None)
    numbers = column.cast(pl.Int64).fill_null(0).to_numpy()
    return (Words(numbers, fact.words) if fact.kind == "words" else numbers), absent


def _derive_many(
    frame: pl.DataFrame, at: datetime, values: dict[str, Any], missing: dict[str, Mask]
) -> None:
    size = frame.height
    if JUDGED_AT in frame.columns:
        each = spans_each(frame["time_zones"], frame[JUDGED_AT])
        for name in SPANS:
            values[name], missing[name] = _many(FACTS[name], each[name], size)
        years = pl.from_epoch(frame[JUDGED_AT], time_unit="s").dt.year().to_numpy()
        values["age_least"] = years - values["birth_year"] - 1
        missing["age_least"] = missing["birth_year"]
        return
    spans: dict[str, tuple[int, ...]] = {}
    zones = None
    if "time_zones" in frame.columns and frame.get_column("time_zones").dtype != pl.Null:
        zones = frame.get_column("time_zones").cast(pl.String)
        found = {text: local_spans(text, at) for text in zones.unique().to_list() if text}
        spans = {text: span for text, span in found.items() if span}
    for place, name in enumerate(SPANS):
        column = None
        if zones is not None:
            column = zones.replace_strict(
                {text: span[place] for text, span in spans.items()}, default=None,
                return_dtype=pl.Int64,
            )  # fmt: skip
        values[name], missing[name] = _many(FACTS[name], column, size)
    values["age_least"] = at.year - values["birth_year"] - 1
    missing["age_least"] = missing["birth_year"]


def local_time(epoch: int) -> datetime:
    """The instant of a number of seconds since 1970."""
    return datetime.fromtimestamp(epoch, tz=UTC)
