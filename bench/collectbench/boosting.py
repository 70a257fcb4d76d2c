"""CatBoost with one set of settings for every learner of the contest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Model = Callable[[NDArray[np.float32]], NDArray[np.float64]]
SETTINGS = {
    "iterations": 200, "depth": 6, "learning_rate": 0.08, "l2_leaf_reg": 10.0, "verbose": False,
    "thread_count": 1, "allow_writing_files": False,
}  # fmt: skip


class Boosted:
    """Trees that can be copied with their policy."""

    def __init__(self, model: object) -> None:
        self._model = model

    def __deepcopy__(self, memo: object) -> Boosted:
        return self  # never changed after it was fitted

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        predicted = self._model.predict(x, thread_count=1)  # type: ignore[attr-defined]
        return np.asarray(predicted, dtype=np.float64)


def regressor(
    x: NDArray[np.float32], y: NDArray[np.floating], *, seed: int,
    weight: NDArray[np.floating] | None = None, **settings: object,
) -> Boosted:  # fmt: skip
    """Trees for the mean of y."""
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(**SETTINGS | {"random_seed": seed} | settings)
    model.fit(x, y, sample_weight=weight)
    return Boosted(model)
