from __future__ import annotations

import threading
from datetime import timedelta

import polars as pl
import pytest
from django.conf import settings
from django.db import connections

from recoup.journal.models import Event
from recoup.journal.queries import verify
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.scoring import operations as scoring
from recoup.strategy import operations, writing
from recoup.strategy.models import Decision, Plan, StrategyVersion
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import approved, place


@pytest.fixture
def crowd(book, team):
    """Forty people, from a few days late to half a year."""
    return [
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=1 + 4 * n, phone=f"138{n:08}")
        for n in range(40)
    ]  # fmt: skip


def decide(book, system, at, today, facts=None):
    scoring.score_book(book=book, on=today, by=system, at=at)
    frame = facts_of(book) if facts is None else facts
    return operations.decide(book=book, on=today, facts=frame, by=system, at=at)


def rows_of(plan):
    return pl.read_parquet(settings.DATA_DIR / plan.file)


def test_every_case_is_in_the_plan_and_only_actions_are_rows(
    book, crowd, strategy, system, at, today
):
    plan = decide(book, system, at, today)

    rows = rows_of(plan)
    assert sorted(rows["case"].to_list()) == sorted(case.pk for case in crowd)
    assert ((rows["treatment"] == "") == (rows["why"] != "")).all()
    assert Decision.objects.count() == plan.chosen == rows.filter(pl.col("treatment") != "").height
    assert plan.chosen > 20
    assert verify().is_whole


def test_a_decision_says_who_when_how_likely_and_why(book, wang_ming, strategy, system, at, today):
    plan = decide(book, system, at, today)

    decision = Decision.objects.get()
    assert decision.plan == plan
    assert decision.case == wang_ming
    assert decision.segment == "m2-m3"
    assert decision.not_before < decision.not_after
    assert 0 < decision.propensity <= 1
    assert decision.reason["days_past_due"] == 40
    assert decision.reason["step"] == "offer-plan"
    if decision.channel == "task":
        assert decision.contact_point is None
    else:
        assert decision.contact_point.borrower == wang_ming.borrower


def test_deciding_twice_gives_the_same_plan(book, crowd, strategy, system, at, today):
    first = decide(book, system, at, today)
    again = decide(book, system, at + timedelta(hours=1), today)

    assert first == again
    assert Decision.objects.count() == first.chosen
    assert Event.objects.filter(kind="strategy.decided").count() == 1


def test_a_night_that_was_killed_is_finished_with_the_same_plan(
    book, crowd, strategy, system, at, today, monkeypatch
):
    real = writing.write_decisions

    def killed(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "write_decisions", killed)
    with pytest.raises(KeyboardInterrupt):
        decide(book, system, at, today)
    assert not Plan.objects.exists()
    left = pl.read_parquet(next(writing.folder(book).glob(f"{today}-*.parquet")))
    monkeypatch.setattr(writing, "write_decisions", real)

    plan = decide(book, system, at, today)

    assert rows_of(plan).equals(left)
    assert Decision.objects.count() == plan.chosen
    assert verify().is_whole


def test_without_a_strategy_nothing_is_decided(book, wang_ming, system, at, today):
    with pytest.raises(Invalid, match="demo"):
        decide(book, system, at, today)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"stops": 1}, "stop"),
        ({"stops": 1 << 8}, "promise_open"),
        ({"opt_outs": 1}, "rule"),
        ({"template_state": "draft"}, "rule"),
    ],
)
def test_nobody_the_rules_forbid_is_decided_for(
    book, wang_ming, strategy, system, at, today, changed, why
):
    plan = decide(book, system, at, today, facts_of(book, **changed))

    if why in ("stop", "promise_open"):
        assert not Decision.objects.exists()
        assert rows_of(plan)["why"].to_list() == [why]
    else:
        assert not Decision.objects.exclude(channel="task").exists()
        assert plan.rules


def test_a_case_without_facts_is_left_alone(book, wang_ming, strategy, system, at, today):
    facts = facts_of(book).clear()

    plan = decide(book, system, at, today, facts)

    assert rows_of(plan)["why"].to_list() == ["no_facts"]
    assert not Decision.objects.exists()


def test_nobody_whose_time_zone_is_not_known_is_contacted(book, strategy, system, at, today):
    place(book=book, time_zones="")

    plan = decide(book, system, at, today, facts_of(book, time_zones=""))

    assert rows_of(plan)["why"].to_list() == ["no_time_zone"]


@pytest.mark.parametrize(
    ("state", "why"), [("settled", "state_settled"), ("placed", "state_placed")]
)
def test_only_open_cases_are_worked(book, strategy, system, at, today, state, why):
    place(book=book, state=state)

    plan = decide(book, system, at, today)

    assert rows_of(plan)["why"].to_list() == [why]


def test_the_same_person_is_not_asked_again_before_the_next_step(
    book, wang_ming, strategy, system, at, today
):
    decide(book, system, at, today)
    decision = Decision.objects.get()
    operations.mark(decisions=[decision.pk], state="sent")

    plan = decide(book, system, at + timedelta(days=3), today + timedelta(days=3))

    assert rows_of(plan)["why"].to_list() == ["waiting"]
    later = decide(book, system, at + timedelta(days=8), today + timedelta(days=8))
    assert rows_of(later)["step"].to_list() == [1]


