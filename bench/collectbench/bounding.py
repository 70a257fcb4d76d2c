"""The loops of `bound`, compiled: one case's best value over its own states, backwards."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

UNITS = 4  # units in an instalment in which parts paid are counted
PART_UNITS = (0, 1, 2, 4)
LOUD, SHY = 6.0, 5.0  # levels beyond which complaints and opt-outs do not grow


@njit(cache=True)  # type: ignore[untyped-decorator]
def at(grid: Any, x: float) -> tuple[int, float]:
    """The place of x in a grid that rises, and how far beyond; held at the ends."""
    last = len(grid) - 1
    if x <= grid[0]:
        return 0, 0.0
    if x >= grid[last]:
        return last - 1, 1.0
    k = int(np.searchsorted(grid, x, side="right")) - 1
    return k, (x - grid[k]) / (grid[k + 1] - grid[k])


@njit(cache=True)  # type: ignore[untyped-decorator]
def read(table: Any, n: int, fn: float, a: int, fa: float, b: int, fb: float, q: int) -> float:
    """A table (worn, lifts, levels, units) between its places."""
    total = 0.0
    for i in range(2):
        wi = fn if i else 1.0 - fn
        if wi == 0.0:
            continue
        for j in range(2):
            wj = wi * (fa if j else 1.0 - fa)
            if wj == 0.0:
                continue
            low, high = table[n + i, a + j, b, q], table[n + i, a + j, b + 1, q]
            total += wj * (low + fb * (high - low))
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def evening(
    day_full: float, day_part: float, arrears: float, instalment: float, part: float,
    part_chance: Any, bonus: float, most: float, after: Any, lifts: Any, lift_kept: float,
    levels: Any, level_kept: float, now: Any,
) -> None:  # fmt: skip
    """
    Fill `now` (worn, lifts, levels, units) with what an evening is worth before its payments, if
    `after` is the next morning. `most` is all that can still come in, parts not taken off.
    """
    worn, wide, tall, units = now.shape
    step = instalment / UNITS
    for a in range(wide):
        push = np.exp(lifts[a])
        full, some = day_full * push, day_part * push
        chance = -np.expm1(-(full + some))
        whole = full / max(full + some, 1e-300)
        la, fa = at(lifts, lifts[a] * lift_kept)
        for b in range(tall):
            lb, fb = at(levels, levels[b] * level_kept)
            for n in range(worn):
                for q in range(units):
                    left = max(most - q * step, 0.0)
                    owes = arrears - q * step
                    if owes <= 0.0:
                        now[n, a, b, q] = left
                        continue
                    stays = read(
                        after, min(n, worn - 2), 1.0 if n == worn - 1 else 0.0, la, fa, lb, fb, q
                    )
                    parts = min(part, owes) + bonus
                    for k in range(4):
                        to = min(q + PART_UNITS[k], units - 1)
                        parts += part_chance[k] * read(
                            after,
                            min(n, worn - 2),
                            1.0 if n == worn - 1 else 0.0,
                            la,
                            fa,
                            lb,
                            fb,
                            to,
                        )
                    got = chance * (whole * left + (1.0 - whole) * parts) + (1.0 - chance) * stays
                    now[n, a, b, q] = min(got, left)


@njit(cache=True)  # type: ignore[untyped-decorator]
def contacted(
    now: Any, alone: Any, heard: float, brushed: float, effect: float, weight_heard: float,
    weight_brushed: float, promised: float, clears: float, cost: float, cost_over: float,
    complaint: Any, opt_out: Any, nth: Any, worns: Any, lifts: Any, levels: Any, most: float,
    step: float, best: Any,
) -> None:  # fmt: skip
    """Raise `best` to what one way of contact is worth in every state, by the evening's tables."""
    worn, wide, tall, units = now.shape
    for n in range(worn):
        wn, fn = at(worns, worns[n] + 1.0)
        force = effect * nth[n]
        for b in range(tall):
            up = levels[b] + weight_heard
            ub, gb = at(levels, up)
            object_h = 1.0 - (
                1.0 - min(complaint[0] * np.exp(complaint[1] * min(up, LOUD)), 1.0)
            ) * (1.0 - min(opt_out[0] * np.exp(opt_out[1] * min(up, SHY)), 1.0))
            strain_h = cost_over * max(up - 1.0, 0.0)
            up = levels[b] + weight_brushed
            vb, hb = at(levels, up)
            object_b = min(complaint[0] * np.exp(complaint[1] * min(up, LOUD)), 1.0)
            strain_b = cost_over * max(up - 1.0, 0.0)
            for a in range(wide):
                ha, ga = at(lifts, lifts[a] + force - strain_h)
                ba, ea = at(lifts, lifts[a] - strain_b)
                for q in range(units):
                    good = (1.0 - object_h) * read(now, wn, fn, ha, ga, ub, gb, q)
                    good += object_h * read(alone, 0, 0.0, ha, ga, 0, 0.0, q)
                    bad = (1.0 - object_b) * read(now, wn, fn, ba, ea, vb, hb, q)
                    bad += object_b * read(alone, 0, 0.0, ba, ea, 0, 0.0, q)
                    left = max(most - q * step, 0.0)
                    willing = nth[n]
                    gain = clears * willing
                    got = (
                        heard * (gain * left + (1.0 - gain) * good + promised * willing)
                        + brushed * bad
                        + (1.0 - heard - brushed) * now[n, a, b, q]
                        - cost
                    )
                    best[n, a, b, q] = max(best[n, a, b, q], min(got, left))


