from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from django.conf import settings

from recoup.journal.models import Event
from recoup.journal.queries import data_of
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.portfolio.models import Entry
from recoup.scoring import operations as scoring
from recoup.strategy import operations
from recoup.strategy.models import ArmLook, ArmStop, Plan
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of, many
from tests.cast import approved, place

NOBODY = pl.DataFrame(schema={"case": pl.Int64, "on": pl.Date})


@pytest.fixture
def cases(book, team, today):
    """A hundred and twenty people, drawn into champion and challenger by turns."""
    return many(book, team, 120, today)


@pytest.fixture
def begun(book, strategy, cases, today, at):
    """The version's first night, twenty days ago."""
    return first_night(book, strategy, cases, today - timedelta(days=20), at)


def first_night(book, version, cases, on, at):
    frame = pl.DataFrame({
        "case": [case.pk for case in cases], "arm": ["champion", "patient"] * (len(cases) // 2),
        "overdue": 50_000, "repay_30": 0.4, "days_past_due": 9,
    })  # fmt: skip
    path = settings.DATA_DIR / f"first-{on}.parquet"
    frame.write_parquet(path)
    return Plan.objects.create(book=book, strategy=version, on=on, at=at, file=path.name,
                               digest="0" * 64, rows=len(cases), chosen=0)  # fmt: skip


def pay(cases, on, at, *, champion, patient):
    """So many of each arm pay all that is overdue."""
    by_arm = {0: champion, 1: patient}
    paying = [case for n, case in enumerate(cases) if n // 2 < by_arm[n % 2]]
    Entry.objects.bulk_create(
        Entry(loan=case.loans.get(), kind="payment", cause=f"p{on}{case.pk}", value_on=on,
              posted_at=at, principal=-50_000, cash=50_000)
        for case in paying
    )  # fmt: skip


def complain(cases, on, count):
    """So many of the challenger's cases complain."""
    some = [case.pk for n, case in enumerate(cases) if n % 2 and n // 2 < count]
    return pl.DataFrame({"case": some, "on": [on] * len(some)}, schema=NOBODY.schema)


def judge(book, on, system, at, complaints=NOBODY):
    return operations.judge_arms(book=book, on=on, complaints=complaints, by=system, at=at)


def test_an_arm_that_recovers_far_less_is_stopped_at_once_and_says_why(
    book, begun, cases, system, at, today
):
    pay(cases, today - timedelta(days=3), at, champion=36, patient=5)

    stop = judge(book, today, system, at)[0]

    event = Event.objects.get(kind="strategy.arm_stopped")
    said = data_of(event)
    assert (stop.arm, stop.measure) == ("patient", "recovery")
    assert said["least"] > said["margin"] == 0.02
    assert said["excess"] == pytest.approx(31 / 60, abs=0.01)
    assert ArmLook.objects.get(arm="patient").decided == "harm"
    assert event.by == "system:test"


def test_looking_twice_the_same_night_looks_once(book, begun, cases, system, at, today):
    pay(cases, today - timedelta(days=3), at, champion=36, patient=5)
    judge(book, today, system, at)

    assert judge(book, today, system, at) == []
    assert (ArmLook.objects.count(), ArmStop.objects.count()) == (
        2,
        1,
    )  # the holdout is looked at too
    assert Event.objects.filter(kind="strategy.arms_judged").count() == 1


def test_a_night_killed_between_the_look_and_the_stop_stops_when_run_again(
    book, begun, cases, system, at, today
):
    pay(cases, today - timedelta(days=3), at, champion=36, patient=5)
    judge(book, today, system, at)
    ArmStop.objects.all().delete()

    assert [stop.arm for stop in judge(book, today, system, at)] == ["patient"]


def test_an_arm_that_recovers_a_little_less_runs_on(book, begun, cases, system, at, today):
    pay(cases, today - timedelta(days=3), at, champion=25, patient=22)

    assert judge(book, today, system, at) == []
    look = ArmLook.objects.get(arm="patient")
    assert look.decided == "look_on"
    assert look.low < look.difference < 0 < look.high


def test_what_was_paid_on_the_day_itself_is_not_seen_yet(book, begun, cases, system, at, today):
    pay(cases, today, at, champion=55, patient=1)

    assert judge(book, today, system, at) == []


def test_recovery_is_not_judged_before_its_time_but_complaints_are(
    book, strategy, cases, system, at, today
):
    first_night(book, strategy, cases, today - timedelta(days=6), at)
    pay(cases, today - timedelta(days=3), at, champion=36, patient=5)

    assert judge(book, today, system, at) == []

    complaints = complain(cases, today, 30)
    stop = judge(book, today + timedelta(days=1), system, at, complaints)[0]

    assert stop.measure == "complaints"


def test_complaints_from_before_the_first_night_do_not_count(book, begun, cases, system, at, today):
    assert judge(book, today, system, at, complain(cases, begun.on - timedelta(days=1), 60)) == []


def test_cases_of_a_stopped_arm_go_the_champions_way_and_stay_drawn(
    book, team, strategy, system, at, today
):
    for n in range(30):
        place(book=book, team=team, reference=f"A{n}", phone=f"138{n:08d}")
    scoring.score_book(book=book, on=today, by=system, at=at)
    stop(book, strategy, today, at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    arms = rows.group_by("arm", "follows").len().rows()
    assert {("patient", "champion"), ("champion", "champion")} <= {row[:2] for row in arms}
    assert not [row for row in arms if row[1] == "patient"]
    assert set(rows.filter(pl.col("arm") == "holdout")["follows"]) <= {"holdout"}
    assert data_of(Event.objects.get(kind="strategy.decided"))["stopped"] == ["patient"]


def stop(book, version, on, at):
    return ArmStop.objects.create(
        book=book, version=version, salt="default-cn-1", arm="patient", on=on, at=at,
        measure="recovery", figures={},
    )  # fmt: skip


def test_a_new_text_of_the_same_experiment_does_not_restart_an_arm(
    book, strategy, system, at, today
):
    from recoup.strategy import arms

    stop(book, strategy, today, at)
    text = shipped().replace("contacts: 2", "contacts: 1")
    version = operations.add(book=book, source=text, by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)

    assert arms.stopped(book=book, salt="default-cn-1") == ["patient"]
    assert arms.stopped(book=book, salt="default-cn-2") == []


def test_only_who_may_activate_restarts_an_arm_and_says_why(
    book, strategy, at, today, analyst, reviewer
):
    row = stop(book, strategy, today, at)
    with pytest.raises(Refused):
        operations.restart(stop=row, reason="the file was wrong", at=at,
                           viewer=scopes.viewer_of(reviewer))  # fmt: skip
    with pytest.raises(Invalid):
        operations.restart(stop=row, reason=" ", at=at, viewer=scopes.viewer_of(analyst))

    operations.restart(stop=row, reason="the file was wrong, ask 13812341234", at=at,
                       viewer=scopes.viewer_of(analyst))  # fmt: skip

    row.refresh_from_db()
    assert row.restarted_on == today
    assert "13812341234" not in row.restart_reason
    with pytest.raises(Invalid):
        operations.restart(stop=row, reason="once more", at=at, viewer=scopes.viewer_of(analyst))


def test_another_creditors_analyst_restarts_nothing(book, strategy, at, today, outsider):
    row = stop(book, strategy, today, at)
    outsider.role = "analyst"

    with pytest.raises(Refused):
        operations.restart(stop=row, reason="let it run", at=at, viewer=scopes.viewer_of(outsider))


def test_a_restarted_arm_is_judged_by_what_came_after_only(
    book, begun, strategy, cases, system, at, today, analyst
):
    pay(cases, today - timedelta(days=3), at, champion=36, patient=5)
    row = judge(book, today, system, at)[0]
    operations.restart(stop=row, reason="a payment file was missing", at=at,
                       viewer=scopes.viewer_of(analyst))  # fmt: skip
    later = today + timedelta(days=1)

    assert judge(book, later, system, at) == []
    assert not ArmLook.objects.filter(on=later, arm="patient").exists()

    first_night(book, strategy, cases, later, at)
    assert judge(book, later + timedelta(days=20), system, at) == []
    look = ArmLook.objects.get(on=later + timedelta(days=20), arm="patient")
    assert look.doubt
    assert look.decided == "look_on"


def test_without_a_strategy_or_a_plan_nothing_is_judged(book, system, at, today):
    assert judge(book, today, system, at) == []
    assert not Event.objects.filter(kind__startswith="strategy.arm").exists()
