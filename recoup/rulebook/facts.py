"""
The facts that rules read: a closed list, in one form for one contact and for millions.

A fact is a flag, a number, an instant (seconds since 1970), one word of a vocabulary, a set of
words, or the candidate time zones. A value that is absent, or a word outside the vocabulary, is
missing; what a rule does about it is the engine's business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.kernel.clock import local_minute
from recoup.kernel.errors import Invalid

Mask: TypeAlias = Any  # np.bool_ for one contact, an array of bool for many

CHANNELS = ("sms", "email", "letter", "call", "robot_call", "app_push", "im", "visit")
PARTIES = ("debtor", "co_debtor", "guarantor", "contact_person", "third_party")
STOPS = (
    "dispute", "complaint", "hardship", "deceased", "minor", "bankruptcy", "attorney", "plan",
    "promise", "wrong_person", "lender", "manual",
)  # fmt: skip
OPT_OUTS = ("all", "medium", "point")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its kind and, for words, the vocabulary."""

    kind: str
    words: tuple[str, ...] = ()


FLAG, NUMBER, INSTANT = Fact("flag"), Fact("number"), Fact("instant")

# What a rule may ask. `time_zones` and `birth_year` come in; the engine makes minutes and ages.
FACTS: dict[str, Fact] = {
    "channel": Fact("word", CHANNELS),
    "party": Fact("word", PARTIES),
    "party_bound": FLAG,  # a guarantor or co-debtor is bound by law and contract
    "product": Fact("word", ("credit_card", "other")),
    "placement_open": FLAG,
    "balance": NUMBER,
    "stops": Fact("words", STOPS),
    "opt_outs": Fact("words", OPT_OUTS),
    "debtor_lost": FLAG,
    "identity_confirmed": FLAG,
    "agency_listed": FLAG,
    "contact_source": Fact(
        "word", ("contract", "debtor_authorised", "lawful_public", "unknown")
    ),
    "has_lawful_basis": FLAG,
    "point_valid": FLAG,
    "time_zones": Fact("zones"),
    "agreed_from": NUMBER,
    "agreed_until": NUMBER,
    "birth_year": NUMBER,
    "effective_calls_today": NUMBER,
    "unconnected_today": NUMBER,
    "attempts_agreed": FLAG,
    "contacts_in_window": NUMBER,
    "clock_went_back": FLAG,
    "decision_spent": FLAG,
    "sender_registered": FLAG,
    "sender_own": FLAG,
    "recording_ready": FLAG,
    "template_state": Fact("word", ("draft", "approved", "withdrawn")),
    "demands_payment": FLAG,
    "discloses_debt": FLAG,
    "sealed_to_debtor": FLAG,
    "names_institution": FLAG,
    "says_opt_out": FLAG,
    "says_complaint_channel": FLAG,
    "letter_complete": FLAG,
    "stops_until": INSTANT,
    "window_free_at": INSTANT,
    "last_permit_at": INSTANT,
    # Derived from time_zones, birth_year and the instant of judgment.
    "local_minute_least": NUMBER,
    "local_minute_most": NUMBER,
    "age_least": NUMBER,
}  # fmt: skip
DERIVED = frozenset({"local_minute_least", "local_minute_most", "age_least"})
ZONE_LIMIT = 24


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


def bits(name: str, words: Collection[str]) -> int:
    """
    A set of words as the number that stands for it in a frame.

    >>> bits("opt_outs", {"all", "point"})
    5
    """
    return sum(1 << FACTS[name].words.index(word) for word in set(words))


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
    span = minutes(zones if isinstance(zones, str) else "", at)
    return {
        "local_minute_least": span[0] if span else None,
        "local_minute_most": span[1] if span else None,
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
def minutes(zones: str, at: datetime) -> tuple[int, int] | None:
    """
    The least and the most minute of the local day over all candidate zones.

    `None` if no zone is known, or one of them is no zone at all.
    """
    try:
        found = [local_minute(at, name) for name in zones_of(zones)]
    except Invalid:
        return None
    return (min(found), max(found)) if found else None


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
    nothing = pl.Series("none", [None] * 1, dtype=pl.Int64).new_from_index(0, frame.height)
    least = most = nothing
    if "time_zones" in frame.columns and frame.get_column("time_zones").dtype != pl.Null:
        zones = frame.get_column("time_zones").cast(pl.String)
        spans = {text: minutes(text or "", at) for text in zones.unique().to_list()}
        known = {text: span for text, span in spans.items() if text is not None and span}
        least = zones.replace_strict(
            {text: span[0] for text, span in known.items()}, default=None, return_dtype=pl.Int64
        )
        most = zones.replace_strict(
            {text: span[1] for text, span in known.items()}, default=None, return_dtype=pl.Int64
        )
    for name, column in (("local_minute_least", least), ("local_minute_most", most)):
        values[name], missing[name] = _many(NUMBER, column, frame.height)
    values["age_least"] = at.year - values["birth_year"] - 1
    missing["age_least"] = missing["birth_year"]


def local_time(epoch: int) -> datetime:
    """The instant of a number of seconds since 1970."""
    return datetime.fromtimestamp(epoch, tz=UTC)
