"""The loops of `waiting`, compiled: backwards over days, lifts and levels, case by case."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Array = NDArray[Any]


@compiled
def line(table: Array, lifts: Array, lift: float) -> float:
    """A table of lifts read between its places."""
    at = (lift - lifts[0]) / (lifts[1] - lifts[0])
    last = len(lifts) - 1
    if at <= 0.0:
        return float(table[0])
    if at >= last:
        return float(table[last])
    k = int(at)
    return float(table[k] + (at - k) * (table[k + 1] - table[k]))


@compiled
def plane(table: Array, lifts: Array, lift: float, level: float, top: float) -> float:
    """A table of lifts and levels read between its places."""
    last = table.shape[1] - 1
    at = min(max(level / top * last, 0.0), float(last))
    b = min(int(at), last - 1)
    of = at - b
    at = min(max((lift - lifts[0]) / (lifts[1] - lifts[0]), 0.0), len(lifts) - 1.0)
    a = min(int(at), len(lifts) - 2)
    up = at - a
    low = table[a, b] + of * (table[a, b + 1] - table[a, b])
    high = table[a + 1, b] + of * (table[a + 1, b + 1] - table[a + 1, b])
    return float(low + up * (high - low))


@compiled
def ended(
    evening: Array, lonely: Array, lifts: Array, lift: float, level: float, objects: float,
    blame: float, top: float,
) -> float:  # fmt: skip
    """The worth of an evening after a contact that may have met an objection."""
    kept = plane(evening, lifts, lift, level, top)
    return kept + objects * (line(lonely, lifts, lift) - kept) - blame


@compiled
def pays(chance: float, whole: float, clears: float, part: float, later: float) -> float:
    """Money of an evening and after it, if `later` is what follows for a case not cleared."""
    rest = 1.0 - min(part / max(clears, 1.0), 1.0)
    return (
        chance * (whole * clears + (1.0 - whole) * (part + rest * later)) + (1.0 - chance) * later
    )


@compiled
def rest(
    evening: Array, t: int, after: int, gap: int, rate: Array, clears: Array, whole: float,
    part: float, lifts: Array, lift_kept: float, level_kept: float, levels: Array, top: float,
    alone: Array, out: Array,
) -> None:  # fmt: skip
    """
    The worth of the evening of day `t` if the next contact, of the step `after`, is open `gap` days
    on. Without a contact a day is an affine map of the next: A + B x.
    """
    days, last = len(rate), t + gap - 1
    for a in range(len(lifts)):
        if after < 0:
            out[a, :] = alone[a]
            continue
        got, left, lift = 0.0, 1.0, lifts[a]
        for day in range(t, min(last, days)):
            chance, owed = 1.0 - np.exp(-rate[day] * np.exp(lift)), max(clears[day], 1.0)
            nothing = pays(chance, whole, owed, part, 0.0)
            got += left * nothing
            left *= pays(chance, whole, owed, part, 1.0) - nothing
            lift *= lift_kept
        for b in range(len(levels)):
            out[a, b] = got
            if last < days:
                level = levels[b] * level_kept ** (gap - 1)
                out[a, b] += left * plane(evening[last, after], lifts, lift, level, top)


@compiled
def plan(
    rate: Array, clears: Array, whole: Array, part: Array, heard: Array, brushed: Array,
    effect: Array, promises: Array, cost: Array, up_h: Array, strain_h: Array, object_h: Array,
    blame_h: Array, up_b: Array, strain_b: Array, object_b: Array, blame_b: Array, step: Array,
    follows: Array, gaps: Array, grid: Array, level_kept: float, lift_kept: float,
    effect_kept: float, wear: Array, top: float, lifts: Array, pushes: Array, evening: Array,
    rested: Array, lonely: Array,
) -> None:  # fmt: skip
    """
    Fill the evenings of every case from the last day backwards: `evening` of days without a contact
    and `rested` of days with one, by the step that is open or was taken.
    """
    n, days = rate.shape
    levels, ways, steps = evening.shape[4], heard.shape[1], evening.shape[2]
    morning = np.zeros((steps, len(lifts), levels))
    for i in range(n):
        morning[:] = 0.0
        for back in range(days):
            t = days - 1 - back
            alone = lonely[i, t]
            worn, owed = effect_kept**t, max(clears[i, t], 1.0)
            for a in range(len(lifts)):
                chance = 1.0 - np.exp(-rate[i, t] * pushes[a])
                lift = lifts[a] * lift_kept
                later = 0.0
                if back:
                    later = line(lonely[i, t + 1], lifts, lift)
                alone[a] = pays(chance, whole[i], owed, part[i], later)
                for s in range(steps):
                    for b in range(levels):
                        if back:
                            later = plane(morning[s], lifts, lift, grid[b] * level_kept, top)
                        evening[i, t, s, a, b] = pays(chance, whole[i], owed, part[i], later)
            for s in range(steps):
                after = follows[s]
                rest(evening[i], t, after, gaps[max(after, 0)], rate[i], clears[i], whole[i],
                     part[i], lifts, lift_kept, level_kept, grid, top, alone, rested[i, t, s])  # fmt: skip
            morning[:] = evening[i, t]
            for w in range(ways):
                if not np.isfinite(cost[i, w]):
                    continue
                q, r = heard[i, w], brushed[i, w]
                kept = 1.0 - min(promises[i, w] / owed, 1.0)
                now, after, best = evening[i, t, step[w]], rested[i, t, step[w]], morning[step[w]]
                for a in range(len(lifts)):
                    for b in range(levels):
                        good = ended(
                            after,
                            alone,
                            lifts,
                            lifts[a] + effect[i, w] * worn * wear[b] - strain_h[b, w],
                            up_h[b, w],
                            object_h[b, w],
                            blame_h[b, w],
                            top,
                        )
                        bad = ended(
                            after,
                            alone,
                            lifts,
                            lifts[a] - strain_b[b, w],
                            up_b[b, w],
                            object_b[b, w],
                            blame_b[b, w],
                            top,
                        )
                        got = (
                            q * (promises[i, w] + kept * good)
                            + r * bad
                            + (1.0 - q - r) * now[a, b]
                            - cost[i, w]
                        )
                        best[a, b] = max(best[a, b], got)


@compiled
def ask(
    rows: Array, step: Array, day: int, lift: Array, level: Array, heard: Array, brushed: Array, effect: Array,
    promises: Array, cost: Array, up_h: Array, strain_h: Array, object_h: Array, blame_h: Array,
    up_b: Array, strain_b: Array, object_b: Array, blame_b: Array, top: float, lifts: Array, evening: Array,
    rested: Array, lonely: Array, out: Array, waits: Array,
) -> None:  # fmt: skip
    """What each way is worth today, and what waiting is."""
    for r in range(len(rows)):
        alone = lonely[rows[r], day]
        now, after = evening[rows[r], day, step[r]], rested[rows[r], day, step[r]]
        waits[r] = plane(now, lifts, lift[r], level[r], top)
        for w in range(heard.shape[1]):
            good = ended(
                after,
                alone,
                lifts,
                lift[r] + effect[r, w] - strain_h[r, w],
                up_h[r, w],
                object_h[r, w],
                blame_h[r, w],
                top,
            )
            bad = ended(
                after,
                alone,
                lifts,
                lift[r] - strain_b[r, w],
                up_b[r, w],
                object_b[r, w],
                blame_b[r, w],
                top,
            )
            kept = 1.0 - min(promises[r, w] / max(waits[r], 1.0), 1.0)
            out[r, w] = (
                heard[r, w] * (promises[r, w] + kept * good)
                + brushed[r, w] * bad
                + (1.0 - heard[r, w] - brushed[r, w]) * waits[r]
                - cost[r, w]
            )
