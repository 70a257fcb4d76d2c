"""
The facts of a whole book for a day, one row for each case and channel, read set by set.

For strategy: "could this person be contacted on that day?" What only the moment of sending knows
(the filled text, the last slot) is asked again by the gate then; here a text stands for an
approved one of the channel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import Q, QuerySet

from recoup.gate.gather import MEDIUM, OPEN, PERSONAL
from recoup.gate.lost import lost_debtors
from recoup.gate.models import Consent, Counter, OptOut, SenderIdentity, Stop, Template
from recoup.gate.onfile import SUBJECTS, standing_on
from recoup.gate.queries.careful import with_history
from recoup.gate.queries.counted import with_counts
from recoup.gate.reading import agreed_hours, collector_of, opted, product_of, regions_of
from recoup.gate.subjects import persons_named, subjects, with_same_numbers
from recoup.kernel.clock import day_bounds, local_day
from recoup.people.models import Agency, Book
from recoup.portfolio.models import Case, ContactPoint, Loan
from recoup.rulebook.vocabulary import CONSENTS, ELEMENTS, MARKS, PAPERS, PRODUCTS, bits

WRITTEN = ("sms", "email", "letter")
FETCH = 50_000
LAWFUL = ("contract", "debtor_authorised", "lawful_public")


def complaints_frame(*, book: Book) -> pl.DataFrame:
    """Every complaint that stopped contact, also one answered since: the case, and the day."""
    rows = Stop.objects.filter(case__book=book, reason=Stop.Reason.COMPLAINT)
    found = [
        (case, local_day(since, book.time_zone))
        for case, since in rows.order_by("pk").values_list("case", "since")
    ]
    return pl.DataFrame(found, schema={"case": pl.Int64, "on": pl.Date}, orient="row")


def facts_frame(*, book: Book, on: date) -> pl.DataFrame:
    """
    The facts of every case of a book on a day, by channel, with the best point to reach it.

    Columns are the rulebook's facts, and `case`, `borrower`, `person`, `contact_point`, and
    `objected_before`, `flagged_before`, `hardship_before` (`careful.with_history`). A case without a point for a channel has no row
    for it.
    """
    start, end = day_bounds(on, book.time_zone)
    frame = _cases(book).join(best_points(book, on), on="borrower", how="inner")
    frame = frame.with_columns(
        channel=pl.col("medium").replace_strict(
            {MEDIUM[channel]: channel for channel in WRITTEN}, return_dtype=pl.String
        ),
        demands_payment=pl.lit(True),
        clock_went_back=pl.lit(False),
        decision_spent=pl.lit(False),
        identity_confirmed=pl.lit(False),
    )
    frame = _with(frame, _stops(book, start), ["case"], stops=0)
    frame = _with(frame, _opt_outs(book, frame), ["case", "channel"], opt_outs=0)
    frame = _with(frame, _consents(book, end), ["borrower"], attempts_agreed=False, consents=0)
    frame = _with(frame, _counts(book, on, start), ["person", "channel"], contacts_in_window=0)
    frame = with_counts(frame, book=book, on=on, start=start, channels=WRITTEN)
    frame = frame.join(_channels(book, on), on="channel", how="left")
    frame = _on_file(book, frame, start, end)
    frame = _who_collects(book, frame)
    frame = _lost(book, frame, start)
    frame = with_history(frame, book=book)
    return frame.with_columns(
        sealed_to_debtor=(pl.col("channel") == "letter") & (pl.col("party") == "debtor")
    ).drop("medium", "agency")


def _with(frame: pl.DataFrame, more: pl.DataFrame, on: list[str], **empty: Any) -> pl.DataFrame:
    """Join facts that few rows have; the rest get what nothing means."""
    joined = frame.join(more, on=on, how="left")
    return joined.with_columns(pl.col(name).fill_null(value) for name, value in empty.items())


def _read(rows: QuerySet[Any], schema: Mapping[str, Any]) -> pl.DataFrame:
    """The rows of a query as columns, fetched in pieces, without model instances."""
    sql, params = rows.query.sql_with_params()
    parts = [pl.DataFrame(schema=schema)]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while fetched := cursor.fetchmany(FETCH):
            parts.append(pl.DataFrame(fetched, schema=schema, orient="row"))
    return pl.concat(parts)


def _cases(book: Book) -> pl.DataFrame:
    rows = Case.objects.filter(book=book).order_by().values_list(
        "pk", "borrower", "borrower__person", "state", "owed", "agency", "borrower__time_zones",
        "borrower__birth_year", "borrower__region", "days_past_due",
    )  # fmt: skip
    frame = _read(rows, {
        "case": pl.Int64, "borrower": pl.Int64, "person": pl.Int64, "state": pl.String,
        "balance": pl.Int64, "agency": pl.Int64, "time_zones": pl.String, "birth_year": pl.Int64,
        "region": pl.String, "days_past_due": pl.Int64,
    })  # fmt: skip
    listed = list(Agency.objects.filter(creditors=book.creditor_id).values_list("pk", flat=True))
    return (
        frame.with_columns(
            placement_open=pl.col("state").is_in([str(state) for state in OPEN]),
            agency_listed=pl.col("agency").is_null() | pl.col("agency").is_in(listed),
            time_zones=pl.when(pl.col("time_zones") != "").then(pl.col("time_zones")),
            lender=pl.lit(book.creditor.kind or None, dtype=pl.String),
            regions=_regions(frame["region"], book.jurisdiction),
            purpose=pl.lit("reminder"),
        )
        .join(_products(book), on="case", how="left")
        .drop("state", "region")
    )


def _regions(column: pl.Series, jurisdiction: str) -> pl.Series:
    """The regions with rules of their own, as sets; missing where nobody knows the place."""
    found = {text: regions_of(text or "", jurisdiction) for text in column.unique().to_list()}
    sets = {text: bits("regions", words) for text, words in found.items() if words is not None}
    return column.replace_strict(sets, default=None, return_dtype=pl.Int64)


def _products(book: Book) -> pl.DataFrame:
    """One word for each case: one card loan is enough for the rules of cards."""
    rows = _read(
        Loan.objects.filter(book=book).order_by().values_list("case", "product"),
        {"case": pl.Int64, "name": pl.String},
    )
    names = {name: product_of(name or "") for name in rows["name"].unique().to_list()}
    rows = rows.with_columns(product=pl.col("name").replace_strict(names, return_dtype=pl.String))
    order = {
        kind: place
        for place, kind in enumerate(sorted(PRODUCTS, key=lambda k: (k != "credit_card", k)))
    }
    rows = rows.with_columns(rank=pl.col("product").replace_strict(order, return_dtype=pl.Int8))
    return rows.sort("rank").group_by("case").agg(pl.col("product").first())


def best_points(book: Book, on: date, *, borrowers: Collection[int] | None = None) -> pl.DataFrame:
    """The best point of each medium: usable, the debtor's own, preferred, verified, lawful."""
    known = ContactPoint.objects.filter(borrower__book=book)
    if borrowers is not None:
        known = known.filter(borrower__in=borrowers)
    rows = (
        known.filter(Q(expires_on=None) | Q(expires_on__gte=on))
        .order_by()
        .values_list("pk", "borrower", "medium", "party", "source", "state", "preferred",
                     "lawful_basis")
    )  # fmt: skip
    frame = _read(rows, {
        "contact_point": pl.Int64, "borrower": pl.Int64, "medium": pl.String, "party": pl.String,
        "contact_source": pl.String, "state": pl.String, "preferred": pl.Boolean,
        "basis": pl.String,
    })  # fmt: skip
    best = frame.sort(
        pl.col("borrower"), pl.col("medium"), pl.col("state") == "invalid",
        pl.col("party") != "debtor", ~pl.col("contact_source").is_in(LAWFUL),
        ~pl.col("preferred"), pl.col("state") != "verified", pl.col("contact_point"),
    ).unique(["borrower", "medium"], keep="first", maintain_order=True)  # fmt: skip
    return best.with_columns(
        point_valid=pl.col("state") != "invalid",
        has_lawful_basis=pl.col("basis") != "",
        party_bound=(pl.col("contact_source") == "contract") & (pl.col("basis") != ""),
    ).drop("state", "preferred", "basis")


