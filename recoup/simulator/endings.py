"""
The ways a contact may end and their chances: `answers`, averaged instead of drawn.

Only what matters for paying is told apart: what is added to the log of the hazard, and the chance
of a promise and of its being kept. For `truth` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator import answers
from recoup.simulator.actions import Action
from recoup.simulator.parameters import Parameters
from recoup.simulator.population import Population
from recoup.simulator.traits import Traits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ending:
    """Arrays over cases: how likely it ends so, and what follows then."""

    chance: Floats
    effect: Floats
    promises: Floats
    keeps: Floats
    relief: Floats


def of(*, action: Action, population: Population, cases: Ints) -> Iterator[Ending]:
    """
    Every way in which a contact with each of these cases may end; chances add up to one.

    :raises Invalid: for the channel that no policy may use
    """
    if action.channel == "circle":
        raise Invalid("There is no truth about the circle: no policy may contact it.")
    dead = population.days[cases] >= population.traits.lost_after[cases]
    traits = population.traits.take(cases)
    calls = action.channel in ("call", "robot")
    one = _Contact(action, population, cases, traits, dead)
    yield from one.called() if calls else one.written()


@dataclass(frozen=True, slots=True)
class _Contact:
    action: Action
    population: Population
    cases: Ints
    traits: Traits
    dead: NDArray[np.bool_]

    def called(self) -> Iterator[Ending]:
        p, none = self._p, np.zeros(len(self.cases))
        slot = np.full(len(self.cases), self.action.slot, dtype=np.int8)
        reach = answers.reached(self.traits, slot, self.population.reach, p).astype(np.float64)
        right = np.where(self.dead, 0.0, np.minimum(reach, 1.0))
        wrong = np.where(self.dead, 0.0, np.minimum(p["wrong_party.share"], 1.0 - right))
        refuses = np.minimum(0.08 * np.exp(-0.5 * self.traits.willingness), 1.0)
        willing = answers.promising(self.action.channel, self.action.tier, p) * self._fading
        asked = np.minimum(willing * np.exp(0.45 * self.traits.willingness - 0.1), 1.0 - refuses)
        loud, quiet = self._cost(1.0), self._cost(1.0 / 3.0)
        offered = self._offered()
        yield Ending(right, self._heard - loud, np.maximum(asked, 0.0), self._keeps, offered)
        yield Ending(wrong, -loud, none, none, none)
        quiet = np.where(self.dead, 0.0, quiet)
        yield Ending(1.0 - right - wrong, -quiet, none, none, none)

    def written(self) -> Iterator[Ending]:
        p, channel, none = self._p, self.action.channel, np.zeros(len(self.cases))
        lives = {
            "sms": ~self.dead, "email": self.traits.email_lives,
            "letter": self.traits.address_lives,
        }[channel]  # fmt: skip
        arrives = np.where(lives, p[f"reach.{channel}_delivered"], 0.0)
        mean = p[f"reach.{channel}_read"] / p["reach.sms_read"]
        reads = np.minimum(self.traits.reads * mean, 1.0)
        stranger = 0.0 if channel == "letter" else 0.1 * p["wrong_party.share"]
        cost, offered = self._cost(1.0), self._offered()
        writes = p["reply.message"] * np.exp(0.3 * self.traits.willingness) * self._fading
        says = np.minimum(p["promise.reply"] * np.exp(0.35 * self.traits.willingness), 1.0)
        promises = np.minimum(writes, 1.0 - stranger) / (1.0 - stranger) * says * self._calm
        promises = none if channel == "letter" else promises
        heard = arrives * reads * (1.0 - stranger)
        # A stranger who reads it answers that the number is wrong, and takes up no offer of ours;
        # the model lets the offer stand all the same, as the house cannot know better.
        taken = arrives * reads * stranger + arrives * (1.0 - reads) * stranger
        yield Ending(heard, self._heard - cost, promises, self._keeps, offered)
        yield Ending(taken, -cost, none, none, offered)
        yield Ending(arrives - heard - taken, -cost, none, none, none)
        yield Ending(1.0 - arrives, none, none, none, none)

    @property
    def _p(self) -> Parameters:
        return self.population.parameters

    @property
    def _fading(self) -> Floats:
        nth = self.population.contacts[self.cases].astype(np.float64)
        return np.asarray(self._p["effect.nth"] ** nth)

    @property
    def _heard(self) -> Floats:
        strength = answers.strength(
            self.action.channel, self.action.tone, self.action.tier, self._p
        )
        hard = np.exp(self.population.wear - self.population.hardened[self.cases])
        return np.asarray(strength * hard * self.traits.warmth * self._fading) + self._lower()

    def _lower(self) -> float:
        offer = self.action.offer
        if offer is None or offer.kind != "lower_minimum":
            return 0.0
        return self._p["effect.lower_minimum"] * offer.share

    def _offered(self) -> Floats:
        offer = self.action.offer
        share = offer.share if offer is not None and offer.kind == "write_down" else 0.0
        return np.full(len(self.cases), share)

    def _level(self, share: float) -> Floats:
        added = share * self._p[f"irritation.{self.action.channel}"] / self.traits.patience
        return np.asarray(self.population.irritation[self.cases] + added, dtype=np.float64)

    def _cost(self, share: float) -> Floats:
        """What irritation takes off, for a contact that irritates by this share."""
        return self._p["irritation.cost"] * np.maximum(self._level(share) - 1.0, 0.0)

    @property
    def _calm(self) -> Floats:
        """The chance of neither a complaint nor an opt-out, which would take the reply's place."""
        complains, opts_out = answers.objecting(self._level(1.0), self._p)
        calm = (1.0 - np.minimum(complains, 1.0)) * (1.0 - np.minimum(opts_out, 1.0))
        return np.asarray(calm, dtype=np.float64)

    @property
    def _keeps(self) -> Floats:
        robot = self.action.channel == "robot"
        more = self._p["robot.hardens"] if robot else 0.0
        binding = self._p["promise.robot_binds"] if robot else 1.0
        hardened = self.population.hardened[self.cases] + more
        return self.population.keeping(self.cases, binding, hardened)


def due_within(horizon: int, parameters: Parameters) -> float:
    """The chance that a promise made today falls due within so many days, today included."""
    mean = parameters["promise.days"] - 1.0
    term, total = float(np.exp(-mean)), 0.0
    for waited in range(horizon - 1):  # a promise waits a day at least
        total += term
        term *= mean / (waited + 1)
    return min(total, 1.0)
