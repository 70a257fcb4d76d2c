"""One batch of account rows: new borrowers, cases and loans; known loans refreshed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from recoup.intake.models import Placement
from recoup.kernel.errors import Invalid, Problem
from recoup.people import operations as people
from recoup.people.operations import NewPerson
from recoup.people.scopes import unjoined
from recoup.portfolio import bulk, history
from recoup.portfolio.models import (
    Borrower,
    Case,
    Entry,
    Instalment,
    Loan,
    PastPayment,
    Statement,
)
from recoup.portfolio.operations.nightly import ENTRY, age_cases
from recoup.portfolio.operations.reaching import TOLD, Debtor, Point, add_points, debtors
from recoup.portfolio.sideways import Sideways
from recoup.portfolio.states import S
from recoup.portfolio.waterfall import Due

Row = dict[str, Any]
BALANCES = ("balance_principal", "balance_interest", "balance_penalty", "balance_cost")
IDENTITY = (("name", "name"), ("identity", "identity_number"))
REACH = ("phone", "email", "address")
AWAY = (S.RECALLED, S.CLOSED, S.SETTLED)
BORROWER = ["id", "book", "person", "reference", "name_masked", *TOLD]
CASE = ["id", "book", "borrower", "placed_on"]
AS_GIVEN = ("annual_rate", "issued_on", "matures_on", "overdue_since", "charged_off_on")
LOAN = ["id", "book", "borrower", "case", "placement", "reference", "product", "currency",
        "principal", "allocation", "facts", *AS_GIVEN]  # fmt: skip
# What borrowers of a country are written to in, where the lender does not say.
SPOKEN = {"CN": "zh-hans", "TW": "zh-hans", "ID": "id", "MX": "es"}


class NewLoan(NamedTuple):
    """A loan that this batch brings: its key, its case, and the row that it came in."""

    pk: int
    case_id: int
    row: Row


def open_accounts(
    *, placement: Placement, rows: list[Row], sideways: Sideways, at: datetime
) -> dict[str, int]:
    """Open account rows, in the caller's transaction; gives counts for its event."""
    book = placement.book
    _check(rows, book.currency)
    known = {
        loan.reference: loan
        for loan in Loan.objects.filter(
            book=book, reference__in=[row["account_ref"] for row in rows]
        )
    }
    borrowers, new_cases, points = _take_borrowers(placement, rows, at)
    new = [row for row in rows if row["account_ref"] not in known]
    loans = _add_loans(placement, new, borrowers)
    left_out = _post(placement, loans, known, len(rows), sideways, at)
    _refresh(placement, [row for row in rows if row["account_ref"] in known], known)
    cases = sorted({loan.case_id for loan in [*loans, *known.values()]})
    again = _place_again(placement, cases, new_cases, loans, known.values())
    age_cases(book=book, cases=cases, on=placement.as_of, at=at)
    return {
        "cases": len(new_cases), "loans": len(loans), "refreshed": len(known),
        "placed_again": again, "contact_points": points, "left_out": left_out,
    }  # fmt: skip


def _check(rows: list[Row], currency: str) -> None:
    """
    Refuse what would mix currencies in a case. :raises Invalid: with the rows
    """
    problems = [
        Problem(f"accounts, row {row['row_number']}", f"The currency is {row['currency']}.")
        for row in rows
        if row["currency"] != currency
    ]
    if problems:
        raise Invalid(
            f"This book is kept in {currency}.", problems=problems,
            hint="Place accounts of another currency in a book of that currency.",
        )  # fmt: skip


