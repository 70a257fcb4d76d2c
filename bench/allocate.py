"""
How fast and how good a plan is, against LP solvers and a bandwidth floor of the same run.

    python -m bench.allocate [--only P1 P2 P3] [--rounds 5] [--accounts 10000000] [--overlap]

P1: 50,000 accounts, 20 actions, 12 budgets. At least 100 times less CPU than the fastest of HiGHS
(interior point, in SciPy), GLOP and PDLP (OR-Tools), at an equal or smaller certified gap, at most
1e-4. P2: 10,000,000 accounts. At most 4 CPU seconds for prices, assignment and repair, a gap of at
most 1e-5, which is asked for; beside it what reading the values so often at the speed of a dot product
would cost, and what the kernel takes for a gigabyte of memory that nobody has touched yet.
P3: 200 budgets, creditors x channels x regions, each account with coefficients of its own. Gap at
most 5e-4, at least 10 times less CPU than PDLP. `--overlap` takes a harder one beside it: every
action uses a budget of creditor and channel, one of region and channel and one for complaints.

Everyone runs in a process of its own with two threads; CPU seconds are of the whole process less
imports, compilation and the making of the instance; ours is of a second call, whose memory the
process already has (`first_cpu` is that of the first, `kernel_cpu` the kernel's part). A peer is stopped after `--limit` CPU seconds
and then counts with those. Prints one line of JSON a target, pass or short; exits 1 if any is short.
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
from collections.abc import Callable
from typing import Any

import numpy as np

from recoup.decision.uses import NONE, Factored, Listed, of_arrays

ACTIONS, BUDGETS = 20, 12
MANY = 1_000_000  # accounts of P2, or of a smaller one
PEERS = ("highs-ipm", "glop", "pdlp")
SEEDS = 3  # instances whose worst gap counts, and peers run on the first
Problem = tuple[np.ndarray, Factored | Listed, np.ndarray]


def instance(accounts: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values (N, 20) of single precision, uses (20, 12) and budgets that bind by half."""
    rng = np.random.default_rng(seed)
    use = rng.gamma(2.0, 1.0, (ACTIONS, BUDGETS)) * (rng.random((ACTIONS, BUDGETS)) < 0.3)
    use[np.arange(ACTIONS), np.arange(ACTIONS) % BUDGETS] += 1.0
    budgets = accounts * use.mean(axis=0) * rng.uniform(0.2, 0.9, BUDGETS)
    return _values(accounts, rng), use, budgets


def _values(accounts: int, rng: np.random.Generator) -> np.ndarray:
    """In pieces: the doubles of ten million accounts would not fit beside their values."""
    values = np.empty((accounts, ACTIONS), dtype=np.float32)
    cost = rng.gamma(2.0, 2.0, (1, ACTIONS))
    for start in range(0, accounts, 250_000):
        size = (min(250_000, accounts - start), ACTIONS)
        piece = rng.gamma(1.2, 80.0, (size[0], 1)) * rng.beta(1.5, 4.0, size) - cost
        piece[rng.random(size) < 0.2] = -np.inf
        values[start : start + size[0]] = piece
    return values


def regional(accounts: int, seed: int) -> Problem:
    """10 creditors x 4 regions x 5 channels; how much each account uses is its own."""
    rng = np.random.default_rng(seed)
    values = _values(accounts, rng)
    place = rng.choice(40, accounts, p=rng.dirichlet(np.full(40, 4.0)))
    which = (place[:, None] * 5 + np.arange(ACTIONS) % 5)[..., None].astype(np.int16)
    amount = (rng.gamma(3.0, 0.5, (1, ACTIONS)) + 0.2) * rng.lognormal(0, 0.4, values.shape)
    return values, *_bounded(which, amount[..., None].astype(np.float32), rng)


