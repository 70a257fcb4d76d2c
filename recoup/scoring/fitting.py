"""
Fit a scorecard and a boosting on a sample, judge both on rows they never saw, choose one.

The rule for the champion: the boosting, only if its Brier score is lower and the 95 % interval of
the paired difference (bootstrap over the same rows) lies below zero; otherwise the scorecard, since
a person can read it. A model is not refitted after it was judged: the figures are of the very
model that scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision import boosting, metrics, scorecard
from recoup.decision.metrics import Interval
from recoup.kernel.errors import NotTrainable
from recoup.scoring.declared import signs_for
from recoup.scoring.samples import Sample, Split, split

Floats = NDArray[np.float64]
THREADS = 2  # part of what makes a training repeatable
REPEATS = 200
LEAK_AUC = 0.9
LOOK_AUC = 0.85


@dataclass(frozen=True, slots=True)
class Minimum:
    """
    How many rows of the rarer kind (events or non-events) a model needs.

    To train: `train`, and ten for each column (Peduzzi et al. 1996,
    doi:10.1016/S0895-4356(96)00236-3); with fewer, only the columns that say most are kept. To be
    judged: a hundred (Vergouwe et al. 2005, doi:10.1016/j.jclinepi.2004.06.017).
    """

    per_column: int = 10
    train: int = 100
    held_out: int = 100


@dataclass(frozen=True, slots=True)
class Judged:
    """A fitted model and how it did on the held-out rows."""

    family: str
    model: Any
    probability: Floats
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Both models of a target, their baselines, what the leak check found, and the winner."""

    sample: Sample
    split: Split
    judged: tuple[Judged, ...]
    baselines: Mapping[str, Any]
    champion: str
    versus: Interval | None
    leaks: tuple[tuple[str, float], ...] = ()
    flags: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


def fit(
    *, sample: Sample, seed: int, minimum: Minimum | None = None, threads: int = THREADS
) -> Fitted:
    """
    Fit, check for leaks, judge and choose. The same sample and seed give the same models.

    :raises NotTrainable: because events are too few, or nothing beats chance
    """
    rows = split(sample)
    least = minimum or Minimum()
    _demand(sample, rows, least)
    learned = np.concatenate([rows.train, rows.calibrate])
    usable, leaks = _screened(sample.numbered(learned), learned, least)
    judged, left_out = [], {}
    for family, train in (("scorecard", _scorecard), ("boosting", _boosting)):
        try:
            model = train(usable, rows, seed, threads)
        except NotTrainable as why:
            left_out[family] = why.message
            continue
        chance = model.probability(usable.matrix[rows.test])
        figures = judge(outcome=usable.outcome[rows.test], probability=chance, seed=seed)
        judged.append(Judged(family, model, chance, figures))
    judged = [one for one in judged if one.figures["auc"]["low"] > 0.5]
    if not judged:
        raise NotTrainable(
            f"No model for {sample.target} can be trained, because on held-out rows none orders "
            "accounts better than chance.",
        )
    champion, versus = _choose(judged, usable.outcome[rows.test], seed)
    return Fitted(
        usable, rows, tuple(judged), _baselines(usable, rows, learned, seed), champion, versus,
        leaks, _flags(judged, leaks), left_out,
    )  # fmt: skip


def judge(*, outcome: NDArray[Any], probability: Floats, seed: int) -> dict[str, Any]:
    """Every figure of a model on held-out rows, with 95 % intervals."""
    found: dict[str, Any] = {"rows": len(outcome), "events": int(np.sum(outcome))}
    found["auc"] = metrics.delong(outcome=outcome, score=probability).as_dict()
    found["gini"] = round(2 * found["auc"]["value"] - 1, 6)
    statistics = {
        "ks": lambda y, p: metrics.ks(outcome=y, score=p),
        "brier": lambda y, p: metrics.brier(outcome=y, probability=p),
        "log_loss": lambda y, p: metrics.log_loss(outcome=y, probability=p),
        "calibration_error": lambda y, p: metrics.calibration_error(outcome=y, probability=p),
        "top_decile_lift": _top_decile_lift,
    }
    for name, statistic in statistics.items():
        interval = metrics.bootstrap(statistic, outcome, probability, seed=seed, repeats=REPEATS)
        found[name] = interval.as_dict()
    found["calibration"] = metrics.calibration_table(outcome=outcome, probability=probability)
    found["lift"] = metrics.lift_table(outcome=outcome, score=probability)
    return found


def _top_decile_lift(outcome: NDArray[Any], probability: Floats) -> float:
    return metrics.lift_table(outcome=outcome, score=probability)[0]["lift"]


