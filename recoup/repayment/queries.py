"""What is asked: a case's promises, plans and payments, and what waits in suspense."""

from __future__ import annotations

from django.db.models import QuerySet

from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.repayment.models import Payment, Plan, Promise


def promises(*, viewer: Viewer, case: Case) -> QuerySet[Promise]:
    """The promises of a case, the newest first. :raises Refused: without leave to see cases"""
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = scopes.visible(Promise.objects.filter(case=case), viewer, case="case__")
    return rows.order_by("-made_at", "-pk")


def plans(*, viewer: Viewer, case: Case) -> QuerySet[Plan]:
    """The plans of a case with their payments. :raises Refused: without leave to see cases"""
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = scopes.visible(Plan.objects.filter(case=case), viewer, case="case__")
    return rows.prefetch_related("instalments").order_by("-agreed_at", "-pk")


def payments(*, viewer: Viewer, case: Case) -> QuerySet[Payment]:
    """The payments of a case, the newest first. :raises Refused: without leave to see cases"""
    scopes.demand(viewer, scopes.SEE_CASES)
    rows = scopes.visible(Payment.objects.filter(case=case), viewer, case="case__")
    return rows.select_related("loan").order_by("-value_on", "-pk")


def suspense(*, viewer: Viewer, book: Book) -> QuerySet[Payment]:
    """
    The payments of a book that belong to nobody yet, the oldest first.

    They have no case, so no team: whoever may post payments for the creditor sees them; an agency
    never does.

    :raises Refused: without leave to post payments
    """
    scopes.demand(viewer, scopes.POST_PAYMENT)
    rows = Payment.objects.filter(book=book, state=Payment.State.SUSPENSE)
    rows = rows.filter(book__creditor__in=viewer.creditors)
    if viewer.agency is not None:
        rows = rows.none()
    return rows.order_by("value_on", "pk")
