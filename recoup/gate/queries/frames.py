"""
The facts of a whole book for a day, one row for each case and channel, read set by set.

For strategy: "could this person be contacted on that day?" What only the moment of sending knows
(the filled text, the last slot) is asked again by the gate then; here a text stands for an
approved one of the channel.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet

from recoup.gate.gather import MEDIUM, OPEN
from recoup.gate.lost import lost_debtors
from recoup.gate.models import Stop
from recoup.gate.queries import careful, counted, sparse
from recoup.gate.queries.sparse import WRITTEN
from recoup.gate.reading import collector_of, opted, product_of, regions_of
from recoup.kernel.clock import day_bounds, local_day
from recoup.people.models import Agency, Book
from recoup.portfolio import bulk
from recoup.portfolio.divided import Divided
from recoup.portfolio.models import Case, ContactPoint, Loan
from recoup.rulebook.vocabulary import ELEMENTS, PRODUCTS, bits

CASE = {
    "case": pl.Int64, "borrower": pl.Int64, "person": pl.Int64, "state": pl.String,
    "balance": pl.Int64, "agency": pl.Int64, "time_zones": pl.String, "birth_year": pl.Int64,
    "region": pl.String, "days_past_due": pl.Int64,
}  # fmt: skip
LOAN = {"case": pl.Int64, "name": pl.String}
POINT_FIELDS = (
    "pk", "borrower", "medium", "party", "source", "state", "preferred", "lawful_basis",
)  # fmt: skip
POINT = {
    "contact_point": pl.Int64, "borrower": pl.Int64, "medium": pl.String, "party": pl.String,
    "contact_source": pl.String, "state": pl.String, "preferred": pl.Boolean, "basis": pl.String,
}  # fmt: skip
SOME = 5_000  # cases that one query names
NONE = [0]  # nothing has that number, and Django makes no query of no numbers
LAWFUL = ("contract", "debtor_authorised", "lawful_public")


def complaints_frame(*, book: Book) -> pl.DataFrame:
    """Every complaint that stopped contact, also one answered since: the case, and the day."""
    rows = Stop.objects.filter(case__book=book, reason=Stop.Reason.COMPLAINT)
    found = [
        (case, local_day(since, book.time_zone))
        for case, since in rows.order_by("pk").values_list("case", "since")
    ]
    return pl.DataFrame(found, schema={"case": pl.Int64, "on": pl.Date}, orient="row")


def facts_frame(*, book: Book, on: date, cases: Collection[int] | None = None) -> pl.DataFrame:
    """
    The facts of every case of a book on a day, or of some `cases` of it, by channel, with the best
    point to reach each.

    Columns are the rulebook's facts, and `case`, `borrower`, `person`, `contact_point`, and
    `objected_before`, `flagged_before`, `hardship_before` (`careful.with_history`). A case without a point for a channel has no row
    for it.
    """
    facts = Facts(book=book, on=on)
    if cases is None:
        loans, points = bulk.frame(_loans(book), LOAN), best_points(book, on)
        return facts.of(cases=bulk.frame(_cases(book), CASE), loans=loans, points=points)
    wanted = sorted(cases) or NONE
    return pl.concat(
        facts.of_some(wanted[start : start + SOME]) for start in range(0, len(wanted), SOME)
    )


@dataclass(frozen=True)
class Facts:
    """
    The facts of a book on a day, of all cases or part by part. What few people have is read once, when
    it is first asked for.
    """

    book: Book
    on: date

    def lay(self, into: Divided) -> None:
        """Lay down what facts are made of, by part."""
        into.lay("facts_cases", bulk.frames(_cases(self.book), CASE))
        into.lay("facts_loans", bulk.frames(_loans(self.book), LOAN))
        points = _points(self.book, self.on, None, ("borrower__case__pk", *POINT_FIELDS))
        into.lay("facts_points", bulk.frames(points, {"case": pl.Int64, **POINT}))

    def of_part(self, laid: Divided, part: int) -> pl.DataFrame:
        """The rows of `facts_frame` that are of a part."""
        points = laid.frame("facts_points", part, {"case": pl.Int64, **POINT}).drop("case")
        return self.of(
            cases=laid.frame("facts_cases", part, CASE),
            loans=laid.frame("facts_loans", part, LOAN), points=_best(points),
        )  # fmt: skip

    def of_some(self, cases: Collection[int]) -> pl.DataFrame:
        """The rows of `facts_frame` that are of so few cases that a query can name them."""
        known = bulk.frame(_cases(self.book).filter(pk__in=cases), CASE)
        loans = bulk.frame(_loans(self.book).filter(case__in=cases), LOAN)
        borrowers = known["borrower"].to_list() or NONE
        points = best_points(self.book, self.on, borrowers=borrowers)
        return self.of(cases=known, loans=loans, points=points)

    def of(self, *, cases: pl.DataFrame, loans: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
        """The facts of some cases with their loans and best points."""
        start, _ = self.bounds
        known = _known(self.book, cases, _products(loans), self._listed)
        frame = known.join(points, on="borrower", how="inner")
        frame = frame.with_columns(
            channel=pl.col("medium").replace_strict(
                {MEDIUM[channel]: channel for channel in WRITTEN}, return_dtype=pl.String
            ),
            demands_payment=pl.lit(True),
            clock_went_back=pl.lit(False),
            decision_spent=pl.lit(False),
            identity_confirmed=pl.lit(False),
        )
        frame = _with(frame, self._stops, ["case"], stops=0)
        frame = _with(frame, _refused(self._opt_outs, frame), ["case", "channel"], opt_outs=0)
        frame = _with(frame, self._consents, ["borrower"], attempts_agreed=False, consents=0)
        frame = _with(frame, self._counts, ["person", "channel"], contacts_in_window=0)
        frame = counted.with_counts(frame, self._caps)
        frame = frame.join(self._channels, on="channel", how="left")
        frame = _declared(frame, *self._on_file)
        frame = _who_collects(self.book, frame, self._texts)
        frame = _lost(self.book, frame, start)
        frame = careful.marked(frame, self._history)
        return frame.with_columns(
            sealed_to_debtor=(pl.col("channel") == "letter") & (pl.col("party") == "debtor")
        ).drop("medium", "agency")

    @cached_property
    def bounds(self) -> tuple[datetime, datetime]:
        """When the day begins and ends in the book's place."""
        return day_bounds(self.on, self.book.time_zone)

    @cached_property
    def _listed(self) -> list[int]:
        rows = Agency.objects.filter(creditors=self.book.creditor_id)
        return list(rows.values_list("pk", flat=True))

    @cached_property
    def _stops(self) -> pl.DataFrame:
        return sparse.stops(self.book, self.bounds[0])

    @cached_property
    def _opt_outs(self) -> dict[int, set[str]]:
        return sparse.opt_outs(self.book)

    @cached_property
    def _consents(self) -> pl.DataFrame:
        return sparse.consents(self.book, self.bounds[1])

    @cached_property
    def _counts(self) -> pl.DataFrame:
        return sparse.counts(self.book, self.on, self.bounds[0])

    @cached_property
    def _caps(self) -> counted.Caps:
        return counted.caps(book=self.book, on=self.on, start=self.bounds[0], channels=WRITTEN)

    @cached_property
    def _channels(self) -> pl.DataFrame:
        return sparse.channels(self.book, self.on)

    @cached_property
    def _on_file(self) -> tuple[dict[str, int], sparse.Below]:
        return sparse.on_file(self.book, *self.bounds)

    @cached_property
    def _texts(self) -> dict[str, list[str]]:
        return sparse.texts(self.book)

    @cached_property
    def _history(self) -> dict[str, pl.Series]:
        return careful.history(book=self.book)


