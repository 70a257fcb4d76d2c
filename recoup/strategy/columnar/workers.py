"""
What a Spark worker is sent: functions that load the rest only once Django stands.

A worker is a process of its own, which has loaded nothing when it unpickles these.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from recoup.scoring.batches import matrix_of
from recoup.scoring.declared import NAMES
from recoup.scoring.workers import set_up


def scoring(carried: Any) -> Any:
    """What a worker does with batches of features: case and chances out."""

    def score(batches):  # type: ignore[no-untyped-def]  # Spark reads the annotations of these
        set_up()
        from recoup.strategy.columnar import parts

        job = pickle.loads(carried.value)  # noqa: S301  what this driver pickled
        for batch in batches:
            scores = parts.scores_of(job.models, matrix_of(NAMES, batch))
            columns = {"case": batch.column(batch.schema.get_field_index("case"))}
            columns |= {f"score_{target}": pa.array(values) for target, values in scores.items()}
            yield pa.RecordBatch.from_pydict(columns)

    return score


def making(carried: Any) -> Any:
    """What a worker does with the scored cases of one bucket, which come in any order."""

    def make(table):  # type: ignore[no-untyped-def]
        set_up()
        from recoup.strategy.columnar import parts

        job = pickle.loads(carried.value)  # noqa: S301  what this driver pickled
        bucket = table["bucket"][0].as_py()
        parts.make_from(job, bucket, _in_order(table, job.models))
        return pa.table({"bucket": [bucket], "cases": [table.num_rows]})

    return make


def _in_order(table: pa.Table, models: Mapping[str, Any]) -> dict[str, Any]:
    order = np.argsort(table["case"].to_numpy(), kind="stable")  # a bucket stands in order of case
    return {target: table[f"score_{target}"].to_numpy()[order] for target in models}
