"""
A night over columns by Apache Spark beside the same night in one process: the same answers?

    python -m bench.distributed [--accounts 50000] [--master local[2]]

A seeded book in four buckets, three boostings and a scorecard. One process works features out by the
kernel and makes its parts one by one; Spark works them out by the Ibis expression, scores by `mapInArrow`
with the same function and makes the parts where the cases of a bucket meet. The plan is then made
from the parts, as on one machine. CPU and peaks are of all processes together, Java among them; a
peak is the sum of the peaks.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from bench.measuring import apart, family

SEED, BUCKETS = 5, 4


def run(who: str, folder: Path, out: Path, master: str) -> dict[str, Any]:
    """One night, in this process and those it starts."""
    from bench import columnar

    begun = time.perf_counter()
    job = columnar.job_of(folder, out)
    from recoup.strategy.columnar.night import night

    if who == "spark":
        from recoup.scoring import spark
        from recoup.strategy.columnar.spark import make_parts

        make_parts(job, spark.session(master=master))
    planned = night(job)
    spent = family() | {"wall": time.perf_counter() - begun}
    return spent | {
        "digest": digest_of(planned.files), "cases": planned.cases,
        "chosen": planned.chosen, "bound": planned.certificate.bound,
    }  # fmt: skip


def digest_of(files: Sequence[Path]) -> str:
    """Of every value of every decision, in order; compression may differ by a byte between runs."""
    found = hashlib.sha256()
    for path in files:
        found.update(pl.read_parquet(path).hash_rows(1).to_numpy().tobytes())
    return found.hexdigest()


def main() -> int:
    """Print both and whether they agree; gives 1 if not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, folder, out = options.one
        print(json.dumps(run(who, Path(folder), Path(out), options.master)))
        return 0
    from bench import columnar, columnar_book

    found = {}
    with tempfile.TemporaryDirectory(prefix="recoup-distributed-") as home:
        folder = Path(home) / "book"
        columnar_book.write(folder, options.accounts, SEED, count=BUCKETS)
        columnar.learn(folder)
        for who in ("one process", "spark"):
            out = Path(home) / who.replace(" ", "-")
            found[who] = apart(
                "bench.distributed", "--one", who, folder, out, "--master", options.master
            )
    for who, row in found.items():
        print(
            f"{who:12s} {row['cpu']:8.1f} CPU s {row['wall']:8.1f} s {row['peak_mb']:7.0f} MB"
            f"   {row['cases']:,} cases, {row['chosen']:,} actions"
        )
    alone, spread = found["one process"], found["spark"]
    same = all(alone[name] == spread[name] for name in ("digest", "bound", "chosen", "cases"))
    ratio = spread["cpu"] / alone["cpu"]
    print(f"decisions {'identical' if same else 'DIFFERENT'}, value by value: "
          f"{'ok' if same else 'short'}; Spark {ratio:.1f} x the CPU of one process")  # fmt: skip
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
