"""What the studio asks of routing: who was drawn, what each group brings, and what that is in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Sum

from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy.models import RouteEntry, RouteLook, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.routing import YEAR
from recoup.strategy.schema import Routing


@dataclass(frozen=True)
class Group:
    """A group: how many were drawn, what they owed when they entered, whose year is over."""

    name: str
    drawn: int
    owed: int
    over: int


@dataclass(frozen=True)
class Earned:
    """
    What `group` earned (or cost, below 0) against `against` on the cases that were drawn into it and
    whose year is over, in minor units, with the interval's ends where it has one.
    """

    group: str
    against: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Routed:
    """
    The routing in force, its groups, the newest look, and money by pair; `since` is when the first
    case entered, `first_answer` the first day on which a year can be over.
    """

    routing: Routing
    groups: Sequence[Group]
    look: RouteLook | None
    final: Sequence[dict[str, Any]]
    interim: Sequence[dict[str, Any]]
    earned: Sequence[Earned]
    since: date | None
    first_answer: date | None


def routed(*, viewer: Viewer, book: Book) -> Routed | None:
    """What the groups of a book's strategy bring; `None` where nobody is drawn into groups."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    versions = scopes.visible(StrategyVersion.objects.filter(book=book, state="active"), viewer)
    version = versions.first()
    routing = read(version.source).routing if version else None
    if routing is None:
        return None
    entries = RouteEntry.objects.filter(book=book, salt=routing.salt)
    sums = {row["group"]: row for row in _by_group(entries)}
    looks = RouteLook.objects.filter(book=book, salt=routing.salt)
    look = looks.order_by("-on").first()
    groups = [
        Group(name, sums.get(name, {}).get("count", 0), sums.get(name, {}).get("owed", 0),
              (look.cases.get(name, [0, 0])[1] if look else 0))
        for name in routing.groups
    ]  # fmt: skip
    since = entries.order_by("on").values_list("on", flat=True).first()
    compared = look.compared if look else []
    return Routed(
        routing=routing, groups=groups, look=look,
        final=[one for one in compared if not one["interim"]],
        interim=[one for one in compared if one["interim"]],
        earned=_earned(entries, look), since=since,
        first_answer=date.fromordinal(since.toordinal() + YEAR) if since else None,
    )  # fmt: skip


def _by_group(entries: Any) -> list[dict[str, Any]]:
    from django.db.models import Count

    return list(entries.order_by().values("group").annotate(count=Count("pk"), owed=Sum("owed")))


def _earned(entries: Any, look: RouteLook | None) -> list[Earned]:
    """Differences of segments, each times what those drawn into its first group owed."""
    if look is None:
        return []
    over = entries.filter(on__lte=date.fromordinal(look.on.toordinal() - YEAR))
    rows = over.order_by().values("group", "segment").annotate(owed=Sum("owed"))
    owed = {(row["group"], row["segment"]): row["owed"] for row in rows}
    sums: dict[tuple[str, str], list[float]] = {}
    for one in look.compared:
        if one["interim"] or one["low"] is None:
            continue
        # Said of the machine where there is one, else of the message.
        first, second, sign = one["group"], one["against"], 1.0
        if (second, first) in (("robot", "human"), ("robot", "message"), ("message", "human")):
            first, second, sign = second, first, -1.0
        weight = owed.get((first, one["segment"]), 0)
        ends = sorted(sign * one[name] for name in ("low", "high"))
        total = sums.setdefault((first, second), [0.0, 0.0, 0.0])
        for at, each in enumerate((sign * one["value"], *ends)):
            total[at] += weight * each
    return [Earned(*pair, *total) for pair, total in sums.items()]
