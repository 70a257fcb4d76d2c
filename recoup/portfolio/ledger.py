"""
Reading a loan's ledger: balances on a day, and what a payment of a day may still reach.

Private to the stage; others ask `portfolio.queries.balance`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from recoup.kernel.clock import local_day
from recoup.people.scopes import unjoined
from recoup.portfolio import ageing
from recoup.portfolio.models import Case, Entry, Instalment, Loan
from recoup.portfolio.models.ledger import ACCOUNTS, RECEIVABLES
from recoup.portfolio.waterfall import Due

Line = dict[str, int]
PARTS = ("principal", "interest", "cost")


def entries_of(loan: Loan) -> list[Entry]:
    """Every entry of a loan, in order of value."""
    return list(Entry.objects.filter(loan=loan).order_by("value_on", "pk"))


def balances(entries: Iterable[Entry], on: date | None = None) -> Line:
    """The balance of every account at the end of a day (or of all that is posted)."""
    total = dict.fromkeys(ACCOUNTS, 0)
    for entry in entries:
        if on is None or entry.value_on <= on:
            for account in ACCOUNTS:
                total[account] += getattr(entry, account)
    return total


def available(entries: Sequence[Entry], value_on: date) -> Line:
    """
    What a posting of that day may take from each receivable, now that later ones are known.

    The least balance from that day on: a payment that arrives late and is valued early must not
    make any later balance negative.
    """
    running = balances(entries, value_on)
    least = {account: running[account] for account in RECEIVABLES}
    later = sorted({entry.value_on for entry in entries if entry.value_on > value_on})
    for day in later:
        at_end = balances(entries, day)
        for account in RECEIVABLES:
            least[account] = min(least[account], at_end[account])
    return {account: max(0, amount) for account, amount in least.items()}


def schedule_of(loan: Loan) -> list[Due]:
    """The agreed instalments of a loan."""
    rows = Instalment.objects.filter(loan=loan).order_by("due_on", "number")
    return [Due(*row) for row in rows.values_list("due_on", "number", *PARTS)]


def today_of(loan: Loan, at: datetime) -> date:
    """The day of an instant, where the loan's book is."""
    return local_day(at, loan.book.time_zone)


def figures_day(loan: Loan, at: datetime) -> date:
    """The day that a loan's figures are for: that of the instant, or of its last ageing."""
    today = today_of(loan, at)
    return max(today, loan.aged_on or today)


def falls_due(*, entries: Sequence[Entry], schedule: Sequence[Due], on: date) -> list[Due]:
    """
    The instalments whose interest or cost is due by a day and not posted yet.

    Only after the ledger begins, and only while something is owed.
    """
    if not entries or not sum(balances(entries)[account] for account in RECEIVABLES):
        return []
    begins, posted = entries[0].value_on, {entry.cause for entry in entries}
    return [
        due
        for due in schedule
        if begins < due.due_on <= on and due.interest + due.cost and cause_of(due) not in posted
    ]


def cause_of(due: Due) -> str:
    """What the entry is posted for, by which the interest and cost of an instalment fall due."""
    return f"instalment:{due.number}"


def age_of(
    loan: Loan, on: date, schedule: Sequence[Due] | None = None,
    entries: Sequence[Entry] | None = None,
) -> ageing.Age:  # fmt: skip
    """
    The age of a loan on a day, from its ledger and schedule (read if they are not given).

    Counts what will have fallen due by then, so that it may be asked for a day to come.
    """
    entries = entries_of(loan) if entries is None else entries
    schedule = schedule_of(loan) if schedule is None else schedule
    found = balances(entries, on)
    for due in falls_due(entries=entries, schedule=schedule, on=on):
        found["interest"] += due.interest
        found["cost"] += due.cost
    return ageing.age(
        balances=found, schedule=schedule, on=on, overdue_since=loan.overdue_since,
        matures_on=loan.matures_on,
    )  # fmt: skip


def refresh(
    *, loan: Loan, case: Case, on: date, schedule: Sequence[Due] | None = None,
    entries: Sequence[Entry] | None = None,
) -> None:  # fmt: skip
    """Bring a loan's and its case's figures up to date after a posting, in its transaction."""
    found = age_of(loan, on, schedule, entries)
    unjoined(Loan).filter(pk=loan.pk).update(
        owed=found.owed, overdue=found.overdue, days_past_due=found.days_past_due,
        stage=found.stage,
    )  # fmt: skip
    loan.owed, loan.overdue = found.owed, found.overdue
    loan.days_past_due, loan.stage = found.days_past_due, found.stage
    loans = Loan.objects.filter(case=case).values_list("owed", "overdue", "days_past_due")
    owed, overdue, ages = zip(*loans, strict=True)
    days = max(ages)
    case.owed, case.overdue = sum(owed), sum(overdue)
    case.days_past_due, case.stage = days, ageing.stage_of(days)
    unjoined(Case).filter(pk=case.pk).update(
        owed=case.owed, overdue=case.overdue, days_past_due=days, stage=case.stage
    )
