"""
A book comes in and a night goes over it: CPU, wall and memory of every stage, and how they grow.

    python -m bench.night --sizes 10000 100000 1000000

Each size runs in a process of its own with a fresh SQLite database in a temporary folder. Growth
is the CPU of a stage at one size over the size before it, divided by the growth in accounts: 1.0 is
linear. The floor of taking in is one plain copy of the same rows with Polars, in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

AS_OF = date(2026, 11, 23)
SEED = 11


class Meter:
    """CPU and wall seconds of each stage, and the peak memory after it."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.rows[name] = {
            "cpu": time.process_time() - cpu,
            "wall": time.perf_counter() - wall,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def run(accounts: int) -> dict[str, dict[str, float]]:
    """One size, in this process."""
    meter = Meter()
    book, by, at = prepared(accounts, meter)
    from recoup import path
    from recoup.people import scopes

    with scopes.acting_for(book):
        path.night(
            book=book, on=AS_OF, at=at, by=by,
            timed=lambda name: meter.stage(f"night: {name}"),
        )  # fmt: skip
    return meter.rows


def prepared(accounts: int, meter: Meter | None = None) -> tuple[Any, Any, Any]:
    """A book that was taken in, with a strategy in force; with who did it, and when."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    from recoup.commands import console

    console.start()
    import polars as pl

    from recoup import path
    from recoup.intake import operations as intake
    from recoup.kernel import clock
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes
    from recoup.portfolio import operations as portfolio
    from recoup.strategy import operations as strategy
    from recoup.synth import demo, lender

    at, by, meter = clock.now(), Actor.system("bench"), meter or Meter()
    folder = Path(os.environ["RECOUP_HOME"]) / "lender"
    with meter.stage("write the lender's files"):
        lender.write(
            folder=folder, accounts=accounts, seed=SEED, as_of=AS_OF, history="light",
            form="parquet",
        )  # fmt: skip
    with meter.stage("floor: copy the files with Polars"):
        for file in sorted(folder.glob("*.parquet")):
            pl.scan_parquet(file).sink_parquet(folder.parent / f"copy-{file.stem}.parquet")
    creditor = people.add_creditor(code="bench", name="bench", by=by, at=at)
    book = people.open_book(
        creditor=creditor, code="bench", name="bench", mode="demo", opened_on=AS_OF, by=by, at=at
    )
    with scopes.acting_for(book):
        demo.furnish(book=book, by=by, at=at)
        with meter.stage("accept"):
            placement = intake.accept(
                book=book, path=folder, mapping="recoup", as_of=AS_OF, by=by, at=at
            )
        with meter.stage("open"):
            portfolio.open_placement(placement=placement, by=by, at=at)
        with meter.stage("restrictions, admit, share out"):
            path.take_in(placement=placement, by=by, at=at)
        strategy_version = strategy.add(book=book, source=strategy.default("CN"), by=by, at=at)
        strategy.activate(version=strategy_version, by=by, at=at)
    return book, by, at


def main() -> None:
    """Run each size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run(options.one)))
        return
    results: dict[int, dict[str, dict[str, float]]] = {}
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="recoup-bench-") as home:
            environment = {**os.environ, "RECOUP_HOME": home, "DATABASE_URL": ""}
            environment.pop("DATABASE_URL")
            done = subprocess.run(
                [sys.executable, "-m", "bench.night", "--one", str(size)],
                env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
        if done.returncode:
            sys.exit(done.stderr)
        results[size] = json.loads(done.stdout.splitlines()[-1])
        table(results, size)


def table(results: dict[int, dict[str, dict[str, float]]], size: int) -> None:
    """Print what was measured at a size, and the growth since the size before."""
    before = max((other for other in results if other < size), default=0)
    print(f"\n{size:,} accounts")
    print(f"{'stage':<36}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'us/acc':>9}{'growth':>8}")
    for name, row in results[size].items():
        grown = ""
        if before and results[before].get(name, {}).get("cpu"):
            ratio = row["cpu"] / results[before][name]["cpu"] / (size / before)
            grown = f"{ratio:.2f}"
        print(
            f"{name:<36}{row['cpu']:>9.1f}{row['wall']:>9.1f}{row['peak_mb']:>9.0f}"
            f"{row['cpu'] / size * 1e6:>9.1f}{grown:>8}"
        )
    total: dict[str, Any] = {
        key: sum(r[key] for r in results[size].values()) for key in ("cpu", "wall")
    }
    print(f"{'sum':<36}{total['cpu']:>9.1f}{total['wall']:>9.1f}")


if __name__ == "__main__":
    main()
