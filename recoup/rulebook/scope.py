"""For whom a pack holds: its country's everybody, or only some regions, products, lenders or collectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recoup.rulebook.facts import Facts, Mask, Word
from recoup.rulebook.layers import Layer
from recoup.rulebook.vocabulary import FACTS, bits


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a pack holds, surely and perhaps: facts that are missing make the difference."""

    surely: Mask
    perhaps: Mask


def scope_of(layer: Layer, facts: Facts) -> Scope | None:
    """Where a pack holds; `None` is everywhere."""
    if not layer.holds_for:
        return None
    perhaps, surely = holds(layer.holds_for, facts)
    return Scope(surely, perhaps)


def holds(holds_for: Mapping[str, tuple[str, ...]], facts: Facts) -> tuple[Mask, Mask]:
    """Where all of some facts are, or may be, among the words given; and where they surely are."""
    perhaps = surely = facts.everywhere(True)
    for name, words in holds_for.items():
        value = getattr(facts, name)
        if isinstance(value, Word):
            among = value.among(*words)
        else:
            among = value.has(words[0])
            for word in words[1:]:
                among = among | value.has(word)
        surely = surely & among & ~facts.missing(name)
        perhaps = perhaps & (among | facts.missing(name))
    return perhaps, surely


def may_hold(holds_for: Mapping[str, tuple[str, ...]], raw: Mapping[str, object]) -> bool:
    """Whether a pack may hold for a contact, given as plain values; what is missing may."""

    def among(name: str, words: tuple[str, ...]) -> bool:
        value, known = raw.get(name), FACTS[name].words
        if isinstance(value, list | tuple | set | frozenset):
            return bool(set(words).intersection(value)) or not set(value) <= set(known)
        if isinstance(value, int):
            return bool(value & bits(name, words))
        # A word outside the vocabulary says nothing: it is missing.
        return value in words or value not in known

    return all(among(name, words) for name, words in holds_for.items())
