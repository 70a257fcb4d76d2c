"""The draws of a learning arm, whose cases are met part by part and drawn for together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.strategy import learning
from recoup.strategy.choosing import Choice
from recoup.strategy.columnar import kept
from recoup.strategy.effects.complaints import Complaints
from recoup.strategy.learning import Belief
from recoup.strategy.planning import seed_of_draws
from recoup.strategy.sampling import Sampling
from recoup.strategy.schema import Strategy

Rows = NDArray[np.int64]
ASKED = ("case", "repay_30", "contacts_30", "days_past_due", "overdue")


@dataclass(frozen=True)
class _Arm:
    """The due cases of the arm in a part: what is asked of them, and where they stand among all."""

    cases: pl.DataFrame
    factor: NDArray[np.float64]
    place: Rows


def sampling(
    strategy: Strategy, files: list[Path], places: list[Rows], worth: NDArray[np.float64],
    about: Mapping[str, Any], *, belief: Belief | None, digest: str, on: date,
) -> Sampling | None:  # fmt: skip
    """As `learning.sampling`, of all parts: `worth` of the arm's cases becomes what is believed."""
    if strategy.learning is None:
        return None
    arms = [
        _arm(path, place, strategy.learning.arm) for path, place in zip(files, places, strict=True)
    ]
    place = np.concatenate([one.place for one in arms])
    order = np.argsort(place)
    rows, factor = place[order], np.concatenate([one.factor for one in arms])[order]
    found = learning.of_cases(
        strategy=strategy, cases=pl.concat([one.cases for one in arms])[order],
        complaints=Complaints(about["rates"], factor, about["complaints"]), worth=worth[rows],
        belief=belief, seed=seed_of_draws(belief=belief, digest=digest, on=on),
    )  # fmt: skip
    if found is None:
        return None
    made, worth[rows] = found
    return replace(made, rows=rows)


def _arm(path: Path, place: Rows, arm: str) -> _Arm:
    part = kept.for_draws(path)
    mine = np.flatnonzero(part.follows[part.due] == arm)
    return _Arm(part.cases.select(ASKED)[part.due[mine]], part.factor[part.due[mine]], place[mine])


def of_part(chosen: Choice, place: Rows) -> Choice:
    """Whose action of a part, which stands at `place` among all, was drawn from what is believed."""
    if chosen.sampled is None:
        return chosen
    return replace(
        chosen, sampled=replace(chosen.sampled, rows=np.flatnonzero(np.isin(place, chosen.sampled.rows)))
    )  # fmt: skip
