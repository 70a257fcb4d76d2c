"""Draws of very many people at once are the draws of each."""

from __future__ import annotations

import numpy as np
import pytest

from recoup.decision.draws import fractions
from recoup.kernel.ids import fraction

NUMBERS = np.r_[
    np.arange(-12, 1_100), 10 ** np.arange(19), 10 ** np.arange(19) - 1, -(2**63), 2**63 - 1
]


@pytest.mark.parametrize(
    "texts", [("holdout", "demo"), ("arm", "归诚-1"), ("arm", "x" * 103), ("arm", "x" * 104), ()],
    ids=["short", "chinese", "longest of one block", "two blocks", "bare"],
)  # fmt: skip
def test_compiled_draws_are_the_draws_of_each(texts: tuple[str, ...]) -> None:
    expected = [fraction(*texts, number) for number in NUMBERS.tolist()]

    assert fractions(*texts, numbers=NUMBERS, least=0).tolist() == expected
    assert fractions(*texts, numbers=NUMBERS).tolist() == expected


def test_nobody_is_drawn_from_nobody() -> None:
    assert fractions("arm", numbers=np.array([], np.int64), least=0).tolist() == []
