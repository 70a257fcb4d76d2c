"""Solving the hand-out: who gets which case, why, who was next, and what fairness costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.assign import NOBODY, Plan, Why, assign, fairness_curve, rebalance
from recoup.decision.market import NONE, Cases, Collectors
from recoup.decision.runners import Runners, runners
from recoup.strategy.assigning.gathering import Ints, Problem, hand_of, some_of

ROUNDS, WIDER = (
    6,
    4,
)  # in which people without a limit take what nobody had room for, ever more each
BANDS = (1, 2, 4, 10, 20)
SAMPLE = 20_000  # cases: the price of fairness is read off so many
NOBODY_HERE = "nobody_here"
# How a case came to be where it is.
NEW, KEPT, MOVED, TAKEN, LEFT = "new", "kept", "moved", "taken", "left"


@dataclass(frozen=True)
class Deal:
    """
    A hand-out. `rows` has a line for each case, in its order: case, collector and team (null for
    nobody), held (the hand before, null for nobody), why, how, value, score, price, band, runner,
    runner_net, able, and the names of what it needs. `people` sums it by hand; `certificate`
    proves it; `spread` is the variation of value per slot.
    """

    rows: pl.DataFrame
    people: list[dict[str, Any]]
    certificate: dict[str, float]
    spread: float

    @property
    def left(self) -> dict[str, int]:
        """Why cases have nobody, counted."""
        found = self.rows.filter(pl.col("collector").is_null() & pl.col("team").is_null())
        return dict(sorted(found["why"].value_counts().iter_rows()))

    def count(self, how: str) -> int:
        """How many cases came to be where they are in this way."""
        return self.rows.filter(pl.col("how") == how).height


def deal(problem: Problem, *, anew: bool = False) -> Deal:
    """
    Give out the cases. Held cases move only for more than the policy's margin; with `anew` all are
    given out as if nobody held any, with the bonus of continuity for who does.
    """
    cases, people, policy = problem.cases, problem.collectors, problem.policy
    if anew:
        cases = replace(cases, before=problem.now)
        plan = assign(cases, people, continuity=policy.continuity, bands=policy.bands)
        second = runners(cases, people, plan, continuity=policy.continuity)
    else:
        stay = {"now": problem.now, "margin": policy.margin, "continuity": policy.continuity}
        plan = rebalance(cases, people, bands=policy.bands, **stay)
        second = runners(cases, people, plan, **stay)
    given, scores = plan.collector.copy(), plan.score.copy()
    proof = [plan.certificate.bound, plan.certificate.primal]
    why = plan.why.copy()
    for number in range(ROUNDS):
        _without_limit(problem, given, scores, why, proof, second, steps=WIDER**number)
    rows = _rows(problem, given, scores, why, plan, second)
    whole = Plan(given, why, scores, plan.band, plan.prices, plan.certificate, plan.exact)
    gap = (proof[0] - proof[1]) / proof[0] if proof[0] > 0 else 0.0
    certificate = {
        "bound": proof[0], "primal": proof[1], "gap": gap, "passes": plan.certificate.passes,
        "exact": float(plan.exact), "margin": 0.0 if anew else policy.margin,
    }  # fmt: skip
    return Deal(rows, _people(problem, given, scores, plan), certificate, whole.spread(people))


def _without_limit(
    problem: Problem, given: NDArray[np.int32], scores: NDArray[np.float64],
    why: NDArray[np.uint8], proof: list[float], second: Runners, *, steps: int,
) -> None:  # fmt: skip
    """
    What nobody had room for goes to people without a limit of their own, so many equal shares each
    at most. Fills in what changes, the runners-up too.
    """
    waiting = np.flatnonzero(np.isin(why, (Why.NO_CAPACITY, Why.OUTBID)))
    free = np.flatnonzero(problem.unlimited)
    if not len(waiting) or not len(free):
        return
    held = np.bincount(given[given != NOBODY], minlength=len(problem.hands))[free]
    share = min(steps * -(-len(waiting) // len(free)), len(waiting))
    some = replace(some_of(problem.collectors, free), capacity=held + share, load=held)
    cases = _some_cases(problem.cases, waiting)
    plan = assign(cases, some)
    taken = plan.collector != NOBODY
    next_ = runners(cases, some, plan)
    second.runner[waiting] = np.append(free, NOBODY)[next_.runner]
    second.net[waiting] = next_.net
    given[waiting[taken]] = free[plan.collector[taken]]
    scores[waiting[taken]] = plan.score[taken]
    why[waiting[taken]] = Why.ASSIGNED
    proof[0] += plan.certificate.bound
    proof[1] += plan.certificate.primal


def _some_cases(cases: Cases, rows: Ints) -> Cases:
    return Cases(
        cases.ids[rows], cases.value[rows], cases.skill[rows], cases.language[rows],
        cases.region[rows], cases.before[rows],
        cases.conflicts[np.isin(cases.conflicts[:, 0], cases.ids[rows])],
    )  # fmt: skip


def _rows(
    problem: Problem, given: NDArray[np.int32], scores: NDArray[np.float64],
    why: NDArray[np.uint8], plan: Plan, second: Runners,
) -> pl.DataFrame:  # fmt: skip
    hands = [hand_of(one) for one in problem.hands]
    numbers = np.array([*hands, NONE], dtype=np.int64)
    users = np.array([*(one.user for one in problem.hands), 0], dtype=np.int64)
    teams = np.array([*(one.team for one in problem.hands), 0], dtype=np.int64)
    hand, runner = numbers[given], numbers[second.runner]
    reasons = [name.name.lower() for name in Why]
    told = np.array(reasons, dtype=object)[why] if hands else np.full(len(why), NOBODY_HERE, object)
    price = np.append(plan.prices, np.zeros((1, plan.prices.shape[1])), axis=0)[given, plan.band]
    frame = problem.frame.select("case", "collector", "need_skill", "need_language", "need_place")
    return frame.rename({"collector": "held"}).with_columns(
        collector=_or_null(users[given]), team=_or_null(teams[given]),
        why=pl.Series(told.tolist(), dtype=pl.String),
        how=pl.Series(_how(problem, hand), dtype=pl.String),
        value=pl.Series(np.rint(problem.cases.value).astype(np.int64)),
        score=pl.Series(np.rint(scores).astype(np.int64)),
        price=pl.Series(np.rint(np.nan_to_num(price, posinf=0.0)).astype(np.int64)),
        band=pl.Series(plan.band.astype(np.int32)),
        runner=pl.Series(np.where(runner == NONE, 0, runner)).replace(0, None),
        runner_net=pl.Series(np.nan_to_num(np.rint(second.net), neginf=0.0).astype(np.int64)),
        able=pl.Series(second.able.astype(np.int64)),
    )  # fmt: skip


def _or_null(ids: Ints) -> pl.Series:
    return pl.Series(ids).replace(0, None)


def _how(problem: Problem, hand: Ints) -> list[str]:
    """
    `new` for who had nobody, `kept`, `moved` from somebody who is here, `taken` over from somebody
    who is not, `left` with nobody.
    """
    had = problem.frame["collector"].fill_null(0).to_numpy() > 0
    here = problem.now != NONE
    return np.select(
        [hand == NONE, here & (hand == problem.now), here, had], [LEFT, KEPT, MOVED, TAKEN],
        default=NEW,
    ).tolist()  # fmt: skip


def _people(
    problem: Problem, given: NDArray[np.int32], scores: NDArray[np.float64], plan: Plan
) -> list[dict[str, Any]]:
    taken = given != NOBODY
    count = np.bincount(given[taken], minlength=len(problem.hands))
    value = np.bincount(given[taken], weights=problem.cases.value[taken],
                        minlength=len(problem.hands))  # fmt: skip
    capacity, load = problem.collectors.capacity, problem.collectors.load
    price = plan.prices[:, 0] if plan.prices.shape[1] == 2 else plan.prices[:, :-1].mean(axis=1)
    return [
        {"hand": hand_of(one), "cases": int(count[row]), "value": round(float(value[row])),
         "capacity": int(capacity[row]), "elsewhere": int(load[row]),
         "limit": one.capacity is not None, "price": round(float(price[row])),
         "may": int(problem.may[row])}
        for row, one in enumerate(problem.hands)
    ]  # fmt: skip


def price_of_fairness(problem: Problem, *, seed: int) -> dict[str, Any]:
    """
    What bands of value cost if all were given out anew: for each number of bands the share of value
    kept and the variation of value per slot between collectors. Read off a sample of the cases, with
    room in proportion, where there are many.
    """
    cases, people, bands = problem.cases, problem.collectors, problem.policy.bands
    count = len(cases.ids)
    if not count or not len(people.ids):
        return {"bands": bands, "sample": 0, "curve": []}
    if count > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(count, SAMPLE, replace=False))
        cases, people = _some_cases(cases, rows), _smaller(people, SAMPLE / count)
    curve = fairness_curve(
        cases, people, bands=sorted({*BANDS, bands}), continuity=problem.policy.continuity
    )
    return {
        "bands": bands, "sample": len(cases.ids),
        "curve": [
            {"bands": point.bands, "share": round(point.share, 6), "spread": round(point.spread, 4)}
            for point in curve
        ],
    }  # fmt: skip


def _smaller(people: Collectors, share: float) -> Collectors:
    room = np.maximum(np.rint(people.room * share), (people.room > 0).astype(float))
    return replace(people, capacity=room.astype(np.int64), load=np.zeros_like(people.load))
