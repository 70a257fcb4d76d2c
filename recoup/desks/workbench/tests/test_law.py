"""What a case page says of contact, and what is put on file there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.desks.workbench.forms import ON_CASE
from recoup.gate import operations
from recoup.gate.models import Declared
from recoup.gate.tests.asking import ready
from recoup.kernel.clock import now
from recoup.people.scopes import viewer_of
from recoup.rulebook.vocabulary import MARKS, PAPERS
from tests.cast import place

SignedIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: Any) -> None:
    ready(book, system, at)


def test_the_case_page_says_how_many_contacts_are_left_and_until_when(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()
    law = page[page.index('id="law"') : page.index('id="points"')]

    for word in ("短信", "未接通", "剩余", "截止", "00:00"):
        assert word in law, word
    assert f"/review/may-i/?case={wang_ming.pk}&amp;channel=sms" in law


def test_the_case_page_tells_of_approvals_and_of_what_is_on_file(
    wang_ming: Any, li_na: Any, system: Any, signed_in: SignedIn
) -> None:
    at = now()
    operations.ask_approval(
        viewer=viewer_of(li_na), case=wang_ming, channel="sms", rules=["CN-TIME-001"],
        reason="客户要求", until=at + timedelta(hours=2), at=at,
    )  # fmt: skip
    operations.declare(word="landline", of=wang_ming, source="来电", by=system, at=at)

    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()

    assert "待审批" in page and "固定电话" in page
    assert "影响评估" in page  # the lender's papers, below
    assert "declare-word" not in page and "off-reason" not in page  # a collector puts none on file


def test_a_leader_puts_on_file_what_closes_and_compliance_takes_it_off_with_a_reason(
    wang_ming: Any, leader: Any, compliance: Any, signed_in: SignedIn
) -> None:
    client, point = signed_in(leader), wang_ming.borrower.contact_points.get(medium="phone")
    address = f"/workbench/cases/{wang_ming.pk}/file/"

    client.post(address, {
        "declare-word": "work_point", "declare-of": str(point.pk), "declare-source": "客户来电",
        "declare-until": "2031-01-31", "once": "a",
    })  # fmt: skip
    row = Declared.objects.get(word="work_point")
    theirs = client.post(f"{address}{row.pk}/off/", {"off-reason": "登记有误", "once": "b"})
    officer = signed_in(compliance)
    officer.post(f"{address}{row.pk}/off/", {"off-reason": "", "once": "c"})
    row.refresh_from_db()
    kept = row.withdrawn_at
    officer.post(f"{address}{row.pk}/off/", {"off-reason": "登记有误", "once": "d"})
    row.refresh_from_db()

    assert row.contact_point_id == point.pk and row.declared_by == "user:chen"
    assert theirs.status_code == 403
    assert row.until is not None and kept is None and row.withdrawn_at is not None


def test_what_opens_a_contact_is_for_compliance_to_put_on_file(
    wang_ming: Any, leader: Any, compliance: Any, signed_in: SignedIn
) -> None:
    """
    leader ──✗ landline, attorney_consent      compliance ──▷ on file
    """
    address = f"/workbench/cases/{wang_ming.pk}/file/"
    for word in ("landline", "attorney_consent"):
        said = {"declare-word": word, "declare-of": "case", "declare-source": "来函", "once": word}

        assert signed_in(leader).post(address, said).status_code == 422
        signed_in(compliance).post(address, said)

        assert Declared.objects.get(word=word).declared_by == "user:wu"


def test_a_paper_without_a_source_comes_back_with_what_is_wrong(
    wang_ming: Any, compliance: Any, signed_in: SignedIn
) -> None:
    answer = signed_in(compliance).post(
        f"/workbench/cases/{wang_ming.pk}/file/",
        {"declare-word": "warning_letter", "declare-of": "case", "declare-source": ""},
    )

    assert answer.status_code == 422
    assert not Declared.objects.filter(word="warning_letter").exists()


@pytest.mark.parametrize("word", ["licence", "retention_policy", "human_override", "vip"])
def test_what_is_not_a_leaders_to_say_is_not_put_on_file(
    word: str, wang_ming: Any, leader: Any, signed_in: SignedIn
) -> None:
    before = Declared.objects.count()

    answer = signed_in(leader).post(
        f"/workbench/cases/{wang_ming.pk}/file/",
        {"declare-word": word, "declare-of": "case", "declare-source": "x"},
    )

    assert answer.status_code == 422 and Declared.objects.count() == before


def test_collectors_reviewers_and_strangers_put_nothing_on_file(
    wang_ming: Any, li_na: Any, reviewer: Any, outsider: Any, signed_in: SignedIn
) -> None:
    """
    李娜, 赵质检 ──put on file──✗ 403;  外人 ──✗ 404, as if there were no such case
    """
    form = {"declare-word": "landline", "declare-of": "case", "declare-source": "x"}
    address = f"/workbench/cases/{wang_ming.pk}/file/"

    said = [signed_in(u).post(address, form).status_code for u in (li_na, reviewer, outsider)]

    assert said == [403, 403, 404]
    assert not Declared.objects.filter(word="landline").exists()


def test_the_papers_of_the_lender_are_not_taken_off_on_a_case(
    wang_ming: Any, leader: Any, book: Any, signed_in: SignedIn
) -> None:
    """
    陈组长 ──take off file──▶ the lender's impact assessment ──✗ it is not of this case
    """
    row = Declared.objects.filter(case=None, borrower=None, contact_point=None).first()

    answer = signed_in(leader).post(
        f"/workbench/cases/{wang_ming.pk}/file/{row.pk}/off/", {"off-reason": "x", "once": "a"}
    )

    row.refresh_from_db()
    assert answer.status_code == 404 and row.withdrawn_at is None


def test_another_cases_mark_and_another_borrowers_number_are_out_of_reach(
    wang_ming: Any, book: Any, team: Any, leader: Any, system: Any, signed_in: SignedIn
) -> None:
    other = place(book=book, team=team, reference="C0002")
    point = other.borrower.contact_points.get(medium="phone")
    row = operations.declare(word="student", of=other, source="x", by=system, at=now())
    client, address = signed_in(leader), f"/workbench/cases/{wang_ming.pk}/file/"

    taken = client.post(f"{address}{row.pk}/off/", {"off-reason": "x", "once": "a"})
    put = client.post(
        address,
        {"declare-word": "landline", "declare-of": str(point.pk), "declare-source": "x"},
    )

    row.refresh_from_db()
    assert (taken.status_code, put.status_code) == (404, 422)
    assert row.withdrawn_at is None


def test_a_refusal_that_may_be_set_aside_leads_to_asking(
    wang_ming: Any, li_na: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    point = wang_ming.borrower.contact_points.get(medium="phone")
    operations.request_contact(
        case=wang_ming,
        channel="sms",
        contact_point=point.pk,
        at=at + timedelta(hours=13),
        by=system,
    )

    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()

    assert "/review/approvals/ask/?case=" in page and "rule=CN-TIME-001" in page


def test_what_a_desk_puts_on_file_are_words_that_rules_know() -> None:
    assert set(ON_CASE["mark"]) <= set(MARKS)
    assert set(ON_CASE["paper"]) <= set(PAPERS)
