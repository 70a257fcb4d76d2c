"""
Rows scored per second of CPU: the boosting against LightGBM, the scorecard against NumPy (P6).

    python -m bench.scoring [--rows 250000] [--rounds 5]

Synthetic rows (40 columns, 3 % missing), models trained on 40,000 of them: LightGBM with 300 trees of
31 leaves, the boosting with 300 oblivious trees of depth 6, a scorecard of at most 15 variables. Each
contender scores in a process of its own, with two threads where it has any; CPU seconds of the process, median
of the rounds. P6 asks for at least 5 times LightGBM's rows per CPU second at an equal or larger AUC,
answers within 1e-6 of the models' own, at most 20 % more for reading Parquet and checking it, and a
scorecard at least 8 times as fast as a binary search by NumPy. LightGBM comes with the extra `bench`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measuring import apart, peak_mb
from recoup.decision import boosting, metrics, scorecard
from recoup.decision.scorecard import Scorecard

COLUMNS = tuple(f"x{number}" for number in range(40))
LEARN, HOLD = 40_000, 10_000
TREES, DEPTH, LEAVES, RATE = 300, 6, 31, 0.06
GROUP = 262_144  # rows of a row group
MOST_FOR_READING, LEAST_TREES, LEAST_CARD, CLOSE = 0.20, 5.0, 8.0, 1e-6
CONTENDERS = (
    "LightGBM", "boosting", "boosting from Parquet", "scorecard", "scorecard by NumPy",
)  # fmt: skip


def rows_of(count: int) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Columns with steps, curves and products in the truth, and what happened."""
    rng = np.random.default_rng(20)
    matrix = rng.normal(size=(count, len(COLUMNS))).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.03] = np.nan
    x = np.nan_to_num(matrix)
    log_odds = (
        x[:, :12] @ np.linspace(0.7, 0.1, 12) + 0.4 * x[:, 0] * x[:, 1]
        + 0.5 * (x[:, 2] > 1) - 0.3 * x[:, 3] ** 2 - 0.6
    )  # fmt: skip
    return matrix, (rng.random(count) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)


def prepare(folder: Path, count: int) -> NDArray[np.int8]:
    """Train the three models and write the rows to score; gives what happened to these."""
    import lightgbm
    import pyarrow as pa
    import pyarrow.parquet as pq

    matrix, outcome = rows_of(LEARN + HOLD + count)
    learn, hold, score = matrix[:LEARN], matrix[LEARN : LEARN + HOLD], matrix[LEARN + HOLD :]
    known, held = outcome[:LEARN], outcome[LEARN : LEARN + HOLD]
    trees = boosting.train(
        matrix=learn, outcome=known, held_matrix=hold, held_outcome=held, columns=COLUMNS, seed=0,
        threads=2, trees=TREES, depth=DEPTH,
    )  # fmt: skip
    card = scorecard.train(matrix=learn, outcome=known, columns=COLUMNS, seed=0)
    peer = lightgbm.LGBMClassifier(
        n_estimators=TREES, num_leaves=LEAVES, learning_rate=RATE, n_jobs=2, verbose=-1
    ).fit(learn, known)
    peer.booster_.save_model(str(folder / "lightgbm.txt"))
    (folder / "boosting.json").write_text(json.dumps(trees.as_dict()))
    (folder / "scorecard.json").write_text(json.dumps(card.as_dict()))
    np.save(folder / "rows.npy", np.asfortranarray(score))
    kind = pa.schema([pa.field(name, pa.float32(), nullable=False) for name in COLUMNS])
    table = pa.table(list(score.T.copy()), schema=kind)
    pq.write_table(
        table, folder / "rows.parquet", compression="none", use_dictionary=False,
        row_group_size=GROUP,
    )  # fmt: skip
    return outcome[LEARN + HOLD :]


