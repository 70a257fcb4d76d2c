"""
What the arms of the experiment brought, by the draw and not by attribution.

Every case with something overdue on the first night of the version in force counts, contacted or
not; so the comparison needs no rule about which contact caused which payment. Cases placed later
are left out until a version begins with them.

The recovery rate has a sequence besides, which all arms share the error of and which is narrower by
what was known of the cases on the first night (`decision.evidence.adjusted`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from django.conf import settings
from django.db.models import Count, Q, Sum

from recoup.decision.arms import Difference, Outcome, compare
from recoup.decision.evidence import adjusted
from recoup.decision.sequential import Plan as Test
from recoup.decision.sequential import Sequence, sequence
from recoup.kernel.actors import Viewer
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.strategy.models import Decision, Plan, StrategyVersion
from recoup.strategy.reading import CHAMPION, read
from recoup.strategy.schema import HOLDOUT

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
    sequence: Sequence | None = None


def arms(*, viewer: Viewer, book: Book, until: date | None = None) -> list[Comparison]:
    """
    The results of every arm of the version in force, the holdout too, since its first plan.

    Costs are those the plan counted: messages sent and collectors' minutes.
    """
    scopes.demand(viewer, scopes.SEE_STUDIO)
    versions = scopes.visible(StrategyVersion.objects.filter(book=book, state="active"), viewer)
    version = versions.first()
    if version is None:
        return []
    first = Plan.objects.filter(strategy=version).order_by("on").first()
    if first is None:
        return []
    frame = _outcomes(book, version, first, until)
    groups = {str(key[0]): part for key, part in frame.group_by("arm", maintain_order=True)}
    strategy = read(version.source)
    base = groups.get(CHAMPION, frame.clear())
    shares = {arm.code: arm.share * (1 - strategy.holdout) for arm in strategy.arms}
    shares[HOLDOUT] = strategy.holdout
    test = Test(effect=TUNED_FOR["recovery"], challengers=max(1, len(shares) - 1))
    return [
        _compared(code, share, groups.get(code, frame.clear()), base, test)
        for code, share in shares.items()
    ]


def _compared(
    code: str, share: float, part: pl.DataFrame, base: pl.DataFrame, test: Test
) -> Comparison:
    mine = {name: Outcome.of(part[name].to_numpy()) for name in TUNED_FOR}
    against = {
        name: compare(mine[name], Outcome.of(base[name].to_numpy()), tuned_for=TUNED_FOR[name])
        for name in TUNED_FOR
    } if code != CHAMPION else {}  # fmt: skip
    return Comparison(
        arm=code, share=share, cases=part.height, recovered=int(part["recovered"].sum()),
        recovery=mine["recovery"].mean, contacts=mine["contacts"].mean, cost=mine["cost"].mean,
        against=against, sequence=None if code == CHAMPION else _sequence(part, base, test),
    )  # fmt: skip


def _sequence(part: pl.DataFrame, base: pl.DataFrame, test: Test) -> Sequence:
    found = adjusted(
        arm=part["recovery"].to_numpy(), other=base["recovery"].to_numpy(),
        arm_before=_known(part), other_before=_known(base),
    )  # fmt: skip
    return sequence(found, test)


def _known(part: pl.DataFrame) -> np.ndarray:
    """What the first night's plan knew of each case, which no arm can have changed."""
    return part.select(
        pl.col("repay_30").fill_nan(None).fill_null(0.0),
        (pl.col("repay_30").is_null() | pl.col("repay_30").is_nan()).cast(pl.Float64).alias("none"),
        pl.col("overdue").log1p(),
        pl.col("days_past_due").cast(pl.Float64).fill_null(0.0),
    ).to_numpy()


def _outcomes(
    book: Book, version: StrategyVersion, first: Plan, until: date | None
) -> pl.DataFrame:
    """One row for each case: arm, recovered, recovery, contacts, cost since the first plan."""
    strategy, last = read(version.source), until or date.max
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
