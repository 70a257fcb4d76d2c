"""Sentences of the pure packages: English where they stand, and parts for another language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Said(str):
    """
    A sentence that remembers what it was made from, so that a desk can say it in another language.

    >>> one = Said("{rows} rows are missing.", rows=3)
    >>> str(one), one.msgid, one.values
    ('3 rows are missing.', '{rows} rows are missing.', {'rows': 3})
    """

    msgid: str
    values: dict[str, Any]

    def __new__(cls, msgid: str, /, **values: Any) -> Said:
        """The sentence with its values in place."""
        made = super().__new__(cls, msgid.format(**values))
        made.msgid, made.values = msgid, values
        return made


def parts_of(sentence: str) -> dict[str, Any]:
    """For JSON: the msgid and the values; a plain text is its own msgid."""
    if isinstance(sentence, Said):
        return {"msgid": sentence.msgid, "values": sentence.values}
    return {"msgid": str(sentence), "values": {}}


def translated(parts: Mapping[str, Any], gettext: Any) -> str:
    """The sentence of `parts_of` in the language of `gettext`."""
    return str(gettext(parts["msgid"]).format(**parts["values"]))
