"""The table of a contest, and what it says about target P5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.collectbench.bound import Bound
from bench.collectbench.entries import PRODUCT
from bench.collectbench.paired import Ratio, ratio
from bench.collectbench.paired import regret as missed
from bench.collectbench.stage import Result

ALL = "all"
HEAD = (
    f"{'policy':<20}{'net, % of owed':>15}{'net, M yuan':>12}{'recovered':>11}{'cost':>8}"
    f"{'contacts':>9}{'complaints':>11}{'opt-outs':>9}{'broken':>7}{'CPU s':>7}"
    "  the product nets more by"
)
FEN = 1e8  # minor units in a million yuan


def lines(results: Sequence[Result], *, variant: str) -> Iterable[str]:
    """The rows of one variant, or of all together: means over the seeds."""
    rows = [one for one in results if variant in (one.variant, ALL)]
    yield HEAD
    ours = by_seed(rows, PRODUCT)
    for policy in dict.fromkeys(one.policy for one in rows):
        mine = [one for one in rows if one.policy == policy]
        broken = [one for one in mine if one.broken]
        if broken:
            yield f"{policy:<20} disqualified: {broken[0].variant}, seed {broken[0].seed}: " \
                  f"{broken[0].broken}"  # fmt: skip
            continue
        yield _line(policy, mine) + (
            f"  {ratio(*_pairs(ours, by_seed(mine, policy)))}" if ours and policy != PRODUCT else ""
        )


def by_seed(rows: Iterable[Result], policy: str) -> dict[int, float]:
    """Net by seed, variants added up."""
    nets: dict[int, float] = {}
    for one in rows:
        if one.policy == policy and not one.broken:
            nets[one.seed] = nets.get(one.seed, 0.0) + one.net
    return nets


def _pairs(
    ours: Mapping[int, float], theirs: Mapping[int, float]
) -> tuple[list[float], list[float]]:  # fmt: skip
    seeds = sorted(set(ours) & set(theirs))
    return [ours[seed] for seed in seeds], [theirs[seed] for seed in seeds]


def _line(policy: str, mine: Sequence[Result]) -> str:
    cases, opening = sum(one.cases for one in mine), sum(one.opening for one in mine)
    runs = len({one.seed for one in mine})
    paid, cost = sum(one.paid for one in mine), sum(one.cost for one in mine)
    return (
        f"{policy:<20}{100 * (paid - cost) / opening:>15.2f}{(paid - cost) / FEN / runs:>12.3f}"
        f"{100 * paid / opening:>11.2f}{100 * cost / opening:>8.2f}"
        f"{sum(one.contacts for one in mine) / cases:>9.1f}"
        f"{1e4 * sum(one.complaints for one in mine) / cases:>11.0f}"
        f"{1e4 * sum(one.opt_outs for one in mine) / cases:>9.0f}"
        f"{sum(bool(one.broken) for one in mine):>7}{sum(one.cpu for one in mine) / runs:>7.1f}"
    )


def bound_line(
    results: Sequence[Result], bounds: Sequence[tuple[str, int, Bound]], *, variant: str
) -> str:  # fmt: skip
    """The row of the bound."""
    rows = [one for one in results if variant in (one.variant, ALL)]
    opening = sum({(one.variant, one.seed): one.opening for one in rows}.values())
    mine = [one for name, _, one in bounds if variant in (name, ALL)]
    value = sum(one.value for one in mine)
    error = float(np.sqrt(sum(one.error**2 for one in mine)))
    runs = len({one.seed for one in rows})
    alone = sum(one.alone for one in mine)
    prices = ", ".join(f"{k} {v:.0f}" for k, v in mine[0].prices.items() if v) or "all 0"
    return (
        f"{'bound':<20}{100 * value / opening:>15.2f}{value / FEN / runs:>12.3f}"
        f"  +/- {100 * error / opening:.2f} (standard error of the sample); without contact "
        f"{100 * alone / opening:.2f}; prices in fen: {prices}"
    )


def regret(
    results: Sequence[Result], bounds: Sequence[tuple[str, int, Bound]], *, variant: str
) -> Ratio | None:  # fmt: skip
    """The share of the bound that the product misses."""
    most: dict[int, float] = {}
    for name, seed, one in bounds:
        if variant in (name, ALL):
            most[seed] = most.get(seed, 0.0) + one.value
    ours = by_seed([one for one in results if variant in (one.variant, ALL)], PRODUCT)
    seeds = sorted(set(most) & set(ours))
    if not seeds:
        return None
    return missed([ours[seed] for seed in seeds], [most[seed] for seed in seeds])


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of P5: what is asked, what was found, and whether it holds."""

    asked: str
    found: str
    holds: bool

    def __str__(self) -> str:
        return f"  {'ok   ' if self.holds else 'short'} {self.asked}: {self.found}"


def p5(
    results: Sequence[Result], *, variant: str, regret: Ratio | None, seeds: int
) -> list[Clause]:
    """
    The clauses of P5 for one variant or for all together.

    `regret` is the share of the bound that the product misses.
    """
    rows = [one for one in results if variant in (one.variant, ALL)]
    ours = by_seed(rows, PRODUCT)
    clauses = []
    for other, least in (("score-sort", 0.04), ("uplift greedy", 0.01)):
        found = ratio(*_pairs(ours, by_seed(rows, other)))
        clauses.append(Clause(
            f"net {least:+.0%} on {other}, interval clear of 0", str(found),
            found.mean >= least and found.low > 0,
        ))  # fmt: skip
    complaints = _complaints(rows, PRODUCT) / max(_complaints(rows, "uplift greedy"), 1)
    clauses.append(Clause(
        "complaints at most 0.8 x uplift greedy", f"{complaints:.2f} x", complaints <= 0.8
    ))  # fmt: skip
    if regret is None:
        clauses.append(Clause("regret to the bound at most 10 %", "no bound was asked for", False))
    else:
        clauses.append(Clause(
            "regret to the bound at most 10 %, interval and all (5 % at best)", str(regret), regret.high <= 0.10
        ))  # fmt: skip
    broken = sum(bool(one.broken) for one in rows if one.policy == PRODUCT)
    clauses.append(Clause("violations exactly 0, caps asserted daily", str(broken), broken == 0))
    clauses.append(Clause("10 paired seeds", str(seeds), seeds >= 10))
    return clauses


def _complaints(rows: Iterable[Result], policy: str) -> float:
    return float(np.sum([one.complaints for one in rows if one.policy == policy]))
