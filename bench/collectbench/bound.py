"""
An upper bound on what any policy can net on a book, within the contest's terms.

Weak duality (Hawkins 2003; Adelman, Mersereau 2008, Operations Research 56(3)): charge every budget
at a price >= 0 for all days together, and the book falls apart into cases; for any prices

    net of any policy  <=  sum_k price_k x budget_k x days  +  sum_i U_i(prices),

U_i the best expected net of case i alone after the prices. U_i is found by dynamic programming with
everything known that no policy knows: the hidden traits, the day on which the phone dies, the best
hour, and how the economy will go. Where the simulator has more state than the program, the program
gives the case the better of it:

* nothing hardens; a promise that is kept pays on the day of the call (only if it falls due before
  the end), and the arrears stay as they were if it was of a part; a case that clears its arrears pays
  all instalments to come; what a kept promise excites it excites as if the case stayed in arrears;
* parts paid are counted in quarters of an instalment, rounded down, so arrears are never too small;
* lines of slots, the ceiling on complaints and the one letter a month are left out.

What is proved, what is computed, what is estimated. The inequality and these relaxations hold for
every price. Values between the grid's places (lift, irritation, excitement, number of contacts) are
read linearly, which is exact only in the limit: `fine=True` halves the grid to see what that is worth.
The sum over cases is estimated from a sample drawn in proportion to about what they may bring, and
has a standard error. Parameters that drift (economy, reach, wear) are taken along the seed's own path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench import bounding
from bench.collectbench.bounding import PART_UNITS, UNITS
from bench.collectbench.protocol import Terms
from bench.collectbench.world import Book
from recoup.simulator import answers, hazard
from recoup.simulator.laboratory import MONTH
from recoup.simulator.parameters import Parameters
from recoup.simulator.population import ROUND, Population
from recoup.simulator.traits import logit, sigmoid

Floats = NDArray[np.float64]
WAYS = (
    ("email", "junior"), ("sms", "junior"), ("letter", "junior"), ("robot", "junior"),
    ("call", "junior"), ("call", "senior"),
)  # fmt: skip
PRICED = ("sms", "letter", "junior_minutes", "senior_minutes")
WHOLE_UNITS = 9
HARD = 3.0  # times the intensity of who is left alone; only the sample's spread depends on it


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound on a book's net, its standard error, and what the cases bring without contact."""

    value: float
    error: float
    alone: float
    prices: Mapping[str, float]


@dataclass(frozen=True)
class Grid:
    """The places of the tables."""

    worns: Floats
    lifts: Floats
    levels: Floats
    excited: Floats

    @classmethod
    def of(cls, *, days: int, fine: bool = False) -> Grid:
        """The usual grid, or one with half its steps."""
        by = 2 if fine else 1
        worns = np.unique(np.round(np.r_[0, 4, 9, 16, 26, 40, max(days, 41)]).astype(float))
        if fine:
            worns = np.unique(np.r_[worns, (worns[1:] + worns[:-1]) / 2])
        return cls(
            worns, np.linspace(-1.0, 4.0, 15 * by + 1),
            np.r_[np.linspace(0, 1.4, 7 * by + 1), np.linspace(1.4, 6.0, 4 * by + 1)[1:]],
            np.array([0.0, 0.02, 0.06]) if not fine else np.array([0.0, 0.01, 0.02, 0.04, 0.06]),
        )  # fmt: skip


