"""
What another version would have brought, asked of the log (`decision.offpolicy`, ADR 0405).

The log is what plan files keep of the nights of one version, for the cases of one arm; outcomes are
what was paid within thirty days, less what the action cost; rows of one person hang together. The
other version's choices come from planning those nights again (`replaying`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from recoup.decision import offpolicy
from recoup.decision.metrics import Interval
from recoup.decision.offpolicy import Answer
from recoup.decision.policylog import NOTHING, Log
from recoup.journal.operations import record
from recoup.kernel.actors import Actor, Viewer
from recoup.kernel.errors import Invalid, Refused
from recoup.kernel.progress import Progress, quiet
from recoup.kernel.said import Said, parts_of
from recoup.people import scopes
from recoup.people.models import Book
from recoup.portfolio import bulk
from recoup.portfolio.models import Entry
from recoup.strategy import history, replaying, waiting
from recoup.strategy.effects import complaints, keeping
from recoup.strategy.events import VersionJudged
from recoup.strategy.models import Judgement, Plan, StrategyVersion
from recoup.strategy.planning import seed_of
from recoup.strategy.reading import read
from recoup.strategy.replaying import Replayed, Used
from recoup.strategy.schema import CHAMPION, Strategy

WINDOW = 30  # days in which a payment counts for a decision
OUTSIDE = 0.1  # of the decisions, at most, are ones that the log could not have made
RESAMPLES = 400
AT_ONCE = 300_000  # decisions that are judged while somebody waits
KNOWN = ("repay_30", "no_score", "log_overdue", "days_past_due", "contacts_30")


@dataclass
class _Gathered:
    """The nights of a log, night by night."""

    rows: list[pl.DataFrame]
    chances: list[np.ndarray]
    nights: int = 0
    due: int = 0
    outside: int = 0
    agreed: float = 1.0

    def take(self, night: Replayed, outcome: pl.Series) -> None:
        self.rows.append(night.rows.with_columns(outcome=outcome))
        self.chances.append(night.chances)
        self.nights += 1
        self.due += night.due
        self.outside += night.outside


def judge(
    *, version: StrategyVersion, by: Actor, at: datetime, until: date, arm: str = CHAMPION,
    days: int = 180, most: int | None = None, progress: Progress = quiet,
) -> Judgement:  # fmt: skip
    """
    Ask the log of the book what `version` would have brought, and keep the answer.

    The nights are those of the version that made the last plan whose thirty days are over by
    `until`, `days` back at most; no more than `most` decisions are taken, where somebody waits.

    :raises Invalid: if no night is old enough or keeps what is needed, or there are too many
    """
    nights = _nights(version.book, until, days)
    log = nights[-1].strategy
    strategy, target = read(log.source), read(version.source)
    if arm not in {one.code for one in strategy.arms}:
        raise Invalid(_("{log} has no arm {arm}.").format(log=log, arm=arm))
    if most is not None and sum(night.rows for night in nights) > most:
        raise Invalid(
            _("The log holds more than {most:,} decisions.").format(most=most),
            hint=_("Ask at the command line: recoup strategy judge {version}").format(
                version=f"{version.name}@{version.version}"
            ),
        )
    found, wanted = _gathered(nights, strategy, target, arm, progress)
    result = _result(found, wanted, strategy, seed_of(version.digest, log.digest, str(until)))
    since, last = nights[0].on, nights[-1].on
    with record(
        VersionJudged, by=by, at=at, book=version.book, version=str(version), log=str(log),
        arm=arm, since=since, until=last, nights=found.nights, decisions=result["rows"],
    ) as event:  # fmt: skip
        event.note(support=result["support"], answers=sorted(result["answers"]))
        return event.about(Judgement.objects.create(
            book=version.book, version=version, log=log, arm=arm, since=since, until=last, at=at,
            by=str(by), result=result,
        ))  # fmt: skip


def ask(
    *, version: StrategyVersion, viewer: Viewer, at: datetime, until: date, arm: str = CHAMPION
) -> Judgement:
    """
    The same at a desk, for who may activate strategies, of so many decisions as one can wait for.

    :raises Refused: without the permission, or for another creditor's book
    """
    scopes.demand(viewer, scopes.ACTIVATE_STRATEGY)
    if version.book.creditor_id not in viewer.creditors:
        raise Refused(_("This book belongs to another creditor."), rules=("people.tenant",))
    return judge(version=version, by=viewer.actor(), at=at, until=until, arm=arm, most=AT_ONCE)


def judgements(*, viewer: Viewer, book: Book) -> QuerySet[Judgement]:
    """What was asked of the log of a book, newest first."""
    scopes.demand(viewer, scopes.SEE_STUDIO)
    rows = scopes.visible(Judgement.objects.filter(book=book), viewer)
    return rows.select_related("version", "log").order_by("-at", "-pk")


def _nights(book: Book, until: date, days: int) -> list[Plan]:
    last = until - timedelta(days=WINDOW)
    rows = Plan.objects.filter(book=book, on__lte=last, on__gt=last - timedelta(days=days))
    nights = list(rows.select_related("strategy", "book").order_by("on"))
    if not nights:
        raise Invalid(
            _("No night is {days} days old yet, so nothing is known of what came of it.").format(
                days=WINDOW
            )
        )
    return [night for night in nights if night.strategy_id == nights[-1].strategy_id]


def _gathered(
    nights: Sequence[Plan], strategy: Strategy, target: Strategy, arm: str, progress: Progress
) -> tuple[_Gathered, Counter[str]]:
    book, found = nights[0].book, _Gathered([], [])
    wanted: Counter[str] = Counter()
    payments = _payments(book, nights[0].on, nights[-1].on + timedelta(days=WINDOW))
    spend = {code: one.spend(strategy.assumptions.minute) for code, one in
             strategy.treatments.items()}  # fmt: skip
    done = history.carried_out_frame(book=book)
    for number, night in enumerate(nights):
        common = {
            "frame": pl.read_parquet(Path(settings.DATA_DIR) / night.file), "strategy": strategy,
            "arm": arm, "past": history.past_before(done, on=night.on), "book": book.code,
            "on": night.on,
            "used": Used(
                keeping.load(book=book, at=night.at), complaints.of_plan(night),
                waiting.of_plan(night, strategy), night.prices,
            ),
        }  # fmt: skip
        try:
            made = replaying.replay(
                **common, target=target, seed=seed_of(target.name, book.code, night.on.isoformat())
            )
        except pl.exceptions.ColumnNotFoundError as error:
            raise Invalid(str(error)) from None
        found.take(made, replaying.outcomes(
            made.rows, payments=payments, spend=spend, on=night.on, days=WINDOW))  # fmt: skip
        wanted.update(made.wanted)
        if number == len(nights) - 1:
            seed = seed_of("again", book.code, night.on.isoformat())
            found.agreed = replaying.replay(**common, target=strategy, seed=seed).agreed
        progress("judge", number + 1, len(nights))
    return found, wanted


def _payments(book: Book, since: date, before: date) -> pl.DataFrame:
    rows = Entry.objects.filter(
        Q(kind="payment") | Q(kind="reversal", reverses__kind="payment"),
        loan__book=book, value_on__gte=since, value_on__lt=before,
    ).order_by()  # fmt: skip
    return bulk.frame(
        rows.values_list("loan__case", "value_on", "cash"),
        {"case": pl.Int64, "value_on": pl.Date, "cash": pl.Int64},
    )


def _result(
    found: _Gathered, wanted: Counter[str], strategy: Strategy, seed: int
) -> dict[str, Any]:
    rows = pl.concat(found.rows)
    share = found.outside / found.due if found.due else 0.0
    result: dict[str, Any] = {
        "nights": found.nights, "rows": rows.height, "people": rows["person"].n_unique(),
        "agreed": found.agreed, "support": None, "reasons": [], "answers": {},
        "outside": {"rows": found.outside, "share": share, "wanted": dict(wanted.most_common(5))},
    }  # fmt: skip
    reasons: list[str] = []
    if share > OUTSIDE:
        reasons.append(Said(
            "{share:.0%} of the decisions are ones that the log could not have made; at most"
            " {most:.0%} may be.", share=share, most=OUTSIDE,
        ))  # fmt: skip
    if rows.is_empty():
        reasons.append(Said("No case of the log had a choice that it could answer for."))
        result["reasons"] = [parts_of(one) for one in reasons]
        return result
    log = _log(rows, strategy)
    result["own"] = float(log.outcomes.mean())
    answers = offpolicy.evaluate(
        log, np.concatenate(found.chances), rng=np.random.default_rng(seed), resamples=RESAMPLES
    )
    support = next(iter(answers.values())).support
    result["support"] = {
        "effective": support.effective,
        "largest": support.largest,
        "mean": support.mean,
    }
    reasons += support.reasons
    result["reasons"] = [parts_of(one) for one in reasons]
    for name, one in answers.items():
        if isinstance(one, Answer):
            result["answers"][name.value] = {} if reasons else _answer(one)
        else:
            result["answers"][name.value] = {"refused": [parts_of(why) for why in one.reasons]}
    return result


def _answer(one: Answer) -> dict[str, Any]:
    return {
        "normal": _ends(one.normal), "bootstrap": _ends(one.bootstrap), "gain": _ends(one.gain),
        "threshold": one.threshold if np.isfinite(one.threshold) else None,
    }  # fmt: skip


def _ends(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high]


def _log(rows: pl.DataFrame, strategy: Strategy) -> Log:
    """The rows as a log; what is not known is a figure of its own."""
    names = (NOTHING, *strategy.treatments)
    place = {name: number for number, name in enumerate(names)} | {"": 0}
    chance = pl.col("repay_30").cast(pl.Float64).fill_nan(None)
    known = rows.select(
        repay_30=chance.fill_null(strategy.assumptions.repay_30),
        no_score=chance.is_null().cast(pl.Float64),
        log_overdue=pl.col("overdue").cast(pl.Float64).fill_null(0.0).clip(0.0).log1p(),
        days_past_due=pl.col("days_past_due").cast(pl.Float64).fill_null(0.0),
        contacts_30=pl.col("contacts_30").cast(pl.Float64).fill_null(0.0),
    )
    return Log.of(
        actions=np.array([place[one or ""] for one in rows["treatment"].to_list()]),
        outcomes=rows["outcome"].to_numpy(), propensities=rows["propensity"].to_numpy(),
        people=rows["person"].to_numpy(), names=names, known=known.select(KNOWN).to_numpy(),
    )  # fmt: skip


def each(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The estimators of a result, in the order of `Estimator`."""
    for one in offpolicy.Estimator:
        if one.value in result.get("answers", {}):
            yield one.value, result["answers"][one.value]
