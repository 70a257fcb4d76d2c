"""What people ask: lists of cases, one case, its ledger and its notes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_scopes import scopes_disabled

from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Invalid, Refused
from recoup.people import hiding, scopes
from recoup.people import operations as people
from recoup.people import queries as people_queries
from recoup.people.models import Book, Team
from recoup.portfolio import ledger as books
from recoup.portfolio.models import Case, Entry, Loan, Note

CONFLICT = "people.conflict"
ORDERS = frozenset({"overdue", "owed", "days_past_due", "placed_on", "pk", "stage", "state"})


@dataclass(frozen=True)
class ReadNote:
    """A note, opened for a viewer who may read it."""

    pk: int
    at: datetime
    by: str
    text: str


def cases(
    *, viewer: Viewer, book: Book | None = None, stage: str | None = None,
    state: str | None = None, team: Team | int | None = None, search: str | None = None,
    order: str = "-overdue",
) -> QuerySet[Case]:  # fmt: skip
    """
    The cases that a viewer may see, narrowed; one query however many rows are shown.

    `search` is a loan or customer number, or a full name, phone number, e-mail address or identity
    number: those are found by their blind index.

    :raises Refused: if the viewer may not see cases
    :raises Invalid: for an order that is not one of the columns
    """
    scopes.demand(viewer, scopes.SEE_CASES)
    if order.removeprefix("-") not in ORDERS:
        raise Invalid(
            _("Cases cannot be sorted by {order}.").format(order=order),
            hint=_("Use one of {orders}.").format(orders=", ".join(sorted(ORDERS))),
        )
    rows = scopes.visible(Case.objects.all(), viewer)
    wanted = {"book": book, "stage": stage, "state": state, "team": team}
    rows = rows.filter(**{key: value for key, value in wanted.items() if value not in (None, "")})
    if search and search.strip():
        rows = rows.filter(_found(viewer, search.strip()))
    related = rows.select_related("borrower", "book", "team", "agency", "collector")
    return related.order_by(order, "pk")


def _found(viewer: Viewer, text: str) -> Q:
    persons = {
        person.pk
        for kind in _kinds(text)
        for person in people_queries.find(viewer=viewer, kind=kind, value=text)
    }
    loans = Loan.objects.filter(reference=text).values("case_id")
    return Q(borrower__reference=text) | Q(pk__in=loans) | Q(borrower__person__in=persons)


def _kinds(text: str) -> tuple[str, ...]:
    if "@" in text:
        return ("email",)
    if re.fullmatch(r"[\d\s+()xX-]{5,}", text):
        return ("phone", "identity")
    return ("name",)


def case(*, viewer: Viewer, pk: int) -> Case:
    """
    One case.

    :raises Refused: if the viewer may not see it, or there is none; the answer is the same. By
        another rule (`CONFLICT`) if the viewer declared a conflict of interest with its borrower
    """
    found = cases(viewer=viewer).filter(pk=pk).first()
    if found is None:
        raise Refused(
            _("There is no case {case} that you may see.").format(case=pk),
            rules=("people.tenant",),
            hint=_("Check the number, or ask a team leader."),
        )
    if viewer.user is not None and people_queries.has_conflict(
        viewer=viewer, creditor=found.book.creditor_id, person=found.borrower.person_id,
        employers=lambda: _employers(found),
    ):  # fmt: skip
        raise Refused(
            _("You declared a conflict of interest with the borrower of case {case}.").format(
                case=pk
            ),
            rules=(CONFLICT,),
            hint=_("Leave it to a colleague. If it was a mistake, take it back under “My conflicts"
                   " of interest”."),
        )  # fmt: skip
    return found


def _employers(case: Case) -> list[str]:
    rows = Loan.objects.filter(borrower=case.borrower_id, facts__known__employer__isnull=False)
    told = rows.order_by().values_list("facts__known__employer", flat=True)
    return [name for name in told if isinstance(name, str) and name]


def ledger(*, viewer: Viewer, case: Case) -> list[Entry]:
    """Every posting to the loans of a case, the newest first; none for a viewer who may not see it."""
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = scopes.visible(Entry.objects.filter(loan__case=case), viewer, case="loan__case__")
    return list(rows.select_related("loan", "reverses").order_by("-value_on", "-pk"))


def notes(*, viewer: Viewer, case: Case, limit: int = 200) -> list[ReadNote]:
    """The notes of a case, the newest first; an erased person's notes are shown as erased."""
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = scopes.visible(Note.objects.filter(case=case), viewer, case="case__")
    rows = rows.select_related("by", "case__borrower__person").order_by("-at", "-pk")[:limit]
    return [
        ReadNote(row.pk, row.at, str(row.by) if row.by else "", _read(viewer, row)) for row in rows
    ]


def _read(viewer: Viewer, row: Note) -> str:
    person = row.case.borrower.person
    if person.wrapped is None:
        return _("(erased)")
    return people.unseal_note(viewer=viewer, person=person, ciphertext=bytes(row.text))


def balance(*, loan: Loan, on: date) -> dict[str, int]:
    """The balance of every account of a loan at the end of a day, in minor units."""
    return books.balances(books.entries_of(loan), on)


def days_past_due(*, loan: Loan, on: date) -> int:
    """For how many days a loan is past due on a day; 0 if it is not, or is paid in full."""
    return books.age_of(loan, on).days_past_due


def hide_names(case: int, text: str) -> str:
    """What was typed about a case, with the names of its borrower's sealed data half hidden."""
    if not hiding.may_name(text):
        return text
    with scopes_disabled():
        rows = Case.objects.filter(pk=case).values_list(
            "borrower__person", "borrower__person__creditor"
        )
        owner = rows.first()
    if owner is None:
        return text
    return hiding.hide_names(person=owner[0], creditor=owner[1], text=text)
