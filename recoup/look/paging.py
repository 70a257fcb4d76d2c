"""Pages of a list whose length is counted only up to 10 000."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

MOST = 10_000
SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, its number, how many rows there are (`MOST` means at least so many)."""

    rows: Sequence[Any]
    number: int
    count: int
    size: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.count // self.size))

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self.count >= MOST

    @property
    def first_row(self) -> int:
        """The number of the first row shown."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last_row(self) -> int:
        """The number of the last row shown."""
        return (self.number - 1) * self.size + len(self.rows)

    @property
    def before(self) -> int | None:
        """The page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The page after."""
        return self.number + 1 if self.number < self.last else None


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], size: int = SIZE) -> Page:
    """The page that `?page=` names, or the nearest there is."""
    # An exact count over a big table costs more than the page itself.
    count = rows.order_by()[:MOST].count() if isinstance(rows, QuerySet) else len(rows)
    wanted = request.GET.get("page", "1")
    last = max(1, -(-count // size))
    number = min(max(int(wanted), 1), last) if wanted.isascii() and wanted.isdigit() else 1
    start = (number - 1) * size
    return Page(list(rows[start : start + size]), number, count, size)
