"""The chance of a complaint: learnt from what was done, and taken off the value of an action."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from recoup.decision.complaints import ComplaintRisk, constant
from recoup.gate import queries as gate
from recoup.gate.models import OptOut, Stop
from recoup.journal.models import Event
from recoup.kernel.errors import Refused
from recoup.people import scopes
from recoup.portfolio.models import Case
from recoup.strategy import operations, uses, valuing, writing
from recoup.strategy.effects import complaint_training, complaints, queries
from recoup.strategy.effects.complaints import Objecting, complaints_of
from recoup.strategy.models import Decision, Plan, RiskModel
from recoup.strategy.nextbest import Known, Prepared
from recoup.strategy.reading import read, shipped
from recoup.strategy.sentences import describe
from recoup.strategy.tests.conftest import facts_of, many
from tests.cast import approved, place

PRICED = shipped().replace(
    "  minute: 80 ", "  complaint: 0.002\n  complaint_cost: 50000\n  minute: 80 "
)
RISK = ComplaintRisk(0.004, {"sms": 2.0, "task": 0.5}, (*([0.0] * 5), *([0.2] * 16)))


def frame(n, **more):
    columns = {
        "contacts_30": [0, 2, 5][:n], "contacts_7": [0, 1, 2][:n], "days_past_due": [3, 40, 90][:n],
        "contacted_ago": [None, 4, 1][:n], "objected_before": [False, False, True][:n],
        "overdue": [500_000] * n, "owed": [900_000] * n, "repay_30": [0.2] * n,
        "lost_contact": [0.0] * n,
    }  # fmt: skip
    return pl.DataFrame(columns | more, schema_overrides={"contacted_ago": pl.Int64})


def test_a_measured_chance_takes_the_place_of_the_assumed_one_in_value_and_budget():
    strategy, cases = read(PRICED), frame(3)
    allowed = np.ones((3, len(strategy.treatments)), bool)
    assumed = complaints_of(strategy=strategy, cases=cases, objecting=None)
    measured = complaints_of(strategy=strategy, cases=cases, objecting=Objecting(4, RISK))

    values = [
        valuing.values(strategy=strategy, cases=cases, allowed=allowed, complaints=one)
        for one in (assumed, measured)
    ]

    assert (assumed.source, measured.source) == ("assumed", "measured v4")
    assert assumed.chance("sms-plan").tolist() == pytest.approx([0.002, 0.004, 0.007])
    for at, code in enumerate(strategy.treatments):
        apart = measured.chance(code) - assumed.chance(code)
        assert values[0][:, at] - values[1][:, at] == pytest.approx(50_000 * apart)
    assert measured.chance("sms-plan")[0] == pytest.approx(0.008, rel=0.01)
    assert (np.diff(measured.chance("collector-review")) > 0).all()


def test_a_budget_of_complaints_counts_by_the_measured_rate_of_each_channel():
    text = PRICED.replace(
        "  spend: 3000000\n", "  spend: 3000000\n  loud: {most: 5, unit: complaints}\n"
    )
    strategy, cases = read(text), frame(3)
    measured = complaints_of(strategy=strategy, cases=cases, objecting=Objecting(1, RISK))

    listed = uses.of_cases(strategy, cases, measured).listed(np.arange(3))

    loud = uses.names(strategy).index("loud")
    for at, (code, one) in enumerate(strategy.treatments.items()):
        taken = np.where(listed.which[:, at] == loud, listed.amount[:, at], 0).sum(axis=1)
        rate = complaints.rate_of(RISK, one) * measured.factor
        assert taken == pytest.approx(rate)
        assert (taken >= measured.chance(code)).all()


@pytest.mark.parametrize("objecting", [None, Objecting(1, RISK)])
def test_one_case_from_memory_is_worth_what_the_night_says(objecting):
    strategy, cases = read(PRICED), frame(3)
    found = complaints_of(strategy=strategy, cases=cases, objecting=objecting)
    allowed = np.ones((3, len(strategy.treatments)), bool)
    night = valuing.values(strategy=strategy, cases=cases, allowed=allowed, complaints=found)
    prepared = Prepared.of(strategy, [0.0] * len(uses.names(strategy)), None, objecting)

    for number, row in enumerate(cases.iter_rows(named=True)):
        known = Known(
            arm="champion", follows="champion", media=frozenset(), past={}, windows=(), points={},
            closed=frozenset(), measured={}, stopped=False,
            objects=float(found.factor[number]) if objecting else None,
        )  # fmt: skip
        for at in range(len(strategy.treatments)):
            assert prepared.value(known, row, at) == pytest.approx(night[number, at])


def test_where_nobody_looked_when_the_last_contact_was_the_counts_say_at_least_when():
    known = complaints.pressure_of(frame(3).drop("contacted_ago", "objected_before"))

    assert known.ago.tolist() == [np.inf, 7.0, 7.0]
    assert not known.former.any()


# -- In a book -------------------------------------------------------------------------------------


@pytest.fixture
def plan(book, team, system, at, today):
    """A night over sixty cases under a strategy with a price of complaints."""
    from recoup.scoring import operations as scoring

    version = operations.add(book=book, source=PRICED, by=system, at=at)
    operations.activate(version=approved(version), by=system, at=at)
    many(book, team, 60, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    return operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)


def contacts(plan, days, channel="sms", state="sent"):
    """Carried-out decisions of the first case on some days before the plan's."""
    pattern = Decision.objects.filter(plan=plan).order_by("pk").first()
    for back in days:
        on = plan.on - timedelta(days=back)
        night = Plan.objects.get(pk=plan.pk)
        night.pk, night.on = None, on
        night.save(force_insert=True)
        Decision.objects.create(
            book=plan.book, plan=night, case=pattern.case, on=on, segment="m1", treatment="sms-plan",
            channel=channel, step=0, not_before=pattern.not_before, not_after=pattern.not_after,
            arm="champion", propensity=1.0, value=1, state=state,
            reason={"days_past_due": 60 - back},
        )  # fmt: skip
    return pattern.case


