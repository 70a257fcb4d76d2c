"""
A whole night over a book in columns, beside what Ibis on DuckDB needs for its features alone (P7).

    python -m bench.columnar [--accounts 1000000] [--folder KEPT]

A seeded book is written as Parquet, divided by person into buckets (it is kept in `--folder` if one
is given). Then, each in a process of its own with two threads: the peer, the same declared
features as one Ibis expression on DuckDB over all files, answers written as Parquet; and ours, features,
three boostings and a scorecard, the law of China, values, the plan under all budgets, and decisions
with their reasons written as Parquet. The models are trained beforehand on one bucket. CPU seconds
are of the whole process, imports and compiled code loaded from disk included. Growth is of each
stage against a tenth of the accounts, in CPU, less what a process takes to start.

P7 asks for at most 0.8 times the peer's CPU, at most 6 GB, and at most eleven times the CPU for ten
times the accounts in each stage.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.measuring import Meter, apart, cpu, peak_mb

SEED = 7
MOST_CPU, MOST_MB, MOST_GROWTH = 0.8, 6_000, 11.0
TARGETS = ("repay_30", "roll", "lost_contact")
BUDGETS = {"sms": 0.08, "email": 0.08, "letter": 0.01, "task_minutes": 0.03, "spend": 12.0}
LEARN = 40_000


def learn(folder: Path) -> None:
    """Train the three boostings and the scorecard on the first bucket, and keep them."""
    from recoup.decision import boosting, scorecard
    from recoup.scoring.buckets import Buckets
    from recoup.scoring.declared import NAMES

    matrix = np.ascontiguousarray(Buckets.open(folder).features(0)[: 2 * LEARN])
    rng = np.random.default_rng(SEED)
    known = {name: np.nan_to_num(matrix[:, place]) for place, name in enumerate(NAMES)}
    paying = known["payments_90"] - known["days_past_due"] / 60 + known["right_party_share"]
    odds = {
        "repay_30": paying - 0.4, "roll": 0.3 - paying,
        "lost_contact": 0.4 * known["unreached_90"] - 2 * known["right_party_90"] - 0.5,
    }  # fmt: skip
    half = len(matrix) // 2
    for target, log_odds in odds.items():
        happened = (rng.random(len(matrix)) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
        model = boosting.train(
            matrix=matrix[:half], outcome=happened[:half], held_matrix=matrix[half:],
            held_outcome=happened[half:], columns=NAMES, seed=0, threads=2,
        )  # fmt: skip
        (folder / f"{target}.json").write_text(json.dumps(model.as_dict()))
    card = scorecard.train(matrix=matrix[:half], outcome=happened[:half], columns=NAMES, seed=0)
    (folder / "card.json").write_text(json.dumps(card.as_dict()))


def ours(folder: Path, out: Path) -> dict[str, Any]:
    """The night, in this process."""
    meter = Meter()
    with meter.stage("start: imports, models, law"):
        job = job_of(folder, out)
    from recoup.strategy.columnar.night import night

    planned = night(job, timed=meter.stage)
    used = {name: used / max(job.strategy.budgets[name], 1e-9) for name, used in planned.used.items()
            if name in job.strategy.budgets}  # fmt: skip
    if max(used.values()) > 1 + 1e-9:
        raise SystemExit("a budget is exceeded")
    return {
        "cpu": cpu(), "peak_mb": peak_mb(), "stages": meter.rows, "cases": planned.cases,
        "due": planned.due, "chosen": planned.chosen, "gap": planned.certificate.gap,
        "left": dict(planned.left), "mb": sum(path.stat().st_size for path in planned.files) / 1e6,
    }  # fmt: skip


def job_of(folder: Path, out: Path) -> Any:
    """What the night is asked to do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    import django

    django.setup()
    from dataclasses import replace

    from bench import columnar_book
    from recoup.decision.boosting import Boosting
    from recoup.decision.scorecard import Scorecard
    from recoup.people.models import Book, Creditor
    from recoup.scoring.buckets import Buckets
    from recoup.strategy.columnar.parts import Job
    from recoup.strategy.reading import read, shipped

    buckets = Buckets.open(folder)
    cases = sum(buckets.seal(bucket)["cases"] for bucket in range(buckets.count))
    strategy = read(shipped("default-cn"))
    strategy = replace(strategy, budgets={name: share * cases for name, share in BUDGETS.items()})
    texts = {name: (folder / f"{name}.json").read_text() for name in (*TARGETS, "card")}
    models = {name: Boosting.from_dict(json.loads(texts[name])) for name in TARGETS}
    book = Book(
        code="bench", jurisdiction="CN", currency="CNY", time_zone="Asia/Shanghai",
        creditor=Creditor(code="bench", name="bench"),
    )  # fmt: skip
    return Job(
        buckets=buckets, book=book, strategy=strategy, digest="bench", models_name="bench",
        models=models | {"card": Scorecard.from_dict(json.loads(texts["card"]))},
        at=buckets.instant + timedelta(hours=2), folder=out, alike=columnar_book.ALIKE,
        stopped=(),
    )  # fmt: skip


