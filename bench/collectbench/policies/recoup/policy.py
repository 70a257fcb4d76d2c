"""
The product's policy.

It learns from the log how irritating contacts are, what they do to the rate of paying and for how
long, who is reached by what, and what promises bring; plans every case over the days left, waiting
included, at the prices that budgets had so far; and lets `allocate` give out each day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.house import Diary, Way, contacts_of, hours, limits, uses_of
from bench.collectbench.lessons import groups_of
from bench.collectbench.policies.recoup.memory import PARTS, RING, TALK, Memory, reach_of, replay
from bench.collectbench.policies.recoup.paying import (
    MEMORY,
    Amounts,
    brings,
    columns,
    late,
    rest,
)  # fmt: skip
from bench.collectbench.policies.recoup.reaching import Promising, Reaching
from bench.collectbench.protocol import Contact, Episode, Log, Terms, Yesterday
from recoup.decision.allocate import allocate
from recoup.decision.restraint import effects as effecting
from recoup.decision.restraint import irritation as irritating
from recoup.decision.restraint import waiting
from recoup.decision.restraint.effects import Effects, Morning
from recoup.decision.restraint.irritation import Irritation
from recoup.decision.restraint.touches import Lasting, Touches, kept

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
EVERY = 10  # days between plans of all that is left
SMOOTH = 0.3  # of today's prices in those that tomorrow is planned with


@dataclass
class _Learned:
    """What the log taught."""

    groups: list[tuple[str, str, str]]
    irritation: Irritation
    effects: Effects
    reaching: Reaching
    promising: Promising
    amounts: Amounts


class Recoup:
    """Learn, plan, allocate."""

    harm = 400_000.0  # what a complaint is taken to cost, minor units; chosen on the tuning seeds

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Fit all parts on the log."""
        self._known = study(past, seed=seed)
        self._seed = seed
        self._begin(terms)

    def _begin(self, terms: Terms) -> None:
        known = self._known
        self._kinds, self._menu = _menu(known)
        place = {one: number for number, one in enumerate(known.groups)}
        self._place = place
        self._uses, self._names = uses_of(self._menu, terms)
        self._limits = limits(terms, self._names)
        self._spend = self._uses[:, self._names.index("spend")]
        self._price = np.zeros(len(self._names))
        self._diary, self._memory = Diary(terms), Memory(terms.cases)
        self._load = np.zeros((terms.cases, PARTS))
        self._lasting = Lasting(
            terms.cases, len(known.groups), len(known.effects.knots), known.effects.half_life
        )
        self._tables: waiting.Tables | None = None
        self._rows = np.full(terms.cases, -1)
        self._log: Log | None = None

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Remember yesterday, value every way of today, give out the budgets."""
        if yesterday is not None and self._log is not None:
            self._remember(self._log, yesterday, day - 1)
        self._log = log
        self._lasting.pass_to(day)
        open_ = self._diary.open(log, self._menu, day=day)
        cases = np.flatnonzero(open_.any(axis=1))
        if not len(cases):
            return []
        if self._tables is None or (day - self._tables.first) >= EVERY:
            self._plan(log, cases, terms.days - day, day)
        cases = cases[self._rows[cases] >= 0]
        value = self._values(log, cases, day)
        value = np.where(open_[cases], value, -np.inf)
        plan = allocate(value, self._uses, self._limits, seed=self._seed + day, threads=1)
        self._price += SMOOTH * (plan.prices - self._price)
        chosen = plan.chosen >= 0
        contacts = contacts_of(cases[chosen], plan.chosen[chosen].astype(np.int64), self._menu)
        self._diary.note(contacts, day=day)
        return contacts

    def _remember(self, log: Log, yesterday: Yesterday, day: int) -> None:
        known = self._known
        self._load *= kept(known.irritation.half_life)
        events = self._memory.note(log, yesterday.contacts, yesterday.outcomes, self._place)
        self._lasting.pass_to(day)
        touched = events.touched
        np.add.at(self._load, (events.case[touched], events.part[touched]), 1.0)
        level = known.irritation.of(self._load[events.case])
        self._lasting.add(
            case=events.case, kind=events.kind, touched=touched, heard=events.heard,
            over=known.effects.over(level), fatigue=known.effects.fatigue,
        )  # fmt: skip

    def _ahead(self, log: Log, cases: Ints, days: int) -> waiting.Ahead:
        known, base = self._known, self._known.effects.base
        x = rest(log)[cases]
        table = late(np.arange(LONG)) @ base[x.shape[1] :]
        fresh = x[:, 7] * base[7]
        steady = x @ base[: x.shape[1]] - fresh
        ahead = np.arange(days)
        dpd = np.minimum(log.days_past_due[cases][:, None] + ahead, LONG - 1)
        rate = np.exp(steady[:, None] + fresh[:, None] * np.exp(-ahead / MEMORY) + table[dpd])
        x = brings(log)[cases]
        whole = np.clip(known.amounts.whole(x), 0.0, 1.0)
        part = np.clip(known.amounts.part(x), 0.02, None) * log.instalment[cases]
        clears = known.amounts.clears(log, days)[cases]
        return waiting.Ahead(
            rate, clears, whole, np.minimum(part, log.arrears[cases]),
        )  # fmt: skip

    def _ways(self, log: Log, cases: Ints, ways: Sequence[Way], cost: Floats) -> waiting.Ways:
        known, n = self._known, len(cases)
        fatigue = known.effects.fatigue ** self._lasting.count[cases]
        shape = (n, len(ways))
        heard, brushed, effect, promises = (np.zeros(shape) for _ in range(4))
        rate = known.irritation
        parts = np.array([_parts(way) for way in ways])
        worth: dict[int, Floats] = {}
        chances: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        for column, way in enumerate(ways):
            reach = reach_of(way.channel)
            kind = self._place[way.channel, way.tone, way.tier]
            slot = min((way.hour - 8) // 2, 5)
            if (reach, slot) not in chances:
                chances[reach, slot] = known.reaching.chances(self._memory, log, cases, reach, slot)
            heard[:, column], brushed[:, column] = chances[reach, slot]
            effect[:, column] = max(known.effects.heard[kind], 0.0) * fatigue
            if kind not in worth:
                worth[kind] = np.minimum(
                    known.promising.worth(log, kind) * log.instalment, log.arrears
                )[cases]
            promises[:, column] = worth[kind]
        talk, ring = parts.T
        return waiting.Ways(
            heard, brushed, effect, promises, np.broadcast_to(cost, shape).copy(),
            rate.weight[talk], rate.weight[ring], rate.complains[talk], rate.complains[ring],
            rate.opts_out[talk],
        )  # fmt: skip

    def _plan(self, log: Log, cases: Ints, days: int, day: int) -> None:
        """Plan all open cases over the days left, at the prices so far."""
        known = self._known
        ways = [self._menu[same[0]] for same in self._kinds]
        charged = self._spend + self._uses @ self._price
        cost = np.array([charged[same].mean() for same in self._kinds])
        cost[[way.channel == "letter" for way in ways]] = (
            np.inf
        )  # one a month: asked for on the day
        fading = waiting.Fading(
            lift=kept(known.effects.half_life), level=kept(known.irritation.half_life),
            effect=known.effects.fatigue ** 0.33, knots=known.effects.knots,
            strain=known.effects.strain, top=self._top(), harm=self.harm,
        )  # fmt: skip
        self._tables = waiting.plan(
            ahead=self._ahead(log, cases, days), ways=self._ways(log, cases, ways, cost),
            fading=fading, first=day,
        )  # fmt: skip
        self._rows[:] = -1
        self._rows[cases] = np.arange(len(cases))

    def _top(self) -> float:
        """Irritation of a text every day for a long time: the grid's end."""
        rate = self._known.irritation
        return float(max(rate.weight[:4].max() / (1 - kept(rate.half_life)), 1e-3))

    def _values(self, log: Log, cases: Ints, day: int) -> Floats:
        """What each way wins today over waiting, costs taken off, (cases, ways)."""
        tables = self._tables
        assert tables is not None
        level = self._known.irritation.of(self._load[cases]) * kept(
            self._known.irritation.half_life
        )
        lift = self._known.effects.lift(self._lasting)[cases]
        value, _ = waiting.ask(
            tables, day=day, lift=lift, level=level,
            ways=self._ways(log, cases, self._menu, self._spend), rows=self._rows[cases],
        )  # fmt: skip
        return value


