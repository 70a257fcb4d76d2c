"""What a rule is, and the register that the packs of each jurisdiction write themselves into."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import FunctionType
from typing import Any, TypeAlias

from recoup.kernel.errors import Invalid
from recoup.rulebook.facts import Facts, Mask
from recoup.rulebook.verdict import Instrument
from recoup.rulebook.vocabulary import FACTS

EFFECTS = frozenset({"deny", "limit", "wait", "require", "require_content", "forbid_content",
                     "approve", "allow"})  # fmt: skip
FORCES = frozenset(
    {"LAW", "RULE", "SELF-MUST", "SELF-SHOULD", "STD-SHOULD", "STD-MAY", "GUIDE", "DRAFT", "HOUSE"}
)
CONFIDENCES = frozenset({"T", "TT", "S", "M", "HOUSE"})
Function: TypeAlias = Callable[[Facts, Any], Mask]


@dataclass(frozen=True, slots=True)
class Moment:
    """One contact at one instant, for the question until when a rule says no."""

    at: datetime
    zones: tuple[str, ...]
    raw: Mapping[str, object]
    parameters: Any


Until: TypeAlias = Callable[[Moment], datetime | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One rule in one version.

    `function` says where it fires. `needs` are the facts whose absence makes it fire, `may_read`
    facts it can do without. `channels` and `parties` limit where it applies (empty: everywhere).
    `since` is given for a version; else the rule holds from the date of its instrument, and if that
    has none, from the pack's own. `optional` ships off. `in_place_of` names the house rule that it
    takes the place of. `firm` can be overridden by nobody.
    """

    id: str
    function: Function
    instrument: str
    clause: str
    effect: str
    force: str
    confidence: str
    since: date | None
    needs: tuple[str, ...]
    may_read: tuple[str, ...]
    channels: tuple[str, ...]
    parties: tuple[str, ...]
    switches_off: tuple[str, ...]
    must_say: tuple[str, ...]
    record: tuple[str, ...]
    until: Until | None
    zh: str
    pack: str
    optional: bool = False
    in_place_of: str = ""
    firm: bool = False

    @property
    def en(self) -> str:
        """The law in plain words: the first paragraph of the rule's docstring."""
        return " ".join((self.function.__doc__ or "").strip().split("\n\n")[0].split())

    @property
    def name(self) -> str:
        """Identifier and version."""
        return f"{self.id}@{self.since.isoformat() if self.since else self.instrument}"

    @property
    def override(self) -> str | None:
        """Who may override it, with a reason: nobody, a compliance officer, or a leader."""
        if self.firm or self.force in ("LAW", "RULE"):
            return None
        return "compliance" if self.force == "SELF-MUST" else "leader"

    @property
    def reads(self) -> set[str]:
        """The names that its function and those it calls use: facts, parameters and others."""
        names = set[str]()
        todo: list[Any] = [self.function]
        while todo:
            function = todo.pop()
            fresh = set(function.__code__.co_names) - names
            names |= fresh
            todo += [
                one for name in fresh
                if isinstance(one := function.__globals__.get(name), FunctionType)
            ]  # fmt: skip
        return names


class Pack:
    """The rules of one jurisdiction, in every version."""

    def __init__(self, name: str) -> None:
        self.name, self.rules = name, list[Rule]()

    def rule(
        self, id: str, *, instrument: str, force: str, confidence: str, effect: str, zh: str,
        since: date | None = None, clause: str = "", needs: tuple[str, ...] = (),
        may_read: tuple[str, ...] = (), channels: tuple[str, ...] = (),
        parties: tuple[str, ...] = (), switches_off: tuple[str, ...] = (),
        must_say: tuple[str, ...] = (), record: tuple[str, ...] = (), until: Until | None = None,
        optional: bool = False, in_place_of: str = "", firm: bool = False,
    ) -> Callable[[Function], Function]:  # fmt: skip
        """
        Enter a rule. :raises Invalid: if it has no law in words, or reads a fact undeclared
        """

        def enter(function: Function) -> Function:
            made = Rule(
                id=id, function=function, instrument=instrument, clause=clause, effect=effect,
                force=force, confidence=confidence, since=since, needs=needs, may_read=may_read,
                channels=channels, parties=parties, switches_off=switches_off, must_say=must_say,
                record=record, until=until, zh=zh, pack=self.name,
                optional=optional, in_place_of=in_place_of, firm=firm,
            )  # fmt: skip
            self._check(made)
            self.rules.append(made)
            return function

        return enter

    def _check(self, rule: Rule) -> None:
        if rule.effect not in EFFECTS or not rule.zh or not rule.function.__doc__:
            raise Invalid(f"{rule.name} lacks an effect, its Chinese text or its law in words.")
        if rule.force not in FORCES or rule.confidence not in CONFIDENCES:
            raise Invalid(f"{rule.name} does not say its force and confidence.")
        if any(other.name == rule.name for other in self.rules):
            raise Invalid(f"{rule.name} is entered twice.")
        declared = {*rule.needs, *rule.may_read}
        read = set(inspect.unwrap(rule.function).__code__.co_names) & set(FACTS)
        if not read <= declared or not declared <= set(FACTS):
            odd = sorted((read - declared) | (declared - set(FACTS)))
            raise Invalid(f"{rule.name} reads facts it does not declare: {', '.join(odd)}.")

    def on(self, day: date, instruments: Mapping[str, Instrument], *, own_date: date) -> list[Rule]:
        """
        The version of each rule in force on a day, with `since` filled in.

        :raises Invalid: if a rule's instrument is not known
        """
        latest: dict[str, Rule] = {}
        dated = [self._dated(rule, instruments, own_date) for rule in self.rules]
        for rule in sorted(dated, key=lambda rule: rule.since or own_date):
            if (rule.since or own_date) <= day:
                latest[rule.id] = rule
        return sorted(latest.values(), key=lambda rule: rule.id)

    @staticmethod
    def _dated(rule: Rule, instruments: Mapping[str, Instrument], own_date: date) -> Rule:
        instrument = instruments.get(rule.instrument)
        if instrument is None:
            raise Invalid(f"{rule.name} names no instrument we know, so it does not load.")
        # A date that nobody knows stays unknown: the rule holds from the pack's own date, unverified.
        return replace(rule, since=rule.since or instrument.in_force_from)
