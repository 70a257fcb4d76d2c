"""The lender that never existed: its files, taken in by the real stages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from recoup.intake import operations as intake
from recoup.intake.models import QuarantinedRow
from recoup.intake.tables import TABLES
from recoup.kernel.errors import Invalid
from recoup.kernel.text import phone_number
from recoup.portfolio import operations as portfolio
from recoup.portfolio.models import Borrower, Case, Loan, PastContact, PastPayment
from recoup.simulator import chance, parameters, traits
from recoup.synth import lender, lender_words

AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hundred accounts as CSV, one row in twenty bad."""
    return lender.write(
        folder=tmp_path_factory.mktemp("synth") / "lender", accounts=300, seed=7, as_of=AS_OF,
        bad=0.05,
    )  # fmt: skip


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}.csv", infer_schema=False)


def test_every_canonical_table_is_written_with_its_columns(folder: Path) -> None:
    for name, canonical in TABLES.items():
        assert table(folder, name).columns == [field.name for field in canonical.fields], name


def test_the_folder_says_that_it_is_simulated(folder: Path) -> None:
    assert "Simulated" in (folder / "SIMULATED.txt").read_text(encoding="utf-8")


def test_the_same_seed_writes_the_same_files(folder: Path, tmp_path: Path) -> None:
    again = lender.write(folder=tmp_path / "again", accounts=300, seed=7, as_of=AS_OF, bad=0.05)
    other = lender.write(folder=tmp_path / "other", accounts=300, seed=8, as_of=AS_OF, bad=0.05)

    for file in folder.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes(), file.name
    assert (folder / "accounts.csv").read_bytes() != (other / "accounts.csv").read_bytes()


def test_csv_and_parquet_hold_the_same(folder: Path, tmp_path: Path) -> None:
    parquet = lender.write(
        folder=tmp_path / "parquet", accounts=300, seed=7, as_of=AS_OF, bad=0.05, form="parquet"
    )

    for name in ("payments", "instalments", "contacts"):
        frame = pl.read_parquet(parquet / f"{name}.parquet")
        assert len(frame) == len(table(folder, name)), name
    assert (
        pl.read_parquet(parquet / "accounts.parquet")["account_ref"].to_list()
        == table(folder, "accounts")["account_ref"].to_list()
    )


def test_light_history_has_no_instalments(tmp_path: Path) -> None:
    light = lender.write(
        folder=tmp_path / "light", accounts=50, seed=1, as_of=AS_OF, history="light", bad=0
    )

    assert {file.stem for file in light.iterdir()} == {
        "SIMULATED", "accounts", "contact_points", "payments",
    }  # fmt: skip
    assert table(light, "accounts")["balance_principal"].null_count() == 0


def test_numbers_of_people_are_well_formed_and_nobodys(folder: Path) -> None:
    accounts = table(folder, "accounts")

    for phone in accounts["phone"]:
        assert phone_number(phone) == f"+86{phone}" and phone.startswith("154")
    assert accounts["email"].str.contains(r"@example\.(com|cn)$").all()
    for number in accounts["identity_number"]:
        assert re.fullmatch(r"99\d{15}[\dX]", number)
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
        assert number[-1] == "10X98765432"[total % 11]


def test_no_two_borrowers_share_a_phone() -> None:
    phones = lender_words.phones(np.arange(1, 200_001))

    assert phones.n_unique() == 200_000


def test_stages_and_shapes_of_the_book_are_varied(folder: Path) -> None:
    accounts = table(folder, "accounts").filter(pl.col("account_ref").str.starts_with("L"))
    days = (pl.lit(AS_OF) - pl.col("overdue_since").str.to_date()).dt.total_days()
    stages = accounts.select(pl.when(days > 180).then(7).otherwise((days + 29) // 30))

    assert set(stages.to_series().drop_nulls().to_list()) == {1, 2, 3, 4, 5, 6, 7}
    assert accounts["overdue_since"].null_count() > 0
    assert 0 < accounts["balance_principal"].null_count() < len(accounts)
    assert accounts["borrower_ref"].n_unique() < len(accounts)
    assert table(folder, "contact_points")["party"].n_unique() == 2
    assert "unknown" in table(folder, "contact_points")["source"].to_list()


def test_nothing_in_the_history_lies_in_the_future(folder: Path) -> None:
    payments = table(folder, "payments")["paid_on"].str.to_date()
    contacts = table(folder, "contacts")["at"].str.to_datetime("%Y-%m-%dT%H:%M:%S%:z")

    assert payments.max() < AS_OF
    assert contacts.max() < datetime(2026, 11, 23, tzinfo=UTC)
    assert contacts.min() > datetime(2026, 11, 23, tzinfo=UTC) - timedelta(days=181)


def test_the_deeper_in_arrears_the_weaker_the_hidden_drive() -> None:
    keys = chance.keys_of(7, [f"B{number:09d}" for number in range(1000)])
    assert abs(float(traits.drive(keys, parameters.load()).mean())) < 0.1

    people, _ = lender.lender_loans.choose(
        seed=7, start=1, wanted=4000, parameters=parameters.load()
    )
    early = people.traits.drive[(people.days > 0) & (people.days <= 5)]
    late = people.traits.drive[people.days > 90]

    assert late.mean() < early.mean() - 0.5


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(Invalid):
        lender.write(folder=tmp_path, accounts=10, seed=1, as_of=AS_OF)

    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("wrong", [{"accounts": 0}, {"bad": 0.9}, {"history_days": 0}])
def test_figures_that_cannot_be_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"accounts": 10, "seed": 1, "as_of": AS_OF} | wrong

    with pytest.raises(Invalid):
        lender.write(folder=tmp_path / "x", **given)


def test_the_real_stages_take_it_in_and_agree_with_every_statement(
    book: Any, folder: Path, system: Any, at: datetime
) -> None:
    placement = intake.accept(
        book=book, path=folder, mapping="recoup", as_of=AS_OF, by=system, at=at
    )
    opened = portfolio.open_placement(placement=placement, by=system, at=at)

    bad = QuarantinedRow.objects.all()
    assert opened["loans"] == Loan.objects.count() == 300
    assert portfolio.check_statements(book=book, by=system, at=at) == []
    assert 0 < len(bad) == placement.rows_refused
    assert {row.table for row in bad} == {"accounts"}
    assert Case.objects.count() == Borrower.objects.count()
    assert PastContact.objects.exists() and PastPayment.objects.exists()
