"""What the rulebook answers: the outcome, and every rule that fired with its source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from recoup.kernel.text import canonical_json

Day: TypeAlias = date


class Outcome(StrEnum):
    """What may be done."""

    ALLOW = "allow"
    REFUSE = "refuse"
    WAIT = "wait"
    NEEDS_APPROVAL = "needs_approval"


@dataclass(frozen=True, slots=True)
class Instrument:
    """
    A text of law, a standard, a house rule.

    What the tables do not give is `None`, and shown as unverified. `read` says how it was read:
    T the text, TT a translation, S a report, M from memory, HOUSE not law.
    """

    key: str
    title: str
    issuer: str | None
    number: str | None
    date: Day | None
    in_force_from: Day | None
    link: str | None
    read: str
    checked_by: str | None

    @property
    def is_verified(self) -> bool:
        """Whether a named person has checked it against the text."""
        return self.checked_by is not None

    def as_json(self) -> dict[str, Any]:
        """For records and screens."""
        return {
            "title": self.title, "issuer": self.issuer, "number": self.number, "date": self.date,
            "in_force_from": self.in_force_from, "link": self.link, "read": self.read, "checked_by": self.checked_by, "verified": self.is_verified,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that fired: what it says, on whose authority, and how far to trust our reading."""

    id: str
    effect: str
    force: str
    confidence: str
    since: Day | None
    instrument: Instrument
    clause: str
    zh: str
    en: str
    pack: str = ""
    override: str | None = None
    missing: tuple[str, ...] = ()
    broken: bool = False
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """For records and screens; `until` in ISO 8601."""
        return {
            "id": self.id, "effect": self.effect, "force": self.force,
            "confidence": self.confidence,
            "since": self.since.isoformat() if self.since else None,
            "source": _dated(self.instrument.as_json()), "clause": self.clause,
            "zh": self.zh, "en": self.en, "pack": self.pack, "override": self.override,
            "missing": list(self.missing), "broken": self.broken,
            "until": self.until.isoformat() if self.until else None,
        }  # fmt: skip


def _dated(source: dict[str, Any]) -> dict[str, Any]:
    days = {name: source[name] for name in ("date", "in_force_from")}
    return source | {name: day.isoformat() if day else None for name, day in days.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The answer for one contact at one instant.

    `must_say` names what the words must hold and `record` what must be recorded. `exempted` are
    rules that fired and were switched off by a named exception or by a named person's approval.
    `rulebook` is the digest of the rules and parameters used, so that the answer can be had again.
    """

    outcome: Outcome
    fired: tuple[Fired, ...]
    must_say: tuple[str, ...]
    record: tuple[str, ...]
    until: datetime | None
    rulebook: str
    exempted: tuple[tuple[str, str], ...] = ()

    @property
    def is_allowed(self) -> bool:
        """Whether the contact may be made now."""
        return self.outcome is Outcome.ALLOW

    def as_json(self) -> dict[str, Any]:
        """For permits and refusals."""
        return {
            "outcome": str(self.outcome),
            "fired": [fired.as_json() for fired in self.fired],
            "must_say": list(self.must_say),
            "record": list(self.record),
            "until": self.until.isoformat() if self.until else None,
            "exempted": [{"rule": rule, "by": by} for rule, by in self.exempted],
            "rulebook": self.rulebook,
        }

    @property
    def digest(self) -> str:
        """The SHA-256 of the verdict, which a permit's signature covers."""
        return hashlib.sha256(canonical_json(self.as_json()).encode()).hexdigest()
