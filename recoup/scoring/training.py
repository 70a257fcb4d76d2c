"""Training the models of a book, from its history and from outcomes its lender gave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import polars as pl
from django.conf import settings
from django.db import transaction
from django.db.models import Min

from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import NotTrainable
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.scoring import events, fitting, history, loans, night, samples, sources, store
from recoup.scoring.features import Sources, features_at
from recoup.scoring.fitting import Fitted, Judged, Minimum
from recoup.scoring.models import ScoreModel
from recoup.scoring.samples import Sample

State = ScoreModel.State
MOST_CASES = 50_000
# With this many snapshots since placement the lender's own, selected past is no longer needed.
ENOUGH_SNAPSHOTS = 3
SELECTED = (
    "Snapshots from before placement hold only accounts that were overdue when they were placed: "
    "those that had paid up by then are missing, so repayment is underestimated."
)

Part = tuple[date, pl.DataFrame, dict[str, pl.DataFrame]]


def train(
    *, book: Book, as_of: date, by: Actor, at: datetime, seed: int = 0,
    minimum: Minimum | None = None, progress: Progress = quiet,
) -> list[ScoreModel]:  # fmt: skip
    """
    Train a scorecard and a boosting for each target, from what was known before the day `as_of`.

    Targets: repayment, roll and lost contact from the book's history, and each outcome that the
    lender's file gives. A target that cannot be trained is recorded as such with the reason, and
    the others go on. Training again on the same data gives the rows that are there.
    """
    made: list[ScoreModel] = []
    todo = _samples(book, as_of, progress)
    for number, (target, sample_of) in enumerate(todo):
        progress("train", number, len(todo))
        made += _train_one(book, target, sample_of, seed, minimum, by, at)
    progress("train", len(todo), len(todo))
    return made


def _train_one(
    book: Book, target: str, sample_of: Callable[[], Sample], seed: int,
    minimum: Minimum | None, by: Actor, at: datetime,
) -> list[ScoreModel]:  # fmt: skip
    digest = ""
    try:
        sample = sample_of()
        digest = sample.digest(seed)
        there = ScoreModel.objects.filter(book=book, target=target, data_digest=digest)
        if there:
            return list(there.order_by("pk"))
        fitted = fitting.fit(sample=sample, seed=seed, minimum=minimum)
    except NotTrainable as why:
        return [_not_trainable(book, target, digest, str(why), by, at)]
    order = sorted(fitted.judged, key=lambda one: one.family == fitted.champion)
    with transaction.atomic():  # the old champion stays until the new one stands
        _retire(book, target)
        return [_keep(book, fitted, one, digest, by, at) for one in order]


def _samples(book: Book, as_of: date, progress: Progress) -> list[tuple[str, Callable[[], Sample]]]:
    todo: list[tuple[str, Callable[[], Sample]]] = []
    parts, notes = _snapshots(book, as_of, progress)
    for target in samples.TARGETS:
        mine = [(on, frame, label[target]) for on, frame, label in parts]
        todo.append((target, _stacked(target, mine, notes)))
    for sample in samples.given(rows=list(loans.with_outcome(book=book))):
        todo.append((sample.target, _itself(sample)))
    return todo


def _stacked(target: str, parts: list[Any], notes: list[str]) -> Callable[[], Sample]:
    return lambda: samples.stacked(target=target, parts=parts, notes=notes)


def _itself(sample: Sample) -> Callable[[], Sample]:
    return lambda: sample


def _snapshots(book: Book, as_of: date, progress: Progress) -> tuple[list[Part], list[str]]:
    """Features and labels at each cut-off that the book's payments and contacts reach back to."""
    cases = Case.objects.filter(book=book)
    every = -(-cases.count() // MOST_CASES)
    past = sources.history(book=book, before=as_of)
    known = history.read(book=book, every=every)
    first = past.payments["paid_on"].min()
    days = [as_of - samples.WINDOW * back for back in range(1, samples.SNAPSHOTS + 1)]
    days = [day for day in days if first is not None and day >= first]  # type: ignore[operator]
    placed = cases.aggregate(first=Min("placed_on"))["first"]
    ours = [day for day in days if day >= placed] if placed else []
    notes = [] if len(ours) >= ENOUGH_SNAPSHOTS else [SELECTED]
    parts = []
    for number, day in enumerate(sorted(days if notes else ours)):
        progress("snapshots", number, len(days))
        parts.append(_snapshot(book, known, past, day))
    return parts, notes


def _snapshot(book: Book, known: history.History, past: Sources, on: date) -> Part:
    state = known.state_at(on).filter((pl.col("days_past_due") > 0) & (pl.col("owed") > 0))
    later = known.state_at(on + samples.WINDOW)
    start = sources.start_of(book=book, on=on)
    end = sources.start_of(book=book, on=on + samples.WINDOW)
    followed = past.contacts.filter(pl.col("at").is_between(start, end, closed="left"))
    label = {
        target: samples.labels(
            target=target, state=state, later=later, payments=past.payments, contacts=followed,
            on=on,
        )
        for target in samples.TARGETS
    }  # fmt: skip
    return on, features_at(sources=past.of(state), on=on, instant=start), label


# -- What is kept ----------------------------------------------------------------------------------


def _retire(book: Book, target: str) -> None:
    for row in ScoreModel.objects.filter(
        book=book, target=target, state__in=(State.CHAMPION, State.CANDIDATE)
    ):
        row.retire(State.RETIRED)


def _version(book: Book, target: str, family: str) -> int:
    rows = ScoreModel.objects.filter(book=book, target=target, family=family)
    return (rows.order_by("-version").values_list("version", flat=True).first() or 0) + 1


def _keep(
    book: Book, fitted: Fitted, one: Judged, digest: str, by: Actor, at: datetime
) -> ScoreModel:
    sample, target = fitted.sample, fitted.sample.target
    state = State.CHAMPION if one.family == fitted.champion else State.CANDIDATE
    periods = sample.period.tolist()
    facts = {"target": target, "family": one.family, "rows": len(sample.outcome), "state": state}
    with record(events.ModelTrained, by=by, at=at, book=book, **facts) as event:
        row = ScoreModel(
            book=book, target=target, family=one.family,
            version=_version(book, target, one.family), state=state, trained_at=at,
            trained_from=_day(min(periods)), trained_to=_day(max(periods)),
            data_digest=digest, card=card(fitted, one),
        )  # fmt: skip
        path = store.write(row=row, scorer=one.model, levels=sample.levels)
        pointer = attach(path, rows=len(sample.outcome))
        row.file, row.digest = path.relative_to(settings.DATA_DIR).as_posix(), pointer["sha256"]
        row.save(force_insert=True)
        event.note(model=pointer, version=row.version, auc=one.figures["auc"], data=digest)
        return event.about(row)


def _day(period: str) -> date | None:
    try:
        return date.fromisoformat(period)
    except ValueError:
        return None  # a cohort of the lender's own, such as a year


def card(fitted: Fitted, one: Judged) -> dict[str, Any]:
    """What a reader is told about a model: how it was made, judged and chosen."""
    sample, rows = fitted.sample, fitted.split
    found: dict[str, Any] = {
        "starter": False,
        "columns": list(sample.columns),
        "levels": dict(sample.levels),
        "rows": len(sample.outcome),
        "events": int(sample.outcome.sum()),
        "split": {
            "kind": rows.kind, "held_out": list(rows.held_out), "train": len(rows.train),
            "calibrate": len(rows.calibrate), "test": len(rows.test),
        },
        "judged": dict(one.figures),
        "baselines": dict(fitted.baselines),
        "champion": fitted.champion,
        "brier_boosting_less_scorecard": fitted.versus.as_dict() if fitted.versus else None,
        "flags": list(fitted.flags),
        "left_out": dict(fitted.left_out),
        "notes": list(sample.notes),
        "reference": night.reference_of(
            sample.columns, sample.matrix[rows.test], one.probability
        ),
    }  # fmt: skip
    if one.family == "scorecard":
        found["scorecard"] = one.model.as_dict()
    return found


def _not_trainable(
    book: Book, target: str, digest: str, why: str, by: Actor, at: datetime
) -> ScoreModel:
    there = ScoreModel.objects.filter(
        book=book, target=target, state=State.NOT_TRAINABLE, why_not=why, data_digest=digest
    ).first()
    if there:
        return there
    facts = {"target": target, "why_not": why}
    with record(events.NotTrained, by=by, at=at, book=book, **facts) as event:
        row = ScoreModel.objects.create(
            book=book, target=target, family="none", version=_version(book, target, "none"),
            state=State.NOT_TRAINABLE, trained_at=at, data_digest=digest, why_not=why,
        )  # fmt: skip
        return event.about(row)
