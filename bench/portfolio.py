"""
What opening, sharing out and ageing a book cost, and how they grow.

    python -m bench.portfolio [--accounts 10000 100000] [--history full|light] [--limit 8000]

Each size runs in a process of its own on a fresh database (`RECOUP_BENCH_URL`, or SQLite), so that
memory is that of the size. Prints wall and CPU seconds, microseconds an account and the peak of
memory for each step, and the floor: the same number of rows inserted and updated with the bare
driver. Exits with 1 if a size needs more memory than `--limit` megabytes, or if the time an account
grows by more than half between the sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
GROWTH = 1.5


def peak() -> float:
    """The most memory this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def measured(step: str, found: list[dict[str, Any]]) -> Iterator[None]:
    """Note what a step cost."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    found.append(
        {
            "step": step, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu,
            "peak": peak(),
        }
    )  # fmt: skip


def floor(rows: int, folder: Path) -> None:
    """As many rows as the accounts have, inserted and updated with nothing in between."""
    connection = sqlite3.connect(folder / "floor.sqlite3")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, c INT, d TEXT)")
    with connection:
        connection.executemany(
            "INSERT INTO t (a, b, c, d) VALUES (?, ?, ?, ?)", ((n, n, n, "M1") for n in range(rows))
        )
    with connection:
        connection.executemany("UPDATE t SET c = ? WHERE id = ?", ((1, n) for n in range(rows)))
    connection.close()


def child(accounts: int, history: str, home: Path) -> list[dict[str, Any]]:
    """One size, from nothing."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from recoup.intake import operations as intake
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes
    from recoup.people.models import Team
    from recoup.portfolio import operations, queries
    from recoup.portfolio.models import Entry, Instalment, Loan
    from recoup.synth import lender

    by, found = Actor.system("bench"), []
    creditor = people.add_creditor(code="bench", name="bench", by=by, at=AT)
    book = people.open_book(
        creditor=creditor, code="bench", name="bench", mode="demo", opened_on=TODAY, by=by, at=AT
    )
    team = Team.objects.create(code="bench", name="bench", creditor=creditor)
    for n in range(20):
        people.add_user(
            username=f"c{n}", name="c", role="collector", creditors=[creditor], team=team, by=by,
            at=AT,
        )  # fmt: skip
    folder = lender.write(
        folder=home / "lender", accounts=accounts, seed=1, as_of=TODAY, form="parquet",
        history=history,
    )  # fmt: skip

    def step(name: str, work: Callable[[], Any]) -> Any:
        with measured(name, found):
            return work()

    common: dict[str, Any] = {"by": by, "at": AT}
    with scopes.acting_for(book):
        placement = step("accept", lambda: intake.accept(
            book=book, path=folder, mapping="recoup", as_of=TODAY, **common))  # fmt: skip
        step("open", lambda: operations.open_placement(placement=placement, **common))
        step("admit", lambda: operations.admit(placement=placement, **common))
        step("share out", lambda: operations.share_out(book=book, **common))
        for days in (1, 2):
            on = TODAY + timedelta(days=days)
            step(
                f"age, night {days}", lambda on=on: operations.age_book(book=book, on=on, **common)
            )
        step("age again, no change", lambda: operations.age_book(
            book=book, on=TODAY + timedelta(days=2), **common))  # fmt: skip
        step("check statements", lambda: operations.check_statements(book=book, **common))
        step("case frame", lambda: queries.case_frame(book=book, on=TODAY))
        step("payment frame", lambda: queries.payment_frame(book=book, before=TODAY))
        loans = Loan.objects.filter(book=book).count()
        rows = (
            Entry.objects.filter(loan__book=book).count() + Instalment.objects.count() + 6 * loans
        )
    step("floor", lambda: floor(rows, home))
    for line in found:
        line |= {"accounts": loans, "rows": rows}
    return found


def run(accounts: int, history: str) -> list[dict[str, Any]]:
    """One size in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="recoup-bench-") as home:
        environment = {
            **os.environ, "RECOUP_HOME": home, "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
            "DATABASE_URL": os.environ.get("RECOUP_BENCH_URL", f"sqlite:///{home}/bench.sqlite3"),
        }  # fmt: skip
        command = [sys.executable, "-m", "bench.portfolio", "--child", str(accounts),
                   "--history", history, "--home", home]  # fmt: skip
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
        return found


def show(found: list[dict[str, Any]]) -> None:
    """One size as a table."""
    print(f"\n{found[0]['accounts']:,} loans, {found[0]['rows']:,} rows")
    print(f"{'step':<24}{'wall s':>9}{'CPU s':>9}{'us/loan':>9}{'peak MB':>9}")
    for line in found:
        each = 1e6 * line["cpu"] / line["accounts"]
        print(
            f"{line['step']:<24}{line['wall']:>9.2f}{line['cpu']:>9.2f}{each:>9.1f}"
            f"{line['peak']:>9.0f}",
            flush=True,
        )


def main() -> int:
    """Run each size, show it, and say whether it keeps within bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--history", choices=["full", "light"], default="full")
    parser.add_argument("--limit", type=float, default=8000)
    parser.add_argument("--child", type=int)
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options.child, options.history, options.home)))
        return 0
    results = []
    for accounts in options.accounts:
        results.append(run(accounts, options.history))
        show(results[-1])
    each = [
        sum(line["cpu"] for line in found if line["step"] in ("open", "age, night 1"))
        / found[0]["accounts"]
        for found in results
    ]
    grown = max(each) / each[0]
    most = max(line["peak"] for found in results for line in found)
    print(f"\ngrowth of CPU a loan: {grown:.2f} (at most {GROWTH}); peak {most:.0f} MB")
    return int(grown > GROWTH or most > options.limit)


if __name__ == "__main__":
    raise SystemExit(main())
