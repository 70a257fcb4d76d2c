"""
Ledgers as text, so that a collector or an auditor can review a test.

Above the line what happens, below it what the ledger must say:

    order interest,principal
    instalment 1 2026-02-01 principal 100.00 interest 10.00
    opening 2026-01-01 principal 1200.00
    pay 2026-02-05 150.00
    waive 2026-02-06 5.00
    reverse 2026-02-07 2026-02-05
    ----
    2026-02-05 payment interest -10.00 principal -140.00 cash 150.00
    owed 2026-02-05 1050.00
    aged 2026-03-10 9 M1 overdue 20.00
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from recoup.kernel.actors import Actor
from recoup.kernel.money import Money
from recoup.portfolio import ledger, operations
from recoup.portfolio.models import Case, Entry, Instalment, Loan
from recoup.portfolio.models.ledger import ACCOUNTS, RECEIVABLES

BY = Actor.system("ledger text")


def noon(day: date) -> datetime:
    """Midday in China, so that the day is the same in both places."""
    return datetime.combine(day, time(4), tzinfo=UTC)


def bare(case: Case) -> Loan:
    """The case's loan with nothing in its ledger and no schedule."""
    loan = Loan.objects.get(case=case)
    Entry.objects.filter(loan=loan, reverses__isnull=False).delete()
    Entry.objects.filter(loan=loan).delete()
    Instalment.objects.filter(loan=loan).delete()
    Loan.objects.filter(pk=loan.pk).update(overdue_since=None, matures_on=None, aged_on=None)
    Case.objects.filter(pk=case.pk).update(state=Case.State.OPEN)
    return Loan.objects.select_related("case", "book").get(pk=loan.pk)


@dataclass
class LedgerText:
    """A loan and the text that says what happens to it."""

    loan: Loan
    text: str
    expected: list[str] = field(default_factory=list)

    def holds(self) -> None:
        """Do what stands above the line, and compare with what stands below it."""
        above, _line, below = self.text.partition("----")
        for line in _lines(above):
            self._do(*line.split())
        for line in _lines(below):
            kind, *rest = line.split()
            actual = getattr(self, f"_{kind}", self._entry)(kind, *rest)
            assert actual == " ".join(line.split()), f"expected: {line}\nledger:   {actual}"

    def _do(self, word: str, *rest: str) -> None:
        if word in ("order", "since", "matures"):
            name = {"order": "allocation", "since": "overdue_since", "matures": "matures_on"}[word]
            value: Any = rest[0] if word == "order" else date.fromisoformat(rest[0])
            Loan.objects.filter(pk=self.loan.pk).update(**{name: value})
            self.loan.refresh_from_db()
        elif word == "instalment":
            day = date.fromisoformat(rest[1])
            Instalment.objects.create(
                loan=self.loan, number=int(rest[0]), due_on=day, **_amounts(rest[2:])
            )
        elif word == "opening":
            self._open(date.fromisoformat(rest[0]), _amounts(rest[1:]))
        else:
            self._post(word, date.fromisoformat(rest[0]), rest[1:])

    def _open(self, day: date, amounts: dict[str, int]) -> None:
        Entry.objects.create(
            loan=self.loan, kind="opening", cause="opening", value_on=day, posted_at=noon(day),
            opening=-sum(amounts.values()), **amounts,
        )  # fmt: skip
        ledger.refresh(loan=self.loan, case=self.loan.case, on=day)

    def _post(self, word: str, day: date, rest: tuple[str, ...]) -> None:
        at, cause = noon(day), f"{word}:{day}:{Entry.objects.count()}"
        common: dict[str, Any] = {"by": BY, "at": at}
        if word == "reverse":
            entry = Entry.objects.get(
                loan=self.loan, value_on=rest[0], kind__in=["payment", "waiver"]
            )
            operations.reverse(entry=entry, reason="退票", **common)
            return
        amount = Money.parse(rest[-1], "CNY")
        common |= {"loan": self.loan, "amount": amount, "cause": cause}
        if word == "pay":
            operations.post_payment(value_on=day, **common)
        elif word == "waive":
            operations.waive(reason="减免", **common)
        else:
            operations.accrue(account=word, value_on=day, **common)

    def _entry(self, day: str, kind: str, *_rest: str) -> str:
        entry = Entry.objects.get(loan=self.loan, value_on=day, kind=kind)
        parts = [day, kind]
        for account in ("cost", "interest", "penalty", "principal", *ACCOUNTS[len(RECEIVABLES) :]):
            if amount := getattr(entry, account):
                parts += [account, _plain(amount)]
        return " ".join(parts)

    def _owed(self, word: str, day: str, _amount: str) -> str:
        found = ledger.balances(ledger.entries_of(self.loan), date.fromisoformat(day))
        return f"{word} {day} {_plain(sum(found[account] for account in RECEIVABLES))}"

    def _aged(self, word: str, day: str, *_rest: str) -> str:
        self.loan.refresh_from_db()
        found = ledger.age_of(self.loan, date.fromisoformat(day))
        return f"{word} {day} {found.days_past_due} {found.stage} overdue {_plain(found.overdue)}"

    def _state(self, word: str, _state: str) -> str:
        return f"{word} {Case.objects.get(pk=self.loan.case_id).state}"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _amounts(words: tuple[str, ...]) -> dict[str, int]:
    return {
        account: Money.parse(amount, "CNY").minor
        for account, amount in zip(words[::2], words[1::2], strict=True)
    }


def _plain(minor: int) -> str:
    return f"{Money(minor, 'CNY').major:.2f}"
