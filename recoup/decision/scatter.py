"""
Counting the history of accounts: compiled loops that add each event to the row of its account.

Accounts are numbered from 0 without gaps, so an event finds its account by one address: nothing is
sorted and nothing is hashed. What is counted is a table of `tallies`, one for each figure:

    how      COUNT, SUM (of amounts), SPANS (which spans of `SPAN` days have an event), SINCE (the
             age of the newest event)
    within   the oldest age that counts, in days
    first, second   which words count, a bit for each: of the event's first word and its second
    slot     the place among the account's whole numbers, of a SUM among its sums

An age is in whole days before the cut-off, 1 on the day before it. Events of the day itself or
later never count. Every loop gives how many events lay outside the accounts; those are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled

Array = NDArray[Any]

COUNT, SUM, SPANS, SINCE = 0, 1, 2, 3
SPAN = 30
DAY = 86_400_000_000  # microseconds
FEW = 24  # events of one account up to which each is compared with each
NEVER = np.iinfo(np.int64).min


@compiled
def _tally(
    tallies: Array, age: int, first: int, second: int, amount: int, whole: Array, sums: Array
) -> None:
    """Add one event to the numbers of its account."""
    for place in range(len(tallies)):
        how, within, firsts, seconds, slot = tallies[place]
        if age > within or not (firsts >> first) & 1 or not (seconds >> second) & 1:
            continue
        if how == COUNT:
            whole[slot] += 1
        elif how == SUM:
            sums[slot] += amount
        elif how == SPANS:
            whole[slot] |= np.int32(1) << np.int32((age - 1) // SPAN)
        elif whole[slot] == 0 or age < whole[slot]:
            whole[slot] = age


@compiled
def count_days(
    rows: Array, days: Array, amounts: Array, today: int, tallies: Array, whole: Array, sums: Array
) -> int:
    """
    Count events that have a day and an amount: `rows`, `days`, `amounts` (n,), `today` a day number.

    `whole` (accounts, W) and `sums` (accounts, S) change.
    """
    outside = 0
    for event in range(len(rows)):
        row, age = rows[event], today - days[event]
        if row < 0 or row >= len(whole):
            outside += 1
        elif age > 0:
            _tally(tallies, age, 0, 0, amounts[event], whole[row], sums[row])
    return outside


@compiled
def count_instants(
    rows: Array, at: Array, words: Array, cut: int, tallies: Array, whole: Array, sums: Array
) -> int:
    """Count events that have an instant and one word: `rows`, `at`, `words` (n,)."""
    outside = 0
    for event in range(len(rows)):
        row = rows[event]
        if row < 0 or row >= len(whole):
            outside += 1
        elif at[event] < cut:
            age = 1 + (cut - 1 - at[event]) // DAY
            _tally(tallies, age, words[event], 0, 0, whole[row], sums[row])
    return outside


@compiled
def newest(rows: Array, at: Array, values: Array, cut: int, when: Array, value: Array) -> int:
    """
    Keep the newest event before `cut` of each account, of several at one instant the largest value.

    `when` (accounts,) begins at `NEVER`; it and `value` change.
    """
    outside = 0
    for event in range(len(rows)):
        row, instant = rows[event], at[event]
        if row < 0 or row >= len(when):
            outside += 1
        elif instant < cut and (
            instant > when[row] or (instant == when[row] and values[event] > value[row])
        ):
            when[row], value[row] = instant, values[event]
    return outside


@compiled
def gather(
    rows: Array, at: Array, known: Array, first: Array, second: Array, cut: int, starts: Array,
    told: Array,
) -> int:  # fmt: skip
    """
    Lay what was known of attempts before `cut` account by account.

    `starts` (accounts + 1,) gets where each account begins in `told` (n, 3): the instant, when it
    became known, and both words (`first * 256 + second`).
    """
    outside, accounts = 0, len(starts) - 1
    starts[:] = 0
    for event in range(len(rows)):
        row = rows[event]
        if row < 0 or row >= accounts:
            outside += 1
        elif at[event] < cut and known[event] < cut:
            starts[row + 1] += 1
    for row in range(accounts):
        starts[row + 1] += starts[row]
    for event in range(len(rows)):
        row = rows[event]
        if 0 <= row < accounts and at[event] < cut and known[event] < cut:
            place = starts[row]
            told[place, 0], told[place, 1] = at[event], known[event]
            told[place, 2] = first[event] * 256 + second[event]
            starts[row] += 1
    for row in range(accounts, 0, -1):
        starts[row] = starts[row - 1]
    starts[0] = 0
    return outside


@compiled
def _ordered(told: Array) -> None:
    """Put the lines of one account in order of instant, first word, when known, second word."""
    for column in (3, 1, 2, 0):  # stable, so the last decides first
        if column == 3:
            keys = told[:, 2] % 256
        elif column == 2:
            keys = told[:, 2] // 256
        else:
            keys = told[:, column].copy()
        order = np.argsort(keys, kind="mergesort")
        told[:] = told[order]


@compiled
def _replaced(told: Array, place: int) -> bool:
    """Whether another line tells later of the same attempt, or as late with the larger word."""
    at, known, words = told[place]
    for other in range(len(told)):
        if told[other, 0] == at and told[other, 2] // 256 == words // 256 and other != place:
            later = told[other, 1]
            if later > known or (later == known and told[other, 2] > words):
                return True
            if later == known and told[other, 2] == words and other > place:
                return True
    return False


@compiled
def count_attempts(
    starts: Array, told: Array, cut: int, tallies: Array, whole: Array, sums: Array
) -> None:
    """
    Count each attempt once, by what was told of it last; of the same instant by the larger word.

    An attempt is known by its account, its instant and its first word, which all must agree.
    """
    for row in range(len(starts) - 1):
        mine = told[starts[row] : starts[row + 1]]
        many = len(mine) > FEW
        if many:
            _ordered(mine)
        for place in range(len(mine)):
            at, _known, words = mine[place]
            if many:
                follows = place + 1 < len(mine) and mine[place + 1, 0] == at
                if follows and mine[place + 1, 2] // 256 == words // 256:
                    continue
            elif _replaced(mine, place):
                continue
            age = 1 + (cut - 1 - at) // DAY
            _tally(tallies, age, words // 256, words % 256, 0, whole[row], sums[row])


@compiled
def bits(values: Array) -> Array:
    """How many bits are set in each number."""
    found = np.empty(len(values), np.float32)
    for place in range(len(values)):
        left, total = values[place], 0
        while left:
            left &= left - 1
            total += 1
        found[place] = total
    return found
