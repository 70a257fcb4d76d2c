"""Reference facts with their source: small derived tables, no raw rows of anybody's data."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent


@lru_cache(maxsize=8)
def _table(name: str) -> NDArray[np.float64]:
    lines = (HERE / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines if line and not line.startswith("#")][1:]
    return np.array(rows, dtype=np.float64)


def cure_curve() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Days 1 to 90, and the share of the loans that close which have paid by then."""
    table = _table("superlender_cure_curve")
    return table[:, 0], table[:, 1]


def repay_hour() -> NDArray[np.float64]:
    """The share of repayments in each local hour, 24 numbers that add up to one."""
    share = _table("superlender_repay_hour")[:, 1]
    return np.asarray(share / share.sum(), dtype=np.float64)


def success_by_contact() -> NDArray[np.float64]:
    """Success of the first to the seventh call and, last, of the eighth and later ones."""
    return np.asarray(_table("uci_success_by_contact")[:, 1], dtype=np.float64)


def monthly_moves() -> NDArray[np.float64]:
    """For 30, 60 and 90 days past due: cured, same or better, rolled (Freddie Mac: shape only)."""
    return np.asarray(_table("freddie_mac_transitions")[:, 1:], dtype=np.float64)


def pay_again() -> float:
    """How many times as often the long overdue pay who paid in the month before (Taiwan)."""
    share = _table("taiwan_pay_again")[:, 2]
    return float(share[1] / share[0])


def recovery() -> dict[str, float]:
    """Recovery after charge-off: its mean, the share of loans in each regime, fee, settlement."""
    lines = (HERE / "lendingclub_recovery.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in lines if line and not line.startswith("#")][1:]
    return {name: float(value) for name, value in rows}
