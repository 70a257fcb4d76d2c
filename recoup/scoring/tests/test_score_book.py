"""A book is scored each night, by whatever is known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from django.conf import settings

from recoup.journal import queries as journal
from recoup.journal.models import Event
from recoup.kernel.actors import OUTSIDER
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.portfolio.models import Case
from recoup.scoring import operations, queries
from recoup.scoring.models import ScoreModel, ScoreRun
from tests.cast import place

pytestmark = pytest.mark.django_db


@pytest.fixture
def four(book: Any, team: Any) -> list[Case]:
    """Four cases, each worse than the one before."""
    days = (5, 40, 95, 170)
    return [
        place(book=book, team=team, reference=f"C{n}", phone=f"1380000000{n}", days_past_due=late)
        for n, late in enumerate(days)
    ]


def score(book: Any, system: Any, today: date, at: datetime) -> ScoreRun:
    return operations.score_book(book=book, on=today, by=system, at=at)


def test_a_book_without_outcomes_gets_the_starter_score_and_says_so(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    run = score(book, system, today, at)

    frame = queries.scores_frame(book=book, on=today)
    assert run.rows == frame.height == 4
    assert frame["starter"].all()
    assert frame["repay_30_model"].cast(pl.String).to_list() == ["starter v1"] * 4
    assert ScoreModel.objects.filter(family="starter", state="champion").count() == 5


def test_the_starter_score_falls_with_days_past_due(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    score(book, system, today, at)

    chances = queries.scores_frame(book=book, on=today)["repay_30"].to_list()
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in chances)


def test_scoring_the_same_day_twice_changes_nothing(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    first = score(book, system, today, at)
    events = Event.objects.count()

    second = score(book, system, today, at + timedelta(hours=1))

    assert first == second
    assert Event.objects.count() == events


def test_two_nights_without_news_give_the_same_bytes(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    first = score(book, system, today, at)
    raw = (settings.DATA_DIR / first.file).read_bytes()
    ScoreRun.objects.all().delete()

    second = score(book, system, today, at)

    assert (settings.DATA_DIR / second.file).read_bytes() == raw


def test_the_journal_vouches_for_the_file_of_scores(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    run = score(book, system, today, at)
    assert journal.verify().is_whole

    path = settings.DATA_DIR / run.file
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b" ")

    assert not journal.verify().is_whole


def test_a_settled_case_is_not_scored(
    book: Any, four: list[Case], system: Any, today: date, at: datetime
) -> None:
    Case.objects.filter(pk=four[0].pk).update(state="settled")

    assert score(book, system, today, at).rows == 3


def test_an_empty_book_is_scored_to_an_empty_file(
    book: Any, system: Any, today: date, at: datetime
) -> None:
    assert score(book, system, today, at).rows == 0
    assert queries.scores_frame(book=book, on=today).is_empty()


def test_a_day_that_was_not_scored_is_said_so(book: Any, today: date) -> None:
    with pytest.raises(Invalid, match="was not scored"):
        queries.scores_frame(book=book, on=today)


def test_a_leader_sees_the_score_of_a_case_with_reasons_in_chinese(
    book: Any, four: list[Case], leader: Any, system: Any, today: date, at: datetime
) -> None:
    score(book, system, today, at)

    found = queries.score_of(viewer=scopes.viewer_of(leader), case=four[3], on=today)

    assert [one.target for one in found] == [
        "repay_30",
        "roll",
        "lost_contact",
        "ability",
        "willingness",
    ]
    assert found[0].starter
    assert found[0].reasons[0].feature == "days_past_due"
    assert found[0].reasons[0].label == "逾期天数"
    assert not found[0].reasons[0].raises


def test_an_outsider_sees_no_score(
    book: Any, four: list[Case], outsider: Any, system: Any, today: date, at: datetime
) -> None:
    score(book, system, today, at)

    for viewer in (OUTSIDER, scopes.viewer_of(outsider)):
        assert queries.score_of(viewer=viewer, case=four[0], on=today) == []
        with pytest.raises(Refused):
            queries.model_cards(viewer=viewer, book=book)
        with pytest.raises(Refused):
            queries.drift(viewer=viewer, book=book)


def test_an_analyst_of_another_lender_sees_no_model(
    book: Any, four: list[Case], outsider: Any, system: Any, today: date, at: datetime
) -> None:
    score(book, system, today, at)
    outsider.role = "analyst"
    outsider.save()

    assert queries.model_cards(viewer=scopes.viewer_of(outsider), book=book) == []
    assert queries.drift(viewer=scopes.viewer_of(outsider), book=book) == []


def test_a_book_that_changed_overnight_is_reported_as_shifted(
    book: Any, four: list[Case], analyst: Any, system: Any, today: date, at: datetime
) -> None:
    score(book, system, today, at)
    Case.objects.filter(book=book).update(days_past_due=400)

    later = score(book, system, today + timedelta(days=1), at + timedelta(days=1))

    assert later.drift["repay_30"]["features"]["days_past_due"]["status"] == "shifted"
    assert later.drift["repay_30"]["features"]["loans"]["status"] == "stable"
    assert len(queries.drift(viewer=scopes.viewer_of(analyst), book=book)) == 2
