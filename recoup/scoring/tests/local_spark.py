"""One small Spark for all tests of a process: they stand in the group `spark` of xdist."""

from __future__ import annotations

from typing import Any

from recoup.scoring import spark

QUICK = {
    "spark.sql.shuffle.partitions": "1",
    # Half the seconds: nothing here runs long enough to be worth the second compiler.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


def session() -> Any:
    """The session, with two threads."""
    return spark.session(master="local[2]", extra=QUICK)
