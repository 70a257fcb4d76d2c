"""The law that binds a book: its country's packs, and what its creditor lays over them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.people.events import RulesLaid, RulesLifted
from recoup.people.models import Book, Creditor
from recoup.rulebook import engine, overlay
from recoup.rulebook.engine import Rulebook
from recoup.rulebook.overlay import Overlay


def law_of(book: Book, at: datetime) -> Rulebook:
    """
    The rules and numbers that bind a book at an instant.

    :raises Invalid: if there are none for its country, or what its creditor lays over them does not
        load: then nobody is contacted
    """
    return engine.load(book.jurisdiction, at, overlay=laid(book.creditor))


def laid(creditor: Creditor) -> Overlay | None:
    """What a creditor lays over the law, if it does."""
    path = _path(creditor)
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read(path, changed)


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> Overlay:
    found = overlay.read(path)
    if found.is_what_if:
        # `lay` takes none; whoever can write the file must not switch the law off with one either.
        raise Invalid(f"{path.name} is a what-if, for replay only.", hint="Lay a tenant's rules.")
    return found


def lay(*, creditor: Creditor, source: str, jurisdiction: str, by: Actor, at: datetime) -> Overlay:
    """
    Lay a creditor's own rules over the law: tighter numbers, house rules on or off.

    :raises Invalid: if the text does not load, loosens the law, or is a what-if
    """
    path = _path(creditor)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(source, encoding="utf-8")
    try:
        found = overlay.read(draft)
        if found.is_what_if:
            raise Invalid("This is a what-if, for replay only.", hint="Say `layer: tenant`.")
        engine.load(jurisdiction, at, overlay=found)
        with record(
            RulesLaid, by=by, at=at, creditor=creditor, name=found.name, digest=found.digest,
            # The text itself, so that verdicts given under it can be had again.
            text=source,
        ) as event:  # fmt: skip
            draft.replace(path)
            event.about(creditor)
    finally:
        draft.unlink(missing_ok=True)
    return found


def lift(*, creditor: Creditor, by: Actor, at: datetime) -> bool:
    """Take a creditor's own rules away; gives whether there were any."""
    path = _path(creditor)
    if not path.exists():
        return False
    with record(RulesLifted, by=by, at=at, creditor=creditor, name=path.name) as event:
        path.unlink()
        event.about(creditor)
    return True


def _path(creditor: Creditor) -> Path:
    folder: Path = settings.DATA_DIR / "rules"
    return folder / f"{creditor.code}.yaml"
