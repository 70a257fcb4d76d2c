from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.strategy import operations
from recoup.strategy.models import Learned, LogCheck, Plan, StrategyVersion
from recoup.strategy.reading import shipped

SignedIn = Callable[[Any], Client]
TEXT = shipped() + "learning: {arm: patient, draws: 60}\n"


@pytest.fixture
def version(book: Any, system: Any, at: Any) -> Any:
    """A strategy of which one arm learns, in force."""
    row = operations.add(book=book, source=TEXT, by=system, at=at)
    StrategyVersion.objects.filter(pk=row.pk).update(state="active", activated_at=at)
    row.refresh_from_db()
    return row


def tried(version: Any, on: Any, at: Any, *, wrong: bool) -> Plan:
    """A night with something left to chance, and its check."""
    plan = Plan.objects.create(
        book=version.book, strategy=version, on=on, at=at, file="x", digest="0" * 64, rows=100,
        chosen=40, certificate={
            "gap": 0.0, "passes": 3, "explored": {"cases": 2, "of": 100, "price": 1_234.0},
            "sampled": {"cases": 20, "price": 4_321.0, "draws": 60, "error": 0.03, "rounds": 2},
        },
    )  # fmt: skip
    LogCheck.objects.create(plan=plan, at=at, drawn={"champion": [2, 1.6, 80]}, idle={},
                            chance=1e-7 if wrong else 0.8, is_wrong=wrong)  # fmt: skip
    return plan


def test_what_was_tried_and_its_price_stand_beside_what_is_believed(
    version: Any, at: Any, today: Any, analyst: Any, signed_in: SignedIn
) -> None:
    tried(version, today, at, wrong=False)

    page = signed_in(analyst).get("/studio/learning/").content.decode()

    assert "2.00%" in page
    assert "20.0%" in page
    assert "¥55.55" in page
    assert 'data-chart="c-effects"' in page
    assert "sms-reminder" in page
    assert "需满三十天" in page


def test_a_wrong_log_and_a_world_that_moved_are_alarms_in_both_languages(
    version: Any, at: Any, today: Any, analyst: Any, signed_in: SignedIn, settings: Any
) -> None:
    from recoup.strategy import learning

    tried(version, today, at, wrong=True)
    kept = learning._keep(
        version.book, today, at, version_actor(), None,
        learning.with_treatments(learning.nothing().posterior, learning.read(TEXT)),
        learning.Watch(up=1e5, down=0.0, count=40, squares=40.0), 0, today - timedelta(days=30),
        [{"on": str(today - timedelta(days=30)), "rows": 12, "residual": 2.5}], 12,
    )  # fmt: skip
    client = signed_in(analyst)

    chinese = client.get("/studio/learning/").content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get("/studio/learning/").content.decode()

    assert isinstance(kept, Learned)
    assert "与其自身概率不符" in chinese
    assert "回款多于既有认知" in chinese
    assert "More comes in than is believed." in english
    assert 'data-chart="c-residuals"' in english


def version_actor() -> Any:
    from recoup.kernel.actors import Actor

    return Actor.system("test")


def test_before_the_first_night_the_page_says_what_it_will_say(
    book: Any, analyst: Any, signed_in: SignedIn
) -> None:
    assert "尚无尝试" in signed_in(analyst).get("/studio/learning/").content.decode()