def _take_borrowers(
    placement: Placement, rows: list[Row], at: datetime
) -> tuple[dict[str, Debtor], list[int], int]:
    """The borrowers of the rows by reference, new ones sealed and given a case."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["borrower_ref"], []).append(row)
    borrowers = debtors(book=placement.book, references=list(grouped))
    _fill_in(borrowers, grouped)
    fresh = {ref: mine for ref, mine in grouped.items() if ref not in borrowers}
    added = _add_borrowers(placement, fresh, at)
    cases = bulk.reserve(Case, len(added))
    bulk.insert(
        Case, CASE,
        [
            (pk, placement.book_id, debtor.pk, placement.as_of)
            for pk, debtor in zip(cases, added.values(), strict=True)
        ],
    )  # fmt: skip
    borrowers |= added
    points = add_points(
        [
            (borrowers[ref], Point(
                medium=medium, value=row[medium], party="debtor",
                source=row.get("contact_source") or "unknown",
                lawful_basis=row.get("lawful_basis") or "",
            ))
            for ref, mine in grouped.items() for row in mine for medium in REACH if row.get(medium)
        ]
    )  # fmt: skip
    return borrowers, cases, points


def _add_borrowers(
    placement: Placement, fresh: dict[str, list[Row]], at: datetime
) -> dict[str, Debtor]:
    """Seal new persons and add a borrower for each; gives them by reference."""
    book = placement.book
    sealed = people.seal_many(
        creditor=book.creditor,
        people=[NewPerson(_identity(mine)) for mine in fresh.values()],
        at=at,
    )
    added: dict[str, Debtor] = {}
    rows: list[tuple[Any, ...]] = []
    ids = bulk.reserve(Borrower, len(fresh))
    for pk, (ref, mine), found in zip(ids, fresh.items(), sealed, strict=True):
        masked = next((piece.masked for piece in found.sealed if piece.kind == "name"), "")
        told = _told(mine, ("", "", SPOKEN.get(book.jurisdiction, "en"), None))
        added[ref] = Debtor(pk, found.person, told)
        rows.append((pk, book.pk, found.person.pk, ref, masked, *told))
    bulk.insert(Borrower, BORROWER, rows)
    return added


def _told(rows: list[Row], before: tuple[Any, ...]) -> tuple[Any, ...]:
    """Region, zones, language and birth year as the rows tell them, or else as before."""
    columns = ("region", "time_zone", "language", "birth_year")
    return tuple(_first(rows, column) or old for column, old in zip(columns, before, strict=True))


def _identity(rows: list[Row]) -> list[tuple[str, str]]:
    found = [(kind, _first(rows, column)) for kind, column in IDENTITY]
    return [(kind, value) for kind, value in found if value]


def _first(rows: list[Row], column: str) -> Any:
    return next((row[column] for row in rows if row.get(column)), None)


def _fill_in(borrowers: dict[str, Debtor], grouped: dict[str, list[Row]]) -> None:
    """A known borrower takes what a newer row says about region, zones, language and birth year."""
    told = [(debtor, _told(grouped[ref], debtor.told)) for ref, debtor in borrowers.items()]
    changed = [(debtor.pk, *new) for debtor, new in told if new != debtor.told]
    bulk.update(Borrower, TOLD, changed)


def _add_loans(
    placement: Placement, rows: list[Row], borrowers: dict[str, Debtor]
) -> list[NewLoan]:
    mine = [borrowers[row["borrower_ref"]].pk for row in rows]
    cases = dict(unjoined(Case).filter(borrower__in=set(mine)).values_list("borrower_id", "pk"))
    loans = [
        NewLoan(pk, cases[borrower], row)
        for pk, borrower, row in zip(bulk.reserve(Loan, len(rows)), mine, rows, strict=True)
    ]
    bulk.insert(
        Loan, LOAN,
        [
            (pk, placement.book_id, borrower, case, placement.pk, row["account_ref"],
             row["product"], row["currency"], row["principal"], row.get("allocation") or "",
             _facts(row), *(row.get(column) for column in AS_GIVEN))
            for (pk, case, row), borrower in zip(loans, mine, strict=True)
        ],
    )  # fmt: skip
    return loans


def _facts(row: Row) -> dict[str, Any]:
    """What else the lender knew and, for training books, what came of the loan."""
    return {key: json.loads(row[key]) for key in ("known", "outcome") if row.get(key)}


def _post(
    placement: Placement, loans: list[NewLoan], known: dict[str, Loan], rows: int,
    sideways: Sideways, at: datetime,
) -> int:  # fmt: skip
    """Instalments, ledger, past payments and statements of new loans; gives payments left out."""
    first = placement.rows_opened
    schedules: dict[str, list[Due]] = {}
    for ref, number, due_on, principal, interest, cost in _columns(
        sideways.of("instalments", first, rows),
        "account_ref", "number", "due_on", "principal", "interest", "cost",
    ):  # fmt: skip
        schedules.setdefault(ref, []).append(
            Due(due_on, number, principal or 0, interest or 0, cost or 0)
        )
    paid: dict[str, list[tuple[date, int, str | None]]] = {}
    for ref, paid_on, amount, external in _columns(
        sideways.of("payments", first, rows),
        "account_ref", "paid_on", "amount", "external_id",
    ):  # fmt: skip
        paid.setdefault(ref, []).append((paid_on, amount, external))
    instalments: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    past: list[tuple[Any, ...]] = []
    statements: list[tuple[Any, ...]] = []
    for loan in loans:
        row, reference = loan.row, loan.row["account_ref"]
        schedule, payments = schedules.get(reference, []), _named(paid.get(reference, []))
        instalments += [
            (loan.pk, d.number, d.due_on, d.principal, d.interest, d.cost) for d in schedule
        ]
        if _has_balances(row) or not schedule:
            entries.append(_opening(loan, placement.as_of, at))
            past += [
                (loan.pk, p.paid_on, p.amount, p.cause.removeprefix("history:")) for p in payments
            ]
        else:
            entries += _history(loan, schedule, payments, placement.as_of, at)
        if row.get("statement_balance") is not None:
            statements.append((loan.pk, placement.as_of, row["statement_balance"]))
    bulk.insert(
        Instalment, ["loan", "number", "due_on", "principal", "interest", "cost"], instalments
    )
    bulk.insert(Entry, ENTRY, entries)
    bulk.insert(PastPayment, ["loan", "paid_on", "amount", "reference"], past, or_skip=True)
    bulk.insert(Statement, ["loan", "on", "balance"], statements)
    return sum(len(paid.get(ref, [])) for ref in known)


def _columns(frame: Any, *names: str) -> Iterable[tuple[Any, ...]]:
    return frame.select(names).iter_rows() if len(frame) else ()


def _named(payments: list[tuple[date, int, str | None]]) -> list[history.Paid]:
    """Payments with a cause of their own: the lender's identifier, or the day and a number."""
    seen: Counter[str] = Counter()
    named: list[history.Paid] = []
    for paid_on, amount, external in sorted(payments, key=lambda p: (p[0], p[1], p[2] or "")):
        cause = f"history:{external or paid_on}"[:72]
        seen[cause] += 1
        if seen[cause] > 1:
            cause = f"{cause}:{seen[cause]}"
        named.append(history.Paid(paid_on, amount, cause))
    return named


