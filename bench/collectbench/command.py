"""
The public benchmark of collection policies.

    python -m bench.collectbench [--size ci|full] [--policy my_module:MyPolicy] [--only NAME ...]
    python -m bench.collectbench --ranges 8 [--within 0.5]

Every policy plays the same simulated books with the same chance under the same budgets and rules,
which a referee asserts every day. Prints a table a variant and one for all together, differences
over paired seeds with 95 % intervals, and each clause of target P5 as `ok` or `short`. What is
simulated, which seeds, and the digest of the simulator's parameters are printed first. Exits with 1
if a clause is short (full size only: a smaller one is for seeing that everything runs).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from bench.collectbench import contest, kept, ranges, table
from bench.collectbench.bound import Bound
from bench.collectbench.contest import JUDGING, SIZES, TRAINING, TUNING, VARIANTS, Learned
from bench.collectbench.entries import ENTRIES, PRODUCT
from bench.collectbench.stage import Result
from recoup.simulator.version import stamp


def main() -> None:
    """Hold the contest and print the tables."""
    options = _options()
    sys.path.insert(0, str(Path.cwd()))  # an entry of one's own stands where the command is given
    size = SIZES[options.size]
    if options.variants:
        size = replace(size, variants=tuple(options.variants))
    entries = _entries(options)
    seeds = TUNING if options.tuning else JUDGING
    print(
        f"{stamp().upper()[:9]}{stamp()[9:]}; {size.cases} cases, {size.days} days, "
        f"{size.seeds} paired seeds from {seeds[0]} ({'tuning' if options.tuning else 'judging'}); "
        f"training log: {size.books} books from seed {TRAINING[0]}; "
        f"tuned on seeds from {TUNING[0]} only.\n"
        f"{PRODUCT!r} is decision.restraint with decision.allocate; a live book's night plans "
        "over waiting by its strategy's assumptions."
    )  # fmt: skip
    if options.read:
        results, bounds = kept.read([Path(name) for name in options.read])
        _report(results, bounds, size.seeds)
        return
    if options.ranges:
        print(f"{options.ranges} draws, {options.within:.0%} of the way to each end of the ranges")
        ranges.over(size=size, count=options.ranges, within=options.within, say=_say)
        return
    start = time.process_time()
    results = contest.hold(entries, size, seeds=seeds, tell=_tell(options.verbose))
    bounds = [] if options.no_bound else contest.bounds(size, seeds=seeds)
    if options.json:
        kept.write(Path(options.json), results, bounds)
    _report(results, bounds, size.seeds)
    spent = time.process_time() - start + sum(one.cpu for one in results)
    print(f"\n{spent:.0f} CPU seconds without learning; load {os.getloadavg()[0]:.1f}")
    clauses = _clauses(results, bounds, table.ALL, size.seeds)
    sys.exit(options.size == "full" and not all(one.holds for one in clauses))


def _report(
    results: list[Result], bounds: list[tuple[str, int, Bound]], seeds: int
) -> None:  # fmt: skip
    variants = list(dict.fromkeys(one.variant for one in results))
    for variant in (*variants, *([table.ALL] if len(variants) > 1 else [])):
        _print(results, bounds, variant, seeds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="ci")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, help="some of the variants")
    parser.add_argument("--policy", metavar="MODULE:CLASS", help="an entry of your own")
    parser.add_argument("--only", nargs="+", choices=ENTRIES, help="some of the policies")
    parser.add_argument("--tuning", action="store_true", help="on the seeds for tuning")
    parser.add_argument("--ranges", type=int, metavar="DRAWS", help="over the parameters' ranges")
    parser.add_argument("--within", type=float, default=0.5, help="which part of the ranges")
    parser.add_argument("--no-bound", action="store_true", help="leave the bound out")
    parser.add_argument("--json", metavar="FILE", help="keep all results")
    parser.add_argument(
        "--read", nargs="+", metavar="FILE", help="tables of results that were kept"
    )
    parser.add_argument("--verbose", action="store_true", help="say each result as it comes")
    return parser.parse_args()


def _entries(options: argparse.Namespace) -> dict[str, str]:
    entries = dict(ENTRIES)
    if options.only:
        entries = {name: entries[name] for name in options.only}
    if options.policy:
        entries[options.policy.split(":")[-1]] = options.policy
    return entries


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(verbose: bool):  # type: ignore[no-untyped-def]
    def tell(one: Result | Learned) -> None:
        if not verbose:
            return
        if isinstance(one, Learned):
            print(f"# {one.variant} {one.policy}: learned in {one.cpu:.1f} CPU s", flush=True)
        else:
            said = (
                one.broken or f"net {one.share:.4f} of what was owed, {one.complaints} complaints"
            )
            print(f"# {one.variant} {one.policy} {one.seed}: {said}", flush=True)

    return tell


def _print(
    results: list[Result], bounds: list[tuple[str, int, Bound]], variant: str, seeds: int
) -> None:  # fmt: skip
    print(f"\n== {variant if variant != table.ALL else 'all variants together'}")
    for line in table.lines(results, variant=variant):
        print(line)
    if bounds:
        print(table.bound_line(results, bounds, variant=variant))
    if any(one.policy == PRODUCT for one in results):
        print(f"P5, {variant}:")
        for clause in _clauses(results, bounds, variant, seeds):
            print(clause)


def _clauses(
    results: list[Result], bounds: list[tuple[str, int, Bound]], variant: str, seeds: int
) -> list[table.Clause]:  # fmt: skip
    missed = table.regret(results, bounds, variant=variant)
    return table.p5(results, variant=variant, regret=missed, seeds=seeds)
