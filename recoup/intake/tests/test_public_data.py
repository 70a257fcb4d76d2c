"""The mappings of public data sets, on the real files where they are at hand."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from recoup.intake import operations, queries
from recoup.people import operations as people
from recoup.people import scopes

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("RECOUP_DATA", ROOT.parent / "shared" / "data"))
LATER = {
    "last_pymnt_d", "last_pymnt_amnt", "last_credit_pull_d", "total_pymnt", "total_pymnt_inv",
    "recoveries", "collection_recovery_fee", "debt_settlement_flag", "settlement_amount",
    "settlement_status", "loan_status",
}  # fmt: skip


def folder(name: str) -> Path:
    """The data set's folder, or the reason why the test cannot run."""
    path = DATA / name
    if not path.is_dir():
        pytest.skip(f"the public data set {name} is not in {DATA} (set RECOUP_DATA)")
    return path


def book_in(currency: str, creditor: Any, system: Any, at: Any) -> Any:
    """A book kept in the data set's currency."""
    return people.open_book(
        creditor=creditor, code=currency.lower(), name=currency, mode="demo", currency=currency,
        jurisdiction="US", opened_on=date(2026, 11, 23), by=system, at=at,
    )  # fmt: skip


def test_lendingclub_gives_every_charged_off_loan_and_nothing_that_was_known_later(
    creditor: Any, system: Any, at: Any
) -> None:
    path = folder("lendingclub_2007_2010") / "loans.parquet"
    book = book_in("USD", creditor, system, at)

    with scopes.acting_for(book):
        placement = operations.accept(
            book=book, path=path, mapping="lendingclub", as_of=date(2017, 11, 30), by=system, at=at
        )
        frame = queries.staged_frame(placement=placement, table="accounts").collect()

    charged_off = pl.read_parquet(path).filter(pl.col("loan_status").str.contains("Charged Off"))
    assert len(frame) == len(charged_off) == 3134
    assert placement.rows_refused == 0
    assert placement.counts["accounts"]["not_for_collection"] == 20814 - 3134
    exposure = (charged_off["funded_amnt"] - charged_off["total_rec_prncp"]) * 100
    assert frame["balance_principal"].to_list() == exposure.round().cast(pl.Int64).to_list()
    known = [json.loads(text) for text in frame["known"]]
    assert not LATER & set(known[0])
    outcomes = [json.loads(text) for text in frame["outcome"]]
    recovered = charged_off["recoveries"] > 0.1 * (
        charged_off["funded_amnt"] - charged_off["total_rec_prncp"]
    )
    assert [row["value"] for row in outcomes] == recovered.cast(pl.Int64).to_list()
    assert {row["cohort"] for row in outcomes} == {"2007", "2008", "2009", "2010"}
    for column in ("time_zone", "overdue_since", "charged_off_on"):
        assert frame[column].null_count() == len(frame)


def test_taiwan_cards_give_accounts_statuses_payments_and_next_months_default(
    creditor: Any, system: Any, at: Any
) -> None:
    path = folder("taiwan_cards")
    book = book_in("TWD", creditor, system, at)

    with scopes.acting_for(book):
        placement = operations.accept(
            book=book, path=path, mapping="taiwan_cards", as_of=date(2005, 9, 30), by=system, at=at
        )
        frame = queries.staged_frame(placement=placement, table="accounts").collect()
        payments = queries.staged_frame(placement=placement, table="payments").collect()

    source = pl.read_parquet(path / "accounts.parquet")
    assert placement.rows_refused == 0
    assert len(frame) == 24000
    late = source.filter(pl.col("PAY_0") > 0)
    assert frame["overdue_since"].is_not_null().sum() == len(late)
    values = [json.loads(text)["value"] for text in frame["outcome"]]
    assert sum(values) == source["default.payment.next.month"].sum()
    months = pl.read_parquet(path / "account_month.parquet")
    assert payments["amount"].sum() == months["pay_amt"].sum() * 100
    assert not {"SEX", "MARRIAGE"} & set(json.loads(frame["known"][0]))
