"""
What giving out cases costs in the product: from the tables to tables, file and event.

    python -m bench.assigning [--cases 10000 100000] [--people 50] [--teams-only 1000000]

Each size runs in a process of its own on a fresh SQLite database, one thread. Steps: the first
hand-out to teams, the first night (everything is given), the second (a hundredth is new), a morning
when one of fifty is away. Floors in the same run: writing as many rows with the bare update, and the
numeric core alone on the same arrays. Growth is the CPU a case against the size before; it is to be at
most 1.3 for every step, the first night at most eight times its floors together. `--teams-only` measures the first
hand-out at a size without the rest. Exits with 1 if short.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
GROWTH, FLOORS = 1.3, 8.0
TEAMS, NEW = 5, 100
PRODUCTS = ("cash_loan", "credit_card", "consumer")


def fill(count: int, people: int, *, loans: bool) -> tuple[Any, Any]:
    """A lender with so many cases in no hands, and people who differ. Rows only, no file."""
    from recoup.intake.models import Placement
    from recoup.kernel.actors import Actor
    from recoup.people import operations
    from recoup.people.models import Person, Team
    from recoup.portfolio import bulk
    from recoup.portfolio.models import Borrower, Case, Loan

    by, rng = Actor.system("bench"), np.random.default_rng(7)
    creditor = operations.add_creditor(code="bench", name="bench", by=by, at=AT)
    book = operations.open_book(creditor=creditor, code="bench", name="bench", mode="demo",
                                opened_on=TODAY, by=by, at=AT)  # fmt: skip
    teams = [
        Team.objects.create(code=f"t{n}", name=f"t{n}", creditor=creditor) for n in range(TEAMS)
    ]
    for n in range(people):
        user = operations.add_user(username=f"c{n}", name=f"c{n}", role="collector",
                                   creditors=[creditor], team=teams[n % TEAMS], by=by, at=AT)  # fmt: skip
        able = {
            code: ("junior", "senior")[n % 2] for code in ("late", "card") if rng.random() < 0.5
        }
        spoken = ["zh", "yue"] if n % 4 == 0 else ["zh"]
        operations.qualify(of=user, skills=able, languages=spoken, by=by, at=AT)
        operations.seat(user=user, tier=("junior", "senior")[n % 3 == 0], by=by, at=AT)
    placement = Placement.objects.create(
        book=book, digest="0" * 64, mapping="bench", source="bench", mapping_version="1",
        as_of=TODAY, received_at=AT, state=Placement.State.OPENED,
    )  # fmt: skip
    days = rng.integers(1, 220, count).tolist()
    overdue = np.rint(rng.lognormal(11.5, 1.0, count)).astype(int).tolist()
    spoke = np.where(rng.random(count) < 0.05, "yue", "zh-hans").tolist()
    for start in range(0, count, 20_000):
        span = range(start, min(start + 20_000, count))
        persons = bulk.reserve(Person, len(span))
        bulk.insert(Person, ["id", "creditor", "token", "kek"],
                    [(pk, creditor.pk, f"T{n:025d}", "bench") for pk, n in zip(persons, span, strict=True)])  # fmt: skip
        owing = bulk.reserve(Borrower, len(span))
        bulk.insert(Borrower, ["id", "book", "person", "reference", "region", "language"], [
            (pk, book.pk, person, f"B{n}", "浙江", spoke[n])
            for pk, person, n in zip(owing, persons, span, strict=True)])  # fmt: skip
        cases = bulk.reserve(Case, len(span))
        bulk.insert(Case, ["id", "book", "borrower", "state", "placed_on", "owed", "overdue",
                           "days_past_due", "stage"], [
            (pk, book.pk, borrower, "open", TODAY, 3 * overdue[n], overdue[n], days[n], stage(days[n]))
            for pk, borrower, n in zip(cases, owing, span, strict=True)])  # fmt: skip
        if loans:
            bulk.insert(Loan, ["book", "borrower", "case", "placement", "reference", "product",
                               "currency", "principal", "days_past_due", "owed"], [
                (book.pk, borrower, case, placement.pk, f"L{n}", PRODUCTS[n % 3], "CNY",
                 overdue[n], days[n], 3 * overdue[n])
                for case, borrower, n in zip(cases, owing, span, strict=True)])  # fmt: skip
    return book, by


def stage(days: int) -> str:
    """The stage of a case so many days past due."""
    return f"M{min(1 + (days - 1) // 30, 7)}" + ("+" if days > 180 else "")


def child(count: int, people: int, *, teams_only: bool) -> dict[str, float]:
    """One size, from nothing: CPU seconds of each step."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from recoup.people import scopes
    from recoup.portfolio import operations as portfolio
    from recoup.portfolio.models import Case

    book, by = fill(count, people, loans=not teams_only)
    found: dict[str, float] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        made = work()
        found[name] = time.process_time() - start
        return made

    with scopes.acting_for(book):
        step("to teams", lambda: portfolio.share_out(book=book, by=by, at=AT))
        if not teams_only:
            nights(book, by, step, Case)
    return found


