"""What is wrong with a row, the rows set aside, and the way back in."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.utils import translation

from recoup.intake import operations, queries
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.tests.files import AS_OF, account, csv_file
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.people import scopes


@pytest.fixture
def accept(book: Any, system: Any, at: datetime) -> Any:
    """Take a file in under the canonical mapping."""

    def take(path: Path, mapping: str = "recoup") -> Placement:
        return operations.accept(
            book=book, path=path, mapping=mapping, as_of=AS_OF, by=system, at=at
        )

    return take


def kinds_of(placement: Placement) -> dict[tuple[str, int], list[tuple[str, str]]]:
    """The kinds of problem of each refused row, with their columns."""
    return {
        (row.table, row.row_number): [
            (problem["kind"], problem.get("column", "")) for problem in row.problems
        ]
        for row in QuarantinedRow.objects.filter(placement=placement)
    }


@pytest.mark.parametrize(
    ("column", "text", "kind"),
    [
        ("account_ref", "", "missing"),
        ("borrower_ref", "NULL", "missing"),
        ("account_ref", "x" * 65, "too_long"),
        ("principal", "-100", "negative"),
        ("principal", "12,3x", "not_an_amount"),
        ("principal", "NaN", "not_an_amount"),
        ("principal", "inf", "not_an_amount"),
        ("principal", "1e99", "absurd"),
        ("principal", "999999999999999999", "absurd"),
        ("principal", "1234.5", "not_minor"),
        ("principal", "=SUM(A1:A9)", "formula"),
        ("balance_principal", "#N/A", "error_value"),
        ("annual_rate", "about 5", "not_a_rate"),
        ("annual_rate", "1800", "absurd"),
        ("issued_on", "2026-02-30", "not_a_date"),
        ("issued_on", "2026-13-01", "not_a_date"),
        ("issued_on", "26-01-01", "not_a_date"),
        ("issued_on", "45000", "not_a_date"),
        ("issued_on", "1026-01-01", "absurd"),
        ("overdue_since", "2026-11-24", "future"),
        ("currency", "USD", "other_currency"),
        ("time_zone", "Asia/Peking", "not_a_zone"),
        ("contact_source", "a friend", "not_a_choice"),
        ("name", "王\u200b明", "control"),
        ("name", "王\x07明", "control"),
        ("name", "王\ufffd", "undecodable"),
        ("name", "=HYPERLINK(1)", "formula"),
        ("name", "@SUM(1)", "formula"),
        ("address", "-1+cmd|' /C calc'!A0", "formula"),
        ("known", "[1]", "not_json"),
        ("known", '{"a": NaN}', "not_json"),
        ("birth_year", "90", "not_a_year"),
    ],
)
def test_one_wrong_cell_sets_its_row_aside_and_says_where_and_what(
    accept: Any, tmp_path: Path, column: str, text: str, kind: str
) -> None:
    rows = [account(1), account(2, **{column: text}), account(3)]

    placement = accept(csv_file(tmp_path / "a.csv", rows))

    assert kinds_of(placement) == {("accounts", 3): [(kind, column)]}
    assert placement.rows_accepted == 2
    problem = queries.described(QuarantinedRow.objects.get())[0]
    assert problem.where == column and problem.what and problem.hint


def test_more_decimals_than_the_currency_has_are_refused(accept: Any, tmp_path: Path) -> None:
    row = account(principal="1200.005", balance_principal="1")

    placement = accept(csv_file(tmp_path / "a.csv", [row]), "recoup_major")

    assert kinds_of(placement) == {("accounts", 2): [("decimals", "principal")]}


def test_all_problems_of_a_row_are_collected(accept: Any, tmp_path: Path) -> None:
    row = account(principal="x", issued_on="2026-02-30", currency="USD", borrower_ref="")

    placement = accept(csv_file(tmp_path / "a.csv", [row]))

    assert sorted(kinds_of(placement)["accounts", 2]) == [
        ("missing", "borrower_ref"), ("not_a_date", "issued_on"),
        ("not_an_amount", "principal"), ("other_currency", "currency"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["2026-03-04", "2026/3/4", "20260304", "2026年3月4日", "04/03/2026", "2026-03-04 00:00"]
)
def test_dates_are_read_in_five_formats_the_mappings_order_deciding(
    accept: Any, tmp_path: Path, text: str
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(issued_on=text)]))

    (page,) = queries.staged(placement=placement, table="accounts")
    assert page[0]["issued_on"].isoformat() == "2026-03-04"


def test_a_key_that_stands_twice_is_taken_once_and_the_later_row_set_aside(
    accept: Any, tmp_path: Path
) -> None:
    rows = [account(1, principal="x"), account(1), account(2), account(1)]

    placement = accept(csv_file(tmp_path / "a.csv", rows))

    assert kinds_of(placement) == {
        ("accounts", 2): [("not_an_amount", "principal")],
        ("accounts", 5): [("twice", "account_ref")],
    }


def test_what_hangs_on_a_refused_or_absent_account_is_set_aside(
    accept: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    csv_file(folder / "accounts.csv", [account(1), account(2, principal="x")])
    dues = [
        {"account_ref": ref, "number": "1", "due_on": "2026-02-05"} for ref in ("L-1", "L-2", "L-9")
    ]
    csv_file(folder / "instalments.csv", dues)
    csv_file(
        folder / "opt_outs.csv",
        [{"borrower_ref": "C-2", "scope": "all", "source": "phone", "at": "2026-10-01"}],
    )

    placement = accept(folder)

    orphan = [("orphan", "account_ref")]
    found = kinds_of(placement)
    assert found["instalments", 3] == found["instalments", 4] == orphan
    assert found["opt_outs", 2] == [("orphan", "borrower_ref")]
    assert placement.counts["instalments"]["accepted"] == 1


def test_rows_that_do_not_fit_the_header_are_set_aside_alone(accept: Any, tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", [account(1), account(2), account(3), account(4)])
    lines = path.read_text().splitlines()
    lines[2] = lines[2] + ",one,two"
    lines[3] = '"L-3,broken'
    path.write_text("\n".join(lines) + "\n")

    placement = accept(path)

    assert kinds_of(placement) == {
        ("accounts", 3): [("ragged", "")],
        ("accounts", 4): [("quotes", "")],
    }
    (page,) = queries.staged(placement=placement, table="accounts")
    assert [(row["account_ref"], row["row_number"]) for row in page] == [("L-1", 2), ("L-4", 5)]


def test_a_text_over_two_lines_and_empty_lines_are_read_right(accept: Any, tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", [account(1, address="杭州\n西湖区"), account(2)])
    path.write_text(path.read_text() + "\n\n")

    placement = accept(path)

    (page,) = queries.staged(placement=placement, table="accounts")
    assert page[0]["address"] == "杭州 西湖区"
    assert placement.rows_read == 2


def test_formulas_errors_and_rounded_numbers_in_a_workbook_are_refused(
    accept: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("anything")
    rows = [account(1), account(2), account(3), account(4)]
    sheet.write_row(2, 1, list(rows[0]))
    for place, row in enumerate(rows, start=3):
        sheet.write_row(place, 1, list(row.values()))
    names = list(rows[0])
    sheet.write_formula(4, 1 + names.index("principal"), "=1+1", None, 2)
    sheet.write_number(5, 1 + names.index("identity_number"), 110101199003071234)
    sheet.write_formula(6, 1 + names.index("principal"), "=NA()", None, "#N/A")
    book.close()
    _without(path, "<f>NA()</f>")

    placement = accept(path)

    assert kinds_of(placement) == {
        ("accounts", 7): [("error_value", "principal")],
        ("accounts", 5): [("formula", "principal")],
        ("accounts", 6): [("rounded", "identity_number")],
    }


def test_no_problem_and_no_event_repeats_what_stood_in_a_cell(accept: Any, tmp_path: Path) -> None:
    secret = "13800001111"
    row = account(**dict.fromkeys(account(), secret))

    placement = accept(csv_file(tmp_path / "a.csv", [row]))

    refused = QuarantinedRow.objects.get(placement=placement)
    assert secret not in json.dumps(refused.problems)
    assert secret.encode() not in bytes(refused.raw)
    assert secret not in str(queries.summary(placement))


def test_a_corrected_file_brings_the_rows_in_and_empties_the_quarantine(
    accept: Any, tmp_path: Path, book: Any, system: Any, at: datetime
) -> None:
    folder = tmp_path / "in"
    rows = [
        account(1),
        account(2, principal="x", name="=cmd", phone="0571 8888"),
        account(3, currency="USD"),
    ]
    csv_file(folder / "accounts.csv", rows)
    csv_file(
        folder / "instalments.csv", [{"account_ref": "L-2", "number": "1", "due_on": "2026-02-05"}]
    )
    placement = accept(folder)
    viewer, out = scopes.system_viewer(book), tmp_path / "out.csv"

    said = {"viewer": viewer, "placement": placement, "at": at}
    assert operations.export_quarantine(**said, path=out, reason="to correct") == 3
    assert Event.objects.get(kind="intake.exported").creditor == book.creditor_id
    with out.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert lines[0]["name"] == "'=cmd"
    assert lines[0]["identity_number"] == "'110101199003071234"
    assert "principal: " in lines[0]["recoup_problems"]
    lines[0] |= {"principal": "5000", "name": "王二"}
    csv_file(out, lines, encoding="gb18030")
    fresh = operations.replay(placement=placement, path=out, by=system, at=at)
    again = operations.replay(placement=placement, path=out, by=system, at=at)

    assert again.pk == fresh.pk and fresh.corrects == placement
    assert (fresh.rows_accepted, fresh.rows_refused) == (2, 1)
    (page,) = queries.staged(placement=fresh, table="accounts")
    assert (page[0]["name"], page[0]["principal"], page[0]["row_number"]) == ("王二", 5000, 3)
    assert page[0]["identity_number"] == "110101199003071234"
    assert kinds_of(fresh) == {("accounts", 4): [("other_currency", "currency")]}
    states = QuarantinedRow.objects.filter(placement=placement).values_list("state", flat=True)
    assert set(states) == {"replayed"}


def test_an_account_taken_in_before_is_not_brought_in_again_by_a_correction(
    accept: Any, tmp_path: Path, book: Any, system: Any, at: datetime
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(1), account(2, principal="x")]))
    out = tmp_path / "out.csv"
    viewer = scopes.system_viewer(book)
    operations.export_quarantine(
        viewer=viewer, placement=placement, path=out, reason="to correct", at=at
    )
    text = out.read_text("utf-8-sig").replace("L-2", "L-1").replace(",x,", ",5,")
    out.write_text(text)

    fresh = operations.replay(placement=placement, path=out, by=system, at=at)

    assert kinds_of(fresh) == {("accounts", 3): [("twice", "account_ref")]}


def test_a_file_that_corrects_nothing_is_refused(
    accept: Any, tmp_path: Path, system: Any, at: datetime
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(1, principal="x")]))
    other = csv_file(tmp_path / "b.csv", [account(7)])
    wrong = csv_file(
        tmp_path / "c.csv", [{"recoup_table": "accounts", "recoup_row": "99", **account(7)}]
    )

    with pytest.raises(Invalid, match="recoup_table"):
        operations.replay(placement=placement, path=other, by=system, at=at)
    with pytest.raises(Invalid, match="correct nothing") as raised:
        operations.replay(placement=placement, path=wrong, by=system, at=at)

    assert "accounts 99" in str(raised.value.problems[0])
    assert QuarantinedRow.objects.get(placement=placement).state == "open"


def test_a_row_is_discarded_once_and_with_a_reason(
    accept: Any, tmp_path: Path, system: Any, at: datetime
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(1, principal="x")]))
    row = QuarantinedRow.objects.get(placement=placement)

    with pytest.raises(Invalid, match="why"):
        operations.discard(row=row, reason=" ", by=system, at=at)
    operations.discard(row=row, reason="sold to another lender", by=system, at=at)
    with pytest.raises(Invalid, match="already"):
        operations.discard(row=row, reason="sold to another lender", by=system, at=at)

    assert row.state == "discarded"
    assert queries.summary(placement).discarded == 1


def test_the_summary_counts_tables_problems_and_notices(accept: Any, tmp_path: Path) -> None:
    rows = [account(1), account(2, principal="x", odd="1"), account(3, principal="y")]

    found = queries.summary(accept(csv_file(tmp_path / "a.csv", rows)))

    assert found.kinds == {"not_an_amount": 2}
    assert found.tables["accounts"]["accepted"] == 1
    assert found.open_rows == 2
    assert len(found.notices) == 2
    assert "UTF-8" in str(found) and "odd" in str(found)


def _without(path: Path, text: str) -> None:
    """Take a text out of the first sheet: an error whose formula somebody replaced by its value."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert text.encode() in files[name]
    files[name] = files[name].replace(text.encode(), b"")
    with zipfile.ZipFile(path, "w") as archive:
        for key, data in files.items():
            archive.writestr(key, data)


