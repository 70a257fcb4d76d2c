"""Many at once: the last slot goes to one, and a permit is used by one. Real threads, real commits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from recoup.gate import operations, queries
from recoup.gate.models import Counter, Permit, Refusal
from recoup.journal import queries as journal
from recoup.kernel.errors import Refused
from recoup.people.scopes import acting_for
from recoup.strategy.models import Decision, Plan

from .asking import decision_for, plan_of, ready

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8


def in_threads(work: Callable[[int], Any], book: Any, times: int = THREADS) -> list[Any]:
    """The answers of the same work done by many threads, each with a connection of its own."""

    def alone(number: int) -> Any:
        try:
            with acting_for(book):
                return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(alone, range(times)))


def decisions_for(case: Any, channel: str, at: Any, many: int) -> list[Decision]:
    first = decision_for(case, channel, at=at)
    plans = Plan.objects.bulk_create(
        Plan(book=case.book, strategy=first.plan.strategy, on=date(2000, 1, 1) + timedelta(days=n),
             at=at, file="", digest="0" * 64, rows=1, chosen=1)
        for n in range(many - 1)
    )  # fmt: skip
    more = Decision.objects.bulk_create(
        Decision(
            book=case.book, plan=plan, case=case, on=at.date(), segment="test", treatment="test",
            channel=channel, template=first.template, contact_point=first.contact_point,
            not_before=at, not_after=at, arm="champion", propensity=1.0,
        )
        for plan in plans
    )  # fmt: skip
    return [first, *more]


def test_a_thousand_requests_for_one_borrower_never_exceed_the_cap(wang_ming, book, system, at):
    """
    8 diallers ═══ 1000 requests ═══▶ one counter of three
    """
    ready(book, system, at)
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    decisions = decisions_for(wang_ming, "call", at, 1000)

    def ask(number: int) -> list[Any]:
        mine, answers = decisions[number::THREADS], []
        for start in range(0, len(mine), 25):
            answers += operations.request_many(
                decisions=mine[start : start + 25], at=at, by=system,
                session={"recording_ready": True},
            )  # fmt: skip
        return answers

    answers = [one for some in in_threads(ask, book) for one in some]

    assert len(answers) == 1000
    assert sum(isinstance(one, Permit) for one in answers) == 3
    assert Permit.objects.count() == 3 and Refusal.objects.count() == 997
    used = dict(Counter.objects.values_list("unit", "used"))
    assert used == {"effective_call": 3, "attempt": 3, "channel.call": 3, "contact_any": 3}
    assert journal.verify().is_whole


def test_a_permit_wanted_by_many_threads_is_used_once(wang_ming, book, system, at):
    """
    one permit ═══▶ 8 senders at the same moment ═══▶ one message
    """
    ready(book, system, at)
    permit = operations.request(decision=decision_for(wang_ming, "sms", at=at), at=at, by=system)
    text = queries.fill(permit)[1]

    def send(_: int) -> bool:
        try:
            operations.use(permit=permit.pk, text=text, channel="sms", at=at, by=system,
                           contact_point=permit.contact_point_id)  # fmt: skip
        except Refused:
            return False
        return True

    assert sum(in_threads(send, book)) == 1


def test_release_and_expiry_at_once_free_a_slot_once(wang_ming, book, system, at):
    """
    permit ┬ release ┐
           └ expire  ┴─▶ the slot comes back once
    """
    ready(book, system, at)
    permits = [
        operations.request(decision=decision_for(wang_ming, "sms", at=at), at=at, by=system)
        for _ in range(2)
    ]
    late = at + timedelta(minutes=11)

    def give_back(number: int) -> None:
        if number % 2:
            operations.release(permit=permits[0], at=late, by=system)
        else:
            operations.expire(at=late, by=system)

    in_threads(give_back, book)

    assert set(Counter.objects.values_list("used", flat=True)) == {0}


def test_two_batches_that_want_the_same_people_in_opposite_order_both_end(book, team, system, at):
    """
    batch 1: A B C ─┐
    batch 2: C B A ─┴─▶ counters are locked in the order of their keys: no deadlock
    """
    from tests.cast import place

    ready(book, system, at)
    cases = [place(book=book, team=team, reference=f"T{n}") for n in range(6)]
    plans = [plan_of(book, at) for _ in range(THREADS)]
    wanted = [[decision_for(case, "sms", at=at, plan=plan) for case in cases] for plan in plans]

    def ask(number: int) -> list[Any]:
        mine = wanted[number] if number % 2 else wanted[number][::-1]
        return operations.request_many(decisions=mine, at=at, by=system)

    answers = [one for some in in_threads(ask, book) for one in some]

    assert sum(isinstance(one, Permit) for one in answers) == 2 * len(cases)


def test_a_wish_sent_by_many_threads_under_one_key_is_one_permit(wang_ming, book, system, at):
    """
    one Idempotency-Key ═══▶ 8 requests at the same moment ═══▶ one permit, told to all
    """
    ready(book, system, at)
    operations.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    point = wang_ming.borrower.contact_points.get(medium="phone").pk

    def ask(number: int) -> Any:
        return operations.request_contact(
            case=wang_ming, channel="call", contact_point=point, key="the-same-wish", at=at,
            by=system, session={"recording_ready": True},
        )  # fmt: skip

    answers = in_threads(ask, book)

    assert len({answer.pk for answer in answers}) == Permit.objects.count() == 1
    assert dict(Counter.objects.values_list("unit", "used"))["effective_call"] == 1
