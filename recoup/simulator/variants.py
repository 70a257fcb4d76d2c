"""
Books that policies are compared on: `early`, `mid`, `late` and `stress`.

Days past due, the state of the economy and the house's usual capacity for 10,000 accounts. All
three are assumptions, in the order of what Chinese consumer lenders report of their houses: a
collector for some hundreds of accounts, messages for everybody, robots for many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from recoup.kernel.errors import Invalid
from recoup.simulator.actions import Capacity

Variant = Literal["early", "mid", "late", "stress"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
PER = 10_000


@dataclass(frozen=True, slots=True)
class Setting:
    """
    A kind of book: `first` to `last` days past due, and its `capacity` for 10,000 accounts.

    `economy` is added to the log of every hazard of paying, `drift` multiplies how far the
    economy wanders, `reach` is added to the log odds of answering.
    """

    first: int
    last: int
    economy: float
    reach: float
    drift: float
    capacity: Capacity


# Fourteen junior and four senior collectors at 300 productive minutes a day; two shifts, the
# evening one half as large; a robot of forty lines.
USUAL = Capacity(
    junior_minutes=4200.0, senior_minutes=1200.0, robot_minutes=4000.0,
    call_lines=(400.0, 900.0, 600.0, 900.0, 900.0, 450.0),
    robot_lines=(1200.0, 1500.0, 1500.0, 1500.0, 1500.0, 1500.0),
    sms=6000.0, letter=150.0, spend=1_000_000.0, concession=8_000_000.0,
)  # fmt: skip

SETTINGS: dict[Variant, Setting] = {
    "early": Setting(1, 30, 0.0, 0.0, 1.0, USUAL),
    "mid": Setting(31, 90, 0.0, 0.0, 1.0, USUAL),
    "late": Setting(91, 360, 0.0, 0.0, 1.0, USUAL),
    "stress": Setting(1, 360, -0.4, -0.3, 2.5, USUAL.scaled(0.5)),
}


def setting_of(variant: str) -> Setting:
    """
    The setting of a variant.

    :raises Invalid: for a name that is none
    """
    if variant not in VARIANTS:
        raise Invalid(
            f"There is no variant {variant!r}.", hint=f"Choose one of {', '.join(VARIANTS)}."
        )
    return SETTINGS[variant]


def usual_capacity(*, variant: str, size: int) -> Capacity:
    """The capacity of a house with so many accounts of this kind."""
    return setting_of(variant).capacity.scaled(size / PER)
