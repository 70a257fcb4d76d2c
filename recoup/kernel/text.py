"""
Text as people type it, made comparable: full-width forms, phone numbers, canonical JSON.
"""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def tidy(text: str) -> str:
    """
    Full-width letters and digits to half-width, outer and repeated spaces away.

    >>> tidy("　１３８ 王明 ")
    '138 王明'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def phone_number(text: str, country: str = "86") -> str | None:
    """
    A phone number in E.164, or `None` if it cannot be one.

    >>> phone_number("138-1234 1234"), phone_number("0571 8888 6666"), phone_number("12")
    ('+8613812341234', '+8657188886666', None)
    """
    raw = tidy(text)
    digits = re.sub(r"\D", "", raw)
    if raw.startswith("+") or raw.startswith("00"):
        digits = digits.removeprefix("00")
        return f"+{digits}" if 8 <= len(digits) <= 15 else None
    if country == "86":
        if re.fullmatch(r"(86)?1[3-9]\d{9}", digits):
            return f"+86{digits[-11:]}"
        if re.fullmatch(r"0\d{9,11}", digits):
            return f"+86{digits[1:]}"
        return None
    digits = digits.lstrip("0")
    return f"+{country}{digits}" if 7 <= len(digits) <= 12 else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if hasattr(value, "minor") and hasattr(value, "currency"):
        return {"minor": value.minor, "currency": value.currency}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def canonical_json(value: Any) -> str:
    """
    The one way to write a value as JSON, so that its hash is the same everywhere.

    >>> canonical_json({"b": 1, "a": "催收"})
    '{"a":"催收","b":1}'
    """
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain,
        allow_nan=False,
    )  # fmt: skip
