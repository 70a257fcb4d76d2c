"""
One night's plan: every case of the book with what is done, or why nothing is.

Pure but for the rule engine: frames in, a frame out.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from recoup.decision.priced import Barred, barred
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.strategy import eligibility, judgeable, persons, reasons, sequence, valuing
from recoup.strategy import uses as taking
from recoup.strategy.choosing import Choice, choose
from recoup.strategy.effects.measured import Effects, Measured, effects_of
from recoup.strategy.eligibility import Eligibility
from recoup.strategy.schema import Strategy
from recoup.strategy.sequence import Standing


@dataclass(frozen=True)
class Frames:
    """
    What a plan is made from. `cases` is the case frame with scores and `contacts_7`,
    `contacts_30`, `contacts_limit` and `pending` from earlier decisions; `past` the last step
    carried out in each segment; `measured` the effects of the book's own log, where there are any;
    `arms` what `sequence.assign` gives for the cases in order, where it is known already.
    """

    cases: pl.DataFrame
    points: pl.DataFrame
    past: pl.DataFrame
    facts: pl.DataFrame
    measured: Measured | None = None
    arms: sequence.Arms | None = None


@dataclass(frozen=True)
class Night:
    """A plan: `rows` has one line for every case; the rest is for the record of the night."""

    rows: pl.DataFrame
    choice: Choice
    refused: dict[str, int]
    rules: dict[str, int]
    rulebook: str
    names: tuple[str, ...]
    limits: tuple[float, ...]
    effects: Effects

    @property
    def budgets(self) -> dict[str, dict[str, float]]:
        """Of each budget, how much was used, and the most there was."""
        return {
            name: {"used": round(float(used), 2), "most": limit}
            for name, limit, used in zip(self.names, self.limits, self.choice.used, strict=True)
        }

    @property
    def prices(self) -> dict[str, float]:
        """
        What one more unit of each budget would have won, in minor units: not rounded, since what is
        chosen anew during the day is to be what the night would have chosen.
        """
        return {
            name: float(price)
            for name, price in zip(self.names, self.choice.plan.prices, strict=True)
        }

    @property
    def certificate(self) -> dict[str, float]:
        """How good the plan is, before the randomised slice."""
        proof = self.choice.plan.certificate
        return {
            "bound": proof.bound, "primal": proof.primal, "gap": proof.gap,
            "passes": proof.passes,
        }  # fmt: skip


def seed_of(*parts: str) -> int:
    """A stable seed from any texts."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big") >> 1