def _stops(book: Book, at: datetime) -> pl.DataFrame:
    standing = Stop.objects.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=at))
    found: dict[int, set[str]] = {}
    open_ended: set[int] = set()
    ends: dict[int, datetime] = {}

    def enter(case: int, reason: str, until: datetime | None) -> None:
        found.setdefault(case, set()).add(reason)
        if until is None:
            open_ended.add(case)
        else:
            ends[case] = max(until, ends.get(case, until))

    for case, reason, until in standing.filter(case__book=book).values_list(
        "case", "reason", "until"
    ):
        enter(case, reason, until)
    personal = standing.filter(reason__in=PERSONAL).values_list(
        "case__borrower__person", "reason", "until"
    )
    for (reason, until), persons in _grouped(personal).items():
        for case in _cases_of(book, persons):
            enter(case, reason, until)
    return pl.DataFrame(
        {
            "case": list(found),
            "stops": [bits("stops", words) for words in found.values()],
            "stops_until": [
                int(ends[case].timestamp()) if case not in open_ended else None for case in found
            ],
        },
        schema={"case": pl.Int64, "stops": pl.Int64, "stops_until": pl.Int64},
    )


def _grouped(rows: Iterable[tuple[Any, ...]]) -> dict[Any, set[int]]:
    found: dict[Any, set[int]] = {}
    for person, *what in rows:
        found.setdefault(tuple(what), set()).add(person)
    return found


