"""What simulated borrowers say on the telephone, and what is written down of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from recoup.contact.models import Attempt
from recoup.gate import operations as gate
from recoup.kernel.actors import Actor
from recoup.kernel.errors import RecoupError
from recoup.kernel.money import Money
from recoup.people.models import Book
from recoup.portfolio.models import Case
from recoup.repayment import operations as repayment
from recoup.repayment.models import Promise
from recoup.synth.world_book import EPOCH, Known, day_number


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One call as it was heard: `place` is the borrower's in the population, `draw` a chance in [0, 1)
    that decides what a conversation without a promise was about.
    """

    attempt: Attempt
    outcome: str
    place: int
    seconds: int
    draw: float
    complains: bool
    opts_out: bool


def tell(
    heard: Sequence[Heard], *, book: Book, known: Known, on: date, at: datetime, by: Actor,
    rng: np.random.Generator,
) -> tuple[int, int, int]:  # fmt: skip
    """
    Write down promises, hardship, disputes, wrong numbers, complaints and refusals, as at a desk.

    Gives how many promises, how many stops and refusals of contact, and how many of both a rule or
    a state forbade. Telling the same calls again writes nothing new.
    """
    reasons = {one.attempt.pk: _reason(one, known) for one in heard}
    promising = [one for one in heard if one.outcome == "promise"]
    index = np.array([one.place for one in promising], dtype=np.int64)
    owing = known.population.arrears[index] > 0
    made = known.population.promise(index=index[owing], on=day_number(on), rng=rng)
    said = dict(zip(
        [one.attempt.pk for one, owes in zip(promising, owing, strict=True) if owes],
        zip(made.amount.tolist(), made.due_on.tolist(), strict=True), strict=True,
    ))  # fmt: skip
    cases = Case.objects.select_related("book__creditor", "borrower").in_bulk(
        [one.attempt.case_id for one in heard]
    )
    promises = stops = unrecorded = 0
    for one in heard:
        case, reason = cases[one.attempt.case_id], reasons[one.attempt.pk]
        try:
            if one.attempt.pk in said:
                promises += _promise(case, *said[one.attempt.pk], book=book, by=by, at=at)
            elif reason:
                gate.stop(
                    case=case, reason=reason, source=f"simulated call {one.attempt.key}", by=by,
                    at=at,
                )  # fmt: skip
                stops += 1
            elif one.opts_out:
                gate.opt_out(
                    borrower=case.borrower, scope="call", by=by, at=at,
                    source=f"simulated call {one.attempt.key}",
                )  # fmt: skip
                stops += 1
        except RecoupError:
            unrecorded += 1
    return promises, stops, unrecorded


def _promise(case: Case, amount: int, due: int, *, book: Book, by: Actor, at: datetime) -> bool:
    """Record a promise; one that was recorded before, in a round played again, stands."""
    if Promise.objects.filter(case=case, made_at=at).exists():
        return False
    repayment.promise(
        case=case, amount=Money(amount, book.currency), due_on=date.fromordinal(due + EPOCH), by=by,
        at=at, channel="call",
    )  # fmt: skip
    return True


def _reason(one: Heard, known: Known) -> str:
    """Why contact stops after a call, if it does."""
    p = known.population.parameters
    if one.complains:
        return "complaint"
    if one.outcome == "wrong_party":
        return "wrong_person" if one.draw < p["calls.wrong_number"] else ""
    if one.outcome not in ("right_party", "refused"):
        return ""
    if one.draw < p["calls.hardship"]:
        return "hardship"
    return "dispute" if one.draw < p["calls.hardship"] + p["calls.dispute"] else ""
