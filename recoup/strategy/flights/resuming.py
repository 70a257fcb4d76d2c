"""
Repetitions that were flown already, kept until their flight lands: one that was cut off goes on.

A repetition is named by all that decides it; of another book, strategy, law or simulator none is found.
Each file is whole or not there, holds sums by place of the case and nothing of a person, and is removed
when the flight lands.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from recoup.kernel.files import write_whole
from recoup.kernel.text import canonical_json
from recoup.strategy.flights.flying import Tally

ARRAYS = ("daily", "used", "prices", "paid", "spent", "contacts", "complaints")
COUNTS, WHOLE = ("rules", "why"), ("asked", "refused")


class Kept:
    """The repetitions of a flight in a folder of its own; `inputs` are all that decides them."""

    def __init__(self, folder: Path, inputs: Mapping[str, Any]) -> None:
        self.folder = folder
        self._key = hashlib.sha256(canonical_json(dict(inputs)).encode()).hexdigest()[:24]

    def load(self, number: int, sides: tuple[str, ...]) -> dict[str, Tally] | None:
        """A repetition by side, or `None` if it was not flown, or its file cannot be read."""
        try:
            with np.load(self._path(number), allow_pickle=False) as file:
                told = json.loads(str(file["told"]))
                if tuple(told) != sides:
                    return None
                return {
                    side: Tally(
                        **{name: file[f"{side}.{name}"] for name in ARRAYS},
                        **{name: Counter(told[side][name]) for name in COUNTS},
                        **{name: told[side][name] for name in WHOLE},
                    )
                    for side in sides
                }  # fmt: skip
        except (OSError, ValueError, KeyError, BadZipFile):
            return None

    def save(self, number: int, tallies: Mapping[str, Tally]) -> None:
        """Keep a repetition."""
        told = {
            side: {name: getattr(one, name) for name in (*COUNTS, *WHOLE)}
            for side, one in tallies.items()
        }
        arrays = {
            f"{side}.{name}": getattr(one, name)
            for side, one in tallies.items() for name in ARRAYS
        }  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez_compressed(file, told=np.array(json.dumps(told)), **arrays)

        write_whole(self._path(number), write)

    def clear(self) -> None:
        """Remove every repetition of the flight, of earlier inputs too."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{self._key}-{number:03d}.npz"
