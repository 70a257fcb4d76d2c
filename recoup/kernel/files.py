"""Files that are whole or not there, however many processes write them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

UNFINISHED = ".unfinished"
# Longer than any night: what is older was left behind by a process that died.
LEFT_BEHIND = 24 * 3600.0


def write_whole(path: Path, write: Callable[[Path], object]) -> Path:
    """
    Have `write` fill a temporary file that nobody else has, then give it its name at once.

    A write that fails leaves nothing; what a killed one left is removed a day later, by the next
    write of the folder.
    """
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=UNFINISHED, dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        write(unfinished)
        _remove_older(path.parent, than=unfinished.stat().st_mtime - LEFT_BEHIND)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def write_by_content(folder: Path, *, stem: str, suffix: str, content: memoryview) -> Path:
    """
    Write a file whose name says what is in it: other content never takes its place.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{stem}-{digest[:16]}{suffix}"
    return write_whole(path, lambda unfinished: unfinished.write_bytes(content))


def name_by_content(folder: Path, *, stem: str, path: Path) -> Path:
    """Give a whole file on the same disk the name that `write_by_content` would give it."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.replace(folder / f"{stem}-{digest[:16]}{path.suffix}")


def _remove_older(folder: Path, *, than: float) -> None:
    for left in folder.glob(f"*{UNFINISHED}"):
        try:
            if left.stat().st_mtime < than:
                left.unlink()
        except FileNotFoundError:
            continue  # another process was as tidy
