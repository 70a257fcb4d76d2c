"""
What a text says: whether it states that a debt exists, and whether it holds what it must.

The words are data (`content/<jurisdiction>.yaml`). Used on a template when it is approved, and
on the filled text again when it is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import yaml

from recoup.kernel.errors import Invalid
from recoup.kernel.text import tidy
from recoup.rulebook.sources import HERE


@dataclass(frozen=True)
class Words:
    """The compiled lists of one jurisdiction."""

    debt: tuple[re.Pattern[str], ...]
    debt_slots: frozenset[str]
    opt_out: tuple[re.Pattern[str], ...]
    complaint: tuple[re.Pattern[str], ...]
    letter: dict[str, tuple[re.Pattern[str], ...]]


@lru_cache(maxsize=16)
def words(jurisdiction: str) -> Words:
    """
    The lists of a jurisdiction. :raises Invalid: if there are none, or they have no source
    """
    path = HERE / "content" / f"{jurisdiction.lower()}.yaml"
    if not path.is_file():
        raise Invalid(f"There are no word lists for {jurisdiction}.")
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not raw.get("instrument") or not raw.get("confidence"):
        raise Invalid(f"{path.name} names no source, so it does not load.")
    return Words(
        debt=_compiled(raw["debt"]),
        debt_slots=frozenset(raw["debt_slots"]),
        opt_out=_compiled(raw["opt_out"]),
        complaint=_compiled(raw["complaint"]),
        letter={name: _compiled(patterns) for name, patterns in raw["letter"].items()},
    )


def _compiled(patterns: list[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


def debt_facts(text: str, *, jurisdiction: str, names: tuple[str, ...] = ()) -> list[str]:
    """
    The words in a text that say a debt exists; slots of debt facts count too.

    `names` (of the institution) are left out, since a lender may be called 某某小额贷款公司 and
    must say so. Full-width forms and blanks between letters do not hide a word.

    >>> debt_facts("【归诚】您有一项服务待确认,回复TD退订", jurisdiction="CN")
    []
    >>> debt_facts("您已逾　期,应付１２３元", jurisdiction="CN")
    ['123元', '逾期']
    """
    lists = words(jurisdiction)
    plain = text
    for name in sorted((name for name in names if name), key=len, reverse=True):
        plain = plain.replace(name, " ")
    slots = [f"{{{slot}}}" for slot in sorted(lists.debt_slots) if f"{{{slot}}}" in plain]
    spaced = tidy(re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", plain))
    found: dict[str, None] = dict.fromkeys(slots)
    for form in (spaced, re.sub(r"(?<=[^\x00-\x7f])[\s·.\-_*]+(?=[^\x00-\x7f])", "", spaced)):
        for pattern in lists.debt:
            found.update(dict.fromkeys(match.group(0) for match in pattern.finditer(form)))
    return list(found)


def says_opt_out(text: str, *, jurisdiction: str) -> bool:
    """Whether the text says how to refuse further messages."""
    return _any(words(jurisdiction).opt_out, text)


def says_complaint_channel(text: str, *, jurisdiction: str) -> bool:
    """Whether the text says where to complain, with a number to ring."""
    return _any(words(jurisdiction).complaint, text)


def missing_from_letter(text: str, *, jurisdiction: str) -> list[str]:
    """Which of the matters that a card letter must state are not in the template."""
    lists = words(jurisdiction).letter
    return [name for name, patterns in lists.items() if not _any(patterns, text)]


def _any(patterns: tuple[re.Pattern[str], ...], text: str) -> bool:
    plain = tidy(text)
    return any(pattern.search(plain) for pattern in patterns)
