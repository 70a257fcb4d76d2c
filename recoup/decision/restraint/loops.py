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
def pays(chance: float, whole: float, clears: float, part: float, later: float) -> float:
    """Money of an evening and after it, if `later` is what follows for a case not cleared."""
    rest = 1.0 - min(part / max(clears, 1.0), 1.0)
    return (
        chance * (whole * clears + (1.0 - whole) * (part + rest * later)) + (1.0 - chance) * later
    )


@compiled
def place(lift: float, first: float, each: float, ends: int) -> tuple[int, float]:
    """The place below a lift on a grid of `each` places a unit, held at its ends, and how far on."""
    at = min(max((lift - first) * each, 0.0), float(ends))
    k = min(int(at), ends - 1)
    return k, at - k


@compiled
def places(level: Array, levels: int, top: float) -> tuple[Array, Array]:
    """The same for levels (levels, ways)."""
    at, of = np.zeros(level.shape, dtype=np.int64), np.zeros(level.shape)
    for b in range(level.shape[0]):
        for w in range(level.shape[1]):
            at[b, w], of[b, w] = place(level[b, w], 0.0, (levels - 1) / top, levels - 1)
    return at, of


@compiled
def between(table: Array, a: int, up: float, b: int, on: float) -> float:
    """A table of lifts and levels read between places that are known."""
    low = table[a, b] + on * (table[a, b + 1] - table[a, b])
    high = table[a + 1, b] + on * (table[a + 1, b + 1] - table[a + 1, b])
    return float(low + up * (high - low))


@compiled
def plane(table: Array, lifts: Array, lift: float, level: float, top: float) -> float:
    """A table of lifts and levels read between its places, held at its ends."""
    last = table.shape[1] - 1
    a, up = place(lift, lifts[0], 1.0 / (lifts[1] - lifts[0]), len(lifts) - 1)
    b, on = place(level, 0.0, last / top, last)
    return between(table, a, up, b, on)


@compiled
def rest(
    evening: Array, t: int, after: int, gap: int, rate: Array, clears: Array, whole: float,
    part: float, lifts: Array, fading: Array, lift_kept: float, level_kept: float, levels: Array,
    top: float, alone: Array, out: Array,
) -> None:  # fmt: skip
    """
    The worth of the evening of day `t` if the next contact, of the step `after`, is open `gap` days
    on. Without a contact a day is an affine map of the next: A + B x. `fading` (lifts, days) is what
    each lift makes of the rate after some days.
    """
    days, last = len(rate), t + gap - 1
    for a in range(len(lifts)):
        if after < 0:
            out[a, :] = alone[a]
            continue
        got, left, lift = 0.0, 1.0, lifts[a] * lift_kept ** (gap - 1)
        for day in range(t, min(last, days)):
            chance, owed = 1.0 - np.exp(-rate[day] * fading[a, day - t]), max(clears[day], 1.0)
            nothing = pays(chance, whole, owed, part, 0.0)
            got += left * nothing
            left *= pays(chance, whole, owed, part, 1.0) - nothing
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
    first, each, ends = lifts[0], 1.0 / (lifts[1] - lifts[0]), len(lifts) - 1
    fading = np.zeros((len(lifts), max(gaps.max(), 1)))
    for day in range(fading.shape[1]):
        fading[:, day] = np.exp(lifts * lift_kept**day)
    fade_a, on_a = np.zeros(len(lifts), dtype=np.int64), np.zeros(len(lifts))
    for a in range(len(lifts)):
        fade_a[a], on_a[a] = place(lifts[a] * lift_kept, first, each, ends)
    fade_b, on_b = np.zeros(levels, dtype=np.int64), np.zeros(levels)
    for b in range(levels):
        fade_b[b], on_b[b] = place(grid[b] * level_kept, 0.0, (levels - 1) / top, levels - 1)
    at_h, of_h = places(up_h, levels, top)
    at_b, of_b = places(up_b, levels, top)
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
                            later = between(morning[s], fade_a[a], on_a[a], fade_b[b], on_b[b])
                        evening[i, t, s, a, b] = pays(chance, whole[i], owed, part[i], later)
            for s in range(steps):
                after = follows[s]
                rest(evening[i], t, after, gaps[max(after, 0)], rate[i], clears[i], whole[i],
                     part[i], lifts, fading, lift_kept, level_kept, grid, top, alone,
                     rested[i, t, s])  # fmt: skip
            morning[:] = evening[i, t]
            for w in range(ways):
                if not np.isfinite(cost[i, w]):
                    continue
                q, r, push = heard[i, w], brushed[i, w], effect[i, w] * worn
                kept = 1.0 - min(promises[i, w] / owed, 1.0)
                now, after, best = evening[i, t, step[w]], rested[i, t, step[w]], morning[step[w]]
                for b in range(levels):
                    high, on_h = at_h[b, w], of_h[b, w]
                    low, on_l = at_b[b, w], of_b[b, w]
                    for a in range(len(lifts)):
                        k, up = place(lifts[a] + push * wear[b] - strain_h[b, w], first, each, ends)
                        stays = between(after, k, up, high, on_h)
                        goes = (1 - up) * alone[k] + up * alone[k + 1]
                        good = stays + object_h[b, w] * (goes - stays) - blame_h[b, w]
                        k, up = place(lifts[a] - strain_b[b, w], first, each, ends)
                        stays = between(after, k, up, low, on_l)
                        goes = (1 - up) * alone[k] + up * alone[k + 1]
                        bad = stays + object_b[b, w] * (goes - stays) - blame_b[b, w]
                        got = (
                            q * (promises[i, w] + kept * good)
                            + r * bad
                            + (1.0 - q - r) * now[a, b]
                            - cost[i, w]
                        )
                        best[a, b] = max(best[a, b], got)


@compiled
def ended(
    evening: Array, lonely: Array, lifts: Array, lift: float, level: float, objects: float,
    blame: float, top: float,
) -> float:  # fmt: skip
    """The worth of an evening after a contact that may have met an objection."""
    kept = plane(evening, lifts, lift, level, top)
    return kept + objects * (line(lonely, lifts, lift) - kept) - blame


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
