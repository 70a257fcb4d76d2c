"""What a lender's file said about each loan, by case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recoup.people.models import Book
from recoup.portfolio.models import Loan


def facts_by_case(*, book: Book, first: int, last: int) -> dict[int, dict[str, Any]]:
    """
    The facts of the largest loan of each case in a range of case ids, as of its placement.

    To the lender's own facts come the loan's principal, yearly rate and term.
    """
    found: dict[int, dict[str, Any]] = {}
    for case, facts, _outcome in _loans(book, first, last):
        found.setdefault(case, facts)
    return found


def with_outcome(*, book: Book) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Case, facts and outcome of the largest loan of each case that the lender gave one for."""
    seen: set[int] = set()
    for case, facts, outcome in _loans(book, None, None):
        if case not in seen:
            seen.add(case)
            if outcome:
                yield case, facts, outcome


def _loans(
    book: Book, first: int | None, last: int | None
) -> Iterator[tuple[int, dict[str, Any], dict[str, Any]]]:
    rows = Loan.objects.filter(book=book)
    if first is not None:
        rows = rows.filter(case_id__gte=first, case_id__lte=last)
    found = rows.order_by("case_id", "-principal", "pk").values_list(
        "case_id", "facts", "principal", "annual_rate", "issued_on", "matures_on",
    )  # fmt: skip
    for case, facts, principal, rate, issued, matures in found.iterator(chunk_size=5000):
        known = dict(facts.get("known") or {})
        known |= {
            "principal": principal,
            "annual_rate": None if rate is None else float(rate),
            "term_months": issued and matures and round((matures - issued).days / 30.44),
        }
        yield case, known, facts.get("outcome") or {}
