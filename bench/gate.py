"""
What the law costs: a verdict alone, a million verdicts, a permit.

    python -m bench.gate [--rows 1000000] [--permits 2000]

Each figure stands beside a floor measured in the same run on the same machine: for verdicts, one
pass of numpy over as many flags as the rules read; for permits, the same inserts and conditional
updates without Django and without a rule. Times are CPU times, which a busy machine stretches
less than the clock. Exits with 1 if a verdict in a batch takes more than
20 microseconds, a million more than 30 seconds of CPU, or a permit more than 3 milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BATCH = 200
MOST_US, MOST_CPU, MOST_PERMIT_MS = 20.0, 30.0, 3.0


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def verdicts(rows: int) -> dict[str, float]:
    """One verdict, and a book of verdicts over every kind of trouble, beside their floor."""
    import numpy as np
    import polars as pl

    from recoup.rulebook import casebook, engine
    from recoup.rulebook.facts import frame_of
    from recoup.rulebook.vocabulary import DERIVED, FACTS

    base = casebook.base_of("china")
    rulebook = engine.load("CN", AT)
    single, times = base["sms"], 300
    one = timed(lambda: [rulebook.judge(single, AT) for _ in range(times)])[1] / times
    mixed = [
        base["sms"], base["email"], base["letter"], base["sms"] | {"stops": ["dispute"]},
        base["sms"] | {"time_zones": None}, base["sms"] | {"contacts_in_window": 2},
        base["letter"] | {"opt_outs": ["all"]}, base["email"] | {"balance": 0},
    ]  # fmt: skip
    frame = pl.concat([frame_of(mixed)] * (rows // len(mixed) + 1)).head(rows).rechunk()
    wall, cpu = timed(lambda: rulebook.judge_frame(frame, AT))
    flags = [np.zeros(rows, dtype=bool) for _ in range(len(FACTS) - len(DERIVED))]

    def floor() -> None:
        found = np.zeros(rows, dtype=bool)
        for flag in flags:
            found |= flag

    bare = timed(floor)[1]
    return {
        "rules": len(rulebook.rules),
        "single_us": one * 1e6,
        "batch_wall_us": wall / rows * 1e6,
        "batch_cpu_us": cpu / rows * 1e6,
        "batch_floor_us": bare / rows * 1e6,
        "batch_to_floor": cpu / bare,
    }


def permits(count: int) -> dict[str, float]:
    """Permits asked for and used in batches, beside bare inserts and updates."""
    from django.conf import settings

    from recoup.gate import operations, queries
    from recoup.gate.tests import asking
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes

    by = Actor.system("bench")
    creditor = people.add_creditor(code="bench", name="归诚消费金融", complaint_phone="400-800-1234",
                                   by=by, at=AT)  # fmt: skip
    book = people.open_book(creditor=creditor, code="bench", name="bench", mode="demo",
                            opened_on=AT.date(), by=by, at=AT)  # fmt: skip
    with scopes.acting_for(book):
        asking.ready(book, by, AT)
        decisions = _decisions(book, count)
        asked: list[Any] = []

        def ask() -> None:
            for start in range(0, count, BATCH):
                asked.extend(
                    operations.request_many(
                        decisions=decisions[start : start + BATCH], at=AT, by=by
                    )
                )

        request = timed(ask)[1]
        assert all(type(one).__name__ == "Permit" for one in asked), "the bench asks for good ones"
        uses = [
            operations.Use(one.pk, queries.fill(one)[1], one.channel, one.contact_point_id)
            for one in asked
        ]

        def use() -> None:
            for start in range(0, count, BATCH):
                operations.use_many(uses=uses[start : start + BATCH], at=AT, by=by)

        used = timed(use)[1]
        frame = timed(lambda: queries.facts_frame(book=book, on=AT.date()))[1]
    bare = timed(lambda: _bare(Path(settings.DATA_DIR) / "floor.sqlite3", count))[1]
    return {
        "permits": count,
        "request_ms": request / count * 1e3,
        "permits_per_cpu_second": count / request,
        "use_ms": used / count * 1e3,
        "floor_ms": bare / count * 1e3,
        "request_to_floor": request / bare,
        "facts_frame_us_per_case": frame / count * 1e6,
    }


def _decisions(book: Any, count: int) -> list[Any]:
    from recoup.strategy.models import Decision, Plan, StrategyVersion
    from tests.cast import place

    version = StrategyVersion.objects.create(
        book=book, name="bench", version=1, source="", digest="0" * 64, added_at=AT, added_by="b"
    )
    plan = Plan.objects.create(book=book, strategy=version, on=date(2026, 11, 23), at=AT, file="",
                               digest="0" * 64, rows=count, chosen=count)  # fmt: skip
    made = []
    for number in range(count):
        case = place(book=book, reference=f"B{number}", phone=f"139{number:08d}")
        # Each of them is somebody: the cast's identity numbers repeat beyond ten thousand.
        case.borrower.person.sealed.filter(kind="identity").update(index=f"{number:032d}")
        made.append(
            Decision(
                book=book, plan=plan, case=case, on=AT.date(), segment="b", treatment="b",
                channel="sms", template="cn-sms-reminder", arm="champion", propensity=1.0,
                contact_point=case.borrower.contact_points.get(medium="phone"), not_before=AT,
                not_after=AT + timedelta(hours=8),
            )
        )  # fmt: skip
    return Decision.objects.bulk_create(made)


def _bare(path: Path, count: int) -> None:
    """The rows a permit writes, with nothing around them."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE counter (key TEXT PRIMARY KEY, used INT)")
    database.execute("CREATE TABLE permit (id TEXT PRIMARY KEY, body TEXT)")
    for start in range(0, count, BATCH):
        database.execute("BEGIN IMMEDIATE")
        for number in range(start, min(start + BATCH, count)):
            for unit in ("channel", "any"):
                key = f"{unit}:creditor=1:person={number:032d}:2026-11-23"
                database.execute("INSERT OR IGNORE INTO counter VALUES (?, 0)", (key,))
                database.execute("UPDATE counter SET used=used+1 WHERE key=? AND used<2", (key,))
            database.execute("INSERT INTO permit VALUES (?, ?)", (f"{number:026d}", "x" * 900))
        database.execute("COMMIT")
    database.close()


def main() -> int:
    """Measure, print, and say whether the budgets hold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--permits", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["RECOUP_HOME"] = home
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        found = {**verdicts(options.rows), **permits(options.permits)}
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2))
    late = [
        found["batch_wall_us"] > MOST_US,
        found["batch_cpu_us"] > MOST_CPU,
        found["request_ms"] > MOST_PERMIT_MS,
    ]
    return int(any(late))


if __name__ == "__main__":
    sys.exit(main())
