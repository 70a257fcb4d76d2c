"""
A YAML text as nodes that know their line, read without stopping at the first problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import time

import yaml

from recoup.kernel.errors import Invalid, Problem
from recoup.strategy.expressions import Condition, Unreadable, compile_condition

LONGEST = 200_000


def parse(source: str) -> yaml.Node:
    """
    The root of a YAML text.

    :raises Invalid: if it is not YAML, too long, empty, or uses anchors
    """
    if len(source) > LONGEST:
        raise Invalid(f"The strategy is longer than {LONGEST:,} characters.")
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(source)):
            raise Invalid("The strategy uses a YAML alias (*name).", hint="Write it out.")
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the text"
        what = str(getattr(error, "problem", None) or error)
        raise Invalid(
            "The strategy is not YAML.",
            problems=[Problem(where, f"{what}.", "Check indentation, quotes and colons.")],
        ) from None
    except RecursionError:
        raise Invalid("The strategy is nested too deeply.") from None
    if root is None:
        raise Invalid("The strategy is empty.")
    return root


class Reader:
    """
    One node with its path. Every `take_...` notes a problem instead of raising, and gives a
    stand-in, so that one reading finds all problems.
    """

    def __init__(self, node: yaml.Node, path: str, problems: list[Problem]) -> None:
        self.node, self.path, self.problems = node, path, problems
        self._fields: dict[str, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                name = str(key.value)
                if name in self._fields:
                    self.problem(f"{name!r} stands twice.", "Keep one.", at=key)
                self._fields[name] = value

    def problem(self, what: str, hint: str = "", at: yaml.Node | None = None) -> None:
        """Note what is wrong here, with the line."""
        line = (at or self.node).start_mark.line + 1
        self.problems.append(Problem(f"{self.path or 'strategy'} (line {line})", what, hint))

    def only(self, known: Sequence[str], needed: Sequence[str] = ()) -> None:
        """Note every field that is not known and every one that is missing."""
        if not isinstance(self.node, yaml.MappingNode):
            self.problem("This must be a list of fields (name: value).")
            return
        for name, value in self._fields.items():
            if name not in known:
                self.problem(f"{name!r} is not known.", f"Known are {', '.join(known)}.", at=value)
        for name in needed:
            if name not in self._fields:
                self.problem(f"{name!r} is missing.")

    def has(self, name: str) -> bool:
        """Whether the field is there and not empty."""
        node = self._fields.get(name)
        return node is not None and node.tag != "tag:yaml.org,2002:null"

    @property
    def is_fields(self) -> bool:
        """Whether this is a list of fields, and not a value."""
        return isinstance(self.node, yaml.MappingNode)

    def at(self, name: str) -> Reader:
        """The reader of a field."""
        return Reader(self._fields[name], f"{self.path}.{name}".lstrip("."), self.problems)

    def names(self) -> list[str]:
        """The fields in the order written."""
        return list(self._fields)

    def items(self, name: str) -> Iterator[Reader]:
        """The readers of the entries of a list field."""
        if not self.has(name):
            return
        inner = self.at(name)
        if not isinstance(inner.node, yaml.SequenceNode):
            inner.problem("This must be a list.")
            return
        for number, node in enumerate(inner.node.value):
            label = str(number + 1)
            if isinstance(node, yaml.MappingNode):
                codes = [v.value for k, v in node.value if k.value == "code"]
                label = str(codes[0]) if codes else label
            yield Reader(node, f"{inner.path}[{label}]", self.problems)

    def text(self, name: str, *, longest: int = 200, default: str = "") -> str:
        """A text field."""
        if not self.has(name):
            return default
        inner = self.at(name)
        if not isinstance(inner.node, yaml.ScalarNode):
            inner.problem("This must be a text.")
            return default
        if len(inner.node.value) > longest:
            inner.problem(f"This is longer than {longest} characters.")
        return str(inner.node.value)

    def code(self, name: str = "code", *, longest: int = 40) -> str:
        """A short name of letters, digits, `-` and `_`."""
        value = self.text(name, longest=longest)
        if self.has(name) and not value.replace("-", "").replace("_", "").isalnum():
            self.at(name).problem(f"{value!r} is not a code.", "Use letters, digits, - and _.")
        return value

    def codes(self, name: str) -> tuple[str, ...]:
        """One code, or a list of them."""
        if not self.has(name):
            return ()
        inner = self.at(name)
        nodes = inner.node.value if isinstance(inner.node, yaml.SequenceNode) else [inner.node]
        if any(not isinstance(node, yaml.ScalarNode) for node in nodes):
            inner.problem("This must be a code, or a list of codes.")
            return ()
        return tuple(str(node.value) for node in nodes)

    def number(self, name: str, *, low: float, high: float, default: float) -> float:
        """A number within bounds."""
        if not self.has(name):
            return default
        inner = self.at(name)
        try:
            value = float(inner.node.value)
        except (TypeError, ValueError):
            inner.problem("This must be a number.", f"From {low:g} to {high:g}.")
            return default
        if not low <= value <= high:
            inner.problem(f"{value:g} is out of bounds.", f"From {low:g} to {high:g}.")
            return default
        return value

    def whole(self, name: str, *, low: int, high: int, default: int) -> int:
        """A whole number within bounds."""
        value = self.number(name, low=low, high=high, default=default)
        if value != int(value):
            self.at(name).problem(f"{value:g} is not a whole number.")
        return int(value)

    def one_of(self, name: str, choices: Sequence[str]) -> str:
        """One of a closed list."""
        value = self.text(name)
        if self.has(name) and value not in choices:
            self.at(name).problem(f"{value!r} is not one of {', '.join(choices)}.")
        return value

    def condition(self, name: str) -> Condition | None:
        """A condition, compiled."""
        text = self.text(name, longest=500)
        if not text:
            return None
        try:
            return compile_condition(text)
        except Unreadable as error:
            what = f"{error} (column {error.column} of the condition)"
            self.at(name).problem(what, error.hint)
            return None

    def window(self, name: str) -> tuple[time, time]:
        """Two wall times, the second later."""
        found: list[time] = []
        for item in self.items(name):
            try:
                found.append(time.fromisoformat(str(item.node.value)))
            except (TypeError, ValueError):
                item.problem("This is not a time of day.", 'Write "09:30", in quotes.')
                return time(9), time(18)
        if self.has(name) and (len(found) != 2 or found[0] >= found[1]):
            self.at(name).problem(
                "A window is two times, the second later.", 'Like ["09:00", "18:00"].'
            )
            return time(9), time(18)
        return (found[0], found[1]) if found else (time(9), time(18))
