"""
What changes: taking a file in, correcting what was refused, saying what was opened.

`accept` can be killed at any moment and called again: it completes with the same result.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from recoup.intake import corrections, seeds
from recoup.intake import mapping as mappings
from recoup.intake.events import (
    PlacementAccepted,
    PlacementOpened,
    PlacementReceived,
    PlacementRejected,
    QuarantineExported,
    RowDiscarded,
)
from recoup.intake.fit import demand_book, tables_of
from recoup.intake.mapping import Mapping as MappingOf
from recoup.intake.models import Placement, QuarantinedRow
from recoup.intake.problems import kept
from recoup.intake.readers.source import Source, digest_of, open_path, open_rows
from recoup.intake.staging import Stager
from recoup.intake.values import Ways
from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid
from recoup.kernel.money import EXPONENTS
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.people.operations import TextSealer
from recoup.people.scopes import unjoined

BATCH = 2_000
REASON_LENGTH = 4
DONE = (Placement.State.ACCEPTED, Placement.State.OPENED)
mark_set_aside = corrections.mark_set_aside
UNREADABLE = (pa.ArrowException, zipfile.BadZipFile, zlib.error, UnicodeError, EOFError, OSError)


def accept(
    *, book: Book, path: Path, mapping: str, as_of: date, by: Actor, at: datetime,
    progress: Progress = quiet,
) -> Placement:  # fmt: skip
    """
    Take in a file, workbook, folder or zip.

    The same content again gives the same placement and changes nothing. Rows that are wrong are
    set aside, sealed; a file that cannot be read at all is rejected whole.

    :raises Invalid: for such a file, with every problem, and for a mapping that does not fit
    """
    path = Path(path)
    digest = digest_of(path)
    return _accept(
        _Call(book, path.name, digest, lambda: open_path(path, digest=digest), mapping, as_of, by,
              at, progress)
    )  # fmt: skip


def accept_rows(
    *, book: Book, rows: Mapping[str, Sequence[Mapping[str, Any]]] | Sequence[Mapping[str, Any]],
    mapping: str, as_of: date, by: Actor, at: datetime, source: str = "api",
    progress: Progress = quiet,
) -> Placement:  # fmt: skip
    """
    Take in rows that came through the API: a list of accounts, or a list for each table.

    :raises Invalid: as `accept`
    """
    tables = rows if isinstance(rows, Mapping) else {"accounts": rows}
    opened = open_rows(tables, name=source)
    return _accept(
        _Call(book, source, opened.digest, lambda: opened, mapping, as_of, by, at, progress)
    )


def replay(
    *, placement: Placement, path: Path, by: Actor, at: datetime, progress: Progress = quiet
) -> Placement:
    """
    Take in the corrected file of `export_quarantine` as a placement of its own.

    Its rows leave the quarantine of the placement that they correct; those still wrong are set
    aside again, in the new one.

    :raises Invalid: if a row of the file is none of the open ones, or it was taken in as another
    """
    path = Path(path)
    digest = digest_of(path)
    call = _Call(
        placement.book, path.name, digest,
        lambda: corrections.open_corrected(path, placement=placement, digest=digest),
        placement.mapping, placement.as_of, by, at, progress, corrects=placement,
    )  # fmt: skip
    return _accept(call)


def export_quarantine(
    *, viewer: Viewer, placement: Placement, path: Path, reason: str, at: datetime
) -> int:
    """
    Write the open refused rows as a CSV that a clerk can correct; gives how many.

    They hold personal data in clear, so a reason is asked for and an event kept. Where no row
    waits, no file is written.

    :raises Refused: unless the viewer may correct rows
    :raises Invalid: without a reason, or for another creditor's placement
    """
    if len(reason.strip()) < REASON_LENGTH:
        raise Invalid("Say why these rows are written out.", hint="A few words are enough.")
    with record(
        QuarantineExported, by=viewer.actor(), at=at, book=placement.book, reason=reason.strip()
    ) as event:
        count = corrections.export(viewer=viewer, placement=placement, path=Path(path))
        event.note(count=count)
        event.about(placement)
    return count


def try_out(*, path: Path, mapping: str) -> None:
    """
    Go on only if a file can be read and fits a mapping, before anything is kept.

    :raises Invalid: if it cannot be read, does not fit, or holds no rows
    """
    try:
        tables = tables_of(open_path(path), mappings.load(mapping), has_accounts=False)
        rows = any(
            len(batch.frame) or batch.broken for _, part in tables for batch in part.batches()
        )
    except UNREADABLE as error:
        raise _unreadable(path.name, error) from None
    if not rows:
        raise _without_rows(path.name)


def discard(*, row: QuarantinedRow, reason: str, by: Actor, at: datetime) -> None:
    """
    Give up a refused row for good. It is kept, sealed.

    :raises Invalid: without a reason, or if the row was already replayed or discarded
    """
    if len(reason.strip()) < REASON_LENGTH:
        raise Invalid("Say why this row is discarded.", hint="A few words are enough.")
    with record(
        RowDiscarded, by=by, at=at, book=row.placement.book, reason=reason.strip(),
        table=row.table, row=row.row_number,
    ) as event:  # fmt: skip
        moved = (
            unjoined(QuarantinedRow)
            .filter(pk=row.pk, state=QuarantinedRow.State.OPEN)
            .update(state=QuarantinedRow.State.DISCARDED, resolved_at=at, resolved_by=str(by)[:80])
        )
        if not moved:
            raise Invalid("This row was already replayed or discarded.")
        event.about(row)
    row.refresh_from_db()


def mark_opened(
    *, placement: Placement, rows: int, done: bool, by: Actor, at: datetime
) -> Placement:
    """
    Say how many rows of a placement were opened so far, and whether that is all.

    `rows` is the total, so that saying it again after a kill changes nothing.

    :raises Invalid: for a placement that was not accepted
    """
    if placement.state not in DONE:
        raise Invalid(f"The placement {placement.pk} was not accepted.")
    state = Placement.State.OPENED if done else placement.state
    if done and placement.state != Placement.State.OPENED:
        with record(PlacementOpened, by=by, at=at, book=placement.book, rows=rows) as event:
            Placement.objects.filter(pk=placement.pk).update(rows_opened=rows, state=state)
            event.about(placement)
    else:
        Placement.objects.filter(pk=placement.pk).update(rows_opened=rows)
    placement.refresh_from_db()
    return placement


@dataclass(frozen=True)
class _Call:
    book: Book
    name: str
    digest: str
    open: Callable[[], Source]
    mapping: str
    as_of: date
    by: Actor
    at: datetime
    progress: Progress
    corrects: Placement | None = None


def _accept(call: _Call) -> Placement:
    mapping = mappings.load(call.mapping)
    demand_book(call.book, mapping, as_of=call.as_of, at=call.at)
    with _one_at_a_time(call.book):
        before = Placement.objects.filter(
            book=call.book, digest=call.digest, mapping=call.mapping
        ).first()
        if before is not None and before.state in DONE:
            _demand_the_same(call, before)
            return before
        try:
            source = call.open()
            tables = tables_of(source, mapping, has_accounts=seeds.has_accounts(call.book))
        except UNREADABLE as error:
            raise _rejected(call, mapping, before, _unreadable(call.name, error)) from None
        except Invalid as error:
            raise _rejected(call, mapping, before, error) from None
        placement = before or _received(call, mapping)
        stager = _stager(call, mapping, placement)
        try:
            files = stager.stage(tables)
            _demand_rows(call.name, stager, tables)
        except UNREADABLE as error:
            raise _rejected(call, mapping, placement, _unreadable(call.name, error)) from None
        except Invalid as error:
            raise _rejected(call, mapping, placement, error) from None
        source.notices += [note for _, part in tables for note in part.notices]
        source.notices += stager.notices
        return _commit(call, placement, stager, files, source)


def _demand_the_same(call: _Call, before: Placement) -> None:
    """A file is a lender's or the correction of one placement; never first one, then the other."""
    if call.corrects is None or before.corrects_id == call.corrects.pk:
        return
    what = (
        f"corrects placement {before.corrects_id}" if before.corrects_id else "is a lender's file"
    )
    raise Invalid(
        f"{call.name} was taken in before as placement {before.pk} and {what}; it corrects nothing "
        f"of placement {call.corrects.pk}.",
        hint="Export the refused rows, correct that file and replay it.",
    )


