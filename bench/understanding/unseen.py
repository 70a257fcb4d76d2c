"""
The unseen split: turns from a grammar of choices, written apart from the training corpus.
"""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

import yaml

from recoup.dialogue.understanding.corpus.generator import Utterance

PATTERNS = Path(__file__).parent / "unseen.yaml"
INNERMOST = re.compile(r"\[([^\[\]]*)\]")
EACH = 8


@cache
def _patterns() -> dict[str, list[str]]:
    read: dict[str, list[str]] = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
    return read


def said(pattern: str, rng: random.Random) -> str:
    """
    One turn of a pattern.

    >>> said("[a|a]b", random.Random(1))
    'ab'
    """
    while INNERMOST.search(pattern):
        pattern = INNERMOST.sub(lambda found: rng.choice(found[1].split("|")), pattern, count=1)
    return " ".join(pattern.split())


def split(*, seed: int = 9, each: int = EACH) -> list[Utterance]:
    """At most `each` different turns of every pattern."""
    rng = random.Random(seed)
    turns: list[Utterance] = []
    for place, (names, patterns) in enumerate(_patterns().items()):
        intents = tuple(name.strip() for name in names.split(","))
        for pattern in patterns:
            texts = dict.fromkeys(said(pattern, rng) for _ in range(each * 4))
            turns += [Utterance(text, intents, place) for text in list(texts)[:each]]
    return turns
