"""
What the decision allows to be agreed (offer envelope): waiver, instalments, deferral, floor, expiry, authority.

A plan bears no interest of its own: what is paid is what is owed less what is waived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from recoup.kernel.errors import Invalid, Problem

# What is given up first: charges for being late, then costs and interest, and principal last.
ORDER = ("penalty", "cost", "interest", "principal")
MOST = 10**13


@dataclass(frozen=True)
class Policy:
    """
    The house's own limits, in minor units, months and days.

    `most_months` is at most the law's for the product (60 for cards, 信用卡办法 art. 70), which
    repayment judges again when a plan is agreed; `authority` is what may be waived without approval.
    """

    most_months: int
    authority: int = 0
    floor: int = 0
    least_payment: int = 1
    waives_principal: bool = False


@dataclass(frozen=True)
class Envelope:
    """Everything that may be agreed from `opens` to `expires`, both included; minor units."""

    owed: Mapping[str, int]
    waivable: int
    floor: int
    authority: int
    most_instalments: int
    latest_first: date
    least_payment: int
    opens: date
    expires: date
    waives_principal: bool

    @property
    def total(self) -> int:
        """All that is owed."""
        return sum(self.owed.values())

    def is_open(self, on: date) -> bool:
        """Whether anything may be agreed on this day."""
        return self.opens <= on <= self.expires

    def waived(self, amount: int) -> dict[str, int]:
        """
        A waiver by component, in the order of `ORDER`.

        :raises Invalid: if it is more than the envelope allows
        """
        if not 0 <= amount <= self.waivable:
            raise Invalid(
                f"A waiver of {amount} is outside the envelope.",
                hint=f"At most {self.waivable} may be waived, in minor units.",
            )
        parts, rest = {}, amount
        for account in ORDER:
            if rest and self.owed.get(account, 0):
                parts[account] = min(rest, self.owed[account])
                rest -= parts[account]
        return parts


def envelope(
    *, offer: Mapping[str, int | float], owed: Mapping[str, int], policy: Policy, on: date,
    expires: date,
) -> Envelope:  # fmt: skip
    """
    The envelope of a decision's `offer` (plan_months, promise_days, waive_share) over what is owed.

    The waiver is a share of all that is owed, rounded down, of the components that may be given up,
    and leaves the floor.

    :raises Invalid: with everything that is wrong or contradicts itself
    """
    problems = [*_owed_problems(owed), *_offer_problems(offer), *_policy_problems(policy)]
    if expires < on:
        problems.append(Problem("expires", f"{expires} is before {on}."))
    total = sum(owed.values()) if not problems else 0
    if not problems and policy.floor > total:
        problems.append(Problem("floor", f"{policy.floor} is more than the {total} owed."))
    if not problems and policy.least_payment > total:
        problems.append(
            Problem("least_payment", f"{policy.least_payment} is more than the {total} owed.")
        )
    if problems:
        raise Invalid(
            "This envelope contradicts itself.",
            problems=problems,
            hint=" ".join(map(str, problems)),
        )
    share = Decimal(str(offer.get("waive_share", 0)))
    may_give_up = sum(
        amount for account, amount in owed.items()
        if account != "principal" or policy.waives_principal
    )  # fmt: skip
    most = int((total * share).to_integral_value(rounding=ROUND_DOWN))
    # A floor of nothing still leaves one payment: a debt waived whole is no offer to pay.
    floor = max(policy.floor, policy.least_payment)
    months = min(int(offer.get("plan_months", 0)), policy.most_months)
    return Envelope(
        owed=dict(owed), waivable=max(0, min(most, may_give_up, total - floor)), floor=floor,
        authority=policy.authority, most_instalments=max(1, months),
        latest_first=on + timedelta(days=int(offer.get("promise_days", 0))),
        least_payment=policy.least_payment, opens=on, expires=expires,
        waives_principal=policy.waives_principal,
    )  # fmt: skip


def _owed_problems(owed: Mapping[str, int]) -> list[Problem]:
    found = []
    for account, amount in owed.items():
        if account not in ORDER:
            found.append(Problem(f"owed.{account}", f"It is none of {', '.join(ORDER)}."))
        elif type(amount) is not int or not 0 <= amount <= MOST:
            found.append(Problem(f"owed.{account}", f"{amount!r} is no sum of minor units."))
    if not found and not sum(owed.values()):
        found.append(Problem("owed", "Nothing is owed, so there is nothing to agree."))
    return found


def _offer_problems(offer: Mapping[str, int | float]) -> list[Problem]:
    found = []
    for name, value in offer.items():
        if name not in {"plan_months", "promise_days", "waive_share"}:
            found.append(Problem(f"offer.{name}", "It is not known."))
        elif name == "waive_share":
            if not 0 <= value <= 1:
                found.append(Problem("offer.waive_share", f"{value} is not between 0 and 1."))
        elif value != value or value != int(value) or not 0 <= value <= 3660:
            found.append(Problem(f"offer.{name}", f"{value} is no whole number from 0 to 3660."))
    return found


def _policy_problems(policy: Policy) -> list[Problem]:
    found = []
    for name in ("authority", "floor"):
        if getattr(policy, name) < 0:
            found.append(Problem(f"policy.{name}", "It is less than nothing."))
    if policy.least_payment < 1:
        found.append(Problem("policy.least_payment", "It is at least one minor unit."))
    if not 1 <= policy.most_months <= 600:
        found.append(Problem("policy.most_months", "It is from 1 to 600."))
    return found
