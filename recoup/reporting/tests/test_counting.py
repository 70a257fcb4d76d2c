from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recoup.contact.models import Attempt
from recoup.gate.models import Permit, Refusal
from recoup.gate.tests.asking import decision_for, plan_of
from recoup.kernel.errors import Failed, Invalid
from recoup.kernel.money import Money
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Case, ContactPoint, Entry, Loan
from recoup.repayment.models import Promise
from recoup.reporting import operations
from recoup.reporting.models import Figure, Snapshot
from recoup.reporting.tying import demand_tie_out, tie_out
from recoup.strategy import operations as strategy
from recoup.strategy.models import Decision, Plan, StrategyVersion
from tests.cast import place


def figure(metric, dimension="all", slice_="all", on=None):
    rows = Figure.objects.filter(metric=metric, dimension=dimension, slice=slice_)
    return (rows.filter(on=on) if on else rows).values_list("value", flat=True).first()


def pay(case, fen, on, at, system, cause="p1"):
    return portfolio.post_payment(
        loan=Loan.objects.get(case=case), amount=Money(fen), value_on=on, cause=cause, by=system,
        at=at,
    )  # fmt: skip


def attempt(case, at, channel="sms", state="delivered", cost=5):
    medium = {"sms": "phone", "call": "phone", "email": "email", "letter": "address"}[channel]
    point = ContactPoint.objects.get(borrower=case.borrower, medium=medium)
    number = Permit.objects.count()
    permit = Permit.objects.create(
        id=f"P{number}", book=case.book, case=case, contact_point=point, channel=channel,
        issued_at=at, expires_at=at + timedelta(hours=1), rulebook="r", verdict={},
        signature="s",
    )  # fmt: skip
    return Attempt.objects.create(
        permit=permit, book=case.book, case=case, contact_point=point, channel=channel,
        state=state, key=f"K{number}", carrier="test", content=b"", cost=cost, reserved_at=at,
    )  # fmt: skip


def test_what_was_paid_is_recovered_and_put_down_to_the_last_contact(
    book, wang_ming, team, system, at, today
):
    attempt(wang_ming, at - timedelta(days=2), channel="email", cost=1)
    attempt(wang_ming, at - timedelta(days=1))
    pay(wang_ming, 150_000, today, at, system)

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("recovered", on=today) == 150_000
    assert figure("recovered", "channel", "sms") == 150_000
    assert figure("recovered", "team", str(team.pk)) == 150_000
    assert figure("recovered", "vintage", "2026-11") == 150_000
    assert figure("payments", on=today) == 1
    assert tie_out(book=book, on=today) == []


def test_a_payment_without_a_contact_is_nobodys(book, wang_ming, system, at, today):
    attempt(wang_ming, at - timedelta(days=30))
    pay(wang_ming, 1_000, today, at, system)

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("recovered", "channel", "none") == 1_000


def test_a_reversal_takes_it_back_on_its_own_day(book, wang_ming, system, at, today):
    entry = pay(wang_ming, 150_000, today, at, system)
    operations.count(book=book, on=today, by=system, at=at)
    later = at + timedelta(days=3)
    portfolio.reverse(entry=entry, reason="bounced", by=system, at=later)

    operations.count(book=book, on=later.date(), by=system, at=later)

    assert figure("recovered", on=today) == 150_000
    assert figure("recovered", on=later.date()) == -150_000
    assert figure("reversed", on=later.date()) == 150_000
    assert tie_out(book=book, on=later.date()) == []


def test_a_payment_posted_late_changes_the_day_it_is_valued(book, wang_ming, system, at, today):
    for back in (0, 1, 2, 3, 4):
        day = today + timedelta(days=back)
        operations.count(book=book, on=day, by=system, at=at + timedelta(days=back))
    pay(wang_ming, 7_700, today, at + timedelta(days=4, minutes=1), system)
    last = today + timedelta(days=4)
    assert [(one.on, one.figure, one.ledger) for one in tie_out(book=book, on=last)] == [
        (today, 0, 7_700)
    ]

    operations.count(book=book, on=last, by=system, at=at + timedelta(days=4, hours=1))

    assert figure("recovered", on=today) == 7_700
    assert tie_out(book=book, on=last) == []


