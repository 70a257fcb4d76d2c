"""
How fast and how good a plan is, against an LP solver on the same instance.

    python -m bench.allocate [--rounds 5] [--largest 1000000] [--solver highs-ipm]

20 actions, 12 budgets, seeded values, about 20 % of the pairs closed. Each solver runs in a process
of its own with two threads; CPU seconds are of the whole process less its imports and the making of
the instance, median of the rounds. The peer is HiGHS, dual simplex or interior point, in SciPy.
Growth is measured on our own solver from 10,000 accounts by tens.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

ACTIONS, BUDGETS = 20, 12
PEERS = ("highs-ipm", "highs-ds")


def instance(accounts: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (N, 20), uses (20, 12) and budgets that bind by half."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.2, 80.0, (accounts, 1)) * rng.beta(1.5, 4.0, (accounts, ACTIONS))
    values -= rng.gamma(2.0, 2.0, (1, ACTIONS))
    values[rng.random(values.shape) < 0.2] = -np.inf
    use = rng.gamma(2.0, 1.0, (ACTIONS, BUDGETS)) * (rng.random((ACTIONS, BUDGETS)) < 0.3)
    use[np.arange(ACTIONS), np.arange(ACTIONS) % BUDGETS] += 1.0
    budgets = accounts * use.mean(axis=0) * rng.uniform(0.2, 0.9, BUDGETS)
    return values, use, budgets


def ours(accounts: int, seed: int) -> dict[str, float]:
    """Our own plan."""
    from recoup.decision.allocate import allocate

    values, use, budgets = instance(accounts, seed)
    start, cpu = time.perf_counter(), _cpu()
    plan = allocate(values, use, budgets, seed=seed)
    spent = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - start}
    if (plan.used > budgets * (1 + 1e-9)).any():
        raise SystemExit("a budget is exceeded")
    proof = plan.certificate
    return {**spent, "value": proof.primal, "bound": proof.bound, "gap": proof.gap,
            "passes": proof.passes}  # fmt: skip


def peer(accounts: int, seed: int, method: str) -> dict[str, float]:
    """The linear relaxation by HiGHS: an upper bound that ours may not fall far below."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    values, use, budgets = instance(accounts, seed)
    rows, columns = np.nonzero(np.isfinite(values))
    one = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))))
    matrix = vstack([one, csr_array(use[columns].T)])
    limits = np.r_[np.ones(accounts), budgets]
    start, cpu = time.perf_counter(), _cpu()
    found = linprog(-values[rows, columns], A_ub=matrix, b_ub=limits, method=method)
    spent = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - start}
    return {**spent, "value": -float(found.fun) if found.success else float("nan")}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def apart(*arguments: object) -> dict[str, float]:
    """One run in a process of its own."""
    command = [sys.executable, "-m", "bench.allocate", "--one", *map(str, arguments)]
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | threads
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def median(runs: list[dict[str, float]], name: str) -> float:
    """The middle of several runs."""
    return statistics.median(run[name] for run in runs)


def main() -> None:
    """Print CPU seconds, gap, the ratio to the peer, and growth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--solver", choices=PEERS, default="highs-ipm")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        who, accounts, seed = options.one
        run = ours if who == "ours" else lambda n, s: peer(n, s, who)
        print(json.dumps(run(int(accounts), int(seed))))
        return
    _against(options.accounts, options.solver, options.rounds)
    _growth(options.largest, options.rounds)


def _against(accounts: int, solver: str, rounds: int) -> None:
    mine, theirs = [], []
    for seed in range(rounds):
        mine.append(apart("ours", accounts, seed))
        theirs.append(apart(solver, accounts, seed))
    off = max(run["bound"] / other["value"] - 1 for run, other in zip(mine, theirs, strict=True))
    ratio = median(theirs, "cpu") / median(mine, "cpu")
    print(f"{accounts:,} accounts x {ACTIONS} actions x {BUDGETS} budgets, median of {rounds}")
    print(f"  recoup     {median(mine, 'cpu'):9.3f} CPU s   gap {median(mine, 'gap'):.1e}"
          f"   bound above the LP optimum by at most {off:.1e}")  # fmt: skip
    print(f"  {solver:<10} {median(theirs, 'cpu'):9.3f} CPU s   {ratio:.0f} x")


def _growth(largest: int, rounds: int) -> None:
    accounts, before = 10_000, 0.0
    print("growth")
    while accounts <= largest:
        runs = [apart("ours", accounts, seed) for seed in range(min(rounds, 3))]
        cpu = median(runs, "cpu")
        more = f"{cpu / before:5.1f} x the CPU of a tenth" if before else ""
        print(f"  {accounts:>10,}  {cpu:8.3f} CPU s {1e6 * cpu / accounts:7.2f} us each   "
              f"gap {median(runs, 'gap'):.1e}  passes {median(runs, 'passes'):.0f}  {more}")  # fmt: skip
        accounts, before = accounts * 10, cpu


if __name__ == "__main__":
    main()
