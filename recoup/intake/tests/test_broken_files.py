"""Files that cannot be read: each gives a sentence, is kept as rejected, and leaves nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recoup.intake import operations, queries
from recoup.intake.fit import tables_of
from recoup.intake.mapping import load, parse
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.readers.source import open_path
from recoup.intake.staging import Known, Stager
from recoup.intake.tests.files import AS_OF, account, csv_file, text_of
from recoup.intake.values import Ways
from recoup.journal.models import Event
from recoup.kernel.errors import Invalid
from recoup.kernel.progress import quiet

ROOT = Path(__file__).resolve().parents[3]


def empty(path: Path) -> Path:
    """No bytes at all."""
    path = path / "a.csv"
    path.write_bytes(b"")
    return path


def only_blank(path: Path) -> Path:
    """Nothing but line ends."""
    path = path / "a.csv"
    path.write_bytes(b"\n\n \n")
    return path


def header_only(path: Path) -> Path:
    """Names and nothing under them."""
    path = path / "a.csv"
    path.write_text(text_of([account()]).splitlines()[0] + "\n")
    return path


def column_missing(path: Path) -> Path:
    """Accounts without borrowers and amounts."""
    row = account()
    del row["borrower_ref"], row["principal"]
    return csv_file(path / "a.csv", [row])


def no_header(path: Path) -> Path:
    """The first row is a person."""
    path = path / "a.csv"
    path.write_text("\n".join(text_of([account()]).splitlines()[1:]))
    return path


def not_text(path: Path) -> Path:
    """Bytes that are no text in any encoding that is read."""
    path = path / "a.csv"
    path.write_bytes(text_of([account()]).encode() + b"\xff\xff\xfe\x81" * 10)
    return path


def cut_utf16(path: Path) -> Path:
    """Half a character at the end."""
    path = csv_file(path / "a.csv", [account()], encoding="utf-16")
    path.write_bytes(path.read_bytes() + b"\x01")
    return path


def broken_quotes_everywhere(path: Path) -> Path:
    """Every row opens a quote and closes none."""
    path = path / "a.csv"
    head = text_of([account()]).splitlines()[0]
    path.write_text(head + "\n" + '"x"y,\n' * 1_100)
    return path


def cut_parquet(path: Path) -> Path:
    """The footer did not arrive."""
    path = path / "a.parquet"
    pl.DataFrame([account(n) for n in range(100)]).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def damaged_parquet(path: Path) -> Path:
    """The footer is whole, a page is not."""
    path = path / "a.parquet"
    pl.DataFrame([account(n) for n in range(1000)]).write_parquet(path, compression="gzip")
    data = bytearray(path.read_bytes())
    data[200:260] = bytes(60)
    path.write_bytes(bytes(data))
    return path


def cut_zip(path: Path) -> Path:
    """The directory of the archive did not arrive."""
    path = zipped(path)
    path.write_bytes(path.read_bytes()[:-30])
    return path


def damaged_zip(path: Path) -> Path:
    """A byte of a packed file has changed."""
    path = zipped(path)
    data = bytearray(path.read_bytes())
    data[80] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


def zipped(path: Path, text: str | None = None) -> Path:
    """A zip of one CSV."""
    path = path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("accounts.csv", text or text_of([account(n) for n in range(50)]))
    return path


def bomb(path: Path) -> Path:
    """Seventy megabytes of one letter."""
    return zipped(path, "account_ref\n" + "a" * 70_000_000)


def nothing_inside(path: Path) -> Path:
    """A zip of no table."""
    path = path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.md", "x")
    return path


def old_excel(path: Path) -> Path:
    """The format before XLSX."""
    path = path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    return path


def cut_workbook(path: Path) -> Path:
    """Half an XLSX."""
    path = path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet().write_row(0, 0, list(account()))
    book.close()
    path.write_bytes(path.read_bytes()[:-100])
    return path


def void_workbook(path: Path) -> Path:
    """Two cells at the far corners of a sheet."""
    path = path / "a.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_string(0, 0, "account_ref")
    sheet.write_string(1_048_575, 16_383, "x")
    book.close()
    return path


BROKEN: list[tuple[Callable[[Path], Path], str]] = [
    (empty, "is empty"),
    (only_blank, "is empty"),
    (header_only, "a header but no rows"),
    (column_missing, "borrower_ref is missing"),
    (no_header, "account_ref is missing"),
    (not_text, "cannot be read as text"),
    (cut_utf16, "cannot be read as text"),
    (broken_quotes_everywhere, "broken quotes"),
    (cut_parquet, "not a whole Parquet file"),
    (damaged_parquet, "not a whole Parquet file"),
    (cut_zip, "not a whole zip file"),
    (damaged_zip, "not a whole zip file"),
    (bomb, "unpacks to far more"),
    (nothing_inside, "holds no table"),
    (old_excel, "old Excel file"),
    (cut_workbook, "not a whole"),
    (void_workbook, "nearly all empty"),
]


@pytest.mark.parametrize(("make", "message"), BROKEN, ids=[make.__name__ for make, _ in BROKEN])
def test_a_broken_file_is_rejected_whole_with_a_sentence(
    book: Any, system: Any, at: datetime, tmp_path: Path, make: Callable[[Path], Path], message: str
) -> None:
    path = make(tmp_path)

    for _ in range(2):
        with pytest.raises(Invalid, match=message) as raised:
            operations.accept(book=book, path=path, mapping="recoup", as_of=AS_OF, by=system, at=at)

    placement = Placement.objects.get()
    assert placement.state == Placement.State.REJECTED
    assert placement.problem == str(raised.value)
    assert raised.value.hint
    assert "王明" not in placement.problem and "13812341234" not in placement.problem
    assert Event.objects.filter(kind="intake.rejected").count() == 1
    assert not QuarantinedRow.objects.exists()
    assert [item.name for item in (tmp_path / "placements").iterdir()] == [f"book-{book.pk}.lock"]


def test_every_missing_column_is_named_at_once(
    book: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    with pytest.raises(Invalid) as raised:
        operations.accept(
            book=book, path=column_missing(tmp_path), mapping="recoup", as_of=AS_OF, by=system,
            at=at,
        )  # fmt: skip

    assert len(raised.value.problems) == 2


def test_a_file_that_is_not_there_leaves_no_placement(
    book: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="no file"):
        operations.accept(
            book=book, path=tmp_path / "none.csv", mapping="recoup", as_of=AS_OF, by=system, at=at
        )

    assert not Placement.objects.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object()])
def test_rows_of_the_api_with_values_that_json_lacks_are_refused_with_a_sentence(
    book: Any, system: Any, at: datetime, value: object
) -> None:
    with pytest.raises(Invalid, match="JSON does not have"):
        operations.accept_rows(
            book=book, rows=[account(principal=value)], mapping="recoup", as_of=AS_OF, by=system,
            at=at,
        )  # fmt: skip


def test_invisible_characters_in_a_header_are_no_part_of_the_names(
    book: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    text = text_of([account(extra="x")]).replace("principal", "\u200bPrincipal\x00 ", 1)
    path.write_text(text.replace("extra", "ex\x00tra"))

    placement = operations.accept(
        book=book, path=path, mapping="recoup", as_of=AS_OF, by=system, at=at
    )

    assert placement.rows_accepted == 1
    assert placement.notices[-1]["columns"] == ["extra"]


class NoSeal:
    """Seals nothing: the property below is about reading."""

    def seal(self, text: str, *, label: str) -> bytes:
        """The text as it is."""
        return text.encode()


cells = st.text(
    st.sampled_from(list("Lx0123456789-/.,;\"'\n\r\t =+@%王明　\x00\x1b\ufeff\u200b{}[]")),
    max_size=12,
)
tables = st.lists(st.lists(cells, min_size=1, max_size=6), max_size=8)
HEADER = "account_ref,borrower_ref,product,currency,principal,issued_on"


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=200), tables), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_any_text_is_either_read_or_refused_with_a_sentence_and_no_row_is_lost(
    tmp_path_factory: Any, content: str | list[list[str]], encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = folder / "accounts.csv"
    if isinstance(content, str):
        text = content
    else:
        text = HEADER + "\n" + "\n".join(",".join(row) for row in content)
    path.write_bytes(text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace"))
    stager = Stager(
        placement=1, folder=folder / "out", ways=Ways(as_of=AS_OF), missing=load("recoup").missing,
        known=Known(), sealer=NoSeal(), progress=quiet,  # type: ignore[arg-type]
    )  # fmt: skip

    try:
        stager.stage(tables_of(open_path(path), load("recoup"), has_accounts=False))
    except Invalid as error:
        assert error.message
        return

    counts = stager.counts["accounts"]
    assert counts.read == counts.accepted + counts.refused


@pytest.mark.slow
def test_a_killed_intake_is_finished_by_calling_it_again_with_the_same_result(
    tmp_path: Path,
) -> None:
    csv_file(
        tmp_path / "accounts.csv",
        [account(n, principal="x" if n % 10 == 0 else "5") for n in range(60_000)],
    )
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    outputs = [_finish(whole, tmp_path / "accounts.csv")]
    _database_of(whole, killed)

    for delay in (0.1, 0.6):
        child = _intake(killed, tmp_path / "accounts.csv")
        _wait_for(killed / "begun", child)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        (killed / "begun").unlink()
    outputs.append(_finish(killed, tmp_path / "accounts.csv"))

    assert outputs[0] == outputs[1]
    assert outputs[0].split() == ["accepted", "60000", "54000", "6000", "6000", "1", "54000"]


def _finish(home: Path, file: Path) -> str:
    child = _intake(home, file)
    out, _ = child.communicate(timeout=300)
    assert child.returncode == 0
    return out


def _database_of(old: Path, new: Path) -> None:
    """The database as it was before the file came, and the keys."""
    new.mkdir()
    shutil.copytree(old / "keys", new / "keys")
    shutil.copy(old / "before.sqlite3", new / "test.sqlite3")


CHILD = """
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from recoup.intake import operations, queries
from recoup.intake.models import QuarantinedRow
from recoup.journal.models import Event
from recoup.kernel.actors import Actor
from recoup.people import operations as people, scopes
from recoup.people.models import Book
at, by = datetime(2026, 11, 23, tzinfo=UTC), Actor.system("test")
if not (settings.DATA_DIR / "test.sqlite3").exists():
    call_command("migrate", verbosity=0, skip_checks=True)
