"""The chance that a contact ends in a complaint or an opt-out, out of time (simulated)."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.values.books import ARMS
from recoup.decision.complaints import Pressure, chance, fit, judge
from recoup.simulator.laboratory import Action, Laboratory

Floats = NDArray[np.float64]
SIZE, DAYS, FIRST = 60_000, 60, 42


class Contacts(NamedTuple):
    """Contacts of a book that was contacted at random: what was known, and what came of each."""

    kind: NDArray[np.str_]
    known: Pressure
    objected: NDArray[np.bool_]
    day: NDArray[np.int64]
    case: NDArray[np.int64]


def contacts(*, size: int, seed: int, variant: str, days: int) -> Contacts:
    """What a lender's log says of each contact before it, and whether there was an objection."""
    book = Laboratory(size=size, seed=seed, variant=variant)
    book.capacity = type(book.capacity)()
    rng = np.random.default_rng(seed)
    often = 0.3 * rng.random(size) ** 2
    made, parts = np.zeros((days + 30, size)), []
    for day in range(days):
        before = book.log()
        free = (before.arrears > 0) & ~before.opted_out & ~before.charged_off
        drawn = np.where(free & (rng.random(size) < often), rng.integers(1, len(ARMS), size), 0)
        who = np.flatnonzero(drawn)
        lately = made[: day + 30]
        ago = np.where(before.contacted_ago < 0, np.inf, before.contacted_ago).min(axis=1)
        said = (lately[-30:].sum(axis=0), lately[-7:].sum(axis=0), ago, before.complained,
                before.days_past_due.astype(float))  # fmt: skip
        book.play([
            Action(arm[0], arm[1], np.flatnonzero(drawn == number))  # type: ignore[arg-type]
            for number, arm in enumerate(ARMS) if arm is not None and (drawn == number).any()
        ])  # fmt: skip
        after = book.log()
        loud = (after.complained & ~before.complained) | (after.opted_out & ~before.opted_out)
        parts.append(
            (drawn[who], [one[who] for one in said], loud[who], np.full(len(who), day), who)
        )
        made[day + 30] = drawn > 0
    kinds = np.array(["", *(arm[0] for arm in ARMS if arm is not None)])
    known = Pressure(*(np.concatenate([part[1][at] for part in parts]) for at in range(5)))
    rest = (np.concatenate([part[at] for part in parts]) for at in (2, 3, 4))
    return Contacts(kinds[np.concatenate([part[0] for part in parts])], known, *rest)


def complaints() -> bool:
    """The model of the product beside boosted trees and one rate for all, on later contacts."""
    print("# Complaints and opt-outs of a contact, on later contacts (simulated)\n")
    print("| book | model | AUC (95 %) | gain of log loss, 1e-5 a contact (95 %) | said | seen |"
          " CPU s |\n|---|---|---|---|---|---|---|")  # fmt: skip
    fine = True
    for seed, variant in ((91, "mid"), (92, "late")):
        data = contacts(size=SIZE, seed=seed, variant=variant, days=DAYS)
        first, later = data.day < FIRST, data.day >= FIRST
        rate = float(data.objected[first].mean())
        gains = {}
        for name, model in (("steps, ridge", _steps), ("trees, monotone", _trees)):
            begun = time.process_time()
            said = model(data, first, later)
            cpu = time.process_time() - begun
            found = judge(said, data.objected[later], data.case[later], rate)
            gains[name] = found
            low, high = 1e5 * found.gain.low, 1e5 * found.gain.high
            print(f"| {variant} | {name} | {found.auc.value:.3f} ({found.auc.low:.3f} to"
                  f" {found.auc.high:.3f}) | {1e5 * found.gain.value:+.1f} ({low:+.1f} to"
                  f" {high:+.1f}) | {found.said:.3%} | {found.seen:.3%} | {cpu:.1f} |")  # fmt: skip
        ours, peer = gains["steps, ridge"], gains["trees, monotone"]
        print(f"| {variant} | one rate for all | 0.500 | 0 | {rate:.3%} | {ours.seen:.3%} | |")
        fine &= ours.auc.low > 0.5 and ours.is_better and ours.gain.value >= peer.gain.value
    print(f"\n{'ok' if fine else 'short'}: clearly better than one rate for all on later contacts,"
          " and not behind the trees.\n")  # fmt: skip
    return fine


def _steps(data: Contacts, first: NDArray[np.bool_], later: NDArray[np.bool_]) -> Floats:
    risk = fit(data.kind[first], data.known.some(first), data.objected[first])
    kinds = np.array([risk.of_kind(name) for name in data.kind[later].tolist()])
    return chance(kinds * risk.factor(data.known.some(later)))


def _trees(data: Contacts, first: NDArray[np.bool_], later: NDArray[np.bool_]) -> Floats:
    """CatBoost that may only rise with pressure; 200 trees, so that its rate is not the start's."""
    from catboost import CatBoostClassifier

    known = data.known
    x = np.column_stack([
        np.unique(data.kind, return_inverse=True)[1], known.late, known.month, known.week,
        -np.minimum(known.ago, 60.0), known.former,
    ]).astype(float)  # fmt: skip
    model = CatBoostClassifier(
        iterations=200, depth=4, learning_rate=0.06, monotone_constraints=[0, 0, 1, 1, 1, 1],
        random_seed=1, thread_count=1, verbose=False, allow_writing_files=False,
    )  # fmt: skip
    model.fit(x[first], data.objected[first])
    return np.asarray(model.predict_proba(x[later])[:, 1], dtype=np.float64)
