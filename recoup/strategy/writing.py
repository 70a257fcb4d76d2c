"""Reading the night's frames and writing its plan: one file, one row, and the chosen decisions."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from django.conf import settings

from recoup.decision.vulnerability import AT_RISK
from recoup.kernel.files import name_by_content, write_by_content
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.portfolio.divided import Columns
from recoup.portfolio.models import Case
from recoup.strategy import counting, eligibility, learning, planning, reasons
from recoup.strategy.columnar import database
from recoup.strategy.columnar.database import Facts
from recoup.strategy.framing import Around, frames
from recoup.strategy.models import Decision, Plan, StrategyVersion
from recoup.strategy.planning import Night, Record
from recoup.strategy.reading import read
from recoup.strategy.schema import Strategy

__all__ = [
    "decided", "decisions", "folder", "frames", "keep_only", "last_prices", "planned", "write_decisions",
    "write_file", "write_plan",
]  # fmt: skip

BATCH = 2000
ROW_GROUP = 20_000  # a page that shows one case reads one of them


def decided(
    *, book: Book, version: StrategyVersion, facts: pl.DataFrame, on: date, at: datetime,
    stopped: Collection[str] = (), progress: Progress = quiet,
) -> Night:  # fmt: skip
    """The plan of a night, in memory; `stopped` names the arms that do not run."""
    strategy = read(version.source)
    return planning.night(
        book=book, strategy=strategy, digest=version.digest, on=on, at=at,
        stopped=stopped, progress=progress, prices=last_prices(book=book, on=on),
        frames=frames(book=book, strategy=strategy, facts=facts, on=on, at=at),
        belief=learning.newest(book=book, on=on) if strategy.learning else None,
    )  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """A night that is planned and not yet kept: its record, and the file of its rows."""

    record: Record
    path: Path

    def chosen(self) -> Iterator[pl.DataFrame]:
        """The rows with an action, some at a time."""
        with pq.ParquetFile(self.path) as file:
            for group in range(file.num_row_groups):
                rows = pl.DataFrame(pl.from_arrow(file.read_row_group(group)))
                yield rows.filter(pl.col("treatment") != "")


def planned(
    *, book: Book, version: StrategyVersion, facts: pl.DataFrame | Facts, on: date, at: datetime,
    stopped: Collection[str], columns: Columns | None, progress: Progress,
) -> Planned:  # fmt: skip
    """
    The plan of a night with its rows in a file: of the whole book in memory, or with `columns` part by
    part.
    """
    if isinstance(facts, pl.DataFrame):
        night = decided(book=book, version=version, facts=facts, on=on, at=at, stopped=stopped,
                        progress=progress)  # fmt: skip
        return Planned(night, write_file(book=book, on=on, rows=night.rows))
    if columns is None:
        raise ValueError("Facts that come part by part ask for columns.")
    strategy = read(version.source)
    asked = database.Night(
        around=Around(book, strategy, on), digest=version.digest, facts=facts, columns=columns,
        at=at, stopped=stopped, prices=last_prices(book=book, on=on),
        belief=learning.newest(book=book, on=on) if strategy.learning else None,
    )  # fmt: skip
    rows = columns.folder / "rows.parquet"
    record = database.decided(asked, into=rows, progress=progress)
    return Planned(record, name_by_content(folder(book), stem=on.isoformat(), path=rows))


def last_prices(*, book: Book, on: date) -> dict[str, float] | None:
    """The prices of the last night before a day, to begin the next one's with."""
    last = Plan.objects.filter(book=book, on__lt=on).order_by("-on").first()
    return last.prices if last else None


def folder(book: Book) -> Path:
    """Where the plans of a book lie."""
    path = Path(settings.DATA_DIR) / "plans" / str(book.pk)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_file(*, book: Book, on: date, rows: pl.DataFrame) -> Path:
    """
    Write the plan under a name that its content gives: it is whole or it is not there, and of two
    nights at once neither touches the other's.
    """
    content = io.BytesIO()
    rows.write_parquet(content, compression="zstd", row_group_size=ROW_GROUP)
    return write_by_content(
        folder(book), stem=on.isoformat(), suffix=".parquet", content=content.getbuffer()
    )


