"""What a contact changes, by learner, beside the exact truth."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.values.books import (
    ARMS,
    COLUMNS,
    JUDGED,
    MONTH,
    NAMES,
    SIZE,
    known,
    live,
    paid_within,
    worked,
)
from recoup.decision.policylog import Log
from recoup.decision.uplift import contrast, curves, shrink, trees
from recoup.decision.uplift.learners import Learner, learn
from recoup.decision.uplift.trial import Trial
from recoup.simulator import truth
from recoup.simulator.laboratory import Action

Floats = NDArray[np.float64]


def logged(
    *, seed: int, size: int, variant: str, judged: bool = False
) -> tuple[Trial, Floats]:  # fmt: skip
    """
    A trial with propensities that lean on the credit score, and, where it is to judge, its exact
    effects (n, A).
    """
    laboratory = worked(size=size, seed=seed, variant=variant)
    rng, some = np.random.default_rng(seed + 7), live(laboratory)
    x = known(laboratory)
    lean = np.outer(np.tanh(x[:, 3]), [0.0, 0.3, -0.3, 0.2, -0.2])
    chances = np.exp(lean) / np.exp(lean).sum(axis=1, keepdims=True)
    drawn = (chances.cumsum(axis=1) < rng.random(size)[:, None]).sum(axis=1).clip(0, 4)
    true = np.zeros((len(some), len(ARMS)))
    for number, arm in enumerate(ARMS):
        if arm is not None and judged:
            action = Action(arm[0], arm[1], some)  # type: ignore[arg-type]
            true[:, number] = truth.chances(
                laboratory=laboratory, action=action, horizon=MONTH
            ).uplift
    out = np.full(size, 0, dtype=np.int64)
    out[some] = drawn[some]
    y = (paid_within(laboratory.fork(seed=seed + 1), out, MONTH) > 0).astype(float)
    log = Log.of(
        actions=drawn[some], outcomes=y[some], propensities=chances[some, drawn[some]],
        people=some, names=NAMES, known=x[some],
    )  # fmt: skip
    return Trial.of(log, columns=COLUMNS), true


def effects(seeds: tuple[int, ...] = (31, 32)) -> bool:
    """The learners on simulated books, each seed another pair of books."""
    print("# Effects on the chance of a payment in 30 days (simulated)\n")
    won = True
    for variant in ("early", "mid"):
        rows = [_seed(seed, variant) for seed in seeds]
        won &= _told(variant, rows)
    return won


def _seed(seed: int, variant: str) -> dict[str, Any]:
    train, _ = logged(seed=seed, size=SIZE, variant=variant)
    held, true = logged(seed=seed + 100, size=JUDGED, variant=variant, judged=True)
    tuned, _ = logged(seed=seed + 200, size=JUDGED, variant=variant)
    train, held, tuned = _scored(seed, variant, (train, held, tuned))
    outcomes = contrast.Outcomes.fit(train, seed=seed)
    seen, spare = contrast.held_out(held, outcomes), contrast.held_out(tuned, outcomes)
    across = contrast.across(train, seed=seed)
    x, people = held.log.known, held.log.people
    found: dict[str, Any] = {"rows": len(train.log.actions), "ate": true[:, 1:].mean(axis=0)}
    said: dict[str, Floats] = {"no effect": np.zeros_like(true)}
    for learner in Learner:
        started = time.process_time()
        model = learn(train, learner=learner, seed=seed, dose="contacts", contrasts=across)
        found[f"cpu {learner.value}"] = time.process_time() - started
        said[learner.value] = model.effect(x)
        if learner in (Learner.X, Learner.DR):
            said[f"{learner.value} shrunk"] = shrink.shrunk(model, spare).effect(x)
    said["score-sort"] = np.repeat(-np.abs(x[:, -1:] - 0.5), true.shape[1], axis=1)
    for name, effect in said.items():
        found[name] = {
            "pehe": [curves.pehe(said=effect[:, a], true=true[:, a]) for a in range(1, 5)],
            "true qini": [
                curves.curve(said=effect[:, a], contrast=true[:, a]).qini for a in range(1, 5)
            ],
            "judged": [
                curves.judge(said=effect[:, a], contrast=seen.of(a), people=people, seed=seed,
                             repeats=200)
                for a in range(1, 5)
            ],
        }  # fmt: skip
    found["best qini"] = [
        curves.curve(said=true[:, a], contrast=true[:, a]).qini for a in range(1, 5)
    ]
    return found


def _scored(seed: int, variant: str, trials: tuple[Trial, ...]) -> list[Trial]:
    """The trials with a score of paying if left alone, from a book of before."""
    before, _ = logged(seed=seed + 300, size=SIZE // 2, variant=variant)
    rows = before.log.actions == 0
    score = trees.grow(before.log.known[rows], before.log.outcomes[rows], seed=seed)
    return [
        Trial.of(
            replace(one.log, known=np.column_stack([one.log.known, score(one.log.known)])),
            columns=(*one.columns, "score"),
        )
        for one in trials
    ]


def _told(variant: str, rows: list[dict[str, Any]]) -> bool:
    names = [name for name in rows[0] if isinstance(rows[0][name], dict)]
    ate = np.mean([row["ate"] for row in rows], axis=0)
    print(f"## {variant}: {rows[0]['rows']} rows to learn from, {len(rows)} pairs of books; true mean"
          f" effects {', '.join(f'{n} {100 * v:.2f} pp' for n, v in zip(NAMES[1:], ate, strict=True))}\n")  # fmt: skip
    print("| | PEHE, pp | over the constant's | Qini by the truth | of the best possible | Qini"
          " by the log (95 %) | slope | CPU s |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    best = np.mean([row["best qini"] for row in rows])
    constant = np.mean([row["constant"]["pehe"] for row in rows])
    for name in names:
        pehe = float(np.mean([row[name]["pehe"] for row in rows]))
        qini = float(np.mean([row[name]["true qini"] for row in rows]))
        each = [j for row in rows for j in row[name]["judged"]]
        value, low, high = (
            100 * float(np.mean([getattr(j.qini, end) for j in each]))
            for end in ("value", "low", "high")
        )
        slope = np.nanmedian([j.slope.value for j in each]) if name not in FLAT else np.nan
        sized = name != "score-sort"
        cpu = rows[0].get(f"cpu {name}")
        print(
            f"| {name} | {f'{100 * pehe:.2f}' if sized else ''} |"
            f" {f'{pehe / constant:.2f}' if sized else ''} | {100 * qini:.3f} |"
            f" {qini / best:.0%} | {value:.3f} ({low:.3f} to {high:.3f}) |"
            f" {f'{slope:.2f}' if sized and np.isfinite(slope) else ''} |"
            f" {f'{cpu:.1f}' if cpu is not None else ''} |"
        )
    learners = {n: float(np.mean([row[n]["pehe"] for row in rows]))
                for n in names if n not in ("no effect", "score-sort")}  # fmt: skip
    order = {n: float(np.mean([row[n]["true qini"] for row in rows])) for n in names}
    nearest, sharpest = min(learners, key=learners.get), max(order, key=order.get)  # type: ignore[arg-type]
    ok = learners[nearest] < constant and order[sharpest] > order["score-sort"]
    print(f"\nNearest to the truth: {nearest} ({learners[nearest] / constant:.2f} of the constant)."
          f" Best order: {sharpest} ({order[sharpest] / max(order['score-sort'], 1e-9):.2f} x"
          f" score-sort). {'ok' if ok else 'short'}\n")  # fmt: skip
    return ok


FLAT = ("no effect", "constant")
