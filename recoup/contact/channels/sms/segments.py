"""
How a text is cut into short messages (GSM 03.38, GSM 03.40).

A text of GSM letters only has 160 septets in one message and 153 in each part; any other text has
70 UTF-16 units in one and 67 in each part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The place of a letter is its septet; ESC, at 27, is none.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
    "|": 0x40, "€": 0x65,
}  # fmt: skip
SEPTETS = {letter: place for place, letter in enumerate(BASIC) if letter != "\x1b"}
SIGNED = re.compile(r"^【[^】]{1,40}】")
GSM_ONE, GSM_PART = 160, 153
UCS2_ONE, UCS2_PART = 70, 67


@dataclass(frozen=True, slots=True)
class Cut:
    """A text in parts, and whether they are UCS-2."""

    parts: tuple[str, ...]
    ucs2: bool


def bare(text: str) -> str:
    """
    A text without a signature in front: gateways put the registered one there themselves.

    >>> bare("【归诚】您好"), bare("您好")
    ('您好', '您好')
    """
    return SIGNED.sub("", text, count=1)


def signed(text: str, signature: str) -> str:
    """
    A text with a signature in front, if it has none.

    >>> signed("您好", "归诚"), signed("【恒远】您好", "归诚")
    ('【归诚】您好', '【恒远】您好')
    """
    return text if SIGNED.match(text) else f"【{signature}】{text}"


def is_gsm(text: str) -> bool:
    """Whether a text needs no letter outside the GSM alphabet."""
    return all(letter in SEPTETS or letter in EXTENDED for letter in text)


def _width(letter: str, ucs2: bool) -> int:
    if ucs2:
        return 2 if ord(letter) > 0xFFFF else 1
    return 2 if letter in EXTENDED else 1


def cut(text: str, *, always_ucs2: bool = False) -> Cut:
    """
    The parts of a text; no letter is torn in two. Chinese gateways always count in UCS-2.

    >>> len(cut("尊" * 70).parts), len(cut("尊" * 71).parts), len(cut("a" * 161).parts)
    (1, 2, 2)
    >>> len(cut("a" * 160).parts), len(cut("a" * 160, always_ucs2=True).parts)
    (1, 3)
    """
    ucs2 = always_ucs2 or not is_gsm(text)
    one, part = (UCS2_ONE, UCS2_PART) if ucs2 else (GSM_ONE, GSM_PART)
    if sum(_width(letter, ucs2) for letter in text) <= one:
        return Cut((text,), ucs2)
    parts, room, start = [], part, 0
    for index, letter in enumerate(text):
        width = _width(letter, ucs2)
        if width > room:
            parts.append(text[start:index])
            start, room = index, part
        room -= width
    return Cut((*parts, text[start:]), ucs2)


def octets(part: str, *, ucs2: bool) -> bytes:
    """
    A part as SMPP carries it: big-endian UTF-16, or one septet in each octet.

    >>> octets("A[", ucs2=False).hex(), octets("尊", ucs2=True).hex()
    ('411b3c', '5c0a')
    """
    if ucs2:
        return part.encode("utf-16-be")
    return b"".join(
        bytes((SEPTETS[letter],)) if letter in SEPTETS else bytes((0x1B, EXTENDED[letter]))
        for letter in part
    )
