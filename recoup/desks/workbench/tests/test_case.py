from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from django.test import Client

from recoup.contact import operations as contact
from recoup.desks.workbench.acting import schedule
from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.gate.tests.asking import ready
from recoup.journal.models import Event
from recoup.kernel.clock import CHINA, local_day, now
from recoup.kernel.money import Money
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Loan
from recoup.repayment import operations as repayment
from recoup.repayment.models import Payment, Plan, Promise
from tests.cast import place

SignedIn = Callable[[Any], Client]


def _later(days: int) -> str:
    return (local_day(now(), CHINA) + timedelta(days=days)).isoformat()


def _kinds() -> list[str]:
    return list(Event.objects.order_by("position").values_list("kind", flat=True))


def test_a_collector_finds_a_case_by_its_whole_phone_number_and_never_sees_it(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, search = signed_in(li_na), "/workbench/cases/search/"

    found = client.post(search, {"search": "138 1234 1234"}, follow=True).content.decode()
    nothing = client.post(search, {"search": "13900000000"}, follow=True).content.decode()

    assert "王*" in found
    assert "13812341234" not in found.replace(" ", "")
    assert "没有符合的案件" in nothing


PERSONAL = ("138 1234 1234", "13812341234", "王明", "110101199003071234", "c0001@example.com")


@pytest.mark.parametrize("words", PERSONAL)
def test_no_address_no_page_and_no_log_carries_what_was_searched_for(
    wang_ming: Any, li_na: Any, signed_in: SignedIn, words: str, caplog: Any
) -> None:
    client = signed_in(li_na)
    caplog.set_level("DEBUG")

    said = {"search": words, "stage": "M2"}
    answer = client.post("/workbench/cases/search/", said, follow=True)

    page, addresses = answer.content.decode(), [to for to, _status in answer.redirect_chain]
    assert "王*" in page
    assert len(addresses) == 1
    assert "stage=M2" in addresses[0] and "found=" in addresses[0]
    written = "\n".join([*addresses, page, caplog.text, str(dict(client.session.items()))])
    for form in {words, words.replace(" ", ""), quote(words), quote_plus(words)}:
        assert form not in written


def test_sorting_and_paging_keep_what_was_found_and_another_session_cannot_use_its_address(
    wang_ming: Any, team: Any, book: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    place(book=book, team=team, reference="C0002", name="李四")
    client, other = signed_in(li_na), signed_in(leader)
    ((address, _status),) = client.post(
        "/workbench/cases/search/", {"search": "王明"}, follow=True
    ).redirect_chain

    again = client.get(f"{address}&order=owed&page=1").content.decode()
    kept = client.post(
        "/workbench/cases/search/",
        {"search": "", "found": parse_qs(urlsplit(address).query)["found"][0], "state": "open"},
        follow=True,
    ).content.decode()
    foreign = other.get(f"{address}&stage=M2")

    for page in (again, kept):
        assert "C0001" in page and "C0002" not in page
    assert foreign.url == "/workbench/cases/?stage=M2"


def test_an_old_address_with_a_search_is_left_for_one_without(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    answer = signed_in(li_na).get("/workbench/cases/", {"search": "王明", "stage": "M2"})

    assert (answer.status_code, answer.url) == (302, "/workbench/cases/?stage=M2")


def test_every_form_with_a_search_field_is_posted() -> None:
    root = Path(__file__).resolve().parents[4] / "recoup"
    forms = [
        (path.name, form)
        for path in root.rglob("*.html")
        for form in re.findall(r"<form[^>]*>.*?</form>", path.read_text(), re.S)
        if 'name="search"' in form
    ]

    assert len(forms) == 2
    for name, form in forms:
        assert 'method="post"' in form and "hx-get" not in form, name
        assert "csrf_token" in form, name


def test_the_case_page_shows_what_is_owed_and_only_half_of_every_number(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()

    assert "¥12,000.00" in page
    assert "138****1234" in page
    for whole in ("13812341234", "王明", "110101199003071234", "文三路90号"):
        assert whole not in page


def test_a_number_is_shown_once_for_a_reason_that_the_journal_keeps(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, point = signed_in(li_na), wang_ming.borrower.contact_points.get(medium="phone")
    address = f"/workbench/cases/{wang_ming.pk}/unmask/"

    refused = client.post(address, {"sealed": point.sealed_id, "reason": ""}, follow=True)
    shown = client.post(address, {"sealed": point.sealed_id, "reason": "核对来电号码"})
    again = client.get(f"/workbench/cases/{wang_ming.pk}/")

    assert "13812341234" not in refused.content.decode()
    assert "13812341234" in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]
    assert "13812341234" not in again.content.decode()
    assert _kinds().count("people.unmasked") == 1


def test_who_may_not_unmask_is_refused(wang_ming: Any, reviewer: Any, signed_in: SignedIn) -> None:
    point = wang_ming.borrower.contact_points.get(medium="phone")

    answer = signed_in(reviewer).post(
        f"/workbench/cases/{wang_ming.pk}/unmask/",
        {"sealed": point.sealed_id, "reason": "想看看号码"},
    )

    assert answer.status_code == 403
    assert "13812341234" not in answer.content.decode()


def test_a_promise_is_recorded_once_though_the_form_is_sent_twice(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, address = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/promise/"
    form = {"promise-amount": "1,000.00", "promise-due_on": _later(3), "promise-channel": "call",
            "once": "abc123"}  # fmt: skip

    first = client.post(address, form)
    second = client.post(address, form, follow=True)

    assert first.status_code == 302
    assert "没有重复添加" in second.content.decode()
    assert Promise.objects.filter(case=wang_ming).count() == 1


def test_a_wrong_promise_comes_back_with_what_is_wrong_and_what_was_typed(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, address = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/promise/"

    words = client.post(
        address,
        {"promise-amount": "一千", "promise-due_on": _later(3), "promise-channel": "call"},
    )
    far = client.post(
        address,
        {"promise-amount": "1000", "promise-due_on": _later(90), "promise-channel": "call"},
    )

    assert words.status_code == far.status_code == 422
    assert "“一千”不是金额" in words.content.decode()
    assert 'value="一千"' in words.content.decode()
    assert "最晚为" in far.content.decode()
    assert not Promise.objects.exists()


def test_a_payment_is_posted_and_its_reversal_needs_a_leader(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    collector, chief = signed_in(li_na), signed_in(leader)
    home = f"/workbench/cases/{wang_ming.pk}"
    loan = wang_ming.loans.get()

    sent = collector.post(
        f"{home}/payment/",
        {"payment-loan": loan.pk, "payment-amount": "500", "payment-value_on": _later(0),
         "payment-reference": "B-1", "once": "p1"},
    )  # fmt: skip
    payment = Payment.objects.get()
    refused = collector.post(f"{home}/payment/{payment.pk}/reverse/", {"reverse-reason": "记错了"})
    done = chief.post(
        f"{home}/payment/{payment.pk}/reverse/",
        {"reverse-reason": "记到了别人名下", "once": "p2"},
    )

    assert (sent.status_code, refused.status_code, done.status_code) == (302, 403, 302)
    payment.refresh_from_db()
    assert payment.state == "reversed"
    assert portfolio.balance(loan=loan, on=local_day(now(), CHINA))["principal"] == 1_200_000


def test_the_same_bank_reference_is_not_posted_twice_even_from_two_forms(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, loan = signed_in(li_na), wang_ming.loans.get()
    form = {"payment-loan": loan.pk, "payment-amount": "500", "payment-value_on": _later(0),
            "payment-reference": "B-7"}  # fmt: skip

    for token in ("one", "two"):
        client.post(f"/workbench/cases/{wang_ming.pk}/payment/", {**form, "once": token})

    assert Payment.objects.count() == 1


def test_a_payment_that_another_source_told_of_is_said_to_wait_in_suspense(
    wang_ming: Any, book: Any, li_na: Any, signed_in: SignedIn, system: Any
) -> None:
    client, loan, today = signed_in(li_na), wang_ming.loans.get(), local_day(now(), CHINA)
    first = repayment.receive(
        book=book, source="webhook", external_id="B-8", reference=loan.reference,
        amount=Money(50_000), value_on=today, by=system, at=now(),
    )  # fmt: skip

    page = client.post(
        f"/workbench/cases/{wang_ming.pk}/payment/",
        {"payment-loan": loan.pk, "payment-amount": "500", "payment-value_on": _later(0),
         "payment-reference": "B-8", "once": "s1"}, follow=True,
    ).content.decode()  # fmt: skip

    assert "款项已挂账等待" in page
    assert f"还款 {first.pk}" in page
    assert Payment.objects.get(source="desk").state == "suspense"


@pytest.fixture
def card(wang_ming: Any) -> Any:
    Loan.objects.filter(case=wang_ming).update(product="credit_card")
    return wang_ming


CARD_PLAN = {
    "plan-total": "6000", "plan-count": "6", "plan-form": "written",
    "plan-interest": "年利率 5%", "plan-default": "余额提前到期", "plan-other": "无",
    "plan-no_new_card": "on",
}  # fmt: skip


def test_a_card_plan_keeps_the_six_items_of_the_law(
    card: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, home = signed_in(li_na), f"/workbench/cases/{card.pk}/"

    page = client.get(home).content.decode()
    client.post(f"{home}plan/", CARD_PLAN | {"plan-first_due": _later(10)})

    for name in ("interest", "default", "other", "no_new_card"):
        assert f'name="plan-{name}"' in page
    assert set(Plan.objects.get().terms) >= {
        "balance", "schedule", "interest", "no_new_card", "default", "other",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"plan-interest": ""}, "interest"), ({"plan-default": ""}, "default"),
        ({"plan-other": ""}, "other"), ({"plan-no_new_card": ""}, "no_new_card"),
        ({"plan-form": "oral"}, "recording"), ({"plan-count": "61"}, "count"),
        ({"plan-count": "60", "plan-first_due": _later(80)}, "count"),
    ],
)  # fmt: skip
def test_what_a_card_plan_lacks_is_said_at_its_field(
    card: Any, li_na: Any, signed_in: SignedIn, wrong: dict[str, str], field: str
) -> None:
    given = CARD_PLAN | {"plan-first_due": _later(10)} | wrong

    answer = signed_in(li_na).post(f"/workbench/cases/{card.pk}/plan/", given)

    assert answer.status_code == 422
    assert list(answer.context["plan_form"].errors) == [field]
    assert not Plan.objects.exists()


def test_another_loans_plan_asks_nothing_that_only_a_cards_must_hold(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()

    assert 'name="plan-interest"' not in page


def test_a_plan_of_equal_months_is_agreed_and_stops_contact(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)

    client.post(
        f"/workbench/cases/{wang_ming.pk}/plan/",
        {"plan-total": "6000", "plan-count": "6", "plan-first_due": _later(10),
         "plan-form": "written"},
    )  # fmt: skip

    plan = Plan.objects.get()
    assert [part.amount for part in plan.instalments.order_by("number")] == [100_000] * 6
    assert "分期还款计划" in client.get(f"/workbench/cases/{wang_ming.pk}/").content.decode()
    assert wang_ming.stops.filter(reason="plan", lifted_at=None).exists()


def test_months_end_on_their_last_day() -> None:
    days = [day for day, _amount in schedule(Money(400), 4, date(2027, 1, 31))]

    assert days == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]


def test_a_leader_suspends_a_case_and_a_collector_may_not(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    address = f"/workbench/cases/{wang_ming.pk}/move/"
    form = {"move-to": "suspended", "move-reason": "客户申诉待核实"}

    refused = signed_in(li_na).post(address, form)
    done = signed_in(leader).post(address, form)

    assert (refused.status_code, done.status_code) == (403, 302)
    wang_ming.refresh_from_db()
    assert wang_ming.state == "suspended"


def test_a_stop_shows_at_once_and_only_its_leader_lifts_it(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    home = f"/workbench/cases/{wang_ming.pk}"
    signed_in(li_na).post(f"{home}/stop/", {"stop-reason": "dispute", "stop-source": "今天的电话"})
    stop = wang_ming.stops.get()

    page = signed_in(li_na).get(f"{home}/").content.decode()
    refused = signed_in(li_na).post(f"{home}/stop/{stop.pk}/lift/")
    signed_in(leader).post(f"{home}/stop/{stop.pk}/lift/")

    assert "争议" in page
    assert refused.status_code == 403
    stop.refresh_from_db()
    assert stop.lifted_at is not None


def test_an_opt_out_told_to_a_collector_is_kept(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)

    client.post(
        f"/workbench/cases/{wang_ming.pk}/opt-out/", {"opt-scope": "sms", "opt-source": "来电"}
    )

    assert wang_ming.borrower.opt_outs.get().scope == "sms"
    assert "借款人已拒绝" in client.get(f"/workbench/cases/{wang_ming.pk}/").content.decode()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"]
)
def test_what_people_type_is_shown_as_text(
    text: str, wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    wang_ming.borrower.name_masked = text
    wang_ming.borrower.save(update_fields=["name_masked"])

    client.post(f"/workbench/cases/{wang_ming.pk}/note/", {"note-text": text})
    pages = [
        client.get(f"/workbench/cases/{wang_ming.pk}/").content.decode(),
        client.get("/workbench/cases/").content.decode(),
        client.get("/workbench/cases/", {"search": text}).content.decode(),
    ]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    if "{" in text:
        assert "{{ 7*7 }}" in pages[0]


def test_the_cells_of_a_stranger_show_nothing_and_take_nothing(
    wang_ming: Any, outsider: Any, signed_in: SignedIn
) -> None:
    client, home = signed_in(outsider), f"/workbench/cases/{wang_ming.pk}"
    point = wang_ming.borrower.contact_points.get(medium="phone")
    before = _kinds()

    answers = [
        client.get(f"{home}/"),
        client.post(f"{home}/note/", {"note-text": "x"}),
        client.post(f"{home}/promise/", {"promise-amount": "1"}),
        client.post(f"{home}/payment/", {"payment-amount": "1"}),
        client.post(f"{home}/move/", {"move-to": "closed"}),
        client.post(f"{home}/stop/", {"stop-reason": "manual"}),
        client.post(f"{home}/unmask/", {"sealed": point.sealed_id, "reason": "好奇而已"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert "王*" not in client.get("/workbench/cases/").content.decode()
    assert "王*" not in client.get("/workbench/queue/").content.decode()
    assert _kinds() == before


def test_a_call_stands_on_the_case_with_what_it_came_to(
    wang_ming: Any, book: Any, li_na: Any, system: Any, at: Any, signed_in: SignedIn
) -> None:
    ready(book, system, at)
    gate.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=at
    )
    point = wang_ming.borrower.contact_points.get(medium="phone").pk
    permit = gate.request_contact(
        case=wang_ming, channel="call", contact_point=point, at=at, by=system,
        session={"recording_ready": True},
    )  # fmt: skip
    assert isinstance(permit, Permit)
    call = contact.begin_call(permit=permit, by=system, at=at, session={"recording_ready": True})
    contact.end_call(attempt=call, outcome="busy", seconds=0, by=system, at=at)

    page = signed_in(li_na).get(f"/workbench/cases/{wang_ming.pk}/").content.decode()

    assert "占线" in page and "电话" in page
    assert "通话结束:占线" in page or "通话结束：占线" in page
