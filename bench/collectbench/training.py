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
from bench.collectbench.protocol import Episode, Terms
from bench.collectbench.referee import Referee
from bench.collectbench.world import Book

INTENSITIES = (0.0, 0.05, 0.15, 0.3, 0.6)
SHARES = (0.15, 0.25, 0.25, 0.2, 0.15)
LOTTERY = 10  # days


def weights(terms: Terms, ways: Sequence[Way]) -> np.ndarray:
    """
    The chance of each way given a contact: as budgets allow, the scarcest use deciding.

    A way that uses nothing scarce has the weight of a whole contact a case every tenth day.
    """
    uses, names = uses_of(ways, terms)
    most = limits(terms, names)
    with np.errstate(divide="ignore"):
        room = np.where(uses > 0, most / np.where(uses > 0, uses, 1.0), np.inf).min(axis=1)
    kinds = [(way.channel, way.tone if way.channel in ("sms", "email") else way.tier)
             for way in ways]  # fmt: skip
    room = np.minimum(room, 0.1 * terms.cases)
    alike = np.array([kinds.count(one) for one in kinds])
    channel = np.array([len({k for k in kinds if k[0] == one[0]}) for one in kinds])
    share = room / np.maximum(alike, 1) / channel
    return np.asarray(share / share.sum())


def episode(*, terms: Terms, book: Book, seed: int) -> Episode:
    """One book under the randomised policy, from its first morning to the one after the last."""
    rng, ways = np.random.default_rng([seed, 0x10C]), menu()
    uses, names = uses_of(ways, terms)
    share, none = weights(terms, ways), np.zeros(0, dtype=np.int64)
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
