"""What a file is, by its first bytes: a picture or a document is no table, whatever its name says."""

from __future__ import annotations

from recoup.kernel.errors import Invalid

START = 8
# First bytes of files that hold no table. A zip is told apart by who opens it.
NO_TABLES = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x1f\x8b", "packed by gzip"),
    (b"7z\xbc\xaf\x27\x1c", "packed by 7-Zip"),
    (b"Rar!", "packed by RAR"),
    (b"BZh", "packed by bzip2"),
    (b"\xfd7zXZ", "packed by xz"),
    (b"SQLite f", "a database (SQLite)"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
)
PACKED = (
    (b"PK", "a workbook or a zip"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
)


def demand_table(name: str, start: bytes) -> None:
    """
    Go on only if a file may hold a table. :raises Invalid: naming what it is instead
    """
    _demand(name, start, NO_TABLES, "Send a CSV, XLSX or Parquet file, a folder or a zip of them.")


def demand_csv(name: str, start: bytes) -> None:
    """
    Go on only if a file may be a CSV. :raises Invalid: naming what it is instead
    """
    _demand(name, start, NO_TABLES + PACKED, "Send a CSV file.")


def _demand(name: str, start: bytes, kinds: tuple[tuple[bytes, str], ...], hint: str) -> None:
    for magic, what in kinds:
        if start.startswith(magic):
            raise Invalid(f"{name} is {what}, not a table.", hint=hint)
