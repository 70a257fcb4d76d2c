"""
A night over a book in the database that is larger than memory: part by part, one plan for all.

Every table is read once and laid down by part (`portfolio.divided`). Each part is looked at as a night
over the whole book looks at it, and kept under a name that its inputs give: a night that was killed
reads the tables again, and looks only at parts that are not there or that changed meanwhile. What the
plan asks of all due cases stands in memory in order of case, so that the plan is the same, case by case.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

import recoup
from recoup.decision.priced import Barred
from recoup.decision.uses import Factored
from recoup.kernel import memory
from recoup.kernel.clock import at_local
from recoup.kernel.errors import Invalid
from recoup.kernel.progress import Progress, quiet
from recoup.people import queries as people
from recoup.people.law import law_of
from recoup.portfolio import bulk
from recoup.portfolio.divided import Columns, Divided, in_order
from recoup.portfolio.models import Case
from recoup.strategy import distress, eligibility, framing, persons, planning
from recoup.strategy import uses as taking
from recoup.strategy.choosing import Choice
from recoup.strategy.columnar import believed, kept, moved
from recoup.strategy.columnar.following import demand_followed
from recoup.strategy.effects.measured import Effects
from recoup.strategy.framing import Around
from recoup.strategy.learning import Belief
from recoup.strategy.planning import Record
from recoup.strategy.prospects import Frames, look
from recoup.strategy.schema import Strategy
from recoup.strategy.waiting import Expected

VERSION = 1  # of what a part holds; another version is another name
PERSON = {"case": pl.Int64, "person": pl.Int64}
T = TypeVar("T")


class Facts(Protocol):
    """The rulebook's facts of a book for a day, part by part (`gate.queries.Facts`)."""

    def lay(self, into: Divided) -> None:
        """Lay down what facts are made of."""

    def of_part(self, laid: Divided, part: int) -> pl.DataFrame:
        """The facts of the cases of a part."""


@dataclass(frozen=True)
class Night:
    """What a night by parts is asked, and what it knows of the whole book."""

    around: Around
    digest: str
    facts: Facts
    columns: Columns
    at: datetime
    stopped: Collection[str]
    prices: Mapping[str, float] | None
    belief: Belief | None = None

    @property
    def strategy(self) -> Strategy:
        """What decides."""
        return self.around.strategy

    @cached_property
    def same(self) -> dict[int, int]:
        """Rows of people who are one person."""
        return people.same_people(creditor=self.around.book.creditor_id)

    @cached_property
    def trained(self) -> pl.Series:
        """The cases whose collector is trained for people in distress."""
        return distress.trained(self.around.book)

    @cached_property
    def alike(self) -> str:
        """What all parts share of what their names are made of."""
        around, strategy = self.around, self.strategy
        measured, objecting = around.measured, around.objecting
        told = [
            VERSION, recoup.__version__, self.digest, around.book.code, around.on.isoformat(),
            sorted(self.stopped), sorted((name, sorted(of)) for name, of in around.closed.items()),
            measured and measured.version, objecting and objecting.version, _laws(around, strategy),
        ]  # fmt: skip
        return json.dumps(told)


@memory.for_columns()
def decided(night: Night, *, into: Path, progress: Progress = quiet) -> Record:
    """
    Decide for every case and write the plan's rows to a file, in order of case.

    :raises Invalid: if the strategy is not followed by parts, or the book was not scored
    """
    demand_followed(night.strategy)
    divided = _laid(night, progress)
    files, effects, expected = _looked_at(night, divided, progress)
    about = [kept.told_of(path) for path in files]
    asked = [kept.for_plan(path) for path in files]
    places, cases = _places([one.cases for one in asked])
    worth = np.empty((len(cases), len(night.strategy.treatments)))
    for place, one in zip(places, asked, strict=True):
        worth[place] = one.worth
    use = _use(night.strategy, asked, places, about[0]["rates"])
    del asked
    progress("plan", 0, 1)
    drawn = believed.sampling(
        night.strategy, files, places, worth, about[0], belief=night.belief, digest=night.digest,
        on=night.around.on,
    )  # fmt: skip
    chosen, prices_kept = planning.plan(
        book=night.around.book, strategy=night.strategy, digest=night.digest, on=night.around.on,
        worth=worth, use=use, prices=night.prices, sampling=drawn,
    )  # fmt: skip
    tried = planning.tried(worth, use, chosen)
    progress("plan", 1, 1)
    told = Planned(worth if drawn else None, use, chosen, prices_kept)
    del worth
    lines = _lines(night.strategy, files, places, told)
    refused, counted = Counter[str](), [0, 0]
    with _Rows(into) as rows:
        for done, some in enumerate(in_order(lines, divided), start=1):
            rows.write(some)
            refused.update(planning.counted(some["why"]))
            counted[0] += some.height
            counted[1] += int((some["treatment"] != "").sum())
            progress("decisions", done, divided.count)
    return Record(
        cases=counted[0], acted=counted[1], choice=chosen, refused=dict(sorted(refused.items())),
        rules=dict(sorted(sum((Counter(one["fired"]) for one in about), Counter[str]()).items())),
        rulebook=max((one["rulebook"] for one in about), default=""),
        names=taking.names(night.strategy), limits=tuple(taking.limits(night.strategy).tolist()),
        effects=effects, asked=sum(one["asked"] for one in about),
        forbidden=sum(one["forbidden"] for one in about), tried=tried,
        complaints={"version": about[0]["complaints"]},
        expected=expected.as_dict() if expected else None,
    )  # fmt: skip


