"""Texts and senders: what may be sent, from where, and who approved it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.gate import operations, queries
from recoup.gate.models import Template
from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid, Refused
from recoup.look import books, once
from recoup.look.views import viewer_of
from recoup.people import scopes


@require_GET
def texts(request: HttpRequest) -> HttpResponse:
    """The texts of the book's country in every version, and its lender's senders."""
    viewer, book = viewer_of(request), books.chosen(request)
    if scopes.APPROVE_TEMPLATE not in viewer.may:
        scopes.demand(viewer, scopes.SEE_STUDIO)
    today = local_day(now(), book.time_zone)
    senders = queries.senders_of(viewer=viewer).filter(creditor=book.creditor_id)
    context = {
        "book": book,
        "texts": queries.templates(jurisdiction=book.jurisdiction, approved=False),
        "senders": [
            (row, row.valid_until is None or row.valid_until >= today) for row in senders
        ],
        "may_approve": scopes.APPROVE_TEMPLATE in viewer.may,
    }  # fmt: skip
    return render(request, "studio/texts.html", context)


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a text, by name."""
    at = now()
    return _changed(
        request, pk, _("%(text)s is approved and may be sent."),
        lambda row: operations.approve_template(template=row, viewer=viewer_of(request), at=at),
    )  # fmt: skip


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a text out of use."""
    at = now()
    return _changed(
        request, pk, _("%(text)s is withdrawn and is not sent any more."),
        lambda row: operations.withdraw_template(template=row, viewer=viewer_of(request), at=at),
    )  # fmt: skip


def _changed(
    request: HttpRequest, pk: int, said: str, act: Callable[[Template], object]
) -> HttpResponse:
    book = books.chosen(request)
    scopes.demand(viewer_of(request), scopes.APPROVE_TEMPLATE)
    row = get_object_or_404(Template, pk=pk, jurisdiction=book.jurisdiction)
    try:
        once.carry_out(request, lambda: act(row))
    except (Invalid, Refused) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said % {"text": row})
    response = redirect("texts")
    response["Location"] += f"?book={book.code}"
    return response
