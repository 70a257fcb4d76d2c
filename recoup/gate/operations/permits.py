"""Asking for permits, using them, giving them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from recoup.gate import counters, signature
from recoup.gate.events import (
    CountersSettled,
    PermitsAsked,
    PermitsExpired,
    PermitsReleased,
    PermitsUsed,
)
from recoup.gate.gather import Ask, Contact, gather
from recoup.gate.models import Permit, Refusal
from recoup.gate.operations import telling
from recoup.journal.kinds import Kind
from recoup.journal.operations import record
from recoup.kernel import ids
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid, Refused
from recoup.people.models import Book
from recoup.rulebook import engine
from recoup.rulebook.verdict import Outcome, Verdict
from recoup.strategy.models import Decision

Answer = Permit | Refusal
GATE = Actor.system("gate")
NO_RULEBOOK = "HOUSE-RULEBOOK-001"


def request(
    *, decision: Decision, at: datetime, by: Actor, session: Mapping[str, object] | None = None
) -> Answer:
    """
    Ask leave for the contact that a decision wants: a permit, or a refusal with every rule.
    """
    return request_many(decisions=[decision], at=at, by=by, session=session)[0]


def request_many(
    *, decisions: Sequence[Decision], at: datetime, by: Actor,
    session: Mapping[str, object] | None = None,
) -> list[Answer]:  # fmt: skip
    """
    Ask leave for many contacts at once, in the order given: one transaction, one event.

    `session` tells what only a channel can know (`identity_confirmed`, `recording_ready`).
    """
    if not decisions:
        return []
    asks = [
        Ask(row.case_id, row.channel, row.contact_point_id, row.template, row.pk)
        for row in decisions
    ]
    with record(PermitsAsked, by=by, at=at, book=_only_book(decisions)) as event:
        contacts = gather(asks, at=at, session=session)
        _count(contacts, at=at)
        answers = [
            _answer(contact, verdict, at=at)
            for contact, verdict in zip(contacts, _judge(contacts, at), strict=True)
        ]
        permits = [row for row in answers if isinstance(row, Permit)]
        refusals = [row for row in answers if isinstance(row, Refusal)]
        Permit.objects.bulk_create(permits)
        Refusal.objects.bulk_create(refusals)
        telling.tell_strategy(decisions, refusals)
        event.note(
            permits=len(permits), refusals=len(refusals),
            permitted=[row.pk for row in permits], rules=_tally(refusals),
            refused=[row.pk for row in refusals],
        )  # fmt: skip
    return answers


def _only_book(decisions: Sequence[Decision]) -> Book | None:
    books = {row.book_id for row in decisions}
    return decisions[0].book if len(books) == 1 else None


def _count(contacts: Sequence[Contact], *, at: datetime) -> None:
    """Enter the counts, with their rows made and locked for the rest of the transaction."""
    wanted = [(c.case.book.creditor_id, claim) for c in contacts for claim in c.claims]
    counters.ensure(wanted)
    rows = counters.read({key for _, claim in wanted for key in claim.keys}, lock=True)
    for contact in contacts:
        contact.count(rows, at)


def _judge(contacts: Sequence[Contact], at: datetime) -> list[Verdict]:
    verdicts: dict[int, Verdict] = {}
    places: dict[str, list[int]] = {}
    for place, contact in enumerate(contacts):
        places.setdefault(contact.case.book.jurisdiction, []).append(place)
    for jurisdiction, some in places.items():
        try:
            book = engine.load(jurisdiction, at)
        except Invalid:
            verdicts |= dict.fromkeys(some, _no_rulebook())
            continue
        judged = book.judge_many([contacts[place].facts for place in some], at)
        verdicts |= {place: judged.verdict(i) for i, place in enumerate(some)}
    return [verdicts[place] for place in range(len(contacts))]


def _no_rulebook() -> Verdict:
    """Where no law is written down, nothing is allowed."""
    return Verdict(Outcome.REFUSE, (), (), (), None, "")


def _answer(contact: Contact, verdict: Verdict, *, at: datetime) -> Answer:
    if not verdict.is_allowed or contact.point is None:
        return _refusal(contact, verdict, at=at)
    taken = counters.reserve(contact.claims, at)
    if taken is None:  # an earlier contact of this very batch took the last slot
        rows = counters.read({key for claim in contact.claims for key in claim.keys}, lock=False)
        contact.count(rows, at)
        return _refusal(contact, _judge([contact], at)[0], at=at)
    return _permit(contact, verdict, taken, at=at)


def _permit(contact: Contact, verdict: Verdict, taken: list[str], *, at: datetime) -> Permit:
    book = contact.case.book
    permit = Permit(
        id=ids.new_id(at), book=book, case=contact.case, decision_id=contact.ask.decision,
        contact_point=contact.point, channel=contact.ask.channel, template=contact.template,
        slots=contact.slots,
        text_digest=signature.text_digest(contact.text) if contact.text else "",
        issued_at=aware(at), expires_at=_expiry(contact, at),
        rulebook=verdict.rulebook, verdict=verdict.as_json(), counters=taken,
    )  # fmt: skip
    permit.signature = signature.sign(
        permit, mode=book.mode, template=contact.template.digest if contact.template else "",
        verdict=signature.verdict_digest(permit.verdict),
    )  # fmt: skip
    return permit


def _expiry(contact: Contact, at: datetime) -> datetime:
    # Never past midnight: the slots are of this day, and the next day would not count the contact.
    life = engine.load(contact.case.book.jurisdiction, at).parameters.permit_minutes
    ends = [claim.ends_at for claim in contact.claims if not claim.is_rolling]
    return min([aware(at) + timedelta(minutes=int(life)), *ends])


def _refusal(contact: Contact, verdict: Verdict, *, at: datetime) -> Refusal:
    rules = [fired.as_json() for fired in verdict.fired]
    if not verdict.rulebook:
        rules = [{"id": NO_RULEBOOK, "en": "There is no rulebook for this jurisdiction.",
                  "zh": "该法域没有规则手册。", "until": None, "missing": []}]  # fmt: skip
    return Refusal(
        book=contact.case.book, case=contact.case, decision_id=contact.ask.decision,
        channel=contact.ask.channel, at=aware(at), outcome=str(verdict.outcome),
        until=verdict.until, rules=rules, rulebook=verdict.rulebook, facts=_snapshot(contact),
    )  # fmt: skip


def _snapshot(contact: Contact) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in contact.facts.items()
    }


def _tally(refusals: Sequence[Refusal]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in refusals:
        for rule in row.rules:
            found[rule["id"]] = found.get(rule["id"], 0) + 1
    return found


# -- Using -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Use:
    """What a channel is about to do under a permit."""

    permit: str
    text: str
    channel: str
    contact_point: int


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
    refusal of contact, a stop or ten o'clock may have come since the permit was issued.
    """
    with record(PermitsUsed, by=by, at=at) as event:
        rows = {row.pk: row for row in _stored({one.permit for one in uses})}
        answers: list[Permit | Refused] = [_match(one, rows.get(one.permit), at) for one in uses]
        standing = [row for row in answers if isinstance(row, Permit)]
        forbidden = _forbidden(standing, at=at, session=session)
        ours = Permit.spend((row for row in standing if row.pk not in forbidden), aware(at))
        for place, row in enumerate(answers):
            if isinstance(row, Permit):
                answers[place] = _spent(row, forbidden.get(row.pk), ours, at=at)
        used = [row for row in answers if isinstance(row, Permit)]
        event.note(
            count=len(used), permits=[row.pk for row in used],
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
    return list(rows.select_related("book__creditor", "template", "case", "contact_point"))


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


def _forbidden(
    permits: Sequence[Permit], *, at: datetime, session: Mapping[str, object] | None
) -> dict[str, Verdict]:
    """The permits that the law forbids by now, with the verdict."""
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
    verdicts = _judge(contacts, at)
    return {
        row.pk: verdict
        for row, verdict in zip(permits, verdicts, strict=True)
        if not verdict.is_allowed
    }


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


# -- Giving back -----------------------------------------------------------------------------------
def release(*, permit: Permit | str, at: datetime, by: Actor = GATE) -> bool:
    """
    Give back a permit whose contact was not made, and its slots. Twice does nothing more.

    Only for contacts that certainly did not happen: what is unknown keeps its slots.
    """
    pk = permit.pk if isinstance(permit, Permit) else permit
    return bool(release_many(permits=[pk], at=at, by=by))


def release_many(*, permits: Sequence[str], at: datetime, by: Actor = GATE) -> int:
    """Give back many permits; gives how many were still held."""
    return _end(
        Permit.State.RELEASED, Q(pk__in=permits, state__in=("issued", "used")),
        kind=PermitsReleased, at=at, by=by,
    )  # fmt: skip


def expire(*, at: datetime, by: Actor = GATE) -> int:
    """Let permits that ran out unused lapse, and free their slots; gives how many."""
    return _end(
        Permit.State.EXPIRED, Q(state="issued", expires_at__lte=aware(at)),
        kind=PermitsExpired, at=at, by=by,
    )  # fmt: skip


def _end(state: str, which: Q, *, kind: Kind, at: datetime, by: Actor) -> int:
    rows = list(Permit.objects.filter(which).order_by("pk"))
    if not rows:
        return 0
    with record(kind, by=by, at=at) as event:
        ended = []
        for row in rows:
            if row.turn(state=state):
                counters.release(set(row.counters) - set(_freed(row, row.settled_as)))
                ended.append(row.pk)
        event.note(count=len(ended), permits=ended)
    return len(ended)


CONNECTED = frozenset({"connected", "right_party", "wrong_party", "promise", "refused"})
UNCONNECTED = frozenset({"no_answer", "busy", "invalid_number"})


def settle_counters(*, permit: Permit, outcome: str, at: datetime, by: Actor = GATE) -> bool:
    """
    Commit the slots that an outcome used, and free those it did not. Only the first outcome of a
    permit counts; gives whether this was it.

    A call that connected was no unconnected attempt; one that did not was no effective call.
    Messages keep what they reserved: they were sent, whatever became of them.
    """
    with record(CountersSettled, by=by, at=at, case=permit.case, outcome=outcome) as event:
        row = Permit.objects.get(pk=permit.pk)
        first = row.state == Permit.State.USED and not row.settled_as
        if not (first and row.turn(settled_as=outcome)):
            event.note(permit=permit.pk, released=[])
            return False
        gone = _freed(row, outcome)
        counters.release(gone)
        event.note(permit=permit.pk, released=gone)
        event.about(permit)
        return True


def _freed(permit: Permit, outcome: str) -> list[str]:
    """The keys of a permit whose slots an outcome gave back."""
    unit = "attempt:" if outcome in CONNECTED else "effective_call:"
    if outcome not in CONNECTED | UNCONNECTED:
        return []
    return sorted(key for key in permit.counters if key.startswith(unit))
