"""Model files under the data folder: one JSON file for a model, checked by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from recoup.decision.boosting import Boosting
from recoup.decision.scorecard import Scorecard
from recoup.kernel.errors import Failed
from recoup.kernel.text import canonical_json
from recoup.scoring.models import ScoreModel
from recoup.scoring.starter import Starter

SCORECARD, BOOSTING = "scorecard", "boosting"


class Scorer(Protocol):
    """What scores: columns in, a chance out, and what moved it."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The features, in order."""

    def probability(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """The chance of the target. Shape (n, columns) to (n,)."""

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """How far each column moves the log-odds. Shape (n, columns)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model ready to score. `levels` numbers the words of the lender's own facts."""

    row: ScoreModel
    scorer: Scorer
    levels: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What stands beside a score: family and version."""
        return f"{self.row.family} v{self.row.version}"


def path_of(row: ScoreModel) -> Path:
    """Where the file of a model lies."""
    return (
        settings.DATA_DIR
        / "models"
        / str(row.book_id)
        / f"{row.target}-{row.family}-{row.version}.json"
    )


def write(*, row: ScoreModel, scorer: Scorecard | Boosting, levels: Mapping[str, Any]) -> Path:
    """Write the file of a model."""
    path = path_of(row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # what a killed run left behind
    path.write_text(canonical_json({"model": scorer.as_dict(), "levels": dict(levels)}))
    return path


def load(row: ScoreModel) -> Loaded:
    """
    The model of a row. :raises Failed: if its file is gone or was changed
    """
    if row.family == "starter":
        columns: Sequence[str] = row.card["columns"]
        return Loaded(row, Starter(row.target, tuple(columns)))
    path = settings.DATA_DIR / row.file
    raw = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(raw).hexdigest() != row.digest:
        raise Failed(
            f"The file of the model {row} is missing or was changed.",
            permanent=True,
            hint="Restore it from a backup, or train again with `recoup train`.",
        )
    scorer, levels = _read(row.family, raw)
    return Loaded(row, scorer, levels)


@lru_cache(maxsize=16)
def _read(family: str, content: bytes) -> tuple[Scorer, Mapping[str, Any]]:
    # Kept, because a scorer works out the tables of its trees once: half a second a model.
    data = json.loads(content)
    kind = {SCORECARD: Scorecard, BOOSTING: Boosting}[family]
    return cast("Scorer", kind.from_dict(data["model"])), data["levels"]
