"""
What differs between two strategies in meaning: not lines of text but budgets, treatments, segments.

Comments, order of fields and spelling of numbers make no difference; the order of segments does.
Pure: two strategies in, a list out. What strategies learn to say later is compared by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import time
from typing import Any

from recoup.strategy.expressions import Condition
from recoup.strategy.schema import Strategy

# Things that come several and have a name of their own: added or gone, they are one difference.
NAMED = ("treatments", "segments", "arms", "exits", "own")


@dataclass(frozen=True)
class Difference:
    """
    One thing that differs: the part of the strategy, the path within it, and both values as text.

    A value is empty where there is none; `share` is the change of a number against what it was.
    """

    part: str
    where: str
    before: str
    after: str
    share: float | None = None

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if not self.before else "removed" if not self.after else "changed"


def compare(before: Strategy, after: Strategy) -> list[Difference]:
    """What differs, in the order in which a strategy is written."""
    old, new = dict(_flat(before)), dict(_flat(after))
    there = [{path[:2] for path in each} for each in (old, new)]
    found, told = [], set()
    for path in [*new, *(path for path in old if path not in new)]:
        item = path[:2]
        if old.get(path) == new.get(path) or item in told:
            continue
        if path[0] in NAMED and len(path) > 2 and not all(item in each for each in there):
            told.add(item)
            whole = [_said(each, item) for each in (old, new)]
            found.append(Difference(path[0], path[1], *whole))
            continue
        was, now = old.get(path, ""), new.get(path, "")
        found.append(Difference(path[0], " · ".join(path[1:]), was, now, _share(was, now)))
    return sorted(found, key=lambda each: _place(each.part))


def _place(part: str) -> int:
    return [field.name for field in fields(Strategy)].index(part)


def _said(flat: dict[tuple[str, ...], str], item: tuple[str, ...]) -> str:
    return "; ".join(
        f"{' · '.join(path[2:])}: {value}"
        for path, value in flat.items() if path[:2] == item and value
    )  # fmt: skip


def _share(before: str, after: str) -> float | None:
    try:
        was, now = float(before), float(after)
    except ValueError:
        return None
    return (now - was) / was if was else None


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value of a strategy as text, by its path."""
    if isinstance(value, Condition):
        yield path, " ".join(value.text.split())
    elif is_dataclass(value):
        for field in fields(value):
            # Its own name stands in the path already.
            if not (len(path) > 1 and field.name in ("code", "name")):
                yield from _flat(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(each, (*path, str(name)))
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        names = [str(getattr(each, "code", "") or getattr(each, "name", "")) for each in value]
        yield (*path, "order"), ", ".join(names)
        for name, each in zip(names, value, strict=True):
            yield from _flat(each, (*path, name))
    elif value is not None and value != ():
        yield path, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ("–" if isinstance(value[0], time) else ", ").join(_text(each) for each in value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
