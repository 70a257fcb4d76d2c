"""What it costs that a further call may never do more than the one before, on real calls."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.real_data import data_dir
from recoup.decision import boosting, metrics

Floats = NDArray[np.float64]


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