LONG = 1500


def _menu(known: _Learned) -> tuple[list[NDArray[np.int64]], list[Way]]:
    """The best tone of each kind of contact, calls in every slot; the ways of each kind."""
    best: dict[tuple[str, str], tuple[float, str]] = {}
    for (channel, tone, tier), effect in zip(known.groups, known.effects.heard, strict=True):
        if (channel, tier) not in best or effect > best[channel, tier][0]:
            best[channel, tier] = effect, tone
    menu, kinds = [], []
    for (channel, tier), (_, tone) in best.items():
        slots = hours() if channel in ("call", "robot") else [10]
        kinds.append(np.arange(len(menu), len(menu) + len(slots)))
        menu += [Way(channel, tone, tier, hour) for hour in slots]
    return kinds, menu


def study(past: Sequence[Episode], *, seed: int) -> _Learned:
    """All that the policy learns from the log."""
    groups = groups_of(past)
    place = {one: number for number, one in enumerate(groups)}
    found = replay(past, place)
    events = found.events
    touches = Touches(
        case=events.case, day=found.day, kind=events.kind, part=events.part,
        touched=events.touched, heard=events.heard, cases=found.cases, kinds=len(groups),
        parts=PARTS,
    )  # fmt: skip
    irritation = irritating.learn(touches, *_objections(past, found.day, events.case))
    effects = effecting.learn(
        touches=touches, mornings=_mornings(past), irritation=irritation,
        shared=_shared(groups), seed=seed,
    )  # fmt: skip
    return _Learned(
        groups, irritation, effects, Reaching.learn(events, seed=seed),
        Promising.learn(past, found, len(groups), seed=seed), Amounts.learn(past, seed=seed),
    )  # fmt: skip


