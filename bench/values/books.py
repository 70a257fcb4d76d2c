"""Books of the simulator to learn from: worked at random, then one logged action for each case."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recoup.simulator.laboratory import Action, Laboratory

Floats = NDArray[np.float64]
SIZE, JUDGED, WEEKS = 150_000, 20_000, 3
ARMS: tuple[tuple[str, str] | None, ...] = (
    None, ("sms", "moral"), ("letter", "reminder"), ("robot", "reminder"), ("call", "officer"),
)  # fmt: skip
NAMES = ("nothing", "moral text", "letter", "robot", "person")
COLUMNS = (
    "days_past_due", "arrears", "owed", "credit", "income", "age", "contacts", "last_outcome",
    "promises_broken", "promise_open", "paid_30", "paid_ago",
)  # fmt: skip
MONTH = 30


def worked(*, size: int, seed: int, variant: str, days: int = 7 * WEEKS) -> Laboratory:
    """A book that was contacted at random, some cases more than others."""
    laboratory = Laboratory(size=size, seed=seed, variant=variant)
    laboratory.capacity = type(laboratory.capacity)()
    rng = np.random.default_rng(seed)
    often = 0.25 * rng.random(size) ** 2
    for _ in range(days):
        drawn = np.where(rng.random(size) < often, rng.integers(1, len(ARMS), size), 0)
        laboratory.play(actions(drawn))
    return laboratory


def actions(drawn: NDArray[np.int64]) -> list[Action]:
    """The day's actions from one number for each case."""
    found = []
    for number, arm in enumerate(ARMS):
        cases = np.flatnonzero(drawn == number)
        if arm is not None and len(cases):
            found.append(Action(arm[0], arm[1], cases))  # type: ignore[arg-type]
    return found


def known(laboratory: Laboratory) -> Floats:
    """What the lender's log says of each case."""
    log = laboratory.log()
    return np.column_stack([
        log.days_past_due, np.log1p(log.arrears), np.log1p(log.owed), log.credit, log.income,
        log.age, log.contacts.sum(axis=1), log.last_outcome, log.promises_broken,
        log.promise_open, log.paid_30 / np.maximum(log.arrears, 1), log.paid_ago,
    ]).astype(np.float64)  # fmt: skip


def live(laboratory: Laboratory) -> NDArray[np.int64]:
    """Cases that can be contacted and owe something."""
    log = laboratory.log()
    return np.flatnonzero((log.arrears > 0) & ~log.opted_out & ~log.charged_off)


def paid_within(laboratory: Laboratory, drawn: NDArray[np.int64], days: int) -> Floats:
    """What each case pays in some days, the drawn actions done on the first."""
    before = laboratory.log().paid
    laboratory.play(actions(drawn))
    for _ in range(days - 1):
        laboratory.play()
    return np.asarray(laboratory.log().paid - before, float)
