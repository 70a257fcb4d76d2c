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
from recoup.kernel.clock import aware, now
from recoup.kernel.errors import Invalid, Problem, Refused
from recoup.people import scopes
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case, ContactPoint
from recoup.rulebook import engine
from recoup.rulebook.vocabulary import FACTS, Fact

KeyOf = Callable[[HttpRequest, str], ApiKey]
KEY_LENGTH = 50
LARGEST = 2**63 - 1  # what a database numbers its rows with
A_DAY = 24 * 60 * 60
YEARS = range(1990, 2200)


class Session(Schema):
    """What only whoever calls can know at that instant."""

    recording_ready: bool | None = None
    identity_confirmed: bool | None = None


class PermitIn(Schema):
    """A wish to contact somebody: a case of ours, a channel, one of its contact points."""

    case: int = Field(ge=1, le=LARGEST)
    channel: str
    contact_point: int = Field(ge=1, le=LARGEST)
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
    seconds: int = Field(default=0, ge=0, le=A_DAY)


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
            return _told(answer, at)

    @made.post("/permits/{permit}/begin", response=CallOut)
    def begin(request: HttpRequest, permit: str, given: TokenIn) -> Any:
        """The call begins. Refused (403) if the permit may not be used by now."""
        key = key_of(request, "permits")
        with scopes.acting_for(keys.viewer_of(key)):
            row = _permit(key, permit, given.token)
            _case(key, row.case_id)  # it may be somebody else's by now
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
            # A call that begins at this very moment keeps its slots.
            gate.release(permit=row, at=now(), by=keys.actor_of(key), only_unused=True)
            row.refresh_from_db()
            return {"permit": row.pk, "state": row.state}

    @made.post("/verdicts", response=AnswerOut)
    def verdict(request: HttpRequest, given: FactsIn) -> Any:
        """Judge facts as they are given. Nothing is looked up, reserved or permitted by it."""
        key_of(request, "permits")
        if unknown := sorted(set(given.facts) - set(FACTS)):
            raise Invalid(f"These are no facts: {', '.join(unknown)}.",
                          hint=f"Use {', '.join(FACTS)}.")  # fmt: skip
        facts, at = _facts(given.facts), given.at or now()
        if at.year not in YEARS:
            raise Invalid(f"There is no law of the year {at.year}.")
        said = engine.load(given.jurisdiction, at).judge(facts, at).as_json()
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
    given = token.encode(errors="replace")  # JSON may hold half a character
    if not hmac.compare_digest(given, token_of(row).encode()):
        raise Refused("The token is not of this permit.", rules=("gate.token",),
                      hint="Send the token that came with the permit.")  # fmt: skip
    return row


def _facts(given: dict[str, Any]) -> dict[str, Any]:
    """
    Facts in the shapes that rules compute with: instants may be seconds or ISO 8601.

    :raises Invalid: naming every one of another kind
    """
    made = {
        name: _instant(value) if FACTS[name].kind == "instant" else value
        for name, value in given.items()
    }
    odd = [
        Problem(name, f"is no {FACTS[name].kind}", " ".join(FACTS[name].words))
        for name, value in made.items() if value is not None and not _fits(FACTS[name], value)
    ]  # fmt: skip
    if odd:
        raise Invalid("Some facts are not what they should be.", problems=odd)
    return made


def _instant(value: Any) -> Any:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return value
    return value if at is None else int(aware(at).timestamp())


def _fits(fact: Fact, value: Any) -> bool:
    match fact.kind:
        case "flag":
            return isinstance(value, bool)
        case "word":
            return value in fact.words
        case "words":
            return isinstance(value, list) and all(word in fact.words for word in value)
        case "zones":
            return isinstance(value, str)
        case _:
            return type(value) is int and abs(value) <= LARGEST


def token_of(permit: Permit) -> str:
    """What proves that one holds a permit."""
    return f"{permit.pk}.{permit.signature}"


def _told(answer: Permit | Refusal, at: datetime) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return {"outcome": answer.outcome, "until": answer.until, "rules": answer.rules}
    # One that ran out is only marked so now and then; it is good for nothing all the same.
    state = "allow" if at < answer.expires_at else str(Permit.State.EXPIRED)
    return {
        "outcome": answer.state if answer.state != Permit.State.ISSUED else state,
        "permit": answer.pk, "token": token_of(answer), "expires_at": answer.expires_at,
        "text": gate_queries.fill(answer)[1], "must_say": answer.verdict["must_say"],
        "record": answer.verdict["record"],
    }  # fmt: skip