def _cases_of(book: Book, persons: set[int]) -> list[int]:
    """The cases in a book of these natural persons, in whatever rows they stand."""
    same = sorted({row for rows in subjects(persons).rows.values() for row in rows})
    cases: list[int] = []
    for start in range(0, len(same), 5000):
        some = Case.objects.filter(book=book, borrower__person__in=same[start : start + 5000])
        cases += some.values_list("pk", flat=True)
    return cases


def _opt_outs(book: Book, frame: pl.DataFrame) -> pl.DataFrame:
    """Which channels of which cases were refused; one number refused holds for that point."""
    rows = OptOut.objects.filter(lifted_at=None, borrower__book__creditor=book.creditor_id)
    scopes: dict[int, set[str]] = {}
    for person, scope in rows.values_list("person", "scope"):
        scopes.setdefault(person, set()).add(scope)
    known = subjects(with_same_numbers(scopes))
    everybody: dict[int, set[str]] = {}
    for person, some in scopes.items():
        for row in known.same(person):
            everybody.setdefault(row, set()).update(some)
    touched = frame.filter(pl.col("person").is_in(sorted(everybody))).select(
        "case", "person", "channel", "contact_point"
    )
    made = [
        (case, channel, bits("opt_outs", opted(everybody[person], channel=channel,
                                               medium=MEDIUM[channel], point=point)))
        for case, person, channel, point in touched.iter_rows()
    ]  # fmt: skip
    return pl.DataFrame(
        made,
        schema={"case": pl.Int64, "channel": pl.String, "opt_outs": pl.Int64}, orient="row",
    )  # fmt: skip


def _consents(book: Book, before: datetime) -> pl.DataFrame:
    rows = Consent.objects.filter(
        borrower__book=book, withdrawn_at=None, given_at__lt=before, purpose__in=CONSENTS
    )
    found: dict[int, dict[str, str]] = {}
    for borrower, purpose, value in rows.order_by("given_at", "pk").values_list(
        "borrower", "purpose", "value"
    ):
        found.setdefault(borrower, {})[purpose] = value
    made = [
        (
            borrower,
            *agreed_hours(given.get("hours", "")),
            "attempts" in given,
            bits("consents", list(given)),
        )
        for borrower, given in found.items()
    ]
    return pl.DataFrame(
        made,
        schema={"borrower": pl.Int64, "agreed_from": pl.Int64, "agreed_until": pl.Int64,
                "attempts_agreed": pl.Boolean, "consents": pl.Int64},
        orient="row",
    )  # fmt: skip


def _on_file(book: Book, frame: pl.DataFrame, start: datetime, end: datetime) -> pl.DataFrame:
    """What was declared of the creditor, the book and everything below, as two sets."""
    words = {"mark": ("marks", MARKS), "paper": ("papers", PAPERS)}
    every = dict.fromkeys(words, 0)
    below: dict[tuple[str, str], dict[int, int]] = {}
    for row in standing_on(start, end).filter(creditor=book.creditor_id):
        name, known = words[row.kind]
        what = next(one for one in SUBJECTS if getattr(row, f"{one}_id") is not None)
        bit = bits(name, [row.word]) if row.word in known else 0
        if what == "creditor" or (what == "book" and row.book_id == book.pk):
            every[row.kind] |= bit
        elif what != "book":
            of = below.setdefault((row.kind, what), {})
            of[getattr(row, f"{what}_id")] = of.get(getattr(row, f"{what}_id"), 0) | bit
    made = []
    for kind, (name, _) in words.items():
        column = pl.lit(every[kind], dtype=pl.Int64)
        for (declared, what), sets in below.items():
            if declared == kind:
                column = column | pl.col(what).replace_strict(
                    sets, default=0, return_dtype=pl.Int64
                )
        made.append(column.alias(name))
    return frame.with_columns(made)


