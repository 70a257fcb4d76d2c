"""
The tables beside the accounts, brought into the order of the accounts.

A lender's instalments and payments come in any order, but a batch of accounts needs its own. They
are sorted once by the account's position, out of core, into Parquet files with small row groups,
so that each batch reads only its part. The files hold no personal data and are made again if lost.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings

from recoup.intake import queries as intake
from recoup.intake.models import Placement

ROW_GROUP = 50_000
TABLES = ("instalments", "payments")


def staged_rows(placement: Placement, table: str) -> int:
    """How many rows of a table a placement holds; 0 if it has no such table."""
    path = staged_path(placement, table)
    return int(pq.read_metadata(path).num_rows) if path.is_file() else 0


def staged_path(placement: Placement, table: str) -> Path:
    """Where a staged table stands."""
    return settings.DATA_DIR / placement.staged / f"{table}.parquet"


class Sideways:
    """The instalments and payments of a placement, by the position of their account."""

    def __init__(self, *, placement: Placement, folder: Path) -> None:
        self._placement = placement
        self._folder = folder

    def of(self, table: str, first: int, count: int) -> pl.DataFrame:
        """The rows of `count` accounts from position `first`."""
        path = self._sorted[table]
        if path is None:
            return pl.DataFrame()
        inside = pl.col("position").is_between(first, first + count, closed="left")
        return pl.scan_parquet(path).filter(inside).collect()

    @cached_property
    def _sorted(self) -> dict[str, Path | None]:
        return {table: self._sort(table) for table in TABLES}

    def _sort(self, table: str) -> Path | None:
        if not staged_rows(self._placement, table):
            return None
        path = self._folder / f"{table}.parquet"
        if path.is_file():
            return path
        self._folder.mkdir(parents=True, exist_ok=True)
        positions = (
            intake.staged_frame(placement=self._placement, table="accounts")
            .select("account_ref")
            .with_row_index("position")
        )
        rows = intake.staged_frame(placement=self._placement, table=table)
        part = path.with_suffix(".part")
        rows.join(positions, on="account_ref").sort("position").sink_parquet(
            part, row_group_size=ROW_GROUP
        )
        part.rename(path)  # a killed sort leaves only a part, which is written over
        return path
