"""The page of one case: everything that a collector must know before the next word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from recoup.contact import queries as contact
from recoup.contact.models import Attempt
from recoup.desks.workbench import forms as case_forms
from recoup.gate import queries as gate
from recoup.gate.models import Refusal
from recoup.journal import queries as journal
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import sentences, terms
from recoup.look.reasons import why_not
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.people.models import Sealed
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case, ContactPoint
from recoup.repayment import queries as repayment
from recoup.repayment.limits import limits
from recoup.rulebook.vocabulary import OPENS
from recoup.scoring import queries as scoring
from recoup.strategy import queries as strategy

EVENTS = 60
MOST = 12
# What a person at a desk can use today; the robot's own budgets are the gate's business.
BUDGETS = {
    ("sms", "channel.sms"), ("email", "channel.email"), ("letter", "channel.letter"),
    ("call", "effective_call"), ("call", "attempt"),
}  # fmt: skip
# The channels of which the page offers to ask "may I?", by the medium they need.
MEDIA = {"sms": "phone", "call": "phone", "email": "email", "letter": "address"}


@dataclass(frozen=True)
class Datum:
    """One piece of personal data as the page shows it: half hidden, or whole for this once."""

    kind: str
    masked: str
    sealed: int
    value: str = ""
    point: int = 0
    party: str = ""
    state: str = ""
    source: str = ""
    expires_on: date | None = None


@require_GET
@never_cache
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a case."""
    return page(request, found(request, pk))


def found(request: HttpRequest, pk: int) -> Case:
    """
    The case, if the viewer may see it.

    :raises Http404: if not; whether it exists is not said
    :raises Refused: if the viewer declared a conflict of interest with its borrower
    """
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.SEE_CASES)
    try:
        return portfolio.case(viewer=viewer, pk=pk)
    except Refused as refused:
        if portfolio.CONFLICT in refused.rules:
            raise
        raise Http404("No such case.") from None


