"""
Gradient boosting on oblivious trees (CatBoost), calibrated, with reasons.

Prokhorenkova et al. 2018, arXiv:1706.09516. Oblivious trees predict ten times as fast as
leaf-wise ones. Raw log-odds are calibrated on rows that the trees did not see: by Platt's
sigmoid (Platt 1999), or, from `ISOTONIC` events on, by isotonic regression (Zadrozny and Elkan
2002, doi:10.1145/775047.775151; below about a thousand cases the sigmoid is better,
Niculescu-Mizil and Caruana 2005, doi:10.1145/1102351.1102430). Contributions are SHAP values of the
raw log-odds (`attribution`).
"""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import attribution

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

TREES, DEPTH, RATE = 200, 4, 0.06
ISOTONIC = 1000
# What differs between two trainings on the same data, and is no part of the model.
IMPRINT = {"train_finish_time": "", "model_guid": "", "training": "{}"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """
    From raw log-odds to a chance: a sigmoid (slope, intercept) or a rising broken line.

    >>> sigmoid = Calibration("platt", (1.0, 0.0))
    >>> sigmoid(np.array([0.0])).tolist()
    [0.5]
    >>> line = Calibration("isotonic", (-1.0, 1.0, 0.2, 0.4))
    >>> line(np.array([-5.0, 0.0, 5.0])).round(2).tolist()
    [0.2, 0.3, 0.4]
    """

    kind: str
    numbers: tuple[float, ...]

    def __call__(self, raw: Floats) -> Floats:
        """The chance for each raw value. Shape (n,) to (n,)."""
        if self.kind == "platt":
            slope, intercept = self.numbers
            chance: Floats = 1 / (1 + np.exp(-(slope * raw + intercept)))
            return chance
        half = len(self.numbers) // 2
        return np.interp(raw, self.numbers[:half], self.numbers[half:])


@dataclass(frozen=True, slots=True)
class Boosting:
    """Trees and their calibration. Columns stand in the order of `columns`; NaN is missing."""

    columns: tuple[str, ...]
    model: Any
    calibration: Calibration
    tables: list[attribution.Table] = field(default_factory=list, compare=False, repr=False)

    def raw(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """The trees' own log-odds. Shape (n, columns) to (n,)."""
        raw: Floats = np.asarray(
            self.model.predict(matrix, prediction_type="RawFormulaVal", thread_count=threads)
        )
        return raw

    def probability(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """The calibrated chance of the event. Shape (n,)."""
        return self.calibration(self.raw(matrix, threads=threads))

    def contributions(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """How far each column moves the raw log-odds from the average case. Shape (n, columns)."""
        if not self.tables:
            self.tables.extend(attribution.tables_of(self.model))
        leaves = self.model.calc_leaf_indexes(matrix, thread_count=threads)
        return attribution.contributions(
            tables=self.tables, leaves=leaves, columns=len(self.columns)
        )

    def onnx(self) -> bytes:
        """The trees in ONNX, without their calibration: one row costs a tenth of what it costs here."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trees.onnx"
            self.model.save_model(
                str(path), format="onnx", export_parameters={"onnx_graph_name": "trees"}
            )
            return path.read_bytes()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the trees are CatBoost's own binary form, in base 64."""
        return {
            "columns": list(self.columns),
            "calibration": {
                "kind": self.calibration.kind,
                "numbers": list(self.calibration.numbers),
            },
            "cbm": base64.b64encode(_serialized(self.model)).decode(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Boosting:
        """The model of `as_dict`."""
        from catboost import CatBoostClassifier

        model = CatBoostClassifier()
        model.load_model(blob=base64.b64decode(data["cbm"]))
        kept = data["calibration"]
        return cls(tuple(data["columns"]), model, Calibration(kept["kind"], tuple(kept["numbers"])))


def train(
    *, matrix: Matrix, outcome: NDArray[Any], held_matrix: Matrix, held_outcome: NDArray[Any],
    columns: Sequence[str], seed: int, threads: int = 1, signs: Mapping[str, int] | None = None,
    trees: int = TREES, depth: int = DEPTH,
) -> Boosting:  # fmt: skip
    """
    Grow the trees on `matrix`, calibrate them on the held-out rows.

    `signs` says where a larger value must not lower (1) or raise (-1) the chance. The same data,
    seed and number of threads give the same model.
    """
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        iterations=trees, depth=depth, learning_rate=RATE, random_seed=seed, thread_count=threads,
        monotone_constraints=[(signs or {}).get(name, 0) for name in columns],
        allow_writing_files=False, verbose=False,
    )  # fmt: skip
    model.fit(matrix, np.asarray(outcome, np.int8))
    grown = Boosting(tuple(columns), model, Calibration("platt", (1.0, 0.0)))
    raw = grown.raw(held_matrix, threads=threads)
    return Boosting(tuple(columns), model, calibrate(raw=raw, outcome=held_outcome))


def calibrate(*, raw: Floats, outcome: NDArray[Any]) -> Calibration:
    """The calibration that fits held-out rows: isotonic from `ISOTONIC` events on, else Platt's."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    events = int(np.sum(outcome == 1))
    if min(events, len(outcome) - events) >= ISOTONIC:
        line = IsotonicRegression(out_of_bounds="clip").fit(raw, outcome)
        x, y = line.X_thresholds_, line.y_thresholds_
        # The ends are kept off 0 and 1: no finite sample proves that something never happens.
        y = np.clip(y, 0.5 / len(raw), 1 - 0.5 / len(raw))
        return Calibration("isotonic", (*map(float, x), *map(float, y)))
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(raw.reshape(-1, 1), outcome)
    return Calibration("platt", (float(fitted.coef_[0, 0]), float(fitted.intercept_[0])))


def _serialized(model: Any) -> bytes:
    metadata = model.get_metadata()
    for name, value in IMPRINT.items():
        metadata[name] = value
    serialized: bytes = model._serialize_model()
    return serialized
