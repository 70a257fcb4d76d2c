"""Moving cases through their states, giving them to collectors, and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from heapq import heapify, heapreplace

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from recoup.intake.models import Placement
from recoup.journal.operations import record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, Refused
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Agency, Book, Team, User
from recoup.people.scopes import unjoined
from recoup.portfolio import bulk, states
from recoup.portfolio.events import (
    CaseMoved,
    CasesAdmitted,
    CasesPlacedOut,
    CasesShared,
    NoteWritten,
)
from recoup.portfolio.models import Case, Loan, Note

REASON = 200
CHUNK = 5000


def move(*, case: Case, to: str, reason: str, by: Actor, at: datetime) -> Case:
    """
    Take a case to another state.

    :raises IllegalMove: if the table of `portfolio.states` does not allow it
    :raises Invalid: without a reason
    """
    if not reason.strip():
        raise Invalid(_("Say why the case is moved."), hint=_("A few words are enough."))
    with transaction.atomic():
        locked = (
            Case.objects.select_for_update(of=("self",), no_key=True)
            .select_related("book")
            .get(pk=case.pk)
        )
        states.check(case=locked, target=to)
        with record(
            CaseMoved, by=by, at=at, case=locked, source=locked.state, target=to, reason=reason[:REASON]
        ) as event:  # fmt: skip
            Case.objects.filter(pk=locked.pk).update(state=to, state_reason=reason[:REASON])
            case.state, case.state_reason = to, reason[:REASON]
            return event.about(case)


def retain(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """Keep a case with its collector beyond its term (留案)."""
    return move(case=case, to=states.S.RETAINED, reason=reason, by=by, at=at)


def suspend(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """Stop working a case for now (停催)."""
    return move(case=case, to=states.S.SUSPENDED, reason=reason, by=by, at=at)


def resume(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """Work a retained, suspended or settled case again (在催)."""
    return move(case=case, to=states.S.OPEN, reason=reason, by=by, at=at)


def recall(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """Give a case back to the lender (退案)."""
    return move(case=case, to=states.S.RECALLED, reason=reason, by=by, at=at)


def close(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """Put a settled or recalled case away (结案)."""
    return move(case=case, to=states.S.CLOSED, reason=reason, by=by, at=at)


def settle(*, case: Case, reason: str, by: Actor, at: datetime) -> Case:
    """
    Say that nothing is owed any more (结清). Postings do this by themselves.

    :raises Refused: if something is owed
    """
    case.refresh_from_db(fields=["owed", "state"])
    if case.owed:
        raise Refused(
            _("Case {case} still owes something.").format(case=case.pk),
            rules=("portfolio.settled_means_nothing_owed",),
            hint=_("Post the payment, or waive the rest."),
        )
    return move(case=case, to=states.S.SETTLED, reason=reason, by=by, at=at)


def follow_the_balance(*, case: Case, by: Actor, at: datetime) -> None:
    """Settle a case that owes nothing; reopen a settled one that owes again."""
    if case.owed == 0 and states.is_legal(source=case.state, target=states.S.SETTLED):
        move(case=case, to=states.S.SETTLED, reason="nothing is owed", by=by, at=at)
    elif case.owed > 0 and case.state == states.S.SETTLED:
        move(case=case, to=states.S.OPEN, reason="owes again", by=by, at=at)


def admit(*, placement: Placement, by: Actor, at: datetime) -> int:
    """
    Release the placed cases of a placement for work (入催 to 在催); gives how many.

    Called once the restrictions that came with the placement are known.
    """
    # One step from loans to cases: where PostgreSQL has no statistics of new tables yet, each further
    # join is another loop over all of them.
    loans = unjoined(Loan).filter(placement=placement)
    rows = unjoined(Case).filter(
        book=placement.book, state=states.S.PLACED, pk__in=loans.values("case")
    )
    with record(CasesAdmitted, by=by, at=at, book=placement.book) as event:
        event.about(placement)
        settled = rows.filter(owed=0).update(state=states.S.SETTLED, state_reason="nothing is owed")
        count = rows.filter(owed__gt=0).update(state=states.S.OPEN, state_reason="")
        event.note(cases=count, settled=settled, placement=placement.pk)
    return count


def share_out(*, book: Book, by: Actor, at: datetime) -> int:
    """
    Give open cases without a team to the creditor's own teams, so that a leader sees them.

    The first hand-out only: the largest debt first, always to the team with the fewest cases for
    each of its collectors. Which collector gets which case the night decides, when it knows what
    they are worth (`strategy.assign_cases`). Where there is no team at all the cases wait, and the
    event says how many.
    """
    sizes = _sizes(book)
    with record(CasesShared, by=by, at=at, book=book) as event:
        rows = Case.objects.filter(
            book=book, state__in=states.WORKED, team__isnull=True, agency__isnull=True
        )
        if not sizes:
            event.note(cases=0, waiting=rows.count())
            return 0
        loads = _loads(book)
        heap = [(loads[team] / size, team) for team, size in sizes.items()]
        heapify(heap)
        given: list[tuple[int, int]] = []
        for pk in rows.order_by("-overdue", "pk").values_list("pk", flat=True).iterator():
            load, team = heap[0]
            heapreplace(heap, (load + 1 / sizes[team], team))
            given.append((pk, team))
        given.sort()  # in the order of the table: rows at random are another page each
        for start in range(0, len(given), CHUNK):
            bulk.update(Case, ["team"], given[start : start + CHUNK])
        event.note(cases=len(given), waiting=0, teams=len(sizes))
        return len(given)


def place_out(*, book: Book, cases: Sequence[int], agency: Agency, by: Actor, at: datetime) -> int:
    """
    Place worked cases of a book with an outside agency (委外); their team and collector let go of
    them. Gives how many; twice changes nothing.

    :raises Refused: for an agency that the creditor does not list
    """
    if not agency.creditors.filter(pk=book.creditor_id).exists():
        raise Refused(
            _("{creditor} does not list {agency}.").format(
                creditor=book.creditor.name, agency=agency.name
            ),
            rules=("portfolio.agency_listed",), hint=_("Put it on the list: recoup agency add."),
        )  # fmt: skip
    with record(
        CasesPlacedOut, by=by, at=at, book=book, agency=agency.name, code=agency.code
    ) as event:
        rows = unjoined(Case).filter(book=book, pk__in=cases, state__in=states.WORKED)
        moved = list(rows.filter(agency=None).order_by("pk").values_list("pk", flat=True))
        unjoined(Case).filter(pk__in=moved).update(agency=agency, team=None, collector=None)
        event.note(cases=len(moved), placed=moved)
        event.about(agency)
    return len(moved)


def _sizes(book: Book) -> dict[int, int]:
    """The creditor's own teams, and for how many each counts: a team without collectors for one."""
    teams = Team.objects.filter(creditor=book.creditor_id, agency__isnull=True)
    collecting = Q(
        user__role=User.Role.COLLECTOR, user__is_active=True, user__creditors=book.creditor_id
    )
    counted = teams.annotate(people=Count("user", filter=collecting, distinct=True))
    return {pk: max(people, 1) for pk, people in counted.order_by("pk").values_list("pk", "people")}


def _loads(book: Book) -> Counter[int]:
    rows = Case.objects.filter(book=book, state__in=states.WORKED, team__isnull=False)
    counted = rows.order_by().values_list("team").annotate(Count("pk"))
    return Counter(dict(counted))


def note(*, case: Case, text: str, viewer: Viewer, at: datetime) -> Note:
    """
    Write a note (催记). The text is sealed under the borrower's own key.

    :raises Refused: if the viewer may not work cases, or cannot see this one
    :raises Invalid: if there is no text
    """
    scopes.demand(viewer, scopes.WORK_CASES)
    if not scopes.visible(Case.objects.filter(pk=case.pk), viewer).exists():
        raise Refused(_("This case is not yours to see."), rules=("people.tenant",))
    if not text.strip():
        raise Invalid(_("The note is empty."), hint=_("Write what was said, or what you found."))
    with record(NoteWritten, by=viewer.actor(), at=at, case=case) as event:
        sealed = people.seal_note(person=case.borrower.person, text=text.strip())
        return event.about(Note.objects.create(case=case, by_id=viewer.user, at=at, text=sealed))
