"""
Text as it arrives, made comparable: one script, one width, no decoration, a bounded length.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

from recoup.dialogue.understanding.sounds import READ_AS

# A turn longer than this is read at both ends: a long grievance says its point first or last.
HEAD, TAIL = 500, 300

# The few pictures that say something by themselves.
EMOJI = {
    "🖕": "竖中指",
    "👌": "好的",
    "👍": "好的",
    "🙏": "拜托",
    "💊": "药",
    "😡": "生气",
    "🤬": "骂人",
    "💩": "狗屎",
    "🐶": "狗",
    "🐕": "狗",
    "👋": "再见",
}
INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\u00ad]")
REPEATED = re.compile(r"(.)\1{3,}")
SPACE = re.compile(r"\s+")
BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff0-9]) (?=[\u4e00-\u9fff])")
GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@cache
def _to_simplified() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def shorten(text: str) -> str:
    """
    At most 800 characters: the beginning and the end.

    >>> len(shorten("字" * 10_000))
    801
    """
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]}，{text[-TAIL:]}"


def normalise(text: str) -> str:
    """
    One form of a turn: half width, lower case, simplified characters, words for the emoji that
    mean something, none for the others, no invisible characters.

    >>> normalise("請問　ＡＰＰ還不上　1,200 元怎麼辦😭😭")
    '请问 app还不上 1200元怎么办'
    """
    text = INVISIBLE.sub("", shorten(text))
    for picture, words in EMOJI.items():
        if picture in text:
            text = text.replace(picture, words)
    text = unicodedata.normalize("NFKC", text).lower()
    text = _to_simplified().convert(text)
    text = "".join(READ_AS.get(one, one) for one in text)
    text = "".join(
        one
        for one in text
        if unicodedata.category(one) not in {"So", "Sk", "Cn", "Co", "Cc"} or one == "\n"
    )
    text = GROUPED.sub("", text)
    text = REPEATED.sub(r"\1\1\1", text)
    return BETWEEN_HAN.sub("", SPACE.sub(" ", text)).strip()


def is_wordless(text: str) -> bool:
    """Whether nothing is left that could be a word: only marks, digits or nothing at all."""
    return not any(unicodedata.category(one)[0] == "L" for one in text)
