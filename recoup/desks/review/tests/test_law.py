"""Rules, today's refusals, "may I?" and approvals at the review desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.gate import operations
from recoup.gate.models import Approval
from recoup.gate.tests.asking import ask, ready
from recoup.kernel.clock import now
from recoup.people import operations as people
from recoup.people.scopes import acting_for
from tests.cast import place

SignedIn = Callable[[Any], Client]
DAYTIME = "2030-03-12T10:00"
NIGHT = "2030-03-12T22:30"


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: Any) -> None:
    ready(book, system, at)


@pytest.fixture
def stranger(system: Any, at: Any) -> Any:
    """A case of another lender, whose number somebody might try."""
    other = people.add_creditor(code="other-lender", name="别家银行", by=system, at=at)
    book = people.open_book(
        creditor=other, code="theirs", name="别家账本", mode="demo", opened_on=at.date(),
        by=system, at=at,
    )  # fmt: skip
    with acting_for(book):
        return place(book=book, reference="X0001", name="赵六", phone="13900001111")


def _ask_address(case: Any, *rules: str, channel: str = "sms") -> str:
    named = "".join(f"&rule={name}" for name in rules)
    return f"/review/approvals/ask/?case={case.pk}&channel={channel}{named}"


def _wish(signed_in: SignedIn, user: Any, case: Any, *rules: str) -> Approval:
    until = (now() + timedelta(hours=3)).astimezone().strftime("%Y-%m-%dT%H:%M")
    answer = signed_in(user).post(
        _ask_address(case, *rules),
        {"rules": list(rules), "reason": "客户要求今晚回复", "until": until, "once": f"{rules}"},
    )
    assert answer.status_code == 302
    return Approval.objects.latest("pk")


# -- Rules ----------------------------------------------------------------------------------------
def test_compliance_reads_the_rules_with_source_date_and_effect(
    compliance: Any, signed_in: SignedIn
) -> None:
    client = signed_in(compliance)

    page = client.get("/review/rules/", {"words": "CN-TIME-001"}).content.decode()
    nothing = client.get("/review/rules/", {"words": "没有这样的规则"}).content.decode()

    assert "CN-TIME-001" in page and "22:00" in page and "CN-FREQ-001" not in page
    assert "中国银行业协会" in client.get("/review/rules/CN/CN-TIME-001/").content.decode()
    assert "未核实" in page and "2026-01-30" in page and "合规人员" in page
    assert "没有符合的规则" in nothing


def test_the_page_of_a_rule_says_it_in_both_languages_with_its_numbers_and_cases(
    reviewer: Any, signed_in: SignedIn
) -> None:
    page = signed_in(reviewer).get("/review/rules/CN/CN-FREQ-003/").content.decode()

    assert "At most six unconnected attempts" in page and "未接通" in page
    assert "most_unconnected" in page
    assert "china/cases/" in page


def test_a_rule_that_is_off_says_so_and_one_that_does_not_exist_is_not_found(
    reviewer: Any, signed_in: SignedIn
) -> None:
    client = signed_in(reviewer)

    assert "未启用" in client.get("/review/rules/CN/CN-FREQ-004/").content.decode()
    for address in ("/review/rules/CN/CN-NONE-1/", "/review/rules/XX/CN-TIME-001/",
                    "/review/rules/?country=XX"):  # fmt: skip
        assert client.get(address).status_code == 404


def test_the_rules_leave_as_a_table_in_both_languages(compliance: Any, signed_in: SignedIn) -> None:
    answer = signed_in(compliance).get("/review/rules/as/csv/", {"words": "CN-TIME-001"})
    lines = answer.content.decode("utf-8-sig").splitlines()

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert len(lines) == 2 and lines[1].startswith("CN-TIME-001,")
    assert "No collection of any kind" in lines[1] and "未核实" in lines[1]


def test_collectors_and_analysts_do_not_read_rules_or_refusals(
    li_na: Any, analyst: Any, signed_in: SignedIn
) -> None:
    for user in (li_na, analyst):
        client = signed_in(user)
        for address in ("/review/rules/", "/review/rules/CN/CN-TIME-001/", "/review/today/",
                        "/review/rules/as/csv/", "/review/refusals/"):  # fmt: skip
            assert client.get(address).status_code == 403, address


# -- Today's refusals -----------------------------------------------------------------------------
def test_the_day_shows_what_was_stopped_and_leads_to_each_refusal(
    wang_ming: Any, compliance: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    operations.stop(case=wang_ming, reason="dispute", source="x", by=system, at=at)
    ask(wang_ming, "sms", at=at, by=system)
    client = signed_in(compliance)

    page = client.get("/review/today/", {"on": "2026-11-23"}).content.decode()
    found = client.get(
        "/review/refusals/",
        {"on": "2026-11-23", "rule": "HOUSE-HOLD-DISPUTE", "channel": "sms"},
    ).content.decode()
    other = client.get("/review/refusals/", {"on": "2026-11-23", "channel": "email"})

    assert "HOUSE-HOLD-DISPUTE" in page and "rule=HOUSE-HOLD-DISPUTE" in page
    assert "channel=sms" in page and "c-rules" in page
    assert f"/workbench/cases/{wang_ming.pk}/" in found
    assert f"/workbench/cases/{wang_ming.pk}/" not in other.content.decode()


def test_another_lenders_officer_sees_the_law_and_none_of_our_refusals(
    wang_ming: Any, outsider: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    """
    外规 (compliance of 别家) ──today, refusals, the rule──▶ the law, and not one refusal of ours
    """
    operations.stop(case=wang_ming, reason="dispute", source="x", by=system, at=at)
    ask(wang_ming, "sms", at=at, by=system)
    officer = people.add_user(
        username="waigui", name="外规", role="compliance", creditors=list(outsider.creditors.all()),
        by=system, at=at,
    )  # fmt: skip
    client = signed_in(officer)

    pages = [
        client.get(address, {"on": "2026-11-23"}).content.decode()
        for address in ("/review/today/", "/review/refusals/", "/review/rules/CN/HOUSE-HOLD-DISPUTE/",
                        "/review/approvals/")
    ]  # fmt: skip

    assert "HOUSE-HOLD-DISPUTE" in pages[2]
    for page in pages:
        assert f"/workbench/cases/{wang_ming.pk}/" not in page and "王*" not in page
    assert "rule=HOUSE-HOLD-DISPUTE" not in pages[0] + pages[1]
    assert client.get("/review/today/", {"book": "demo"}).status_code == 404


def test_a_day_without_refusals_says_so(book: Any, compliance: Any, signed_in: SignedIn) -> None:
    page = signed_in(compliance).get("/review/today/", {"on": "2026-01-05"}).content.decode()

    assert "没有拒绝" in page or "均获许可" in page


# -- May I? ---------------------------------------------------------------------------------------
def test_a_collector_asks_about_a_case_and_is_told_every_rule_in_both_languages(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    asked = {"case": wang_ming.pk, "channel": "sms"}

    day = client.get("/review/may-i/", {**asked, "when": DAYTIME}).content.decode()
    night = client.get("/review/may-i/", {**asked, "when": NIGHT}).content.decode()

    assert "可以联系" in day and "退订方式" in day
    assert "请等到" in night and "2030-03-13 08:00" in night
    assert "No collection of any kind" in night and "22:00" in night
    assert "approvals/ask/" in night and "rule=CN-TIME-001" in night
    assert "13812341234" not in day + night


def test_a_case_is_found_by_its_number_or_its_customers(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)

    for number in (f"{wang_ming.pk:08d}", "C0001", "L-C0001"):
        asked = {"case": number, "channel": "sms", "when": DAYTIME}
        assert "可以联系" in client.get("/review/may-i/", asked).content.decode(), number


def test_the_number_of_another_lenders_case_is_answered_like_one_never_given_out(
    stranger: Any, wang_ming: Any, li_na: Any, compliance: Any, signed_in: SignedIn
) -> None:
    """
    李娜 ──may I? case of 别家银行──✗ the very words that a number never given out gets
    """
    for user in (li_na, compliance):
        client = signed_in(user)
        pages = {
            number: client.get("/review/may-i/", {"case": number, "channel": "sms"})
            for number in (str(stranger.pk), "99999999", "X0001", "13900001111")
        }

        for number, page in pages.items():
            assert page.status_code == 422
            text = page.content.decode()
            assert "没有您可以查看的此案件" in text
            assert "139****1111" not in text and "赵" not in text.replace("赵质检", "")
            assert 'id="verdict"' not in text, number


def test_another_teams_case_is_none_of_a_collectors(
    book: Any, li_na: Any, signed_in: SignedIn
) -> None:
    other = place(book=book, team=None, reference="C0002")

    page = signed_in(li_na).get("/review/may-i/", {"case": other.pk, "channel": "sms"})

    assert page.status_code == 422
    assert 'id="verdict"' not in page.content.decode()


def test_plain_facts_are_asked_by_review_and_compliance_only(
    wang_ming: Any, li_na: Any, reviewer: Any, signed_in: SignedIn
) -> None:
    asked = {"about": "facts", "country": "CN", "channel": "call", "when": DAYTIME,
             "unconnected_today": "6"}  # fmt: skip

    page = signed_in(reviewer).get("/review/may-i/", asked).content.decode()
    collector = signed_in(li_na).get("/review/may-i/", asked).content.decode()

    assert "CN-FREQ-003" in page
    assert "verdict" not in collector and 'href="/review/may-i/?about=facts"' not in collector


def test_a_time_that_is_over_is_not_judged(wang_ming: Any, li_na: Any, signed_in: SignedIn) -> None:
    asked = {"case": wang_ming.pk, "channel": "sms", "when": "2026-01-05T10:00"}

    page = signed_in(li_na).get("/review/may-i/", asked)

    assert page.status_code == 422 and "该时间已过" in page.content.decode()


def test_executives_and_analysts_do_not_ask(
    wang_ming: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)

    for address in ("/review/may-i/", "/review/approvals/", _ask_address(wang_ming, "CN-TIME-001")):
        assert client.get(address).status_code == 403


# -- Approvals ------------------------------------------------------------------------------------
def test_a_collector_asks_compliance_gives_and_both_names_are_kept(
    wang_ming: Any, li_na: Any, compliance: Any, signed_in: SignedIn
) -> None:
    row = _wish(signed_in, li_na, wang_ming, "CN-TIME-001", "CN-TIME-002")
    officer = signed_in(compliance)

    waiting = officer.get("/review/approvals/").content.decode()
    officer.post(
        f"/review/approvals/{row.pk}/", {"give": "yes", "answer": "客户本人要求", "once": "d"}
    )
    row.refresh_from_db()
    decided = officer.get("/review/approvals/").content.decode()

    assert "客户要求今晚回复" in waiting and "CN-TIME-001" in waiting and "批准" in waiting
    assert (row.state, row.asked_by, row.decided_by) == ("given", "lina", "wu")
    assert "有效中" in decided and "没有待审批事项" in decided


def test_a_collector_does_not_approve(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    """
    李娜 asks ──▶ waits ──✗ 李娜 gives it herself; ──✗ 陈组长 gives what is compliance's
    """
    row = _wish(signed_in, li_na, wang_ming, "CN-TIME-001")

    page = signed_in(li_na).get("/review/approvals/").content.decode()
    for user in (li_na, leader):
        answer = signed_in(user).post(
            f"/review/approvals/{row.pk}/", {"give": "yes", "answer": "可", "once": user.username}
        )
        assert answer.status_code == 403

    row.refresh_from_db()
    assert row.state == "asked"
    assert 'name="answer"' not in page


def test_nobody_decides_about_a_case_they_may_not_see(
    wang_ming: Any, li_na: Any, outsider: Any, signed_in: SignedIn
) -> None:
    row = _wish(signed_in, li_na, wang_ming, "CN-TIME-002")

    answer = signed_in(outsider).post(
        f"/review/approvals/{row.pk}/", {"give": "yes", "answer": "可", "once": "x"}
    )

    assert answer.status_code == 404
    assert "客户要求" not in signed_in(outsider).get("/review/approvals/").content.decode()


def test_a_decision_without_a_word_comes_back_and_is_not_made(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    row = _wish(signed_in, li_na, wang_ming, "CN-TIME-002")
    client = signed_in(leader)

    empty = client.post(f"/review/approvals/{row.pk}/", {"give": "no", "answer": " ", "once": "a"})
    client.post(f"/review/approvals/{row.pk}/", {"give": "no", "answer": "没有必要", "once": "b"})
    row.refresh_from_db()

    assert empty.status_code == 422 and "请写明理由" in empty.content.decode()
    assert (row.state, row.answer) == ("denied", "没有必要")


def test_a_law_is_not_even_asked_to_be_set_aside(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    until = (now() + timedelta(hours=3)).astimezone().strftime("%Y-%m-%dT%H:%M")

    answer = signed_in(li_na).post(
        _ask_address(wang_ming, "HOUSE-CLOCK-001"),
        {"rules": ["HOUSE-CLOCK-001"], "reason": "急", "until": until, "once": "1"},
    )

    assert answer.status_code == 422 and "任何人不得豁免" in answer.content.decode()
    assert not Approval.objects.exists()


def test_asking_twice_with_one_form_is_asking_once(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    for _ in range(2):
        _wish(signed_in, li_na, wang_ming, "CN-TIME-001")

    assert Approval.objects.count() == 1


def test_nothing_is_asked_about_another_lenders_case(
    stranger: Any, wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    assert signed_in(li_na).get(_ask_address(stranger, "CN-TIME-001")).status_code == 404
    assert signed_in(li_na).post(_ask_address(stranger, "CN-TIME-001")).status_code == 404


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "x"])
def test_a_day_that_no_calendar_of_ours_has_breaks_no_page(
    compliance: Any, signed_in: SignedIn, day: str
) -> None:
    page = signed_in(compliance)

    for address in ("today/?on=", "refusals/?on=", "rules/?on="):
        assert page.get(f"/review/{address}{day}").status_code == 200
    asked = page.get(f"/review/may-i/?about=facts&channel=call&country=CN&when={day}T10:00")
    assert asked.status_code == 422
