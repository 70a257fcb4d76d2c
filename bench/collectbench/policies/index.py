"""
An index policy: whom to contact today rather than tomorrow, by an index of each case alone.

A case gains f(k) from a contact k days after its last one. At a price of w a contact, contacting
every k days earns (f(k) - w) / k a day; the w at which k and k + 1 are alike,

    w(k) = f(k) - k (f(k + 1) - f(k)),

is the Whittle index of a recovering arm (Whittle 1988, J. Applied Probability 25A; Nino-Mora 2007,
TOP 15(2)). f is the learned uplift with the days since the last contact moved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.collectbench.features import FAR, NAMES, table
from bench.collectbench.policies.marginal import Marginal
from bench.collectbench.protocol import Contact, Log, Terms, Yesterday

SINCE = NAMES.index("since_any")


class Index(Marginal):
    """The largest index first, none below 0."""

    def act(
        self, log: Log, terms: Terms, *, day: int, yesterday: Yesterday | None
    ) -> list[Contact]:  # fmt: skip
        """Pairs of case and way by their index."""
        now = self.values(log, day=day)
        x = table(log)
        rested = np.maximum(x[:, SINCE].astype(np.float64), 1.0)
        slope = (self._moved(x, 1.0) - self._moved(x, 0.0)) * log.arrears[:, None]
        waits = np.where(rested < FAR, rested, 0.0)[:, None] * np.maximum(slope, 0.0)
        return self.take(now - waits[:, self._group], terms, day=day)

    def _moved(self, x: NDArray[np.float32], by: float) -> NDArray[np.float64]:
        moved = x.copy()
        moved[:, SINCE] += by
        return self._uplift(moved)
