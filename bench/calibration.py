"""
What the simulator gives beside what was measured in the world.

    python -m bench.calibration [--size 200000] [--seed 1]
    python -m bench.calibration --ranges [--draws 20] [--size 4000] [--within 1.0]

A moment is fitted (parameters were moved until it held), held out (none was moved for it) or given
(put in, and must come out). `short` is outside the tolerance, and says by how
much. `--ranges` draws parameters from a part of their ranges and says how often each moment holds,
and how often its sign. The targets and their sources are in docs/stages/simulator.md; the parameters, their ranges
and grades in recoup/simulator/parameters.yaml. Everything here is simulated.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict

import numpy as np

from recoup.simulator import parameters
from recoup.simulator.moments import Moment, moments
from recoup.simulator.ranges import draws
from recoup.simulator.version import purpose_of, stamp


def line(moment: Moment) -> str:
    """One row of the table."""
    verdict = moment.verdict + (f" by {moment.short_by:.3f}" if moment.short_by else "")
    return (
        f"{moment.name:<75}{moment.target:>9.3f}{moment.tolerance:>8.3f}{moment.value:>9.3f}  "
        f"{verdict:<15}{moment.kind:<10}{moment.source}"
    )


def table(size: int, seed: int) -> None:
    """Print every moment, and the grades of the parameters behind them."""
    shipped = parameters.load()
    print(f"{'moment':<75}{'target':>9}{'+/-':>8}{'value':>9}  {'verdict':<15}{'':<10}source")
    verdicts: Counter[tuple[str, str]] = Counter()
    for moment in moments(size=size, seed=seed, parameters=shipped):
        verdicts[moment.kind, moment.verdict] += 1
        print(line(moment), flush=True)
    print(", ".join(f"{n} {kind}: {verdict}" for (kind, verdict), n in sorted(verdicts.items())))
    grades = Counter(row.grade for row in shipped.rows.values())
    print("parameters:", ", ".join(f"{n} {grade}" for grade, n in grades.most_common()))


def over_ranges(size: int, seed: int, count: int, within: float) -> None:
    """Print for each moment the middle eight tenths of its values, and how often it holds."""
    found: dict[str, list[Moment]] = defaultdict(list)
    for drawn in draws(parameters=parameters.load(), count=count, seed=seed, within=within):
        for moment in moments(size=size, seed=seed, parameters=drawn):
            found[moment.name].append(moment)
    print(f"{count} draws, {within:.0%} of the way to each end of the ranges, {size:,} a group")
    print(f"{'moment':<75}{'target':>9}{'+/-':>8}{'10 %':>9}{'90 %':>9}{'holds':>7}{'sign':>7}")
    for name, some in found.items():
        values = np.array([moment.value for moment in some])
        low, high = np.nanquantile(values, (0.1, 0.9))
        first = some[0]
        holds = np.mean([moment.verdict == "ok" for moment in some])
        sign = f"{np.mean(np.sign(values) == np.sign(first.target)):.0%}" if first.target else ""
        print(
            f"{name:<75}{first.target:>9.3f}{first.tolerance:>8.3f}{low:>9.3f}{high:>9.3f}"
            f"{holds:>7.0%}{sign:>7}"
        )


def main() -> None:
    """Print the table, or what becomes of it over the ranges of the parameters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranges", action="store_true")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--within", type=float, default=1.0)
    options = parser.parse_args()
    print(f"{stamp()}, seed {options.seed} ({purpose_of(options.seed)})")
    if options.ranges:
        over_ranges(options.size or 4_000, options.seed, options.draws, options.within)
    else:
        table(options.size or 200_000, options.seed)


if __name__ == "__main__":
    main()
