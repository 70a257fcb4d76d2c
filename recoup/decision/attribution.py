"""
What moved a score: exact SHAP values of oblivious trees, by table.

In an oblivious tree every level asks one question, so a row is known to the tree only by its leaf,
and the path-dependent SHAP values (Lundberg et al. 2020, doi:10.1038/s42256-019-0138-9) of all rows
of a leaf are equal. They are computed once for each leaf; a row then costs one look-up in each
tree. CatBoost's own answer is the same (a test holds them equal) and takes many times as long.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CHUNK = 8_192


@dataclass(frozen=True, slots=True)
class Table:
    """One tree: its features (m,), and what each adds to the log-odds in each leaf (leaves, m)."""

    features: NDArray[np.int64]
    moved: NDArray[np.float32]


def tables_of(model: Any) -> list[Table]:
    """The tables of a CatBoost model with numeric features."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        exported = json.loads(path.read_text())
    place = {
        one["feature_index"]: one["flat_feature_index"]
        for one in exported["features_info"]["float_features"]
    }
    scale = exported.get("scale_and_bias", [1.0])[0]
    return [_table(tree, place, scale) for tree in exported["oblivious_trees"] if tree["splits"]]


def contributions(*, tables: Sequence[Table], leaves: NDArray[Any], columns: int) -> Floats:
    """
    How far each column moves the log-odds from the average. `leaves` (n, trees) to (n, columns).
    """
    moved = np.zeros((len(leaves), columns), np.float32)
    for start in range(0, len(leaves), CHUNK):
        block = np.ascontiguousarray(leaves[start : start + CHUNK].T)
        part = np.zeros((columns, block.shape[1]), np.float32)
        for table, leaf in zip(tables, block, strict=True):
            for number, feature in enumerate(table.features):
                part[feature] += table.moved[:, number][leaf]
        moved[start : start + CHUNK] = part.T
    return moved.astype(np.float64)


def _table(tree: dict[str, Any], place: dict[int, int], scale: float) -> Table:
    levels = [place[split["float_feature_index"]] for split in tree["splits"]]
    depth = len(levels)
    features = sorted(set(levels))
    values = scale * np.asarray(tree["leaf_values"], float)
    weights = np.asarray(tree["leaf_weights"], float)
    expected = {
        known: _expected(values, weights, [level in known for level in levels])
        for size in range(len(features) + 1)
        for known in combinations(features, size)
    }
    moved = np.zeros((2**depth, len(features)))
    for number, feature in enumerate(features):
        others = [one for one in features if one != feature]
        for size in range(len(others) + 1):
            share = 1 / (len(features) * math.comb(len(others), size))
            for known in combinations(others, size):
                joined = tuple(sorted((*known, feature)))
                moved[:, number] += share * (expected[joined] - expected[known])
    return Table(np.array(features), np.asfortranarray(moved.astype(np.float32)))


def _expected(values: Floats, weights: Floats, known: list[bool]) -> Floats:
    """
    The tree's mean for each leaf when only the known levels are asked. Shape (leaves,).

    Level i is bit i of a leaf's number, and CatBoost puts the last level at the root. An unknown
    level is averaged by the training weight of its two sides, from the deepest level up.
    """
    depth = len(known)
    asked = known[::-1]  # axis 0 is the highest bit: the last level, the root
    value, weight = values.reshape((2,) * depth), weights.reshape((2,) * depth)
    for level in reversed(range(depth)):
        total = weight.sum(axis=level, keepdims=True)
        if not asked[level]:
            mean = np.divide(
                (value * weight).sum(axis=level, keepdims=True), total,
                out=np.zeros_like(total), where=total > 0,
            )  # fmt: skip
            value = np.broadcast_to(mean, value.shape)
        weight = np.broadcast_to(total, weight.shape)
    return value.reshape(-1)
