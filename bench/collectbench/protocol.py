"""
What a policy is given and what it gives back: the whole contract of an entry.

    class Patient:
        def learn(self, past, terms, *, seed): ...
        def act(self, log, terms, *, day, yesterday): return []

A policy runs in a process of its own. It never meets the simulator: the log, the terms and what its
own contacts brought are all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Offer = tuple[str, float]  # what is offered, and what share
FIRST_HOUR, SLOTS = 8, 6
LINES = ("call_lines", "robot_lines")


@dataclass(frozen=True, slots=True)
class Contact:
    """
    One kind of contact with each of some cases (indices into the log) at a local hour.

    `tier` is who calls (`junior` or `senior`, only for `call`), `offer` is `(kind, share)` or none.
    """

    channel: str
    tone: str
    cases: Ints
    hour: int = 10
    tier: str = "junior"
    offer: Offer | None = None


class Log:
    """
    What the lender knows of every case this morning: read-only arrays by name, one entry a case.

    >>> Log({"arrears": np.array([5, 0])}).arrears.tolist()
    [5, 0]
    """

    def __init__(self, fields: Mapping[str, NDArray[Any]]) -> None:
        self._fields = dict(fields)
        for array in self._fields.values():
            array.setflags(write=False)

    def __setstate__(self, fields: dict[str, Any]) -> None:
        self.__init__(fields["_fields"])  # type: ignore[misc]  # arrays arrive writable

    def __getattr__(self, name: str) -> NDArray[Any]:
        fields = self.__dict__.get("_fields", {})
        if name not in fields:
            raise AttributeError(f"The log has no {name!r}. It has: {', '.join(sorted(fields))}.")
        return fields[name]

    def __len__(self) -> int:
        return len(next(iter(self._fields.values())))

    @property
    def names(self) -> tuple[str, ...]:
        """The fields there are."""
        return tuple(self._fields)


@dataclass(frozen=True, slots=True)
class Yesterday:
    """What the contacts of the day before brought: how each ended, and the sums."""

    contacts: tuple[Contact, ...]
    outcomes: tuple[NDArray[np.int8], ...]
    paid: int
    cost: int
    conceded: int
    complaints: int
    opt_outs: int
    used: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Rules:
    """How often one person may be contacted, the same for all policies. Counts of attempts."""

    contacts_a_day: int = 1  # the contest's own, stricter than the law
    calls_a_day: int = 3  # people and robots together, as the standard of 2025 has it
    letters_a_month: int = 1  # in any 30 days
    offers: tuple[str, ...] = ()  # what may be offered: sixty days do not show what a gift costs
    first_hour: int = 8
    last_hour: int = 21


@dataclass(frozen=True, slots=True)
class Terms:
    """
    The contest: how long, with what a day, at what cost, under which rules.

    `budgets` are per day; `call_lines_10` is the number of calls that may begin from ten to twelve.
    `uses[kind]` is what one contact of a kind uses of each budget, `spend` (minor units) among
    them; `call_lines` and `robot_lines` there mean those of the hour's slot. A write-down uses
    `concession` at its face. `complaint_ceiling` is the number of complaints in any 30 days from which on
    nobody may be contacted until older ones drop out.
    """

    variant: str
    cases: int
    days: int
    budgets: Mapping[str, float]
    uses: Mapping[str, Mapping[str, float]]
    complaint_ceiling: int
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Episode:
    """
    One book under the randomised logging policy: `logs[d]` is the morning of day d, one more than
    days; `contacts[d]` and `outcomes[d]` what was done on day d and how it ended. `chance[d]`
    (cases,) is how likely each case was to be contacted that day if the rules allowed it, by lot;
    in which way was drawn by `shares[way]`.
    """

    logs: Sequence[Log]
    contacts: Sequence[tuple[Contact, ...]]
    outcomes: Sequence[tuple[NDArray[np.int8], ...]]
    chance: Sequence[NDArray[np.float32]]
    shares: Sequence[tuple[Contact, float]]


class Policy(Protocol):
    """An entry. `learn` is called once, `act` every morning; between books it starts anew."""

    def learn(self, past: Sequence[Episode], terms: Terms, *, seed: int) -> None:
        """Study what the randomised logging policy saw in other books of the same variant."""

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> Sequence[Contact]:
        """Say whom to contact today. Nothing is clipped: what breaks a cap disqualifies."""


def slot_name(hour: int) -> str:
    """
    The two-hour slot of an hour by its beginning; the last one is from 18:00 to the end.

    >>> slot_name(9), slot_name(21)
    ('08', '18')
    """
    return f"{FIRST_HOUR + 2 * min((int(hour) - FIRST_HOUR) // 2, SLOTS - 1):02d}"


def kind(contact: Contact) -> str:
    """
    The name of a kind of contact in the terms: the channel, and for calls who calls.

    >>> kind(Contact("call", "moral", np.array([1]), tier="senior"))
    'call_senior'
    """
    return f"call_{contact.tier}" if contact.channel == "call" else contact.channel
