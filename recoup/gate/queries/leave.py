"""What was asked to be set aside, and what is on file, within what a viewer may see."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from recoup.gate.models import Approval, Declared
from recoup.gate.onfile import standing
from recoup.gate.operations.approvals import PERMISSION
from recoup.kernel.actors import Viewer
from recoup.people.scopes import visible
from recoup.portfolio.models import Case

RELATED = ("case__borrower", "case__book__creditor")


def pending_approvals(*, viewer: Viewer, at: datetime) -> QuerySet[Approval]:
    """What waits for a decision and would still hold, the soonest to run out first."""
    rows = visible(Approval.objects.filter(state="asked", until__gt=at), viewer, case="case__")
    return rows.select_related(*RELATED).order_by("until", "pk")


def decided_approvals(*, viewer: Viewer, at: datetime) -> QuerySet[Approval]:
    """What was given, denied, or ran out before anybody decided, newest first."""
    rows = Approval.objects.filter(~Q(state="asked") | Q(until__lte=at))
    return (
        visible(rows, viewer, case="case__").select_related(*RELATED).order_by("-asked_at", "-pk")
    )


def approvals(*, viewer: Viewer, case: Case) -> QuerySet[Approval]:
    """What was asked for a case, newest first."""
    rows = visible(Approval.objects.filter(case=case), viewer, case="case__")
    return rows.order_by("-asked_at", "-pk")


def may_decide(*, viewer: Viewer, approval: Approval) -> bool:
    """Whether a viewer may decide what was asked: the role, and not one's own wish."""
    return PERMISSION[approval.role] in viewer.may and viewer.name != approval.asked_by


def declared(*, viewer: Viewer, case: Case, at: datetime) -> QuerySet[Declared]:
    """
    What stands on file that counts for a case: its own, its borrower's and their points', and that
    of its book, its agency and its creditor. None for a viewer who may not see the case.
    """
    rows = standing(at).filter(
        Q(case=case) | Q(borrower=case.borrower_id) | Q(contact_point__borrower=case.borrower_id)
        | Q(book=case.book_id)
        | Q(agency=case.agency_id, agency__isnull=False)
        | Q(agency=None, book=None, case=None, borrower=None, contact_point=None)
    ).filter(creditor=case.book.creditor_id)  # fmt: skip
    seen = visible(Case.objects.filter(pk=case.pk), viewer)
    if not seen.exists():
        return rows.none()
    return rows.select_related("contact_point", "agency").order_by("-since", "-pk")


def is_of_case(row: Declared) -> bool:
    """Whether something is on file of a case, its borrower or a point, and not of more than that."""
    return any((row.case_id, row.borrower_id, row.contact_point_id))
