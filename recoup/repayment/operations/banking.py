"""Bank files: read whole, with every problem and its line, and taken in once."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, Problem
from recoup.kernel.money import Money
from recoup.kernel.text import tidy
from recoup.people.models import Book
from recoup.repayment.events import BankFileImported
from recoup.repayment.models import BankFile, Payment
from recoup.repayment.operations.receiving import (
    Incoming,
    came_before,
    problem_of,
    receive_many,
)

# The columns by the names that a bank or a clerk gives them. All but the currency are required.
COLUMNS = {
    "external_id": ("external_id", "流水号", "交易流水号"),
    "reference": ("reference", "借据号", "客户号", "还款编号"),
    "amount": ("amount", "金额", "入账金额"),
    "value_on": ("value_on", "入账日期", "交易日期"),
    "currency": ("currency", "币种"),
}
OPTIONAL = frozenset({"currency"})
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
LIMIT = 200 * 1024 * 1024
WORDS = {"人民币": "CNY", "RMB": "CNY", "美元": "USD", "港币": "HKD"}


@dataclass(frozen=True, kw_only=True)
class Line(Incoming):
    """One payment of a bank file, and where it stands."""

    number: int


def import_bank_file(*, book: Book, path: Path, by: Actor, at: datetime) -> BankFile:
    """
    Take in a bank's file of payments: the whole file or nothing.

    A CSV with a heading, in UTF-8 or GB 18030 (which holds GBK): `external_id, reference, amount,
    value_on` and, if wanted, `currency`, or their Chinese names. The same content again gives the
    file that stands; a line that an earlier file brought is counted and not posted again.

    :raises Invalid: with every problem and its line
    """
    raw = _read(path)
    digest = hashlib.sha256(raw).hexdigest()
    standing = BankFile.objects.filter(book=book, digest=digest).first()
    if standing is not None:
        return standing
    lines = parse(raw=raw, book=book, at=at)
    total = sum(line.amount.minor for line in lines)
    with transaction.atomic():
        # Two imports of the same file at once meet here: one waits on the other's unique row.
        row, made = BankFile.objects.get_or_create(
            book=book, digest=digest,
            defaults={
                "name": path.name[:200], "imported_at": at, "lines": len(lines), "total": total,
            },
        )  # fmt: skip
        if not made:
            return row
        with record(
            BankFileImported, by=by, at=at, book=book, lines=len(lines), total=total, digest=digest
        ) as event:
            taken = receive_many(
                book=book, source=Payment.Source.BANK_FILE, incoming=lines, by=by, at=at,
                bank_file=row,
            )  # fmt: skip
            row.repeated = total - sum(payment.amount for payment in taken)
            row.save(update_fields=["repeated"])
            states = [payment.state for payment in taken]
            event.note(
                posted=states.count(Payment.State.POSTED), repeated=len(lines) - len(taken),
                suspense=states.count(Payment.State.SUSPENSE), file=row.pk,
            )  # fmt: skip
            return event.about(row)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LIMIT:
            raise Invalid(
                _("{name} is larger than 200 MB.").format(name=path.name),
                hint=_("Split it by day."),
            )
        return path.read_bytes()
    except OSError as error:
        raise Invalid(
            _("{name} cannot be read ({reason}).").format(name=path.name, reason=error.strerror)
        ) from None


def parse(*, raw: bytes, book: Book, at: datetime) -> list[Line]:
    """
    The payments of a bank file. :raises Invalid: with every problem and its line
    """
    reader = csv.reader(io.StringIO(_text(raw), newline=""))
    heading = [tidy(name) for name in next(reader, [])]
    places = _places(heading)
    problems: list[Problem] = []
    lines = list(_lines(reader, places, book, at, problems))
    seen: dict[str, int] = {}
    for line in lines:
        if line.external_id in seen:
            where = _("line {number}").format(number=line.number)
            what = _("{id} stands in line {first} already.").format(
                id=line.external_id, first=seen[line.external_id]
            )
            problems.append(Problem(where, what))
        seen.setdefault(line.external_id, line.number)
    problems += _contradictions(book, lines)
    if problems:
        raise Invalid(
            _("The bank file has {count} problems; nothing was taken in.").format(
                count=len(problems)
            ),
            problems=problems, hint=_("Correct the lines and import it again."),
        )  # fmt: skip
    if not lines:
        raise Invalid(_("The bank file has no payments."))
    return lines


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(_("The bank file is neither UTF-8 nor GBK."), hint=_("Save it as CSV UTF-8."))


def _places(heading: list[str]) -> dict[str, int]:
    places = {
        column: heading.index(name)
        for column, names in COLUMNS.items() for name in names if name in heading
    }  # fmt: skip
    missing = [column for column in COLUMNS if column not in places and column not in OPTIONAL]
    if missing:
        raise Invalid(
            _("The heading of the bank file lacks {columns}.").format(columns=", ".join(missing)),
            problems=[Problem(_("line 1"), column) for column in missing],
            hint=_("Name the columns external_id, reference, amount, value_on."),
        )
    return places


def _lines(
    reader: Iterator[list[str]], places: dict[str, int], book: Book, at: datetime,
    problems: list[Problem],
) -> Iterator[Line]:  # fmt: skip
    for number, row in enumerate(reader, 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {
            column: tidy(row[place]) if place < len(row) else "" for column, place in places.items()
        }
        found: list[str] = []
        if not 0 < len(cells["external_id"]) <= 80:
            found.append(_("There is no identifier of 1 to 80 characters."))
        amount, value_on = _amount(cells, book, found), _day(cells["value_on"], found)
        if (
            amount
            and value_on
            and (problem := problem_of(book=book, amount=amount, value_on=value_on, at=at))
        ):
            found.append(problem)
        where = _("line {number}").format(number=number)
        problems += [Problem(where, what) for what in found]
        if amount and value_on and not found:
            yield Line(
                number=number, external_id=cells["external_id"], reference=cells["reference"],
                amount=amount, value_on=value_on,
            )  # fmt: skip


def _amount(cells: dict[str, str], book: Book, found: list[str]) -> Money | None:
    word = cells.get("currency", "") or book.currency
    try:
        return Money.parse(cells["amount"], WORDS.get(word, word.upper()))
    except Invalid as error:
        found.append(str(error))
        return None


def _day(text: str, found: list[str]) -> date | None:
    for form in DAYS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    found.append(_("{text} is not a day.").format(text=repr(text)))
    return None


def _contradictions(book: Book, lines: list[Line]) -> list[Problem]:
    """Lines whose identifier an earlier file brought with other figures."""
    standing = came_before(
        book=book, source=Payment.Source.BANK_FILE,
        external_ids=[line.external_id for line in lines],
    )  # fmt: skip
    return [
        Problem(
            _("line {number}").format(number=line.number),
            _("{id} came before with another amount or date.").format(id=line.external_id),
        )
        for line in lines
        if (row := standing.get(line.external_id))
        and (row.amount, row.value_on) != (line.amount.minor, line.value_on)
    ]
