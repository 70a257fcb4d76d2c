"""
Judging a policy from the log of another: do the intervals cover, and is silence kept where due.

    python -m bench.ope [--logs 1000]

Each log is a seeded book of people with one to four rows each, who stay alike from row to row;
their outcomes are parts recovered of which the truth under any policy is known. The logging policy
is a plan with random draws, as a strategy's. Per estimator: how often the 90 % intervals (normal,
and bootstrap by person) hold the truth, the root mean square error, and the same for intervals that
take rows for people, the peer. Four worlds: `straight`, as the models think; `bent`, where they are
wrong; `thin`, with a tenth explored, so that weights are large and `switch` cuts those above ten;
`blind`, where the models see nothing of what the logging policy saw, so that the model alone must be
silent. Then logs that carry nothing: too few, little exploration, one heavy row, actions never logged, wrong propensities.
Exits with 1 if a coverage leaves 85 to 95 %, or one of those logs gets an answer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import offpolicy
from recoup.decision.offpolicy import Answer, Estimator
from recoup.decision.policylog import Log

Floats = NDArray[np.float64]
WORLDS = {  # explored share, bend, how much actions depend on the case, threshold of `switch`
    "straight": (0.5, 0.0, 0.1, None),
    "bent": (0.25, 0.1, 0.1, None),
    "thin": (0.1, 0.0, 0.1, 10.0),
    "blind": (0.5, 0.0, 0.4, None),
}
NAMES = ("nothing", "sms", "call", "letter")
LEAST, MOST, MOST_TALK = 0.85, 0.95, 0.1
TASTE = np.array([[0, 0, 0, 0], [0.3, -0.2, 0.1, 0], [-0.1, 0.4, 0.2, 0.1], [0.1, 0.1, -0.3, 0.2]])
LIFT = np.array([0.0, 0.05, 0.12, 0.03])


def expected(x: Floats, bent: float, taste: float) -> Floats:
    """The part recovered for each action, before what is a person's own: (n, A)."""
    line = 0.3 + LIFT + 0.05 * x[:, :1] + taste * x @ TASTE.T
    return line + bent * (x[:, 1:2] ** 2 - 1) * (np.arange(4) - 1.0)


def chosen(x: Floats, sharp: float, tilt: float, taste: float) -> Floats:
    """A plan's action by its own, slightly wrong, idea of the outcomes: chances (n, A)."""
    idea = LIFT + taste * x @ TASTE.T + tilt * x[:, [0, 1, 2, 3]]
    power = np.exp(sharp * (idea - idea.max(axis=1, keepdims=True)))
    return power / power.sum(axis=1, keepdims=True)


def book(rng: np.random.Generator, people: int) -> tuple[Floats, NDArray[np.int64], Floats]:
    """What is known of each row, whose it is, and the person's own part of the outcome."""
    times = rng.integers(1, 5, people)
    who = np.repeat(np.arange(people), times)
    steady, own = rng.normal(size=(people, 4)), rng.normal(0, 0.15, people)
    return 0.8 * steady[who] + 0.6 * rng.normal(size=(len(who), 4)), who, own[who]


def policies(x: Floats, explore: float, taste: float) -> tuple[Floats, Floats]:
    """The logging policy and the one to judge."""
    plan = np.eye(4)[chosen(x, 30, 0.05, taste).argmax(axis=1)]
    return (1 - explore) * plan + explore / 4, chosen(x, 1.2 / taste, 0.0, taste)


def logged(
    rng: np.random.Generator, people: int, explore: float, bent: float, taste: float
) -> tuple[Log, Floats]:
    """One log and the policy to judge on it."""
    x, who, own = book(rng, people)
    log_policy, policy = policies(x, explore, taste)
    drawn = (log_policy.cumsum(axis=1) < rng.random(len(x))[:, None]).sum(axis=1).clip(0, 3)
    rows = np.arange(len(x))
    outcome = expected(x, bent, taste)[rows, drawn] + own + rng.normal(0, 0.2, len(x))
    return Log.of(
        actions=drawn, outcomes=outcome, propensities=log_policy[rows, drawn], people=who,
        names=NAMES, known=x,
    ), policy  # fmt: skip


def truth(bent: float, taste: float) -> float:
    """The policy's value over the whole population, from a million people."""
    x, _who, own = book(np.random.default_rng(2_000), 1_000_000)
    _, policy = policies(x, 0.5, taste)
    return float((policy * (expected(x, bent, taste) + own[:, None])).sum(axis=1).mean())


