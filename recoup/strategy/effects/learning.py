"""
Learning the effects of a book's treatments, judging them out of time, choosing one model.

The constant effect of each treatment is the baseline. A learner takes its place only if its squared
error against the contrasts of held-out rows is lower, with the 95 % interval of the difference
below zero. A treatment whose mean effect is not known to within `Minimum.width` stays assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.metrics import Bins, Interval
from recoup.decision.policylog import BadLog
from recoup.decision.uplift import contrast, curves
from recoup.decision.uplift.contrast import Contrasts
from recoup.decision.uplift.curves import Judgment
from recoup.decision.uplift.learners import Learner, Uplift, learn
from recoup.decision.uplift.trial import Trial
from recoup.kernel.errors import NotTrainable
from recoup.kernel.ids import fraction
from recoup.strategy.effects import horizon, logged
from recoup.strategy.schema import Worth

Flags = NDArray[np.bool_]
CANDIDATES = (Learner.ODDS, Learner.X, Learner.DR)
HELD_OUT, CROSS_SECTION = 0.2, 0.3
THREADS = 2  # part of what makes a training repeatable


@dataclass(frozen=True, slots=True)
class Minimum:
    """
    What a treatment needs to be measured: effective people on either side, and a mean effect known
    to within `width` of the overdue sum (half the 95 % interval).
    """

    effective: float = 200.0
    width: float = 0.02


@dataclass(frozen=True)
class Learnt:
    """
    A model and how it was judged: `judged[learner][treatment]`; `refused` says for each treatment
    without a measured effect why. `versus` is the squared error of the best learner less that of the
    constant.
    """

    model: Uplift
    judged: Mapping[str, Mapping[str, Judgment]]
    refused: Mapping[str, tuple[str, ...]]
    split: str
    rows: tuple[int, int]
    people: int
    first: date
    last: date
    horizon_days: int
    notes: tuple[str, ...]
    reference: Mapping[str, Any]
    by_dose: Mapping[str, list[float]] = field(default_factory=dict)
    versus: Mapping[str, Interval] = field(default_factory=dict)


def learn_effects(
    *, rows: pl.DataFrame, worth: Worth, repay_30: float, seed: int,
    minimum: Minimum | None = None,
) -> Learnt:  # fmt: skip
    """
    From logged rows with payments (`logged.with_payments`) and `person`.

    :raises NotTrainable: if the log carries no treatment, or no effect is known well enough
    """
    least = minimum or Minimum()
    chosen = rows if rows.is_empty() else logged.with_choice(rows)
    if chosen.is_empty():
        raise NotTrainable(
            "No effect can be measured, because no planned night with a choice lies 30 days back."
        )
    test, kind = _held_out(chosen)
    hazard, notes = _hazard(rows, chosen.filter(test), worth, repay_30, seed)
    y = horizon.outcomes(chosen, hazard=hazard, worth=worth, repay_30=repay_30)
    try:
        whole = logged.trial_of(chosen, outcome=y, repay_30=repay_30)
    except BadLog as why:
        raise NotTrainable(f"No effect can be measured. {why}") from why
    train = whole.take(_before(chosen, test, kind))
    held = whole.take(test)
    across = contrast.across(train, seed=seed, threads=THREADS)
    models = {
        one: learn(train, learner=one, seed=seed, dose=logged.DOSE, threads=THREADS,
                   fewest=least.effective, contrasts=across)
        for one in (Learner.CONSTANT, *CANDIDATES)
    }  # fmt: skip
    fitted = contrast.Outcomes.fit(train, seed=seed, threads=THREADS)
    seen = contrast.held_out(held, fitted, threads=THREADS)
    judged = {one.value: _judged(model, seen, seed) for one, model in models.items()}
    best, versus = _chosen(models, seen, seed)
    refused = _refused(models[best], across, least)
    if len(refused) == len(whole.names) - 1:
        raise NotTrainable(
            "No effect is known well enough to be used. "
            + " ".join(reason for reasons in refused.values() for reason in reasons),
            hint="Let the randomised slice run longer, or over more cases.",
        )
    return Learnt(
        model=models[best], judged=judged, refused=refused, split=kind,
        rows=(len(train.log.actions), len(held.log.actions)),
        people=len(np.unique(whole.log.people)), first=_day(chosen, "min"),
        last=_day(chosen, "max"),
        horizon_days=horizon.DAYS * (worth.horizon_months if hazard else 1),
        notes=notes, reference=_reference(whole), by_dose=_by_dose(models[best], held),
        versus=versus,
    )  # fmt: skip


def _day(rows: pl.DataFrame, which: str) -> date:
    found: date = getattr(rows["on"], which)()
    return found


def _held_out(rows: pl.DataFrame) -> tuple[Flags, str]:
    """The last nights, at least a fifth of the rows, where two windows fit; else people by hash."""
    days = rows["on"]
    if (days.max() - days.min()).days >= 2 * logged.WINDOW.days:  # type: ignore[operator,union-attr]
        counts = rows.group_by("on").len().sort("on", descending=True)
        total = counts["len"].cum_sum()
        start = counts["on"][int((total >= HELD_OUT * rows.height).arg_max() or 0)]
        return (days >= start).to_numpy(), "out_of_time"
    people, place = np.unique(rows["person"].to_numpy(), return_inverse=True)
    side = np.array([fraction("effects", int(one)) for one in people])[place]
    return side < CROSS_SECTION, "cross_section"


def _before(rows: pl.DataFrame, test: Flags, kind: str) -> Flags:
    """Rows to learn from: out of time, those whose 30 days ended before the first held-out night."""
    if kind == "cross_section":
        return ~test
    start: date = rows.filter(test)["on"].min()  # type: ignore[assignment]
    found = (rows["on"] <= start - logged.WINDOW).to_numpy()
    return np.asarray(found & ~test)


def _hazard(
    rows: pl.DataFrame, test: pl.DataFrame, worth: Worth, repay_30: float, seed: int
) -> tuple[horizon.Hazard | None, tuple[str, ...]]:
    if worth.horizon_months <= 1:
        return None, ()
    # Neither nights nor people that are judged on.
    start: date = test["on"].min()  # type: ignore[assignment]
    before = rows.filter(pl.col("on") <= start - timedelta(days=horizon.DAYS))
    others = rows.filter(~pl.col("person").is_in(test["person"].unique().implode()))
    try:
        used = before if before.height else others
        return horizon.fit(used, repay_30=repay_30, seed=seed), ()
    except NotTrainable as why:
        return None, (f"The horizon is 30 days, not {30 * worth.horizon_months}: {why.message}",)


def _judged(model: Uplift, seen: Contrasts, seed: int) -> dict[str, Judgment]:
    trial, found = seen.trial, {}
    said = model.effect(trial.log.known, threads=THREADS)
    for number in model.learnt:
        rows = trial.open[:, number]
        if rows.sum() < 2:
            continue
        found[model.names[number]] = curves.judge(
            said=said[rows, number], contrast=seen.of(number)[rows],
            people=trial.log.people[rows], seed=seed,
        )  # fmt: skip
    return found


def _chosen(
    models: Mapping[Learner, Uplift], seen: Contrasts, seed: int
) -> tuple[Learner, dict[str, Interval]]:
    """The learner that is surely nearer than the constant, or the constant."""
    trial = seen.trial
    errors = {}
    for one, model in models.items():
        said = model.effect(trial.log.known, threads=THREADS)
        error = np.zeros(len(said))
        for number in model.learnt:
            rows = trial.open[:, number]
            error[rows] += (seen.of(number)[rows] - said[rows, number]) ** 2
        errors[one] = error
    found: dict[str, Interval] = {}
    best = Learner.CONSTANT
    for one in CANDIDATES:
        apart = errors[one] - errors[Learner.CONSTANT]

        def mean(weight: np.ndarray, apart: np.ndarray = apart) -> tuple[float, ...]:
            return (float(weight @ apart) / float(weight.sum()),)

        ones = np.ones(len(apart))
        drawn = curves.resample(mean, place=trial.log.people, seed=seed)
        found[one.value] = curves.interval(mean(ones)[0], drawn[:, 0])
        if found[one.value].high < 0 and (
            best == Learner.CONSTANT or found[one.value].value < found[best.value].value
        ):
            best = one
    return best, found


def _refused(model: Uplift, across: Contrasts, least: Minimum) -> dict[str, tuple[str, ...]]:
    """Why each treatment that has no measured effect has none."""
    refused = {one.name: one.reasons for one in model.groups if one.reasons}
    trial = across.trial
    for number in model.learnt:
        rows, name = trial.open[:, number], model.names[number]
        _, place = np.unique(trial.log.people[rows], return_inverse=True)
        gap = across.of(number)[rows]
        sums = np.bincount(place, gap - gap.mean())
        half = 1.96 * float(np.linalg.norm(sums)) / len(gap)
        if half > least.width:
            refused[name] = (
                f"The effect of {name} is known to within {half:.3f} of the overdue sum only;"
                f" {least.width:g} is needed.",
            )
    return refused


def _reference(trial: Trial) -> dict[str, Any]:
    """The groups of what the model looks at, against which each night is held."""
    found = {}
    for name, column in zip(trial.columns, trial.log.known.T, strict=True):
        bins = Bins.of(column)
        found[name] = {"edges": list(bins.edges), "shares": list(bins.shares)}
    return found


def _by_dose(model: Uplift, held: Trial) -> dict[str, list[float]]:
    some = held.log.known[:5_000]
    table = model.by_dose(some, most=6, threads=THREADS)
    return {model.names[n]: [round(float(value), 8) for value in table[:, n]] for n in model.learnt}
