"""
How fast a simulated day is, against one pass of NumPy over the same memory.

    python -m bench.simulator [--size 1000000] [--days 10] [--rounds 5]

CPU seconds, one thread, medians; floor and simulator in turn, in one process and one run. The
floor adds and multiplies six arrays of a state (28 bytes an account) once a day: what a pass
costs that draws nothing. A day with contacts gives everyone in ten a message.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from recoup.simulator.laboratory import Action, Laboratory


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


def play(size: int, days: int, share: float) -> float:
    """CPU seconds of simulated days; `share` of the cases gets a message each day."""
    laboratory = Laboratory(size=size, seed=1)
    every = np.arange(0, size, max(1, int(1 / share)) if share else size + 1)
    start = time.process_time()
    for day in range(days):
        cases = (every + day) % size
        laboratory.play([Action("sms", "reminder", cases)] if share else [])
    return time.process_time() - start


def main() -> None:
    """Print millions of account-days a CPU second, and the ratio to the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    kinds = {
        "floor: one NumPy pass": lambda: floor(options.size, options.days),
        "days without contacts": lambda: play(options.size, options.days, 0.0),
        "days with a message for one in ten": lambda: play(options.size, options.days, 0.1),
    }
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(options.rounds):
        for name, run in kinds.items():
            spent[name].append(run())
    work = options.size * options.days
    least = statistics.median(spent["floor: one NumPy pass"])
    print(f"{options.size:,} accounts, {options.days} days, median of {options.rounds}")
    for name, seconds in spent.items():
        middle = statistics.median(seconds)
        print(
            f"{name:<36}{work / middle / 1e6:8.1f} M account-days/CPU-s {middle / least:6.1f} x floor"
        )
    speed = work / statistics.median(spent["days without contacts"]) / 1e6
    print(f"P17, at least 10 M account-days/s: {'ok' if speed >= 10 else 'short'}")


if __name__ == "__main__":
    main()
