"""
What is asked: figures for boards, each from the same definitions.

A viewer who sees one team only gets that team's slices; roll rates and vintages are for those who
see the whole book. `外人` gets nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from recoup.decision.metrics import cost_per_unit_collected, promise_kept_rate, recovery_rate
from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Invalid
from recoup.kernel.money import Money
from recoup.people import scopes
from recoup.people.models import Book, Team
from recoup.reporting.metrics import METRICS
from recoup.reporting.models import Figure
from recoup.reporting.tying import Difference, tie_out

__all__ = [
    "Curve", "Difference", "Matrix", "Series", "by", "contacts", "cost_and_income", "figures",
    "last_day",
    "left_alone", "recovery", "refusals", "roll_rates", "stages", "summary", "tie_out", "vintage",
]  # fmt: skip

DIMENSIONS = ("channel", "team", "arm", "stage", "vintage")


@dataclass(frozen=True)
class Series:
    """Lines over days, ready for a chart: `values[name][i]` belongs to `days[i]`."""

    days: list[date]
    values: dict[str, list[int]]
    unit: str
    currency: str
    is_demo: bool

    def total(self, name: str) -> int:
        """The sum of a line."""
        return sum(self.values[name])


@dataclass(frozen=True)
class Matrix:
    """From stage (rows) to stage (columns): cases, what they owed, and the share of the row."""

    stages: list[str]
    targets: list[str]
    cases: dict[tuple[str, str], int]
    owed: dict[tuple[str, str], int]

    def share(self, stage: str, target: str) -> float:
        """Of the cases that were in a stage, how many went to the target."""
        whole = sum(count for (start, _end), count in self.cases.items() if start == stage)
        return self.cases.get((stage, target), 0) / whole if whole else 0.0


@dataclass(frozen=True)
class Curve:
    """A month of placements: what was placed, and what share of it came back after n months."""

    vintage: str
    placed: int
    cases: int
    recovered: list[int] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Cumulative recovery rate after month 0, 1, 2 ..."""
        return [
            recovery_rate(collected=amount, owed=self.placed) if self.placed else 0.0
            for amount in self.recovered
        ]


def _seen(viewer: Viewer, book: Book) -> QuerySet[Figure]:
    scopes.demand(viewer, scopes.SEE_BOARD)
    rows = Figure.objects.filter(book=book, book__creditor__in=viewer.creditors)
    if viewer.agency is not None:
        return rows.none()
    if viewer.team is not None:
        return rows.filter(dimension="team", slice=str(viewer.team))
    return rows


def _whole(viewer: Viewer, book: Book) -> QuerySet[Figure]:
    """The figures of all that a viewer may see together: the book, or their team."""
    rows = _seen(viewer, book)
    return rows if viewer.team is not None else rows.filter(dimension="all")


def _between(rows: QuerySet[Figure], since: date, until: date) -> QuerySet[Figure]:
    if since > until:
        raise Invalid(_("The first day is after the last."))
    return rows.filter(on__gte=since, on__lte=until)


def _series(
    *, viewer: Viewer, book: Book, since: date, until: date, metrics: Iterable[str], unit: str
) -> Series:
    names = list(metrics)
    rows = _between(_whole(viewer, book), since, until).filter(metric__in=names)
    found = {(on, metric): value for on, metric, value in rows.values_list("on", "metric", "value")}
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return Series(
        days=days, values={name: [found.get((day, name), 0) for day in days] for name in names},
        unit=unit, currency=book.currency, is_demo=book.is_demo,
    )  # fmt: skip


def figures(*, viewer: Viewer, book: Book, since: date, until: date) -> QuerySet[Figure]:
    """Every figure of some days that a viewer may see, for exports."""
    rows = _between(_seen(viewer, book), since, until)
    return rows.order_by("on", "metric", "dimension", "slice")


def last_day(*, viewer: Viewer, book: Book) -> date | None:
    """The last day counted."""
    return _seen(viewer, book).order_by("-on").values_list("on", flat=True).first()


