"""
A million recorded contacts judged again by other rules.

    python -m bench.replay [--rows 1000000]

The records are rows of the gate's own table in a real database, with facts as the gate keeps them;
they are read, decoded and judged. The floor is reading the same bytes and counting them. CPU times.
Exits with 1 if a million take more than 30 seconds of CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FIRST = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
DAYS, LOT, MOST_CPU = 50, 20_000, 30.0
OVERLAY = "pack: two-calls\nlayer: what-if\nparameters: {most_effective_calls: 2}\n"


def cpu(work: Any) -> tuple[Any, float]:
    """What a piece of work gives, and its CPU seconds."""
    before = time.process_time()
    given = work()
    return given, time.process_time() - before


def furnished(rows: int) -> Any:
    """A book with so many permits, written straight into the table."""
    from django.db import connection, transaction

    from recoup.gate.models import Permit
    from recoup.gate.reading import snapshot
    from recoup.kernel.actors import Actor
    from recoup.people import operations as people
    from recoup.people import scopes
    from recoup.rulebook import casebook
    from tests.cast import place

    by = Actor.system("bench")
    creditor = people.add_creditor(code="bench", name="归诚", by=by, at=FIRST)
    book = people.open_book(creditor=creditor, code="bench", name="bench", mode="demo",
                            opened_on=FIRST.date(), by=by, at=FIRST)  # fmt: skip
    base = casebook.base_of("china")
    told = [
        json.dumps(snapshot(base["call"] | {"effective_calls_today": n % 3}), ensure_ascii=False)
        for n in range(3)
    ] + [json.dumps(snapshot(base["sms"]), ensure_ascii=False)]
    with scopes.acting_for(book):
        case = place(book=book)
        point = case.borrower.contact_points.get(medium="phone")
        columns = [field.column for field in Permit._meta.concrete_fields]
        fixed = {
            "book_id": book.pk, "case_id": case.pk, "contact_point_id": point.pk, "channel": "call",
            "slots": "{}", "text_digest": "", "state": "used", "rulebook": "", "verdict": "{}",
            "counters": "[]", "settled_as": "", "signature": "",
        }  # fmt: skip
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO gate_permit ({names}) VALUES ({marks})"  # noqa: S608
        with transaction.atomic(), connection.cursor() as cursor:
            for start in range(0, rows, LOT):
                cursor.executemany(sql, [
                    [_row(n, rows, told)[column] if column in VARIED else fixed.get(column)
                     for column in columns]
                    for n in range(start, min(start + LOT, rows))
                ])  # fmt: skip
    return book


VARIED = ("id", "issued_at", "expires_at", "facts")


def _row(number: int, rows: int, told: list[str]) -> dict[str, Any]:
    at = FIRST + timedelta(days=number * DAYS // rows, seconds=number % 36_000)
    stored = at.strftime("%Y-%m-%d %H:%M:%S")
    return {"id": f"{number:026d}", "issued_at": stored, "expires_at": stored,
            "facts": told[number % len(told)]}  # fmt: skip


def measured(rows: int, home: Path) -> dict[str, float]:
    """The replay beside its floor."""
    from recoup.gate import queries
    from recoup.gate.queries.replay import recorded
    from recoup.people import scopes
    from recoup.rulebook import overlay

    book = furnished(rows)
    path = home / "two-calls.yaml"
    path.write_text(OVERLAY, encoding="utf-8")
    span = {"since": FIRST - timedelta(days=1), "until": FIRST + timedelta(days=DAYS + 1)}
    with scopes.acting_for(book):
        read, floor = cpu(lambda: sum(
            lot["facts"].str.len_bytes().sum() for lot in recorded(book=book, **span)
        ))  # fmt: skip
        found, spent = cpu(lambda: queries.replayed(book=book, overlay=overlay.read(path), **span))
    assert found.judged == rows, "every record is judged"
    assert found.by_rule["CN-FREQ-001"] > 0, "the stricter cap is noticed"
    return {
        "records": rows, "megabytes": read / 1e6, "cpu_seconds": spent,
        "us_a_record": spent / rows * 1e6, "floor_seconds": floor, "to_floor": spent / floor,
        "blocked": found.blocked,
    }  # fmt: skip


def main() -> int:
    """Measure, print, and say whether the budget holds."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["RECOUP_HOME"] = home
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        found = measured(options.rows, Path(home))
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2))
    return int(found["cpu_seconds"] > MOST_CPU * options.rows / 1_000_000)


if __name__ == "__main__":
    sys.exit(main())