def _laid(night: Night, progress: Progress) -> Divided:
    """Read the book once, table by table, and lay it down by part."""
    around = night.around
    rows = Case.objects.filter(book=around.book, placed_on__lte=around.on).order_by("pk")
    found = bulk.frame(rows.values_list("pk", "borrower__person_id"), PERSON)
    divided = Divided.by_person(
        night.columns.folder / "book", cases=found["case"].to_numpy(),
        persons=persons.as_one(found, night.same)["person"].to_numpy(), size=night.columns.size,
    )  # fmt: skip
    progress("lay down", 0, 2)
    framing.lay(around=around, at=night.at, into=divided)
    progress("lay down", 1, 2)
    night.facts.lay(divided)
    progress("lay down", 2, 2)
    return divided


@dataclass(frozen=True)
class Way:
    """
    How parts are looked at: by measured effects or by assumed ones, and what a strategy that looks
    ahead expects; without, it does not look ahead.
    """

    believed: bool
    expected: Expected | None


def _looked_at(
    night: Night, divided: Divided, progress: Progress
) -> tuple[list[Path], Effects, Expected | None]:
    """
    A file of each part, the effects in them, and what was expected. What is asked of the whole book
    first, whether it moved and its mean effects, is asked of parts that are then looked at again.
    """
    measured, ahead = night.around.measured, night.strategy.waiting is not None
    plain = moved.expected((), due=0, prices=night.prices) if ahead else None
    way = Way(believed=True, expected=plain if measured is None else None)
    files = _made(night, divided, progress, way)
    about = [kept.told_of(path) for path in files]
    # What is measured of nobody says nothing of the others.
    effects = kept.effects_of(max(about, key=lambda one: min(one["due"], 1)))
    due = sum(one["due"] for one in about)
    if measured is not None and effects.by and moved.has_moved(
        (one["counts"] for one in about), due=due, measured=measured
    ):  # fmt: skip
        way = Way(believed=False, expected=plain)
        effects = Effects(None, {}, dict.fromkeys(night.strategy.treatments, "book_moved"))
        files = _made(night, divided, progress, way)
    elif measured is not None and ahead:
        sums = [one["rises"] for one in about]
        way = replace(way, expected=moved.expected(sums, due=due, prices=night.prices))
        files = _made(night, divided, progress, way)
    _keep_only(night.columns.folder / "parts", files)
    return files, effects, way.expected


def _made(night: Night, divided: Divided, progress: Progress, way: Way) -> list[Path]:
    files = []
    for part in range(divided.count):
        frames = framing.put_together(
            night.around, framing.raw_of(divided, part), night.facts.of_part(divided, part),
            same=night.same, trained=night.trained,
        )  # fmt: skip
        path = night.columns.folder / "parts" / f"{part:05d}-{_key(night, frames, way)}.npz"
        if not path.is_file():
            _look(night, frames, path, way)
        files.append(path)
        progress("parts", part + 1, divided.count)
    return files


def _look(night: Night, frames: Frames, path: Path, way: Way) -> None:
    measured, strategy = night.around.measured, night.strategy
    if way.expected is None:
        strategy = replace(strategy, waiting=None)
    believed = moved.of_a_part(measured) if way.believed else None
    seen = look(
        book=night.around.book, strategy=strategy, on=night.around.on, at=night.at,
        stopped=night.stopped, frames=replace(frames, measured=believed, expected=way.expected),
    )  # fmt: skip
    told = {
        "counts": moved.counted(seen, strategy=strategy, measured=measured),
        "rises": moved.rises(seen, strategy=night.strategy) if night.strategy.waiting else {},
    }
    kept.keep(path, seen, strategy=strategy, points=frames.points, told=told)


