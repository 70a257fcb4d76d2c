"""
What the model sees of a turn: pieces of the text and of its sound.

n-grams of characters catch wording, n-grams of toneless syllables catch what a recognizer or a
phonetic keyboard wrote for it. Both are numbers (hashes), so a turn is an array of integers.
"""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from recoup.dialogue.understanding.amounts import HOTLINES
from recoup.dialogue.understanding.lexicon import concepts, concepts_heard
from recoup.dialogue.understanding.sounds import merged, sound

MARKS = re.compile(r"[，,。.！!；;、:：~…\n\"“”'‘’()（）\[\]【】《》<>—-]+")
SUM = re.compile(
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十]+)(?:[百千万kw](?:[零\d一二两三四五六七八九十百千]|(?<=\d)k)*)+(?![a-z])(?:多|来)?(?:元|块钱|块|蚊)?|"
    r"(?:\d+(?:\.\d+)?|[一二两三四五六七八九十]+)(?:多|来)?(?:元|块钱|块|蚊)|\d{3,6}(?!\d)"
)
DIGITS = re.compile(r"\d+")
WORD = re.compile(r"[a-z][a-z']*|[^\sa-z]")
CHARACTERS = (1, 2, 3, 4)
SYLLABLES = (2, 3, 4)
GAP = 3


def masked(text: str) -> str:
    """
    The text with its sums, numbers and marks made alike: how much does not change what is wanted.

    >>> masked("先还两千三,不行就打12378！")
    '先还$|不行就打12378|'
    """
    text = SUM.sub(lambda found: found.group() if found.group() in HOTLINES else "$", text)
    text = DIGITS.sub(lambda found: found.group() if found.group() in HOTLINES else "#", text)
    return MARKS.sub("|", text).replace("？", "?")


def pieces(text: str) -> list[str]:
    """All features of a normalised turn, by name."""
    tokens = ["^", *WORD.findall(masked(text)), "$$"]
    names = []
    for size in CHARACTERS:
        names += ["c" + " ".join(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]
    heard = [merged(sound(one)) if len(one) == 1 else one for one in tokens if one not in "|?"]
    for size in SYLLABLES:
        names += ["s" + " ".join(heard[i : i + size]) for i in range(len(heard) - size + 1)]
    meant = concepts(text)
    names += ["m" + one for one in meant]
    names += ["p" + one for one in sorted(concepts_heard(text).difference(meant))]
    names += [
        f"n{one} {other}" for i, one in enumerate(meant) for other in meant[i + 1 : i + 1 + GAP]
    ]
    if not any(one.isalpha() for one in text):
        names.append("wordless")
    return names


def hashed(names: list[str]) -> NDArray[np.uint32]:
    """The features as sorted distinct numbers."""
    return np.unique(np.fromiter((crc32(one.encode()) for one in names), np.uint32, len(names)))
