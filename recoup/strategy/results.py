"""
What the arms of the experiment brought, by the draw and not by attribution.

Every case with something overdue on the first night of the version in force counts, contacted or
not; so the comparison needs no rule about which contact caused which payment. Cases placed later
are left out until a version begins with them.

The recovery rate has a sequence besides, which all arms share the error of and which is narrower by
what was known of the cases on the first night (`decision.evidence.adjusted`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from django.conf import settings
from django.db.models import Count, Q, Sum

from recoup.decision.arms import Difference, Outcome, compare
from recoup.decision.sequential import Plan as Test
from recoup.decision.sequential import Sequence as Looks
from recoup.decision.sequential import sequence
from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.strategy import judging
from recoup.strategy.models import ArmLook, ArmStop, Decision, Plan, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import CHAMPION, HOLDOUT, Strategy

# What each comparison is tuned for, fixed before any look: two points of the recovery rate, a
# quarter of a contact, one yuan of cost.
TUNED_FOR = {"recovery": 0.02, "contacts": 0.25, "cost": 100.0}


@dataclass(frozen=True)
class Comparison:
    """
    One arm beside the champion.

    `recovery` is the share, at most all, of what was overdue on the first night that was recovered,
    averaged over cases and not weighted by amount; `contacts` and `cost` (minor units) are for each case. `against` has a
    `Difference` for each of the three, with an interval that stays valid however often one looks.
    `sequence` is the difference of the recovery rate less what was known on the first night, valid
    at all looks and for all arms together; `None` for the champion.
    """

    arm: str
    share: float
    cases: int
    recovered: int
    recovery: float
    contacts: float
    cost: float
    against: dict[str, Difference]
    sequence: Looks | None = None


def arms(*, viewer: Viewer, book: Book, until: date | None = None) -> list[Comparison]:
    """
    The results of every arm of the version in force, the holdout too, since its first plan (or
    since it was restarted).

    Costs are those the plan counted: messages sent and collectors' minutes.
    """
    version = in_force(viewer=viewer, book=book)
    if version is None:
        return []
    strategy = read(version.source)
    shares = {arm.code: arm.share * (1 - strategy.holdout) for arm in strategy.arms}
    shares[HOLDOUT] = strategy.holdout
    begun = beginnings(version=version, strategy=strategy)
    if CHAMPION not in begun:
        return []
    frames = {
        plan.pk: outcomes(version=version, first=plan, until=until) for plan in begun.values()
    }
    found = []
    for code, share in shares.items():
        frame = frames[begun.get(code, begun[CHAMPION]).pk]
        part, base = (frame.filter(pl.col("arm") == name) for name in (code, CHAMPION))
        found.append(_compared(code, share, part, base, judging.design(strategy)))
    return found


def in_force(*, viewer: Viewer, book: Book) -> StrategyVersion | None:
    """The version in force, for who may see experiments: the studio, and who reads the journal."""
    if scopes.SEE_JOURNAL not in viewer.may:
        scopes.demand(viewer, scopes.SEE_STUDIO)
    return scopes.visible(StrategyVersion.objects.filter(book=book, state="active"), viewer).first()


def looks(*, viewer: Viewer, book: Book) -> dict[str, list[ArmLook]]:
    """The nightly looks of the version in force by arm, oldest first."""
    found: dict[str, list[ArmLook]] = {}
    version = in_force(viewer=viewer, book=book)
    if version is not None:
        for look in ArmLook.objects.filter(version=version).order_by("on"):
            found.setdefault(look.arm, []).append(look)
    return found


def stops(*, viewer: Viewer, book: Book) -> list[ArmStop]:
    """The arms of the experiment in force that were stopped, also those restarted, newest first."""
    version = in_force(viewer=viewer, book=book)
    if version is None:
        return []
    rows = ArmStop.objects.filter(book=book, salt=read(version.source).salt)
    return list(rows.select_related("book").order_by("-at"))


def stopped_on(*, viewer: Viewer, books: Sequence[Book], on: date) -> list[ArmStop]:
    """The arms that were stopped for harm on a day."""
    scopes.demand(viewer, scopes.SEE_JOURNAL)
    rows = scopes.visible(ArmStop.objects.filter(book__in=books, on=on), viewer)
    return list(rows.select_related("book").order_by("pk"))


def beginnings(
    *, version: StrategyVersion, strategy: Strategy, before: date = date.max
) -> dict[str, Plan]:
    """
    The plan that each arm began with: the version's first, or the first after it was restarted.

    An arm that has no plan yet is left out.
    """
    plans = list(Plan.objects.filter(strategy=version, on__lt=before).order_by("on"))
    again = dict(
        ArmStop.objects.filter(
            book=version.book_id, salt=strategy.salt, restarted_on__isnull=False
        ).order_by("restarted_on").values_list("arm", "restarted_on")
    )  # fmt: skip
    found = {}
    for arm in [*(arm.code for arm in strategy.arms), HOLDOUT]:
        since = again.get(arm, date.min)
        first = next((plan for plan in plans if plan.on > since), None)
        if first is not None:
            found[arm] = first
    return found


def _compared(
    code: str, share: float, part: pl.DataFrame, base: pl.DataFrame, test: Test
) -> Comparison:
    mine = {name: Outcome.of(part[name].to_numpy()) for name in TUNED_FOR}
    against = {
        name: compare(mine[name], Outcome.of(base[name].to_numpy()), tuned_for=TUNED_FOR[name])
        for name in TUNED_FOR
    } if code != CHAMPION else {}  # fmt: skip
    found = None if code == CHAMPION else sequence(judging.recovery(part, base), test)
    return Comparison(
        arm=code, share=share, cases=part.height, recovered=int(part["recovered"].sum()),
        recovery=mine["recovery"].mean, contacts=mine["contacts"].mean, cost=mine["cost"].mean,
        against=against, sequence=found,
    )  # fmt: skip


def outcomes(*, version: StrategyVersion, first: Plan, until: date | None = None) -> pl.DataFrame:
    """
    One row for each case with something overdue on the first night: arm, recovered, recovery,
    contacts, cost since then, and what that night knew.
    """
    strategy, last, book = read(version.source), until or date.max, version.book_id
    cases = pl.read_parquet(
        Path(settings.DATA_DIR) / first.file,
        columns=["case", "arm", "overdue", "repay_30", "days_past_due"],
    ).filter(pl.col("overdue") > 0)
    paid = bulk.frame(
        Entry.objects.filter(
            Q(kind="payment") | Q(kind="reversal", reverses__kind="payment"),
            loan__book=book, value_on__gte=first.on, value_on__lte=last,
        ).order_by().values("loan__case").annotate(cash=Sum("cash")).values_list(
            "loan__case", "cash"),
        dict.fromkeys(("case", "recovered"), pl.Int64),
    )  # fmt: skip
    cost = {
        code: treatment.spend(strategy.assumptions.minute)
        for code, treatment in strategy.treatments.items()
    }
    done = bulk.frame(
        Decision.objects.filter(
            book=book, plan__strategy=version, on__lte=last, state__in=("sent", "done")
        ).order_by().values("case", "treatment").annotate(n=Count("pk")).values_list(
            "case", "treatment", "n"),
        {"case": pl.Int64, "treatment": pl.String, "contacts": pl.Int64},
    ).with_columns(
        cost=pl.col("contacts")
        * pl.col("treatment").replace_strict(cost, default=0.0, return_dtype=pl.Float64)
    )  # fmt: skip
    spent = done.group_by("case").agg(pl.col("contacts").sum(), pl.col("cost").sum())
    joined = cases.join(paid, on="case", how="left").join(spent, on="case", how="left")
    return joined.with_columns(pl.col("recovered", "contacts", "cost").fill_null(0)).with_columns(
        recovery=(pl.col("recovered") / pl.col("overdue")).clip(upper_bound=1.0)
    )
