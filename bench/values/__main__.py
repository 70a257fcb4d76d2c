"""
Values: how near learnt effects, hazards, collectability and two scores are to the truth.

    python -m bench.values              # all parts, about four CPU minutes
    python -m bench.values effects      # one: effects, hazards, collectability, scores, calls, complaints

`effects`: books of the simulator (simulated figures) are contacted at random for weeks, then one
action of five is drawn for each case with logged chances. Each learner sees such a log and says the
effect on the chance of any payment in 30 days of another book, of which the truth is exact
(`simulator.truth`, never seen by a learner). Beside it: no effect, one mean effect for all, and the
order of a score of paying (the peer that most lenders use). Parts on real data need RECOUP_DATA (or
../shared/data) and are skipped with the reason where it is absent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from bench.values import complaints, dose, effects, hazards, people

PARTS: dict[str, Callable[[], bool]] = {
    "effects": effects.effects, "hazards": hazards.hazards, "collectability": people.collectable, "scores": people.two_scores,
    "calls": dose.calls, "complaints": complaints.complaints,
}  # fmt: skip


def main() -> int:
    """Run the parts that are asked for; 1 if one is short."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[1])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    asked = parser.parse_args().parts or list(PARTS)
    begun = time.process_time()
    fine = [PARTS[name]() for name in asked]
    print(f"{time.process_time() - begun:.0f} CPU s.")
    return int(not all(fine))


if __name__ == "__main__":
    sys.exit(main())
