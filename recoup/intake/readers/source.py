"""
Opening what was sent: one file, a workbook, a folder or a zip, as a list of parts.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from recoup.intake.readers.base import Blob, Part, guard
from recoup.intake.readers.columnar import ColumnarPart
from recoup.intake.readers.delimited import DelimitedPart
from recoup.intake.readers.kinds import START, demand_table
from recoup.intake.readers.rows import RowsPart
from recoup.intake.readers.sheets import SheetPart, Workbook
from recoup.kernel.errors import Invalid
from recoup.kernel.text import canonical_json

SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".parquet"}
# The first bytes of a zip: of its first file, of an empty one, of one in several pieces.
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class FileBlob:
    """A file on a disk."""

    path: Path

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Read it."""
        with self.path.open("rb") as file:
            yield file


@dataclass(frozen=True)
class MemberBlob:
    """A file in a zip, read in place so that no copy of personal data is written anywhere."""

    archive: Path
    member: str
    name: str
    size: int

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Read it."""
        with zipfile.ZipFile(self.archive) as archive, archive.open(self.member) as file:
            yield cast("BinaryIO", io.BufferedReader(cast("Any", file)))


@dataclass
class Source:
    """
    What was sent: its parts, the digest of its content, and what is to be told about it.

    `corrected` are the rows of a table's quarantine that a correction file speaks of.
    """

    name: str
    digest: str
    parts: list[Part]
    notices: list[dict[str, Any]] = field(default_factory=list)
    corrected: dict[str, list[int]] = field(default_factory=dict)


def digest_of(path: Path) -> str:
    """
    The SHA-256 of a file, or of a folder's files with their names.

    :raises Invalid: if there is nothing to read
    """
    if path.is_dir():
        lines = [f"{blob.name} {_file_digest(blob.path)}" for blob in _folder(path)[0]]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
    if not path.is_file():
        raise Invalid(f"There is no file {path.name}.", hint="Check the path.")
    return _file_digest(path)


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_path(path: Path, *, digest: str = "") -> Source:
    """
    The parts of a file, workbook, folder or zip.

    :raises Invalid: if it is empty, broken, or of a kind that is not read
    """
    source = Source(path.name, digest or digest_of(path), [])
    blobs: Sequence[Blob]
    if path.is_dir():
        blobs, left = _folder(path)
        source.notices += [{"kind": "file_ignored", "count": left}] if left else []
    elif _is_archive(path):
        blobs = _members(path, source)
    else:
        blobs = [FileBlob(path)]
    for blob in blobs:
        source.parts += _parts(blob)
    if not source.parts:
        raise Invalid(
            f"{path.name} holds no table.",
            hint=f"Send files that end in {', '.join(sorted(SUFFIXES))}.",
        )
    return source


def open_rows(tables: Mapping[str, Sequence[Mapping[str, Any]]], *, name: str) -> Source:
    """
    Rows from the API as a source. :raises Invalid: for a value that JSON does not have
    """
    try:
        digest = hashlib.sha256(canonical_json(tables).encode()).hexdigest()
    except (ValueError, TypeError):
        raise Invalid(
            f"{name} holds a value that JSON does not have, such as NaN or half a character.",
            hint="Leave out what is not known; send amounts as whole minor units.",
        ) from None
    return Source(name, digest, [RowsPart(rows, name=key) for key, rows in tables.items()])


def _parts(blob: Blob) -> list[Part]:
    if blob.size == 0:
        raise Invalid(f"{blob.name} is empty.", hint="Send the file again.")
    with blob.open() as file:
        start = file.read(START)
    demand_table(blob.name, start)
    stem = PurePosixPath(blob.name).stem
    if start.startswith(OLD_EXCEL):
        raise Invalid(
            f"{blob.name} is an old Excel file, or is protected by a password.",
            hint="Save it as XLSX without a password.",
        )
    if start.startswith(b"PAR1") or blob.name.lower().endswith(".parquet"):
        return [ColumnarPart(blob, name=stem)]
    if start.startswith(b"PK") or blob.name.lower().endswith(".xlsx"):
        book = Workbook(blob)
        return [
            SheetPart(book, sheet=sheet, name=stem if len(book.sheets) == 1 else sheet)
            for sheet in book.sheets
        ]
    return [DelimitedPart(blob, name=stem)]


def _folder(path: Path) -> tuple[list[FileBlob], int]:
    files = sorted(item for item in path.iterdir() if item.is_file())
    known = [item for item in files if item.suffix.lower() in SUFFIXES]
    return [FileBlob(item) for item in known], len(files) - len(known)


def _is_archive(path: Path) -> bool:
    if path.suffix.lower() == ".zip":
        return True
    with path.open("rb") as file:
        if file.read(4) not in ZIP:
            return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "[Content_Types].xml" not in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _members(path: Path, source: Source) -> list[MemberBlob]:
    found: list[MemberBlob] = []
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            guard(path.name, infos)
            for info in infos:
                name = _name_of(info)
                if PurePosixPath(name).suffix.lower() not in SUFFIXES or name.startswith("."):
                    source.notices.append({"kind": "file_ignored", "count": 1})
                    continue
                found.append(MemberBlob(path, info.filename, name, info.file_size))
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
        if isinstance(error, Invalid):
            raise
        raise _broken_archive(path) from None
    except Exception as error:
        # zlib raises its own error for damaged data, outside the family of BadZipFile.
        if type(error).__module__ in ("zlib", "lzma", "_lzma"):
            raise _broken_archive(path) from None
        raise
    if broken:
        raise _broken_archive(path)
    return sorted(found, key=lambda blob: blob.name)


def _broken_archive(path: Path) -> Invalid:
    return Invalid(
        f"{path.name} is not a whole zip file.",
        hint="It may have been cut off on its way; send it again.",
    )


def _name_of(info: zipfile.ZipInfo) -> str:
    name = info.filename
    if not info.flag_bits & 0x800:
        try:
            # Chinese Windows writes names in GBK and does not say so.
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = info.filename
    return PurePosixPath(name).name
