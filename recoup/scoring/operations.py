"""Writing scores: training models, and scoring a book each night."""

from __future__ import annotations

from datetime import date, datetime

from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.portfolio.divided import Columns
from recoup.scoring import events, night, sources, starter, store
from recoup.scoring.engines import ByPart, Engine, Scored, by_kernel, here
from recoup.scoring.models import ScoreModel, ScoreRun
from recoup.scoring.training import train

__all__ = ["Engine", "by_kernel", "champions", "score_book", "train"]

State = ScoreModel.State


def score_book(
    *, book: Book, on: date, by: Actor, at: datetime, progress: Progress = quiet,
    engine: Engine = by_kernel, columns: Columns | None = None,
) -> ScoreRun:  # fmt: skip
    """
    Score every worked case of a book for a day, into a file, and hold it against training.

    A day is scored once: a second call gives the first run. Targets that nothing was trained for
    get the starter score, and say so. `engine` works features and scores out; all agree. With `columns`
    the kernel does, part by part of a book that was laid down first, and never holds all of it.
    """
    from django.conf import settings

    existing = ScoreRun.objects.filter(book=book, on=on).first()
    if existing:
        return existing
    progress("features", 0)
    instant = sources.start_of(book=book, on=on)
    models = {row.target: store.load(row) for row in champions(book=book, by=by, at=at)}
    known = night.known(book, models)
    watches = {
        target: night.Watch(dict(model.row.card.get("reference", {})))
        for target, model in models.items()
    }
    path = settings.DATA_DIR / "scores" / str(book.pk) / f"{on.isoformat()}.parquet"
    if columns is not None:
        laid = sources.lay(book=book, on=on, columns=columns)
        cases, scored = laid.cases, Scored(ByPart(laid, on, instant), here)
    else:
        history = sources.read(book=book, on=on)
        cases = history.cases["case"].to_numpy()
        scored = engine(
            sources=history, models=models, known=known, on=on, instant=instant,
            folder=path.with_suffix(".tables"),
        )  # fmt: skip
    rows = night.write(path=path, cases=cases, scored=scored, known=known, models=models,
                       watches=watches, progress=progress)  # fmt: skip
    with record(events.BookScored, by=by, at=at, book=book, on=on, rows=rows) as event:
        pointer = attach(path, rows=rows)
        event.note(features=attach(night.features_of(path), rows=rows))
        for target, model in models.items():
            if rows and "reference" not in model.row.card:
                model.row.keep_reference(watches[target].reference)
        run = ScoreRun.objects.create(
            book=book, on=on, at=at, file=pointer["file"], digest=pointer["sha256"], rows=rows,
            models_used={target: model.name for target, model in models.items()},
            drift={target: watch.report() for target, watch in watches.items()},
        )  # fmt: skip
        event.note(scores=pointer, models=run.models_used)
        return event.about(run)


def champions(*, book: Book, by: Actor, at: datetime) -> list[ScoreModel]:
    """The model in use for each target; the starter score where nothing was trained."""
    found = {
        row.target: row
        for row in ScoreModel.objects.filter(book=book, state=State.CHAMPION).order_by("pk")
    }
    for target in starter.WEIGHTS:
        if target not in found:
            found[target] = _adopt_starter(book, target, by, at)
    ours = [found[target] for target in starter.WEIGHTS]
    return ours + [row for target, row in sorted(found.items()) if target not in starter.WEIGHTS]


def _adopt_starter(book: Book, target: str, by: Actor, at: datetime) -> ScoreModel:
    with record(events.StarterAdopted, by=by, at=at, book=book, target=target) as event:
        row, _created = ScoreModel.objects.update_or_create(
            book=book, target=target, family=starter.FAMILY, version=starter.VERSION,
            defaults={
                "state": State.CHAMPION, "trained_at": at,
                "card": starter.card(target, night.starter_columns()),
            },
        )  # fmt: skip
        return event.about(row)
