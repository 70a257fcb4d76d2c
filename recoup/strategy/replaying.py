"""
What another strategy would have done on a past night, from what that night's plan kept.

The night is planned again for the cases of one arm, with what the other arms left of the budgets.
Only what the log could have done is judged: where the other strategy would take a step that the
night did not offer, or a treatment that is new or has changed, nothing is known of the outcome. Such
decisions are counted and left out. What the contacts of one strategy change for the next night is
not replayed: each night begins where the log was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from recoup.decision.uses import Factored, use_of
from recoup.kernel.errors import Invalid
from recoup.strategy import judgeable, persons, sequence, uses, valuing
from recoup.strategy.choosing import choose
from recoup.strategy.effects.complaints import Objecting, complaints_of
from recoup.strategy.effects.measured import Measured, effects_of
from recoup.strategy.schema import CHAMPION, MEDIA, Strategy
from recoup.strategy.sequence import Standing
from recoup.strategy.waiting import Expected

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
# What makes two treatments of one code the same action to the person.
SAME = ("channel", "template", "window", "offer")
KNOWN_DAYS = {7: "contacts_7", 30: "contacts_30"}


@dataclass(frozen=True)
class Replayed:
    """
    A night under another strategy: the log's `rows` on which it had a choice and can answer, the
    other strategy's `chances` there (n, 1 + A) of nothing and of each treatment of the log, and of
    all decisions (`due`) those `outside` of what the log could do, counted by what was wanted.
    `agreed` is the share of rows on which its plan is the log's action.
    """

    rows: pl.DataFrame
    chances: Floats
    due: int
    outside: int
    wanted: Counter[str]
    agreed: float


@dataclass(frozen=True)
class Used:
    """
    What a night's values were made with: the effects (`measured`), the chances of a complaint
    (`objecting`), what it looked ahead to (`expected`); a target that looks ahead where the night
    did not expects its `prices`.
    """

    measured: Measured | None = None
    objecting: Objecting | None = None
    expected: Expected | None = None
    prices: Mapping[str, float] | None = None


def replay(
    *, frame: pl.DataFrame, strategy: Strategy, target: Strategy, arm: str, past: pl.DataFrame,
    book: str, on: date, seed: int, used: Used | None = None,
) -> Replayed:  # fmt: skip
    """
    Plan a night again: `frame` is its file, `strategy` what made it, `target` what is asked about,
    `used` what its values were made with, else assumptions.

    :raises Invalid: if the file does not hold what is needed, or the limit of contacts counts days
        that it does not know
    """
    _demand(frame)
    alone = replace(target, arms=(replace(target.arms[0], share=1.0),), holdout=0.0)
    frame = _with_limit(frame, strategy, alone).sort("case")
    cases, others = frame.filter(pl.col("arm") == arm), frame.filter(pl.col("arm") != arm)
    standing = sequence.stand(
        strategy=alone, cases=cases.with_columns(arm=pl.lit(CHAMPION)), points=_points(cases),
        past=past, book=book, on=on,
    )  # fmt: skip
    there = len(strategy.treatments)
    offered, lawful, open_ = (
        judgeable.flags_of(cases[name], there) for name in judgeable.BITS
    )  # fmt: skip
    place = _same(strategy, alone)
    known = [(list(alone.treatments).index(code), at) for code, at in place.items()]
    new = np.array([code not in place for code in alone.treatments], dtype=bool)
    outside, ours = standing.allowed[:, new].any(axis=1), np.zeros_like(standing.allowed)
    for mine, its in known:
        outside |= standing.allowed[:, mine] & ~offered[:, its]
        ours[:, mine] = standing.allowed[:, mine] & lawful[:, its]
    ours[outside] = False
    then = used or Used()
    chances, plan = _chances(
        alone, _valued(alone, cases, standing, ours, then),
        _left(alone, others, then.objecting), known, there, seed,
    )  # fmt: skip
    # What its plan takes had no chance in the log: too scarce to be drawn, and not chosen.
    outside |= (plan > 0) & ~np.hstack([np.ones((len(plan), 1), bool), open_])[
        np.arange(len(plan)), plan
    ]
    wanted: Counter[str] = Counter()
    for mine, code in enumerate(alone.treatments):
        count = int((standing.allowed[:, mine] & outside).sum())
        wanted.update({code: count} if count else {})
    choice = open_.any(axis=1) & ~outside
    due = standing.allowed.any(axis=1) | open_.any(axis=1)
    action = _numbers(cases["treatment"], strategy)
    planned = choice & ~cases["explored"].to_numpy()
    agreed = float((plan == action)[planned].mean()) if planned.any() else 1.0
    return Replayed(
        cases.filter(pl.Series(choice)), chances[choice], int(due.sum()), int(outside.sum()),
        wanted, agreed,
    )  # fmt: skip


@dataclass(frozen=True)
class _Valued:
    """Of `n` cases those with a choice, `rows`: what each treatment is worth and takes."""

    n: int
    rows: NDArray[np.int64]
    worth: Floats
    use: Factored


def _valued(
    target: Strategy, cases: pl.DataFrame, standing: Standing, ours: Flags, then: Used
) -> _Valued:
    rows = np.flatnonzero(ours.any(axis=1))
    some = cases[rows].with_columns(arm=pl.lit(CHAMPION))
    effects = effects_of(strategy=target, cases=some, measured=then.measured)
    complaints = complaints_of(strategy=target, cases=some, objecting=then.objecting)
    if target.waiting is None or not len(rows):
        worth = valuing.values(
            strategy=target, cases=some, allowed=ours[rows], complaints=complaints, effects=effects
        )
    else:
        worth, _ahead = valuing.values_ahead(
            strategy=target, ahead=then.expected or then.prices, cases=some, standing=standing,
            due=rows, allowed=ours[rows], complaints=complaints, effects=effects,
            objecting=then.objecting,
        )  # fmt: skip
    over = persons.too_many(
        persons=some["person"].to_numpy(), worth=worth,
        room=target.contact_limit.contacts - some["contacts_limit"].to_numpy(),
    )  # fmt: skip
    worth[over] = -np.inf
    return _Valued(cases.height, rows, worth, uses.of_cases(target, some, complaints))


def _chances(
    target: Strategy, valued: _Valued, budgets: Floats, known: list[tuple[int, int]], there: int,
    seed: int,
) -> tuple[Floats, NDArray[np.int64]]:  # fmt: skip
    """Of nothing and each of the log's treatments, (n, 1 + A); and the plan's action, from 0."""
    n, rows, worth, use = valued.n, valued.rows, valued.worth, valued.use
    chances, plan = np.zeros((n, 1 + there)), np.zeros(n, dtype=np.int64)
    chances[:, 0] = 1.0
    if not len(rows):
        return chances, plan
    made = choose(values=worth, use=use, budgets=budgets, explore=target.explore, seed=seed)
    drawn = made.weights[use.segment] * np.isfinite(worth)
    total = 1 + drawn.sum(axis=1)
    chances[rows, 0] = target.explore / total + (1 - target.explore) * (made.plan.chosen < 0)
    for mine, its in known:
        chances[rows, 1 + its] = target.explore * drawn[:, mine] / total
        chances[rows, 1 + its] += (1 - target.explore) * (made.plan.chosen == mine)
        plan[rows[made.plan.chosen == mine]] = 1 + its
    none = ~np.isfinite(worth).any(axis=1)
    chances[rows[none]] = np.eye(1 + there)[0]
    return chances, plan


def _left(target: Strategy, others: pl.DataFrame, objecting: Objecting | None) -> Floats:
    """What the other arms' actions leave of each budget, as the target counts them."""
    codes = {code: at for at, code in enumerate(target.treatments)}
    acted = others.filter(pl.col("treatment").is_in(list(codes)))
    limits = uses.limits(target)
    if acted.is_empty():
        return limits
    action = np.array([codes[code] for code in acted["treatment"]], dtype=np.int32)
    complaints = complaints_of(strategy=target, cases=acted, objecting=objecting)
    taken = use_of(uses.of_cases(target, acted, complaints), action)
    left: Floats = np.maximum(limits - taken, 0.0)
    return left


