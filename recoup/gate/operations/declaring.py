"""What somebody records of a creditor, agency, book, case, borrower or point, for the rules."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from recoup.gate.events import FactDeclared, FactWithdrawn
from recoup.gate.models import Declared
from recoup.gate.onfile import SUBJECTS
from recoup.gate.operations.computing import SOURCE
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

    It counts from `since`, else from now on. What is on file only from a later day on is another.

    :raises Invalid: for a word that no rule knows, without a source of its own, or if it would
        have ended before it begins, or by now
    """
    kind = next((kind for kind, words in WORDS.items() if word in words), None)
    if kind is None:
        raise Invalid(f"{word!r} is neither a mark nor a paper.",
                      hint=f"Use one of {', '.join(MARKS + PAPERS)}.")  # fmt: skip
    if not source.strip():
        raise Invalid(_("Say where it comes from."), hint=_("Name the letter, file or person."))
    if source.strip() == SOURCE:
        raise Invalid(_("This follows from the ledger, and is computed each night."),
                      hint=_("Name the letter, file or person."))  # fmt: skip
    start = aware(since or at)
    if until is not None and aware(until) <= max(start, aware(at)):
        raise Invalid(_("It would be over before it counts."), hint=_("Give another end."))
    owner, named = _subject(of, creditor)
    case = of if isinstance(of, Case) else None
    with record(
        FactDeclared, by=by, at=at, creditor=owner, case=case, word=word, source=source.strip()
    ) as event:
        same = {"creditor": owner, "kind": kind, "word": word, "until": until, **named}
        whose = {name: named.get(name) for name in SUBJECTS if name != "creditor"}
        rows = Declared.objects.filter(**same | whose, withdrawn_at=None, since__lte=start)
        row = rows.order_by("pk").first() or Declared.objects.create(
            **same, source=source.strip()[:120], since=start, declared_by=str(by)[:80]
        )
        event.note(kind=str(kind), since=start, until=until)
        return event.about(row)


def withdraw_declared(*, declared: Declared, reason: str, by: Actor, at: datetime) -> bool:
    """
    Take something off file; gives whether it stood.

    :raises Invalid: without a reason, or for what follows from the ledger
    """
    if not reason.strip():
        raise Invalid(_("Say why."))
    if declared.source == SOURCE:
        raise Invalid(_("This follows from the ledger, and is computed each night."),
                      hint=_("Correct the loan; the night takes it off."))  # fmt: skip
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
