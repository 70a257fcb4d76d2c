"""What a process has used: CPU seconds with its children, and the most memory it ever held."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PINNED = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "2"
)


def cpu() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def peak_mb() -> int:
    """The most memory this process ever held; what its parent held before does not count."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a child begins at what its parent held
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def family() -> dict[str, float]:
    """CPU seconds, and the sum of the peaks in MB, of this process and all that stem from it now."""
    tick = os.sysconf("SC_CLK_TCK")
    parent, spent = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended; its CPU went to its parent
        pid = int(path.parent.name)
        parent[pid] = int(fields[1])
        spent[pid] = sum(map(int, fields[11:15])) / tick  # with the children it waited for
    ours = {os.getpid()}
    while grown := {pid for pid, of in parent.items() if of in ours} - ours:
        ours |= grown
    return {"cpu": sum(spent[pid] for pid in ours), "peak_mb": sum(map(_peak_of, ours))}


def _peak_of(pid: int) -> int:
    try:
        rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(row.split()[1]) // 1024 for row in rows if row.startswith("VmHWM")), 0)


class Meter:
    """CPU and wall seconds of each stage, and the peak after it; a stage met again adds up."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        wall, spent = time.perf_counter(), cpu()
        yield
        row = self.rows.setdefault(name, {"cpu": 0.0, "wall": 0.0, "peak_mb": 0})
        row["cpu"] += cpu() - spent
        row["wall"] += time.perf_counter() - wall
        row["peak_mb"] = peak_mb()


def apart(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of the bench in a process of its own; gives the JSON of its last line."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)], capture_output=True, text=True,
        check=False, env=os.environ | PINNED,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result
