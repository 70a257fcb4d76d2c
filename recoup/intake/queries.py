"""What is asked: placements, what was refused and why, and the staged rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext

from recoup.intake import mapping as mapping_of
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.notices import in_words
from recoup.intake.problems import MARKS, heading, say
from recoup.intake.staging import raw_label, staged_label
from recoup.intake.tables import TABLES
from recoup.kernel.actors import Viewer
from recoup.kernel.clock import CHINA
from recoup.kernel.errors import Problem
from recoup.kernel.text import tidy
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.operations import TextSealer

SHOWN = 50


def accepted(*, book: Book) -> list[Placement]:
    """The placements of a book that were accepted, opened or not, oldest first: for the path."""
    state = Placement.State
    rows = Placement.objects.filter(book=book, state__in=(state.ACCEPTED, state.OPENED))
    return list(rows.select_related("book__creditor").order_by("pk"))


def placements(*, viewer: Viewer, book: Book | None = None) -> QuerySet[Placement]:
    """The placements of the viewer's creditors, the newest first; those of an agency or a team see none."""
    rows = Placement.objects.filter(book__creditor__in=viewer.creditors)
    if scopes.TAKE_IN not in viewer.may and scopes.CORRECT_ROWS not in viewer.may:
        rows = rows.none()
    if book is not None:
        rows = rows.filter(book=book)
    return rows.select_related("book").order_by("-received_at", "-pk")


