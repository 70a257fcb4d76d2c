"""Counting one day: from the ledger, contacts, promises, plans and refusals to figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl
from django.db.models import F, Q, QuerySet

from recoup.contact.models import Attempt
from recoup.gate.models import Refusal
from recoup.kernel.clock import day_bounds
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.repayment.models import Promise
from recoup.reporting import snapshots
from recoup.reporting.metrics import ATTRIBUTION_DAYS, NO_CONTACT
from recoup.reporting.models import Fee, Snapshot
from recoup.strategy.models import Decision, Plan
from recoup.strategy.reading import read as read_strategy

Key = tuple[str, str, str]  # metric, dimension, slice
# An attempt in one of these states was never handed to a carrier.
NOT_MADE = (Attempt.State.RESERVED, Attempt.State.HANDING, Attempt.State.FAILED)
JUDGED = {
    Promise.State.KEPT: "promises_kept", Promise.State.PARTIAL: "promises_partial",
    Promise.State.BROKEN: "promises_broken",
}  # fmt: skip
SLICES = ("team", "stage", "arm", "vintage")
CONTACT = {"case": pl.Int64, "at": pl.Datetime("us", "UTC"), "channel": pl.String}


@dataclass
class Tally:
    """Figures being added up."""

    values: Counter[Key] = field(default_factory=Counter)

    def add(self, metric: str, dimension: str, slice_: object, value: int) -> None:
        """Add to one figure."""
        self.values[(metric, dimension, str(slice_)[:60])] += int(value)

    def group(self, metric: str, frame: pl.DataFrame, column: str, by: Iterable[str]) -> None:
        """Add a column's sum to `all` and to each slice of some dimensions."""
        self.add(metric, "all", "all", frame[column].sum())
        for dimension in by:
            sums = frame.group_by(pl.col(dimension).fill_null("none")).agg(pl.col(column).sum())
            for slice_, value in sums.iter_rows():
                self.add(metric, dimension, slice_, value)


def ledger_payments(*, book: Book, **window: object) -> QuerySet[Entry]:
    """The entries that recovery is counted from: payments since placement, and their reversals."""
    return Entry.objects.filter(
        Q(kind=Entry.Kind.PAYMENT)
        | Q(
            kind=Entry.Kind.REVERSAL, reverses__kind="payment",
            reverses__value_on__gte=F("loan__case__placed_on"),
        ),
        loan__book=book, value_on__gte=F("loan__case__placed_on"), **window,
    )  # fmt: skip


def flows(*, book: Book, day: date, standing: pl.DataFrame) -> Counter[Key]:
    """Everything that happened on a day, sliced by how the cases stood."""
    tally = Tally()
    where = standing.select("case", *SLICES)
    start, end = day_bounds(day, book.time_zone)
    contacts = _contacts(book, start - timedelta(days=ATTRIBUTION_DAYS), end)
    _count_money(tally, book, day, end, where, contacts)
    _count_contacts(tally, book, day, start, end, where)
    _count_promises(tally, book, day, start, end, where)
    _count_refusals(tally, book, start, end)
    _count_decided(tally, book, day)
    return tally.values


def _contacts(book: Book, since: datetime, until: datetime) -> pl.DataFrame:
    """Contacts that a payment may be put down to: case, at, channel."""
    rows = Attempt.objects.filter(book=book, reserved_at__gte=since, reserved_at__lt=until)
    made = bulk.frame(
        rows.exclude(state__in=NOT_MADE).values_list("case_id", "reserved_at", "channel"), CONTACT
    )
    tasks = Decision.objects.filter(
        book=book, channel="task", state="done", not_before__gte=since, not_before__lt=until
    )
    done = bulk.frame(tasks.values_list("case_id", "not_before", "channel"), CONTACT)
    return pl.concat([made, done]).sort("at")


def _count_money(
    tally: Tally, book: Book, day: date, end: datetime, where: pl.DataFrame,
    contacts: pl.DataFrame,
) -> None:  # fmt: skip
    rows = ledger_payments(book=book, value_on=day)
    paid = bulk.frame(
        rows.values_list("loan__case_id", "kind", "cash"),
        {"case": pl.Int64, "kind": pl.String, "cash": pl.Int64},
    )
    last = contacts.filter(pl.col("at") < end).group_by("case").agg(pl.col("channel").last())
    paid = paid.join(where, on="case", how="left").join(last, on="case", how="left")
    paid = paid.with_columns(pl.col("channel").fill_null(NO_CONTACT), one=pl.lit(1))
    tally.group("recovered", paid, "cash", (*SLICES, "channel"))
    tally.group("payments", paid.filter(pl.col("kind") == "payment"), "one", SLICES)
    tally.add("reversed", "all", "all", -paid.filter(pl.col("kind") == "reversal")["cash"].sum())
    fee = Fee.objects.filter(book=book, since__lte=day).order_by("-since").first()
    exact = Decimal(int(paid["cash"].sum())) * (fee.rate if fee else Decimal(0))
    tally.add("income", "all", "all", int(exact.quantize(Decimal(1), ROUND_HALF_EVEN)))