def _numbers(treatment: pl.Series, strategy: Strategy) -> NDArray[np.int64]:
    codes = {"": 0} | {code: 1 + at for at, code in enumerate(strategy.treatments)}
    return np.array([codes[code] for code in treatment.fill_null("").to_list()], dtype=np.int64)


def _same(strategy: Strategy, target: Strategy) -> dict[str, int]:
    """The target's treatments that are the log's, and their places there."""
    found = {}
    for at, (code, one) in enumerate(strategy.treatments.items()):
        other = target.treatments.get(code)
        if other and all(getattr(one, name) == getattr(other, name) for name in SAME):
            found[code] = at
    return found


def _demand(frame: pl.DataFrame) -> None:
    missing = [name for name in ("person", *judgeable.BITS) if name not in frame.columns]
    if missing:
        raise Invalid(
            _("The plan of this night does not keep what judging needs: {columns}.").format(
                columns=", ".join(missing)
            )
        )


def _with_limit(frame: pl.DataFrame, strategy: Strategy, target: Strategy) -> pl.DataFrame:
    days = target.contact_limit.days
    if days == strategy.contact_limit.days:
        return frame
    if days not in KNOWN_DAYS:
        raise Invalid(
            _("The log counts contacts of 7, 30 and {days} days, not of {asked}.").format(
                days=strategy.contact_limit.days, asked=days
            )
        )
    return frame.with_columns(contacts_limit=pl.col(KNOWN_DAYS[days]).sum().over("person"))


def _points(cases: pl.DataFrame) -> pl.DataFrame:
    """Which media each case could be reached by, as contact points."""
    parts = [
        cases.filter(pl.col(f"by_{medium}")).select("case", medium=pl.lit(medium))
        for medium in set(MEDIA.values()) - {""}
    ]
    return pl.concat(parts)


def outcomes(
    rows: pl.DataFrame, *, payments: pl.DataFrame, spend: Mapping[str, float], on: date, days: int
) -> pl.Series:
    """
    What came of each row in minor units: paid from the night's day on, within `days`, less what
    the action cost. `payments` has `case`, `value_on` and `cash`; a reversal is below 0.
    """
    until = pl.lit(on).dt.offset_by(f"{days}d")
    paid = (
        payments.filter((pl.col("value_on") >= on) & (pl.col("value_on") < until))
        .group_by("case").agg(paid=pl.col("cash").sum())
    )  # fmt: skip
    cost = pl.col("treatment").replace_strict(dict(spend), default=0.0, return_dtype=pl.Float64)
    return (
        rows.select("case", "treatment").join(paid, on="case", how="left", maintain_order="left")
        .select(net=pl.col("paid").fill_null(0).cast(pl.Float64) - cost)["net"]
    )  # fmt: skip
