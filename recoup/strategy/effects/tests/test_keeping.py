"""Effects are trained from plan files and ledgers, kept, and used by the next night."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from django.conf import settings

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.actors import OUTSIDER
from recoup.kernel.errors import Failed, Refused
from recoup.people import scopes
from recoup.portfolio.models import Case, Entry, Loan
from recoup.scoring import operations as scoring
from recoup.strategy import operations, queries, sentences, writing
from recoup.strategy.effects import keeping
from recoup.strategy.effects import queries as effects
from recoup.strategy.effects.learning import Minimum
from recoup.strategy.models import Decision, EffectModel, Plan
from recoup.strategy.reading import read, shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import approved, place

pytestmark = pytest.mark.django_db
FEW = Minimum(effective=10, width=1.0)
CODES = ("sms-reminder", "collector-review")
MONTH = "\nworth: {horizon_months: 1, discount: 0}\n"


@pytest.fixture
def version(book, system, at):
    source = shipped("default-any") + MONTH
    row = operations.add(book=book, source=source, by=system, at=at)
    return operations.activate(version=approved(row), by=system, at=at)


@pytest.fixture
def nights(book, team, version, today, at):
    """
    Two dozen cases, eight nights ending before the last 30 days; half are left alone, and who got
    something pays more often.
    """
    for number in range(24):
        place(book=book, team=team, reference=f"E{number:03}", phone=f"1391234{number:04}",
              days_past_due=10 + number)  # fmt: skip
    cases = Case.objects.order_by("pk")
    loans = dict(Loan.objects.values_list("case_id", "pk"))
    rng, names = np.random.default_rng(4), ("", *CODES)
    numbers = list(read(version.source).treatments)
    opened = sum(1 << numbers.index(code) for code in CODES)
    entries = []
    for night in range(8):
        on = today - timedelta(days=150 - 14 * night)
        taken = rng.integers(0, 3, cases.count())
        paid = rng.random(cases.count()) < 0.1 + 0.3 * (taken > 0)
        rows = pl.DataFrame({
            "case": [case.pk for case in cases], "arm": "champion",
            "treatment": [names[one] for one in taken], "propensity": 1 / 3, "admissible": 2,
            "open": opened, "days_past_due": [case.days_past_due for case in cases],
            "overdue": [case.overdue for case in cases], "owed": [case.owed for case in cases],
            "repay_30": rng.random(cases.count()), "lost_contact": 0.1,
            "contacts_30": rng.integers(0, 4, cases.count()),
        })  # fmt: skip
        path = writing.write_file(book=book, on=on, rows=rows)
        Plan.objects.create(
            book=book, strategy=version, on=on, at=at, rows=rows.height, chosen=0, digest="",
            file=path.relative_to(settings.DATA_DIR).as_posix(),
        )  # fmt: skip
        entries += [
            Entry(loan_id=loans[case.pk], kind="payment", cause=f"p{night}-{case.pk}",
                  value_on=on + timedelta(days=3), posted_at=at, principal=-30_000, cash=30_000)
            for case, does in zip(cases, paid, strict=True) if does
        ]  # fmt: skip
    Entry.objects.bulk_create(entries)


def train(book, system, today, at, **more):
    return keeping.train(
        book=book, as_of=today, by=system, at=at, **{"minimum": FEW, **more}
    )  # fmt: skip


def test_the_same_log_gives_the_same_row_and_the_journal_vouches_for_its_file(
    book, nights, system, today, at
):
    first = train(book, system, today, at)
    events = Event.objects.count()

    again = train(book, system, today, at)

    assert first == again
    assert Event.objects.count() == events
    assert (first.state, first.version) == ("champion", 1)
    assert first.trained_to == today - timedelta(days=52)
    assert journal.verify().is_whole


def test_a_newer_training_retires_the_older(book, nights, system, today, at):
    first = train(book, system, today, at)

    second = train(book, system, today, at, seed=1)

    first.refresh_from_db()
    assert (first.state, second.state, second.version) == ("retired", "champion", 2)


def test_a_log_that_carries_nothing_says_so_and_what_was_in_use_stays(
    book, nights, system, today, at, analyst
):
    kept = train(book, system, today, at)

    refused = train(book, system, today, at, seed=2, minimum=Minimum())

    kept.refresh_from_db()
    assert kept.state == "champion"
    assert refused.state == "not_trainable"
    assert "200 are needed" in refused.why_not
    assert refused.why_not == effects.curves(viewer=scopes.viewer_of(analyst), book=book).why_not


def test_a_book_without_plans_or_strategy_says_which(book, system, today, at):
    assert train(book, system, today, at).why_not == "No strategy is in force."

    row = operations.add(book=book, source=shipped("default-any"), by=system, at=at)
    operations.activate(version=approved(row), by=system, at=at)

    assert "no planned night" in train(book, system, today, at).why_not


def test_the_night_says_of_each_action_whether_its_effect_was_measured(
    book, nights, system, today, at, analyst
):
    train(book, system, today, at)
    scoring.score_book(book=book, on=today, by=system, at=at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    assert plan.effects["version"] == 1
    assert plan.effects["measured"] == sorted(CODES)
    assert plan.effects["assumed"]["letter-notice"] == "too_little_known"
    rows = queries.plan_frame(plan=plan).collect()
    assert set(rows.filter(pl.col("treatment").is_in(list(CODES)))["effect"]) == {"measured v1"}
    assert set(rows.filter(pl.col("treatment") == "")["effect"]) == {""}
    decision = Decision.objects.filter(treatment__in=CODES, reason__explored=False).first()
    (part,) = [one for one in queries.describe(decision) if one.msgid == sentences.MEASURED]
    assert part.values["version"] == "v1"


def test_without_a_model_the_strategy_assumes_and_says_so(
    book, nights, system, today, at
):  # fmt: skip
    scoring.score_book(book=book, on=today, by=system, at=at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    assert plan.effects["version"] is None
    assert set(plan.effects["assumed"].values()) == {"not_measured"}
    decision = Decision.objects.filter(reason__explored=False).first()
    assert sentences.WORTH in [one.msgid for one in queries.describe(decision)]


def test_the_night_writes_down_what_could_have_been_chosen(book, nights, system, today, at):
    scoring.score_book(book=book, on=today, by=system, at=at)

    plan = operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)

    rows = queries.plan_frame(plan=plan).collect()
    names = list(read(plan.strategy.source).treatments)
    for row in rows.iter_rows(named=True):
        if row["treatment"]:
            assert row["open"] >> names.index(row["treatment"]) & 1
        assert row["open"].bit_count() <= row["admissible"]


def test_a_changed_file_of_effects_is_not_believed(book, nights, system, today, at):
    row = train(book, system, today, at)
    path = settings.DATA_DIR / row.file
    path.chmod(0o640)
    path.write_text(path.read_text() + " ")

    with pytest.raises(Failed, match="missing or was changed"):
        keeping.load(book=book)


def test_the_studio_sees_curves_and_an_outsider_nothing(
    book, nights, system, today, at, analyst, outsider
):
    train(book, system, today, at)

    found = effects.curves(viewer=scopes.viewer_of(analyst), book=book)

    assert {one.name for one in found.treatments} == set(CODES)
    chosen = found.of(CODES[0])
    assert chosen.judged[0].curve[0] == (0.0, 0.0)
    assert len(chosen.judged[0].deciles) == 10
    for viewer in (OUTSIDER, scopes.viewer_of(outsider)):
        with pytest.raises(Refused):
            effects.curves(viewer=viewer, book=book)


def test_an_analyst_of_another_lender_sees_no_effects(
    book, nights, system, today, at, outsider
):  # fmt: skip
    train(book, system, today, at)
    outsider.role = "analyst"
    outsider.save()

    assert effects.curves(viewer=scopes.viewer_of(outsider), book=book).model is None
    assert EffectModel.objects.count() == 1
