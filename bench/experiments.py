"""
Champion and challenger looked at every day: false alarms, power, and how long it takes.

    python -m bench.experiments [--runs 20000]

Two kinds of outcome, each simulated case by case: did the case pay (shares), and which part of the
debt was recovered (most recover nothing, many all), the latter also less what a score knew before.
The peer in the same run is the test of one look, planned for a power of 0.9 at the effect and read
on its last day; beside it, the same z-test read every day. Durations are means over runs where the
effect is real, as a share of the peer's. Several challengers and the stop on harm are measured
too. Exits with 1 if false alarms exceed 5 %, the power is under 0.9 of the peer's, or the duration
over 60 % of it, for any outcome; so also without the score.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import evidence, sequential
from recoup.decision.arms import FEWEST, Outcome
from recoup.strategy import judging

Floats = NDArray[np.float64]
DAYS = 60  # of the test of one look
PAYS, PART = 0.30, 0.25
MOST_ALARMS, LEAST_POWER, LONGEST = 0.05, 0.9, 0.6
Z = 1.959964


@dataclass
class Found:
    """Per run: whether and when the sequence stopped, what the z-tests said."""

    stop: NDArray[np.int64]
    clear: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    daily: NDArray[np.bool_]


def judge(gap: Floats, variance: Floats, plan: sequential.Plan) -> Found:
    """The rules of `sequential.look` on runs by days, all at once."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        usable = (variance > 0) & np.isfinite(variance)
        safe = np.where(usable, variance, 1.0)
        strong = sequential.log_evidence(gap, safe, effect=plan.effect)
        clear = usable & (strong >= -np.log(plan.alpha))
        small = usable & sequential.is_too_small(
            gap, safe, effect=plan.effect, give_up=plan.give_up
        )
        ended = usable & (safe * sequential.LONGEST <= plan.single_look)
        far = usable & (np.abs(gap) > Z * np.sqrt(safe))
    over = clear | small | ended
    last = gap.shape[1] - 1
    stop = np.where(over.any(axis=1), over.argmax(axis=1), last)
    rows = np.arange(len(gap))
    return Found(stop + 1, clear[rows, stop], far[:, DAYS - 1], far[:, :DAYS].any(axis=1))


def shares(rng: np.random.Generator, runs: int, effect: float, each: int) -> tuple[Floats, Floats]:
    """Runs by days: the gap of the shares that paid, and its variance as `Outcome` has it."""
    days = int(DAYS * sequential.LONGEST) + 10
    count = each * np.arange(1, days + 1)
    hits = [rng.binomial(each, p, (runs, days)).cumsum(axis=1) for p in (PAYS + effect, PAYS)]
    return (hits[0] - hits[1]) / count, sum(_share_variance(h, count) for h in hits)


def _share_variance(hits: NDArray[Any], count: NDArray[Any]) -> Floats:
    share, shrunk = hits / count, (hits + 1) / (count + 2)
    raw = share * (1 - share) * count / (count - 1)
    return np.where(count < FEWEST, np.inf, np.maximum(raw, shrunk * (1 - shrunk)) / count)


