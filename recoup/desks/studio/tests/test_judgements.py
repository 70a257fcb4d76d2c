from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.kernel.said import Said, parts_of
from recoup.strategy import operations
from recoup.strategy.models import Judgement
from recoup.strategy.reading import shipped

SignedIn = Callable[[Any], Client]
REASON = Said("The policy never does what the log did.")


@pytest.fixture
def version(book: Any, system: Any, at: Any) -> Any:
    """The version in force, which is the log too."""
    row = operations.add(book=book, source=shipped(), by=system, at=at)
    return operations.activate(version=row, by=system, at=at)


def keep(version: Any, at: Any, today: Any, *, reasons: list[str]) -> Judgement:
    """An answer, or none for these reasons."""
    one = {"normal": [5_000.0, 4_100.0, 5_900.0], "bootstrap": [5_000.0, 4_000.0, 6_000.0],
           "gain": [700.0, 120.0, 1_280.0], "threshold": None}  # fmt: skip
    answers = {
        "doubly": {} if reasons else one,
        "direct": {
            "refused": [parts_of(Said("The estimate has no spread to form an interval from."))]
        },
    }
    return Judgement.objects.create(
        book=version.book, version=version, log=version, arm="champion", at=at, by="user:sun",
        since=today - timedelta(days=90), until=today - timedelta(days=31),
        result={
            "nights": 60, "rows": 41_230, "people": 9_120, "agreed": 0.993, "own": 4_300.0,
            "support": {"effective": 812.0, "largest": 0.004, "mean": 1.002},
            "outside": {"rows": 10, "share": 0.021, "wanted": {"letter-notice": 10}},
            "reasons": [parts_of(why) for why in reasons], "answers": answers,
        },
    )  # fmt: skip


def test_an_answer_is_shown_by_estimator_and_a_silent_one_says_why(
    version: Any, at: Any, today: Any, analyst: Any, signed_in: SignedIn
) -> None:
    keep(version, at, today, reasons=[])

    page = signed_in(analyst).get("/studio/judgements/").content.decode()

    assert "双重稳健" in page
    assert "¥7.00" in page
    assert 'data-chart="c-gain"' in page
    assert "估计值没有离散度" in page


def test_where_the_log_says_nothing_the_page_says_why_in_both_languages(
    version: Any, at: Any, today: Any, analyst: Any, signed_in: SignedIn, settings: Any
) -> None:
    keep(version, at, today, reasons=[REASON])
    client = signed_in(analyst)

    chinese = client.get("/studio/judgements/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get("/studio/judgements/").content.decode()

    assert "该策略从不采取日志中的动作。" in chinese
    assert "The policy never does what the log did." in english
    assert "c-gain" not in english


def test_asking_before_anything_is_known_says_so_and_keeps_nothing(
    version: Any, analyst: Any, signed_in: SignedIn
) -> None:
    page = signed_in(analyst).post(
        "/studio/judgements/ask/", {"version": version.pk, "once": "a1"}, follow=True
    )

    assert "还没有满 30 天" in page.content.decode()
    assert not Judgement.objects.exists()


def test_who_may_not_activate_reads_and_does_not_ask(
    version: Any, creditor: Any, system: Any, at: Any, today: Any, signed_in: SignedIn
) -> None:
    from recoup.people import operations as people

    keep(version, at, today, reasons=[])
    chief = people.add_user(
        username="qian", name="钱总", role="executive", creditors=[creditor], by=system, at=at
    )
    client = signed_in(chief)

    assert "judgements/ask/" not in client.get("/studio/judgements/").content.decode()
    client.post("/studio/judgements/ask/", {"version": version.pk, "once": "a1"})
    assert Judgement.objects.count() == 1


def test_the_answers_of_another_lender_are_not_there(
    version: Any, at: Any, today: Any, outsider: Any, signed_in: SignedIn
) -> None:
    row = keep(version, at, today, reasons=[])
    outsider.role = "analyst"
    outsider.save()

    assert signed_in(outsider).get(f"/studio/judgements/?answer={row.pk}").status_code == 404
