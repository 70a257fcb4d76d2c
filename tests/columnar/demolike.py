"""
A demo-like book of some hundred cases that goes through nights and days, for both kinds of nights.

Its strategy has several arms, of which one may learn, groups that cases are drawn into, budgets of its own with conditions, and
a price of complaints. By day what waits is sent, people complain, refuse, fall ill and pay.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

AS_OF = date(2026, 11, 16)
ACCOUNTS = 300
SIZE = 60  # cases of a part, so that there are several
DAILY = {"sms": 24, "email": 14, "letter": 3, "task_minutes": 60, "spend": 9_000}
OWN = """
  south: {most: 30, unit: contacts, when: days_past_due > 30}
  north: {most: 25, unit: contacts, when: owed > 400000}
  concessions: {most: 3000000, unit: concession}
  complaints: {most: 3, unit: complaints}
"""


LEARNING = "learning: {arm: patient}\n"
WAITING = "waiting: {days: 30}\n"


def strategy(more: str = LEARNING) -> str:
    """The strategy that comes with Recoup, with everything that a night by parts follows."""
    import re

    from recoup.strategy.reading import shipped

    text = shipped()
    for budget, most in DAILY.items():
        text = re.sub(rf"(?m)^  {budget}: \d+", f"  {budget}: {most}", text, count=1)
    text = re.sub(r"(?m)^(  spend: \d+\n)", rf"\1{OWN.strip(chr(10))}\n", text, count=1)
    text = text.replace(
        "  minute: 80", "  complaint: 0.02\n  complaint_cost: 3000\n  minute: 80", 1
    )
    text = text.replace("offer: {plan_months: 12, promise_days: 30}",
                        "offer: {plan_months: 12, promise_days: 30, waive_share: 0.1}")  # fmt: skip
    text = text.replace("explore: 0.02", "explore: 0.03", 1)
    text += "\nrouting: {salt: r1, share: 0.5, groups: [message, human]}\n"
    return text + more


def at(day: int, wall: time = time(2)) -> datetime:
    """An instant of a day of the story, in Shanghai."""
    from recoup.kernel.clock import at_local

    return at_local(AS_OF + timedelta(days=day), wall, "Asia/Shanghai")


def opened(home: Path, *, by: Any, accounts: int = ACCOUNTS, more: str = LEARNING) -> Any:
    """A furnished demo book whose cases are open and whose strategy is in force."""
    from recoup import path
    from recoup.intake import operations as intake
    from recoup.people import scopes
    from recoup.strategy import operations
    from recoup.synth import demo, lender
    from tests.cast import approved

    early = at(0, time(1))
    lender.write(folder=home / "lender", accounts=accounts, seed=5, as_of=AS_OF)
    book = demo.book(by=by, at=early, opened_on=AS_OF)
    with scopes.acting_for(book):
        demo.furnish(book=book, by=by, at=early)
        placement = intake.accept(
            book=book, path=home / "lender", mapping="recoup", as_of=AS_OF, by=by, at=early
        )
        path.take_in(placement=placement, by=by, at=early)
        _make_people_one(book)
        version = operations.add(book=book, source=strategy(more), by=by, at=early)
        operations.activate(version=approved(version), by=by, at=early)
    return book


def _make_people_one(book: Any) -> None:
    """Some people have two cases, far apart; the vault knows by hash that they are one."""
    from recoup.people.models import Sealed
    from recoup.portfolio.models import Borrower

    rows = list(Borrower.objects.filter(case__book=book).order_by("case"))
    far = len(rows) // 2
    for here, there in zip(rows[:12], rows[far : far + 12], strict=True):
        index = Sealed.objects.filter(person=here.person, kind="identity").get().index
        Sealed.objects.filter(person=there.person, kind="identity").update(index=index)


def play(book: Any, day: int, *, by: Any) -> None:
    """A day: most of what waits is sent; some complain, refuse, fall ill or object."""
    from recoup.gate import operations as gate
    from recoup.portfolio.models import Case
    from recoup.strategy import operations
    from recoup.strategy.models import Decision

    noon = at(day, time(12))
    waiting = list(Decision.objects.filter(book=book, state="waiting").order_by("pk"))
    sent = [row.pk for row in waiting if row.pk % 5]
    operations.mark(decisions=sent, state="sent", by=by, at=noon, book=book)
    cases = list(Case.objects.filter(book=book).order_by("pk"))[day::29]
    reasons = ("complaint", "vulnerable", "dispute", "hardship")
    for number, case in enumerate(cases[:8]):
        gate.stop(case=case, reason=reasons[number % 4], source=f"day {day}", by=by, at=noon)
        if number % 4 == 0:  # a complaint that was answered, and is remembered
            gate.lift(case=case, reason="complaint", by=by, at=noon)
    for case in cases[8:10]:
        gate.opt_out(borrower=case.borrower, scope="sms", source="test", by=by, at=noon)


def measure(book: Any, *, by: Any, when: datetime, known: Any | None = None) -> Any:
    """
    Effects, chances of a complaint and who pays alone, learnt from other nights and put to use; `known`
    (n, columns) is what the book looks like that they are of, else that of those nights.
    """
    import polars as pl

    from recoup.decision.metrics import Bins
    from recoup.strategy.effects import alone, keeping, learning, logged
    from recoup.strategy.effects.tests.nights import nights
    from recoup.strategy.effects.tests.test_complaints import RISK
    from recoup.strategy.effects.tests.test_complaints import kept as keep_risk
    from recoup.strategy.models import RiskModel
    from recoup.strategy.reading import read

    told, rows = read(strategy()), nights(cases=300, count=8)
    names = {"sms": "sms-reminder", "task": "collector-review"}
    rows = rows.with_columns(
        pl.col("treatment").replace(names), pl.col("open").list.eval(pl.element().replace(names))
    )
    learnt = learning.learn_effects(
        rows=rows, worth=told.worth, repay_30=told.assumptions.repay_30, seed=0,
        minimum=learning.Minimum(effective=10, width=1.0),
    )  # fmt: skip
    if known is not None:
        bins = {name: Bins.of(column) for name, column in zip(logged.COLUMNS, known.T, strict=True)}
        for name, found in bins.items():
            learnt.reference[name] = {"edges": list(found.edges), "shares": list(found.shares)}
    unled = rows.with_columns(arm=pl.lit("holdout"))
    cured = alone.learn(unled, repay_30=told.assumptions.repay_30, seed=0)
    assert "model" in cured
    if not RiskModel.objects.filter(book=book).exists():
        keep_risk(book, when, 1, RISK)
    return keeping._keep(book, told, learnt, cured, "other nights", by, when)
