"""
Fit and judge scores on real, public data, with the code that `recoup train` runs.

    python bench/real_data.py            # prints the table of docs/reports/scoring-real-data.md

Reads `taiwan_cards` and `lendingclub_2007_2010` under RECOUP_DATA, or ../shared/data.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from recoup.scoring import fitting, samples
from recoup.scoring.fitting import Fitted

Rows = list[tuple[int, dict[str, Any], dict[str, Any]]]
# The facts that the mappings taiwan_cards and lendingclub keep as known, under the same names.
TAIWAN_MONTHS = {2: "august", 3: "july", 4: "june", 5: "may", 6: "april"}
LENDINGCLUB = [
    "loan_amnt", "term", "int_rate", "installment", "annual_inc", "dti", "delinq_2yrs",
    "inq_last_6mths", "mths_since_last_delinq", "mths_since_last_record", "open_acc", "pub_rec",
    "revol_bal", "revol_util", "total_acc", "pub_rec_bankruptcies", "total_rec_prncp",
    "total_rec_int", "total_rec_late_fee", "grade", "sub_grade", "emp_length", "home_ownership",
    "verification_status", "purpose",
]  # fmt: skip


def data_dir() -> Path:
    """Where the real sets lie."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("RECOUP_DATA", default))


def taiwan(folder: Path) -> Rows:
    """
    Next-month default of credit cards from six months of bills, payments and status.

    September 2005 is the last month seen; before it status 1 and 2 are one class (see SOURCE.md).
    Age and education are offered, as in the mapping, and left out by the code that trains.
    """
    frame = pl.read_parquet(folder / "taiwan_cards" / "accounts.parquet")
    late = [
        pl.when(pl.col(f"PAY_{m}") == 1).then(2).otherwise(pl.col(f"PAY_{m}")).alias(f"late_{name}")
        for m, name in TAIWAN_MONTHS.items()
    ]
    facts = frame.select(
        "LIMIT_BAL", "EDUCATION", "AGE", "PAY_0", *(f"BILL_AMT{m}" for m in range(1, 7)),
        *(f"PAY_AMT{m}" for m in range(1, 7)), *late,
        (pl.col("BILL_AMT1").clip(0) * 100).alias("principal"),
    ).to_dicts()  # fmt: skip
    outcome = frame["default.payment.next.month"]
    return [
        (number, known, {"target": "default_next_month", "value": value, "cohort": ""})
        for number, known, value in zip(frame["ID"], facts, outcome, strict=True)
    ]


def lendingclub(folder: Path) -> Rows:
    """Recovery above a tenth of the exposure, from what was known at charge-off."""
    frame = pl.read_parquet(folder / "lendingclub_2007_2010" / "loans.parquet").with_row_index(
        "row"
    )
    frame = frame.filter(pl.col("loan_status").str.ends_with("Charged Off"))
    exposure = pl.col("funded_amnt") - pl.col("total_rec_prncp")
    months = (pl.col("issue_d") - pl.col("earliest_cr_line")).dt.total_days() // 30
    facts = frame.select(
        *LENDINGCLUB, months.alias("credit_age_months"),
        exposure.alias("exposure_at_default"), (pl.col("funded_amnt") * 100).alias("principal"),
        pl.col("int_rate").alias("annual_rate"), pl.col("term").cast(pl.Int64).alias("term_months"),
    ).to_dicts()  # fmt: skip
    outcome = frame.select((pl.col("recoveries") > 0.1 * exposure).cast(pl.Int8)).to_series()
    return [
        (row, known, {"target": "recovery_above_10", "value": value, "cohort": str(year)})
        for row, known, value, year in zip(
            frame["row"], facts, outcome, frame["issue_year"], strict=True
        )
    ]


def lines(name: str, fitted: Fitted) -> Iterator[str]:
    """A table row for each model and baseline."""

    def shown(figure: dict[str, float]) -> str:
        return f"{figure['value']:.3f} ({figure['low']:.3f}-{figure['high']:.3f})"

    for one in fitted.judged:
        mark = " *" if one.family == fitted.champion else ""
        figures = one.figures
        yield (
            f"| {name} | {one.family}{mark} | {shown(figures['auc'])} | {shown(figures['ks'])} | "
            f"{shown(figures['brier'])} | {shown(figures['calibration_error'])} | "
            f"{shown(figures['top_decile_lift'])} |"
        )
    for baseline, figures in fitted.baselines.items():
        area = shown(figures["auc"]) if "auc" in figures else "0.5"
        yield f"| {name} | {baseline} | {area} | | {figures['brier']:.3f} | | |"


def main() -> int:
    """Print the table, then what the leak check and the split say."""
    folder = data_dir()
    if not folder.is_dir():
        print(f"There is no data at {folder}. Set RECOUP_DATA to the folder of the real sets.")
        return 1
    print("| data | model (* champion) | AUC | KS | Brier | calibration error | top-decile lift |")
    print("|---|---|---|---|---|---|---|")
    told = []
    for name, rows in (("Taiwan cards", taiwan(folder)), ("LendingClub", lendingclub(folder))):
        begun = time.process_time()
        (sample,) = samples.given(rows=rows)
        fitted = fitting.fit(sample=sample, seed=0)
        print("\n".join(lines(name, fitted)))
        split = fitted.split
        told.append(
            f"{name}: {split.kind}, held out {', '.join(split.held_out) or '30 % of cases'}; "
            f"{len(split.train)} to learn, {len(split.calibrate)} to calibrate, {len(split.test)} "
            f"to judge; {int(sample.outcome.sum())} events of {len(sample.outcome)}; "
            f"{len(fitted.sample.columns)} columns; "
            f"leak check: {'; '.join(fitted.flags) or 'nothing found'}; "
            f"{time.process_time() - begun:.0f} CPU s"
        )
    print("\n" + "\n".join(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
