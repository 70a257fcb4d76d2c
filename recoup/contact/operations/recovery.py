"""What a crash or a silent carrier left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recoup.contact import carriers
from recoup.contact.channels.base import Answer, Channel, Handed, Parcel, Status
from recoup.contact.events import LeftUnknown
from recoup.contact.models import Attempt
from recoup.contact.operations.outbox import Result, hand_over, record_results
from recoup.contact.operations.parcels import attempts_with_parts, parcels
from recoup.contact.operations.receipts import News, take_receipts
from recoup.gate.models import OptOut, Stop
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed
from recoup.people.models import Book
from recoup.people.scopes import unjoined

S = Attempt.State
FEW = 200
INTERRUPTED = "interrupted while handing over"
TOO_LATE = "not taken, and by now the permit ran out or contact was refused"


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many were found interrupted, how many are clear now, how many stay unknown."""

    interrupted: int = 0
    clear: int = 0
    unknown: int = 0


def recover(
    *, book: Book, by: Actor, at: datetime, older_than: timedelta = timedelta(0)
) -> Recovered:
    """
    Clear up what was left behind, asking the carriers. Can be run any number of times.

    Attempts in handing become unknown. An unknown one gets the state that its carrier tells; one
    that the carrier never saw is handed over again, under the same key, only if the carrier drops
    second keys itself. All others stay unknown and are listed for people. Attempts that were
    reserved and never begun are handed over if their permit still stands.
    """
    before = at - older_than
    interrupted = _interrupted(book, before, by=by, at=at)
    clear = 0
    for name in carriers.CHANNELS:
        rows = attempts_with_parts(
            Attempt.objects.filter(
                book=book, channel=name, state__in=(S.UNKNOWN, S.RESERVED),
                reserved_at__lte=before,
            ).order_by("pk")
        )  # fmt: skip
        left = list(rows)
        if left:
            clear += _clear(book, name, left, by=by, at=at)
    unknown = Attempt.objects.filter(book=book, state=S.UNKNOWN).count()
    return Recovered(interrupted, clear, unknown)


def _interrupted(book: Book, before: datetime, *, by: Actor, at: datetime) -> int:
    rows = Attempt.objects.filter(book=book, state=S.HANDING, handed_at__lte=before)
    keys = list(rows.values_list("pk", flat=True))
    if not keys:
        return 0
    with record(LeftUnknown, by=by, at=at, book=book, count=len(keys), attempts=keys):
        unjoined(Attempt).filter(pk__in=keys, state=S.HANDING).update(
            state=S.UNKNOWN, problem=INTERRUPTED
        )
    return len(keys)


def _clear(book: Book, name: str, rows: Sequence[Attempt], *, by: Actor, at: datetime) -> int:
    try:
        channel = carriers.carrier_for(book, name)
    except Failed:
        return 0  # nobody to ask: they stay as they are
    try:
        cleared = 0
        for start in range(0, len(rows), FEW):
            few = rows[start : start + FEW]
            unknown = [row for row in few if row.state == S.UNKNOWN]
            begun = [row for row in few if row.state == S.RESERVED]
            cleared += _ask_all(channel, unknown, by=by, at=at) if unknown else 0
            cleared += _begin(channel, begun, by=by, at=at) if begun else 0
        return cleared
    finally:
        channel.close()


def _may_still_go(row: Attempt, at: datetime) -> bool:
    """Whether the permit stands and nobody has refused or stopped contact since it was issued."""
    since = row.permit.issued_at
    return (
        row.permit.expires_at > at
        and not OptOut.objects.filter(
            borrower=row.case.borrower_id, lifted_at=None, at__gte=since
        ).exists()
        and not Stop.objects.filter(case=row.case_id, lifted_at=None, since__gte=since).exists()
    )


def _begin(channel: Channel, rows: Sequence[Attempt], *, by: Actor, at: datetime) -> int:
    """Hand over what was only reserved; give up what may not be sent any more."""
    standing = [row for row in rows if _may_still_go(row, at)]
    late = [row for row in rows if row not in standing]
    if standing:
        hand_over(channel, standing, by=by, at=at)
    if late:
        unjoined(Attempt).filter(pk__in=[row.pk for row in late]).update(state=S.HANDING)
        results = [Result(row, S.FAILED, problem=TOO_LATE) for row in late]
        record_results(channel, results, by=by, at=at)
    return len(rows)


def _ask_all(channel: Channel, rows: Sequence[Attempt], *, by: Actor, at: datetime) -> int:
    results: list[Result] = []
    news: list[News] = []
    again: list[Attempt] = []
    for row, parcel in zip(rows, parcels(rows), strict=True):
        if row.carrier != channel.carrier:
            continue  # it went another way; that carrier must be asked by a person
        answer = _ask(channel, row, parcel)
        if answer.status == Status.NEVER_SEEN and channel.idempotent:
            if _may_still_go(row, at):
                again.append(row)
            else:
                results.append(Result(row, S.FAILED, problem=TOO_LATE))
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
        done = hand_over(channel, again, by=by, at=at)
        again = [row for row in done if row.state != S.UNKNOWN]
    if results:
        record_results(channel, results, by=by, at=at)
    if news:
        take_receipts(carrier=channel.carrier, news=news, at=at, by=by)
    return len(results) + len(again)


def _ask(channel: Channel, row: Attempt, parcel: Parcel) -> Answer:
    try:
        return channel.ask(parcel, provider_id=row.provider_id)
    except Failed:
        return Answer(Status.UNKNOWN)
