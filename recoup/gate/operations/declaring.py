"""What somebody records of a creditor, agency, book, case, borrower or point, for the rules."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from recoup.gate.events import FactDeclared, FactWithdrawn
from recoup.gate.models import Declared
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid
from recoup.people.models import Agency, Book, Creditor
from recoup.people.scopes import unjoined
from recoup.portfolio.models import Borrower, Case, ContactPoint
from recoup.rulebook.vocabulary import MARKS, PAPERS

WORDS = {Declared.Kind.MARK: MARKS, Declared.Kind.PAPER: PAPERS}
Subject = Creditor | Agency | Book | Case | Borrower | ContactPoint


def declare(
    *, word: str, of: Subject, source: str, by: Actor, at: datetime,
    creditor: Creditor | None = None, until: datetime | None = None,
    since: datetime | None = None,
) -> Declared:  # fmt: skip
    """
    Put a mark or a paper on file; twice is once. An agency's is on file with one `creditor`.

    It counts from `since`, else from now on.

    :raises Invalid: for a word that no rule knows, or without a source
    """
    kind = next((kind for kind, words in WORDS.items() if word in words), None)
    if kind is None:
        raise Invalid(f"{word!r} is neither a mark nor a paper.",
                      hint=f"Use one of {', '.join(MARKS + PAPERS)}.")  # fmt: skip
    if not source.strip():
        raise Invalid(_("Say where it comes from."), hint=_("Name the letter, file or person."))
    owner, named = _subject(of, creditor)
    case = of if isinstance(of, Case) else None
    with record(
        FactDeclared, by=by, at=at, creditor=owner, case=case, word=word, source=source.strip()
    ) as event:
        row, _made = Declared.objects.get_or_create(
            creditor=owner, kind=kind, word=word, withdrawn_at=None, until=until, **named,
            defaults={"source": source.strip()[:120], "since": aware(since or at),
                      "declared_by": str(by)[:80]},
        )  # fmt: skip
        event.note(kind=str(kind), since=since or at, until=until)
        return event.about(row)


def withdraw_declared(*, declared: Declared, reason: str, by: Actor, at: datetime) -> bool:
    """
    Take something off file; gives whether it stood. :raises Invalid: without a reason
    """
    if not reason.strip():
        raise Invalid(_("Say why."))
    with record(
        FactWithdrawn, by=by, at=at, creditor=declared.creditor, case=declared.case,
        word=declared.word, reason=reason.strip(),
    ) as event:  # fmt: skip
        event.about(declared)
        rows = unjoined(Declared).filter(pk=declared.pk, withdrawn_at=None)
        return bool(rows.update(withdrawn_at=aware(at)))


def _subject(of: Subject, creditor: Creditor | None) -> tuple[Creditor, dict[str, Subject]]:
    """The creditor that it is on file with, and the column it is declared of."""
    match of:
        case Creditor():
            return of, {}
        case Agency():
            if creditor is None:
                raise Invalid("Say for which creditor this is on file.")
            return creditor, {"agency": of}
        case Book():
            return of.creditor, {"book": of}
        case Case():
            return of.book.creditor, {"case": of}
        case Borrower():
            return of.book.creditor, {"borrower": of}
        case ContactPoint():
            return of.borrower.book.creditor, {"contact_point": of}