def _who_collects(book: Book, frame: pl.DataFrame) -> pl.DataFrame:
    """Who collects each case; a text names the agency of a case only where it has a slot for it."""
    placed = pl.col("agency").is_not_null()
    lender = book.creditor.kind
    named = {
        channel: all("{agency}" in text for text in texts)
        for channel, texts in _texts(book).items()
    }
    silent = placed & ~pl.col("channel").replace_strict(named, default=True)
    without = bits("says", [word for word in ELEMENTS if word != "agency"])
    return frame.with_columns(
        collector=pl.when(placed)
        .then(pl.lit(collector_of(agency=0, lender=lender)))
        .otherwise(pl.lit(collector_of(agency=None, lender=lender))),
        says=pl.when(silent).then(pl.col("says") & without).otherwise(pl.col("says")),
    )


def _texts(book: Book) -> dict[str, list[str]]:
    """The approved texts of each channel."""
    found: dict[str, list[str]] = {}
    for channel, text in Template.approved_in(book).values_list("channel", "text"):
        found.setdefault(channel, []).append(text)
    return found


def _lost(book: Book, frame: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Whether the debtor is lost, where a contact person would be asked."""
    asked = frame.filter(pl.col("party") == "contact_person")["borrower"].unique().to_list()
    rows = [
        (borrower, "contact_person", fact["debtor_lost"], _epoch(fact["debtor_lost_from"]))
        for borrower, fact in lost_debtors(asked, book=book, at=at).items()
    ]
    schema = {"borrower": pl.Int64, "party": pl.String, "debtor_lost": pl.Boolean,
              "debtor_lost_from": pl.Int64}  # fmt: skip
    known = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.join(known, on=["borrower", "party"], how="left")


def _epoch(at: object) -> int | None:
    return int(at.timestamp()) if isinstance(at, datetime) else None


def _counts(book: Book, on: date, start: datetime) -> pl.DataFrame:
    """How much of each channel's cap the day has used so far, person by person."""
    taken: dict[tuple[str, str], int] = {}
    rows = Counter.objects.filter(
        creditor=book.creditor_id, unit__startswith="channel.", used__gt=0, ends_at__gt=start
    )
    for key, used in rows.values_list("key", "used"):
        unit, _, rest = key.partition(":")
        person, _, window = rest.rpartition(":")
        subject = person.partition("person=")[2]
        if window.startswith("slot=") or window == on.isoformat():
            name = (subject, unit.removeprefix("channel."))
            taken[name] = taken.get(name, 0) + used
    persons = persons_named({subject for subject, _ in taken})
    made = [
        (person, channel, used)
        for (subject, channel), used in taken.items()
        for person in persons.get(subject, ())
    ]
    return pl.DataFrame(
        made,
        schema={"person": pl.Int64, "channel": pl.String, "contacts_in_window": pl.Int64},
        orient="row",
    )


def _channels(book: Book, on: date) -> pl.DataFrame:
    """What holds for a whole channel: an approved text, a sender of our own."""
    approved = set(Template.approved_in(book).values_list("channel", flat=True))
    own = SenderIdentity.objects.filter(creditor=book.creditor_id)
    registered = set(own.values_list("channel", flat=True))
    valid = set(
        own.filter(Q(valid_until=None) | Q(valid_until__gte=on)).values_list("channel", flat=True)
    )
    # An approved text was read at its approval: it says what it must, and nothing forbidden.
    says = [bits("says", ELEMENTS) if channel in approved else None for channel in WRITTEN]
    return pl.DataFrame(
        {
            "channel": WRITTEN,
            "template_state": ["approved" if c in approved else None for c in WRITTEN],
            "discloses_debt": [c == "letter" if c in approved else None for c in WRITTEN],
            "says": says,
            "found": [0 if c in approved else None for c in WRITTEN],
            "sender_own": [c in registered for c in WRITTEN],
            "sender_registered": [c in valid for c in WRITTEN],
        },
        schema_overrides={"template_state": pl.String, "discloses_debt": pl.Boolean}
        | {"says": pl.Int64, "found": pl.Int64},
    )  # fmt: skip
