"""
Sending at most once.

1. One transaction: the permits are used, the decisions count as sent, and the attempts stand as
   reserved, their texts sealed.
2. A few at a time: the law is asked once more if time has passed, they are marked as handing, which
   is committed, and handed to the carrier.
3. One transaction: what the carrier said is recorded, with one event for the few.

A crash in 2 leaves attempts in handing; `recover` makes them unknown and asks the carrier. Nothing
is handed over twice unless the carrier says it never saw it and drops second keys itself. What a
carrier surely did not take because it could not be reached stays reserved, under the same permit
and key, for `recover` to try again while the permit stands and the law still allows it. What it
does not allow any more fails, and gives its slots back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from recoup.contact import carriers
from recoup.contact.channels.base import BadAddress, Channel, Handed, Parcel, Unclear
from recoup.contact.events import HandedOver, Outcomes, Reserved
from recoup.contact.handing import handing
from recoup.contact.models import Attempt
from recoup.contact.operations.parcels import parcels, seal_content, with_parts
from recoup.gate import operations as gate
from recoup.gate import queries as gate_queries
from recoup.gate.models import Permit
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed, Refused
from recoup.people.models import Book
from recoup.people.scopes import unjoined
from recoup.strategy import operations as strategy

RESERVE = 500
HAND_OVER = 100
SILENCE = 3  # after so many failures to reach a carrier in a row, the rest waits
STALE = timedelta(minutes=1)  # after so long the law is asked again before handing over
NO_LONGER = "not handed over: by now "
Clock = Callable[[], datetime]
S = Attempt.State
OPEN = (S.HANDING, S.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of handing one attempt over."""

    attempt: Attempt
    state: str
    handed: Handed | None = None
    problem: str = ""
    outcome: str = ""
    asks_again: bool = False  # its decision may ask the gate for a new permit


def send(*, permit: Permit, by: Actor, at: datetime) -> Attempt:
    """
    Make the contact that a permit allows. See `send_many`.

    :raises Refused: if the permit may not be used (forged, used, run out, or the law says no now)
    """
    made = send_many(permits=[permit], by=by, at=at)
    if not made:
        raise Refused(
            f"The permit {permit.pk} may not be used.", rules=("gate.use",),
            hint="Ask the gate for a new one; it says which rule stands in the way.",
        )  # fmt: skip
    return made[0]


def send_many(
    *, permits: Sequence[Permit], by: Actor, at: datetime, clock: Clock | None = None
) -> list[Attempt]:
    """
    Make the contacts that permits allow, each at most once; gives the attempts in order.

    A permit that the gate does not let be used now makes no attempt. With a `clock`, what takes
    long is judged by the time it then is; without, time stands at `at`.
    Must not run inside a transaction: what was handed over cannot be rolled back.

    :raises NotConfigured: if a live book has no carrier for a channel; nothing at all is sent
    """
    order = [permit.pk for permit in permits]
    rows = {row.pk: row for row in with_parts(Permit.objects.filter(pk__in=order))}
    groups: dict[tuple[Book, str], list[Permit]] = {}
    for pk in order:
        groups.setdefault((rows[pk].book, rows[pk].channel), []).append(rows[pk])
    channels = _open(groups)
    made: list[Attempt] = []
    try:
        for (book, name), lot in groups.items():
            for few in _chunks(lot, RESERVE):
                now = clock() if clock else at
                reserved = _reserve(book, channels[book, name], few, by=by, at=now)
                made += hand_over(channels[book, name], reserved, by=by, at=now, clock=clock)
    finally:
        for channel in channels.values():
            channel.close()
    place = {pk: index for index, pk in enumerate(order)}
    return sorted(made, key=lambda attempt: place[attempt.permit_id])


def _open(groups: Iterable[tuple[Book, str]]) -> dict[tuple[Book, str], Channel]:
    opened: dict[tuple[Book, str], Channel] = {}
    try:
        for book, name in groups:
            opened[book, name] = carriers.carrier_for(book, name)
    except BaseException:
        for channel in opened.values():
            channel.close()
        raise
    return opened


