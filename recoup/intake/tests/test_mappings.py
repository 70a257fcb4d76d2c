"""Mappings at work on made-up rows of the lenders that they are for."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from recoup.intake import mapping, operations, queries
from recoup.intake.mapping import parse
from recoup.intake.models import Placement
from recoup.intake.tests.files import AS_OF, csv_file
from recoup.people import operations as people
from recoup.people import scopes


def rows_of(placement: Placement, table: str) -> list[dict[str, Any]]:
    """Every staged row of a table."""
    return [row for page in queries.staged(placement=placement, table=table) for row in page]


def test_ppdai_listings_and_instalments_become_accounts_dues_and_derived_payments(
    book: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    listing = {
        "ListingId": "126541", "借款金额": "18000", "借款期限": "12", "借款利率": "18",
        "借款成功日期": "2015-05-04", "初始评级": "C", "借款类型": "其他", "是否首标": "否", "年龄": "35",
        "性别": "男", "手机认证": "成功认证", "户口认证": "未成功认证", "视频认证": "成功认证",
        "学历认证": "未成功认证", "征信认证": "未成功认证", "淘宝认证": "未成功认证", "历史成功借款次数": "11",
        "历史成功借款金额": "40326", "总待还本金": "8712.73", "历史正常还款期数": "57",
        "历史逾期还款期数": "16",
    }  # fmt: skip
    due = {
        "ListingId": "126541", "期数": "1", "还款状态": "1", "应还本金": "1380.23", "应还利息": "270",
        "剩余本金": "0", "剩余利息": "0", "到期日期": "2015-06-04", "还款日期": "2015-06-04",
        "recorddate": "2017-02-22",
    }  # fmt: skip
    late = {**due, "期数": "2", "剩余本金": "1380.23", "剩余利息": "270", "还款日期": "\\N"}
    csv_file(folder / "LC.csv", [listing])
    csv_file(folder / "LP.csv", [due, late])

    placement = operations.accept(
        book=book, path=folder, mapping="ppdai", as_of=date(2017, 2, 22), by=system, at=at
    )

    (account,) = rows_of(placement, "accounts")
    assert (account["principal"], str(account["annual_rate"])) == (1_800_000, "0.18000000")
    assert (account["matures_on"], account["birth_year"]) == (date(2016, 5, 4), 1980)
    assert "性别" not in json.loads(account["known"])
    assert [row["principal"] for row in rows_of(placement, "instalments")] == [138_023, 138_023]
    (payment,) = rows_of(placement, "payments")
    assert (payment["amount"], payment["external_id"]) == (165_023, "126541-1")
    assert placement.counts["payments"]["not_for_collection"] == 1


def test_bondora_gives_only_defaulted_loans_and_what_was_recovered_as_outcome(
    creditor: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    book = people.open_book(
        creditor=creditor, code="eur", name="eur", mode="demo", currency="EUR", jurisdiction="EE",
        opened_on=AS_OF, by=system, at=at,
    )  # fmt: skip
    names = mapping.load("bondora").tables["accounts"].reads()
    loan = dict.fromkeys(sorted(names), "1") | {
        "LoanId": "A1", "UserName": "U1", "Amount": "500.0000", "Interest": "20.5",
        "LoanDate": "2015-02-01 00:00:00", "MaturityDate_Original": "2016-02-01",
        "DefaultDate": "2015-06-01", "EAD1": "432.1234", "PrincipalRecovery": "50", "Country": "EE",
    }  # fmt: skip
    current = {**loan, "LoanId": "A2", "DefaultDate": ""}
    path = csv_file(tmp_path / "LoanData.csv", [loan, current])

    with scopes.acting_for(book):
        placement = operations.accept(
            book=book, path=path, mapping="bondora", as_of=AS_OF, by=system, at=at
        )
        (account,) = rows_of(placement, "accounts")

    assert (account["account_ref"], account["balance_principal"]) == ("A1", 43_212)
    assert json.loads(account["outcome"]) == {
        "target": "recovery_above_10", "value": 1, "cohort": "2015",
    }  # fmt: skip
    assert "PrincipalRecovery" not in json.loads(account["known"])
    assert placement.counts["accounts"]["not_for_collection"] == 1


def test_what_hangs_on_an_account_that_is_not_for_collection_is_not_for_collection_either(
    book: Any, system: Any, at: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = parse(
        {
            "name": "made", "version": "1", "title": "made", "source": "here", "unit": "major",
            "tables": {
                "accounts": {
                    "only": "status == 3",
                    "columns": {
                        "account_ref": {"from": ["id", "old_id"]}, "borrower_ref": "who",
                        "product": {"constant": "card"}, "currency": {"constant": "CNY"},
                        "principal": {"from": "cents", "unit": "minor"},
                        "contact_source": {"from": "src", "choices": {"A": "contract"}},
                    },
                },
                "payments": {
                    "columns": {"account_ref": "id", "paid_on": "day", "amount": "paid"},
                },
            },
        }
    )  # fmt: skip
    monkeypatch.setattr(mapping, "load", lambda name: made)
    folder = tmp_path / "in"
    account = {"who": "W", "cents": "99", "src": "a"}
    csv_file(
        folder / "accounts.csv",
        [
            {"id": "1", "old_id": "", "status": "3", **account},
            {"id": "", "old_id": "2", "status": "3", **account},
            {"id": "3", "old_id": "", "status": "0", **account},
            {"id": "4", "old_id": "", "status": "?", **account, "src": "B"},
        ],
    )
    csv_file(
        folder / "payments.csv",
        [{"id": n, "day": "2026-01-01", "paid": "1.5"} for n in ("1", "2", "3", "4")],
    )

    placement = operations.accept(
        book=book, path=folder, mapping="made", as_of=AS_OF, by=system, at=at
    )

    accounts, payments = placement.counts["accounts"], placement.counts["payments"]
    assert [row["account_ref"] for row in rows_of(placement, "accounts")] == ["1", "2"]
    assert rows_of(placement, "accounts")[0]["contact_source"] == "contract"
    assert (accounts["not_for_collection"], accounts["problems"]) == (1, {"not_a_choice": 1})
    assert (payments["not_for_collection"], payments["problems"]) == (1, {"orphan": 1})
    assert [row["amount"] for row in rows_of(placement, "payments")] == [150, 150]


@pytest.mark.parametrize("name", mapping.names())
def test_every_mapping_loads_and_says_what_it_never_reads_into_known(name: str) -> None:
    found = mapping.load(name)

    assert found.name == name
    for table in found.tables.values():
        assert not set(table.known) & {"recoveries", "total_pymnt", "PrincipalRecovery", "Status"}
