"""
Facts that came with a loan (`Loan.facts["known"]`) as numbers.

Words are numbered by how often the event happened among the training rows that carry them, so
that both families of models can order them. Personal traits that a score must not rest on are
never read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.scoring.declared import KNOWN

Facts = Mapping[str, Any]

# CN-DATA and the anti-discrimination laws of the packs: sex, age, origin, family, belief, health;
# and places, which stand for them.
FORBIDDEN = re.compile(
    r"(^|_)(sex|gender|age|birth|birthday|marriage|marital|education|race|ethnicity|nation|"
    r"nationality|religion|health|disability|pregnan\w*|party|zip|zip_code|postcode|addr\w*|"
    r"region|province|city|name|phone|email)(_|$)",
    re.IGNORECASE,
)
# More words than this are a name or a number in disguise, not a group.
MOST_WORDS = 50
# A word seen less often than this is lumped with the rest; rates shrink by as many average rows.
LEAST_ROWS = 20
# A fact known of fewer rows than this share says who sent the file, not who pays.
LEAST_KNOWN = 0.05


def is_forbidden(name: str) -> bool:
    """
    Whether a fact is a personal trait that no score may rest on.

    >>> is_forbidden("SEX"), is_forbidden("age"), is_forbidden("months_past_due")
    (True, True, False)
    """
    return bool(FORBIDDEN.search(name))


def learn(rows: Sequence[Facts], outcome: NDArray[Any]) -> dict[str, Any]:
    """
    Which facts can be used, and how their words are numbered, from training rows alone.

    Gives for each fact `{"kind": "number"}` or `{"kind": "words", "rates": {...}, "rest": rate}`.
    """
    found: dict[str, Any] = {}
    for name in sorted({name for row in rows for name in row}):
        values = [row.get(name) for row in rows]
        present = [value for value in values if value is not None and value != ""]
        if is_forbidden(name) or len(present) < LEAST_KNOWN * len(rows):
            continue
        numbers = [number(value) for value in present]
        if sum(one is not None for one in numbers) >= 0.95 * len(present):
            found[name] = {"kind": "number"}
        else:
            words = _words(values, outcome)
            if words:
                found[name] = words
    return found


def number(value: Any) -> float | None:
    """
    A fact as a number, if it is one.

    >>> number("12.5"), number(True), number("RENT"), number("nan")
    (12.5, 1.0, None, None)
    """
    try:
        read = float(value)
    except (TypeError, ValueError):
        return None
    return read if np.isfinite(read) else None


def _words(values: Sequence[Any], outcome: NDArray[Any]) -> dict[str, Any] | None:
    counts = Counter(str(value) for value in values if value not in (None, ""))
    if len(counts) > MOST_WORDS:
        return None
    events: dict[str, float] = defaultdict(float)
    for value, happened in zip(values, outcome, strict=True):
        events[str(value)] += float(happened)
    rate = float(np.mean(outcome))
    rates = {
        word: round((events[word] + LEAST_ROWS * rate) / (count + LEAST_ROWS), 6)
        for word, count in sorted(counts.items())
        if count >= LEAST_ROWS
    }
    return {"kind": "words", "rates": rates, "rest": round(rate, 6)} if len(rates) > 1 else None


def matrix(rows: Sequence[Facts], levels: Mapping[str, Any]) -> NDArray[np.float32]:
    """The facts named by `levels`, in its order, as numbers. Shape (n, facts); NaN is missing."""
    columns = []
    for name, how in levels.items():
        values = [row.get(name) for row in rows]
        if how["kind"] == "number":
            read = [number(value) for value in values]
        else:
            read = [
                None if value in (None, "") else how["rates"].get(str(value), how["rest"])
                for value in values
            ]
        columns.append(np.array([np.nan if one is None else one for one in read], np.float32))
    if not columns:
        return np.empty((len(rows), 0), np.float32)
    return np.column_stack(columns)


def names(levels: Mapping[str, Any]) -> tuple[str, ...]:
    """The column names of the facts."""
    return tuple(KNOWN + name for name in levels)
