"""The seal on a permit: HMAC-SHA-256 over everything that was permitted."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from recoup.gate.models import Permit
from recoup.kernel.clock import aware
from recoup.kernel.text import canonical_json


def text_digest(text: str) -> str:
    """The SHA-256 of a text, as the permit holds it."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign(permit: Permit, *, mode: str, template: str, verdict: str) -> str:
    """
    The signature of a permit.

    Covers the permit's own id, its book and mode, case, channel, contact point, the template's
    digest, the text's digest, issue and expiry, the rulebook, the verdict and its facts.
    """
    told = [
        permit.id, permit.book_id, mode, permit.case_id, permit.decision_id, permit.channel,
        permit.contact_point_id, permit.template_id, template, permit.text_digest,
        aware(permit.issued_at), aware(permit.expires_at), permit.rulebook, verdict,
        sorted(permit.counters),
    ]  # fmt: skip
    key = settings.PERMIT_KEY.encode()
    return hmac.new(key, canonical_json(told).encode(), hashlib.sha256).hexdigest()


def verdict_digest(verdict: object, facts: object) -> str:
    """The SHA-256 of a verdict as it is stored, with the facts it was given on."""
    return hashlib.sha256(canonical_json([verdict, facts]).encode()).hexdigest()


def is_genuine(permit: Permit) -> bool:
    """Whether nothing of a permit was changed since it was issued."""
    expected = sign(
        permit,
        mode=permit.book.mode,
        template=permit.template.digest if permit.template else "",
        verdict=verdict_digest(permit.verdict, permit.facts),
    )
    return hmac.compare_digest(expected, permit.signature)
