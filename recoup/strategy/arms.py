"""
What happens to arms: each night they are judged; harm stops one at once, a person restarts it.

Nothing of a strategy's text changes. The cases of a stopped arm stay drawn into it and go the
champion's way from the next night on.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
from django.db import IntegrityError
from django.utils.translation import gettext as _

from recoup.decision.metrics import Interval
from recoup.decision.sequential import Decided, Look
from recoup.journal.operations import record
from recoup.kernel import mask
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.people.models import Book
from recoup.strategy import judging, results
from recoup.strategy.events import ArmRestarted, ArmsJudged, ArmStopped
from recoup.strategy.models import ArmLook, ArmStop, Plan, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import CHAMPION, HOLDOUT, Strategy


def stopped(*, book: Book, salt: str) -> list[str]:
    """The arms of an experiment that are stopped now."""
    rows = ArmStop.objects.filter(book=book, salt=salt, restarted_at=None)
    return sorted(rows.values_list("arm", flat=True))


def judge_arms(
    *, book: Book, on: date, complaints: pl.DataFrame, by: Actor, at: datetime
) -> list[ArmStop]:
    """
    Look at every running arm, with what was known the evening before `on`, and stop those whose
    harm is proven; gives those stopped now. A night's looks are made once.

    `complaints` has the `case` and the day (`on`) of each complaint.
    """
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None:
        return []
    strategy = read(version.source)
    if not ArmLook.objects.filter(version=version, on=on).exists():
        _look(version, strategy, on, complaints, by, at)
    harmful = ArmLook.objects.filter(version=version, on=on, decided=Decided.HARM)
    known = set(ArmStop.objects.filter(
        book=book, salt=strategy.salt, on=on).values_list("arm", flat=True))  # fmt: skip
    return [
        _stop(version, strategy, look, by, at)
        for look in harmful.order_by("arm") if look.arm not in known
    ]  # fmt: skip


def _look(
    version: StrategyVersion, strategy: Strategy, on: date, complaints: pl.DataFrame, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    begun = results.beginnings(version=version, strategy=strategy, before=on)
    running = [*(arm.code for arm in strategy.arms[1:]), HOLDOUT]
    running = [
        arm for arm in running if arm in begun
        and arm not in stopped(book=version.book, salt=strategy.salt)
    ]  # fmt: skip
    if not running:
        return
    frames = {
        plan.pk: _frame(version, plan, on, complaints)
        for plan in {begun[arm].pk: begun[arm] for arm in running}.values()
    }
    rows = [
        _look_at(version, strategy, arm, begun[arm], frames[begun[arm].pk], on) for arm in running
    ]
    try:
        with record(ArmsJudged, by=by, at=at, book=version.book, on=on, count=len(rows)) as event:
            ArmLook.objects.bulk_create(rows)
            event.note(arms={row.arm: _noted(row) for row in rows})
            event.about(version)
    except IntegrityError:
        return  # two nights at once: the other one has looked


def _frame(
    version: StrategyVersion, first: Plan, on: date, complaints: pl.DataFrame
) -> pl.DataFrame:
    found = results.outcomes(version=version, first=first, until=on - timedelta(days=1))
    mine = complaints.filter((pl.col("on") >= first.on) & (pl.col("on") < on))
    return found.with_columns(complained=pl.col("case").is_in(mine["case"].unique().implode()))


def _look_at(
    version: StrategyVersion, strategy: Strategy, arm: str, first: Plan, frame: pl.DataFrame,
    on: date,
) -> ArmLook:  # fmt: skip
    earlier = ArmLook.objects.filter(version=version, arm=arm, on__gt=first.on, on__lt=on)
    part, base = (frame.filter(pl.col("arm") == code) for code in (arm, CHAMPION))
    seen = judging.judge(
        part=part, base=base, strategy=strategy, days=(on - first.on).days,
        guarded=arm != HOLDOUT, before=_as_look(earlier.order_by("-on").first()),
    )  # fmt: skip
    gap = seen.look.difference
    known = gap.low > float("-inf")
    return ArmLook(
        version=version, arm=arm, on=on, cases=seen.cases, difference=gap.value,
        low=gap.low if known else None, high=gap.high if known else None,
        p_value=seen.look.p_value, decided=seen.look.decided.value,
        doubt="" if known else seen.look.reason[:300], harm=judging.harm_figures(seen.harm),
    )  # fmt: skip


def _as_look(row: ArmLook | None) -> Look | None:
    if row is None:
        return None
    low = float("-inf") if row.low is None else row.low
    high = float("inf") if row.high is None else row.high
    return Look(Interval(row.difference, low, high), row.p_value, Decided(row.decided), row.doubt)


def _noted(row: ArmLook) -> dict[str, object]:
    return {
        "cases": row.cases, "difference": row.difference, "low": row.low, "high": row.high,
        "p_value": row.p_value, "decided": row.decided, "harm": row.harm,
    }  # fmt: skip


def _stop(
    version: StrategyVersion, strategy: Strategy, look: ArmLook, by: Actor, at: datetime
) -> ArmStop:
    measure = _worst(look)
    figures = {**look.harm[measure], "cases": look.cases}
    with record(
        ArmStopped, by=by, at=at, book=version.book, arm=look.arm, measure=measure, on=look.on,
        **figures, least_points=100 * figures["least"], margin_points=100 * figures["margin"],
    ) as event:  # fmt: skip
        return event.about(ArmStop.objects.create(
            book=version.book, version=version, salt=strategy.salt, arm=look.arm, on=look.on,
            at=at, measure=measure, figures=figures,
        ))  # fmt: skip


def _worst(look: ArmLook) -> str:
    """The measure in which most is proven above what is allowed."""
    proven = [name for name, one in look.harm.items() if one["least"] is not None]
    return max(proven, key=lambda name: look.harm[name]["least"] - look.harm[name]["margin"])


def restart(*, stop: ArmStop, reason: str, viewer: Viewer, at: datetime) -> ArmStop:
    """
    Let a stopped arm run again from the next night on. It is compared anew, from its first plan
    after this.

    :raises Refused: without the permission to activate strategies
    :raises Invalid: without a reason, or if it runs already
    """
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    if stop.book.creditor_id not in viewer.creditors:
        raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))
    if len(reason.strip()) < 4:
        raise Invalid(_("Say why the arm may run again."))
    by, day = viewer.actor(), local_day(at, stop.book.time_zone)
    said = mask.free(reason.strip())[:300]
    with record(ArmRestarted, by=by, at=at, book=stop.book, arm=stop.arm, reason=said) as event:
        mine = ArmStop.objects.filter(pk=stop.pk, restarted_at=None)
        if not mine.update(restarted_on=day, restarted_at=at, restarted_by=str(by),
                           restart_reason=said):  # fmt: skip
            raise Invalid(_("This arm runs already."))
        stop.refresh_from_db()
        return event.about(stop)
