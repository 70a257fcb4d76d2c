"""
The rules of a country to look things up in: what each says, whether it holds, its numbers, its cases.

    entries("CN", day)          every rule of every layer, drafts and rules that are off among them
    numbers(entry, "CN", day)   the numbers it reads, with their values by date
    cases_of(entry, "CN")       the cases in which it fires
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine, layers, sources
from recoup.rulebook.layers import Layer
from recoup.rulebook.overlay import Overlay, over_parameters
from recoup.rulebook.rule import Rule
from recoup.rulebook.sources import Parameter, ParameterValue
from recoup.rulebook.verdict import Instrument

# In force; shipped off; a draft; from a later day; a country's own stands in its place.
STATES = ("in_force", "off", "draft", "later", "replaced")


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its pack and source, and whether it holds on the day asked for."""

    rule: Rule
    layer: Layer
    instrument: Instrument
    state: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a rule reads: its values, oldest first, and the one that binds on the day."""

    name: str
    unit: str
    binding: tuple[ParameterValue, ...]
    values: tuple[ParameterValue, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A case that shows a rule: its sentence, when it is, and what the rules say of it."""

    name: str
    where: str
    channel: str
    at: datetime
    outcome: str
    fires: tuple[str, ...]


@lru_cache(maxsize=1)
def jurisdictions() -> tuple[str, ...]:
    """The countries that have a pack, drafts among them."""
    found = {layers.layer(name).jurisdiction for name in layers.names()}
    return tuple(sorted(code for code in found if code))


def noon(jurisdiction: str, day: date) -> datetime:
    """Noon of a day on the clocks of a country. :raises Invalid: if there are no rules for it"""
    stack = layers.stack(jurisdiction, drafts=True)
    zone = next((layer.time_zone for layer in stack if layer.time_zone), "UTC")
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(zone or "UTC"))


@lru_cache(maxsize=64)
def entries(
    jurisdiction: str, day: date, overlay: Overlay | None = None
) -> tuple[Entry, ...]:  # fmt: skip
    """
    Every rule of a country's layers, its own before what holds everywhere; `overlay` is what a
    tenant lays over them.

    :raises Invalid: if there are no rules for it, or one of them is written wrongly
    """
    stack = layers.stack(jurisdiction, drafts=True)
    known = sources.instruments(stack)
    holding = _holding(jurisdiction, day, overlay)
    found = []
    for layer in stack:
        now = {rule.id: rule for rule in layer.rules().on(day, known, own_date=layer.own_date)}
        ever = layer.rules().on(date.max, known, own_date=layer.own_date)
        for rule in ever:
            stands = now.get(rule.id, rule)
            state = "in_force" if (rule.id, layer.name) in holding else _why_not(
                stands, layer, later=rule.id not in now
            )  # fmt: skip
            found.append(Entry(stands, layer, known[stands.instrument], state))
    # The country's own first: what holds everywhere is the least of it.
    return tuple(sorted(found, key=lambda entry: entry.layer.layer == "base"))


def _holding(jurisdiction: str, day: date, overlay: Overlay | None) -> set[tuple[str, str]]:
    """The rules that contacts are judged by, with their packs; none before there are any."""
    country = next(one for one in layers.stack(jurisdiction, drafts=True) if one.layer == "country")
    if country.is_draft or day < country.own_date:
        return set()
    book = engine.load(jurisdiction, noon(jurisdiction, day), overlay=overlay)
    return {(rule.id, rule.pack) for rule in book.rules}


def _why_not(rule: Rule, layer: Layer, *, later: bool) -> str:
    if layer.is_draft or rule.force == "DRAFT":
        return "draft"
    if later:
        return "later"
    return "off" if rule.optional or rule.id not in _replaced() else "replaced"


@lru_cache(maxsize=1)
def _replaced() -> frozenset[str]:
    """The house rules that some country's own stand in place of."""
    packs = (layers.layer(name).rules() for name in layers.names())
    return frozenset(rule.in_place_of for pack in packs for rule in pack.rules)


def numbers(
    entry: Entry, jurisdiction: str, day: date, overlay: Overlay | None = None
) -> list[Number]:  # fmt: skip
    """The numbers that a rule reads, and those of the counters that it looks at."""
    stack = layers.stack(jurisdiction, drafts=True)
    known = sources.instruments(stack)
    every = sources.parameters(stack, known)
    if overlay is not None:
        every = over_parameters(overlay, every, known, day, engine.rules_of(jurisdiction, day))
    names = casebook.reads(entry.rule) & set(every)
    facts = {*entry.rule.needs, *entry.rule.may_read}
    for layer in stack:
        path = layer.folder / "counters.yaml"
        for counter in (layers.yaml_of(path) if path.is_file() else {}).values():
            if counter.get("fact") in facts:
                names |= {counter.get("days"), counter.get("most")} & set(every)
    return [_number(every[name], day) for name in sorted(names)]


def _number(one: Parameter, day: date) -> Number:
    values = sorted(one.values, key=lambda value: value.since or date.min)
    best, on = one.binding(day), one.on(day)
    binds = [value for value in on if _same(one.number(value.value), best)]
    # A table by channel, or a calendar, binds value by value: all that stand then do.
    return Number(one.name, one.unit, tuple(binds or on), tuple(values))


def _same(value: object, best: object) -> bool:
    return isinstance(value, int | float) and isinstance(best, int | float) and value == best


def cases_of(entry: Entry, jurisdiction: str) -> tuple[Shown, ...]:
    """The cases that show a rule: its country's, or of a rule that holds everywhere any other's."""
    others = jurisdictions() if entry.layer.layer == "base" else ()
    for country in (jurisdiction, *others):
        if found := shown_by(country).get(entry.rule.id):
            return found
    return ()


@lru_cache(maxsize=16)
def shown_by(jurisdiction: str) -> Mapping[str, tuple[Shown, ...]]:
    """
    The cases of a country's packs by each rule that fires in them, exceptions among them.

    A pack whose cases cannot be read shows nothing; the tests say so.
    """
    found: dict[str, list[Shown]] = defaultdict(list)
    for layer in layers.stack(jurisdiction, drafts=True):
        if layer.layer == "base":
            continue  # what holds everywhere is shown by the cases of countries
        try:
            for case in casebook.cases(layer.name):
                verdict = case.judge()
                fired = tuple(one.id for one in verdict.fired)
                shown = Shown(
                    case.name, case.where, str(case.facts.get("channel") or ""), case.at,
                    str(verdict.outcome), fired,
                )  # fmt: skip
                for name in {*fired, *(by for _, by in verdict.exempted)}:
                    found[name].append(shown)
        except Invalid:
            continue
    return {name: tuple(some) for name, some in found.items()}