def quarantined(*, viewer: Viewer, placement: Placement) -> QuerySet[QuarantinedRow]:
    """
    The rows of a placement that were refused. `described` puts their problems into words.

    :raises Refused: unless the viewer may correct rows
    """
    scopes.demand(viewer, scopes.CORRECT_ROWS)
    rows = QuarantinedRow.objects.filter(
        placement=placement, placement__book__creditor__in=viewer.creditors
    )
    return rows.defer("raw").order_by("table", "row_number")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A refused row, and the words that stand in its cells: in memory only, never to be kept."""

    pk: int
    placement: int
    as_of: date
    row_number: int
    words: frozenset[str] = field(repr=False)


def set_aside(*, book: Book, table: str, size: int = 1_000) -> Iterator[list[SetAside]]:
    """
    The open refused rows of a table, of every placement of the book, `size` at a time: for what
    must be heeded even though the row could not be read whole.
    """
    sealer, last = TextSealer(), 0
    rows = QuarantinedRow.objects.filter(
        placement__book=book, table=table, state=QuarantinedRow.State.OPEN
    ).select_related("placement").order_by("pk")  # fmt: skip
    while batch := list(rows.filter(pk__gt=last)[:size]):
        last = batch[-1].pk
        yield [
            SetAside(
                pk=row.pk, placement=row.placement_id, as_of=row.placement.as_of,
                row_number=row.row_number, words=frozenset(_words(row, sealer)),
            )
            for row in batch
        ]  # fmt: skip


def _words(row: QuarantinedRow, sealer: TextSealer) -> Iterator[str]:
    label = raw_label(row.placement_id, row.table, row.row_number)
    cells = json.loads(sealer.unseal(bytes(row.raw), label=label))
    for cell in cells.values():
        text = tidy(str(cell or ""))
        # A broken row may hold several cells in one, quotes and all.
        yield from filter(None, {text, *(re.split(r"[\s,;|'\"]+", text))})


def corrected_rows(*, placement: Placement, table: str) -> list[int]:
    """The numbers of the rows that were taken in again, of the placement that this one corrects."""
    rows = QuarantinedRow.objects.filter(
        placement=placement.corrects_id, table=table, state=QuarantinedRow.State.REPLAYED
    )
    return list(rows.values_list("row_number", flat=True))


def described(row: QuarantinedRow) -> list[Problem]:
    """The problems of a refused row in the language that is active."""
    return [say(problem) for problem in row.problems]


@dataclass(frozen=True, slots=True)
class MappingCard:
    """A mapping as a person chooses it, and the book that its accounts belong in."""

    name: str
    version: str
    title: str
    source: str
    tested: bool
    tables: tuple[str, ...]
    currency: str
    jurisdiction: str
    time_zone: str
    unit: str


def mappings() -> list[MappingCard]:
    """Each mapping that there is."""
    return [mapping(name) for name in mapping_of.names()]


def mapping_columns(name: str) -> dict[str, list[tuple[str, str]]]:
    """
    For each table of a mapping, the columns of ours and what each is read from.

    :raises Invalid: if there is no mapping of the name
    """
    found = {}
    for table in mapping_of.load(name).tables.values():
        rows = []
        for field_ in table.table.fields:
            if rule := table.rules.get(field_.name):
                needed = " (needed)" if field_.required else ""
                rows.append((field_.name + needed, _read_from(rule)))
        found[table.table.name] = rows
    return found


def _read_from(rule: mapping_of.Rule) -> str:
    if rule.constant is not None:
        return f"always {rule.constant}"
    if rule.formula is not None:
        return f"computed from {', '.join(rule.needs)}"
    return rule.template or " or ".join(rule.columns)


def mapping(name: str) -> MappingCard:
    """
    The mapping of a name. :raises Invalid: if there is none
    """
    row = mapping_of.load(name)
    return MappingCard(
        name=row.name,
        version=row.version,
        title=row.title,
        source=row.source,
        tested=row.tested,
        tables=tuple(row.tables),
        currency=row.currency or "CNY",
        jurisdiction=row.jurisdiction,
        time_zone=row.time_zone or CHINA,
        unit=row.unit,
    )


@dataclass(frozen=True)
class Summary:
    """What became of a placement, for a terminal or a screen."""

    placement: Placement
    tables: dict[str, dict[str, Any]]
    problems: list[tuple[str, int]]
    notices: list[str]
    open_rows: int = 0
    replayed: int = 0
    discarded: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    alarms: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The summary as text."""
        head = gettext("{source}: {read} rows read, {accepted} taken in, {refused} set aside.")
        row = self.placement
        found = [
            head.format(
                source=row.source, read=row.rows_read, accepted=row.rows_accepted,
                refused=row.rows_refused,
            )
        ]  # fmt: skip
        found += [f"!! {alarm}" for alarm in self.alarms]
        if row.problem:
            found.append(row.problem)
        for name, counts in self.tables.items():
            line = gettext(
                "{table}: {read} read, {accepted} taken in, {refused} set aside, "
                "{not_for_collection} not for collection"
            )
            found.append("  " + line.format(table=name, **counts))
        found += [f"  {count:>8,}  {what}" for what, count in self.problems]
        return found + [f"  {notice}" for notice in self.notices]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __rich__(self) -> str:
        return str(self)


def summary(placement: Placement) -> Summary:
    """Counts for each table, refused rows by kind of problem, and what was noticed."""
    kinds: Counter[str] = Counter()
    for counts in placement.counts.values():
        kinds.update(counts["problems"])
    states = Counter(
        QuarantinedRow.objects.filter(placement=placement).values_list("state", flat=True)
    )
    told = list(placement.notices)
    told += [
        {"kind": "already_in_book", "table": name, "count": counts["already_in_book"]}
        for name, counts in placement.counts.items()
        if counts.get("already_in_book")
    ]
    return Summary(
        placement=placement,
        tables=placement.counts,
        problems=[
            (heading(kind, as_of=placement.as_of, currency=placement.book.currency), count)
            for kind, count in kinds.most_common()
        ],
        notices=_told_once(told),
        open_rows=states[QuarantinedRow.State.OPEN],
        replayed=states[QuarantinedRow.State.REPLAYED],
        discarded=states[QuarantinedRow.State.DISCARDED],
        kinds=dict(kinds),
        alarms=_alarms(placement),
    )


