"""
Refusals that came in rows which could not be read: kept as the widest there is until corrected.

     opt_outs row 7: C0001,sms,portal,昨天 ──▶ quarantine
                      └── names a borrower ──▶ opt-out `all` ── row corrected ──▶ what was refused
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from recoup.gate.models import OptOut
from recoup.intake import operations as intake_operations
from recoup.intake import queries as intake
from recoup.intake.models import Placement
from recoup.intake.queries import SetAside
from recoup.kernel.clock import at_local, aware
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Borrower, Loan

TABLE = "opt_outs"
CORRECTED = "its row was corrected"
SOME = 500


def source_of(placement: int, row_number: int) -> str:
    """Where such a refusal is known from: the row that nobody could read whole."""
    return f"unknown (quarantined row {placement}:{row_number})"


def take(*, book: Book) -> tuple[int, int]:
    """
    Stop contact with whomever an open refused row of the book's opt-outs names, whatever else is
    wrong with it; gives how many rows stop somebody, and how many name nobody of the book.

    Each row says afterwards which of the two it is. In the caller's transaction and event.
    """
    held = lost = 0
    for rows in intake.set_aside(book=book, table=TABLE):
        named = _named(book, {word for row in rows for word in row.words})
        made, stops, nobody = [], [], []
        for row in rows:
            mine = {found.pk: found for word in row.words for found in named.get(word, ())}
            (stops if mine else nobody).append(row.pk)
            made += [_widest(row, borrower, book) for borrower in mine.values()]
        OptOut.objects.bulk_create(made, ignore_conflicts=True, batch_size=1000)
        intake_operations.mark_set_aside(rows=stops, kind="opt_out_stands")
        intake_operations.mark_set_aside(rows=nobody, kind="opt_out_of_nobody")
        held, lost = held + len(stops), lost + len(nobody)
    return held, lost


def give_way(*, placement: Placement, at: datetime) -> int:
    """
    Lift what stood for the rows that a placement corrects, once it is known what they refused.

    The corrected row is the person's own act as the lender recorded it; one that is still wrong is
    held again, as a row of the correction. A row that was discarded goes on holding.
    """
    if placement.corrects_id is None:
        return 0
    sources = [
        source_of(placement.corrects_id, number)
        for number in intake.corrected_rows(placement=placement, table=TABLE)
    ]
    lifted = 0
    for start in range(0, len(sources), SOME):
        rows = unjoined(OptOut).filter(source__in=sources[start : start + SOME], lifted_at=None)
        lifted += rows.update(lifted_at=aware(at), lifted_act=CORRECTED)
    return lifted


def _widest(row: SetAside, borrower: Borrower, book: Book) -> OptOut:
    return OptOut(
        borrower=borrower, person_id=borrower.person_id, scope="all",
        source=source_of(row.placement, row.row_number),
        at=at_local(row.as_of, time(0), book.time_zone),
    )  # fmt: skip


def _named(book: Book, words: Iterable[str]) -> dict[str, list[Borrower]]:
    """Whom each word names: a borrower by their number, or by that of one of their loans."""
    found: dict[str, list[Borrower]] = {}
    wanted = sorted(words)
    for start in range(0, len(wanted), SOME):
        some = wanted[start : start + SOME]
        for borrower in Borrower.objects.filter(book=book, reference__in=some):
            found.setdefault(borrower.reference, []).append(borrower)
        loans = Loan.objects.filter(book=book, reference__in=some).select_related("borrower")
        for loan in loans:
            found.setdefault(loan.reference, []).append(loan.borrower)
    return found
