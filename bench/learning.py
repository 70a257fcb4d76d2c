"""
Learning with priced budgets beside a fixed champion, in simulated worlds: regret and budgets.

    python -m bench.learning [--nights 120] [--cases 1500] [--worlds 2]

Every night new cases come with what is known of them; four actions have effects on the share that
is paid, linear in that; three budgets are tight. The champion plans by assumed effects. The learner
draws from what it believes (`decision.thompson` and `strategy.choosing`, as the product does), sees
an outcome thirty nights later, and starts from the same assumptions. The bound is the plan that knows
the effects. Regret is what a policy wins less than that, in expectation under the world. Worlds:
`wrong`, where assumptions are in the wrong order; `right`, where they are true and learning can only
cost. Exits with 1 if the learner's regret in `wrong` is above half of the champion's, if it does not
fall towards the end in either, or if a budget was exceeded. All figures are simulated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.decision.allocate import allocate
from recoup.decision.thompson import Posterior, values
from recoup.decision.uses import of_arrays, use_of
from recoup.strategy.choosing import choose
from recoup.strategy.sampling import Sampling

Floats = NDArray[np.float64]
NAMES = ("sms", "email", "letter", "call")
COST = np.array([5.0, 1.0, 260.0, 500.0])
USE = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 6]], dtype=float)
ROOM = np.array([0.4, 0.4, 0.8])  # of each budget for each case
TRUE = np.array([[0.002, 0.002], [0.001, 0.012], [0.004, 0.006], [0.015, 0.030]])
DELAY, TIMES, SPREAD, NOISE = 30, 60, 0.01, 0.3
EXPLORE = 0.02


@dataclass
class Played:
    """What a policy won beside the bound, night by night, and how often it exceeded a budget."""

    won: list[float]
    bound: list[float]
    exceeded: int = 0

    @property
    def regret(self) -> float:
        """What the bound won more, over all nights."""
        return float(np.sum(self.bound) - np.sum(self.won))


@dataclass(frozen=True)
class Night:
    """The cases of one night: what each action needs, and what it really brings."""

    scale: Floats
    z: Floats
    cost: Floats
    budgets: Floats
    outcome: Floats  # what comes in without us, and chance around it

    @classmethod
    def of(cls, rng: np.random.Generator, cases: int) -> Night:
        chance = rng.beta(2, 3, cases)
        scale = rng.lognormal(11.5, 0.8, cases)
        z = np.column_stack([np.ones(cases), 4 * chance * (1 - chance)])
        free = np.clip(chance * 0.5 + rng.normal(0, NOISE, cases), -0.5, 1.5)
        return cls(scale, z, np.tile(COST, (cases, 1)), ROOM * cases, free)

    def worth(self, effects: Floats) -> Floats:
        """What each action is worth if these are the effects, (n, A)."""
        return values(scale=self.scale, z=self.z, effects=effects, cost=self.cost,
                      open_=np.ones(self.cost.shape, dtype=bool))  # fmt: skip

    def won(self, action: NDArray[np.int32], effects: Floats) -> float:
        """What actions win in expectation."""
        rows = np.flatnonzero(action >= 0)
        return float(self.worth(effects)[rows, action[rows]].sum())


def play(seed: int, nights: int, cases: int, assumed: Floats) -> dict[str, Played]:
    """One world under the champion and the learner, with the same cases."""
    rng = np.random.default_rng(seed)
    use = of_arrays(USE, cases)
    believed = Posterior.prior(base=2, each=2)
    for name, mean in zip(NAMES, assumed, strict=True):
        believed = believed.with_action(name, mean=mean, spread=SPREAD)
    waiting: list[tuple[Night, NDArray[np.int32]]] = []
    played = {name: Played([], []) for name in ("champion", "learner")}
    for number in range(nights):
        night = Night.of(rng, cases)
        best = allocate(night.worth(TRUE), use, night.budgets, seed=number)
        bound = night.won(best.chosen, TRUE)
        fixed = allocate(night.worth(assumed), use, night.budgets, seed=number)
        drawn = Sampling(
            rows=np.arange(cases), scale=night.scale, z=night.z, cost=night.cost,
            draws=believed.draw(NAMES, TIMES, rng),
        )  # fmt: skip
        made = choose(values=night.worth(believed.means(NAMES)), use=USE, budgets=night.budgets,
                      explore=EXPLORE, seed=number, sampling=drawn)  # fmt: skip
        for name, action in (("champion", fixed.chosen), ("learner", made.action)):
            one = played[name]
            one.won.append(night.won(action, TRUE))
            one.bound.append(bound)
            one.exceeded += int((use_of(use, action) > night.budgets * (1 + 1e-9)).any())
        waiting.append((night, made.action))
        if len(waiting) > DELAY:
            believed = learnt(believed, *waiting.pop(0))
    return played


def learnt(believed: Posterior, night: Night, action: NDArray[np.int32]) -> Posterior:
    """What is believed after a night whose outcomes are known."""
    lift = np.zeros(len(action))
    rows = np.flatnonzero(action >= 0)
    lift[rows] = np.einsum("nk,nk->n", night.z[rows], TRUE[action[rows]])
    names = [NAMES[one] if one >= 0 else "" for one in action.tolist()]
    return believed.learn(x=night.z, z=night.z, actions=names, outcomes=night.outcome + lift)


def rated(worlds: list[dict[str, Played]]) -> dict[str, float]:
    """Regret, its share of the bound, and what the last thirty nights show."""
    found: dict[str, float] = {}
    bound = sum(float(np.sum(one["champion"].bound)) for one in worlds)
    for name in ("champion", "learner"):
        found[f"{name}_regret_share"] = sum(one[name].regret for one in worlds) / bound
        last = [
            1 - float(np.sum(one[name].won[-30:])) / float(np.sum(one[name].bound[-30:]))
            for one in worlds
        ]
        found[f"{name}_regret_share_at_the_end"] = float(np.mean(last))
    each = [one["learner"].regret / one["champion"].regret for one in worlds
            if one["champion"].regret > 0.01 * float(np.sum(one["champion"].bound))]  # fmt: skip
    if each:
        found["regret_ratio"] = float(np.mean(each))
        found["regret_ratio_worst"] = float(np.max(each))
    found["budgets_exceeded"] = sum(one[name].exceeded for one in worlds for name in one)
    return found


def main() -> int:
    """Simulate, print, and say whether the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--nights", type=int, default=120)
    parser.add_argument("--cases", type=int, default=1_500)
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=21)
    options = parser.parse_args()
    begun = time.process_time()
    found: dict[str, object] = {"simulated": True, "nights": options.nights, "cases": options.cases}
    rates = {}
    for name, assumed in (("wrong", TRUE[[3, 2, 0, 1]]), ("right", TRUE)):
        worlds = [
            play(options.seed + number, options.nights, options.cases, assumed)
            for number in range(options.worlds)
        ]
        rates[name] = rated(worlds)
        found[name] = {key: round(value, 4) for key, value in rates[name].items()}
    checks = {
        "wrong: regret at most half of the champion's": rates["wrong"]["regret_ratio"] <= 0.5,
        "regret falls": all(
            one["learner_regret_share_at_the_end"] < one["learner_regret_share"]
            for one in rates.values()
        ),
        "no budget exceeded": not any(one["budgets_exceeded"] for one in rates.values()),
    }  # fmt: skip
    found["checks"] = {name: "ok" if held else "short" for name, held in checks.items()}
    found["cpu_seconds"] = round(time.process_time() - begun, 1)
    print(json.dumps(found, indent=2))
    return int(not all(checks.values()))


if __name__ == "__main__":
    sys.exit(main())