def _with(frame: pl.DataFrame, more: pl.DataFrame, on: list[str], **empty: Any) -> pl.DataFrame:
    """Join facts that few rows have; the rest get what nothing means."""
    joined = frame.join(more, on=on, how="left")
    return joined.with_columns(pl.col(name).fill_null(value) for name, value in empty.items())


def _cases(book: Book) -> QuerySet[Any]:
    return Case.objects.filter(book=book).order_by().values_list(
        "pk", "borrower", "borrower__person", "state", "owed", "agency", "borrower__time_zones",
        "borrower__birth_year", "borrower__region", "days_past_due",
    )  # fmt: skip


def _loans(book: Book) -> QuerySet[Any]:
    return Loan.objects.filter(book=book).order_by().values_list("case", "product")


def _known(
    book: Book, cases: pl.DataFrame, products: pl.DataFrame, listed: list[int]
) -> pl.DataFrame:
    """What is known of cases, however they are reached."""
    return (
        cases.with_columns(
            placement_open=pl.col("state").is_in([str(state) for state in OPEN]),
            agency_listed=pl.col("agency").is_null() | pl.col("agency").is_in(listed),
            time_zones=pl.when(pl.col("time_zones") != "").then(pl.col("time_zones")),
            lender=pl.lit(book.creditor.kind or None, dtype=pl.String),
            regions=_regions(cases["region"], book.jurisdiction),
            purpose=pl.lit("reminder"),
        )
        .join(products, on="case", how="left")
        .drop("state", "region")
    )


def _regions(column: pl.Series, jurisdiction: str) -> pl.Series:
    """The regions with rules of their own, as sets; missing where nobody knows the place."""
    found = {text: regions_of(text or "", jurisdiction) for text in column.unique().to_list()}
    sets = {text: bits("regions", words) for text, words in found.items() if words is not None}
    return column.replace_strict(sets, default=None, return_dtype=pl.Int64)


