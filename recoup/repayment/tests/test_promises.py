"""Promises: one open at a time, no contact while pending, judged with their tolerance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recoup.gate.models import Stop
from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people import scopes
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Case
from recoup.repayment import operations, queries
from recoup.repayment.errors import AlreadySettled, TooFarAway
from recoup.repayment.models import Promise
from recoup.repayment.operations import promising

DUE = date(2026, 11, 30)


def promise(case, system, at, *, amount=100_000, due_on=DUE, **more):
    return operations.promise(
        case=case, amount=Money(amount), due_on=due_on, by=system, at=at, channel="call", **more
    )


def pay(case, system, at, *, amount, after=timedelta(hours=1), number="1"):
    moment = at + after
    return operations.receive(
        book=case.book, source="webhook", external_id=number, reference="L-C0001",
        amount=Money(amount), value_on=moment.date(), by=system, at=moment,
    )  # fmt: skip


def judge(case, system, at, *, on):
    case.refresh_from_db()
    return operations.judge_promises(book=case.book, on=on, by=system, at=at)


def stops(case):
    return Stop.objects.filter(case=case, reason="promise", lifted_at=None)


def test_while_a_promise_is_pending_contact_is_stopped_until_it_can_be_judged(
    wang_ming, system, at
):
    promise(wang_ming, system, at)

    stop = stops(wang_ming).get()
    assert stop.until.isoformat() == "2026-12-01T16:00:00+00:00"  # 2 December, 0:00 in Shanghai


def test_a_new_promise_replaces_the_open_one(wang_ming, system, at):
    first = promise(wang_ming, system, at)
    second = promise(wang_ming, system, at + timedelta(hours=1), amount=50_000)

    first.refresh_from_db()
    assert (first.state, second.state) == ("superseded", "open")
    assert stops(wang_ming).get().source == f"promise:{second.pk}"


@pytest.mark.parametrize(
    ("paid", "on", "state"),
    [
        (100_000, date(2026, 11, 24), "kept"),
        (95_000, date(2026, 11, 24), "kept"),
        (94_999, date(2026, 12, 1), "open"),
        (94_999, date(2026, 12, 2), "partial"),
        (1, date(2026, 12, 2), "partial"),
    ],
)
def test_a_promise_is_kept_in_part_or_whole_by_what_was_paid(
    wang_ming, system, at, paid, on, state
):
    made = promise(wang_ming, system, at)
    pay(wang_ming, system, at, amount=paid)

    judge(wang_ming, system, at, on=on)

    made.refresh_from_db()
    assert made.state == state
    assert stops(wang_ming).exists() == (state == "open")


@pytest.mark.parametrize(
    ("on", "state"), [(date(2026, 12, 1), "open"), (date(2026, 12, 2), "broken")]
)
def test_a_promise_that_nothing_was_paid_on_is_broken_after_its_grace_day(
    wang_ming, system, at, on, state
):
    made = promise(wang_ming, system, at)

    judge(wang_ming, system, at, on=on)

    made.refresh_from_db()
    assert made.state == state


def test_money_that_came_before_the_promise_does_not_keep_it(wang_ming, system, at):
    pay(wang_ming, system, at, amount=100_000, after=timedelta(0))
    made = promise(wang_ming, system, at + timedelta(minutes=1))

    judge(wang_ming, system, at, on=DUE + timedelta(days=2))

    made.refresh_from_db()
    assert (made.state, made.paid) == ("broken", 0)


def test_judging_again_changes_nothing_and_leaves_no_event(wang_ming, system, at):
    promise(wang_ming, system, at)
    first = judge(wang_ming, system, at, on=date(2026, 12, 2))
    position = journal.position()

    second = judge(wang_ming, system, at, on=date(2026, 12, 2))

    assert (first, second, journal.position()) == (1, 0, position)


def test_a_promise_of_a_case_whose_debt_was_waived_is_cancelled(wang_ming, system, at):
    made = promise(wang_ming, system, at)
    portfolio.waive(
        loan=wang_ming.loans.get(), amount=Money(1_200_000), reason="减免", cause="w",
        by=system, at=at,
    )  # fmt: skip

    judge(wang_ming, system, at, on=date(2026, 11, 24))

    made.refresh_from_db()
    assert made.state == "cancelled"


def test_a_kept_promise_is_judged_again_when_its_payment_bounces(wang_ming, system, at):
    made = promise(wang_ming, system, at)
    payment = pay(wang_ming, system, at, amount=100_000)
    judge(wang_ming, system, at, on=date(2026, 11, 24))

    operations.reverse(payment=payment, reason="退票", by=system, at=at + timedelta(days=9))

    made.refresh_from_db()
    assert (made.state, made.paid) == ("broken", 0)


def test_a_bounce_before_the_day_leaves_the_promise_open_and_contact_stopped(wang_ming, system, at):
    made = promise(wang_ming, system, at)
    payment = pay(wang_ming, system, at, amount=100_000)
    judge(wang_ming, system, at, on=date(2026, 11, 24))

    operations.reverse(payment=payment, reason="退票", by=system, at=at + timedelta(days=2))

    made.refresh_from_db()
    assert (made.state, made.paid, made.judged_on) == ("open", 0, None)
    assert stops(wang_ming).get().until.isoformat() == "2026-12-01T16:00:00+00:00"
    pay(wang_ming, system, at, amount=100_000, after=timedelta(days=3), number="2")
    judge(wang_ming, system, at, on=date(2026, 11, 30))
    made.refresh_from_db()
    assert made.state == "kept"
    assert not stops(wang_ming).exists()


@pytest.mark.parametrize(("days", "state"), [(8, "open"), (9, "broken")])
def test_a_bounce_is_judged_from_the_day_after_the_grace_day(wang_ming, system, at, days, state):
    made = promise(wang_ming, system, at)
    payment = pay(wang_ming, system, at, amount=100_000)
    judge(wang_ming, system, at, on=date(2026, 11, 24))

    operations.reverse(payment=payment, reason="退票", by=system, at=at + timedelta(days=days))

    made.refresh_from_db()
    assert made.state == state


def test_a_bounced_promise_that_a_newer_one_followed_is_superseded(wang_ming, system, at):
    made = promise(wang_ming, system, at)
    payment = pay(wang_ming, system, at, amount=100_000)
    judge(wang_ming, system, at, on=date(2026, 11, 24))
    newer = promise(wang_ming, system, at + timedelta(days=1), amount=50_000)

    operations.reverse(payment=payment, reason="退票", by=system, at=at + timedelta(days=2))

    made.refresh_from_db()
    newer.refresh_from_db()
    assert (made.state, newer.state) == ("superseded", "open")
    assert stops(wang_ming).get().source == f"promise:{newer.pk}"


def test_a_verdict_on_what_somebody_else_moved_is_not_told(wang_ming, system, at):
    made = promise(wang_ming, system, at)
    stale = Promise.objects.select_related("case__book").get(pk=made.pk)
    newer = promise(wang_ming, system, at + timedelta(hours=1), amount=50_000)
    position = journal.position()

    moved = promising._settle(stale, "broken", 0, on=date(2026, 12, 2), by=system, at=at)

    made.refresh_from_db()
    assert (moved, made.state, journal.position()) == (0, "superseded", position)
    assert stops(wang_ming).get().source == f"promise:{newer.pk}"


def test_a_day_beyond_the_horizon_is_too_far_away(wang_ming, system, at):
    with pytest.raises(TooFarAway, match="2026-12-23"):
        promise(wang_ming, system, at, due_on=date(2026, 12, 24))
    with pytest.raises(TooFarAway, match="2026-11-25"):
        promise(wang_ming, system, at, latest=date(2026, 11, 25))

    assert promise(wang_ming, system, at, due_on=date(2026, 12, 23)).state == "open"


def test_nothing_can_be_promised_when_nothing_is_owed(wang_ming, system, at):
    Case.objects.filter(pk=wang_ming.pk).update(owed=0)

    with pytest.raises(AlreadySettled):
        promise(wang_ming, system, at)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0}, {"amount": -1}, {"amount": 1_200_001}, {"due_on": date(2026, 11, 22)},
    ],
)  # fmt: skip
def test_a_promise_of_nothing_too_much_or_yesterday_is_invalid(wang_ming, system, at, wrong):
    with pytest.raises(Invalid):
        promise(wang_ming, system, at, **wrong)

    assert not Promise.objects.exists()
    assert not stops(wang_ming).exists()


def test_the_events_say_what_scoring_reads(wang_ming, system, at):
    promise(wang_ming, system, at)
    judge(wang_ming, system, at, on=date(2026, 12, 2))

    made, judged = (
        Event.objects.get(kind=f"repayment.promise_{what}") for what in ("made", "judged")
    )

    assert (made.case, judged.case) == (wang_ming.pk, wang_ming.pk)
    assert journal.data_of(made)["due_on"] == "2026-11-30"
    assert journal.data_of(judged)["state"] == "broken"


def test_an_outsider_sees_no_promise_plan_or_payment(wang_ming, li_na, outsider, system, at):
    promise(wang_ming, system, at)
    pay(wang_ming, system, at, amount=500)
    stranger, collector = scopes.viewer_of(outsider), scopes.viewer_of(li_na)

    for query in (queries.promises, queries.plans, queries.payments):
        with scopes.acting_for(stranger):
            assert not list(query(viewer=stranger, case=wang_ming))

    assert queries.promises(viewer=collector, case=wang_ming).count() == 1
    assert queries.payments(viewer=collector, case=wang_ming).count() == 1
