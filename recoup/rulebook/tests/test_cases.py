"""The cases that a lawyer can review, run on the rules as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from recoup.rulebook import engine
from recoup.rulebook.facts import frame_of

CASES = Path(engine.__file__).parent / "cases" / "cn"
SHANGHAI = ZoneInfo("Asia/Shanghai")
BASE = yaml.safe_load((CASES / "base.yaml").read_text(encoding="utf-8"))
INSTANTS = ("window_free_at", "stops_until")


def clock(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        if path.name != "base.yaml":
            for case in yaml.safe_load(path.read_text(encoding="utf-8")):
                yield pytest.param(case, id=f"{path.stem}: {case['name']}")


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    facts: dict[str, Any] = BASE[case["contact"]] | case.get("facts", {})
    return facts | {name: clock(facts[name]) for name in INSTANTS if facts.get(name)}


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: dict[str, Any]) -> None:
    at = clock(case.get("at", "2026-11-23 10:00"))
    rulebook, facts = engine.load("CN", at), facts_of(case)

    verdict = rulebook.judge(facts, at)
    judged = rulebook.judge_frame(frame_of([facts]), at, row=lambda _: facts).verdict(0)

    assert [fired.id for fired in verdict.fired] == case.get("fires", [])
    if "outcome" in case:
        assert verdict.outcome == case["outcome"]
    if "until" in case:
        assert verdict.until == clock(case["until"])
    assert judged == verdict


@pytest.mark.parametrize("contact", ["sms", "email", "letter", "call"])
def test_nothing_stands_in_the_way_of_the_base(contact: str) -> None:
    at = clock("2026-11-23 10:00")

    assert engine.load("CN", at).judge(BASE[contact], at).is_allowed


def test_every_rule_has_a_case_in_which_it_fires() -> None:
    fired = {name for case in cases() for name in case.values[0].get("fires", [])}
    rules = {rule.id for rule in engine.pack("CN").rules if rule.effect != "allow"}

    assert rules - fired == set()


def test_every_case_name_is_a_sentence_and_stands_once() -> None:
    names = [case.values[0]["name"] for case in cases()]

    assert len(set(names)) == len(names)
    assert all(name[0].isupper() and " " in name for name in names)
