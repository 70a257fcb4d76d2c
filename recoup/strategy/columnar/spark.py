"""
The parts of a night on Apache Spark: what one machine makes bucket by bucket, made by many.

Features are the Ibis expression of `scoring.relational` on Spark, scored by `mapInArrow` with the
function that scores on one machine; the cases of a bucket then meet, and its part is made and kept
under the name that one machine would give it. `night` finds the parts and plans. The folders of
the book and of the night must be the same for all workers.
"""

from __future__ import annotations

import pickle
from typing import Any

from recoup.scoring import spark
from recoup.scoring.tables import TABLES
from recoup.strategy.columnar import parts, workers
from recoup.strategy.columnar.parts import Job

MADE = "bucket long, cases long"


def make_parts(job: Job, session: Any) -> int:
    """
    Make every part that is not there yet; gives how many buckets were made.

    :raises Failed: if a bucket is missing, as on one machine, or Spark gives up
    :raises Invalid: as `Job.demand_whole`
    """
    job.demand_whole()
    wanted = [n for n in range(job.buckets.count) if not parts.is_made(job, n)]
    if not wanted:
        return 0
    tables = {name: [job.buckets.path(name, n) for n in wanted] for name in TABLES}
    features = spark.features(
        session, tables, on=job.buckets.on, instant=job.buckets.instant
    )  # fmt: skip
    carried = session.sparkContext.broadcast(pickle.dumps(job))
    fields = ", ".join(f"score_{target} float" for target in job.models)
    scored = features.mapInArrow(workers.scoring(carried), f"case long, {fields}")
    places = _places(job, session, wanted)
    together = places.join(scored, on="case", how="inner")
    with spark.failing_clearly():
        made = together.groupBy("bucket").applyInArrow(workers.making(carried), MADE).collect()
    lost = sum(job.buckets.seal(n)["cases"] for n in wanted) - sum(row.cases for row in made)
    if lost:
        raise AssertionError(f"{lost} cases came back from Spark without a score.")
    for bucket in set(wanted) - {row.bucket for row in made}:  # nobody is in these
        parts.part_of(job, bucket)
    return len(wanted)


def _places(job: Job, session: Any, wanted: list[int]) -> Any:
    """Which bucket and which row each case has."""
    found = None
    for bucket in wanted:
        cases = session.read.parquet(str(job.buckets.path("cases", bucket))).select("case")
        marked = cases.selectExpr("case", f"cast({bucket} as long) as bucket")
        found = marked if found is None else found.unionAll(marked)
    return found
