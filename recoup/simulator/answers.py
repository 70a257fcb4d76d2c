"""
What a borrower does when contacted: arrival, answer, reply, promise, irritation, effect.

One call handles one channel and any number of borrowers. The effect is a change of the log of
the hazard of paying, which fades with `effect.half_life`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid
from recoup.simulator.parameters import Parameters
from recoup.simulator.traits import SLOTS, Traits, logit, sigmoid

Floats = NDArray[np.float32]
Draws = NDArray[np.float64]
DRAWS = 7  # uniform numbers that a contact takes
Channel = Literal["sms", "email", "letter", "call", "robot", "circle"]
Tone = Literal["reminder", "moral", "officer"]
CHANNELS: tuple[Channel, ...] = ("sms", "email", "letter", "call", "robot", "circle")
NOT_TRIED = -1  # in place of an outcome


class Outcome(IntEnum):
    """How a contact ended, in the words of the intake format (names in lower case)."""

    NO_ANSWER = 0
    BUSY = 1
    INVALID_NUMBER = 2
    CONNECTED = 3
    RIGHT_PARTY = 4
    WRONG_PARTY = 5
    PROMISE = 6
    REFUSED = 7
    DELIVERED = 8
    UNDELIVERED = 9
    READ = 10
    REPLIED = 11


class Reply(IntEnum):
    """What a written reply means."""

    NONE = 0
    PROMISE = 1
    PAID = 2
    HARDSHIP = 3
    DISPUTE = 4
    WRONG_NUMBER = 5
    STOP = 6
    COMPLAINT = 7
    QUESTION = 8


OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class Answers:
    """Arrays of n, one for each contact, in the order asked."""

    outcome: NDArray[np.int8]
    reply: NDArray[np.int8]
    effect: Floats
    irritation: Floats
    complains: NDArray[np.bool_]
    opts_out: NDArray[np.bool_]

    @property
    def promises(self) -> NDArray[np.bool_]:
        """Who promised a payment."""
        return np.asarray((self.outcome == Outcome.PROMISE) | (self.reply == Reply.PROMISE))


def slot_of(hour: NDArray[np.int64]) -> NDArray[np.int8]:
    """The two-hour slot of a local hour, 0 (before 10:00) to 5 (from 18:00)."""
    return np.clip((hour - 8) // 2, 0, SLOTS - 1).astype(np.int8)


def answer(
    *, channel: Channel, tone: Tone, traits: Traits, slot: NDArray[np.int8],
    dead: NDArray[np.bool_], nth: NDArray[np.int16], irritation: Floats, draws: Draws,
    parameters: Parameters, tier: str = "junior", hardened: Floats | None = None,
    reach: float = 0.0, wear: float = 0.0,
) -> Answers:  # fmt: skip
    """
    What these borrowers do about one contact each on one channel; `tier` is who calls.

    `draws` are uniform numbers, `DRAWS` for each. `hardened` lowers what a contact does, `reach`
    is added to the log odds of answering, `wear` to the log of what contacts do.

    `dead` says whose number no longer works, `nth` how many contacts arrived before, `irritation`
    is the level before this contact. A contact that did not arrive irritates nobody.

    :raises Invalid: for an unknown channel
    """
    p, n = parameters, len(traits)
    outcome = np.full(n, Outcome.UNDELIVERED, dtype=np.int8)
    reply = np.zeros(n, dtype=np.int8)
    fading = np.power(np.float32(p["effect.nth"]), nth.astype(np.float32))
    touched = np.ones(n, dtype=bool)
    if channel in ("call", "robot"):
        willing = fading * promising(channel, tier, p)
        heard = _calls(outcome, traits, slot, dead, willing, draws, reach, p)
        touched = ~dead  # a phone that rings in a drawer annoys nobody
    elif channel in ("sms", "email", "letter"):
        heard = _messages(channel, outcome, reply, traits, dead, fading, draws, p)
        touched = outcome != Outcome.UNDELIVERED
    elif channel == "circle":
        outcome[:], heard = Outcome.CONNECTED, touched
    else:
        raise Invalid(f"The simulator knows no channel {channel!r}.")
    added = _irritation(channel, traits, touched, outcome, p)
    level = irritation + added
    effect = _effect(channel, tone, tier, traits, heard, fading, hardened, wear, p)
    effect -= p["irritation.cost"] * np.maximum(level - 1.0, 0.0) * touched
    objects = objecting(level, p)
    complains, opts_out = touched & (draws[5] < objects[0]), heard & (draws[6] < objects[1])
    _say(channel, reply, complains, opts_out, outcome)
    return Answers(outcome, reply, effect.astype(np.float32), added, complains, opts_out)


def _effect(
    channel: Channel, tone: Tone, tier: str, traits: Traits, heard: NDArray[np.bool_],
    fading: Floats, hardened: Floats | None, wear: float, p: Parameters,
) -> NDArray[np.float64]:  # fmt: skip
    """What the contact adds to the log of the hazard where it is heard, but for irritation."""
    if channel == "circle":
        return np.full(len(traits), p["effect.circle"])
    force = strength(channel, tone, tier, p) * np.exp(wear)
    if hardened is not None:
        force = force * np.exp(-hardened)
    return np.where(heard, force * traits.warmth * fading, 0.0).astype(np.float64)


def objecting(level: NDArray[Any], p: Parameters) -> tuple[NDArray[Any], NDArray[Any]]:
    """The chances of a complaint and of an opt-out at these levels of irritation."""
    return (
        p["complaint.base"] * np.exp(p["complaint.growth"] * np.minimum(level, 6.0)),
        p["opt_out.base"] * np.exp(p["opt_out.growth"] * np.minimum(level, 5.0)),
    )


def strength(channel: Channel, tone: Tone, tier: str, p: Parameters) -> float:
    """What a contact that is heard adds to the log of the hazard, the first one, middling warmth."""
    if channel == "call":
        return p["effect.call"] * (p["effect.senior"] if tier == "senior" else 1.0)
    if channel in ("letter", "circle", "robot"):
        return p[f"effect.{channel}"]
    return p[f"effect.{tone}"]


def promising(channel: Channel, tier: str, p: Parameters) -> np.float32:
    """Promises for a conversation with this caller, the first one, middling willingness."""
    if channel == "robot":
        return np.float32(p["promise.robot"])
    return np.float32(p["promise.call"] * (p["promise.senior"] if tier == "senior" else 1.0))


def reached(traits: Traits, slot: NDArray[np.int8], shift: float, p: Parameters) -> Floats:
    """The chances that borrowers answer a call in a slot in person, on a number that lives."""
    best = p["reach.best_slot"]
    usual = SLOTS / (SLOTS - 1 + best)
    share = traits.reach_call * np.where(slot == traits.best_slot, best * usual, usual)
    return np.asarray(sigmoid(logit(share) + shift) if shift else share, dtype=np.float32)


def _calls(
    outcome: NDArray[np.int8], traits: Traits, slot: NDArray[np.int8],
    dead: NDArray[np.bool_], willing: Floats, draws: Draws, shift: float,
    p: Parameters,
) -> NDArray[np.bool_]:  # fmt: skip
    reach = reached(traits, slot, shift, p)
    wrong = np.float32(p["wrong_party.share"])
    right = draws[0] < reach
    outcome[:] = np.where(draws[1] < 0.15, Outcome.BUSY, Outcome.NO_ANSWER)
    outcome[draws[0] > 1.0 - wrong] = Outcome.WRONG_PARTY
    outcome[right] = Outcome.RIGHT_PARTY
    promising = willing * np.exp(0.45 * traits.willingness - 0.1)
    outcome[right & (draws[2] < promising)] = Outcome.PROMISE
    refuses = right & (draws[2] > 1.0 - 0.08 * np.exp(-0.5 * traits.willingness))
    outcome[refuses] = Outcome.REFUSED
    outcome[dead] = np.where(draws[3][dead] < 0.6, Outcome.INVALID_NUMBER, Outcome.NO_ANSWER)
    return np.asarray(right & ~dead)


def _messages(
    channel: str, outcome: NDArray[np.int8], reply: NDArray[np.int8], traits: Traits,
    dead: NDArray[np.bool_], fading: Floats, draws: Draws, p: Parameters,
) -> NDArray[np.bool_]:  # fmt: skip
    lives = {"sms": ~dead, "email": traits.email_lives, "letter": traits.address_lives}[channel]
    arrives = lives & (draws[0] < p[f"reach.{channel}_delivered"])
    mean = p[f"reach.{channel}_read"] / p["reach.sms_read"]
    read = arrives & (draws[1] < traits.reads * mean)
    outcome[arrives] = Outcome.DELIVERED
    outcome[read] = Outcome.READ
    if channel == "letter":
        return np.asarray(read)
    writes = p["reply.message"] * np.exp(0.3 * traits.willingness) * fading
    replied = read & (draws[2] < writes)
    outcome[replied] = Outcome.REPLIED
    promise = p["promise.reply"] * np.exp(0.35 * traits.willingness)
    # What is not a promise: paid already, hardship, dispute, a question.
    other = np.select(
        [draws[4] < 0.22, draws[4] < 0.50, draws[4] < 0.60],
        [Reply.PAID, Reply.HARDSHIP, Reply.DISPUTE],
        Reply.QUESTION,
    )
    poor = (other == Reply.PAID) & (traits.ability < -0.8)
    meaning = np.where(poor, Reply.HARDSHIP, other)
    reply[replied] = np.where(draws[3] < promise, Reply.PROMISE, meaning)[replied]
    stranger = arrives & (draws[2] > 1.0 - 0.1 * p["wrong_party.share"])
    reply[stranger] = Reply.WRONG_NUMBER
    outcome[stranger] = Outcome.REPLIED
    return np.asarray(read & ~stranger)


def _irritation(
    channel: str, traits: Traits, touched: NDArray[np.bool_], outcome: NDArray[np.int8],
    p: Parameters,
) -> Floats:  # fmt: skip
    share = np.ones(len(traits), dtype=np.float32)
    if channel in ("call", "robot"):
        unanswered = (outcome == Outcome.NO_ANSWER) | (outcome == Outcome.BUSY)
        share = np.where(unanswered, np.float32(1 / 3), np.float32(1.0))
    added = touched * share * np.float32(p[f"irritation.{channel}"]) / traits.patience
    return np.asarray(added, dtype=np.float32)


def _say(
    channel: str, reply: NDArray[np.int8], complains: NDArray[np.bool_],
    opts_out: NDArray[np.bool_], outcome: NDArray[np.int8],
) -> None:  # fmt: skip
    if channel not in ("sms", "email"):
        return
    loud = complains | opts_out
    reply[opts_out] = Reply.STOP
    reply[complains] = Reply.COMPLAINT
    outcome[loud] = Outcome.REPLIED