book = Book.objects.filter(code="b").first()
if book is None:
    lender = people.add_creditor(code="c", name="c", by=by, at=at)
    book = people.open_book(creditor=lender, code="b", name="b", mode="demo",
                            opened_on=at.date(), by=by, at=at)
    connection.close()
    shutil.copy(settings.DATA_DIR / "test.sqlite3", settings.DATA_DIR / "before.sqlite3")
(settings.DATA_DIR / "begun").touch()
with scopes.acting_for(book):
    placement = operations.accept(book=book, path=Path(sys.argv[1]), mapping="recoup",
                                  as_of=at.date(), by=by, at=at)
    frame = queries.staged_frame(placement=placement, table="accounts").collect()
    print(placement.state, placement.rows_read, placement.rows_accepted, placement.rows_refused,
          QuarantinedRow.objects.count(), Event.objects.filter(kind="intake.accepted").count(),
          frame["account_ref"].n_unique())
"""


def _intake(home: Path, file: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "RECOUP_HOME": str(home), "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
        "DATABASE_URL": f"sqlite:///{home / 'test.sqlite3'}", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(file)], env=environment, stdout=subprocess.PIPE, text=True
    )


def _wait_for(path: Path, child: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.02)


def test_a_mapping_that_says_something_unknown_does_not_load_and_says_what() -> None:
    with pytest.raises(Invalid) as raised:
        parse(
            {
                "name": "x", "version": "1", "title": "x", "source": "x", "colour": "red",
                "tables": {"accounts": {"columns": {
                    "account_ref": {"formula": "open('/etc/passwd')"}, "shoe_size": "x",
                }}},
            }
        )  # fmt: skip

    found = " ".join(str(problem) for problem in raised.value.problems)
    for word in ("colour", "shoe_size", "borrower_ref", "open("):
        assert word in found


@pytest.mark.parametrize(
    "formula",
    ["__import__('os')", "a.b", "[x for x in a]", "lambda: 1", "a[0]", "(a := 1)", "f'{a}'", "a ** 9",
     "a if", "min(a, b, key=c)", "1 < a < 2", "None", "b'x'"],
)  # fmt: skip
def test_a_formula_says_nothing_outside_its_small_language(formula: str) -> None:
    from recoup.intake.formulas import parse as parse_formula

    with pytest.raises(Invalid):
        parse_formula(formula)


def test_there_is_no_mapping_of_an_unknown_name(
    book: Any, system: Any, at: datetime, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match="There is no mapping"):
        operations.accept(
            book=book, path=csv_file(tmp_path / "a.csv", [account()]), mapping="../secret",
            as_of=AS_OF, by=system, at=at,
        )  # fmt: skip

    assert queries.mapping("recoup").name == "recoup"
