"""
Which simulator it was: its version, what it ran on, and which seeds are for what.

A changed parameter, fact or variant is another version: the digest recorded for the version no
longer fits, and a test says so. Seeds for fitting, for tuning policies and for judging them are
kept apart, so that nothing is judged on the chance it was tuned to.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Literal

from recoup.kernel.errors import Invalid
from recoup.simulator import facts, parameters, variants

Purpose = Literal["fit", "tune", "judge"]
VERSION = "2.0"
FROZEN = {"2.0": "a31f794858eaef8c30a02089ec0afee5a8c7d56c65268529cea8aa0df95e53a5"}
SEEDS: dict[Purpose, range] = {
    "fit": range(1, 1000), "tune": range(1000, 2000), "judge": range(2000, 3000),
}  # fmt: skip


@lru_cache(maxsize=1)
def digest() -> str:
    """
    SHA-256 of the parameters' values and ranges, the facts and the variants as they are here.

    Notes and sources may be corrected without another version.
    """
    total = hashlib.sha256()
    for name, row in sorted(parameters.load().rows.items()):
        total.update(f"{name} {row.value!r} {row.low!r} {row.high!r}\n".encode())
    for path in sorted(facts.HERE.glob("*.csv")):
        total.update(f"{path.name}\n{path.read_text(encoding='utf-8')}\n".encode())
    total.update(repr(sorted(variants.SETTINGS.items())).encode())
    return total.hexdigest()


def stamp() -> str:
    """
    One line for every output: `simulated, simulator 2.0 (sha256 ...)`.

    Says so where what is here is not what the version was frozen with.
    """
    here = digest()
    changed = "" if FROZEN[VERSION] == here else ", CHANGED since it was frozen"
    return f"simulated, simulator {VERSION} (sha256 {here[:12]}{changed})"


def purpose_of(seed: int) -> Purpose:
    """
    What a seed is for.

    >>> purpose_of(2007)
    'judge'

    :raises Invalid: for a seed that is for nothing
    """
    for purpose, seeds in SEEDS.items():
        if seed in seeds:
            return purpose
    raise Invalid(f"The seed {seed} is for nothing.", hint="Choose one from 1 to 2999.")
