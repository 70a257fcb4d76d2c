"""
Sends three contacts, each in a process that dies at another step; then recovers, twice.

Each call of `main` is a process of its own, started by `test_crashes`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from django.core.management import call_command

from recoup.contact import operations
from recoup.contact.channels.sms.http import HttpSms
from recoup.contact.models import Attempt
from recoup.contact.operations import outbox
from recoup.gate import operations as gate
from recoup.gate.models import Permit
from recoup.gate.tests import asking
from recoup.kernel.actors import Actor
from recoup.people import operations as people
from recoup.people import scopes
from recoup.people.models import Book
from tests.cast import place

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
BY = Actor.system("test")
DIED = 9


def die(*args: object, **kwargs: object) -> Any:
    """As a power cut would."""
    os._exit(DIED)


def hand_over_then_die(self: HttpSms, parcel: Any) -> Any:
    """The carrier has it, and we do not know."""
    handed(self, parcel)
    die()


handed = HttpSms.hand_over
CUTS: dict[str, Callable[[], None]] = {
    "reserved": lambda: setattr(outbox, "hand_over", die),
    "handing": lambda: setattr(HttpSms, "hand_over", die),
    "handed_over": lambda: setattr(HttpSms, "hand_over", hand_over_then_die),
}
STEPS = list(CUTS)


def main(step: str) -> None:
    """Crash at a step, or recover and say what stands."""
    if step == STEPS[0]:
        set_up()
    book = Book.objects.select_related("creditor").get()
    with scopes.acting_for(book):
        if step == "recover":
            recover(book)
        else:
            CUTS[step]()
            permit = Permit.objects.order_by("case__borrower__reference")[STEPS.index(step)]
            operations.send(permit=permit, by=BY, at=AT)


def set_up() -> None:
    """A book of three, with a permit for each."""
    call_command("migrate", verbosity=0)
    creditor = people.add_creditor(code="c", name="归诚", by=BY, at=AT)
    book = people.open_book(
        creditor=creditor, code="demo", name="演示", mode="demo", opened_on=date(2026, 11, 23),
        by=BY, at=AT,
    )  # fmt: skip
    with scopes.acting_for(book):
        asking.ready(book, BY, AT)
        for n in range(len(STEPS)):
            case = place(book=book, reference=f"C{n}", phone=f"1381234000{n}")
            decision = asking.decision_for(case, "sms", at=AT)
            gate.request(decision=decision, at=AT, by=BY)


def recover(book: Book) -> None:
    """Before, after, and the keys."""
    rows = Attempt.objects.order_by("case__borrower__reference")
    before = list(rows.values_list("state", flat=True))
    for _ in range(2):
        operations.recover(book=book, by=BY, at=AT)
    after = list(rows.values_list("state", flat=True))
    keys = sorted(rows.values_list("key", flat=True))
    sys.stdout.write(json.dumps({"before": before, "after": after, "keys": keys}))
