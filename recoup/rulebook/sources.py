"""Parameters and counters of packs, read from YAML. What has no instrument does not load."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from recoup.kernel.errors import Invalid, Problem
from recoup.rulebook.layers import Layer, yaml_of
from recoup.rulebook.rule import CONFIDENCES, FORCES
from recoup.rulebook.verdict import Instrument
from recoup.rulebook.vocabulary import CHANNELS, DAYS, FACTS

STRICTEST = {"smallest": min, "largest": max}
SUBJECTS = ("person", "number", "case", "debt")


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """
    A number with legal force, as one instrument gives it from one date on.

    `since` is `None` where nobody knows the date: then it holds from the pack's own.
    """

    value: Any
    since: date | None
    instrument: Instrument
    force: str
    confidence: str
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number with legal force, in all its values. `strictest` says which of two binds."""

    name: str
    unit: str
    strictest: str
    values: tuple[ParameterValue, ...]

    def on(self, day: date) -> list[ParameterValue]:
        """
        The values in force on a day: the latest of each instrument and layer.

        A tenant's number stands in place of the house's; law it only joins.
        """
        latest: dict[tuple[str, str], ParameterValue] = {}
        for one in sorted(self.values, key=lambda one: one.since or date.min):
            if one.since is None or one.since <= day:
                latest[one.instrument.key, one.layer] = one
        found = list(latest.values())
        if any(one.layer == "tenant" for one in found):
            found = [one for one in found if one.force != "HOUSE" or one.layer == "tenant"]
        return found

    def binding(self, day: date) -> Any:
        """The strictest value in force on a day, or `None` if none is."""
        values = [self.number(one.value) for one in self.on(day)]
        if not values:
            return None
        if self.unit.endswith("by channel"):
            return self._by_channel(values)
        if isinstance(values[0], tuple):
            return np.array(sorted({entry for value in values for entry in value}))
        return STRICTEST[self.strictest](values)

    def _by_channel(self, tables: list[dict[str, int]]) -> Any:
        # A channel without a number gets zero, the strictest cap there is.
        pick = STRICTEST[self.strictest]
        found = [[table[c] for table in tables if c in table] for c in CHANNELS]
        return np.array([pick(numbers) if numbers else 0 for numbers in found])

    def number(self, value: Any) -> Any:
        """A value as rules compute with it: a clock in minutes, days in days since 1970."""
        if self.unit == "clock":
            return clock(value)
        if self.unit == "days of the calendar":
            return tuple((day - date(1970, 1, 1)).days for day in value)
        return value


def clock(text: str) -> int:
    """
    Minutes since midnight of a wall clock.

    >>> clock("22:00"), clock("08:00")
    (1320, 480)
    """
    hours, _, rest = text.partition(":")
    return int(hours) * 60 + int(rest)


CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
MOST = 10**9  # no amount or count of the law is larger
# A window has a row for each contact it holds, and ends on a day that must exist.
MOST_BY_CHANNEL, LONGEST = 1000, 36_500


def unfit(one: Parameter, value: Any) -> str:
    """
    What is wrong with a value for a parameter, as it may stand in somebody's file; empty if nothing.
    """
    if one.unit == "clock":
        # Without quotation marks YAML makes a number of minutes of it.
        fits = isinstance(value, str) and CLOCK.fullmatch(value) is not None
        said = 'is no time of day: write it as "21:00", in quotation marks'
    elif one.unit.endswith("by channel"):
        fits = isinstance(value, dict) and set(value) <= set(CHANNELS)
        fits = fits and all(_is_count(n, MOST_BY_CHANNEL) for n in value.values())
        said = f"is no mapping from channels to numbers from 0 to {MOST_BY_CHANNEL}"
    elif one.unit == "days of the calendar":
        fits = isinstance(value, list) and all(type(day) is date for day in value)
        said = "is no list of days"
    elif isinstance(one.values[0].value, list):
        known = DAYS if one.unit == "days of the week" else one.values[0].value
        fits = isinstance(value, list) and all(word in known for word in value)
        said = f"is no list of {', '.join(known)}"
    else:
        dated = one.unit.startswith(("days", "months", "years", "hours", "minutes"))
        most = LONGEST if dated else MOST
        fits, said = _is_count(value, most), f"is no whole number from 0 to {most}"
    return "" if fits else said


