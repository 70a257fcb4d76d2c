"""
A whole night over a book in columns: parts by bucket, one plan for all, decisions by bucket.

Each step leaves files that its inputs name; run again after a kill, what is there is kept and the
same decisions come out. All that is held in memory of the whole book is what the plan needs: the
worth of each treatment of each case that is due.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.decision.allocate import Certificate, Reasons
from recoup.decision.priced import Barred, barred
from recoup.decision.uses import Factored
from recoup.kernel import memory
from recoup.kernel.errors import Failed
from recoup.kernel.files import write_whole
from recoup.kernel.progress import Progress, quiet
from recoup.scoring.buckets import COMPRESSION
from recoup.strategy import uses as taking
from recoup.strategy.choosing import Choice, choose
from recoup.strategy.columnar.parts import Job, Part, Timed, key_of, part_of, untimed
from recoup.strategy.planning import seed_of
from recoup.strategy.words import Words


@dataclass(frozen=True)
class Planned:
    """What a night came to: how many cases and actions, the plan's proof, budgets, and the files."""

    cases: int
    due: int
    chosen: int
    certificate: Certificate
    used: Mapping[str, float]
    prices: Mapping[str, float]
    left: Mapping[str, int]
    files: tuple[Path, ...]


@memory.for_columns()
def night(
    job: Job, *, prices: Mapping[str, float] | None = None, timed: Timed = untimed,
    progress: Progress = quiet,
) -> Planned:  # fmt: skip
    """
    Decide for every case of the book. `prices` are those of an earlier night, to begin with.

    :raises Failed: if a bucket is missing or cannot be read; what was made before stays
    :raises Invalid: as `Job.demand_whole`
    """
    job.demand_whole()
    count, parts = job.buckets.count, []
    for bucket in range(count):
        parts.append(part_of(job, bucket, timed))
        progress("columns", bucket + 1, count)
    with timed("plan"):
        worth, use = together(parts)
        budgets = taking.limits(job.strategy)
        chosen = choose(
            values=worth, use=use, budgets=budgets, explore=job.strategy.explore,
            seed=seed_of(job.digest, job.book.code, job.buckets.on.isoformat()),
            start=taking.start_of(job.strategy, prices),
        )  # fmt: skip
        kept = barred(worth, use, chosen.plan.prices, budgets)
    files, left, place = [], Counter[str](), 0
    for part in parts:
        rows = slice(place, place + len(part.due))
        place = rows.stop
        with timed("decisions with reasons"):
            table = decisions_of(job, part, chosen, kept, rows)
            left.update(Words.of_arrow(table["why"]).counts())
            files.append(_write(job, part, table, chosen))
    _keep_only(job, files)
    names = taking.names(job.strategy)
    return Planned(
        cases=sum(part.table.num_rows for part in parts), due=len(worth),
        chosen=int((chosen.action >= 0).sum()), certificate=chosen.plan.certificate,
        used=dict(zip(names, chosen.used.tolist(), strict=True)),
        prices=dict(zip(names, chosen.plan.prices.tolist(), strict=True)),
        left=dict(sorted(left.items())), files=tuple(files),
    )  # fmt: skip


def together(parts: Sequence[Part]) -> tuple[NDArray[np.floating], Factored]:
    """
    The worth and uses of all due cases, part after part.

    :raises Failed: if parts hold so many overlapping conditions that their uses have another form
    """
    forms = {tuple(part.use.of.tolist()) for part in parts}
    if len(forms) != 1:
        raise Failed(
            "The budgets of this strategy have more overlapping conditions than columns can hold.",
            permanent=True, hint="Give fewer budgets a condition of their own.",
        )  # fmt: skip
    stacked = np.concatenate([part.use.rates for part in parts])
    rates, same = np.unique(stacked, axis=0, return_inverse=True)
    starts = np.cumsum([0, *(len(part.use.rates) for part in parts)])
    segments = [
        same.ravel()[part.use.segment + start] for part, start in zip(parts, starts, strict=False)
    ]
    factors = np.concatenate([part.use.factors for part in parts], axis=1)
    worth = np.concatenate([part.worth for part in parts])
    return worth, Factored(
        rates, np.concatenate(segments).astype(np.int64), factors, parts[0].use.of
    )


