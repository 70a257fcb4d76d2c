"""
What the whole book is asked of its measured effects, counted part by part: whether it moved away from
the one they were measured on, and what they come to on average.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from recoup.decision.metrics import SHIFTED, Bins, psi
from recoup.strategy import valuing
from recoup.strategy.effects import logged
from recoup.strategy.effects.measured import FEWEST_TO_COMPARE, Measured
from recoup.strategy.prospects import Prospects
from recoup.strategy.schema import Strategy
from recoup.strategy.waiting import Expected

# One group that holds everything: what is compared by it has never moved.
ALIKE = {"edges": [], "shares": [1.0, 0.0]}
Counts = list[list[int]]


def of_a_part(measured: Measured | None) -> Measured | None:
    """The same effects, believed of a part: whether the book moved is asked of all parts together."""
    if measured is None:
        return None
    return replace(
        measured, card={**measured.card, "reference": dict.fromkeys(logged.COLUMNS, ALIKE)}
    )


def counted(seen: Prospects, *, strategy: Strategy, measured: Measured | None) -> Counts:
    """How many due cases of a part fall in each group of what the effects look at."""
    if measured is None:
        return []
    known = logged.known_of(seen.cases[seen.due], repay_30=strategy.assumptions.repay_30)
    return [
        Bins(tuple(kept["edges"]), tuple(kept["shares"])).count(column).tolist()
        for kept, column in zip(_references(measured.card), known.T, strict=True)
    ]


def has_moved(parts: Iterable[Counts], *, due: int, measured: Measured) -> bool:
    """Whether the parts together are no longer spread as the book was that the effects are of."""
    if due < FEWEST_TO_COMPARE:
        return False
    columns = zip(*(part for part in parts if part), strict=True)
    return any(
        psi(reference=np.asarray(kept["shares"]), current=np.sum(counts, axis=0)) >= SHIFTED
        for kept, counts in zip(_references(measured.card), columns, strict=True)
    )


def rises(seen: Prospects, *, strategy: Strategy) -> dict[str, float]:
    """By measured treatment the sum of what it adds to the chance of the month, over a part's due cases."""
    if not seen.effects.by or not len(seen.due):
        return {}
    single = valuing.single_of(strategy=strategy, cases=seen.cases[seen.due], effects=seen.effects)
    return {
        code: float(single.rise[:, at].sum())
        for at, code in enumerate(strategy.treatments) if code in seen.effects.by
    }  # fmt: skip


def expected(
    parts: Iterable[Mapping[str, float]], *, due: int, prices: Mapping[str, float] | None
) -> Expected:
    """What a strategy that looks ahead expects, from the sums of all parts (`Expected.of`)."""
    sums = Counter[str]()
    for part in parts:
        sums.update(part)
    means = {code: np.array([total / due]) for code, total in sums.items()} if due else {}
    return Expected.of(prices=prices, rises=means)


def _references(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [card["reference"][name] for name in logged.COLUMNS]
