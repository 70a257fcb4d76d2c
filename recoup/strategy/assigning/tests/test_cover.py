"""李娜 is away today: who gets what, what it costs, and how it is given back."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from recoup.journal.models import Event
from recoup.journal.queries import verify
from recoup.kernel.errors import Invalid, Refused
from recoup.people import operations as people
from recoup.people import queries as people_queries
from recoup.people import scopes
from recoup.people.models import Absence, Team
from recoup.portfolio.models import Case
from recoup.scoring import operations as scoring
from recoup.strategy import operations, queries
from recoup.strategy.models import Decision
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def floor(book, crowd, hire, night, system, at):
    """李娜, 郝 and 王 hold four cases each."""
    version = operations.add(book=book, source=shipped(), by=system, at=at)
    operations.activate(version=version, by=system, at=at)
    made = {name: hire(name) for name in ("lina", "hao", "wang")}
    night()
    return made


@pytest.fixture
def chen(leader):
    return scopes.viewer_of(leader)


def hands():
    return Counter(Case.objects.values_list("collector__username", flat=True))


def preview(book, chen, today, username="lina", **more):
    return queries.plan_cover(viewer=chen, book=book, username=username, on=today, **more)


def cover(book, chen, today, at, username="lina", **more):
    return operations.cover(viewer=chen, book=book, username=username, on=today, at=at, **more)


def test_the_preview_says_who_gets_what_and_changes_nothing(book, floor, chen, today):
    before = hands()

    wanted = preview(book, chen, today)

    assert (wanted.taken, wanted.stayed, wanted.tasks) == (4, 0, 0)
    assert {(one["name"], one["cases"]) for one in wanted.to} == {("hao", 2), ("wang", 2)}
    assert wanted.cost == 0
    assert hands() == before
    assert not Absence.objects.exists()
    assert Event.objects.filter(kind="strategy.covered").count() == 0


def test_what_was_seen_is_what_is_done_and_only_the_cases_of_who_is_away_move(
    book, floor, chen, today, at
):
    kept = set(Case.objects.exclude(collector=floor["lina"]).values_list("pk", "collector_id"))
    wanted = preview(book, chen, today)

    row = cover(book, chen, today, at, seen=wanted.digest)

    assert hands() == {"hao": 6, "wang": 6}
    assert kept <= set(Case.objects.values_list("pk", "collector_id"))
    assert (row.cause, row.away, row.moved) == ("cover", floor["lina"], 4)
    assert Absence.objects.get().until == today + timedelta(days=1)
    assert verify().is_whole


def test_a_hand_out_that_is_another_by_now_is_refused(book, floor, chen, today, at):
    seen = preview(book, chen, today).digest
    first = Case.objects.filter(collector=floor["lina"]).order_by("pk").first()
    Case.objects.filter(pk=first.pk).update(state="suspended")

    with pytest.raises(Invalid):
        cover(book, chen, today, at, seen=seen)

    assert not Absence.objects.exists()
    assert hands()["lina"] == 4


def test_giving_back_brings_every_case_and_task_home_but_those_that_went_on(
    book, floor, chen, today, at, system
):
    scoring.score_book(book=book, on=today, by=system, at=at)
    operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)
    mine = set(Case.objects.filter(collector=floor["lina"]).values_list("pk", flat=True))
    tasks = set(Decision.objects.filter(assignee=floor["lina"]).values_list("pk", flat=True))
    row = cover(book, chen, today, at)
    during = set(Decision.objects.filter(assignee=floor["lina"]).values_list("pk", flat=True))
    gone = Case.objects.filter(pk__in=mine).order_by("pk").first()
    Case.objects.filter(pk=gone.pk).update(collector=floor["wang"] if gone.collector == floor["hao"]
                                           else floor["hao"])  # fmt: skip

    first = operations.undo_cover(viewer=chen, assignment=row, at=at)
    again = operations.undo_cover(viewer=chen, assignment=row, at=at)

    home = set(Case.objects.filter(collector=floor["lina"]).values_list("pk", flat=True))
    assert tasks and not during
    assert (first, again) == (3, 0)
    assert home == mine - {gone.pk}
    assert Absence.objects.get().withdrawn_at is not None
    back = set(Decision.objects.filter(assignee=floor["lina"]).values_list("pk", flat=True))
    assert back == {pk for pk in tasks if Decision.objects.get(pk=pk).case_id != gone.pk}


def test_what_nobody_can_take_stays_and_is_told(book, floor, chen, today, at, system):
    """Since this morning late cases need a skill that only 李娜 has; 郝 has room for one more."""
    people.qualify(of=floor["lina"], skills={"late": "senior"}, by=system, at=at)
    people.seat(user=floor["hao"], capacity=5, by=system, at=at)
    people.seat(user=floor["wang"], capacity=4, by=system, at=at)
    mine = Case.objects.filter(collector=floor["lina"])
    late = set(mine.filter(days_past_due__gt=90).values_list("pk", flat=True))
    others = set(Case.objects.exclude(collector=floor["lina"]).values_list("pk", "collector_id"))

    wanted = preview(book, chen, today)
    row = cover(book, chen, today, at)

    assert (wanted.taken, wanted.stayed) == (1, 3)
    assert hands() == {"lina": 3, "hao": 5, "wang": 4}
    assert late and late <= set(mine.values_list("pk", flat=True))
    assert others <= set(Case.objects.values_list("pk", "collector_id"))
    assert row.left["no_skill"] == len(late)


def test_what_it_costs_is_the_worth_that_goes_with_who_is_away(
    book, floor, chen, today, at, system
):
    people.seat(user=floor["lina"], tier="senior", by=system, at=at)

    wanted = preview(book, chen, today)

    value = sum(Case.objects.filter(collector=floor["lina"]).values_list("overdue", flat=True))
    assert wanted.cost == pytest.approx(0.1 * value)


def test_nobody_takes_over_who_is_away_themselves(book, floor, chen, today, at, system):
    people.mark_away(user=floor["hao"], since=today, until=today + timedelta(days=1), kind="leave",
                     by=system, at=at)  # fmt: skip

    wanted = preview(book, chen, today)

    assert [one["name"] for one in wanted.to] == ["wang"]
    assert wanted.taken == 4


def test_when_everybody_is_away_everything_stays(book, floor, chen, today, at):
    cover(book, chen, today, at, username="hao")
    cover(book, chen, today, at, username="wang")

    last = preview(book, chen, today)

    assert (last.taken, last.stayed) == (0, 12)
    cover(book, chen, today, at)
    assert hands() == {"lina": 12}


def test_colleagues_of_other_teams_take_nothing_over(book, floor, chen, today, hire, creditor):
    other = Team.objects.create(code="m2", name="二组", creditor=creditor)
    hire("far", of=other)

    assert {one["name"] for one in preview(book, chen, today).to} == {"hao", "wang"}


def test_a_vulnerable_case_goes_over_only_to_who_has_the_skill(
    book, floor, chen, today, system, at
):
    people.qualify(of=floor["wang"], skills={"vulnerable": "junior"}, by=system, at=at)
    mine = frozenset(Case.objects.filter(collector=floor["lina"]).values_list("pk", flat=True))

    cover(book, chen, today, at, vulnerable=mine)

    assert set(Case.objects.filter(pk__in=mine).values_list("collector", flat=True)) == {
        floor["wang"].pk
    }


def test_a_leader_of_another_creditor_or_team_learns_and_moves_nothing(
    book, live_book, floor, outsider, reviewer, leader, creditor, today, at, chen
):
    """
    外人 presses "李娜 is away"      ->  there is nobody called so
    陈组长 of another team presses it ->  the same words
    """
    stranger = scopes.viewer_of(outsider)
    row = cover(book, chen, today, at)
    told = []
    for username in ("hao", "nobody-at-all"):
        with pytest.raises(Refused) as refused:
            preview(book, stranger, today, username=username)
        told.append(str(refused.value).replace(username, ""))
        with pytest.raises(Refused):
            cover(book, stranger, today, at, username=username)
    for viewer in (stranger, *map(scopes.viewer_of, (floor["hao"], reviewer))):
        with pytest.raises(Refused):
            operations.undo_cover(viewer=viewer, assignment=row, at=at)
    other = Team.objects.create(code="m2", name="二组", creditor=creditor)
    leader.team = other
    with pytest.raises(Refused):
        cover(book, scopes.viewer_of(leader), today, at, username="hao")

    assert told[0] == told[1]
    assert hands() == {"hao": 6, "wang": 6}


def test_covering_twice_moves_nothing_more_and_the_absence_is_kept_once(
    book, floor, chen, today, at
):
    cover(book, chen, today, at)
    again = cover(book, chen, today, at)

    assert again.moved == 0
    assert Absence.objects.count() == 1
    assert hands() == {"hao": 6, "wang": 6}


def test_an_absence_without_days_or_kind_is_refused(book, floor, chen, today, at):
    for wrong in ({"kind": "flu"}, {"until": today}):
        with pytest.raises(Invalid):
            cover(book, chen, today, at, **wrong)
    assert hands()["lina"] == 4


def test_nothing_of_the_colleagues_moves_however_little_room_there_is(
    book, floor, chen, today, at, system
):
    """王 may have no case any more, 郝 has one place: the rich cases of 李娜 push nobody's out."""
    people.seat(user=floor["hao"], capacity=5, by=system, at=at)
    for name in ("lina", "hao"):
        people.qualify(of=floor[name], licences=[people.Leave("CN", "1")], by=system, at=at)
    Case.objects.filter(collector=floor["lina"]).update(overdue=90_000_000)
    others = set(Case.objects.exclude(collector=floor["lina"]).values_list("pk", "collector_id"))

    cover(book, chen, today, at)

    assert others <= set(Case.objects.values_list("pk", "collector_id"))
    assert hands() == {"lina": 3, "hao": 5, "wang": 4}


def test_who_takes_over_may_be_a_new_colleague(book, floor, chen, today, at, hire):
    hire("new")
    place(book=book, reference="N1", phone="13900000001")

    wanted = preview(book, chen, today)

    assert {one["name"] for one in wanted.to} >= {"new"}
    assert people_queries.absences(viewer=chen, on=today) == []
