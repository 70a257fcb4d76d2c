"""
Values: how near learnt effects, hazards, collectability and two scores are to the truth.

    python -m bench.values              # all parts, about four CPU minutes
    python -m bench.values effects      # one: effects, hazards, collectability, scores, calls

`effects`: books of the simulator (simulated figures) are contacted at random for weeks, then one
action of five is drawn for each case with logged chances. Each learner sees such a log and says the
effect on the chance of any payment in 30 days of another book, of which the truth is exact
(`simulator.truth`, never seen by a learner). Beside it: no effect, one mean effect for all, and the
order of a score of paying (the peer that most lenders use). Parts on real data need RECOUP_DATA (or
../shared/data) and are skipped with the reason where it is absent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.real_data import data_dir
from recoup.decision import abilities, boosting, collectability, metrics, survival
from recoup.decision.collectability import Payments
from recoup.decision.policylog import Log
from recoup.decision.survival import CURED, PART, STAYED, Periods
from recoup.decision.uplift import contrast, curves, shrink, trees
from recoup.decision.uplift.learners import Learner, learn
from recoup.decision.uplift.trial import Trial
from recoup.simulator import truth
from recoup.simulator.answers import Outcome
from recoup.simulator.laboratory import Action, Laboratory

Floats = NDArray[np.float64]
SIZE, JUDGED, WEEKS = 150_000, 20_000, 3
ARMS: tuple[tuple[str, str] | None, ...] = (
    None, ("sms", "moral"), ("letter", "reminder"), ("robot", "reminder"), ("call", "officer"),
)  # fmt: skip
NAMES = ("nothing", "moral text", "letter", "robot", "person")
COLUMNS = (
    "days_past_due", "arrears", "owed", "credit", "income", "age", "contacts", "last_outcome",
    "promises_broken", "promise_open", "paid_30", "paid_ago",
)  # fmt: skip
MONTH = 30


# -- Books ---------------------------------------------------------------------------------------


def worked(*, size: int, seed: int, variant: str, days: int = 7 * WEEKS) -> Laboratory:
    """A book that was contacted at random, some cases more than others."""
    laboratory = Laboratory(size=size, seed=seed, variant=variant)
    laboratory.capacity = type(laboratory.capacity)()
    rng = np.random.default_rng(seed)
    often = 0.25 * rng.random(size) ** 2
    for _ in range(days):
        drawn = np.where(rng.random(size) < often, rng.integers(1, len(ARMS), size), 0)
        laboratory.play(actions(drawn))
    return laboratory


def actions(drawn: NDArray[np.int64]) -> list[Action]:
    """The day's actions from one number for each case."""
    found = []
    for number, arm in enumerate(ARMS):
        cases = np.flatnonzero(drawn == number)
        if arm is not None and len(cases):
            found.append(Action(arm[0], arm[1], cases))  # type: ignore[arg-type]
    return found


def known(laboratory: Laboratory) -> Floats:
    """What the lender's log says of each case."""
    log = laboratory.log()
    return np.column_stack([
        log.days_past_due, np.log1p(log.arrears), np.log1p(log.owed), log.credit, log.income,
        log.age, log.contacts.sum(axis=1), log.last_outcome, log.promises_broken,
        log.promise_open, log.paid_30 / np.maximum(log.arrears, 1), log.paid_ago,
    ]).astype(np.float64)  # fmt: skip


def live(laboratory: Laboratory) -> NDArray[np.int64]:
    """Cases that can be contacted and owe something."""
    log = laboratory.log()
    return np.flatnonzero((log.arrears > 0) & ~log.opted_out & ~log.charged_off)


def paid_within(laboratory: Laboratory, drawn: NDArray[np.int64], days: int) -> Floats:
    """What each case pays in some days, the drawn actions done on the first."""
    before = laboratory.log().paid
    laboratory.play(actions(drawn))
    for _ in range(days - 1):
        laboratory.play()
    return np.asarray(laboratory.log().paid - before, float)


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


# -- Effects -------------------------------------------------------------------------------------


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


# -- Hazards -------------------------------------------------------------------------------------


