"""What is known of each case about paying: the columns of the rate, and what a payment brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.boosting import Boosted, regressor
from bench.collectbench.protocol import Episode, Log

Floats = NDArray[np.float64]
KNOTS = np.log1p([1, 2, 4, 7, 12, 20, 30, 45, 60, 90, 135, 180, 270])
LONGEST = 1500
MEMORY = 20.0  # days over which a payment is remembered
SMALL = {"iterations": 120, "depth": 4, "learning_rate": 0.08}
MONTH = 30


def late(days: NDArray[np.integer] | Floats) -> Floats:
    """Days past due as a broken line in logs, (n, knots + 1)."""
    log = np.log1p(np.asarray(days, dtype=np.float64))
    return np.column_stack([log, np.maximum(log[:, None] - KNOTS, 0.0)])


def rest(log: Log) -> Floats:
    """All other columns of the rate, ones first."""
    instalment = np.maximum(log.instalment, 1)
    fresh = np.where(log.paid_ago >= 0, np.exp(-log.paid_ago / MEMORY), 0.0)
    return np.column_stack([
        np.ones(len(log)), log.credit, log.income, log.stability, log.age / 10.0,
        np.log(np.maximum(log.arrears, 1) / instalment), np.log(instalment) - 11.0, fresh,
        np.minimum(log.paid_30 / instalment, 3.0), np.log1p(log.promises_kept),
        np.log1p(log.promises_broken), log.promise_open,
    ]).astype(np.float64)  # fmt: skip


def columns(log: Log) -> Floats:
    """All columns of the rate."""
    return np.column_stack([rest(log), late(log.days_past_due)])


def brings(log: Log) -> NDArray[np.float32]:
    """What foretells how much somebody pays who pays."""
    instalment = np.maximum(log.instalment, 1)
    return np.column_stack([
        log.days_past_due, log.credit, log.income, log.stability, log.age,
        log.arrears / instalment, log.owed / instalment, log.paid_ago, log.promises_kept,
        log.promises_made, log.paid_30 / instalment,
    ]).astype(np.float32)  # fmt: skip


@dataclass
class Amounts:
    """Given a payment: the chance that it clears, parts in instalments; what follows a clearing."""

    whole: Boosted
    part: Boosted
    after: float

    @classmethod
    def learn(cls, past: Sequence[Episode], *, seed: int) -> Amounts:
        """From all payments that were not promised."""
        x, clears, shares = [], [], []
        followed, could = 0.0, 0.0
        for one in past:
            for day in range(len(one.contacts)):
                log, then = one.logs[day], one.logs[day + 1]
                paid = then.paid - log.paid
                rows = np.flatnonzero((paid > 0) & (log.arrears > 0) & (log.promise_due != 0))
                x.append(brings(log)[rows])
                clears.append(paid[rows] >= log.arrears[rows])
                shares.append(paid[rows] / np.maximum(log.instalment[rows], 1))
                settled = (log.arrears <= 0) & (log.owed > 0)
                followed += float((paid / np.maximum(log.instalment, 1))[settled].sum())
                could += float(settled.sum()) / MONTH
        table, whole = np.concatenate(x), np.concatenate(clears)
        share = np.minimum(np.concatenate(shares), 5.0)
        part = ~whole if (~whole).sum() > 50 else np.ones(len(whole), dtype=bool)
        return cls(
            regressor(table, whole.astype(float), seed=seed, **SMALL),
            regressor(table[part], share[part], seed=seed, **SMALL),
            min(followed / max(could, 1.0), 1.0),
        )

    def clears(self, log: Log, days: int) -> Floats:
        """What clearing the arrears is worth on each of the days left, (n, days)."""
        ahead = np.arange(days)
        late = log.days_past_due[:, None].astype(np.int64)
        due = (late + ahead) // MONTH - late // MONTH
        asked = np.minimum(log.arrears[:, None] + due * log.instalment[:, None], log.owed[:, None])
        left = np.minimum(
            self.after * (days - ahead) / MONTH * log.instalment[:, None],
            np.maximum(log.owed[:, None] - asked, 0),
        )  # fmt: skip
        return np.asarray(asked + left, dtype=np.float64)
