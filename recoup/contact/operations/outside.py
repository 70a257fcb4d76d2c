"""
Contacts that others make under our permits: an agency's dialler, a collector's telephone.

They pass the same gate, are used once, and stand in the same record as what we send ourselves. What
was said is not kept here; the recording is with whoever called.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from recoup.contact.events import CallBegun, CallEnded
from recoup.contact.models import Attempt
from recoup.contact.operations.outbox import tell_outcomes
from recoup.contact.operations.parcels import seal_content
from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Invalid
from recoup.people.scopes import unjoined

S = Attempt.State
# What a call can come to, and the state of the contact then.
OUTCOMES = {
    "connected": S.DELIVERED, "right_party": S.DELIVERED, "wrong_party": S.DELIVERED,
    "promise": S.DELIVERED, "refused": S.DELIVERED, "no_answer": S.UNDELIVERED,
    "busy": S.UNDELIVERED, "invalid_number": S.FAILED,
}  # fmt: skip


def begin_call(
    *, permit: Permit, by: Actor, at: datetime, session: Mapping[str, object] | None = None
) -> Attempt:
    """
    Use a permit for a call that begins now; gives the attempt.

    :raises Refused: if the permit may not be used by now, with the rules
    """
    with record(CallBegun, by=by, at=at, case=permit.case, channel=permit.channel) as event:
        gate.use(
            permit=permit.pk, text="", channel=permit.channel, at=at, by=by, session=session,
            contact_point=permit.contact_point_id,
        )  # fmt: skip
        (content,) = seal_content([(permit.pk, "", "")])
        return event.about(Attempt.objects.create(
            permit=permit, book=permit.book, case=permit.case, channel=permit.channel,
            contact_point=permit.contact_point, state=S.ACCEPTED, key=permit.pk,
            carrier="outside", content=content, reserved_at=at, handed_at=at,
        ))  # fmt: skip


def end_call(
    *, attempt: Attempt, outcome: str, by: Actor, at: datetime, seconds: int = 0
) -> Attempt:
    """
    Say what a call came to; the first word counts, the same again changes nothing.

    :raises Invalid: for an outcome that is none of `OUTCOMES`, or another than was told before
    """
    if outcome not in OUTCOMES:
        raise Invalid(f"{outcome!r} is no outcome of a call.", hint=f"Use {', '.join(OUTCOMES)}.")
    with record(
        CallEnded, by=by, at=at, case=attempt.case, channel=attempt.channel, outcome=outcome,
        seconds=seconds,
    ) as event:  # fmt: skip
        event.about(attempt)
        rows = unjoined(Attempt).filter(pk=attempt.pk, state=S.ACCEPTED)
        if not rows.update(state=OUTCOMES[outcome], settled_at=at, problem=""):
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
