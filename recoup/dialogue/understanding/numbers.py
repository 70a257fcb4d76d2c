"""
Numbers as people say them: 两千三 is 2,300, 两千零三 is 2,003, 1万2 is 12,000, 1.5k is 1,500.

After a unit a bare last digit counts the next smaller unit (两千三 = 两千三百), unless 零 stands
between; that is how sums are spoken, and where parsers made for written text read 2,003.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    **dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True)),
    "〇": 0, "两": 2, "俩": 2, "仨": 3, "幺": 1,
}  # fmt: skip
UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000, "万": 10_000,
         "k": 1000, "w": 10_000, "亿": 100_000_000}  # fmt: skip
HAN_DIGIT = "[" + "".join(DIGITS) + "]"
# 廿 is twenty and 卅 thirty, in front of a digit or alone.
SPOKEN = re.compile(
    r"(?:\d+(?:\.\d+)?|[零一二三四五六七八九壹贰叁肆伍陆柒捌玖〇两俩仨幺十拾百佰千仟万亿廿卅半])"
    r"(?:\d+(?:\.\d+)?|[零一二三四五六七八九壹贰叁肆伍陆柒捌玖〇两俩仨幺十拾百佰千仟万亿廿卅]|"
    r"[kw](?![a-z]))*"
)
ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12,
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "grand": 1000, "a": 1, "half": 0,
}  # fmt: skip
ENGLISH_RUN = re.compile(
    r"\b(?:(?:" + "|".join(ENGLISH) + r")(?:[ -]and)?[ -]?)*(?:hundred|thousand|grand)\b"
    r"(?:[ -](?:and[ -])?(?:" + "|".join(w for w in ENGLISH if w not in {"a", "half"}) + r")\b)*"
    r"|\b\d+(?:\.\d+)? (?:hundred|thousand|grand)\b"
)
PIECE = re.compile(r"\d+(?:\.\d+)?|.")


@dataclass(frozen=True)
class Number:
    """A number in a text: where, what, and whether a unit of magnitude (百千万) was said."""

    start: int
    end: int
    value: Decimal
    has_unit: bool


def value_of(said: str) -> Decimal | None:
    """
    The value of one spoken number, or `None` if it is none.

    >>> [int(value_of(one)) for one in ("两千三", "一万二", "三百五", "两千零三", "一千零五十", "十五")]
    [2300, 12000, 350, 2003, 1050, 15]
    >>> [int(value_of(one)) for one in ("1.5万", "2k", "1万2", "两千五百零三", "二十", "廿五", "1k5")]
    [15000, 2000, 12000, 2503, 20, 25, 1500]
    >>> int(value_of("二零二六")), value_of("三四千")
    (2026, None)
    """
    said = said.replace("廿", "二十").replace("卅", "三十")
    pieces = PIECE.findall(said)
    if all(one in DIGITS for one in pieces):  # read digit by digit: 二零二六
        return Decimal("".join(str(DIGITS[one]) for one in pieces))
    return _with_units(pieces)


def _with_units(pieces: list[str]) -> Decimal | None:
    total = section = Decimal(0)
    digit: Decimal | None = None
    unit, zero = 0, False  # the last unit said, and whether 零 came after it
    for one in pieces:
        if one in UNITS and (unit == 0 or digit is not None or section or UNITS[one] >= 10_000):
            size = UNITS[one]
            if size >= 10_000:
                total = (total + section + (digit or 0) or Decimal(1)) * size
                section = Decimal(0)
            else:
                section += (Decimal(1) if digit is None else digit) * size
            digit, unit, zero = None, size, False
        elif one in DIGITS and DIGITS[one] == 0:
            zero = True
        elif one in DIGITS or one[0].isdigit():
            if digit is not None:
                return None
            digit = Decimal(DIGITS[one]) if one in DIGITS else Decimal(one)
        else:
            return None
    if digit is not None:
        elided = unit >= 100 and not zero and digit < 10
        section += digit * (unit // 10 if elided else 1)
    return total + section


def _english(said: str) -> Decimal:
    total = Decimal(0)
    current = Decimal(0)
    for word in re.split(r"[ -]+", said.strip()):
        if word in {"and", ""}:
            continue
        number = Decimal(word) if word[0].isdigit() else Decimal(ENGLISH[word])
        if number in {100, 1000}:
            current = (current or Decimal(1)) * number
            if number == 1000:
                total, current = total + current, Decimal(0)
        else:
            current += number
    return total + current


def numbers(text: str) -> Iterator[Number]:
    """
    All numbers of a normalised text, from left to right.

    >>> [(text[n.start:n.end], int(n.value)) for text in ["先还两千三，剩下500"] for n in numbers(text)]
    [('两千三', 2300), ('500', 500)]
    """
    for found in SPOKEN.finditer(text):
        said = found.group()
        if "半" in said:
            continue
        value = value_of(said)
        if value is not None:
            has_unit = any(one in UNITS for one in said)
            yield Number(found.start(), found.end(), value, has_unit)
    for found in ENGLISH_RUN.finditer(text):
        yield Number(found.start(), found.end(), _english(found.group()), True)
