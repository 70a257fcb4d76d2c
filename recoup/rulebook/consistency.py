"""
Whether the packs of a jurisdiction agree with one another: a solver looks for a contact that shows
they do not.

    check("CN", on=date(2026, 11, 23))       # the rules of one day
    check("CN")                              # all that is written: the rules of the latest change
    check("CN", every=True)                  # the rules of every day from which something changes

What is asked is in `proofs.py`; what it covers and what it does not, in
docs/mechanisms/consistency.md. The solver (z3) comes with the extra `check`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from recoup.kernel.clock import at_local
from recoup.kernel.errors import Invalid
from recoup.rulebook import casebook, engine, layers, sources
from recoup.rulebook.casebook import overlay_of
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.facts import local_spans

if TYPE_CHECKING:
    from recoup.rulebook.proofs import Finding

QUESTIONS = ("together", "alone", "exceptions", "absences", "counts", "approvals", "caps")


def check(
    jurisdiction: str, *, on: date | None = None, every: bool = False, drafts: bool = False
) -> list[Finding]:
    """
    What a solver finds wrong with the rules of a jurisdiction, and what it tells besides.

    On one day, else on the day of the latest change, or on `every` day from which something
    changes; once with the rules as they ship, and once with those switched on that ship off. What
    is found on several days is given once. A few seconds a day.

    :raises Invalid: if there is no such rulebook, or the solver is not installed
    """
    _solver()
    found: dict[tuple[Any, ...], Finding] = {}
    changes = days(jurisdiction, drafts=drafts)
    for day in [on] if on else changes if every else changes[-1:]:
        for book in _books(jurisdiction, day, drafts=drafts):
            for one in _of_book(book):
                found.setdefault((one.kind, one.rules or one.text), one)
    return sorted(found.values(), key=lambda one: (not one.is_wrong, one.kind, one.rules))


def days(jurisdiction: str, *, drafts: bool = False) -> list[date]:
    """The days from which the rules or numbers of a jurisdiction are other than the day before."""
    stack = layers.stack(jurisdiction, drafts=drafts)
    known = sources.instruments(stack)
    first = next(layer.own_date for layer in stack if layer.layer == "country")
    dates = {first, *(layer.own_date for layer in stack)}
    for layer in stack:
        for rule in layer.rules().rules:
            dates.add(rule.since or known[rule.instrument].in_force_from or first)
    for parameter in sources.parameters(stack, known).values():
        dates |= {one.since for one in parameter.values if one.since}
    return sorted(day for day in dates if day >= first)


def _books(jurisdiction: str, day: date, *, drafts: bool) -> Iterator[Rulebook]:
    """The rulebook of a day as it ships, and with everything switched on that ships off."""
    stack = layers.stack(jurisdiction, drafts=drafts)
    home = next(layer.time_zone for layer in stack if layer.time_zone)
    at = at_local(day, time(12), home)
    book = engine.load(jurisdiction, at, drafts=drafts)
    yield book
    off = [
        rule.id for layer in stack
        for rule in layer.rules().on(day, book.instruments, own_date=layer.own_date)
        if rule.optional
    ]  # fmt: skip
    if off:
        yield engine.load(jurisdiction, at, drafts=drafts, overlay=overlay_of(tuple(off), {}))


def _of_book(book: Rulebook) -> list[Finding]:
    from recoup.rulebook.proofs import Proofs

    country = next(layer for layer in book.layers if layer.layer == "country")
    usual = casebook.base_of(country.name)
    proofs = Proofs(book, zones=_zones(book), like=usual)
    found = [one for question in QUESTIONS for one in getattr(proofs, question)()]
    return [*proofs.unread, *found, *proofs.undecided]


def _zones(book: Rulebook) -> list[str]:
    """Where people may be: the country's own time zone, and what its cases say."""
    home = next(layer.time_zone for layer in book.layers if layer.time_zone)
    packs = [layer.name for layer in book.layers if layer.layer != "base"]
    said = {str(case.facts.get("time_zones") or "") for pack in packs
            for case in casebook.cases(pack)}  # fmt: skip
    noon = datetime.combine(book.day, time(12), tzinfo=at_local(book.day, time(0), home).tzinfo)
    return [home, *sorted(text for text in said - {home} if text and local_spans(text, noon))]


def _solver() -> None:
    try:
        import z3  # noqa: F401
    except ImportError:
        raise Invalid(
            "This check needs the solver z3.", hint="Install it: pip install 'recoup[check]'."
        ) from None
