"""After an event the next action is chosen anew: at the night's prices, within what is left."""

from __future__ import annotations

import threading
from datetime import timedelta
from math import sqrt

import polars as pl
import pytest
from django.conf import settings
from django.db import connections

from recoup import path
from recoup.gate import operations as gate
from recoup.gate import queries as gate_queries
from recoup.gate.tests.asking import ready
from recoup.journal.models import Event
from recoup.journal.queries import data_of, verify
from recoup.kernel.actors import Actor
from recoup.kernel.money import Money
from recoup.people import scopes
from recoup.repayment import operations as repayment
from recoup.scoring import operations as scoring
from recoup.strategy import counting, operations, replanning
from recoup.strategy.models import BudgetUse, Decision, Plan, Reconsideration
from recoup.strategy.reading import shipped
from tests.cast import approved, place

BY = Actor.system("test")


@pytest.fixture(autouse=True)
def in_order(book, system, at):
    """Templates, senders and papers are there, so that the law lets messages pass."""
    ready(book, system, at)
    path.lay()


def strategy_with(book, at, **changes):
    text = shipped().replace("explore: 0.02", "explore: 0.0")
    for was, now in changes.items():
        text = text.replace(was.replace(":_", ": "), now)
    version = operations.add(book=book, source=text, by=BY, at=at)
    return operations.activate(version=approved(version), by=BY, at=at)


def crowd(book, team, count=30):
    return [
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=35 + n, phone=f"138{n:08}")
        for n in range(count)
    ]  # fmt: skip


def night(book, at, on):
    scoring.score_book(book=book, on=on, by=BY, at=at)
    everybody = list(book.cases.values_list("pk", flat=True))
    facts = gate_queries.facts_now(book=book, cases=everybody, at=at)
    return operations.decide(book=book, on=on, facts=facts, by=BY, at=at)


def anew(book, at, on):
    def facts(cases):
        return gate_queries.facts_now(book=book, cases=cases, at=at)

    return operations.replan(book=book, on=on, at=at, facts=facts, by=BY)


def touch(case, at, times=1):
    """Something happens to a case that changes nothing about it."""
    from recoup.journal.operations import record
    from recoup.portfolio import operations as portfolio
    from recoup.portfolio.events import NoteWritten

    assert portfolio
    for _ in range(times):
        with record(NoteWritten, by=BY, at=at, case=case):
            event = Event.objects.order_by("-position").first()
            operations.reconsider(case=case, event=event, by=BY)


def pay(case, at, amount=50_000, key="p"):
    return repayment.receive(
        book=case.book, source="webhook", external_id=f"{key}-{case.pk}",
        reference=case.loans.get().reference, amount=Money(amount, "CNY"), value_on=at.date(),
        by=BY, at=at,
    )  # fmt: skip


def replanned():
    return [
        data_of(e) for e in Event.objects.filter(kind="strategy.replanned").order_by("position")
    ]


@pytest.mark.parametrize("more", [{}, {"exits:\n": "waiting: {irritation: 0.4}\nexits:\n"}])
def test_an_event_that_changes_nothing_leads_to_what_the_night_chose(book, team, at, today, more):
    strategy_with(book, at, **{"task_minutes:_12000": "task_minutes: 60", "sms:_200000": "sms: 12",
                               "email:_200000": "email: 9"}, **more)  # fmt: skip
    cases = crowd(book, team)
    plan = night(book, at, today)
    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    before = dict(Decision.objects.values_list("case", "treatment"))
    assert max(plan.prices.values()) > 0

    for case in cases:
        touch(case, at + timedelta(minutes=5))
        anew(book, at + timedelta(minutes=5), today)

    after = dict(Decision.objects.filter(state="waiting").values_list("case", "treatment"))
    best = {row["case"]: row["best"] for row in rows.iter_rows(named=True)}
    usual = {case for case, code in before.items() if best[case] == code}
    assert len(usual) > 8
    assert {case: after.get(case) for case in usual} == {case: before[case] for case in usual}
    old, new = {}, {}
    for row in Decision.objects.filter(case__in=usual):
        (old if row.state == "lapsed" else new)[row.case_id] = row
    for case in usual:
        assert (
            old[case].value,
            old[case].contact_point_id,
            old[case].not_before,
            old[case].takes,
        ) == (new[case].value, new[case].contact_point_id, new[case].not_before, new[case].takes)
        assert new[case].reason["priced"] == old[case].reason["priced"]


def test_a_night_that_did_not_look_ahead_says_nothing_to_a_day_that_would(book, team, at, today):
    strategy_with(book, at, **{"exits:\n": "waiting: {}\nexits:\n"})
    case = place(book=book, team=team)
    plan = night(book, at, today)
    Plan.objects.filter(pk=plan.pk).update(effects={**plan.effects, "waiting": None})
    touch(case, at + timedelta(minutes=5))
    anew(book, at + timedelta(minutes=5), today)

    assert replanned()[0]["why"] == "no_prices"


