from __future__ import annotations

from datetime import timedelta

import pytest

from recoup.kernel.clock import day_bounds
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.models import Entry, Loan
from recoup.scoring import operations as scoring
from recoup.strategy import operations, queries
from recoup.strategy.models import Decision, Plan
from recoup.strategy.reading import shipped
from recoup.strategy.tests.conftest import facts_of
from tests.cast import place

view = scopes.viewer_of


@pytest.fixture
def plan(book, team, strategy, system, at, today):
    """A night over thirty people of 陈组长's team."""
    for n in range(30):
        place(book=book, team=team, reference=f"C{n:04}", days_past_due=3 + 5 * n,
              phone=f"138{n:08}")  # fmt: skip
    scoring.score_book(book=book, on=today, by=system, at=at)
    return operations.decide(book=book, on=today, facts=facts_of(book), by=system, at=at)


def test_contacts_wait_until_their_window_opens_and_no_longer(book, plan, at):
    morning, late = at, at + timedelta(hours=9, minutes=45)  # 10:00 and 19:45 in Shanghai

    due = queries.waiting(book=book, at=morning, limit=500)

    assert due
    assert all(row.not_before <= morning < row.not_after for row in due)
    assert all(row.channel != "task" for row in due)
    assert queries.waiting(book=book, at=late, limit=500) == []
    assert len(queries.waiting(book=book, at=morning, limit=2)) == 2


def test_tasks_go_to_the_team_and_nobody_else(book, plan, today, li_na, leader, reviewer, outsider):
    assert Decision.objects.filter(channel="task").exists()

    mine = queries.queue(viewer=view(li_na), on=today)

    assert mine.count() == Decision.objects.filter(channel="task").count()
    assert queries.queue(viewer=view(leader), on=today).count() == mine.count()
    assert queries.queue(viewer=view(outsider), on=today).count() == 0
    assert queries.queue(viewer=view(li_na), on=today + timedelta(days=5)).count() == 0
    with pytest.raises(Refused):
        queries.queue(viewer=view(reviewer), on=today)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Pacific/Auckland"])
def test_a_task_is_shown_on_the_days_of_the_books_place_until_its_window_is_over(
    book, plan, today, leader, zone
):
    Book.objects.filter(pk=book.pk).update(time_zone=zone)
    begins, ends = day_bounds(today, zone)

    def shown(not_after, on):
        Decision.objects.filter(channel="task").update(not_after=not_after)
        return queries.queue(viewer=view(leader), on=on).exists()

    second = timedelta(seconds=1)
    assert not shown(begins, today)
    assert shown(begins + second, today)
    assert shown(ends, today)
    assert not shown(ends, today + timedelta(days=1))
    assert shown(ends + second, today + timedelta(days=1))


def test_the_queue_asks_the_database_for_no_calendar(book, plan, today, leader):
    said = str(queries.queue(viewer=view(leader), on=today).query).lower()

    assert "not_after" in said
    assert not any(word in said for word in ("time zone", "cast_date", "::date"))


def test_a_task_of_another_collector_is_not_shown(book, plan, today, li_na, leader):
    Decision.objects.filter(channel="task").update(assignee=leader)

    assert queries.queue(viewer=view(li_na), on=today).count() == 0
    assert queries.queue(viewer=view(leader), on=today).count() > 0


def test_the_studio_sees_the_night_and_the_sums_agree(book, plan, today, analyst):
    night = queries.plan(viewer=view(analyst), book=book, on=today)

    assert night.plan == plan
    assert night.is_demo
    assert sum(row["cases"] for row in night.segments) == 30
    assert sum(row["chosen"] for row in night.treatments) == plan.chosen
    assert plan.chosen + sum(count for _, count in night.why) == 30
    assert set(night.budgets) == {"sms", "email", "letter", "task_minutes", "spend"}
    assert all(budget["used"] <= budget["most"] for budget in night.budgets.values())
    assert queries.plan(viewer=view(analyst), book=book).plan == plan


def test_prices_are_told_night_by_night_for_budgets_that_were_short(
    book, plan, today, at, analyst, outsider
):
    Plan.objects.filter(pk=plan.pk).update(prices={"sms": 0.0, "task_minutes": 250.0})
    earlier = Plan.objects.create(
        book=book, strategy=plan.strategy, on=today - timedelta(days=1), at=at, file="",
        digest="", rows=0, chosen=0, prices={"sms": 0.0},
    )  # fmt: skip

    nights, found = queries.prices(viewer=view(analyst), book=book)
    night = queries.plan(viewer=view(analyst), book=book)

    assert nights == [earlier.on, today]
    assert found == {"task_minutes": [None, 250.0]}
    assert night.budgets["task_minutes"]["hour"] == 60 * 250.0
    assert night.budgets["sms"]["hour"] is None
    with pytest.raises(Refused):
        queries.prices(viewer=view(outsider), book=book)


def test_versions_and_what_changed_are_shown(book, strategy, system, at, analyst):
    after = operations.add(
        book=book, source=shipped().replace("contacts: 2", "contacts: 1"), by=system, at=at
    )

    changes = queries.diff(viewer=view(analyst), before=strategy, after=after)

    assert [row.text for row in changes if row.sign == "+"] == [
        "contact_limit: {contacts: 1, days: 7}"
    ]
    assert [row.version for row in queries.versions(viewer=view(analyst), book=book)] == [2, 1]


def test_the_outsider_sees_nothing(book, plan, outsider, strategy):
    with pytest.raises(Refused):
        queries.versions(viewer=view(outsider), book=book)
    outsider.role = "analyst"
    stranger = view(outsider)

    assert not queries.versions(viewer=stranger, book=book).exists()
    assert not queries.plans(viewer=stranger, book=book).exists()
    assert queries.plan(viewer=stranger, book=book) is None
    assert queries.arms(viewer=stranger, book=book) == []
    with pytest.raises(Invalid):
        queries.diff(viewer=stranger, before=strategy, after=strategy)


def test_every_decision_says_why_in_sentences(book, plan):
    for decision in Decision.objects.all():
        said = [str(part) for part in queries.describe(decision)]
        assert len(said) >= 4
        assert all("{" not in text for text in said)


def test_every_reason_for_doing_nothing_is_a_sentence():
    for code in ("holdout", "state_settled", "exit_paid", "exit_other", "budget"):
        assert queries.why_not(code)
        assert "{" not in queries.why_not(code)


def test_arms_are_compared_on_everybody_who_was_drawn(book, plan, today, at, analyst):
    loan = Loan.objects.order_by("pk").first()
    Entry.objects.create(
        loan=loan, kind="payment", cause="p1", value_on=today + timedelta(days=2), posted_at=at,
        principal=-50_000, cash=50_000,
    )  # fmt: skip

    results = queries.arms(viewer=view(analyst), book=book)

    assert [row.arm for row in results] == ["champion", "patient", "holdout"]
    assert sum(row.cases for row in results) == 30
    assert sum(row.recovered for row in results) == 50_000
    assert sum(row.share for row in results) == pytest.approx(1)
    assert not results[0].against
    assert results[1].against["recovery"].low_always <= results[1].against["recovery"].low
    assert results[0].sequence is None
    assert "each needs" in results[1].sequence.doubt


def test_a_book_without_a_strategy_has_no_results(creditor, book, system, at, today, analyst):
    assert queries.arms(viewer=view(analyst), book=Book.objects.get()) == []
