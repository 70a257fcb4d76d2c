"""Why a case has what it has: kept with the night, told in both languages, true to the prices."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from django.conf import settings
from django.utils import translation

from recoup.people import scopes
from recoup.scoring import operations as scoring
from recoup.strategy import operations, queries, uses
from recoup.strategy.models import Decision, Plan
from recoup.strategy.reading import read, shipped
from recoup.strategy.sentences import by_prices
from recoup.strategy.tests.conftest import facts_of
from tests.cast import place

view = scopes.viewer_of
SCARCE = {
    "task_minutes: 12000": "task_minutes: 60", "sms: 200000": "sms: 12", "email: 200000": "email: 9",
}  # fmt: skip


@pytest.fixture
def scarce(book, system, at):
    """The shipped strategy with room for ten tasks and twelve text messages a day."""
    text = shipped()
    for was, now in SCARCE.items():
        text = text.replace(was, now)
    version = operations.add(book=book, source=text, by=system, at=at)
    return operations.activate(version=version, by=system, at=at)


@pytest.fixture
def plan(book, team, scarce, system, at, today):
    """A night over sixty people who cannot all be had."""
    for n in range(60):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=35 + n, phone=f"138{n:08}")
    return decided(book, system, at, today)


def decided(book, system, at, today):
    scoring.score_book(book=book, on=today, by=system, at=at)
    return operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)


def rows_of(plan):
    return pl.read_parquet(settings.DATA_DIR / plan.file)


def test_the_plan_keeps_best_next_best_and_what_stood_in_the_way(plan):
    rows = rows_of(plan)
    chosen = rows.filter(pl.col("best") != "", ~pl.col("explored"))

    assert chosen.filter(pl.col("best") == pl.col("treatment")).height >= 0.7 * chosen.height
    assert (chosen["best_worth"] >= chosen["runner_worth"]).all()
    barred = rows.filter(pl.col("barrier").is_not_null())
    assert barred.height
    assert set(barred["barrier"]) <= set(plan.prices)
    assert (barred["barrier_charge"] <= barred["charge"] + 1e-9).all()
    assert rows.filter(pl.col("why") == "waiting")["wanted"].null_count() == rows.filter(
        pl.col("why") == "waiting"
    ).height  # fmt: skip


def test_what_an_action_leaves_is_its_value_less_the_prices_of_what_it_uses(plan):
    strategy = read(plan.strategy.source)
    rates = uses.of_cases(strategy, rows_of(plan).head(1)).rates[0]
    charge = dict(
        zip(
            strategy.treatments, rates @ [plan.prices[n] for n in uses.names(strategy)], strict=True
        )
    )

    taken = rows_of(plan).filter(pl.col("best") == pl.col("treatment"), pl.col("treatment") != "")

    assert taken.height
    for row in taken.iter_rows(named=True):
        assert row["best_worth"] == pytest.approx(row["value"] - charge[row["best"]], abs=0.51)


def test_a_decision_names_the_action_the_next_best_and_the_dear_budget(plan):
    said = [
        " · ".join(str(part) for part in queries.describe(row)) for row in Decision.objects.all()
    ]

    with translation.override("en"):
        english = [
            " · ".join(str(part) for part in queries.describe(row))
            for row in Decision.objects.all()
        ]
    assert any("扣除各项预算价格后余" in text and "次优" in text for text in said)
    assert any("the most of all" in text and "next best" in text for text in english)
    assert any("the price of a collector's minutes takes" in text for text in english)
    assert all("{" not in text for text in said + english)


def test_a_case_left_alone_says_what_it_would_have_won_and_what_that_cost(plan, analyst, today):
    row = rows_of(plan).filter(pl.col("why") == "budget").row(0, named=True)
    case = next(c for c in plan.book.cases.all() if c.pk == row["case"])

    found = queries.left_alone(viewer=view(analyst), case=case, on=today)

    with translation.override("en"):
        said = " · ".join(str(part) for part in found.parts)
    assert (found.code, found.on) == ("budget", today)
    assert "would win" in said or "no room was left" in said


def test_a_case_page_does_without_a_plans_file(plan, analyst, today):
    row = rows_of(plan).filter(pl.col("why") == "budget").row(0, named=True)
    case = plan.book.cases.get(pk=row["case"])
    (settings.DATA_DIR / plan.file).unlink()

    assert queries.left_alone(viewer=view(analyst), case=case, on=today) is None


def test_nobody_else_learns_why_a_case_was_left_alone(plan, outsider, today):
    row = rows_of(plan).filter(pl.col("why") == "budget").row(0, named=True)
    case = plan.book.cases.get(pk=row["case"])

    assert queries.left_alone(viewer=view(outsider), case=case, on=today) is None


def test_a_case_with_an_action_and_a_day_without_a_plan_are_not_left_alone(plan, analyst, today):
    case = Decision.objects.first().case

    assert queries.left_alone(viewer=view(analyst), case=case, on=today) is None
    assert queries.left_alone(viewer=view(analyst), case=case, on=today - timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("priced", "treatment", "said"),
    [
        (None, "sms-plan", ""),
        ({}, "", ""),
        (
            {"best": {"treatment": "", "worth": 0}, "wanted": {
                "treatment": "letter", "channel": "letter", "window": "09:00–18:00", "worth": 120},
             "charge": 200, "barrier": {"budget": "spend", "charge": 150}}, "",
            "a letter 09:00–18:00 (letter) would win 1.20, but the price of what it uses was 2.00, "
            "most of it for money to spend",
        ),
        (
            {"best": {"treatment": "", "worth": 0}, "wanted": {
                "treatment": "letter", "channel": "letter", "window": "09:00–18:00", "worth": 120},
             "charge": None, "barrier": {"budget": "evening", "charge": None}}, "",
            "a letter 09:00–18:00 (letter) would win 1.20, but evening does not hold one",
        ),
        (
            {"best": {"treatment": "", "worth": 0}, "wanted": {
                "treatment": "letter", "channel": "letter", "window": "09:00–18:00", "worth": -50},
             "charge": 0}, "",
            "the best there was, a letter 09:00–18:00 (letter), would cost 0.50 more than it "
            "brings",
        ),
    ],
)  # fmt: skip
def test_prices_in_words(priced, treatment, said):
    with translation.override("en"):
        assert " · ".join(str(part) for part in by_prices(priced, treatment)) == said


def test_the_next_night_begins_at_last_nights_prices(plan, book, system, at, today, monkeypatch):
    begun = []
    real = uses.start_of

    def noted(strategy, prices):
        begun.append(prices)
        return real(strategy, prices)

    monkeypatch.setattr(uses, "start_of", noted)
    Decision.objects.update(state="lapsed")

    decided(book, system, at + timedelta(days=1), today + timedelta(days=1))

    assert begun == [plan.prices]
    assert max(plan.prices.values()) > 0


def test_the_same_start_gives_the_same_plan(plan, book, system, at, today):
    Decision.objects.update(state="lapsed")
    tomorrow = today + timedelta(days=1)
    first = decided(book, system, at + timedelta(days=1), tomorrow)
    kept, rows = first.prices, rows_of(first)
    (settings.DATA_DIR / first.file).unlink()
    first.uses.all().delete()
    Decision.objects.filter(plan=first).delete()
    Plan.objects.filter(pk=first.pk).delete()

    again = decided(book, system, at + timedelta(days=1), tomorrow)

    assert again.prices == kept
    assert rows_of(again).equals(rows)


@pytest.mark.parametrize(
    "prices",
    [
        None, {}, {"sms": 1.0}, {"sms": float("nan")}, "all",
        {"sms": "dear"}, {"sms": -1.0}, {"sms": None}, {"sms": 1e300},
    ],
)  # fmt: skip
def test_prices_that_make_no_sense_do_not_stop_the_night(
    book, team, scarce, system, at, today, prices
):
    for n in range(20):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=35 + n, phone=f"138{n:08}")
    if isinstance(prices, dict) and len(prices) == 1:
        others = {"email": 0.0, "letter": 0.0, "task_minutes": 5.0, "spend": 0.0}
        prices = prices if prices == {"sms": 1.0} else prices | others
    if prices == "all":
        prices = dict.fromkeys(("sms", "email", "letter", "task_minutes", "spend", "gone"), 2.0)
    Plan.objects.create(
        book=book, strategy=scarce, on=today - timedelta(days=1), at=at, file="", digest="",
        rows=0, chosen=0, prices={k: str(v) if v != v else v for k, v in (prices or {}).items()},
    )  # fmt: skip

    plan = decided(book, system, at, today)

    assert plan.chosen > 5
    assert plan.certificate["gap"] < 0.2
    assert all(one["used"] <= one["most"] for one in plan.budgets.values())
