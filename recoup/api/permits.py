"""
Permits for agencies and diallers outside: everyone who has a debt placed with them passes the same gate.

    POST /permits               ask; an Idempotency-Key makes the same wish one permit
    POST /permits/{id}/begin    the call begins: the permit is used, on the law of that instant
    POST /permits/{id}/end      what the call came to; counters are settled
    POST /permits/{id}/release  it was not made: its slots are free again
    POST /verdicts              judge facts as given, without reserving anything

The token of a permit is its id and signature: whoever holds it may begin that one call.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from recoup.api import keys
from recoup.api.models import ApiKey
from recoup.contact import operations as contact
from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.gate import queries as gate_queries
from recoup.gate.models import Permit, Refusal
from recoup.kernel.clock import now
from recoup.kernel.errors import Invalid, Refused
from recoup.people import scopes
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case, ContactPoint
from recoup.rulebook import engine
from recoup.rulebook.vocabulary import FACTS

KeyOf = Callable[[HttpRequest, str], ApiKey]
KEY_LENGTH = 50


class Session(Schema):
    """What only whoever calls can know at that instant."""

    recording_ready: bool | None = None
    identity_confirmed: bool | None = None


class PermitIn(Schema):
    """A wish to contact somebody: a case of ours, a channel, one of its contact points."""

    case: int
    channel: str
    contact_point: int
    template: str = ""
    session: Session = Session()


class RuleOut(Schema):
    """A rule that stands in the way, with its source."""

    id: str
    zh: str
    en: str
    effect: str
    force: str
    confidence: str
    source: dict[str, Any]
    missing: list[str] = Field(default_factory=list)
    until: str | None = None
    override: str | None = None


class AnswerOut(Schema):
    """The answer: a permit with its token, or every rule that fired."""

    outcome: str
    permit: str | None = None
    token: str | None = None
    expires_at: datetime | None = None
    text: str = ""
    must_say: list[str] = Field(default_factory=list)
    record: list[str] = Field(default_factory=list)
    until: datetime | None = None
    rules: list[RuleOut] = Field(default_factory=list)


class TokenIn(Schema):
    """The token of a permit, and what the caller knows."""

    token: str
    session: Session = Session()


class EndIn(Schema):
    """What a call came to."""

    token: str
    outcome: str
    seconds: int = Field(default=0, ge=0)


class CallOut(Schema):
    """How a call stands."""

    permit: str
    state: str
    outcome: str = ""


class FactsIn(Schema):
    """Facts of the rulebook by name, at an instant; what is left out is missing."""

    jurisdiction: str = Field(min_length=2, max_length=2)
    at: datetime | None = None
    facts: dict[str, Any]


class PointOut(Schema):
    """A number or address, half hidden."""

    id: int
    medium: str
    party: str
    masked: str
    state: str


def router(key_of: KeyOf) -> Router:
    """The addresses; `key_of` gives the key that signed a request and holds a scope."""
    made = Router(tags=["permits"])

    @made.get("/cases/{case}/points", response=list[PointOut])
    def points(request: HttpRequest, case: int) -> Any:
        """The contact points of a case that a permit may be asked for."""
        key = key_of(request, "permits")
        with scopes.acting_for(keys.viewer_of(key)):
            row = _case(key, case)
            found = ContactPoint.objects.filter(borrower=row.borrower_id).exclude(state="invalid")
            return [PointOut.from_orm(point) for point in found.order_by("-preferred", "pk")]

    @made.post("/permits", response=AnswerOut)
    def ask(request: HttpRequest, given: PermitIn) -> Any:
        """
        Ask leave for one contact. The same `Idempotency-Key` gives the same permit again.

        A refusal is an answer (200): `rules` lists every rule that stands in the way, `until`
        says when to ask again.
        """
        key, at = key_of(request, "permits"), now()
        wanted = request.headers.get("Idempotency-Key", "")
        if not 8 <= len(wanted) <= KEY_LENGTH:
            raise Invalid(
                f"An Idempotency-Key of 8 to {KEY_LENGTH} characters is needed.",
                hint="Draw one for each contact, and send it again if the answer was lost.",
            )
        with scopes.acting_for(keys.viewer_of(key)):
            answer = gate.request_contact(
                case=_case(key, given.case), channel=given.channel,
                contact_point=given.contact_point, template=given.template,
                session=given.session.dict(exclude_none=True), key=f"{key.pk}:{wanted}",
                by=keys.actor_of(key), at=at,
            )  # fmt: skip
            return _told(answer)

    @made.post("/permits/{permit}/begin", response=CallOut)
    def begin(request: HttpRequest, permit: str, given: TokenIn) -> Any:
        """The call begins. Refused (403) if the permit may not be used by now."""
        key = key_of(request, "permits")
        with scopes.acting_for(keys.viewer_of(key)):
            row = _permit(key, permit, given.token)
            attempt = contact.begin_call(
                permit=row, by=keys.actor_of(key), at=now(),
                session=given.session.dict(exclude_none=True),
            )  # fmt: skip
            return {"permit": row.pk, "state": attempt.state}

    @made.post("/permits/{permit}/end", response=CallOut)
    def end(request: HttpRequest, permit: str, given: EndIn) -> Any:
        """The call ended. The first word counts; the same again changes nothing."""
        key = key_of(request, "permits")
        with scopes.acting_for(keys.viewer_of(key)):
            row = _permit(key, permit, given.token)
            attempt = Attempt.objects.filter(permit=row).select_related("permit", "case").first()
            if attempt is None:
                raise Invalid("This call never began.", hint="POST begin first, or release it.")
            ended = contact.end_call(
                attempt=attempt, outcome=given.outcome, seconds=given.seconds,
                by=keys.actor_of(key), at=now(),
            )  # fmt: skip
            return {"permit": row.pk, "state": ended.state, "outcome": given.outcome}

    @made.post("/permits/{permit}/release", response=CallOut)
    def release(request: HttpRequest, permit: str, given: TokenIn) -> Any:
        """The contact was not made: its slots are free again. Only before it began."""
        key = key_of(request, "permits")
        with scopes.acting_for(keys.viewer_of(key)):
            row = _permit(key, permit, given.token)
            if Attempt.objects.filter(permit=row).exists():
                raise Invalid("This call has begun.", hint="POST end with what it came to.")
            gate.release(permit=row, at=now(), by=keys.actor_of(key))
            row.refresh_from_db()
            return {"permit": row.pk, "state": row.state}

    @made.post("/verdicts", response=AnswerOut)
    def verdict(request: HttpRequest, given: FactsIn) -> Any:
        """Judge facts as they are given. Nothing is looked up, reserved or permitted by it."""
        key_of(request, "permits")
        if unknown := sorted(set(given.facts) - set(FACTS)):
            raise Invalid(f"These are no facts: {', '.join(unknown)}.",
                          hint=f"Use {', '.join(FACTS)}.")  # fmt: skip
        at = given.at or now()
        said = engine.load(given.jurisdiction, at).judge(given.facts, at).as_json()
        return {
            "outcome": said["outcome"], "must_say": said["must_say"], "record": said["record"],
            "until": said["until"], "rules": said["fired"],
        }  # fmt: skip

    return made


def _case(key: ApiKey, pk: int) -> Case:
    found: Case | None = portfolio.cases(viewer=keys.viewer_of(key)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _permit(key: ApiKey, pk: str, token: str) -> Permit:
    """
    A permit that this key may speak of. :raises Refused: for a wrong token, whoever holds the id
    """
    row = (
        Permit.objects.filter(pk=pk, request_key__startswith=f"{key.pk}:")
        .select_related("book", "case").first()
    )  # fmt: skip
    if row is None:
        raise Http404
    if not hmac.compare_digest(token.encode(), token_of(row).encode()):
        raise Refused("The token is not of this permit.", rules=("gate.token",),
                      hint="Send the token that came with the permit.")  # fmt: skip
    return row


def token_of(permit: Permit) -> str:
    """What proves that one holds a permit."""
    return f"{permit.pk}.{permit.signature}"


def _told(answer: Permit | Refusal) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return {"outcome": answer.outcome, "until": answer.until, "rules": answer.rules}
    return {
        "outcome": answer.state if answer.state != Permit.State.ISSUED else "allow",
        "permit": answer.pk, "token": token_of(answer), "expires_at": answer.expires_at,
        "text": gate_queries.fill(answer)[1], "must_say": answer.verdict["must_say"],
        "record": answer.verdict["record"],
    }  # fmt: skip
