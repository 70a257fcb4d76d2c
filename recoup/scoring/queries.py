"""Reading scores: a book's as columns for the night, one case's for people, models, drift."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import get_language

from recoup.decision import abilities
from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Invalid
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.scoring.declared import label
from recoup.scoring.models import ScoreModel, ScoreRun
from recoup.scoring.night import features_of

PIECE = 100_000  # rows that are read together


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature that moved a score, its name in the reader's language, and which way."""

    feature: str
    label: str
    raises: bool


@dataclass(frozen=True, slots=True)
class Score:
    """One score of a case: the chance of the target, by which model, for which reasons."""

    target: str
    on: date
    value: float
    model: str
    starter: bool
    reasons: tuple[Reason, ...]

    @property
    def points(self) -> int:
        """The chance as 0 to 100, as ability and willingness are told."""
        return abilities.points(self.value)


def scores_frame(
    *, book: Book, on: date, cases: Collection[int] | None = None,
    columns: Sequence[str] | None = None,
) -> pl.DataFrame:  # fmt: skip
    """
    The scores of a book, or of some of its cases, for a day: a row for each, in order of case.

    Columns: case, starter (whether any of the scores is the starter score), and for each target
    its chance, `<target>_model`, `<target>_reason_1` to `_3` (`+feature` raised it, `-feature`
    lowered it); of them those of `columns` that there are, if any are named.

    :raises Invalid: if the book was not scored for the day
    """
    rows = pl.scan_parquet(_path(_run(book, on)))
    if columns is not None:
        there = rows.collect_schema().names()
        rows = rows.select("case", *(name for name in columns if name in there))
    if cases is not None:
        rows = rows.filter(pl.col("case").is_in(list(cases)))
    return rows.collect()


def features_frame(
    *, book: Book, on: date, columns: Sequence[str], cases: Collection[int] | None = None
) -> pl.DataFrame | None:
    """Some features of a book, or of some of its cases, on a day it was scored; `None` if not kept."""
    run = ScoreRun.objects.filter(book=book, on=on).first()
    path = features_of(_path(run)) if run else None
    if path is None or not path.is_file():
        return None
    rows = pl.scan_parquet(path)
    if cases is not None:
        rows = rows.filter(pl.col("case").is_in(list(cases)))
    return rows.select(pl.col("case").cast(pl.Int64), *columns).collect()


def score_pieces(*, book: Book, on: date, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """
    The same columns of `scores_frame`, those of them that there are, some rows at a time.

    :raises Invalid: if the book was not scored for the day
    """
    yield from _pieces(_path(_run(book, on)), columns)


def feature_pieces(
    *, book: Book, on: date, columns: Sequence[str]
) -> Iterator[pl.DataFrame] | None:
    """Some features of a book, some rows at a time; `None` if not kept."""
    path = features_of(_path(_run(book, on)))
    return _pieces(path, columns) if path.is_file() else None


def _pieces(path: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        there = [name for name in ("case", *columns) if name in file.schema_arrow.names]
        for batch in file.iter_batches(PIECE, columns=there):
            yield pl.DataFrame(pl.from_arrow(batch))


def _run(book: Book, on: date) -> ScoreRun:
    run = ScoreRun.objects.filter(book=book, on=on).first()
    if run is None:
        raise Invalid(
            f"The book {book.code} was not scored for {on}.", hint="Run `recoup night` first."
        )
    return run


def score_of(*, viewer: Viewer, case: Case | int, on: date) -> list[Score]:
    """
    The newest scores of a case up to a day, an empty list where there are none for the viewer.
    """
    pk = case if isinstance(case, int) else case.pk
    row = scopes.visible(Case.objects.filter(pk=pk), viewer).first()
    if row is None:
        return []
    runs = ScoreRun.objects.filter(book=row.book_id, on__lte=on)
    run = runs.order_by("-on").first()
    return _scores(run, pk) if run else []


def model_cards(*, viewer: Viewer, book: Book) -> list[ScoreModel]:
    """
    Every model of a book with its card, champions first. :raises Refused: without the studio
    """
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = ScoreModel.objects.filter(book=book, book__creditor__in=viewer.creditors)
    order = {state: place for place, state in enumerate(ScoreModel.State.values)}
    return sorted(rows, key=lambda row: (row.target, order[row.state], -row.version, row.family))


def drift(*, viewer: Viewer, book: Book, limit: int = 30) -> list[ScoreRun]:
    """
    The newest runs of a book with the drift they saw. :raises Refused: without the studio
    """
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = ScoreRun.objects.filter(book=book, book__creditor__in=viewer.creditors)
    return list(rows.order_by("-on")[:limit])


def _path(run: ScoreRun) -> Path:
    path: Path = settings.DATA_DIR / run.file
    return path


def _scores(run: ScoreRun, case: int) -> list[Score]:
    table = pq.read_table(_path(run), filters=[("case", "=", case)])
    if not table.num_rows:
        return []
    row = table.to_pylist()[0]
    # In the file's order: PostgreSQL sorts the keys of JSON.
    targets = [name for name in table.column_names if f"{name}_model" in row]
    return [_score(run, target, row) for target in targets]


def _score(run: ScoreRun, target: str, row: dict[str, Any]) -> Score:
    language = get_language() or "zh-hans"
    words = [row[f"{target}_reason_{rank}"] for rank in (1, 2, 3)]
    model = row[f"{target}_model"]
    return Score(
        target=target,
        on=run.on,
        value=row[target],
        model=model,
        starter=model.startswith("starter"),
        reasons=tuple(
            Reason(word[1:], label(word[1:], language), word.startswith("+"))
            for word in words
            if word
        ),
    )
