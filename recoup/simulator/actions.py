"""
What a lender may do in a day, what it uses and costs, and the most that there is of each budget.

Standard minutes, not the minutes of each call, are charged: a plan made in the morning can be
checked before anybody is rung.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import Invalid, Problem
from recoup.simulator.answers import CHANNELS, Channel, Tone, slot_of
from recoup.simulator.parameters import Parameters
from recoup.simulator.traits import SLOTS

Ints = NDArray[np.int64]
Tier = Literal["junior", "senior"]
OfferKind = Literal["write_down", "lower_minimum"]
TIERS: tuple[Tier, ...] = get_args(Tier)
OFFERS: tuple[OfferKind, ...] = get_args(OfferKind)
TONES: tuple[Tone, ...] = get_args(Tone)
FIRST_HOUR, LAST_HOUR = 8, 21
NO_LIMIT = math.inf


@dataclass(frozen=True, slots=True)
class Offer:
    """
    What a contact offers: `share` of the arrears off (`write_down`) for whoever pays the rest
    within a month, or of the coming instalments off (`lower_minimum`).
    """

    kind: OfferKind
    share: float


@dataclass(frozen=True, slots=True)
class Action:
    """
    One contact with each of some cases (indices), on a channel, at a local hour.

    `tier` says who calls and matters for `call` alone; an offer is heard with the contact.
    """

    channel: Channel
    tone: Tone
    cases: Ints
    hour: int = 10
    tier: Tier = "junior"
    offer: Offer | None = None

    @property
    def slot(self) -> int:
        """The two-hour slot of the hour, 0 to 5."""
        return int(slot_of(np.array([self.hour]))[0])


Lines = tuple[float, float, float, float, float, float]
ANY_LINES: Lines = (NO_LIMIT,) * SLOTS  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Capacity:
    """
    The most a day bears of each budget. Amounts are minor units, lines are attempts in each of
    the six two-hour slots from 08:00.
    """

    junior_minutes: float = NO_LIMIT
    senior_minutes: float = NO_LIMIT
    robot_minutes: float = NO_LIMIT
    call_lines: Lines = ANY_LINES
    robot_lines: Lines = ANY_LINES
    sms: float = NO_LIMIT
    letter: float = NO_LIMIT
    spend: float = NO_LIMIT
    concession: float = NO_LIMIT

    def __post_init__(self) -> None:
        wrong = [
            Problem(name, f"{most} is no amount.")
            for name, most in self.limits().items()
            if math.isnan(most) or most < 0
        ]
        for name in ("call_lines", "robot_lines"):
            if len(getattr(self, name)) != SLOTS:
                wrong.append(Problem(name, f"{SLOTS} slots are needed."))
        if wrong:
            raise Invalid("The capacity is wrong.", problems=wrong)

    def limits(self) -> dict[str, float]:
        """Every budget by name; lines by slot: `call_lines_10` is the slot from ten to twelve."""
        most: dict[str, float] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                most |= {line(field.name, slot): amount for slot, amount in enumerate(value)}
            else:
                most[field.name] = value
        return most

    def scaled(self, by: float) -> Capacity:
        """So many times as much of everything, `by` above nothing."""
        return Capacity(
            junior_minutes=by * self.junior_minutes, senior_minutes=by * self.senior_minutes,
            robot_minutes=by * self.robot_minutes,
            call_lines=tuple(by * each for each in self.call_lines),  # type: ignore[arg-type]
            robot_lines=tuple(by * each for each in self.robot_lines),  # type: ignore[arg-type]
            sms=by * self.sms, letter=by * self.letter, spend=by * self.spend,
            concession=by * self.concession,
        )  # fmt: skip


def line(name: str, slot: int) -> str:
    """
    The name of a budget of lines in a slot.

    >>> line("call_lines", 1)
    'call_lines_10'
    """
    return f"{name}_{8 + 2 * slot:02d}"


BUDGETS: tuple[str, ...] = tuple(Capacity().limits())


def unit_use(
    *, channel: Channel, tier: Tier, slot: int, parameters: Parameters
) -> dict[str, float]:  # fmt: skip
    """What one contact uses of each budget, `spend` among them; nothing is said of the others."""
    p = parameters
    if channel == "call":
        minutes = p[f"operations.minutes_{tier}"]
        used = {f"{tier}_minutes": minutes, line("call_lines", slot): 1.0}
        return used | {"spend": minutes * p[f"operations.cost_{tier}"]}
    if channel == "robot":
        minutes = p["operations.minutes_robot"]
        used = {"robot_minutes": minutes, line("robot_lines", slot): 1.0}
        return used | {"spend": minutes * p["operations.cost_robot"]}
    if channel == "circle":
        return {"spend": 0.0}
    used = {channel: 1.0} if channel in ("sms", "letter") else {}
    return used | {"spend": p[f"operations.cost_{channel}"]}


def use(*, action: Action, cases: Ints, arrears: Ints, parameters: Parameters) -> dict[str, float]:
    """
    What an action uses of each budget for these of its cases.

    A write-down uses concession at its face, the share of today's arrears, taken up or not.
    """
    each = unit_use(
        channel=action.channel, tier=action.tier, slot=action.slot, parameters=parameters
    )
    used = {name: amount * len(cases) for name, amount in each.items()}
    if action.offer is not None and action.offer.kind == "write_down":
        used["concession"] = float(np.floor(action.offer.share * arrears[cases]).sum())
    return used


def check(actions: Sequence[Action], *, size: int, circle: bool = False) -> None:
    """
    Look at a day's actions before any is done.

    :raises Invalid: for unknown words, hours outside 8 to 21, cases that do not exist or stand
        twice in an action, offers that make no sense; `circle` allows the channel that exists for
        calibration alone
    """
    problems = [
        Problem(f"action {nth}", what)
        for nth, action in enumerate(actions)
        for what in _wrong(action, size, circle)
    ]
    if problems:
        raise Invalid("These actions cannot be done; nothing was.", problems=problems)


def _wrong(action: Action, size: int, circle: bool) -> list[str]:
    found = []
    if action.channel not in CHANNELS:
        found.append(f"The simulator knows no channel {action.channel!r}.")
    elif action.channel == "circle" and not circle:
        found.append("Contacting a borrower's circle is for calibration, not for policies.")
    if action.tone not in TONES:
        found.append(f"The simulator knows no tone {action.tone!r}.")
    if action.tier not in TIERS:
        found.append(f"The simulator knows no tier {action.tier!r}.")
    if not FIRST_HOUR <= action.hour <= LAST_HOUR:
        found.append(f"Nobody is contacted at {action.hour} o'clock, only from 8 to 21.")
    return found + _wrong_cases(action.cases, size) + _wrong_offer(action.offer)


def _wrong_cases(cases: Ints, size: int) -> list[str]:
    if not isinstance(cases, np.ndarray) or cases.ndim != 1 or cases.dtype.kind not in "iu":
        return ["Cases are a one-dimensional array of indices."]
    if len(cases) and (cases.min() < 0 or cases.max() >= size):
        return [f"A case is outside 0 to {size - 1}."]
    if len(cases) > 1 and np.bincount(cases.astype(np.int64), minlength=size).max() > 1:
        return ["A case stands twice in one action."]
    return []


def _wrong_offer(offer: Offer | None) -> list[str]:
    if offer is None:
        return []
    if offer.kind not in OFFERS:
        return [f"The simulator knows no offer {offer.kind!r}."]
    if not 0.0 < offer.share < 1.0:
        return [f"An offer of {offer.share} is no share between 0 and 1."]
    return []


def exceeded(used: Mapping[str, float], capacity: Capacity) -> list[Problem]:
    """The budgets that a day's use breaks. A millionth is rounding."""
    return [
        Problem(name, f"{used[name]:,.1f} is more than the {most:,.1f} there is.")
        for name, most in capacity.limits().items()
        if used.get(name, 0.0) > most * (1 + 1e-9) + 1e-6
    ]
