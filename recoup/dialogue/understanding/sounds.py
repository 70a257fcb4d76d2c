"""
How characters sound, without tones: recognizers confuse what sounds alike.

Readings are those of pypinyin's table, the commonest reading of each character. Words are not looked
up (行 is always one sound): training and reading do the same, so a wrong reading is merely a name.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from functools import cache

# Dialect and net spellings written by sound or habit; each is read as the plain character.
READ_AS = {"冇": "没", "嘅": "的", "喺": "在", "佢": "他", "哋": "们", "咗": "了", "唔": "不",
           "妳": "你", "祢": "你", "涯": "我", "俺": "俺", "嚟": "来", "畀": "给", "睇": "看",
           "嘢": "野", "乜": "么", "咩": "么", "噶": "的", "㗎": "的", "冚": "盖"}  # fmt: skip
# What dialects and recognizers merge: zh/z, ch/c, sh/s, n/l, ng/n, hu/f.
MERGED = ((re.compile("^(z|c|s)h"), r"\1"), (re.compile("^n"), "l"), (re.compile("ng$"), "n"),
          (re.compile("^hu(?=[aeio])"), "f"))  # fmt: skip


@cache
def _readings() -> dict[int, str]:
    # Only single characters are read: the table of phrases takes 40 MB and a tenth of a second.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    from pypinyin.pinyin_dict import pinyin_dict

    table: dict[int, str] = pinyin_dict
    return table


@cache
def sound(character: str) -> str:
    """
    The toneless syllable of a Chinese character, or the character itself.

    >>> sound("还"), sound("绿"), sound("a")
    ('hai', 'lv', 'a')
    """
    reading = _readings().get(ord(character))
    if reading is None:
        return character
    first = reading.split(",")[0]
    plain = unicodedata.normalize("NFD", first).replace("u\u0308", "v")
    return "".join(one for one in plain if not unicodedata.combining(one))


@cache
def merged(syllable: str) -> str:
    """
    The syllable as a speaker or recognizer that merges neighbors would give it.

    >>> merged("zhuang"), merged("nong"), merged("huang")
    ('zuan', 'lon', 'fan')
    """
    for pattern, replacement in MERGED:
        syllable = pattern.sub(replacement, syllable)
    return syllable


def sounds(text: str) -> Sequence[str]:
    """The syllable of each character."""
    return [sound(one) for one in text]
