"""
Recorded attempts, judged again by other rules or another date.

A record is a contact that was asked for: its instant, its facts as JSON, and what was answered.
Facts are taken as they were recorded, counts too: what would have been blocked earlier in a day does
not lower the later counts, so a stricter cap is shown at its full effect on each attempt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl

from recoup.kernel.errors import Invalid
from recoup.rulebook import engine
from recoup.rulebook.instants import JUDGED_AT
from recoup.rulebook.overlay import Overlay
from recoup.rulebook.vocabulary import DERIVED, FACTS

_KINDS: dict[str, Any] = {
    "flag": pl.Boolean, "number": pl.Int64, "instant": pl.String, "word": pl.String,
    "words": pl.List(pl.String), "zones": pl.String,
}  # fmt: skip
_SCHEMA = pl.Struct({
    name: _KINDS[fact.kind] for name, fact in FACTS.items() if name not in DERIVED
})  # fmt: skip


def frame_of_records(facts: pl.Series, at: pl.Series) -> pl.DataFrame:
    """
    Recorded facts as a frame that the engine judges, each row at its own instant.

    `facts` is JSON text as `gate.reading.snapshot` writes it, `at` seconds since 1970.
    """
    frame = pl.DataFrame({"facts": facts}).select(
        pl.col("facts").str.json_decode(_SCHEMA)
    ).unnest("facts")  # fmt: skip
    made = []
    for name, fact in FACTS.items():
        if name in DERIVED:
            continue
        if fact.kind == "words":
            codes = {word: 1 << place for place, word in enumerate(fact.words)}
            sets = pl.col(name).list.eval(
                pl.element().replace_strict(codes, default=0, return_dtype=pl.Int64)
            )
            made.append(sets.list.sum().alias(name))
        elif fact.kind == "instant":
            made.append(
                pl.col(name)
                .str.to_datetime(time_zone="UTC", strict=False)
                .dt.epoch("s")
                .alias(name)
            )
    return frame.with_columns(*made, at.alias(JUDGED_AT))


@dataclass
class Replay:
    """
    What other rules would have said of recorded attempts.

    `judged` attempts were read, of which `permitted` had been; `blocked` of these would have been
    refused, counted by rule in `by_rule`; `freed` were refused then and would not be now.
    `samples` has a few attempts for each rule.
    """

    judged: int = 0
    permitted: int = 0
    blocked: int = 0
    freed: int = 0
    by_rule: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=dict)
    no_rulebook: int = 0


FEW = 5


def replay(
    lots: Iterable[pl.DataFrame], *, jurisdiction: str, overlay: Overlay | None = None,
    as_of: datetime | None = None,
) -> Replay:  # fmt: skip
    """
    Judge recorded attempts again.

    A lot has the columns `id`, `at` (seconds since 1970), `facts` (JSON) and `permitted`. With
    `as_of` all are judged by the rules of that instant, at their own hours; else by those of their day.

    :raises Invalid: for an overlay that does not load
    """
    found = Replay()
    zone = engine.zone_of(jurisdiction)
    for lot in lots:
        frame = frame_of_records(lot["facts"], lot["at"])
        instants = pl.from_epoch(lot["at"], time_unit="s").dt.replace_time_zone("UTC")
        days = instants.dt.convert_time_zone(zone).dt.date()
        for day in days.unique().sort().to_list():
            here = days == day
            mine = lot.filter(here)
            at = as_of or datetime.fromtimestamp(int(mine["at"][0]), UTC)
            _judge(found, mine, frame.filter(here), jurisdiction, overlay, at)
    return found


def _judge(
    found: Replay, lot: pl.DataFrame, frame: pl.DataFrame, jurisdiction: str,
    overlay: Overlay | None, at: datetime,
) -> None:  # fmt: skip
    permitted = lot["permitted"].to_numpy()
    found.judged += lot.height
    found.permitted += int(permitted.sum())
    try:
        book = engine.load(jurisdiction, at)
    except Invalid:
        found.no_rulebook += lot.height
        found.blocked += int(permitted.sum())
        return
    if overlay is not None:  # one that does not load is told, and not taken for a day without law
        book = engine.load(jurisdiction, at, overlay=overlay)
    judged = book.judge_frame(frame, at)
    found.blocked += int((permitted & ~judged.allowed).sum())
    found.freed += int((~permitted & judged.allowed).sum())
    for rule, mask in judged.fired.items():
        hit = mask & permitted
        if count := int(hit.sum()):
            found.by_rule[rule] += count
            known = found.samples.setdefault(rule, [])
            known += lot["id"].filter(pl.Series(hit))[: FEW - len(known)].to_list()
