"""Asking the rulebook about contacts with their counts, for a request and again for a use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from recoup.gate import counters
from recoup.gate.gather import Ask, Contact, gather
from recoup.gate.models import Permit
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.people.models import Book
from recoup.rulebook.verdict import Outcome, Verdict


def judge(contacts: Sequence[Contact], at: datetime) -> list[Verdict]:
    """The verdict on each contact; where no law is written down, nothing is allowed."""
    verdicts: dict[int, Verdict] = {}
    places: dict[Book, list[int]] = {}
    for place, contact in enumerate(contacts):
        places.setdefault(contact.case.book, []).append(place)
    for whose, some in places.items():
        try:
            book = law_of(whose, at)
        except Invalid:
            verdicts |= dict.fromkeys(some, _no_rulebook())
            continue
        approved = {
            place: contacts[index].approved
            for place, index in enumerate(some) if contacts[index].approved
        }  # fmt: skip
        judged = book.judge_many([contacts[place].facts for place in some], at, approved=approved)
        verdicts |= {place: judged.verdict(i) for i, place in enumerate(some)}
    return [verdicts[place] for place in range(len(contacts))]


def _no_rulebook() -> Verdict:
    return Verdict(Outcome.REFUSE, (), (), (), None, "")


def forbidden(
    permits: Sequence[Permit], *, at: datetime, session: Mapping[str, object] | None = None
) -> dict[str, Verdict]:
    """
    The permits whose contact the law forbids by now, with the verdict.

    What the permits themselves hold of the counters is not held against them.
    """
    if not permits:
        return {}
    asks = [
        Ask(row.case_id, row.channel, row.contact_point_id, "", row.decision_id, own=row)
        for row in permits
    ]
    contacts = gather(asks, at=at, session=session)
    keys = {key for contact in contacts for claim in contact.claims for key in claim.keys}
    rows = counters.read(keys, lock=False)
    for contact in contacts:
        contact.count(rows, at)
    verdicts = judge(contacts, at)
    return {
        row.pk: verdict
        for row, verdict in zip(permits, verdicts, strict=True)
        if not verdict.is_allowed
    }
