"""
The cast known to all tests: 王明 borrows, 李娜 collects, 陈组长 leads, 赵质检 reviews, 恒远 is the
agency, and 外人 may see nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite tests run on a file in WAL mode, as the product does: threads must really contend."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder = tmp_path_factory.mktemp("database")
        database.setdefault("TEST", {})["NAME"] = str(folder / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def lift_guard_to_flush() -> Iterator[None]:
    """A test with real transactions ends in a flush, which the journal's guard would refuse."""
    from django.db import connection
    from django.test import TransactionTestCase

    from recoup.journal import guard

    flush = TransactionTestCase._fixture_teardown

    def flush_without_guard(self: TransactionTestCase) -> None:
        guard.remove(connection)
        try:
            flush(self)
        finally:
            guard.install(connection)

    TransactionTestCase._fixture_teardown = flush_without_guard  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """Every test writes its files under a folder of its own."""
    settings.DATA_DIR = tmp_path
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.FLIGHTS = "apart"  # a child would not see the tests' database
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return tmp_path


@pytest.fixture
def at() -> datetime:
    """Ten in the morning of 23 November 2026 in Shanghai."""
    return AT


@pytest.fixture
def today() -> date:
    """The day of `at`."""
    return TODAY


@pytest.fixture
def system() -> Any:
    """Recoup itself, acting."""
    from recoup.kernel.actors import Actor

    return Actor.system("test")


@pytest.fixture
def creditor(db: None, system: Any) -> Any:
    """A lender."""
    from recoup.people import operations

    return operations.add_creditor(code="guicheng", name="归诚消费金融", by=system, at=AT)


@pytest.fixture
def book(creditor: Any, system: Any) -> Iterator[Any]:
    """A demo book of the lender, with its rows reachable."""
    from recoup.people import operations, scopes

    row = operations.open_book(
        creditor=creditor, code="demo", name="演示账本", mode="demo", opened_on=TODAY,
        by=system, at=AT,
    )  # fmt: skip
    with scopes.acting_for(row):
        yield row


@pytest.fixture
def live_book(creditor: Any, system: Any) -> Any:
    """A live book of the same lender."""
    from recoup.people import operations

    return operations.open_book(
        creditor=creditor, code="live", name="正式账本", mode="live", opened_on=TODAY,
        by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def team(creditor: Any) -> Any:
    """陈组长's team."""
    from recoup.people.models import Team

    return Team.objects.create(code="m1", name="一组", creditor=creditor)


@pytest.fixture
def li_na(creditor: Any, team: Any, system: Any) -> Any:
    """李娜 collects."""
    from recoup.people import operations

    return operations.add_user(
        username="lina", name="李娜", role="collector", creditors=[creditor], team=team,
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def leader(creditor: Any, team: Any, system: Any) -> Any:
    """陈组长 leads."""
    from recoup.people import operations

    return operations.add_user(
        username="chen", name="陈组长", role="team_leader", creditors=[creditor], team=team,
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def reviewer(creditor: Any, system: Any) -> Any:
    """赵质检 reviews."""
    from recoup.people import operations

    return operations.add_user(
        username="zhao", name="赵质检", role="reviewer", creditors=[creditor],
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def analyst(creditor: Any, system: Any) -> Any:
    """孙分析 writes strategies."""
    from recoup.people import operations

    return operations.add_user(
        username="sun", name="孙分析", role="analyst", creditors=[creditor],
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def compliance(creditor: Any, system: Any) -> Any:
    """吴合规 sees to the law."""
    from recoup.people import operations

    return operations.add_user(
        username="wu", name="吴合规", role="compliance", creditors=[creditor],
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def outsider(db: None, system: Any) -> Any:
    """外人 works for another lender and may see nothing of ours."""
    from recoup.people import operations
    from recoup.people.models import Creditor, Team

    other = Creditor.objects.create(code="other", name="别家")
    team = Team.objects.create(code="other", name="外组", creditor=other)
    return operations.add_user(
        username="wairen", name="外人", role="team_leader", creditors=[other], team=team,
        password="correct horse", by=system, at=AT,
    )  # fmt: skip


@pytest.fixture
def wang_ming(book: Any, team: Any) -> Any:
    """
    王明 owes 12,000.00 on one loan of twelve instalments, the first of them 40 days overdue.

    His case is open, with a phone number, an e-mail address and a postal address of his own.
    """
    from tests.cast import place

    return place(book=book, team=team, reference="C0001", name="王明")
