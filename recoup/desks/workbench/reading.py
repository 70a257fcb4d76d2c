"""The page of one case: everything that a collector must know before the next word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from recoup.journal import queries as journal
from recoup.kernel.clock import now
from recoup.kernel.errors import Refused
from recoup.look import sentences
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.people.models import Sealed
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case

EVENTS = 60


@dataclass(frozen=True)
class Datum:
    """One piece of personal data as the page shows it: half hidden, or whole for this once."""

    kind: str
    masked: str
    sealed: int
    value: str = ""
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
    The case, if the viewer may see it. :raises Http404: if not; whether it exists is not said
    """
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.SEE_CASES)
    try:
        return portfolio.case(viewer=viewer, pk=pk)
    except (Case.DoesNotExist, Refused):
        raise Http404("No such case.") from None


def page(
    request: HttpRequest, case: Case, *, wrong: forms.Form | None = None,
    shown: dict[int, str] | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page, with a form that was not right, or with what was unmasked."""
    at = now()
    context = _facts(request, case, at, shown or {}) | _forms(request, case)
    if wrong is not None:
        context[f"{wrong.prefix}_form"] = wrong
        context["open_form"] = wrong.prefix
    return render(request, "workbench/case.html", context, status=status)


def _facts(request: HttpRequest, case: Case, at: datetime, shown: dict[int, str]) -> dict[str, Any]:
    viewer = viewer_of(request)
    entries = list(portfolio.ledger(viewer=viewer, case=case))
    loans = list(case.loans.prefetch_related("instalments").order_by("reference"))
    return {
        "case": case,
        "book": case.book,
        "loans": loans,
        "entries": entries,
        "owed_by": _owed_by(entries),
        "events": [
            sentences.sentence_of(event)
            for event in journal.timeline(viewer=viewer, case=case.pk, limit=EVENTS)
        ],
        "notes": portfolio.notes(viewer=viewer, case=case),
        "people": _people(case, shown),
        "plans": list(case.plans.prefetch_related("instalments").order_by("-pk")),
        "attempts": list(case.attempts.select_related("contact_point").order_by("-reserved_at")),
        "replies": list(case.replies.order_by("-at")[:20]),
        "refusals": list(case.refusals.order_by("-at")[:20]),
        "stops": list(case.stops.filter(lifted_at=None).order_by("since")),
        "opt_outs": list(case.borrower.opt_outs.filter(lifted_at=None).order_by("at")),
        "decisions": list(case.decisions.order_by("-on", "priority")[:10]),
        "position": journal.position(),
        "at": at,
    }


def _forms(request: HttpRequest, case: Case) -> dict[str, Any]:
    may = viewer_of(request).may
    made: dict[str, Any] = {"may": may}
    return made


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
            value=shown.get(point.sealed_id, ""),
        )
        for point in case.borrower.contact_points.order_by("medium", "pk")
    ]  # fmt: skip


def _owed_by(entries: list[Any]) -> dict[str, int]:
    parts = ("principal", "interest", "penalty", "cost")
    return {part: sum(getattr(entry, part) for entry in entries) for part in parts}
