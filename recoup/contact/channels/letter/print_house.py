"""
A folder that a print house fetches from.

`<key>.pdf` is written beside its final name and renamed, then one line in `manifest.jsonl` makes
it count; a key that stands there is never added again. The print house appends to
`dispatched.jsonl`: `{"key", "status": "dispatched" | "delivered" | "returned", "proof"}`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from recoup.contact.channels.base import (
    Answer,
    BadAddress,
    Channel,
    Handed,
    Incoming,
    Parcel,
    Report,
    Status,
    Unclear,
    unsealed,
)
from recoup.contact.channels.letter.page import drawn
from recoup.kernel.errors import Failed

MANIFEST, DISPATCHED = "manifest.jsonl", "dispatched.jsonl"
STATUS = {
    "dispatched": Status.ACCEPTED, "delivered": Status.DELIVERED, "returned": Status.UNDELIVERED,
}  # fmt: skip


class PrintHouse(Channel):
    """The folder, and what was already put there."""

    idempotent = True

    def __init__(self, *, carrier: str, folder: Path, price: Decimal) -> None:
        self.carrier, self.price, self._folder = carrier, price, folder

    def hand_over(self, parcel: Parcel) -> Handed:
        """See `Channel`."""
        address = unsealed(parcel.to).strip()
        name = unsealed(parcel.name).strip() if parcel.name else ""
        if not address or not name:
            raise BadAddress("The letter has no addressee or no address.")
        page = drawn(parcel, name=name, address=address)
        with self._manifest() as lines:
            if parcel.key not in {line["key"] for line in lines}:
                self._put(parcel, page.pdf)
        return Handed(parcel.key, page.pages, self.cost(page.pages))

    def ask(self, parcel: Parcel, *, provider_id: str) -> Answer:
        """See `Channel`."""
        with self._manifest() as lines:
            if parcel.key not in {line["key"] for line in lines}:
                return Answer(Status.NEVER_SEEN)
        told = [line for line in _lines(self._folder / DISPATCHED) if line["key"] == parcel.key]
        last = told[-1] if told else {}
        status = STATUS.get(str(last.get("status")), Status.ACCEPTED)
        return Answer(status, parcel.key, str(last.get("proof", "")))

    def collect(self, take: Callable[[Report | Incoming], None]) -> int:
        """Read the proofs of dispatch; the same ones every time, which does no harm."""
        told = list(_lines(self._folder / DISPATCHED))
        for line in told:
            status = STATUS.get(str(line.get("status")))
            if status:
                take(Report(str(line["key"]), status, str(line.get("proof", ""))))
        return len(told)

    @contextmanager
    def _manifest(self) -> Iterator[list[dict[str, Any]]]:
        """The lines of the manifest, locked against others who write."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise Failed(
                f"The print house's folder cannot be written ({error.strerror}).",
                permanent=False, hint="Check RECOUP_LETTER_FOLDER.",
            ) from None  # fmt: skip
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield list(_lines(self._folder / MANIFEST))
        finally:
            os.close(lock)

    def _put(self, parcel: Parcel, pdf: bytes) -> None:
        path = self._folder / f"{parcel.key}.pdf"
        part = path.with_suffix(".part")
        line = {
            "key": parcel.key, "file": path.name, "sha256": hashlib.sha256(pdf).hexdigest(),
            "on": parcel.on.isoformat(), "reference": parcel.reference,
        }  # fmt: skip
        try:
            _write(part, pdf, os.O_TRUNC)
            part.rename(path)
        except OSError as error:
            raise Failed(
                f"The letter could not be written ({error.strerror}).", permanent=False
            ) from None
        try:
            manifest = self._folder / MANIFEST
            torn = manifest.is_file() and manifest.read_bytes()[-1:] not in (b"", b"\n")
            added = json.dumps(line) + "\n"
            _write(manifest, (("\n" if torn else "") + added).encode(), os.O_APPEND)
            _sync_folder(self._folder)
        except OSError:
            raise Unclear("The manifest may or may not name the letter.") from None


def _write(path: Path, content: bytes, how: int) -> None:
    new = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(new, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file; a torn last line, left by a crash, is no line."""
    if not path.is_file():
        return
    for raw in path.read_text("utf-8").splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if isinstance(line, dict) and "key" in line:
            yield line