def _chunks(rows: Sequence[Permit], size: int) -> Iterable[Sequence[Permit]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _reserve(
    book: Book, channel: Channel, permits: Sequence[Permit], *, by: Actor, at: datetime
) -> list[Attempt]:
    """Use the permits and write the attempts of those that may be used, in one transaction."""
    texts = {permit.pk: gate_queries.fill(permit) for permit in permits}
    name = permits[0].channel
    with record(Reserved, by=by, at=at, book=book, channel=name) as event:
        answers = gate.use_many(
            uses=[
                gate.Use(permit.pk, texts[permit.pk][1], permit.channel, permit.contact_point_id)
                for permit in permits
            ],
            at=at, by=by,
        )  # fmt: skip
        pairs = list(zip(permits, answers, strict=True))
        used = [permit for permit, answer in pairs if not isinstance(answer, Refused)]
        refused = [permit for permit, answer in pairs if isinstance(answer, Refused)]
        event.note(count=len(used), permits=[p.pk for p in used], refused=[p.pk for p in refused])
        sealed = seal_content((permit.pk, *texts[permit.pk]) for permit in used)
        return Attempt.objects.bulk_create(
            Attempt(
                permit=permit, book=book, case=permit.case, contact_point=permit.contact_point,
                channel=name, key=permit.pk, carrier=channel.carrier, content=content,
                reserved_at=at,
            )
            for permit, content in zip(used, sealed, strict=True)
        )  # fmt: skip


def hand_over(
    channel: Channel, attempts: Sequence[Attempt], *, by: Actor, at: datetime,
    clock: Clock | None = None, lain: bool = False,
) -> list[Attempt]:  # fmt: skip
    """
    Hand reserved attempts to a carrier, a few at a time, and record what it said.

    The law is asked again before each few that have lain: for all of them if `lain`, else for
    those whose permits were used more than `STALE` ago.
    """
    left = iter(attempts)
    while few := list(itertools.islice(left, HAND_OVER)):
        now = clock() if clock else at
        with handing(few[0].book):
            # Durable: once a message has left, no outer transaction may forget it.
            with transaction.atomic(durable=True):
                few = _claimed(few, at=now)
            results = _hand_over(channel, few, at=now, stale=timedelta(0) if lain else STALE)
            if not results:
                continue  # another process has them
            record_results(channel, results, by=by, at=now)
        if _is_silent(results):
            break
    fresh = Attempt.objects.in_bulk([attempt.pk for attempt in attempts])
    return [fresh[attempt.pk] for attempt in attempts]


def _claimed(few: Sequence[Attempt], *, at: datetime) -> list[Attempt]:
    """Those of some attempts that nobody else has begun to hand over, now ours."""
    ours = []
    for attempt in few:
        # One by one, by the row count: of two processes only one moves a row.
        row = unjoined(Attempt).filter(pk=attempt.pk, state=S.RESERVED)
        if row.update(state=S.HANDING, handed_at=at):
            attempt.state, attempt.handed_at = S.HANDING, at
            ours.append(attempt)
    return ours


def _hand_over(
    channel: Channel, few: Sequence[Attempt], *, at: datetime, stale: timedelta
) -> list[Result]:
    asked = [row.permit for row in few if at - row.reserved_at >= stale]
    against = gate_queries.no_longer(permits=asked, at=at) if asked else {}
    gone = [
        Result(row, S.FAILED, problem=NO_LONGER + ", ".join(rules), asks_again=True)
        for row in few if (rules := against.get(row.permit_id))
    ]  # fmt: skip
    standing = [row for row in few if row.permit_id not in against]
    return gone + (_try_all(channel, standing) if standing else [])


def _try_all(channel: Channel, few: Sequence[Attempt]) -> list[Result]:
    results: list[Result] = []
    for attempt, parcel in zip(few, parcels(few), strict=True):
        if _is_silent(results):
            results.append(Result(attempt, S.RESERVED, problem=results[-1].problem))
        else:
            results.append(_try(channel, attempt, parcel))
    return results


def _is_silent(results: Sequence[Result]) -> bool:
    """Whether the last few could not be handed over because nobody was there."""
    last = results[-SILENCE:]
    return len(last) == SILENCE and all(result.state == S.RESERVED for result in last)


def _try(channel: Channel, attempt: Attempt, parcel: Parcel) -> Result:
    try:
        handed = channel.hand_over(parcel)
    except Unclear as unclear:
        return Result(attempt, S.UNKNOWN, problem=unclear.message)
    except BadAddress as bad:
        return Result(attempt, S.FAILED, problem=bad.message, outcome="invalid_number")
    except Failed as failed:
        state = S.FAILED if failed.permanent else S.RESERVED
        return Result(attempt, state, problem=failed.message)
    except Refused as refused:
        return Result(attempt, S.FAILED, problem=refused.message)
    return Result(attempt, S.ACCEPTED, handed=handed)


def record_results(channel: Channel, results: Sequence[Result], *, by: Actor, at: datetime) -> None:
    """
    Write down what a carrier said of some attempts, in one transaction with one event.

    A receipt may have been faster: a state that it set stays.
    """
    count = {state: sum(r.state == state for r in results) for state in S.values}
    with record(
        HandedOver, by=by, at=at, book=results[0].attempt.book, carrier=channel.carrier,
        accepted=count[S.ACCEPTED], failed=count[S.FAILED], unknown=count[S.UNKNOWN],
        waiting=count[S.RESERVED],
        attempts=[[r.attempt.pk, r.attempt.case_id, r.state] for r in results],
    ) as event:  # fmt: skip
        keys = [result.attempt.pk for result in results]
        now_open = set(
            Attempt.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=keys, state__in=OPEN).order_by("pk").values_list("pk", flat=True)
        )  # fmt: skip
        for result in results:
            _write(result, still_open=result.attempt.pk in now_open, at=at)
        fields = ["state", "provider_id", "segments", "cost", "settled_at", "problem"]
        Attempt.objects.bulk_update(
            [r.attempt for r in results if r.attempt.pk in now_open], fields
        )
        # A receipt was faster: only what it could not know is added.
        Attempt.objects.bulk_update(
            [r.attempt for r in results if r.handed and r.attempt.pk not in now_open], fields[1:4]
        )
        event.note(
            segments=sum(r.handed.segments for r in results if r.handed),
            cost=sum(r.handed.cost for r in results if r.handed),
        )
        _tell([r for r in results if r.attempt.pk in now_open], by=by, at=at)


