"""Models: how each was made and judged, what it looks at, and whether the world has moved."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from recoup.look import books, charts
from recoup.look.views import viewer_of
from recoup.people import scopes
from recoup.scoring import queries as scoring
from recoup.scoring.declared import label
from recoup.scoring.models import ScoreModel

FIGURES = ("auc", "ks", "brier", "calibration_error", "top_decile_lift")
MOST = 20


@require_GET
def models(request: HttpRequest) -> HttpResponse:
    """All models of a book, champions first, and last night's drift."""
    viewer, book = viewer_of(request), books.chosen(request)
    cards = scoring.model_cards(viewer=viewer, book=book)
    runs = scoring.drift(viewer=viewer, book=book, limit=1)
    context = {"book": book, "models": cards, "run": runs[0] if runs else None,
               "drift": _drift(runs[0].drift) if runs else []}  # fmt: skip
    return render(request, "studio/models.html", context)


@require_GET
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """The card of a model."""
    viewer = viewer_of(request)
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(ScoreModel.objects.select_related("book"), viewer)
    row = get_object_or_404(rows, pk=pk)
    judged = row.card.get("judged") or {}
    context: dict[str, Any] = {
        "book": row.book,
        "model": row,
        "figures": [(name, judged[name]) for name in FIGURES if name in judged],
        "judged": judged,
        "features": _features(row.card),
        "variables": _variables(row.card),
    }
    if judged.get("calibration"):
        context |= _charts(judged)
    return render(request, "studio/model.html", context)


def _charts(judged: dict[str, Any]) -> dict[str, Any]:
    table, lift = judged["calibration"], judged["lift"]
    points = [(round(row["said"] * 100, 2), round(row["happened"] * 100, 2)) for row in table]
    most = max([5.0, *(max(point) for point in points)])
    return {
        "calibration": charts.diagonal(
            points=points, across=_("Said (%)"), up=_("Happened (%)"), most=round(most * 1.1)
        ),
        "lift": charts.bars(
            names=[str(n) for n in range(1, len(lift) + 1)],
            series={_("Lift"): [round(row["lift"], 2) for row in lift]},
        ),
    }


def _features(card: dict[str, Any]) -> list[str]:
    language = get_language() or "zh-hans"
    return [label(name, language) for name in card.get("columns", [])]


def _variables(card: dict[str, Any]) -> list[dict[str, Any]]:
    language = get_language() or "zh-hans"
    found = card.get("scorecard", {}).get("variables", [])
    if not found:
        return [
            {"label": label(one["feature"], language), "weight": one["weight"]}
            for one in card.get("weights", [])
        ]
    return [
        {"label": label(one["name"], language), "information": one["information"],
         "bins": _bins(one["edges"], one["points"])}
        for one in found
    ]  # fmt: skip


def _bins(edges: list[float], points: list[int]) -> list[tuple[str, int]]:
    names = [f"{edge:,.4g}" for edge in edges]
    if names:
        ranges = [f"< {names[0]}", *(f"{a} – {b}" for a, b in pairwise(names)),
                  f"≥ {names[-1]}"]  # fmt: skip
    else:
        ranges = [_("any value")]
    return list(zip([*ranges, _("missing")], points, strict=False))


def _drift(drift: dict[str, Any]) -> list[dict[str, Any]]:
    language = get_language() or "zh-hans"
    found = []
    for target, report in drift.items():
        score = report.get("score") or {}
        moved = sorted(
            report.get("features", {}).items(), key=lambda pair: -(pair[1]["psi"] or 0.0)
        )
        found.append({
            "target": target, "score": score,
            "features": [{"label": label(name, language), **one} for name, one in moved[:MOST]],
        })  # fmt: skip
    return found
