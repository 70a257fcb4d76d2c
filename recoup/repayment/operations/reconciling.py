"""Whether the bank, the payments and the ledger say the same, to the cent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet, Sum

from recoup.kernel.clock import day_bounds
from recoup.people.models import Book
from recoup.portfolio.models import Entry
from recoup.repayment.models import BankFile, Payment


@dataclass(frozen=True)
class Reconciliation:
    """
    The money of a book up to the end of a day, in minor units, counted from three sides.

    `bank` is what the bank files say they hold without what they repeat; `from_files` the payments
    made from them. `received` is all payments, of every source, and is posted, in suspense, or
    given back. `ledger` is the cash in the ledger that payments posted, reversals out.
    """

    on: date
    currency: str
    bank: int
    from_files: int
    received: int
    posted: int
    suspense: int
    reversed: int
    ledger: int

    @property
    def differences(self) -> dict[str, int]:
        """What should be nothing, where it is not."""
        sides = {
            "bank files and payments": self.bank - self.from_files,
            "payments and their states": (
                self.received - self.posted - self.suspense - self.reversed
            ),
            "payments and ledger": self.posted - self.ledger,
        }
        return {side: amount for side, amount in sides.items() if amount}

    @property
    def is_even(self) -> bool:
        """Whether everything agrees to the cent."""
        return not self.differences


def reconcile(*, book: Book, on: date) -> Reconciliation:
    """Count a book's money up to the end of a day, as it stood then."""
    _start, end = day_bounds(on, book.time_zone)
    files = BankFile.objects.filter(book=book, imported_at__lt=end)
    payments = Payment.objects.filter(book=book, received_at__lt=end)
    undone = Q(reversed_at__lt=end)
    posted = Q(posted_at__lt=end)
    entries = Entry.objects.filter(loan__book=book, posted_at__lt=end).filter(
        Q(cause__startswith="payment:") | Q(reverses__cause__startswith="payment:")
    )
    return Reconciliation(
        on=on,
        currency=book.currency,
        bank=_sum(files, "total") - _sum(files, "repeated"),
        from_files=_sum(payments.filter(source=Payment.Source.BANK_FILE), "amount"),
        received=_sum(payments, "amount"),
        posted=_sum(payments.filter(posted).exclude(undone), "amount"),
        suspense=_sum(payments.exclude(posted).exclude(undone), "amount"),
        reversed=_sum(payments.filter(undone), "amount"),
        ledger=_sum(entries, "cash"),
    )


def _sum(rows: QuerySet[object], column: str) -> int:
    return int(rows.aggregate(total=Sum(column))["total"] or 0)
