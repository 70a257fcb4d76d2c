"""
Half-hidden forms of personal data, as they may stand on a screen, in a log or a traceback.

The formats are the house masks beside CN-DATA-014 (least-impact rule): they say enough to
recognise, never enough to reach.
"""

from __future__ import annotations

import re

STAR = "*"
MAX_STARS = 6


def name(text: str) -> str:
    """
    The surname and stars.

    >>> name("王明"), name("欧阳小红"), name("John Smith")
    ('王*', '欧**', 'J**** S****')
    """
    text = text.strip()
    if not text:
        return ""
    if re.search(r"[A-Za-z]", text):
        return " ".join(word[0] + STAR * 4 for word in text.split())
    return text[0] + STAR * min(max(len(text) - 1, 1), 2)


def phone(text: str) -> str:
    """
    The first three and last four digits; only the last two of a short number.

    >>> phone("13812341234"), phone("+86 138-1234-1234"), phone("12345")
    ('138****1234', '138****1234', '****45')
    """
    digits = re.sub(r"\D", "", text)
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) < 9:
        return STAR * 4 + digits[-2:] if len(digits) > 3 else STAR * 4
    return digits[:3] + STAR * 4 + digits[-4:]


def email(text: str) -> str:
    """
    The first letter and the domain's end.

    >>> email("wang.ming@example.com")
    'w****@****.com'
    """
    local, _, domain = text.strip().partition("@")
    end = domain.rpartition(".")[2] if "." in domain else ""
    return f"{local[:1]}{STAR * 4}@{STAR * 4}" + (f".{end}" if end else "")


def identity(text: str) -> str:
    """
    The first and the last character of an identity number.

    >>> identity("110101199003071234")
    '1******4'
    """
    text = text.strip()
    return f"{text[:1]}{STAR * MAX_STARS}{text[-1:]}" if len(text) > 4 else STAR * 4


def card(text: str) -> str:
    """
    The last four digits of a bank card or account.

    >>> card("6222 0200 1234 5678")
    '****5678'
    """
    digits = re.sub(r"\W", "", text)
    return STAR * 4 + (digits[-4:] if len(digits) > 8 else "")


def address(text: str) -> str:
    """
    Down to the district; the rest is hidden.

    >>> address("浙江省杭州市西湖区文三路90号")
    '浙江省杭州市西湖区****'
    >>> address("12 Long Lane, Leeds")
    '****, Leeds'
    """
    text = text.strip()
    found = re.match(r"^.*?[区县旗]", text) or re.match(r"^.*?市", text)
    if found:
        return found.group(0) + STAR * 4
    town = text.rpartition(",")[2].strip() if "," in text else ""
    town = "" if re.search(r"\d", town) else town
    return f"{STAR * 4}, {town}" if town else STAR * 4


# Digits as people type them: full width too, with dots, dashes, brackets and spaces between.
NUMBER = re.compile(r"\d[\dXxＸｘ .\-－–—()（）]{5,}[\dXxＸｘ]")
DAY = re.compile(r"(?:19|20)\d\d[-.]\d{1,2}[-.]\d{1,2}")
MAIL = re.compile(r"[\w.+-]+[@＠][\w-]+(?:[.．][\w-]+)*")
# A street, a village or an estate, and then a number of a house, a building or a room.
STREET = re.compile(
    r"[\u3400-\u9fff]{1,12}(?:路|街|道|巷|弄|胡同|村|镇|乡|小区|花园|苑|里|园)"
    r"[\u3400-\u9fff]{0,12}[\dＡ-ＺA-Za-z-]+(?:号|弄|栋|幢|座|单元|楼|室|层)"
    r"(?:[\u3400-\u9fff]{0,6}[\d-]+(?:号|弄|栋|幢|座|单元|楼|室|层)?)*"
)


def free(text: str) -> str:
    """
    A sentence somebody typed, with what is long enough to reach a person hidden: numbers, e-mail
    addresses, houses.

    >>> free("回拨 13812341234，身份证 110101199003071234")
    '回拨 ****1234，身份证 ****1234'
    >>> free("写到 wang.ming@example.com，住文三路90号3栋501室")
    '写到 w****@****.com，****'
    """
    text = MAIL.sub(lambda found: email(found[0].replace("＠", "@").replace("．", ".")), text)
    text = STREET.sub(STAR * 4, text)
    return NUMBER.sub(
        lambda found: found[0] if DAY.fullmatch(found[0]) else STAR * 4 + found[0][-4:], text
    )


def plain(text: str) -> str:
    """Nothing but stars."""
    return STAR * 4 if text else ""


MASKS = {
    "name": name, "phone": phone, "email": email, "identity": identity,
    "card": card, "address": address,
}  # fmt: skip


def of(kind: str, text: str) -> str:
    """The half-hidden form for a kind of personal data; all stars for an unknown kind."""
    return MASKS.get(kind, plain)(text)
