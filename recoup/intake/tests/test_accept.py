"""Taking files in: what is staged, what is told, and that twice is once."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from recoup.intake import operations, queries
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.tests.files import AS_OF, WANG, account, csv_file
from recoup.journal.models import Event
from recoup.journal.queries import data_of, verify
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes


@pytest.fixture
def accept(book: Any, system: Any, at: datetime) -> Any:
    """Take a file in under the canonical mapping."""

    def take(path: Path, mapping: str = "recoup", **more: Any) -> Placement:
        return operations.accept(
            book=book, path=path, mapping=mapping, as_of=AS_OF, by=system, at=at, **more
        )

    return take


def rows_of(placement: Placement, table: str = "accounts") -> list[dict[str, Any]]:
    """Every staged row of a table."""
    return [row for page in queries.staged(placement=placement, table=table) for row in page]


def test_an_account_is_staged_in_minor_units_and_dates_with_personal_data_only_in_the_seal(
    accept: Any, tmp_path: Path
) -> None:
    placement = accept(csv_file(tmp_path / "accounts.csv", [account()]))

    (row,) = rows_of(placement)
    assert (row["account_ref"], row["principal"], row["balance_principal"]) == (
        "L-1", 1_200_000, 900_050,
    )  # fmt: skip
    assert row["issued_on"] == date(2026, 1, 5)
    assert str(row["annual_rate"]) == "0.18000000"
    assert (row["name"], row["phone"]) == ("王明", "13812341234")
    assert row["row_number"] == 2
    frame = queries.staged_frame(placement=placement, table="accounts").collect()
    assert not {"name", "phone", "sealed"} & set(frame.columns)
    files = (tmp_path / placement.staged).iterdir()
    assert all(b"13812341234" not in file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("encoding", "spoken"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a byte order mark"),
        ("gb18030", "GB18030 (GBK)"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator_gives_the_same_rows_and_is_told(
    accept: Any, tmp_path: Path, encoding: str, spoken: str, separator: str
) -> None:
    path = csv_file(
        tmp_path / "in" / "accounts.csv", [account()], encoding=encoding, separator=separator
    )

    placement = accept(path)

    (row,) = rows_of(placement)
    assert (row["name"], row["region"]) == ("王明", "浙江")
    assert placement.notices[0] == {
        "kind": "detected", "encoding": spoken, "separator": {"\t": "tab"}.get(separator, separator),
    }  # fmt: skip


def test_the_same_content_again_is_the_same_placement_and_changes_nothing(
    accept: Any, tmp_path: Path
) -> None:
    first = accept(csv_file(tmp_path / "a.csv", [account(), account(2, principal="x")]))
    events = Event.objects.count()

    again = accept(csv_file(tmp_path / "another name.csv", [account(), account(2, principal="x")]))

    assert again.pk == first.pk
    assert Event.objects.count() == events
    assert QuarantinedRow.objects.count() == 1


def test_the_event_of_an_accepted_file_carries_counts_and_files_that_verify(
    accept: Any, tmp_path: Path
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(), account(2, principal="x")]))

    event = Event.objects.get(kind="intake.accepted")
    data = data_of(event)
    assert (data["read"], data["accepted"], data["refused"]) == (2, 1, 1)
    assert data["files"][0]["file"] == f"{placement.staged}/accounts.parquet"
    assert "王明" not in event.data and "L-1" not in event.data
    assert verify().is_whole


def test_a_folder_brings_every_table_and_rows_hang_on_their_accounts(
    accept: Any, tmp_path: Path
) -> None:
    folder = _folder(tmp_path / "in")

    placement = accept(folder)

    _assert_every_table(placement)


def test_a_zip_of_the_folder_is_read_like_the_folder(accept: Any, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "in")
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, f"sub/{file.name}")
        archive.writestr("readme.md", "hello")

    placement = accept(path)

    _assert_every_table(placement)
    assert {"kind": "file_ignored", "count": 1} in placement.notices


def test_a_workbook_with_a_sheet_for_each_table_is_read_like_the_folder(
    accept: Any, tmp_path: Path
) -> None:
    path = tmp_path / "in.xlsx"
    book = xlsxwriter.Workbook(str(path))
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in _tables().items():
        sheet = book.add_worksheet(name)
        names = list(rows[0])
        sheet.write_row(0, 0, names)
        for place, row in enumerate(rows, start=1):
            for column, key in enumerate(names):
                value = row[key]
                if key == "due_on":
                    sheet.write_datetime(place, column, datetime.fromisoformat(value), day)
                else:
                    sheet.write_string(place, column, value)
    book.close()

    placement = accept(path)

    _assert_every_table(placement)


def test_parquet_with_its_own_types_is_read_like_csv(accept: Any, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pl.DataFrame([account()]).with_columns(
        pl.col("principal", "balance_principal").cast(pl.Int64),
        pl.col("annual_rate").cast(pl.Float64),
        pl.col("issued_on", "overdue_since").str.to_date(),
    ).write_parquet(folder / "accounts.parquet")
    pl.DataFrame(
        {"account_ref": ["L-1"], "paid_on": [datetime(2026, 2, 5)], "amount": [100_000.0]}  # noqa: DTZ001
    ).write_parquet(folder / "payments.parquet")

    placement = accept(folder)

    (row,) = rows_of(placement)
    assert (row["principal"], row["issued_on"]) == (1_200_000, date(2026, 1, 5))
    assert row["row_number"] == 1
    (payment,) = rows_of(placement, "payments")
    assert (payment["paid_on"], payment["amount"]) == (date(2026, 2, 5), 100_000)


def test_rows_of_the_api_take_the_same_path_and_come_in_once(
    book: Any, system: Any, at: datetime
) -> None:
    call = {
        "book": book, "mapping": "recoup", "as_of": AS_OF, "by": system, "at": at,
        "rows": [account(principal=1_200_000), account(2, known={"income": 5000})],
    }  # fmt: skip

    first, again = operations.accept_rows(**call), operations.accept_rows(**call)

    assert first.pk == again.pk
    one, two = rows_of(first)
    assert one["principal"] == 1_200_000
    assert two["known"] == '{"income":5000}'


def test_amounts_in_major_units_are_read_exactly(accept: Any, tmp_path: Path) -> None:
    amounts = ["¥12,000.00", "0.07", "1,234.5", "999999999.99", "12 000", "１２．５"]
    rows = [account(n, principal=text, balance_principal="1") for n, text in enumerate(amounts)]

    placement = accept(csv_file(tmp_path / "a.csv", rows), "recoup_major")

    found = [row["principal"] for row in rows_of(placement)]
    assert found == [1_200_000, 7, 123_450, 99_999_999_999, 1_200_000, 1250]


def test_a_mapping_in_another_currency_than_the_book_is_refused_before_anything_is_kept(
    accept: Any, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="kept in CNY"):
        accept(csv_file(tmp_path / "a.csv", [account()]), "lendingclub")

    assert not Placement.objects.exists()


def test_columns_without_a_use_are_told_and_left_aside(accept: Any, tmp_path: Path) -> None:
    extra = {f"extra_{n}": "x" for n in range(200)}

    placement = accept(csv_file(tmp_path / "a.csv", [account(**extra)]))

    assert placement.rows_accepted == 1
    notice = next(item for item in placement.notices if item["kind"] == "columns_ignored")
    assert notice["count"] == 200


def test_accounts_already_in_the_book_are_told(accept: Any, tmp_path: Path) -> None:
    accept(csv_file(tmp_path / "a.csv", [account(1), account(2)]))

    second = accept(csv_file(tmp_path / "b.csv", [account(2), account(3)]))

    assert second.counts["accounts"]["already_in_book"] == 1
    assert second.rows_accepted == 2
    assert "1 " in queries.summary(second).notices[-1]


def test_payments_of_accounts_in_the_book_come_in_without_the_accounts(
    accept: Any, tmp_path: Path
) -> None:
    accept(csv_file(tmp_path / "a.csv", [account()]))
    payment = {"account_ref": "L-1", "paid_on": "2026-11-01", "amount": "5000"}

    placement = accept(csv_file(tmp_path / "payments.csv", [payment]))

    assert placement.counts["payments"]["accepted"] == 1


def test_staged_pages_are_of_the_size_asked_and_go_on_after_a_skip(
    accept: Any, tmp_path: Path
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(n) for n in range(1, 26)]))

    pages = list(queries.staged(placement=placement, table="accounts", size=10, skip=3))

    assert [len(page) for page in pages] == [10, 10, 2]
    assert pages[0][0]["account_ref"] == "L-4"
    assert list(queries.staged(placement=placement, table="accounts", skip=25)) == []
    assert list(queries.staged(placement=placement, table="payments")) == []
    assert queries.staged_frame(placement=placement, table="payments").collect().is_empty()


def test_progress_is_reported_while_staging(accept: Any, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int | None]] = []

    accept(
        csv_file(tmp_path / "a.csv", [account()]),
        progress=lambda stage, done, total=None: heard.append((stage, done, total)),
    )

    assert ("stage accounts", 1, None) in heard


def test_a_placement_is_opened_in_steps_and_saying_so_twice_is_once(
    accept: Any, tmp_path: Path, system: Any, at: datetime
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(1), account(2)]))

    operations.mark_opened(placement=placement, rows=1, done=False, by=system, at=at)
    operations.mark_opened(placement=placement, rows=2, done=True, by=system, at=at)
    operations.mark_opened(placement=placement, rows=2, done=True, by=system, at=at)

    assert (placement.state, placement.rows_opened) == (Placement.State.OPENED, 2)
    assert Event.objects.filter(kind="intake.opened").count() == 1


def test_the_outsider_sees_no_placement_and_no_refused_row(
    accept: Any, tmp_path: Path, outsider: Any, li_na: Any, analyst: Any, book: Any, at: Any
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(principal="x")]))
    stranger, collector = scopes.viewer_of(outsider), scopes.viewer_of(li_na)

    assert not queries.placements(viewer=stranger).exists()
    assert not queries.placements(viewer=collector, book=book).exists()
    for viewer in (stranger, collector):
        with pytest.raises(Refused):
            queries.quarantined(viewer=viewer, placement=placement)
        with pytest.raises(Refused):
            operations.export_quarantine(
                viewer=viewer, placement=placement, path=tmp_path / "out.csv", reason="mine", at=at
            )
    seen = queries.placements(viewer=scopes.viewer_of(analyst), book=book)
    assert list(seen) == [placement]


def test_every_mapping_says_what_it_is_and_whether_it_was_tested() -> None:
    found = {row.name: row for row in queries.mappings()}

    assert {"recoup", "recoup_major", "lendingclub", "taiwan_cards"} <= set(found)
    assert all(row.title and row.source and row.version for row in found.values())
    assert queries.mapping("lendingclub").currency == "USD"
    assert not found["ppdai"].tested and not found["bondora"].tested


def _tables() -> dict[str, list[dict[str, str]]]:
    return {
        "accounts": [dict(WANG)],
        "instalments": [
            {"account_ref": "L-1", "number": "1", "due_on": "2026-02-05", "principal": "100000"}
        ],
        "payments": [{"account_ref": "L-1", "paid_on": "20260205", "amount": "100000"}],
        "contacts": [
            {"borrower_ref": "C-1", "at": "2026-11-01 10:00:00", "channel": "call",
             "outcome": "no_answer"},
        ],
        "contact_points": [
            {"borrower_ref": "C-1", "medium": "email", "party": "debtor",
             "value": "wang@example.com", "verified": "是"},
        ],
        "consents": [
            {"borrower_ref": "C-1", "purpose": "sms", "source": "contract",
             "given_at": "2026-01-05T10:00:00+08:00"},
        ],
        "opt_outs": [
            {"borrower_ref": "C-1", "scope": "call", "source": "phone",
             "at": "2026-10-05T01:00:00Z"},
        ],
    }  # fmt: skip


def _folder(path: Path) -> Path:
    for name, rows in _tables().items():
        csv_file(path / f"{name}.csv", rows)
    return path


def _assert_every_table(placement: Placement) -> None:
    assert placement.rows_refused == 0
    assert {name: row["accepted"] for name, row in placement.counts.items()} == dict.fromkeys(
        _tables(), 1
    )
    (contact,) = rows_of(placement, "contacts")
    assert contact["at"] == datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
    (point,) = rows_of(placement, "contact_points")
    assert (point["value"], point["verified"]) == ("wang@example.com", True)
    (consent,) = rows_of(placement, "consents")
    assert consent["given_at"] == datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
    (opt_out,) = rows_of(placement, "opt_outs")
    assert opt_out["at"] == datetime(2026, 10, 5, 1, 0, tzinfo=UTC)
    (instalment,) = rows_of(placement, "instalments")
    assert instalment["due_on"] == date(2026, 2, 5)


def test_a_live_book_takes_no_file_of_a_day_to_come(
    live_book: Any, system: Any, at: Any, tmp_path: Path
) -> None:
    file = csv_file(tmp_path / "a.csv", [account(1)])
    tomorrow = AS_OF + timedelta(days=1)

    with scopes.acting_for(live_book), pytest.raises(Invalid, match="still to come"):
        operations.accept(
            book=live_book, path=file, mapping="recoup", as_of=tomorrow, by=system, at=at
        )
