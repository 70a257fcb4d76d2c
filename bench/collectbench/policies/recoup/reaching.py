"""Who is reached by what, and what those promise who are: learned from how contacts ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.boosting import Boosted, regressor
from bench.collectbench.policies.recoup.memory import REACH, Events, Memory, Replay
from bench.collectbench.policies.recoup.paying import SMALL, brings
from bench.collectbench.protocol import Episode, Log

Floats = NDArray[np.float64]


@dataclass
class Reaching:
    """The chances to be heard and to arrive, by reach."""

    heard: list[Boosted]
    touched: list[Boosted]

    @classmethod
    def learn(cls, events: Events, *, seed: int) -> Reaching:
        """One pair of models for each way of reaching somebody."""
        heard, touched = [], []
        for reach in range(len(REACH)):
            rows = np.flatnonzero(events.reach == reach)
            for kept, target in ((heard, events.heard), (touched, events.touched)):
                y = target[rows].astype(float)
                kept.append(_or_mean(events.x[rows], y, seed))
        return cls(heard, touched)

    def chances(
        self, memory: Memory, log: Log, cases: NDArray[np.int64], reach: int, slot: int
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """The chances to be heard, and to arrive without, (m,) each."""
        x = memory.features(log, cases, reach, slot)
        heard = np.clip(self.heard[reach](x), 0.002, 0.998)
        return heard, np.clip(self.touched[reach](x), heard, 1.0) - heard


@dataclass
class Promising:
    """What a hearing brings in promises that are kept, in instalments, by kind of contact."""

    promises: Boosted
    kept: Boosted
    kinds: int

    @classmethod
    def learn(cls, past: Sequence[Episode], replay: Replay, kinds: int, *, seed: int) -> Promising:
        """From all hearings and what was paid on the day that was promised."""
        xs, made, yields = [], [], []
        before = 0
        for number, one in enumerate(past):
            for day in range(len(one.contacts)):
                rows = _of(replay, number, day)
                case = replay.events.case[rows] - before
                log, then = one.logs[day], one.logs[day + 1]
                x = _with_kind(brings(log)[case], replay.events.kind[rows], kinds)
                promised = then.promises_made[case] > log.promises_made[case]
                xs.append(x)
                made.append(promised)
                yields.append(_paid_on(one, case, day, promised))
            before += len(one.logs[0])
        table, promise, paid = np.concatenate(xs), np.concatenate(made), np.concatenate(yields)
        known = promise & np.isfinite(paid)
        return cls(
            _or_mean(table, promise.astype(float), seed),
            _or_mean(table[known], paid[known], seed), kinds,
        )  # fmt: skip

    def worth(self, log: Log, kind: int) -> Floats:
        """Expected instalments paid for a promise, given a hearing by this kind, (n,)."""
        x = _with_kind(brings(log), np.full(len(log), kind), self.kinds)
        return np.clip(self.promises(x), 0.0, 1.0) * np.clip(self.kept(x), 0.0, None)


def _of(replay: Replay, book: int, day: int) -> NDArray[np.int64]:
    low, high = np.searchsorted(replay.day, [day, day + 1])
    rows = np.arange(low, high)
    return rows[(replay.book[rows] == book) & replay.events.heard[rows]]


def _paid_on(
    one: Episode, case: NDArray[np.int64], day: int, promised: NDArray[np.bool_]
) -> Floats:  # fmt: skip
    """Instalments paid on the day promised; not a number where the log ends before it."""
    paid = np.full(len(case), np.nan)
    due = day + 1 + one.logs[day + 1].promise_due[case].astype(np.int64)
    for nth in np.flatnonzero(promised).tolist():
        on, who = int(due[nth]), case[nth]
        if day < on < len(one.contacts):
            money = one.logs[on + 1].paid[who] - one.logs[on].paid[who]
            paid[nth] = min(money / max(one.logs[on].instalment[who], 1), 15.0)
    return paid


def _with_kind(
    x: NDArray[np.float32], kind: NDArray[np.int64], kinds: int
) -> NDArray[np.float32]:  # fmt: skip
    return np.column_stack([x, np.eye(kinds, dtype=np.float32)[kind]])


def _or_mean(x: NDArray[np.float32], y: NDArray[np.floating], seed: int) -> Boosted:
    if len(y) < 30 or y.min() == y.max():
        return Boosted(_Same(float(y.mean()) if len(y) else 0.0))
    return regressor(x, y, seed=seed, **SMALL)


class _Same:
    def __init__(self, value: float) -> None:
        self._value = value

    def predict(self, x: NDArray[np.float32], thread_count: int = 1) -> Floats:
        return np.full(len(x), self._value)
