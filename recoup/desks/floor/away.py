"""Somebody is away today: who would get what, what it costs, do it, give it back."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from recoup.desks.floor.forms import AwayForm
from recoup.gate import queries as gate
from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid
from recoup.look import books, once
from recoup.look.forms import take
from recoup.look.views import viewer_of
from recoup.people import queries as people
from recoup.people import scopes
from recoup.strategy import operations as strategy
from recoup.strategy import queries
from recoup.strategy.models import Assignment


@require_http_methods(["GET", "POST"])
def away(request: HttpRequest, username: str) -> HttpResponse:
    """Look at who would get what; with a POST, do exactly that."""
    viewer, book = viewer_of(request), books.chosen(request)
    people.led(viewer=viewer, username=username)
    at = now()
    on = local_day(at, book.time_zone)
    careful = gate.vulnerable_cases(book=book, at=at)
    form = AwayForm(request.POST or None, today=on)
    if request.method == "POST" and form.is_valid():
        last: date = form.cleaned_data["last"]
        try:
            first = once.carry_out(request, lambda: strategy.cover(
                viewer=viewer, book=book, username=username, on=on, at=at,
                until=last + timedelta(days=1), kind=form.cleaned_data["kind"],
                seen=request.POST.get("seen", ""), vulnerable=careful,
            ))  # fmt: skip
        except Invalid as error:
            take(form, error)
        else:
            if first:
                messages.success(
                    request, _("The cases are taken over. They can be given back here.")
                )
            return redirect(f"{reverse('floor')}?book={book.code}")
    wanted = queries.plan_cover(
        viewer=viewer, book=book, username=username, on=on, vulnerable=careful
    )
    left = [
        {"why": queries.why_nobody(code), "count": count} for code, count in wanted.left.items()
    ]
    context = {"book": book, "cover": wanted, "form": form, "on": on, "left": left}
    return render(request, "floor/away.html", context, status=422 if form.errors else 200)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Give back what was taken over."""
    viewer, book = viewer_of(request), books.chosen(request)
    scopes.demand(viewer, scopes.LEAD)
    row = get_object_or_404(
        Assignment.objects.select_related("book", "away", "absence"), pk=pk, book=book
    )
    first = once.carry_out(
        request, lambda: strategy.undo_cover(viewer=viewer, assignment=row, at=now())
    )
    if first:
        messages.success(request, _("The cases are given back."))
    return redirect(f"{reverse('floor')}?book={book.code}")
