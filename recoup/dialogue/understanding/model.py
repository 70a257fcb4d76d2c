"""
The model as it is read: weights in one small file, arithmetic in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recoup.dialogue.understanding.intents import INTENTS

MODEL = Path(__file__).parent / "model.npz"


@dataclass(frozen=True)
class Model:
    """
    A linear model of the intents.

    `vocabulary` sorted hashes of features; `weights` features by intents as 8-bit steps of `steps` (one an intent);
    `biases`, `thresholds` one an intent; `scaling` slope and offset of each; `digest` of the corpus.
    """

    vocabulary: NDArray[np.uint32]
    weights: NDArray[np.int8]
    steps: NDArray[np.float32]
    biases: NDArray[np.float32]
    scaling: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    digest: str

    @classmethod
    def of(
        cls,
        vocabulary: NDArray[np.uint32],
        weights: NDArray[np.float32],
        biases: NDArray[np.float32],
        *,
        kept: int,
        scaling: NDArray[np.float32] | None = None,
        thresholds: NDArray[np.float32] | None = None,
        digest: str = "",
    ) -> Model:
        """The `kept` features that weigh most, in 8-bit steps."""
        heaviest = np.sort(np.argsort(-np.abs(weights).max(axis=1), kind="stable")[:kept])
        some = weights[heaviest]
        steps = np.maximum(np.abs(some).max(axis=0), 1e-6) / 127
        count = len(INTENTS)
        return cls(
            vocabulary=vocabulary[heaviest],
            weights=np.rint(some / steps).astype(np.int8),
            steps=steps.astype(np.float32),
            biases=biases,
            scaling=np.tile([1.0, 0.0], (count, 1)).astype(np.float32)
            if scaling is None
            else scaling,
            thresholds=np.full(count, 0.5, np.float32) if thresholds is None else thresholds,
            digest=digest,
        )

    def logits(self, features: NDArray[np.uint32]) -> NDArray[np.float32]:
        """What speaks for each intent, from the features of a turn."""
        place = np.minimum(np.searchsorted(self.vocabulary, features), len(self.vocabulary) - 1)
        known = place[self.vocabulary[place] == features]
        total = self.weights[known].sum(axis=0, dtype=np.int64) * self.steps
        return (total / np.sqrt(max(1, len(features))) + self.biases).astype(np.float32)

    def calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-odds that can be read as such."""
        return logits * self.scaling[:, 0] + self.scaling[:, 1]

    def write(self, path: Path) -> None:
        """Save as one compressed file."""
        arrays = {name: getattr(self, name) for name in self.__dataclass_fields__}
        # A column after another compresses better than a row after another.
        arrays["weights"] = np.ascontiguousarray(self.weights.T)
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def read(cls, path: Path) -> Model:
        """Load what `write` saved."""
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        arrays["weights"] = np.ascontiguousarray(arrays["weights"].T)
        return cls(**{**arrays, "digest": str(arrays["digest"])})


@cache
def shipped() -> Model:
    """The model that comes with the program."""
    return Model.read(MODEL)
