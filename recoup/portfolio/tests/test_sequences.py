"""Whatever is posted, reversed and waived, in any order: the books stay right."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from recoup.kernel.actors import Actor
from recoup.kernel.money import Money
from recoup.portfolio import ledger, operations
from recoup.portfolio.models import Case, Entry, Instalment, Loan
from recoup.portfolio.models.ledger import ACCOUNTS, RECEIVABLES
from recoup.portfolio.tests.ledger_text import bare, noon
from tests.cast import place

BY = Actor.system("sequence")
START = date(2026, 1, 1)


@pytest.fixture
def li_si(book, team):
    return place(book=book, team=team, reference="C0002", name="李四")


steps = st.lists(
    st.tuples(
        st.sampled_from(["pay", "late", "waive", "reverse", "penalty"]),
        st.integers(1, 900),
        st.integers(0, 20),
    ),
    max_size=8,
)


def build(case: Case) -> Loan:
    loan = bare(case)
    Instalment.objects.bulk_create(
        Instalment(loan=loan, number=n, due_on=START + timedelta(days=20 * n), principal=300,
                   interest=20)
        for n in (1, 2, 3)
    )  # fmt: skip
    Entry.objects.create(
        loan=loan, kind="opening", cause="opening", value_on=START, posted_at=noon(START),
        principal=900, cost=15, opening=-915,
    )  # fmt: skip
    ledger.refresh(loan=loan, case=case, on=START)
    return loan


def do(loan: Loan, kind: str, amount: int, wait: int, day: date, step: int) -> None:
    common = {"by": BY, "at": noon(day)}
    if kind in ("pay", "late"):
        value_on = max(START, day - timedelta(days=wait)) if kind == "late" else day
        operations.post_payment(
            loan=loan, amount=Money(amount), value_on=value_on, cause=f"p{step}", **common
        )
    elif kind == "waive":
        owed = sum(ledger.available(ledger.entries_of(loan), day).values())
        if owed:
            operations.waive(
                loan=loan,
                amount=Money(min(amount, owed)),
                reason="减免",
                cause=f"w{step}",
                **common,
            )
    elif kind == "penalty":
        operations.accrue(
            loan=loan, account="penalty", amount=Money(amount), value_on=day, cause=f"a{step}",
            **common,
        )  # fmt: skip
    elif entry := undone(loan).first():
        operations.reverse(entry=entry, reason="退票", **common)


def undone(loan: Loan):
    return Entry.objects.filter(
        loan=loan, kind__in=["payment", "waiver"], reversed_by__isnull=True
    ).order_by("pk")


def assert_right(loan: Loan) -> None:
    entries = ledger.entries_of(loan)
    assert all(sum(getattr(entry, account) for account in ACCOUNTS) == 0 for entry in entries)
    for day in {entry.value_on for entry in entries}:
        at_end = ledger.balances(entries, day)
        assert all(at_end[account] >= 0 for account in RECEIVABLES), (day, at_end)
        assert at_end["overpaid"] <= 0, (day, at_end)
        owed = sum(at_end[account] for account in RECEIVABLES)
        assert not (owed and at_end["overpaid"]), (day, at_end)


@settings(
    # Shrinking replays whole histories in the database and takes minutes; a seed replays one.
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps)
@example([("late", 469, 17), ("late", 469, 17), ("late", 469, 17)])
def test_entries_balance_nothing_is_negative_and_reversing_all_restores_the_start(
    wang_ming, sequence
):
    loan, day = build(wang_ming), START

    for step, (kind, amount, wait) in enumerate(sequence):
        day += timedelta(days=wait)
        do(loan, kind, amount, wait, day, step)
        assert_right(loan)
    for entry in list(undone(loan)):
        operations.reverse(entry=entry, reason="全部冲回", by=BY, at=noon(day))

    assert_right(loan)
    end = ledger.balances(ledger.entries_of(loan))
    assert (end["principal"], end["cash"], end["waived"], end["overpaid"]) == (900, 0, 0, 0)
    case = Case.objects.get(pk=loan.case_id)
    assert case.state == "open"
    assert case.owed == sum(end[account] for account in RECEIVABLES)


moves = st.lists(
    st.tuples(
        st.sampled_from(["pay", "late", "late", "reverse", "penalty"]),
        st.integers(1, 900),
        st.integers(0, 20),
    ),
    max_size=10,
)


def claims(case: Case, allocation: str) -> Loan:
    """Claims of every kind and instalments without interest, so that nothing falls due later."""
    loan = bare(case)
    Loan.objects.filter(pk=loan.pk).update(allocation=allocation)
    loan.refresh_from_db()
    Instalment.objects.bulk_create(
        Instalment(loan=loan, number=n, due_on=START + timedelta(days=20 * n), principal=300)
        for n in (1, 2, 3)
    )
    Entry.objects.create(
        loan=loan, kind="opening", cause="opening", value_on=START, posted_at=noon(START),
        principal=900, interest=70, cost=15, penalty=5, opening=-990,
    )  # fmt: skip
    ledger.refresh(loan=loan, case=case, on=START)
    return loan


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves, st.sampled_from(["", "principal,interest"]))
@example([("pay", 900, 1), ("pay", 90, 1), ("reverse", 1, 9), ("late", 400, 7)], "")
@example([("pay", 900, 1), ("pay", 300, 1), ("reverse", 1, 9)], "")
def test_what_survives_ends_as_if_posted_in_order_without_what_was_reversed(
    wang_ming, li_si, sequence, allocation
):
    loan, day = claims(wang_ming, allocation), START

    for step, (kind, amount, wait) in enumerate(sequence):
        day += timedelta(days=wait)
        do(loan, kind, amount, wait, day, step)
        assert_right(loan)

    plain = claims(li_si, allocation)
    for entry in survivors(loan):
        common = {"loan": plain, "value_on": entry.value_on, "cause": entry.cause, "by": BY,
                  "at": noon(day)}  # fmt: skip
        if entry.kind == "payment":
            operations.post_payment(amount=Money(entry.cash), **common)
        else:
            operations.accrue(account="penalty", amount=Money(entry.penalty), **common)
    # In order of value nothing moves but what was overpaid when a penalty came.
    assert not Entry.objects.filter(loan=plain, kind="correction", overpaid=0).exists()
    ends = [ledger.balances(ledger.entries_of(one)) for one in (loan, plain)]
    assert ends[0] == ends[1]


def survivors(loan: Loan) -> list[Entry]:
    rows = Entry.objects.filter(
        loan=loan, kind__in=["payment", "accrual"], reversed_by__isnull=True
    )
    return list(rows.order_by("value_on", "pk"))
