"""
The rule engine: one contact, or millions, by the same rules.

    rulebook = load("CN", at)
    rulebook.judge({"channel": "sms", ...}, at)      # a Verdict
    rulebook.judge_frame(frame, at)                  # masks over the frame's rows

Every rule of the jurisdiction's layers that is in force is asked. A rule fires where its function says
so, where a fact it needs is missing, and where the function itself breaks. An `allow` exception
switches off only the rules it names. Of several values of a parameter the strictest binds.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook import layers, sources
from recoup.rulebook.facts import Facts, Mask, frame_of, of_frame, of_mapping, zones_of
from recoup.rulebook.layers import Layer
from recoup.rulebook.overlay import Overlay, over_layers, over_parameters, over_rules
from recoup.rulebook.rule import Moment, Rule
from recoup.rulebook.scope import Scope, holds, may_hold, scope_of
from recoup.rulebook.sources import CounterRule
from recoup.rulebook.verdict import Fired, Instrument, Outcome, Verdict

logger = logging.getLogger(__name__)


# Rules that a person has set aside for one contact: the rule's id, and by whose approval.
Approved: TypeAlias = Mapping[str, str]
NOTHING: Approved = MappingProxyType({})
NONE: Mapping[int, Approved] = MappingProxyType({})
NO_FACTS: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Rulebook:
    """The law of one jurisdiction on one day."""

    jurisdiction: str
    day: date
    rules: tuple[Rule, ...]
    parameters: Any
    instruments: Mapping[str, Instrument]
    digest: str
    layers: tuple[Layer, ...] = ()
    counters: tuple[CounterRule, ...] = ()

    def judge(
        self, facts: Mapping[str, object], at: datetime, *, approved: Approved = NOTHING
    ) -> Verdict:
        """
        The verdict on one contact at one instant. Facts that are not given are missing.

        `approved` names rules that a person who may has set aside for this contact.
        """
        fired, exempted = self.fire(of_mapping(facts, at))
        self.set_aside({None: approved}, fired, exempted)
        return self.verdict({name for name, mask in fired.items() if mask}, facts, at,
                            exempted={pair for pair, mask in exempted.items() if mask})  # fmt: skip

    def judge_many(
        self, rows: Sequence[Mapping[str, object]], at: datetime,
        *, approved: Mapping[int, Approved] = NONE,
    ) -> Judged:  # fmt: skip
        """The verdicts on some contacts, given as mappings; `approved` by their places."""
        return self.judge_frame(frame_of(rows), at, row=lambda i: rows[i], approved=approved)

    def judge_frame(
        self, frame: pl.DataFrame, at: datetime,
        *, row: Callable[[int], Mapping[str, object]] | None = None,
        approved: Mapping[int, Approved] = NONE, alike: Mapping[str, object] = NO_FACTS,
    ) -> Judged:  # fmt: skip
        """
        The verdicts on every row of a frame, as masks. `alike` are facts that all rows share, `row`
        gives the facts of one again.
        """
        said, switched = self.fire(of_frame(frame, at, alike))
        # A mask may be one answer for all rows: a rule that is asked about what they share.
        never = np.broadcast_to(np.False_, frame.height)
        fired = {name: _each(mask, never) for name, mask in said.items()}
        exempted = {pair: _each(mask, never) for pair, mask in switched.items()}
        self.set_aside(approved, fired, exempted)
        refused = np.zeros(frame.height, dtype=np.bool_)
        for mask in fired.values():
            if mask is not never:
                refused |= mask
        return Judged(self, at, ~refused, fired, exempted,
                      row or (lambda i: {**alike, **frame.row(i, named=True)}))  # fmt: skip

    def _asked(
        self, raw: Mapping[str, object], what: Callable[[Rule], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """What the rules that may hold for a contact ask to be said, or recorded."""
        channel = raw.get("channel")
        holding = {layer.name for layer in self.layers if may_hold(layer.holds_for, raw)}
        found = [
            word for rule in self.rules
            if rule.pack in holding and (not rule.channels or channel in rule.channels)
            for word in what(rule)
        ]  # fmt: skip
        return tuple(dict.fromkeys(found))

    def fire(self, facts: Facts) -> tuple[dict[str, Mask], dict[tuple[str, str], Mask]]:
        """Where each rule fires, and what its exceptions switched off: facts of any form."""
        fired: dict[str, Mask] = {}
        allowed: list[tuple[Rule, Mask]] = []
        scopes = {layer.name: scope_of(layer, facts) for layer in self.layers}
        for rule in self.rules:
            mask = self._ask(rule, facts, scopes.get(rule.pack))
            if rule.effect == "allow":
                allowed.append((rule, mask))
            else:
                fired[rule.id] = mask
        exempted: dict[tuple[str, str], Mask] = {}
        for rule, mask in allowed:
            for name in rule.switches_off:
                if name in fired:
                    exempted[(name, rule.id)] = fired[name] & mask
                    fired[name] = fired[name] & ~mask
        return fired, exempted

    def set_aside(
        self, approved: Mapping[Any, Approved], fired: dict[str, Mask],
        exempted: dict[tuple[str, str], Mask],
    ) -> None:  # fmt: skip
        """Switch off, for each contact, the rules that a person set aside and may."""
        for place, rules in approved.items():
            for name, by in rules.items():
                rule = next((rule for rule in self.rules if rule.id == name), None)
                if rule is None or rule.override is None or name not in fired:
                    continue
                everywhere = fired[name]
                here = everywhere if place is None else np.zeros_like(everywhere)
                if place is not None:
                    here[place] = everywhere[place]
                exempted[name, by] = exempted.get((name, by), here) | here
                fired[name] = everywhere & ~here

    def _ask(self, rule: Rule, facts: Facts, scope: Scope | None) -> Mask:
        """Where a rule fires. An exception that lacks a fact, or breaks, does not apply."""
        is_exception = rule.effect == "allow"
        try:
            said = rule.function(facts, self.parameters) & facts.everywhere(True)
        except Exception:
            logger.exception("The rule %s broke, so it refuses", rule.id)
            said = facts.everywhere(not is_exception)
        applies = facts.everywhere(True)
        if scope is not None:
            applies = scope.surely if is_exception else scope.perhaps
        if rule.channels:
            among = facts.channel.among(*rule.channels)
            unknown = facts.missing("channel") & ~facts.everywhere(is_exception)
            applies = applies & (among | unknown)
        if rule.parties:
            among = facts.party.among(*rule.parties)
            applies = applies & (among | (facts.missing("party") & ~facts.everywhere(is_exception)))
        absent = facts.everywhere(False)
        for name in rule.needs:
            absent = absent | facts.missing(name)
        return applies & (said & ~absent if is_exception else said | absent)

    def verdict(
        self, names: set[str], raw: Mapping[str, object], at: datetime,
        *, exempted: set[tuple[str, str]] = frozenset(),  # type: ignore[assignment]
    ) -> Verdict:  # fmt: skip
        """The verdict for the rules that fired on a contact's facts."""
        fired: tuple[Fired, ...] = ()
        if names:
            facts = of_mapping(raw, at)
            moment = Moment(at, zones_of(str(raw.get("time_zones") or "")), raw, self.parameters)
            fired = tuple(
                self._cite(rule, facts, moment) for rule in self.rules if rule.id in names
            )
        outcome, until = combine(fired)
        return Verdict(
            outcome=outcome, fired=fired, must_say=self._asked(raw, lambda rule: rule.must_say),
            record=self._asked(raw, lambda rule: rule.record), until=until, rulebook=self.digest,
            exempted=tuple(sorted(exempted)),
        )  # fmt: skip

    def counters_for(self, facts: Mapping[str, object], at: datetime) -> list[CounterRule]:
        """What a contact with these facts is counted under; a fact that is missing counts."""
        channel = facts.get("channel")
        asked = of_mapping(facts, at)
        return [
            one for one in self.counters
            if (not one.channels or channel in one.channels) and holds(one.holds_for, asked)[0]
        ]  # fmt: skip

    def _cite(self, rule: Rule, facts: Facts, moment: Moment) -> Fired:
        missing = tuple(name for name in rule.needs if facts.missing(name))
        broken, until = False, None
        if not missing:
            try:
                rule.function(facts, self.parameters)
                until = rule.until(moment) if rule.until else None
            except Exception:
                broken = True
        return Fired(
            id=rule.id, effect=rule.effect, force=rule.force, confidence=rule.confidence,
            since=rule.since, instrument=self.instruments[rule.instrument], clause=rule.clause,
            zh=rule.zh, en=rule.en, pack=rule.pack, override=rule.override, missing=missing,
            broken=broken, until=until,
        )  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """
    The verdicts on the rows of a frame.

    `allowed` is true where nothing fired; `fired` holds a mask for each rule.
    """

    rulebook: Rulebook
    at: datetime
    allowed: npt.NDArray[np.bool_]
    fired: dict[str, Mask]
    exempted: dict[tuple[str, str], Mask]
    row: Callable[[int], Mapping[str, object]] = field(repr=False)

    def verdict(self, index: int) -> Verdict:
        """The full verdict on one row."""
        names = {name for name, mask in self.fired.items() if mask[index]}
        pairs = {pair for pair, mask in self.exempted.items() if mask[index]}
        return self.rulebook.verdict(names, self.row(index), self.at, exempted=pairs)

    def counts(self) -> dict[str, int]:
        """How many rows each rule fired on, without the rules that did not."""
        totals = {name: int(mask.sum()) for name, mask in self.fired.items()}
        return {name: total for name, total in totals.items() if total}


