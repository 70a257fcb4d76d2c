"""
Varies and combines the hand-written utterances: thousands of turns from a seed, the same each time.

Every turn keeps what its utterance wants: words give way to words of the same meaning, something harmless
is said before or after, a recognizer mishears a syllable, a thumb slips, two wishes share a turn.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from recoup.dialogue.understanding.intents import INTENTS
from recoup.dialogue.understanding.sounds import merged, sound

FOLDER = Path(__file__).parent
CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
OF_A_PATTERN = 10
MARKS = "，。！？,.!?；;…、 "


@dataclass(frozen=True)
class Utterance:
    """A text and the intents in it; `origin` is the hand-written line it comes from."""

    text: str
    intents: tuple[str, ...]
    origin: int


def chosen(pattern: str, rng: random.Random) -> str:
    """
    One utterance of a line with choices in brackets.

    >>> chosen("[别|别]打[了|了]", random.Random(1))
    '别打了'
    """
    return CHOICE.sub(lambda found: rng.choice(found[1].split("|")), pattern)


@cache
def seeds() -> tuple[Utterance, ...]:
    """
    The hand-written utterances. A file is named by the first intent; others stand after a bar.

    A line with choices in brackets gives up to `OF_A_PATTERN` utterances of the same origin.
    """
    written: list[Utterance] = []
    rng = random.Random(0)  # noqa: S311
    lines = 0
    for name in INTENTS:
        for line in (FOLDER / "seeds" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("# "):
                continue
            text, _, others = line.partition(" | ")
            intents = (name, *(one.strip() for one in others.split(",") if one.strip()))
            texts = {text.strip(): None}
            if CHOICE.search(text):
                texts = dict.fromkeys(chosen(text.strip(), rng) for _ in range(OF_A_PATTERN))
            written += [Utterance(one.strip(), intents, lines) for one in texts]
            lines += 1
    return tuple(written)


@cache
def variations() -> dict[str, Any]:
    """What utterances are varied with."""
    read: dict[str, Any] = yaml.safe_load((FOLDER / "variations.yaml").read_text(encoding="utf-8"))
    return read


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for words in variations()["synonyms"]:
        for word in map(str, words):
            table.setdefault(word, tuple(one for one in map(str, words) if one != word))
    return table


@cache
def _homophones() -> dict[str, tuple[str, ...]]:
    """Characters of the corpus by sound, as often as they occur in it."""
    by_sound = defaultdict(list)
    for utterance in seeds():
        for one in utterance.text:
            if "\u4e00" <= one <= "\u9fff":
                by_sound[merged(sound(one))].append(one)
    return {key: tuple(same) for key, same in by_sound.items()}


def _reworded(text: str, rng: random.Random, share: float) -> str:
    for word, others in _synonyms().items():
        if word in text and rng.random() < share:
            text = text.replace(word, rng.choice(others), 1)
    return text


def _misheard(text: str, rng: random.Random) -> str:
    letters = list(text)
    places = [i for i, one in enumerate(letters) if "\u4e00" <= one <= "\u9fff"]
    for place in rng.sample(places, min(len(places), 1 + (len(places) > 6) + (len(places) > 14))):
        others = [
            one
            for one in _homophones().get(merged(sound(letters[place])), ())
            if one != letters[place]
        ]
        if others:
            letters[place] = rng.choice(others)
    return "".join(letters)


def _slipped(text: str, rng: random.Random) -> str:
    if len(text) < 5:
        return text
    place = rng.randrange(len(text) - 1)
    kind = rng.random()
    if kind < 0.4:
        return text[:place] + text[place + 1 :]
    if kind < 0.7:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place] + text[place:]


def varied(utterance: Utterance, rng: random.Random) -> Utterance:
    """One variation of an utterance."""
    with_what = variations()
    is_alone = utterance.intents[0] in {"unclear", "affirm", "deny", "greeting", "goodbye"}
    text = _reworded(utterance.text, rng, 0.35)
    if rng.random() < 0.2 and not is_alone:
        text = str(rng.choice(with_what["frames"])).replace("…", text)
    if rng.random() < (0.1 if is_alone else 0.35):
        text = rng.choice(with_what["openers"][0]) + rng.choice(["，", "", "，", " "]) + text
    if rng.random() < (0.1 if is_alone else 0.35):
        text = text + rng.choice(["", "", "，", " "]) + rng.choice(with_what["closers"][0])
    if rng.random() < 0.12 and len(text) > 5:
        place = rng.randrange(1, len(text))
        text = text[:place] + rng.choice(with_what["fillers"]) + text[place:]
    if rng.random() < 0.18:
        text = _misheard(text, rng)
    elif rng.random() < 0.08:
        text = _slipped(text, rng)
    if rng.random() < 0.25:
        text = "".join(one for one in text if one not in MARKS) or text
    return Utterance(text, utterance.intents, utterance.origin)


def _joined(parts: Sequence[Utterance], rng: random.Random) -> Utterance:
    parts = list(parts)
    if rng.random() < 0.3:
        rng.shuffle(parts)
    text = parts[0].text
    for part in parts[1:]:
        text += rng.choice(variations()["joiners"]) + part.text
    intents = dict.fromkeys(name for part in parts for name in part.intents)
    return Utterance(text, tuple(intents), parts[0].origin)


def turns(
    *, written: Sequence[Utterance], seed: int, variants: int = 3, combinations: int = 6000
) -> Iterator[Utterance]:
    """
    The corpus of these utterances: each as it is, `variants` of each, and `combinations` of two or three.

    >>> few = seeds()[:3]
    >>> len(list(turns(written=few, seed=1, variants=2, combinations=0)))
    9
    """
    rng = random.Random(seed)  # noqa: S311
    yield from written
    alike = Counter(utterance.origin for utterance in written)
    for utterance in written:
        # A pattern is varied by its choices already.
        for _ in range(variants if alike[utterance.origin] == 1 else 1):
            yield varied(utterance, rng)
    by_intent = defaultdict(list)
    for utterance in written:
        by_intent[utterance.intents[0]].append(utterance)
    together = [(a, b) for first, second in variations()["together"] for a in first for b in second]
    for _ in range(combinations):
        first, second = rng.choice(together)
        names = [first, second]
        if rng.random() < 0.15:
            names.append(rng.choice(rng.choice(together)))
        if not all(by_intent[name] for name in names):
            continue
        parts = [rng.choice(by_intent[name]) for name in names]
        yield _joined([varied(one, rng) if rng.random() < 0.5 else one for one in parts], rng)
