"""
Machine, message or person: who is drawn into which group, what each brings, and what is closed.

A case enters with the first plan that sees it drawn and overdue. Its outcome is what it paid from
that day on, discounted, less what was spent on it, against what it owed then. Once a week all groups
are compared by segment (`decision.routing`); a group is closed to a segment only where another is
clearly better over a whole year. Those who were drawn into a closed group stay in it: they are what a
later look is made from.

Of a person only the cases count that entered first: which loans fall overdue later is already the
work of the group. What is drawn and how it is judged is fixed under a salt (`check`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from recoup.decision.routing import HORIZONS, Cases, Compared, compare
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, Problem
from recoup.people import queries as people
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.strategy.counting import PARTS
from recoup.strategy.events import RoutesEntered, RoutesJudged
from recoup.strategy.models import Decision, Plan, RouteEntry, RouteLook, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import Routing, Strategy

YEAR = HORIZONS[-1]
EVERY = 7  # days between looks
BATCH = 2000
ENTRY = {
    "case": pl.Int64, "case__borrower__person": pl.Int64, "group": pl.String, "segment": pl.String, "on": pl.Date, "owed": pl.Int64,
    "repay_30": pl.Float64, "days_past_due": pl.Int64,
}  # fmt: skip


def closed(*, book: Book, strategy: Strategy, on: date) -> Mapping[str, Collection[str]]:
    """The groups that are closed on a day, by segment, as the newest look before it found."""
    if strategy.routing is None:
        return {}
    rows = RouteLook.objects.filter(book=book, salt=strategy.routing.salt, on__lt=on)
    newest = rows.order_by("-on").first()
    found: dict[str, list[str]] = newest.closed if newest else {}
    return found


def check(version: StrategyVersion) -> None:
    """
    Refuse a version that changes who was drawn, or what they are judged by, under a salt in use.

    :raises Invalid: with every field that differs
    """
    now = read(version.source).routing
    if now is None:
        return
    earlier = StrategyVersion.objects.filter(book=version.book, activated_at__isnull=False)
    problems: list[Problem] = []
    for row in earlier.exclude(pk=version.pk).order_by("activated_at"):
        before = read(row.source).routing
        if before is None or before.salt != now.salt:
            continue
        differ = [name for name in ("groups", "discount", "effect")
                  if getattr(before, name) != getattr(now, name)]  # fmt: skip
        differ += ["share"] if now.share < before.share else []
        problems += [
            Problem(f"routing.{name}", _("It was {before} before.").format(
                before=_plain(getattr(before, name))))
            for name in differ
        ]  # fmt: skip
    if problems:
        raise Invalid(
            _("Who was drawn by {salt} stays as drawn, and is judged as planned.").format(
                salt=now.salt
            ),
            problems=problems,
            hint=_("Name a new salt; under the old one, the share can only grow."),
        )  # fmt: skip


def _plain(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def judge_routes(*, book: Book, on: date, by: Actor, at: datetime) -> RouteLook | None:
    """
    Enter the cases that tonight's plan saw first, and once a week look at all groups. `None` where
    nobody is drawn, or between looks.
    """
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    strategy = read(version.source) if version else None
    if strategy is None or strategy.routing is None:
        return None
    _enter(book, strategy.routing, on, by, at)
    mine = RouteLook.objects.filter(book=book, salt=strategy.routing.salt, on__lte=on)
    last = mine.order_by("-on").first()
    if last is not None and last.on > on - timedelta(days=EVERY):
        return last if last.on == on else None
    return _look(book, strategy, on, by, at)


def _enter(book: Book, routing: Routing, on: date, by: Actor, at: datetime) -> None:
    plan = Plan.objects.filter(book=book, on=on).first()
    if plan is None:
        return
    whole = pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)
    if "route" not in whole.collect_schema().names():
        return
    drawn = whole.filter(
        pl.col("route").is_in(routing.groups) & (pl.col("overdue") > 0)
        & (pl.col("segment") != "") & (pl.col("follows") != "holdout")
    ).select("case", "route", "segment", "owed", "repay_30", "days_past_due").collect()  # fmt: skip
    known = RouteEntry.objects.filter(salt=routing.salt, case__in=drawn["case"].to_list())
    if drawn.height > BATCH:  # too many for one list of keys
        known = RouteEntry.objects.filter(book=book, salt=routing.salt)
    there = set(known.values_list("case", flat=True))
    new = drawn.filter(~pl.col("case").is_in(list(there)))
    if new.is_empty():
        return
    try:
        with record(RoutesEntered, by=by, at=at, book=book, on=on, count=new.height,
                    salt=routing.salt) as event:  # fmt: skip
            RouteEntry.objects.bulk_create(
                (RouteEntry(book=book, salt=routing.salt, case_id=row["case"], group=row["route"],
                            segment=row["segment"], on=on, owed=row["owed"],
                            repay_30=row["repay_30"], days_past_due=row["days_past_due"] or 0)
                 for row in new.iter_rows(named=True)),
                batch_size=500,
            )  # fmt: skip
            event.about(plan)
    except IntegrityError:
        return  # two nights at once: the other one was first


def _look(book: Book, strategy: Strategy, on: date, by: Actor, at: datetime) -> RouteLook | None:
    routing = strategy.routing
    entries = _entries(book, routing.salt, on) if routing else None
    offered = {segment.code: strategy.routes_of(segment) for segment in strategy.segments}
    pairs = any(len(groups) > 1 for groups in offered.values())
    if routing is None or entries is None or entries.is_empty() or not pairs:
        return None
    cases = cases_of(book, strategy, entries, on)
    found = compare(cases, offered=offered, effect=routing.effect)
    counts = {
        group: [int((cases.group == group).sum()),
                int(((cases.group == group) & cases.is_over).sum())]
        for group in routing.groups
    }  # fmt: skip
    try:
        with record(RoutesJudged, by=by, at=at, book=book, on=on, salt=routing.salt,
                    closed=sum(map(len, found.closed.values()))) as event:  # fmt: skip
            event.note(by_segment=found.closed, cases=counts)
            return event.about(RouteLook.objects.create(
                book=book, salt=routing.salt, on=on, at=at, cases=counts,
                compared=[_told(one) for one in found.compared],
                closed={segment: list(names) for segment, names in found.closed.items()},
            ))  # fmt: skip
    except IntegrityError:
        return RouteLook.objects.get(book=book, salt=routing.salt, on=on)


def _entries(book: Book, salt: str, on: date) -> pl.DataFrame:
    """The cases to be compared, each with its `person`: of a person those that entered first."""
    rows = RouteEntry.objects.filter(book=book, salt=salt, on__lt=on).order_by("case")
    found = bulk.frame(rows.values_list(*ENTRY), ENTRY)
    same = people.same_people(creditor=book.creditor_id)
    person = pl.col("case__borrower__person")
    found = found.with_columns(person=person.replace(same) if same else person)
    return found.filter(pl.col("on") == pl.col("on").min().over("person"))


def cases_of(book: Book, strategy: Strategy, entries: pl.DataFrame, on: date) -> Cases:
    """What each drawn case brought so far in minor units, by horizon."""
    since: date = entries["on"].min()  # type: ignore[assignment]
    rate = strategy.routing.discount if strategy.routing else 0.0
    moved = pl.concat([_paid(book, strategy, since, on), _spent(book, strategy, since, on)])
    joined = entries.select("case", entered="on").join(moved, on="case", how="inner")
    joined = joined.with_columns(day=(pl.col("on") - pl.col("entered")).dt.total_days())
    joined = joined.filter((pl.col("day") >= 0) & (pl.col("day") < YEAR)).with_columns(
        worth=pl.col("cash") * (1 + rate) ** (-pl.col("day") / 365)
    )  # fmt: skip
    sums = joined.group_by("case").agg(
        pl.col("worth").filter(pl.col("day") < horizon).sum().alias(str(horizon))
        for horizon in HORIZONS
    )
    whole = entries.join(sums, on="case", how="left", maintain_order="left")
    chance = pl.col("repay_30").fill_nan(None)
    known = whole.select(
        chance.fill_null(strategy.assumptions.repay_30),
        chance.is_null().cast(pl.Float64).alias("none"),
        pl.col("owed").clip(0).cast(pl.Float64).log1p(),
        pl.col("days_past_due").cast(pl.Float64).fill_null(0.0),
    )
    net = whole.select(pl.col(str(horizon)).fill_null(0.0) for horizon in HORIZONS)
    age = whole.select((pl.lit(on) - pl.col("on")).dt.total_days()).to_series()
    return Cases(
        whole["group"].to_numpy().astype(str), whole["segment"].to_numpy().astype(str),
        whole["person"].to_numpy(), whole["owed"].clip(1).cast(pl.Float64).to_numpy(),
        age.to_numpy(), net.to_numpy(), known.to_numpy(),
    )  # fmt: skip


def _paid(book: Book, strategy: Strategy, since: date, before: date) -> pl.DataFrame:
    rows = Entry.objects.filter(
        Q(kind="payment") | Q(kind="reversal", reverses__kind="payment"),
        loan__book=book, loan__case__in=_drawn(book, strategy),
        value_on__gte=since, value_on__lt=before,
    ).order_by()  # fmt: skip
    return bulk.frame(
        rows.values_list("loan__case", "value_on", "cash"),
        {"case": pl.Int64, "on": pl.Date, "cash": pl.Float64},
    )


def _spent(book: Book, strategy: Strategy, since: date, before: date) -> pl.DataFrame:
    """
    What actions that were carried out cost, as money that went out: as counted then, and for those
    of before anything was counted by the treatment of today.
    """
    rows = Decision.objects.filter(
        book=book, case__in=_drawn(book, strategy), on__gte=since, on__lt=before,
        state__in=("sent", "done"),
    ).order_by()  # fmt: skip
    done = bulk.frame(
        rows.values_list("case", "on", "treatment", KT("takes__spend")),
        {"case": pl.Int64, "on": pl.Date, "treatment": pl.String, "spend": pl.String},
    )
    today = {
        code: one.spend(strategy.assumptions.minute) for code, one in strategy.treatments.items()
    }
    usual = pl.col("treatment").replace_strict(today, default=0.0, return_dtype=pl.Float64)
    spent = pl.col("spend").cast(pl.Float64) / PARTS
    return done.select("case", "on", cash=-spent.fill_null(usual))


def _drawn(book: Book, strategy: Strategy) -> Any:
    salt = strategy.routing.salt if strategy.routing else ""
    return RouteEntry.objects.filter(book=book, salt=salt).values("case")


def _told(one: Compared) -> dict[str, Any]:
    low, high = one.difference.low, one.difference.high
    known = bool(np.isfinite(low))
    return {
        "segment": one.segment, "group": one.group, "against": one.against,
        "value": one.difference.value, "low": low if known else None,
        "high": high if known else None, "people": one.people, "horizon": one.horizon,
        "interim": one.interim, "clear": one.is_clear,
    }  # fmt: skip
