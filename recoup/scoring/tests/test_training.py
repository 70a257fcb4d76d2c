"""Models are trained from what came of earlier days, and say why when they cannot be."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.conf import settings

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.errors import Failed, NotTrainable
from recoup.people import scopes
from recoup.people.models import Person
from recoup.portfolio.models import Borrower, Case, Entry, Loan
from recoup.portfolio.queries import days_past_due
from recoup.scoring import fitting, history, known, operations, queries, samples, store
from recoup.scoring.declared import columns_for, signs_for
from recoup.scoring.fitting import Minimum
from recoup.scoring.models import ScoreModel
from recoup.scoring.samples import Sample
from tests.cast import placement_of

FEW = Minimum(per_column=5, train=40, held_out=20)


def cohorts(count: int, *, noise: bool = False) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
    """A lender's rows over four years in which grade and income decide, or nothing does."""
    rng = np.random.default_rng(8)
    rows = []
    for case in range(1, count + 1):
        grade, income = rng.choice(list("ABCD")), float(rng.normal())
        log_odds = 0.0 if noise else {"A": 1.6, "B": 0.5, "C": -0.5, "D": -1.6}[grade] + income
        facts = {"grade": str(grade), "income": income, "age": 30 + case % 40, "gender": case % 2}
        value = bool(rng.random() < 1 / (1 + np.exp(-log_odds)))
        outcome = {"target": "recovery_above_10", "value": value, "cohort": 2007 + case % 4}
        rows.append((case, facts, outcome))
    return rows


@pytest.fixture(scope="module")
def sample() -> Sample:
    (found,) = samples.given(rows=cohorts(1600))
    return found


@pytest.fixture(scope="module")
def fitted(sample: Sample) -> fitting.Fitted:
    return fitting.fit(sample=sample, seed=0, threads=1)


def test_the_last_cohort_is_held_out(fitted: fitting.Fitted) -> None:
    assert fitted.split.kind == "out_of_time"
    assert fitted.split.held_out == ("2010",)
    assert set(fitted.sample.period[fitted.split.test]) == {"2010"}
    assert "2010" not in fitted.sample.period[fitted.split.train]


def test_a_known_truth_is_recovered_out_of_time(fitted: fitting.Fitted) -> None:
    areas = {one.family: one.figures["auc"]["value"] for one in fitted.judged}

    assert set(areas) == {"scorecard", "boosting"}
    assert all(0.74 < area < 0.88 for area in areas.values())
    assert all(one.figures["brier"]["value"] < fitted.baselines["constant"]["brier"]
               for one in fitted.judged)  # fmt: skip


def test_words_are_ordered_by_what_they_meant_in_training(fitted: fitting.Fitted) -> None:
    rates = fitted.sample.levels["grade"]["rates"]

    assert rates["A"] > rates["B"] > rates["C"] > rates["D"]


def test_sex_and_age_never_enter_a_score(fitted: fitting.Fitted) -> None:
    assert fitted.sample.columns == ("known.grade", "known.income")


@pytest.mark.parametrize(
    "name", ["SEX", "AGE", "EDUCATION", "marital_status", "zip_code", "region"]
)
def test_personal_traits_are_known_by_name(name: str) -> None:
    assert known.is_forbidden(name)


def test_the_boosting_is_champion_only_if_it_is_surely_better(fitted: fitting.Fitted) -> None:
    assert fitted.versus is not None
    assert fitted.champion == ("boosting" if fitted.versus.high < 0 else "scorecard")


def test_the_same_sample_gives_the_same_models(sample: Sample, fitted: fitting.Fitted) -> None:
    again = fitting.fit(sample=sample, seed=0, threads=1)

    for one, other in zip(fitted.judged, again.judged, strict=True):
        assert one.model.as_dict() == other.model.as_dict()
        assert one.figures == other.figures


def test_a_column_that_knows_the_outcome_is_left_out_and_named() -> None:
    rows = [
        (case, facts | {"collected_later": float(outcome["value"]) + case % 7 / 100}, outcome)
        for case, facts, outcome in cohorts(1200)
    ]
    (sample,) = samples.given(rows=rows)

    found = fitting.fit(sample=sample, seed=0, threads=1)

    assert "known.collected_later" not in found.sample.columns
    assert found.leaks[0][0] == "known.collected_later"
    assert "as only a leak does" in found.flags[-1]


def test_without_cohorts_the_split_says_that_it_is_a_cross_section() -> None:
    rows = [(case, facts, outcome | {"cohort": ""}) for case, facts, outcome in cohorts(1200)]
    (sample,) = samples.given(rows=rows)

    found = fitting.fit(sample=sample, seed=0, threads=1)

    assert found.split.kind == "cross_section"
    assert not found.split.held_out
    assert found.sample.notes == ("one cross-section: not out of time",)
    assert not set(found.sample.case[found.split.test]) & set(found.sample.case[found.split.train])