def _has_balances(row: Row) -> bool:
    return any(row.get(column) is not None for column in BALANCES)


def _opening(loan: NewLoan, as_of: date, at: datetime) -> tuple[Any, ...]:
    """The entry that takes over the lender's balances; the principal where it gives none."""
    amounts = [loan.row.get(column) or 0 for column in BALANCES]
    if not _has_balances(loan.row):
        amounts = [loan.row["principal"], 0, 0, 0]
    return (loan.pk, "opening", "opening", as_of, at, None, *amounts, 0, -sum(amounts), 0, 0, 0, 0)


def _history(
    loan: NewLoan, schedule: list[Due], payments: list[history.Paid], as_of: date, at: datetime
) -> list[tuple[Any, ...]]:
    first = min(due.due_on for due in schedule)
    lines = history.replay(
        principal=loan.row["principal"],
        issued_on=loan.row.get("issued_on") or first - timedelta(days=30),
        schedule=schedule, payments=payments, until=as_of,
        allocation=loan.row.get("allocation") or "",
    )  # fmt: skip
    return [
        (loan.pk, x.kind, x.cause, x.value_on, at, None, x.principal, x.interest, 0, x.cost,
         x.cash, x.opening, x.income, 0, x.overpaid, 0)
        for x in lines
    ]  # fmt: skip


def _refresh(placement: Placement, rows: list[Row], known: dict[str, Loan]) -> None:
    """
    A loan that is in the book already: newer facts, and a statement to assert. Never its ledger.

    The lender's new balance is compared with the ledger by `check_statements`; it never overwrites
    it. Payments that come again are left out, since they may have reached us as money.
    """
    changed = [
        (
            known[row["account_ref"]].pk,
            row.get("charged_off_on") or known[row["account_ref"]].charged_off_on,
            known[row["account_ref"]].facts | _facts(row),
        )
        for row in rows
    ]
    bulk.update(Loan, ["charged_off_on", "facts"], changed)
    bulk.insert(
        Statement, ["loan", "on", "balance"],
        [
            (known[row["account_ref"]].pk, placement.as_of, _stated(row))
            for row in rows if _stated(row) is not None
        ],
        or_skip=True,
    )  # fmt: skip


def _stated(row: Row) -> int | None:
    """The balance that a row claims: the statement's, or the sum of its balances."""
    if row.get("statement_balance") is not None:
        return int(row["statement_balance"])
    return sum(row.get(c) or 0 for c in BALANCES) if _has_balances(row) else None


def _place_again(
    placement: Placement, cases: list[int], new: list[int], loans: list[NewLoan],
    known: Iterable[Loan],
) -> int:  # fmt: skip
    """
    Take cases out again that had gone back or were done, and give the loans to this placement.

    A settled case comes back only with a new loan; a recalled or closed one whenever it is placed.
    """
    standing = set(cases).difference(new)
    if not standing:
        return 0
    with_new = {loan.case_id for loan in loans}
    away = unjoined(Case).filter(pk__in=standing, state__in=AWAY)
    again = {
        pk for pk, state in away.values_list("pk", "state")
        if state != S.SETTLED or pk in with_new
    }  # fmt: skip
    unjoined(Case).filter(pk__in=again).update(
        state=S.PLACED, state_reason="placed again", placed_on=placement.as_of
    )
    back = {loan.pk for loan in known if loan.case_id in again}
    unjoined(Loan).filter(pk__in=back).update(placement=placement)
    return len(again)
