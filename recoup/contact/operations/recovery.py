"""What a crash or a silent carrier left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from recoup.contact import carriers
from recoup.contact.channels.base import Answer, Channel, Handed, Parcel, Status
from recoup.contact.events import LeftUnknown
from recoup.contact.handing import nobody_hands
from recoup.contact.models import Attempt
from recoup.contact.operations.outbox import Clock, Result, hand_over, record_results
from recoup.contact.operations.parcels import attempts_with_parts, parcels
from recoup.contact.operations.receipts import News, take_receipts
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed, Refused
from recoup.people.models import Book
from recoup.people.scopes import unjoined

S = Attempt.State
FEW = 200
INTERRUPTED = "interrupted while handing over"
HUNG = timedelta(minutes=20)  # longer than the carriers' time limits for one lot together


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many were found interrupted, how many are clear now, how many stay unknown."""

    interrupted: int = 0
    clear: int = 0
    unknown: int = 0


def recover(*, book: Book, by: Actor, at: datetime, clock: Clock | None = None) -> Recovered:
    """
    Clear up what was left behind, asking the carriers. Can be run any number of times, and while
    others send.

    Attempts in handing become unknown, unless a living process is handing over: then only those
    that have been in its hands for `HUNG`. An unknown one gets the state that its carrier tells;
    one that the carrier never saw is handed over again, under the same key, only if the carrier
    drops second keys itself. All others stay unknown and are listed for people. Attempts that were
    reserved and never begun are handed over if the law still allows it.
    """
    interrupted = _interrupted(book, by=by, at=at)
    clear = 0
    for name in carriers.CHANNELS:
        rows = attempts_with_parts(
            Attempt.objects.filter(
                book=book, channel=name, state__in=(S.UNKNOWN, S.RESERVED), reserved_at__lte=at
            ).order_by("pk")
        )
        left = list(rows)
        if left:
            clear += _clear(book, name, left, by=by, at=at, clock=clock)
    unknown = Attempt.objects.filter(book=book, state=S.UNKNOWN).count()
    return Recovered(interrupted, clear, unknown)


def _interrupted(book: Book, *, by: Actor, at: datetime) -> int:
    with nobody_hands(book) as alone:
        before = at if alone else at - HUNG
        rows = Attempt.objects.filter(book=book, state=S.HANDING).filter(
            Q(handed_at=None) | Q(handed_at__lte=before)
        )
        keys = list(rows.values_list("pk", flat=True))
        if not keys:
            return 0
        with record(LeftUnknown, by=by, at=at, book=book, count=len(keys), attempts=keys):
            unjoined(Attempt).filter(pk__in=keys, state=S.HANDING).update(
                state=S.UNKNOWN, problem=INTERRUPTED
            )
        return len(keys)


def _clear(
    book: Book, name: str, rows: Sequence[Attempt], *, by: Actor, at: datetime,
    clock: Clock | None,
) -> int:  # fmt: skip
    try:
        channel = carriers.carrier_for(book, name)
    except Failed:
        return 0  # nobody to ask: they stay as they are
    try:
        cleared = 0
        for start in range(0, len(rows), FEW):
            few = rows[start : start + FEW]
            unknown = [row for row in few if row.state == S.UNKNOWN]
            waiting = [row for row in few if row.state == S.RESERVED]
            cleared += _ask_all(channel, unknown, by=by, at=at, clock=clock) if unknown else 0
            if waiting:
                cleared += len(hand_over(channel, waiting, by=by, at=at, clock=clock, lain=True))
        return cleared
    finally:
        channel.close()


def _ask_all(
    channel: Channel, rows: Sequence[Attempt], *, by: Actor, at: datetime, clock: Clock | None
) -> int:
    results: list[Result] = []
    news: list[News] = []
    again: list[Attempt] = []
    for row, parcel in zip(rows, parcels(rows), strict=True):
        if row.carrier != channel.carrier:
            continue  # it went another way; that carrier must be asked by a person
        answer = _ask(channel, row, parcel)
        if answer.status == Status.NEVER_SEEN and channel.idempotent:
            again.append(row)
        elif answer.status in (Status.ACCEPTED, Status.DELIVERED, Status.UNDELIVERED):
            handed = Handed(answer.provider_id or row.provider_id, row.segments, row.cost)
            results.append(Result(row, S.ACCEPTED, handed=handed))
            if answer.status != Status.ACCEPTED:
                news.append(News(answer.status, at, key=row.key, detail=answer.detail))
        elif answer.status == Status.FAILED:
            results.append(Result(row, S.FAILED, problem=answer.detail))
    if again:
        unjoined(Attempt).filter(pk__in=[row.pk for row in again], state=S.UNKNOWN).update(
            state=S.RESERVED
        )
        done = hand_over(channel, again, by=by, at=at, clock=clock, lain=True)
        again = [row for row in done if row.state != S.UNKNOWN]
    if results:
        record_results(channel, results, by=by, at=at)
    if news:
        take_receipts(carrier=channel.carrier, news=news, at=at, by=by)
    return len(results) + len(again)


def _ask(channel: Channel, row: Attempt, parcel: Parcel) -> Answer:
    try:
        return channel.ask(parcel, provider_id=row.provider_id)
    except (Failed, Refused):
        return Answer(Status.UNKNOWN)
