"""
What learners look at: a table of numbers from the log, one row a case.

Counts and days since are kept as they are for trees; money is in logs and in instalments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.protocol import Log

Floats = NDArray[np.float32]
FAR = 60  # days since something that never happened
CHANNELS = ("sms", "email", "letter", "call", "robot")  # the order of the log's columns
NAMES = (
    "days_past_due", "log_arrears", "arrears_in_instalments", "owed_in_arrears", "credit", "income",
    "stability", "age", "last_outcome", "promise_open", "promise_due", "made", "kept", "broken",
    "paid_share", "paid_30_share", "paid_ago", "wrong_number", "calls", "talks", "since_any",
    *(f"n_{name}" for name in CHANNELS), *(f"since_{name}" for name in CHANNELS),
)  # fmt: skip


def table(log: Log) -> Floats:
    """The features of every case, (cases, features), in the order of `NAMES`."""
    arrears = np.maximum(log.arrears, 1).astype(np.float64)
    instalment = np.maximum(log.instalment, 1)
    since = np.where(log.contacted_ago < 0, FAR, np.minimum(log.contacted_ago, FAR))
    since = since[:, : len(CHANNELS)]
    columns = [
        log.days_past_due, np.log(arrears), arrears / instalment, log.owed / arrears, log.credit,
        log.income, log.stability, log.age, log.last_outcome, log.promise_open, log.promise_due,
        log.promises_made, log.promises_kept, log.promises_broken, log.paid / (arrears + log.paid),
        log.paid_30 / (arrears + log.paid_30), np.where(log.paid_ago < 0, FAR, log.paid_ago),
        log.wrong_number, log.calls.sum(axis=1), log.talks.sum(axis=1), since.min(axis=1),
        *log.contacts[:, : len(CHANNELS)].T, *since.T,
    ]  # fmt: skip
    return np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