def overlapping(accounts: int, seed: int) -> Problem:
    """Three budgets an action: 20 creditors x 5 channels, 18 regions x 5, and 10 of complaints."""
    rng = np.random.default_rng(seed)
    values = _values(accounts, rng)
    creditor = rng.choice(20, (accounts, 1), p=rng.dirichlet(np.full(20, 4.0)))
    region = rng.choice(18, (accounts, 1), p=rng.dirichlet(np.full(18, 4.0)))
    channel = np.arange(ACTIONS) % 5
    complaints = np.broadcast_to(190 + creditor % 10, values.shape)
    which = np.stack([creditor * 5 + channel, 100 + region * 5 + channel, complaints], axis=2)
    typical = rng.gamma(3.0, 0.5, (1, ACTIONS, 1)) + 0.2
    amount = typical * rng.lognormal(0, 0.4, which.shape)
    amount[..., 2] = rng.gamma(2.0, 0.3, values.shape)
    return values, *_bounded(which.astype(np.int16), amount.astype(np.float32), rng)


def _bounded(
    which: np.ndarray, amount: np.ndarray, rng: np.random.Generator
) -> tuple[Listed, np.ndarray]:
    load = np.bincount(which.ravel(), weights=amount.ravel(), minlength=200) / ACTIONS
    return Listed(which, amount, 200), load * rng.uniform(0.2, 0.9, 200)


def problem(kind: str, accounts: int, seed: int) -> Problem:
    """An instance by name."""
    if kind == "shared":
        values, use, budgets = instance(accounts, seed)
        return values, of_arrays(use, accounts), budgets
    return (regional if kind == "regional" else overlapping)(accounts, seed)


