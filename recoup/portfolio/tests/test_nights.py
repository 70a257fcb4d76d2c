"""Ageing a book: the whole and the single loan agree, and only what changed is written."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import polars as pl
import pytest
from django.conf import settings

from recoup.journal import queries as journal
from recoup.kernel.errors import Refused
from recoup.kernel.money import Money
from recoup.people import operations as people
from recoup.people.models import Team
from recoup.portfolio import operations, queries
from recoup.portfolio.models import Case, Loan
from recoup.portfolio.operations import nightly
from tests.cast import place

TODAY = date(2026, 11, 23)


def age(book, system, at, on):
    return operations.age_book(book=book, on=on, by=system, at=at)


def test_a_night_without_change_writes_nothing(wang_ming, book, system, at):
    assert age(book, system, at, TODAY) == 0

    assert Loan.objects.get().aged_on == TODAY


def test_a_day_older_is_a_day_more_past_due_and_the_case_follows(wang_ming, book, system, at):
    changed = age(book, system, at, TODAY + timedelta(days=25))

    loan, case = Loan.objects.get(), Case.objects.get()
    assert changed == 1
    assert (loan.days_past_due, loan.stage, loan.overdue) == (65, "M3", 300_000)
    assert (case.days_past_due, case.stage, case.overdue) == (65, "M3", 300_000)


def test_the_event_carries_the_changes_as_a_file_that_the_journal_verifies(
    wang_ming, book, system, at
):
    age(book, system, at, TODAY + timedelta(days=1))

    data = journal.data_of(journal.tail(after=journal.position() - 1)[0])
    changes = pl.read_parquet(settings.DATA_DIR / data["changes"]["file"])
    assert changes.select("owed", "days_past_due").row(0) == (1_200_000, 41)
    assert journal.verify().is_whole


@pytest.mark.parametrize("offset", [-60, 0, 1, 21, 22, 400])
def test_the_book_and_the_single_loan_are_aged_alike(book, team, system, at, monkeypatch, offset):
    monkeypatch.setattr(nightly, "CHUNK", 2)
    for n, days in enumerate((0, 1, 30, 31, 200)):
        place(book=book, team=team, reference=f"C{n}", phone=f"1381234000{n}", days_past_due=days)
    for n, loan in enumerate(Loan.objects.order_by("pk")):
        operations.post_payment(
            loan=loan, amount=Money(1 + n * 90_000), value_on=TODAY, cause="p", by=system, at=at
        )

    age(book, system, at, TODAY + timedelta(days=offset))

    for loan in Loan.objects.all():
        expected = queries.days_past_due(loan=loan, on=TODAY + timedelta(days=offset))
        assert loan.days_past_due == expected


def test_a_recalled_case_is_not_aged(wang_ming, book, system, at):
    operations.recall(case=wang_ming, reason="委托到期", by=system, at=at)

    assert age(book, system, at, TODAY + timedelta(days=9)) == 0


def test_a_case_is_as_old_as_its_oldest_loan_and_owes_the_sum(wang_ming, book, system, at):
    other = place(book=book, reference="C2", days_past_due=100, phone="13812349999")
    Loan.objects.filter(case=other).update(case=wang_ming, borrower=wang_ming.borrower)

    age(book, system, at, TODAY)

    wang_ming.refresh_from_db()
    assert (wang_ming.days_past_due, wang_ming.owed) == (100, 2_400_000)


def test_cases_are_shared_out_to_teams_by_how_many_collect_there(
    book, creditor, team, li_na, system, at
):
    second = Team.objects.create(code="m2", name="二组", creditor=creditor)
    for name in ("hao", "wang", "zhou"):
        people.add_user(
            username=name, name=name, role="collector", creditors=[creditor], team=second,
            by=system, at=at,
        )  # fmt: skip
    for n in range(8):
        place(book=book, reference=f"C{n}", phone=f"1381234000{n}", days_past_due=10 + 30 * (n % 2))

    shared = operations.share_out(book=book, by=system, at=at)

    teams = Counter(Case.objects.values_list("team__code", flat=True))
    assert shared == 8
    assert teams == {"m1": 2, "m2": 6}
    assert not Case.objects.filter(collector__isnull=False).exists()
    assert operations.share_out(book=book, by=system, at=at) == 0


def test_a_team_without_collectors_takes_its_share_and_no_team_leaves_cases_waiting(
    book, creditor, system, at
):
    place(book=book)

    first = operations.share_out(book=book, by=system, at=at)
    Team.objects.create(code="t", name="二组", creditor=creditor)
    second = operations.share_out(book=book, by=system, at=at)

    assert (first, second) == (0, 1)
    assert Case.objects.get().team.code == "t"


def test_sharing_out_leaves_cases_that_are_not_worked(wang_ming, book, li_na, system, at):
    Case.objects.filter(pk=wang_ming.pk).update(team=None, state="suspended")

    assert operations.share_out(book=book, by=system, at=at) == 0


def test_cases_placed_out_leave_their_team_and_are_the_agencys(
    wang_ming, book, creditor, li_na, system, at
):
    agency = people.add_agency(code="hengyuan", name="恒远", creditor=creditor, by=system, at=at)
    operations.share_out(book=book, by=system, at=at)
    closed = place(book=book, reference="C9", state="closed")
    cases = [wang_ming.pk, closed.pk]

    first = operations.place_out(book=book, cases=cases, agency=agency, by=system, at=at)
    again = operations.place_out(book=book, cases=cases, agency=agency, by=system, at=at)
    operations.share_out(book=book, by=system, at=at)

    wang_ming.refresh_from_db()
    closed.refresh_from_db()
    assert (first, again) == (1, 0)
    assert (wang_ming.agency, wang_ming.team, wang_ming.collector) == (agency, None, None)
    assert closed.agency is None


def test_an_agency_that_is_not_listed_gets_no_cases(wang_ming, book, creditor, system, at):
    agency = people.add_agency(code="hengyuan", name="恒远", creditor=creditor, by=system, at=at)
    people.unlist_agency(agency=agency, creditor=creditor, by=system, at=at)

    with pytest.raises(Refused, match="恒远"):
        operations.place_out(book=book, cases=[wang_ming.pk], agency=agency, by=system, at=at)
