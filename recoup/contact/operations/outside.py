"""
Contacts that others make under our permits: an agency's dialler, a collector's telephone.

They pass the same gate, are used once, and stand in the same record as what we send ourselves. What
was said is not kept here; the recording is with whoever called. A call costs `CALL_PRICE` for each
minute begun.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings

from recoup.contact.events import CallEnded, CallsBegun, CallsEnded
from recoup.contact.models import Attempt
from recoup.contact.operations.outbox import tell_outcomes
from recoup.contact.operations.parcels import seal_content
from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid, Refused
from recoup.people.scopes import unjoined

S = Attempt.State
# What a call can come to, and the state of the contact then.
OUTCOMES = {
    "connected": S.DELIVERED, "right_party": S.DELIVERED, "wrong_party": S.DELIVERED,
    "promise": S.DELIVERED, "refused": S.DELIVERED, "no_answer": S.UNDELIVERED,
    "busy": S.UNDELIVERED, "invalid_number": S.FAILED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """What one call came to, and how long it was."""

    attempt: Attempt
    outcome: str
    seconds: int = 0


def begin_call(
    *, permit: Permit, by: Actor, at: datetime, session: Mapping[str, object] | None = None
) -> Attempt:
    """
    Use a permit for a call that begins now; gives the attempt.

    :raises Refused: if the permit may not be used by now, with the rules; that is on record then
    """
    (made,) = begin_calls(permits=[permit], by=by, at=at, session=session)
    if isinstance(made, Refused):
        raise made  # after the transaction, or the refusal would go with it
    return made


def begin_calls(
    *, permits: Sequence[Permit], by: Actor, at: datetime,
    session: Mapping[str, object] | None = None,
) -> list[Attempt | Refused]:  # fmt: skip
    """
    Use permits of one book for calls that begin now: for each the attempt, or why not. One
    transaction, one event.
    """
    if not permits:
        return []
    uses = [gate.Use(row.pk, "", row.channel, row.contact_point_id) for row in permits]
    case = permits[0].case if len(permits) == 1 else None
    with record(CallsBegun, by=by, at=at, book=permits[0].book, case=case) as event:
        answers = gate.use_many(uses=uses, at=at, by=by, session=session)
        used = [
            row for row, answer in zip(permits, answers, strict=True)
            if not isinstance(answer, Refused)
        ]  # fmt: skip
        sealed = seal_content((row.pk, "", "") for row in used)
        made = Attempt.objects.bulk_create(
            Attempt(**_begun(row, content, at)) for row, content in zip(used, sealed, strict=True)
        )
        event.note(count=len(made), attempts=[[row.pk, row.case_id] for row in made])
    begun = {row.permit_id: row for row in made}
    return [
        answer if isinstance(answer, Refused) else begun[row.pk]
        for row, answer in zip(permits, answers, strict=True)
    ]


def _begun(permit: Permit, content: bytes, at: datetime) -> dict[str, Any]:
    return {
        "permit": permit, "book": permit.book, "case": permit.case, "channel": permit.channel,
        "contact_point": permit.contact_point, "state": S.ACCEPTED, "key": permit.pk,
        "carrier": "outside", "content": content, "reserved_at": at, "handed_at": at,
    }  # fmt: skip


def end_call(
    *, attempt: Attempt, outcome: str, by: Actor, at: datetime, seconds: int = 0
) -> Attempt:
    """
    Say what a call came to; the first word counts, the same again changes nothing.

    :raises Invalid: for an outcome that is none of `OUTCOMES`, or another than was told before
    """
    _check([outcome])
    with record(
        CallEnded, by=by, at=at, case=attempt.case, channel=attempt.channel, outcome=outcome,
        seconds=seconds,
    ) as event:  # fmt: skip
        event.about(attempt)
        if not _end(attempt, outcome, seconds, at):
            attempt.refresh_from_db()
            if attempt.permit.settled_as == outcome:
                return attempt
            raise Invalid(
                f"This call was told as {attempt.permit.settled_as or attempt.state} before.",
                hint="The first word counts; write a note on the case.",
            )
        gate.settle_counters(permit=attempt.permit, outcome=outcome, at=at, by=by)
        tell_outcomes([(attempt, at, outcome)], by=by, at=at)
        attempt.refresh_from_db()
        return attempt


def end_calls(*, ended: Sequence[Ended], by: Actor, at: datetime) -> int:
    """
    Say what some calls of one book came to, with one event; gives how many had not ended before.

    The first word counts: a call that has ended stays as it was told.

    :raises Invalid: for an outcome that is none of `OUTCOMES`
    """
    if not ended:
        return 0
    _check(one.outcome for one in ended)
    with record(CallsEnded, by=by, at=at, book=ended[0].attempt.book) as event:
        first = [one for one in ended if _end(one.attempt, one.outcome, one.seconds, at)]
        gate.settle_many(
            outcomes={one.attempt.permit_id: one.outcome for one in first}, at=at, by=by
        )
        tell_outcomes([(one.attempt, at, one.outcome) for one in first], by=by, at=at)
        event.note(
            count=len(first), outcomes=dict(Counter(one.outcome for one in first)),
            calls=[[o.attempt.pk, o.attempt.case_id, o.outcome, o.seconds] for o in first],
        )  # fmt: skip
    return len(first)


def _check(outcomes: Iterable[str]) -> None:
    for outcome in outcomes:
        if outcome not in OUTCOMES:
            raise Invalid(
                f"{outcome!r} is no outcome of a call.", hint=f"Use {', '.join(OUTCOMES)}."
            )


def _end(attempt: Attempt, outcome: str, seconds: int, at: datetime) -> bool:
    """Write down how a call ended, unless it has; gives whether it had not."""
    minutes = -(-seconds // 60)
    price = (Decimal(settings.CALL_PRICE) * minutes).quantize(Decimal(1), ROUND_HALF_UP)
    rows = unjoined(Attempt).filter(pk=attempt.pk, state=S.ACCEPTED)
    return bool(rows.update(
        state=OUTCOMES[outcome], settled_at=at, problem="", segments=max(minutes, 1),
        cost=int(price),
    ))  # fmt: skip
