"""
What becomes of a debt that is charged off: left alone, sold in bulk, or worked by an agency.

LendingClub 2007-2010 shows three regimes: a quarter of charged-off loans return pennies, a third
the price of a bulk sale, a quarter more than a tenth of the exposure, for which an agency keeps a
sixth. Settlements are about half of the balance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recoup.simulator.parameters import Parameters

Floats = NDArray[np.float64]
HOUSE, LEFT, SOLD, AGENCY = 0, 1, 2, 3


def factors(parameters: Parameters) -> tuple[Floats, Floats]:
    """What each regime multiplies the intensity by, of paying at all, and of closing the debt."""
    p = parameters
    left, agency, settles = (
        p[f"chargeoff.{name}"] for name in ("left_pays", "agency_pays", "agency_settles")
    )
    return np.array([1.0, left, 0.0, agency]), np.array([1.0, left, 0.0, settles])


def drawn(
    draw: Floats, drive: NDArray[np.float32], parameters: Parameters
) -> NDArray[np.int8]:  # fmt: skip
    """The regime of each; an agency is given the keener ones sooner."""
    p = parameters
    left, sold = p["chargeoff.left"], p["chargeoff.sold"]
    tilt = np.clip(draw + p["chargeoff.tilt"] * drive, 0.0, 1.0 - 1e-12)
    return np.where(tilt < left, LEFT, np.where(tilt < left + sold, SOLD, AGENCY)).astype(np.int8)


def price(parameters: Parameters) -> tuple[float, float]:
    """Least share of the balance that a sale brings, and by how much more it may."""
    return parameters["chargeoff.price_least"], (
        parameters["chargeoff.price_most"] - parameters["chargeoff.price_least"]
    )


def settlement(parameters: Parameters) -> tuple[float, float]:
    """Least share of the balance that is settled for, and by how much more it may."""
    middle, half = parameters["chargeoff.settlement"], parameters["chargeoff.settlement_wide"]
    return middle - half, 2 * half
