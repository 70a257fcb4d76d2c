from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from recoup.desks.studio import flying
from recoup.strategy import operations as strategy
from recoup.strategy.flights import operations
from recoup.strategy.flights.tests.conftest import Clock, facts, text
from recoup.strategy.models import Flight, StrategyApproval, StrategyVersion
from tests.cast import place

SignedIn = Callable[[Any], Client]


@pytest.fixture
def champion(book: Any, team: Any, system: Any, at: Any, today: Any) -> StrategyVersion:
    """The shipped strategy with tight budgets, in force in a scored book of twenty."""
    from recoup.scoring import operations as scoring

    for n in range(20):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=1 + 8 * n,
              phone=f"138{n:08}")  # fmt: skip
    scoring.score_book(book=book, on=today, by=system, at=at)
    version = strategy.add(book=book, source=text(), by=system, at=at)
    return strategy.activate(version=version, by=system, at=at)


@pytest.fixture
def draft(champion: Any, book: Any, analyst: Any, at: Any) -> StrategyVersion:
    """A draft with fewer text messages, which 孙分析 wrote."""
    from recoup.people import scopes

    source = text(sms=("  sms: 6\n", "  sms: 2\n"))
    return strategy.add(book=book, source=source, by=scopes.viewer_of(analyst).actor(), at=at)


@pytest.fixture
def flown(draft: Any, system: Any, at: Any) -> Flight:
    """The draft, flown over two days twice."""
    flight = operations.ask(version=draft, by=system, at=at, days=2, repetitions=2)
    return operations.fly(flight=flight, facts=facts, by=system, at=at, clock=Clock(at))


@pytest.fixture
def chief(creditor: Any, system: Any, at: Any) -> Any:
    """周总, who may approve."""
    from recoup.people import operations as people

    return people.add_user(
        username="zhou", name="周总", role="executive", creditors=[creditor], by=system, at=at
    )


