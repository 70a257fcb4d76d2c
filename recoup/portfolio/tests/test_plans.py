"""
What is done for one batch looks up the batch's rows, however large the book is.

SQLite keeps no statistics: joined to the tenant it would rather go through all of its rows, and
opening or ageing a book of a million would take a thousand times as long as one of a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection

from recoup.intake import operations as intake
from recoup.intake.tests.files import account, csv_file
from recoup.portfolio import operations

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite explains its plans so"),
]

AS_OF = date(2026, 11, 23)
# A table of many rows, reached by nothing but the tenant.
WHOLE_BOOK = re.compile(
    r"SCAN (portfolio_|people_sealed|people_person)"
    r"|SEARCH (portfolio_\w+|people_sealed|people_person|[UV]\d) .*\((book|creditor)_id=\?\)"
)


@contextmanager
def explained() -> Iterator[dict[str, list[str]]]:
    """The plan of every query that is made inside."""
    plans: dict[str, list[str]] = {}

    def explain(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if not many and sql.split()[0] in ("SELECT", "UPDATE", "WITH"):
            asked = f"EXPLAIN QUERY PLAN {sql.replace('%s', '?')}"
            plan = connection.connection.cursor().execute(asked, params or ())
            plans[sql] = [row[3] for row in plan]
        return answer

    with connection.execute_wrapper(explain):
        yield plans


@pytest.fixture
def opened(book, system, at, tmp_path):
    folder = tmp_path / "lender"
    csv_file(folder / "accounts.csv", [account(n) for n in range(1, 8)])
    csv_file(
        folder / "contact_points.csv",
        [{"borrower_ref": "C-1", "medium": "phone", "party": "debtor", "value": "13900001111"}],
    )
    return intake.accept(book=book, path=folder, mapping="recoup", as_of=AS_OF, by=system, at=at)


def whole_book(plans):
    return [(step, sql) for sql, plan in plans.items() for step in plan if WHOLE_BOOK.search(step)]


def test_a_batch_is_opened_without_going_through_the_book(opened, system, at):
    with explained() as plans:
        operations.open_placement(placement=opened, by=system, at=at)

    assert len(plans) > 20
    assert whole_book(plans) == []


def test_a_night_goes_through_the_book_only_to_list_its_cases(opened, book, system, at):
    operations.open_placement(placement=opened, by=system, at=at)

    with explained() as plans:
        operations.age_book(book=book, on=date(2026, 11, 24), by=system, at=at)

    assert len(plans) > 8
    assert [sql for _step, sql in whole_book(plans) if "portfolio_case" not in sql] == []