def test_a_refused_step_is_tried_again(book, wang_ming, strategy, system, at, today):
    decide(book, system, at, today)
    operations.mark(decisions=[Decision.objects.get().pk], state="refused")

    plan = decide(book, system, at + timedelta(days=1), today + timedelta(days=1))

    assert rows_of(plan)["step"].to_list() == [0]


def test_while_an_action_waits_no_other_is_chosen(book, wang_ming, strategy, system, at, today):
    plan = decide(book, system, at, today)
    Decision.objects.update(not_after=at + timedelta(days=3))

    plan = decide(book, system, at + timedelta(days=1), today + timedelta(days=1))

    assert rows_of(plan)["why"].to_list() == ["pending"]


def test_marks_only_move_forward(book, wang_ming, strategy, system, at, today):
    decide(book, system, at, today)
    ids = [Decision.objects.get().pk]

    assert operations.mark(decisions=ids, state="sent", by=system, at=at, book=book) == 1
    assert operations.mark(decisions=ids, state="refused") == 0
    assert operations.mark(decisions=ids, state="done") == 1
    assert Decision.objects.get().state == "done"
    with pytest.raises(Invalid):
        operations.mark(decisions=ids, state="waiting")


def test_what_was_not_used_lapses(book, wang_ming, strategy, system, at, today):
    decide(book, system, at, today)

    assert operations.lapse(book=book, before=at, by=system, at=at) == 0
    assert operations.lapse(case=wang_ming, before=at, by=system, at=at) == 1
    assert Decision.objects.get().state == "lapsed"
    with pytest.raises(Invalid):
        operations.lapse(before=at, by=system, at=at)


def test_the_same_text_is_one_version_and_a_change_is_the_next(book, system, at):
    one = operations.add(book=book, source=shipped(), by=system, at=at)
    same = operations.add(book=book, source=shipped(), by=system, at=at)
    two = operations.add(book=book, source=shipped() + "\n# more\n", by=system, at=at)

    assert (one, two.version) == (same, 2)


def test_only_one_version_is_in_force(book, strategy, system, at):
    two = operations.add(book=book, source=shipped() + "\n# more\n", by=system, at=at)

    operations.activate(version=approved(two), by=system, at=at)

    states = dict(StrategyVersion.objects.values_list("version", "state"))
    assert states == {1: "retired", 2: "active"}
    assert Event.objects.filter(kind="strategy.activated").count() == 2


def test_the_permanent_holdout_never_shrinks(book, strategy, system, at):
    text = shipped().replace("holdout: 0.02", "holdout: 0.01")
    two = operations.add(book=book, source=text, by=system, at=at)

    with pytest.raises(Invalid, match=r"0\.02.*0\.01"):
        operations.activate(version=two, by=system, at=at)


def test_a_strategy_with_problems_is_not_kept(book, system, at):
    with pytest.raises(Invalid):
        operations.add(book=book, source="name: x", by=system, at=at)

    assert not StrategyVersion.objects.exists()


def test_who_may_not_activate_is_refused(book, li_na, analyst, outsider, system, at):
    version = operations.add(book=book, source=shipped(), by=system, at=at)

    for user in (li_na, outsider):
        with pytest.raises(Refused):
            operations.activate(version=version, viewer=scopes.viewer_of(user), at=at)
    assert operations.activate(
        version=version, viewer=scopes.viewer_of(analyst), at=at
    ).activated_by.endswith("sun")


def test_an_analyst_of_another_lender_is_refused(book, outsider, system, at):
    version = operations.add(book=book, source=shipped(), by=system, at=at)
    outsider.role = "analyst"
    outsider.save()

    with pytest.raises(Refused) as caught:
        operations.activate(version=version, viewer=scopes.viewer_of(outsider), at=at)

    assert caught.value.rules == ("people.tenant",)


@pytest.mark.django_db(transaction=True)
def test_two_nights_at_once_leave_one_plan_and_its_file_as_the_journal_says(
    book, crowd, strategy, system, at, today
):
    scoring.score_book(book=book, on=today, by=system, at=at)
    start, found = threading.Barrier(2), [None, None]

    def night(index):
        try:
            with scopes.acting_for(book):
                # Each knows other facts, so the two would write different plans.
                facts = facts_of(book, birth_year=1990 + index, contacts_in_window=9 * index)
                start.wait()
                found[index] = operations.decide(book=book, on=today, facts=facts, by=system, at=at)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=night, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    plan = Plan.objects.get()
    assert [one.pk for one in found] == [plan.pk, plan.pk]
    assert verify().is_whole
    kept = settings.DATA_DIR / plan.file
    assert list(kept.parent.iterdir()) == [kept]


def test_a_night_that_was_cut_off_leaves_no_file_behind_once_it_is_run_again(
    book, crowd, strategy, system, at, today
):
    lost = writing.write_file(book=book, on=today, rows=pl.DataFrame({"case": [1]}))

    plan = decide(book, system, at, today)

    assert not lost.exists()
    assert (settings.DATA_DIR / plan.file).exists()