def covered(seed: int, logs: int, people: int, world: str) -> dict[str, Any]:
    """Coverage, error and refusals for each estimator."""
    explore, bent, taste, threshold = WORLDS[world]
    rng, real = np.random.default_rng(seed), truth(bent, taste)
    kept: dict[Estimator, list[tuple[bool, bool, bool, float, float]]] = {
        one: [] for one in Estimator
    }
    for _ in range(logs):
        log, policy = logged(rng, people, explore, bent, taste)
        if world == "blind":
            log = replace(log, known=np.zeros((len(log.actions), 0)))
        alone = replace(log, people=np.arange(len(log.actions)))
        found = offpolicy.evaluate(log, policy, rng=rng, resamples=400, threshold=threshold)
        naive = offpolicy.evaluate(alone, policy, rng=rng, resamples=100, threshold=threshold)
        for one, answer in found.items():
            if isinstance(answer, Answer):
                row = naive[one]
                inside = [i.low <= real <= i.high for i in (answer.normal, answer.bootstrap)]
                by_row = isinstance(row, Answer) and row.normal.low <= real <= row.normal.high
                wide = answer.normal.high - answer.normal.low
                kept[one].append((*inside, by_row, answer.value - real, wide))
    rows = {}
    for one, some in kept.items():
        table = np.array(some, float).reshape(-1, 5)
        rows[one.value] = {"answered": len(some)}
        if len(some):
            rows[one.value] |= {
                "normal": table[:, 0].mean(), "bootstrap": table[:, 1].mean(),
                "rows_for_people": table[:, 2].mean(), "bias": table[:, 3].mean(),
                "rmse": float(np.sqrt((table[:, 3] ** 2).mean())), "width": table[:, 4].mean(),
            }  # fmt: skip
    return rows


def silent(rng: np.random.Generator, times: int) -> dict[str, float]:
    """How often an answer is refused, of logs that carry none."""
    found = {}
    for name, people, explore in (("few_people", 60, 0.5), ("little_exploration", 1_500, 0.01)):
        made = [logged(rng, people, explore, 0.0, 0.1) for _ in range(times)]
        found[name] = _refused(made, rng)
    whole = [logged(rng, 1_500, 0.5, 0.0, 0.1) for _ in range(times)]
    heavy, never, wrong = [], [], []
    for log, policy in whole:
        p = log.propensities.copy()
        p[(policy[np.arange(len(p)), log.actions] > 0.2).argmax()] = 2e-5
        heavy.append((replace(log, propensities=p), policy))
        keep = log.actions != 2
        _, place = np.unique(log.people[keep], return_inverse=True)
        never.append((
            Log(log.actions[keep], log.outcomes[keep], log.propensities[keep], place,
                log.known[keep], NAMES),
            policy[keep],
        ))  # fmt: skip
        wrong.append((replace(log, propensities=np.full(len(p), 0.4)), policy))
    for name, made in (("one_heavy_row", heavy), ("never_logged", never), ("wrong", wrong)):
        found[name] = _refused(made, rng)
    return found


def _refused(made: list[tuple[Log, Floats]], rng: np.random.Generator) -> float:
    return float(np.mean([
        all(not isinstance(one, Answer)
            for one in offpolicy.evaluate(log, policy, rng=rng, resamples=100).values())
        for log, policy in made
    ]))  # fmt: skip


def main() -> int:
    """Simulate, print, and say whether the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--logs", type=int, default=1_000)
    parser.add_argument("--people", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    begun = time.process_time()
    found: dict[str, Any] = {"logs": options.logs}
    for number, world in enumerate(WORLDS):
        found[world] = covered(options.seed + number, options.logs, options.people, world)
    found["refused"] = silent(np.random.default_rng(options.seed + 9), 40)
    found["cpu_seconds"] = time.process_time() - begun
    print(json.dumps(_rounded(found), indent=2))
    rates = [
        row[kind]
        for world in WORLDS
        for row in found[world].values()
        if row["answered"] > options.logs / 2
        for kind in ("normal", "bootstrap")
    ]
    talks = found["blind"]["direct"]["answered"] / options.logs
    outside = [talks > MOST_TALK] + [not LEAST <= rate <= MOST for rate in rates]
    return int(any(outside) or any(rate < 1 for rate in found["refused"].values()))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(float(value), 4) if isinstance(value, (float, np.floating)) else value


if __name__ == "__main__":
    sys.exit(main())
