"""The night gives cases to people who can and may, keeps them there, and says why."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import polars as pl
import pytest
from django.conf import settings
from django.db import connections

from recoup.journal.models import Event
from recoup.journal.queries import verify
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Team, User
from recoup.portfolio.models import Case
from recoup.strategy import operations
from recoup.strategy.assigning import operations as assigning
from recoup.strategy.models import Assignment, Decision
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import approved, place

pytestmark = pytest.mark.django_db


def hands():
    return Counter(Case.objects.values_list("collector__username", flat=True))


def rows_of(row):
    return pl.read_parquet(settings.DATA_DIR / row.file)


def why_of(row, case):
    found = rows_of(row).filter(pl.col("case") == case.pk)
    return found["why"][0], found["how"][0]


@pytest.fixture
def strategy(book, system, at):
    """The shipped default in force; it asks for the skills late and card."""
    version = operations.add(book=book, source=shipped(), by=system, at=at)
    return operations.activate(version=version, by=system, at=at)


def test_where_people_have_said_nothing_everybody_takes_everything_in_equal_shares(
    crowd, strategy, night, hire
):
    for name in ("lina", "hao", "wang"):
        hire(name)

    row = night()

    assert hands() == {"lina": 4, "hao": 4, "wang": 4}
    assert (row.given, row.left) == (12, {})
    assert set(Case.objects.values_list("team__code", flat=True)) == {"m1"}
    assert verify().is_whole


def test_nobody_has_a_case_without_its_skill_language_or_licence(
    book, crowd, strategy, night, hire
):
    from recoup.portfolio.models import Borrower

    Borrower.objects.filter(case=crowd[0]).update(language="yue")
    Borrower.objects.filter(case=crowd[1]).update(region="广东")
    hire("plain")
    hire("late", skills={"late": "senior"})
    hire("yue", languages=["yue", "zh"])
    hire("south", licences=[people.Leave("CN-广东", "1")])

    night()

    by_name = {
        case.pk: case.collector.username for case in Case.objects.select_related("collector")
    }
    late = [case.pk for case in crowd if case.days_past_due > 90]
    assert {by_name[pk] for pk in late} == {"late"}
    assert by_name[crowd[0].pk] == "yue"
    assert by_name[crowd[1].pk] == "south"


def test_a_licence_that_ran_out_opens_nothing_and_the_case_waits_with_its_reason(
    book, crowd, strategy, night, hire, today, analyst
):
    from recoup.portfolio.models import Borrower

    Borrower.objects.filter(case=crowd[1]).update(region="广东")
    hire("plain")
    hire("south", licences=[people.Leave("CN-广东", "1", today)])

    first = night()
    second = night(on=today + timedelta(days=1))

    assert why_of(first, crowd[1]) == ("assigned", "new")
    # Nobody is kept as having one now, so it is not asked for any more; the text may ask for it.
    assert why_of(second, crowd[1])[0] == "assigned"
    source = shipped().replace("  skills:\n", "  licences: [cn-广东]\n  skills:\n")
    version = operations.add(book=book, source=source, by=scopes.viewer_of(analyst).actor(),
                             at=first.at)  # fmt: skip
    operations.activate(version=approved(version), viewer=scopes.viewer_of(analyst), at=first.at)
    third = night(on=today + timedelta(days=2))
    assert why_of(third, crowd[1]) == ("no_licence", "left")
    assert third.left == {"no_licence": 1}
    moved = Case.objects.get(pk=crowd[1].pk)
    assert (moved.collector, moved.team.code) == (None, "m1")


def test_where_it_is_not_known_where_somebody_lives_every_licence_is_needed(
    book, crowd, strategy, night, hire
):
    from recoup.portfolio.models import Borrower

    Borrower.objects.filter(case=crowd[0]).update(region="")
    hire("north", licences=[people.Leave("CN-北京", "1")])
    hire("both", licences=[people.Leave("CN-北京", "2"), people.Leave("CN-广东", "3")])

    night()

    assert Case.objects.get(pk=crowd[0].pk).collector.username == "both"


def test_a_vulnerable_case_goes_only_to_who_has_that_skill_if_anybody_has(
    book, crowd, strategy, night, hire, today
):
    hire("plain", tier="senior")
    marked = frozenset({crowd[3].pk, crowd[10].pk})

    night(vulnerable=marked)
    assert hands() == {"plain": 12}
    hire("gentle", skills={"vulnerable": "junior"})
    night(on=today + timedelta(days=1), vulnerable=marked)

    found = Case.objects.filter(collector__username="gentle").values_list("pk", flat=True)
    assert marked <= set(found)
    # Away, nobody else gets them.
    gentle = User.objects.get(username="gentle")
    people.mark_away(user=gentle, since=today, until=today + timedelta(days=60), kind="leave",
                     by=scopes.viewer_of(gentle).actor(), at=Assignment.objects.first().at)  # fmt: skip
    third = night(on=today + timedelta(days=2), vulnerable=marked)
    assert third.left == {"no_skill": 2}


def test_a_conflict_keeps_a_case_away_for_ever_and_no_row_says_whose_it_is(
    book, crowd, strategy, night, hire, system, at, today, creditor
):
    """
    李娜 declares that 王明 is her brother -> his case leaves her, and nobody can read why
    """
    lina, hao = hire("lina", tier="senior"), hire("hao")
    night()
    mine = Case.objects.filter(collector=lina).order_by("pk")[0]
    people.declare_conflict(user=lina, creditor=creditor, tie="family",
                            person=mine.borrower.person, by=system, at=at)  # fmt: skip

    second = night(on=today + timedelta(days=1))

    mine.refresh_from_db()
    assert mine.collector == hao
    line = rows_of(second).filter(pl.col("case") == mine.pk).to_dicts()[0]
    assert (line["why"], line["how"], line["runner"]) == ("assigned", "moved", None)
    assert "conflict" not in str({k: v for k, v in line.items() if k != "able"})
    people.declare_conflict(user=hao, creditor=creditor, tie="friend", kind="phone",
                            value="138" + f"{crowd.index(mine):08}", by=system, at=at)  # fmt: skip
    third = night(on=today + timedelta(days=2))
    assert why_of(third, mine) == ("conflict", "left")
    for event in Event.objects.filter(kind__startswith="strategy.assigned"):
        assert "lina" not in event.data and str(mine.borrower.person.token) not in event.data


def test_an_employers_own_people_are_met_by_the_blind_index_of_its_name(
    book, crowd, strategy, night, hire, system, at, creditor
):
    from recoup.portfolio.models import Loan

    lina, hao = hire("lina", tier="senior"), hire("hao")
    Loan.objects.filter(case=crowd[2]).update(facts={"known": {"employer": "归诚 科技"}})
    people.declare_conflict(user=lina, creditor=creditor, tie="employer", kind="employer",
                            value="归诚科技", by=system, at=at)  # fmt: skip

    night()

    assert Case.objects.get(pk=crowd[2].pk).collector == hao


def test_what_is_held_stays_and_new_cases_go_where_there_is_room(
    book, crowd, strategy, night, hire, today
):
    hire("lina"), hire("hao", capacity=5)
    night()
    before = dict(Case.objects.values_list("pk", "collector_id"))
    new = [place(book=book, reference=f"N{n}", phone=f"139{n:08}") for n in range(4)]
    hire("wang")

    second = night(on=today + timedelta(days=1))

    after = dict(Case.objects.values_list("pk", "collector_id"))
    assert {pk: after[pk] for pk in before} == before
    assert {Case.objects.get(pk=case.pk).collector.username for case in new} == {"wang"}
    assert Counter(rows_of(second)["how"].to_list()) == {"kept": 12, "new": 4}


def test_who_may_have_no_case_takes_no_share_of_the_room(book, crowd, strategy, night, hire, today):
    hire("lina", licences=[people.Leave("CN", "1")])
    hire("hao", licences=[people.Leave("CN", "2")])
    hire("expired", licences=[people.Leave("CN", "3", today - timedelta(days=1))])

    first = night()
    second = night(on=today + timedelta(days=1))

    assert hands() == {"lina": 6, "hao": 6}
    assert [one["may"] for one in first.people] == [12, 12, 0]
    assert first.fairness["spread"] < 0.2
    assert second.moved == 0


def test_capacity_is_never_exceeded_and_the_rest_wait_with_a_reason(
    book, crowd, strategy, night, hire
):
    hire("lina", capacity=5), hire("hao", capacity=4)
    for n, case in enumerate(crowd):
        Case.objects.filter(pk=case.pk).update(overdue=10_000 * (1 + (7 * n) % 12))

    row = night()

    assert hands() == {"lina": 5, "hao": 4, None: 3}
    assert row.left == {"outbid": 3}
    worst = rows_of(row).sort("value")["case"].to_list()[:3]
    left = rows_of(row).filter(pl.col("why") == "outbid")["case"].to_list()
    assert sorted(left) == sorted(worst)


def test_a_limit_counts_cases_of_the_creditors_other_books(
    book, live_book, crowd, strategy, night, hire
):
    lina = hire("lina", capacity=5)
    for n in range(3):
        case = place(book=live_book, reference=f"L{n}", phone=f"137{n:08}")
        Case.objects.filter(pk=case.pk).update(collector=lina)

    night()

    assert Case.objects.filter(book=book, collector=lina).count() == 2


def test_specialists_without_a_limit_take_all_that_only_they_may(book, strategy, night, hire, team):
    for n in range(9):
        place(book=book, reference=f"C{n}", days_past_due=120, phone=f"138{n:08}")
    for name in ("a", "b", "c"):
        hire(name)
    hire("late", skills={"late": "junior"})

    row = night()

    assert hands() == {"late": 9}
    assert row.left == {}


def test_two_of_many_take_everything_that_only_they_may(book, strategy, night, hire, team):
    for n in range(120):
        place(book=book, reference=f"C{n}", days_past_due=120 if n < 110 else 5, phone=f"138{n:08}")
    for n in range(20):
        hire(f"plain{n}")
    hire("one", skills={"late": "junior"}), hire("two", skills={"late": "junior"})

    row = night()

    assert row.left == {}
    assert hands()["one"] + hands()["two"] >= 110
    assert abs(hands()["one"] - hands()["two"]) <= 30


def test_who_is_away_for_long_loses_cases_at_night_and_for_a_day_only_gets_no_new_ones(
    book, crowd, strategy, night, hire, system, at, today
):
    lina, _hao = hire("lina"), hire("hao")
    night()
    days = {"since": today, "kind": "leave", "by": system, "at": at}
    people.mark_away(user=lina, until=today + timedelta(days=3), **days)
    place(book=book, reference="N1", phone="13900000001")
    night(on=today + timedelta(days=1))
    short = hands()
    people.mark_away(user=lina, until=today + timedelta(days=30), **days)

    night(on=today + timedelta(days=2))

    assert short == {"lina": 6, "hao": 7}
    assert hands() == {"hao": 13}


def test_an_account_that_was_closed_holds_nothing_the_next_night(
    crowd, strategy, night, hire, today
):
    lina = hire("lina")
    hire("hao")
    night()
    User.objects.filter(pk=lina.pk).update(is_active=False)

    night(on=today + timedelta(days=1))

    assert hands() == {"hao": 12}


def test_who_changes_team_takes_their_cases_along(crowd, strategy, night, hire, creditor, today):
    lina = hire("lina")
    night()
    second = Team.objects.create(code="m2", name="二组", creditor=creditor)
    User.objects.filter(pk=lina.pk).update(team=second)

    night(on=today + timedelta(days=1))

    assert set(Case.objects.values_list("team__code", "collector__username")) == {("m2", "lina")}


def test_a_team_without_collectors_takes_cases_as_a_team(crowd, strategy, night, hire, creditor):
    hire("lina")
    Team.objects.create(code="m2", name="二组", creditor=creditor)

    night()

    teams = Counter(Case.objects.values_list("team__code", "collector__username"))
    assert teams == {("m1", "lina"): 6, ("m2", None): 6}


def test_without_anybody_every_case_waits_where_it_is(crowd, strategy, night):
    Case.objects.update(team=None)
    Team.objects.all().delete()

    row = night()

    assert row.left == {"nobody_here": 12}
    assert row.given == 0


def test_a_book_with_no_cases_is_given_out_too(book, strategy, night, hire):
    hire("lina")

    assert (night().rows, night().left) == (0, {})


def test_without_scores_the_overdue_amount_decides_and_without_a_strategy_the_usual(
    book, crowd, night, hire
):
    hire("lina", capacity=3)
    Case.objects.filter(pk__in=[case.pk for case in crowd[:3]]).update(overdue=900_000)

    row = night()

    kept = set(Case.objects.filter(collector__isnull=False).values_list("pk", flat=True))
    assert kept == {case.pk for case in crowd[:3]}
    assert rows_of(row)["value"].max() == 900_000


def test_with_scores_it_is_what_a_case_is_expected_to_bring(
    book, crowd, strategy, night, hire, system, at, today
):
    from recoup.scoring import operations as scoring

    hire("lina")
    scoring.score_book(book=book, on=today, by=system, at=at)

    row = night()

    value = rows_of(row)["value"]
    assert value.n_unique() > 1
    assert value.max() < 0.35 * 200_000


def test_a_night_gives_out_once_and_anew_as_often_as_it_is_asked_for(
    crowd, strategy, night, hire, today
):
    hire("lina")
    first = night()
    hire("hao", tier="senior")

    again = night()
    anew = night(anew=True)

    assert again == first
    assert anew.cause == "anew"
    assert hands()["hao"] == 6
    assert Event.objects.filter(kind="strategy.assigned").count() == 2


def test_the_event_keeps_the_proof_and_what_fairness_costs(crowd, strategy, night, hire):
    hire("lina"), hire("hao", tier="senior")

    row = night()

    data = Event.objects.get(kind="strategy.assigned").data
    assert all(word in data for word in ("certificate", "fairness", "sha256", "curve"))
    assert 0 <= row.certificate["gap"] < 1e-6
    curve = row.fairness["curve"]
    assert [point["bands"] for point in curve] == [1, 2, 4, 10, 20]
    assert curve[0]["share"] == 1.0
    assert row.fairness["bands"] == 10
    assert {one["cases"] for one in row.people} == {6}


def test_tasks_that_wait_follow_their_case(book, crowd, strategy, night, hire, system, at, today):
    from recoup.scoring import operations as scoring

    lina, hao = hire("lina"), hire("hao")
    scoring.score_book(book=book, on=today, by=system, at=at)
    night()
    operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)
    tasks = Decision.objects.filter(channel="task", state="waiting", assignee=lina)
    assert tasks.exists()
    User.objects.filter(pk=lina.pk).update(is_active=False)

    night(on=today + timedelta(days=1))

    assert not tasks.exists()
    assert set(Decision.objects.filter(channel="task").values_list("assignee", flat=True)) == {
        hao.pk
    }


def test_a_case_that_went_elsewhere_meanwhile_is_left_alone(
    book, crowd, strategy, night, hire, monkeypatch, creditor, system, at
):
    hire("lina")
    agency = people.add_agency(code="hengyuan", name="恒远", creditor=creditor, by=system, at=at)
    real = assigning.move_cases

    def late(**given):
        Case.objects.filter(pk=crowd[0].pk).update(agency=agency)
        Case.objects.filter(pk=crowd[1].pk).update(state="closed")
        return real(**given)

    monkeypatch.setattr(assigning, "move_cases", late)
    night()

    assert Case.objects.filter(pk__in=[crowd[0].pk, crowd[1].pk], collector=None).count() == 2
    assert hands() == {"lina": 10, None: 2}


def test_a_night_that_is_cut_off_leaves_nothing_and_is_done_again(
    book, crowd, strategy, night, hire, monkeypatch
):
    hire("lina")
    real = assigning._tasks_follow

    def killed(_moves):
        raise KeyboardInterrupt

    monkeypatch.setattr(assigning, "_tasks_follow", killed)
    with pytest.raises(KeyboardInterrupt):
        night()
    assert hands() == {None: 12}
    assert not Assignment.objects.exists()
    monkeypatch.setattr(assigning, "_tasks_follow", real)

    night()

    assert hands() == {"lina": 12}
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_are_one(book, crowd, strategy, night, hire, system, at, today):
    hire("lina"), hire("hao")
    found, gate = [], threading.Barrier(2)

    def run():
        try:
            with scopes.acting_for(book):
                gate.wait()
                found.append(operations.assign_cases(book=book, on=today, by=system, at=at).pk)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(set(found)) == 1
    assert hands() == {"lina": 6, "hao": 6}
    assert Event.objects.filter(kind="strategy.assigned").count() == 1
