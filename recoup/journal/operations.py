"""
Writing to the journal.

    with record(PromiseMade, by=actor, at=at, case=case) as event:
        promise = Promise.make(...)
        event.note(amount=promise.amount, due=promise.due)
        return event.about(promise)

The block and its event are one transaction. The head row is locked last, so that the lock that
orders all writers is held for as short a time as possible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction

from recoup.journal.chain import digest_of
from recoup.journal.kinds import Kind
from recoup.journal.models import Event, Head
from recoup.kernel import mask
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.text import canonical_json

T = TypeVar("T")
Arrow = Callable[[Event], object]

TYPED = ("reason", "source", "act")

# Filled once, by recoup.path: which operations follow an event, in the same transaction.
ARROWS: dict[str, list[Arrow]] = {}

# Filled once, by recoup.path: what hides the names of a case's people in what was typed.
HIDERS: list[Callable[[int, str], str]] = []


@dataclass(slots=True)
class Draft:
    """An event being written."""

    data: dict[str, Any] = field(default_factory=dict)
    subject: str = ""
    case: int | None = None
    book: int | None = None
    creditor: int | None = None
    position: int | None = None

    def note(self, **data: Any) -> None:
        """Add facts to the event. Tokens and figures only, never personal data."""
        self.data.update(data)

    def about(self, thing: T) -> T:
        """Say which row the event is about, and hand the row back."""
        self.subject = f"{type(thing).__name__}:{getattr(thing, 'pk', thing)}"
        return thing


def _pk(thing: Any) -> int | None:
    return thing if thing is None or isinstance(thing, int) else thing.pk


@contextmanager
def record(
    kind: Kind,
    /,
    *,
    by: Actor,
    at: datetime,
    case: Any = None,
    book: Any = None,
    creditor: Any = None,
    **data: Any,
) -> Iterator[Draft]:
    """
    Do something and append its event, both or neither.

    `case`, `book` and `creditor` are rows or ids; `book` and `creditor` are read from the row of
    the case where they are not given. Operations that `recoup.path` hangs on the kind run in the
    same transaction, after the event is written.
    """
    if book is None and case is not None and not isinstance(case, int):
        book = case.book_id
    if creditor is None and book is not None and not isinstance(book, int):
        creditor = book.creditor_id
    if creditor is None and case is not None and not isinstance(case, int):
        creditor = case.book.creditor_id
    draft = Draft(data=dict(data), case=_pk(case), book=_pk(book), creditor=_pk(creditor))
    with transaction.atomic():
        yield draft
        event = _append(kind, draft=draft, by=by, at=aware(at))
        draft.position = event.position
        for arrow in ARROWS.get(kind.name, ()):
            arrow(event)


def stand_in_line() -> None:
    """
    Take the lock that orders all writers at the beginning of a transaction.

    For operations that change rows which arrows change too: those run with the lock held, and two
    that take rows and lock in opposite orders would wait for each other.
    """
    Head.objects.select_for_update().get_or_create(pk=1)


def _append(kind: Kind, *, draft: Draft, by: Actor, at: datetime) -> Event:
    head = Head.objects.select_for_update().get_or_create(pk=1)[0]
    fields: dict[str, Any] = {
        "position": head.position + 1,
        "at": at,
        "kind": kind.name,
        "by": f"{by.kind}:{by.name}"[:80],
        "by_user": by.user,
        "creditor": draft.creditor,
        "book": draft.book,
        "case": draft.case,
        "subject": draft.subject,
        "data": canonical_json(_without_personal_data(draft)),
        "previous": head.digest,
    }
    event = Event(**fields, digest=digest_of(**fields))
    event.save(force_insert=True)
    Head.objects.filter(pk=1).update(position=event.position, digest=event.digest)
    return event


def _without_personal_data(draft: Draft) -> dict[str, Any]:
    # These are typed by people, who type phone numbers and names.
    typed = {key: draft.data[key] for key in TYPED if isinstance(draft.data.get(key), str)}
    return draft.data | {key: _hidden(text, draft.case) for key, text in typed.items()}


def _hidden(text: str, case: int | None) -> str:
    text = mask.free(text)
    if case is not None:
        for hide in HIDERS:
            text = hide(case, text)
    return text


def attach(path: Path, *, rows: int) -> dict[str, Any]:
    """
    The pointer to an immutable file that a batch event carries; `journal verify` checks it too.

    `path` lies under the data folder. The file is made read-only here.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    path.chmod(0o440)
    return {
        "file": path.relative_to(settings.DATA_DIR).as_posix(),
        "sha256": digest,
        "rows": rows,
    }
