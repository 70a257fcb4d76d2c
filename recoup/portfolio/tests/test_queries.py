"""What people and the night may read, and what 外人 may not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.money import Money
from recoup.people import operations as people
from recoup.people import scopes
from recoup.portfolio import operations, queries
from recoup.portfolio.models import Case, ContactPoint, Note
from tests.cast import place

TODAY = date(2026, 11, 23)


@pytest.fixture
def collector(li_na):
    return scopes.viewer_of(li_na)


@pytest.fixture
def stranger(outsider):
    return scopes.viewer_of(outsider)


def test_an_outsider_sees_no_case_ledger_or_note(wang_ming, stranger, collector, at):
    operations.note(case=wang_ming, text="说月底还", viewer=collector, at=at)

    with scopes.acting_for(stranger):
        assert not queries.cases(viewer=stranger).exists()
        assert not queries.ledger(viewer=stranger, case=wang_ming)
        assert not queries.notes(viewer=stranger, case=wang_ming)
        with pytest.raises(Refused, match="no case"):
            queries.case(viewer=stranger, pk=wang_ming.pk)
        with pytest.raises(Refused):
            operations.note(case=wang_ming, text="偷看", viewer=stranger, at=at)


def test_a_collector_sees_the_cases_of_the_own_team_only(wang_ming, book, collector):
    place(book=book, reference="C2", phone="13900000000")

    assert [case.pk for case in queries.cases(viewer=collector)] == [wang_ming.pk]


def test_who_may_not_see_cases_is_told_so(wang_ming, creditor, system, at):
    user = people.add_user(
        username="boss", name="老板", role="executive", creditors=[creditor], by=system, at=at
    )

    with pytest.raises(Refused, match=r"case\.see"):
        queries.cases(viewer=scopes.viewer_of(user))


@pytest.mark.parametrize(
    "search",
    ["王明", "138 1234 1234", "c0001@example.com", "110101199003071234", "L-C0001", "C0001"],
)
def test_a_case_is_found_by_name_phone_mail_identity_or_number(wang_ming, collector, search):
    assert queries.cases(viewer=collector, search=search).get().pk == wang_ming.pk


def test_a_search_for_somebody_else_finds_nothing(wang_ming, collector):
    assert not queries.cases(viewer=collector, search="王二").exists()


def test_the_list_is_narrowed_and_sorted(wang_ming, book, team, collector):
    young = place(book=book, team=team, reference="C2", phone="13900000000", days_past_due=3)
    Case.objects.filter(pk=young.pk).update(overdue=999_999_999)

    assert [c.pk for c in queries.cases(viewer=collector)] == [young.pk, wang_ming.pk]
    assert queries.cases(viewer=collector, stage="M2").get() == wang_ming
    assert not queries.cases(viewer=collector, state="settled", team=team, book=book).exists()
    with pytest.raises(Invalid, match="sorted"):
        queries.cases(viewer=collector, order="person")


def test_a_page_of_cases_is_one_query_however_many_there_are(book, team, collector):
    for n in range(12):
        place(book=book, team=team, reference=f"C{n}", phone=f"139000000{n:02}")

    with CaptureQueriesContext(
        connection,
    ) as seen:
        for case in queries.cases(viewer=collector)[:10]:
            str((case.borrower, case.book, case.team, case.agency, case.collector))

    assert len(seen) == 1


def test_a_note_is_sealed_under_the_borrowers_key_and_gone_when_he_is_erased(
    wang_ming, collector, system, at
):
    operations.note(case=wang_ming, text="妻子李娟接听，说月底还", viewer=collector, at=at)

    stored = bytes(Note.objects.get().text)
    (read,) = queries.notes(viewer=collector, case=wang_ming)
    people.erase(person=wang_ming.borrower.person, reason="本人要求", by=system, at=at)
    (after,) = queries.notes(viewer=collector, case=wang_ming)

    assert "李娟".encode() not in stored
    assert read.text == "妻子李娟接听，说月底还"
    assert "李娟" not in after.text


def test_an_empty_note_is_refused(wang_ming, collector, at):
    with pytest.raises(Invalid, match="empty"):
        operations.note(case=wang_ming, text="  ", viewer=collector, at=at)


def test_the_case_frame_has_the_columns_that_the_night_reads(wang_ming, book):
    frame = queries.case_frame(book=book, on=TODAY)

    assert frame.columns == [
        "case", "borrower", "person", "state", "stage", "days_past_due", "owed", "overdue",
        "placed_on", "region", "time_zones", "product", "team", "agency", "loans",
    ]  # fmt: skip
    row = frame.row(0, named=True)
    assert (row["case"], row["product"], row["loans"], row["placed_on"]) == (
        wang_ming.pk, "consumer", 1, TODAY,
    )  # fmt: skip
    assert queries.case_frame(book=book, on=TODAY - timedelta(days=1)).is_empty()


def test_an_expired_contact_point_is_not_in_the_frame(wang_ming, book):
    ContactPoint.objects.filter(medium="email").update(expires_on=TODAY)

    frame = queries.contact_point_frame(book=book, on=TODAY)

    assert frame["medium"].to_list() == ["phone", "address"]
    assert frame["case"].unique().to_list() == [wang_ming.pk]


def test_a_reversed_payment_is_not_in_the_frame(wang_ming, book, system, at):
    loan = wang_ming.loans.get()
    entries = [
        operations.post_payment(
            loan=loan, amount=Money(amount), value_on=TODAY, cause=str(amount), by=system, at=at
        )
        for amount in (500, 700)
    ]
    operations.reverse(entry=entries[0], reason="退票", by=system, at=at)

    frame = queries.payment_frame(book=book, before=TODAY + timedelta(days=1))

    assert frame.rows() == [(wang_ming.pk, TODAY, 700)]
    assert queries.payment_frame(book=book, before=TODAY).is_empty()
