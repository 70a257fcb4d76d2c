"""
What the law allows tonight, asked of the rule engine for every case and channel at once.

Each treatment is judged at the middle of its window, where the book is; the gate judges again at
the moment of sending. A case without facts for a channel is refused. A task is work and not a
contact: it needs facts and no stop, and whoever does it asks the gate for each contact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.kernel.clock import at_local
from recoup.people.law import law_of
from recoup.people.models import Book
from recoup.rulebook import engine
from recoup.rulebook.vocabulary import FACTS, bits
from recoup.scoring.kernel import rows_of
from recoup.strategy.schema import Strategy, Treatment
from recoup.strategy.words import Words

Flags = NDArray[np.bool_]


@dataclass
class Eligibility:
    """
    For each case and treatment: whether it is allowed and to which contact point.

    `why` says for a case with nothing allowed what stood in the way; `rules` names the rules that
    fired for it, `fired` counts them over the book. Of `asked` contacts (a case and a channel in one
    window) `refused` were not allowed.
    """

    allowed: Flags
    point: NDArray[np.int64]
    why: Words
    rules: Words
    fired: Counter[str] = field(default_factory=Counter)
    rulebook: str = ""
    asked: int = 0
    refused: int = 0


def judge(
    *, book: Book, strategy: Strategy, cases: pl.Series, offered: Flags, facts: pl.DataFrame,
    on: date, alike: Mapping[str, object] = MappingProxyType({}),
) -> Eligibility:  # fmt: skip
    """
    Judge the offered treatments of these cases, which stand in rising order; `facts` is as
    `gate.queries.facts_frame`, `alike` are facts that all contacts share.
    """
    n = len(cases)
    found = Eligibility(
        allowed=np.zeros_like(offered), point=np.zeros(offered.shape, dtype=np.int64),
        why=Words(n, known=("no_facts", "")), rules=Words(n),
    )  # fmt: skip
    if not n or not facts.height:
        return found
    stated = {name: pl.lit(alike[name]) for name in ("stops", "opt_outs") if name in alike}
    facts = facts.with_columns(**stated)
    place = rows_of(cases.to_numpy(), facts["case"].to_numpy())
    asked: dict[tuple[str, time, time], list[int]] = {}
    for number, treatment in enumerate(strategy.treatments.values()):
        if treatment.channel == "task":
            _judge_task(found, number, offered, facts, place)
        else:
            asked.setdefault((treatment.channel, *treatment.window), []).append(number)
    of = Words.of(facts["channel"])
    of.put(place < 0, "")
    # What no rule reads is left behind, and what is read gathered once.
    facts = facts.select(*_read(facts.columns))
    for (channel, opens, closes), numbers in asked.items():
        moment = at_local(on, middle(opens, closes), book.time_zone)
        rules = law_of(book, moment)
        found.rulebook = rules.digest
        here = of == channel
        lines = np.flatnonzero(here)
        lines = lines[offered[:, numbers].any(axis=1)[place[lines]]]
        if len(lines):
            # A decision that is yet to be made has not been used; the gate asks this of the real one.
            mine = facts[lines]
            shared = {**alike, "channel": channel, "decision_spent": False}
            judged = rules.judge_frame(mine, moment, alike=shared)
            _judge_channel(found, numbers, offered, mine, place[lines], judged)
    found.why.put(found.allowed.any(axis=1), "")
    return found


def _read(columns: Sequence[str]) -> list[str]:
    said = ("channel", "decision_spent")  # once for all rows
    return [n for n in columns if (n in FACTS and n not in said) or n == "contact_point"]


def middle(opens: time, closes: time) -> time:
    """The time of day at which a treatment is judged."""
    minute = (opens.hour * 60 + opens.minute + closes.hour * 60 + closes.minute) // 2
    return time(minute // 60, minute % 60)


def _judge_channel(
    found: Eligibility, numbers: list[int], offered: Flags, facts: pl.DataFrame,
    rows: NDArray[np.integer], judged: engine.Judged,
) -> None:  # fmt: skip
    allowed = np.asarray(judged.allowed, dtype=bool)
    points = facts["contact_point"].fill_null(0).to_numpy()
    found.asked += len(allowed)
    found.refused += int((~allowed).sum())
    for number in numbers:
        found.allowed[rows, number] = allowed & offered[rows, number] & (points > 0)
        found.point[rows, number] = points
    for rule, mask in judged.fired.items():
        hit = np.asarray(mask, dtype=bool) & ~allowed
        if hit.any():
            found.fired[rule] += int(hit.sum())
            found.rules.add(rows[hit], rule)
    _explain(found, facts, rows, allowed)
    found.why.put(rows[allowed & (points <= 0)], "no_contact_point")


def _judge_task(
    found: Eligibility, number: int, offered: Flags, facts: pl.DataFrame,
    place: NDArray[np.integer],
) -> None:  # fmt: skip
    lines = np.flatnonzero(place >= 0)
    first = np.full(len(offered), -1)
    first[place[lines[::-1]]] = lines[::-1]  # the first line of a case is written last
    rows = np.flatnonzero(first >= 0)
    one = facts.select("stops", "opt_outs")[first[rows]]
    free = (one["stops"] == 0).fill_null(False).to_numpy()
    found.allowed[rows, number] = free & offered[rows, number]
    _explain(found, one, rows, free)


def _explain(found: Eligibility, facts: pl.DataFrame, rows: NDArray[np.int64], ok: Flags) -> None:
    """Say in one word why a case may not be contacted, where its facts say it."""
    stops = facts["stops"].fill_null(0).to_numpy()
    outs = facts["opt_outs"].fill_null(0).to_numpy()
    promised = (stops & bits("stops", {"promise"})) != 0
    only = promised & (stops == bits("stops", {"promise"}))
    words = (
        ("rule", (stops == 0) & (outs == 0)), ("opted_out", (stops == 0) & (outs != 0)),
        ("stop", (stops != 0) & ~only), ("promise_open", only),
    )  # fmt: skip
    for word, marks in words:
        found.why.put(rows[~ok & marks], word)


def windows(
    *, treatment: Treatment, zones: str, on: date, closes_on: date
) -> tuple[datetime, datetime] | None:
    """
    When the treatment may be carried out, in UTC: inside its window in every zone the person may
    be in. `None` if the zones have no common hour.
    """
    names = [name.strip() for name in zones.split(",") if name.strip()]
    opens = max(at_local(on, treatment.window[0], name) for name in names)
    closes = min(at_local(closes_on, treatment.window[1], name) for name in names)
    return (opens, closes) if opens < closes else None