def _each(mask: Mask, never: Mask) -> Mask:
    """A mask with an answer for each row."""
    if mask.ndim:
        return mask
    return np.broadcast_to(mask, len(never)) if mask else never


def combine(fired: tuple[Fired, ...]) -> tuple[Outcome, datetime | None]:
    """
    The outcome of all rules that fired.

    Wait if every one of them knows until when; needs approval if nothing else stands in the way;
    else refuse.
    """
    if not fired:
        return Outcome.ALLOW, None
    ends = [one.until for one in fired if one.until is not None]
    if len(ends) == len(fired):
        return Outcome.WAIT, max(ends)
    if all(one.effect == "approve" and not one.broken for one in fired):
        return Outcome.NEEDS_APPROVAL, None
    return Outcome.REFUSE, None


def load(
    jurisdiction: str, at: datetime, *, overlay: Overlay | None = None, drafts: bool = False
) -> Rulebook:
    """
    The rules and parameters of a jurisdiction that are in force at an instant.

    An `overlay` is a tenant's own pack, or what a replay tries. Drafts stay out unless asked for.

    :raises Invalid: if there are none, or one of them is written wrongly; the message says where
    """
    return _load(jurisdiction, day_of(jurisdiction, at, drafts=drafts), overlay, drafts)


def day_of(jurisdiction: str, at: datetime, *, drafts: bool = False) -> date:
    """The day of an instant where a jurisdiction's law counts its days."""
    return local_day(at, zone_of(jurisdiction, drafts=drafts))


