"""What a borrower can afford a month (可负担), from income and expense given with consent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from recoup.kernel.errors import Invalid


@dataclass(frozen=True)
class Means:
    """Income and expense a month in minor units, and where consent to use them is recorded."""

    income: int
    expense: int
    consent: str


def affordable(*, means: Means | None, buffer: Decimal) -> int | None:
    """
    Minor units a month that remain after expense and a buffer, which is a share of income.

    `None` without means or without consent: then nothing is known, which is not the same as nothing.

    >>> affordable(means=Means(500_000, 350_000, "c-1"), buffer=Decimal("0.1"))
    100000
    >>> affordable(means=Means(500_000, 350_000, ""), buffer=Decimal("0.1")) is None
    True

    :raises Invalid: if a sum is negative or the buffer is no share
    """
    if means is None or not means.consent:
        return None
    if means.income < 0 or means.expense < 0:
        raise Invalid("Income and expense are not less than nothing.")
    if not 0 <= buffer < 1:
        raise Invalid(f"The buffer {buffer} is no share.", hint="Give 0.1 for a tenth of income.")
    kept = Decimal(means.income) * (1 - buffer) - means.expense
    return max(0, int(kept.to_integral_value(rounding=ROUND_DOWN)))
