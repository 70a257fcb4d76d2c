"""Asking for permits: a permit, or a refusal with every rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from recoup.gate import counters, signature
from recoup.gate.events import PermitsAsked
from recoup.gate.gather import Ask, Contact, gather
from recoup.gate.judging import judge
from recoup.gate.models import Permit, Refusal
from recoup.gate.operations import telling
from recoup.gate.reading import snapshot
from recoup.journal.operations import record
from recoup.kernel import ids
from recoup.kernel.actors import Actor
from recoup.kernel.clock import aware
from recoup.kernel.errors import Invalid
from recoup.people.law import law_of
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.rulebook.verdict import Verdict
from recoup.strategy.models import Decision

Answer = Permit | Refusal
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
    books = {row.book_id for row in decisions}
    return _request(
        asks, book=decisions[0].book if len(books) == 1 else None, decisions=decisions, at=at,
        by=by, session=session,
    )  # fmt: skip


def request_contact(
    *, case: Case, channel: str, contact_point: int, at: datetime, by: Actor, template: str = "",
    session: Mapping[str, object] | None = None, key: str | None = None,
) -> Answer:  # fmt: skip
    """
    Ask leave for a contact that no decision of ours wants: an agency's, a dialler's, a person's.

    With a `key` the same wish is asked once: the same key gives the permit it gave before.

    :raises Invalid: if the key was used for another contact
    """
    if key and (before := Permit.objects.filter(request_key=key).first()):
        if (before.case_id, before.channel, before.contact_point_id) != (
            case.pk, channel, contact_point,
        ):  # fmt: skip
            raise Invalid(
                "This key was used for another contact.", hint="Draw a new key for each contact."
            )
        return before
    asks = [Ask(case.pk, channel, contact_point, template)]
    return _request(asks, book=case.book, decisions=(), at=at, by=by, session=session, key=key)[0]


def _request(
    asks: Sequence[Ask], *, book: Book | None, decisions: Sequence[Decision], at: datetime,
    by: Actor, session: Mapping[str, object] | None, key: str | None = None,
) -> list[Answer]:  # fmt: skip
    with record(PermitsAsked, by=by, at=at, book=book) as event:
        contacts = gather(asks, at=at, session=session)
        _count(contacts, at=at)
        answers = [
            _answer(contact, verdict, at=at)
            for contact, verdict in zip(contacts, judge(contacts, at), strict=True)
        ]
        permits = [row for row in answers if isinstance(row, Permit)]
        for permit in permits:
            permit.request_key = key
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


def _count(contacts: Sequence[Contact], *, at: datetime) -> None:
    """Enter the counts, with their rows made and locked for the rest of the transaction."""
    wanted = [(c.case.book.creditor_id, claim) for c in contacts for claim in c.claims]
    counters.ensure(wanted)
    rows = counters.read({key for _, claim in wanted for key in claim.keys}, lock=True)
    for contact in contacts:
        contact.count(rows, at)


def _answer(contact: Contact, verdict: Verdict, *, at: datetime) -> Answer:
    if not verdict.is_allowed or contact.point is None:
        return _refusal(contact, verdict, at=at)
    # Whoever set a cap aside lets the count pass it; it is counted all the same.
    over = any(by.startswith("approval:") for _, by in verdict.exempted)
    taken = counters.reserve(contact.claims, at, over=over)
    if taken is None:  # an earlier contact of this very batch took the last slot
        rows = counters.read({key for claim in contact.claims for key in claim.keys}, lock=False)
        contact.count(rows, at)
        return _refusal(contact, judge([contact], at)[0], at=at)
    return _permit(contact, verdict, taken, at=at)


def _permit(contact: Contact, verdict: Verdict, taken: list[str], *, at: datetime) -> Permit:
    book = contact.case.book
    permit = Permit(
        id=ids.new_id(at), book=book, case=contact.case, decision_id=contact.ask.decision,
        contact_point=contact.point, channel=contact.ask.channel, template=contact.template,
        slots=contact.slots,
        text_digest=signature.text_digest(contact.text) if contact.text else "",
        issued_at=aware(at), expires_at=_expiry(contact, at),
        rulebook=verdict.rulebook, verdict=verdict.as_json(), facts=snapshot(contact.facts), counters=taken,
    )  # fmt: skip
    permit.signature = signature.sign(
        permit, mode=book.mode, template=contact.template.digest if contact.template else "",
        verdict=signature.verdict_digest(permit.verdict, permit.facts),
    )  # fmt: skip
    return permit


def _expiry(contact: Contact, at: datetime) -> datetime:
    # Never past midnight: the slots are of this day, and the next day would not count the contact.
    life = law_of(contact.case.book, at).parameters.permit_minutes
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
        until=verdict.until, rules=rules, rulebook=verdict.rulebook, facts=snapshot(contact.facts),
    )  # fmt: skip


def _tally(refusals: Sequence[Refusal]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in refusals:
        for rule in row.rules:
            found[rule["id"]] = found.get(rule["id"], 0) + 1
    return found
