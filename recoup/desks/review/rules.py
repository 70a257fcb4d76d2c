"""The law as a list to look things up in, and the page of one rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.gate import queries as gate
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import CHINA, local_day, now
from recoup.kernel.errors import Invalid
from recoup.kernel.sheets import Cell
from recoup.look import books, charts, terms
from recoup.look.exports import KINDS, table
from recoup.look.forms import day_from
from recoup.look.paging import page_of
from recoup.look.views import viewer_of

FILTERS = ("pack", "effect", "force", "state", "words")
SPAN = 30


@require_GET
def rules(request: HttpRequest) -> HttpResponse:
    """The rules of a country on a day, narrowed by the address."""
    viewer, on = viewer_of(request), _day(request)
    country = _country(request, viewer)
    every = gate.rules(viewer=viewer, jurisdiction=country, on=on)
    found = _found(request, viewer, country, on)
    context = {
        "country": country,
        "countries": [
            (code, terms.word("country", code)) for code in gate.countries(viewer=viewer)
        ],
        "on": on,
        "page": page_of(request, found),
        "in_force": sum(row["state"] == "in_force" for row in every),
        "unverified": sum(row["unverified"] for row in every),
        "total": len(every),
        "packs": sorted({row["pack"] for row in every}),
        "effects": _options("effect", every),
        "forces": _options("force", every),
        "states": [(code, word) for code, word in terms.choices("rule_state")],
        "filtered": any(request.GET.get(name) for name in FILTERS),
    }
    return render(request, "review/rules.html", context)


@require_GET
def rule(request: HttpRequest, country: str, name: str, under: str = "") -> HttpResponse:
    """One rule: the law in words, its source, numbers, cases, and how often it said no."""
    viewer, on = viewer_of(request), _day(request)
    try:
        found = gate.rule(viewer=viewer, jurisdiction=country, name=name, on=on)
    except Invalid:
        found = None
    if found is None:
        raise Http404("No such rule.")
    today = local_day(now(), CHINA)
    fires = gate.fires(viewer=viewer, rule=name, since=now() - timedelta(days=SPAN))
    days = [today - timedelta(days=n) for n in reversed(range(SPAN))]
    context = {
        "rule": found,
        "country": country,
        "on": on,
        "span": SPAN,
        "fires": fires,
        "chart": charts.bars(
            names=[day.isoformat() for day in days],
            series={_("Refusals"): [fires.by_day.get(day, 0) for day in days]},
        ) if fires.count else None,
        "refusals": f"{reverse('refusals')}?days={SPAN}&rule={name}",
    }  # fmt: skip
    return render(request, "review/rule.html", context)


@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """The rules that the list shows, as CSV or XLSX, in both languages."""
    if form not in KINDS:
        raise Http404("No such form.")
    viewer, on = viewer_of(request), _day(request)
    country = _country(request, viewer)
    heads = [
        _("Rule"), "中文", "English", _("Effect"), _("Force"), _("How it was read"), _("Source"),
        _("Issuer"), _("Number"), _("Date"), _("Clause"), _("Link"), _("Checked by"), _("Since"),
        _("Pack"), _("State"), _("May be set aside by"),
    ]  # fmt: skip
    rows = [_cells(row) for row in _found(request, viewer, country, on)]
    return table(form=form, name=f"recoup-rules-{country}-{on}", heads=heads, rows=rows)


def _cells(row: dict[str, Any]) -> list[Cell]:
    source, unknown = row["source"], "–" if row["is_house"] else _("unverified")
    return [
        row["id"], row["zh"], row["en"], terms.word("effect", row["effect"]),
        terms.word("force", row["force"]), terms.word("confidence", row["confidence"]),
        source["title"], source["issuer"] or unknown, source["number"] or unknown,
        str(source["date"] or unknown), row["clause"], source["link"] or unknown,
        source["checked_by"] or unknown, str(row["since"] or unknown), row["pack"],
        terms.word("rule_state", row["state"]), terms.word("override", row["override"]),
    ]  # fmt: skip


def _found(request: HttpRequest, viewer: Viewer, country: str, on: date) -> list[dict[str, Any]]:
    wanted = {name: request.GET.get(name, "")[:80] for name in FILTERS}
    return gate.rules(viewer=viewer, jurisdiction=country, on=on, **wanted)


def _options(kind: str, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    there = {row[kind] for row in rows}
    return [pair for pair in terms.choices(kind) if pair[0] in there]


def _country(request: HttpRequest, viewer: Viewer) -> str:
    """The country that the address names, else that of the viewer's first book."""
    known = gate.countries(viewer=viewer)
    own = [book.jurisdiction for book in books.known(request)]
    wanted = request.GET.get("country") or next((code for code in own if code in known), known[0])
    if wanted not in known:
        raise Http404("No rules for this country.")
    return wanted


def _day(request: HttpRequest) -> date:
    return day_from(request.GET.get("on", "")) or local_day(now(), CHINA)
