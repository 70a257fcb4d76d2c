"""Tables written piece by piece, as CSV or Parquet, so that memory stays bounded."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq


class Files:
    """A folder with a growing file for each table."""

    def __init__(self, folder: Path, form: str) -> None:
        self.folder, self.form = folder, form
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._begun: set[str] = set()

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Append rows to a table."""
        if self.form == "csv":
            path = self.folder / f"{table}.csv"
            with path.open("ab") as file:
                frame.write_csv(
                    file, include_header=table not in self._begun,
                    datetime_format="%Y-%m-%dT%H:%M:%S%:z",
                )  # fmt: skip
            self._begun.add(table)
            return
        arrow = frame.to_arrow()
        if table not in self._writers:
            path = self.folder / f"{table}.parquet"
            self._writers[table] = pq.ParquetWriter(path, arrow.schema, compression="zstd")
        self._writers[table].write_table(arrow)

    def close(self) -> None:
        """Finish the files."""
        for writer in self._writers.values():
            writer.close()
