"""
Facts as rules read them, in one form for one contact and for millions.

A value that is absent, or a word outside the vocabulary, is missing; what a rule does about it is
the engine's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from recoup.kernel.clock import local_day, local_minute
from recoup.kernel.errors import Invalid
from recoup.rulebook.instants import JUDGED_AT, SPANS, spans_each
from recoup.rulebook.vocabulary import DERIVED, FACTS, Fact

Mask: TypeAlias = Any  # np.bool_ for one contact, an array of bool for many

ZONE_LIMIT = 24
SOME = 64
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
        """The same answer for all: one value, whatever their number."""
        return np.bool_(value)


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
def of_frame(
    frame: pl.DataFrame, at: datetime, alike: Mapping[str, object] = MappingProxyType({})
) -> Facts:  # fmt: skip
    """
    The facts of as many contacts as the frame has rows, one column for each fact; `alike` are facts
    that all of them share, as plain values, in place of columns.

    Words are text or categories, sets are numbers made by `bits`, instants are datetimes or
    seconds. A column that is not there is missing in every row. A fact that is the same in all rows
    is kept as one value, so that a rule about it is asked once and not a million times.
    """
    size = frame.height
    values: dict[str, Any] = {}
    missing: dict[str, Mask] = {}
    for name, fact in FACTS.items():
        if name in DERIVED or fact.kind == "zones":
            continue
        if name in alike:
            values[name], absent = _one(fact, alike[name])
            missing[name] = np.bool_(absent)
            continue
        column = frame.get_column(name) if name in frame.columns else None
        values[name], missing[name] = _of_column(fact, column)
    _derive_many(frame, at, values, missing)
    return Facts(values, missing, size)


def _of_column(fact: Fact, column: pl.Series | None) -> tuple[Any, Any]:
    """The values of a column and where they are missing; one of each if all rows are alike."""
    if column is None or column.dtype == pl.Null:
        column = pl.Series([None], dtype=pl.Int64)
    elif not _is_constant(column):
        return _many(fact, column)
    value, absent = _many(fact, column.head(1))
    alone = np.bool_(np.all(absent))
    if isinstance(value, Word):
        return Word(value.codes[0], value.words), alone
    if isinstance(value, Words):
        return Words(value.bits[0], value.words), alone
    return value[0], alone


def _is_constant(column: pl.Series) -> bool:
    if not len(column) or 0 < column.null_count() < len(column):
        return False
    if column.null_count() or len(column) == 1:
        return True
    if not column.dtype.is_numeric() and column.dtype != pl.Boolean:
        some = column[:SOME].to_list()
        return len(set(map(str, some))) == 1 and bool((column == column[0]).all())
    values = column.to_numpy()
    # Most columns that vary do so within their first rows.
    return bool((values[:SOME] == values[0]).all() and (values == values[0]).all())


_DTYPES = {
    "flag": pl.Boolean, "number": pl.Int64, "instant": pl.Int64, "word": pl.String,
    "words": pl.Int64, "zones": pl.String,
}  # fmt: skip


def frame_of(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Contacts given as mappings, as a frame; a value of the wrong kind is missing."""
    columns = {}
    for name, fact in FACTS.items():
        if name not in DERIVED:
            found = [cell(fact, row.get(name)) for row in rows]
            columns[name] = pl.Series(name, found, dtype=_DTYPES[fact.kind])
    return pl.DataFrame(columns)


def cell(fact: Fact, value: Any) -> Any:
    """A fact as a frame has it: words as text, sets as bits, instants as seconds; else nothing."""
    if value is None or fact.kind == "zones":
        return value if isinstance(value, str) else None
    coded, absent = _one(fact, value)
    if absent:
        return None
    if fact.kind == "word":
        return value
    return coded.bits.item() if fact.kind == "words" else coded.item()


def _many(fact: Fact, column: pl.Series) -> tuple[Any, Mask]:
    if fact.kind == "word":
        order = dict(zip(fact.words, range(len(fact.words)), strict=True))
        found = _by_text(column, order.get, np.int8(-1))
        return Word(found, fact.words), found < 0
    gaps = column.null_count() > 0
    absent: Mask = column.is_null().to_numpy() if gaps else np.bool_(False)
    if fact.kind == "flag":
        if column.dtype != pl.Boolean:
            return np.zeros(len(column), dtype=np.bool_), np.bool_(True)
        return (column.fill_null(False) if gaps else column).to_numpy(), absent
    if column.dtype.is_temporal():
        column = column.dt.epoch("s")
    elif column.dtype.is_float():
        absent = absent | column.is_nan().fill_null(True).to_numpy()
        column = column.fill_nan(None)
    if column.dtype != pl.Int64:
        column = column.cast(pl.Int64)
    numbers = (column.fill_null(0) if column.null_count() else column).to_numpy()
    return (Words(numbers, fact.words) if fact.kind == "words" else numbers), absent


def _by_text(column: pl.Series, of: Callable[[str], Any], otherwise: Any) -> npt.NDArray[Any]:
    """What each text stands for, asked once for each different text; `otherwise` where it is none."""
    coded = column.to_arrow()
    if not pa.types.is_dictionary(coded.type):
        coded = column.cast(pl.String).to_arrow().dictionary_encode()
    known = [of(text) for text in coded.dictionary.to_pylist()]
    table = np.array([*(otherwise if one is None else one for one in known), otherwise])
    places = coded.indices.fill_null(len(known)) if coded.null_count else coded.indices
    return np.asarray(table[places.to_numpy(zero_copy_only=False)])


def _derive_many(
    frame: pl.DataFrame, at: datetime, values: dict[str, Any], missing: dict[str, Mask]
) -> None:
    years: Any = at.year
    if JUDGED_AT in frame.columns:
        each = spans_each(frame["time_zones"], frame[JUDGED_AT])
        for name in SPANS:
            values[name], missing[name] = _many(FACTS[name], each[name])
        years = pl.from_epoch(frame[JUDGED_AT], time_unit="s").dt.year().to_numpy()
    else:
        _derive_spans(frame, at, values, missing)
    values["age_least"] = years - values["birth_year"] - 1
    missing["age_least"] = missing["birth_year"]


def _derive_spans(
    frame: pl.DataFrame, at: datetime, values: dict[str, Any], missing: dict[str, Mask]
) -> None:
    """Minutes, dates and weekdays, worked out once for each different set of time zones."""
    zones = pl.Series([None], dtype=pl.String)
    if "time_zones" in frame.columns and frame.get_column("time_zones").dtype != pl.Null:
        zones = frame.get_column("time_zones")
        zones = zones.head(1) if _is_constant(zones) else zones
    spans: list[tuple[int, ...]] = [(0,) * len(SPANS)]

    def place(text: str) -> int:
        if (found := local_spans(text, at)) is None:
            return 0
        spans.append(found)
        return len(spans) - 1

    which = _by_text(zones, place, 0)
    table, alone = np.array(spans, dtype=np.int64), len(zones) == 1
    for column, name in enumerate(SPANS):
        found = table[which, column]
        value, absent = (found[0], which[0] == 0) if alone else (found, which == 0)
        values[name] = Words(value, FACTS[name].words) if FACTS[name].kind == "words" else value
        missing[name] = absent


def local_time(epoch: int) -> datetime:
    """The instant of a number of seconds since 1970."""
    return datetime.fromtimestamp(epoch, tz=UTC)