def decisions_of(
    job: Job, part: Part, chosen: Choice, kept: Barred, rows: slice
) -> pa.Table:  # fmt: skip
    """A row for every case of a part: what is done or why nothing, with what chance, and why so."""
    due, size = part.due, part.table.num_rows
    action = chosen.action[rows]
    treatments = [*job.strategy.treatments]
    channels = [one.channel for one in job.strategy.treatments.values()]
    why = Words.of_arrow(part.table["why"])
    idle = (why[due] == "") & (action < 0)
    wanted = kept.value[rows] > 0
    why.put(due[idle & chosen.explored[rows]], "explored")
    why.put(due[idle & ~chosen.explored[rows] & wanted], "budget")
    why.put(due[idle & ~chosen.explored[rows] & ~wanted], "not_worth")
    value = np.zeros(size, np.int64)
    picked = np.flatnonzero(action >= 0)
    value[due[picked]] = np.rint(part.worth[picked, action[picked]]).astype(np.int64)
    propensity, explored = np.ones(size, np.float32), np.zeros(size, bool)
    propensity[due], explored[due] = chosen.propensity[rows], chosen.explored[rows]
    whole = ("case", "arm", "follows", "route", "segment", "step", "step_code")
    columns = {name: part.table[name] for name in whole}
    columns |= {
        "why": why.arrow(), "rules": part.table["rules"],
        "treatment": _named(treatments, action, due, size),
        "channel": _named(channels, action, due, size),
        "propensity": pa.array(propensity), "explored": pa.array(explored),
        "value": pa.array(value),
    }  # fmt: skip
    return pa.table(columns | _reasons(job, chosen.plan.reasons, kept, rows, due, size))


def _named(names: Sequence[str], codes: NDArray[Any], due: NDArray[Any], size: int) -> pa.Array:
    """A name for each due case by its number, the empty one for -1 and for the rest."""
    whole = np.zeros(size, np.int32)
    whole[due] = codes + 1
    return pa.DictionaryArray.from_arrays(pa.array(whole), pa.array(["", *names]))


def _reasons(
    job: Job, found: Reasons, kept: Barred, rows: slice, due: NDArray[Any], size: int
) -> dict[str, pa.Array]:
    """As `reasons.columns`: the best and the next best at the prices, what was wanted, what barred it."""
    treatments, budgets = [*job.strategy.treatments], taking.names(job.strategy)
    some = kept.wanted[rows] >= 0
    runs = np.isfinite(found.runner_worth[rows])
    held = kept.budget[rows] >= 0

    def number(values: NDArray[Any], known: NDArray[np.bool_]) -> pa.Array:
        whole, absent = np.zeros(size, np.float32), np.ones(size, bool)
        whole[due], absent[due] = values[rows], ~known
        return pa.array(whole, mask=absent)

    return {
        "best": _named(treatments, found.best[rows], due, size),
        "best_worth": number(found.worth, some),
        "runner": _named(treatments, found.runner[rows], due, size),
        "runner_worth": number(found.runner_worth, runs),
        "wanted": _named(treatments, kept.wanted[rows], due, size),
        "wanted_value": number(kept.value, some), "charge": number(kept.charge, some),
        "barrier": _named(budgets, kept.budget[rows], due, size),
        "barrier_charge": number(kept.most, held),
    }  # fmt: skip


def _write(job: Job, part: Part, table: pa.Table, chosen: Choice) -> Path:
    """Write a part's decisions under a name that says of which plan they are."""
    plan = hashlib.sha256(chosen.plan.prices.tobytes() + chosen.used.tobytes()).hexdigest()[:8]
    path = job.folder / "decisions" / f"{part.bucket:05d}-{key_of(job, part.bucket)}-{plan}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        return path
    words = [f.name for f in table.schema if pa.types.is_dictionary(f.type)]
    return write_whole(path, lambda unfinished: pq.write_table(
        table, unfinished, compression=COMPRESSION, use_dictionary=words, write_statistics=False,
        store_schema=False,
    ))  # fmt: skip


def _keep_only(job: Job, files: Sequence[Path]) -> None:
    """Remove decisions of other plans: what is in the folder is one night, whole."""
    for path in (job.folder / "decisions").glob("*.parquet"):
        if path not in files:
            path.unlink(missing_ok=True)