def night(
    *, book: Book, strategy: Strategy, digest: str, frames: Frames, on: date, at: datetime,
    prices: Mapping[str, float] | None = None, stopped: Collection[str] = (),
    progress: Progress = quiet,
) -> Night:  # fmt: skip
    """
    Decide for every case of the book; `prices` are those of an earlier night, to begin with,
    `stopped` names the arms that go the champion's way.
    """
    cases = frames.cases.sort("case")
    total = cases.height
    progress("strategy", 0, total)
    standing = sequence.stand(
        strategy=strategy, cases=cases, points=frames.points, past=frames.past,
        book=book.code, on=on, stopped=stopped, known=frames.arms,
    )  # fmt: skip
    due = np.flatnonzero(standing.why == "")
    some = cases[due]
    offered = standing.allowed[due]
    _close_hours(strategy, some["time_zones"], offered, standing, due, on, at)
    lawful = eligibility.judge(
        book=book, strategy=strategy, cases=some["case"], offered=offered, facts=frames.facts,
        on=on,
    )  # fmt: skip
    progress("strategy", total // 2, total)
    effects = effects_of(strategy=strategy, cases=some, measured=frames.measured)
    worth = valuing.values(
        strategy=strategy, cases=some, allowed=lawful.allowed, effects=effects
    )  # fmt: skip
    _one_of_a_person(strategy, some, standing, due, worth, lawful)
    use, budgets = (
        taking.of_cases(strategy, _with_arm(some, standing, due)),
        taking.limits(strategy),
    )
    chosen = choose(
        values=worth, use=use, budgets=budgets, explore=strategy.explore,
        seed=seed_of(digest, book.code, on.isoformat()), start=taking.start_of(strategy, prices),
    )  # fmt: skip
    kept = barred(worth, use, chosen.plan.prices, budgets)
    why = _why_not(standing, due, lawful, chosen, kept)
    rows = _rows(strategy, cases, standing, due, lawful, chosen, worth, why)
    rows = rows.with_columns(reasons.columns(
        strategy=strategy, budgets=taking.names(strategy), found=chosen.plan.reasons, kept=kept, due=due,
        cases=total,
    ))  # fmt: skip
    rows = rows.with_columns(
        _learnable(strategy, effects, rows["treatment"], chosen, due, cases.height)
    )
    rows = rows.with_columns(judgeable.columns(
        cases=cases, points=frames.points, offered=standing.allowed,
        lawful=np.isfinite(worth), due=due,
    ))  # fmt: skip
    progress("strategy", total, total)
    return Night(
        rows=rows,
        choice=chosen,
        rulebook=lawful.rulebook,
        names=taking.names(strategy),
        limits=tuple(budgets.tolist()),
        refused=_counted(why),
        rules=dict(sorted(lawful.fired.items())),
        effects=effects,
    )


def _with_arm(cases: pl.DataFrame, standing: Standing, due: np.ndarray) -> pl.DataFrame:
    """The cases with their arm, which the condition of a budget may ask for."""
    return cases.with_columns(arm=_texts(standing.arm[due]))


def _one_of_a_person(
    strategy: Strategy, cases: pl.DataFrame, standing: Standing, due: np.ndarray,
    worth: np.ndarray, lawful: Eligibility,
) -> None:  # fmt: skip
    """Leave alone what one person would hear too often tonight of several cases of theirs."""
    over = persons.too_many(
        persons=cases["person"].to_numpy(), worth=worth,
        room=strategy.contact_limit.contacts - cases["contacts_limit"].to_numpy(),
    )  # fmt: skip
    worth[over] = -np.inf
    lawful.allowed[over] = False
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[due[over]] = True
    standing.leave(marks, "other_case")


def _learnable(
    strategy: Strategy, effects: Effects, treatment: pl.Series, chosen: Choice, due: np.ndarray,
    cases: int,
) -> list[pl.Series]:  # fmt: skip
    """
    What a later night learns from: `open`, a bit for each treatment that could be chosen, and
    `effect`, where the chosen one's value came from.
    """
    bits = np.zeros(cases, dtype=np.int64)
    bits[due] = chosen.open.astype(np.int64) @ (1 << np.arange(len(strategy.treatments)))
    sources = {code: effects.source(code) for code in strategy.treatments} | {"": ""}
    return [
        pl.Series("open", bits),
        treatment.replace_strict(sources, return_dtype=pl.String).alias("effect"),
    ]


def _counted(why: np.ndarray) -> dict[str, int]:
    return dict(sorted(Counter(word for word in why.tolist() if word).items()))


def _close_hours(
    strategy: Strategy, zones: pl.Series, offered: np.ndarray, standing: Standing,
    due: np.ndarray, on: date, at: datetime,
) -> None:  # fmt: skip
    """Close treatments whose window has passed, or that has no hour common to all zones."""
    texts = zones.to_numpy()
    for text in sorted(set(texts.tolist())):
        here = texts == text
        for number, treatment in enumerate(strategy.treatments.values()):
            last = on + timedelta(days=treatment.days - 1)
            hours = eligibility.windows(treatment=treatment, zones=text, on=on, closes_on=last)
            if hours is None or hours[1] <= at:
                offered[here, number] = False
    shut = due[~offered.any(axis=1)]
    marks = np.zeros(len(standing.why), dtype=bool)
    marks[shut] = True
    standing.leave(marks, "no_common_hour")


def _why_not(
    standing: Standing, due: np.ndarray, lawful: Eligibility, chosen: Choice, kept: Barred
) -> np.ndarray:
    """Why nothing is done, for every case of the book; empty where something is."""
    why = standing.why.copy()
    inside = why[due]
    inside = np.where(inside == "", lawful.why, inside)
    idle = (inside == "") & (chosen.action < 0)
    inside[idle] = np.where(
        chosen.explored[idle], "explored", np.where(kept.value[idle] > 0, "budget", "not_worth")
    )
    why[due] = inside
    return why


def _rows(
    strategy: Strategy, cases: pl.DataFrame, standing: Standing, due: np.ndarray,
    lawful: Eligibility, chosen: Choice, worth: np.ndarray, why: np.ndarray,
) -> pl.DataFrame:  # fmt: skip
    n, names = cases.height, [*strategy.treatments, ""]
    channels = [*(treatment.channel for treatment in strategy.treatments.values()), ""]
    action = np.full(n, -1, dtype=np.int32)
    propensity, value = np.ones(n), np.zeros(n)
    explored, point = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    admissible, rules = np.zeros(n, dtype=np.int32), np.full(n, "", dtype=object)
    action[due], propensity[due] = chosen.action, chosen.propensity
    explored[due], admissible[due] = chosen.explored, np.isfinite(worth).sum(axis=1)
    rules[due] = np.where(lawful.why == "", "", lawful.rules)
    picked = np.flatnonzero(chosen.action >= 0)
    value[due[picked]] = worth[picked, chosen.action[picked]]
    point[due[picked]] = lawful.point[picked, chosen.action[picked]]
    return cases.select(
        "case", "stage", "days_past_due", "owed", "overdue", "repay_30", "lost_contact",
        "starter", "contacts_30", "time_zones",
    ).with_columns(
        arm=_texts(standing.arm), follows=_texts(standing.follows), arm_share=pl.Series(standing.share),
        segment=_texts(standing.segment), step=pl.Series(standing.step),
        step_code=_texts(standing.step_code), why=_texts(why), rules=_texts(rules),
        treatment=pl.Series(action).replace_strict(
            [*range(len(names) - 1), -1], names, return_dtype=pl.String
        ),
        channel=pl.Series(action).replace_strict(
            [*range(len(names) - 1), -1], channels, return_dtype=pl.String
        ),
        contact_point=pl.Series(point), admissible=pl.Series(admissible),
        propensity=pl.Series(propensity), explored=pl.Series(explored),
        value=pl.Series(value.round().astype(np.int64)),
    )  # fmt: skip


def _texts(values: np.ndarray) -> pl.Series:
    return pl.Series(values.tolist(), dtype=pl.String)
