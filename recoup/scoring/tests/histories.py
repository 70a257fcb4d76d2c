"""Histories of cases that try every edge: same instants, day boundaries, huge sums, odd words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from recoup.scoring.declared import OUTCOMES, STATES
from recoup.scoring.features import Sources
from recoup.scoring.sources import CONTACTS, JUDGMENTS, PAYMENTS, PROMISES

ON = date(2026, 11, 23)
START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # when 23 November begins in Shanghai
CASES = dict.fromkeys(("case", "days_past_due", "overdue", "owed", "loans"), pl.Int64)
DAY = 86_400_000_000
# Microseconds off a whole number of days before the cut-off, and so many days back.
EDGES = (0, 1, -1, 500_000, -500_000, DAY - 1, DAY // 2)
BACK = (0, 1, 29, 30, 31, 60, 89, 90, 91, 179, 180, 181, 400)
MONEY = (0, 1, 99, 10**6, 10**15, -5)
CHANNELS = ("sms", "call", "email", "visit", "pigeon")


def empty(cases: int = 0) -> Sources:
    """Cases to whom nothing ever happened, or no cases at all."""
    numbers = np.arange(1, cases + 1)
    frame = pl.DataFrame(dict.fromkeys(CASES, numbers), schema=CASES)
    return Sources(frame, *(pl.DataFrame(schema=kind) for kind in (PAYMENTS, CONTACTS, PROMISES, JUDGMENTS)))  # fmt: skip


def random(seed: int, cases: int) -> Sources:
    """A book of so many cases; a quarter of them without events, some events of nobody."""
    rng = np.random.default_rng(seed)
    numbers = np.sort(rng.choice(9 * cases, cases, replace=False)) + 1
    owners = np.r_[numbers[: max(1, cases * 3 // 4)], 10 * cases]
    frame = pl.DataFrame(
        {"case": numbers, "days_past_due": rng.integers(0, 300, cases),
         "overdue": _some(rng, MONEY, cases, gaps=True), "owed": _some(rng, MONEY, cases, gaps=True),
         "loans": rng.integers(0, 3, cases)}, schema=CASES,
    )  # fmt: skip
    return Sources(
        frame,
        _payments(rng, owners, 2 * cases),
        _contacts(rng, owners, 4 * cases),
        _promises(rng, owners, cases),
        _judgments(rng, owners, cases),
    )


def _some(rng: Any, values: Any, size: int, *, gaps: bool = False) -> list[Any]:
    chosen = [values[place] for place in rng.integers(0, len(values), size)]
    return [None if gaps and rng.random() < 0.1 else value for value in chosen]


def _instants(rng: Any, size: int) -> list[datetime]:
    days = np.where(rng.random(size) < 0.5, rng.choice(BACK, size), rng.integers(-3, 400, size))
    off = rng.choice(EDGES, size)
    return [
        START - timedelta(days=int(back)) + timedelta(microseconds=int(more))
        for back, more in zip(days, off, strict=True)
    ]


def _payments(rng: Any, owners: Any, size: int) -> pl.DataFrame:
    days = [ON - timedelta(days=int(back)) for back in rng.integers(-2, 400, size)]
    rows = {"case": rng.choice(owners, size), "paid_on": days,
            "amount": _some(rng, MONEY, size, gaps=True)}  # fmt: skip
    return pl.DataFrame(rows, schema=PAYMENTS)


def _contacts(rng: Any, owners: Any, size: int) -> pl.DataFrame:
    """Half of the rows tell of an attempt again: at once, later, or as of the same instant."""
    first = max(1, size // 2)
    case, at = rng.choice(owners, first), np.array(_instants(rng, first), dtype=object)
    channel = np.array(_some(rng, CHANNELS, first), dtype=object)
    same = np.r_[np.arange(first), rng.integers(0, first, size - first)]
    wait = rng.choice([0, 0, 1, DAY, 2 * DAY], len(same))
    known = [at[one] + timedelta(microseconds=int(late)) for one, late in zip(same, wait, strict=True)]  # fmt: skip
    rows = {"case": case[same], "at": at[same].tolist(), "channel": channel[same].tolist(),
            "outcome": _some(rng, (*OUTCOMES, "lost"), len(same)), "known_at": known}  # fmt: skip
    return pl.DataFrame(rows, schema=CONTACTS).sample(fraction=1, shuffle=True, seed=1)


def _promises(rng: Any, owners: Any, size: int) -> pl.DataFrame:
    """A third is made again at the same instant, for another day."""
    due = [ON + timedelta(days=int(more)) for more in rng.integers(-4, 9, size)]
    made = pl.DataFrame(
        {"case": rng.choice(owners, size), "at": _instants(rng, size), "due_on": due},
        schema=PROMISES,
    )
    again = made.head(size // 3).with_columns(pl.col("due_on") + pl.duration(days=1))
    return pl.concat([again, made])


def _judgments(rng: Any, owners: Any, size: int) -> pl.DataFrame:
    rows = {"case": rng.choice(owners, size), "at": _instants(rng, size),
            "state": _some(rng, (*STATES, "forgotten"), size)}  # fmt: skip
    found = pl.DataFrame(rows, schema=JUDGMENTS)
    return pl.concat([found, found.head(size // 4).with_columns(state=pl.lit("open"))])