def _demand(sample: Sample, rows: Split, least: Minimum) -> None:
    learned = sample.outcome[np.concatenate([rows.train, rows.calibrate])]
    for what, outcome, most in (
        ("to train on", learned, least.train),
        ("held out to judge by", sample.outcome[rows.test], least.held_out),
    ):
        events = int(np.sum(outcome))
        rarer = min(events, len(outcome) - events)
        if rarer < most:
            raise NotTrainable(
                f"No model for {sample.target} can be trained, because of {len(outcome)} rows "
                f"{what} {events} are events and {len(outcome) - events} are not; "
                f"{most} of each are needed.",
                hint="Come back when more history has gathered.",
            )


def _screened(
    sample: Sample, learned: NDArray[np.int64], least: Minimum
) -> tuple[Sample, tuple[tuple[str, float], ...]]:
    """
    Leave out columns that say nothing (constant) or too much (AUC above `LEAK_AUC` alone), and
    those that say least where there are too many for the events.
    """
    outcome = sample.outcome[learned]
    areas: dict[str, float] = {}
    for place, name in enumerate(sample.columns):
        column = sample.matrix[learned, place]
        values = np.where(np.isnan(column), -np.inf, column)
        if np.unique(values).size > 1:
            area = metrics.auc(outcome=outcome, score=values)
            areas[name] = round(max(area, 1 - area), 4)
    leaks = tuple((name, area) for name, area in areas.items() if area > LEAK_AUC)
    kept = sorted(
        (name for name, area in areas.items() if area <= LEAK_AUC), key=lambda n: (-areas[n], n)
    )
    events = int(outcome.sum())
    most = max(1, min(events, len(outcome) - events) // least.per_column)
    return sample.without(set(sample.columns) - set(kept[:most])), leaks


def _scorecard(sample: Sample, rows: Split, seed: int, threads: int) -> scorecard.Scorecard:
    learned = np.concatenate([rows.train, rows.calibrate])
    return scorecard.train(
        matrix=sample.matrix[learned], outcome=sample.outcome[learned], columns=sample.columns,
        seed=seed, signs=signs_for(sample.target),
    )  # fmt: skip


def _boosting(sample: Sample, rows: Split, seed: int, threads: int) -> boosting.Boosting:
    return boosting.train(
        matrix=sample.matrix[rows.train], outcome=sample.outcome[rows.train],
        held_matrix=sample.matrix[rows.calibrate], held_outcome=sample.outcome[rows.calibrate],
        columns=sample.columns, seed=seed, threads=threads, signs=signs_for(sample.target),
    )  # fmt: skip


def _choose(judged: list[Judged], outcome: NDArray[Any], seed: int) -> tuple[str, Interval | None]:
    by_family = {one.family: one for one in judged}
    if len(by_family) == 1:
        return judged[0].family, None

    def difference(y: NDArray[Any], boosted: Floats, carded: Floats) -> float:
        return metrics.brier(outcome=y, probability=boosted) - metrics.brier(
            outcome=y, probability=carded
        )

    versus = metrics.bootstrap(
        difference, outcome, by_family["boosting"].probability,
        by_family["scorecard"].probability, seed=seed, repeats=REPEATS,
    )  # fmt: skip
    return ("boosting" if versus.high < 0 else "scorecard"), versus


def _baselines(
    sample: Sample, rows: Split, learned: NDArray[np.int64], seed: int
) -> dict[str, Any]:
    """What is had for nothing: the average rate, and the rate by delinquency alone."""
    outcome = sample.outcome[rows.test]
    rate = float(sample.outcome[learned].mean())
    same = np.full(len(outcome), rate)
    found: dict[str, Any] = {
        "constant": {
            "rate": round(rate, 6),
            "brier": round(metrics.brier(outcome=outcome, probability=same), 6),
        }
    }
    if sample.delinquency in sample.columns:
        place = sample.columns.index(sample.delinquency)
        edges = np.asarray(metrics.Bins.of(sample.matrix[learned, place]).edges, np.float32)
        group = scorecard.bin_of(np.ascontiguousarray(sample.matrix[:, place]), edges)
        size = len(edges) + 2
        count = np.bincount(group[learned], minlength=size)
        events = np.bincount(group[learned], weights=sample.outcome[learned], minlength=size)
        chance = ((events + rate) / (count + 1))[group[rows.test]]
        found["delinquency_only"] = {
            "column": sample.delinquency,
            "auc": metrics.delong(outcome=outcome, score=chance).as_dict(),
            "brier": round(metrics.brier(outcome=outcome, probability=chance), 6),
        }
    return found


def _flags(judged: list[Judged], leaks: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    flags = [
        f"The {one.family} has an AUC of {one.figures['auc']['value']:.3f}, above {LOOK_AUC}: a "
        "person should look for a feature that knows the outcome."
        for one in judged
        if one.figures["auc"]["value"] > LOOK_AUC
    ]
    flags += [
        f"{name} was left out: alone it reaches an AUC of {area}, as only a leak does."
        for name, area in leaks
    ]
    return tuple(flags)
