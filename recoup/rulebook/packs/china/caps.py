"""
The caps on what a loan may cost, a year (CN-RATE-001 to -005), and the marks that follow.

Rates are basis points of the principal a year: 2400 is 24 %. Costs are annualised simply, by the
days that the principal was owed. A cap known from memory only is marked so in `parameters.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from recoup.kernel.errors import Invalid
from recoup.rulebook import layers, sources
from recoup.rulebook.sources import Parameter

WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class Stretch:
    """How much principal, in minor units, was owed from a day until before another."""

    start: date
    end: date
    principal: int


@dataclass(frozen=True, slots=True)
class Demand:
    """
    What is demanded of a debtor beside the principal, in minor units.

    `charges` are all interest, default interest, penalties and fees asked for or paid so far;
    `fees` the names of the fees among them, `disclosed` those that the contract showed. `total` is
    the whole amount demanded, `ledger` what the ledger says is owed.
    """

    product: str
    contract_day: date
    stretches: Sequence[Stretch]
    charges: int
    total: int
    ledger: int
    fees: frozenset[str] = frozenset()
    disclosed: frozenset[str] = frozenset()


def numbers() -> Mapping[str, Parameter]:
    """The parameters of the country's packs, with their dates and sources."""
    stack = layers.stack("CN")
    return sources.parameters(stack, sources.instruments(stack))


def lpr(on: date, known: Mapping[str, Parameter]) -> int:
    """
    The one-year loan prime rate of a day, in basis points.

    :raises Invalid: before the first that is known
    """
    rate = known["lpr_one_year"].binding(on)
    if rate is None:
        raise Invalid(f"No one-year LPR is known for {on}.",
                      hint="Enter it with its source in parameters.yaml.")  # fmt: skip
    return int(rate)


def cap(product: str, *, contract_day: date, on: date, known: Mapping[str, Parameter]) -> int:
    """
    The cap on what a loan costs a year, on a day of its term, in basis points.

    Private lending: a multiple of the LPR of the contract's day, and of contracts older than that
    rule the LPR of its first day; before that day the older line (CN-RATE-001, -002). Microloans
    and platform loans have caps of their own (CN-RATE-003 to -005); where a product has none, the
    line of the courts for financial institutions.
    """
    if product == "private_loan":
        multiple = known["private_lpr_multiple"].binding(on)
        if multiple is None:
            return int(known["private_cap_before"].binding(on))
        first = _first_day(known["private_lpr_multiple"])
        return int(multiple) * lpr(max(contract_day, first), known)
    found = [known["financial_cap"].binding(contract_day)]
    if product == "microloan":
        found.append(known["microloan_cap"].binding(contract_day))
        multiple = known["microloan_lpr_multiple"].binding(contract_day)
        found.append(int(multiple) * lpr(contract_day, known) if multiple else None)
    if product == "platform_loan":
        found.append(known["platform_cap"].binding(contract_day))
    return min(int(one) for one in found if one is not None)


def most_charges(
    stretches: Iterable[Stretch], product: str, *, contract_day: date,
    known: Mapping[str, Parameter],
) -> int:  # fmt: skip
    """The most that a loan may cost over its stretches, in minor units, rounded down."""
    year = known["days_a_year"].binding(contract_day)
    total = Fraction(0)
    for one in _split(stretches, known):
        rate = cap(product, contract_day=contract_day, on=one.start, known=known)
        total += Fraction(one.principal * _days(one) * rate, WHOLE * year)
    return int(total)


def annual_rate(charges: int, stretches: Iterable[Stretch], *, days_a_year: int) -> int:
    """
    What charges come to a year, in basis points of the principal owed, rounded up.

    :raises Invalid: if no principal was owed on any day
    """
    owed = sum(one.principal * _days(one) for one in stretches)
    if owed <= 0:
        raise Invalid("No principal was owed on any day, so nothing can be put by the year.")
    return -(-charges * WHOLE * days_a_year // owed)


def marks(demand: Demand, known: Mapping[str, Parameter]) -> frozenset[str]:
    """
    The marks of a demand that the rules read: `over_cap`, `fee_unlisted`, `amount_differs`.

    Where an LPR that the cap needs is not known, the demand counts as over the cap.
    """
    found = set()
    try:
        most = most_charges(
            demand.stretches, demand.product, contract_day=demand.contract_day, known=known
        )
    except Invalid:
        most = -1
    if demand.charges > most:
        found.add("over_cap")
    if demand.fees - demand.disclosed:
        found.add("fee_unlisted")
    if demand.total != demand.ledger:
        found.add("amount_differs")
    return frozenset(found)


def _first_day(one: Parameter) -> date:
    return min(value.since for value in one.values if value.since)


def _days(one: Stretch) -> int:
    return max((one.end - one.start).days, 0)


def _split(stretches: Iterable[Stretch], known: Mapping[str, Parameter]) -> list[Stretch]:
    """Stretches cut where the rule for private lending begins."""
    cut = _first_day(known["private_lpr_multiple"])
    found: list[Stretch] = []
    for one in stretches:
        if one.start < cut < one.end:
            found += [Stretch(one.start, cut, one.principal), Stretch(cut, one.end, one.principal)]
        else:
            found.append(one)
    return found