def page(
    request: HttpRequest, case: Case, *, wrong: forms.Form | None = None,
    shown: dict[int, str] | None = None, refused: tuple[Refusal, ContactPoint] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page, with a form that was not right, what was unmasked, or a call that may not be."""
    at = now()
    context = _facts(request, case, at, shown or {}) | _forms(request, case)
    context["calls"] = _calls(viewer_of(request), case, shown or {}, wrong)
    if refused is not None:
        context["refused"], context["refused_point"] = refused
    if wrong is not None:
        context[f"{wrong.prefix}_form"] = wrong
        context["open_form"] = wrong.prefix
    return render(request, "workbench/case.html", context, status=status)


def _facts(request: HttpRequest, case: Case, at: datetime, shown: dict[int, str]) -> dict[str, Any]:
    viewer = viewer_of(request)
    attempts = list(contact.attempts(viewer=viewer, case=case))
    entries = list(portfolio.ledger(viewer=viewer, case=case))
    today = local_day(at, case.book.time_zone)
    scores = scoring.score_of(viewer=viewer, case=case, on=today)
    people = _people(case, shown)
    filed = list(gate.declared(viewer=viewer, case=case, at=at))
    loans = list(case.loans.prefetch_related("instalments").order_by("reference"))
    return {
        "case": case,
        "book": case.book,
        "loans": loans,
        "entries": entries,
        "owed_by": _owed_by(entries),
        "events": _timeline(viewer, case, attempts),
        "notes": portfolio.notes(viewer=viewer, case=case),
        "people": people,
        "may_ask_by": [c for c, kind in MEDIA.items() if any(one.kind == kind for one in people)],
        "promises": list(repayment.promises(viewer=viewer, case=case)),
        "plans": list(repayment.plans(viewer=viewer, case=case)),
        "payments": list(repayment.payments(viewer=viewer, case=case)),
        "attempts": attempts,
        "replies": _replies(viewer, case),
        "refusals": list(gate.refusals(viewer=viewer).filter(case=case)[:MOST]),
        "stops": list(case.stops.filter(lifted_at=None).order_by("since")),
        "opt_outs": list(case.borrower.opt_outs.filter(lifted_at=None).order_by("at")),
        "remaining": _remaining(viewer, case, at),
        "approvals": list(gate.approvals(viewer=viewer, case=case)[:MOST]),
        "opens": OPENS,
        "on_file": [row for row in filed if gate.is_of_case(row)],
        "on_file_above": [row for row in filed if not gate.is_of_case(row)],
        "score": next((s for s in scores if s.target == "repay_30"), None),
        "able_and_willing": [s for s in scores if s.target in ("ability", "willingness")],
        "assigned": _assigned(viewer, case),
        "decisions": [
            {"row": row, "why": strategy.describe(row)}
            for row in case.decisions.order_by("-on", "-priority")[:MOST]
        ],
        "left_alone": _left_alone(viewer, case, today),
        "position": journal.position(),
        "at": at,
    }


def _left_alone(viewer: Viewer, case: Case, today: date) -> dict[str, Any] | None:
    """Why last night did nothing, in words."""
    found = strategy.left_alone(viewer=viewer, case=case, on=today)
    if found is None:
        return None
    return {"on": found.on, "why": [why_not(found.code), *found.parts]}


def _assigned(viewer: Viewer, case: Case) -> list[strategy.Part]:
    """Why the case is where it is."""
    told = strategy.assignment_of(viewer=viewer, case=case)
    return strategy.describe_assignment(told) if told else []


def _forms(request: HttpRequest, case: Case) -> dict[str, Any]:
    may = viewer_of(request).may
    currency = case.book.currency
    made: dict[str, Any] = {"may": may, "may_call": may_call(viewer_of(request))}
    if scopes.WORK_CASES in may:
        made["note_form"] = case_forms.NoteForm()
        made["promise_form"] = case_forms.PromiseForm(currency=currency)
        made["plan_form"] = case_forms.PlanForm(currency=currency, card=holds_card(case))
        made["opt_form"] = case_forms.OptOutForm()
        if viewer_of(request).agency is None:
            made["conflict_form"] = case_forms.ConflictForm()
    if scopes.POST_PAYMENT in may:
        loans = list(case.loans.order_by("reference"))
        made["payment_form"] = case_forms.PaymentForm(loans=loans, currency=currency)
    if scopes.HOLD in may:
        made["move_form"] = case_forms.MoveForm(case=case)
        made["declare_form"] = case_forms.DeclareForm(
            points=points_of(case), may_open=scopes.APPROVE_RULE in may
        )
    if scopes.HOLD in may or scopes.WORK_CASES in may:
        made["stop_form"] = case_forms.StopForm()
    return made


def points_of(case: Case) -> list[ContactPoint]:
    """The contact points of a case, in the order of the page."""
    return list(case.borrower.contact_points.order_by("party", "medium", "pk"))


def _timeline(viewer: Viewer, case: Case, attempts: list[Attempt]) -> list[sentences.Sentence]:
    """The case's events, and its contacts: those are journaled by the handful, not by the case."""
    told = [
        sentences.sentence_of(event)
        for event in journal.timeline(viewer=viewer, case=case.pk, limit=EVENTS)
    ]
    told += [
        sentences.Sentence(
            position=0, at=attempt.reserved_at, icon="send", kind="contact.attempt",
            text=_("%(channel)s to %(point)s: %(state)s") % {
                "channel": terms.word("channel", attempt.channel),
                "point": attempt.contact_point.masked,
                "state": terms.word("outcome", attempt.outcome)  # type: ignore[attr-defined]
                if attempt.outcome  # type: ignore[attr-defined]
                else terms.word("attempt", attempt.state),
            },
            by=_("Recoup"), case=case.pk, digest="",
        )
        for attempt in attempts[:EVENTS]
    ]  # fmt: skip
    return sorted(told, key=lambda one: (one.at, one.position), reverse=True)[:EVENTS]


def _remaining(viewer: Viewer, case: Case, at: datetime) -> list[gate.Budget]:
    # A time zone that nobody knows is a refusal at the gate, not a page that breaks.
    try:
        found = gate.remaining(viewer=viewer, case=case, at=at)
    except Invalid:
        return []
    return [budget for budget in found if (budget.channel, budget.unit) in BUDGETS]


def _replies(viewer: Viewer, case: Case) -> list[dict[str, Any]]:
    rows = scopes.visible(case.replies.all(), viewer, case="case__").order_by("-at")[:MOST]
    return [{"row": row, "words": contact.words(viewer=viewer, reply=row)} for row in rows]


def asked_by(viewer: Viewer) -> str:
    """How the keys begin under which a person at a desk asks leave to call."""
    return f"desk:{viewer.user}:"


def may_call(viewer: Viewer) -> bool:
    """Whether a person may ask leave, and then see whom to call."""
    return {scopes.ASK_PERMIT, scopes.UNMASK} <= viewer.may


def _calls(
    viewer: Viewer, case: Case, shown: dict[int, str], wrong: forms.Form | None
) -> list[dict[str, Any]]:
    """The viewer's calls on the case that run, each with the form that ends it."""
    if not may_call(viewer):
        return []
    told = []
    for row in contact.open_calls(viewer=viewer, case=case, asked=asked_by(viewer)):
        form: forms.Form = case_forms.OutcomeForm(call=row.pk)
        if wrong is not None and wrong.prefix == form.prefix:
            form = wrong
        value = shown.get(row.contact_point.sealed_id, "")
        told.append({"row": row, "form": form, "value": value})
    return told


def _people(case: Case, shown: dict[int, str]) -> list[Datum]:
    kinds = (Sealed.Kind.NAME, Sealed.Kind.IDENTITY)
    own = Sealed.objects.filter(person=case.borrower.person_id, kind__in=kinds)
    rows = [
        Datum(kind=row.kind, masked=row.masked, sealed=row.pk, value=shown.get(row.pk, ""))
        for row in own.order_by("-kind", "pk").defer("ciphertext")
    ]
    return rows + [
        Datum(
            kind=point.medium, masked=point.masked, sealed=point.sealed_id, party=point.party,
            state=point.state, source=point.source, expires_on=point.expires_on,
            value=shown.get(point.sealed_id, ""), point=point.pk,
        )
        for point in case.borrower.contact_points.order_by("medium", "pk")
    ]  # fmt: skip


def holds_card(case: Case) -> bool:
    """Whether a loan of the case is a credit card's, whose agreements the law writes out."""
    return any(loan.product in limits().cards for loan in case.loans.all())


def _owed_by(entries: list[Any]) -> dict[str, int]:
    parts = ("principal", "interest", "penalty", "cost")
    return {part: sum(getattr(entry, part) for entry in entries) for part in parts}
