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


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def blend(
    table: Any, n: int, fn: float, a: int, fa: float, b: int, fb: float, out: Any
) -> None:  # fmt: skip
    """Fill `out` (excited, units) with a table (worn, lifts, levels, excited, units) between places."""
    hot, units = out.shape
    out[:] = 0.0
    for corner in range(8):
        i, j, k = corner // 4, corner // 2 % 2, corner % 2
        weight = (fn if i else 1.0 - fn) * (fa if j else 1.0 - fa) * (fb if k else 1.0 - fb)
        if weight == 0.0:
            continue
        some = table[n + i, a + j, b + k]
        for e in range(hot):
            for q in range(units):
                out[e, q] += weight * some[e, q]


@njit(cache=True)  # type: ignore[untyped-decorator]
def evening(
    day_full: float, day_part: float, arrears: float, instalment: float, part: float,
    part_chance: Any, excite: Any, most: float, after: Any, lifts: Any, lift_kept: float,
    levels: Any, level_kept: float, excited: Any, now: Any,
) -> None:  # fmt: skip
    """
    Fill `now` (worn, lifts, levels, excited, units) with what an evening is worth before its
    payments, if `after` is the next morning. `most` is all that can still come in, parts not taken
    off; `excite` are the jump of a payment, what its size adds, what is left of it after a day, and
    the share of excited payments that are whole.
    """
    worn, wide, tall, hot, units = now.shape
    step = instalment / UNITS
    jump, size, kept, all_ = excite
    later = np.zeros((hot, units))
    # Where excitement goes without a payment, and after a part: its place and how far beyond.
    place = np.zeros((hot, units, 5), dtype=np.int64)
    beyond = np.zeros((hot, units, 5))
    for e in range(hot):
        for q in range(units):
            owes = max(arrears - q * step, 1.0)
            place[e, q, 4], beyond[e, q, 4] = at(excited, excited[e] * kept)
            for k in range(4):
                # A part is less than a unit above what it is counted as.
                share = min((PART_UNITS[k] + 1) * step / owes, 1.0)
                hotter = (excited[e] + jump + size * share) * kept
                place[e, q, k], beyond[e, q, k] = at(excited, hotter)
    for a in range(wide):
        push = np.exp(lifts[a])
        la, fa = at(lifts, lifts[a] * lift_kept)
        for b in range(tall):
            lb, fb = at(levels, levels[b] * level_kept)
            for n in range(worn):
                m, fm = min(n, worn - 2), 1.0 if n == worn - 1 else 0.0
                blend(after, m, fm, la, fa, lb, fb, later)
                for e in range(hot):
                    full = day_full * push + all_ * excited[e]
                    some = day_part * push + (1.0 - all_) * excited[e]
                    chance = full + some - 0.5 * (full + some) ** 2
                    if full + some > 0.01:
                        chance = -np.expm1(-(full + some))
                    whole = full / max(full + some, 1e-300)
                    for q in range(units):
                        left = max(most - q * step, 0.0)
                        owes = arrears - q * step
                        if owes <= 0.0:
                            now[n, a, b, e, q] = left
                            continue
                        to, of = place[e, q, 4], beyond[e, q, 4]
                        stays = later[to, q] + of * (later[to + 1, q] - later[to, q])
                        parts = min(part, owes)
                        for k in range(4):
                            to, of = place[e, q, k], beyond[e, q, k]
                            u = min(q + PART_UNITS[k], units - 1)
                            parts += part_chance[k] * (
                                later[to, u] + of * (later[to + 1, u] - later[to, u])
                            )
                        got = (
                            chance * (whole * left + (1.0 - whole) * parts) + (1.0 - chance) * stays
                        )
                        now[n, a, b, e, q] = min(got, left)


@njit(cache=True)  # type: ignore[untyped-decorator]
def contacted(
    now: Any, alone: Any, heard: float, brushed: float, effect: float, weight_heard: float,
    weight_brushed: float, promised: float, clears: float, cost: float, cost_over: float,
    complaint: Any, opt_out: Any, nth: Any, worns: Any, lifts: Any, levels: Any, most: float,
    step: float, best: Any,
) -> None:  # fmt: skip
    """Raise `best` to what one way of contact is worth in every state, by the evening's tables."""
    worn, wide, tall, hot, units = now.shape
    good, lone, bad, shy = (
        np.zeros((hot, units)), np.zeros((hot, units)), np.zeros((hot, units)),
        np.zeros((hot, units)),
    )  # fmt: skip
    for n in range(worn):
        wn, fn = at(worns, worns[n] + 1.0)
        force, willing = effect * nth[n], nth[n]
        gain = clears * willing
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
                blend(now, wn, fn, ha, ga, ub, gb, good)
                blend(alone, 0, 0.0, ha, ga, 0, 0.0, lone)
                blend(now, wn, fn, ba, ea, vb, hb, bad)
                blend(alone, 0, 0.0, ba, ea, 0, 0.0, shy)
                for e in range(hot):
                    for q in range(units):
                        left = max(most - q * step, 0.0)
                        after = (1.0 - object_h) * good[e, q] + object_h * lone[e, q]
                        got = (
                            heard * (gain * left + (1.0 - gain) * after + promised * willing)
                            + brushed * ((1.0 - object_b) * bad[e, q] + object_b * shy[e, q])
                            + (1.0 - heard - brushed) * now[n, a, b, e, q]
                            - cost
                        )
                        best[n, a, b, e, q] = max(best[n, a, b, e, q], min(got, left))


@njit(cache=True)  # type: ignore[untyped-decorator]
def value(
    full: Any, part_rate: Any, arrears: Any, most: float, instalment: float, part: float,
    part_chance: Any, excite: Any, heard: Any, brushed: Any, effect: Any, weight_heard: Any,
    weight_brushed: Any, promised: Any, clears: Any, cost: Any, cost_over: float, complaint: Any,
    opt_out: Any, nth: Any, worns: Any, lifts: Any, lift_kept: float, levels: Any,
    level_kept: float, excited: Any, units: int,
) -> tuple[float, float]:  # fmt: skip
    """
    The most that one case can bring, net, and what it brings without contact.

    Arrays by day: `full`, `part_rate`, `arrears`; by day and way: `heard`, `brushed`,
    `effect`, `promised` (money of part promises), `clears` (chance that a hearing brings a promise
    of everything that is kept).
    """
    days, ways = heard.shape
    hot = len(excited)
    shape = (len(worns), len(lifts), len(levels), hot, units)
    morning, alone_after = np.zeros(shape), np.zeros((2, len(lifts), 2, hot, units))
    now, alone = np.zeros(shape), np.zeros((2, len(lifts), 2, hot, units))
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
            excite,
            most,
            morning,
            lifts,
            lift_kept,
            levels,
            level_kept,
            excited,
            now,
        )
        evening(
            full[t],
            part_rate[t],
            arrears[t],
            instalment,
            part,
            part_chance,
            excite,
            most,
            alone_after,
            lifts,
            lift_kept,
            two,
            1.0,
            excited,
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
    zero, of = at(lifts, 0.0)
    return (
        morning[0, zero, 0, 0, 0]
        + of * (morning[0, zero + 1, 0, 0, 0] - morning[0, zero, 0, 0, 0]),
        alone[0, zero, 0, 0, 0] + of * (alone[0, zero + 1, 0, 0, 0] - alone[0, zero, 0, 0, 0]),
    )