def test_an_analyst_asks_for_other_budgets_and_the_flight_waits(
    book: Any, champion: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client = signed_in(analyst)
    asked = {"version": champion.pk, "budget": "sms", "change": "+10 %", "days": 7, "seed": 3,
             "once": "f1"}  # fmt: skip

    answer = client.post("/studio/flights/", asked)
    twice = client.post("/studio/flights/", asked)

    flight = Flight.objects.get()
    assert (flight.state, flight.days, flight.seed) == ("waiting", 7, 3)
    assert flight.changes == {"sms": {"from": 6, "to": 6.6}}
    assert answer.headers["Location"] == f"/studio/flights/{flight.pk}/"
    assert twice.status_code == 302
    page = client.get(f"/studio/flights/{flight.pk}/").content.decode()
    assert "正在排队等待" in page
    assert 'hx-trigger="every 2s"' in page


@pytest.mark.parametrize("wrong", [{"change": "lots"}, {"change": ""}, {"days": 900}])
def test_a_wish_that_cannot_be_flown_comes_back_with_what_is_wrong(
    champion: Any, analyst: Any, signed_in: SignedIn, wrong: dict[str, Any]
) -> None:
    asked = {"version": champion.pk, "budget": "sms", "change": "+1", "days": 7, "seed": 1} | wrong

    answer = signed_in(analyst).post("/studio/flights/", asked)

    assert answer.status_code == 422
    assert not Flight.objects.exists()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_flight_shows_both_sides_with_intervals_and_says_that_it_is_simulated(
    flown: Any, analyst: Any, signed_in: SignedIn, language: str
) -> None:
    client = signed_in(analyst)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    page = client.get(f"/studio/flights/{flown.pk}/").content.decode()

    words = {
        "zh-hans": ("模拟", "第一夜逐案对比", "相比对方多回收的金额", "每次重复抽取参数的范围"),
        "en": ("SIMULATED", "The first night, case by case", "Recovered beyond the other side",
               "The ranges from which every repetition draws"),
    }  # fmt: skip
    assert all(word in page for word in words[language])
    assert set(re.findall(r'data-chart="(c-\w+)"', page)) >= {
        "c-gap",
        "c-gains",
        "c-use",
        "c-matrix",
    }
    assert "simulator 2." in page
    assert "王明" not in page
    for chart in re.findall(r'<script id="c-[^>]+>(.*?)</script>', page):
        json.loads(chart)


def test_the_results_are_exported_with_their_label(
    flown: Any, analyst: Any, signed_in: SignedIn
) -> None:
    client, address = signed_in(analyst), f"/studio/flights/{flown.pk}/file/"

    table = client.get(f"{address}results.csv").content.decode("utf-8-sig").splitlines()
    whole = client.get(f"{address}results.json").json()
    night = client.get(f"{address}first-night.csv").content.decode("utf-8-sig").splitlines()

    assert "模拟" in table[0]
    assert table[1].startswith("table,name,measure,candidate")
    assert whole["simulated"] is True
    assert whole["inputs"]["digest"] == flown.inputs["digest"]
    assert len(night) == 2 + flown.results["first_night"]["changed"]


def test_an_executive_sees_flights_without_cases_and_asks_for_none(
    flown: Any, chief: Any, signed_in: SignedIn, draft: Any
) -> None:
    client = signed_in(chief)

    page = client.get(f"/studio/flights/{flown.pk}/").content.decode()
    assert "/workbench/cases/" not in page
    assert client.get(f"/studio/flights/{flown.pk}/file/first-night.csv").status_code == 403
    assert client.post("/studio/flights/", {"version": draft.pk}).status_code == 403
    assert client.post(f"/studio/flights/{flown.pk}/keep/").status_code == 403


def test_the_outsider_sees_no_flight(
    flown: Any, draft: Any, outsider: Any, signed_in: SignedIn
) -> None:
    outsider.role = "analyst"
    outsider.save()
    client, at = signed_in(outsider), f"/studio/flights/{flown.pk}/"

    for address in (at, f"{at}file/results.json", f"{at}file/first-night.csv"):
        assert client.get(address).status_code == 404
    for what in ("recall", "again", "start", "keep"):
        assert client.post(f"{at}{what}/").status_code == 404
    assert (
        client.post(f"/studio/strategies/{draft.pk}/approval/", {"reason": "x"}).status_code == 404
    )
    assert client.get("/studio/flights/").status_code == 404


def test_a_flight_is_called_back_and_flown_again(
    champion: Any, analyst: Any, signed_in: SignedIn, system: Any, at: Any
) -> None:
    flight = operations.ask(version=champion, by=system, at=at, budgets={"sms": "-1"})
    client, at_page = signed_in(analyst), f"/studio/flights/{flight.pk}/"

    client.post(f"{at_page}recall/", {"once": "r1"})
    flight.refresh_from_db()
    assert flight.state == "recalled"
    over = client.get(f"{at_page}?part=progress")
    client.post(f"{at_page}again/", {"once": "r2"})
    flight.refresh_from_db()

    assert flight.state == "waiting"
    assert over.headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in client.get(f"{at_page}?part=progress").headers


def test_budgets_that_flew_well_are_kept_as_a_draft_of_the_very_text(
    champion: Any, analyst: Any, signed_in: SignedIn, system: Any, at: Any
) -> None:
    flight = operations.ask(
        version=champion, by=system, at=at, budgets={"sms": "-50 %"}, days=1, repetitions=1
    )
    flight = operations.fly(flight=flight, facts=facts, by=system, at=at, clock=Clock(at))

    answer = signed_in(analyst).post(f"/studio/flights/{flight.pk}/keep/")

    version = StrategyVersion.objects.get(state="draft")
    assert answer.headers["Location"] == f"/studio/strategies/{version.pk}/"
    assert version.digest == flight.digest
    assert "# A case goes down the steps" in version.source


def test_what_was_not_flown_is_approved_by_another_person_and_put_in_force(
    draft: Any, analyst: Any, chief: Any, signed_in: SignedIn
) -> None:
    sun, page = signed_in(analyst), f"/studio/strategies/{draft.pk}/"

    assert "尚未在本账本上试飞" in sun.get(page).content.decode()
    sun.post(f"{page}activate/", {"once": "a1"})
    draft.refresh_from_db()
    assert draft.state == "draft"
    sun.post(f"{page}approval/", {"once": "a2", "reason": "小范围试行"})
    asked = StrategyApproval.objects.get()
    assert (
        sun.post(f"/studio/approvals/{asked.pk}/", {"give": "yes", "answer": "好"}).status_code
        == 302
    )
    asked.refresh_from_db()
    assert asked.state == "asked"  # nobody approves their own
    assert "待审批" in sun.get("/studio/strategies/").content.decode()

    zhou = signed_in(chief)
    zhou.post(f"/studio/approvals/{asked.pk}/", {"give": "yes", "answer": "已审阅", "once": "a3"})
    sun = signed_in(analyst)
    sun.post(f"{page}activate/", {"once": "a4"})

    draft.refresh_from_db()
    assert draft.state == "active"


def test_two_versions_are_compared_in_meaning(
    draft: Any, champion: Any, analyst: Any, signed_in: SignedIn
) -> None:
    page = signed_in(analyst).get(f"/studio/strategies/{draft.pk}/?against={champion.pk}")

    shown = re.sub(r"<[^>]+>|\s+", " ", page.content.decode())
    assert re.search(r"预算\s+sms\s+6\s+2\s+\(-66\.7%", shown)


def test_a_child_is_started_unless_an_operator_flies(
    champion: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(flying, "COMMAND", ("-c", "print('one was flown')"))

    assert flying.start() is False
    settings.FLIGHTS = "child"
    assert flying.start() is True

    log = tmp_path / "flights.log"
    until = time.monotonic() + 20
    while not log.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    assert log.read_text() == "one was flown\n"


def test_no_second_child_is_started_while_one_flies(
    champion: Any, settings: Any, system: Any, at: Any
) -> None:
    from recoup.kernel.clock import now

    settings.FLIGHTS = "child"
    flight = operations.ask(version=champion, by=system, at=at, budgets={"sms": "-1"})
    Flight.objects.filter(pk=flight.pk).update(state="flying", seen_at=now())

    assert flying.start() is False