def test_too_few_events_are_counted_in_the_refusal() -> None:
    (sample,) = samples.given(rows=cohorts(200))

    with pytest.raises(NotTrainable, match=r"of 50 rows held out to judge by .* 100 of each"):
        fitting.fit(sample=sample, seed=0, minimum=Minimum(train=20), threads=1)


def test_noise_gives_no_model() -> None:
    (sample,) = samples.given(rows=cohorts(1600, noise=True))

    with pytest.raises(NotTrainable, match=r"because no single|better than chance"):
        fitting.fit(sample=sample, seed=0, threads=1)


# -- Labels ----------------------------------------------------------------------------------------

ON = date(2026, 6, 1)
STATE = pl.DataFrame(
    {"case": [1, 2, 3, 4], "days_past_due": [10, 40, 200, 0], "overdue": [1000, 1000, 1000, 0],
     "owed": [5000, 5000, 5000, 5000], "stage": [1, 2, 7, 0]}
)  # fmt: skip
PAYMENTS = pl.DataFrame(
    {"case": [1, 1, 2, 2], "amount": [40, 10, 900, 900],
     "paid_on": [ON, date(2026, 6, 30), date(2026, 5, 31), date(2026, 7, 1)]}
)  # fmt: skip


def label(target: str, **frames: Any) -> dict[int, int]:
    given = {"state": STATE, "later": STATE, "payments": PAYMENTS,
             "contacts": pl.DataFrame(schema={"case": pl.Int64, "channel": pl.String,
                                              "outcome": pl.String})}  # fmt: skip
    found = samples.labels(target=target, on=ON, **(given | frames))
    return dict(found.iter_rows())


def test_a_twentieth_of_the_overdue_within_thirty_days_is_a_repayment() -> None:
    assert label("repay_30") == {1: 1, 2: 0, 3: 0}

    less = PAYMENTS.with_columns(pl.col("amount") - 1)
    assert label("repay_30", payments=less)[1] == 0


def test_a_worse_stage_is_a_roll_and_the_last_stage_cannot_roll() -> None:
    later = STATE.with_columns(pl.Series("stage", [2, 2, 7, 0]))

    assert label("roll", later=later) == {1: 1, 2: 0}


def test_only_the_called_can_be_lost() -> None:
    contacts = pl.DataFrame(
        {"case": [1, 1, 2, 3], "channel": ["call", "call", "call", "sms"],
         "outcome": ["no_answer", "right_party", "no_answer", "undelivered"]}
    )  # fmt: skip

    assert label("lost_contact", contacts=contacts) == {1: 0, 2: 1}


# -- In the database -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_snapshot_is_as_old_as_the_portfolio_says_and_pays_only_what_was_paid_before(
    book: Any, wang_ming: Case
) -> None:
    loan = Loan.objects.get(case=wang_ming)
    Entry.objects.create(
        loan=loan, kind="payment", cause="p1", value_on=date(2026, 10, 20),
        posted_at=datetime.fromisoformat("2026-10-20T04:00:00+00:00"), principal=-100_000,
        cash=100_000,
    )  # fmt: skip
    read = history.read(book=book)

    for on in (date(2026, 11, 1), date(2026, 11, 23)):
        found = read.state_at(on)["days_past_due"].to_list()
        assert found == [days_past_due(loan=loan, on=on)]
    assert read.state_at(date(2026, 10, 20))["days_past_due"].to_list() == [6]
    assert read.state_at(date(2026, 10, 21))["days_past_due"].to_list() == [0]


@pytest.mark.django_db
def test_balances_of_a_file_say_nothing_of_earlier_days(book: Any, wang_ming: Case) -> None:
    begun = Entry.objects.get(loan__case=wang_ming).value_on

    read = history.read(book=book)

    assert read.state_at(begun).is_empty()
    assert read.state_at(begun + timedelta(days=1)).height == 1


@pytest.mark.django_db
def test_a_large_book_is_sampled_by_case(book: Any, outcomes: list[Case]) -> None:
    found = history.read(book=book, every=3).loans["case"].to_list()

    assert sorted(found) == [case.pk for case in outcomes if case.pk % 3 == 0]


@pytest.fixture
def outcomes(book: Any, team: Any) -> list[Case]:
    """Cases whose file says what came of them."""
    rows = cohorts(240)
    people = Person.objects.bulk_create(
        Person(creditor=book.creditor, token=f"T{case}", kek="") for case, *_rest in rows
    )
    borrowers = Borrower.objects.bulk_create(
        Borrower(book=book, person=person, reference=person.token) for person in people
    )
    cases = Case.objects.bulk_create(
        Case(book=book, borrower=one, state="open", team=team, placed_on=date(2026, 11, 23))
        for one in borrowers
    )
    Loan.objects.bulk_create(
        Loan(
            book=book, borrower=case.borrower, case=case, placement=placement_of(book),
            reference=f"L{case.pk}", product="personal", currency="CNY", principal=1000,
            facts={"known": facts, "outcome": outcome},
        )
        for case, (_number, facts, outcome) in zip(cases, rows, strict=True)
    )  # fmt: skip
    return cases