def ours(kind: str, accounts: int, seed: int) -> dict[str, Any]:
    """Our own plan, its use counted anew."""
    from recoup.decision.allocate import allocate

    allocate(*problem(kind, 3_000, seed))  # compile
    values, use, budgets = problem(kind, accounts, seed)
    accuracy = 1e-5 if accounts >= MANY else 1e-6
    cpu = _cpu()
    allocate(values, use, budgets, seed=seed, accuracy=accuracy)  # the kernel hands over its memory
    first = _cpu() - cpu
    start, cpu, kernel = time.perf_counter(), _cpu(), _kernel()
    plan = allocate(values, use, budgets, seed=seed, accuracy=accuracy)
    spent = {"cpu": _cpu() - cpu, "wall": time.perf_counter() - start, "first_cpu": first,
             "kernel_cpu": _kernel() - kernel}  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = np.flatnonzero(plan.chosen >= 0)
    for some in np.array_split(rows, max(1, len(rows) // 100_000)):
        budgets = budgets - _counted(use.listed(some), plan.chosen[some])
    if (budgets < -1e-9 * plan.used).any():
        raise SystemExit("a budget is exceeded")
    proof = plan.certificate
    return {**spent, "value": proof.primal, "bound": proof.bound, "gap": proof.gap,
            "passes": proof.passes, "peak_mb": round(peak)}  # fmt: skip


def _counted(listed: Listed, chosen: np.ndarray) -> np.ndarray:
    every = np.arange(len(chosen))
    which, amount = listed.which[every, chosen].ravel(), listed.amount[every, chosen].ravel()
    taken = which != NONE
    return np.bincount(which[taken], weights=amount[taken], minlength=listed.budgets)


def floor(kind: str, accounts: int, seed: int) -> dict[str, Any]:
    """CPU seconds of reading all values once: the dot product of an array of their size."""
    values = np.ones(accounts * ACTIONS, dtype=np.float32)
    times = []
    for _ in range(3):
        cpu = _cpu()
        np.dot(values, values)
        times.append(_cpu() - cpu)
    fresh, size = _cpu(), 2**28
    np.empty(size, dtype=np.uint8)[::4096] = 1
    fresh = (_cpu() - fresh) / (size / 1e9)
    return {"cpu": statistics.median(times), "gb": values.nbytes / 1e9, "fresh_gb_cpu": fresh}


def peer(kind: str, accounts: int, seed: int, name: str) -> dict[str, Any]:
    """The linear relaxation by an LP solver, told only of what is open."""
    from scipy.sparse import csr_array, vstack

    values, use, budgets = problem(kind, accounts, seed)
    rows, columns = np.nonzero(np.isfinite(values))
    listed = use.listed(np.arange(accounts))
    which, amount = listed.which[rows, columns], listed.amount[rows, columns]
    taken = which != NONE
    place = np.broadcast_to(np.arange(len(rows))[:, None], which.shape)
    shape = (accounts, len(rows))
    once = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=shape)
    shape = (len(budgets), len(rows))
    uses = csr_array((amount[taken].astype(float), (which[taken], place[taken])), shape=shape)
    matrix, limits = vstack([once, uses]).tocsr(), np.r_[np.ones(accounts), budgets]
    worth = values[rows, columns].astype(np.float64)
    solve = _highs if name == "highs-ipm" else _ortools
    start, cpu = time.perf_counter(), _cpu()
    found = solve(worth, matrix, limits, name)
    return {"cpu": _cpu() - cpu, "wall": time.perf_counter() - start, **found}


def _highs(worth: np.ndarray, matrix: Any, limits: np.ndarray, name: str) -> dict[str, Any]:
    from scipy.optimize import linprog

    found = linprog(-worth, A_ub=matrix, b_ub=limits, method="highs-ipm")
    return {"value": -float(found.fun) if found.success else None, "gap": 0.0}


def _ortools(worth: np.ndarray, matrix: Any, limits: np.ndarray, name: str) -> dict[str, Any]:
    """GLOP, or PDLP on two threads to 1e-4, as its makers advise for speed."""
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()
    helper = model.helper
    for value in worth.tolist():
        column = helper.add_var()
        helper.set_var_upper_bound(column, 1.0)
        helper.set_var_lower_bound(column, 0.0)
        helper.set_var_objective_coefficient(column, value)
    helper.set_maximize(True)
    for row, limit in enumerate(limits.tolist()):
        name_ = helper.add_linear_constraint()
        helper.set_constraint_upper_bound(name_, limit)
        helper.set_constraint_lower_bound(name_, -np.inf)
        ends = slice(matrix.indptr[row], matrix.indptr[row + 1])
        for column, number in zip(
            matrix.indices[ends].tolist(), matrix.data[ends].tolist(), strict=True
        ):
            helper.add_term_to_constraint(name_, column, number)
    solver = model_builder.Solver(name)
    if name == "pdlp":
        solver.set_solver_specific_parameters(
            "num_threads: 2 termination_criteria { simple_optimality_criteria "
            "{ eps_optimal_relative: 1e-4 eps_optimal_absolute: 1e-4 } }"
        )
    cpu = _cpu()
    status = solver.solve(model)
    solved = status == model_builder.SolveStatus.OPTIMAL
    spent = _cpu() - cpu
    if not solved:
        return {"value": None, "gap": None, "status": str(status), "cpu": spent}
    return {"value": solver.objective_value, "gap": 1e-4 if name == "pdlp" else 0.0, "cpu": spent}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _kernel() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_stime


def apart(*arguments: object, limit: int = 0) -> dict[str, Any]:
    """One run in a process of its own, stopped by the kernel after `limit` CPU seconds."""
    command = [sys.executable, "-m", "bench.allocate", "--one", *map(str, arguments)]
    threads = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"}
    bounded: Callable[[], None] | None = None
    if limit:
        bounded = lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))  # noqa: E731
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | threads, preexec_fn=bounded,
        check=False,
    )  # fmt: skip
    if done.returncode < 0 and limit:
        return {"cpu": float(limit), "stopped": True, "gap": None}
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def _ours(kind: str, accounts: int, rounds: int) -> dict[str, Any]:
    """The median of the rounds and the worst gap of the instances."""
    runs = [apart(kind, "ours", accounts, number % SEEDS) for number in range(rounds)]
    middle = {
        name: round(statistics.median(run[name] for run in runs), 4)
        for name in ("cpu", "wall", "first_cpu", "kernel_cpu")
    }
    return middle | {
        "gap": max(run["gap"] for run in runs), "passes": max(run["passes"] for run in runs),
        "bound": runs[0]["bound"], "peak_mb": max(run["peak_mb"] for run in runs),
    }  # fmt: skip


