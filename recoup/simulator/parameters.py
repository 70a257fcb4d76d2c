"""
Every number the simulator runs on, read from `parameters.yaml` with its source.

>>> 0 < load()["effect.moral"] < 1
True
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from recoup.kernel.errors import Invalid, Problem

GRADES = ("measured", "published experiment", "industry report", "ASSUMPTION")
FILE = Path(__file__).with_name("parameters.yaml")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number: its value, the range in which it is believable, its source and its grade."""

    name: str
    value: float
    low: float
    high: float
    source: str
    grade: str
    note: str


class Parameters:
    """The numbers by name. Compares and hashes by value, so that tables can be kept for it."""

    def __init__(self, rows: Mapping[str, Parameter]) -> None:
        self.rows = dict(rows)
        self._key = tuple(sorted((name, row.value) for name, row in self.rows.items()))

    def __getitem__(self, name: str) -> float:
        return self.rows[name].value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Parameters) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def replace(self, **values: float) -> Parameters:
        """
        The same with other values; `__` stands for the dot: `effect__moral=0.5`.

        :raises Invalid: for a value outside its range
        """
        rows = dict(self.rows)
        for key, value in values.items():
            name = key.replace("__", ".")
            old = rows[name]
            rows[name] = Parameter(
                name, value, old.low, old.high, old.source, old.grade, old.note
            )  # fmt: skip
        return Parameters(_checked(rows))


def _checked(rows: dict[str, Parameter]) -> dict[str, Parameter]:
    problems = [
        Problem(row.name, f"{row.value} is outside {row.low} to {row.high}.")
        for row in rows.values()
        if not row.low <= row.value <= row.high
    ]
    problems += [
        Problem(row.name, f"The grade {row.grade!r} is not known.")
        for row in rows.values()
        if row.grade not in GRADES
    ]
    problems += [Problem(row.name, "No source.") for row in rows.values() if not row.source]
    if problems:
        raise Invalid("The simulator's parameters are wrong.", problems=problems)
    return rows


def read(path: Path) -> Parameters:
    """
    The parameters of a file.

    :raises Invalid: if a value is outside its range, or has no source or no known grade
    """
    rows: dict[str, Parameter] = {}
    raw: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, row in raw.items():
        low, high = row["range"]
        rows[name] = Parameter(
            name, float(row["value"]), float(low), float(high), str(row["source"] or ""),
            str(row["grade"]), str(row["note"] or ""),
        )  # fmt: skip
    return Parameters(_checked(rows))


@lru_cache(maxsize=1)
def load() -> Parameters:
    """The parameters that Recoup ships."""
    return read(FILE)
