"""
What a text says: whether it states that a debt exists, and whether it holds what it must.

The words are data (`content.yaml` of each pack). Used on a template when it is approved, and on
the filled text again when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from recoup.kernel.errors import Invalid
from recoup.kernel.text import tidy
from recoup.rulebook import layers
from recoup.rulebook.vocabulary import CLASSES, ELEMENTS

Pattern: TypeAlias = re.Pattern[str]
# A word of ASCII letters spelled apart, `a r r e s t`; with spaces between words it takes two.
SPELLED = re.compile(r"\b[A-Za-z](?:[\s·.\-_*][A-Za-z]){2,}\b")


@dataclass(frozen=True)
class Lists:
    """
    The compiled lists of one jurisdiction, of all its packs together.

    `classes` are kinds of words that no text may hold, `elements` what a text may have to say;
    an element of several parts (`whole`) is said when each of them is.
    """

    debt: tuple[Pattern, ...]
    debt_slots: frozenset[str]
    classes: dict[str, tuple[Pattern, ...]]
    elements: dict[str, tuple[Pattern, ...]]
    whole: dict[str, dict[str, tuple[Pattern, ...]]]


@lru_cache(maxsize=16)
def lists(jurisdiction: str) -> Lists:
    """
    The lists of a jurisdiction.

    :raises Invalid: if there are none, or one has no source or names what the vocabulary lacks
    """
    found = Lists((), frozenset(), {}, {}, {})
    for layer in layers.stack(jurisdiction, drafts=True):
        path = layer.folder / "content.yaml"
        if path.is_file():
            found = _joined(found, layers.yaml_of(path), f"{layer.name}/{path.name}")
    if not found.debt:
        raise Invalid(f"There are no word lists for {jurisdiction}.")
    return found


def _joined(known: Lists, raw: Mapping[str, Any], where: str) -> Lists:
    if not raw.get("instrument") or not raw.get("confidence"):
        raise Invalid(f"{where} names no source, so it does not load.")
    classes, elements, whole = (raw.get(key) or {} for key in ("classes", "elements", "whole"))
    odd = (set(classes) - set(CLASSES)) | ({*elements, *whole} - set(ELEMENTS))
    if odd:
        raise Invalid(f"{where} names {', '.join(sorted(odd))}, which no rule can read.")
    parts = dict(known.whole)
    for name, each in whole.items():
        parts[name] = {part: _compiled(patterns) for part, patterns in each.items()}
    return Lists(
        debt=known.debt + _compiled(raw.get("debt") or []),
        debt_slots=known.debt_slots | frozenset(raw.get("debt_slots") or []),
        classes=_more(known.classes, classes), elements=_more(known.elements, elements),
        whole=parts,
    )  # fmt: skip


def _more(
    known: dict[str, tuple[Pattern, ...]], raw: Mapping[str, list[str]]
) -> dict[str, tuple[Pattern, ...]]:
    return known | {name: known.get(name, ()) + _compiled(some) for name, some in raw.items()}


def _compiled(patterns: list[str]) -> tuple[Pattern, ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


@dataclass(frozen=True)
class Said:
    """What a text gives away (`debt`), what it may not hold (`found`), and what it says."""

    debt: tuple[str, ...]
    found: frozenset[str]
    says: frozenset[str]


@lru_cache(maxsize=8192)
def read(
    text: str, *, jurisdiction: str, template: str = "", institution: str = "", agency: str = ""
) -> Said:
    """
    What a filled text says, with the template it was filled from where there is one.

    Slots of the template count as what they stand for, so that a part of a letter is there even
    if its words are only names and numbers.
    """
    known = lists(jurisdiction)
    names = tuple(name for name in (institution, agency) if name)
    forms = _forms(text)
    says = {name for name, patterns in known.elements.items() if _any(patterns, forms)}
    both = (*forms, *_forms(template))
    says |= {
        name for name, parts in known.whole.items()
        if all(_any(patterns, both) for patterns in parts.values())
    }  # fmt: skip
    says |= {"institution"} if institution and institution in text else set()
    says |= {"agency"} if agency and agency in text else set()
    debt = debt_facts(text, jurisdiction=jurisdiction, names=names)
    debt += [f"{{{slot}}}" for slot in sorted(known.debt_slots) if f"{{{slot}}}" in template]
    clean = _forms(_without(text, names))
    return Said(
        tuple(debt),
        frozenset(name for name, patterns in known.classes.items() if _any(patterns, clean)),
        frozenset(says),
    )


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
    known = lists(jurisdiction)
    plain = _without(text, names)
    slots = [f"{{{slot}}}" for slot in sorted(known.debt_slots) if f"{{{slot}}}" in plain]
    found: dict[str, None] = dict.fromkeys(slots)
    for form in _forms(plain):
        for pattern in known.debt:
            found.update(dict.fromkeys(match.group(0) for match in pattern.finditer(form)))
    return list(found)


def missing_parts(element: str, text: str, *, jurisdiction: str) -> list[str]:
    """Which parts of an element of several parts a text does not have."""
    parts = lists(jurisdiction).whole.get(element, {})
    forms = _forms(text)
    return [name for name, patterns in parts.items() if not _any(patterns, forms)]


def _without(text: str, names: Iterable[str]) -> str:
    for name in sorted((name for name in names if name), key=len, reverse=True):
        text = text.replace(name, " ")
    return text


def _forms(text: str) -> tuple[str, str]:
    """A text tidied, and again without the blanks and marks that hide words."""
    spaced = tidy(re.sub(r"[\u200b-\u200f\u2060\ufeff\u00ad]", "", text))
    joined = re.sub(r"(?<=[^\x00-\x7f])[\s·.\-_*]+(?=[^\x00-\x7f])", "", spaced)
    return spaced, SPELLED.sub(lambda found: re.sub(r"[\s·.\-_*]+", "", found.group(0)), joined)


def _any(patterns: tuple[Pattern, ...], forms: Iterable[str]) -> bool:
    return any(pattern.search(form) for form in forms for pattern in patterns)