def _against(
    kind: str, accounts: int, rounds: int, peers: tuple[str, ...], limit: int
) -> tuple[dict[str, Any], float]:
    """Ours and the peers, and how many times the CPU of ours the fastest that answered takes."""
    mine = _ours(kind, accounts, rounds)
    theirs = {name: apart(kind, name, accounts, 0, limit=limit) for name in peers}
    for run in theirs.values():
        run["ratio"] = round(run["cpu"] / mine["cpu"], 1)
        if run.get("value") is not None:
            run["our_bound_above"] = mine["bound"] / run["value"] - 1
    return {"accounts": accounts, "ours": mine, "peers": theirs}, min(
        run["ratio"] for run in theirs.values()
    )


def p1(options: argparse.Namespace) -> dict[str, Any]:
    """50 k x 20 x 12 against all peers."""
    found, ratio = _against("shared", 50_000, options.rounds, PEERS, options.limit)
    good = ratio >= 100 and found["ours"]["gap"] <= 1e-4
    return {"target": "P1", **found, "ratio": ratio, "verdict": "pass" if good else "short"}


def p2(options: argparse.Namespace) -> dict[str, Any]:
    """10 M x 20 x 12 against bandwidth; CPU in proportion for fewer accounts."""
    mine = _ours("shared", options.accounts, min(options.rounds, SEEDS))
    bare = apart("shared", "floor", options.accounts, 0)
    allowed = 4.0 * options.accounts / 10_000_000
    reads = mine["passes"] * bare["cpu"]
    good = mine["cpu"] <= allowed and mine["gap"] <= 1e-5
    return {
        "target": "P2", "accounts": options.accounts, "ours": mine, "cpu_allowed": allowed,
        "floor": bare, "times_floor_of_its_passes": round(mine["cpu"] / reads, 1),
        "verdict": "pass" if good else "short",
    }  # fmt: skip


def p3(options: argparse.Namespace, kind: str = "regional") -> dict[str, Any]:
    """200 budgets and coefficients by account, against PDLP."""
    found, ratio = _against(kind, 50_000, options.rounds, ("pdlp",), options.limit)
    good = ratio >= 10 and found["ours"]["gap"] <= 5e-4
    return {
        "target": "P3", "instance": kind, **found, "ratio": ratio,
        "verdict": "pass" if good else "short",
    }  # fmt: skip


def main() -> None:
    """Print what was measured for each target; exit 1 if any falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=("P1", "P2", "P3"), default=["P1", "P2", "P3"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--accounts", type=int, default=10_000_000, help="of P2")
    parser.add_argument("--limit", type=int, default=150, help="CPU seconds for a peer")
    parser.add_argument("--overlap", action="store_true", help="a harder P3 beside it")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        kind, who, accounts, seed = options.one
        runs = {"ours": ours, "floor": floor}
        run = runs.get(who) or (lambda *asked: peer(*asked, who))
        print(json.dumps(run(kind, int(accounts), int(seed))))
        return
    short = False
    for name, measure in (("P1", p1), ("P2", p2), ("P3", p3)):
        if name in options.only:
            result = measure(options) | {"load": round(os.getloadavg()[0], 1)}
            short |= result["verdict"] == "short"
            print(json.dumps(result), flush=True)
    if options.overlap:
        print(json.dumps(p3(options, "overlapping")), flush=True)
    sys.exit(short)


if __name__ == "__main__":
    main()
