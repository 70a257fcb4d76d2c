"""Properties of the pure figures: appropriation, ageing, and history in one pass."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.portfolio import ageing, history, waterfall
from recoup.portfolio.waterfall import RECEIVABLES, Due

START = date(2026, 1, 1)
amounts = st.integers(min_value=0, max_value=500)
days = st.integers(min_value=0, max_value=400).map(lambda n: START + timedelta(days=n))
balances = st.fixed_dictionaries(dict.fromkeys(RECEIVABLES, amounts))
orders = st.sampled_from(
    ["", "principal,interest", "interest,principal", "cost,interest,principal"]
)


@st.composite
def schedules(draw, smallest=0):
    rows = draw(st.lists(st.tuples(days, amounts, amounts, amounts), min_size=smallest, max_size=6))
    return [
        Due(day, number, principal, interest, cost)
        for number, (day, principal, interest, cost) in enumerate(rows, 1)
    ]


def test_an_unknown_word_in_a_contracts_order_is_refused():
    with pytest.raises(Invalid, match="bonus"):
        waterfall.order_of("interest,bonus")


@given(st.integers(0, 5000), balances, schedules(), days, orders)
def test_a_payment_is_divided_without_a_cent_more_or_less(amount, owed, schedule, on, order):
    shares = waterfall.allocate(
        amount=amount, available=owed, schedule=schedule, on=on, allocation=order
    )

    assert sum(shares.values()) == amount
    assert all(shares[account] >= 0 for account in shares)
    assert all(shares[account] <= owed[account] for account in RECEIVABLES)


@given(balances, schedules(), days)
def test_what_is_left_of_the_instalments_adds_up_to_the_balances(owed, schedule, on):
    parts = waterfall.outstanding(balances=owed, schedule=schedule, on=on)

    assert sum(part.total for part in parts) == sum(owed.values())


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(balances, schedules(), st.none() | days, st.none() | days), min_size=1, max_size=6
    ),
    days,
)
def test_one_loan_at_a_time_and_a_whole_book_are_aged_alike(loans, on):
    one_by_one = [
        ageing.age(balances=owed, schedule=dues, on=on, overdue_since=since, matures_on=end)
        for owed, dues, since, end in loans
    ]

    frame = ageing.age_frame(
        loans=pl.DataFrame(
            [
                {"loan": n, "overdue_since": since, "matures_on": end} | owed
                for n, (owed, _dues, since, end) in enumerate(loans)
            ],
            schema={"loan": pl.Int64, "overdue_since": pl.Date, "matures_on": pl.Date}
            | dict.fromkeys(RECEIVABLES, pl.Int64),
        ),
        schedule=pl.DataFrame(
            [
                (n, due.number, due.due_on, due.principal, due.interest, due.cost)
                for n, (_owed, dues, _since, _end) in enumerate(loans)
                for due in dues
            ],
            schema={
                "loan": pl.Int64, "number": pl.Int64, "due_on": pl.Date, "principal": pl.Int64,
                "interest": pl.Int64, "cost": pl.Int64,
            },
            orient="row",
        ),
        on=on,
    )  # fmt: skip

    assert [ageing.Age(*row[1:]) for row in frame.iter_rows()] == one_by_one


@settings(max_examples=80)
@given(
    schedules(smallest=1),
    st.lists(st.tuples(days, st.integers(1, 900)), max_size=5),
    st.integers(0, 300),
    orders,
)
def test_history_in_one_pass_is_what_posting_each_payment_gives(schedule, paid, surplus, order):
    principal = sum(due.principal for due in schedule) + surplus
    if not principal:
        return
    payments = [history.Paid(day, amount, f"p{n:02}") for n, (day, amount) in enumerate(paid)]
    until = START + timedelta(days=420)

    lines = history.replay(
        principal=principal, issued_on=START - timedelta(days=1), schedule=schedule,
        payments=payments, until=until, allocation=order,
    )  # fmt: skip

    running = dict.fromkeys(RECEIVABLES, 0)
    for line in lines:
        if line.kind == "payment":
            shares = waterfall.allocate(
                amount=line.cash, available=running, schedule=schedule, on=line.value_on,
                allocation=order,
            )  # fmt: skip
            taken = (-line.principal, -line.interest, -line.cost, -line.overpaid)
            assert taken == tuple(shares[a] for a in ("principal", "interest", "cost", "overpaid"))
        for account in ("principal", "interest", "cost"):
            running[account] += getattr(line, account)
            assert running[account] >= 0
        assert line.principal + line.interest + line.cost == -(
            line.cash + line.opening + line.income + line.overpaid
        )