def test_contacts_are_counted_as_the_night_counts_them_and_objections_go_to_the_last(
    book, plan, at
):
    case = contacts(plan, [60, 45, 41, 40])
    complained = at - timedelta(days=42)
    Stop.objects.create(case=case, reason="complaint", source="x", since=complained)
    OptOut.objects.create(borrower=case.borrower, person=case.borrower.person, scope="sms",
                          source="reply", at=at - timedelta(days=20))  # fmt: skip

    rows = complaint_training.contacts_of(
        book=book, before=plan.on - timedelta(days=14), objections=gate.objections_frame(book=book)
    ).filter(pl.col("case") == case.pk)

    assert rows["month"].to_list() == [0, 1, 2, 3]
    assert rows["week"].to_list() == [0, 0, 1, 2]
    assert rows["ago"].to_list() == [np.inf, 15.0, 4.0, 1.0]
    # The complaint of day 42 is of the contact of day 45; the opt-out of day 20 is of none.
    assert rows["objected"].to_list() == [False, True, False, False]
    assert rows["former"].to_list() == [False, False, True, True]
    assert rows["days_past_due"].to_list() == [0.0, 15.0, 19.0, 20.0]


def test_too_few_contacts_leave_the_assumption_and_say_so(book, plan, system, at, analyst):
    contacts(plan, [60, 45])
    objections = gate.objections_frame(book=book)

    first, again = (
        complaint_training.train(book=book, as_of=plan.on, objections=objections, by=system, at=at)
        for _ in range(2)
    )

    assert first == again
    assert first.state == "not_trainable"
    assert "2 contacts with 0 objections" in first.why_not
    told = queries.curves(viewer=scopes.viewer_of(analyst), book=book).objections
    assert (told.model, told.why_not) == (None, first.why_not)
    assert Event.objects.filter(kind="strategy.complaints_not_measured").count() == 1
    reason = Decision.objects.filter(plan=plan).first().reason["complaint"]
    assert reason["by"] == "assumed"
    assert plan.effects["complaints"] == {"version": None}


def kept(book, at, version, risk, state="champion"):
    """A model as a training keeps it."""
    judged = {"auc": {"value": 0.61, "low": 0.59, "high": 0.63}, "said": 0.004, "seen": 0.0041,
              "gain": {}, "contacts": 900, "objections": 30, "fifths": []}  # fmt: skip
    return RiskModel.objects.create(
        book=book, kind="complaint", version=version, state=state, trained_at=at, data_digest="x",
        card={"model": risk.as_dict(), "constant": risk.is_constant, "judged": judged,
              "contacts": 3000, "objections": 90, "kinds": {n: risk.of_kind(n) for n in risk.kinds}},
    )  # fmt: skip


def test_the_night_takes_the_measured_chance_and_its_reasons_say_so(book, plan, system, at):
    kept(book, at, 1, RISK)
    night = writing.decided(
        book=book, version=plan.strategy, facts=facts_of(book), on=plan.on, at=at
    )

    assert night.complaints == {"version": 1}
    done = night.rows.filter(pl.col("treatment") != "")
    assert set(done["complaint_by"]) == {"measured v1"}
    sms = done.filter(pl.col("channel") == "sms")["complaint"]
    assert (sms.is_empty() or sms.min() >= 0.0079) and done["complaint"].null_count() == 0
    assert night.rows.filter(pl.col("treatment") == "")["complaint"].null_count() > 0
    row = done.row(0, named=True)
    decision = Decision(reason=writing._reason(row, read(PRICED)), segment="m1", value=1,
                        propensity=1.0, treatment=row["treatment"])  # fmt: skip
    said = [part.msgid for part in describe(decision)]
    assert any("as seen in this book" in one for one in said)