def test_rows_are_written_out_only_for_a_reason_and_no_rows_make_no_file(
    accept: Any, tmp_path: Path, book: Any, at: datetime
) -> None:
    placement = accept(csv_file(tmp_path / "a.csv", [account(1)]))
    said = {"viewer": scopes.system_viewer(book), "placement": placement, "at": at}
    out = tmp_path / "out.csv"

    with pytest.raises(Invalid, match="Say why"):
        operations.export_quarantine(**said, path=out, reason=" ")

    assert operations.export_quarantine(**said, path=out, reason="to correct") == 0
    assert not out.exists()


def test_a_lenders_file_or_the_correction_of_another_placement_corrects_nothing(
    accept: Any, tmp_path: Path, book: Any, system: Any, at: datetime
) -> None:
    whole = csv_file(tmp_path / "whole.csv", [account(9)])
    accept(whole)
    first = accept(csv_file(tmp_path / "a.csv", [account(1), account(2, principal="x")]))
    other = accept(csv_file(tmp_path / "b.csv", [account(3), account(4, principal="x")]))
    out = tmp_path / "out.csv"
    operations.export_quarantine(
        viewer=scopes.system_viewer(book), placement=first, path=out, reason="to correct", at=at
    )
    out.write_text(out.read_text("utf-8-sig").replace(",x,", ",5,"))
    operations.replay(placement=first, path=out, by=system, at=at)

    for wrong in (whole, out):
        with pytest.raises(Invalid, match="corrects"):
            operations.replay(placement=other, path=wrong, by=system, at=at)


