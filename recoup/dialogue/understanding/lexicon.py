"""
Words that mean the same to a collector: a lexicon of concepts.

`lexicon.txt` gives a concept a line: its name, then its words. A concept found in a turn is a feature, and
so is each pair of concepts near each other, in order: “别 + 打 + 家人” is one thing in hundreds of
wordings. Words of two characters and more are found by their sound too, as a recognizer gives them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from recoup.dialogue.understanding.sounds import merged, sound

LEXICON = Path(__file__).parent / "lexicon.txt"
HAN = re.compile("[\u4e00-\u9fff]")
# A word of one or two letters stands alone; a longer one may be part of a Chinese sentence.
LATIN = re.compile(r"[a-z0-9' -]+")

Meanings = dict[str, tuple[str, ...]]


def _alternatives(words: list[str]) -> re.Pattern[str]:
    longest = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(
        "|".join(
            rf"(?<![a-z]){re.escape(word)}(?![a-z])" if LATIN.fullmatch(word) else re.escape(word)
            for word in longest
        )
    )


@cache
def _words() -> tuple[re.Pattern[str], Meanings]:
    meanings: dict[str, dict[str, None]] = {}
    for line in LEXICON.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, words = line.partition(":")
            for word in words.split():
                meanings.setdefault(word.replace("_", " "), {})[name.strip()] = None
    return _alternatives(list(meanings)), {word: tuple(names) for word, names in meanings.items()}


def heard(text: str) -> str:
    """
    The sounds of a text, a space after each, so that words can be looked for by sound.

    >>> heard("头数你")
    'tou su li '
    """
    return "".join(f"{merged(sound(one))} " for one in text if HAN.match(one))


@cache
def _sounds() -> tuple[re.Pattern[str], Meanings]:
    meanings: dict[str, dict[str, None]] = {}
    for word, names in _words()[1].items():
        if len(word) >= 2 and all(HAN.match(one) for one in word):
            meanings.setdefault(heard(word), {}).update(dict.fromkeys(names))
    longest = sorted(meanings, key=lambda word: (-len(word), word))
    pattern = re.compile("(?<![a-z])(?:" + "|".join(map(re.escape, longest)) + ")")
    return pattern, {word: tuple(names) for word, names in meanings.items()}


def concepts(text: str) -> list[str]:
    """
    The concepts of a normalised text in the order of their words, the longest word first.

    >>> concepts("别再打给我妈了")
    ['no', 'call', 'me', 'kin']
    """
    pattern, meanings = _words()
    return [name for found in pattern.finditer(text) for name in meanings[found.group()]]


def concepts_heard(text: str) -> set[str]:
    """
    The concepts of a text by sound alone.

    >>> "complain" in concepts_heard("我要头数你们")
    True
    """
    pattern, meanings = _sounds()
    return {name for found in pattern.finditer(heard(text)) for name in meanings[found.group()]}
