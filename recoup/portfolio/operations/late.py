"""
Instalments and payments that come without their account: corrected rows of an earlier placement.

Only a placement that corrects another adds them. In any other file they are history of loans that
are in the book already, and money that may have reached us by the bank: they are left out and
counted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from recoup.intake import queries as intake
from recoup.intake.models import Placement
from recoup.portfolio import bulk, ledger, waterfall
from recoup.portfolio.models import Entry, Instalment, Loan, PastPayment
from recoup.portfolio.operations.appropriating import appropriate
from recoup.portfolio.operations.nightly import age_cases

BATCH = 5000
INSTALMENT = ["loan", "number", "due_on", "principal", "interest", "cost"]


def open_late(*, placement: Placement, at: datetime) -> dict[str, int]:
    """Add the rows of a correction, in the caller's transaction; gives what was added or left."""
    counts = {"late_instalments": 0, "late_payments": 0, "left_out": 0}
    for table, add in (("instalments", _add_instalments), ("payments", _add_payments)):
        for rows in _without_account(placement, table):
            if placement.corrects_id is None:
                counts["left_out"] += len(rows)
                continue
            loans = {
                loan.reference: loan
                for loan in Loan.objects.filter(
                    book=placement.book, reference__in={row["account_ref"] for row in rows}
                ).select_related("book", "case", "placement")
            }
            mine = [row for row in rows if row["account_ref"] in loans]
            counts[f"late_{table}"] += add(mine, loans, at)
            counts["left_out"] += len(rows) - len(mine)
            # Not aged yet, as far as these loans go: what fell due with the new rows is posted.
            cases = sorted({loan.case_id for loan in loans.values()})
            Loan.objects.filter(case__in=cases).update(aged_on=None)
            age_cases(book=placement.book, cases=cases, on=placement.as_of, at=at)
    return counts


def _without_account(placement: Placement, table: str) -> Any:
    accounts = intake.staged_frame(placement=placement, table="accounts").select("account_ref")
    rows = intake.staged_frame(placement=placement, table=table)
    found: pl.DataFrame = rows.join(accounts, on="account_ref", how="anti").collect()
    return (part.to_dicts() for part in found.iter_slices(BATCH))


def _add_instalments(rows: list[dict[str, Any]], loans: dict[str, Loan], at: datetime) -> int:
    return bulk.insert(
        Instalment, INSTALMENT,
        [
            (loans[row["account_ref"]].pk, row["number"], row["due_on"], row["principal"] or 0,
             row["interest"] or 0, row["cost"] or 0)
            for row in rows
        ],
        or_skip=True,
    )  # fmt: skip


def _add_payments(rows: list[dict[str, Any]], loans: dict[str, Loan], at: datetime) -> int:
    """Before the ledger begins a payment is only remembered; after that it is posted."""
    added = 0
    for row in sorted(rows, key=lambda r: (r["paid_on"], r.get("external_id") or "")):
        loan, name = loans[row["account_ref"]], row.get("external_id") or str(row["paid_on"])
        entries = ledger.entries_of(loan)
        if not entries or entries[0].value_on >= row["paid_on"]:
            _past, is_new = PastPayment.objects.get_or_create(
                loan=loan, reference=name[:72],
                defaults={"paid_on": row["paid_on"], "amount": row["amount"]},
            )  # fmt: skip
            added += is_new
        elif f"history:{name}"[:72] not in {entry.cause for entry in entries}:
            _post(loan, entries, row, f"history:{name}"[:72], at)
            added += 1
    return added


def _post(loan: Loan, entries: list[Entry], row: dict[str, Any], cause: str, at: datetime) -> None:
    schedule = ledger.schedule_of(loan)
    shares = waterfall.allocate(
        amount=row["amount"], available=ledger.available(entries, row["paid_on"]),
        schedule=schedule, on=row["paid_on"], allocation=loan.allocation,
    )  # fmt: skip
    Entry.objects.create(
        loan=loan, kind=Entry.Kind.PAYMENT, cause=cause, value_on=row["paid_on"], posted_at=at,
        cash=row["amount"], **{account: -share for account, share in shares.items()},
    )  # fmt: skip
    appropriate(loan=loan, known=entries, schedule=schedule, at=at)
