"""
What is worked out of one bucket before the plan, kept in a file that its inputs name.

A part that is there is whole and is not made again: a night that was killed goes on where it
stopped. Its name is a digest of the bucket, the models, the strategy, the law and the day, so a part
of other inputs is never taken for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.decision.uses import Factored
from recoup.kernel.errors import Invalid, Problem
from recoup.kernel.files import write_whole
from recoup.people.models import Book
from recoup.scoring.batches import matrix_of
from recoup.scoring.buckets import COMPRESSION, Buckets
from recoup.scoring.declared import NAMES
from recoup.scoring.store import Scorer
from recoup.strategy.columnar.following import not_followed
from recoup.strategy.prospects import Frames, Prospects, look
from recoup.strategy.schema import MEDIA, Strategy
from recoup.strategy.words import Words

STANDING = ("arm", "follows", "route", "segment", "step_code", "why", "rules")
VERSION = 2  # of what a part holds; another version is another name
Floats = NDArray[np.floating]
Timed = Callable[[str], AbstractContextManager[None]]


def untimed(stage: str) -> AbstractContextManager[None]:
    """Nobody asks how long it takes."""
    return nullcontext()


@dataclass(frozen=True)
class Job:
    """
    A night: the book in columns, who it belongs to, what scores it and what decides.

    `models` are by target; `alike` are facts of the rulebook that all contacts share; `models_name`
    and `digest` say which models and which strategy, for the names of parts. `stopped` are the arms
    that go the champion's way (`arms.stopped`), `closed` has by segment the groups that routing keeps
    from who was not drawn into them (`routing.closed`); `None` where nobody looked.
    """

    buckets: Buckets
    book: Book
    strategy: Strategy
    digest: str
    models: Mapping[str, Scorer]
    models_name: str
    at: datetime
    folder: Path
    alike: Mapping[str, Any]
    stopped: Collection[str] | None = None
    closed: Mapping[str, Collection[str]] | None = None

    def demand_whole(self) -> None:
        """
        Go on only if the night can do all that the strategy says.

        :raises Invalid: if it has a block that is not followed, or if nobody said which arms are stopped or groups closed
        """
        strategy, problems = self.strategy, not_followed(self.strategy)
        if strategy.routing is not None and self.closed is None:
            problems.append(Problem(
                "routing", "Nobody said which groups are closed.", "Give the job `closed`, as "
                "`routing.closed` finds it; empty where nothing is.",
            ))  # fmt: skip
        if len(strategy.arms) > 1 and self.stopped is None:
            problems.append(Problem(
                "arms", "Nobody said which arms are stopped.", "Give the job `stopped`, as "
                "`arms.stopped` finds it; empty where none is.",
            ))  # fmt: skip
        if problems:
            raise Invalid("This strategy cannot be followed over columns.", problems=problems)


@dataclass(frozen=True)
class Part:
    """
    One bucket: its `table` with a row for each case, and of the cases that are due (n,) their
    places, what each treatment is worth (n, A), minus infinity where closed, and takes.
    """

    bucket: int
    table: pa.Table
    due: NDArray[np.int64]
    worth: Floats
    use: Factored


def part_of(job: Job, bucket: int, timed: Timed = untimed) -> Part:
    """The part of a bucket, from its file or made now."""
    path = _path(job, bucket)
    if not path.is_file():
        _make(job, bucket, timed)
    with timed("parts"):
        return _read(path, len(job.strategy.treatments), bucket)


def is_made(job: Job, bucket: int) -> bool:
    """Whether the part of a bucket is there."""
    return _path(job, bucket).is_file()


def key_of(job: Job, bucket: int) -> str:
    """What names all that is made of a bucket tonight."""
    told = [VERSION, job.buckets.seal(bucket)["digest"], job.models_name, job.digest, job.book.code,
            job.at.isoformat(), sorted(job.alike.items()), list(NAMES),
            sorted(job.stopped or ()),
            sorted((segment, sorted(names)) for segment, names in (job.closed or {}).items())]  # fmt: skip
    return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:16]


def _path(job: Job, bucket: int) -> Path:
    return job.folder / "parts" / f"{bucket:05d}-{key_of(job, bucket)}.parquet"


def scores_of(
    models: Mapping[str, Scorer], features: NDArray[np.float32]
) -> dict[str, NDArray[np.float32]]:
    """The chance of each target for features (n, NAMES), which go to the models from memory."""
    found = {}
    for target, model in models.items():
        matrix = features
        if tuple(model.columns) != NAMES:
            columns = [pa.array(features[:, place]) for place in range(len(NAMES))]
            matrix = matrix_of(model.columns, pa.table(columns, names=list(NAMES)))
        found[target] = model.probability(matrix).astype(np.float32)
    return found


def frames_of(job: Job, bucket: int, scores: Mapping[str, NDArray[np.float32]]) -> Frames:
    """
    The frames that a night looks at, of one bucket. A case stands there by its `row`, which finds it
    by one address; its own number is the bucket's.
    """
    cases = _frame(job, "cases", bucket)
    known = {name: pl.Series(scores[name]) for name in ("repay_30", "roll", "lost_contact")
             if name in scores}  # fmt: skip
    cases = cases.with_columns(
        case=pl.Series(np.arange(cases.height)),
        days_placed=(pl.lit(job.buckets.on) - pl.col("placed_on")).dt.total_days(),
        has_team=pl.col("team").is_not_null(), has_agency=pl.col("agency").is_not_null(),
        starter=pl.lit(False), **known,
    )  # fmt: skip
    facts = _frame(job, "facts", bucket).with_columns(case=pl.col("row").cast(pl.Int64))
    own = (facts["party"] == "debtor") & facts["point_valid"]
    channel = Words.of(facts["channel"])
    media = Words(known=[MEDIA.get(word, "") for word in channel.known], codes=channel.codes)
    points = facts.select("case", medium=media.series()).filter(own)
    past = _frame(job, "past", bucket).with_columns(case=pl.col("row").cast(pl.Int64))
    return Frames(cases=cases, points=points, past=past, facts=facts, alike=job.alike,
                  closed=job.closed or {})  # fmt: skip


def _frame(job: Job, table: str, bucket: int) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(job.buckets.table(table, bucket)))


def _make(job: Job, bucket: int, timed: Timed) -> None:
    with timed("features"):
        features = job.buckets.features(bucket)
    with timed("scores"):
        scores = scores_of(job.models, features)
    make_from(job, bucket, scores, timed)


def make_from(
    job: Job, bucket: int, scores: Mapping[str, NDArray[np.float32]], timed: Timed = untimed
) -> None:
    """Make and keep the part of a bucket whose cases were scored, in their order."""
    with timed("frames"):
        frames = frames_of(job, bucket, scores)
    with timed("law and values"):
        seen = look(
            book=job.book, strategy=job.strategy, frames=frames, on=job.buckets.on, at=job.at,
            stopped=job.stopped or (),
        )  # fmt: skip
    with timed("parts"):
        numbers = job.buckets.table("cases", bucket, ["case"])["case"]
        _keep(numbers, seen, scores, _path(job, bucket))


def _keep(
    cases: pa.ChunkedArray, seen: Prospects, scores: Mapping[str, NDArray[np.float32]], path: Path
) -> None:  # fmt: skip
    # What actions take, by segment of uses, stands beside the columns.
    told = {"rates": json.dumps(seen.use.rates.tolist()), "of": json.dumps(seen.use.of.tolist())}
    table = pa.table(_columns(cases, seen, scores)).replace_schema_metadata(told)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda unfinished: pq.write_table(
        table, unfinished, compression=COMPRESSION, write_statistics=False,
        use_dictionary=list(STANDING),
    ))  # fmt: skip


def _columns(
    cases: pa.ChunkedArray, seen: Prospects, scores: Mapping[str, NDArray[np.float32]]
) -> dict[str, pa.Array]:
    standing, due, size = seen.standing, seen.due, seen.cases.height
    why, rules = standing.why.copy(), Words(size)
    unsaid = np.flatnonzero(why[due] == "")
    why.take(due[unsaid], seen.lawful.why[unsaid])
    barred = np.flatnonzero(seen.lawful.why != "")
    rules.take(due[barred], seen.lawful.rules[barred])
    words = {"arm": standing.arm, "follows": standing.follows, "route": standing.route,
             "segment": standing.segment, "step_code": standing.step_code, "why": why,
             "rules": rules}  # fmt: skip
    is_due = np.zeros(size, bool)
    is_due[due] = True
    found = {"case": cases, "due": pa.array(is_due),
             "step": pa.array(standing.step.astype(np.int32))}  # fmt: skip
    found |= {name: one.arrow() for name, one in words.items()}
    found |= {f"score_{target}": pa.array(values) for target, values in scores.items()}
    for place in range(seen.worth.shape[1]):
        worth = np.full(size, -np.inf, np.float32)
        worth[due] = seen.worth[:, place]
        found[f"worth_{place}"] = pa.array(worth)
    segment = np.zeros(size, np.int32)
    segment[due] = seen.use.segment
    found["use_segment"] = pa.array(segment)
    for place, factor in enumerate(seen.use.factors):
        whole = np.zeros(size, np.float32)
        whole[due] = factor
        found[f"factor_{place}"] = pa.array(whole)
    return found


def _read(path: Path, treatments: int, bucket: int) -> Part:
    table = pq.read_table(path, memory_map=True, use_threads=False, partitioning=None)
    due = np.flatnonzero(table["due"].to_numpy())
    columns = [f"worth_{place}" for place in range(treatments)]
    worth = np.column_stack([table[name].to_numpy()[due] for name in columns])
    kinds = [name for name in table.column_names if name.startswith("factor_")]
    factors = np.array([table[name].to_numpy()[due] for name in kinds], np.float32)
    told = {name: json.loads(text) for name, text in table.schema.metadata.items()}
    rates = np.array(told[b"rates"], np.float64)
    use = Factored(
        rates.reshape(-1, len(columns), len(told[b"of"])),
        table["use_segment"].to_numpy()[due].astype(np.int64),
        factors.reshape(len(kinds), len(due)), np.array(told[b"of"], np.int64),
    )  # fmt: skip
    kept = [
        name for name in table.column_names if not name.startswith(("worth_", "factor_", "use_"))
    ]
    return Part(bucket, table.select(kept), due, worth, use)
