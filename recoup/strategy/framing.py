"""
The frames that a plan is made from: of a whole book, of a part that was laid down, or of some cases.

Each is read in one place, and put together in one place (`put_together`), so that a night over parts
looks at what a night over the whole book looks at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

import polars as pl

from recoup.people import queries as people
from recoup.people.models import Agency, Book
from recoup.portfolio import queries as portfolio
from recoup.portfolio.divided import Divided
from recoup.portfolio.models import Case
from recoup.scoring import queries as scoring
from recoup.strategy import distress, history, persons, routing
from recoup.strategy.effects import alone, complaints, keeping
from recoup.strategy.effects.complaints import Objecting
from recoup.strategy.effects.measured import Measured
from recoup.strategy.prospects import Frames
from recoup.strategy.schema import Strategy

SCORES = {
    "repay_30": pl.Float64, "roll": pl.Float64, "lost_contact": pl.Float64,
    "ability": pl.Float64, "willingness": pl.Float64, "self_cure": pl.Float64, "starter": pl.Boolean,
}  # fmt: skip
SIGNS = {"case": pl.Int64, **dict.fromkeys(distress.FEATURES, pl.Float32)}


@dataclass(frozen=True)
class Raw:
    """What is read of some cases; `signs` are the features of distress, where any were kept."""

    cases: pl.DataFrame
    scores: pl.DataFrame
    recent: pl.DataFrame
    points: pl.DataFrame
    past: pl.DataFrame
    signs: pl.DataFrame | None


@dataclass(frozen=True)
class Around:
    """What all cases of a book share on a day; each is read when it is first asked for."""

    book: Book
    strategy: Strategy
    on: date

    @cached_property
    def agencies(self) -> dict[int, str]:
        """Agencies by key."""
        return dict(Agency.objects.values_list("pk", "code"))

    @cached_property
    def measured(self) -> Measured | None:
        """The effects in use."""
        return keeping.load(book=self.book)

    @cached_property
    def objecting(self) -> Objecting | None:
        """The chances of a complaint in use."""
        return complaints.load(book=self.book, strategy=self.strategy)

    @cached_property
    def closed(self) -> Mapping[str, Collection[str]]:
        """The groups that routing closed, by segment."""
        return routing.closed(book=self.book, strategy=self.strategy, on=self.on)


def frames(
    *, book: Book, strategy: Strategy, facts: pl.DataFrame, on: date, at: datetime,
    scored_on: date | None = None, again: Collection[int] | None = None,
) -> Frames:  # fmt: skip
    """
    Everything a plan is made from, each read once; scores of another day if one is given. For some
    cases chosen for `again`, they alone, with what their people were told in other cases.
    """
    same, some = _people(book, again)
    raw = Raw(
        cases=portfolio.case_frame(book=book, on=on, cases=some),
        scores=with_scores(scoring.scores_frame(
            book=book, on=scored_on or on, cases=again, columns=list(SCORES)
        )),
        recent=history.contacts_frame(
            book=book, on=on, at=at, days=strategy.contact_limit.days, cases=some,
            again=again or (),
        ),
        points=portfolio.contact_point_frame(book=book, on=on, cases=again),
        past=history.past_frame(book=book, cases=again),
        signs=scoring.features_frame(
            book=book, on=scored_on or on, columns=distress.FEATURES, cases=again
        ),
    )  # fmt: skip
    return put_together(
        Around(book, strategy, on), raw, facts, same=same, trained=distress.trained(book, again),
        again=again,
    )  # fmt: skip


def put_together(
    around: Around, raw: Raw, facts: pl.DataFrame, *, same: Mapping[int, int], trained: pl.Series,
    again: Collection[int] | None = None,
) -> Frames:  # fmt: skip
    """
    The frames of what was read. `same` are rows of people who are one person, `trained` the cases
    whose collector is trained for people in distress.
    """
    strategy, on = around.strategy, around.on
    cases = raw.cases.join(raw.scores, on="case", how="left", maintain_order="left")
    cases = cases.join(raw.recent, on="case", how="left", maintain_order="left")
    # Two cases of one person are one person: for the holdout, the arm and the limit of contacts.
    cases = persons.as_one(cases, same).with_columns(
        pl.col("contacts_7", "contacts_30", "contacts_limit", "pending").fill_null(0),
        days_placed=(pl.lit(on) - pl.col("placed_on")).dt.total_days(),
        has_team=pl.col("team").is_not_null(),
        has_agency=pl.col("agency").is_not_null(),
        agency=pl.col("agency").replace_strict(
            around.agencies, default=None, return_dtype=pl.String
        ),
        time_zones=pl.col("time_zones").fill_null(""),
    )
    cases = cases.with_columns(pl.col("contacts_limit").sum().over("person"))
    if again is not None:
        cases = cases.filter(pl.col("case").is_in(list(again)))
    cases = distress.marked(cases, raw.signs, trained)
    own = (pl.col("party") == "debtor") & (pl.col("state") != "invalid")
    measured = around.measured
    cured = measured and alone.chances(
        measured.card, cases, repay_30=strategy.assumptions.repay_30
    )  # fmt: skip
    if cured is not None:
        cases = cases.with_columns(self_cure=pl.Series(cured))
    return Frames(
        cases=cases, points=raw.points.filter(own), past=raw.past, facts=facts, measured=measured,
        closed=around.closed, objecting=around.objecting,
    )  # fmt: skip


def lay(*, around: Around, at: datetime, into: Divided) -> None:
    """
    Lay down everything that a night's `frames` are made of, by part.

    :raises Invalid: if the book was not scored for the day
    """
    book, on = around.book, around.on
    portfolio.lay_cases(book=book, on=on, into=into)
    portfolio.lay_points(book=book, on=on, into=into)
    history.lay(book=book, on=on, at=at, days=around.strategy.contact_limit.days, into=into)
    scores = scoring.score_pieces(book=book, on=on, columns=list(SCORES))
    into.lay("scores", (with_scores(piece) for piece in scores))
    signs = scoring.feature_pieces(book=book, on=on, columns=distress.FEATURES)
    if signs is not None:
        into.lay("signs", signs)


def raw_of(laid: Divided, part: int) -> Raw:
    """What was laid down of a part, as a whole book's is read."""
    return Raw(
        cases=portfolio.cases_of(laid, part),
        scores=laid.frame("scores", part, {"case": pl.Int64, **SCORES}),
        recent=laid.frame("recent", part, history.RECENT),
        points=laid.frame("points", part, portfolio.POINT),
        past=laid.frame("past", part, history.PAST),
        signs=laid.frame("signs", part, SIGNS) if laid.has("signs") else None,
    )  # fmt: skip


def _people(
    book: Book, again: Collection[int] | None
) -> tuple[dict[int, int], Collection[int] | None]:
    """Rows of people who are one person; and for some cases, these and all others of their people."""
    if again is None:
        return people.same_people(creditor=book.creditor_id), None
    mine = Case.objects.filter(pk__in=again).values_list("borrower__person", flat=True)
    same = people.same_people(creditor=book.creditor_id, persons=list(mine))
    others = Case.objects.filter(book=book, borrower__person__in={*same, *same.values()})
    return same, {*again, *others.values_list("pk", flat=True)}


def with_scores(scores: pl.DataFrame) -> pl.DataFrame:
    """The columns of scores that conditions know; a score nobody gave is not known."""
    given = [
        pl.col(name).cast(kind) if name in scores.columns else pl.lit(None, kind).alias(name)
        for name, kind in SCORES.items()
    ]
    return scores.select(pl.col("case").cast(pl.Int64), *given)
