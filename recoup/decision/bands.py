"""Room by bands of value: how much of each collector's room is for poor cases, how much for rich."""

from __future__ import annotations

import numpy as np

from recoup.decision.auction import Ints


def rooms(room: Ints, bands: int, held: Ints | None = None) -> list[Ints]:
    """
    Each collector's room (J,), split over so many bands.

    `held` (J, bands) are cases that each has of each band already, and `room` counts them: room goes
    to them first, and what is left to the bands of which there is least, so that nobody is asked to
    give a case away for evenness alone, and the shares even out as cases come. Who holds more than
    there is room for keeps room in proportion. Without it the split is even.

    >>> [part.tolist() for part in rooms(np.array([4, 5]), 2)]
    [[2, 3], [2, 2]]
    >>> [part.tolist() for part in rooms(np.array([6]), 3, np.array([[4, 1, 0]]))]
    [[4], [1], [1]]
    """
    if held is None or not held.any():
        return _even(room, bands)
    whole = held.sum(axis=1)
    parts = np.empty((len(room), bands), dtype=np.int64)
    for row in range(len(room)):
        if whole[row] >= room[row]:
            edges = np.r_[0, np.cumsum(held[row])] * room[row] // max(int(whole[row]), 1)
            parts[row] = np.diff(edges)
        else:
            parts[row] = _levelled(held[row], int(room[row]), row)
    return [parts[:, number].copy() for number in range(bands)]


def _even(room: Ints, bands: int) -> list[Ints]:
    """
    What does not divide goes to bands spread evenly, beginning elsewhere for each collector, so
    that the bands get even shares too.
    """
    offset = np.arange(len(room)) * bands // max(len(room), 1)
    edges = [(room * (number + 1) + offset) // bands - (room * number + offset) // bands
             for number in range(bands)]  # fmt: skip
    return [np.asarray(part, dtype=np.int64) for part in edges]


def _levelled(held: Ints, room: int, turn: int) -> Ints:
    """Raise the lowest bands to one level, until there is as much in all as there is room for."""
    order = np.argsort(held, kind="stable")
    low = held[order]
    count = np.arange(1, len(low) + 1)
    # With the lowest n bands raised to the height of the n-th, so much is used.
    used = low * count - np.cumsum(low)
    lifted = int((used <= room - held.sum()).sum())
    level, rest = divmod(int(room - held.sum() + low[:lifted].sum()), lifted)
    parts = held.copy()
    parts[order[:lifted]] = level
    parts[np.roll(order[:lifted], -turn % lifted)[:rest]] += 1
    return parts
