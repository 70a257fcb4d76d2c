"""
Two at once: the same webhook, the same bank file, two payments to one case.

     bank ──webhook B1──▶ worker 1 ─┐
       └────webhook B1──▶ worker 2 ─┴─▶ one payment, one posting
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections

from recoup.kernel.money import Money
from recoup.people import scopes
from recoup.portfolio.models import Case, Entry
from recoup.repayment import operations
from recoup.repayment.models import BankFile, Payment, Promise

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 11, 23)


def at_once(book: Any, *works: Callable[[], Any]) -> list[Any]:
    """Do things in threads that start together; what they give, or what they raise."""
    start, results = threading.Barrier(len(works)), [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        try:
            with scopes.acting_for(book):
                start.wait()
                results[index] = work()
        except Exception as error:  # the test looks at it
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_same_webhook_twice_at_once_posts_once(wang_ming, book, system, at):
    def receive() -> Payment:
        return operations.receive(
            book=book, source="webhook", external_id="B1", reference="L-C0001",
            amount=Money(100_000), value_on=TODAY, by=system, at=at,
        )  # fmt: skip

    results = at_once(book, *[receive] * 4)

    assert {result.pk for result in results} == {Payment.objects.get().pk}
    assert Entry.objects.filter(kind="payment").count() == 1
    assert Case.objects.get().owed == 1_100_000


def test_the_same_reference_from_two_sources_at_once_posts_once(wang_ming, book, system, at):
    def receive(source: str) -> Callable[[], Payment]:
        return lambda: operations.receive(
            book=book, source=source, external_id="B1", reference="L-C0001",
            amount=Money(100_000), value_on=TODAY, by=system, at=at,
        )  # fmt: skip

    results = at_once(book, receive("webhook"), receive("desk"))

    assert sorted(result.state for result in results) == ["posted", "suspense"]
    assert Case.objects.get().owed == 1_100_000


def test_payments_to_one_case_at_once_are_all_counted(wang_ming, book, system, at):
    def receive(number: int) -> Callable[[], Payment]:
        return lambda: operations.receive(
            book=book, source="webhook", external_id=f"B{number}", reference="L-C0001",
            amount=Money(1_000), value_on=TODAY, by=system, at=at,
        )  # fmt: skip

    at_once(book, *[receive(n) for n in range(4)])

    assert Case.objects.get().owed == 1_200_000 - 4_000
    assert operations.reconcile(book=book, on=TODAY).is_even


def test_the_same_bank_file_twice_at_once_is_taken_in_once(wang_ming, book, system, at, tmp_path):
    path = tmp_path / "bank.csv"
    path.write_text("external_id,reference,amount,value_on\nX1,L-C0001,10,2026-11-23\n")

    def take() -> BankFile:
        return operations.import_bank_file(book=book, path=path, by=system, at=at)

    results = at_once(book, take, take)

    assert {result.pk for result in results} == {BankFile.objects.get().pk}
    assert Entry.objects.filter(kind="payment").count() == 1


def test_two_promises_at_once_leave_one_open(wang_ming, book, system, at):
    def promise() -> Promise:
        return operations.promise(
            case=wang_ming, amount=Money(500), due_on=TODAY + timedelta(days=3), by=system, at=at,
            channel="call",
        )  # fmt: skip

    results = at_once(book, promise, promise)

    assert all(isinstance(result, Promise) for result in results)
    assert sorted(Promise.objects.values_list("state", flat=True)) == ["open", "superseded"]
