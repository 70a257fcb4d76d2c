"""
How fast a simulated day is, against one pass of NumPy over the same memory.

    python -m bench.simulator [--size 1000000] [--days 10] [--rounds 5]

CPU seconds, one thread, medians; floor and simulator in turn, in one process and one run. The
floor adds and multiplies six arrays of a state (28 bytes an account) once a day: what a pass
costs that draws nothing. Days with contacts give one in ten a message, or one in fifty a call, which
is nearer to what a house has people for. The log is taken once a day in the last kind, as a policy
would. P17 asks for 10 M account-days a CPU second, 30 M at best.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from recoup.simulator.answers import Channel
from recoup.simulator.laboratory import Action, Laboratory
from recoup.simulator.version import stamp

MUST, STRETCH = 10.0, 30.0


def floor(size: int, days: int) -> float:
    """CPU seconds of the bare passes."""
    narrow = [np.ones(size, dtype=np.float32) for _ in range(5)]
    wide = np.ones(size, dtype=np.int64)
    out = np.empty(size, dtype=np.float32)
    start = time.process_time()
    for _ in range(days):
        np.multiply(narrow[0], narrow[1], out=out)
        out += narrow[2]
        out *= narrow[3]
        out += narrow[4]
        out *= wide > 0
    return time.process_time() - start


def play(size: int, days: int, channel: Channel, share: float, *, looks: bool = False) -> float:
    """CPU seconds of simulated days; `share` of the cases is contacted each day."""
    laboratory = Laboratory(size=size, seed=1)
    every = np.arange(0, size, max(1, round(1 / share)) if share else size + 1)
    start = time.process_time()
    for day in range(days):
        if looks:
            laboratory.log()
        cases = (every + day) % size
        laboratory.play([Action(channel, "reminder", cases)] if share else [])
    return time.process_time() - start


def verdict(speed: float) -> str:
    """Whether so many millions of account-days a second are what P17 asks for."""
    if speed < MUST:
        return f"short by {MUST - speed:.1f} M"
    return "ok" if speed < STRETCH else "ok, stretch too"


def main() -> None:
    """Print millions of account-days a CPU second, and the ratio to the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    size, days = options.size, options.days
    kinds: dict[str, Callable[[], float]] = {
        "floor: one NumPy pass": lambda: floor(size, days),
        "days without contacts": lambda: play(size, days, "sms", 0.0),
        "a message to one in ten": lambda: play(size, days, "sms", 0.1),
        "a call to one in fifty": lambda: play(size, days, "call", 0.02),
        "a call to one in fifty, log read": lambda: play(size, days, "call", 0.02, looks=True),
    }
    play(1000, 2, "sms", 0.1)  # compile before anything is measured
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(options.rounds):
        for name, run in kinds.items():
            spent[name].append(run())
    least = statistics.median(spent["floor: one NumPy pass"])
    print(f"{stamp()}; {size:,} accounts, {days} days, median of {options.rounds}")
    print(f"{'':<34}{'M account-days/CPU-s':>22}{'x floor':>9}  P17")
    for name, seconds in spent.items():
        speed = size * days / statistics.median(seconds) / 1e6
        ratio = statistics.median(seconds) / least
        judged = "" if name.startswith("floor") else verdict(speed)
        print(f"{name:<34}{speed:>22.1f}{ratio:>9.1f}  {judged}")


if __name__ == "__main__":
    main()
