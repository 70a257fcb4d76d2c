"""Regression on oblivious trees (CatBoost; Prokhorenkova et al. 2018, arXiv:1706.09516)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.boosting import IMPRINT

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """How much a forest may learn. Effects are noise for the greater part, so theirs is small."""

    trees: int = 150
    depth: int = 4
    rate: float = 0.06
    leaf: float = 3.0


OUTCOME = Shape()
EFFECT = Shape(trees=40, depth=2, rate=0.05, leaf=200.0)


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees that expect a number. Missing values are NaN."""

    model: Any

    def __call__(self, x: NDArray[Any], *, threads: int = 1) -> Floats:
        """What is expected of each row. Shape (n, k) to (n,)."""
        found = self.model.predict(np.asarray(x, np.float32), thread_count=threads)
        return np.asarray(found, np.float64)

    def as_text(self) -> str:
        """CatBoost's own binary form in base 64, the same for the same model."""
        metadata = self.model.get_metadata()
        for name, value in IMPRINT.items():
            metadata[name] = value
        return base64.b64encode(self.model._serialize_model()).decode()

    @classmethod
    def from_text(cls, text: str) -> Forest:
        """The forest of `as_text`."""
        from catboost import CatBoostRegressor

        model = CatBoostRegressor()
        model.load_model(blob=base64.b64decode(text))
        return cls(model)


def grow(
    x: NDArray[Any], y: Floats, *, seed: int, shape: Shape = OUTCOME, weight: Floats | None = None,
    signs: Sequence[int] = (), threads: int = 1,
) -> Forest:  # fmt: skip
    """
    Fit least squares. `signs` (k,) says where a larger value must not lower (1) or raise (-1) what
    is expected. The same data, seed and number of threads give the same forest.
    """
    from catboost import CatBoostRegressor

    if np.ptp(y) == 0:
        # CatBoost refuses a constant target; one tree of depth 1 on it is that constant.
        y = y + np.where(np.arange(len(y)) == 0, 1e-12, 0.0)
    model = CatBoostRegressor(
        iterations=shape.trees, depth=shape.depth, learning_rate=shape.rate, l2_leaf_reg=shape.leaf,
        boosting_type="Plain", random_seed=seed, thread_count=threads, allow_writing_files=False,
        monotone_constraints=list(signs) if any(signs) else None, verbose=False,
    )  # fmt: skip
    model.fit(np.asarray(x, np.float32), y, sample_weight=weight)
    return Forest(model)