def test_counting_twice_gives_the_same_figures(book, wang_ming, system, at, today):
    pay(wang_ming, 1_000, today, at, system)
    attempt(wang_ming, at)

    first = operations.count(book=book, on=today, by=system, at=at)
    kept = set(Figure.objects.values_list("on", "metric", "dimension", "slice", "value"))
    again = operations.count(book=book, on=today, by=system, at=at)

    assert first == again == Figure.objects.count()
    assert set(Figure.objects.values_list("on", "metric", "dimension", "slice", "value")) == kept
    assert Snapshot.objects.count() == 1


def test_contacts_cost_what_carriers_charge_and_failed_ones_are_not_contacts(
    book, wang_ming, system, at, today
):
    attempt(wang_ming, at, cost=5)
    attempt(wang_ming, at, channel="letter", cost=260)
    attempt(wang_ming, at, state="failed", cost=0)
    attempt(wang_ming, at - timedelta(days=1), cost=99)

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("contacts", on=today) == 2
    assert figure("cost", on=today) == 265
    assert figure("cost", "channel", "letter", on=today) == 260
    assert figure("contacts", "outcome", "sms:failed", on=today) == 1


def test_days_are_days_of_the_book(book, wang_ming, system, today):
    # 15:59 in Greenwich is one minute to midnight in Shanghai; 16:00 is the next day.
    before = datetime.fromisoformat(f"{today}T15:59:00+00:00")
    attempt(wang_ming, before)
    attempt(wang_ming, before + timedelta(minutes=1))

    operations.count(book=book, on=today + timedelta(days=1), by=system, at=before)

    assert figure("contacts", on=today) == 1
    assert figure("contacts", on=today + timedelta(days=1)) == 1


def test_promises_are_counted_when_made_and_when_judged(book, wang_ming, system, at, today):
    common = {"case": wang_ming, "currency": "CNY", "made_to": "x", "channel": "sms"}
    Promise.objects.create(amount=5_000, due_on=today, made_at=at, **common)
    for state in ("kept", "broken", "broken"):
        Promise.objects.create(
            amount=1, due_on=today, made_at=at - timedelta(days=9), state=state, judged_on=today,
            **common,
        )  # fmt: skip

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("promises_made", on=today) == 1
    assert figure("promised", on=today) == 5_000
    assert figure("promises_kept", on=today) == 1
    assert figure("promises_broken", on=today) == 2


def test_refusals_are_counted_by_rule(book, wang_ming, system, at, today):
    for rules in (["CN-TIME-001"], ["CN-TIME-001", "CN-FREQ-001"]):
        Refusal.objects.create(
            book=book, case=wang_ming, channel="sms", at=at, outcome="refuse", rulebook="r",
            rules=[{"id": rule} for rule in rules],
        )  # fmt: skip

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("refused", on=today) == 2
    assert figure("refused", "rule", "CN-TIME-001") == 2
    assert figure("refused", "rule", "CN-FREQ-001") == 1


def test_cases_move_between_stages(book, team, system, at, today):
    cases = [place(book=book, team=team, reference=f"C{n}", phone=f"138{n:08}") for n in range(3)]
    operations.count(book=book, on=today, by=system, at=at)
    Case.objects.filter(pk=cases[0].pk).update(stage="M3")
    Case.objects.filter(pk=cases[1].pk).update(state="settled")
    tomorrow = today + timedelta(days=1)

    operations.count(book=book, on=tomorrow, by=system, at=at + timedelta(days=1))

    assert figure("moved", "move", "M2>M2", on=tomorrow) == 1
    assert figure("moved", "move", "M2>M3", on=tomorrow) == 1
    assert figure("moved", "move", "M2>settled", on=tomorrow) == 1
    assert figure("moved", "month_move", "M2>M3", on=tomorrow) == 1
    assert figure("cases", on=tomorrow) == 2
    assert figure("cases", on=today) == 3