@njit(cache=True)  # type: ignore[untyped-decorator]
def value(
    full: Any, part_rate: Any, arrears: Any, most: float, instalment: float, part: float,
    part_chance: Any, bonus: Any, heard: Any, brushed: Any, effect: Any, weight_heard: Any,
    weight_brushed: Any, promised: Any, clears: Any, cost: Any, cost_over: float, complaint: Any,
    opt_out: Any, nth: Any, worns: Any, lifts: Any, lift_kept: float, levels: Any,
    level_kept: float, units: int,
) -> tuple[float, float]:  # fmt: skip
    """
    The most that one case can bring, net, and what it brings without contact.

    Arrays by day: `full`, `part_rate`, `arrears`, `bonus`; by day and way: `heard`, `brushed`,
    `effect`, `promised` (money of part promises), `clears` (chance that a hearing brings a promise
    of everything that is kept).
    """
    days, ways = heard.shape
    shape = (len(worns), len(lifts), len(levels), units)
    morning, alone_after = np.zeros(shape), np.zeros((2, len(lifts), 2, units))
    now, alone = np.zeros(shape), np.zeros((2, len(lifts), 2, units))
    two = np.array([0.0, 1.0])
    step = instalment / UNITS
    for back in range(days):
        t = days - 1 - back
        evening(
            full[t],
            part_rate[t],
            arrears[t],
            instalment,
            part,
            part_chance,
            bonus[t],
            most,
            morning,
            lifts,
            lift_kept,
            levels,
            level_kept,
            now,
        )
        evening(
            full[t],
            part_rate[t],
            arrears[t],
            instalment,
            part,
            part_chance,
            bonus[t],
            most,
            alone_after,
            lifts,
            lift_kept,
            two,
            1.0,
            alone,
        )
        alone_after[:] = alone
        morning[:] = now
        for w in range(ways):
            if heard[t, w] + brushed[t, w] <= 0.0:
                continue
            contacted(
                now,
                alone,
                heard[t, w],
                brushed[t, w],
                effect[t, w],
                weight_heard[w],
                weight_brushed[w],
                promised[t, w],
                clears[t, w],
                cost[w],
                cost_over,
                complaint,
                opt_out,
                nth,
                worns,
                lifts,
                levels,
                most,
                step,
                morning,
            )
    zero, part_of = at(lifts, 0.0)
    return (
        read(morning, 0, 0.0, zero, part_of, 0, 0.0, 0),
        read(alone_after, 0, 0.0, zero, part_of, 0, 0.0, 0),
    )
