"""Results of a contest in a file, so that a long one may be held in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.collectbench.bound import Bound
from bench.collectbench.stage import Result
from recoup.kernel.errors import Invalid
from recoup.simulator.version import stamp

Bounds = list[tuple[str, int, Bound]]


def write(path: Path, results: Sequence[Result], bounds: Bounds) -> None:
    """Keep results and bounds with the simulator that they are of."""
    kept = {
        "simulator": stamp(), "results": [asdict(one) for one in results],
        "bounds": [[variant, seed, asdict(one)] for variant, seed, one in bounds],
    }  # fmt: skip
    path.write_text(json.dumps(kept) + "\n", encoding="utf-8")


def read(paths: Sequence[Path]) -> tuple[list[Result], Bounds]:
    """
    All that these files hold.

    :raises Invalid: for a file of another simulator, or a policy that played a book twice
    """
    results: dict[tuple[str, str, int], Result] = {}
    bounds: dict[tuple[str, int], Bound] = {}
    for path in paths:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["simulator"] != stamp():
            raise Invalid(f"{path} is of {kept['simulator']}; this is {stamp()}.")
        for row in kept["results"]:
            one = Result(**row | {"by_day": tuple(tuple(day) for day in row["by_day"])})
            key = one.policy, one.variant, one.seed
            if key in results:
                raise Invalid(f"{path}: {one.policy} played {one.variant} {one.seed} before.")
            results[key] = one
        bounds |= {(variant, seed): Bound(**one) for variant, seed, one in kept["bounds"]}
    return list(results.values()), [(*key, one) for key, one in bounds.items()]
