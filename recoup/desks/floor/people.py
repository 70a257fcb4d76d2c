"""One of the team: what they can and carry, and when they are away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.desks.floor.forms import AbsentForm, QualifyForm, SeatForm
from recoup.kernel.clock import local_day, now
from recoup.kernel.errors import Invalid
from recoup.look import books, once
from recoup.look.forms import take
from recoup.look.views import viewer_of
from recoup.people import importing, operations, queries
from recoup.people.models import User


@require_GET
def person(request: HttpRequest, username: str) -> HttpResponse:
    """The page of one collector."""
    return _page(request, queries.led(viewer=viewer_of(request), username=username))


def _page(
    request: HttpRequest, user: User, *, wrong: forms.Form | None = None
) -> HttpResponse:  # fmt: skip
    viewer, book = viewer_of(request), books.chosen(request)
    on = local_day(now(), book.time_zone)
    one = next(each for each in queries.colleagues(viewer=viewer, on=on) if each.user == user.pk)
    kept = queries.kept_of(viewer=viewer, username=user.username)
    made: dict[str, forms.Form] = {
        "seat": SeatForm(initial={
            "tier": one.tier, "capacity": one.capacity, "weekdays": one.weekdays}),
        "can": QualifyForm(initial=kept),
        "absent": AbsentForm(initial={"since": on, "last": on}),
    }  # fmt: skip
    if wrong is not None:
        made[str(wrong.prefix)] = wrong
    context: dict[str, Any] = {
        "book": book, "who": one, "user_row": user, "on": on, "kept": kept,
        "absences": [row for row in queries.absences(viewer=viewer, on=on) if row.user_id == user.pk],
        **{f"{name}_form": form for name, form in made.items()},
        "open_form": wrong.prefix if wrong is not None else "",
    }  # fmt: skip
    return render(request, "floor/person.html", context, status=422 if wrong is not None else 200)


def _perform(
    request: HttpRequest, username: str, form: forms.Form,
    act: Callable[[User, datetime], object], done: str,
) -> HttpResponse:  # fmt: skip
    user = queries.led(viewer=viewer_of(request), username=username)
    if not form.is_valid():
        return _page(request, user, wrong=form)
    try:
        first = once.carry_out(request, lambda: act(user, now()))
    except Invalid as error:
        take(form, error)
        return _page(request, user, wrong=form)
    messages.success(request, done if first else _("This was already recorded. Nothing was added."))
    return redirect("floor_person", username)


@require_POST
def seat(request: HttpRequest, username: str) -> HttpResponse:
    """Set how they work."""
    form = SeatForm(request.POST)

    def act(user: User, at: datetime) -> object:
        said = form.cleaned_data
        return operations.seat(
            user=user, tier=said["tier"], capacity=said["capacity"],
            equal_share=said["capacity"] is None, weekdays=said["weekdays"],
            by=viewer_of(request).actor(), at=at,
        )  # fmt: skip

    return _perform(request, username, form, act, _("It is kept. The next hand-out goes by it."))


@require_POST
def qualify(request: HttpRequest, username: str) -> HttpResponse:
    """Set what they can."""
    form = QualifyForm(request.POST)

    def act(user: User, at: datetime) -> object:
        said, problems = form.cleaned_data, list[str]()
        held = [importing.licence(part, problems) for part in importing.parts(said["licences"])]
        if problems:
            raise Invalid(" ".join(problems))
        return operations.qualify(
            of=user, skills=dict(importing.skill(part) for part in importing.parts(said["skills"])),
            languages=importing.parts(said["languages"]), licences=[each for each in held if each],
            by=viewer_of(request).actor(), at=at,
        )  # fmt: skip

    return _perform(request, username, form, act, _("It is kept. The next hand-out goes by it."))


@require_POST
def absent(request: HttpRequest, username: str) -> HttpResponse:
    """Record days on which they are away."""
    form = AbsentForm(request.POST)

    def act(user: User, at: datetime) -> object:
        said = form.cleaned_data
        return operations.mark_away(
            user=user, since=said["since"], until=said["last"] + timedelta(days=1),
            kind=said["kind"], by=viewer_of(request).actor(), at=at,
        )  # fmt: skip

    return _perform(request, username, form, act, _("The absence is recorded."))


@require_POST
def end_absence(request: HttpRequest, username: str, pk: int) -> HttpResponse:
    """Take an absence back."""
    viewer, at = viewer_of(request), now()
    user = queries.led(viewer=viewer, username=username)
    on = local_day(at, books.chosen(request).time_zone)
    mine = [row for row in queries.absences(viewer=viewer, on=on) if row.user_id == user.pk]
    row = next((each for each in mine if each.pk == pk), None)
    if row is None:
        raise Http404("No such absence.")
    if once.carry_out(
        request, lambda: operations.end_absence(absence=row, by=viewer.actor(), at=at)
    ):
        messages.success(request, _("The absence is taken back."))
    return redirect("floor_person", username)