def _shared(groups: Sequence[tuple[str, str, str]]) -> Floats:
    """What kinds of contact have in common: being written in a tone, or spoken."""
    traits = [("written", tone) for tone in ("reminder", "moral", "officer")] + [("spoken", "")]
    of = [
        ("spoken", "") if channel in ("call", "robot") else ("written", tone)
        for channel, tone, _ in groups
    ]
    return np.array([[float(one == trait) for trait in traits] for one in of])


def _objections(past: Sequence[Episode], day: Ints, case: Ints) -> tuple[Flags, Flags]:
    """Which contacts met a complaint, and which an opt-out."""
    found = []
    for name in ("complained", "opted_out"):
        known = np.stack([
            np.concatenate([getattr(one.logs[d], name) for one in past])
            for d in range(len(past[0].logs))
        ])  # fmt: skip
        found.append((known[1:] & ~known[:-1])[day, case])
    return found[0], found[1]


def _parts(way: Way) -> tuple[int, int]:
    """The part of a contact that is heard, and of one that only arrives."""
    reach = reach_of(way.channel)
    return (TALK, RING) if reach == TALK else (reach, reach)


def _mornings(past: Sequence[Episode]) -> list[Morning]:
    """The days of all books side by side."""
    mornings = []
    for day in range(len(past[0].contacts)):
        logs, then = [one.logs[day] for one in past], [one.logs[day + 1] for one in past]
        risk = np.concatenate([(log.arrears > 0) & (log.promise_due != 0) for log in logs])
        paid = np.concatenate([b.paid > a.paid for a, b in zip(logs, then, strict=True)])
        mornings.append(Morning(np.concatenate([columns(log) for log in logs]), risk, risk & paid))
    return mornings
