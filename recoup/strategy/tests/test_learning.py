from __future__ import annotations

import shutil
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from recoup.journal.models import Event
from recoup.journal.queries import data_of, verify
from recoup.kernel.errors import Failed, Invalid
from recoup.portfolio.models import Entry
from recoup.scoring import operations as scoring
from recoup.strategy import learning, operations, watching
from recoup.strategy.models import ArmStop, Learned, LogCheck, Plan, StrategyVersion
from recoup.strategy.reading import read, shipped
from recoup.strategy.tests.conftest import facts_of, many

HEAD = shipped()[: shipped().index("# A person is in one arm")]
LEARNER = (
    HEAD
    + """
experiment:
  salt: learner-1
  arms:
    - {code: champion, share: 0.5}
    - {code: learner, share: 0.5}
learning: {arm: learner, draws: 80, prior: 0.02}
"""
)


@pytest.fixture
def version(book, system, at):
    """A strategy with a learning arm, in force."""
    row = operations.add(book=book, source=LEARNER, by=system, at=at)
    StrategyVersion.objects.filter(pk=row.pk).update(state="active", activated_at=at)
    row.refresh_from_db()
    return row


@pytest.fixture
def night(book, team, version, system, at, today):
    """A night of 700 cases, half of them of the learning arm."""
    cases = many(book, team, 700, today)
    scoring.score_book(book=book, on=today, by=system, at=at)
    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)
    return cases, plan


def rows_of(plan, settings):
    return pl.read_parquet(settings.DATA_DIR / plan.file)


def pay(cases, on, at):
    Entry.objects.bulk_create(
        Entry(loan=case.loans.get(), kind="payment", cause=f"p{case.pk}", posted_at=at, value_on=on,
              principal=-100_000, cash=100_000)
        for n, case in enumerate(cases) if n % 4 == 0
    )  # fmt: skip


def test_the_arm_draws_each_choice_has_its_chance_and_no_budget_is_exceeded(night, settings):
    _cases, plan = night
    rows = rows_of(plan, settings).filter(pl.col("admissible") > 0)

    drawn = rows.filter(pl.col("sampled"))
    champion = rows.filter((pl.col("arm") == "champion") & ~pl.col("explored"))
    assert set(drawn["arm"]) == {"learner"}
    assert drawn.height > 180
    assert drawn["propensity"].n_unique() > 3
    assert (rows["propensity"] > 0).all()
    assert (champion["propensity"] > 0.9).all()
    assert all(one["used"] <= one["most"] for one in plan.budgets.values())
    told = plan.certificate["sampled"]
    assert told["cases"] == drawn.height
    assert told["draws"] == 80
    assert 0 < told["error"] < 0.06
    assert told["price"] >= 0
    assert plan.certificate["explored"]["of"] == rows.height


def test_the_same_night_twice_is_the_same_plan_and_says_that_it_was_drawn(
    book, night, system, at, today, settings
):
    from recoup.strategy import queries, writing
    from recoup.strategy.models import Decision

    _cases, plan = night
    again = writing.decided(book=book, version=plan.strategy, facts=facts_of(book), on=today, at=at)

    first = rows_of(plan, settings)
    assert again.rows.select("case", "treatment", "propensity").equals(
        first.select("case", "treatment", "propensity")
    )
    one = next(row for row in Decision.objects.all() if row.reason["sampled"])
    said = " ".join(str(part) for part in queries.describe(one))
    assert "believed" in said or "认知" in said


