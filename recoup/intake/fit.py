"""Which part of a source is which table of a mapping, and whether its columns suffice."""

from __future__ import annotations

from datetime import date, datetime

from recoup.intake.mapping import Mapping, TableMapping
from recoup.intake.readers.base import Part
from recoup.intake.readers.source import Source
from recoup.intake.refine import found_columns
from recoup.intake.tables import TABLES
from recoup.kernel.clock import local_day
from recoup.kernel.errors import Invalid, Problem
from recoup.people.models import Book


def demand_book(book: Book, mapping: Mapping, *, as_of: date, at: datetime) -> None:
    """
    Go on only if a mapping and a day are ones of the book.

    :raises Invalid: for another currency, or for a day to come of a live book
    """
    if mapping.currency and mapping.currency != book.currency:
        raise Invalid(
            f"The mapping {mapping.name} is in {mapping.currency}, but the book {book.code} is "
            f"kept in {book.currency}.",
            hint=f"Open a book that is kept in {mapping.currency}.",
        )
    today = local_day(at, book.time_zone)
    if as_of > today and not book.is_demo:
        raise Invalid(
            f"{as_of} is still to come; today is {today} at the place of {book.code}.",
            hint="Give the day that the file's figures are of.",
        )


def tables_of(
    source: Source, mapping: Mapping, *, has_accounts: bool
) -> list[tuple[TableMapping, Part]]:
    """
    The tables to read, accounts first, each with its part; every part was decoded to its end.

    :raises Invalid: if no part fits, or with every column that is missing
    """
    found, used = [], set()
    for name in TABLES:
        if name not in mapping.tables:
            continue
        part = _part_of(mapping.tables[name], source, mapping)
        if part is not None:
            found.append((mapping.tables[name], part))
            used.add(id(part))
    _demand_tables(found, source, mapping, has_accounts)
    ignored = [part.name for part in source.parts if id(part) not in used]
    if ignored:
        source.notices.append({"kind": "parts_ignored", "count": len(ignored), "parts": ignored})
    for part in {id(part): part for _, part in found}.values():
        part.check()
    problems = [problem for table, part in found for problem in _missing(table, part)]
    if problems:
        raise Invalid(
            f"{source.name} does not fit the mapping {mapping.name}: "
            + " ".join(str(problem) for problem in problems),
            problems=problems,
            hint="Choose another mapping, or name the columns as it expects them.",
        )
    return found


def _part_of(table: TableMapping, source: Source, mapping: Mapping) -> Part | None:
    # A correction file names its parts by the canonical tables.
    names = {name.casefold() for name in (table.table.name, *table.files)}
    fitting = [part for part in source.parts if part.name.casefold() in names]
    if len(fitting) > 1:
        raise Invalid(
            f"{source.name} has {len(fitting)} parts for the table {table.table.name}.",
            hint="Send one of them at a time.",
        )
    if fitting:
        return fitting[0]
    alone = len(source.parts) == 1 and not any(
        source.parts[0].name.casefold() == name.casefold()
        for other in mapping.tables.values() for name in other.files
    )  # fmt: skip
    return source.parts[0] if alone and table is next(iter(mapping.tables.values())) else None


def _demand_tables(
    found: list[tuple[TableMapping, Part]], source: Source, mapping: Mapping, has_accounts: bool
) -> None:
    names = [table.table.name for table, _ in found]
    if not names or ("accounts" in mapping.tables and "accounts" not in names and not has_accounts):
        first = mapping.tables.get("accounts") or next(iter(mapping.tables.values()))
        raise Invalid(
            f"{source.name} has no table of accounts.",
            hint=f"The mapping {mapping.name} looks for {' or '.join(first.files)}.",
        )


def _missing(table: TableMapping, part: Part) -> list[Problem]:
    found = set(found_columns(table, part.columns()))
    wanted = [names for names in table.needed() if not found.intersection(names)]
    # The names that were found are not repeated: a file without a header shows persons there.
    return [
        Problem(
            f"{part.name}, row 1",
            f"the column {' or '.join(names)} is missing.",
        )
        for names in dict.fromkeys(wanted)
    ]