def months(laboratory: Laboratory, count: int) -> tuple[Periods, Floats]:
    """Person-periods of a book left alone for some months, and the share of the arrears paid."""
    start = laboratory.log()
    rows, first = [], np.maximum(start.arrears, 1)
    for _ in range(count):
        log, some = laboratory.log(), live(laboratory)
        owed = np.maximum(log.arrears, 1)[some]
        paid = paid_within(laboratory, np.zeros(len(first), np.int64), MONTH)[some]
        share = np.clip(paid / owed, 0, 1)
        event = np.where(share >= 0.99, CURED, np.where(share >= 0.01, PART, STAYED))
        x = np.column_stack([log.credit, log.income, np.log1p(log.arrears), log.paid_30 > 0])[some]
        rows.append((log.days_past_due[some], x, event, share, some))
    table = {
        name: np.concatenate([row[at] for row in rows])
        for at, name in enumerate(("days", "x", "event", "share", "person"))
    }
    whole = np.clip((laboratory.log().paid - start.paid) / first, 0, 1)
    columns = ("credit", "income", "arrears", "paid_30")
    return Periods.of(**table, columns=columns), np.asarray(whole, float)


def hazards() -> bool:
    """Monthly hazards: a year ahead on simulated books, a month ahead on Taiwan's cards."""
    print("# Hazards of cure and part payment\n")
    print("| data | model | log-loss | over days past due alone | calibration error | year said |"
          " year seen |\n|---|---|---|---|---|---|---|")  # fmt: skip
    train, _ = months(Laboratory(size=20_000, seed=41), 6)
    test_book = Laboratory(size=20_000, seed=42)
    start, some = test_book.log(), live(test_book)
    x = np.column_stack([start.credit, start.income, np.log1p(start.arrears), start.paid_30 > 0])
    test, year = months(test_book, 12)
    ok = True
    for family in ("logistic", "boosting"):
        model = survival.fit(train, family=family, seed=0)  # type: ignore[arg-type]
        said = model.recovery(days=start.days_past_due[some].astype(float), x=x[some].astype(float))
        loss, ratio, gap = _judged(model, train, test)
        print(f"| simulated | {family} | {loss:.4f} | {ratio:.3f} | {gap:.4f} |"
              f" {said.mean():.3f} | {year[some].mean():.3f} |")  # fmt: skip
        ok &= ratio < 1 and abs(said.mean() - year[some].mean()) < 0.03
    folder = data_dir()
    if not (folder / "taiwan_cards").is_dir():
        print(f"\nTaiwan's cards are skipped: there is nothing at {folder}. Set RECOUP_DATA.\n")
        return ok
    frame = pl.read_parquet(folder / "taiwan_cards" / "accounts.parquet")
    parts = [_cards(frame, month) for month in (6, 5, 4)]
    learned = Periods.of(**{
        name: np.concatenate([part[name] for part in parts])
        for name in ("days", "x", "event", "share", "person")
    }, columns=CARDS)  # fmt: skip
    later = Periods.of(**_cards(frame, 3), columns=CARDS)
    for family in ("logistic", "boosting"):
        model = survival.fit(learned, family=family, seed=0)  # type: ignore[arg-type]
        loss, ratio, gap = _judged(model, learned, later)
        print(f"| Taiwan, learnt April to July 2005, judged on July to August | {family} |"
              f" {loss:.4f} | {ratio:.3f} | {gap:.4f} | | |")  # fmt: skip
        ok &= ratio < 1
    print(f"\n{'ok' if ok else 'short'}\n")
    return ok


CARDS = ("limit", "bill", "used", "paid before")


def _cards(frame: pl.DataFrame, month: int) -> dict[str, Any]:
    """Late accounts of a month (6 is April, 1 September) and how they stood a month later."""
    late = [f"PAY_{m}" if m != 1 else "PAY_0" for m in (month, month - 1)]
    rows = frame.filter((pl.col(late[0]) >= 1) & (pl.col(f"BILL_AMT{month}") > 0))
    bill = rows[f"BILL_AMT{month}"].to_numpy().astype(float)
    # Before September 2005 status 1 and 2 are one class (SOURCE.md): both are "up to two months".
    days = 30.0 * np.maximum(rows[late[0]].to_numpy(), 2)
    paid = np.clip(rows[f"PAY_AMT{month - 1}"].to_numpy() / bill, 0, 1)
    cured = rows[late[1]].to_numpy() <= 0
    before = np.clip(rows[f"PAY_AMT{month}"].to_numpy() / bill, 0, 1)
    event = np.where(cured, CURED, np.where(paid >= 0.01, PART, STAYED))
    x = np.column_stack([
        np.log1p(rows["LIMIT_BAL"].to_numpy()), np.log1p(bill), bill / rows["LIMIT_BAL"].to_numpy(),
        before,
    ])  # fmt: skip
    share = np.where(event == PART, paid, cured.astype(float))
    return {"days": days, "x": x, "event": event, "share": share, "person": rows["ID"].to_numpy()}


