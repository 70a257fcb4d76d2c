"""What is kept: permits, refusals, counters, texts, and the facts that restrict contact."""

from recoup.gate.models.permits import Approval, Counter, Permit, Refusal
from recoup.gate.models.restrictions import Consent, Declared, OptOut, Stop
from recoup.gate.models.texts import STARTER_ROLE, SenderIdentity, Template

__all__ = [
    "STARTER_ROLE", "Approval", "Consent", "Counter", "Declared", "OptOut", "Permit", "Refusal",
    "SenderIdentity", "Stop", "Template",
]  # fmt: skip
