"""A log of which the truth is known: effects by trait and dose, propensities that lean on traits."""

from __future__ import annotations

import numpy as np

from recoup.decision.policylog import Log
from recoup.decision.uplift.trial import Trial

COLUMNS = ("warm", "risk", "contacts")
NAMES = ("nothing", "sms", "call")


def effects(x):
    """True effects (n, A); each falls with the contacts that came before."""
    fading = 0.8 ** x[:, 2]
    sms = 0.2 * (x[:, 0] > 0) * fading
    call = 0.3 / (1 + np.exp(-2 * x[:, 1])) * fading
    return np.column_stack([np.zeros(len(x)), sms, call])


def trial(*, rows, seed, lean=0.5, noise=0.2, each=1, hide=False, rare=1.0):
    """
    `each` rows a person; `lean` is how far propensities follow the traits; `hide` keeps the trait
    that they follow out of the columns; `rare` is how much rarer calls are than by that. Gives the trial and its true effects.
    """
    rng = np.random.default_rng(seed)
    people = np.arange(rows) // each
    steady = rng.normal(size=(people.max() + 1, 2))[people]
    x = np.column_stack([steady, rng.integers(0, 6, rows)])
    odds = np.exp(lean * np.column_stack([np.zeros(rows), x[:, 0], -x[:, 0]]))
    odds[:, 2] *= rare
    chances = odds / odds.sum(axis=1, keepdims=True)
    taken = (chances.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, 2)
    true, at = effects(x), np.arange(rows)
    own = rng.normal(0, noise, people.max() + 1)[people]
    outcome = 0.3 + 0.2 * x[:, 0] + true[at, taken] + own + rng.normal(0, noise, rows)
    columns = COLUMNS[1:] if hide else COLUMNS
    log = Log.of(
        actions=taken, outcomes=outcome, propensities=chances[at, taken], people=people,
        names=NAMES, known=x[:, 1:] if hide else x,
    )  # fmt: skip
    return Trial.of(log, columns=columns), true
