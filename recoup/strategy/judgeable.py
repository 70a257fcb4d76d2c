"""
What a plan's file keeps beside the choice, so that another strategy can be judged by it later.

Who the person is, what conditions ask of a case, by which media it could be reached, and for every
treatment whether the step offered it and whether it was lawful and in time: as bits in the order of
the strategy's treatments, like `open`, which says what had a chance.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.strategy.expressions import NAMES
from recoup.strategy.schema import MEDIA

Flags = NDArray[np.bool_]
# What conditions and limits ask of a case; `arm` is drawn anew, the rest is as that night knew it.
FACTS = (*(name for name in NAMES if name != "arm"), "contacts_limit", "pending")
# Of which the chance of a complaint is measured; nights of before have none of it.
PRESSED = ("contacted_ago", "objected_before")
REACHED = tuple(sorted(set(MEDIA.values()) - {""}))
BITS = ("offered", "lawful", "open")


def columns(
    *, cases: pl.DataFrame, points: pl.DataFrame, offered: Flags, lawful: Flags,
    due: NDArray[np.int64],
) -> list[pl.Series]:  # fmt: skip
    """The columns for all `cases`; `offered` (cases, A) and `lawful` (due, A) by treatment."""
    some = [name for name in ("person", *FACTS, *PRESSED) if name in cases.columns]
    media = [
        cases["case"].is_in(points.filter(pl.col("medium") == medium)["case"].implode())
        .alias(f"by_{medium}")
        for medium in REACHED
    ]  # fmt: skip
    free = np.zeros(cases.height, dtype=np.int64)
    free[due] = bits(lawful)
    return [
        *(cases[name] for name in some), *media,
        pl.Series("offered", bits(offered)), pl.Series("lawful", free),
    ]  # fmt: skip


def bits(flags: Flags) -> NDArray[np.int64]:
    """Flags (n, A) as numbers (n,)."""
    return flags.astype(np.int64) @ (np.int64(1) << np.arange(flags.shape[1], dtype=np.int64))


def flags_of(column: pl.Series, treatments: int) -> Flags:
    """The flags (n, A) of a column of bits."""
    numbers = column.cast(pl.Int64).to_numpy()
    return (numbers[:, None] >> np.arange(treatments, dtype=np.int64)) & 1 == 1
