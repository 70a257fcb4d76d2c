"""
All offers of an envelope, by enumeration over a grid: waiver, first payment, its day, number of instalments.

The value of an offer is its net present value: Σ amountᵢ · Πⱼ≤ᵢ keepⱼ / (1 + rate)^(daysᵢ / 365).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from recoup.dialogue.offers.envelope import Envelope
from recoup.kernel.errors import Invalid

QUARTERS = (0, 1, 2, 3, 4)
# The first payment as a part of all, in tenths; beside it an even share is always tried.
TENTHS = (1, 2, 3, 5)


@dataclass(frozen=True)
class Terms:
    """
    How payments are valued: a yearly rate, and the chance that each is kept if those before were.

    The last chance holds for all later instalments.
    """

    rate: float
    keep: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.keep or not all(0 <= one <= 1 for one in self.keep) or not 0 <= self.rate < 10:
            raise Invalid("Terms need a yearly rate from 0 and chances between 0 and 1.")


@dataclass(frozen=True)
class Offer:
    """Payments in minor units on their days, and what is waived once all are made."""

    payments: tuple[tuple[date, int], ...]
    waived: int
    value: float = 0.0

    @property
    def total(self) -> int:
        """What is paid in all."""
        return sum(amount for _day, amount in self.payments)


@dataclass(frozen=True)
class Nothing:
    """Nothing may be offered, and why."""

    reasons: tuple[str, ...]


def months_after(day: date, months: int) -> date:
    """
    The same day of a later month, or its last.

    >>> months_after(date(2027, 1, 31), 1)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def value_of(*, payments: Sequence[tuple[date, int]], terms: Terms, on: date) -> float:
    """The net present value of payments in minor units, as of `on`."""
    value, chance = 0.0, 1.0
    for number, (day, amount) in enumerate(payments):
        chance *= terms.keep[min(number, len(terms.keep) - 1)]
        value += amount * chance / (1 + terms.rate) ** ((day - on).days / 365)
    return value


def instalments(*, total: int, first: int, count: int, start: date) -> tuple[tuple[date, int], ...]:
    """
    A first payment and `count - 1` equal ones, monthly; the last takes the rounding.

    >>> [amount for _, amount in instalments(total=100, first=33, count=3, start=date(2027, 1, 1))]
    [33, 33, 34]
    """
    if count == 1:
        return ((start, total),)
    rest = total - first
    each = rest // (count - 1)
    amounts = [first, *[each] * (count - 2), rest - each * (count - 2)]
    return tuple((months_after(start, number), amount) for number, amount in enumerate(amounts))


def outside(*, envelope: Envelope, offer: Offer, on: date) -> tuple[str, ...]:
    """Every way in which an offer leaves its envelope; empty if it is inside."""
    found = []
    if not envelope.is_open(on):
        found.append(f"The envelope is open from {envelope.opens} to {envelope.expires}.")
    if not 0 <= offer.waived <= envelope.waivable:
        found.append(f"At most {envelope.waivable} may be waived, not {offer.waived}.")
    if offer.total + offer.waived != envelope.total:
        found.append(
            f"Payments and waiver make {offer.total + offer.waived}, not {envelope.total}."
        )
    if offer.total < envelope.floor:
        found.append(f"{offer.total} is below the floor of {envelope.floor}.")
    if not 1 <= len(offer.payments) <= envelope.most_instalments:
        found.append(
            f"There are {len(offer.payments)} payments, at most {envelope.most_instalments}."
        )
    if any(amount < envelope.least_payment for _day, amount in offer.payments):
        found.append(f"A payment is less than {envelope.least_payment}.")
    days = [day for day, _amount in offer.payments]
    if days and not on <= days[0] <= envelope.latest_first:
        found.append(f"The first payment is from {on} to {envelope.latest_first}, not {days[0]}.")
    if any(later <= earlier for earlier, later in pairwise(days)):
        found.append("The days of payment do not rise.")
    if days and days[-1] > months_after(envelope.latest_first, envelope.most_instalments - 1):
        found.append(f"The last payment, on {days[-1]}, is too late.")
    return tuple(found)


def solve(
    *, envelope: Envelope, terms: Terms, on: date, affordable: int | None = None,
    first: int | None = None, start: date | None = None, count: int | None = None,
) -> tuple[Offer, ...] | Nothing:  # fmt: skip
    """
    All offers on the grid, the lender's best first; ties by fewer payments, earlier days, less waived.

    With `affordable` no payment is larger than that. `first`, `start` and `count` add the sum, day
    and number of payments that a borrower named to the grid.
    """
    if not envelope.is_open(on):
        return Nothing((f"The envelope is open from {envelope.opens} to {envelope.expires}.",))
    if on > envelope.latest_first:
        return Nothing((f"The first payment was due by {envelope.latest_first}.",))
    inside, too_dear = set(), 0
    for offer in _grid(envelope, on, first, start, count):
        if outside(envelope=envelope, offer=offer, on=on):
            continue
        if affordable is not None and max(amount for _day, amount in offer.payments) > affordable:
            too_dear += 1
            continue
        inside.add(offer)
    if not inside:
        return Nothing((_why(envelope, affordable, too_dear),))
    valued = [
        Offer(one.payments, one.waived, value_of(payments=one.payments, terms=terms, on=on))
        for one in inside
    ]
    return tuple(sorted(valued, key=lambda o: (-o.value, len(o.payments), o.payments, o.waived)))


def _grid(
    envelope: Envelope, on: date, first: int | None, start: date | None, named: int | None
) -> Iterator[Offer]:
    most = envelope.most_instalments
    counts = {*range(1, min(most, 12) + 1), *range(18, most + 1, 6), most}
    counts |= {named} if named is not None and 1 <= named <= most else set()
    waivers = {envelope.waivable * part // 4 for part in QUARTERS}
    waivers.add(min(envelope.authority, envelope.waivable))
    days = {on, min(on + timedelta(days=7), envelope.latest_first), envelope.latest_first}
    days |= {start} if start and on <= start <= envelope.latest_first else set()
    for waived in sorted(waivers):
        total = envelope.total - waived
        for count in sorted(counts):
            firsts = {total * part // 10 for part in TENTHS} | {total // count}
            firsts |= {first} if first is not None else set()
            for down in sorted(firsts if count > 1 else {total}):
                for day in sorted(days):
                    if down <= total:
                        yield Offer(
                            instalments(total=total, first=down, count=count, start=day), waived
                        )


def _why(envelope: Envelope, affordable: int | None, too_dear: int) -> str:
    if affordable is not None and too_dear:
        least = -(-(envelope.total - envelope.waivable) // envelope.most_instalments)
        return f"{affordable} a month is affordable, but the least that may be agreed is {least} a month."
    return "No payment of the least size fits the number of instalments and the floor."
