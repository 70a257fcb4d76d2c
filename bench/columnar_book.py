"""
A seeded book in columns for measuring: people, their loans and their history, nobody of them real.

Per account about 2 payments, 3.5 tellings of 2.8 attempts, 0.5 promises and 0.4 judgments in 400
days, events in order of time; one person in forty has two cases. A bucket is the same whatever
else is written.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from recoup.rulebook.vocabulary import ELEMENTS, PAPERS, bits
from recoup.scoring.buckets import Buckets, bucket_of, count_for
from recoup.scoring.declared import DAY, code
from recoup.scoring.tables import day_number, microsecond

ON = date(2026, 11, 23)
START = datetime(2026, 11, 22, 16, tzinfo=UTC)  # when that day begins in Shanghai
SHARED = 40  # of so many accounts one belongs to the person of the one before
SPAN = 400
STAGES = ("C", "M1", "M2", "M3", "M4", "M5", "M6", "M7+")
REGIONS = ("CN-GD", "CN-SC", "CN-ZJ", "CN-HN", "CN-XJ", "CN-BJ")
TOLD = [code("outcome", word) for word in ("no_answer", "delivered", "right_party", "connected",
                                           "undelivered", "refused", "wrong_party", "promise")]  # fmt: skip
OFTEN = (0.34, 0.30, 0.10, 0.10, 0.06, 0.04, 0.03, 0.03)
LATER = [code("outcome", word) for word in ("read", "replied", "undelivered")]


def write(folder: Path, accounts: int, seed: int, count: int = 0) -> Buckets:
    """
    Write a book of so many accounts, in `count` buckets or as many as the kernel likes; buckets that
    are there already are kept.
    """
    count = count or count_for(accounts)
    found = Buckets.create(folder, count=count, on=ON, instant=START)
    cases = np.arange(1, accounts + 1)
    persons = np.where(cases % SHARED == 0, cases - 1, cases)
    where = bucket_of(persons, count)
    for bucket in range(count):
        if not found.has(bucket):
            mine = np.flatnonzero(where == bucket)
            found.write(
                bucket, frames(cases[mine], persons[mine], np.random.default_rng([seed, bucket]))
            )
    return found


def frames(
    cases: np.ndarray, persons: np.ndarray, rng: np.random.Generator
) -> dict[str, pl.DataFrame]:
    """All tables of some accounts."""
    late = _late(len(cases), rng)
    states = _cases(cases, persons, late, rng)
    return {
        "cases": states, "payments": _payments(cases, late, rng), **_talk(cases, rng),
        "facts": _facts(states, rng), "past": _past(states, rng),
    }  # fmt: skip


# Of the rulebook's facts what all contacts of the book share tonight; the text is an approved one.
ALIKE = {
    "placement_open": True, "debtor_lost": False, "identity_confirmed": True,
    "agency_listed": True, "effective_calls_today": 0, "unconnected_today": 0,
    "attempts_agreed": False, "clock_went_back": False, "sender_registered": True,
    "sender_own": True, "recording_ready": True, "template_state": "approved",
    "demands_payment": False, "discloses_debt": False, "sealed_to_debtor": True, "found": 0,
    "says": bits("says", ELEMENTS), "marks": 0, "papers": bits("papers", PAPERS), "consents": 0,
    "purpose": "reminder", "lender": "consumer_finance", "collector": "creditor", "regions": 0,
}  # fmt: skip


def _facts(states: pl.DataFrame, rng: Any) -> pl.DataFrame:
    """What the gate knows of each case and channel; of each channel some people have no point."""
    size = states.height
    stopped = np.where(rng.random(size) < 0.03, bits("stops", {"dispute"}), 0)
    promised = np.where(rng.random(size) < 0.05, bits("stops", {"promise"}), 0)
    known = states.select(
        "case", balance="owed", time_zones=pl.when(pl.col("time_zones") != "").then("time_zones"),
        product="product", days_past_due="days_past_due",
    ).with_columns(
        birth_year=pl.Series(rng.integers(1950, 2008, size)), stops=pl.Series(stopped | promised)
    )  # fmt: skip
    parts = []
    for number, (channel, share) in enumerate((("sms", 0.97), ("email", 0.6), ("letter", 0.8))):
        some = known.filter(pl.Series(rng.random(size) < share))
        many = some.height
        parts.append(some.with_columns(
            channel=pl.lit(channel), contact_point=pl.col("case") * 3 + number,
            party=_picked(("debtor", "contact_person"), (0.98, 0.02), many, rng),
            party_bound=pl.lit(True),
            contact_source=_picked(("contract", "unknown"), (0.97, 0.03), many, rng),
            has_lawful_basis=pl.Series(rng.random(many) < 0.98),
            point_valid=pl.Series(rng.random(many) < 0.97),
            opt_outs=pl.Series(np.where(rng.random(many) < 0.02, 2, 0)),
            contacts_in_window=pl.Series((rng.random(many) < 0.06) * 2),
        ))  # fmt: skip
    return pl.concat(parts)


def _past(states: pl.DataFrame, rng: Any) -> pl.DataFrame:
    """The last step carried out: four in five have one in their segment, up to a month ago."""
    some = states.filter(pl.Series(rng.random(states.height) < 0.8))
    days = pl.col("days_past_due")
    segment = (
        pl.when(days <= 10).then(pl.lit("early")).when(days <= 30).then(pl.lit("m1"))
        .when(days <= 90).then(pl.lit("m2-m3")).otherwise(pl.lit("late"))
    )  # fmt: skip
    ago = pl.Series(rng.integers(1, 31, some.height))
    return some.select("case", segment=segment).with_columns(
        last_step=pl.Series(rng.integers(0, 2, some.height)),
        last_on=(pl.lit(day_number(ON)) - ago).cast(pl.Int32).cast(pl.Date),
    )


def _late(size: int, rng: Any) -> np.ndarray:
    """Days past due: a tenth has paid up, most are early."""
    days = np.minimum(rng.gamma(0.9, 60.0, size), 900).astype(np.int64)
    return np.where(rng.random(size) < 0.1, 0, days + 1)


def _cases(cases: np.ndarray, persons: np.ndarray, late: np.ndarray, rng: Any) -> pl.DataFrame:
    size = len(cases)
    owed = rng.lognormal(13.2, 0.9, size).astype(np.int64)
    overdue = np.where(late > 0, (owed * rng.beta(1.4, 3.0, size)).astype(np.int64) + 1, 0)
    recent = rng.poisson(0.8, size)
    week = rng.binomial(recent, 0.3)
    return pl.DataFrame(
        {
            "case": cases, "borrower": cases, "person": persons,
            "state": _picked(("open", "retained", "suspended"), (0.95, 0.03, 0.02), size, rng),
            "stage": pl.Series(STAGES)[np.where(late == 0, 0, np.minimum((late - 1) // 30 + 1, 7))],
            "days_past_due": late, "overdue": overdue, "owed": owed,
            "loans": 1 + (rng.random(size) < 0.15), "placed_on": rng.integers(-300, 0, size) + day_number(ON),
            "region": _picked(REGIONS, (0.3, 0.2, 0.2, 0.15, 0.05, 0.1), size, rng),
            "time_zones": _picked(("Asia/Shanghai", "Asia/Shanghai,Asia/Urumqi", ""),
                                  (0.95, 0.04, 0.01), size, rng),
            "product": _picked(("consumer_loan", "credit_card"), (0.7, 0.3), size, rng),
            "team": rng.integers(1, 40, size), "agency": rng.integers(0, 20, size),
            "contacts_7": week, "contacts_30": recent, "contacts_limit": week,
            "pending": (rng.random(size) < 0.03).astype(np.int64),
        }
    ).with_columns(
        pl.col("placed_on").cast(pl.Int32).cast(pl.Date),
        pl.when(pl.col("agency") > 2).then(None).otherwise("agency").alias("agency"),
        pl.when(pl.col("team") > 36).then(None).otherwise("team").alias("team"),
    )  # fmt: skip


def _picked(words: tuple[str, ...], shares: tuple[float, ...], size: int, rng: Any) -> pl.Series:
    return pl.Series(words)[np.searchsorted(np.cumsum(shares)[:-1], rng.random(size))]


def _payments(cases: np.ndarray, late: np.ndarray, rng: Any) -> pl.DataFrame:
    many = rng.poisson(np.where(late > 90, 1.2, 2.4))
    days = rng.integers(1, SPAN, many.sum())
    amounts = rng.lognormal(10.5, 0.8, many.sum()).astype(np.int64)
    found = pl.DataFrame(
        {"case": np.repeat(cases, many), "paid_on": day_number(ON) - days, "amount": amounts}
    )
    return found.with_columns(pl.col("paid_on").cast(pl.Int32)).sort("paid_on")


def _instants(size: int, rng: Any) -> np.ndarray:
    """In working hours of the last 400 days, to the second."""
    day = microsecond(START) - rng.integers(1, SPAN, size) * DAY
    return day + rng.integers(8 * 3600, 20 * 3600, size) * 1_000_000


def _talk(cases: np.ndarray, rng: Any) -> dict[str, pl.DataFrame]:
    many = rng.poisson(2.8, len(cases))
    size = int(many.sum())
    at = _instants(size, rng)
    channel = rng.choice([code("channel", word) for word in ("sms", "call", "email", "letter")],
                         size, p=[0.45, 0.4, 0.1, 0.05])  # fmt: skip
    first = pl.DataFrame({
        "case": np.repeat(cases, many), "at": at, "known_at": at + 60_000_000, "channel": channel,
        "outcome": rng.choice(TOLD, size, p=OFTEN),
    })  # fmt: skip
    again = first.filter(pl.Series(rng.random(size) < 0.25))
    wait = rng.integers(3600, 3 * 86_400, again.height) * 1_000_000
    again = again.with_columns(
        known_at=pl.col("known_at") + pl.Series(wait),
        outcome=pl.Series(rng.choice(LATER, again.height)),
    )
    small = [pl.col("channel").cast(pl.Int8), pl.col("outcome").cast(pl.Int8)]
    owner = cases[rng.random(len(cases)) < 0.5]
    made = _instants(len(owner), rng)
    due = (made // DAY) + rng.integers(1, 15, len(owner))
    promises = pl.DataFrame({"case": owner, "at": made, "due_on": due}).with_columns(
        pl.col("due_on").cast(pl.Int32)
    )
    judged = rng.random(len(owner)) < 0.8
    states = rng.choice([code("state", word) for word in ("kept", "partial", "broken")], judged.sum(),
                        p=[0.4, 0.1, 0.5])  # fmt: skip
    judgments = pl.DataFrame(
        {"case": owner[judged], "at": made[judged] + 16 * DAY, "state": states}
    )
    return {
        "contacts": pl.concat([first, again]).with_columns(small).sort("known_at"),
        "promises": promises.sort("at"),
        "judgments": judgments.with_columns(pl.col("state").cast(pl.Int8)).sort("at"),
    }
