"""
What to answer to a borrower's proposal: the borrower names sum and day first; concessions cost something.

Values are conceded along v(r) = best - (best - worst) · (r / rounds)^(1 / β) (time-dependent tactics:
Faratin, Sierra and Jennings 1998, Negotiation decision functions for autonomous agents), where r counts only rounds in
which the borrower gave something: a larger or an earlier first payment, or less waived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from recoup.dialogue.offers.envelope import Envelope
from recoup.dialogue.offers.solving import (
    Nothing,
    Offer,
    Terms,
    instalments,
    outside,
    solve,
    value_of,
)

Kind = Literal["ask", "accept", "counter", "needs_approval", "nothing"]


@dataclass(frozen=True)
class Proposal:
    """What a borrower named: the first sum and its day, in how many payments, how much waived."""

    amount: int
    due: date
    count: int = 1
    waived: int = 0


@dataclass(frozen=True)
class Talk:
    """How far a negotiation has come: rounds conceded, and the last proposal."""

    envelope: Envelope
    terms: Terms
    affordable: int | None = None
    rounds: int = 4
    beta: float = 0.5
    conceded: int = 0
    last: Proposal | None = None


@dataclass(frozen=True)
class Answer:
    """What to say. Only the offer of `accept` and `counter` may be uttered."""

    kind: Kind
    offer: Offer | None = None
    reasons: tuple[str, ...] = ()

    @property
    def is_utterable(self) -> bool:
        """Whether the offer may be named to the borrower."""
        return self.kind in {"accept", "counter"}


def opening() -> Answer:
    """Ask which sum and day the borrower names: promises that people set themselves hold better."""
    return Answer("ask")


def level(*, best: float, worst: float, conceded: int, rounds: int, beta: float) -> float:
    """
    The least value that is offered after so many conceded rounds.

    >>> [level(best=10, worst=2, conceded=r, rounds=4, beta=0.5) for r in (0, 2, 4, 9)]
    [10.0, 8.0, 2.0, 2.0]
    """
    part = float(min(1.0, conceded / max(1, rounds)) ** (1 / beta))
    return best - (best - worst) * part


def gave(*, before: Proposal | None, now: Proposal) -> bool:
    """Whether a proposal gives something over the one before, and takes nothing back."""
    if before is None:
        return False
    better = (now.amount > before.amount, now.due < before.due, now.waived < before.waived)
    worse = (
        now.amount < before.amount, now.due > before.due, now.waived > before.waived,
        now.count > before.count,
    )  # fmt: skip
    return any(better) and not any(worse)


def answer(*, talk: Talk, proposal: Proposal, on: date) -> tuple[Answer, Talk]:
    """
    The answer to a proposal, and how far the talk has then come.

    A proposal inside the envelope that asks for no waiver is accepted as it is; one with a waiver
    only at the value conceded so far; a waiver above authority needs approval and is not uttered.
    """
    moved = gave(before=talk.last, now=proposal)
    talk = replace(talk, conceded=min(talk.rounds, talk.conceded + moved), last=proposal)
    own = _own(talk, proposal, on)
    is_inside = own is not None and not outside(envelope=talk.envelope, offer=own, on=on)
    if own is not None and is_inside and not own.waived:
        return Answer("accept", own), talk
    found = solve(
        envelope=talk.envelope, terms=talk.terms, on=on, affordable=talk.affordable,
        first=proposal.amount, start=proposal.due, count=proposal.count,
    )  # fmt: skip
    if isinstance(found, Nothing):
        return Answer("nothing", reasons=found.reasons), talk
    sayable = [one for one in found if one.waived <= talk.envelope.authority]
    if own is not None and is_inside and own.waived > talk.envelope.authority:
        return Answer("needs_approval", own), talk
    if not sayable:
        return Answer("needs_approval", found[0]), talk
    least = level(
        best=sayable[0].value, worst=sayable[-1].value, conceded=talk.conceded,
        rounds=talk.rounds, beta=talk.beta,
    )  # fmt: skip
    if own is not None and is_inside and own.value >= least:
        return Answer("accept", own), talk
    offered = [one for one in sayable if one.value >= least]
    return Answer("counter", min(offered, key=lambda one: _distance(one, proposal, talk))), talk


def _own(talk: Talk, proposal: Proposal, on: date) -> Offer | None:
    """The proposal as an offer; `None` if it does not make up what is to be paid."""
    total = talk.envelope.total - proposal.waived
    last = total - proposal.amount * (proposal.count - 1)
    if not on <= proposal.due <= talk.envelope.latest_first:
        return None
    if not 1 <= proposal.count <= talk.envelope.most_instalments or proposal.amount <= 0:
        return None
    if not 0 < last <= proposal.amount:
        return None
    if proposal.count == 1 and proposal.amount != total:
        return None
    days = instalments(total=total, first=proposal.amount, count=proposal.count, start=proposal.due)
    amounts = [proposal.amount] * (proposal.count - 1) + [last]
    payments = tuple((day, amount) for (day, _), amount in zip(days, amounts, strict=True))
    return Offer(payments, proposal.waived, value_of(payments=payments, terms=talk.terms, on=on))


def _distance(offer: Offer, proposal: Proposal, talk: Talk) -> tuple[float, float]:
    day, amount = offer.payments[0]
    total = talk.envelope.total
    return (
        abs(amount - proposal.amount) / total
        + abs((day - proposal.due).days) / 30
        + abs(len(offer.payments) - proposal.count) / talk.envelope.most_instalments
        + abs(offer.waived - proposal.waived) / total,
        -offer.value,
    )
