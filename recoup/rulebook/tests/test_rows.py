"""The compiled form for one contact: equal to the masks, in every country, on every day's law."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine
from recoup.rulebook.facts import frame_of, local_time
from recoup.rulebook.rows import at_instant, compile_rows, encode
from recoup.rulebook.tests.test_engine import BASE, ROW
from recoup.rulebook.vocabulary import CHANNELS

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
COUNTRIES = ("CN", "US", "GB", "IN", "ID", "PH", "MX", "SG")
WRITTEN = ("sms", "email", "letter", "call")


def told(book: engine.Rulebook, row: dict[str, Any], at: datetime) -> set[str]:
    gate = compile_rows(book, channel=row["channel"])
    fired = gate.fired(at_instant(encode(row), row.get("time_zones") or "", at))
    return set(gate.names(fired))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=8), st.sampled_from(CHANNELS),
       st.integers(1_530_000_000, 1_800_000_000))  # fmt: skip
def test_one_row_and_many_are_judged_alike_by_every_rule(
    rows: list[dict[str, Any]], channel: str, epoch: int
) -> None:
    at = local_time(epoch)
    book = engine.load("CN", at)
    rows = [row | {"channel": channel} for row in rows]

    judged = book.judge_frame(frame_of(rows), at)

    gate = compile_rows(book, channel=channel)
    for place, row in enumerate(rows):
        together = {name for name, mask in judged.fired.items() if mask[place]}
        fired = gate.fired(at_instant(encode(row), row.get("time_zones") or "", at))
        assert set(gate.names(fired)) == together
        assert (fired == 0) == bool(judged.allowed[place])


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(COUNTRIES), st.sampled_from(WRITTEN), st.lists(ROW, min_size=1, max_size=4))
def test_the_laws_of_other_countries_compile_to_the_same_answers(
    country: str, channel: str, rows: list[dict[str, Any]]
) -> None:
    book = engine.load(country, AT)
    rows = [row | {"channel": channel} for row in rows]

    judged = book.judge_frame(frame_of(rows), AT)

    for place, row in enumerate(rows):
        assert told(book, row, AT) == {n for n, mask in judged.fired.items() if mask[place]}


@pytest.mark.parametrize("contact", WRITTEN)
@pytest.mark.parametrize("hour", [0, 2, 13, 14, 15])
def test_an_ordinary_contact_and_the_clock(contact: str, hour: int) -> None:
    at = AT.replace(hour=hour)
    book = engine.load("CN", at)
    row = dict(BASE[contact])

    assert told(book, row, at) == {fired.id for fired in book.judge(row, at).fired}


def test_every_case_of_the_lawyers_is_told_alike() -> None:
    seen = 0
    for case in casebook.cases("china"):
        row = dict(case.facts)
        if row.get("channel") not in CHANNELS:
            continue
        book = engine.load("CN", case.at)
        assert told(book, row, case.at) == {fired.id for fired in book.judge(row, case.at).fired}
        seen += 1
    assert seen > 100


def test_a_rule_that_asks_more_than_can_be_written_down_is_not_compiled() -> None:
    book = engine.load("CN", AT)

    def odd(f: Any, p: Any) -> Any:
        return np.bool_(bool(f.decision_spent))

    rule = SimpleNamespace(
        id="X", function=odd, effect="deny", channels=(), parties=(), needs=(), pack="china",
        switches_off=(),
    )  # fmt: skip
    changed = replace(book, rules=(*book.rules, rule))

    with pytest.raises(Invalid, match="cannot be compiled"):
        compile_rows(changed, channel="sms")


def test_what_is_no_fact_or_of_another_kind_is_missing() -> None:
    row = encode({"balance": True, "stops": ["dispute"], "shoe": 3, "party": "nobody"})

    assert [value for value in row if value is not None] == [1]
