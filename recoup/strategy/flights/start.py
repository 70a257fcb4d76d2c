"""
What a flight starts from: the book as it stands, for each of its days the facts the law asks for,
and the cases that are flown.

Everything is read once, before the first day is played, and nothing is written.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from recoup.kernel.clock import at_local, local_day
from recoup.kernel.errors import Invalid
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.ageing import stage_expression
from recoup.scoring.models import ScoreRun
from recoup.strategy import arms, history, sequence, uses, writing
from recoup.strategy.flights.borrowers import Seen
from recoup.strategy.models import Decision, Plan
from recoup.strategy.prospects import Frames
from recoup.strategy.schema import Strategy

FactsOf = Callable[[date, Collection[int] | None], pl.DataFrame]
FEW = 4  # times the cases flown: a larger book is not read whole for each day
Ints = NDArray[np.int64]
NIGHT = time(2)  # the hour of the night's plan, where the book is


@dataclass(frozen=True)
class Side:
    """
    One of the strategies that are flown: its text's hash and what it starts from.

    `whole` are the frames of the first night for every case of the book, `frames` those of the
    cases flown; `recent` has for each day what earlier decisions still count for, as
    `history.contacts_frame`. `scaled` is the strategy with budgets for the cases flown; `prices` are
    those of the book's last night, from which the first plan begins; `stopped` the arms that are.
    """

    strategy: Strategy
    scaled: Strategy
    digest: str
    whole: Frames
    frames: Frames
    recent: tuple[pl.DataFrame, ...]
    prices: Mapping[str, float] | None = None
    stopped: tuple[str, ...] = ()

    @property
    def limits(self) -> dict[str, float]:
        """How much there is of each budget for the whole book on a day."""
        most = uses.limits(self.strategy).tolist()
        return dict(zip(uses.names(self.strategy), most, strict=True))


@dataclass(frozen=True)
class Start:
    """
    A flight before its first day. `champion` is `None` where no strategy is in force: then the
    candidate is flown against nobody being contacted.

    `days` are played, `facts` holds for each day the rulebook's facts of the cases flown; `total`
    counts the cases of the book, each flown one stands for `weight` of them.
    """

    book: Book
    days: tuple[date, ...]
    candidate: Side
    champion: Side | None
    facts: tuple[pl.DataFrame, ...]
    seen: Seen
    total: int
    weight: float

    @property
    def cases(self) -> Ints:
        """The cases that are flown, in order."""
        found: Ints = self.candidate.frames.cases["case"].to_numpy()
        return found

    def at(self, number: int) -> datetime:
        """The instant of the night before a day."""
        return at_local(self.days[number], NIGHT, self.book.time_zone)

    def models(self) -> list[int | None]:
        """The versions of measured effects and complaints, which are no part of the digest."""
        frames = self.candidate.frames
        return [
            frames.measured.version if frames.measured else None,
            frames.objecting.version if frames.objecting else None,
        ]

    def digest(self) -> str:
        """The hash of all that was read of the book."""
        content = hashlib.sha256()
        for side in (self.candidate, self.champion):
            if side is not None:
                for frame in (side.frames.cases, side.frames.past, *side.recent):
                    content.update(_bytes(frame))
        for frame in self.facts:
            content.update(_bytes(frame))
        return content.hexdigest()


def _bytes(frame: pl.DataFrame) -> bytes:
    """The rows as text: binary forms carry padding, and differ from one version to the next."""
    held = io.BytesIO()
    order = [name for name in ("case", "channel", "segment") if name in frame.columns]
    frame.select(sorted(frame.columns)).sort(order).write_csv(held)
    return held.getvalue()


def read(
    *, book: Book, candidate: tuple[Strategy, str], champion: tuple[Strategy, str] | None,
    facts: FactsOf, at: datetime, days: int, most: int, seed: int,
) -> Start:  # fmt: skip
    """
    Read the book for a flight that begins with the next night that has no plan.

    A strategy comes with the hash of its text. Of a book of more than `most` cases so many are
    flown: every k-th in order of stage, days past due and sum, which is a sample by strata of equal
    weight. Budgets are scaled alike.

    :raises Invalid: if the book was never scored, or has no case
    """
    first, scored_on = _first(book, at)
    played = tuple(first + timedelta(days=n) for n in range(days))
    opening = facts(first, None)
    aged = (first - scored_on).days
    sides = [
        None if one is None else _whole(book, one, opening, first, scored_on, aged, at)
        for one in (candidate, champion)
    ]
    cases = sides[0].whole.cases if sides[0] else pl.DataFrame()
    if cases.is_empty():
        raise Invalid(_("The book {book} has no case to fly over.").format(book=book.code),
                      hint=_("Take in a file first: recoup accept."))  # fmt: skip
    flown = _sampled(cases, most, seed)
    scale = len(flown) / cases.height
    chosen = pl.Series("case", flown)
    here = [_flown(side, chosen, scale, played, book) if side else None for side in sides]
    if here[0] is None:
        raise AssertionError("A flight without a candidate.")
    # Where most is flown, a day is read whole, and the rest let go before the next is read.
    named = flown.tolist() if len(flown) * FEW <= cases.height else None
    kept = (_of(opening, chosen), *(_of(facts(day, named), chosen) for day in played[1:]))
    return Start(
        book=book, days=played, candidate=here[0], champion=here[1],
        facts=kept, seen=_seen(here[0].frames.cases),
        total=cases.height, weight=1 / scale,
    )  # fmt: skip


def _first(book: Book, at: datetime) -> tuple[date, date]:
    """The day of the next night that is not planned yet, and the day of the newest scores."""
    run = ScoreRun.objects.filter(book=book).order_by("-on").first()
    if run is None:
        raise Invalid(_("The book {book} was never scored.").format(book=book.code),
                      hint=_("Run `recoup night` first."))  # fmt: skip
    planned = Plan.objects.filter(book=book, on=run.on).exists()
    first = run.on + timedelta(days=1) if planned else run.on
    return max(first, local_day(at, book.time_zone)), run.on


def _whole(
    book: Book, one: tuple[Strategy, str], facts: pl.DataFrame, first: date, scored_on: date,
    aged: int, at: datetime,
) -> Side:  # fmt: skip
    strategy, digest = one
    frames = writing.frames(
        book=book, strategy=strategy, facts=facts, on=first, scored_on=scored_on,
        at=at_local(first, NIGHT, book.time_zone),
    )  # fmt: skip
    frames = replace(
        frames, cases=_aged(frames.cases.sort("case"), aged),
        past=later_of(frames.past, _on_its_way(book, at)),
    )  # fmt: skip
    prices = writing.last_prices(book=book, on=first)
    stopped = tuple(arms.stopped(book=book, salt=strategy.salt))
    return Side(strategy, strategy, digest, frames, frames, (), prices, stopped)


def _aged(cases: pl.DataFrame, days: int) -> pl.DataFrame:
    """The cases some days later, if nobody paid."""
    late = pl.when(pl.col("overdue") > 0).then(pl.col("days_past_due") + days)
    older = cases.with_columns(days_past_due=late.otherwise(pl.col("days_past_due")))
    return older.with_columns(stage=stage_expression())


def _on_its_way(book: Book, at: datetime) -> pl.DataFrame:
    """Steps whose action still waits for its hour: until the first night they will be taken."""
    rows = Decision.objects.filter(book=book, state=Decision.State.WAITING, not_after__gt=at)
    return bulk.frame(
        rows.values_list("case", "segment", "step", "on"),
        {"case": pl.Int64, "segment": pl.String, "last_step": pl.Int64, "last_on": pl.Date},
    )


def later_of(past: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """The last step and its day of both, for each case and segment, in order."""
    both = pl.concat([past, more.select(past.columns).cast(past.schema)])
    return both.group_by("case", "segment").agg(pl.all().max()).sort("case", "segment")


def _sampled(cases: pl.DataFrame, most: int, seed: int) -> Ints:
    order = cases.sort("stage", "days_past_due", "owed", "case")["case"].to_numpy()
    if len(order) <= most:
        return np.sort(order)
    step = len(order) / most
    begin = np.random.default_rng([seed, len(order)]).random() * step
    places = (begin + step * np.arange(most)).astype(np.int64)
    return np.sort(order[np.minimum(places, len(order) - 1)])


def _flown(side: Side, chosen: pl.Series, scale: float, days: Sequence[date], book: Book) -> Side:
    frames = side.whole
    cases = _of(frames.cases, chosen)
    known = sequence.assign(
        strategy=side.strategy, book=book.code, persons=cases["person"].to_numpy()
    )
    recent = tuple(
        _of(history.contacts_frame(
            book=book, on=day, at=at_local(day, NIGHT, book.time_zone),
            days=side.strategy.contact_limit.days), chosen)
        for day in days
    )  # fmt: skip
    budgets = {name: most * scale for name, most in side.strategy.budgets.items()}
    own = tuple(replace(each, most=each.most * scale) for each in side.strategy.own)
    return replace(
        side, scaled=replace(side.strategy, budgets=budgets, own=own), recent=recent,
        frames=replace(
            frames, cases=cases, points=_of(frames.points, chosen), past=_of(frames.past, chosen),
            facts=_of(frames.facts, chosen), arms=known,
        ),
    )  # fmt: skip


def _of(frame: pl.DataFrame, chosen: pl.Series) -> pl.DataFrame:
    return frame.filter(pl.col("case").is_in(chosen.implode()))


def _seen(cases: pl.DataFrame) -> Seen:
    """What the response model is told of the cases flown."""

    def number(name: str, kind: type[pl.DataType]) -> Any:
        empty = float("nan") if kind is pl.Float64 else 0
        return cases[name].cast(kind).fill_null(empty).to_numpy().copy()

    return Seen(
        days_past_due=number("days_past_due", pl.Int64), overdue=number("overdue", pl.Int64),
        owed=number("owed", pl.Int64), repay_30=number("repay_30", pl.Float64),
        lost=number("lost_contact", pl.Float64), contacts_30=number("contacts_30", pl.Int64),
    )  # fmt: skip
