"""What is asked: due contacts by the day, tasks by collectors, plans and strategies by the studio."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from recoup.kernel.actors import Viewer
from recoup.kernel.clock import day_bounds
from recoup.kernel.errors import Invalid
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.portfolio.states import WORKED
from recoup.strategy import reasons
from recoup.strategy.assigning.covering import Cover, plan_cover
from recoup.strategy.assigning.queries import (
    Floor,
    Place,
    Told,
    assignment_of,
    floor,
    unassigned,
    why_nobody_has,
)
from recoup.strategy.assigning.sentences import describe_assignment, why_nobody
from recoup.strategy.believing import Learning, learning_of
from recoup.strategy.models import Decision, Plan, StrategyVersion
from recoup.strategy.offpolicy import each, judgements
from recoup.strategy.reading import read
from recoup.strategy.results import Comparison, arms, looks, stopped_on, stops
from recoup.strategy.routed import Routed, routed
from recoup.strategy.schema import BUDGETS
from recoup.strategy.sentences import Part, by_prices, describe, why_not

__all__ = [
    "Change", "Comparison", "Cover", "Floor", "Learning", "LeftAlone", "Night", "Part", "Place",
    "Routed", "Told", "active", "arms", "assignment_of", "describe", "describe_assignment",
    "diff", "each", "floor", "judgements", "learning_of", "left_alone", "looks", "plan",
    "plan_cover", "plan_frame", "plans", "queue", "routed", "stopped_on", "stops", "unassigned",
    "versions", "waiting", "why_nobody", "why_nobody_has", "why_not",
]  # fmt: skip


MOST_BARRED = 12
IN_MONEY = ("money", "concession")
MINUTES = "task_minutes"  # the house's budget that is people's time


# -- By the day's jobs ---------------------------------------------------------------------------
def waiting(
    *,
    book: Book,
    at: datetime,
    limit: int = 500,
    channels: Sequence[str] | None = None,
    but: Collection[int] = (),
) -> list[Decision]:
    """The contacts that are due now and inside their window, most valuable first."""
    rows = Decision.objects.filter(
        book=book, state=Decision.State.WAITING, not_before__lte=at, not_after__gt=at
    ).exclude(channel="task")
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    if but:
        rows = rows.exclude(pk__in=but)
    rows = rows.select_related("case__borrower", "case__book", "book", "contact_point")
    return list(rows.order_by("-priority", "pk")[:limit])


def active(*, book: Book) -> StrategyVersion | None:
    """The version in force."""
    return StrategyVersion.objects.filter(book=book, state="active").first()


# -- By a collector ------------------------------------------------------------------------------
def queue(*, viewer: Viewer, on: date) -> QuerySet[Decision]:
    """
    The tasks that a viewer may do on a day, best first: a collector's own and those of their team
    that are nobody's, a leader's whole team.
    """
    scopes.demand(viewer, scopes.WORK_CASES)
    rows = Decision.objects.filter(
        _open_on(viewer, on), channel="task", state=Decision.State.WAITING, on__lte=on,
        case__state__in=WORKED,
    )  # fmt: skip
    rows = scopes.visible(rows, viewer, case="case__")
    if viewer.role == "collector":
        rows = rows.filter(Q(assignee=viewer.user) | Q(assignee__isnull=True))
    return rows.select_related("case__borrower", "assignee").order_by("-priority", "pk")


def _open_on(viewer: Viewer, on: date) -> Q:
    """Whose window is not over when the day begins where the decision's book is."""
    books: dict[str, list[int]] = {}
    for pk, zone in Book.objects.filter(creditor__in=viewer.creditors).values_list(
        "pk", "time_zone"
    ):
        books.setdefault(zone, []).append(pk)
    found = Q(pk__in=[])
    for zone, mine in books.items():
        found |= Q(book__in=mine, not_after__gt=day_bounds(on, zone)[0])
    return found


@dataclass(frozen=True)
class LeftAlone:
    """That the last night did nothing with a case: the code for `why_not`, and what prices say."""

    on: date
    code: str
    parts: list[Part]


def left_alone(*, viewer: Viewer, case: Case, on: date) -> LeftAlone | None:
    """Why the last night up to a day left a case alone; `None` if it did not, or saw no such case."""
    if not scopes.visible(Case.objects.filter(pk=case.pk), viewer).exists():
        return None
    rows = Plan.objects.filter(book=case.book_id, on__lte=on).select_related("strategy")
    last = rows.order_by("-on").first()
    if last is None or not (Path(settings.DATA_DIR) / last.file).is_file():
        return None
    frame = plan_frame(plan=last).filter(pl.col("case") == case.pk, pl.col("why") != "")
    for row in frame.collect().iter_rows(named=True):
        priced = reasons.told(row, read(last.strategy.source))
        said = row["why"] in reasons.BY_PRICES
        return LeftAlone(last.on, row["why"], by_prices(priced, "", why=row["why"]) if said else [])
    return None


