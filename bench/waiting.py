"""
Whether weighing a contact against a later night pays, in a world where all that is assumed is true.

Cases with a chance of paying and money owed are contacted by a sequence of steps for eighty days. One
policy takes what wins anything in 30 days, as a strategy without `waiting` does; the other reads
charts. Both meet the same luck; who has paid is a share of each case, so payments add no noise.
`python -m bench.waiting` prints net, contacts and objections of both, and what drawing a chart takes.
SIMULATED, and by the model's own rules: it says whether the arithmetic is right, not whether the
model is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.restraint.charts import CHANCES, Menu, advantage, draw
from recoup.decision.restraint.habits import MONTH, Habits
from recoup.decision.restraint.touches import kept
from recoup.decision.restraint.waiting import Steps

Floats = NDArray[np.float64]
USUAL = Habits(days=60, half_life=10.0, cooling=14.0, irritation=0.3, wear=0.85, decline=0.8)
EFFECT, REACH, COST = np.array([0.3, 0.6]), np.array([0.85, 0.55]), np.array([50.0, 480.0])
HARM, TOLL, GROWTH = 30_000.0, 30.0, 0.5
WEEKS = Steps(np.array([0, 1]), np.array([1, 0]), np.array([21, 7]))
OFTEN = Steps(np.array([0, 0]), np.array([0]), np.array([4]))
DAYS, ALL = 80, np.ones(2, dtype=bool)


@dataclass(frozen=True)
class Outcome:
    """For each case: what came in less all costs, and contacts; and objections for a thousand cases."""

    net: float
    contacts: float
    objections: float


def after(chance: Floats, effect: Floats = EFFECT) -> Floats:
    """The chance of the month after one contact that shifts its odds."""
    return np.asarray(1 / (1 + np.exp(-(np.log(chance / (1 - chance))[:, None] + effect))))


def menu(steps: Steps, objection: float) -> Menu:
    """A message and a person's call."""
    return Menu(
        steps=steps, reach=REACH, cost=COST, objection=np.full(2, objection), then=after(CHANCES),
        harm=HARM, toll=TOLL, growth=GROWTH,
    )  # fmt: skip


class World:
    """Cases that answer as is assumed."""

    def __init__(self, *, cases: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self.chance = self._rng.choice([0.02, 0.06, 0.15, 0.3, 0.6], cases)
        self.money = np.exp(self._rng.normal(9.5, 1.0, cases))
        self.rate = USUAL.rate(self.chance)
        self.lift, self.level, self.lasting = (np.zeros(cases) for _ in range(3))
        self.step, self.idle = np.zeros(cases, dtype=np.int64), np.full(cases, 99)
        self.owing, self.listens = np.ones(cases), np.ones(cases, dtype=bool)

    def play(self, *, steps: Steps, objection: float, ahead: bool) -> Outcome:
        """All days by one policy."""
        chart = draw(habits=USUAL, menu=menu(steps, objection)) if ahead else None
        net = contacts = objections = 0.0
        month = (USUAL.decline ** (np.arange(MONTH) / MONTH)).sum()
        for day in range(DAYS):
            luck = self._rng.random((2, len(self.owing)))
            now = self.rate * USUAL.decline ** (day / MONTH)
            rows = np.flatnonzero(self.listens & (self.idle >= steps.gaps[self.step]))
            p, recent = -np.expm1(-now[rows] * month), self.level[rows] * USUAL.months
            then = after(p, EFFECT * (USUAL.wear**recent)[:, None])
            loud = -np.expm1(np.log1p(-objection) * np.exp(USUAL.irritation * self.level[rows]))
            if chart is None:
                gain = self.money[rows][:, None] * REACH * (then - p[:, None])
            else:
                gain = advantage(
                    chart, step=self.step[rows], chance=p, money=self.money[rows],
                    level=self.level[rows], lasting=self.lasting[rows], usual=ALL,
                    reach=np.tile(REACH, (len(rows), 1)), then=then,
                    objection=np.repeat(loud[:, None], 2, axis=1),
                )  # fmt: skip
            cost = COST + (TOLL * (1 + GROWTH * recent) + HARM * loud)[:, None]
            value = np.where(steps.of[None] == self.step[rows][:, None], gain - cost, -np.inf)
            acts = value.max(axis=1) > 0
            who, way = rows[acts], value.argmax(axis=1)[acts]
            self._contact(who, way, USUAL.jump(p[acts], then[acts, way]), loud[acts], luck, steps)
            net -= float(self.owing[who] @ cost[acts, way])
            contacts += float(self.owing[who].sum())
            objections += float(self.owing[who] @ loud[acts])
            pays = self.owing * -np.expm1(-now * np.exp(self.lift))
            net += float(self.money @ pays)
            self.owing -= pays
            self._fade()
        count = len(self.owing)
        return Outcome(net / count, contacts / count, 1000 * objections / count)

    def _contact(
        self, who: NDArray[np.int64], way: NDArray[np.int64], jump: Floats, loud: Floats,
        luck: Floats, steps: Steps,
    ) -> None:  # fmt: skip
        self.lift[who] += np.where(luck[0, who] < REACH[way], jump, 0.0)
        self.listens[who[luck[1, who] < loud]] = False
        self.level[who] += 1.0
        self.lasting[who] += 1.0
        self.idle[who], self.step[who] = 0, steps.follows[self.step[who]]

    def _fade(self) -> None:
        self.lift *= kept(USUAL.half_life)
        self.lasting *= kept(USUAL.half_life)
        self.level *= kept(USUAL.cooling)
        self.idle += 1


def both(*, steps: Steps, objection: float, cases: int = 4_000, seed: int = 7) -> list[Outcome]:
    """By what wins in 30 days, and by charts."""
    return [
        World(cases=cases, seed=seed).play(steps=steps, objection=objection, ahead=ahead)
        for ahead in (False, True)
    ]


def main() -> None:
    """Print the table."""
    print("SIMULATED by the model's own rules: net a case in minor units, contacts a case,")
    print("objections a thousand cases; by what wins in 30 days, and by charts.")
    print(
        f"{'steps':24}{'objects':>9}{'net':>10}{'':>10}{'gain':>8}{'contacts':>10}{'':>7}{'objections':>12}"
    )
    for name, steps in (("two steps, 7 and 21 days", WEEKS), ("anything after 4 days", OFTEN)):
        for objection in (0.0, 1e-3, 3e-3, 1e-2):
            found = [both(steps=steps, objection=objection, seed=seed) for seed in (7, 8, 9)]
            plain, waits = (
                [np.mean([getattr(one[at], part) for one in found]) for part in
                 ("net", "contacts", "objections")] for at in (0, 1)
            )  # fmt: skip
            print(
                f"{name:24}{objection:9.1%}{plain[0]:10.0f}{waits[0]:10.0f}"
                f"{waits[0] / plain[0] - 1:8.1%}{plain[1]:10.2f}{waits[1]:7.2f}"
                f"{plain[2]:12.1f}{waits[2]:7.1f}"
            )
    draw(habits=USUAL, menu=menu(WEEKS, 0.0))
    start = time.process_time()
    draw(habits=USUAL, menu=menu(WEEKS, 0.0))
    took = time.process_time() - start
    print(f"A chart of {len(CHANCES)} chances takes {took:.2f} CPU s to draw.")


if __name__ == "__main__":
    main()
