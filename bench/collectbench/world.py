"""
The books of the contest and its terms, from the simulator that Recoup ships.

This is the only module besides the bound that meets the simulator; no policy can import it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from bench.collectbench.protocol import LINES, SLOTS, Contact, Log, Terms, Yesterday
from recoup.simulator import parameters as shipped
from recoup.simulator.actions import Action, Capacity, Offer, unit_use
from recoup.simulator.laboratory import Laboratory
from recoup.simulator.parameters import Parameters
from recoup.simulator.variants import usual_capacity

KINDS = {
    "sms": ("sms", "junior"), "email": ("email", "junior"), "letter": ("letter", "junior"),
    "robot": ("robot", "junior"), "call_junior": ("call", "junior"),
    "call_senior": ("call", "senior"),
}  # fmt: skip
CEILING = 0.12  # complaints in 30 days, as a share of the cases


def terms(*, variant: str, cases: int, days: int, parameters: Parameters | None = None) -> Terms:
    """The terms of a variant: the house's usual capacity for so many cases, at its unit uses."""
    p = parameters or shipped.load()
    capacity = usual_capacity(variant=variant, size=cases)
    return Terms(
        variant=variant, cases=cases, days=days, budgets=capacity.limits(),
        uses={name: _uses(channel, tier, p) for name, (channel, tier) in KINDS.items()},
        complaint_ceiling=max(1, round(CEILING * cases)),
    )  # fmt: skip


def _uses(channel: str, tier: str, p: Parameters) -> dict[str, float]:
    used = unit_use(channel=channel, tier=tier, slot=0, parameters=p)  # type: ignore[arg-type]
    return {
        next((lines for lines in LINES if name.startswith(lines)), name): amount
        for name, amount in used.items()
    }


class Book:
    """One simulated book: the laboratory behind a door through which only the log comes out."""

    def __init__(
        self, *, terms: Terms, seed: int, parameters: Parameters | None = None
    ) -> None:  # fmt: skip
        self.seed = seed
        self.laboratory = Laboratory(
            size=terms.cases, seed=seed, variant=terms.variant,
            capacity=capacity_of(terms), parameters=parameters or shipped.load(),
        )  # fmt: skip
        self.opening = int(self.laboratory.log().owed.sum())

    def log(self) -> Log:
        """What the lender knows this morning."""
        log = self.laboratory.log()
        return Log({field.name: getattr(log, field.name) for field in dataclasses.fields(log)})

    def play(self, contacts: Sequence[Contact]) -> Yesterday:
        """
        Do the contacts and let the day pass.

        :raises Invalid: if the simulator itself refuses them
        """
        day = self.laboratory.play([_action(contact) for contact in contacts])
        return Yesterday(
            tuple(contacts), day.outcomes, day.paid, day.cost, day.conceded, day.complaints, day.opt_outs,
            dict(day.used),
        )  # fmt: skip


def capacity_of(terms: Terms) -> Capacity:
    """The simulator's form of the budgets."""
    flat = dict(terms.budgets)
    lines = {
        name: tuple(flat.pop(f"{name}_{8 + 2 * slot:02d}") for slot in range(SLOTS))
        for name in LINES
    }
    return Capacity(**flat, **lines)  # type: ignore[arg-type]


def _action(contact: Contact) -> Action:
    return Action(
        contact.channel, contact.tone, np.asarray(contact.cases, dtype=np.int64),  # type: ignore[arg-type]
        int(contact.hour), contact.tier, None if contact.offer is None else Offer(*contact.offer),  # type: ignore[arg-type]
    )  # fmt: skip
