"""Collectability, ability and willingness against what they should say."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.values.books import actions, live, worked
from recoup.decision import abilities, collectability, metrics
from recoup.decision.collectability import Payments
from recoup.simulator.answers import Outcome
from recoup.simulator.laboratory import Laboratory

Floats = NDArray[np.float64]


def payments_of(laboratory: Laboratory, days: int) -> tuple[Payments, Floats]:
    """Payments of a book left alone, and the credit score standing for what is known at day 0."""
    log = laboratory.log()
    first, before = np.maximum(log.owed, 1), log.paid
    who, at, size = [], [], []
    for day in range(days):
        laboratory.play()
        now = laboratory.log().paid
        some = np.flatnonzero(now > before)
        who.append(some)
        at.append(np.full(len(some), day + 0.5))
        size.append(np.minimum((now - before)[some] / first[some], 1))
        before = now
    x = np.column_stack([log.credit, np.log1p(log.days_past_due)]).astype(float)
    return Payments.of(
        account=np.concatenate(who), at=np.concatenate(at), size=np.concatenate(size),
        until=np.full(len(first), float(days)), x=x,
    ), x  # fmt: skip


def collectable() -> bool:
    """Self-exciting repayment on simulated late books: who pays in the next 90 days."""
    print("# Collectability: a payment in the next 90 days (simulated)\n")
    train, _ = payments_of(Laboratory(size=12_000, seed=51, variant="late"), 180)
    started = time.process_time()
    model = collectability.fit(train)
    cpu = time.process_time() - started
    book = Laboratory(size=12_000, seed=52, variant="late")
    seen, x = payments_of(book, 180)
    before = book.log().paid
    for _ in range(90):
        book.play()
    pays = (book.log().paid > before).astype(int)
    score = model.score(seen, days=90)
    last = np.full(len(x), -999.0)
    np.maximum.at(last, seen.account, seen.at)
    print("| | AUC (95 %) | Brier | mean said | mean seen |\n|---|---|---|---|---|")
    for name, said in (
        ("self-exciting", score), ("days since the last payment", last), ("credit score", x[:, 0]),
    ):  # fmt: skip
        area = metrics.delong(outcome=pays, score=said)
        sized = name == "self-exciting"
        brier = f"{metrics.brier(outcome=pays, probability=said):.4f}" if sized else ""
        print(f"| {name} | {area.value:.3f} ({area.low:.3f} to {area.high:.3f}) | {brier} |"
              f" {f'{said.mean():.3f}' if sized else ''} | {pays.mean():.3f} |")  # fmt: skip
    apart = metrics.bootstrap(
        lambda y, a, b: metrics.auc(outcome=y, score=a) - metrics.auc(outcome=y, score=b),
        pays, score, last, seed=1, repeats=200,
    )  # fmt: skip
    ok = apart.low > 0
    print(f"\nAUC above days since the last payment: {apart.value:+.3f} ({apart.low:+.3f} to"
          f" {apart.high:+.3f}, paired).", end="")  # fmt: skip
    print(f" Fitted on {len(train.at)} payments in {cpu:.1f} CPU s; decay {model.decay:.4f} a day,"
          f" branching {model.branching:.2f}. {'ok' if ok else 'short'}\n")  # fmt: skip
    return ok


def two_scores() -> bool:
    """Ability and willingness from their own columns, held against hidden traits (simulated)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    print("# Ability and willingness (simulated)\n")
    sides = [_two(seed) for seed in (61, 62)]
    test, said = sides[1], {}
    for name in ("willing", "able"):
        outcome = getattr(sides[0]["shown"], name)
        rows = outcome != abilities.UNSHOWN
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
        model.fit(sides[0][name][rows], outcome[rows])
        said[name] = model.predict_proba(test[name])[:, 1]
    apart = abilities.separation(willing=said["willing"], able=said["able"], seen=test["shown"])
    hidden = test["traits"]
    print("| score | AUC on pays once reached | AUC on pays half or more | rank correlation with the"
          " hidden ability | with the hidden willingness |\n|---|---|---|---|---|")  # fmt: skip
    for name, first, second in (
        ("willingness", apart.willing_willing, apart.willing_able),
        ("ability", apart.able_willing, apart.able_able),
    ):
        score = said["willing" if name == "willingness" else "able"]
        ranks = [_rank(score, hidden[:, at]) for at in (0, 1)]
        print(f"| {name} | {first:.3f} | {second:.3f} | {ranks[0]:.3f} | {ranks[1]:.3f} |")
    print(f"\n{'ok' if apart.separate else 'short'}: each score"
          f" {'orders' if apart.separate else 'does not order'} its own outcome better than the"
          " other does. Outcomes mix both traits; the hidden traits show what a score leans on.\n")  # fmt: skip
    return apart.separate


def _two(seed: int) -> dict[str, Any]:
    book = worked(size=30_000, seed=seed, variant="mid", days=60)
    log, some = book.log(), live(book)
    talks, calls = log.talks.sum(axis=1), log.calls.sum(axis=1)
    judged = log.promises_kept + log.promises_broken
    willing = np.column_stack([
        talks / np.maximum(calls, 1), calls == 0, log.promises_made / np.maximum(talks, 1),
        talks == 0, (log.promises_kept + 0.5) / (judged + 1), judged > 0,
        log.last_outcome == Outcome.REFUSED, log.last_outcome == Outcome.PROMISE,
        log.last_outcome == Outcome.REPLIED,
    ])[some].astype(float)  # fmt: skip
    able = np.column_stack([
        np.log1p(log.arrears), np.log1p(log.owed), log.arrears / np.maximum(log.owed, 1),
        log.income, log.paid / np.maximum(log.paid + log.owed, 1), log.paid_30 > 0,
    ])[some].astype(float)  # fmt: skip
    overdue, talked = log.arrears[some].astype(float), talks[some]
    drawn = np.zeros(len(log.arrears), np.int64)
    drawn[some] = 4
    before = log.paid[some]
    for _ in range(3):
        book.play(actions(drawn))
    for _ in range(27):
        book.play()
    after = book.log()
    reached = after.talks.sum(axis=1)[some] > talked
    seen = abilities.shown(paid=after.paid[some] - before, overdue=overdue, reached=reached)
    hidden = book._population.traits
    traits = np.column_stack([hidden.ability, hidden.willingness])[some]
    return {"willing": willing, "able": able, "shown": seen, "traits": traits}


def _rank(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(metrics.midranks(a), metrics.midranks(b))[0, 1])
