"""Using permits: once, in time, for exactly what they permit, on the law of this instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from recoup.gate import counters, signature
from recoup.gate.events import PermitsUsed
from recoup.gate.judging import forbidden
from recoup.gate.models import Permit
from recoup.gate.operations import telling
from recoup.gate.operations.ending import give_back
from recoup.gate.operations.uses import Use
from recoup.journal.operations import record
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Refused
from recoup.rulebook.verdict import Verdict

GATE = Actor.system("gate")


def use(
    *, permit: str, text: str, channel: str, contact_point: int, at: datetime, by: Actor = GATE,
    session: Mapping[str, object] | None = None,
) -> Permit:  # fmt: skip
    """
    Use a permit, once, for exactly what it permits.

    :raises Refused: if it is forged, used, expired, for something else, or if by now a rule
        stands in the way
    """
    answer = use_many(
        uses=[Use(permit, text, channel, contact_point)], at=at, by=by, session=session
    )[0]
    if isinstance(answer, Refused):
        raise answer
    return answer


def use_many(
    *, uses: Sequence[Use], at: datetime, by: Actor = GATE,
    session: Mapping[str, object] | None = None,
) -> list[Permit | Refused]:  # fmt: skip
    """
    Use many permits, in the order given: for each the permit, or why it may not be used.

    One transaction, one event. The law is asked again with the facts of this instant, because a
    refusal of contact, a stop or ten o'clock may have come since the permit was issued. What the
    law forbids by now gives its slots back, and its decision waits or ends as a request's would.
    """
    with record(PermitsUsed, by=by, at=at) as event:
        rows = {row.pk: row for row in _stored({one.permit for one in uses})}
        answers: list[Permit | Refused] = [_match(one, rows.get(one.permit), at) for one in uses]
        standing = [row for row in answers if isinstance(row, Permit)]
        against = forbidden(standing, at=at, session=session)
        ours = Permit.spend((row for row in standing if row.pk not in against), aware(at))
        for row in standing:
            if row.pk in ours:
                counters.start(row.counters, since=row.issued_at, at=aware(at))
        for place, row in enumerate(answers):
            if isinstance(row, Permit):
                answers[place] = _spent(row, against.get(row.pk), ours, at=at)
        given_back = give_back([row for row in standing if row.pk in against])
        telling.tell_of_uses(zip(uses, answers, strict=True), rows, against)
        used = [row for row in answers if isinstance(row, Permit)]
        event.note(
            count=len(used), permits=[row.pk for row in used], given_back=given_back,
            refused=[
                [one.permit, list(answer.rules)]
                for one, answer in zip(uses, answers, strict=True) if isinstance(answer, Refused)
            ],
        )  # fmt: skip
        if len({row.book_id for row in used}) == 1:
            event.book, event.creditor = used[0].book_id, used[0].book.creditor_id
        if len(used) == 1:
            event.case = used[0].case_id
    return answers


def _stored(wanted: set[str]) -> list[Permit]:
    rows = Permit.objects.filter(pk__in=wanted)
    return list(
        rows.select_related("book__creditor", "template", "case", "contact_point", "decision")
    )


def _match(one: Use, row: Permit | None, at: datetime) -> Permit | Refused:
    """The permit, if it is genuine, in time, unused, and for exactly this."""
    if row is None:
        return Refused("There is no such permit.", rules=("gate.unknown",))
    if not signature.is_genuine(row):
        return Refused(f"The permit {row.pk} was forged or changed.", rules=("gate.signature",))
    if row.state != Permit.State.ISSUED:
        return Refused(f"The permit {row.pk} is {row.state}.", rules=(f"gate.{row.state}",))
    if aware(at) < row.issued_at:
        return Refused(f"The clock is before the permit {row.pk}.", rules=("gate.clock",))
    if aware(at) >= row.expires_at:
        return Refused(f"The permit {row.pk} ran out.", rules=("gate.expired",),
                       hint="Ask for a new one.")  # fmt: skip
    if one.channel != row.channel:
        return Refused(f"The permit {row.pk} is for {row.channel}.", rules=("gate.channel",))
    if one.contact_point != row.contact_point_id:
        return Refused(f"The permit {row.pk} is for another number or address.",
                       rules=("gate.contact_point",))  # fmt: skip
    digest = signature.text_digest(one.text) if one.text else ""
    if digest != row.text_digest:
        return Refused(f"The text is not the one that the permit {row.pk} allows.",
                       rules=("gate.text",))  # fmt: skip
    return row


def _spent(
    row: Permit, verdict: Verdict | None, ours: set[str], *, at: datetime
) -> Permit | Refused:
    """The permit, now used, for the first who asks for it in the batch that turned it."""
    if verdict is not None:
        rules = tuple(fired.id for fired in verdict.fired)
        return Refused(f"The permit {row.pk} no longer holds: {', '.join(rules)}.", rules=rules)
    if row.pk not in ours:
        return Refused(f"The permit {row.pk} is used.", rules=("gate.used",))
    ours.discard(row.pk)
    row.state, row.used_at = Permit.State.USED, aware(at)
    return row
