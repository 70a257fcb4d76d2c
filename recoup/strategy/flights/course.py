"""
How one strategy's view of the book moves on, day by day, in one repetition.

What the product would read the next night is derived: days past due and sums from the borrowers,
earlier contacts and steps from what was done, stops and opt-outs from what borrowers said, the caps
of the law from its own counters. Scores stay those of the first night.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.kernel.clock import day_bounds
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.portfolio.ageing import stage_expression
from recoup.rulebook.vocabulary import bits
from recoup.strategy.flights.borrowers import TASK_CHANNEL, Borrowers
from recoup.strategy.flights.start import Side, Start, later_of
from recoup.strategy.prospects import Frames
from recoup.strategy.schema import MEDIA

CHANNELS = ("sms", "email", "letter", TASK_CHANNEL)
COUNTED_BY = ("person", "case", "debt")
PROMISE, COMPLAINT = bits("stops", ["promise"]), bits("stops", ["complaint"])
OPTED_OUT = bits("opt_outs", ["medium"])

Ints = NDArray[np.int64]


class Course:
    """The frames of one side on each day. Contacts that were made are told by `contacted`."""

    def __init__(self, start: Start, side: Side, borrowers: Borrowers) -> None:
        self.start, self.side, self.borrowers = start, side, borrowers
        self._cases = side.frames.cases
        self._ids = start.cases
        n, days = len(self._ids), len(start.days)
        self._made = np.zeros((days, len(CHANNELS), n), dtype=np.int16)
        self._complained = np.zeros(n, dtype=bool)
        self._opted_out = np.zeros((len(CHANNELS), n), dtype=bool)
        self._past = side.frames.past

    def frames(self, number: int) -> Frames:
        """What the night before a day reads."""
        if number == 0:
            return self.side.frames
        return replace(
            self.side.frames, cases=self._aged(number), past=self._past,
            facts=self._facts(number),
        )  # fmt: skip

    def contacted(
        self, *, number: int, channel: str, index: Ints, complains: NDArray[np.bool_],
        opts_out: NDArray[np.bool_],
    ) -> None:  # fmt: skip
        """Note contacts of a day and what the borrowers said; `index` holds places of cases."""
        place = CHANNELS.index(TASK_CHANNEL if channel == "task" else channel)
        self._made[number, place, index] += 1
        self._complained[index] |= complains
        self._opted_out[place, index] |= opts_out

    def stepped(self, number: int, rows: pl.DataFrame) -> None:
        """Note which steps were taken on a day: rows of the plan with an action."""
        done = rows.select(
            "case", "segment", last_step=pl.col("step"), last_on=pl.lit(self.start.days[number])
        )
        self._past = later_of(self._past, done)

    # -- Cases ---------------------------------------------------------------------------------------
    def _aged(self, number: int) -> pl.DataFrame:
        recent = self._ids_joined(self.side.recent[number])
        limit = self.side.strategy.contact_limit.days
        known, owed = self.borrowers, self.borrowers.owed
        frame = self._cases.with_columns(
            days_past_due=pl.Series(known.days_past_due), overdue=pl.Series(known.overdue),
            owed=pl.Series(owed), days_placed=pl.col("days_placed") + number,
            state=pl.when(pl.Series(owed <= 0)).then(pl.lit("settled")).otherwise(pl.col("state")),
            contacts_7=recent["contacts_7"] + self._since(number, 7),
            contacts_30=recent["contacts_30"] + self._since(number, 30),
            contacts_limit=recent["contacts_limit"] + self._since(number, limit),
            pending=recent["pending"], contacted_ago=self._ago(number),
        )  # fmt: skip
        # As the night counts: the cases of one person share their limit.
        return frame.with_columns(
            pl.col("contacts_limit").sum().over("person"), stage=stage_expression()
        )

    def _ago(self, number: int) -> pl.Series:
        """Days from the last contact to a day, of the flight or else of before it; null for none."""
        ids, earlier = pl.DataFrame({"case": self._ids}), self.side.recent[number]
        found = ids.join(earlier, on="case", how="left", maintain_order="left")["contacted_ago"]
        made = self._made[:number].any(axis=1)[::-1]
        flown = pl.Series(np.where(made.any(axis=0), made.argmax(axis=0) + 1, 0) if number else 0)
        return pl.select(pl.when(flown > 0).then(flown).otherwise(found)).to_series()

    def _ids_joined(self, frame: pl.DataFrame) -> pl.DataFrame:
        ids = pl.DataFrame({"case": self._ids})
        return ids.join(frame, on="case", how="left", maintain_order="left").fill_null(0)

    def _since(self, number: int, days: int) -> pl.Series:
        """Contacts of the flight in so many days up to the night before a day."""
        made = self._made[max(0, number - days + 1) : number]
        return pl.Series(made.sum(axis=(0, 1), dtype=np.int64))

    # -- Facts -----------------------------------------------------------------------------------------
    def _facts(self, number: int) -> pl.DataFrame:
        """The law's facts of a day: the book's own, and what the flight added."""
        frame = self.start.facts[number]
        if frame.is_empty():
            return frame
        rows = np.searchsorted(self._ids, frame["case"].to_numpy())
        channel = frame["channel"].to_numpy()
        owed, promised = self.borrowers.owed, self.borrowers.promised(day=number)
        stops = np.where(promised, PROMISE, 0) | np.where(self._complained, COMPLAINT, 0)
        outs = np.zeros(len(rows), dtype=np.int64)
        for place, name in enumerate(CHANNELS):
            for other in MEDIA:
                if name in MEDIA and MEDIA[other] == MEDIA[name]:
                    mine = channel == other
                    outs[mine] |= np.where(self._opted_out[place, rows[mine]], OPTED_OUT, 0)
        changed: dict[str, Any] = {
            "balance": pl.Series(owed[rows]),
            "days_past_due": pl.Series(self.borrowers.days_past_due[rows]),
            "stops": frame["stops"] | pl.Series(stops[rows]),
            "opt_outs": frame["opt_outs"] | pl.Series(outs),
            "placement_open": frame["placement_open"] & pl.Series(owed[rows] > 0),
        }
        known = {name: value for name, value in changed.items() if name in frame.columns}
        return frame.with_columns(**known, **self._counts(number, frame, rows, channel))

    def _counts(
        self, number: int, frame: pl.DataFrame, rows: Ints, channel: NDArray[np.object_]
    ) -> dict[str, pl.Series]:
        """The counters of the law with the flight's contacts, as `gate.queries.facts_frame` counts."""
        begins = day_bounds(self.start.days[number], self.start.book.time_zone)[0]
        try:
            rules = law_of(self.start.book, begins).counters
        except Invalid:  # nothing is lawful there, whatever was counted
            return {}
        found: dict[str, Ints] = {}
        for rule in rules:
            if not rule.fact or rule.fact not in frame.columns or rule.of not in COUNTED_BY:
                continue
            more = found.setdefault(rule.fact, np.zeros(len(rows), dtype=np.int64))
            for name in CHANNELS:
                if rule.channels and name not in rule.channels:
                    continue
                asked = (name,) if rule.by_channel else rule.channels or CHANNELS
                days = rule.for_channel(rule.days, name) or 1
                sent = self._within(number, days, [c for c in asked if c in CHANNELS])
                mine = channel == name
                more[mine] = np.maximum(more[mine], sent[rows[mine]])
        return {fact: frame[fact] + pl.Series(more) for fact, more in found.items()}

    def _within(self, number: int, days: int, channels: list[str]) -> Ints:
        """Contacts that a window of some days still holds when a day begins; a day's own are over."""
        if days <= 1:
            return np.zeros(len(self._ids), dtype=np.int64)
        places = [CHANNELS.index(name) for name in channels]
        made = self._made[max(0, number - days) : number, places]
        return np.asarray(made.sum(axis=(0, 1), dtype=np.int64))
