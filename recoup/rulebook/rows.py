"""
The rules for one contact as plain Python: the form for a machine that waits for the answer.

    gate = compile_rows(rulebook, channel="sms")
    fired = gate.fired(row)                  # row = encode(facts, at); a number, a bit for each rule
    gate.names(fired)                        # which rules those are

Nothing is written a second time: the rules' own functions, through the engine's own `fire`, run once
on values that write down what is done with them, and what they wrote is compiled. The channel is
known, so the rules of other channels fall away. A property test holds it equal to the masks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from recoup.kernel.errors import Invalid
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.facts import Facts, Word, Words, cell, local_spans
from recoup.rulebook.instants import SPANS
from recoup.rulebook.rule import Rule
from recoup.rulebook.scope import Scope
from recoup.rulebook.vocabulary import CHANNELS, FACTS

# What a row holds, in order: every fact but the zones, which are in it as minutes, dates and days.
COLUMNS = tuple(name for name, fact in FACTS.items() if fact.kind != "zones")
PLACE = {name: place for place, name in enumerate(COLUMNS)}
Row = Sequence[Any]


def encode(facts: Mapping[str, object]) -> list[Any]:
    """
    A contact's facts as a row, `None` where missing; what depends on the instant is not in it yet.

    Words are numbers of their vocabulary, sets are bits, instants seconds, as in a frame.
    """
    row: list[Any] = []
    for name in COLUMNS:
        fact, value = FACTS[name], cell(FACTS[name], facts.get(name))
        row.append(fact.words.index(value) if fact.kind == "word" and value is not None else value)
    return row


def at_instant(row: Row, zones: str, at: datetime) -> list[Any]:
    """The row judged at an instant: minutes, dates and weekdays of the zones, and the age."""
    made = list(row)
    spans = local_spans(zones, at) or (None,) * len(SPANS)
    for name, value in zip(SPANS, spans, strict=True):
        made[PLACE[name]] = value
    born = made[PLACE["birth_year"]]
    made[PLACE["age_least"]] = None if born is None else at.year - born - 1
    return made


@dataclass(frozen=True)
class RowGate:
    """The rules of one channel, compiled. `fired` takes a row and gives a bit for each rule."""

    channel: str
    rules: tuple[str, ...]
    fired: Callable[[Row], int]
    digest: str

    def names(self, fired: int) -> tuple[str, ...]:
        """The rules of the bits."""
        return tuple(name for place, name in enumerate(self.rules) if fired >> place & 1)


def compile_rows(rulebook: Rulebook, *, channel: str) -> RowGate:
    """
    The rules of a rulebook for one channel as one function.

    :raises Invalid: if a rule does something that cannot be written down; the engine judges then
    """
    writer = _Writer(channel)
    numbers = SimpleNamespace(**{
        name: _Table(value, writer) if _is_table(value) else value
        for name, value in vars(rulebook.parameters).items()
    })  # fmt: skip
    book = _Asking(rulebook, numbers)
    try:
        said, _ = book.fire(writer.facts())
    except Exception as error:
        raise Invalid(f"The rules cannot be compiled for one row: {error!r}.") from error
    names = tuple(sorted(said))
    lines = [
        f"    if {term.code}: fired |= {1 << place}"
        for place, name in enumerate(names)
        if (term := writer.flag(said[name])).code != "False"
    ]
    source = "\n".join(["def fired_(row):", *writer.prologue(), "    fired = 0", *lines,
                        "    return fired"])  # fmt: skip
    made: dict[str, Any] = dict(writer.constants)
    # The text is made here of the rules' own operations, and of nothing that comes from outside.
    exec(compile(source, f"<rules {rulebook.jurisdiction} {channel}>", "exec"), made)  # noqa: S102
    return RowGate(channel, names, made["fired_"], rulebook.digest)


class _Asking(Rulebook):
    """The rulebook, asked by what only writes down; no rule may break without being seen to."""

    def __init__(self, book: Rulebook, numbers: Any) -> None:
        super().__init__(
            book.jurisdiction, book.day, book.rules, numbers, book.instruments, book.digest,
            book.layers, book.counters,
        )  # fmt: skip

    def _ask(self, rule: Rule, facts: Facts, scope: Scope | None) -> Any:
        # The engine takes a rule that breaks for one that refuses; here it must not go unnoticed.
        rule.function(facts, self.parameters)
        return super()._ask(rule, facts, scope)


def _is_table(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (len(CHANNELS),)


class _Writer:
    """Collects which facts are read and which constants are needed while rules write themselves."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.read: dict[str, str] = {}
        self.constants: dict[str, Any] = {}

    def constant(self, value: Any) -> str:
        """The name of something that does not go into the text as it is."""
        name = f"K{len(self.constants)}"
        self.constants[name] = value
        return name

    def value(self, name: str) -> str:
        """The variable of a fact's value; nothing, none and zero where it is missing."""
        self.read[name] = f"v{PLACE[name]}"
        return self.read[name]

    def missing(self, name: str) -> _Flag:
        """Whether a fact is missing."""
        if name == "channel":
            return _Flag("False")
        self.value(name)
        return _Flag(f"(row[{PLACE[name]}] is None)")

    def flag(self, term: Any) -> _Flag:
        """A mask, however it came about."""
        return term if isinstance(term, _Flag) else _Flag("True" if bool(term) else "False")

    def prologue(self) -> list[str]:
        """The lines that read the facts."""
        lines = []
        for name, variable in sorted(self.read.items()):
            kind, place = FACTS[name].kind, PLACE[name]
            if kind == "flag":
                lines.append(f"    {variable} = row[{place}] is True")
            else:
                blank = -1 if kind == "word" else 0
                lines.append(f"    {variable} = row[{place}]")
                lines.append(f"    if {variable} is None: {variable} = {blank}")
        return lines

    def facts(self) -> Facts:
        """Facts that write down what is asked of them."""
        return _Written(self)


