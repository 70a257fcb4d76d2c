"""
What a borrower is like, hidden from every policy, and the few signs of it that a lender saw.

A Gaussian factor model: ability and willingness make the drive to pay; reach, warmth and patience
lean on them. All is recreated from the seed and the borrower's reference.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recoup.simulator.chance import Keys, normal, uniform
from recoup.simulator.parameters import Parameters

Floats = NDArray[np.float32]

# Two-hour slots of the day from 08:00 to 20:00; later hours belong to the last one.
SLOTS = 6


@dataclass(frozen=True, slots=True)
class Traits:
    """
    Hidden traits of n borrowers, arrays of n. A policy never gets one of these.

    `drive` is the log of the hazard of paying against a middling borrower, `lost_after` the days
    of arrears after which the phone is dead (may be 0), `patience` divides irritation.
    """

    ability: Floats
    willingness: Floats
    drive: Floats
    partial: Floats
    warmth: Floats
    patience: Floats
    reach_call: Floats
    reads: Floats
    best_slot: NDArray[np.int8]
    lost_after: NDArray[np.int16]
    email_lives: NDArray[np.bool_]
    address_lives: NDArray[np.bool_]
    keeps: Floats

    def __len__(self) -> int:
        return len(self.drive)

    def take(self, index: NDArray[np.int64]) -> Traits:
        """The traits of some of them."""
        return Traits(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Signs:
    """
    What the lender saw at application, correlated with the traits: standard normal scores.

    `credit` leans on the drive to pay, `income` on ability, `stability` on reach.
    """

    credit: Floats
    income: Floats
    stability: Floats
    age: NDArray[np.int16]


def logit(share: ArrayLike) -> NDArray[np.float64]:
    """
    The log odds of shares, kept off nothing and everything.

    >>> float(logit(0.5))
    0.0
    """
    p = np.clip(np.asarray(share, dtype=np.float64), 1e-9, 1.0 - 1e-9)
    return np.asarray(np.log(p / (1.0 - p)))


def sigmoid(odds: ArrayLike) -> NDArray[np.float64]:
    """The shares of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.asarray(odds, dtype=np.float64))))


def _share(odds: NDArray[np.float64]) -> Floats:
    return sigmoid(odds).astype(np.float32)


def _factors(keys: Keys, parameters: Parameters) -> tuple[NDArray[np.float64], ...]:
    ability, own = normal(keys, 1), normal(keys, 2)
    willingness = 0.3 * ability + np.sqrt(1 - 0.09) * own
    share = parameters["drive.ability_share"]
    a, w = np.sqrt(share), np.sqrt(1.0 - share)
    score = (a * ability + w * willingness) / np.sqrt(1.0 + 2 * 0.3 * a * w)
    return ability, willingness, score


def drive(keys: Keys, parameters: Parameters) -> Floats:
    """The drive alone, for choosing who is still in arrears before anything else is drawn."""
    score = _factors(keys, parameters)[2]
    return np.asarray(parameters["drive.spread"] * score, dtype=np.float32)


def of(keys: Keys, parameters: Parameters) -> Traits:
    """The traits of the borrowers with these keys."""
    p = parameters
    ability, willingness, score = _factors(keys, p)
    warmth = 0.5 * willingness + 0.87 * normal(keys, 3)
    reach = 0.35 * willingness + 0.94 * normal(keys, 4)
    partial = p["partial.spread"] * (0.3 * ability + 0.6 * willingness + 0.74 * normal(keys, 5))
    months = -np.log(uniform(keys, 40)) / (
        p["lost.phone_a_month"] * np.exp(-0.5 * willingness - 0.12)
    )
    lost = np.where(uniform(keys, 41) < p["lost.phone_at_start"], 0.0, 30.0 * months)
    return Traits(
        ability=ability.astype(np.float32),
        willingness=willingness.astype(np.float32),
        drive=(p["drive.spread"] * score).astype(np.float32),
        partial=partial.astype(np.float32),
        warmth=np.exp(0.4 * warmth - 0.08).astype(np.float32),
        patience=np.exp(0.5 * normal(keys, 6)).astype(np.float32),
        reach_call=_share(logit(p["reach.call"]) + p["reach.spread"] * reach),
        reads=_share(logit(p["reach.sms_read"]) + p["reach.spread"] * reach),
        best_slot=(uniform(keys, 42) * SLOTS).astype(np.int8),
        lost_after=np.minimum(lost, 32_000).astype(np.int16),
        email_lives=uniform(keys, 43) >= p["lost.email"],
        address_lives=uniform(keys, 44) >= p["lost.address"],
        keeps=_share(logit(p["promise.kept"]) + 0.8 * score),
    )


def signs(keys: Keys, parameters: Parameters) -> Signs:
    """What the lender saw of them at application."""
    ability, _, score = _factors(keys, parameters)
    seen = parameters["signal.visible"]
    stability = 0.5 * (0.35 * score) + 0.98 * normal(keys, 9)
    age = np.clip(34 + 9 * normal(keys, 10) + 2.5 * ability, 20, 64)
    return Signs(
        credit=(seen * score + np.sqrt(1 - seen**2) * normal(keys, 7)).astype(np.float32),
        income=(0.7 * ability + 0.71 * normal(keys, 8)).astype(np.float32),
        stability=stability.astype(np.float32),
        age=age.astype(np.int16),
    )