def nights(book: Any, by: Any, step: Callable[[str, Callable[[], Any]], Any], case: Any) -> None:
    """Two nights and a morning, with their floors; what is compiled is compiled before."""
    from recoup.decision.assign import assign, rebalance
    from recoup.people.models import Team, User
    from recoup.people.scopes import viewer_of
    from recoup.portfolio import bulk
    from recoup.strategy import operations, queries
    from recoup.strategy.assigning.gathering import gather
    from recoup.strategy.reading import shipped

    version = operations.add(book=book, source=shipped(), by=by, at=AT)
    operations.activate(version=version, by=by, at=AT)
    problem = gather(book=book, on=TODAY)
    assign(problem.cases, problem.collectors, bands=2, accuracy=0.5)
    stay = {"now": problem.now, "bands": problem.policy.bands}
    step("floor: the core alone", lambda: rebalance(problem.cases, problem.collectors, **stay))
    rows = [(pk, 1) for pk in case.objects.order_by("pk").values_list("pk", flat=True)]
    step("floor: so many rows updated", lambda: bulk.update(case, ["team"], rows))
    first = step("first night", lambda: operations.assign_cases(book=book, on=TODAY, by=by, at=AT))
    some = case.objects.order_by("pk").values_list("pk", flat=True)[::NEW]
    case.objects.filter(pk__in=list(some)[:5000]).update(collector=None)
    later = TODAY + timedelta(days=1)
    second = step("second night",
                  lambda: operations.assign_cases(book=book, on=later, by=by, at=AT))  # fmt: skip
    leader = User.objects.create(
        username="leader", role="team_leader", team=Team.objects.get(code="t0")
    )
    leader.creditors.add(book.creditor)
    viewer = viewer_of(leader)
    seen = step("a morning: look", lambda: queries.plan_cover(
        viewer=viewer, book=book, username="c0", on=later))  # fmt: skip
    step("a morning: move", lambda: operations.cover(
        viewer=viewer, book=book, username="c0", on=later, at=AT, seen=seen.digest))  # fmt: skip
    print(json.dumps({"given": first.given, "left": first.left, "gap": first.certificate["gap"],
                      "moved the second night": second.moved, "taken over": seen.taken}),
          file=sys.stderr)  # fmt: skip


def run(count: int, people: int, *, teams_only: bool) -> dict[str, float]:
    """One size in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="recoup-bench-") as home:
        environment = {
            **os.environ, "RECOUP_HOME": home, "DJANGO_SETTINGS_MODULE": "recoup.site.settings",
            "DATABASE_URL": f"sqlite:///{home}/bench.sqlite3", "OMP_NUM_THREADS": "1",
            "POLARS_MAX_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, "-m", "bench.assigning", "--child", str(count), "--people",
                   str(people), *(["--teams-only", "1"] if teams_only else [])]  # fmt: skip
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return result


def main() -> int:
    """Run each size, print microseconds a case and growth, and say whether it keeps within bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--teams-only", type=int, default=0)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(child(options.child, options.people, teams_only=bool(options.teams_only))))
        return 0
    short: list[str] = []
    before: dict[str, float] = {}
    for count in options.cases:
        found = run(count, options.people, teams_only=False)
        before = show(count, found, before, short)
    if options.teams_only:
        found = run(options.teams_only, options.people, teams_only=True)
        show(options.teams_only, found, before, short)
    print(json.dumps({"load": os.getloadavg()[0], "short": short or "ok"}))
    return int(bool(short))


def show(
    count: int, found: dict[str, float], before: dict[str, float], short: list[str]
) -> dict[str, float]:
    """One size as a table; gives the microseconds a case."""
    print(f"\n{count:,} cases\n{'step':<32}{'CPU s':>9}{'us/case':>9}{'growth':>8}")
    each = {name: 1e6 * seconds / count for name, seconds in found.items()}
    for name, value in each.items():
        grown = value / before[name] if name in before else 0.0
        print(f"{name:<32}{found[name]:>9.2f}{value:>9.1f}{f'{grown:.2f}' if grown else '':>8}")
        if grown > GROWTH and not name.startswith("floor"):
            short.append(f"{name} grows {grown:.2f} by {count:,} cases")
    floors = sum(value for name, value in each.items() if name.startswith("floor"))
    if floors:
        print(
            f"first night: {each['first night'] / floors:.1f} x its floors (at most {FLOORS:.0f})"
        )
        if each["first night"] > FLOORS * floors:
            short.append(f"first night {each['first night'] / floors:.1f} x its floors")
    return each


if __name__ == "__main__":
    raise SystemExit(main())
