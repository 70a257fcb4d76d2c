"""The same rows by Arrow and one by one, and where only the second is right."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import connection, transaction
from django.db.models import Sum

from recoup.people.models import Book, Creditor, User
from recoup.portfolio import arrow, bulk

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SCHEMA = {
    "user": pl.Int64, "name": pl.String, "active": pl.Boolean,
    "joined": pl.Datetime("us", "UTC"), "seen": pl.Datetime("us", "UTC"), "team": pl.Int64,
}  # fmt: skip
NAMES = ["王明", "50% o'clock", 'a "quoted" %s?', ""]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def users() -> Any:
    """Names that upset a careless quoting, instants with and without a fraction, nulls."""
    User.objects.bulk_create(
        User(
            username=f"user-{n}", name=name, is_active=bool(n % 2), language="zh-hans",
            date_joined=AT + timedelta(microseconds=n), last_login=AT if n == 2 else None,
        )
        for n, name in enumerate(NAMES)
    )  # fmt: skip
    rows = User.objects.filter(language="zh-hans", date_joined__gte=AT).order_by("pk")
    return rows.values_list("pk", "name", "is_active", "date_joined", "last_login", "team_id")


@pytest.fixture
def without_arrow(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Read through Django's connection for as long as this is in force."""
    monkeypatch.setattr(arrow, "_apart", lambda: False)
    return monkeypatch


def test_rows_by_arrow_are_the_rows_one_by_one(
    users: Any, without_arrow: pytest.MonkeyPatch
) -> None:
    plain = bulk.frame(users, SCHEMA)
    without_arrow.undo()

    handed = bulk.frame(users, SCHEMA)

    by_arrow = arrow.columns(users, list(SCHEMA)) is not None
    assert by_arrow == (connection.vendor == "postgresql")
    assert handed.schema == pl.Schema(SCHEMA)
    assert handed.equals(plain)
    assert handed["name"].to_list() == NAMES


def test_a_sum_is_a_number(users: Any) -> None:
    # PostgreSQL's sum of whole numbers is of a type that Arrow does not know.
    mine = User.objects.filter(language="zh-hans", date_joined__gte=AT)
    sums = mine.order_by().values("language").annotate(total=Sum("pk"))

    found = bulk.frame(
        sums.values_list("language", "total"), {"language": pl.String, "total": pl.Int64}
    )

    assert found.rows() == [("zh-hans", sum(users.values_list("pk", flat=True)))]


def test_rows_some_at_a_time_are_the_rows_at_once(
    users: Any, without_arrow: pytest.MonkeyPatch
) -> None:
    without_arrow.setitem(bulk.AT_ONCE, connection.vendor, 2)
    plain = list(bulk.frames(users, SCHEMA, piece=2))
    without_arrow.undo()
    handed = list(bulk.frames(users, SCHEMA))
    nobody = list(bulk.frames(users.filter(pk=0), SCHEMA))

    whole = bulk.frame(users, SCHEMA)

    assert len(plain) > 1 and max(part.height for part in plain) == 2
    for parts in (plain, handed):
        assert all(part.schema == pl.Schema(SCHEMA) for part in parts)
        assert pl.concat(parts).equals(whole)
    assert sum(part.height for part in nobody) == 0


def test_columns_keep_the_order_asked_for_and_the_truth_of_flags(
    users: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        bulk.AT_ONCE, connection.vendor, 3
    )  # more than one batch, the last one a part
    monkeypatch.setattr(arrow, "_apart", lambda: False)

    found = bulk.frame(users.order_by("-name", "pk"), SCHEMA)

    assert found["name"].to_list() == sorted(NAMES, reverse=True)
    assert found["active"].to_list() == [bool(NAMES.index(name) % 2) for name in found["name"]]
    assert found["seen"].null_count() == len(NAMES) - 1
    assert found.filter(pl.col("seen").is_not_null())["seen"].to_list() == [AT]


def test_an_instant_that_names_its_zone_is_read_too() -> None:
    told = pl.Series("at", ["2026-11-23 02:00:00+00:00", "2026-11-23 02:00:00.000001+00:00"])

    read = bulk._typed(told, pl.Datetime("us", "UTC"))

    assert read.to_list() == [AT, AT + timedelta(microseconds=1)]


def test_no_rows_are_a_frame_of_the_right_columns(users: Any) -> None:
    handed = bulk.frame(users.filter(name="nobody"), SCHEMA)

    assert handed.schema == pl.Schema(SCHEMA)
    assert handed.is_empty()


def test_a_parameter_is_never_read_as_sql(users: Any) -> None:
    handed = bulk.frame(users.filter(name="' OR 1=1 --"), SCHEMA)

    assert handed.is_empty()


def test_days_come_as_days() -> None:
    lender = Creditor.objects.create(code="a", name="a")
    Book.objects.create(
        creditor=lender, code="a", name="a", mode="demo", opened_on=date(2024, 2, 29)
    )

    handed = bulk.frame(Book.objects.values_list("opened_on"), {"on": pl.Date})

    assert handed["on"].to_list() == [date(2024, 2, 29)]


def test_inside_a_transaction_its_own_rows_are_seen(users: Any) -> None:
    with transaction.atomic():
        User.objects.create(
            username="new", name="李娜", language="zh-hans", date_joined=AT + timedelta(days=1)
        )

        inside = bulk.frame(users, SCHEMA)

        assert arrow.columns(users, list(SCHEMA)) is None
        assert inside["name"].to_list() == [*NAMES, "李娜"]


def test_reading_leaves_the_log_of_sqlite_to_who_writes_it(users: Any) -> None:
    """
    us: open ── frame ─────────────── write ──▶ is it kept?
    another process:      open, close (the last one, as far as it can see)
    """
    if connection.vendor != "sqlite":
        pytest.skip("a server keeps its own log")
    path = str(connection.settings_dict["NAME"])
    bulk.frame(users, SCHEMA)
    visit = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT 1 FROM "
    subprocess.run(
        [sys.executable, "-c", visit + "people_user').fetchall(); c.close()", path], check=True
    )

    assert Path(f"{path}-wal").exists()
    User.objects.create(username="new", name="李娜", date_joined=AT)
    with closing(sqlite3.connect(path)) as other:
        found = other.execute("SELECT count(*) FROM people_user WHERE username = 'new'").fetchone()
    assert found == (1,)
