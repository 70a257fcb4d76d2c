"""
What carriers say afterwards. The same receipt twice is one; order does not matter; delivered is
final.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from recoup.contact.events import Settled
from recoup.contact.models import Attempt, Receipt
from recoup.contact.operations.outbox import tell_outcomes
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.people.scopes import unjoined

CARRIER = Actor.system("carrier")
S = Attempt.State
# A receipt moves an attempt only upwards.
RANK = {
    S.RESERVED: 0, S.HANDING: 1, S.UNKNOWN: 2, S.FAILED: 2, S.ACCEPTED: 3, S.UNDELIVERED: 4,
    S.DELIVERED: 5,
}  # fmt: skip
STATUSES = (S.ACCEPTED, S.DELIVERED, S.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class News:
    """One receipt: the carrier's id or our key, the status, when, and the carrier's own code."""

    status: str
    at: datetime
    provider_id: str = ""
    key: str = ""
    detail: str = ""


def take_receipt(
    *, carrier: str, status: str, at: datetime, provider_id: str = "", key: str = "",
    detail: str = "",
) -> Attempt:  # fmt: skip
    """
    Take in one receipt.

    :raises Invalid: for a status that is none of `STATUSES`, or if no attempt of ours is meant
    """
    news = News(status=status, at=at, provider_id=provider_id, key=key, detail=detail)
    if take_receipts(carrier=carrier, news=[news], at=at) == 0:
        raise Invalid("This receipt is for nothing that was sent from here.")
    return _meant(carrier, [news])[0][1]


def take_receipts(*, carrier: str, news: Sequence[News], at: datetime, by: Actor = CARRIER) -> int:
    """
    Take in receipts of one carrier, in one transaction; gives how many were for us.

    Writes one event for the attempts that moved, and none if nothing is new.

    :raises Invalid: for a status that is none of `STATUSES`
    """
    unknown = sorted({item.status for item in news} - set(STATUSES))
    if unknown:
        raise Invalid(f"{unknown[0]!r} is not a status.", hint=f"Use {', '.join(STATUSES)}.")
    found = _meant(carrier, news)
    by_book: dict[int, list[tuple[News, Attempt]]] = {}
    for item, attempt in found:
        by_book.setdefault(attempt.book_id, []).append((item, attempt))
    for pairs in by_book.values():
        _take(pairs, by=by, at=at)
    return len(found)


def _meant(carrier: str, news: Sequence[News]) -> list[tuple[News, Attempt]]:
    mine = Attempt.objects.filter(carrier=carrier).select_related("book")
    by_key = {a.key: a for a in mine.filter(key__in=[n.key for n in news if n.key])}
    ids = [n.provider_id for n in news if n.provider_id and n.key not in by_key]
    by_id = {a.provider_id: a for a in mine.filter(provider_id__in=ids)} if ids else {}
    pairs = ((item, by_key.get(item.key) or by_id.get(item.provider_id)) for item in news)
    return [(item, attempt) for item, attempt in pairs if attempt is not None]


def _take(pairs: Sequence[tuple[News, Attempt]], *, by: Actor, at: datetime) -> None:
    with transaction.atomic():
        Receipt.objects.bulk_create(
            (
                Receipt(attempt=attempt, at=item.at, status=item.status, detail=item.detail[:120])
                for item, attempt in pairs
            ),
            ignore_conflicts=True,
        )
        keys = {attempt.pk for _, attempt in pairs}
        rows = {
            row.pk: row
            for row in Attempt.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=keys).select_related("book").order_by("pk")
        }  # fmt: skip
        moved: dict[int, tuple[Attempt, datetime, str]] = {}
        changes: dict[int, dict[str, Any]] = {}
        for item, attempt in sorted(pairs, key=lambda pair: RANK[S(pair[0].status)]):
            row = rows[attempt.pk]
            if change := _move(row, item):
                moved[row.pk] = (row, item.at, item.status)
                changes.setdefault(row.pk, {}).update(change)
        _write(changes)
        told = [row for row in moved.values() if row[2] != S.ACCEPTED]
        tell_outcomes(told, by=by, at=at)


def _move(row: Attempt, item: News) -> dict[str, Any]:
    """Move a row on by a receipt; gives what changed, nothing if it had come further already."""
    if RANK[S(item.status)] <= RANK[S(row.state)]:
        return {}
    change = {
        "state": item.status,
        "settled_at": None if item.status == S.ACCEPTED else item.at,
        "problem": item.detail[:200] if item.status == S.UNDELIVERED else "",
    }
    if item.provider_id and not row.provider_id:
        change["provider_id"] = item.provider_id
    for name, value in change.items():
        setattr(row, name, value)
    return change


def _write(changes: Mapping[int, Mapping[str, Any]]) -> None:
    # Receipts come by the hundred and mostly say the same: one update for each thing said.
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    for pk, change in changes.items():
        alike.setdefault(tuple(sorted(change.items())), []).append(pk)
    for change, keys in alike.items():
        unjoined(Attempt).filter(pk__in=keys).update(**dict(change))


def settle(*, attempt: Attempt, state: str, reason: str, by: Actor, at: datetime) -> Attempt:
    """
    Say what became of an unknown attempt, after a person asked the carrier.

    :raises Invalid: if it is not unknown, the state is no end, or no reason is given
    """
    if state not in (S.ACCEPTED, S.DELIVERED, S.UNDELIVERED, S.FAILED):
        raise Invalid(f"An unknown contact cannot become {state!r}.")
    if not reason.strip():
        raise Invalid("Say how you know.", hint="Name the carrier's answer.")
    with record(
        Settled, by=by, at=at, case=attempt.case, channel=attempt.channel, state=state,
        reason=reason.strip(),
    ) as event:  # fmt: skip
        changed = (
            unjoined(Attempt)
            .filter(pk=attempt.pk, state=S.UNKNOWN)
            .update(state=state, problem=reason.strip()[:200], settled_at=at)
        )
        if not changed:
            raise Invalid("This contact is not unknown any more.", hint="Load the page again.")
        attempt.refresh_from_db()
        if state in (S.DELIVERED, S.UNDELIVERED):
            tell_outcomes([(attempt, at, state)], by=by, at=at)
        return event.about(attempt)
