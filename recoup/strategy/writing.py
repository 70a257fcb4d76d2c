"""Reading the night's frames and writing its plan: one file, one row, and the chosen decisions."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings

from recoup.decision.vulnerability import AT_RISK
from recoup.kernel.files import write_by_content
from recoup.kernel.progress import Progress, quiet
from recoup.people import queries as people
from recoup.people.models import Agency, Book
from recoup.portfolio import queries as portfolio
from recoup.portfolio.models import Case
from recoup.scoring import queries as scoring
from recoup.strategy import (
    counting,
    distress,
    eligibility,
    history,
    learning,
    persons,
    planning,
    reasons,
    routing,
)
from recoup.strategy.effects import alone, complaints, keeping
from recoup.strategy.models import Decision, Plan, StrategyVersion
from recoup.strategy.planning import Night
from recoup.strategy.prospects import Frames
from recoup.strategy.reading import read
from recoup.strategy.schema import Strategy

BATCH = 2000
ROW_GROUP = 20_000  # a page that shows one case reads one of them
SCORES = {
    "repay_30": pl.Float64, "roll": pl.Float64, "lost_contact": pl.Float64,
    "ability": pl.Float64, "willingness": pl.Float64, "self_cure": pl.Float64, "starter": pl.Boolean,
}  # fmt: skip


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


def last_prices(*, book: Book, on: date) -> dict[str, float] | None:
    """The prices of the last night before a day, to begin the next one's with."""
    last = Plan.objects.filter(book=book, on__lt=on).order_by("-on").first()
    return last.prices if last else None


def frames(
    *, book: Book, strategy: Strategy, facts: pl.DataFrame, on: date, at: datetime,
    scored_on: date | None = None, again: Collection[int] | None = None,
) -> Frames:  # fmt: skip
    """
    Everything a plan is made from, each read once; scores of another day if one is given. For some
    cases chosen for `again`, they alone, with what their people were told in other cases.
    """
    same, some = _people(book, again)
    cases = portfolio.case_frame(book=book, on=on, cases=some)
    scores = scoring.scores_frame(book=book, on=scored_on or on, cases=again)
    recent = history.contacts_frame(
        book=book, on=on, at=at, days=strategy.contact_limit.days, cases=some, again=again or (),
    )  # fmt: skip
    points = portfolio.contact_point_frame(book=book, on=on, cases=again)
    cases = cases.join(with_scores(scores), on="case", how="left", maintain_order="left")
    cases = cases.join(recent, on="case", how="left", maintain_order="left")
    # Two cases of one person are one person: for the holdout, the arm and the limit of contacts.
    cases = persons.as_one(cases, same).with_columns(
        pl.col("contacts_7", "contacts_30", "contacts_limit", "pending").fill_null(0),
        days_placed=(pl.lit(on) - pl.col("placed_on")).dt.total_days(),
        has_team=pl.col("team").is_not_null(),
        has_agency=pl.col("agency").is_not_null(),
        agency=pl.col("agency").replace_strict(_agencies(), default=None, return_dtype=pl.String),
        time_zones=pl.col("time_zones").fill_null(""),
    )
    cases = cases.with_columns(pl.col("contacts_limit").sum().over("person"))
    if again is not None:
        cases = cases.filter(pl.col("case").is_in(list(again)))
    cases = distress.with_signs(cases, book=book, on=scored_on or on, cases=again)
    points = points.filter((pl.col("party") == "debtor") & (pl.col("state") != "invalid"))
    past = history.past_frame(book=book, cases=again)
    measured = keeping.load(book=book)
    cured = measured and alone.chances(
        measured.card, cases, repay_30=strategy.assumptions.repay_30
    )  # fmt: skip
    if cured is not None:
        cases = cases.with_columns(self_cure=pl.Series(cured))
    return Frames(
        cases=cases, points=points, past=past, facts=facts, measured=measured,
        closed=routing.closed(book=book, strategy=strategy, on=on),
        objecting=complaints.load(book=book, strategy=strategy),
    )  # fmt: skip


def _people(
    book: Book, again: Collection[int] | None
) -> tuple[dict[int, int], Collection[int] | None]:
    """Rows of people who are one person; and for some cases, these and all others of their people."""
    if again is None:
        return people.same_people(creditor=book.creditor_id), None
    mine = Case.objects.filter(pk__in=again).values_list("borrower__person", flat=True)
    same = people.same_people(creditor=book.creditor_id, persons=list(mine))
    others = Case.objects.filter(book=book, borrower__person__in={*same, *same.values()})
    return same, {*again, *others.values_list("pk", flat=True)}


def _agencies() -> dict[int, str]:
    return dict(Agency.objects.values_list("pk", "code"))


def with_scores(scores: pl.DataFrame) -> pl.DataFrame:
    """The columns of scores that conditions know; a score nobody gave is not known."""
    given = [
        pl.col(name).cast(kind) if name in scores.columns else pl.lit(None, kind).alias(name)
        for name, kind in SCORES.items()
    ]
    return scores.select(pl.col("case").cast(pl.Int64), *given)


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
    *, book: Book, version: StrategyVersion, night: Night, pointer: dict[str, Any], on: date,
    at: datetime,
) -> Plan:  # fmt: skip
    """The row of the night."""
    return Plan.objects.create(
        book=book, strategy=version, on=on, at=at, file=pointer["file"], digest=pointer["sha256"],
        rows=night.rows.height, chosen=night.rows.filter(pl.col("treatment") != "").height,
        budgets=night.budgets, prices=night.prices, certificate=night.certificate,
        refused=night.refused, rules=night.rules,
        effects=night.effects.as_dict() | {"complaints": night.complaints},
    )  # fmt: skip


def write_decisions(
    *, plan: Plan, version: StrategyVersion, night: Night, progress: Progress = quiet
) -> None:
    """The rows of what was chosen, in batches, and what they take of the budgets."""
    strategy, done, used = read(version.source), 0, Counter[str]()
    chosen = night.rows.filter(pl.col("treatment") != "")
    counting.open_for(plan)
    for part in chosen.iter_slices(BATCH):
        made = list(decisions(plan, strategy, part))
        for row in made:
            used.update(row.takes)
        Decision.objects.bulk_create(made, batch_size=500)
        done += part.height
        progress("strategy", done, chosen.height)
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
    if priced := reasons.told(row, strategy):
        reason["priced"] = priced
    return reason
