"""
Reading what features are made from: the portfolio's frames, and outcomes from the journal.

Outcomes since placement reach scoring only as journal events, named here by kind because the
stages that write them stand further down the path.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import QuerySet

from recoup.journal.models import Event
from recoup.kernel.clock import aware, day_bounds
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio import queries as portfolio
from recoup.portfolio.divided import Columns, Divided
from recoup.portfolio.models import Case
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
PAST = ("case", "at", "channel", "outcome")
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


def lay(*, book: Book, on: date, columns: Columns) -> Divided:
    """Lay down everything that `read` reads, the worked cases divided into stretches."""
    rows = Case.objects.filter(book=book, placed_on__lte=on, state__in=WORKED).order_by("pk")
    found = bulk.frame(rows.values_list("pk"), {"case": pl.Int64})
    laid = Divided.by_case(
        columns.folder / "history", cases=found["case"].to_numpy(), size=columns.size
    )
    portfolio.lay_cases(book=book, on=on, into=laid)
    portfolio.lay_history(book=book, before=on, into=laid)
    for events in bulk.frames(_events(book, start_of(book=book, on=on)), EVENTS, piece=20_000):
        contacts, promises, judgments = _told(events)
        laid.put("outcomes", contacts)
        laid.put("promises", promises)
        laid.put("judgments", judgments)
    return laid


def of_part(laid: Divided, part: int) -> Sources:
    """What was laid down of a part: the rows of `read` that are of its cases."""
    past = laid.frame("past_contacts", part, {name: CONTACTS[name] for name in PAST})
    outcomes = laid.frame("outcomes", part, CONTACTS)
    return Sources(
        cases=portfolio.cases_of(laid, part).sort("case"),
        payments=laid.frame("payments", part, PAYMENTS),
        contacts=pl.concat([past.with_columns(known_at=pl.col("at")), outcomes]),
        promises=laid.frame("promises", part, PROMISES),
        judgments=laid.frame("judgments", part, JUDGMENTS),
    )


def history(*, book: Book, before: date) -> Sources:
    """Payments, contacts and promises before a day, with no cases yet."""
    until = start_of(book=book, on=before)
    events = bulk.frame(_events(book, until), EVENTS)
    outcomes, promises, judgments = _told(events)
    past = portfolio.past_contact_frame(book=book, before=before)
    past = past.with_columns(pl.col("at").cast(INSTANT)).with_columns(known_at=pl.col("at"))
    return Sources(
        cases=pl.DataFrame(schema={"case": pl.Int64}),
        payments=portfolio.payment_frame(book=book, before=before).select(*PAYMENTS).cast(PAYMENTS),
        contacts=pl.concat([past.select(*CONTACTS).cast(CONTACTS), outcomes]),
        promises=promises,
        judgments=judgments,
    )


def _told(events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """What events say: outcomes of contacts, promises, and what became of these."""
    contacts: list[tuple[Any, ...]] = []
    promises: list[tuple[Any, ...]] = []
    judgments: list[tuple[Any, ...]] = []
    for at, kind, case, text in events.iter_rows():
        data = json.loads(text)
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


def _events(book: Book, until: datetime) -> QuerySet[Any]:
    rows = Event.objects.filter(
        book=book.pk, kind__in=(OUTCOMES, PROMISE_MADE, PROMISE_JUDGED),
        at__gte=until - LOOK_BACK, at__lt=until,
    )  # fmt: skip
    return rows.order_by("position").values_list(*EVENTS)
