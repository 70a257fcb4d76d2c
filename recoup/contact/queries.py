"""What is asked: what was sent to whom, what is unknown, what came back."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
from django.db.models import F, QuerySet

from recoup.contact.models import Attempt, Receipt, Reply
from recoup.contact.operations.parcels import content_of
from recoup.kernel.actors import Viewer
from recoup.kernel.errors import Refused
from recoup.people import scopes
from recoup.people.models import Book
from recoup.people.operations import TextSealer
from recoup.portfolio.models import Case

FRAME = {
    "attempt": pl.Int64, "case": pl.Int64, "channel": pl.String, "state": pl.String,
    "reserved_at": pl.Datetime("us", "UTC"), "segments": pl.Int64, "cost": pl.Int64,
    "decision": pl.Int64,
}  # fmt: skip


def attempts(*, viewer: Viewer, case: Case) -> QuerySet[Attempt]:
    """The contacts made in a case, newest first; `outcome` is what a call came to."""
    rows = Attempt.objects.filter(case=case).select_related("contact_point")
    rows = rows.annotate(outcome=F("permit__settled_as"))
    return scopes.visible(rows, viewer, case="case__").order_by("-reserved_at", "-pk")


def open_calls(*, viewer: Viewer, case: Case, asked: str) -> QuerySet[Attempt]:
    """
    The calls of a case that nobody has said the outcome of yet, newest first: those for which leave
    was asked under keys that begin with `asked`.
    """
    rows = Attempt.objects.filter(
        case=case, channel="call", state=Attempt.State.ACCEPTED,
        permit__request_key__startswith=asked,
    ).select_related("permit", "case", "contact_point__sealed__person")  # fmt: skip
    return scopes.visible(rows, viewer, case="case__").order_by("-reserved_at", "-pk")


def receipts(*, viewer: Viewer, attempt: Attempt) -> QuerySet[Receipt]:
    """What the carrier said of a contact, oldest first."""
    rows = Receipt.objects.filter(attempt=attempt)
    return scopes.visible(rows, viewer, case="attempt__case__").order_by("at", "pk")


def unknowns(*, viewer: Viewer, book: Book) -> QuerySet[Attempt]:
    """Contacts of which nobody knows whether they were made, oldest first. Never sent again."""
    rows = Attempt.objects.filter(book=book, state=Attempt.State.UNKNOWN)
    return scopes.visible(rows, viewer, case="case__").order_by("reserved_at", "pk")


def replies(*, viewer: Viewer, book: Book, handled: bool = False) -> QuerySet[Reply]:
    """
    What borrowers wrote, oldest first; of unknown senders only for those who see all teams.
    """
    rows = Reply.objects.filter(book=book, handled_at__isnull=not handled)
    rows = scopes.visible(rows, viewer, case="case__", creditor="book__creditor")
    return rows.select_related("case__borrower").order_by("at", "pk")


def content(*, viewer: Viewer, attempt: Attempt) -> tuple[str, str]:
    """
    The subject and text of a contact. :raises Refused: if the viewer may not see its case
    """
    rows = Attempt.objects.filter(pk=attempt.pk)
    if not scopes.visible(rows, viewer, case="case__").exists():
        raise Refused("This contact is not yours to read.", rules=("people.tenant",))
    return content_of(attempt)


def words(*, viewer: Viewer, reply: Reply) -> str:
    """
    What a borrower wrote. :raises Refused: if the viewer may not see the reply
    """
    rows = Reply.objects.filter(pk=reply.pk)
    seen = scopes.visible(rows, viewer, case="case__", creditor="book__creditor")
    if scopes.SEE_CASES not in viewer.may or not seen.exists():
        raise Refused("This reply is not yours to read.", rules=("people.tenant",))
    opened = TextSealer().unseal(bytes(reply.text), label=f"reply:{reply.provider_id}")
    text: str = json.loads(opened)["text"]
    return text


def attempt_frame(*, book: Book, since: datetime) -> pl.DataFrame:
    """The contacts since an instant, in columns, without personal data."""
    rows = Attempt.objects.filter(book=book, reserved_at__gte=since).values_list(
        "pk", "case", "channel", "state", "reserved_at", "segments", "cost", "permit__decision"
    )
    return pl.DataFrame(list(rows.iterator(5000)), schema=FRAME, orient="row")
