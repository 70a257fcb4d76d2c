"""
All policies on the same books: training logs, seeds kept apart, one process a policy.

Seeds of training, tuning and judging never meet. What is tuned is tuned on `TUNING`; `JUDGING`
is for the table alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.collectbench.bound import Bound, bound, price
from bench.collectbench.protocol import Episode, Terms
from bench.collectbench.seat import FailedError, Seat
from bench.collectbench.stage import Result, play
from bench.collectbench.training import episode
from bench.collectbench.world import Book, terms
from recoup.simulator.parameters import Parameters
from recoup.simulator.version import SEEDS

TRAINING = range(SEEDS["tune"][900], SEEDS["tune"][910])
TUNING = range(SEEDS["tune"][0], SEEDS["tune"][10])
JUDGING = range(SEEDS["judge"][0], SEEDS["judge"][10])
VARIANTS = ("early", "mid", "late", "stress")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a contest is."""

    cases: int
    days: int
    books: int  # in the training log
    book: int  # cases of each of them
    seeds: int
    sample: int  # cases a seed that the bound is estimated from
    variants: tuple[str, ...]


SIZES = {
    "ci": Size(
        cases=1200, days=40, books=2, book=2500, seeds=3, sample=24, variants=("mid", "stress")
    ),
    "full": Size(cases=1000, days=60, books=3, book=3000, seeds=10, sample=60, variants=VARIANTS),
}


@dataclass(frozen=True, slots=True)
class Learned:
    """What a policy spent on learning, in CPU seconds."""

    policy: str
    variant: str
    cpu: float


def past_of(
    *, variant: str, size: Size, parameters: Parameters | None = None
) -> list[Episode]:  # fmt: skip
    """The training log: books of other seeds under the randomised policy."""
    the_terms = terms(variant=variant, cases=size.book, days=size.days, parameters=parameters)
    return [
        episode(
            terms=the_terms, seed=seed,
            book=Book(terms=the_terms, seed=seed, parameters=parameters),
        )
        for seed in TRAINING[: size.books]
    ]  # fmt: skip


def hold(
    entries: Mapping[str, str], size: Size, *, seeds: Sequence[int] = JUDGING,
    parameters: Parameters | None = None, tell: Callable[[Result | Learned], None] = lambda _: None,
) -> list[Result]:  # fmt: skip
    """Let every entry play every variant and seed; gives all results, disqualified ones too."""
    results: list[Result] = []
    for variant in size.variants:
        the_terms = terms(variant=variant, cases=size.cases, days=size.days, parameters=parameters)
        past = past_of(variant=variant, size=size, parameters=parameters)
        for name, address in entries.items():
            for result in _one(name, address, the_terms, past, seeds[: size.seeds], parameters):
                tell(result)
                if isinstance(result, Result):
                    results.append(result)
    return results


def _one(
    name: str, address: str, the_terms: Terms, past: Sequence[Episode], seeds: Sequence[int],
    parameters: Parameters | None,
) -> list[Result | Learned]:  # fmt: skip
    books = [Book(terms=the_terms, seed=seed, parameters=parameters) for seed in seeds]
    try:
        with Seat(address) as seat:
            seat.learn(past, the_terms, seed=1)
            learned = Learned(name, the_terms.variant, seat.cpu)
            return [learned, *(play(seat, book, the_terms, name=name) for book in books)]
    except FailedError as error:
        return [
            Result(
                policy=name, variant=the_terms.variant, seed=book.seed, cases=the_terms.cases,
                opening=book.opening, paid=0, cost=0, contacts=0, complaints=0, opt_outs=0,
                cpu=0.0, used={}, by_day=(), broken=str(error),
            )
            for book in books
        ]  # fmt: skip


def bounds(
    size: Size, *, seeds: Sequence[int] = JUDGING, parameters: Parameters | None = None
) -> list[tuple[str, int, Bound]]:  # fmt: skip
    """The bound on every book; its prices are looked for on a book that nobody is judged on."""
    found = []
    for variant in size.variants:
        the_terms = terms(variant=variant, cases=size.cases, days=size.days, parameters=parameters)
        first = Book(terms=the_terms, seed=TUNING[-1], parameters=parameters)
        prices = price(first, the_terms, sample=max(size.sample // 2, 6), seed=1)
        for seed in seeds[: size.seeds]:
            book = Book(terms=the_terms, seed=seed, parameters=parameters)
            found.append((
                variant, seed,
                bound(book, the_terms, prices=prices, sample=size.sample, seed=seed),
            ))  # fmt: skip
    return found
