"""
Who acts and who looks. Value types, so that every stage can name them without importing people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of hand did it."""

    USER = "user"
    SYSTEM = "system"
    MACHINE = "machine"
    BORROWER = "borrower"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as the journal keeps it. `name` is an account name or a job, never personal data."""

    kind: ActorKind
    name: str
    user: int | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def system(cls, job: str) -> Actor:
        """Recoup itself, in the named job."""
        return cls(ActorKind.SYSTEM, job)


BORROWER = Actor(ActorKind.BORROWER, "borrower")


@dataclass(frozen=True, slots=True)
class Viewer:
    """
    Who looks, and what they may see.

    `creditors` are the ids of the tenants; `None` for `team` or `agency` means not limited to
    one. `may` holds permission names (`people.scopes.PERMISSIONS`).
    """

    name: str
    role: str
    creditors: frozenset[int] = frozenset()
    user: int | None = None
    team: int | None = None
    agency: int | None = None
    may: frozenset[str] = field(default_factory=frozenset)

    def actor(self) -> Actor:
        """The same person, acting."""
        return Actor(ActorKind.USER, self.name, self.user)


OUTSIDER = Viewer(name="外人", role="outsider")