# -- By the studio -------------------------------------------------------------------------------
def versions(*, viewer: Viewer, book: Book) -> QuerySet[StrategyVersion]:
    """The versions of a book's strategies, newest first; the text is in `source`."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = StrategyVersion.objects.filter(book=book)
    return scopes.visible(rows, viewer).order_by("-added_at", "-pk")


@dataclass(frozen=True)
class Change:
    """One line of a difference: `+` came, `-` went, ` ` stayed, `@` somewhere else."""

    sign: str
    text: str


def diff(*, viewer: Viewer, before: StrategyVersion, after: StrategyVersion) -> list[Change]:
    """What changed from one version to another, line by line with three lines around."""
    allowed = set(versions(viewer=viewer, book=after.book).values_list("pk", flat=True))
    if {before.pk, after.pk} - allowed:
        raise Invalid(_("These are not two versions of one book that you may see."))
    lines = difflib.unified_diff(
        before.source.splitlines(), after.source.splitlines(), lineterm="", n=3
    )
    return [Change(line[0], line[1:]) for line in list(lines)[2:]]


def plans(*, viewer: Viewer, book: Book) -> QuerySet[Plan]:
    """The plans of a book, newest first."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(Plan.objects.filter(book=book), viewer)
    return rows.select_related("strategy", "book").order_by("-on")


@dataclass(frozen=True)
class Night:
    """
    A night as the studio shows it.

    `segments` and `treatments` are lists of `{"name", "cases", "chosen", "value"}`; `why` counts
    the reasons for doing nothing and `rules` the rules behind refusals, both largest first;
    `budgets` has `{"used", "most", "price", "title", "is_money", "hour"}` by name, the last what an hour more of
    people would have won; `barred` says what prices stood in the way of:
    `{"budget", "treatment", "cases", "value"}`, most cases first.
    """

    plan: Plan
    is_demo: bool
    segments: list[dict[str, Any]] = field(default_factory=list)
    treatments: list[dict[str, Any]] = field(default_factory=list)
    arms: list[dict[str, Any]] = field(default_factory=list)
    why: list[tuple[str, int]] = field(default_factory=list)
    rules: list[tuple[str, int]] = field(default_factory=list)
    budgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    barred: list[dict[str, Any]] = field(default_factory=list)

    @property
    def prices(self) -> dict[str, float]:
        """What one more unit of each budget would have won, in minor units."""
        return {name: budget["price"] for name, budget in self.budgets.items()}


def plan(*, viewer: Viewer, book: Book, on: date | None = None) -> Night | None:
    """The plan of a night (the last one, if no day is given), summed for the studio."""
    rows = plans(viewer=viewer, book=book)
    found = (rows.filter(on=on) if on else rows).first()
    if found is None:
        return None
    frame = plan_frame(plan=found)
    return Night(
        plan=found, is_demo=found.book.is_demo,
        segments=_summed(frame, "segment"), arms=_summed(frame, "arm"),
        treatments=_summed(frame.filter(pl.col("treatment") != ""), "treatment"),
        why=_largest(found.refused), rules=_largest(found.rules),
        budgets=_budgets(found),
        barred=_barred(frame),
    )  # fmt: skip


def plan_frame(*, plan: Plan) -> pl.LazyFrame:
    """The whole plan, one row for every case: for jobs, and within a query that took a viewer."""
    return pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)


def _summed(frame: pl.LazyFrame, by: str) -> list[dict[str, Any]]:
    acted = pl.col("treatment") != ""
    found = frame.group_by(pl.col(by).alias("name")).agg(
        cases=pl.len(), chosen=acted.sum(), value=pl.col("value").filter(acted).sum(),
        overdue=pl.col("overdue").sum(),
    )  # fmt: skip
    return found.sort("chosen", "name", descending=[True, False]).collect().to_dicts()


def _budgets(plan: Plan) -> dict[str, dict[str, Any]]:
    """Each budget of a night, those of the house first, with what a strategy calls its own."""
    own = {budget.name: budget for budget in read(plan.strategy.source).own}
    order = [*BUDGETS, *own]
    known = sorted(plan.budgets, key=lambda name: order.index(name) if name in order else 10**6)
    return {
        name: {
            **plan.budgets[name], "price": plan.prices.get(name, 0.0),
            "title": own[name].title if name in own else "",
            "is_money": name == "spend" or (name in own and own[name].unit in IN_MONEY),
            "hour": 60 * plan.prices.get(name, 0.0) if _in_minutes(name, own) else None,
        }
        for name in known
    }  # fmt: skip


def _in_minutes(name: str, own: dict[str, Any]) -> bool:
    return name == MINUTES or (name in own and own[name].unit == "minutes")


def prices(*, viewer: Viewer, book: Book, nights: int = 30) -> tuple[list[date], dict[str, Any]]:
    """
    What one more unit of each budget would have won, in minor units, over the last nights, the
    oldest first. Budgets that were never short are left out; `None` where a night had none.
    """
    rows = list(plans(viewer=viewer, book=book)[:nights])[::-1]
    names = sorted({name for row in rows for name, price in row.prices.items() if price > 0})
    return [row.on for row in rows], {
        name: [row.prices.get(name) for row in rows] for name in names
    }


def _barred(frame: pl.LazyFrame) -> list[dict[str, Any]]:
    """What cases would have had if nothing were scarce, by the budget that weighed most on it."""
    if "barrier" not in frame.collect_schema():
        return []  # a night from before reasons were kept
    others = frame.filter(
        pl.col("barrier").is_not_null(), pl.col("wanted") != pl.col("treatment"),
        ~pl.col("explored"),
    )  # fmt: skip
    found = others.group_by(budget="barrier", treatment="wanted").agg(
        cases=pl.len(), value=pl.col("wanted_value").sum()
    )
    order = found.sort("cases", "budget", "treatment", descending=[True, False, False])
    return order.head(MOST_BARRED).collect().to_dicts()


def _largest(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
