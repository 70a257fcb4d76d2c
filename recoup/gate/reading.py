"""From what is stored to the words of the rulebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from recoup.rulebook.vocabulary import REGIONS

# How lenders name the products that the law tells apart; the first that fits.
PRODUCTS = {
    "credit_card": ("card", "信用卡"),
    "student_loan": ("student", "助学"),
    "platform_loan": ("platform", "助贷", "联合贷"),
    "microloan": ("micro", "小额贷"),
    "private_loan": ("private", "民间"),
    "consumer_loan": ("consumer", "消费", "cash", "personal", "instal", "现金"),
}


def agreed_hours(text: str) -> tuple[int | None, int | None]:
    """
    The window a borrower agreed to, `20:00-23:00`, in minutes; nothing if it is not one.

    >>> agreed_hours("20:00-23:30"), agreed_hours("any time")
    ((1200, 1410), (None, None))
    """
    start, _, end = text.replace(" ", "").partition("-")
    found = [_minute(part) for part in (start, end)]
    return (found[0], found[1]) if None not in found else (None, None)


def _minute(text: str) -> int | None:
    hours, _, rest = text.partition(":")
    if not (hours.isdigit() and rest.isdigit()):
        return None
    minute = int(hours) * 60 + int(rest)
    return minute if 0 <= minute <= 24 * 60 else None


def opted(scopes: Iterable[str], *, channel: str, medium: str, point: int) -> list[str]:
    """Which kinds of refusal stand in the way of this channel and point."""
    by_channel = {channel, medium, "call" if channel == "robot_call" else channel}
    found = set()
    for scope in scopes:
        if scope == f"point:{point}":
            found.add("point")
        elif scope in by_channel:
            found.add("medium")
        elif scope in ("all", "automated"):
            found.add(scope)
    return sorted(found)


def product_of(product: str) -> str:
    """
    The kind of product, in the words of the rulebook, from what a lender calls it.

    >>> product_of("credit_card"), product_of("信用卡分期"), product_of("consumer"), product_of("x")
    ('credit_card', 'credit_card', 'consumer_loan', 'other')
    """
    name = product.lower()
    return next(
        (kind for kind, marks in PRODUCTS.items() if any(m in name for m in marks)), "other"
    )


def one_product(kinds: Iterable[str]) -> str:
    """
    The kind of product of a case with loans of several: cards before all, whose rules are strictest.

    >>> one_product({"other", "credit_card", "consumer_loan"}), one_product({"other", "microloan"})
    ('credit_card', 'microloan')
    """
    return min(kinds, key=lambda kind: (kind != "credit_card", kind))


def collector_of(*, agency: int | None, lender: str) -> str:
    """
    Who collects a case: the agency it is placed with, else who owns it, or who bought it.

    While nobody has said what kind of lender it is, it counts as one that bought its debts: the law
    of some countries binds those more.

    >>> collector_of(agency=7, lender="bank"), collector_of(agency=None, lender="debt_buyer")
    ('agency', 'debt_buyer')
    >>> collector_of(agency=None, lender="bank"), collector_of(agency=None, lender="")
    ('creditor', 'debt_buyer')
    """
    if agency is not None:
        return "agency"
    return "debt_buyer" if lender in ("", "debt_buyer") else "creditor"


# What tells, asks or answers, and demands nothing.
DEMANDS_NOTHING = frozenset({
    "ask_contact", "relay_request", "payment_info", "statutory_notice", "bureau_notice",
    "transfer_notice",
})  # fmt: skip


def demands_payment(purpose: str) -> bool:
    """
    Whether a contact for this purpose demands payment.

    >>> demands_payment("reminder"), demands_payment("transfer_notice")
    (True, False)
    """
    return purpose not in DEMANDS_NOTHING


def snapshot(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts as they are kept with a verdict: what is known, instants in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in facts.items()
        if value is not None
    }


def regions_of(region: str, jurisdiction: str) -> list[str] | None:
    """
    The states and cities with rules of their own that a borrower may be in; `None` if not known.

    Candidates are parted by commas. A state with a city that has rules counts as the city too,
    unless the region says that it is elsewhere (`NY-REST`).

    >>> regions_of("MA", "US"), regions_of("NY", "US"), regions_of("US-NY-REST", "US")
    (['US-MA'], ['US-NY', 'US-NYC'], ['US-NY'])
    >>> regions_of("TX,CA", "US"), regions_of("", "US"), regions_of("浙江", "CN")
    (['US-CA', 'US-OTHER'], None, [])
    """
    known = {word for word in REGIONS if word.startswith(f"{jurisdiction}-")}
    if not known:
        return []
    found: set[str] = set()
    for token in filter(None, re.split(r"[,;/]", region.upper())):
        code = token.strip().removeprefix(f"{jurisdiction}-")
        cities = CITIES.get(code, ())
        if f"{jurisdiction}-{code}" in known or cities:
            found |= {f"{jurisdiction}-{code}", *cities} & known
        elif code.endswith("-REST"):
            found |= {f"{jurisdiction}-{code.removesuffix('-REST')}"} & known
        elif re.fullmatch(r"[A-Z]{2}", code):
            found.add(f"{jurisdiction}-OTHER")
        else:
            return None
    return sorted(found) or None


# A state to the cities in it that have rules, a city to its state.
CITIES = {"NY": ("US-NYC",), "NYC": ("US-NY",), "NEW YORK CITY": ("US-NYC", "US-NY")}