def _count_contacts(
    tally: Tally, book: Book, day: date, start: datetime, end: datetime, where: pl.DataFrame
) -> None:
    rows = Attempt.objects.filter(book=book, reserved_at__gte=start, reserved_at__lt=end)
    made = bulk.frame(
        rows.values_list("case_id", "channel", "state", "cost"),
        {"case": pl.Int64, "channel": pl.String, "state": pl.String, "cost": pl.Int64},
    ).join(where, on="case", how="left")  # fmt: skip
    handed = made.filter(~pl.col("state").is_in([str(state) for state in NOT_MADE]))
    tasks = _tasks(book, day).join(where, on="case", how="left")
    # A task whose calls stand in the record is no contact beside them; its minutes cost all the same.
    called = handed.filter(pl.col("channel") == "call")["case"].implode()
    tasks = tasks.with_columns(one=(~pl.col("case").is_in(called)).cast(pl.Int64))
    handed = pl.concat([handed.with_columns(one=pl.lit(1, dtype=pl.Int64)), tasks], how="diagonal")
    tally.group("contacts", handed, "one", (*SLICES, "channel"))
    tally.group("cost", handed, "cost", (*SLICES, "channel"))
    both = made.group_by("channel", "state").len()
    for channel, state, count in both.iter_rows():
        tally.add("contacts", "outcome", f"{channel}:{state}", count)


def _tasks(book: Book, day: date) -> pl.DataFrame:
    """Tasks done of a day's plan, with what their minutes cost by its strategy."""
    schema = {"case": pl.Int64, "channel": pl.String, "state": pl.String, "cost": pl.Int64}
    rows = Decision.objects.filter(book=book, channel="task", state="done", on=day)
    done = list(rows.values_list("case_id", "treatment"))
    plan = Plan.objects.filter(book=book, on=day).select_related("strategy").first()
    if not done or plan is None:
        return pl.DataFrame(schema=schema)
    strategy = read_strategy(plan.strategy.source)
    minute = strategy.assumptions.minute
    price = {code: round(one.spend(minute)) for code, one in strategy.treatments.items()}
    return pl.DataFrame(
        [(case, "task", "done", price.get(treatment, 0)) for case, treatment in done],
        schema=schema, orient="row",
    )  # fmt: skip


def _count_promises(
    tally: Tally, book: Book, day: date, start: datetime, end: datetime, where: pl.DataFrame
) -> None:
    schema = {"case": pl.Int64, "state": pl.String, "amount": pl.Int64}
    rows = Promise.objects.filter(case__book=book)
    made = rows.filter(made_at__gte=start, made_at__lt=end)
    judged = rows.filter(judged_on=day, state__in=JUDGED)
    fields = ("case_id", "state", "amount")
    new = bulk.frame(made.values_list(*fields), schema).with_columns(one=pl.lit(1))
    new = new.join(where, on="case", how="left")
    tally.group("promises_made", new, "one", SLICES)
    tally.group("promised", new, "amount", SLICES)
    old = bulk.frame(judged.values_list(*fields), schema).with_columns(one=pl.lit(1))
    old = old.join(where, on="case", how="left")
    for state, metric in JUDGED.items():
        tally.group(metric, old.filter(pl.col("state") == str(state)), "one", SLICES)


def _count_refusals(tally: Tally, book: Book, start: datetime, end: datetime) -> None:
    rows = Refusal.objects.filter(book=book, at__gte=start, at__lt=end)
    total = 0
    for channel, rules in rows.values_list("channel", "rules").iterator(chunk_size=5000):
        total += 1
        tally.add("refused", "channel", channel, 1)
        for rule in {rule["id"] for rule in rules}:
            tally.add("refused", "rule", rule, 1)
    tally.add("refused", "all", "all", total)


def _count_decided(tally: Tally, book: Book, day: date) -> None:
    plan = Plan.objects.filter(book=book, on=day).first()
    tally.add("decided", "all", "all", plan.chosen if plan else 0)
    for why, count in (plan.refused if plan else {}).items():
        tally.add("decided", "why", why, count)


# -- Stocks --------------------------------------------------------------------------------------
def stocks(
    *, book: Book, on: date, aged_on: date, standing: pl.DataFrame
) -> Counter[Key]:  # fmt: skip
    """How the book stands, and how it moved since the last snapshot and since the month began."""
    tally = Tally()
    worked = standing.filter(pl.col("state").is_in(snapshots.WORKED)).with_columns(one=pl.lit(1))
    for metric, column in (("cases", "one"), ("owed", "owed"), ("overdue", "overdue")):
        tally.group(metric, worked, column, SLICES)
    for state, count in standing.group_by("state").len().iter_rows():
        tally.add("cases", "state", state, count)
    tally.add("ledger_owed", "all", "all", snapshots.ledger_owed(book=book, on=aged_on))
    for month, owed in snapshots.owed_at_placement(book=book).items():
        tally.add("placed", "vintage", month, owed)
    for month, count in standing.group_by("vintage").len().iter_rows():
        tally.add("placed_cases", "vintage", month, count)
    _count_moves(tally, "move", snapshots.before(book=book, on=on), standing)
    _count_moves(tally, "month_move", snapshots.month_start(book=book, on=on), standing)
    return tally.values


def _count_moves(
    tally: Tally, dimension: str, then: Snapshot | None, standing: pl.DataFrame
) -> None:
    if then is None:
        return
    before = snapshots.read(snapshot=then).filter(pl.col("state").is_in(snapshots.WORKED))
    gone = pl.col("state").is_in(snapshots.WORKED)
    now = standing.select(
        "case", now=pl.when(gone).then(pl.col("stage")).otherwise(pl.col("state"))
    )
    joined = before.join(now, on="case", how="left").with_columns(pl.col("now").fill_null("none"))
    moves = joined.group_by("stage", "now").agg(pl.len(), pl.col("owed").sum())
    for stage, after, count, owed in moves.iter_rows():
        tally.add("moved", dimension, f"{stage}>{after}", count)
        tally.add("moved_owed", dimension, f"{stage}>{after}", owed)
