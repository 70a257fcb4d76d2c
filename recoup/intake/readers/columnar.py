"""Parquet, one row group after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from recoup.intake.readers.base import BATCH, Batch, Blob, header
from recoup.kernel.errors import Invalid


class ColumnarPart:
    """A Parquet file. Its first row is row 1: there is no header row."""

    def __init__(self, blob: Blob, *, name: str) -> None:
        self.name = name
        self._blob = blob
        self.notices: list[dict[str, Any]] = []
        self.rows: int | None = None
        self._columns: list[str] = []

    def check(self) -> None:
        """Read the footer and every page. :raises Invalid: if the file is cut off or changed"""
        try:
            with self._blob.open() as raw, pq.ParquetFile(raw) as file:
                names = [column.name for column in file.schema_arrow]
                self._columns = header(names, where=self._blob.name)
                self.rows = file.metadata.num_rows
                for _ in file.iter_batches(BATCH, use_threads=False):
                    pass
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, Invalid):
                raise
            raise Invalid(
                f"{self._blob.name} is not a whole Parquet file.",
                hint="It may have been cut off on its way; send it again.",
            ) from None

    def columns(self) -> list[str]:
        """The names of the columns."""
        return self._columns

    def batches(self, size: int = BATCH) -> Iterator[Batch]:
        """The rows, typed as the file has them."""
        with self._blob.open() as raw, pq.ParquetFile(raw) as file:
            first = 1
            for part in file.iter_batches(size, use_threads=False):
                frame = pl.DataFrame(pl.from_arrow(part))
                frame.columns = self._columns
                frame = pl.DataFrame([_plain(series) for series in frame])
                end = first + len(frame)
                yield Batch(frame, pl.int_range(first, end, eager=True).alias("row_number"))
                first = end


def _plain(series: pl.Series) -> pl.Series:
    kind = series.dtype
    if isinstance(kind, pl.Struct):
        return series.struct.json_encode()
    if kind.is_numeric() or kind in (pl.String, pl.Boolean, pl.Date) or kind == pl.Datetime:
        return series
    if kind in (pl.Categorical, pl.Enum, pl.Null, pl.Time):
        return series.cast(pl.String)
    # Lists and bytes have no canonical column; they are told as columns without a use.
    return pl.Series(series.name, [None] * len(series), dtype=pl.String)