def parts(
    rng: np.random.Generator, runs: int, effect: float, each: int
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Runs by days: gap and variance of the part recovered; the same less what the score knew."""
    days = int(DAYS * sequential.LONGEST) + 10
    sums = []
    for lift in (effect / PAID_MEAN, 0.0):
        x, y = recovered(rng, (runs, days, each), lift)
        sums.append([
            np.add.reduce(v, axis=2, dtype=float).cumsum(axis=1) for v in (y, y * y, x, x * x, x * y)
        ])  # fmt: skip
    count = each * np.arange(1, days + 1)
    few = count < FEWEST + 1
    (y1, yy1, x1, xx1, xy1), (y2, yy2, x2, xx2, xy2) = sums
    inner = [(yy1 - y1**2 / count, xx1 - x1**2 / count, xy1 - x1 * y1 / count),
             (yy2 - y2**2 / count, xx2 - x2**2 / count, xy2 - x2 * y2 / count)]  # fmt: skip
    gap = (y1 - y2) / count
    plain = sum(one[0] for one in inner) / (count - 1) / count
    theta = (inner[0][2] + inner[1][2]) / (inner[0][1] + inner[1][1])
    rest = sum(yy - 2 * theta * xy + theta**2 * xx for yy, xx, xy in inner)
    less = gap - theta * (x1 - x2) / count
    return (
        (gap, np.where(few, np.inf, plain)),
        (less, np.where(few, np.inf, rest / (count - 2) / count)),
    )


PAID_MEAN = 0.5 + 0.5 * 0.325


def recovered(rng: np.random.Generator, shape: tuple[int, ...], lift: float) -> tuple[Any, Any]:
    """A score from before, and the part recovered: 0 for most, all for half of those who pay."""
    score = rng.random(shape, dtype=np.float32)
    chance = 2 * PART * score * score * np.float32(1.5) + np.float32(lift)  # mean PART + lift
    drawn, part = rng.random(shape, dtype=np.float32), rng.random(shape, dtype=np.float32)
    paid = np.where(part < 0.5, np.float32(1), np.float32(0.05) + (part - 0.5) * np.float32(1.1))
    return score, np.where(drawn < chance, paid, np.float32(0))


def spread_of_parts(rng: np.random.Generator, effect: float) -> float:
    """The standard deviation of the part recovered, over both arms, for who plans the peer."""
    both = [recovered(rng, (400_000,), lift)[1].var() for lift in (0.0, effect / PAID_MEAN)]
    return float(np.sqrt(np.mean(both)))


def rated(null: Found, real: Found) -> dict[str, float]:
    """What P14 asks."""
    return {
        "false_alarms": float(null.clear.mean()),
        "false_alarms_daily_z": float(null.daily.mean()),
        "false_alarms_one_look": float(null.fixed.mean()),
        "power": float(real.clear.mean()),
        "power_one_look": float(real.fixed.mean()),
        "power_ratio": float(real.clear.mean() / real.fixed.mean()),
        "duration_ratio": float(real.stop.mean() / DAYS),
        "duration_ratio_no_effect": float(null.stop.mean() / DAYS),
    }


def challengers(rng: np.random.Generator, runs: int, each: int) -> dict[str, float]:
    """Three challengers without any effect against one champion."""
    plan = sequential.Plan(effect=0.03, challengers=3)
    days = int(DAYS * sequential.LONGEST) + 10
    count = each * np.arange(1, days + 1)
    alarms = {"family": np.zeros(runs, bool), "each_alone": np.zeros(runs, bool)}
    base = rng.binomial(each, PAYS, (runs, days)).cumsum(axis=1)
    for _ in range(3):
        hits = rng.binomial(each, PAYS, (runs, days)).cumsum(axis=1)
        variance = _share_variance(hits, count) + _share_variance(base, count)
        gap = (hits - base) / count
        alarms["family"] |= judge(gap, variance, plan).clear
        alarms["each_alone"] |= judge(gap, variance, sequential.Plan(effect=0.03)).clear
    return {name: float(one.mean()) for name, one in alarms.items()}


def cohort(rng: np.random.Generator, runs: int, people: int, daily: float) -> dict[str, float]:
    """
    The same people at every look, as the studio compares arms: whoever pays stays paid, so the
    variance of the difference grows until half have paid and falls after it. Two arms alike.

    The desk looks with half of the error (`judging.LEVEL`), for each half of the curve. `stopped`
    is a challenger stopped for harm though it does none, with no margin to protect it: the worst
    case of what is allowed. Of the sizes tried, from 300 to 300,000, these raise most alarms.
    """
    plan, days = sequential.Plan(effect=0.02, level=judging.LEVEL), 120
    paid = np.zeros((2, runs, days))
    for arm in range(2):
        done = np.zeros(runs, dtype=np.int64)
        for day in range(days):
            done += rng.binomial(people - done, daily)
            paid[arm, :, day] = done
    gap = (paid[0] - paid[1]) / people
    variance = sum(_share_variance(one, np.full(days, people)) for one in paid)
    strong = sequential.log_evidence(gap, variance, effect=plan.effect)
    harmful = gap > sequential.reach_of_harm(
        variance, size=judging.SIZES["recovery"], alpha=(1 - judging.LEVEL) / len(judging.SIZES)
    )
    naive = np.abs(gap) > Z * np.sqrt(variance)
    return {
        "paid_in_the_end": float(paid[:, :, -1].mean() / people),
        "false_alarms": float((strong >= -np.log(plan.alpha)).any(axis=1).mean()),
        "false_alarms_with_all_error": float((strong >= np.log(20)).any(axis=1).mean()),
        "stopped": float(harmful.any(axis=1).mean()),
        "false_alarms_daily_z": float(naive.any(axis=1).mean()),
    }


def harm(rng: np.random.Generator, runs: int, each: int) -> dict[str, float]:
    """Complaints of 1 % with 0.5 points allowed: at the margin, and three points above it."""
    guard = sequential.Guard(margin=0.005, size=0.01)
    days = int(DAYS * sequential.LONGEST)
    count = each * np.arange(1, days + 1)
    found = {}
    for name, more in (("at_the_margin", 0.005), ("three_points_above", 0.035)):
        hits = [rng.binomial(each, 0.01 + m, (runs, days)).cumsum(axis=1) for m in (more, 0.0)]
        variance = sum(_share_variance(h, count) for h in hits)
        low = (hits[0] - hits[1]) / count - sequential.reach_of_harm(
            np.minimum(variance, 1e6), size=guard.size, alpha=1 - guard.level
        )
        stopped = low > guard.margin
        found[f"stopped_{name}"] = float(stopped.any(axis=1).mean())
        if more > 0.01:
            found["day_of_stop"] = float(stopped.argmax(axis=1)[stopped.any(axis=1)].mean() + 1)
    return found


def same_as_shipped(rng: np.random.Generator, runs: int, each: int, plan: sequential.Plan) -> int:
    """Runs in which the arrays above and `sequential.look`, day by day, end alike: all of them."""
    gap, variance = shares(rng, runs, plan.effect, each)
    found, agreed = judge(gap, variance, plan), 0
    for run in range(runs):
        last, day = None, 0
        while (last is None or not last.is_over) and day < gap.shape[1]:
            doubt = "" if np.isfinite(variance[run, day]) else "Too few."
            one = evidence.Evidence(float(gap[run, day]), float(variance[run, day]), 30, doubt)
            last, day = sequential.look(one, plan, before=last), day + 1
        clear = last is not None and last.decided in ("better", "worse")
        agreed += int(day == found.stop[run] and clear == found.clear[run])
    outcome = evidence.means(Outcome.of_shares(5 * each, 120), Outcome.of_shares(5 * each, 100))
    count = np.array([5 * each])
    assert np.isclose(
        outcome.variance,
        _share_variance(np.array([120]), count)[0] + _share_variance(np.array([100]), count)[0],
    )
    return agreed


def main() -> int:
    """Simulate, print, and say whether the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=14)
    options = parser.parse_args()
    rng, begun = np.random.default_rng(options.seed), time.process_time()
    plan = sequential.Plan(effect=0.03)
    found: dict[str, Any] = {"runs": options.runs}

    spread = np.sqrt(np.mean([p * (1 - p) for p in (PAYS, PAYS + plan.effect)]))
    paid = -(-plan.cases(float(spread)) // DAYS)
    null, real = (judge(*shares(rng, options.runs, effect, paid), plan) for effect in (0.0, 0.03))
    found["paid_or_not"] = {"cases_a_day": paid, **rated(null, real)}

    each = -(-plan.cases(spread_of_parts(rng, plan.effect)) // DAYS)
    kept: dict[str, list[Found]] = {"null": [], "null_less": [], "real": [], "real_less": []}
    for start in range(0, options.runs, 500):
        size = min(500, options.runs - start)
        for name, effect in (("null", 0.0), ("real", 0.03)):
            plain, less = parts(rng, size, effect, each)
            kept[name].append(judge(*plain, plan))
            kept[f"{name}_less"].append(judge(*less, plan))
    whole = {
        name: Found(*(np.concatenate([getattr(one, field) for one in some])
                      for field in ("stop", "clear", "fixed", "daily")))
        for name, some in kept.items()
    }  # fmt: skip
    found["part_recovered"] = {"cases_a_day": each, **rated(whole["null"], whole["real"])}
    less = rated(whole["null_less"], whole["real_less"])
    less["power_ratio"] = less["power"] / found["part_recovered"]["power_one_look"]
    found["part_recovered_less_score"] = less
    found["three_challengers"] = challengers(rng, options.runs, paid)
    found["cohort"] = {
        name: cohort(rng, options.runs, people, daily)
        for name, people, daily in (
            ("half_pay", 6_000, 0.006), ("all_pay", 5_000, 0.06), ("complaints", 4_000, 0.0001),
        )
    }  # fmt: skip
    found["harm"] = harm(rng, options.runs, paid)
    found["same_as_shipped"] = same_as_shipped(rng, 40, paid, plan) / 40
    found["cpu_seconds"] = time.process_time() - begun
    print(json.dumps(_rounded(found), indent=2))
    rows = [found[name] for name in ("paid_or_not", "part_recovered", "part_recovered_less_score")]
    short = [
        any(row["false_alarms"] > MOST_ALARMS for row in rows),
        any(row["power_ratio"] < LEAST_POWER for row in rows),
        any(row["duration_ratio"] > LONGEST for row in rows),
        found["three_challengers"]["family"] > MOST_ALARMS,
        any(
            one[kind] > MOST_ALARMS
            for one in found["cohort"].values()
            for kind in ("false_alarms", "stopped")
        ),
        found["harm"]["stopped_at_the_margin"] > MOST_ALARMS,
        found["same_as_shipped"] < 1,
    ]
    return int(any(short))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    sys.exit(main())
