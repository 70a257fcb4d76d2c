"""The board: what came in, what it cost, how cases moved, and every figure by its parts."""

from __future__ import annotations

from datetime import timedelta
from itertools import accumulate
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.desks.board.span import Span, asked
from recoup.journal import queries as journal
from recoup.kernel.actors import Viewer
from recoup.look import books, charts, sentences, terms
from recoup.look.views import viewer_of
from recoup.people.models import Book
from recoup.reporting import queries as reporting
from recoup.reporting.metrics import METRICS

DIMENSIONS = ("channel", "team", "arm", "stage", "vintage")
PARTS = ("recovered", "payments", "contacts", "cost", "promises_made", "promises_kept", "refused")
MOST_RULES = 8
SPANS = (7, 30, 90)


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Everything on one page, for the days in the address."""
    viewer, book = viewer_of(request), books.chosen(request)
    last = reporting.last_day(viewer=viewer, book=book)
    span = asked(request, book, last)
    days = {"viewer": viewer, "book": book, "since": span.since, "until": span.until}
    money = reporting.cost_and_income(**days)
    context: dict[str, Any] = {
        "book": book,
        "span": span,
        "last": last,
        "whole": viewer.team is None,
        "headline": _headline(money, viewer, book, span),
        "daily": _daily(money, book),
        "cost": _cost(money, book),
        "refused": _refused(reporting.refusals(**days)),
        "contacts": _contacts(reporting.contacts(**days)),
        "dimensions": [(name, _dimension(name)) for name in DIMENSIONS],
        "quick": [(n, last - timedelta(days=n - 1)) for n in SPANS] if last else [],
        "position": journal.position(),
        "live_kinds": "reporting.",
    }
    if viewer.team is None:
        context |= _whole(viewer, book, span)
    return render(request, "board/board.html", context)


@require_GET
def by(request: HttpRequest, dimension: str) -> HttpResponse:
    """The flows of the days by one dimension: what stands behind a figure."""
    if dimension not in DIMENSIONS:
        raise Http404("No such dimension.")
    viewer, book = viewer_of(request), books.chosen(request)
    span = asked(request, book, reporting.last_day(viewer=viewer, book=book))
    rows = parts(viewer=viewer, book=book, span=span, dimension=dimension)
    context = {
        "book": book, "span": span, "dimension": dimension, "title": _dimension(dimension),
        "dimensions": [(name, _dimension(name)) for name in DIMENSIONS], "rows": rows,
        "metrics": [METRICS[name] for name in PARTS],
        "chart": charts.rows(
            names=[row["label"] for row in rows[:15]],
            data=[row["values"][0] / 100 for row in rows[:15]], unit=book.currency,
        ),
    }  # fmt: skip
    return render(request, "board/by.html", context)


def parts(*, viewer: Viewer, book: Book, span: Span, dimension: str) -> list[dict[str, Any]]:
    """A row for each slice of a dimension, with the flows in the order of `PARTS`."""
    found = reporting.by(
        viewer=viewer, book=book, dimension=dimension, since=span.since, until=span.until
    )
    return [
        {"label": terms.word(dimension, row["label"]),
         "values": [row.get(name, 0) for name in PARTS],
         "cells": list(zip((METRICS[name] for name in PARTS),
                           (row.get(name, 0) for name in PARTS), strict=True))}
        for row in found
    ]  # fmt: skip


def _headline(
    money: reporting.Series, viewer: Viewer, book: Book, span: Span
) -> list[dict[str, Any]]:
    told = reporting.summary(viewer=viewer, book=book, since=span.since, until=span.until)
    meanings = {str(_(metric.label)): str(_(metric.meaning)) for metric in METRICS.values()}
    code = f"{book.currency} "
    return [
        {"label": label, "meaning": meanings.get(label, ""),
         "value": value.replace(code, sentences.SYMBOLS.get(book.currency, code))}
        for label, value in told.items()
    ]  # fmt: skip


def _daily(money: reporting.Series, book: Book) -> charts.Option:
    recovered = money.values["recovered"]
    return charts.bars_and_line(
        names=[day.isoformat() for day in money.days], unit=book.currency,
        bar=(_("Recovered"), [value / 100 for value in recovered]),
        line=(_("Since the first day"), [value / 100 for value in accumulate(recovered)]),
    )  # fmt: skip


def _cost(money: reporting.Series, book: Book) -> charts.Option:
    """The cost of each 100 recovered, running: single days have too few payments to say."""
    costs, recovered = accumulate(money.values["cost"]), accumulate(money.values["recovered"])
    share = [round(100 * cost / got, 2) if got > 0 else None
             for cost, got in zip(costs, recovered, strict=True)]  # fmt: skip
    return charts.lines(
        names=[day.isoformat() for day in money.days],
        series={_("Cost for each 100 recovered"): share}, unit=book.currency,
    )  # fmt: skip


def _whole(viewer: Viewer, book: Book, span: Span) -> dict[str, Any]:
    """What only those see who see the whole book: stages, rolls, vintages, reasons."""
    stages = reporting.stages(viewer=viewer, book=book, on=span.until)
    rolls = reporting.roll_rates(viewer=viewer, book=book, on=span.until)
    curves = reporting.vintage(viewer=viewer, book=book, until=span.until)
    longest = max((len(curve.rates) for curve in curves), default=0)
    cells = [
        (
            rolls.targets.index(end),
            rolls.stages.index(start),
            round(100 * rolls.share(start, end), 1),
        )
        for start, end in rolls.cases
    ]
    return {
        "stages": stages,
        "mix": charts.bars(
            names=[row["stage"] for row in stages], unit=book.currency,
            series={_("Overdue"): [row.get("overdue", 0) / 100 for row in stages]},
        ),
        "stage_links": {
            row["stage"]: f"{reverse('cases')}?book={book.code}&stage={row['stage']}"
            for row in stages
        },
        "rolls": charts.matrix(
            across=[terms.word("case", name) for name in rolls.targets],
            down=rolls.stages, cells=cells,
        ) if cells else None,
        "vintages": charts.lines(
            names=[str(n) for n in range(longest)], unit="%",
            series={
                curve.vintage: [round(100 * rate, 2) for rate in curve.rates] for curve in curves
            },
        ) if curves else None,
    }  # fmt: skip


def _refused(counts: list[tuple[str, int]]) -> charts.Option | None:
    if not counts:
        return None
    top = counts[:MOST_RULES]
    return charts.rows(names=[name for name, _n in top], data=[count for _name, count in top])


def _contacts(counts: dict[str, dict[str, int]]) -> charts.Option | None:
    if not counts:
        return None
    channels = sorted(counts)
    states = sorted({state for of in counts.values() for state in of})
    return charts.bars(
        names=[terms.word("channel", name) for name in channels], stacked=True,
        series={
            terms.word("attempt", state): [counts[name].get(state, 0) for name in channels]
            for state in states
        },
    )  # fmt: skip


def _dimension(name: str) -> str:
    return {
        "channel": _("By channel"), "team": _("By team"), "arm": _("By arm"),
        "stage": _("By stage"), "vintage": _("By month of placement"),
    }[name]  # fmt: skip