def _write(result: Result, *, still_open: bool, at: datetime) -> None:
    row = result.attempt
    if result.handed:
        row.provider_id = result.handed.provider_id
        row.segments, row.cost = result.handed.segments, result.handed.cost
    if still_open:
        row.state, row.problem = result.state, result.problem[:200]
        row.settled_at = at if result.state == S.FAILED else None


def _tell(results: Sequence[Result], *, by: Actor, at: datetime) -> None:
    """Give the gate its slots back where nothing was sent, and tell who counts outcomes."""
    failed = [result.attempt.permit_id for result in results if result.state == S.FAILED]
    if failed:
        gate.release_many(permits=failed, at=at, by=by)
    strategy.reopen(
        decisions=[
            decision
            for result in results
            if result.asks_again and (decision := result.attempt.permit.decision_id)
        ]
    )
    tell_outcomes([(r.attempt, at, r.outcome) for r in results if r.outcome], by=by, at=at)


def tell_outcomes(
    outcomes: Sequence[tuple[Attempt, datetime, str]], *, by: Actor, at: datetime
) -> None:
    """Write the event that models learn from: case, instant, channel, outcome."""
    if not outcomes:
        return
    rows = [
        [attempt.case_id, when.isoformat(), attempt.channel, outcome]
        for attempt, when, outcome in outcomes
    ]
    book = outcomes[0][0].book
    with record(Outcomes, by=by, at=at, book=book, count=len(rows), rows=rows):
        pass
