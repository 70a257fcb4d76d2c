"""Effects: what each treatment changes, measured on the book's own log, and for whom most."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.look import books, charts, terms
from recoup.look.views import viewer_of
from recoup.strategy import queries as strategy
from recoup.strategy.effects import queries
from recoup.strategy.effects.queries import Judged, Measurement


@require_GET
def effects(request: HttpRequest) -> HttpResponse:
    """The measured effects of a book, one treatment's curves, and why others are assumed."""
    viewer, book = viewer_of(request), books.chosen(request)
    found = queries.curves(viewer=viewer, book=book)
    one = found.of(request.GET.get("treatment"))
    last = strategy.plans(viewer=viewer, book=book).first()
    context: dict[str, Any] = {
        "book": book, "found": found, "one": one,
        "assumed": _assumed(last.effects if last else {}), "plan": last,
    }  # fmt: skip
    if one is not None and one.judged:
        context |= _charts(one)
    return render(request, "studio/effects.html", context)


def _assumed(effects: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, terms.word("assumed", why)) for name, why in effects.get("assumed", {}).items()]


def _charts(one: Measurement) -> dict[str, Any]:
    """The gain by each learner beside chance, said and happened by tenth, the effect by contacts."""
    shown = [judged for judged in one.judged if judged.learner != "constant"] or list(one.judged)
    shares = [f"{share:.0%}" for share, _gain in shown[0].curve]
    last = shown[0].curve[-1][1]
    gains = {
        terms.word("learner", judged.learner): [_points(gain) for _share, gain in judged.curve]
        for judged in shown
    }
    gains[_("At random")] = [_points(last * share) for share, _gain in shown[0].curve]
    best = next((judged for judged in shown if judged.in_use), shown[0])
    return {
        "gain": charts.lines(names=shares, series=gains, unit=_("pp of the overdue sum")),
        "tenths": _tenths(best),
        "tenths_of": best.learner,
        "dose": charts.lines(
            names=[str(dose) for dose in range(len(one.by_dose))],
            series={_("Mean effect"): [_points(effect) for effect in one.by_dose]},
            unit=_("pp of the overdue sum"),
        ) if one.by_dose else None,
    }  # fmt: skip


def _tenths(best: Judged) -> charts.Option:
    return charts.lines(
        names=[str(number) for number in range(1, len(best.deciles) + 1)],
        series={
            _("Said"): [_points(group["said"]) for group in best.deciles],
            _("Happened"): [_points(group["happened"]) for group in best.deciles],
        },
        unit=_("pp of the overdue sum"),
    )


def _points(share: float) -> float:
    return round(share * 100, 3)