def zone_of(jurisdiction: str, *, drafts: bool = False) -> str:
    """The time zone in which a jurisdiction's law counts its days."""
    return next(layer.time_zone for layer in _stack(jurisdiction, drafts) if layer.time_zone)


@lru_cache(maxsize=32)
def _stack(jurisdiction: str, drafts: bool) -> tuple[Layer, ...]:
    return layers.stack(jurisdiction, drafts=drafts)


@lru_cache(maxsize=256)
def _load(jurisdiction: str, day: date, overlay: Overlay | None, drafts: bool) -> Rulebook:
    stack = _stack(jurisdiction, drafts)
    country = next(layer for layer in stack if layer.layer == "country")
    if day < country.own_date:
        raise Invalid(
            f"The rulebook for {jurisdiction} says the law from {country.own_date} on.",
            hint=f"What was lawful on {day}, nobody has written down.",
        )
    if overlay is not None:
        stack = over_layers(overlay, stack)
    instruments = sources.instruments(stack)
    parameters = sources.parameters(stack, instruments)
    rules = _rules(stack, instruments, day)
    if overlay is not None:
        parameters = over_parameters(overlay, parameters, instruments, day, rules)
    values = {name: parameter.binding(day) for name, parameter in parameters.items()}
    numbers = SimpleNamespace(**{k: v for k, v in values.items() if v is not None})
    if overlay is not None:
        rules = over_rules(overlay, rules)
    book = Rulebook(
        jurisdiction=jurisdiction, day=day, rules=tuple(r for r in rules if not r.optional),
        parameters=numbers, instruments=instruments, layers=stack,
        counters=sources.counters(stack, numbers),
        digest=_digest_with(digest_of(jurisdiction, drafts), overlay),
    )  # fmt: skip
    _dry_run(book)
    return book


