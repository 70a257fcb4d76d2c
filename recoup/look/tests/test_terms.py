"""Every word that rules know has the trade's word on the screen."""

from __future__ import annotations

from datetime import date

import pytest

from recoup.look import terms
from recoup.rulebook import library, vocabulary
from recoup.rulebook.layers import LAYERS
from recoup.rulebook.rule import CONFIDENCES, EFFECTS, FORCES

WORDS = {
    "channel": vocabulary.CHANNELS, "law_party": vocabulary.PARTIES,
    "law_product": vocabulary.PRODUCTS, "lender": vocabulary.LENDERS,
    "collector_kind": vocabulary.COLLECTORS, "purpose": vocabulary.PURPOSES,
    "stop": vocabulary.STOPS, "opt_out_kind": vocabulary.OPT_OUTS, "agreed": vocabulary.CONSENTS,
    "mark": vocabulary.MARKS, "paper": vocabulary.PAPERS, "found": vocabulary.CLASSES,
    "says": vocabulary.ELEMENTS, "fact": tuple(vocabulary.FACTS), "effect": EFFECTS,
    "force": FORCES, "confidence": CONFIDENCES, "layer": LAYERS, "rule_state": library.STATES,
    "country": library.jurisdictions(),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_every_word_of_the_rules_has_a_word_on_the_screen(kind: str) -> None:
    missing = sorted(set(WORDS[kind]) - set(terms.TERMS[kind]))

    assert missing == [], f"Give these a word in recoup/look/law_words.py ({kind})"


def test_what_rules_ask_to_record_has_a_word() -> None:
    asked = {
        word for country in library.jurisdictions()
        for entry in library.entries(country, date(2026, 11, 23))
        for word in entry.rule.record
    }  # fmt: skip

    assert asked <= set(terms.TERMS["record"])
