"""What changes: the day's figures, and the fee that income is counted with."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
from django.db.models import Sum
from django.utils.translation import gettext as _

from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.people.models import Book
from recoup.reporting import counting, snapshots
from recoup.reporting.counting import Key
from recoup.reporting.events import Counted, FeeAgreed
from recoup.reporting.metrics import FLOWS
from recoup.reporting.models import Fee, Figure, Snapshot


def count(*, book: Book, on: date, by: Actor, at: datetime) -> int:
    """
    Count a day: what happened on it and on the day before, and how the book stands.

    Earlier days are counted again where the ledger has learned of them since: a payment posted
    late, or reversed. The stand of an earlier day stays as its own night found it. Counting again
    gives the same figures. Gives how many figures were written.
    """
    later = Snapshot.objects.filter(book=book, on__gt=on).exists()
    standing = None if later else snapshots.standing(book=book, on=on)
    days = sorted({on, on - timedelta(days=1)} | stale_days(book=book, until=on))
    written: dict[date, Counter[Key]] = {
        day: counting.flows(book=book, day=day, standing=_stand_of(book, day, on, standing))
        for day in days
    }
    stocks, aged_on = Counter[Key](), on
    if standing is not None:
        aged_on = snapshots.aged_on(book=book, on=on, at=at)
        stocks = counting.stocks(book=book, on=on, aged_on=aged_on, standing=standing)
    path = None if standing is None else snapshots.write(book=book, on=on, frame=standing)
    with record(Counted, by=by, at=at, book=book, on=on, days=days) as event:
        if standing is not None and path is not None:
            pointer = attach(path, rows=standing.height)
            Snapshot.objects.update_or_create(
                book=book, on=on,
                defaults={"at": at, "aged_on": aged_on, "file": pointer["file"], "digest": pointer["sha256"],
                          "rows": standing.height},
            )  # fmt: skip
            event.note(snapshot=pointer)
        total = sum(_replace(book, day, figures, FLOWS) for day, figures in written.items())
        if standing is not None:
            total += _replace(book, on, stocks, None)
        event.note(figures=total)
    return total


def stale_days(*, book: Book, until: date) -> set[date]:
    """The days up to one whose recovery the figures and the ledger do not agree on."""
    ledger = counting.ledger_payments(book=book, value_on__lte=until).order_by()
    posted = dict(ledger.values_list("value_on").annotate(cash=Sum("cash")))
    figures = Figure.objects.filter(book=book, metric="recovered", dimension="all", on__lte=until)
    counted = dict(figures.values_list("on", "value"))
    return {
        day for day in posted.keys() | counted.keys() if posted.get(day, 0) != counted.get(day, 0)
    }


def _stand_of(book: Book, day: date, on: date, now: pl.DataFrame | None) -> pl.DataFrame:
    """How the cases stood on a day, or as near to it as is kept."""
    if now is not None and day == on:
        return now
    rows = Snapshot.objects.filter(book=book)
    near = rows.filter(on__lte=day).order_by("-on").first() or rows.order_by("on").first()
    if near is not None:
        return snapshots.read(snapshot=near)
    return now if now is not None else snapshots.standing(book=book, on=day)


def _replace(book: Book, day: date, figures: Counter[Key], only: frozenset[str] | None) -> int:
    """Put a day's figures in the place of those before, only the metrics of one kind."""
    old = Figure.objects.filter(book=book, on=day)
    old = old.filter(metric__in=only) if only is not None else old.exclude(metric__in=FLOWS)
    old.delete()
    rows = [
        Figure(book=book, on=day, metric=metric, dimension=dimension, slice=slice_, value=value)
        for (metric, dimension, slice_), value in sorted(figures.items())
        if value or dimension == "all"
    ]
    Figure.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def agree_fee(*, book: Book, since: date, rate: Decimal, by: Actor, at: datetime) -> Fee:
    """
    Say what share of recoveries is earned from a day on.

    :raises Invalid: if it is not between 0 and 1
    """
    if not 0 <= rate <= 1:
        raise Invalid(_("A fee is a share between 0 and 1, not {rate}.").format(rate=rate))
    with record(FeeAgreed, by=by, at=at, book=book, rate=str(rate), since=since) as event:
        fee, _created = Fee.objects.update_or_create(
            book=book, since=since, defaults={"rate": rate}
        )
        return event.about(fee)