def by_numpy(card: Scorecard, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """The scorecard as one would write it first: a binary search in each column."""
    total = np.full(len(matrix), card.intercept)
    for place, variable in zip(card.places(), card.variables, strict=True):
        column = matrix[:, place]
        bins = np.searchsorted(np.asarray(variable.edges, np.float32), column, side="right")
        bins[np.isnan(column)] = len(variable.edges) + 1
        total += variable.table()[bins]
    return total


def work_of(name: str, folder: Path) -> Callable[[], NDArray[np.float64]]:
    """What a contender does in each round: all rows scored."""
    rows = np.load(folder / "rows.npy")
    if name == "LightGBM":
        import lightgbm

        booster, plain = lightgbm.Booster(model_file=str(folder / "lightgbm.txt")), rows.copy("C")
        return lambda: np.asarray(booster.predict(plain, num_threads=2))
    if name.startswith("boosting"):
        trees = boosting.Boosting.from_dict(json.loads((folder / "boosting.json").read_text()))
        if name == "boosting":
            return lambda: trees.probability(rows, threads=2)
        return lambda: from_parquet(trees, folder / "rows.parquet")
    card = Scorecard.from_dict(json.loads((folder / "scorecard.json").read_text()))
    card.log_odds(rows[:1_000])  # compile
    return (lambda: card.log_odds(rows)) if name == "scorecard" else lambda: by_numpy(card, rows)


def from_parquet(trees: boosting.Boosting, path: Path) -> NDArray[np.float64]:
    """The product's own path from a file of features to chances."""
    from recoup.scoring import batches

    return np.concatenate([chances for _row, chances in batches.scored(path=path, scorer=trees)])


def one(name: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Rows per CPU second of one contender, the median of the rounds; its answers go to a file."""
    work, spent = work_of(name, folder), []
    scores = work()
    for _ in range(rounds):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    np.save(folder / f"{name}.npy", scores)
    return {"speed": len(scores) / statistics.median(spent), "peak_mb": peak_mb()}


def native(folder: Path) -> NDArray[np.float64]:
    """What CatBoost says of the rows as it reads them by itself, calibrated."""
    trees = boosting.Boosting.from_dict(json.loads((folder / "boosting.json").read_text()))
    rows = np.load(folder / "rows.npy").copy("C")
    return trees.calibration(trees.model.predict(rows, prediction_type="RawFormulaVal"))


def main() -> int:
    """Print every contender, then what P6 asks and whether it is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, folder = options.one
        print(json.dumps(one(name, Path(folder), options.rounds)))
        return 0
    with tempfile.TemporaryDirectory(prefix="recoup-scoring-") as home:
        folder = Path(home)
        happened = prepare(folder, options.rows)
        found = {
            name: apart("bench.scoring", "--rounds", options.rounds, "--one", name, folder)
            for name in CONTENDERS
        }
        answers = {name: np.load(folder / f"{name}.npy") for name in CONTENDERS}
        areas = {name: metrics.auc(outcome=happened, score=answers[name]) for name in CONTENDERS}
        for name, row in found.items():
            print(f"{name:24s}{row['speed'] / 1e6:8.2f} M rows / CPU s{row['peak_mb']:7d} MB"
                  f"   AUC {areas[name]:.4f}")  # fmt: skip
        differs = max(
            np.abs(answers["boosting from Parquet"] - native(folder)).max(),
            np.abs(answers["scorecard"] - answers["scorecard by NumPy"]).max(),
        )
    return verdict(found, areas, float(differs))


def verdict(found: dict[str, Any], areas: dict[str, float], differs: float) -> int:
    """Say for each part of P6 what was reached; gives 1 if any falls short."""
    speed = {name: row["speed"] for name, row in found.items()}
    ratio = speed["boosting from Parquet"] / speed["LightGBM"]
    reading = speed["boosting"] / speed["boosting from Parquet"] - 1
    card = speed["scorecard"] / speed["scorecard by NumPy"]
    asked = [
        (f"{ratio:.1f} x LightGBM, from Parquet", ratio >= LEAST_TREES, f"{LEAST_TREES:.0f} x"),
        (f"AUC {areas['boosting'] - areas['LightGBM']:+.4f} on LightGBM's",
         areas["boosting"] >= areas["LightGBM"], "no less"),
        (f"answers within {differs:.0e}", differs <= CLOSE, f"{CLOSE:.0e}"),
        (f"reading and checks {reading:+.0%}", reading <= MOST_FOR_READING,
         f"at most {MOST_FOR_READING:.0%}"),
        (f"scorecard {card:.1f} x NumPy", card >= LEAST_CARD, f"{LEAST_CARD:.0f} x"),
    ]  # fmt: skip
    print()
    for what, good, target in asked:
        print(f"P6 {what:36s} {'ok' if good else 'short'} (asked: {target})")
    return int(not all(good for _what, good, _target in asked))


if __name__ == "__main__":
    sys.exit(main())
