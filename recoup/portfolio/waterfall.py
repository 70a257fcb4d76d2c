"""
Which part of a debt a payment pays: the order of appropriation.

By law costs of enforcing come first, then interest, then principal (Civil Code art. 561, rule
CN-RATE-006), unless the contract says otherwise. Penalty is interest for this purpose and is paid
before it would grow older: interest, then penalty. Of several instalments that are due the oldest
is paid first, each in that order (art. 560: of several debts, those due first).

Pure: takes figures, gives figures. Amounts are minor units of one currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from recoup.kernel.errors import Invalid

RECEIVABLES = ("principal", "interest", "penalty", "cost")
SCHEDULED = ("principal", "interest", "cost")
LAW = ("cost", "interest", "penalty", "principal")


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment of the schedule, as agreed."""

    due_on: date
    number: int = 1
    principal: int = 0
    interest: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What is still owed of one instalment; `due_on` is None for what no instalment names."""

    due_on: date | None
    owed: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.owed.values())


def order_of(allocation: str) -> tuple[str, ...]:
    """
    The order of a contract, or the law's where it is silent.

    `interest` without `penalty` means both; an account the contract forgets comes last.

    >>> order_of("")
    ('cost', 'interest', 'penalty', 'principal')
    >>> order_of("principal, interest")
    ('principal', 'interest', 'penalty', 'cost')

    :raises Invalid: if a word is not an account
    """
    words = [word.strip() for word in allocation.replace(">", ",").split(",") if word.strip()]
    wrong = [word for word in words if word not in RECEIVABLES]
    if wrong:
        raise Invalid(
            _("The order of appropriation names {words}.").format(words=", ".join(wrong)),
            hint=_("Use cost, interest, penalty and principal, separated by commas."),
        )
    if not words:
        return LAW
    order: list[str] = []
    for word in words:
        order.append(word)
        if word == "interest" and "penalty" not in words:
            order.append("penalty")
    return tuple(order + [account for account in LAW if account not in order])


def outstanding(*, balances: Mapping[str, int], schedule: Sequence[Due], on: date) -> list[Part]:
    """
    What is still owed of each instalment on a day, oldest first.

    Payments reach the oldest instalment first, so what is left of an account belongs to the
    newest: the balance is laid on the schedule from its end. Interest and cost count from their
    due day; principal is owed from the start. What the schedule does not explain (penalty, older
    arrears) is the first part, without a day.
    """
    newest_first = sorted(schedule, key=lambda due: (due.due_on, due.number), reverse=True)
    left = {account: max(0, balances.get(account, 0)) for account in RECEIVABLES}
    parts: list[Part] = []
    for due in newest_first:
        owed: dict[str, int] = {}
        for account in SCHEDULED:
            if account != "principal" and due.due_on > on:
                continue
            amount = min(left[account], getattr(due, account))
            if amount:
                owed[account] = amount
                left[account] -= amount
        if owed:
            parts.append(Part(due.due_on, owed))
    rest = {account: amount for account, amount in left.items() if amount}
    if rest:
        parts.append(Part(None, rest))
    return parts[::-1]


def allocate(
    *, amount: int, available: Mapping[str, int], schedule: Sequence[Due], on: date,
    allocation: str = "",
) -> dict[str, int]:  # fmt: skip
    """
    How much of a payment goes to each account; `overpaid` is what nothing is owed for.

    First what no instalment names and the instalments that are due, oldest first, each by the
    order; then principal that is not due yet, oldest first. A penalty is paid with the oldest
    instalment that is due. Gives no negative figures, and they add up to `amount`.
    """
    order = order_of(allocation)
    shares = dict.fromkeys((*RECEIVABLES, "overpaid"), 0)
    rest = amount
    for owed in _groups(outstanding(balances=available, schedule=schedule, on=on), on):
        for account in order:
            taken = min(rest, owed.get(account, 0))
            shares[account] += taken
            rest -= taken
    shares["overpaid"] = rest
    return shares


def _groups(parts: Sequence[Part], on: date) -> list[dict[str, int]]:
    """The parts in the order in which they are paid; what has no day joins the oldest part."""
    groups: list[dict[str, int]] = []
    undated: dict[str, int] = {}
    for part in parts:
        if part.due_on is None:
            undated = dict(part.owed)
        else:
            groups.append(dict(part.owed))
    if not undated:
        return groups
    if groups and parts[1].due_on is not None and parts[1].due_on <= on:
        for account, owed in undated.items():
            groups[0][account] = groups[0].get(account, 0) + owed
        return groups
    return [undated, *groups]
