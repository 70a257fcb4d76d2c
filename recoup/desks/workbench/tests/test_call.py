"""A collector telephones under a permit, and sees no number without one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from recoup.contact.models import Attempt
from recoup.desks.workbench import acting, calling, reading
from recoup.gate import operations as gate
from recoup.gate.models import Counter, Permit, Refusal
from recoup.gate.tests.asking import ready
from recoup.journal.models import Event
from recoup.people import operations as people
from recoup.portfolio.models import ContactPoint
from tests.cast import place

SignedIn = Callable[[Any], Client]
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NUMBER = "13812341234"


class Clock:
    """The desk's clock: ten in the morning in Shanghai, until it is put forward."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, book: Any, system: Any) -> Clock:
    made = Clock()
    for module in (acting, calling, reading):
        monkeypatch.setattr(module, "now", made)
    ready(book, system, AT)
    gate.register_sender(
        creditor=book.creditor, channel="call", address="95012345", by=system, at=AT
    )
    return made


def dial(client: Client, case: Any, *, once: str = "a", recorded: bool = True, **more: Any) -> Any:
    point = case.borrower.contact_points.get(medium="phone", party="debtor")
    said = {"point": point.pk, "once": once} | ({"call-recording": "yes"} if recorded else {})
    return client.post(f"/workbench/cases/{case.pk}/call/", said | more)


def finish(client: Client, case: Any, outcome: str, *, once: str = "z", minutes: str = "") -> Any:
    row = Attempt.objects.latest("pk")
    return client.post(
        f"/workbench/cases/{case.pk}/call/{row.pk}/end/",
        {f"ended-{row.pk}-outcome": outcome, f"ended-{row.pk}-minutes": minutes, "once": once},
    )


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def reasons() -> list[str]:
    rows = Event.objects.filter(kind="people.unmasked").order_by("position")
    return [json.loads(row.data)["reason"] for row in rows]


def test_a_call_from_leave_to_outcome(wang_ming: Any, li_na: Any, signed_in: SignedIn) -> None:
    """
    拨打 ── permit ── the number, what to say, until when ── 已接通      one effective call counted
    """
    client, home = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/"
    before = text_of(client.get(home))
    assert "拨打" in before and "录音已开启" in before and NUMBER not in before

    begun = dial(client, wang_ming)
    permit, page = Permit.objects.get(), text_of(begun)

    assert begun.status_code == 200 and "no-store" in begun.headers["Cache-Control"]
    assert NUMBER in page and "可拨打至" in page and permit.pk in page
    assert "须告知" in page or "必须告知" in page
    assert "必须留存" in page and "通话结果" in page
    assert reasons() == [f"call under permit {permit.pk}"]
    assert (permit.state, Attempt.objects.get().state) == ("used", "accepted")

    kept = text_of(client.get(home))
    assert "您的通话" in kept and NUMBER not in kept

    ended = finish(client, wang_ming, "connected", minutes="2")
    after = text_of(client.get(home))

    assert (ended.status_code, ended.url) == (302, home)
    assert "您的通话" not in after and "已接通" in after
    row = Attempt.objects.get()
    assert (row.state, row.segments) == ("delivered", 2)
    assert Counter.objects.get(unit="effective_call").used == 1
    assert Counter.objects.get(unit="attempt").used == 0


def test_a_refusal_shows_every_rule_and_no_number(
    wang_ming: Any, li_na: Any, system: Any, clock: Clock, signed_in: SignedIn
) -> None:
    clock.at = AT + timedelta(hours=13)  # eleven at night

    answer = dial(signed_in(li_na), wang_ming)

    page, refusal = text_of(answer), Refusal.objects.get()
    told = page[page.index('id="call-refused"') : page.index('class="figures"')]
    assert refusal.rules
    for rule in refusal.rules:
        assert rule["id"] in told and rule["zh"] in told.replace("&quot;", '"')
    assert "请等到" in told and "review/may-i/?case=" in told
    assert NUMBER not in page and reasons() == []
    assert not Permit.objects.exists() and not Attempt.objects.exists()


