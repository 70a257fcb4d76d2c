"""What collectors can and carry, who leads them, and conflicts that nobody can read back."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.utils import translation

from recoup.journal.models import Event
from recoup.kernel.errors import Invalid, Refused
from recoup.people import operations, queries, scopes
from recoup.people.models import Absence, Conflict, Sealed, Seat, Skill, Team, User
from tests.cast import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def hao(creditor, team, system, at):
    """郝 collects beside 李娜."""
    return operations.add_user(
        username="hao", name="郝", role="collector", creditors=[creditor], team=team, by=system,
        at=at,
    )  # fmt: skip


def on_day(creditor, today):
    return {one.username: one for one in queries.staff(creditor=creditor.pk, on=today)}


def test_of_whom_nothing_is_kept_everything_is_left_open(creditor, li_na, today):
    one = on_day(creditor, today)["lina"]

    assert (one.capacity, one.skills, one.languages, one.places) == (
        None,
        {},
        frozenset(),
        frozenset(),
    )
    assert one.is_here


def test_what_a_team_can_everybody_in_it_can_and_an_own_tier_goes_first(
    creditor, team, li_na, hao, system, at, today
):
    operations.qualify(of=team, skills={"late": "junior"}, languages=["zh"], by=system, at=at)
    operations.qualify(of=li_na, skills={"late": "senior", "card": "junior"}, by=system, at=at)

    found = on_day(creditor, today)

    assert found["lina"].skills == {"late": "senior", "card": "junior"}
    assert found["hao"].skills == {"late": "junior"}
    assert found["lina"].languages == found["hao"].languages == {"zh"}


def test_what_is_given_takes_the_place_of_what_was_kept_and_the_rest_stays(
    creditor, li_na, system, at, today
):
    operations.qualify(of=li_na, skills={"late": "senior"}, languages=["YUE", "zh_Hans"], by=system,
                       at=at)  # fmt: skip
    operations.qualify(of=li_na, skills={"card": "junior"}, by=system, at=at)

    one = on_day(creditor, today)["lina"]

    assert one.skills == {"card": "junior"}
    assert one.languages == {"yue", "zh-hans"}


def test_a_licence_counts_up_to_its_last_day(creditor, li_na, system, at, today):
    held = [operations.Leave("us-ma", "A17", today), operations.Leave("US", "B2")]
    operations.qualify(of=li_na, licences=held, by=system, at=at)

    assert on_day(creditor, today)["lina"].places == {"US-MA", "US"}
    assert on_day(creditor, today + timedelta(days=1))["lina"].places == {"US"}


def test_everything_that_is_wrong_is_said_at_once(li_na, system, at):
    held = [operations.Leave("Atlantis", "1"), operations.Leave("US", " ")]

    with pytest.raises(Invalid) as wrong:
        operations.qualify(of=li_na, skills={"LATE!": "boss"}, languages=["klingonese"],
                           licences=held, by=system, at=at)  # fmt: skip
    with pytest.raises(Invalid) as seat:
        operations.seat(user=li_na, tier="boss", capacity=-1, weekdays="089",
                        hours=(time(18), time(9)), by=system, at=at)  # fmt: skip

    assert len(wrong.value.problems) == 5
    assert len(seat.value.problems) == 4
    assert not Skill.objects.exists()
    assert not Seat.objects.exists()


def test_a_seat_is_changed_in_parts(li_na, system, at):
    operations.seat(user=li_na, capacity=120, tier="senior", by=system, at=at)
    operations.seat(user=li_na, weekdays="51", by=system, at=at)
    first = Seat.objects.get()
    operations.seat(user=li_na, equal_share=True, by=system, at=at)

    assert (first.capacity, first.tier, first.weekdays) == (120, "senior", "15")
    assert Seat.objects.get().capacity is None


def test_absences_that_touch_are_one_and_weekdays_count(creditor, li_na, system, at, today):
    operations.seat(user=li_na, weekdays="1234567", by=system, at=at)
    for since, days in ((0, 2), (2, 3), (9, 1)):
        operations.mark_away(
            user=li_na, since=today + timedelta(days=since),
            until=today + timedelta(days=since + days), kind="leave", by=system, at=at,
        )  # fmt: skip

    one = on_day(creditor, today)["lina"]
    later = on_day(creditor, today + timedelta(days=5))["lina"]
    operations.seat(user=li_na, weekdays="67", by=system, at=at)

    assert (one.is_here, one.back_on) == (False, today + timedelta(days=5))
    assert later.is_here
    assert not on_day(creditor, today + timedelta(days=7))["lina"].is_here  # a Monday


def test_an_absence_is_kept_once_and_taken_back(creditor, li_na, system, at, today):
    days = {"since": today, "until": today + timedelta(days=1), "kind": "unplanned"}
    row = operations.mark_away(user=li_na, by=system, at=at, **days)
    again = operations.mark_away(user=li_na, by=system, at=at, **days)
    ended = operations.end_absence(absence=row, by=system, at=at)

    assert (row, ended) == (again, True)
    assert on_day(creditor, today)["lina"].is_here
    assert Event.objects.get(kind="people.absence_ended").data.count("lina") == 1
    for wrong in ({"until": today}, {"kind": "flu"}, {"until": today + timedelta(days=999)}):
        with pytest.raises(Invalid):
            operations.mark_away(user=li_na, by=system, at=at, **days | wrong)
    assert Absence.objects.count() == 1


def test_a_leader_leads_the_own_team_an_administrator_all_and_an_outsider_nobody(
    creditor, leader, li_na, outsider, reviewer, system, at, today
):
    other = Team.objects.create(code="m2", name="二组", creditor=creditor)
    operations.add_user(username="wang", name="王", role="collector", creditors=[creditor],
                        team=other, by=system, at=at)  # fmt: skip
    admin = operations.add_user(username="admin", name="管", role="administrator",
                                creditors=[creditor], by=system, at=at)  # fmt: skip

    def seen(user):
        return [c.username for c in queries.colleagues(viewer=scopes.viewer_of(user), on=today)]

    assert seen(leader) == ["lina"]
    assert sorted(seen(admin)) == ["lina", "wang"]
    assert seen(outsider) == []
    for user, name in ((outsider, "lina"), (leader, "wang")):
        with pytest.raises(Refused, match=name):
            queries.led(viewer=scopes.viewer_of(user), username=name)
    for user in (reviewer, li_na):
        with pytest.raises(Refused):
            seen(user)
    User.objects.filter(pk=leader.pk).update(team=None)
    assert seen(User.objects.get(pk=leader.pk)) == []


def test_a_conflict_by_token_holds_for_every_row_of_that_person(book, li_na, creditor, system, at):
    """王明 stands in the vault twice, under the same identity number."""
    one = place(book=book, reference="C0001")
    fields = [("name", "王明"), ("identity", "110101199003071234")]
    twin = operations.seal(creditor=creditor, fields=fields, at=at).person
    stranger = place(book=book, reference="C0002", name="张三")

    operations.declare_conflict(user=li_na, creditor=creditor, tie="family",
                                person=one.borrower.person, by=system, at=at)  # fmt: skip

    pairs = queries.conflicts(creditor=creditor.pk).persons
    assert pairs == {(li_na.pk, one.borrower.person_id), (li_na.pk, twin.pk)}
    assert stranger.borrower.person_id not in {person for _user, person in pairs}


@pytest.mark.parametrize(
    ("kind", "value"), [("name", "王 明"), ("phone", "138-1234 1234"), ("identity", "110101199003071234")]
)  # fmt: skip
def test_a_conflict_by_value_is_met_by_whoever_has_it_and_cannot_be_read_back(
    book, wang_ming, li_na, creditor, system, at, kind, value
):
    row = operations.declare_conflict(user=li_na, creditor=creditor, tie="household", kind=kind,
                                      value=value, by=system, at=at)  # fmt: skip

    pairs = queries.conflicts(creditor=creditor.pk).persons
    written = [event.data for event in Event.objects.filter(kind="people.conflict_declared")]
    assert pairs == {(li_na.pk, wang_ming.borrower.person_id)}
    assert all(value not in text and "王明" not in text for text in written)
    assert Event.objects.filter(kind="people.conflict_declared").get().case is None
    assert value not in f"{row!r} {row} {vars(row)}"
    operations.lift_conflict(conflict=row, by=system, at=at)
    assert not queries.conflicts(creditor=creditor.pk).persons


def test_who_declared_what_only_they_themselves_are_told(
    book, wang_ming, li_na, hao, leader, creditor, system, at
):
    operations.declare_conflict(user=li_na, creditor=creditor, tie="friend", by=system, at=at,
                                person=wang_ming.borrower.person)  # fmt: skip

    told = {user.username: len(queries.own_conflicts(viewer=scopes.viewer_of(user)))
            for user in (li_na, hao, leader)}  # fmt: skip

    assert told == {"lina": 1, "hao": 0, "chen": 0}


def test_a_conflict_with_another_creditors_person_is_refused(
    book, wang_ming, outsider, li_na, creditor, system, at
):
    """外人 declares a conflict with 王明, to learn whether he owes here."""
    other = outsider.creditors.get()
    for user, owner in ((outsider, creditor), (outsider, other), (li_na, other)):
        with pytest.raises(Refused):
            operations.declare_conflict(user=user, creditor=owner, tie="family", by=system, at=at,
                                        person=wang_ming.borrower.person)  # fmt: skip
    # By a value they may: what it meets is told to nobody, and it meets nothing of ours.
    with scopes.acting_for(other):
        operations.declare_conflict(user=outsider, creditor=other, tie="family", kind="name",
                                    value="王明", by=system, at=at)  # fmt: skip
        assert not queries.conflicts(creditor=other.pk).persons


def test_a_conflict_is_kept_once(book, wang_ming, li_na, creditor, system, at):
    for _ in range(2):
        operations.declare_conflict(user=li_na, creditor=creditor, tie="family", by=system, at=at,
                                    person=wang_ming.borrower.person)  # fmt: skip
        operations.declare_conflict(user=li_na, creditor=creditor, tie="employer", kind="employer",
                                    value="某某公司", by=system, at=at)  # fmt: skip

    assert Conflict.objects.count() == 2
    index = queries.employer_index(creditor=creditor.pk, values=["某某 公司"])["某某 公司"]
    assert queries.conflicts(creditor=creditor.pk).employers == {index: {li_na.pk}}
    assert not Sealed.objects.filter(kind="employer").exists()


LIST = """username,tier,capacity,skills,languages,licences,hours
lina,senior,120,late:senior;card,zh;yue,CN-浙江:A17:2027-01-31,09:00-18:00
nobody,junior,1,,,,
hao,boss,many,UP!,,CN,
hao,,=,,,,18:00-09:00
,,,,,,
lina,junior,9,,,,
hao,junior,5,card,en,,,more
"""


def test_a_list_keeps_its_good_lines_and_refuses_the_bad_by_number(
    creditor, li_na, hao, outsider, system, at, today
):
    with translation.override("en"):
        found = operations.import_staff(creditor=creditor, text=LIST, by=system, at=at)

    said = [str(problem) for problem in found.problems]
    lines = sorted({text.split(":")[0] for text in said})
    assert (found.taken, found.refused) == (1, 6)
    assert lines == [f"line {n}" for n in (3, 4, 5, 6, 7, 8)]
    assert sum(text.startswith("line 4") for text in said) >= 1
    people = on_day(creditor, today)
    assert people["lina"].capacity == 120
    assert people["lina"].places == {"CN-浙江"}
    assert people["hao"].skills == {}
    assert Event.objects.filter(kind="people.staff_imported").count() == 1


@pytest.mark.parametrize(
    "text", ["", "name,tier\nlina,junior\n", "username,mood\nlina,good\n", "username,username\nlina,lina\n",
             'username,tier\n"lina,junior\n' + "x" * 200_000]
)  # fmt: skip
def test_what_is_no_list_is_refused_as_a_whole(creditor, li_na, system, at, text):
    with pytest.raises(Invalid):
        operations.import_staff(creditor=creditor, text=text, by=system, at=at)
    assert not Event.objects.filter(kind="people.staff_imported").exists()


def test_an_empty_team_takes_cases_as_a_team_and_a_staffed_one_does_not(creditor, team, li_na):
    empty = Team.objects.create(code="m2", name="二组", creditor=creditor)

    assert queries.empty_teams(creditor=creditor.pk) == [empty]


def test_a_day_in_a_list_is_a_day(creditor, li_na, system, at):
    text = "username,licences\nlina,US:1:2027-02-30\n"

    found = operations.import_staff(creditor=creditor, text=text, by=system, at=at)

    assert (found.taken, found.refused) == (0, 1)
    assert "2027-02-30" in str(found.problems[0])
