"""Features that come as columns: what is read, and what is refused with a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recoup.decision.scorecard import Scorecard, Variable
from recoup.kernel.errors import Invalid
from recoup.scoring import batches

NAMES = ("a", "b")
CARD = Scorecard(
    NAMES,
    (Variable("a", (1.0, 3.0), (-1.0, 0.5, 2.0), 0.25, 0.3, coefficient=1.0),
     Variable("b", (), (0.75,), -0.5, 0.1, coefficient=2.0)),
    0.1,
)  # fmt: skip


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


def test_whole_numbers_floats_and_gaps_become_one_matrix() -> None:
    given = table(b=pa.array([0.5, None]), extra=["x", "y"], a=pa.array([2, None], pa.int16()))

    found = batches.matrix_of(NAMES, given)

    assert found.flags.f_contiguous
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array([[2, 0.5], [np.nan, np.nan]], np.float32))


def test_a_chunked_column_is_read_in_order() -> None:
    column = pa.chunked_array([pa.array([1.0, 2.0]), pa.array([], pa.float64()), pa.array([3.0])])

    found = batches.matrix_of(("a",), pa.table({"a": column}))

    assert found[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_every_feature_that_is_missing_or_no_number_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        batches.matrix_of(("a", "b", "c"), table(a=[1.0], c=["red"]))

    assert [str(one) for one in refused.value.problems] == [
        "b: This feature is missing.", "c: This feature is string, not a number.",
    ]  # fmt: skip


def test_infinite_values_are_refused_by_column() -> None:
    with pytest.raises(Invalid) as refused:
        batches.matrix_of(NAMES, table(a=[1.0, np.inf, -np.inf], b=[np.nan, 1.0, 2.0]))

    assert [str(one) for one in refused.value.problems] == ["a: 2 of 3 values are infinite."]


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 700])
def test_a_file_is_scored_as_its_rows_are(tmp_path: Path, rows: int) -> None:
    rng = np.random.default_rng(rows)
    matrix = rng.choice([0.0, 1.0, 2.0, 3.0, 9.0, np.nan], (rows, 2)).astype(np.float32)
    path = tmp_path / "features.parquet"
    pq.write_table(table(a=matrix[:, 0], b=matrix[:, 1]), path, row_group_size=300)

    found = list(batches.scored(path=path, scorer=CARD))

    assert sum(len(chances) for _row, chances in found) == rows
    for first, chances in found:
        np.testing.assert_array_equal(
            chances, CARD.probability(matrix[first : first + len(chances)])
        )


def test_the_compiled_scorecard_counts_edges_as_a_binary_search_does() -> None:
    rng = np.random.default_rng(5)
    values = rng.choice([-np.inf, 0.999, 1.0, 1.001, 3.0, np.inf, np.nan], 5000).astype(np.float32)
    matrix = np.column_stack([values, values[::-1]])
    expected = np.full(5000, CARD.intercept)
    for place, variable in enumerate(CARD.variables):
        bins = np.searchsorted(np.array(variable.edges, np.float32), matrix[:, place], side="right")
        bins[np.isnan(matrix[:, place])] = len(variable.edges) + 1
        expected += variable.table()[bins]

    for form in (matrix, np.asfortranarray(matrix), matrix[::1, :]):
        np.testing.assert_allclose(CARD.log_odds(form), expected, atol=1e-12)
