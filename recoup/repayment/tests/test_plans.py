"""Plans: what may be agreed, and how they end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from recoup.gate.models import Stop
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.portfolio.models import Loan
from recoup.repayment import operations
from recoup.repayment.errors import PlanStands
from recoup.repayment.models import Plan
from recoup.repayment.operations.planning import _months_after

FIRST, SECOND, THIRD = date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)
THREE = [(FIRST, Money(400_000)), (SECOND, Money(400_000)), (THIRD, Money(400_000))]
TERMS = {
    "interest": "stops on signing", "no_new_card": True, "default": "falls due at once", "other": "",
}  # fmt: skip


def agree(case, system, at, instalments=THREE, **more):
    return operations.agree_plan(
        case=case, instalments=instalments, with_whom="debtor", by=system, at=at, **more
    )


def pay(case, system, at, amount, number="1"):
    return operations.receive(
        book=case.book, source="webhook", external_id=number, reference="L-C0001",
        amount=Money(amount), value_on=at.date(), by=system, at=at,
    )  # fmt: skip


def judge(case, system, at, on):
    operations.judge_plans(book=case.book, on=on, by=system, at=at)
    return Plan.objects.get()


def is_stopped(case, reason="plan"):
    return Stop.objects.filter(case=case, reason=reason, lifted_at=None).exists()


def make_card(case):
    Loan.objects.filter(case=case).update(product="credit_card")


def test_a_plan_that_is_kept_stops_collection_and_replaces_an_open_promise(wang_ming, system, at):
    made = operations.promise(
        case=wang_ming, amount=Money(100), due_on=FIRST, by=system, at=at, channel="call"
    )

    plan = agree(wang_ming, system, at)

    made.refresh_from_db()
    assert (plan.state, plan.total, made.state) == ("performing", 1_200_000, "superseded")
    assert is_stopped(wang_ming)
    assert not is_stopped(wang_ming, "promise")


def test_a_second_plan_waits_until_the_first_has_ended(wang_ming, system, at):
    plan = agree(wang_ming, system, at)

    with pytest.raises(PlanStands):
        agree(wang_ming, system, at)
    operations.cancel_plan(plan=plan, reason="borrower asked", by=system, at=at)

    assert not is_stopped(wang_ming)
    assert agree(wang_ming, system, at).state == "performing"


@pytest.mark.parametrize(
    ("on", "state"),
    [(date(2026, 12, 4), "performing"), (date(2026, 12, 5), "broken")],
)
def test_a_missed_payment_breaks_the_plan_after_three_days_of_grace(
    wang_ming, system, at, on, state
):
    agree(wang_ming, system, at)

    plan = judge(wang_ming, system, at, on)

    assert plan.state == state
    assert is_stopped(wang_ming) == (state == "performing")


@pytest.mark.parametrize(("paid", "state"), [(380_000, "performing"), (379_999, "broken")])
def test_a_payment_that_is_nearly_whole_keeps_the_plan(wang_ming, system, at, paid, state):
    agree(wang_ming, system, at)
    pay(wang_ming, system, at + timedelta(days=1), paid)

    assert judge(wang_ming, system, at, date(2026, 12, 5)).state == state


def test_a_plan_that_is_paid_in_full_is_completed(wang_ming, system, at):
    agree(wang_ming, system, at)
    pay(wang_ming, system, at + timedelta(days=1), 1_200_000)

    plan = judge(wang_ming, system, at, date(2026, 11, 25))

    assert (plan.state, plan.paid) == ("completed", 1_200_000)
    assert not is_stopped(wang_ming)


def test_everything_wrong_with_a_schedule_is_said_at_once(wang_ming, system, at):
    wrong = [(FIRST, Money(0)), (FIRST, Money(900_000)), (date(2033, 1, 1), Money(900_000))]

    with pytest.raises(Invalid) as caught:
        agree(wang_ming, system, at, wrong, total=Money(1_200_000))

    text = " ".join(map(str, caught.value.problems))
    for part in ("payment 1", "payment 2", "but CNY 12,000.00 was agreed", "owed", "60 months"):
        assert part in text
    assert not Plan.objects.exists()


def test_a_card_plan_holds_the_six_items_and_lasts_five_years_at_most(wang_ming, system, at):
    make_card(wang_ming)

    with pytest.raises(Invalid) as caught:
        agree(wang_ming, system, at)

    assert [item for item in TERMS if item in str(caught.value)] == list(TERMS)
    plan = agree(wang_ming, system, at, terms=TERMS)
    assert set(plan.terms) >= {"balance", "currency", "schedule", *TERMS}


@pytest.mark.parametrize(
    ("day", "is_legal"), [(date(2031, 11, 23), True), (date(2031, 11, 24), False)]
)
def test_sixty_months_are_allowed_and_a_day_more_is_not(wang_ming, system, at, day, is_legal):
    make_card(wang_ming)
    schedule = [(FIRST, Money(100)), (day, Money(100))]

    if is_legal:
        assert agree(wang_ming, system, at, schedule, terms=TERMS).total == 200
    else:
        with pytest.raises(Invalid, match="60 months"):
            agree(wang_ming, system, at, schedule, terms=TERMS)


def test_an_oral_card_plan_names_its_recording(wang_ming, system, at):
    make_card(wang_ming)

    with pytest.raises(Invalid, match="recording"):
        agree(wang_ming, system, at, terms=TERMS, form="oral")

    assert agree(wang_ming, system, at, terms=TERMS, form="oral", recording="R-1").form == "oral"


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 60, date(2031, 12, 31)), (date(2024, 2, 29), 12, date(2025, 2, 28)),
    ],
)  # fmt: skip
def test_months_later_is_the_same_day_or_the_last_of_the_month(day, months, then):
    assert _months_after(day, months) == then
