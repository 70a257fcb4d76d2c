"""
Rows that are wrong on purpose, as real files have them, so that quarantine shows.

Each is a copy of a good account under a number of its own that begins with `X`, with one thing
broken. Nothing hangs on it.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

KINDS = ("negative principal", "other currency", "no borrower", "issued tomorrow", "zone", "json")


def spoil(
    accounts: pl.DataFrame, *, share: float, as_of: date, rng: np.random.Generator
) -> pl.DataFrame:  # fmt: skip
    """The accounts with bad rows mixed in at random places."""
    count = int(rng.binomial(len(accounts), share)) if share else 0
    if count == 0:
        return accounts
    kind = pl.lit(pl.Series(rng.integers(0, len(KINDS), count)))
    copies = accounts[rng.integers(0, len(accounts), count).tolist()]

    def broken(name: str, code: int, value: object) -> pl.Expr:
        kept = pl.col(name)
        return pl.when(kind == code).then(pl.lit(value)).otherwise(kept).alias(name)

    copies = copies.with_columns(
        broken("principal", 0, -1), broken("currency", 1, "XTS"), broken("borrower_ref", 2, ""),
        broken("issued_on", 3, as_of + timedelta(days=1)),
        broken("time_zone", 4, "Mars/Olympus"), broken("known", 5, "{credit_score:"),
        ("X" + pl.col("account_ref").str.slice(1) + "-" + pl.lit(pl.Series(range(count)))
         .cast(pl.String)).alias("account_ref"),
    ).select(accounts.columns)  # fmt: skip
    mixed = pl.concat([accounts, copies.cast(dict(accounts.schema))])
    return mixed[rng.permutation(len(mixed)).tolist()]