def train(book: Any, system: Any, today: date, at: datetime) -> list[ScoreModel]:
    return operations.train(book=book, as_of=today, by=system, at=at, minimum=FEW)


@pytest.mark.django_db
def test_a_book_without_history_says_why_and_uses_the_starter_score(
    book: Any, wang_ming: Case, system: Any, today: date, at: datetime
) -> None:
    found = train(book, system, today, at)
    again = train(book, system, today, at)

    assert [row.state for row in found] == ["not_trainable"] * 5
    assert "because no case was overdue on an earlier day" in found[0].why_not
    assert again == found
    operations.score_book(book=book, on=today, by=system, at=at)
    assert queries.scores_frame(book=book, on=today)["starter"].all()


@pytest.mark.django_db
def test_given_outcomes_are_learned_scored_and_kept(
    book: Any, outcomes: list[Case], analyst: Any, leader: Any, system: Any, today: date,
    at: datetime,
) -> None:  # fmt: skip
    rows = train(book, system, today, at)
    events = Event.objects.count()

    again = train(book, system, today, at)

    made = [row for row in rows if row.target == "recovery_above_10"]
    assert {row.family for row in made} == {"scorecard", "boosting"}
    assert sorted(row.state for row in made) == ["candidate", "champion"]
    assert {row.pk for row in again} == {row.pk for row in rows}
    assert Event.objects.count() == events
    for row in made:
        raw = (settings.DATA_DIR / row.file).read_bytes()
        assert json.loads(raw)["levels"].keys() == {"grade", "income"}
        assert row.card["judged"]["auc"]["low"] > 0.5
    assert journal.verify().is_whole

    run = operations.score_book(book=book, on=today, by=system, at=at)
    frame = queries.scores_frame(book=book, on=today)
    graded = frame.with_columns(
        pl.Series("grade", [facts["grade"] for _case, facts, _outcome in cohorts(240)])
    )
    means = dict(graded.group_by("grade").agg(pl.col("recovery_above_10").mean()).iter_rows())
    assert means["A"] + means["B"] > means["C"] + means["D"]
    assert run.models_used["repay_30"] == "starter v1"
    (score,) = [
        one for one in queries.score_of(viewer=scopes.viewer_of(leader), case=outcomes[0], on=today)
        if one.target == "recovery_above_10"
    ]  # fmt: skip
    assert not score.starter
    assert {reason.label for reason in score.reasons} == {"grade", "income"}
    cards = queries.model_cards(viewer=scopes.viewer_of(analyst), book=book)
    assert cards[[card.target for card in cards].index("recovery_above_10")].state == "champion"


@pytest.mark.django_db
def test_newer_outcomes_make_a_newer_version_and_a_changed_file_does_not_score(
    book: Any, outcomes: list[Case], system: Any, today: date, at: datetime
) -> None:
    train(book, system, today, at)
    loan = Loan.objects.get(case=outcomes[0])
    loan.facts["outcome"]["value"] = not loan.facts["outcome"]["value"]
    Loan.objects.filter(pk=loan.pk).update(facts=loan.facts)

    newer = [row for row in train(book, system, today, at) if row.target == "recovery_above_10"]

    assert {row.version for row in newer} == {2}
    old = ScoreModel.objects.filter(target="recovery_above_10", version=1)
    assert {row.state for row in old} == {"retired"}
    row = ScoreModel.objects.get(target="recovery_above_10", state="champion")
    path = settings.DATA_DIR / row.file
    path.chmod(0o640)
    path.write_text(path.read_text() + " ")

    with pytest.raises(Failed, match="missing or was changed"):
        store.load(row)


def test_who_was_reached_shows_willingness_and_who_paid_shows_ability() -> None:
    on = date(2026, 5, 1)
    state = pl.DataFrame({
        "case": [1, 2, 3, 4], "days_past_due": [10] * 4, "owed": [1000] * 4, "overdue": [100] * 4,
        "stage": [1] * 4,
    })  # fmt: skip
    paid = pl.DataFrame({
        "case": [2, 3, 4], "paid_on": [date(2026, 5, 9)] * 3, "amount": [20, 90, 90],
    })  # fmt: skip
    outcomes = pl.DataFrame({
        "case": [1, 2, 3, 4], "channel": ["call"] * 4,
        "outcome": ["refused", "promise", "right_party", "no_answer"],
    })  # fmt: skip

    def told(target: str) -> dict[int, int]:
        found = samples.labels(
            target=target, state=state, later=state, payments=paid, contacts=outcomes, on=on
        )
        return dict(zip(found["case"], found["outcome"], strict=True))

    assert told("willingness") == {1: 0, 2: 1, 3: 1}
    assert told("ability") == {2: 0, 3: 1, 4: 1}


def test_ability_looks_at_money_and_willingness_at_answers() -> None:
    able, willing = columns_for("ability"), columns_for("willingness")

    assert not set(able) & set(willing)
    assert set(signs_for("ability")) <= set(able)
    assert set(signs_for("willingness")) <= set(willing)
    assert set(able) | set(willing) < set(columns_for("repay_30"))