def test_an_earlier_stand_is_not_rewritten(book, wang_ming, system, at, today):
    tomorrow = today + timedelta(days=1)
    operations.count(book=book, on=today, by=system, at=at)
    Case.objects.update(stage="M3")
    operations.count(book=book, on=tomorrow, by=system, at=at + timedelta(days=1))

    operations.count(book=book, on=today, by=system, at=at + timedelta(days=1))

    assert figure("cases", "stage", "M2", on=today) == 1
    assert figure("cases", "stage", "M3", on=tomorrow) == 1


def test_income_is_the_fee_on_what_was_recovered(book, wang_ming, system, at, today):
    operations.agree_fee(book=book, since=today, rate=Decimal("0.175"), by=system, at=at)
    pay(wang_ming, 150_001, today, at, system)

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("income", on=today) == 26_250
    with pytest.raises(Invalid):
        operations.agree_fee(book=book, since=today, rate=Decimal(2), by=system, at=at)


def test_a_figure_that_was_touched_is_found(book, wang_ming, system, at, today):
    pay(wang_ming, 150_000, today, at, system)
    operations.count(book=book, on=today, by=system, at=at)
    Figure.objects.filter(metric="recovered", dimension="all", on=today).update(value=150_001)

    found = tie_out(book=book, on=today)

    assert (found[0].figure, found[0].ledger) == (150_001, 150_000)
    with pytest.raises(Failed, match="differ"):
        demand_tie_out(book=book, on=today)


def test_what_a_case_owed_is_checked_against_its_entries(book, wang_ming, system, at, today):
    Case.objects.update(owed=1)
    operations.count(book=book, on=today, by=system, at=at)

    assert [one.what for one in tie_out(book=book, on=today)] == [f"owed in case {wang_ming.pk}"]


@given(
    payments=st.lists(
        st.tuples(st.integers(0, 2), st.integers(-3, 6), st.integers(1, 30_000), st.booleans()),
        max_size=8,
    )
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_is_posted_the_figures_agree_to_the_cent(book, team, system, at, today, payments):
    tag = Case.objects.count()
    cases = [
        place(book=book, team=team, reference=f"H{tag}-{n}", phone=f"139{tag + n:08}")
        for n in range(3)
    ]  # fmt: skip
    for number, (who, day, fen, undone) in enumerate(payments):
        then = at + timedelta(days=max(day, 0), minutes=number)
        on = today + timedelta(days=day)
        entry = pay(cases[who], fen, on, then, system, cause=f"p{number}")
        if undone:
            portfolio.reverse(entry=entry, reason="x", by=system, at=then + timedelta(days=1))
    last = today + timedelta(days=8)

    operations.count(book=book, on=last, by=system, at=at + timedelta(days=8))

    assert [d for d in tie_out(book=book, on=last) if d.what.startswith("recovered")] == []
    since = Entry.objects.filter(value_on__gte=today, kind__in=("payment", "reversal"))
    assert sum(Figure.objects.filter(metric="recovered", dimension="all").values_list(
        "value", flat=True)) == sum(
        entry.cash for entry in since
        if entry.kind == "payment" or entry.reverses.value_on >= today
    )  # fmt: skip


def test_a_task_whose_call_stands_in_the_record_is_one_contact(
    book, wang_ming, data_dir, system, at, today
):
    cases = [wang_ming, place(book=book, reference="C2", team=wang_ming.team)]
    plan = plan_of(book, at)
    StrategyVersion.objects.update(source=strategy.default("CN"))
    Plan.objects.update(file="plan.parquet")
    pl.DataFrame({"case": [case.pk for case in cases], "arm": "champion"}).write_parquet(
        data_dir / "plan.parquet"
    )
    for case in cases:
        row = decision_for(case, "sms", at=at, template="", plan=plan)
        Decision.objects.filter(pk=row.pk).update(
            channel="task", treatment="collector-review", state="done"
        )
    attempt(wang_ming, at, channel="call", cost=30)

    operations.count(book=book, on=today, by=system, at=at)

    assert figure("contacts", on=today) == 2
    assert (
        figure("contacts", "channel", "call", today)
        == figure("contacts", "channel", "task", today)
        == 1
    )
    assert figure("cost", "channel", "call", today) == 30
    assert figure("cost", "channel", "task", today) == 2 * 480  # six minutes each, called or not