def _alarms(placement: Placement) -> list[str]:
    """What a person must look at before anybody is contacted: refusals that could not be read."""
    if not placement.counts.get("opt_outs", {}).get("refused"):
        return []
    rows = QuarantinedRow.objects.filter(
        placement=placement, table="opt_outs", state=QuarantinedRow.State.OPEN
    ).order_by("row_number")
    known: dict[str, list[int]] = {}
    for number, problems in rows.values_list("row_number", "problems"):
        marks = {problem["kind"] for problem in problems} & set(MARKS)
        known.setdefault(min(marks, default=""), []).append(number)
    found = []
    if nobody := known.get("opt_out_of_nobody"):
        said = gettext(
            "{count} refusals of contact name nobody whom this book knows, so they stop nobody: "
            "rows {rows} of opt_outs. Find out whose they are before anybody is contacted."
        )
        shown = ", ".join(map(str, nobody[:SHOWN])) + (" …" if len(nobody) > SHOWN else "")
        found.append(said.format(count=len(nobody), rows=shown))
    if stands := known.get("opt_out_stands"):
        said = gettext(
            "{count} refusals of contact could not be read whole. Whom they name is not contacted "
            "at all until the rows are corrected."
        )
        found.append(said.format(count=len(stands)))
    if waiting := known.get(""):
        said = gettext(
            "{count} refusals of contact were set aside. Whom they name will not be contacted; "
            "once the cases are opened it is said here which of them name nobody."
        )
        found.append(said.format(count=len(waiting)))
    return found


def _told_once(notices: Sequence[dict[str, Any]]) -> list[str]:
    """Notices in words, each once; files that were left aside are counted together."""
    left = sum(row["count"] for row in notices if row["kind"] == "file_ignored")
    others = [row for row in notices if row["kind"] != "file_ignored"]
    counted = [*others, {"kind": "file_ignored", "count": left}] if left else others
    return list(dict.fromkeys(in_words(notice) for notice in counted))


def _path(placement: Placement, table: str) -> Path:
    return Path(settings.DATA_DIR) / placement.staged / f"{table}.parquet"


def staged(
    *, placement: Placement, table: str, size: int = 5_000, skip: int = 0
) -> Iterator[list[dict[str, Any]]]:
    """
    The canonical rows of a table, `size` at a time, after the first `skip`.

    Personal fields are open, in memory only: never write them anywhere but into the vault.
    """
    path = _path(placement, table)
    if not placement.staged or not path.exists():
        return
    sealer, personal = TextSealer(), TABLES[table].personal
    prefix = staged_label(placement.pk, table, 0)[:-1]
    nothing: dict[str, None] = dict.fromkeys(personal)
    for frame in _frames(path, size=size, skip=skip):
        rows = frame.to_dicts()
        if personal:
            for row in rows:
                sealed = row.pop("sealed")
                row.update(nothing)
                if sealed is not None:
                    label = f"{prefix}{row['row_number']}"
                    row.update(json.loads(sealer.unseal(sealed, label=label)))
        yield rows


def _frames(path: Path, *, size: int, skip: int) -> Iterator[pl.DataFrame]:
    """Whole row groups are skipped unread; a page never straddles what was skipped."""
    held, waiting = pl.DataFrame(), 0
    with pq.ParquetFile(path) as file:
        groups = list(range(file.num_row_groups))
        while groups and skip >= file.metadata.row_group(groups[0]).num_rows:
            skip -= file.metadata.row_group(groups.pop(0)).num_rows
        if not groups:
            return
        for part in file.iter_batches(size, row_groups=groups, use_threads=False):
            frame = pl.DataFrame(pl.from_arrow(part))
            frame, skip = frame.slice(skip), max(0, skip - len(frame))
            held = pl.concat([held, frame]) if waiting else frame
            waiting = len(held)
            while waiting >= size:
                yield held.head(size)
                held = held.slice(size)
                waiting = len(held)
    if waiting:
        yield held


def staged_frame(*, placement: Placement, table: str) -> pl.LazyFrame:
    """The canonical rows of a table without personal data; no rows where it was not sent."""
    path = _path(placement, table)
    if not placement.staged or not path.exists():
        schema = {key: kind for key, kind in TABLES[table].schema.items() if key != "sealed"}
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(path).drop("sealed", strict=False)
