"""How the book stood: one small file a day, from which moves between stages are read."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db.models import F, Max, Sum

from recoup.kernel.clock import local_day
from recoup.kernel.files import write_by_content
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Case, Entry
from recoup.portfolio.models.ledger import RECEIVABLES
from recoup.reporting.models import Snapshot
from recoup.strategy.models import Plan

WORKED = ("placed", "open", "retained", "suspended")
COLUMNS = {
    "case": pl.Int64, "state": pl.String, "stage": pl.String, "owed": pl.Int64,
    "overdue": pl.Int64, "team": pl.String, "vintage": pl.String, "arm": pl.String,
}  # fmt: skip


def standing(*, book: Book, on: date) -> pl.DataFrame:
    """One row for each case as it stands now: state, stage, sums, team, month of placement, arm."""
    rows = Case.objects.filter(book=book, placed_on__lte=on).order_by("pk")
    frame = bulk.frame(
        rows.values_list("pk", "state", "stage", "owed", "overdue", "team_id", "placed_on"),
        {"case": pl.Int64, "state": pl.String, "stage": pl.String, "owed": pl.Int64,
         "overdue": pl.Int64, "team": pl.Int64, "placed_on": pl.Date},
    )  # fmt: skip
    frame = frame.with_columns(
        team=pl.col("team").cast(pl.String).fill_null("none"),
        vintage=pl.col("placed_on").dt.strftime("%Y-%m"),
    )
    return frame.join(_arms(book, on), on="case", how="left", maintain_order="left").select(
        *(pl.col(name).fill_null("none") if name == "arm" else name for name in COLUMNS)
    )


def aged_on(*, book: Book, on: date, at: datetime) -> date:
    """The day that what is owed was last brought to, by ageing or by a posting."""
    rows = Case.objects.filter(book=book, state__in=WORKED)
    found: date | None = rows.aggregate(last=Max("aged_on"))["last"]
    return max(found or on, on, local_day(at, book.time_zone))


def _arms(book: Book, on: date) -> pl.DataFrame:
    """The arm of each case by the last plan."""
    plan = Plan.objects.filter(book=book, on__lte=on).order_by("-on").first()
    if plan is None:
        return pl.DataFrame(schema={"case": pl.Int64, "arm": pl.String})
    return pl.read_parquet(Path(settings.DATA_DIR) / plan.file, columns=["case", "arm"])


def write(*, book: Book, on: date, frame: pl.DataFrame) -> Path:
    """
    Write the snapshot under a name that its content gives: counting a day again leaves the file
    that an earlier event names as it was.
    """
    folder = Path(settings.DATA_DIR) / "snapshots" / str(book.pk)
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    frame.write_parquet(content, compression="zstd")
    return write_by_content(
        folder, stem=on.isoformat(), suffix=".parquet", content=content.getbuffer()
    )


def read(*, snapshot: Snapshot) -> pl.DataFrame:
    """A snapshot's rows."""
    return pl.read_parquet(Path(settings.DATA_DIR) / snapshot.file)


def before(*, book: Book, on: date) -> Snapshot | None:
    """The last snapshot before a day."""
    return Snapshot.objects.filter(book=book, on__lt=on).order_by("-on").first()


def month_start(*, book: Book, on: date) -> Snapshot | None:
    """The first snapshot of the day's month, if it lies before the day."""
    rows = Snapshot.objects.filter(book=book, on__gte=on.replace(day=1), on__lt=on)
    return rows.order_by("on").first()


def owed_at_placement(*, book: Book) -> dict[str, int]:
    """What was owed on the day of placement, by month of placement, from the ledger."""
    rows = Entry.objects.filter(loan__book=book, value_on__lte=F("loan__case__placed_on"))
    rows = rows.exclude(kind__in=(Entry.Kind.PAYMENT, Entry.Kind.REVERSAL),
                        value_on=F("loan__case__placed_on"))  # fmt: skip
    owed = sum((F(account) for account in RECEIVABLES[1:]), F(RECEIVABLES[0]))
    found = rows.order_by().values("loan__case__placed_on").annotate(owed=Sum(owed))
    months: dict[str, int] = {}
    for day, amount in found.values_list("loan__case__placed_on", "owed"):
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + int(amount or 0)
    return months


def ledger_owed(*, book: Book, on: date) -> int:
    """What the ledger says all cases owe by a day."""
    rows = Entry.objects.filter(loan__book=book, value_on__lte=on)
    sums = rows.aggregate(**{account: Sum(account) for account in RECEIVABLES})
    return sum(int(amount or 0) for amount in sums.values())
