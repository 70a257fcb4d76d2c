"""
The cases of packs that a lawyer can review, and what they cover.

    - name: A call at ten in the evening is refused      a sentence, once in a pack
      contact: call                                      which of base.yaml's contacts it starts from
      at: "2026-11-23 22:00"                             on the clock of the pack's time zone
      facts: {stops: [dispute]}                          what is otherwise; null is missing
      fires: [CN-TIME-001]                               exactly these, in order
      outcome: wait                                      if it matters
      until: "2026-11-24 08:00"                          likewise
    switched_on: [CN-FREQ-004]                         rules that ship off and are tried here
      parameters: {holidays: [2026-12-25]}               numbers that a lender fills in, likewise
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from recoup.kernel.errors import Invalid
from recoup.rulebook import engine, layers, sources
from recoup.rulebook.facts import frame_of
from recoup.rulebook.layers import Layer
from recoup.rulebook.overlay import Overlay
from recoup.rulebook.rule import Rule
from recoup.rulebook.verdict import Verdict
from recoup.rulebook.vocabulary import FACTS

USUAL = "2026-11-23 10:00"
DAY = date(2026, 11, 23)
KEYS = frozenset({"name", "contact", "at", "facts", "fires", "outcome", "until",
                  "switched_on", "parameters"})  # fmt: skip
INSTANTS = tuple(name for name, fact in FACTS.items() if fact.kind == "instant")


@dataclass(frozen=True)
class Case:
    """One case: its facts at an instant, and what the rules must say of them."""

    pack: str
    where: str
    name: str
    jurisdiction: str
    is_draft: bool
    facts: Mapping[str, Any]
    at: datetime
    fires: tuple[str, ...]
    outcome: str | None
    until: datetime | None
    switched_on: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overlay(self) -> Overlay | None:
        """What is laid over the packs for it: rules that ship off, and numbers a lender fills in."""
        return overlay_of(self.switched_on, self.parameters)

    def judge(self) -> Verdict:
        """What the rules say of it."""
        book = engine.load(
            self.jurisdiction, self.at, drafts=self.is_draft, overlay=self.overlay
        )  # fmt: skip
        return book.judge(self.facts, self.at)

    def judge_as_frame(self) -> Verdict:
        """The same by the form for many."""
        book = engine.load(
            self.jurisdiction, self.at, drafts=self.is_draft, overlay=self.overlay
        )  # fmt: skip
        frame = frame_of([self.facts])
        return book.judge_frame(frame, self.at, row=lambda _: self.facts).verdict(0)

    def wrong(self) -> str:
        """What is not as the case says, in words; empty if all is."""
        said = self.judge()
        fired = tuple(one.id for one in said.fired)
        if fired != self.fires:
            return (
                f"fires {', '.join(fired) or 'nothing'}, not {', '.join(self.fires) or 'nothing'}"
            )
        if self.outcome is not None and said.outcome != self.outcome:
            return f"gives {said.outcome}, not {self.outcome}"
        if self.until is not None and said.until != self.until:
            return f"waits until {said.until}, not {self.until}"
        if self.judge_as_frame() != said:
            return "is judged otherwise in a frame"
        return ""


def cases(pack: str) -> Iterator[Case]:
    """
    The cases of a pack.

    :raises Invalid: for a case that is written wrongly, with its file
    """
    layer = layers.layer(pack)
    country = country_of(layer)
    zone = country.time_zone or "UTC"
    base = base_of(pack)
    seen = set[str]()
    for path in sorted((layer.folder / "cases").glob("*.yaml")):
        if path.name == "base.yaml":
            continue
        for raw in layers.list_of(path):
            where = f"{pack}/cases/{path.name}"
            if set(raw) - KEYS or "name" not in raw or raw.get("contact") not in base:
                raise Invalid(f"{where}: {raw.get('name', raw)} is no case.",
                              hint=f"It may have {', '.join(sorted(KEYS))}.")  # fmt: skip
            if raw["name"] in seen:
                raise Invalid(f"{where}: {raw['name']!r} stands twice.")
            seen.add(raw["name"])
            facts = {**base[raw["contact"]], **(raw.get("facts") or {})}
            facts |= {name: clock(facts[name], zone) for name in INSTANTS if facts.get(name)}
            yield Case(
                pack=pack, where=where, name=raw["name"],
                jurisdiction=country.jurisdiction or "", is_draft=layer.is_draft,
                facts=facts, at=clock(raw.get("at", USUAL), zone),
                fires=tuple(raw.get("fires") or ()), outcome=raw.get("outcome"),
                until=clock(raw["until"], zone) if "until" in raw else None,
                switched_on=tuple(raw.get("switched_on") or ()),
                parameters=raw.get("parameters") or {},
            )  # fmt: skip


def base_of(pack: str) -> Mapping[str, Mapping[str, Any]]:
    """The contacts that nothing stands in the way of, by channel: the pack's own, or its country's."""
    layer = layers.layer(pack)
    path = layer.folder / "cases" / "base.yaml"
    if not path.is_file():
        if layer.over in (None, "base"):
            raise Invalid(f"The pack {pack} has no cases/base.yaml.")
        return base_of(str(layer.over))
    raw = layers.yaml_of(path)
    return {name: facts for name, facts in raw.items() if name != "common"}


def country_of(pack: Layer | str) -> Layer:
    """The pack of the country that a pack lies over."""
    layer = layers.layer(pack) if isinstance(pack, str) else pack
    while layer.layer not in ("country", "base"):
        layer = layers.layer(str(layer.over))
    # The base has no country of its own: its cases are those of any.
    return layer if layer.layer == "country" else layers.layer("china")


def overlay_of(rules: tuple[str, ...], parameters: Mapping[str, Any]) -> Overlay | None:
    """A what-if that switches some rules on and changes some numbers; `None` if neither."""
    if not rules and not parameters:
        return None
    digest = f"{','.join(rules)} {parameters}"
    return Overlay("what-if", True, parameters, dict.fromkeys(rules, True), {}, digest)


def clock(text: str, zone: str) -> datetime:
    """An instant written as a wall clock of a time zone, `2026-11-23 10:00`."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(zone))


