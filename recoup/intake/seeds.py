"""What earlier placements of the book have brought, read from their staged files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings

from recoup.intake.models import Placement
from recoup.intake.seen import hashes_of
from recoup.intake.staging import Known
from recoup.intake.tables import TABLES
from recoup.people.models import Book

DONE = (Placement.State.ACCEPTED, Placement.State.OPENED)


def _earlier(book: Book) -> list[Placement]:
    return list(Placement.objects.filter(book=book, state__in=DONE).exclude(staged=""))


def has_accounts(book: Book) -> bool:
    """Whether any account was ever taken in for the book."""
    return any(row.counts.get("accounts", {}).get("accepted") for row in _earlier(book))


def known(book: Book, *, placement: Placement, corrects: Placement | None) -> Known:
    """The keys to compare the rows of a placement with."""
    found = Known()
    family = _family(corrects) if corrects else set()
    for row in _earlier(book):
        if row.pk == placement.pk:
            continue
        folder = Path(settings.DATA_DIR) / row.staged
        _add_references(found, folder / "accounts.parquet")
        if row.pk in family:
            for table in TABLES.values():
                if table.key:
                    for frame in _columns(folder / f"{table.name}.parquet", table.key):
                        found.key(table.name).add(hashes_of(frame, table.key))
    return found


def _family(placement: Placement) -> set[int]:
    """The placement, what it corrects, and what corrects those."""
    family = {placement.pk}
    links = list(
        Placement.objects.filter(book=placement.book, corrects__isnull=False).values_list(
            "pk", "corrects"
        )
    )
    while True:
        more = {pk for link in links for pk in link if family.intersection(link)} - family
        if not more:
            return family
        family |= more


def _add_references(found: Known, path: Path) -> None:
    for frame in _columns(path, ("account_ref", "borrower_ref")):
        accounts = hashes_of(frame, ["account_ref"])
        found.in_book.add(accounts)
        found.reference("account_ref").add(accounts)
        found.reference("borrower_ref").add(hashes_of(frame, ["borrower_ref"]))


def _columns(path: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    if path.exists():
        with pq.ParquetFile(path) as file:
            for part in file.iter_batches(columns=list(columns), use_threads=False):
                yield pl.DataFrame(pl.from_arrow(part))
