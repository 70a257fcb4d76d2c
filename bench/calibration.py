"""
What the simulator gives beside what was measured in the world.

    python -m bench.calibration [--size 200000] [--seed 1]
    python -m bench.calibration --ranges [--draws 20] [--size 4000]

A moment is fitted (parameters were moved until it held), held out (they were fixed before it was
looked at) or given (put in, and must come out). `short` is outside the tolerance, and says by how
much. The targets and their sources are in docs/stages/simulator.md; the parameters, their ranges
and grades in recoup/simulator/parameters.yaml. Everything here is simulated.
"""

from __future__ import annotations

import argparse
from collections import Counter

from recoup.simulator import parameters
from recoup.simulator.moments import Moment, moments


def line(moment: Moment) -> str:
    """One row of the table."""
    verdict = moment.verdict + (f" by {moment.short_by:.3f}" if moment.short_by else "")
    return (
        f"{moment.name:<75}{moment.target:>9.3f}{moment.tolerance:>8.3f}{moment.value:>9.3f}  "
        f"{verdict:<15}{moment.kind:<10}{moment.source}"
    )


def main() -> None:
    """Print the table and the grades of the parameters behind it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    shipped = parameters.load()
    print(f"{'moment':<75}{'target':>9}{'+/-':>8}{'value':>9}  {'verdict':<15}{'':<10}source")
    verdicts: Counter[tuple[str, str]] = Counter()
    for moment in moments(size=options.size, seed=options.seed, parameters=shipped):
        verdicts[moment.kind, moment.verdict] += 1
        print(line(moment), flush=True)
    print(", ".join(f"{n} {kind}: {verdict}" for (kind, verdict), n in sorted(verdicts.items())))
    grades = Counter(row.grade for row in shipped.rows.values())
    print("parameters:", ", ".join(f"{n} {grade}" for grade, n in grades.most_common()))


if __name__ == "__main__":
    main()
