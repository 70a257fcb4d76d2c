"""What was stopped on one day: by rule, channel and book."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.gate import queries as gate
from recoup.journal import queries as journal
from recoup.kernel.clock import CHINA, local_day, now
from recoup.look import books, charts, terms
from recoup.look.forms import day_from
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.strategy import queries as strategy

MOST_RULES = 12


@require_GET
def today(request: HttpRequest) -> HttpResponse:
    """The day's refusals by rule, channel and book, with the way to each of them."""
    viewer, book = viewer_of(request), books.named(request)
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    current = local_day(now(), book.time_zone if book else CHINA)
    on = min(_day(request, current), current)
    some = [book] if book else books.known(request)
    found = gate.stopped_on(viewer=viewer, books=some, on=on)
    channels = [name for name, _n in found.by_channel.most_common()]

    def to(**more: str) -> str:
        kept = {"book": book.code} if book else {}
        return f"{reverse('refusals')}?{urlencode({'on': on.isoformat(), **kept, **more})}"

    rules = [
        {**found.words[name], "count": count, "url": to(rule=name), "cells": [
            (channel, found.cells[name, channel], to(rule=name, channel=channel))
            for channel in channels
        ]}
        for name, count in found.by_rule.most_common()
    ]  # fmt: skip
    codes = {each.pk: each for each in some}
    top = rules[:MOST_RULES]
    context = {
        "book": book, "on": on, "is_today": on == current, "found": found, "rules": rules,
        "all": to(),
        "stops": strategy.stopped_on(viewer=viewer, books=some, on=on),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1) if on < current else None,
        "channels": [(name, found.by_channel[name], to(channel=name)) for name in channels],
        "by_book": [
            (codes[pk], count, to(book=codes[pk].code))
            for pk, count in found.by_book.most_common() if pk in codes
        ],
        "chart": charts.stacked_rows(
            names=[row["id"] for row in top],
            series={
                terms.word("channel", name): [found.cells[row["id"], name] for row in top]
                for name in channels
            },
        ) if top else None,
        "links": {row["id"]: row["url"] for row in top},
        "chart_label": _("Refusals by rule"),
        "position": journal.position(), "live_kinds": "gate.",
    }  # fmt: skip
    return render(request, "review/today.html", context)


def _day(request: HttpRequest, current: date) -> date:
    return day_from(request.GET.get("on", "")) or current
