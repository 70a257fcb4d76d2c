"""Conflicts of interest at the desk, and why a case is where it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.journal.models import Event
from recoup.kernel.clock import local_day, now
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Conflict, Sealed
from recoup.portfolio.models import Case, Loan
from recoup.strategy import operations as strategy

SignedIn = Callable[[Any], Client]


@pytest.fixture
def given_out(wang_ming: Any, book: Any, li_na: Any, system: Any) -> Any:
    """王明's case went to 李娜, the only collector."""
    at = now()
    strategy.assign_cases(book=book, on=local_day(at, book.time_zone), by=system, at=at)
    wang_ming.refresh_from_db()
    return wang_ming


def test_the_case_says_why_its_collector_has_it(
    given_out: Any, li_na: Any, signed_in: SignedIn
) -> None:
    page = signed_in(li_na).get(f"/workbench/cases/{given_out.pk}/").content.decode()

    assert "分给李娜" in page
    assert "1 人可接" in page
    assert "均匀搭配的代价" in page


def test_the_same_in_english_with_the_second_best(
    given_out: Any, book: Any, creditor: Any, team: Any, leader: Any, system: Any,
    signed_in: SignedIn,
) -> None:  # fmt: skip
    people.add_user(username="hao", name="郝", role="collector", creditors=[creditor], team=team,
                    by=system, at=now())  # fmt: skip
    at = now()
    strategy.assign_cases(book=book, on=local_day(at, book.time_zone), by=system, at=at, anew=True)
    client = signed_in(leader)
    client.cookies["django_language"] = "en"

    page = client.get(f"/workbench/cases/{given_out.pk}/").content.decode()

    assert "Why this collector" in page
    assert "second best" in page or "nobody else who may take it has room" in page
    assert "2 people could take it" in page


def test_a_case_in_other_hands_since_or_an_outsiders_view_says_nothing(
    given_out: Any, leader: Any, outsider: Any, signed_in: SignedIn
) -> None:
    address = f"/workbench/cases/{given_out.pk}/"
    Case.objects.filter(pk=given_out.pk).update(collector=None)

    assert "分案理由" not in signed_in(leader).get(address).content.decode()
    assert signed_in(outsider).get(address).status_code == 404


def test_a_conflict_is_declared_on_the_case_and_the_next_night_it_goes(
    given_out: Any, book: Any, li_na: Any, leader: Any, reviewer: Any, system: Any,
    signed_in: SignedIn,
) -> None:  # fmt: skip
    """
    李娜 declares -> nobody who reads the case, its timeline or the journal learns about whom
    """
    address = f"/workbench/cases/{given_out.pk}/"
    client = signed_in(li_na)

    done = client.post(f"{address}conflict/", {"conflict-tie": "family"}, follow=True)
    at = now()
    strategy.assign_cases(book=book, on=local_day(at, book.time_zone), by=system, at=at, anew=True)

    assert "已登记" in done.content.decode()
    assert done.redirect_chain[-1][0] == "/workbench/conflicts/"
    assert client.get(address).status_code == 403
    given_out.refresh_from_db()
    assert given_out.collector is None
    event = Event.objects.get(kind="people.conflict_declared")
    assert (event.case, given_out.borrower.reference in event.data) == (None, False)
    for user in (leader, reviewer):
        page = signed_in(user).get(address).content.decode()
        assert "须回避" in page  # that everybody who could has one, and not who
        assert "申报了一项回避" not in page
    assert "您尚未申报" in signed_in(leader).get("/workbench/conflicts/").content.decode()


@pytest.mark.parametrize(
    ("kind", "value"),
    [("person", ""), ("name", "王明"), ("phone", "13800138000"), ("employer", "远山机械厂")],
)
def test_who_declared_a_conflict_does_not_open_the_case_and_colleagues_do(
    kind: str, value: str, wang_ming: Any, creditor: Any, team: Any, li_na: Any, leader: Any,
    system: Any, signed_in: SignedIn,
) -> None:  # fmt: skip
    """
    李娜 declares a tie to 王明, whose case lies with her team -> no page, no note, no number for her
    """
    Loan.objects.filter(case=wang_ming).update(facts={"known": {"employer": "远山机械厂"}})
    phone = Sealed.objects.get(person=wang_ming.borrower.person, kind="phone")
    said = {"kind": kind, "value": value}
    if kind == "person":
        said = {"person": wang_ming.borrower.person}
    elif kind == "phone":
        said["value"] = people.unmask(
            sealed=phone, reason="test", viewer=scopes.viewer_of(leader), at=now()
        )
    row = people.declare_conflict(user=li_na, creditor=creditor, tie="friend", by=system, at=now(),
                                  **said)  # fmt: skip
    client, address = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/"

    page, note = client.get(address), client.post(f"{address}note/", {"note-text": "看一下"})

    assert (page.status_code, note.status_code) == (403, 403)
    assert "利益冲突" in page.content.decode()
    assert "我的回避" in page.content.decode()
    assert wang_ming.borrower.name_masked not in page.content.decode()
    assert signed_in(leader).get(address).status_code == 200
    people.lift_conflict(conflict=row, by=system, at=now())
    assert signed_in(li_na).get(address).status_code == 200


def test_a_conflict_with_somebody_else_closes_nothing(
    wang_ming: Any, creditor: Any, li_na: Any, system: Any, signed_in: SignedIn
) -> None:
    for kind, value in (("name", "李四"), ("employer", "别家")):
        people.declare_conflict(user=li_na, creditor=creditor, tie="friend", kind=kind, value=value,
                                by=system, at=now())  # fmt: skip

    assert signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").status_code == 200


def test_a_name_typed_is_not_kept_shown_or_journaled_and_can_be_taken_back(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    said = {"tied-tie": "household", "tied-kind": "name", "tied-value": "王明"}

    page = client.post("/workbench/conflicts/", said, follow=True).content.decode()
    row = Conflict.objects.get()
    others = signed_in(leader)
    stolen = others.post(f"/workbench/conflicts/{row.pk}/lift/")
    client.post(f"/workbench/conflicts/{row.pk}/lift/", {"once": "d" * 24})

    assert "王明" not in page and "同住或同名" in page
    assert not any("王明" in event.data for event in Event.objects.all())
    assert stolen.status_code == 404
    assert Conflict.objects.get().lifted_at is not None
    empty = client.post("/workbench/conflicts/", {**said, "tied-value": "  "})
    assert empty.status_code == 422
