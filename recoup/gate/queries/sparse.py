"""
What few people of a book have: stops, refusals, consents, what was declared, how much was used.

Each is read once for a night, however many parts the book is taken in; `frames` puts it to cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db.models import Q

from recoup.gate.gather import PERSONAL
from recoup.gate.models import Consent, Counter, OptOut, SenderIdentity, Stop, Template
from recoup.gate.onfile import SUBJECTS, standing_on
from recoup.gate.reading import agreed_hours
from recoup.gate.subjects import persons_named, subjects, with_same_numbers
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.rulebook.vocabulary import CONSENTS, ELEMENTS, MARKS, PAPERS, bits

WRITTEN = ("sms", "email", "letter")


def stops(book: Book, at: datetime) -> pl.DataFrame:
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


def opt_outs(book: Book) -> dict[int, set[str]]:
    """What each person refused that stands in the vault of the creditor, in whatever rows."""
    rows = OptOut.objects.filter(lifted_at=None, borrower__book__creditor=book.creditor_id)
    scopes: dict[int, set[str]] = {}
    for person, scope in rows.values_list("person", "scope"):
        scopes.setdefault(person, set()).add(scope)
    known = subjects(with_same_numbers(scopes))
    everybody: dict[int, set[str]] = {}
    for person, some in scopes.items():
        for row in known.same(person):
            everybody.setdefault(row, set()).update(some)
    return everybody


def consents(book: Book, before: datetime) -> pl.DataFrame:
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


Below = dict[tuple[str, str], dict[int, int]]


def on_file(book: Book, start: datetime, end: datetime) -> tuple[dict[str, int], Below]:
    """
    What was declared: by kind the set that holds for the whole book, and by kind and subject the set
    of each.
    """
    words = {"mark": ("marks", MARKS), "paper": ("papers", PAPERS)}
    every = dict.fromkeys(words, 0)
    below: Below = {}
    for row in standing_on(start, end).filter(creditor=book.creditor_id):
        name, known = words[row.kind]
        what = next(one for one in SUBJECTS if getattr(row, f"{one}_id") is not None)
        bit = bits(name, [row.word]) if row.word in known else 0
        if what == "creditor" or (what == "book" and row.book_id == book.pk):
            every[row.kind] |= bit
        elif what != "book":
            of = below.setdefault((row.kind, what), {})
            of[getattr(row, f"{what}_id")] = of.get(getattr(row, f"{what}_id"), 0) | bit
    return every, below


def counts(book: Book, on: date, start: datetime) -> pl.DataFrame:
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


def texts(book: Book) -> dict[str, list[str]]:
    """The approved texts of each channel."""
    found: dict[str, list[str]] = {}
    for channel, text in Template.approved_in(book).values_list("channel", "text"):
        found.setdefault(channel, []).append(text)
    return found


def channels(book: Book, on: date) -> pl.DataFrame:
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
