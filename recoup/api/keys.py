"""
Keys of machines, and the signature that a request must carry.

    X-Recoup-Key: the key's id            X-Recoup-Time: seconds since 1970
    X-Recoup-Nonce: 16 to 64 characters   X-Recoup-Signature: see `signature`

A request is good once, for five minutes to either side of its time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled

from recoup.api.events import KeyAdded, KeyRevoked
from recoup.api.models import ApiKey, Nonce
from recoup.journal.operations import record
from recoup.kernel import ids
from recoup.kernel.actors import Actor, ActorKind, Viewer
from recoup.kernel.errors import Invalid, RecoupError, Refused
from recoup.people import scopes
from recoup.people.models import Agency, Creditor
from recoup.people.operations import TextSealer

# What a machine may do, and the permissions of people that it comes to.
SCOPES: dict[str, frozenset[str]] = {
    "placements": frozenset({scopes.TAKE_IN}),
    "payments": frozenset({scopes.POST_PAYMENT}),
    "cases": frozenset({scopes.SEE_CASES, scopes.SEE_ALL_TEAMS}),
    "permits": frozenset({scopes.SEE_CASES, scopes.ASK_PERMIT}),
    "decisions": frozenset({scopes.SEE_CASES}),
    "people": frozenset({scopes.LEAD, scopes.SEE_ALL_TEAMS}),
}
WINDOW = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
NONCE = re.compile(r"[A-Za-z0-9_.~-]{16,64}")


class TooMany(RecoupError):
    """A key asked more often in a minute than it may. `seconds` says when it may ask again."""

    def __init__(self, most: int, seconds: int) -> None:
        super().__init__(
            f"This key has made {most} requests within a minute, which is all it may.",
            hint=f"Wait {seconds} seconds; Retry-After says so too.",
        )
        self.seconds = seconds


def add_key(
    *,
    creditor: Creditor,
    name: str,
    may: Iterable[str],
    by: Actor,
    at: datetime,
    agency: Agency | None = None,
) -> tuple[ApiKey, str]:
    """
    Add a key; gives it and its secret, which is shown this once. An agency's sees its cases only.

    :raises Invalid: for a scope that does not exist, or an agency that the creditor does not list
    """
    wanted = sorted(set(may))
    if unknown := [scope for scope in wanted if scope not in SCOPES]:
        raise Invalid(f"There is no scope {unknown[0]!r}.", hint=f"Use {', '.join(SCOPES)}.")
    if agency is not None and not agency.creditors.filter(pk=creditor.pk).exists():
        raise Invalid(f"{creditor.name} does not list the agency {agency.name}.")
    key_id, secret = ids.new_id(at), secrets.token_hex(32)
    with record(KeyAdded, by=by, at=at, creditor=creditor, key=key_id, name=name, may=wanted) as e:
        row = ApiKey.objects.create(
            id=key_id, creditor=creditor, agency=agency, name=name, may=wanted, added_at=at,
            added_by=str(by)[:80], secret=TextSealer().seal(secret, label=f"api-key:{key_id}"),
        )  # fmt: skip
        return e.about(row), secret


def revoke_key(*, key: ApiKey, by: Actor, at: datetime) -> None:
    """End a key, at once and for good."""
    with record(KeyRevoked, by=by, at=at, creditor=key.creditor_id, key=key.pk) as event:
        ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=at)
        event.about(key)


def signature(*, secret: str, method: str, path: str, time: str, nonce: str, body: bytes) -> str:
    """
    HMAC-SHA-256, in hexadecimal, over five lines: method, path with its query, time, nonce, and
    the SHA-256 of the body in hexadecimal.
    """
    lines = (method.upper(), path, time, nonce, hashlib.sha256(body).hexdigest())
    return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()


def authenticate(
    *, key_id: str, method: str, path: str, time: str, nonce: str, signed: str, body: bytes,
    at: datetime,
) -> ApiKey:  # fmt: skip
    """
    The key that signed a request, whose nonce is spent now.

    :raises Refused: for an unknown or revoked key, a wrong signature, a stale time, a replay
    :raises TooMany: for a key that asked as often as it may within the last minute
    """
    with scopes_disabled():
        row = ApiKey.objects.select_related("creditor").filter(pk=key_id, revoked_at=None).first()
        sealer = TextSealer()
        secret = sealer.unseal(bytes(row.secret), label=f"api-key:{key_id}") if row else "none"
        right = signature(
            secret=secret, method=method, path=path, time=time, nonce=nonce, body=body
        )
        # The same work for an unknown key, so that the time taken tells nothing.
        if not hmac.compare_digest(right.encode(), signed.encode()) or row is None:
            raise Refused(
                "The signature is not right.", rules=("api.signature",),
                hint="Sign method, path with query, time, nonce and the body's SHA-256.",
            )  # fmt: skip
        check_time(time, at)
        spend(row, nonce, at)
        return row


def check_time(time: str, at: datetime) -> None:
    """Go on only if a request was signed now. :raises Refused: if not"""
    then = datetime.fromtimestamp(int(time), UTC) if re.fullmatch(r"\d{9,11}", time) else None
    if then is None or abs(at - then) > WINDOW:
        raise Refused(
            "The request's time is more than five minutes off.", rules=("api.time",),
            hint="Set the clock of the machine that signs.",
        )  # fmt: skip


def check_nonce(nonce: str) -> None:
    """Go on only if a nonce has the right form. :raises Refused: if not"""
    if not NONCE.fullmatch(nonce):
        raise Refused(
            "The nonce has not 16 to 64 plain characters.", rules=("api.nonce",),
            hint="Draw a new one for each request.",
        )  # fmt: skip


def spend(row: ApiKey, nonce: str, at: datetime) -> None:
    """
    Spend a nonce of a key. :raises Refused: if it was spent before, or has the wrong form
    :raises TooMany: if the key asks too often
    """
    check_nonce(nonce)
    Nonce.objects.filter(at__lt=at - 2 * WINDOW).delete()
    try:
        with transaction.atomic():
            # The key's row is the lock: of two requests at once, the second counts the first.
            ApiKey.objects.select_for_update(of=("self",), no_key=True).get(pk=row.pk)
            _check_rate(row, at)
            Nonce.objects.create(key=row, value=nonce, at=at)
    except IntegrityError:
        raise Refused(
            "This request was made before.", rules=("api.replay",),
            hint="Draw a new nonce and sign again; what is done twice under the same identifier "
            "is done once.",
        ) from None  # fmt: skip


def _check_rate(row: ApiKey, at: datetime) -> None:
    # Every request that was let in has left its nonce, whichever process answered it.
    most = settings.API_PER_MINUTE
    if most <= 0:
        return
    latest = Nonce.objects.filter(key=row, at__gt=at - MINUTE).order_by("-at")
    times = list(latest.values_list("at", flat=True)[:most])
    if len(times) >= most:
        raise TooMany(most, max(1, ceil((times[-1] + MINUTE - at).total_seconds())))


def viewer_of(key: ApiKey) -> Viewer:
    """What a machine may see and do."""
    may = frozenset().union(*(SCOPES[scope] for scope in key.may if scope in SCOPES))
    return Viewer(
        name=f"api:{key.name}",
        role="machine",
        creditors=frozenset({key.creditor_id}),
        may=may,
        agency=key.agency_id,
    )


def actor_of(key: ApiKey) -> Actor:
    """A machine, acting."""
    return Actor(ActorKind.MACHINE, key.name)
