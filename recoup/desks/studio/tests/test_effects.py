"""The page of effects: empty, measured, and refused, for those who may see the studio."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import polars as pl
import pytest

from recoup.strategy.effects import keeping
from recoup.strategy.effects.learning import Minimum, learn_effects
from recoup.strategy.effects.tests.nights import nights
from recoup.strategy.models import EffectModel
from recoup.strategy.reading import read, shipped

pytestmark = pytest.mark.django_db
CODES = {"sms": "sms-reminder", "task": "collector-review"}


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    """What is told of effects learnt from nights of which they are known."""
    strategy = read(shipped("default-any"))
    rows = nights(cases=1_000, every=30).with_columns(
        treatment=pl.col("treatment").replace(CODES),
        open=pl.col("open").list.eval(pl.element().replace(CODES)),
    )  # fmt: skip
    told = learn_effects(
        rows=rows, worth=strategy.worth, repay_30=0.2, seed=0, minimum=Minimum(100, 0.2)
    )
    return keeping._plain(keeping.card(strategy, told))


def keep(book: Any, card: dict[str, Any], at: Any) -> EffectModel:
    return EffectModel.objects.create(
        book=book, version=1, state="champion", trained_at=at, card=card,
        trained_from=date(2026, 1, 5), trained_to=date(2026, 4, 1),
    )  # fmt: skip


def charts(page: str) -> dict[str, Any]:
    found = re.findall(r'<script id="(c-\w+)" type="application/json">(.*?)</script>', page, re.S)
    return {name: json.loads(text) for name, text in found}


def test_a_book_that_was_never_measured_says_what_is_needed(
    book: Any, analyst: Any, signed_in: Any
) -> None:
    page = signed_in(analyst).get("/studio/effects/").content.decode()

    assert "尚无实测效应" in page
    assert charts(page) == {}


def test_a_treatment_shows_its_curve_its_tenths_and_its_dose(
    book: Any, analyst: Any, signed_in: Any, card: dict[str, Any], at: Any
) -> None:
    keep(book, card, at)

    page = signed_in(analyst).get("/studio/effects/?treatment=sms-reminder").content.decode()

    told = charts(page)
    assert set(told) == {"c-gain", "c-tenths", "c-dose"}
    assert [line["name"] for line in told["c-gain"]["series"]] == [
        "双重稳健",
        "几率平移",
        "交叉模型（X）",
        "随机",
    ]
    assert all(line["data"][0] == 0 for line in told["c-gain"]["series"])
    assert len(told["c-tenths"]["series"][0]["data"]) == 10
    falling = told["c-dose"]["series"][0]["data"]
    assert falling == sorted(falling, reverse=True)


def test_a_treatment_that_was_refused_says_why_and_draws_nothing(
    book: Any, analyst: Any, signed_in: Any, card: dict[str, Any], at: Any
) -> None:
    keep(book, card, at)

    page = signed_in(analyst).get("/studio/effects/?treatment=collector-review").content.decode()

    assert "100 are needed" in page
    assert "c-gain" not in charts(page)


def test_a_training_that_measured_nothing_is_told_beside_what_is_in_use(
    book: Any, analyst: Any, signed_in: Any, card: dict[str, Any], at: Any
) -> None:
    keep(book, card, at)
    EffectModel.objects.create(
        book=book, version=2, state="not_trainable", trained_at=at, why_not="Explore more."
    )

    page = signed_in(analyst).get("/studio/effects/").content.decode()

    assert "沿用较早的实测效应" in page
    assert "Explore more." in page
    assert "c-gain" in charts(page)


def test_the_page_is_complete_in_english(
    book: Any, analyst: Any, signed_in: Any, card: dict[str, Any], at: Any
) -> None:
    keep(book, card, at)
    client = signed_in(analyst)
    client.cookies["django_language"] = "en"

    page = client.get("/studio/effects/").content.decode()

    assert "Doubly robust" in page
    assert "Gain of sms-reminder, best first" in page


def test_who_may_not_see_the_studio_sees_no_effects(book: Any, li_na: Any, signed_in: Any) -> None:
    assert signed_in(li_na).get("/studio/effects/").status_code == 403