def _products(rows: pl.DataFrame) -> pl.DataFrame:
    """One word for each case: one card loan is enough for the rules of cards."""
    names = {name: product_of(name or "") for name in rows["name"].unique().to_list()}
    rows = rows.with_columns(product=pl.col("name").replace_strict(names, return_dtype=pl.String))
    order = {
        kind: place
        for place, kind in enumerate(sorted(PRODUCTS, key=lambda k: (k != "credit_card", k)))
    }
    rows = rows.with_columns(rank=pl.col("product").replace_strict(order, return_dtype=pl.Int8))
    return rows.sort("rank").group_by("case").agg(pl.col("product").first())


def best_points(book: Book, on: date, *, borrowers: Collection[int] | None = None) -> pl.DataFrame:
    """The best point of each medium: usable, the debtor's own, preferred, verified, lawful."""
    return _best(bulk.frame(_points(book, on, borrowers, POINT_FIELDS), POINT))


def _points(
    book: Book, on: date, borrowers: Collection[int] | None, fields: tuple[str, ...]
) -> QuerySet[Any]:
    known = ContactPoint.objects.filter(borrower__book=book)
    if borrowers is not None:
        known = known.filter(borrower__in=borrowers)
    live = Q(expires_on=None) | Q(expires_on__gte=on)
    return known.filter(live).order_by().values_list(*fields)


def _best(frame: pl.DataFrame) -> pl.DataFrame:
    best = frame.sort(
        pl.col("borrower"), pl.col("medium"), pl.col("state") == "invalid",
        pl.col("party") != "debtor", ~pl.col("contact_source").is_in(LAWFUL),
        ~pl.col("preferred"), pl.col("state") != "verified", pl.col("contact_point"),
    ).unique(["borrower", "medium"], keep="first", maintain_order=True)  # fmt: skip
    return best.with_columns(
        point_valid=pl.col("state") != "invalid",
        has_lawful_basis=pl.col("basis") != "",
        party_bound=(pl.col("contact_source") == "contract") & (pl.col("basis") != ""),
    ).drop("state", "preferred", "basis")


def _refused(everybody: dict[int, set[str]], frame: pl.DataFrame) -> pl.DataFrame:
    """Which channels of which cases were refused; one number refused holds for that point."""
    touched = frame.filter(pl.col("person").is_in(sorted(everybody))).select(
        "case", "person", "channel", "contact_point"
    )
    made = [
        (case, channel, bits("opt_outs", opted(everybody[person], channel=channel,
                                               medium=MEDIUM[channel], point=point)))
        for case, person, channel, point in touched.iter_rows()
    ]  # fmt: skip
    return pl.DataFrame(
        made,
        schema={"case": pl.Int64, "channel": pl.String, "opt_outs": pl.Int64}, orient="row",
    )  # fmt: skip


def _declared(frame: pl.DataFrame, every: dict[str, int], below: sparse.Below) -> pl.DataFrame:
    """What was declared of the creditor, the book and everything below, as two sets."""
    made = []
    for kind, name in (("mark", "marks"), ("paper", "papers")):
        column = pl.lit(every[kind], dtype=pl.Int64)
        for (declared, what), sets in below.items():
            if declared == kind:
                column = column | pl.col(what).replace_strict(
                    sets, default=0, return_dtype=pl.Int64
                )
        made.append(column.alias(name))
    return frame.with_columns(made)


def _who_collects(book: Book, frame: pl.DataFrame, texts: dict[str, list[str]]) -> pl.DataFrame:
    """Who collects each case; a text names the agency of a case only where it has a slot for it."""
    placed = pl.col("agency").is_not_null()
    lender = book.creditor.kind
    named = {channel: all("{agency}" in text for text in some) for channel, some in texts.items()}
    silent = placed & ~pl.col("channel").replace_strict(named, default=True)
    without = bits("says", [word for word in ELEMENTS if word != "agency"])
    return frame.with_columns(
        collector=pl.when(placed)
        .then(pl.lit(collector_of(agency=0, lender=lender)))
        .otherwise(pl.lit(collector_of(agency=None, lender=lender))),
        says=pl.when(silent).then(pl.col("says") & without).otherwise(pl.col("says")),
    )


def _lost(book: Book, frame: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """Whether the debtor is lost, where a contact person would be asked."""
    asked = frame.filter(pl.col("party") == "contact_person")["borrower"].unique().to_list()
    rows = [
        (borrower, "contact_person", fact["debtor_lost"], _epoch(fact["debtor_lost_from"]))
        for borrower, fact in lost_debtors(asked, book=book, at=at).items()
    ]
    schema = {"borrower": pl.Int64, "party": pl.String, "debtor_lost": pl.Boolean,
              "debtor_lost_from": pl.Int64}  # fmt: skip
    known = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.join(known, on=["borrower", "party"], how="left")


def _epoch(at: object) -> int | None:
    return int(at.timestamp()) if isinstance(at, datetime) else None
