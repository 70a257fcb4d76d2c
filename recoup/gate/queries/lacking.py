"""What a book lacks before anyone in it may be contacted, fact by fact."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from recoup.gate.models import Consent
from recoup.kernel.errors import Invalid
from recoup.people.models import Book
from recoup.portfolio.models import Case, ContactPoint
from recoup.rulebook import engine

LAWFUL = [ContactPoint.Source.CONTRACT, ContactPoint.Source.DEBTOR_AUTHORISED,
          ContactPoint.Source.LAWFUL_PUBLIC]  # fmt: skip


def lacking(*, book: Book, at: datetime) -> dict[str, int]:
    """
    How many open cases lack each fact that a contact needs; a case may lack several.

    `no_contact_point` counts cases where nothing usable of the debtor's own is known,
    `no_lawful_source` those whose contact points all came from nowhere lawful (CN-DATA-009).
    """
    open_ = Case.objects.filter(book=book, state=Case.State.OPEN, overdue__gt=0)
    points = ContactPoint.objects.filter(borrower=OuterRef("borrower"), party="debtor").exclude(
        state=ContactPoint.State.INVALID
    )
    given = Consent.objects.filter(borrower=OuterRef("borrower"), withdrawn_at=None)
    found = {
        "no_contact_point": open_.exclude(Exists(points)).count(),
        "no_lawful_source": open_.filter(Exists(points))
        .exclude(Exists(points.filter(source__in=LAWFUL)))
        .count(),
        "no_consent": open_.exclude(Exists(given)).count(),
        "no_time_zone": open_.filter(Q(borrower__time_zones="")).count(),
    }
    try:
        engine.load(book.jurisdiction, at)
    except Invalid:
        found["no_rules_for_country"] = open_.count()
    return {fact: count for fact, count in found.items() if count}
