"""
What is proved of a rulebook, over all contacts at once. Each question gives findings, and each
finding of something wrong a contact that shows it, judged by the engine itself.

Nothing here knows any rule: the engine runs the rules' own functions on symbols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import z3

from recoup.rulebook import symbols
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.masks import WRITTEN
from recoup.rulebook.rule import Rule
from recoup.rulebook.scope import scope_of
from recoup.rulebook.sources import CounterRule
from recoup.rulebook.space import GIVEN, Space, plain
from recoup.rulebook.symbols import Bits, Flag, Number, SymbolicFacts, any_of
from recoup.rulebook.vocabulary import CHANNELS, FACTS

MORNING = 10 * 60  # minutes after midnight where the law counts its days
PATIENCE = 30_000  # milliseconds for one question
# What may be unknown without standing in the way: on which channels (empty: all), and why.
SPOKEN = tuple(name for name in CHANNELS if name not in WRITTEN)
MAY_BE_UNKNOWN = {
    "birth_year": ((), "Who has no birth year on file counts as an adult: lenders lend to adults."),
    "found": (SPOKEN, "What is said aloud is not known before: later stages judge it."),
    "says": (SPOKEN, "What is said aloud is not known before: later stages judge it."),
}
BINDING = ("LAW", "RULE")
# More of these never helps a contact.
GROWING = ("opt_outs", "found")


@dataclass(frozen=True)
class Finding:
    """
    One thing found of a rulebook. `facts` and `at` are a contact that shows it.

    What `is_wrong` is a contradiction or a hole; the rest is told for whoever reads the packs.
    """

    kind: str
    text: str
    rules: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    at: datetime | None = None
    is_wrong: bool = True


@dataclass(frozen=True)
class Point:
    """One contact of the space: facts, instant, and the rules that fire on it."""

    facts: dict[str, Any]
    at: datetime
    fired: frozenset[str]


class Proofs:
    """One rulebook on symbols, and the questions asked of it."""

    def __init__(
        self, book: Rulebook, *, zones: Sequence[str], like: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """`like` are usual contacts by channel: what shows a finding is kept near to one."""
        self.real, self.like = book, like
        self.space = Space(book, zones)
        self.facts = self.space.facts
        self.numbers = symbols.parameters(book.parameters)
        self.unread: list[Finding] = []
        rules = tuple(rule for rule in book.rules if self._runs(rule))
        self.book = replace(book, rules=rules, parameters=self.numbers)
        self.fired = self._fired(self.facts)
        self.allowed = self._allowed(self.facts)
        self.solver = z3.Solver()
        self.solver.set(timeout=PATIENCE, random_seed=7)
        self.solver.add(*self.space.constraints)
        self.undecided: list[Finding] = []

    def _runs(self, rule: Rule) -> bool:
        """Whether a rule can be asked about symbols, and reads only what it declares."""
        reading = _Reading(self.facts)
        try:
            rule.function(reading, self.numbers) & self.facts.everywhere(True)
        except Exception as error:
            self.unread.append(Finding(
                "unread", f"{rule.id} does not run on symbols, so nothing is proved of it: "
                f"{error!r}. Write it with | & ~ and comparisons.", (rule.id,),
            ))  # fmt: skip
            return False
        if odd := sorted(reading.names - {*rule.needs, *rule.may_read}):
            self.unread.append(Finding(
                "undeclared", f"{rule.id} reads {', '.join(odd)} without declaring it.", (rule.id,)
            ))  # fmt: skip
        return True

    def _fired(self, facts: SymbolicFacts, book: Rulebook | None = None) -> dict[str, Flag]:
        return (book or self.book).fire(facts)[0]

    def _allowed(self, facts: SymbolicFacts) -> Any:
        return z3.Not(any_of(*self._fired(facts).values()))

    # -- Asking ----------------------------------------------------------------------------------
    def find(self, *terms: Any, near: bool = False) -> Point | None:
        """A contact for which all these formulas hold, as the engine judges it; `None`: none."""
        self.solver.push()
        try:
            self.solver.add(*terms)
            answer = self.solver.check()
            if answer == z3.unknown:
                why = self.solver.reason_unknown()
                self.undecided.append(Finding("undecided", f"A question stayed open: {why}."))
            if answer != z3.sat:
                return None
            return self._point(self._nearest() if near else self.solver.model())
        finally:
            self.solver.pop()

    def _nearest(self) -> Any:
        """A model with as much as possible as it is with a usual contact."""
        model = self.solver.model()
        usual = self._usual(self.space.mapping(model).get("channel"))
        wishes = [self.space.equals(name, usual.get(name)) for name in GIVEN]
        for wish in [*wishes, self.space.minute == MORNING]:
            if self.solver.check(wish) == z3.sat:
                self.solver.add(wish)
                model = self.solver.model() if self.solver.check() == z3.sat else model
        return model

    def _usual(self, channel: object) -> Mapping[str, Any]:
        return self.like.get(str(channel)) or next(iter(self.like.values()), {})

    def _point(self, model: Any) -> Point:
        facts, at = self.space.mapping(model), self.space.at(model)
        said = frozenset(one.id for one in self.real.judge(facts, at).fired)
        asked = {rule.id for rule in self.book.rules}
        mine = {
            name for name, mask in self.fired.items() if z3.is_true(model.eval(mask.term, True))
        }
        if said & asked != mine:
            # Symbols that differ from the engine prove nothing: this is a bug of ours, say so.
            raise AssertionError(
                f"Symbols and engine differ on {sorted((said & asked) ^ mine)}: {facts} at {at}"
            )
        return Point(facts, at, said)

    def core(self, masks: Mapping[str, Any], *terms: Any) -> tuple[str, ...]:
        """Which of some formulas, that cannot all hold with the terms, stand in the way together."""
        self.solver.push()
        try:
            self.solver.add(*terms)
            names = {f"core {name}": name for name in masks}
            for tag, name in names.items():
                self.solver.add(z3.Implies(z3.Bool(tag), masks[name]))
            kept = list(names)
            if self.solver.check([z3.Bool(tag) for tag in kept]) != z3.unsat:
                return ()
            kept = [str(tag) for tag in self.solver.unsat_core()]
            for tag in sorted(kept):
                fewer = [one for one in kept if one != tag]
                if self.solver.check([z3.Bool(one) for one in fewer]) == z3.unsat:
                    kept = fewer
            return tuple(sorted(names[tag] for tag in kept))
        finally:
            self.solver.pop()

    def shown(self, kind: str, text: str, point: Point, *rules: str) -> Finding:
        """A finding with the contact that shows it, and how that differs from a usual one."""
        usual = self._usual(point.facts.get("channel"))
        names = [n for n in GIVEN if point.facts.get(n) != usual.get(n)]
        odd = plain({name: point.facts.get(name) for name in names})
        at = f"{point.at:%Y-%m-%d %H:%M}Z"
        return Finding(kind, f"{text} So it is at {at} with {odd or 'a usual contact'}.",
                       rules, point.facts, point.at)  # fmt: skip

    def known(self) -> Any:
        """The formula that nothing is missing that a rule needs."""
        needed = {name for rule in self.book.rules for name in rule.needs}
        scoped = {name for layer in self.book.layers for name in layer.holds_for}
        names = sorted(needed | scoped | {"channel", "party", "purpose"})
        return z3.Not(any_of(*(self.facts.missing(name) for name in names)))

    # -- Questions -------------------------------------------------------------------------------
    def together(self) -> Iterator[Finding]:
        """Whether a contact by each channel is possible at all, wherever each pack surely holds."""
        scopes: dict[str, Any] = {"": z3.BoolVal(True)}
        for layer in self.book.layers:
            if (scope := scope_of(layer, self.facts)) is not None:
                scopes[layer.name] = scope.surely.term
        for pack, here in scopes.items():
            for channel in CHANNELS:
                by = self.facts.channel.among(channel).term
                if self.find(by, here, self.known(), self.allowed) is not None:
                    continue
                rests = {name: z3.Not(mask.term) for name, mask in self.fired.items()}
                why = self.core(rests, by, here, self.known())
                where = f"Where {pack} holds, no" if pack else "No"
                yield Finding(
                    "never_allowed", f"{where} contact by {channel} is ever allowed"
                    f": {', '.join(why)} leave none.", why, {"channel": channel},
                    is_wrong=not pack and channel in self.like,
                )  # fmt: skip

    def alone(self) -> Iterator[Finding]:
        """Whether each rule can fire, and can fire alone; if not, which others it implies."""
        for name, mask in self.fired.items():
            others = {one: other for one, other in self.fired.items() if one != name}
            quiet = z3.Not(any_of(*others.values()))
            if self.find(mask.term, self.known(), quiet) is not None:
                continue
            if self.find(mask.term) is None:
                yield Finding("never_fires", f"{name} can never fire.", (name,))
                continue
            if self.find(mask.term, self.known()) is None:
                yield Finding("only_missing", f"{name} fires only where a fact is missing.",
                              (name,), is_wrong=False)  # fmt: skip
                continue
            rests = {one: z3.Not(other.term) for one, other in others.items()}
            by = self.core(rests, mask.term, self.known())
            yield Finding("implied", f"{name} never fires alone: whenever it does, so does "
                          f"{' or '.join(by)}.", (name, *by), is_wrong=False)  # fmt: skip

    def exceptions(self) -> Iterator[Finding]:
        """Whether an exception sets aside a law or rule that its own pack does not name for it."""
        rules = {rule.id: rule for rule in self.book.rules}
        for one in self.book.rules:
            if one.effect != "allow":
                continue
            kept = tuple(rule for rule in self.book.rules if rule.id != one.id)
            before = self._fired(self.facts, replace(self.book, rules=kept))
            for name, mask in before.items():
                named = name in one.switches_off and rules[name].pack == one.pack
                if rules[name].force not in BINDING or named:
                    continue
                point = self.find(mask.term, z3.Not(self.fired[name].term), near=True)
                if point is not None:
                    yield self.shown(
                        "loosened", f"The exception {one.id} of {one.pack} sets {name} aside, "
                        f"which is {rules[name].force} of {rules[name].pack}.", point, one.id, name,
                    )  # fmt: skip

    def absences(self, *names: str) -> Iterator[Finding]:
        """Whether taking a fact away ever allows more: of each fact, or of some."""
        for name in names or GIVEN:
            without = self._fired(self.space.without(name))
            lost = [z3.Not(self.space.absent(name)), z3.Not(any_of(*without.values())),
                    z3.Not(self.allowed)]  # fmt: skip
            if name in MAY_BE_UNKNOWN:
                channels, why = MAY_BE_UNKNOWN[name]
                spared = self.facts.channel.among(*channels).term if channels else z3.BoolVal(True)
                if self.find(spared, *lost) is not None:
                    yield Finding("may_be_unknown", f"{name} may be unknown. {why}", is_wrong=False)
                lost.append(z3.Not(spared))
            point = self.find(*lost, near=True)
            if point is not None:
                rules = tuple(sorted(point.fired))
                yield self.shown(
                    "absence_allows", f"Were {name} not known, the contact would be allowed that "
                    f"{', '.join(rules)} stop.", point, *rules,
                )  # fmt: skip

    def counts(self) -> Iterator[Finding]:
        """Whether more contacts, more refusals or more forbidden words ever allow more."""
        names = sorted({one.fact for one in self.book.counters if one.fact})
        more = {name: z3.Int(f"more {name}") for name in names}
        raised = {name: getattr(self.facts, name) + Number(term) for name, term in more.items()}
        yield from self._grown("counts", raised, [term >= 0 for term in more.values()])
        for name in GROWING:
            terms = getattr(self.facts, name).bits.terms
            extra = {place: z3.Or(term, z3.Bool(f"more {name} {place}"))
                     for place, term in terms.items()}  # fmt: skip
            words = {name: replace(getattr(self.facts, name), bits=Bits(extra))}
            yield from self._grown(name, words, [])

    def _grown(self, what: str, values: Mapping[str, Any], terms: list[Any]) -> Iterator[Finding]:
        there = [z3.Not(self.facts.missing(name).term) for name in values]
        after = self._allowed(self.facts.but(values, {}))
        point = self.find(*there, *terms, after, z3.Not(self.allowed), near=True)
        if point is not None:
            rules = tuple(sorted(point.fired))
            yield self.shown("more_allows", f"More {what} would allow a contact that "
                             f"{', '.join(rules)} stop.", point, *rules)  # fmt: skip

    def approvals(self) -> Iterator[Finding]:
        """Whether a person's leave to set every rule aside moves a law, a rule, or a firm one."""
        fired = dict(self.fired)
        self.book.set_aside({None: {rule.id: "approval:1" for rule in self.book.rules}}, fired, {})
        for rule in self.book.rules:
            if rule.id not in fired or not (rule.force in BINDING or rule.firm):
                continue
            point = self.find(self.fired[rule.id].term, z3.Not(fired[rule.id].term), near=True)
            if point is not None:
                yield self.shown("approval_loosens", f"An approval sets {rule.id} aside, which "
                                 f"is {rule.force}.", point, rule.id)  # fmt: skip

    def caps(self) -> Iterator[Finding]:
        """Whether a rule stops what a full counter counts, at exactly its cap."""
        units = [one.unit for one in self.book.counters]
        for unit in sorted({unit for unit in units if units.count(unit) > 1}):
            yield Finding("two_counters", f"Two packs count {unit}, and share its slots.")
        for one in self.book.counters:
            if one.fact and one.most is not None:
                for channel in one.channels or CHANNELS:
                    yield from self._cap(one, channel)

    def _cap(self, one: CounterRule, channel: str) -> Iterator[Finding]:
        most, count = one.for_channel(one.most, channel), getattr(self.facts, one.fact).term
        here = [self.facts.channel.among(channel).term]
        here += [surely(self.facts, name, words).term for name, words in one.holds_for.items()]
        room = self._allowed(self.facts.but({one.fact: Number(count - 1)}, {}))
        last = self.find(*here, count == most, z3.Not(self.allowed), room)
        point = self.find(*here, count >= most, self.allowed, near=True)
        rules = tuple(sorted(rule.id for rule in self.book.rules
                             if one.fact in (*rule.needs, *rule.may_read)))  # fmt: skip
        if last is None:
            found = Finding("cap_unasked", f"No rule stops a {channel} because {one.unit} is full "
                            f"at {most}.", rules)  # fmt: skip
            yield (
                self.shown(found.kind, found.text, point, *rules)
                if point
                else replace(found, is_wrong=self.find(*here, self.allowed) is not None)
            )
        elif point is not None:
            text = f"{one.unit} may pass {most} by {channel}, as {', '.join(rules)} let it."
            yield replace(self.shown("cap_let_pass", text, point, *rules), is_wrong=False)


def surely(facts: SymbolicFacts, name: str, words: Sequence[str]) -> Flag:
    """The mask that a fact a pack holds for is surely among its words."""
    value = getattr(facts, name)
    found = value.among(*words) if FACTS[name].kind == "word" else value.has(words[0])
    for word in words[1:]:
        found = found | (value.among(word) if FACTS[name].kind == "word" else value.has(word))
    return Flag(z3.And(found.term, z3.Not(facts.missing(name).term)))


class _Reading(SymbolicFacts):
    """The same facts, which write down what is read of them."""

    def __init__(self, facts: SymbolicFacts) -> None:
        super().__init__(facts._values, facts._missing)
        self.names = set[str]()

    def __getattr__(self, name: str) -> Any:
        if name in FACTS:
            self.names.add(name)
        return super().__getattr__(name)

    def missing(self, name: str) -> Flag:
        """Where this fact is absent."""
        self.names.add(name)
        found: Flag = super().missing(name)
        return found
