"""The cases that a lawyer can review, run on the rules as they stand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recoup.rulebook import casebook, engine, layers

PACKS = [name for name in layers.names() if name != "base"]
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{pack}: {case.name}")
     for pack in PACKS for case in casebook.cases(pack)],
)  # fmt: skip
def test_case(case: casebook.Case) -> None:
    assert not case.wrong(), case.where


@pytest.mark.parametrize("pack", PACKS)
def test_nothing_stands_in_the_way_of_the_base(pack: str) -> None:
    layer = layers.layer(pack)
    while layer.layer != "country":
        layer = layers.layer(str(layer.over))
    zone = str(layer.time_zone)
    at = casebook.clock(casebook.USUAL, zone)
    book = engine.load(str(layer.jurisdiction), at, drafts=layer.is_draft)

    for name, facts in casebook.base_of(pack).items():
        assert book.judge(facts, at).fired == (), name


@pytest.mark.parametrize("pack", layers.names())
def test_every_rule_fires_and_rests_in_some_case_and_every_number_has_its_boundary(
    pack: str,
) -> None:
    assert casebook.coverage(pack).gaps == []


@pytest.mark.parametrize("pack", PACKS)
def test_every_case_name_is_a_sentence(pack: str) -> None:
    assert all(case.name[0].isupper() and " " in case.name for case in casebook.cases(pack))