def test_without_recording_there_is_no_call(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    answer = dial(signed_in(li_na), wang_ming, recorded=False)

    assert 'id="call-refused"' in text_of(answer) and NUMBER not in text_of(answer)
    assert not Permit.objects.exists() and reasons() == []


def test_nobody_calls_in_another_teams_case(
    wang_ming: Any, book: Any, li_na: Any, outsider: Any, signed_in: SignedIn
) -> None:
    theirs = place(book=book, reference="C0002")

    answers = [dial(signed_in(li_na), theirs), dial(signed_in(outsider), wang_ming)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Permit.objects.exists() and not Refusal.objects.exists() and reasons() == []


def test_a_number_of_another_borrower_is_not_called_from_here(
    wang_ming: Any, book: Any, team: Any, li_na: Any, signed_in: SignedIn
) -> None:
    other = place(book=book, team=team, reference="C0002")
    point = other.borrower.contact_points.get(medium="phone").pk
    mail = wang_ming.borrower.contact_points.get(medium="email").pk

    answers = [
        dial(signed_in(li_na), wang_ming, point=wanted)
        for wanted in (point, mail, "", "x", "9" * 30)
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert not Permit.objects.exists()


def test_a_form_sent_twice_is_one_permit_and_one_call(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)

    first, second = dial(client, wang_ming), dial(client, wang_ming)
    finish(client, wang_ming, "no_answer")
    third = dial(client, wang_ming)

    assert [answer.status_code for answer in (first, second, third)] == [200, 302, 302]
    assert Permit.objects.count() == Attempt.objects.count() == len(reasons()) == 1
    assert Counter.objects.get(unit="attempt").used == 1


def test_a_second_call_waits_for_the_outcome_of_the_first(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    dial(client, wang_ming)

    dial(client, wang_ming, once="b")

    assert Permit.objects.count() == 1
    page = text_of(client.get(f"/workbench/cases/{wang_ming.pk}/"))
    assert "请先登记正在进行的通话结果" in page and "call-recording" not in page


def test_the_fourth_effective_call_of_a_collector_is_refused(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    for number in range(3):
        assert NUMBER in text_of(dial(client, wang_ming, once=f"call{number}"))
        finish(client, wang_ming, "right_party", once=f"end{number}")

    fourth = text_of(dial(client, wang_ming, once="call3"))

    assert "CN-FREQ-001" in fourth and NUMBER not in fourth
    assert Attempt.objects.count() == 3


def test_the_number_is_shown_again_only_while_it_may_be_dialled(
    wang_ming: Any, li_na: Any, leader: Any, clock: Clock, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    dial(client, wang_ming)
    row = Attempt.objects.select_related("permit").get()
    address = f"/workbench/cases/{wang_ming.pk}/call/{row.pk}/number/"

    again, others = client.post(address), signed_in(leader).post(address)
    clock.at = row.permit.expires_at
    late = client.post(address)

    assert NUMBER in text_of(again) and len(reasons()) == 2
    assert others.status_code == 404
    assert late.status_code == 302


def test_a_call_is_ended_by_who_began_it_once_and_with_a_word_for_it(
    wang_ming: Any, li_na: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(li_na)
    dial(client, wang_ming)

    others = finish(signed_in(leader), wang_ming, "connected")
    wordless = finish(client, wang_ming, "")
    strange = finish(client, wang_ming, "delivered")
    first = finish(client, wang_ming, "busy", once="y")
    other_word = finish(client, wang_ming, "connected", once="x")

    answers = (others, wordless, strange, first, other_word)
    assert [answer.status_code for answer in answers] == [404, 422, 422, 302, 422]
    assert "您的通话" in text_of(wordless) and NUMBER not in text_of(wordless)
    assert Permit.objects.get().settled_as == "busy"


def test_who_may_not_see_a_number_is_offered_no_call(
    wang_ming: Any, creditor: Any, book: Any, system: Any, signed_in: SignedIn
) -> None:
    agency = people.add_agency(code="hy", name="恒远", creditor=creditor, by=system, at=AT)
    seat = people.add_user(
        username="seat", name="坐席", role="agency", creditors=[creditor], agency=agency,
        by=system, at=AT,
    )  # fmt: skip
    wang_ming.agency = agency
    wang_ming.save()
    client = signed_in(seat)

    page, answer = client.get(f"/workbench/cases/{wang_ming.pk}/"), dial(client, wang_ming)

    assert page.status_code == 200 and "call-recording" not in text_of(page)
    assert answer.status_code == 403
    assert not Permit.objects.exists() and reasons() == []


def test_every_number_but_an_invalid_one_has_its_call_and_the_gate_decides(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    own = wang_ming.borrower.contact_points.get(medium="phone")
    kin = ContactPoint.objects.create(
        borrower=wang_ming.borrower, medium="phone", party="relative", sealed=own.sealed,
        masked=own.masked, source="contract", lawful_basis="contract", state="verified",
    )  # fmt: skip
    client, home = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/"
    own.state = "invalid"
    own.save()

    page = text_of(client.get(home))
    answer = dial(client, wang_ming, point=kin.pk)

    assert re.findall(r'name="point" value="(\d+)"', page) == [str(kin.pk)]
    assert 'id="call-refused"' in text_of(answer) and NUMBER not in text_of(answer)


def test_who_reads_english_calls_in_english(
    wang_ming: Any, li_na: Any, clock: Clock, signed_in: SignedIn
) -> None:
    client, home = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/"
    client.cookies["django_language"] = "en"

    page, running = text_of(client.get(home)), text_of(dial(client, wang_ming))
    finish(client, wang_ming, "busy")
    clock.at = AT + timedelta(hours=13)
    refused = text_of(dial(client, wang_ming, once="b"))

    assert "The recording is on" in page and "To telephone, use “Call”" in page
    for words in ("Your call", "may be dialled until", "Must be said", "What it came to", "Busy"):
        assert words in running, words
    assert "Do not call." in refused and "Wait until" in refused and "May I?" in refused
    may_ask = all(rule.get("override") for rule in Refusal.objects.get().rules)
    assert ("Ask for approval" in refused) == may_ask


def test_a_page_with_a_call_that_runs_keeps_to_its_budget_of_queries(
    wang_ming: Any, li_na: Any, signed_in: SignedIn
) -> None:
    client, home = signed_in(li_na), f"/workbench/cases/{wang_ming.pk}/"
    dial(client, wang_ming)
    client.get(home)

    with CaptureQueriesContext(connection) as asked:
        client.get(home)

    assert len(asked) <= 52, len(asked)
