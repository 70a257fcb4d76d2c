"""A morning when somebody is away: who would get what, how many cases move, what it costs."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.utils.translation import gettext as _

from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Refused
from recoup.people import queries as people
from recoup.people.models import Book, User
from recoup.strategy.assigning import dealing
from recoup.strategy.assigning.dealing import Deal
from recoup.strategy.assigning.gathering import gather
from recoup.strategy.models import Decision


@dataclass(frozen=True)
class Cover:
    """
    What would happen if somebody were away. `to` says for each colleague how many cases they would
    get and what those are worth; `taken` cases would change hands with `tasks` that wait, `stayed`
    could not; `cost` is the value lost, minor units. Nothing of the colleagues moves.
    """

    away: User
    deal: Deal
    to: list[dict[str, Any]]
    taken: int
    stayed: int
    tasks: int
    cost: int
    digest: str

    @property
    def left(self) -> dict[str, int]:
        """Why nobody can take what stays, counted."""
        return self.deal.left


def plan_cover(
    *, viewer: Viewer, book: Book, username: str, on: date, vulnerable: Collection[int] = ()
) -> Cover:
    """
    Work out who of the team would take which cases; nothing is changed.

    :raises Refused: if the viewer does not lead the collector
    """
    user = people.led(viewer=viewer, username=username)
    if user.team is None or user.team.creditor_id != book.creditor_id:
        raise Refused(
            _("You lead nobody called {name}.").format(name=username), rules=("people.tenant",)
        )
    staff = people.staff(creditor=book.creditor_id, on=on)
    away = next(one for one in staff if one.user == user.pk)
    problem = gather(book=book, on=on, vulnerable=vulnerable, away=away)
    made = dealing.deal(problem)
    rows = made.rows.with_columns(held_worth=problem.frame["held_worth"])
    taken = rows.filter(pl.col("how") == dealing.TAKEN)
    tasks = Decision.objects.filter(
        book=book, assignee=user, channel="task", state=Decision.State.WAITING,
        case__in=taken["case"].to_list(),
    )  # fmt: skip
    return Cover(
        away=user, deal=made, to=_to(taken, staff), taken=taken.height,
        stayed=rows.height - taken.height, tasks=tasks.count(), cost=_cost(taken),
        digest=_digest(rows),
    )  # fmt: skip


def _to(moved: pl.DataFrame, staff: list[people.Colleague]) -> list[dict[str, Any]]:
    names = {one.user: one.name for one in staff}
    sums = moved.group_by("collector").agg(cases=pl.len(), value=pl.col("value").sum())
    found = sums.sort("cases", "collector", descending=[True, False])
    return [
        {"user": user, "name": names.get(user, ""), "cases": cases, "value": value}
        for user, cases, value in found.iter_rows()
    ]


def _cost(moved: pl.DataFrame) -> int:
    """What the cases bring less with who gets them than with who had them, minor units."""
    return round(float(moved["held_worth"].sum()) - float(moved["score"].sum()))


def _digest(rows: pl.DataFrame) -> str:
    told = rows.select("case", "held", "collector").sort("case").rows()
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]
