"""
What taking a file in costs: CPU, wall time and peak memory, beside the floor of reading it at all.

    python -m bench.intake 10000 100000 1000000

For each number of synthetic accounts a canonical CSV and a Parquet file are written; then each is
taken in by a process of its own, into a database of its own, and the floor (polars reading the
same file in one thread) is measured in the same run. Exits with 1 if the cost of a row grows
with the number of rows by more than a quarter, or if staging is slower than 30,000 rows a second
of CPU at the largest size.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

SIZES = (10_000, 100_000, 1_000_000)
FLOOR_ROWS_PER_CPU_SECOND = 30_000
MOST_GROWTH = 1.25
SEED = 2026


def write(folder: Path, rows: int) -> None:
    """Canonical accounts, one in a thousand of them wrong, as CSV and as Parquet."""
    rng = np.random.default_rng(SEED)
    number = pl.int_range(rows, eager=True)
    principal = rng.integers(50_000, 20_000_000, rows)
    days = rng.integers(1, 400, rows)
    as_of = pl.date(2026, 11, 23)
    frame = pl.select(
        account_ref=pl.format("L-{}", number),
        borrower_ref=pl.format("C-{}", number),
        product=pl.lit("consumer"),
        currency=pl.lit("CNY"),
        principal=pl.lit(principal),
        annual_rate=pl.lit(rng.integers(6, 24, rows) / 100),
        issued_on=as_of - pl.duration(days=pl.lit(days) + 30),
        overdue_since=as_of - pl.duration(days=pl.lit(days)),
        balance_principal=pl.lit(principal // 2),
        balance_interest=pl.lit(principal // 50),
        region=pl.lit("浙江"),
        time_zone=pl.lit("Asia/Shanghai"),
        birth_year=pl.lit(rng.integers(1950, 2005, rows)),
        name=pl.format("王{}", number % 997),
        identity_number=pl.format("1101011990{}", 10_000_000 + number % 90_000_000),
        phone=pl.format("138{}", 10_000_000 + number % 90_000_000),
        email=pl.format("c{}@example.com", number),
        address=pl.format("浙江省杭州市西湖区文三路{}号", number % 900),
        contact_source=pl.lit("contract"),
        lawful_basis=pl.lit("contract"),
    ).with_columns(
        contact_source=pl.when(number % 1000 == 7).then(pl.lit("?")).otherwise("contact_source")
    )
    frame.write_csv(folder / "accounts.csv")
    frame.write_parquet(folder / "accounts.parquet", row_group_size=50_000)


def peak_mb() -> float:
    """The most memory this process ever held; `ru_maxrss` would hand down the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measured(work: Callable[[], Any]) -> dict[str, float]:
    """CPU and wall seconds of some work, and the peak memory of the process after it."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return {
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "peak_mb": peak_mb(),
    }


def take_in(path: Path) -> dict[str, Any]:
    """Take a file in and measure it, in this process, on the database of RECOUP_HOME."""
    import django

    django.setup()
    from datetime import UTC, date, datetime

    from django.core.management import call_command

    from recoup.intake import operations
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes

    call_command("migrate", verbosity=0, skip_checks=True)
    at, day, by = datetime(2026, 11, 23, tzinfo=UTC), date(2026, 11, 23), Actor.system("bench")
    creditor = people.add_creditor(code="bench", name="bench", by=by, at=at)
    book = people.open_book(
        creditor=creditor, code="bench", name="bench", mode="demo", opened_on=day, by=by, at=at
    )
    stages: dict[str, float] = {}
    last = [time.process_time(), "check"]

    def progress(stage: str, done: int, total: int | None = None) -> None:
        now = time.process_time()
        name = "check and first batch" if stage.startswith("stage") and not stages else stage
        stages[name] = stages.get(name, 0.0) + now - last[0]
        last[0] = now

    before = peak_mb()
    with scopes.acting_for(book):
        found = measured(
            lambda: operations.accept(
                book=book, path=path, mapping="recoup", as_of=day, by=by, at=at, progress=progress
            )
        )
    stages["commit"] = time.process_time() - float(last[0])
    return {**found, "before_mb": before, "stages": stages}


def floor(path: Path) -> dict[str, float]:
    """What polars needs to read the same file into memory."""
    read = pl.read_csv if path.suffix == ".csv" else pl.read_parquet
    return measured(lambda: read(path))


def child(what: str, path: Path, home: Path) -> dict[str, Any]:
    """A measurement in a process of its own, in one thread."""
    environment = {
        **os.environ, "RECOUP_HOME": str(home), "POLARS_MAX_THREADS": "1",
        "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    out = subprocess.run(
        [sys.executable, "-m", "bench.intake", f"--{what}", str(path)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(out.stdout.splitlines()[-1])
    return found


def main(sizes: list[int]) -> int:
    """Measure every size and print the table."""
    cost: dict[str, list[float]] = {".csv": [], ".parquet": []}
    print(f"{'rows':>9} {'file':>8} {'CPU s':>7} {'wall s':>7} {'peak MB':>8} {'grew MB':>8} "
          f"{'rows/CPU s':>10} {'floor CPU':>9} {'ratio':>6}  CPU by stage")  # fmt: skip
    for rows in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, rows)
            for suffix, costs in cost.items():
                path = folder / f"accounts{suffix}"
                base = child("floor", path, folder / f"floor{suffix}")
                found = child("accept", path, folder / f"home{suffix}")
                costs.append(found["cpu"] / rows)
                stages = ", ".join(f"{key} {value:.2f}" for key, value in found["stages"].items())
                print(
                    f"{rows:>9,} {suffix[1:]:>8} {found['cpu']:>7.2f} {found['wall']:>7.2f} "
                    f"{found['peak_mb']:>8.0f} {found['peak_mb'] - found['before_mb']:>8.0f} "
                    f"{rows / found['cpu']:>10,.0f} {base['cpu']:>9.3f} "
                    f"{found['cpu'] / base['cpu']:>6.1f}  {stages}",
                    flush=True,
                )
    growth = max(costs[-1] / costs[0] for costs in cost.values())
    slowest = min(1 / costs[-1] for costs in cost.values())
    print(f"growth of the cost of a row: {growth:.2f}; slowest: {slowest:,.0f} rows a CPU second")
    return int(growth > MOST_GROWTH or slowest < FLOOR_ROWS_PER_CPU_SECOND)


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        if sys.argv[1:2] == ["--floor"]:
            print(json.dumps(floor(Path(sys.argv[2]))))
        elif sys.argv[1:2] == ["--accept"]:
            print(json.dumps(take_in(Path(sys.argv[2]))))
        else:
            sys.exit(main([int(text) for text in sys.argv[1:]] or list(SIZES)))
