"""Cure and part payment month by month: the simulator, and Taiwan cards out of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.real_data import data_dir
from bench.values.books import MONTH, live, paid_within
from recoup.decision import metrics, survival
from recoup.decision.survival import CURED, PART, STAYED, Periods
from recoup.simulator.laboratory import Laboratory

Floats = NDArray[np.float64]


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