def _judged(
    model: survival.Hazard, train: Periods, test: Periods
) -> tuple[float, float, float]:  # fmt: skip
    """Log-loss of cures, the same over that of the rate by days past due, calibration error."""
    said = model.month(days=test.days, x=test.x)[:, CURED]
    cured = (test.event == CURED).astype(int)
    group = np.searchsorted(np.asarray(survival.EDGES), train.days, side="right")
    rate = np.array([
        (train.event[group == g] == CURED).mean() if (group == g).any() else 0.05
        for g in range(len(survival.EDGES) + 1)
    ])  # fmt: skip
    alone = np.clip(rate, 1e-3, 1)[np.searchsorted(np.asarray(survival.EDGES), test.days, "right")]
    loss = metrics.log_loss(outcome=cured, probability=said)
    return (
        loss, loss / metrics.log_loss(outcome=cured, probability=alone),
        metrics.calibration_error(outcome=cured, probability=said),
    )  # fmt: skip


# -- Collectability ------------------------------------------------------------------------------


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


# -- Two scores ----------------------------------------------------------------------------------


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


# -- Real calls ----------------------------------------------------------------------------------


def calls() -> bool:
    """Bank calls of 2008 to 2010, in their order: does a response that falls with the dose hold?"""
    print("# Dose on real calls (UCI bank marketing: sales, not collection; observed, not drawn)\n")
    path = data_dir() / "bank_marketing_calls" / "bankmarketing.parquet"
    if not path.is_file():
        print(f"Skipped: there is nothing at {path}. Set RECOUP_DATA.\n")
        return True
    frame = pl.read_parquet(path)
    names = [name for name in ("campaign", "pdays", "previous", "age", "balance", "day")
             if name in frame.columns]  # fmt: skip
    x = frame.select(pl.col(names).cast(pl.Float32)).to_numpy()
    answer = next(name for name in ("y", "deposit", "subscribed", frame.columns[-1])
                  if name in frame.columns)  # fmt: skip
    y = frame[answer].cast(pl.String).is_in(["yes", "1", "true"]).to_numpy().astype(int)
    cut = int(0.7 * len(y))
    edge = int(0.85 * cut)
    print("| model | log-loss out of time | AUC |\n|---|---|---|")
    losses = {}
    for name, signs in (("free", {}), ("never growing with the dose", {"campaign": -1})):
        model = boosting.train(
            matrix=x[:edge], outcome=y[:edge], held_matrix=x[edge:cut], held_outcome=y[edge:cut],
            columns=names, seed=0, signs=signs,
        )  # fmt: skip
        said = model.probability(x[cut:])
        losses[name] = metrics.log_loss(outcome=y[cut:], probability=said)
        print(f"| {name} | {losses[name]:.4f} | {metrics.auc(outcome=y[cut:], score=said):.3f} |")
    dose = [float(y[x[:, 0] == k].mean()) for k in range(1, 8)]
    print(f"\nSuccess by number of the contact: {', '.join(f'{100 * v:.1f}' for v in dose)} %,"
          f" from the eighth {100 * float(y[x[:, 0] >= 8].mean()):.1f} %.")  # fmt: skip
    ok = losses["never growing with the dose"] <= losses["free"] * 1.002
    print(f"{'ok' if ok else 'short'}: the constraint costs"
          f" {losses['never growing with the dose'] / losses['free'] - 1:+.2%} of log-loss.\n")  # fmt: skip
    return ok


PARTS: dict[str, Callable[[], bool]] = {
    "effects": effects, "hazards": hazards, "collectability": collectable, "scores": two_scores,
    "calls": calls,
}  # fmt: skip


def main() -> int:
    """Run the parts that are asked for; 1 if one is short."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    asked = parser.parse_args().parts or list(PARTS)
    begun = time.process_time()
    fine = [PARTS[name]() for name in asked]
    print(f"{time.process_time() - begun:.0f} CPU s.")
    return int(not all(fine))


if __name__ == "__main__":
    sys.exit(main())
