"""Asking for permits: a permit, or a refusal with every rule."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection

from recoup.gate import counters, signature
from recoup.gate.events import PermitsAsked, RulesBroke
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
from recoup.rulebook.vocabulary import CHANNELS
from recoup.strategy.models import Decision

logger = logging.getLogger(__name__)
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
    wish = Wish(case, channel, contact_point, key, template)
    return request_contacts(wishes=[wish], at=at, by=by, session=session)[0]


@dataclass(frozen=True, slots=True)
class Wish:
    """A contact that no decision of ours wants."""

    case: Case
    channel: str
    contact_point: int
    key: str | None = None
    template: str = ""


def request_contacts(
    *, wishes: Sequence[Wish], at: datetime, by: Actor,
    session: Mapping[str, object] | None = None,
) -> list[Answer]:  # fmt: skip
    """
    Ask leave for some contacts of one book that no decision wants, in the order given: one
    transaction, one event for those that are new. See `request_contact`.

    :raises Invalid: if a key was used for another contact, or for a channel that does not exist
    """
    if unknown := sorted({wish.channel for wish in wishes} - set(CHANNELS)):
        raise Invalid(f"There is no channel {unknown[0][:20]!r}.",
                      hint=f"Use {', '.join(CHANNELS)}.")  # fmt: skip
    try:
        return _once(wishes, at=at, by=by, session=session)
    except IntegrityError:
        if connection.in_atomic_block:
            raise
        # Somebody sent the same key at the same moment and was quicker: their permit is there now.
        return _once(wishes, at=at, by=by, session=session)


def _once(
    wishes: Sequence[Wish], *, at: datetime, by: Actor, session: Mapping[str, object] | None
) -> list[Answer]:
    keys = [wish.key for wish in wishes if wish.key]
    rows = Permit.objects.filter(request_key__in=keys).select_related("book", "case", "template")
    before = {row.request_key: row for row in rows}
    answers: dict[int, Answer] = {}
    for place, wish in enumerate(wishes):
        if wish.key and (known := before.get(wish.key)):
            answers[place] = _same(known, wish)
    new = [place for place in range(len(wishes)) if place not in answers]
    if new:
        asks = [
            Ask(wish.case.pk, wish.channel, wish.contact_point, wish.template)
            for wish in (wishes[place] for place in new)
        ]
        given = _request(
            asks, book=wishes[new[0]].case.book, decisions=(), at=at, by=by, session=session,
            keys=[wishes[place].key for place in new],
        )  # fmt: skip
        answers |= dict(zip(new, given, strict=True))
    return [answers[place] for place in range(len(wishes))]


def _same(before: Permit, wish: Wish) -> Permit:
    same = (before.case_id, before.channel, before.contact_point_id) == (
        wish.case.pk, wish.channel, wish.contact_point,
    )  # fmt: skip
    text = before.template.code if before.template else ""
    if not same or (text and wish.template and text != wish.template):
        raise Invalid(
            "This key was used for another contact.", hint="Draw a new key for each contact."
        )
    return before


def _request(
    asks: Sequence[Ask], *, book: Book | None, decisions: Sequence[Decision], at: datetime,
    by: Actor, session: Mapping[str, object] | None, keys: Sequence[str | None] = (),
) -> list[Answer]:  # fmt: skip
    with record(PermitsAsked, by=by, at=at, book=book) as event:
        contacts = gather(asks, at=at, session=session)
        _count(contacts, at=at)
        answers = [
            _answer(contact, verdict, at=at)
            for contact, verdict in zip(contacts, judge(contacts, at), strict=True)
        ]
        for row, key in zip(answers, keys, strict=False):
            if isinstance(row, Permit):
                row.request_key = key
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
        _alert(refusals, book=book, by=by, at=at)
    return answers


def _alert(refusals: Sequence[Refusal], *, book: Book | None, by: Actor, at: datetime) -> None:
    """A rule that raises refuses; somebody must be told, or it refuses for ever unseen."""
    broken = [rule["id"] for row in refusals for rule in row.rules if rule.get("broken")]
    if broken:
        with record(
            RulesBroke, by=by, at=at, book=book, count=len(broken), rules=sorted(set(broken))
        ):
            logger.critical("Rules do not run, and refuse: %s", ", ".join(sorted(set(broken))))


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
    taken = counters.reserve(contact.claims, at)
    if taken is None:
        # A cap is full, perhaps since an earlier contact of this very batch: the rules are asked
        # again. Where none holds it against this contact, or a person set it aside, the contact is
        # counted past it.
        rows = counters.read({key for claim in contact.claims for key in claim.keys}, lock=False)
        contact.count(rows, at)
        verdict = judge([contact], at)[0]
        if not verdict.is_allowed:
            return _refusal(contact, verdict, at=at)
        taken = counters.reserve(contact.claims, at, over=True) or []
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
