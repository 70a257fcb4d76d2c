"""A small night over a book in columns, the same in every process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import columnar_book

ACCOUNTS, COUNT = 4_000, 5
BUDGETS = {"sms": 300, "email": 300, "letter": 40, "task_minutes": 200, "spend": 50_000}


def job(home: Path, **changed: Any) -> Any:
    """The night of a seeded book, scored by the starter scores."""
    from recoup.people.models import Book, Creditor
    from recoup.scoring.declared import NAMES
    from recoup.scoring.starter import WEIGHTS, Starter
    from recoup.strategy.columnar.parts import Job
    from recoup.strategy.reading import read, shipped

    buckets = columnar_book.write(home / "book", ACCOUNTS, 3, count=COUNT)
    book = Book(
        code="demo", jurisdiction="CN", currency="CNY", time_zone="Asia/Shanghai",
        creditor=Creditor(code="guicheng", name="guicheng"),
    )  # fmt: skip
    made = Job(
        buckets=buckets, book=book, strategy=replace(read(shipped("default-cn")), budgets=BUDGETS),
        digest="test", models={target: Starter(target, NAMES) for target in WEIGHTS},
        models_name="starter v1", at=buckets.instant + timedelta(hours=2), folder=home / "night",
        alike=columnar_book.ALIKE,
        stopped=(),
    )  # fmt: skip
    return replace(made, **changed)
