"""
The space of all contacts that a rulebook may be asked about, as symbols, and the way back: a
point of it as facts and an instant that `judge` takes.

Instants run over a year from the rulebook's day, minute by minute, with the clock changes of every
zone; where the borrower may be is one of some lists of zones. The minutes, days and ages that the
engine derives follow from these here by the same arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import z3

from recoup.kernel.clock import at_local, zone
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.facts import Word, Words, zones_of
from recoup.rulebook.instants import SPANS
from recoup.rulebook.symbols import Bits, Flag, Number, SymbolicFacts, blank
from recoup.rulebook.vocabulary import DAYS, DERIVED, FACTS

DAY = 24 * 60  # minutes
SPAN = 366 * DAY
# Numbers run this far; wider ranges would prove nothing more, since rules only compare.
RANGES = {
    "balance": (-1_000_000, 1_000_000), "days_past_due": (-400, 10_000), "birth_year": (1900, 2100),
    "agreed_from": (0, DAY), "agreed_until": (0, DAY),
}  # fmt: skip
COUNTS = (0, 200)
GIVEN = tuple(name for name in FACTS if name not in DERIVED)


class Space:
    """Every contact at every minute of a year, as one set of symbols."""

    def __init__(self, book: Rulebook, zones: Sequence[str]) -> None:
        self.book, self.zones = book, list(zones)
        home = next(layer.time_zone for layer in book.layers if layer.time_zone)
        self.start = at_local(book.day, time(0), home)
        self.minute = z3.Int("at")
        self.zone = z3.Int("time_zones")
        self.constraints: list[Any] = [
            self.minute >= 0, self.minute < SPAN, self.zone >= -1, self.zone < len(self.zones),
        ]  # fmt: skip
        self._absent: dict[str, Any] = {}
        self._clocks: dict[str, tuple[Any, Any, Any]] = {}
        self.facts = self._facts()

    def _facts(self) -> SymbolicFacts:
        values: dict[str, Any] = {}
        missing: dict[str, Flag] = {}
        for name in GIVEN:
            if FACTS[name].kind != "zones":
                values[name], missing[name] = self._fact(name)
        nowhere = Flag(self.zone < 0)
        values |= self._local()
        missing |= dict.fromkeys(SPANS, nowhere)
        missing["age_least"] = missing["birth_year"]
        values["age_least"] = self._age(values["birth_year"], missing["birth_year"])
        return SymbolicFacts(values, missing)

    def _fact(self, name: str) -> tuple[Any, Flag]:
        """A fact that may be anything, and may be missing: then it is blank."""
        fact = FACTS[name]
        absent = z3.Bool(f"{name}?")
        value: Any
        empty = blank(fact.kind, fact.words)
        if fact.kind == "flag":
            term = z3.Bool(name)
            self.constraints.append(z3.Implies(absent, z3.Not(term)))
            value = Flag(term)
        elif fact.kind == "word":
            code = z3.Int(name)
            self.constraints += [code < len(fact.words), absent == (code == -1), code >= -1]
            value = Word(Number(code), fact.words)
        elif fact.kind == "words":
            terms = {place: z3.Bool(f"{name}:{word}") for place, word in enumerate(fact.words)}
            nothing = z3.Not(z3.Or(list(terms.values())))
            self.constraints.append(z3.Implies(absent, nothing))
            value = Words(Bits(terms), fact.words)
        else:
            number = z3.Int(name)
            least, most = RANGES.get(name, COUNTS if fact.kind == "number" else (0, 2**32))
            known = z3.And(number >= least, number <= most)
            self.constraints.append(z3.If(absent, number == empty.term, known))
            value = Number(number)
        return value, Flag(absent)

    # -- Clocks ----------------------------------------------------------------------------------
    def _local(self) -> dict[str, Any]:
        """What the engine derives from the candidate zones and the instant."""
        found = {name: blank(FACTS[name].kind, FACTS[name].words) for name in SPANS}
        least, most = found["local_minute_least"].term, found["local_minute_most"].term
        first, last = found["local_date_least"].term, found["local_date_most"].term
        days: dict[int, Any] = dict(found["local_days"].bits.terms)
        for place, text in enumerate(self.zones):
            here = self.zone == place
            clocks = [self._clock(name) for name in zones_of(text)]
            minutes, dates = [clock[1] for clock in clocks], [clock[0] for clock in clocks]
            least, most = z3.If(here, _least(minutes), least), z3.If(here, _most(minutes), most)
            first, last = z3.If(here, _least(dates), first), z3.If(here, _most(dates), last)
            for number in range(len(DAYS)):
                is_day = z3.Or([clock[2] == number for clock in clocks])
                days[number] = z3.If(here, is_day, days[number])
        terms = (Number(least), Number(most), Number(first), Number(last), Words(Bits(days), DAYS))
        return dict(zip(SPANS, terms, strict=True))

    def _clock(self, name: str) -> tuple[Any, Any, Any]:
        """The date (days since 1970), minute and weekday that clocks at a place show."""
        if name not in self._clocks:
            date, minute, day, week = (z3.Int(f"{part} {name}") for part in (
                "date", "minute", "weekday", "week"))  # fmt: skip
            offset: Any = z3.IntVal(0)
            for begin, minutes in offsets(name, self.start):
                offset = z3.If(self.minute >= begin, minutes, offset)
            epoch = int(self.start.timestamp()) // 60
            self.constraints += [
                self.minute + epoch + offset == DAY * date + minute, minute >= 0, minute < DAY,
                date + 3 == 7 * week + day, day >= 0, day < 7,
            ]  # fmt: skip
            self._clocks[name] = date, minute, day
        return self._clocks[name]

    def _age(self, birth_year: Any, absent: Flag) -> Number:
        turn = datetime(self.start.year + 1, 1, 1, tzinfo=UTC)
        turns = int((turn - self.start).total_seconds()) // 60
        year = z3.If(self.minute >= turns, turn.year, self.start.year)
        return Number(z3.If(absent.term, 0, year - birth_year.term - 1))

    # -- One fact otherwise ----------------------------------------------------------------------
    def without(self, name: str) -> SymbolicFacts:
        """The same contact, of which one fact is not known."""
        gone = [name]
        if name == "time_zones":
            gone = list(SPANS)
        elif name == "birth_year":
            gone.append("age_least")
        nothing = {one: blank(FACTS[one].kind, FACTS[one].words) for one in gone}
        return self.facts.but(nothing, dict.fromkeys(gone, Flag(z3.BoolVal(True))))

    def absent(self, name: str) -> Any:
        """The formula that a given fact is missing."""
        return self.zone < 0 if name == "time_zones" else self.facts.missing(name).term

    # -- And back --------------------------------------------------------------------------------
    def at(self, model: Any) -> datetime:
        """The instant of a point."""
        return self.start + timedelta(minutes=model.eval(self.minute, True).as_long())

    def mapping(self, model: Any) -> dict[str, Any]:
        """The facts of a point, as plain values; what is missing is left out."""
        found = {}
        for name in GIVEN:
            if not z3.is_true(model.eval(self.absent(name), True)):
                found[name] = self._plain(name, model)
        return found

    def _plain(self, name: str, model: Any) -> Any:
        if name == "time_zones":
            return self.zones[model.eval(self.zone, True).as_long()]
        value = getattr(self.facts, name)
        if isinstance(value, Words):
            terms = value.bits.terms.items()
            return [value.words[n] for n, term in terms if z3.is_true(model.eval(term, True))]
        if isinstance(value, Word):
            return value.words[model.eval(value.codes.term, True).as_long()]
        if isinstance(value, Flag):
            return z3.is_true(model.eval(value.term, True))
        return model.eval(value.term, True).as_long()

    def equals(self, name: str, value: Any) -> Any:
        """The formula that a fact has a plain value; `None` is missing."""
        if value is None:
            return self.absent(name)
        if name == "time_zones":
            return self.zone == (self.zones.index(value) if value in self.zones else -2)
        fact, mine = FACTS[name], getattr(self.facts, name)
        here = z3.Not(self.absent(name))
        if isinstance(mine, Words):
            same = [term == (fact.words[n] in value) for n, term in mine.bits.terms.items()]
            return z3.And(here, *same)
        if isinstance(mine, Word):
            return z3.And(here, mine.codes.term == fact.words.index(value))
        if isinstance(value, datetime):
            value = int(value.timestamp())
        return z3.And(here, mine.term == value)

    def moment(self, at: datetime) -> Any:
        """The formula that it is this instant."""
        return self.minute == int((at - self.start).total_seconds()) // 60


def _least(terms: Sequence[Any]) -> Any:
    found = terms[0]
    for term in terms[1:]:
        found = z3.If(term < found, term, found)
    return found


def _most(terms: Sequence[Any]) -> Any:
    found = terms[0]
    for term in terms[1:]:
        found = z3.If(term > found, term, found)
    return found


@lru_cache(maxsize=256)
def offsets(name: str, start: datetime) -> tuple[tuple[int, int], ...]:
    """
    The offsets of a zone over the span: from which minute on, and how many minutes.

    >>> offsets("Asia/Shanghai", datetime(2026, 11, 23, tzinfo=UTC))
    ((0, 480),)
    """
    found = [(0, _offset(name, start))]
    for hour in range(1, SPAN // 60 + 1):
        now = _offset(name, start + timedelta(hours=hour))
        if now != found[-1][1]:
            # Clocks change on whole quarters of an hour; look at each minute of the hour for it.
            minutes = range((hour - 1) * 60 + 1, hour * 60 + 1)
            change = next(m for m in minutes if _offset(name, start + timedelta(minutes=m)) == now)
            found.append((change, now))
    return tuple(found)


def _offset(name: str, at: datetime) -> int:
    shift = at.astimezone(zone(name)).utcoffset() or timedelta(0)
    return int(shift.total_seconds()) // 60


def plain(facts: Mapping[str, Any]) -> str:
    """
    Facts as a person reads them.

    >>> plain({"channel": "sms", "stops": ["dispute"]})
    'channel sms, stops dispute'
    """

    def said(value: Any) -> str:
        if isinstance(value, list):
            return "+".join(value) or "none"
        return "missing" if value is None else str(value)

    return ", ".join(f"{name} {said(value)}" for name, value in facts.items())
