"""
A strategy is flown over a book: what that takes, and how much common chance narrows the answer.

    python -m bench.flights --accounts 10000

A fresh book in a temporary folder is taken in and scored, and the shipped strategy with half of its
text messages is flown over it beside the strategy in force: 14 days, ten repetitions. CPU is held
against two minutes for ten thousand cases. The floor beside it is the same number of nights planned
for that book, which no flight that plays the product's own planning can do without. Pairing is the
standard error of the difference of recovery had both sides met chance of their own, over the one
they have.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import timedelta
from typing import Any

SEED, DAYS, REPETITIONS = 11, 14, 10
MOST_CPU = 120.0  # seconds for 10,000 cases, 14 days, two sides, ten repetitions
LEAST_PAIRING = 2.0  # unpaired over paired standard error


def prepared(accounts: int) -> Any:
    """A demo book of some accounts, taken in and scored, with a strategy in force."""
    from pathlib import Path

    from recoup import path
    from recoup.intake import operations as intake
    from recoup.kernel import clock
    from recoup.kernel.actors import Actor
    from recoup.people import scopes
    from recoup.strategy import operations as strategy
    from recoup.synth import demo, lender

    at, by = clock.now(), Actor.system("bench")
    on, folder = clock.local_day(at, clock.CHINA), Path(os.environ["RECOUP_HOME"]) / "lender"
    lender.write(
        folder=folder, accounts=accounts, seed=SEED, as_of=on, history="light", form="parquet"
    )
    book = demo.book(by=by, at=at, opened_on=on)
    with scopes.acting_for(book):
        demo.furnish(book=book, by=by, at=at)
        placement = intake.accept(book=book, path=folder, mapping="recoup", as_of=on, by=by, at=at)
        path.take_in(placement=placement, by=by, at=at)
        version = strategy.add(book=book, source=demo.strategy_of(accounts), by=by, at=at)
        strategy.activate(version=version, by=by, at=at)
        path.night(book=book, on=on, at=at, by=by)
    return book


def flown(book: Any, repetitions: int) -> tuple[Any, dict[str, float]]:
    """The flight, and CPU seconds: of reading the book, of flying, and of the nights alone."""
    from recoup.gate import queries as gate
    from recoup.kernel import clock
    from recoup.strategy import planning, queries
    from recoup.strategy.flights import flying, start, whatif
    from recoup.strategy.reading import read

    champion = queries.active(book=book)
    text = whatif.with_budgets(
        champion.source, {"sms": whatif.changed("-50 %", read(champion.source).budgets["sms"])}
    )

    def begin(days: int) -> Any:
        return start.read(
            book=book, candidate=(read(text), "candidate"),
            champion=(read(champion.source), champion.digest), at=clock.now(), days=days,
            facts=lambda on, cases: gate.facts_frame(book=book, on=on, cases=cases), most=10_000_000, seed=1,
        )  # fmt: skip

    flying.fly(start=begin(1), repetitions=1, seed=1)  # compile first
    began = time.process_time()
    opening = begin(DAYS)
    read_in = time.process_time() - began
    began = time.process_time()
    found = flying.fly(start=opening, repetitions=repetitions, seed=1)
    flying_cpu = time.process_time() - began
    began, nights = time.process_time(), 10
    for number in range(nights):
        side = opening.candidate
        day = opening.days[0] + timedelta(days=number)
        planning.night(book=book, strategy=side.strategy, digest=side.digest, frames=side.frames,
                       on=day, at=opening.at(0))  # fmt: skip
    each = (time.process_time() - began) / nights
    return found, {
        "read": read_in, "fly": flying_cpu, "night": each,
        "nights": each * 2 * (repetitions * (DAYS - 1) + 1),
    }  # fmt: skip


def pairing(found: Any) -> tuple[float, float]:
    """Standard error of the difference of recovery, in yuan: as paired, and had it not been."""
    import numpy as np

    from recoup.strategy.flights.flying import CANDIDATE, CHAMPION

    one, other = (
        np.array([tally.daily[0].sum() / 100 for tally in found.tallies[side]])
        for side in (CANDIDATE, CHAMPION)
    )
    root = len(one) ** 0.5
    paired = float((one - other).std(ddof=1) / root)
    return paired, float((one.var(ddof=1) + other.var(ddof=1)) ** 0.5 / root)


def main() -> None:
    """Fly once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recoup-bench-") as home:
        os.environ["RECOUP_HOME"] = home
        os.environ.pop("DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recoup.site.settings")
        from recoup.commands import console

        console.start()
        from recoup.people import scopes
        from recoup.strategy.flights import borrowers

        book = prepared(options.accounts)
        with scopes.acting_for(book):
            found, cpu = flown(book, options.repetitions)
    cases = len(found.start.cases)
    print(f"{borrowers.version()}; {cases:,} cases, {DAYS} days, {options.repetitions} repetitions")
    total = cpu["read"] + cpu["fly"]
    limit = MOST_CPU * cases / 10_000 * options.repetitions / REPETITIONS
    verdict = "ok" if total <= limit else f"short by {total - limit:.0f} s"
    print(
        f"CPU: read {cpu['read']:.1f} s, fly {cpu['fly']:.1f} s, at most {limit:.0f} s: {verdict}"
    )
    print(
        f"floor: {cpu['night'] * 1000:.0f} ms a night, {cpu['nights']:.1f} s for as many nights of "
        f"the first day's book; the flight takes {cpu['fly'] / cpu['nights']:.2f} of that"
    )
    paired, alone = pairing(found)
    said = "ok" if alone / paired >= LEAST_PAIRING else "short"
    print(f"recovery, standard error of the difference: {paired:,.0f}, unpaired {alone:,.0f} "
          f"(x {alone / paired:.1f}): {said}")  # fmt: skip


if __name__ == "__main__":
    main()