def recovery(*, viewer: Viewer, book: Book, since: date, until: date) -> Series:
    """Recovered and reversed, day by day."""
    return _series(viewer=viewer, book=book, since=since, until=until, unit="money",
                   metrics=("recovered", "reversed"))  # fmt: skip


def cost_and_income(*, viewer: Viewer, book: Book, since: date, until: date) -> Series:
    """Cost, income and recovered, day by day."""
    return _series(viewer=viewer, book=book, since=since, until=until, unit="money",
                   metrics=("cost", "income", "recovered"))  # fmt: skip


def roll_rates(*, viewer: Viewer, book: Book, on: date, over: str = "month") -> Matrix:
    """
    How cases moved between stages up to a day, since the month began or since the day before.

    :raises Invalid: for another period
    """
    if over not in ("month", "day"):
        raise Invalid(_("Roll rates are over a month or a day."))
    dimension = "month_move" if over == "month" else "move"
    rows = _seen(viewer, book).filter(dimension=dimension)
    last = rows.filter(on__lte=on).order_by("-on").values_list("on", flat=True).first()
    cases: dict[tuple[str, str], int] = {}
    owed: dict[tuple[str, str], int] = {}
    for metric, slice_, value in rows.filter(on=last).values_list("metric", "slice", "value"):
        start, _sep, end = slice_.partition(">")
        (cases if metric == "moved" else owed)[(start, end)] = value
    stages = sorted({start for start, _end in cases})
    targets = sorted({end for _start, end in cases}, key=lambda name: (name not in stages, name))
    return Matrix(stages, targets, cases, owed)


def vintage(*, viewer: Viewer, book: Book, until: date) -> list[Curve]:
    """For each month of placement, what came back after 0, 1, 2 ... months, cumulatively."""
    rows = _seen(viewer, book).filter(dimension="vintage", on__lte=until)
    last = rows.filter(metric="placed").order_by("-on").values_list("on", flat=True).first()
    stock = rows.filter(on=last, metric__in=("placed", "placed_cases"))
    placed: dict[str, dict[str, int]] = {}
    for metric, month, value in stock.values_list("metric", "slice", "value"):
        placed.setdefault(month, {})[metric] = value
    paid: dict[tuple[str, int], int] = {}
    for on, month, value in rows.filter(metric="recovered").values_list("on", "slice", "value"):
        age = _months(month, on)
        paid[(month, age)] = paid.get((month, age), 0) + value
    return [
        Curve(month, sums.get("placed", 0), sums.get("placed_cases", 0),
              _cumulated(month, until, paid))
        for month, sums in sorted(placed.items())
    ]  # fmt: skip


def _months(month: str, on: date) -> int:
    year, number = (int(part) for part in month.split("-"))
    return (on.year - year) * 12 + on.month - number


def _cumulated(month: str, until: date, paid: dict[tuple[str, int], int]) -> list[int]:
    sums, total = [], 0
    for age in range(_months(month, until) + 1):
        total += paid.get((month, age), 0)
        sums.append(total)
    return sums


def by(
    *, viewer: Viewer, book: Book, dimension: str, since: date, until: date
) -> list[dict[str, Any]]:
    """
    Flows by channel, team, arm, stage or vintage: a row for each slice, largest recovery first.

    A payment belongs to the channel of the last contact in the seven days before it.

    :raises Invalid: for another dimension
    """
    if dimension not in DIMENSIONS:
        raise Invalid(_("Choose one of {names}.").format(names=", ".join(DIMENSIONS)))
    rows = _between(_seen(viewer, book), since, until).filter(dimension=dimension)
    rows = rows.filter(metric__in=[name for name, metric in METRICS.items() if metric.is_flow])
    table: dict[str, dict[str, Any]] = {}
    sums = rows.order_by().values_list("slice", "metric").annotate(total=Sum("value"))
    for slice_, metric, total in sums:
        table.setdefault(slice_, {"slice": slice_, "label": slice_})[metric] = total
    if dimension == "team":
        names = dict(Team.objects.filter(creditor=book.creditor).values_list("pk", "name"))
        for slice_, row in table.items():
            row["label"] = names.get(int(slice_), slice_) if slice_.isdigit() else _("no team")
    return sorted(table.values(), key=lambda row: (-row.get("recovered", 0), row["slice"]))


