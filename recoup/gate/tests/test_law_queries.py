"""The law as desks ask for it: rules, "may I?", approvals, what is on file."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from recoup.gate import operations, queries
from recoup.gate.models import Counter, Permit, Refusal
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid, Refused
from recoup.people.scopes import acting_for, viewer_of
from tests.cast import place

from .asking import ask, ready, rules_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def gate_ready(book: Any, system: Any, at: datetime) -> None:
    ready(book, system, at)


@pytest.fixture
def officer(compliance: Any) -> Any:
    return viewer_of(compliance)


@pytest.fixture
def collector(li_na: Any) -> Any:
    return viewer_of(li_na)


def wish(viewer: Any, case: Any, at: datetime, *rules: str) -> Any:
    return operations.ask_approval(
        viewer=viewer, case=case, channel="sms", rules=rules or ("CN-TIME-001",),
        reason="客户要求", until=at + timedelta(hours=2), at=at,
    )  # fmt: skip


# -- Rules ----------------------------------------------------------------------------------------
def test_rules_are_found_by_their_words_in_both_languages_and_by_their_source(officer, today):
    asked = {"viewer": officer, "jurisdiction": "CN", "on": today}

    chinese = {row["id"] for row in queries.rules(**asked, words="未接通")}
    english = {row["id"] for row in queries.rules(**asked, words="unconnected number")}
    source = queries.rules(**asked, words="45251")

    assert "CN-FREQ-003" in chinese & english
    assert source and all("45251" in row["source"]["title"] for row in source)


def test_rules_are_narrowed_by_effect_force_pack_and_state(officer, today):
    asked = {"viewer": officer, "jurisdiction": "CN", "on": today}

    limits = queries.rules(**asked, effect="limit", force="STD-SHOULD", state="in_force")

    assert limits and {row["effect"] for row in limits} == {"limit"}
    assert {row["pack"] for row in queries.rules(**asked, pack="base")} == {"base"}


def test_a_collector_does_not_read_the_list_of_rules(collector, today):
    with pytest.raises(Refused):
        queries.rules(viewer=collector, jurisdiction="CN", on=today)
    with pytest.raises(Refused):
        queries.rule(viewer=collector, jurisdiction="CN", name="CN-TIME-001", on=today)


def test_a_rule_counts_the_refusals_of_the_viewers_own_books(
    wang_ming, officer, outsider, system, at
):
    late = at + timedelta(hours=13)
    ask(wang_ming, "sms", at=late, by=system)

    ours = queries.fires(viewer=officer, rule="CN-TIME-001", since=at)
    theirs = queries.fires(viewer=viewer_of(outsider), rule="CN-TIME-001", since=at)

    assert (ours.count, ours.by_channel) == (1, {"sms": 1})
    assert theirs.count == 0


def test_the_refusals_of_a_day_add_up_by_rule_channel_and_book(
    wang_ming, officer, outsider, book, system, at, today
):
    late = at + timedelta(hours=13)  # 23:00 in Shanghai
    ask(wang_ming, "sms", at=late, by=system)
    ask(wang_ming, "email", at=late, by=system)
    ask(wang_ming, "sms", at=late + timedelta(hours=1), by=system)  # of the next day

    found = queries.stopped_on(viewer=officer, books=[book], on=today)
    theirs = queries.stopped_on(viewer=viewer_of(outsider), books=[book], on=today)

    assert (found.contacts, found.by_channel) == (2, {"sms": 1, "email": 1})
    assert found.cells["CN-TIME-001", "email"] == 1 and found.by_book == {book.pk: 2}
    assert theirs.contacts == theirs.permitted == 0


# -- May I? ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("hours", [0, 13])
def test_may_i_says_what_the_gate_would_say(hours, wang_ming, collector, system, at):
    when = at + timedelta(hours=hours)

    told = queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=when)
    answer = ask(wang_ming, "sms", at=when, by=system, template="")

    if isinstance(answer, Permit):
        assert told.outcome == "allow"
    else:
        assert [one.id for one in told.fired] == rules_of(answer)
        assert (str(told.outcome), told.until) == (answer.outcome, answer.until)


def test_may_i_leaves_no_trace_and_takes_no_slot(wang_ming, collector, at):
    before = (Event.objects.count(), Counter.objects.count())

    for _ in range(5):
        assert (
            queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=at).outcome == "allow"
        )

    assert (Event.objects.count(), Counter.objects.count()) == before
    assert not Permit.objects.exists() and not Refusal.objects.exists()


def test_may_i_counts_what_was_sent_already(wang_ming, collector, system, at):
    for _ in range(2):
        ask(wang_ming, "sms", at=at, by=system)

    told = queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=at)

    assert told.outcome == "wait" and "CN-FREQ-005" in told.may_ask


def test_may_i_offers_no_approval_where_a_law_or_a_refusal_by_the_person_stands(
    wang_ming, collector, system, at
):
    """
    李娜 ──may I? sms──▶ refused by 王明 himself; nobody may set that aside, so nothing is offered
    """
    operations.opt_out(borrower=wang_ming.borrower, scope="sms", source="x", at=at, by=system)

    told = queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=at)

    assert told.outcome == "refuse" and told.may_ask == ()


def test_may_i_says_what_was_set_aside_and_by_which_approval(wang_ming, collector, officer, at):
    late = at + timedelta(hours=12, minutes=30)
    row = wish(collector, wang_ming, late, "CN-TIME-001", "CN-TIME-002")
    operations.decide_approval(viewer=officer, approval=row, give=True, answer="可", at=late)

    told = queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=late)
    other = queries.may_i(viewer=collector, case=wang_ming, channel="email", at=late)

    assert told.outcome == "allow"
    assert ("CN-TIME-001", f"approval:{row.pk}") in told.exempted
    assert other.outcome != "allow"


def test_may_i_knows_the_birth_year_and_does_not_show_it(wang_ming, collector, at):
    facts = dict(queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=at).facts)

    assert facts["birth_year"] is None
    assert "1990" not in str(facts)


def test_may_i_of_a_case_of_others_is_refused(wang_ming, outsider, book, system, at):
    """
    外人 ──may I? case 1──✗ as if there were none
    """
    with pytest.raises(Refused), acting_for(viewer_of(outsider)):
        queries.may_i(viewer=viewer_of(outsider), case=wang_ming, channel="sms", at=at)


def test_may_i_of_another_teams_case_is_refused(book, collector, at):
    other = place(book=book, team=None, reference="C0002")

    with pytest.raises(Refused):
        queries.may_i(viewer=collector, case=other, channel="sms", at=at)


def test_a_number_of_somebody_else_is_no_point_of_this_case(wang_ming, book, team, collector, at):
    """
    李娜 ──may I? 王明's case, at 李四's number──▶ nothing is known of it, so everything is refused
    """
    other = place(book=book, team=team, reference="C0002")
    theirs = other.borrower.contact_points.get(medium="phone")

    told = queries.may_i(viewer=collector, case=wang_ming, channel="sms", at=at, point=theirs.pk)

    assert told.outcome == "refuse" and told.point == "" and "party" in told.missing


def test_an_analyst_does_not_ask_and_a_collector_asks_of_cases_only(
    wang_ming, analyst, collector, at
):
    with pytest.raises(Refused):
        queries.may_i(viewer=viewer_of(analyst), case=wang_ming, channel="sms", at=at)
    with pytest.raises(Refused):
        queries.may_one(viewer=collector, jurisdiction="CN", channel="sms", at=at, facts={})


@pytest.mark.parametrize("channel", ["sms", "email", "letter", "call"])
def test_an_ordinary_contact_is_allowed_and_one_fact_changes_it(channel, officer, at):
    plain = queries.may_one(viewer=officer, jurisdiction="CN", channel=channel, at=at, facts={})
    dead = queries.may_one(
        viewer=officer, jurisdiction="CN", channel=channel, at=at, facts={"stops": ["deceased"]}
    )

    assert plain.outcome == "allow"
    assert dead.outcome == "refuse"


def test_a_channel_that_recoup_has_not_is_invalid(wang_ming, collector, at):
    with pytest.raises(Invalid):
        queries.may_i(viewer=collector, case=wang_ming, channel="pigeon", at=at)


# -- Approvals and what is on file ----------------------------------------------------------------
def test_what_waits_is_seen_by_who_sees_the_case_and_decided_by_another(
    wang_ming, collector, officer, leader, outsider, at
):
    row = wish(collector, wang_ming, at)

    seen = {
        name: list(queries.pending_approvals(viewer=viewer, at=at))
        for name, viewer in (("collector", collector), ("officer", officer),
                             ("outsider", viewer_of(outsider)))
    }  # fmt: skip

    assert seen == {"collector": [row], "officer": [row], "outsider": []}
    assert queries.may_decide(viewer=officer, approval=row)
    assert not queries.may_decide(viewer=collector, approval=row)
    assert not queries.may_decide(viewer=viewer_of(leader), approval=row)  # it is compliance's


def test_a_leader_decides_what_is_a_leaders_in_the_own_team_only(
    wang_ming, book, collector, officer, leader, at
):
    chen = viewer_of(leader)
    own = wish(collector, wang_ming, at, "CN-TIME-002")
    other = wish(officer, place(book=book, team=None, reference="C0002"), at, "CN-TIME-002")

    operations.decide_approval(viewer=chen, approval=own, give=True, answer="可", at=at)

    assert own.role == other.role == "leader"
    assert other not in queries.pending_approvals(viewer=chen, at=at)
    with pytest.raises(Refused):
        operations.decide_approval(viewer=chen, approval=other, give=True, answer="可", at=at)


def test_what_ran_out_undecided_waits_no_more(wang_ming, collector, officer, at):
    row = wish(collector, wang_ming, at)
    later = at + timedelta(hours=3)

    assert list(queries.pending_approvals(viewer=officer, at=later)) == []
    assert list(queries.decided_approvals(viewer=officer, at=later)) == [row]


def test_who_neither_works_nor_oversees_cases_asks_for_nothing(wang_ming, reviewer, analyst, at):
    for user in (reviewer, analyst):
        with pytest.raises(Refused):
            wish(viewer_of(user), wang_ming, at)


def test_what_counts_for_a_case_is_listed_from_the_point_to_the_creditor(
    wang_ming, book, collector, outsider, system, at
):
    other = place(book=book, reference="C0002")
    point = wang_ming.borrower.contact_points.get(medium="phone")
    for word, of in (("landline", point), ("transferred", wang_ming), ("student", wang_ming.borrower),
                     ("licence", book.creditor), ("board_policy", book), ("calamity", other)):  # fmt: skip
        operations.declare(word=word, of=of, source="x", by=system, at=at)

    ours = queries.declared(viewer=collector, case=wang_ming, at=at)
    theirs = queries.declared(viewer=viewer_of(outsider), case=wang_ming, at=at)

    words = {row.word for row in ours}
    assert {"landline", "transferred", "student", "licence", "board_policy"} <= words
    assert "calamity" not in words
    assert list(theirs) == []
    assert {row.word for row in ours if queries.is_of_case(row)} == {
        "landline", "transferred", "student",
    }  # fmt: skip