def rules_of(jurisdiction: str, day: date) -> list[Rule]:
    """Every rule of a jurisdiction's layers on a day, drafts and rules that are off among them."""
    stack = _stack(jurisdiction, True)
    return _rules(stack, sources.instruments(stack), day)


def _digest_with(law: str, overlay: Overlay | None) -> str:
    """The digest of the law and what is laid over it: as long as that of the law, as it is kept."""
    if overlay is None:
        return law
    return hashlib.sha256(f"{law}+{overlay.digest}".encode()).hexdigest()


def _rules(stack: Sequence[Layer], instruments: Mapping[str, Instrument], day: date) -> list[Rule]:
    """The rules of all layers on a day. :raises Invalid: if one loosens what stands above it"""
    found: dict[str, Rule] = {}
    for layer in stack:
        for rule in layer.rules().on(day, instruments, own_date=layer.own_date):
            if rule.id in found:
                raise Invalid(f"{rule.id} is a rule of {found[rule.id].pack} and of {rule.pack}.")
            for name in rule.switches_off:
                above = found.get(name)
                if above and above.pack != rule.pack and above.force in ("LAW", "RULE"):
                    raise Invalid(
                        f"{rule.id} of {rule.pack} switches off {name}, which is {above.force}.",
                        hint="A lower layer may tighten a law, and never loosen it.",
                    )
            if rule.in_place_of:
                stood = found.pop(rule.in_place_of, None)
                if stood is not None and stood.force != "HOUSE":
                    raise Invalid(f"{rule.id} takes the place of {stood.id}, no house rule.")
                if stood is not None and stood.firm and rule.override is not None:
                    raise Invalid(f"{rule.id} is not firm, and {stood.id} in its place was.")
            found[rule.id] = rule
    return sorted(found.values(), key=lambda rule: rule.id)


def _dry_run(book: Rulebook) -> None:
    """A rule that breaks on empty facts would refuse everybody for ever: say so at the start."""
    facts = of_frame(
        pl.DataFrame({"channel": ["sms"]}), datetime.fromisoformat("2026-01-01T00:00Z")
    )
    for rule in book.rules:
        try:
            rule.function(facts, book.parameters)
        except Exception as error:
            code = rule.function.__code__
            raise Invalid(
                f"The rule {rule.name} does not run: {error!r}.",
                problems=[Problem(f"{rule.pack}/{Path(code.co_filename).name}:"
                                  f"{code.co_firstlineno}", repr(error))],
                hint="A parameter it reads may have no value on this day.",
            ) from error  # fmt: skip


@lru_cache(maxsize=32)
def digest_of(jurisdiction: str, drafts: bool = False) -> str:
    """The SHA-256 of everything a jurisdiction's verdicts follow from."""
    whole = hashlib.sha256()
    for path in sources.files(_stack(jurisdiction, drafts)):
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()
