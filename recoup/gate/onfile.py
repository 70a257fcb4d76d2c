"""Which marks and papers are on file for a case and its contact points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from recoup.gate.models import Declared
from recoup.portfolio.models import Case


@dataclass
class OnFile:
    """Which marks and papers are on file, by the row they were declared of."""

    rows: dict[tuple[str, int], list[Declared]]

    def facts(self, case: Case, point: int | None) -> dict[str, object]:
        """The marks and papers that count for a case and a contact point of it."""
        of = [
            ("creditor", case.book.creditor_id), ("book", case.book_id), ("case", case.pk),
            ("agency", case.agency_id), ("borrower", case.borrower_id), ("contact_point", point),
        ]  # fmt: skip
        found = [row for what, pk in of if pk for row in self.rows.get((what, pk), ())]
        return {
            "marks": sorted({row.word for row in found if row.kind == Declared.Kind.MARK}),
            "papers": sorted({row.word for row in found if row.kind == Declared.Kind.PAPER}),
        }


# From the narrowest to the widest: a row is of the first of these that it names.
SUBJECTS = ("contact_point", "case", "borrower", "book", "agency", "creditor")


def declared_of(cases: Iterable[Case], points: set[int], at: datetime) -> OnFile:
    """What is on file for some cases and contact points at an instant."""
    some = list(cases)
    rows = (
        standing(at)
        .filter(creditor__in={case.book.creditor_id for case in some})
        .filter(
            Q(contact_point__in=points)
            | Q(case__in=[case.pk for case in some])
            | Q(borrower__in={case.borrower_id for case in some})
            | Q(contact_point=None, case=None, borrower=None)
        )
    )
    found: dict[tuple[str, int], list[Declared]] = defaultdict(list)
    for row in rows:
        what = next(name for name in SUBJECTS if getattr(row, f"{name}_id") is not None)
        found[what, getattr(row, f"{what}_id")].append(row)
    return OnFile(found)


def standing_on(start: datetime, end: datetime) -> QuerySet[Declared]:
    """
    What counts for a day to come: marks that stand at any time of it, papers that stand at its end.
    """
    rows = Declared.objects.filter(withdrawn_at=None, since__lt=end)
    lasting = Q(kind=Declared.Kind.MARK, until__gt=start) | Q(until__gte=end)
    return rows.filter(Q(until=None) | lasting)


def standing(at: datetime) -> QuerySet[Declared]:
    """What stands on file at an instant."""
    rows = Declared.objects.filter(withdrawn_at=None, since__lte=at)
    return rows.filter(Q(until=None) | Q(until__gt=at))
