"""
The night of a real book by either engine: CPU and peak memory of scoring and deciding.

    python -m bench.columnar_night [--sizes 30000 100000] [--part 20000]

A synthetic lender's book is taken in once for each size, in SQLite; then the night goes over a copy of it,
each engine in a process of its own: `kernel` with the whole book in frames, `columnar` part by part. The
peak of a step is what the process holds at most while it runs; what it held before, imports for the most
part, is taken off. Both must write the same plan, row by row. Asked: from the smallest to the largest book
deciding by parts takes at most half as much more memory as in frames, and at no size more than twice the CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time as wall
from pathlib import Path
from typing import Any

from bench.night import AS_OF, prepared

ENGINES = ("kernel", "columnar")
STEPS = ("score", "decide")
MOST_CPU, MOST_GROWTH = 2.0, 0.5


class Peaks:
    """CPU of each step, and the most memory that it held, in MB."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before, cpu = held("VmRSS"), time.process_time()
        yield
        self.rows[name] = {
            "cpu": time.process_time() - cpu, "peak": held("VmHWM"), "before": before,
        }  # fmt: skip


def held(which: str) -> float:
    """What Linux says this process holds, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{which}:"))


def night(engine: str, size: int) -> dict[str, Any]:
    """A night in this process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    from recoup.commands import console

    console.start()
    import polars as pl
    from django.conf import settings

    from recoup import path
    from recoup.kernel import clock
    from recoup.kernel.actors import Actor
    from recoup.people import scopes
    from recoup.people.models import Book
    from recoup.portfolio import divided

    book = Book.objects.select_related("creditor").get(code="bench")
    peaks, by = Peaks(), Actor.system("bench")
    at = clock.at_local(AS_OF, wall(2), book.time_zone)
    root = Path(settings.DATA_DIR) / "columns"
    with scopes.acting_for(book), divided.working(root, name="night", size=size) as columns:
        answers = path.night(
            book=book, on=AS_OF, at=at, by=by, timed=peaks.stage,
            columns=columns if engine == "columnar" else None,
        )  # fmt: skip
    plan = answers["decide"]
    rows = pl.read_parquet(Path(settings.DATA_DIR) / plan.file)
    digest = int(rows.drop("takes").hash_rows(seed=1).sum())
    return {"steps": peaks.rows, "digest": digest, "chosen": plan.chosen, "prices": plan.prices}


def main() -> None:
    """Take the books in, let both engines go over them, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[30_000, 100_000])
    parser.add_argument("--part", type=int, default=20_000)
    parser.add_argument("--one", choices=[*ENGINES, "prepare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one == "prepare":
        prepared(options.sizes[0])
        return
    if options.one:
        print(json.dumps(night(options.one, options.part)))
        return
    found = {size: _both(size, options.part) for size in options.sizes}
    short = [line for size, engines in found.items() for line in _told(size, engines)]
    short += _growth({size: found[size] for size in (min(found), max(found))})
    print("ok" if not short else "short: " + "; ".join(short))


def _added(row: dict[str, float]) -> float:
    return row["peak"] - row["before"]


def _growth(ends: dict[int, dict[str, Any]]) -> list[str]:
    """What deciding adds more for a larger book, by either engine; gives what is short."""
    if len(ends) < 2:
        return []
    (small, least), (large, most) = ends.items()
    more = {
        engine: _added(most[engine]["steps"]["decide"]) - _added(least[engine]["steps"]["decide"])
        for engine in ENGINES
    }
    ratio = more["columnar"] / more["kernel"]
    print(f"\nfrom {small:,} to {large:,} accounts deciding adds {more['kernel']:.0f} MB more in frames, "
          f"{more['columnar']:.0f} MB more by parts: {ratio:.2f} x")  # fmt: skip
    return [f"{ratio:.2f} x the growth of memory"] if ratio > MOST_GROWTH else []


def _both(size: int, part: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="recoup-bench-") as folder:
        home = Path(folder) / "prepared"
        _apart(home, "prepare", size, part)
        found = {}
        for engine in ENGINES:
            copy = Path(folder) / engine
            shutil.copytree(home, copy)
            found[engine] = json.loads(_apart(copy, engine, size, part).splitlines()[-1])
            shutil.rmtree(copy)
        return found


def _apart(home: Path, what: str, size: int, part: int) -> str:
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "RECOUP_HOME": str(home)}
    environment.pop("DATABASE_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "bench.columnar_night", "--one", what, "--sizes", str(size),
         "--part", str(part)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


def _told(size: int, engines: dict[str, Any]) -> list[str]:
    """Print a size; gives what is short."""
    if len({json.dumps([one["digest"], one["chosen"]]) for one in engines.values()}) > 1:
        raise SystemExit(f"At {size:,} accounts the engines wrote different plans.")
    print(f"\n{size:,} accounts, {engines['kernel']['chosen']:,} actions, the same by both engines")
    print(f"{'step':<10}{'engine':<10}{'CPU s':>8}{'peak MB':>9}{'held before':>13}{'added':>8}")
    spent = dict.fromkeys(ENGINES, 0.0)
    for step in STEPS:
        for engine in ENGINES:
            row = engines[engine]["steps"][step]
            spent[engine] += row["cpu"]
            print(f"{step:<10}{engine:<10}{row['cpu']:>8.1f}{row['peak']:>9.0f}"
                  f"{row['before']:>13.0f}{_added(row):>8.0f}")  # fmt: skip
    ratio = spent["columnar"] / spent["kernel"]
    print(f"columnar: {ratio:.2f} x the CPU")
    return [f"{ratio:.2f} x the CPU at {size:,}"] if ratio > MOST_CPU else []


if __name__ == "__main__":
    main()