def _key(night: Night, frames: Frames, way: Way) -> str:
    """What names all that is made of a part: its content, and what hours are over by now."""
    ahead = way.expected and way.expected.as_dict()
    found = hashlib.sha256(json.dumps([night.alike, way.believed, ahead]).encode())
    for frame in (frames.cases, frames.points, frames.past, frames.facts):
        found.update(json.dumps(frame.columns).encode())
        found.update(np.ascontiguousarray(frame.hash_rows(seed=0).to_numpy()).tobytes())
    for zones in sorted(set(frames.cases["time_zones"].unique().to_list()) - {""}):
        found.update(f"{zones}{_over(night, zones)}".encode())
    return found.hexdigest()[:24]


def _over(night: Night, zones: str) -> list[bool]:
    """Of each treatment, whether its hours are over where a person is."""
    found, on = [], night.around.on
    for treatment in night.strategy.treatments.values():
        last = on + timedelta(days=treatment.days - 1)
        hours = eligibility.windows(treatment=treatment, zones=zones, on=on, closes_on=last)
        found.append(hours is None or hours[1] <= night.at)
    return found


def _laws(around: Around, strategy: Strategy) -> list[str]:
    """The rulebooks by which treatments are judged, by their digests."""
    try:
        return [
            law_of(around.book, at_local(around.on, eligibility.middle(*one.window),
                                         around.book.time_zone)).digest
            for one in strategy.treatments.values()
        ]  # fmt: skip
    except Invalid as none:  # there is no law for that place: looking says so
        return [none.message]


def _places(parts: list[NDArray[np.int64]]) -> tuple[list[NDArray[np.int64]], NDArray[np.int64]]:
    """Where the due cases of each part stand among all, in order of case, and all of them."""
    cases = np.sort(np.concatenate(parts))
    return [np.searchsorted(cases, some) for some in parts], cases


def _use(
    strategy: Strategy, asked: list[kept.ForPlan], places: list[NDArray[np.int64]],
    rates: Mapping[str, float],
) -> Factored:  # fmt: skip
    """What all due cases take, in order of case."""
    size = sum(len(place) for place in places)
    owed, factor = np.empty(size), np.empty(size)
    holds = np.zeros((size, asked[0].holds.shape[1]), dtype=bool)
    for place, one in zip(places, asked, strict=True):
        owed[place], factor[place], holds[place] = one.owed, one.complaints, one.holds
    return taking.factored(strategy, rates, owed=owed, complaints=factor, holds=holds)


@dataclass(frozen=True)
class Planned:
    """
    Of all due cases, in order of case: uses, what was chosen and what prices kept; and what they are
    worth, where that is not what their part says.
    """

    worth: NDArray[np.float64] | None
    use: Factored
    chosen: Choice
    kept: Barred


def _lines(
    strategy: Strategy, files: list[Path], places: list[NDArray[np.int64]], plan: Planned
) -> Iterator[pl.DataFrame]:
    """The rows of each part."""
    use, chosen = plan.use, plan.chosen
    for path, place in zip(files, places, strict=True):
        mine = Factored(use.rates, use.segment[place], use.factors[:, place], use.of)
        seen, points = kept.whole(path, strategy=strategy, use=mine)
        if plan.worth is not None:
            seen = replace(seen, worth=plan.worth[place])
        some = replace(
            chosen, action=chosen.action[place], propensity=chosen.propensity[place],
            explored=chosen.explored[place], open=chosen.open[place], idle=chosen.idle[place],
            plan=replace(chosen.plan, reasons=_some(chosen.plan.reasons, place)),
        )  # fmt: skip
        yield planning.lines(
            strategy=strategy, seen=seen, points=points, chosen=believed.of_part(some, place),
            kept=_some(plan.kept, place),
        )  # fmt: skip


def _some(arrays: T, rows: NDArray[np.int64]) -> T:
    """Some rows of a record of arrays (n,)."""
    found: Any = arrays
    return type(arrays)(**{one.name: getattr(found, one.name)[rows] for one in fields(found)})


class _Rows:
    """A plan's rows written some at a time, to a file that only then has its name."""

    def __init__(self, path: Path) -> None:
        self.path, self.writer = path, None
        self.part = path.with_suffix(".part")

    def __enter__(self) -> _Rows:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, rows: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        from recoup.strategy.writing import ROW_GROUP

        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.part, table.schema, compression="zstd")
        self.writer.write_table(table, row_group_size=ROW_GROUP)

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self.writer is not None:
            self.writer.close()
        if kind is None:
            self.part.replace(self.path)


def _keep_only(folder: Path, files: list[Path]) -> None:
    """Remove parts of other inputs."""
    for path in folder.glob("*.npz"):
        if path not in files:
            path.unlink(missing_ok=True)