def _unreadable(name: str, error: BaseException) -> Invalid:
    return Invalid(
        f"{name} could not be read to its end ({type(error).__name__}).",
        hint="It may have been cut off or changed on its way; send it again.",
    )


def _demand_rows(name: str, stager: Stager, tables: Sequence[Any]) -> None:
    if not any(counts.read for counts in stager.counts.values()):
        raise _without_rows(name)


def _without_rows(name: str) -> Invalid:
    return Invalid(
        f"{name} has a header but no rows.", hint="Check that the export was not cut off."
    )


@contextmanager
def _one_at_a_time(book: Book) -> Iterator[None]:
    """One intake for a book at a time; the lock ends with the process, however that ends."""
    folder = Path(settings.DATA_DIR) / "placements"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"book-{book.pk}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _folder(placement: Placement) -> Path:
    return Path(settings.DATA_DIR) / "placements" / str(placement.pk)


def _fields(call: _Call, mapping: MappingOf) -> dict[str, Any]:
    return {
        "book": call.book, "source": call.name[:200], "digest": call.digest,
        "mapping": mapping.name, "mapping_version": mapping.version, "as_of": call.as_of,
        "received_at": call.at, "corrects": call.corrects,
    }  # fmt: skip


def _received(call: _Call, mapping: MappingOf) -> Placement:
    with record(
        PlacementReceived, by=call.by, at=call.at, book=call.book, mapping=mapping.name,
        version=mapping.version, sha256=call.digest,
    ) as event:  # fmt: skip
        return event.about(Placement.objects.create(**_fields(call, mapping)))


