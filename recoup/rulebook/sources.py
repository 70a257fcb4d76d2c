"""Instruments and parameters, read from YAML. What has no instrument does not load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook.facts import CHANNELS
from recoup.rulebook.verdict import Instrument

HERE = Path(__file__).parent
FORCES = frozenset(
    {"LAW", "RULE", "SELF-MUST", "SELF-SHOULD", "STD-SHOULD", "STD-MAY", "GUIDE", "DRAFT", "HOUSE"}
)
CONFIDENCES = frozenset({"T", "TT", "S", "M", "HOUSE"})
STRICTEST = {"smallest": min, "largest": max}


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A number with legal force, as one instrument gives it from one date on."""

    value: Any
    since: date | None
    instrument: Instrument
    force: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number with legal force, in all its values. `strictest` says which of two binds."""

    name: str
    unit: str
    strictest: str
    values: tuple[ParameterValue, ...]

    def on(self, day: date) -> list[ParameterValue]:
        """The values in force on a day: the latest of each instrument."""
        latest: dict[str, ParameterValue] = {}
        for one in sorted(self.values, key=lambda one: one.since or date.min):
            if one.since is None or one.since <= day:
                latest[one.instrument.key] = one
        return list(latest.values())

    def binding(self, day: date) -> Any:
        """The strictest value in force on a day, or `None` if none is."""
        values = [self._number(one.value) for one in self.on(day)]
        if not values:
            return None
        if self.unit.endswith("by channel"):
            return self._by_channel(values)
        return STRICTEST[self.strictest](values)

    def _by_channel(self, tables: list[dict[str, int]]) -> Any:
        # A channel without a number gets zero, the strictest cap there is.
        pick = STRICTEST[self.strictest]
        found = [[table[c] for table in tables if c in table] for c in CHANNELS]
        return np.array([pick(numbers) if numbers else 0 for numbers in found])

    def _number(self, value: Any) -> Any:
        return clock(value) if self.unit == "clock" else value


def clock(text: str) -> int:
    """
    Minutes since midnight of a wall clock.

    >>> clock("22:00"), clock("08:00")
    (1320, 480)
    """
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


def instruments(jurisdiction: str) -> tuple[dict[str, Instrument], str]:
    """The instruments of a jurisdiction, and the time zone its days are counted in."""
    text = _yaml(HERE / "instruments" / f"{jurisdiction.lower()}.yaml", jurisdiction)
    found = {}
    for key, entry in text["instruments"].items():
        found[key] = Instrument(
            key=key, title=entry["title"], issuer=entry["issuer"], date=entry["date"],
            in_force_from=entry["in_force_from"], link=entry["link"], read=entry["read"],
            checked_by=entry["checked_by"],
        )  # fmt: skip
    return found, text["time_zone"]


def parameters(jurisdiction: str, known: dict[str, Instrument]) -> dict[str, Parameter]:
    """
    All parameters of a jurisdiction. :raises Invalid: with every value that has no source
    """
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    for path in sorted((HERE / "parameters" / jurisdiction.lower()).glob("*.yaml")):
        for name, entry in _yaml(path, jurisdiction).items():
            where = f"{path.name} {name}"
            values = [_value(where, one, known, problems) for one in entry["values"]]
            if entry["strictest"] not in STRICTEST:
                problems.append(Problem(where, "does not say which of two values is stricter."))
            found[name] = Parameter(
                name, entry["unit"], entry["strictest"], tuple(one for one in values if one)
            )
    if problems:
        raise Invalid("Some parameters have no source and do not load.", problems=problems)
    return found


def _value(
    where: str, entry: dict[str, Any], known: dict[str, Instrument], problems: list[Problem]
) -> ParameterValue | None:
    instrument = known.get(entry.get("instrument", ""))
    if instrument is None:
        problems.append(Problem(where, "names no instrument we know."))
    if entry.get("force") not in FORCES or entry.get("confidence") not in CONFIDENCES:
        problems.append(Problem(where, "does not say its force and confidence."))
    if "from" not in entry:
        problems.append(Problem(where, "does not say from when it holds (null if not known)."))
    if instrument is None:
        return None
    return ParameterValue(
        entry["value"], entry.get("from"), instrument, entry["force"], entry["confidence"]
    )


def _yaml(path: Path, jurisdiction: str) -> Any:
    if not path.is_file():
        raise Invalid(
            f"There is no rulebook for {jurisdiction}.",
            hint="Books of this jurisdiction cannot contact anybody until there is one.",
        )
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def files(jurisdiction: str) -> list[Path]:
    """Everything that the digest of a rulebook is made of."""
    code = jurisdiction.lower()
    return [
        HERE / "instruments" / f"{code}.yaml",
        *sorted((HERE / "parameters" / code).glob("*.yaml")),
        *sorted((HERE / "content").glob(f"{code}.yaml")),
        *sorted((HERE / "rules" / code).glob("*.py")),
        *(HERE / name for name in ("engine.py", "facts.py", "sources.py", "content.py")),
    ]