def _is_count(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def instruments(layers: Sequence[Layer]) -> dict[str, Instrument]:
    """The instruments of all layers. :raises Invalid: if two packs mean two by one key"""
    found: dict[str, Instrument] = {}
    for layer in layers:
        for key, one in layer.instruments.items():
            if found.setdefault(key, one) != one:
                raise Invalid(f"Two packs give the instrument {key} differently.")
    return found


# -- Parameters ----------------------------------------------------------------------------------
def parameters(layers: Sequence[Layer], known: Mapping[str, Instrument]) -> dict[str, Parameter]:
    """
    All parameters of some layers. :raises Invalid: with every value that is wrong, and where
    """
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    for layer in layers:
        path = layer.folder / "parameters.yaml"
        for name, entry in (_read(path) if path.is_file() else {}).items():
            where = f"{layer.name}/{path.name}:{line_of(path, name)} {name}"
            made = _parameter(where, name, entry, known, layer.layer, problems)
            before = found.get(name)
            if before and (before.unit, before.strictest) != (made.unit, made.strictest):
                problems.append(Problem(where, "has another unit or sense than the pack above."))
            values = (before.values if before else ()) + made.values
            found[name] = Parameter(name, made.unit, made.strictest, values)
    if problems:
        raise Invalid("Some parameters do not load.", problems=problems,
                      hint="Each needs a unit, a value, and where it comes from.")  # fmt: skip
    return found


@lru_cache(maxsize=256)
def _read(path: Path) -> dict[str, Any]:
    return yaml_of(path)


def line_of(path: Path, name: str) -> int:
    """The line on which an entry begins."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith(f"{name}:"):
            return number
    return 0


UNITS = (
    "clock", "years", "days", "months", "minutes", "percent", "calls", "contacts", "visits",
    "effective calls", "unconnected attempts", "minor units", "times", "days of the calendar",
    "conversations", "messages", "hours", "basis points", "persons", "items", "events",
)  # fmt: skip


def _parameter(
    where: str, name: str, entry: Any, known: Mapping[str, Instrument], layer: str,
    problems: list[Problem],
) -> Parameter:  # fmt: skip
    entry = entry if isinstance(entry, dict) else {}
    unit = str(entry.get("unit", ""))
    if not unit.startswith(UNITS):
        problems.append(Problem(where, f"has the unit {unit!r}, which nobody knows."))
    if entry.get("strictest") not in STRICTEST:
        problems.append(Problem(where, "does not say which of two values is stricter."))
    values = [_value(where, one, known, layer, problems) for one in entry.get("values") or ()]
    made = [one for one in values if one is not None]
    if not made:
        problems.append(Problem(where, "has no value."))
    dates = [(one.instrument.key, one.since) for one in made]
    for key, since in {pair for pair in dates if dates.count(pair) > 1}:
        problems.append(Problem(where, f"has two values of {key} from {since or 'no date'}."))
    strictest = str(entry.get("strictest"))
    return Parameter(name, unit, strictest, tuple(made))


def _value(
    where: str, entry: Any, known: Mapping[str, Instrument], layer: str, problems: list[Problem]
) -> ParameterValue | None:
    entry = entry if isinstance(entry, dict) else {}
    instrument = known.get(str(entry.get("instrument", "")))
    if instrument is None:
        problems.append(Problem(where, "names no instrument we know."))
    if entry.get("force") not in FORCES or entry.get("confidence") not in CONFIDENCES:
        problems.append(Problem(where, "does not say its force and confidence."))
    if entry.get("value") is None:
        problems.append(Problem(where, "gives no value."))
    since = entry.get("from")
    if since is not None and not isinstance(since, date):
        problems.append(Problem(where, f"has {since!r} for a day."))
    if instrument is None:
        return None
    return ParameterValue(
        entry.get("value"), since or instrument.in_force_from, instrument,
        str(entry.get("force")), str(entry.get("confidence")), layer,
    )  # fmt: skip


# -- Counters ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CounterRule:
    """
    What is counted: one `unit` for each contact on some channels, of a person, number, case or debt.

    The count is the fact `fact`; `most` and `days` are numbers, or by channel; `None` counts
    without a cap. It holds for whom its pack holds.
    """

    unit: str
    fact: str
    of: str
    channels: tuple[str, ...]
    by_channel: bool
    days: Any
    most: Any
    holds_for: Mapping[str, tuple[str, ...]]

    def for_channel(self, value: Any, channel: str) -> int | None:
        """A number of this counter for one channel."""
        if value is None:
            return None
        return int(value[CHANNELS.index(channel)] if self.by_channel else value)


def counters(layers: Iterable[Layer], numbers: Any) -> tuple[CounterRule, ...]:
    """
    The counters of some layers with their numbers of the day; a cap not yet in force counts on.

    :raises Invalid: for a counter that is written wrongly
    """
    found = []
    for layer in layers:
        path = layer.folder / "counters.yaml"
        for unit, entry in (_read(path) if path.is_file() else {}).items():
            where = f"{layer.name}/{path.name}:{line_of(path, unit)} {unit}"
            fact, channels = entry.get("fact") or "", tuple(entry.get("channels") or ())
            if entry.get("of") not in SUBJECTS or not set(channels) <= set(CHANNELS):
                raise Invalid(f"{where} counts nothing we know.")
            if fact and fact not in FACTS:
                raise Invalid(f"{where} fills {fact}, which is no fact.")
            found.append(CounterRule(
                unit=unit, fact=fact, of=entry["of"], channels=channels,
                by_channel=bool(entry.get("by_channel")), days=_number(entry.get("days"), numbers),
                most=_number(entry.get("most"), numbers), holds_for=layer.holds_for,
            ))  # fmt: skip
    return tuple(found)


def _number(value: Any, numbers: Any) -> Any:
    return getattr(numbers, value, None) if isinstance(value, str) else value


def files(layers: Iterable[Layer]) -> list[Path]:
    """Everything that the digest of a rulebook is made of."""
    here = Path(__file__).parent
    found = [
        path
        for layer in layers
        for pattern in ("*.yaml", "*.py")
        for path in sorted(layer.folder.glob(pattern))
    ]
    engine = (
        "engine.py",
        "facts.py",
        "vocabulary.py",
        "layers.py",
        "overlay.py",
        "rule.py",
        "scope.py",
        "until.py",
        "sources.py",
        "content.py",
        "masks.py",
    )
    return [*found, *(here / name for name in engine)]