def contacts(*, viewer: Viewer, book: Book, since: date, until: date) -> dict[str, dict[str, int]]:
    """Attempts by channel and what became of them."""
    rows = _between(_seen(viewer, book), since, until)
    rows = rows.filter(metric="contacts", dimension="outcome")
    found: dict[str, dict[str, int]] = {}
    for slice_, total in rows.order_by().values_list("slice").annotate(total=Sum("value")):
        channel, _sep, state = slice_.partition(":")
        found.setdefault(channel, {})[state] = total
    return found


def stages(*, viewer: Viewer, book: Book, on: date) -> list[dict[str, Any]]:
    """Cases, owed and overdue by stage, as the last night up to a day found them."""
    rows = _seen(viewer, book).filter(dimension="stage", metric="cases", on__lte=on)
    last = rows.order_by("-on").values_list("on", flat=True).first()
    stock = _seen(viewer, book).filter(
        on=last, dimension="stage", metric__in=("cases", "owed", "overdue")
    )
    table: dict[str, dict[str, Any]] = {}
    for stage, metric, value in stock.values_list("slice", "metric", "value"):
        table.setdefault(stage, {"stage": stage})[metric] = value
    return [table[stage] for stage in sorted(table)]


def _counted(rows: QuerySet[Figure]) -> list[tuple[str, int]]:
    sums = rows.order_by().values_list("slice").annotate(total=Sum("value"))
    return sorted(sums, key=lambda pair: (-pair[1], pair[0]))


def refusals(*, viewer: Viewer, book: Book, since: date, until: date) -> list[tuple[str, int]]:
    """What the gate refused, by rule, most often first."""
    rows = _between(_seen(viewer, book), since, until)
    return _counted(rows.filter(metric="refused", dimension="rule"))


def left_alone(*, viewer: Viewer, book: Book, since: date, until: date) -> list[tuple[str, int]]:
    """Case-nights that the plans left alone, by reason, most often first."""
    rows = _between(_seen(viewer, book), since, until)
    return _counted(rows.filter(metric="decided", dimension="why"))


def summary(*, viewer: Viewer, book: Book, since: date, until: date) -> dict[str, str]:
    """The figures of a period in words and numbers, for a terminal or a headline."""
    rows = _between(_whole(viewer, book), since, until)
    sums = dict(rows.order_by().values_list("metric").annotate(total=Sum("value")))
    last = _whole(viewer, book).filter(on__lte=until, metric="owed").order_by("-on").first()

    def money(name: str) -> str:
        return str(Money(sums.get(name, 0), book.currency))

    def count(name: str) -> str:
        return f"{sums.get(name, 0):,}"

    kept, partial, broken = (
        sums.get(f"promises_{state}", 0) for state in ("kept", "partial", "broken")
    )
    judged, recovered = kept + partial + broken, sums.get("recovered", 0)
    told = {
        _("Recovered"): money("recovered"), _("Reversed"): money("reversed"),
        _("Payments"): count("payments"), _("Contacts"): count("contacts"),
        _("Refused contacts"): count("refused"), _("Cost"): money("cost"),
        _("Promises made"): count("promises_made"),
        _("Promises kept"): f"{kept:,} / {judged:,}",
    }  # fmt: skip
    if sums.get("income"):
        told[_("Income")] = money("income")
    if judged:
        told[_("Kept rate")] = f"{promise_kept_rate(kept=kept, judged=judged):.1%}"
    if recovered > 0:
        each = cost_per_unit_collected(cost=sums.get("cost", 0), collected=recovered)
        told[_("Cost for each 100 recovered")] = f"{100 * each:.2f}"
    if last is not None:
        told[_("Owed at the end")] = str(Money(last.value, book.currency))
    return told