@pytest.mark.parametrize(
    ("start", "what"),
    [(b"%PDF-1.7", "a PDF"), (b"\x89PNG\r\n", "a picture"), (b"\x1f\x8b\x08", "gzip"),
     (b"PK\x05\x06" + b"\0" * 18, "no table")],
)  # fmt: skip
def test_a_document_a_picture_or_an_empty_zip_is_no_table_whatever_its_name(
    accept: Any, tmp_path: Path, start: bytes, what: str
) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(start + b"account_ref,borrower_ref\n")

    with pytest.raises(Invalid, match=what):
        accept(path)


def test_the_summary_fills_its_sentences_and_says_each_notice_once(
    accept: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    csv_file(folder / "accounts.csv", [account(1), account(2, issued_on="2027-01-01"),
                                       account(3, currency="USD")])  # fmt: skip
    csv_file(
        folder / "instalments.csv", [{"account_ref": "L-1", "number": "1", "due_on": "2026-02-05"}]
    )
    for name in ("notes.doc", "photo.jpg"):
        (folder / name).write_bytes(b"x")

    placement = accept(folder)
    with translation.override("en"):
        said = str(queries.summary(placement))

    assert "{" not in said and "2026-11-23" in said and "(CNY)" in said
    assert said.count("Read as UTF-8") == 1
    assert said.count("left aside") == 1
