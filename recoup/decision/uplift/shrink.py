"""
Pulling effects towards their mean as far as rows that they were not learnt from demand.

For each treatment the contrast is regressed on what was said, on other people's rows: the best
linear predictor of the effect given the learner (Chernozhukov, Demirer, Duflo, Fernandez-Val 2018,
NBER w24678). A slope of 1 keeps the learner, 0 leaves the mean effect; below 0 counts as 0, above 1
as 1. Few rows know little of a slope, so it is drawn towards 1, the learner's own word,
as far as its standard error is above `TRUST`. The mean effect stays as learnt, from more rows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recoup.decision.uplift.contrast import Contrasts
from recoup.decision.uplift.learners import Uplift

Floats = NDArray[np.float64]
TRUST = 0.5  # standard deviation of the slope of a learner that nothing is known of yet


def shrunk(model: Uplift, contrasts: Contrasts, *, threads: int = 1) -> Uplift:
    """The model with its effects calibrated on a trial that it did not see."""
    trial = contrasts.trial
    said = replace(model, line={}).effect(trial.log.known, threads=threads)
    line = {}
    for number in model.learnt:
        rows = trial.open[:, number]
        x = said[rows, number]
        if len(x) and x.var() > 1e-18:
            slope = _slope(x, contrasts.of(number)[rows])
            line[model.names[number]] = (float(x.mean()) * (1 - slope), slope)
    return replace(model, line=line)


def _slope(x: Floats, y: Floats) -> float:
    apart = x - x.mean()
    total = float(apart @ apart)
    slope = float(apart @ (y - y.mean())) / total
    rest = (y - y.mean() - slope * apart) * apart
    error = float(rest @ rest) / total**2  # Huber 1967: rows differ in how noisy they are
    slope = (slope * TRUST**2 + error) / (TRUST**2 + error)
    return min(max(slope, 0.0), 1.0)
