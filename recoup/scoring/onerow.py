"""
One case scored again, in microseconds: with the features of the night and what changed since.

Trees run in ONNX Runtime, which answers for one row ten times as fast as CatBoost; scorecards and
the starter score are asked as they are. The chance is that of the night to single precision.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings
from numpy.typing import NDArray

from recoup.decision.boosting import Boosting, Calibration
from recoup.people.models import Book
from recoup.scoring import loans, night, store
from recoup.scoring.declared import KNOWN, NAMES
from recoup.scoring.known import matrix as numbered
from recoup.scoring.models import ScoreModel, ScoreRun
from recoup.scoring.store import Loaded

Chance = Callable[[NDArray[np.float32]], float]


@dataclass(frozen=True)
class OneRow:
    """A model that scores one row of its own columns, (1, columns)."""

    name: str
    columns: tuple[str, ...]
    levels: Mapping[str, Any]
    chance: Chance

    def row(self, features: NDArray[np.float32], known: Mapping[str, Any]) -> NDArray[np.float32]:
        """The model's columns of a case, from the declared features (NAMES) and the loan's facts."""
        asked = [NAMES.index(name) for name in self.columns if not name.startswith(KNOWN)]
        parts = [features[asked]]
        if self.levels:
            parts.append(numbered([known], self.levels)[0])
        return np.ascontiguousarray(np.concatenate(parts)[None], dtype=np.float32)


def models(*, book: Book, targets: tuple[str, ...]) -> dict[str, OneRow]:
    """The models in use of a book for some targets; one that is gone is left out."""
    rows = ScoreModel.objects.filter(book=book, state=ScoreModel.State.CHAMPION, target__in=targets)
    return {row.target: _ready(row) for row in rows.order_by("pk")}


def _ready(row: ScoreModel) -> OneRow:
    loaded = store.load(row)
    return OneRow(loaded.name, tuple(loaded.scorer.columns), loaded.levels, _chance(loaded))


def _chance(loaded: Loaded) -> Chance:
    scorer = loaded.scorer
    if not isinstance(scorer, Boosting):
        return lambda row: float(scorer.probability(row)[0])
    calibrated = calibration(scorer.calibration)
    trees = _session(loaded.row.digest, scorer)
    name, output = trees.get_inputs()[0].name, [trees.get_outputs()[1].name]

    def chance(row: NDArray[np.float32]) -> float:
        probability = trees.run(output, {name: row})[0][0][1]
        probability = min(max(probability, 1e-7), 1 - 1e-7)
        return calibrated(math.log(probability / (1 - probability)))

    return chance


_SESSIONS: dict[str, Any] = {}


def _session(digest: str, scorer: Boosting) -> Any:
    if digest not in _SESSIONS:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        _SESSIONS[digest] = onnxruntime.InferenceSession(
            scorer.onnx(), options, providers=["CPUExecutionProvider"]
        )
    return _SESSIONS[digest]


def calibration(how: Calibration) -> Callable[[float], float]:
    """A calibration for one raw value, without arrays."""
    if how.kind == "platt":
        slope, intercept = how.numbers
        return lambda raw: 1 / (1 + math.exp(-(slope * raw + intercept)))
    half = len(how.numbers) // 2
    xs, ys = how.numbers[:half], how.numbers[half:]

    def line(raw: float) -> float:
        place = bisect_right(xs, raw)
        if place == 0 or place == half:
            return ys[0] if place == 0 else ys[-1]
        low, high = xs[place - 1], xs[place]
        share = (raw - low) / (high - low) if high > low else 0.0
        return ys[place - 1] + share * (ys[place] - ys[place - 1])

    return line


def features(*, book: Book, on: date, cases: list[int]) -> dict[int, NDArray[np.float32]]:
    """The features of some cases as a night had them, in the order of NAMES; who has none is missing."""
    run = ScoreRun.objects.filter(book=book, on=on).first()
    path = night.features_of(settings.DATA_DIR / run.file) if run else None
    if path is None or not path.is_file():
        return {}
    frame = pl.scan_parquet(path).filter(pl.col("case").is_in(cases)).collect()
    matrix = frame.select(NAMES).to_numpy()
    return dict(zip(frame["case"].to_list(), matrix, strict=True))


@lru_cache(maxsize=1)
def places() -> Mapping[str, int]:
    """Where each declared feature stands."""
    return {name: place for place, name in enumerate(NAMES)}


def known(*, book: Book, case: int) -> Mapping[str, Any]:
    """What came with the loans of a case."""
    return loans.facts_by_case(book=book, first=case, last=case).get(case, {})
