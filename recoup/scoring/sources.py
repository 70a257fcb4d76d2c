"""
Reading what features are made from: the portfolio's frames, and outcomes from the journal.

Outcomes since placement reach scoring only as journal events, named here by kind because the
stages that write them stand further down the path.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from recoup.journal.models import Event
from recoup.kernel.clock import aware, day_bounds
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio import queries as portfolio
from recoup.scoring.features import Sources

OUTCOMES = "contact.outcomes"
PROMISE_MADE = "repayment.promise_made"
PROMISE_JUDGED = "repayment.promise_judged"
# No window is longer than 180 days, and a promise is judged within a year.
LOOK_BACK = timedelta(days=400)
WORKED = ("placed", "open", "retained", "suspended")

INSTANT = pl.Datetime("us", "UTC")
PAYMENTS = {"case": pl.Int64, "paid_on": pl.Date, "amount": pl.Int64}
CONTACTS = {
    "case": pl.Int64, "at": INSTANT, "channel": pl.String, "outcome": pl.String,
    "known_at": INSTANT,
}  # fmt: skip
PROMISES = {"case": pl.Int64, "at": INSTANT, "due_on": pl.Date}
EVENTS = {"at": INSTANT, "kind": pl.String, "case": pl.Int64, "data": pl.String}
JUDGMENTS = {"case": pl.Int64, "at": INSTANT, "state": pl.String}


def start_of(*, book: Book, on: date) -> datetime:
    """When a day begins in the book's place."""
    return day_bounds(on, book.time_zone)[0]


def read(*, book: Book, on: date) -> Sources:
    """Everything known before the day `on` begins, for the cases that are worked."""
    cases = portfolio.case_frame(book=book, on=on)
    cases = cases.filter(pl.col("state").is_in(WORKED)).sort("case")
    return history(book=book, before=on).of(cases)


def history(*, book: Book, before: date) -> Sources:
    """Payments, contacts and promises before a day, with no cases yet."""
    until = start_of(book=book, on=before)
    outcomes, promises, judgments = _from_journal(book, until)
    past = portfolio.past_contact_frame(book=book, before=before)
    past = past.with_columns(pl.col("at").cast(INSTANT)).with_columns(known_at=pl.col("at"))
    return Sources(
        cases=pl.DataFrame(schema={"case": pl.Int64}),
        payments=portfolio.payment_frame(book=book, before=before).select(*PAYMENTS).cast(PAYMENTS),
        contacts=pl.concat([past.select(*CONTACTS).cast(CONTACTS), outcomes]),
        promises=promises,
        judgments=judgments,
    )


def _from_journal(book: Book, until: datetime) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    contacts: list[tuple[Any, ...]] = []
    promises: list[tuple[Any, ...]] = []
    judgments: list[tuple[Any, ...]] = []
    for at, kind, case, data in _events(book, until):
        if kind == OUTCOMES:
            contacts += [
                (row[0], aware(datetime.fromisoformat(row[1])), row[2], row[3], at)
                for row in data["rows"]
            ]
        elif kind == PROMISE_MADE:
            promises.append((case, at, date.fromisoformat(data["due_on"])))
        else:
            judgments.append((case, at, data["state"]))
    return (
        pl.DataFrame(contacts, schema=CONTACTS, orient="row"),
        pl.DataFrame(promises, schema=PROMISES, orient="row"),
        pl.DataFrame(judgments, schema=JUDGMENTS, orient="row"),
    )


def _events(book: Book, until: datetime) -> Iterator[tuple[datetime, str, int, dict[str, Any]]]:
    rows = Event.objects.filter(
        book=book.pk, kind__in=(OUTCOMES, PROMISE_MADE, PROMISE_JUDGED),
        at__gte=until - LOOK_BACK, at__lt=until,
    )  # fmt: skip
    found = bulk.frame(rows.order_by("position").values_list(*EVENTS), EVENTS)
    for at, kind, case, data in found.iter_rows():
        yield at, kind, case, json.loads(data)
