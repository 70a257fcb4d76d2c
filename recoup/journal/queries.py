"""Reading the journal: timelines, the tail, and whether it is still whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from recoup.journal.chain import digest_of
from recoup.journal.kinds import Kind
from recoup.journal.models import GENESIS, Event, Head
from recoup.kernel.actors import Viewer


@dataclass(slots=True)
class Verdict:
    """What a check of the whole journal found."""

    events: int = 0
    files: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, lost or added."""
        return not self.faults


def data_of(event: Event) -> dict[str, Any]:
    """The facts of an event."""
    loaded: dict[str, Any] = json.loads(event.data)
    return loaded


def timeline(*, viewer: Viewer, case: int, limit: int = 200) -> list[Event]:
    """The newest events of a case, newest first, within the viewer's creditors."""
    rows = Event.objects.filter(case=case, creditor__in=viewer.creditors)
    return list(rows.order_by("-position")[:limit])


def tail(*, after: int, creditors: frozenset[int] | None = None, limit: int = 500) -> list[Event]:
    """The events after a position, oldest first; `creditors=None` is for jobs, not for desks."""
    rows = Event.objects.filter(position__gt=after)
    if creditors is not None:
        rows = rows.filter(creditor__in=creditors)
    return list(rows.order_by("position")[:limit])


def happened(*, kind: Kind, subject: str) -> bool:
    """Whether an event of a kind was ever written about a row (`Placement:7`)."""
    return Event.objects.filter(kind=kind.name, subject=subject).exists()


def position() -> int:
    """The position of the last event; 0 for an empty journal."""
    return Head.objects.filter(pk=1).values_list("position", flat=True).first() or 0


def verify(*, progress: Callable[[int], object] | None = None, most: int = 20) -> Verdict:
    """
    Recompute the chain and the hash of every attached file.

    Finds a changed byte, a missing or added event, a cut-off end, and a changed or lost file.
    Stops listing after `most` faults.
    """
    verdict = Verdict()
    previous, expected = GENESIS, 1
    for event in _all_events():
        if event.position != expected:
            verdict.faults.append(f"Event {expected} is missing: {event.position} follows.")
            expected = event.position
        if event.previous != previous:
            verdict.faults.append(f"Event {event.position} does not follow the one before it.")
        if event.digest != _recomputed(event):
            verdict.faults.append(f"Event {event.position} ({event.kind}) was changed.")
        _check_files(event, verdict)
        previous, expected = event.digest, expected + 1
        verdict.events += 1
        if progress and verdict.events % 1000 == 0:
            progress(verdict.events)
        if len(verdict.faults) >= most:
            return verdict
    head = Head.objects.filter(pk=1).first()
    end = (head.position, head.digest) if head else (0, GENESIS)
    if end != (expected - 1, previous):
        verdict.faults.append(
            f"The journal ends at event {expected - 1}, but its head says {end[0]}."
        )
    return verdict


def _all_events(size: int = 2000) -> Iterator[Event]:
    # By position, not one open cursor: a scan of millions of rows must not hold a transaction.
    after = 0
    while rows := list(Event.objects.filter(position__gt=after).order_by("position")[:size]):
        yield from rows
        after = rows[-1].position


def _recomputed(event: Event) -> str:
    return digest_of(
        position=event.position, at=event.at, kind=event.kind, by=event.by,
        by_user=event.by_user, creditor=event.creditor, book=event.book, case=event.case,
        subject=event.subject, data=event.data, previous=event.previous,
    )  # fmt: skip


def _check_files(event: Event, verdict: Verdict) -> None:
    if '"sha256"' not in event.data:
        return
    try:
        data = json.loads(event.data)
    except ValueError:
        return  # the chain has already said that the event was changed
    for pointer in _pointers(data):
        verdict.files += 1
        path = settings.DATA_DIR / pointer["file"]
        if not path.is_file():
            verdict.faults.append(f"Event {event.position}: the file {pointer['file']} is lost.")
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != pointer["sha256"]:
                verdict.faults.append(
                    f"Event {event.position}: the file {pointer['file']} was changed."
                )


def _pointers(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "sha256" in value and "file" in value:
            yield value
        else:
            for inner in value.values():
                yield from _pointers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pointers(inner)
