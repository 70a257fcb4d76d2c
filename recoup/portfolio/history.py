"""
A loan's ledger from its first day, where the lender gives the whole history.

Drawdown, then what fell due and what was paid, day by day. Gives the same entries as posting each
payment by `waterfall.allocate` would, in one pass (a property test holds them equal); a book of a
million loans needs that.

Pure: takes figures, gives figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from recoup.portfolio.waterfall import RECEIVABLES, Due, order_of


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment of the lender's history; `cause` is unique within the loan."""

    paid_on: date
    amount: int
    cause: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry to post: debits positive, minor units; the accounts not named are nothing."""

    kind: str
    cause: str
    value_on: date
    principal: int = 0
    interest: int = 0
    cost: int = 0
    cash: int = 0
    opening: int = 0
    income: int = 0
    overpaid: int = 0


@dataclass(slots=True)
class _Left:
    due: Due
    principal: int
    interest: int = 0
    cost: int = 0


def replay(
    *, principal: int, issued_on: date, schedule: Sequence[Due], payments: Sequence[Paid],
    until: date, allocation: str = "",
) -> list[Line]:  # fmt: skip
    """
    The entries of a loan up to and including a day.

    What falls due on a day is posted before what is paid on it. Principal that the schedule does
    not name is owed with the oldest instalment.
    """
    lines = [Line("opening", "drawdown", issued_on, principal=principal, opening=-principal)]
    left = _spread(principal, schedule)
    waiting = [item for item in left if item.due.due_on <= until]
    order = [account for account in order_of(allocation) if account != "penalty"]
    for paid in sorted(payments, key=lambda p: (p.paid_on, p.cause)):
        if paid.paid_on > until:
            break
        while waiting and waiting[0].due.due_on <= paid.paid_on:
            lines += _fall_due(waiting.pop(0), left)
        lines.append(_pay(paid, left, order))
    for item in waiting:
        lines += _fall_due(item, left)
    return lines


def _spread(principal: int, schedule: Sequence[Due]) -> list[_Left]:
    """The principal laid on the schedule from its end; a surplus joins the oldest instalment."""
    ordered = sorted(schedule, key=lambda due: (due.due_on, due.number))
    left: list[_Left] = []
    rest = principal
    for due in reversed(ordered):
        share = min(rest, due.principal)
        left.append(_Left(due, share))
        rest -= share
    left.reverse()
    if left:
        left[0].principal += rest
    return left


def _fall_due(item: _Left, left: Sequence[_Left]) -> list[Line]:
    due = item.due
    total = due.interest + due.cost
    if not total or not any(x.principal or x.interest or x.cost for x in left):
        return []
    item.interest += due.interest
    item.cost += due.cost
    return [
        Line(
            "accrual", f"instalment:{due.number}", due.due_on, interest=due.interest,
            cost=due.cost, income=-total,
        )
    ]  # fmt: skip


def _pay(paid: Paid, left: Sequence[_Left], order: Sequence[str]) -> Line:
    rest, shares = paid.amount, dict.fromkeys(RECEIVABLES, 0)
    for item in left:
        if not rest:
            break
        for account in order:
            taken = min(rest, getattr(item, account))
            if taken:
                setattr(item, account, getattr(item, account) - taken)
                shares[account] += taken
                rest -= taken
    return Line(
        "payment", paid.cause, paid.paid_on, principal=-shares["principal"],
        interest=-shares["interest"], cost=-shares["cost"], cash=paid.amount, overpaid=-rest,
    )  # fmt: skip
