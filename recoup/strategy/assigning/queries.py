"""What is asked of a hand-out: why a case is where it is, and how a floor of people stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from recoup.kernel.actors import Viewer
from recoup.people import queries as people
from recoup.people import scopes
from recoup.people.models import Book, User
from recoup.people.queries import Colleague
from recoup.portfolio import states
from recoup.portfolio.models import Case
from recoup.strategy.assigning.dealing import KEPT, MOVED, TAKEN
from recoup.strategy.models import Assignment, Decision

LATEST = 12  # hand-outs that are looked through for a case
NOT_YET = "not_yet"  # came in after the last night
MOST = 10_000


@dataclass(frozen=True)
class Told:
    """
    Why a case is where it is, by the hand-out that put it there: the row of its file, the names of
    who has it, who held it and who was next.
    """

    assignment: Assignment
    row: dict[str, Any]
    names: dict[int, str]

    def name(self, key: str) -> str:
        """The name of who stands under a key of the row; empty for nobody."""
        return self.names.get(self.row.get(key) or 0, "")

    @property
    def lead(self) -> int:
        """By how much who has it was ahead of the next, after the price of the slots; minor units."""
        margin = 0.0
        if self.row["how"] == KEPT:
            margin = self.assignment.certificate.get("margin", 0.0) * self.row["value"]
        net = self.row["score"] + margin - self.row["price"]
        return max(round(net - max(self.row["runner_net"], 0)), 0)

    @property
    def cost_of_fairness(self) -> float | None:
        """The share of value that even shares of each band cost; nothing where it is not known."""
        chosen = self.assignment.fairness.get("bands")
        for point in self.assignment.fairness.get("curve", ()):
            if point["bands"] == chosen:
                return 1.0 - float(point["share"])
        return None


def assignment_of(*, viewer: Viewer, case: Case) -> Told | None:
    """
    Why a case has the collector it has, or none; nothing where no hand-out says so, or for a viewer
    who may not see it.
    """
    if scopes.SEE_CASES not in viewer.may:
        return None
    mine = scopes.visible(Case.objects.filter(pk=case.pk, agency=None), viewer)
    rows = Assignment.objects.filter(book__in=mine.values("book"), undone_at=None)
    for found in rows.order_by("-at", "-pk")[:LATEST]:
        row = _row(found, case.pk)
        if row is None or (
            found.cause == Assignment.Cause.COVER and row["how"] not in (MOVED, TAKEN)
        ):
            continue
        if row["collector"] != case.collector_id:
            return None  # it went on by another hand since
        users = [row[key] for key in ("collector", "held", "runner") if row[key]]
        names = dict(User.objects.filter(pk__in=users).values_list("pk", "name"))
        return Told(found, row, names)
    return None


def _row(found: Assignment, case: int) -> dict[str, Any] | None:
    path = Path(settings.DATA_DIR) / found.file
    table = pq.read_table(path, filters=[("case", "=", case)])
    return table.to_pylist()[0] if table.num_rows else None


@dataclass(frozen=True)
class Place:
    """
    One collector on the floor: what they hold now, and what the last night gave them.

    `value` is what the last night's cases were expected to bring, `per_slot` that by their room,
    `price` what one more slot would have won, minor units; `room` how many more they can take, or
    nothing for who has no limit of their own; `may` how many cases they may have by what they can, if
    that was asked; `covers` the absence's hand-out that may be undone.
    """

    who: Colleague
    cases: int
    overdue: int
    tasks: int
    value: int = 0
    per_slot: float = 0.0
    price: int = 0
    capacity: int | None = None
    elsewhere: int = 0
    may: int | None = None
    covers: Assignment | None = None

    @property
    def room(self) -> int | None:
        """How many more they can take."""
        if self.who.capacity is None:
            return None
        return max(self.who.capacity - self.cases - self.elsewhere, 0)


@dataclass(frozen=True)
class Floor:
    """
    A floor of people in a book. `spread` is the variation of value per slot between collectors in
    the last hand-out, `nobody` counts the reasons of cases that have nobody.
    """

    on: date
    places: list[Place]
    last: Assignment | None
    spread: float | None
    nobody: list[tuple[str, int]] = field(default_factory=list)
    waiting: int = 0

    @property
    def curve(self) -> list[dict[str, Any]]:
        """What fairness costs, by the number of bands."""
        return list(self.last.fairness.get("curve", ())) if self.last else []


def floor(*, viewer: Viewer, book: Book, on: date) -> Floor:
    """
    The people whom a viewer leads, with what each holds of a book, and the cases that nobody has.

    :raises Refused: if the viewer leads nobody
    """
    led = people.colleagues(viewer=viewer, on=on)
    if book.creditor_id not in viewer.creditors:
        return Floor(on, [], None, None)
    last = _last(book)
    held = _held(viewer, book)
    tasks = _tasks(viewer, book)
    gave = {one["hand"]: one for one in last.people} if last else {}
    covers = {
        row.away_id: row
        for row in Assignment.objects.filter(
            book=book, cause=Assignment.Cause.COVER, undone_at=None, away__in=[o.user for o in led],
            absence__withdrawn_at=None, absence__until__gt=on,
        ).order_by("at", "pk")
    }  # fmt: skip
    places = [_place(one, held, tasks, gave.get(one.user), covers.get(one.user)) for one in led]
    reasons = Counter(why for _case, why in _nobody(viewer, book, last))
    nobody = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    spread = float(last.fairness["spread"]) if last and "spread" in last.fairness else None
    return Floor(on, places, last, spread, nobody, sum(reasons.values()))


def _last(book: Book) -> Assignment | None:
    nights = Assignment.objects.filter(book=book).exclude(cause=Assignment.Cause.COVER)
    return nights.order_by("-at", "-pk").first()


def _held(viewer: Viewer, book: Book) -> dict[int, tuple[int, int]]:
    rows = scopes.visible(Case.objects.filter(book=book, state__in=states.WORKED), viewer)
    sums = rows.filter(collector__isnull=False).order_by().values_list("collector").annotate(
        Count("pk"), Sum("overdue")
    )  # fmt: skip
    return {user: (cases, int(overdue or 0)) for user, cases, overdue in sums}


def _tasks(viewer: Viewer, book: Book) -> dict[int, int]:
    rows = Decision.objects.filter(
        book=book, channel="task", state=Decision.State.WAITING, assignee__isnull=False
    )
    mine = scopes.visible(rows, viewer, case="case__")
    return dict(mine.order_by().values_list("assignee").annotate(Count("pk")))


def _place(
    one: Colleague, held: dict[int, tuple[int, int]], tasks: dict[int, int],
    gave: dict[str, Any] | None, covers: Assignment | None,
) -> Place:  # fmt: skip
    cases, overdue = held.get(one.user, (0, 0))
    told = gave or {"value": 0, "capacity": 0, "price": 0, "elsewhere": 0}
    slots = max(told["capacity"] - told["elsewhere"], 0)
    return Place(
        who=one, cases=cases, overdue=overdue, tasks=tasks.get(one.user, 0), value=told["value"],
        per_slot=told["value"] / slots if slots else 0.0, price=told["price"],
        capacity=one.capacity, elsewhere=told["elsewhere"], may=told.get("may"), covers=covers,
    )  # fmt: skip


def unassigned(*, viewer: Viewer, book: Book) -> QuerySet[Case]:
    """
    The worked cases of a book that nobody collects, of the viewer's team or of no team, the largest
    first.

    :raises Refused: if the viewer leads nobody
    """
    scopes.demand(viewer, scopes.LEAD)
    rows = Case.objects.filter(
        book=book, state__in=states.WORKED, agency=None, collector=None
    )  # fmt: skip
    return scopes.visible(rows, viewer).select_related("borrower", "book").order_by(
        "-overdue", "pk"
    )  # fmt: skip


def _nobody(viewer: Viewer, book: Book, last: Assignment | None) -> list[tuple[int, str]]:
    """The cases that nobody has and why, at most so many; those of teams that take them as one not."""
    ids = list(unassigned(viewer=viewer, book=book).values_list("pk", flat=True)[:MOST])
    return list(_why(last, ids).items())


def why_nobody_has(*, viewer: Viewer, book: Book, cases: list[int]) -> dict[int, str]:
    """
    Why these cases of a book have nobody, by the last hand-out; those that a team has as one are left
    out, and those that the viewer may not see.
    """
    seen = unassigned(viewer=viewer, book=book).filter(pk__in=cases).values_list("pk", flat=True)
    return _why(_last(book), list(seen))


def _why(last: Assignment | None, cases: list[int]) -> dict[int, str]:
    if last is None or not cases:
        return dict.fromkeys(cases, NOT_YET)
    found = (
        pl.scan_parquet(Path(settings.DATA_DIR) / last.file)
        .filter(pl.col("case").is_in(cases))
        .select("case", "why", "team")
        .collect()
    )
    told = {case: (why, team) for case, why, team in found.iter_rows()}
    made: dict[int, str] = {}
    for case in cases:
        why, team = told.get(case, (NOT_YET, None))
        if team is None:
            made[case] = NOT_YET if why == "assigned" else why
    return made