class _Written(Facts):
    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        super().__init__({}, {}, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in PLACE:
            raise AttributeError(name)
        fact, writer = FACTS[name], self._writer
        if name == "channel":
            return Word(_Number(str(CHANNELS.index(writer.channel)), writer), fact.words)
        if fact.kind == "flag":
            return _Flag(writer.value(name))
        number = _Number(writer.value(name), writer)
        if fact.kind == "word":
            return Word(number, fact.words)
        return Words(number, fact.words) if fact.kind == "words" else number

    def missing(self, name: str) -> Any:
        """Where this fact is absent."""
        return self._writer.missing(name)

    def everywhere(self, value: bool) -> Any:
        """The same answer for all."""
        return _Flag("True" if value else "False")


class _Flag:
    """Yes or no, as text of Python. What is known already is not asked again."""

    __array_ufunc__ = None  # numpy leaves an operator with one of its own scalars to us
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, code: str) -> None:
        self.code = code

    def __and__(self, other: Any) -> _Flag:
        one, two = self.code, _truth(other)
        if "False" in (one, two):
            return _Flag("False")
        if "True" in (one, two):
            return _Flag(two if one == "True" else one)
        return _Flag(f"({one} and {two})")

    def __or__(self, other: Any) -> _Flag:
        one, two = self.code, _truth(other)
        if "True" in (one, two):
            return _Flag("True")
        if "False" in (one, two):
            return _Flag(two if one == "False" else one)
        return _Flag(f"({one} or {two})")

    def __xor__(self, other: Any) -> _Flag:
        return _Flag(f"({self.code} != {_truth(other)})")

    def __invert__(self) -> _Flag:
        known = {"True": "False", "False": "True"}
        return _Flag(known.get(self.code) or f"(not {self.code})")

    def __eq__(self, other: object) -> _Flag:  # type: ignore[override]
        return _Flag(f"({self.code} == {_truth(other)})")

    def __ne__(self, other: object) -> _Flag:  # type: ignore[override]
        return _Flag(f"({self.code} != {_truth(other)})")

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __bool__(self) -> bool:
        raise TypeError("A rule is written with | & ~, not with `if`, `and`, `or`, `not`.")


class _Number:
    """A whole number or a set of bits, as text of Python."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, code: str, writer: _Writer) -> None:
        self.code, self.writer = code, writer

    def _compare(self, sign: str, other: Any) -> _Flag:
        right = _whole(other)
        if _is_whole(self.code) and _is_whole(right):
            return _Flag(str(_COMPARE[sign](int(self.code), int(right))))
        return _Flag(f"({self.code} {sign} {right})")

    def _join(self, sign: str, other: Any) -> _Number:
        return _Number(f"({self.code} {sign} {_whole(other)})", self.writer)

    def __lt__(self, other: Any) -> _Flag:
        return self._compare("<", other)

    def __le__(self, other: Any) -> _Flag:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> _Flag:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> _Flag:
        return self._compare(">=", other)

    def __eq__(self, other: object) -> _Flag:  # type: ignore[override]
        return self._compare("==", other)

    def __ne__(self, other: object) -> _Flag:  # type: ignore[override]
        return self._compare("!=", other)

    def __and__(self, other: Any) -> _Number:
        return self._join("&", other)

    def __add__(self, other: Any) -> _Number:
        return self._join("+", other)

    def __sub__(self, other: Any) -> _Number:
        return self._join("-", other)

    def __rsub__(self, other: Any) -> _Number:
        return _Number(f"({_whole(other)} - {self.code})", self.writer)

    def __mul__(self, other: Any) -> _Number:
        return self._join("*", other)

    def __floordiv__(self, other: Any) -> _Number:
        return self._join("//", other)

    def __mod__(self, other: Any) -> _Number:
        return self._join("%", other)

    __radd__, __rmul__ = __add__, __mul__

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is not np.isin:
            return NotImplemented
        element, among = args
        known = self.writer.constant(frozenset(int(one) for one in np.atleast_1d(among)))
        return _Flag(f"({element.code} in {known})")

    def __bool__(self) -> bool:
        raise TypeError("A rule compares numbers, it does not ask whether they are zero.")


class _Table:
    """A parameter by channel. The channel is known, so it is one number."""

    def __init__(self, values: Any, writer: _Writer) -> None:
        self.values, self.writer = values, writer

    def __getitem__(self, key: Any) -> Any:
        place = int(key.code) if isinstance(key, _Number) else key
        return int(self.values[place])


_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__, "==": int.__eq__,
    "!=": int.__ne__,
}  # fmt: skip


def _truth(value: Any) -> str:
    return value.code if isinstance(value, _Flag) else str(bool(value))


def _whole(value: Any) -> str:
    return value.code if isinstance(value, _Number) else str(int(value))


def _is_whole(code: str) -> bool:
    return code.lstrip("-").isdigit()
