"""What the studio asks: how well effects order cases, and why a treatment has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy.models import EffectModel, RiskModel

State = EffectModel.State


@dataclass(frozen=True)
class Judged:
    """
    A learner's effects of one treatment on held-out rows: `ate`, `qini`, `slope`, `loss` are
    `{"value", "low", "high"}`, `curve` pairs of share treated and gain, `deciles` rows of what was
    said and happened. All in shares of what was overdue.
    """

    learner: str
    in_use: bool
    ate: dict[str, float | None]
    qini: dict[str, float | None]
    slope: dict[str, float | None]
    loss: dict[str, float | None]
    curve: tuple[tuple[float, float], ...]
    deciles: tuple[dict[str, float], ...]


@dataclass(frozen=True)
class Measurement:
    """One treatment: its rows, how each learner did, its effect by contacts lately, or `refused`."""

    name: str
    rows: int
    people: int
    effective: float
    nothing: float
    judged: tuple[Judged, ...]
    by_dose: tuple[float, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Objections:
    """
    The chance of a complaint in use (`model`, or none: then as assumed), by kind of contact, and
    `why_not` of a newer training that the log did not carry.
    """

    model: RiskModel | None
    kinds: tuple[tuple[str, float], ...]
    why_not: str

    @property
    def judged(self) -> dict[str, Any]:
        """How the model was judged."""
        found: dict[str, Any] = self.model.card["judged"] if self.model else {}
        return found


@dataclass(frozen=True)
class Curves:
    """
    The effects in use (`model`, or none), each treatment, and `why_not` of a newer training that
    the log did not carry; `objections` is the chance of a complaint.
    """

    model: EffectModel | None
    treatments: tuple[Measurement, ...]
    why_not: str
    objections: Objections

    def of(self, name: str | None) -> Measurement | None:
        """A treatment by name, or the first that was measured."""
        named = [one for one in self.treatments if one.name == name]
        measured = [one for one in self.treatments if not one.refused]
        return next(iter([*named, *measured, *self.treatments]), None)


def curves(*, viewer: Viewer, book: Book) -> Curves:
    """
    The effects of a book, for the studio. :raises Refused: without the studio
    """
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = list(scopes.visible(EffectModel.objects.filter(book=book), viewer).order_by("-version"))
    model = next((row for row in rows if row.state == State.CHAMPION), None)
    newest = rows[0] if rows else None
    why_not = newest.why_not if newest and newest.state == State.NOT_TRAINABLE else ""
    return Curves(
        model, _measurements(model.card) if model else (), why_not, _objections(viewer, book)
    )


def _objections(viewer: Viewer, book: Book) -> Objections:
    rows = scopes.visible(RiskModel.objects.filter(book=book, kind="complaint"), viewer)
    found = list(rows.order_by("-version"))
    model = next((row for row in found if row.state == RiskModel.State.CHAMPION), None)
    why_not = found[0].why_not if found else ""
    kinds = sorted(model.card["kinds"].items()) if model else []
    return Objections(model, tuple(kinds), why_not)


def _measurements(card: dict[str, Any]) -> tuple[Measurement, ...]:
    found = []
    for name, group in card["groups"].items():
        judged = tuple(
            Judged(
                learner=learner, in_use=learner == card["learner"], ate=one["ate"],
                qini=one["qini"], slope=one["slope"], loss=one["loss"],
                curve=tuple((share, gain) for share, gain in one["curve"]),
                deciles=tuple(one["deciles"]),
            )
            for learner, by in sorted(card["judged"].items())
            if (one := by.get(name))
        )  # fmt: skip
        found.append(
            Measurement(
                name=name, rows=group["rows"], people=group["people"],
                effective=group["effective"], nothing=group["nothing"], judged=judged,
                by_dose=tuple(card["by_dose"].get(name, ())),
                refused=tuple(card["refused"].get(name, ())),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (bool(one.refused), one.name)))