def test_a_payment_supersedes_what_waited_and_the_journal_says_so(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    (old,) = Decision.objects.all()

    pay(case, at + timedelta(minutes=1))
    assert Decision.objects.get().state == "lapsed"
    assert Reconsideration.objects.get().superseded == [old.pk]
    assert anew(book, at + timedelta(minutes=1), today) == 1

    new = Decision.objects.get(state="waiting")
    assert not Reconsideration.objects.exists()
    assert new.plan == old.plan
    assert new.reason["replanned"]["supersedes"] == [old.pk]
    assert new.reason["overdue"] == old.reason["overdue"] - 50_000
    (said,) = replanned()
    assert (said["superseded"], said["action"], said["why"]) == ([old.pk], new.treatment, "best")
    assert said["after"] == "portfolio.payment_posted" or said["after"].startswith("repayment.")
    assert verify().is_whole


def test_who_paid_everything_overdue_is_left_alone(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    pay(case, at + timedelta(minutes=1), amount=1_200_000)
    anew(book, at + timedelta(minutes=1), today)

    assert not Decision.objects.filter(state="waiting").exists()
    (said,) = replanned()
    assert said["action"] == ""
    assert said["why"].startswith(("exit_", "state_"))


@pytest.mark.parametrize("reason", ["complaint", "dispute", "hardship"])
def test_a_stop_leaves_nothing_waiting(book, team, at, today, reason):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)

    gate.stop(case=case, reason=reason, source="t", by=BY, at=at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    assert not Decision.objects.filter(state="waiting").exists()
    assert replanned()[-1]["why"] in ("stop", "state_suspended")


def test_a_refused_channel_leads_to_another(book, team, at, today):
    strategy_with(book, at, **{"task_minutes:_12000": "task_minutes: 0"})
    case = place(book=book, team=team)
    night(book, at, today)
    assert Decision.objects.get().channel == "sms"

    gate.opt_out(
        borrower=case.borrower, scope="sms", source="t", at=at + timedelta(minutes=1), by=BY
    )
    anew(book, at + timedelta(minutes=1), today)

    assert Decision.objects.get(state="waiting").channel == "email"


def test_an_event_storm_leaves_one_decision_waiting(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    later = at + timedelta(minutes=1)

    for round_ in range(10):
        touch(case, later, times=100)
        assert Reconsideration.objects.count() == 1
        assert anew(book, later, today) == 1
        assert Decision.objects.filter(state="waiting").count() == 1, round_

    assert len(replanned()) == 10
    assert {row.used for row in BudgetUse.objects.filter(name="sms")} <= {0, counting.PARTS}


def test_budgets_are_given_back_and_taken_again_to_the_last_part(book, team, at, today):
    strategy_with(book, at)
    cases = crowd(book, team, 12)
    plan = night(book, at, today)
    before = dict(BudgetUse.objects.values_list("name", "used"))
    assert before["spend"] == round(plan.budgets["spend"]["used"] * counting.PARTS)

    for case in cases:
        touch(case, at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    taken: dict[str, int] = dict.fromkeys(before, 0)
    for row in Decision.objects.filter(state="waiting"):
        for name, amount in row.takes.items():
            taken[name] += amount
    assert dict(BudgetUse.objects.values_list("name", "used")) == taken


def test_what_nobody_has_room_for_is_not_chosen(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    plan = night(book, at, today)
    first = Decision.objects.get()
    for use in BudgetUse.objects.filter(plan=plan, name__in=first.takes):
        BudgetUse.objects.filter(pk=use.pk).update(most=use.used - first.takes.get(use.name, 0))

    touch(case, at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    second = Decision.objects.filter(state="waiting").first()
    assert second is None or second.channel != first.channel
    assert all(use.used <= use.most for use in BudgetUse.objects.all())


def test_what_the_day_has_sent_on_a_channel_is_not_sent_again(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    operations.mark(decisions=[Decision.objects.get().pk], state="sent")

    touch(case, at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    assert not Decision.objects.filter(state="waiting").exists()
    assert replanned() == []  # nothing waited, nothing is to be done: the step after is not due


def test_without_a_plan_for_the_day_nothing_is_done(book, team, at, today):
    strategy_with(book, at)
    case = place(book=book, team=team)

    touch(case, at)
    assert anew(book, at, today) == 1

    assert not Decision.objects.exists()
    assert not Reconsideration.objects.exists()
    assert replanned() == []


@pytest.mark.parametrize("spoil", ["prices", "counters", "scores"])
def test_prices_of_no_use_lead_to_nothing(book, team, at, today, spoil):
    strategy_with(book, at)
    case = place(book=book, team=team)
    plan = night(book, at, today)
    if spoil == "prices":
        Plan.objects.update(prices={"sms": 1.0})
    elif spoil == "counters":
        BudgetUse.objects.filter(plan=plan).delete()
    else:
        from recoup.scoring.models import ScoreRun

        ScoreRun.objects.all().delete()

    touch(case, at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    assert not Decision.objects.filter(state="waiting").exists()
    assert replanned()[-1]["why"] == "no_prices"


def test_a_case_that_breaks_breaks_no_other(book, team, at, today, monkeypatch):
    strategy_with(book, at)
    one, two = crowd(book, team, 2)
    night(book, at, today)
    for case in (one, two):
        touch(case, at + timedelta(minutes=1))
    real = replanning.look

    def broken(*, frames, **more):
        if one.pk in frames.cases["case"].to_list():
            raise RuntimeError("a bug")
        return real(frames=frames, **more)

    monkeypatch.setattr(replanning, "look", broken)
    assert anew(book, at + timedelta(minutes=1), today) == 2

    assert {said["why"] for said in replanned()} == {"broken", "best"}
    assert list(Decision.objects.filter(state="waiting").values_list("case", flat=True)) == [two.pk]


def test_a_crash_between_event_and_choice_is_made_good_by_the_next_moment(
    book, team, at, today, monkeypatch
):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    pay(case, at + timedelta(minutes=1))
    used = dict(BudgetUse.objects.values_list("name", "used"))

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Decision, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            anew(book, at + timedelta(minutes=1), today)
    assert Reconsideration.objects.count() == 1
    assert dict(BudgetUse.objects.values_list("name", "used")) == used
    assert replanned() == []

    assert anew(book, at + timedelta(minutes=2), today) == 1
    assert Decision.objects.filter(state="waiting").count() == 1
    assert verify().is_whole


def test_what_happens_while_it_is_chosen_is_chosen_for_again(book, team, at, today, monkeypatch):
    strategy_with(book, at)
    case = place(book=book, team=team)
    night(book, at, today)
    touch(case, at + timedelta(minutes=1))
    real = replanning._choose

    def slow(*args):
        found = real(*args)
        pay(case, at + timedelta(minutes=1), amount=1_200_000)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(replanning, "_choose", slow)
        assert anew(book, at + timedelta(minutes=1), today) == 0
    assert not Decision.objects.filter(state="waiting").exists()

    assert anew(book, at + timedelta(minutes=2), today) == 1
    assert not Decision.objects.filter(state="waiting").exists()


def test_the_logged_chance_is_how_often_it_happens():
    worth, explore, times = {0: 5.0, 2: 9.0, 3: -4.0}, 0.2, 6_000

    made = [replanning.pick(worth, explore, seed) for seed in range(times)]

    chance = {action: propensity for action, propensity, _ in made}
    assert sum(chance.values()) == pytest.approx(1)
    for action, propensity in chance.items():
        share = sum(one[0] == action for one in made) / times
        assert abs(share - propensity) < 4 * sqrt(propensity * (1 - propensity) / times)
    assert set(chance) == {-1, 0, 2, 3}


def test_a_person_held_out_is_not_chosen_for_however_much_happens(book, team, at, today):
    strategy_with(book, at, **{"holdout:_0.02": "holdout: 0.2"})
    cases = crowd(book, team, 40)
    plan = night(book, at, today)
    rows = pl.read_parquet(settings.DATA_DIR / plan.file)
    held = set(rows.filter(pl.col("arm") == "holdout")["case"])
    assert held

    for case in cases:
        if case.pk in held:
            touch(case, at + timedelta(minutes=1))
    anew(book, at + timedelta(minutes=1), today)

    assert not Decision.objects.filter(case__in=held).exists()


def test_a_contact_certainly_not_made_lapses_if_another_action_waits_by_now(book, team, at, today):
    strategy_with(book, at)
    place(book=book, team=team)
    plan = night(book, at, today)
    first = Decision.objects.get()
    operations.mark(decisions=[first.pk], state="sent")
    kept = {f.name: getattr(first, f.attname) for f in Decision._meta.fields if not f.primary_key}
    Decision.objects.create(**{
        **{k: v for k, v in kept.items() if k not in ("book", "plan", "case", "contact_point",
                                                      "assignee")},
        "book_id": first.book_id, "plan": plan, "case_id": first.case_id, "channel": "email" if first.channel != "email" else "sms",
        "state": "waiting",
    })  # fmt: skip

    assert operations.reopen(decisions=[first.pk]) == 0

    first.refresh_from_db()
    assert first.state == "lapsed"


@pytest.mark.django_db(transaction=True)
def test_two_who_choose_at_once_never_share_the_last_of_a_budget(book, team, at, today):
    strategy_with(book, at, **{"email:_200000": "email: 0", "letter:_20000": "letter: 0",
                               "task_minutes:_12000": "task_minutes: 0"})  # fmt: skip
    cases = crowd(book, team, 12)
    plan = night(book, at, today)
    assert Decision.objects.filter(channel="sms").count() >= 10
    for case in cases:
        touch(case, at + timedelta(minutes=1))
    BudgetUse.objects.filter(plan=plan, name="sms").update(most=3 * counting.PARTS)
    later, start = at + timedelta(minutes=1), threading.Barrier(4)

    def choose():
        try:
            with scopes.acting_for(book):
                start.wait()
                for _ in range(12):
                    anew(book, later, today)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=choose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not Reconsideration.objects.exists()
    assert Decision.objects.filter(state="waiting").count() == 3
    (use,) = BudgetUse.objects.filter(plan=plan, name="sms")
    assert use.used == use.most
    assert verify().is_whole
