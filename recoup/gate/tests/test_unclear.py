"""
A refusal in a row that could not be read whole stops contact all the same:

     opt_outs.csv row 2: C-1,sms,portal,昨天 ──▶ quarantine ──▶ C-1 is not contacted at all
     the same row, corrected                 ──▶ taken in   ──▶ C-1 gets no text message
"""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import translation

from recoup.gate import operations
from recoup.gate.models import OptOut
from recoup.intake import operations as intake
from recoup.intake import queries
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.tests.files import AS_OF, account, csv_file
from recoup.people import scopes
from recoup.portfolio import operations as portfolio

GOOD = {"borrower_ref": "C-1", "scope": "sms", "source": "portal", "at": "2026-10-01"}


@pytest.fixture
def take_in(book, system, at, tmp_path):
    """A folder of accounts and opt-outs, taken in as the path does."""

    def _take(opt_outs, accounts=(1, 2), name="in", raw=""):
        folder = tmp_path / name
        csv_file(folder / "accounts.csv", [account(n) for n in accounts])
        path = csv_file(folder / "opt_outs.csv", opt_outs)
        path.write_text(path.read_text() + raw)
        return _opened(
            intake.accept(book=book, path=folder, mapping="recoup", as_of=AS_OF, by=system, at=at),
            system, at,
        )  # fmt: skip

    return _take


def _opened(placement: Placement, system: Any, at: Any) -> Placement:
    portfolio.open_placement(placement=placement, by=system, at=at)
    operations.take_restrictions(placement=placement, by=system, at=at)
    placement.refresh_from_db()
    return placement


def _standing() -> list[tuple[str, str]]:
    rows = OptOut.objects.filter(lifted_at=None).order_by("borrower__reference", "scope")
    return list(rows.values_list("borrower__reference", "scope"))


def _marks(placement: Placement) -> dict[int, set[str]]:
    rows = QuarantinedRow.objects.filter(placement=placement, table="opt_outs")
    return {row.row_number: {problem["kind"] for problem in row.problems} for row in rows}


@pytest.mark.parametrize(
    "wrong",
    [{"at": "昨天"}, {"scope": ""}, {"source": ""}, {"at": "2030-01-01"}, {"source": "=1+1"}],
)
def test_a_refusal_whose_other_cells_are_bad_stops_all_contact(take_in, at, wrong):
    placement = take_in([GOOD | wrong])

    row = OptOut.objects.get()
    assert _standing() == [("C-1", "all")]
    assert row.source == f"unknown (quarantined row {placement.pk}:2)"
    assert row.at.isoformat() == "2026-11-22T16:00:00+00:00"  # as of that day, in Shanghai
    assert "opt_out_stands" in _marks(placement)[2]
    with translation.override("en"):
        said = str(queries.summary(placement))
    assert "!! 1 refusals of contact could not be read whole." in said


def test_a_broken_line_that_names_a_loan_stops_its_borrower(take_in):
    take_in([GOOD | {"borrower_ref": "C-2"}], raw='L-1,sms,portal,2026-10-01,,,\n"C-2;sms\n')

    assert _standing() == [("C-1", "all"), ("C-2", "all"), ("C-2", "sms")]


def test_a_refusal_that_names_nobody_is_listed_for_a_person_and_the_others_are_worked(take_in):
    placement = take_in([GOOD, GOOD | {"borrower_ref": ""}, GOOD | {"borrower_ref": "C-9"}])

    assert _standing() == [("C-1", "sms")]
    assert "opt_out_of_nobody" in _marks(placement)[3] & _marks(placement)[4]
    with translation.override("en"):
        alarm = queries.summary(placement).alarms[0]
    assert alarm.startswith("2 refusals of contact name nobody whom this book knows")
    assert "rows 3, 4 of opt_outs" in alarm


def test_whoever_comes_later_is_stopped_by_the_row_that_named_them_before(take_in):
    first = take_in([GOOD | {"borrower_ref": "C-9"}])

    take_in([GOOD], accounts=(9,), name="later")

    assert ("C-9", "all") in _standing()
    assert "opt_out_stands" in _marks(first)[2]
    assert "opt_out_of_nobody" not in _marks(first)[2]


def test_taking_it_twice_adds_nothing(take_in, system, at):
    placement = take_in([GOOD | {"at": "昨天"}])

    operations.take_restrictions(placement=placement, by=system, at=at)

    assert OptOut.objects.count() == 1
    assert len(QuarantinedRow.objects.get().problems) == 2


def test_the_corrected_row_takes_the_place_of_what_stood_for_it(
    take_in, analyst, system, at, tmp_path
):
    placement = take_in([GOOD | {"at": "昨天"}, GOOD | {"borrower_ref": "C-2", "at": "?"}])
    path = tmp_path / "corrected.csv"
    intake.export_quarantine(
        viewer=scopes.viewer_of(analyst), placement=placement, path=path, reason="更正这些行", at=at
    )
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    rows[0]["at"] = "2026-10-01"  # the second row stays wrong
    csv_file(path, rows)

    fixed = intake.replay(placement=placement, path=path, by=system, at=at)
    _opened(fixed, system, at)

    assert _standing() == [("C-1", "sms"), ("C-2", "all")]
    assert OptOut.objects.get(borrower__reference="C-2", lifted_at=None).source == (
        f"unknown (quarantined row {fixed.pk}:3)"
    )


def test_a_row_that_is_discarded_goes_on_stopping_contact(take_in, system, at):
    placement = take_in([GOOD | {"at": "昨天"}])

    intake.discard(row=QuarantinedRow.objects.get(), reason="重复的行", by=system, at=at)
    operations.take_restrictions(placement=placement, by=system, at=at)

    assert _standing() == [("C-1", "all")]
