"""
Facts as symbols: the third form, beside one contact and many, for proofs over all contacts at once.

    facts = Space(book, zones).facts()
    fired, _ = book.fire(facts)             # the engine itself, on formulas instead of masks
    solver.check(fired["CN-TIME-001"].term)

A mask is a formula then, a number a term. The rules are not written a second time: their own
functions run on these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import z3

from recoup.rulebook.facts import Facts, Word, Words
from recoup.rulebook.vocabulary import CHANNELS


class Flag:
    """Yes or no as a formula, with the operators of a mask."""

    __array_ufunc__ = None  # numpy leaves an operator with one of its own scalars to us
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Any) -> None:
        self.term = term

    def __and__(self, other: Any) -> Flag:
        return Flag(z3.And(self.term, _truth(other)))

    def __or__(self, other: Any) -> Flag:
        return Flag(z3.Or(self.term, _truth(other)))

    def __xor__(self, other: Any) -> Flag:
        return Flag(z3.Xor(self.term, _truth(other)))

    def __invert__(self) -> Flag:
        return Flag(z3.Not(self.term))

    def __eq__(self, other: object) -> Flag:  # type: ignore[override]
        return Flag(self.term == _truth(other))

    def __ne__(self, other: object) -> Flag:  # type: ignore[override]
        return Flag(self.term != _truth(other))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __bool__(self) -> bool:
        raise TypeError("A rule is written with | & ~, not with `if`, `and`, `or`, `not`.")


class Number:
    """A whole number as a term, with comparisons and arithmetic."""

    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, term: Any) -> None:
        self.term = term

    def __lt__(self, other: Any) -> Flag:
        return Flag(self.term < _whole(other))

    def __le__(self, other: Any) -> Flag:
        return Flag(self.term <= _whole(other))

    def __gt__(self, other: Any) -> Flag:
        return Flag(self.term > _whole(other))

    def __ge__(self, other: Any) -> Flag:
        return Flag(self.term >= _whole(other))

    def __eq__(self, other: object) -> Flag:  # type: ignore[override]
        return Flag(self.term == _whole(other))

    def __ne__(self, other: object) -> Flag:  # type: ignore[override]
        return Flag(self.term != _whole(other))

    def __add__(self, other: Any) -> Number:
        return Number(self.term + _whole(other))

    def __sub__(self, other: Any) -> Number:
        return Number(self.term - _whole(other))

    def __rsub__(self, other: Any) -> Number:
        return Number(_whole(other) - self.term)

    def __mul__(self, other: Any) -> Number:
        return Number(self.term * _whole(other))

    def __floordiv__(self, other: Any) -> Number:
        return Number(self.term / int(other))  # of a positive divisor it rounds down, as numpy does

    def __mod__(self, other: Any) -> Number:
        return Number(self.term % int(other))

    __radd__, __rmul__ = __add__, __mul__

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.isin:
            element, among = args
            return Flag(z3.Or([element.term == int(one) for one in np.atleast_1d(among)]))
        return NotImplemented

    def __bool__(self) -> bool:
        raise TypeError("A rule compares numbers, it does not ask whether they are zero.")


class Bits:
    """A set of words, a formula for each."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, terms: Mapping[int, Any]) -> None:
        self.terms = terms

    def __and__(self, mask: int) -> Bits:
        return Bits({place: term for place, term in self.terms.items() if mask >> place & 1})

    def __ne__(self, nothing: object) -> Flag:  # type: ignore[override]
        if nothing != 0:
            raise TypeError("A set is asked for its words.")
        return Flag(z3.Or(list(self.terms.values())))

    def __eq__(self, nothing: object) -> Flag:  # type: ignore[override]
        return ~(self != nothing)


class Table(np.ndarray):
    """A parameter by channel, which is read by a symbol, too: a chain of conditions."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, Number):
            return super().__getitem__(key)
        # A missing word is -1 and reads the last entry, as it does in an array.
        chosen = z3.IntVal(int(np.asarray(self)[-1]))
        for place, number in enumerate(np.asarray(self)[:-1]):
            chosen = z3.If(key.term == place, int(number), chosen)
        return Number(chosen)


def _truth(value: Any) -> Any:
    return value.term if isinstance(value, Flag) else z3.BoolVal(bool(value))


def _whole(value: Any) -> Any:
    return value.term if isinstance(value, Number) else z3.IntVal(int(value))


class SymbolicFacts(Facts):
    """Facts whose values are symbols: one contact that may be any."""

    def __init__(self, values: dict[str, Any], missing: dict[str, Flag]) -> None:
        super().__init__(values, missing, None)

    def everywhere(self, value: bool) -> Flag:
        """The same answer for all."""
        return Flag(z3.BoolVal(value))

    def but(self, values: Mapping[str, Any], missing: Mapping[str, Flag]) -> SymbolicFacts:
        """The same contact, with some facts otherwise."""
        return SymbolicFacts({**self._values, **values}, {**self._missing, **missing})


def parameters(numbers: Any) -> Any:
    """The parameters of a rulebook as symbols may read them."""
    return SimpleNamespace(**{
        name: value.view(Table)
        if isinstance(value, np.ndarray) and value.shape == (len(CHANNELS),) else value
        for name, value in vars(numbers).items()
    })  # fmt: skip


def blank(kind: str, words: tuple[str, ...]) -> Any:
    """What stands for a fact that is missing, as `of_mapping` has it."""
    if kind == "flag":
        return Flag(z3.BoolVal(False))
    if kind == "word":
        return Word(Number(z3.IntVal(-1)), words)
    if kind == "words":
        return Words(Bits(dict.fromkeys(range(len(words)), z3.BoolVal(False))), words)
    return Number(z3.IntVal(0))


def same(one: Any, other: Any) -> Any:
    """The formula that two values of one fact are equal."""
    if isinstance(one, Words):
        pairs = zip(one.bits.terms.values(), other.bits.terms.values(), strict=True)
        return z3.And([left == right for left, right in pairs])
    if isinstance(one, Word):
        return one.codes.term == other.codes.term
    return one.term == other.term


def all_of(*masks: Flag) -> Any:
    """The formula that every one of these holds."""
    return z3.And([mask.term for mask in masks])


def any_of(*masks: Flag) -> Any:
    """The formula that at least one of these holds."""
    return z3.Or([mask.term for mask in masks])


Terms = Callable[[str], Any]