def _rejected(call: _Call, mapping: MappingOf, before: Placement | None, error: Invalid) -> Invalid:
    """Keep the placement as rejected with its problem, once; gives the error back."""
    placement = before or Placement(**_fields(call, mapping))
    told = placement.state == Placement.State.REJECTED and placement.problem == str(error)
    if not told:
        with record(
            PlacementRejected,
            by=call.by,
            at=call.at,
            book=call.book,
            mapping=mapping.name,
            sha256=call.digest,
            reason=error.message,
        ) as event:
            placement.state, placement.problem = Placement.State.REJECTED, str(error)
            placement.save()
            event.about(placement)
    shutil.rmtree(_folder(placement), ignore_errors=True)
    return error


def _stager(call: _Call, mapping: MappingOf, placement: Placement) -> Stager:
    ways = Ways(
        as_of=call.as_of, currency=call.book.currency, exponent=EXPONENTS[call.book.currency],
        unit=mapping.unit, dates=mapping.dates, largest=mapping.largest,
        time_zone=mapping.time_zone or call.book.time_zone,
    )  # fmt: skip
    return Stager(
        placement=placement.pk, folder=_folder(placement), ways=ways, missing=mapping.missing,
        known=seeds.known(call.book, placement=placement, corrects=call.corrects),
        sealer=TextSealer(), progress=call.progress, unescape=call.corrects is not None,
    )  # fmt: skip


def _commit(
    call: _Call, placement: Placement, stager: Stager, files: Sequence[tuple[Path, int]],
    source: Source,
) -> Placement:  # fmt: skip
    """The counters, the refused rows and the event: all of them in one transaction."""
    counts = {name: row.plain() for name, row in stager.counts.items()}
    total = {
        key: sum(row[key] for row in counts.values()) for key in ("read", "accepted", "refused")
    }
    *tables, (refused, _) = files
    with record(
        PlacementAccepted, by=call.by, at=call.at, book=call.book, **total,
        not_for_collection=sum(row["not_for_collection"] for row in counts.values()),
        corrects=call.corrects.pk if call.corrects else None,
    ) as event:  # fmt: skip
        QuarantinedRow.objects.filter(placement=placement).delete()
        _quarantine(placement, refused, call.progress)
        if call.corrects:
            corrections.mark_replayed(
                corrects=call.corrects, numbers=source.corrected, by=call.by, at=call.at
            )
        placement.state = Placement.State.ACCEPTED
        placement.staged = _folder(placement).relative_to(settings.DATA_DIR).as_posix()
        placement.rows_read, placement.rows_accepted = total["read"], total["accepted"]
        placement.rows_refused = total["refused"]
        placement.counts, placement.notices, placement.problem = counts, source.notices, ""
        placement.as_of, placement.mapping_version = call.as_of, mappings.load(call.mapping).version
        placement.save()
        event.note(files=[attach(path, rows=rows) for path, rows in tables])
        event.about(placement)
    refused.unlink(missing_ok=True)
    return placement


def _quarantine(placement: Placement, refused: Path, progress: Progress) -> None:
    with pq.ParquetFile(refused) as file:
        done, total = 0, file.metadata.num_rows
        for part in file.iter_batches(BATCH, use_threads=False):
            QuarantinedRow.objects.bulk_create(
                [
                    QuarantinedRow(
                        placement=placement, table=row["table"], row_number=row["row_number"],
                        problems=[kept(item) for item in json.loads(row["problems"])], raw=row["raw"],
                    )
                    for row in part.to_pylist()
                ]
            )  # fmt: skip
            done += part.num_rows
            progress("quarantine", done, total)