def test_a_stopped_learner_draws_no_more(book, team, version, system, at, today, settings):
    ArmStop.objects.create(book=book, version=version, salt="learner-1", arm="learner", on=today,
                           at=at, measure="recovery")  # fmt: skip
    many(book, team, 60, today)
    scoring.score_book(book=book, on=today, by=system, at=at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    assert "sampled" not in plan.certificate
    assert not rows_of(plan, settings)["sampled"].any()


def test_a_night_teaches_once_its_thirty_days_are_over_and_the_same_night_once(
    book, night, system, at, today, settings
):
    cases, plan = night
    pay(cases, today + timedelta(days=4), at)

    assert operations.learn(book=book, on=today + timedelta(days=29), by=system, at=at) is None
    later = today + timedelta(days=30)
    first = operations.learn(book=book, on=later, by=system, at=at)
    again = operations.learn(book=book, on=later, by=system, at=at)
    next_one = operations.learn(book=book, on=later + timedelta(days=1), by=system, at=at)

    rows = rows_of(plan, settings)
    acted = rows.filter((pl.col("admissible") > 0) & (pl.col("treatment") != "")).height
    assert first == again == next_one
    assert acted <= first.rows <= acted + rows.height / 20
    assert first.through == today
    assert learning.newest(book=book, on=later).digest == first.digest
    assert Event.objects.filter(kind="strategy.learned").count() == 1
    assert verify().is_whole


def test_what_was_learnt_grows_from_night_to_night_and_knows_from_what(
    book, night, version, system, at, today, settings
):
    cases, plan = night
    pay(cases, today + timedelta(days=4), at)
    first = operations.learn(book=book, on=today + timedelta(days=30), by=system, at=at)
    Plan.objects.create(
        book=book, strategy=version, on=today + timedelta(days=1), at=at, rows=plan.rows, chosen=0,
        file=_copied(settings, plan, "second.parquet"), digest="0" * 64,
    )  # fmt: skip

    second = operations.learn(book=book, on=today + timedelta(days=31), by=system, at=at)

    before, after = (learning.load(one).posterior for one in (first, second))
    assert second.before == first.digest
    assert after.rows > before.rows
    assert np.linalg.slogdet(after.precision)[1] > np.linalg.slogdet(before.precision)[1]
    assert [one["on"] for one in second.nights] == [(today + timedelta(days=1)).isoformat()]


def _copied(settings, plan, name):
    shutil.copyfile(settings.DATA_DIR / plan.file, settings.DATA_DIR / name)
    return name


def test_a_changed_file_is_not_believed(book, night, system, at, today, settings):
    first = operations.learn(book=book, on=today + timedelta(days=30), by=system, at=at)
    path = settings.DATA_DIR / first.file
    path.chmod(0o640)
    path.write_text(path.read_text().replace("0", "1", 1))

    with pytest.raises(Failed, match="changed"):
        learning.newest(book=book, on=today + timedelta(days=31))


def test_a_treatment_whose_text_changes_is_another_one_and_the_first_is_kept():
    strategy = read(LEARNER)
    before = learning.with_treatments(learning.nothing().posterior, strategy)
    changed = read(LEARNER.replace("template: cn-sms-plan", "template: cn-sms-other"))

    after = learning.with_treatments(before, changed)

    assert len(after.names) == len(before.names) + 1
    assert set(before.names) < set(after.names)
    mean, _ = before.effect(learning.key(strategy.treatments["sms-plan"]))
    assert mean.tolist() == pytest.approx([0, 0.35 * 0.85 * 0.12 / 4, 0, 0])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("arm: learner, draws", "arm: nobody, draws", "no arm 'nobody'"),
        ("{arm: learner, draws: 80", "{arm: champion, draws: 80", "does not learn"),
        ("explore: 0.02", "explore: 0.001", "Learning needs explore"),
        ("draws: 80", "draws: 5", "out of bounds"),
        ("prior: 0.02", "prior: 2", "out of bounds"),
        ("prior: 0.02", "wish: 2", "'wish' is not known"),
    ],
)
def test_a_mistake_in_the_learning_block_is_named(old, new, said):
    with pytest.raises(Invalid) as caught:
        read(LEARNER.replace(old, new))

    assert any(said in str(problem) for problem in caught.value.problems)


def test_without_the_block_nobody_learns(book, strategy, system, at, today):
    assert read(shipped()).learning is None
    assert operations.learn(book=book, on=today, by=system, at=at) is None
    assert not Learned.objects.exists()


def test_an_honest_log_passes_and_one_with_more_draws_than_said_is_an_event(
    book, night, system, at, today, settings
):
    _cases, plan = night
    honest = operations.check_log(book=book, on=today, by=system, at=at)
    again = operations.check_log(book=book, on=today, by=system, at=at)

    assert honest == again
    assert not honest.is_wrong
    assert sum(one[2] for one in honest.drawn.values()) == plan.certificate["explored"]["of"]

    LogCheck.objects.all().delete()
    path = settings.DATA_DIR / plan.file
    path.chmod(0o640)
    pl.read_parquet(path).with_columns(explored=pl.col("case") % 5 == 0).write_parquet(path)
    wrong = operations.check_log(book=book, on=today, by=system, at=at)

    assert wrong.is_wrong
    assert wrong.chance < 1e-4
    said = data_of(Event.objects.get(kind="strategy.log_wrong"))
    assert "champion" in said["what"]
    assert watching.checked(plan).is_wrong


def test_a_day_without_a_plan_is_not_checked(book, system, at, today):
    assert operations.check_log(book=book, on=today, by=system, at=at) is None