class Cases:
    """A book's hidden state on its first morning, and the days to come, for the program."""

    def __init__(self, book: Book, terms: Terms) -> None:
        self.terms, self.days = terms, terms.days
        laboratory = book.laboratory
        self.hidden: Population = laboratory._population
        self.p: Parameters = laboratory._parameters
        self.economy, self.reach, self.wear = _drift(book, terms.days)
        hidden = self.hidden
        late = hidden.days.astype(np.int64)
        ahead = np.arange(1, self.days)
        due = (((laboratory._phase[:, None] - ahead) % MONTH) == 0).cumsum(axis=1)
        self.due = np.column_stack([np.zeros(len(late), dtype=np.int64), due])
        asked = hidden.arrears[:, None] + self.due * hidden.instalment[:, None]
        self.arrears = np.minimum(asked, hidden.owed[:, None]).astype(np.float64)
        self.most = self.arrears[:, -1]
        self.late = np.minimum(late[:, None] + np.arange(self.days), hazard.LONGEST)

    def __len__(self) -> int:
        return len(self.most)

    def likely(self) -> Floats:
        """About what each case may bring, worked hard: what the sample is drawn by."""
        hidden, base = self.hidden, hazard.baseline(self.p)
        market = HARD * np.exp(float(self.economy.mean()))
        end = np.minimum(self.late[:, 0] + self.days, hazard.LONGEST)
        full = (base.cure_sum[end] - base.cure_sum[self.late[:, 0]]) * np.exp(hidden.traits.drive)
        some = (base.partial_sum[end] - base.partial_sum[self.late[:, 0]]) * np.exp(
            hidden.traits.partial
        )
        paid = self.most * -np.expm1(-market * full) + 0.6 * hidden.instalment * market * some
        return np.asarray(np.minimum(paid, self.most) + 0.05 * hidden.instalment)

    def worth(self, case: int, prices: Mapping[str, float], grid: Grid) -> tuple[float, float]:
        """U of one case at the prices, and what it brings without contact."""
        hidden, p, traits = self.hidden, self.p, self.hidden.traits
        base, late = hazard.baseline(p), self.late[case]
        market = np.exp(self.economy)
        full = base.cure[late] * np.exp(float(traits.drive[case])) * market
        some = base.partial[late] * np.exp(float(traits.partial[case])) * market
        instalment = float(hidden.instalment[case])
        part, chances = _part(instalment, p)
        heard, brushed, effect, promised, clears = self._ways(case, self._excited(case, part))
        weight = [p[f"irritation.{channel}"] / float(traits.patience[case]) for channel, _ in WAYS]
        rung = [w / 3 if channel in ("call", "robot") else w
                for w, (channel, _) in zip(weight, WAYS, strict=True)]  # fmt: skip
        best, alone = bounding.value(
            full, some, self.arrears[case], float(self.most[case]), instalment, part, chances,
            np.array([
                p["excite.jump"], p["excite.size"], 0.5 ** (1 / p["excite.half_life"]),
                p["excite.whole"],
            ]),
            heard, brushed, effect, np.array(weight), np.array(rung),
            promised, clears, self._cost(prices), p["irritation.cost"],
            np.array([p["complaint.base"], p["complaint.growth"]]),
            np.array([p["opt_out.base"], p["opt_out.growth"]]), p["effect.nth"] ** grid.worns,
            grid.worns, grid.lifts, 0.5 ** (1 / p["effect.half_life"]), grid.levels,
            0.5 ** (1 / p["irritation.half_life"]), grid.excited, WHOLE_UNITS,
        )  # fmt: skip
        return best, alone

    def _cost(self, prices: Mapping[str, float]) -> Floats:
        cost = []
        for channel, tier in WAYS:
            used = self.terms.uses[f"call_{tier}" if channel == "call" else channel]
            cost.append(used["spend"] + sum(
                prices.get(name, 0.0) * amount for name, amount in used.items()
            ))  # fmt: skip
        return np.array(cost)

    def _excited(self, case: int, part: float) -> Floats:
        """Money expected of the payments that a kept promise of each day excites."""
        p = self.p
        jump, kept = p["excite.jump"] + p["excite.size"], 0.5 ** (1 / p["excite.half_life"])
        each = p["excite.whole"] * self.most[case] + (1 - p["excite.whole"]) * part
        bonus, ahead = np.zeros(self.days), 0.0
        for day in range(self.days - 2, -1, -1):
            later = each + (1 - p["excite.whole"]) * bonus[day + 1]
            ahead = kept * (ahead + later)
            bonus[day] = jump * ahead
        return bonus

    def _ways(self, case: int, excited: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """By day and way: heard, brushed, effect of a first contact, part promises, clearings."""
        p, traits = self.p, self.hidden.traits
        shape = (self.days, len(WAYS))
        heard, brushed, effect, promised, clears = (np.zeros(shape) for _ in range(5))
        dead = self.late[case] >= int(traits.lost_after[case])
        force = np.exp(self.wear) * float(traits.warmth[case])
        kept, whole, share = self._kept(case)
        for way, (channel, tier) in enumerate(WAYS):
            calls = channel in ("call", "robot")
            reads, arrives, asked = (
                self._called(case, channel, tier, dead)
                if calls
                else (self._written(case, channel, dead))
            )
            heard[:, way], brushed[:, way] = reads, np.maximum(arrives - reads, 0.0)
            strongest = max(
                answers.strength(channel, tone, tier, p)  # type: ignore[arg-type]
                for tone in ("reminder", "moral", "officer")
            )
            effect[:, way] = strongest * force
            keeps = asked * kept * (p["promise.robot_binds"] if channel == "robot" else 1.0)
            clears[:, way] = keeps * whole
            promised[:, way] = keeps * (1 - whole) * (share + excited)
        return heard, brushed, effect, promised, clears

    def _called(
        self, case: int, channel: str, tier: str, dead: NDArray[np.bool_]
    ) -> tuple[Floats, Floats, float]:  # fmt: skip
        p, traits = self.p, self.hidden.traits
        best = p["reach.best_slot"]
        share = float(traits.reach_call[case]) * best * 6 / (5 + best)
        reach = np.minimum(sigmoid(logit(share) + self.reach), 1.0)
        willing = float(answers.promising(channel, tier, p))  # type: ignore[arg-type]
        asked = min(willing * float(np.exp(0.45 * traits.willingness[case] - 0.1)), 1.0)
        alive = ~dead
        return reach * alive, alive.astype(float), asked

    def _written(
        self, case: int, channel: str, dead: NDArray[np.bool_]
    ) -> tuple[Floats, Floats, float]:  # fmt: skip
        p, traits = self.p, self.hidden.traits
        lives = {
            "sms": ~dead, "email": np.full(self.days, bool(traits.email_lives[case])),
            "letter": np.full(self.days, bool(traits.address_lives[case])),
        }[channel].astype(float)  # fmt: skip
        arrives = lives * p[f"reach.{channel}_delivered"]
        mean = p[f"reach.{channel}_read"] / p["reach.sms_read"]
        reads = arrives * min(float(traits.reads[case]) * mean, 1.0)
        if channel == "letter":
            return reads, arrives, 0.0
        writes = p["reply.message"] * np.exp(0.3 * float(traits.willingness[case]))
        says = min(p["promise.reply"] * np.exp(0.35 * float(traits.willingness[case])), 1.0)
        return reads, arrives, float(min(writes, 1.0) * says)

    def _kept(self, case: int) -> tuple[Floats, Floats, Floats]:
        """By day: a promise kept before the end, of everything, and the mean of part promises."""
        p, hidden = self.p, self.hidden
        months = self.late[case] / 30.0
        odds = logit(float(hidden.traits.keeps[case])) - p["promise.late"] * months
        left = self.days - np.arange(self.days)
        mean = p["promise.days"] - 1.0
        term = np.exp(-mean) * np.cumprod(np.r_[1.0, mean / np.arange(1, self.days + 1)])
        within = np.r_[0.0, np.cumsum(term)][np.maximum(left - 1, 0)]
        whole = 0.6 * np.exp(-p["promise.late"] * months)
        u = (np.arange(50) + 0.5) / 50
        arrears = self.arrears[case]
        some = np.minimum(
            (0.2 + 0.6 * u)[None, :] * arrears[:, None], 1.5 * float(hidden.instalment[case])
        )
        share = np.minimum(np.maximum(some.mean(axis=1), ROUND), arrears)
        return sigmoid(odds) * np.minimum(within, 1.0), np.minimum(whole, 1.0), share


def _part(instalment: float, p: Parameters) -> tuple[float, Floats]:
    """The mean of a part payment, and the chances that it is so many units, rounded down."""
    least, most = p["partial.least"], p["partial.most"]
    exact = p["partial.instalment_share"]
    edge = np.clip(
        (np.array([1, 2, 3]) / UNITS + ROUND / instalment - least) / (most - least), 0.0, 1.0
    )
    cut = np.r_[edge[0], edge[1] - edge[0], 1.0 - edge[1]] * (1 - exact)
    mean = instalment * ((1 - exact) * (least + most) / 2 + exact)
    return max(mean, ROUND), np.r_[cut, exact]


assert len(PART_UNITS) == 4


def _drift(book: Book, days: int) -> tuple[Floats, Floats, Floats]:
    """How what all have in common goes on this seed, day by day."""
    twin = book.laboratory.fork(seed=book.laboratory._chance)
    found = []
    for _ in range(days):
        hidden = twin._population
        found.append((hidden.economy, hidden.reach, hidden.wear))
        twin._pass()
    economy, reach, wear = np.array(found).T
    return economy, reach, wear


def bound(
    book: Book, terms: Terms, *, prices: Mapping[str, float], sample: int, seed: int,
    fine: bool = False,
) -> Bound:  # fmt: skip
    """
    The bound at these prices, from a sample of cases drawn in proportion to about what they may bring.

    The book is on its first morning.
    """
    cases = Cases(book, terms)
    likely = cases.likely()
    chance = likely / likely.sum()
    drawn = np.random.default_rng([seed, 0xB0]).choice(len(cases), size=sample, p=chance)
    grid = Grid.of(days=terms.days, fine=fine)
    worth = np.array([cases.worth(int(case), prices, grid) for case in drawn])
    each = worth / chance[drawn][:, None]
    budgets = sum(price * terms.budgets[name] * terms.days for name, price in prices.items())
    return Bound(
        float(budgets + each[:, 0].mean()), float(each[:, 0].std(ddof=1) / np.sqrt(sample)),
        float(each[:, 1].mean()), dict(prices),
    )  # fmt: skip


def price(book: Book, terms: Terms, *, sample: int, seed: int) -> dict[str, float]:
    """
    Prices that make the bound small: one budget after another, each doubled or halved while that
    helps. Any prices give a bound; these are found on the same cases throughout.
    """

    def value(prices: Mapping[str, float]) -> float:
        return bound(book, terms, prices=prices, sample=sample, seed=seed).value

    prices = dict.fromkeys(PRICED, 0.0)
    lowest = value(prices)
    for name in PRICED:
        unit = {"sms": 100.0, "letter": 1000.0}.get(name, 100.0)
        for step in (unit, 4.0 * unit, 16.0 * unit):
            tried = prices | {name: step}
            now = value(tried)
            if now >= lowest:
                break
            prices, lowest = tried, now
        if prices[name]:
            for factor in (0.5, 2.0):
                tried = prices | {name: prices[name] * factor}
                now = value(tried)
                if now < lowest:
                    prices, lowest = tried, now
                    break
    return prices
