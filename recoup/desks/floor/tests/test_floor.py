"""陈组长 at the floor: who carries what, 李娜 is away today, what each of the team can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from recoup.kernel.clock import local_day, now
from recoup.people import operations as people
from recoup.people.models import Absence, Licence, Seat, Skill, Team
from recoup.portfolio.models import Case
from recoup.strategy import operations as strategy
from recoup.strategy.models import Assignment
from tests.cast import place

SignedIn = Callable[[Any], Client]


@pytest.fixture
def hao(creditor: Any, team: Any, system: Any, at: Any) -> Any:
    """郝 collects beside 李娜."""
    return people.add_user(username="hao", name="郝", role="collector", creditors=[creditor],
                           team=team, by=system, at=at)  # fmt: skip


@pytest.fixture
def night(book: Any, li_na: Any, hao: Any, team: Any, system: Any) -> Assignment:
    """Eight cases, given out today."""
    for n in range(8):
        place(book=book, team=team, reference=f"F{n}", phone=f"138{n:08}", days_past_due=10 + 9 * n)
    at = now()
    return strategy.assign_cases(
        book=book, on=local_day(at, book.time_zone), by=system, at=at
    )  # fmt: skip


def hands() -> Counter[str]:
    return Counter(Case.objects.values_list("collector__username", flat=True))


def seen(page: str) -> str:
    return page.split('name="seen" value="')[1].split('"')[0]


def test_the_floor_shows_everybody_and_what_even_shares_cost(
    night: Assignment, leader: Any, signed_in: SignedIn
) -> None:
    page = signed_in(leader).get("/floor/").content.decode()

    assert "李娜" in page and "郝" in page
    assert "c-fairness" in page and "现行 10 层" in page
    assert "本组案件均有坐席" in page


def test_an_empty_floor_says_what_to_do(book: Any, leader: Any, signed_in: SignedIn) -> None:
    page = signed_in(leader).get("/floor/").content.decode()

    assert "recoup people import" in page


def test_who_is_away_today_is_looked_at_confirmed_and_given_back(
    night: Assignment, book: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(leader)
    first = client.get("/floor/away/lina/").content.decode()
    before = hands()
    today = local_day(now(), book.time_zone).isoformat()
    said = {"seen": seen(first), "away-last": today, "away-kind": "unplanned", "once": "a" * 24}

    done = client.post("/floor/away/lina/", said, follow=True).content.decode()
    during = hands()
    again = client.post("/floor/away/lina/", said, follow=True)
    cover = Assignment.objects.get(cause="cover")
    back = client.post(f"/floor/away/undo/{cover.pk}/", {"once": "b" * 24}, follow=True)

    assert "转手 4 件案件" in first
    assert (before, during) == ({"lina": 4, "hao": 4}, {"hao": 8})
    assert "缺勤" in done and "交还" in done
    assert again.status_code == 200 and Assignment.objects.filter(cause="cover").count() == 1
    assert "案件已交还" in back.content.decode()
    assert hands() == before
    assert Absence.objects.get().withdrawn_at is not None


def test_a_preview_that_is_stale_by_now_shows_itself_again(
    night: Assignment, book: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(leader)
    stale = seen(client.get("/floor/away/lina/").content.decode())
    gone = Case.objects.filter(collector__username="lina").order_by("pk").first()
    Case.objects.filter(pk=gone.pk).update(state="suspended")
    today = local_day(now(), book.time_zone).isoformat()

    answer = client.post(
        "/floor/away/lina/", {"seen": stale, "away-last": today, "away-kind": "leave"}
    )

    assert answer.status_code == 422
    assert "案件已有变化" in answer.content.decode()
    assert seen(answer.content.decode()) != stale
    assert hands()["lina"] == 4


def test_what_somebody_can_is_kept_in_the_words_of_a_list_and_problems_stand_above_the_form(
    li_na: Any, book: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(leader)
    good = {"can-skills": "late:senior; card", "can-languages": "zh; yue",
            "can-licences": "CN-浙江:A17:2099-01-31"}  # fmt: skip

    done = client.post("/floor/people/lina/can/", good, follow=True).content.decode()
    bad = client.post(
        "/floor/people/lina/can/", {"can-skills": "LATE!:boss", "can-licences": "CN:1:soon"}
    )

    assert Skill.objects.count() == 2 and Licence.objects.get().place == "CN-浙江"
    assert 'value="card:junior; late:senior"' in done
    assert bad.status_code == 422
    assert "soon" in bad.content.decode()
    assert Skill.objects.count() == 2


def test_how_somebody_works_and_days_to_come_are_kept_and_taken_back(
    li_na: Any, book: Any, leader: Any, signed_in: SignedIn
) -> None:
    client = signed_in(leader)
    client.post("/floor/people/lina/seat/", {"seat-tier": "senior", "seat-capacity": "120",
                                             "seat-weekdays": "12345"})  # fmt: skip
    client.post("/floor/people/lina/absent/", {"absent-since": "2030-01-07",
                                               "absent-last": "2030-01-09",
                                               "absent-kind": "leave"})  # fmt: skip
    row = Absence.objects.get()
    page = client.get("/floor/people/lina/").content.decode()
    client.post(f"/floor/people/lina/absent/{row.pk}/end/", {"once": "c" * 24})
    wrong = client.post("/floor/people/lina/seat/", {"seat-tier": "senior", "seat-weekdays": "089"})

    seat = Seat.objects.get()
    assert (seat.tier, seat.capacity, seat.weekdays) == ("senior", 120, "12345")
    assert "2030-01-09" in page
    assert Absence.objects.get().withdrawn_at is not None
    assert wrong.status_code == 422


def test_cases_without_a_collector_are_listed_with_the_reason_and_exported(
    book: Any, team: Any, li_na: Any, leader: Any, system: Any, signed_in: SignedIn
) -> None:
    people.seat(user=li_na, capacity=1, by=system, at=now())
    for n in range(3):
        place(book=book, team=team, reference=f"F{n}", phone=f"138{n:08}")
    at = now()
    strategy.assign_cases(book=book, on=local_day(at, book.time_zone), by=system, at=at)
    place(book=book, team=team, reference="NEW", phone="13900000001")
    client = signed_in(leader)

    page = client.get("/floor/unassigned/").content.decode()
    floor = client.get("/floor/").content.decode()
    people_csv = client.get("/floor/export/people.csv").content.decode("utf-8-sig")
    cases_csv = client.get("/floor/export/unassigned.csv").content.decode("utf-8-sig")

    assert page.count("价值更高的案件") == 2 and page.count("今晚分派") == 1
    assert "价值更高的案件" in floor
    assert "lina" in people_csv and people_csv.startswith("演示")
    assert cases_csv.count("\n") == 5 and "NEW" in cases_csv
    assert client.get("/floor/export/nothing.csv").status_code == 404


@pytest.mark.parametrize(
    "address",
    ["/floor/", "/floor/unassigned/", "/floor/people/lina/", "/floor/away/lina/",
     "/floor/export/people.csv", "/floor/export/unassigned.csv"],
)  # fmt: skip
def test_only_who_leads_sees_the_floor_and_nobody_elses(
    night: Assignment, address: str, li_na: Any, reviewer: Any, outsider: Any, leader: Any,
    signed_in: SignedIn,
) -> None:  # fmt: skip
    """
    外人 leads a team of another creditor: 李娜, her cases and her absences do not exist for them
    """
    stranger = signed_in(outsider).get(address)

    assert signed_in(li_na).get(address).status_code == 403
    assert signed_in(reviewer).get(address).status_code == 403
    assert stranger.status_code in (403, 404)
    assert "李娜" not in stranger.content.decode()
    assert signed_in(leader).get(address).status_code == 200


def test_a_leader_of_another_team_can_neither_move_nor_qualify_nor_undo(
    night: Assignment, book: Any, creditor: Any, leader: Any, system: Any, at: Any,
    signed_in: SignedIn,
) -> None:  # fmt: skip
    other = Team.objects.create(code="m2", name="二组", creditor=creditor)
    rival = people.add_user(username="rival", name="对手", role="team_leader", creditors=[creditor],
                            team=other, by=system, at=at)  # fmt: skip
    today = local_day(now(), book.time_zone).isoformat()
    said = {"away-last": today, "away-kind": "leave"}
    signed_in(leader).post("/floor/away/lina/", said)
    cover = Assignment.objects.get(cause="cover")
    client = signed_in(rival)

    answers = [
        client.post("/floor/away/hao/", said),
        client.post("/floor/people/hao/can/", {"can-skills": "late"}),
        client.post("/floor/people/hao/seat/", {"seat-tier": "senior", "seat-weekdays": "1"}),
        client.post("/floor/people/hao/absent/", {"absent-since": today, "absent-last": today,
                                                  "absent-kind": "leave"}),
        client.post(f"/floor/away/undo/{cover.pk}/"),
    ]  # fmt: skip

    assert {answer.status_code for answer in answers} == {403}
    assert hands() == {"hao": 8}
    assert not Skill.objects.exists() and not Seat.objects.exists()