def test_the_day_chooses_by_the_model_of_its_night_also_when_another_is_in_use_by_then(
    book, plan, at
):
    kept(book, at, 1, RISK, state="retired")
    kept(book, at, 2, constant(0.5))

    Plan.objects.filter(pk=plan.pk).update(effects={"complaints": {"version": 1}})
    plan.refresh_from_db()

    assert complaints.of_plan(plan) == Objecting(1, RISK)
    assert complaints.load(book=book, strategy=read(PRICED)).version == 2
    assert complaints.load(book=book, strategy=read(shipped())) is None  # it changes nothing there
    plan.effects = {}
    assert complaints.of_plan(plan) is None


def test_enough_contacts_are_a_model_that_takes_the_place_of_the_one_before(
    book, plan, system, at, analyst
):
    """Sixty cases, contacted daily for forty-five days; who was pressed for long objects."""
    kept(book, at, 1, constant(0.5))
    patterns = list(Decision.objects.filter(plan=plan).order_by("pk"))
    cases = list(Case.objects.filter(book=book).order_by("pk"))
    rows, stops = [], []
    for day in range(45):
        night = Plan.objects.get(pk=plan.pk)
        night.pk, night.on = None, plan.on - timedelta(days=60 - day)
        night.save(force_insert=True)
        rows += [
            Decision(
                book=book, plan=night, case=case, on=night.on, segment="m1", treatment="sms-plan",
                channel="sms", step=0, not_before=patterns[0].not_before,
                not_after=patterns[0].not_after, arm="champion", propensity=1.0, value=1,
                state="sent", reason={"days_past_due": day},
            )
            for case in cases
        ]  # fmt: skip
        if day > 8:
            stops += [
                Stop(case=case, reason="complaint", source=f"d{day}", lifted_at=at,
                     since=at - timedelta(days=60 - day))
                for case in cases[day % 20 :: 20]
            ]  # fmt: skip
    Decision.objects.bulk_create(rows, batch_size=500)
    Stop.objects.bulk_create(stops)

    row, again = (
        complaint_training.train(book=book, as_of=plan.on, by=system, at=at,
                                 objections=gate.objections_frame(book=book))
        for _ in range(2)
    )  # fmt: skip

    assert row == again
    assert (row.state, row.version, row.card["contacts"]) == ("champion", 2, 2700)
    assert row.card["objections"] == len(stops)
    assert RiskModel.objects.get(version=1).state == "retired"
    found = complaints.load(book=book, strategy=read(PRICED))
    assert found.version == 2
    told = queries.curves(viewer=scopes.viewer_of(analyst), book=book).objections
    assert (told.model, told.why_not) == (row, "")
    event = Event.objects.get(kind="strategy.complaints_measured")
    assert str(len(stops)) in event.data


def test_outsiders_see_no_model(book, plan, at, outsider):
    kept(book, at, 1, RISK)

    with pytest.raises(Refused):
        queries.curves(viewer=scopes.viewer_of(outsider), book=book)


def test_facts_know_who_ever_objected(book, team, at, today):
    one, other = (place(book=book, team=team, reference=f"F{n}", phone=f"1380000000{n}")
                  for n in (1, 2))  # fmt: skip
    Stop.objects.create(case=one, reason="complaint", source="x", since=at, lifted_at=at)

    by_night = gate.facts_frame(book=book, on=today)
    by_day = gate.facts_now(book=book, cases=[one.pk, other.pk], at=at)

    for facts in (by_night, by_day):
        them = facts.filter(pl.col("objected_before"))["case"].unique().to_list()
        assert them == [one.pk]
        assert set(facts["case"]) == {one.pk, other.pk}


def test_a_strategy_with_no_price_pays_nothing_for_complaints():
    strategy, cases = read(PRICED), frame(2)
    free = replace(strategy, assumptions=replace(strategy.assumptions, complaint_cost=0.0))
    allowed = np.ones((2, len(strategy.treatments)), bool)
    found = complaints_of(strategy=free, cases=cases, objecting=Objecting(1, RISK))

    both = [valuing.values(strategy=free, cases=cases, allowed=allowed, complaints=one)
            for one in (found, None)]  # fmt: skip

    assert (both[0] == both[1]).all()