def keep_only(*, plan: Plan) -> None:
    """Remove what other nights at once, or nights cut off, wrote for the plan's day."""
    kept = Path(settings.DATA_DIR) / plan.file
    for path in kept.parent.glob(f"{plan.on.isoformat()}*.parquet"):
        if path != kept:
            path.unlink(missing_ok=True)


def write_plan(
    *, book: Book, version: StrategyVersion, night: Record, pointer: dict[str, Any], on: date,
    at: datetime,
) -> Plan:  # fmt: skip
    """The row of the night."""
    return Plan.objects.create(
        book=book, strategy=version, on=on, at=at, file=pointer["file"], digest=pointer["sha256"],
        rows=night.cases, chosen=night.acted,
        budgets=night.budgets, prices=night.prices, certificate=night.certificate,
        refused=night.refused, rules=night.rules,
        effects={
            **night.effects.as_dict(), "complaints": night.complaints,
            **({} if night.expected is None else {"waiting": night.expected}),
        },
    )  # fmt: skip


def write_decisions(
    *, plan: Plan, version: StrategyVersion, chosen: Iterable[pl.DataFrame],
    progress: Progress = quiet,
) -> None:  # fmt: skip
    """The rows of what was `chosen`, in batches, and what they take of the budgets."""
    strategy, done, used = read(version.source), 0, Counter[str]()
    counting.open_for(plan)
    for part in (piece for some in chosen for piece in some.iter_slices(BATCH)):
        made = list(decisions(plan, strategy, part))
        for row in made:
            used.update(row.takes)
        Decision.objects.bulk_create(made, batch_size=500)
        done += part.height
        progress("strategy", done, plan.chosen)
    counting.take_all(plan, used)


def decisions(plan: Plan, strategy: Strategy, part: pl.DataFrame) -> Iterator[Decision]:
    """The rows of a plan with an action, as decisions that are not yet kept."""
    tasks = part.filter(pl.col("channel") == "task")["case"].to_list()
    collectors = dict(Case.objects.filter(pk__in=tasks).values_list("pk", "collector"))

    @lru_cache(maxsize=512)
    def hours(code: str, zones: str) -> tuple[datetime, datetime]:
        treatment = strategy.treatments[code]
        found = eligibility.windows(
            treatment=treatment, zones=zones, on=plan.on,
            closes_on=plan.on + timedelta(days=treatment.days - 1),
        )  # fmt: skip
        if found is None:
            raise AssertionError("A decision without common hours was planned.")
        return found

    for row in part.iter_rows(named=True):
        opens, closes = hours(row["treatment"], row["time_zones"])
        treatment = strategy.treatments[row["treatment"]]
        yield Decision(
            book_id=plan.book_id, plan=plan, case_id=row["case"], on=plan.on,
            segment=row["segment"], treatment=row["treatment"], step=row["step"],
            channel=row["channel"], template=treatment.template,
            contact_point_id=row["contact_point"] or None, not_before=opens, not_after=closes,
            arm=row["arm"], propensity=row["propensity"], value=row["value"],
            priority=max(-(2**31), min(2**31 - 1, row["value"] // 100)), offer=treatment.offer,
            assignee_id=collectors.get(row["case"]) if row["channel"] == "task" else None,
            reason=_reason(row, strategy), takes=counting.takes_of(row),
        )  # fmt: skip


def _reason(row: dict[str, Any], strategy: Strategy) -> dict[str, Any]:
    """Why this was chosen, as data for a sentence."""
    reason = {
        "stage": row["stage"], "days_past_due": row["days_past_due"], "overdue": row["overdue"],
        "step": row["step_code"], "contacts_30": row["contacts_30"],
        "admissible": row["admissible"], "explored": row["explored"],
        "sampled": row.get("sampled", False), "value": row["value"],
        "effect": row["effect"],
    }  # fmt: skip
    if row["repay_30"] is not None:
        reason |= {"repay_30": round(row["repay_30"], 4), "starter": bool(row["starter"])}
    if strategy.assumptions.complaint_cost > 0 and row.get("complaint") is not None:
        reason["complaint"] = {"chance": round(row["complaint"], 5), "by": row["complaint_by"]}
    if row["distress"] >= AT_RISK:
        reason["distress"] = row["distress"]
    if strategy.waiting is not None:
        reason["ahead"] = strategy.waiting.days
    if priced := reasons.told(row, strategy):
        reason["priced"] = priced
    return reason
