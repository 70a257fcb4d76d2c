"""
The log that every learner studies: other books of the same variant under a randomised policy.

Every ten days each case is given an intensity by lot, from left alone to most days, so that the log
holds restraint and excess; each day a case is contacted with that chance, in a way drawn by fixed
shares. Both are logged. What does not fit the budgets is dropped by lot, so where they bind the
true chance is a little lower than the logged one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.collectbench.house import Diary, Way, contacts_of, fill, limits, uses_of
from bench.collectbench.menu import menu
from bench.collectbench.protocol import Episode, Terms, kind
from bench.collectbench.referee import Referee
from bench.collectbench.world import Book

INTENSITIES = (0.0, 0.05, 0.15, 0.3, 0.6)
SHARES = (0.15, 0.25, 0.25, 0.2, 0.15)
LOTTERY = 10  # days
KINDS = {
    "sms": 0.42, "email": 0.15, "letter": 0.03, "robot": 0.12, "call_junior": 0.18,
    "call_senior": 0.10,
}  # fmt: skip


def weights(ways: Sequence[Way]) -> np.ndarray:
    """The share of each way among contacts: that of its kind, alike over tones or slots."""
    kinds = [kind(way.to(np.zeros(0, dtype=np.int64))) for way in ways]
    share = np.array([KINDS[one] / kinds.count(one) for one in kinds])
    return np.asarray(share / share.sum())


def episode(*, terms: Terms, book: Book, seed: int) -> Episode:
    """One book under the randomised policy, from its first morning to the one after the last."""
    rng, ways = np.random.default_rng([seed, 0x10C]), menu()
    uses, names = uses_of(ways, terms)
    share, none = weights(ways), np.zeros(0, dtype=np.int64)
    diary, referee = Diary(terms), Referee(terms)
    logs, done, outcomes, chances = [book.log()], [], [], []
    for day in range(terms.days):
        log = logs[-1]
        if day % LOTTERY == 0:
            drawn = rng.choice(INTENSITIES, size=terms.cases, p=SHARES).astype(np.float32)
        may = diary.open(log, ways, day=day)
        cases = np.flatnonzero(may.any(axis=1) & (rng.random(terms.cases) < drawn))
        asked = rng.choice(len(ways), size=len(cases), p=share)
        order = rng.permutation(len(cases))
        cases, asked = cases[order], asked[order]
        fits = may[cases, asked]
        cases, asked = cases[fits], asked[fits]
        room = fill(
            cases, asked, uses=uses, left=limits(terms, names),
            taken=np.zeros(terms.cases, dtype=bool),
        )  # fmt: skip
        contacts = referee.admit(contacts_of(cases[room], asked[room], ways), log, day=day)
        told = book.play(contacts)
        referee.count(contacts, told.used, told.complaints, day=day)
        diary.note(contacts, day=day)
        logs.append(book.log())
        done.append(tuple(contacts))
        outcomes.append(told.outcomes)
        chances.append(drawn)
    shares = [(way.to(none), float(part)) for way, part in zip(ways, share, strict=True)]
    return Episode(logs, done, outcomes, chances, shares)