def peer(folder: Path, out: Path, memory: str) -> dict[str, Any]:
    """The features alone: one Ibis expression on DuckDB over all files, written as Parquet."""
    import ibis

    from recoup.scoring import relational
    from recoup.scoring.buckets import Buckets
    from recoup.scoring.tables import TABLES

    buckets = Buckets.open(folder)
    engine = ibis.duckdb.connect(threads=2, memory_limit=memory, temp_directory=str(out / "spill"))
    known = {name: engine.read_parquet(str(folder / name / "*.parquet")) for name in TABLES}
    asked = relational.features(known, on=buckets.on, instant=buckets.instant)
    engine.to_parquet(asked, out / "features.parquet", compression="zstd")
    return {"cpu": cpu(), "peak_mb": peak_mb()}


def measured(accounts: int, folder: Path, memory: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the book, train, and run the peer and ours."""
    from bench import columnar_book

    before = cpu()
    columnar_book.write(folder, accounts, SEED)
    if not (folder / "card.json").is_file():
        learn(folder)
    print(f"{accounts:,} accounts: book written and models trained, {cpu() - before:.0f} CPU s")
    found = []
    for who in ("peer", "ours"):
        with tempfile.TemporaryDirectory(prefix="recoup-columnar-") as out:
            found.append(apart("bench.columnar", "--one", who, folder, out, "--memory", memory))
    return found[0], found[1]


def main() -> int:
    """Print both, each stage, growth, and what P7 asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the book here")
    parser.add_argument("--memory", default="12GB", help="of the peer")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, folder, out = options.one
        run = ours(Path(folder), Path(out)) if who == "ours" else None
        print(json.dumps(run or peer(Path(folder), Path(out), options.memory)))
        return 0
    with tempfile.TemporaryDirectory(prefix="recoup-columnar-") as home:
        where = options.folder or Path(home)
        small = measured(options.accounts // 10, where / "tenth", options.memory)[1]
        theirs, mine = measured(options.accounts, where / "whole", options.memory)
    table(mine, small)
    return verdict(theirs, mine, small)


def table(mine: dict[str, Any], small: dict[str, Any]) -> None:
    """Each stage of ours."""
    print(f"\n{'stage':<40}{'CPU s':>9}{'wall s':>9}{'peak MB':>9}{'us/case':>9}{'growth':>8}")
    for name, row in mine["stages"].items():
        print(
            f"{name:<40}{row['cpu']:>9.1f}{row['wall']:>9.1f}{row['peak_mb']:>9.0f}"
            f"{row['cpu'] / mine['cases'] * 1e6:>9.2f}{growth(mine, small, name):>8.1f}"
        )
    print(
        f"{mine['cases']:,} cases, {mine['due']:,} due, {mine['chosen']:,} actions, gap "
        f"{mine['gap']:.1e}, decisions {mine['mb']:.0f} MB; load {os.getloadavg()[0]:.1f}"
    )


def growth(mine: dict[str, Any], small: dict[str, Any], stage: str) -> float:
    """How many times the CPU of a stage with a tenth of the accounts."""
    return float(mine["stages"][stage]["cpu"] / max(small["stages"][stage]["cpu"], 1e-9))


def verdict(theirs: dict[str, Any], mine: dict[str, Any], small: dict[str, Any]) -> int:
    """Say for each part of P7 what was reached; gives 1 if any falls short."""
    ratio = mine["cpu"] / theirs["cpu"]
    worst = max(growth(mine, small, name) for name in mine["stages"])
    asked = [
        (f"{mine['cpu']:.1f} CPU s, {ratio:.2f} x the peer's {theirs['cpu']:.1f}"
         f" ({theirs['peak_mb']:,} MB)", ratio <= MOST_CPU, f"{MOST_CPU} x"),
        (f"peak {mine['peak_mb']:,} MB", mine["peak_mb"] <= MOST_MB, f"{MOST_MB:,} MB"),
        (f"ten times the accounts, {worst:.1f} times the CPU of a stage", worst <= MOST_GROWTH,
         f"{MOST_GROWTH:.0f} times"),
    ]  # fmt: skip
    print()
    for what, good, target in asked:
        print(f"P7 {what:60s} {'ok' if good else 'short'} (asked: at most {target})")
    return int(not all(good for _what, good, _target in asked))


if __name__ == "__main__":
    sys.exit(main())
