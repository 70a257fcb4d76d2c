"""
The free-hand set is what its guide says, and is the set that was committed before training.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "bench" / "understanding"
FREEHAND = FOLDER / "freehand.jsonl"
DIGEST = "b6b8c5b49e5f3a37990acd75aad3fa308204e1de108cfa1ee8d373f3aaae942d"

PRECEDENCE = (
    "vulnerable",
    "cease_contact",
    "complaint",
    "dispute_debt",
    "proxy_agent",
    "wrong_number",
    "third_party",
    "abusive",
    "request_human",
)
PROTECTED = PRECEDENCE[:4]
COURTESIES = {"affirm", "deny", "greeting", "goodbye"}
INTENTS = {
    *PRECEDENCE,
    *COURTESIES,
    "confirm_identity",
    "promise_to_pay",
    "already_paid",
    "request_installment",
    "partial_payment",
    "request_waiver",
    "hardship",
    "refuse_to_pay",
    "callback_later",
    "ask_amount",
    "ask_how_to_pay",
    "ask_consequence",
    "ask_caller_identity",
    "ask_is_robot",
    "unclear",
}
KEYS = {"text", "intents", "intent", "slots", "at", "channel", "note"}
SLOTS = {"date", "date_end", "amount", "extent", "time", "channel_wish", "relation"}
DAYPARTS = {"morning", "noon", "afternoon", "evening"}
WISHES = {"text", "phone", "wechat"}
RELATIONS = {
    "spouse",
    "ex_spouse",
    "parent",
    "child",
    "sibling",
    "relative",
    "friend",
    "colleague",
    "employer",
    "neighbour",
}
DAY = re.compile(r"\d{4}-\d\d-\d\d")
CLOCK = re.compile(r"\+?([01]\d|2[0-3]):[0-5]\d")

Turn = dict[str, Any]


@pytest.fixture(scope="module")
def turns() -> list[Turn]:
    return [json.loads(line) for line in FREEHAND.read_text(encoding="utf-8").splitlines()]


def trigrams(text: str) -> set[str]:
    plain = re.sub(r"\s", "", text)
    return {plain[i : i + 3] for i in range(len(plain) - 2)} or {plain}


def test_the_set_is_the_one_that_was_committed() -> None:
    digest = hashlib.sha256(FREEHAND.read_bytes()).hexdigest()

    assert digest == DIGEST, "Read “Changing it openly” in bench/understanding/README.md."


def test_every_line_has_the_fields_of_the_guide(turns: list[Turn]) -> None:
    for turn in turns:
        assert KEYS - {"at", "note"} <= set(turn) <= KEYS, turn
        assert turn["text"] == turn["text"].strip() != "", turn
        assert turn["channel"] in {"text", "speech"}, turn
        assert turn.get("note", "plain") != "", turn


def test_every_intent_is_one_of_the_28(turns: list[Turn]) -> None:
    assert len(INTENTS) == 28
    for turn in turns:
        assert set(turn["intents"]) <= INTENTS, turn
        assert len(set(turn["intents"])) == len(turn["intents"]) > 0, turn


def test_the_first_intent_follows_the_precedence(turns: list[Turn]) -> None:
    for turn in turns:
        ranked = [intent for intent in PRECEDENCE if intent in turn["intents"]]

        assert turn["intents"][: len(ranked)] == ranked, turn
        assert turn["intent"] == turn["intents"][0], turn


def test_a_courtesy_is_answered_first_only_when_there_is_nothing_else(turns: list[Turn]) -> None:
    for turn in turns:
        assert turn["intent"] not in COURTESIES or set(turn["intents"]) <= COURTESIES, turn


def test_unclear_stands_alone(turns: list[Turn]) -> None:
    for turn in turns:
        assert "unclear" not in turn["intents"] or turn["intents"] == ["unclear"], turn


def test_there_are_enough_turns_of_each_kind(turns: list[Turn]) -> None:
    first = Counter(turn["intent"] for turn in turns)

    assert len(turns) >= 420
    assert {intent for intent in INTENTS if first[intent] < 12} == set()
    assert {intent for intent in PROTECTED if first[intent] < 30} == set()
    assert sum(len(turn["intents"]) > 1 for turn in turns) >= 80
    assert sum(turn["channel"] == "speech" for turn in turns) >= 50
    assert sum(len(re.findall(r"[A-Za-z']{2,}", turn["text"])) > 1 for turn in turns) >= 40


def test_slots_are_well_formed(turns: list[Turn]) -> None:
    for turn in turns:
        slots = turn["slots"]
        assert set(slots) <= SLOTS, turn
        assert all(DAY.fullmatch(slots[key]) for key in ("date", "date_end") if key in slots), turn
        assert type(slots.get("amount", 1)) is int and slots.get("amount", 1) > 0, turn
        assert slots.get("extent", "full") in {"full", "partial"}, turn
        time = slots.get("time", "noon")
        assert time in DAYPARTS or CLOCK.fullmatch(time), turn
        assert slots.get("channel_wish", "text") in WISHES, turn
        assert slots.get("relation", "friend") in RELATIONS, turn


def test_a_time_belongs_to_a_callback(turns: list[Turn]) -> None:
    for turn in turns:
        assert "time" not in turn["slots"] or "callback_later" in turn["intents"], turn


def test_a_date_is_not_past_unless_something_was_paid(turns: list[Turn]) -> None:
    for turn in turns:
        if "date" not in turn["slots"]:
            assert "date_end" not in turn["slots"], turn
            continue
        at, day = date.fromisoformat(turn["at"]), date.fromisoformat(turn["slots"]["date"])
        end = date.fromisoformat(turn["slots"].get("date_end", turn["slots"]["date"]))

        assert day <= end, turn
        if "already_paid" in turn["intents"]:
            assert day <= at, turn
        else:
            assert day >= at, turn


def test_no_two_turns_are_nearly_the_same(turns: list[Turn]) -> None:
    grams = [trigrams(turn["text"]) for turn in turns]

    near = [
        (turns[i]["text"], turns[j]["text"])
        for i, one in enumerate(grams)
        for j, other in enumerate(grams[:i])
        if len(one & other) > 0.6 * len(one | other)
    ]

    assert near == []


def test_no_turn_holds_anybody_s_number(turns: list[Turn]) -> None:
    for turn in turns:
        assert not re.search(r"\d{7,}|\w@\w", turn["text"]), turn


def test_the_guide_defines_every_intent_and_every_slot() -> None:
    guide = (FOLDER / "README.md").read_text(encoding="utf-8")

    assert {word for word in INTENTS | SLOTS | RELATIONS if f"`{word}`" not in guide} == set()