@dataclass
class Coverage:
    """Which rules fire and rest in some case of a pack, and which numbers no case would notice."""

    pack: str
    rules: list[Rule]
    fires: set[str] = field(default_factory=set)
    rests: set[str] = field(default_factory=set)
    parameters: list[str] = field(default_factory=list)
    unnoticed: list[str] = field(default_factory=list)

    @property
    def gaps(self) -> list[str]:
        """What no case shows, in words."""
        gaps = [f"{r.id} fires in no case" for r in self.rules if r.id not in self.fires]
        gaps += [f"{r.id} rests in no case" for r in self.rules if r.id not in self.rests]
        return gaps + [f"{name} may be one off and no case notices" for name in self.unnoticed]


@lru_cache(maxsize=64)
def coverage(pack: str) -> Coverage:
    """
    What the cases of a pack cover of its own rules and numbers.

    A rule rests in a case on its channel in which it does not fire. A number that a rule reads is
    covered when one more and one less of it each change what some case gives: its boundary is a
    case then, on both sides.
    """
    layer = layers.layer(pack)
    # What holds everywhere is shown by the cases of any country.
    others = [name for name in layers.names() if name != "base"]
    packs = others if layer.layer == "base" else [pack]
    every = [case for name in packs for case in cases(name)]
    known = sources.instruments(
        layers.stack(country_of(layer).jurisdiction or "", drafts=layer.is_draft)
    )
    rules = layer.rules().on(DAY, known, own_date=layer.own_date)
    found = Coverage(pack, rules)
    # A house rule is shown, too, by the rule of a country that stands in its place.
    stands_for = {
        rule.id: rule.in_place_of for name in packs for rule in layers.layer(name).rules().rules
    }
    for case in every:
        verdict = case.judge()
        fired = {one.id for one in verdict.fired} | {by for _, by in verdict.exempted}
        fired |= {stands_for.get(name, "") for name in fired}
        found.fires |= fired
        channel = case.facts.get("channel")
        found.rests |= {
            rule.id for rule in rules
            if rule.id not in fired and (not rule.channels or channel in rule.channels)
        }  # fmt: skip
    read = {name for rule in rules for name in reads(rule)}
    own = layer.folder / "parameters.yaml"
    for name, entry in (layers.yaml_of(own) if own.is_file() else {}).items():
        if name in read:
            found.parameters.append(name)
            neighbours = list(_neighbours(entry["unit"], entry["values"][-1]["value"]))
            if not all(_noticed(every, name, value) for value in neighbours):
                found.unnoticed.append(name)
    return found


def reads(rule: Rule) -> set[str]:
    """The names that a rule's function and those it calls use."""
    return rule.reads


def _neighbours(unit: str, value: Any) -> Iterator[Any]:
    """One less and one more."""
    if unit == "clock":
        minute = sources.clock(value)
        for near in (minute - 1, minute + 1):
            yield f"{near // 60:02d}:{near % 60:02d}"
    elif isinstance(value, dict):
        for step in (-1, 1):
            yield {channel: number + step for channel, number in value.items()}
    elif isinstance(value, list):
        # A list that ships empty, for lenders to fill, is one longer.
        yield value[1:] if value else [DAY]
    else:
        yield from (value - 1, value + 1)


def _noticed(every: list[Case], name: str, value: Any) -> bool:
    for case in every:
        changed = overlay_of(case.switched_on, {**case.parameters, name: value})
        try:
            book = engine.load(case.jurisdiction, case.at, overlay=changed, drafts=case.is_draft)
        except Invalid:  # the number is of another country
            continue
        if tuple(one.id for one in book.judge(case.facts, case.at).fired) != case.fires:
            return True
    return False
