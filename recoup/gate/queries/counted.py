"""How much of the caps that a country's packs declare is used, for every row of a facts frame."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

from recoup.gate.models import Counter
from recoup.gate.subjects import persons_named
from recoup.kernel.errors import Invalid
from recoup.people.models import Book
from recoup.rulebook import engine
from recoup.rulebook.sources import CounterRule

# What counts go by, and the column of the frame that names it.
COLUMNS = {"person": "person", "case": "case", "debt": "case"}


Caps = list[tuple[str, str, dict[int, int]]]


def caps(*, book: Book, on: date, start: datetime, channels: Iterable[str]) -> Caps:
    """
    For each count that the rules of some channels read: the fact, the column that says whose it is,
    and how much of it is used by whom.

    The house cap of each channel is counted by channel, and not here.
    """
    try:
        rules = engine.load(book.jurisdiction, start).counters
    except Invalid:  # nothing is lawful there, whatever was counted
        return []
    return [
        (rule.fact, COLUMNS[rule.of], _used(rule, book=book, on=on, start=start))
        for rule in rules
        if rule.fact and not rule.by_channel and rule.of in COLUMNS
        and (not rule.channels or set(rule.channels).intersection(channels))
    ]  # fmt: skip


def with_counts(frame: pl.DataFrame, found: Caps) -> pl.DataFrame:
    """
    The frame with a column for each count; nothing is zero. Two counters of one fact give the larger.
    """
    for fact, column, used in found:
        counts = frame[column].replace_strict(used, default=0, return_dtype=pl.Int64)
        known = [pl.col(fact)] if fact in frame.columns else []
        frame = frame.with_columns(pl.max_horizontal(counts, *known).alias(fact))
    return frame


def _used(rule: CounterRule, *, book: Book, on: date, start: datetime) -> dict[int, int]:
    """How much of one cap is used on a day, by the row of the person or the case."""
    rows = Counter.objects.filter(
        creditor=book.creditor_id, unit=rule.unit, used__gt=0, ends_at__gt=start
    )
    found: dict[str, int] = {}
    for key, used in rows.values_list("key", "used"):
        rest, _, window = key.rpartition(":")
        if window.startswith("slot=") or window == on.isoformat():
            subject = rest.rpartition("=")[2]
            found[subject] = found.get(subject, 0) + used
    if rule.of != "person":
        return {int(subject): used for subject, used in found.items() if subject.isdigit()}
    persons = persons_named(found)
    return {row: used for name, used in found.items() for row in persons.get(name, ())}
