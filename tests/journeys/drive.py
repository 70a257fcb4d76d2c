"""
Stretches of the path, run in a process of their own so that a test can kill it.

    python -m tests.journeys.drive STRETCH ...      prepare accept activate night day facts

Prints `ready` when everything is loaded and the work begins, and a line of JSON at the end.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date, time
from pathlib import Path
from typing import Any

ACCOUNTS = 250
SEED = 3
AS_OF = date(2026, 11, 16)


def prepare(home: Path) -> None:
    """A lender's files, a furnished demo book: nothing taken in yet."""
    from recoup.synth import demo, lender

    lender.write(folder=home / "lender", accounts=ACCOUNTS, seed=SEED, as_of=AS_OF)
    book = demo.book(by=_by(), at=_at(time(1)), opened_on=AS_OF)
    with _acting(book):
        demo.furnish(book=book, by=_by(), at=_at(time(1)))


def accept(home: Path) -> None:
    """The file comes in and its cases open."""
    from recoup import path
    from recoup.intake import operations as intake

    book = _book()
    with _acting(book):
        placement = intake.accept(
            book=book, path=home / "lender", mapping="recoup", as_of=AS_OF, by=_by(),
            at=_at(time(1)),
        )  # fmt: skip
        path.take_in(placement=placement, by=_by(), at=_at(time(1)))


def activate(home: Path) -> None:
    """A strategy comes into force."""
    from recoup.strategy import operations as strategy

    book = _book()
    with _acting(book):
        version = strategy.add(book=book, source=strategy.default("CN"), by=_by(), at=_at(time(1)))
        strategy.activate(version=version, by=_by(), at=_at(time(1)))


def night(home: Path) -> None:
    """The book is aged, scored, decided, counted."""
    from recoup import path

    book = _book()
    with _acting(book):
        path.night(book=book, on=AS_OF, at=_at(time(2)), by=_by())


def day(home: Path) -> None:
    """Everything that falls due that day is permitted and sent."""
    from recoup import path

    book = _book()
    with _acting(book):
        for hour in (9, 11, 13, 15, 17, 19, 21):
            path.tick(book=book, at=_at(time(hour)), by=_by())


def facts(home: Path) -> None:
    """What there is now, as JSON: what a killed and resumed run must have in common with a whole one."""
    from django.db.models import Count, Sum
    from django_scopes import scopes_disabled

    from recoup.contact.models import Attempt
    from recoup.gate.models import Permit
    from recoup.intake.models import Placement, QuarantinedRow
    from recoup.journal import queries as journal
    from recoup.portfolio.models import Case, ContactPoint, Entry, Instalment, Loan, PastContact
    from recoup.strategy.models import Decision

    def count(model: Any) -> int:
        return int(model.objects.count())

    def by(model: Any, *fields: str) -> dict[str, int]:
        rows = model.objects.values_list(*fields).annotate(n=Count("pk")).order_by()
        return {"/".join(map(str, row[:-1])): row[-1] for row in rows}

    with scopes_disabled():
        sums = Entry.objects.aggregate(p=Sum("principal"), i=Sum("interest"), c=Sum("cash"))
        print(json.dumps({
            "whole": journal.verify().faults,
            "rows": {m.__name__: count(m) for m in (
                Case, Loan, ContactPoint, Entry, Instalment, PastContact, QuarantinedRow)},
            "sums": sums,
            "placements": by(Placement, "state", "rows_accepted", "rows_refused"),
            "cases": by(Case, "state", "stage"),
            "decisions": sorted(map(str, Decision.objects.values_list(
                "case", "on", "channel", "treatment", "arm", "propensity"))),
            "decision_states": by(Decision, "state"),
            "permits": by(Permit, "state"),
            "attempts": by(Attempt, "state"),
            "keys": sorted(Attempt.objects.values_list("key", flat=True)),
            "unknown": sorted(
                Attempt.objects.filter(state="unknown").values_list("key", flat=True)),
            "failed": sorted(
                Attempt.objects.filter(state="failed").values_list("key", flat=True)),
            "contacted": sorted(
                f"{case}/{channel}" for case, channel in Attempt.objects.exclude(state="failed")
                .values_list("case", "channel")),
        }))  # fmt: skip


def _by() -> Any:
    from recoup.kernel.actors import Actor

    return Actor.system("drive")


def _at(wall: time) -> Any:
    from recoup.kernel.clock import at_local

    return at_local(AS_OF, wall, "Asia/Shanghai")


def _book() -> Any:
    from recoup.people.models import Book

    return Book.objects.select_related("creditor").get(code="demo")


def _acting(book: Any) -> Any:
    from recoup.people import scopes

    return scopes.acting_for(book)


def main() -> None:
    """Load everything, say so, run the stretches."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
    from recoup.commands import console

    console.start()
    print("ready", flush=True)
    from django.conf import settings

    for stretch in sys.argv[1:]:
        globals()[stretch](Path(settings.DATA_DIR))


if __name__ == "__main__":
    main()
