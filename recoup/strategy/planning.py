"""One night's plan: every case of the book with what is done, or why nothing is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl

from recoup.decision.allocate import Reasons
from recoup.decision.priced import Barred, adjusted, barred
from recoup.decision.uses import Factored, Floats
from recoup.kernel.progress import Progress, quiet
from recoup.people.models import Book
from recoup.strategy import judgeable, learning, reasons
from recoup.strategy import uses as taking
from recoup.strategy.choosing import Choice, choose
from recoup.strategy.effects.measured import Effects
from recoup.strategy.learning import Belief
from recoup.strategy.prospects import Frames, Prospects, look
from recoup.strategy.sampling import Sampling
from recoup.strategy.schema import Strategy
from recoup.strategy.words import Words


@dataclass(frozen=True, kw_only=True)
class Record:
    """
    What is kept of a night beside the rows of its plan: of `cases`, for how many something was chosen
    (`acted`). Of `asked` contacts the law forbade `forbidden`. `tried` says what was left to chance and
    what that costs.
    """

    cases: int
    acted: int
    choice: Choice
    refused: dict[str, int]
    rules: dict[str, int]
    rulebook: str
    names: tuple[str, ...]
    limits: tuple[float, ...]
    effects: Effects
    asked: int = 0
    forbidden: int = 0
    tried: dict[str, Any] = field(default_factory=dict)
    complaints: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] | None = None

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
    def certificate(self) -> dict[str, Any]:
        """How good the plan is, before the randomised slice, and what was left to chance."""
        proof = self.choice.plan.certificate
        return {
            "bound": proof.bound, "primal": proof.primal, "gap": proof.gap,
            "passes": proof.passes, **self.tried,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Night(Record):
    """A plan in memory: `rows` has one line for every case."""

    rows: pl.DataFrame


def seed_of(*parts: str) -> int:
    """A stable seed from any texts."""
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big") >> 1


def seed_of_draws(*, belief: Belief | None, digest: str, on: date) -> int:
    """The seed of a learning arm's draws: what is believed, the strategy, the day."""
    return seed_of("believed", belief.digest if belief else "", digest, on.isoformat())


def night(
    *, book: Book, strategy: Strategy, digest: str, frames: Frames, on: date, at: datetime,
    prices: Mapping[str, float] | None = None, stopped: Collection[str] = (),
    belief: Belief | None = None, progress: Progress = quiet,
) -> Night:  # fmt: skip
    """
    Decide for every case of the book; `prices` are those of an earlier night, to begin with,
    `stopped` names the arms that go the champion's way, `belief` is that of the learning arm.
    """
    total = frames.cases.height
    progress("strategy", 0, total)
    seen = look(book=book, strategy=strategy, frames=frames, on=on, at=at, stopped=stopped,
                prices=prices)  # fmt: skip
    progress("strategy", total // 2, total)
    sampling = learning.sampling(
        strategy=strategy,
        seen=seen,
        belief=belief,
        seed=seed_of_draws(belief=belief, digest=digest, on=on),
    )
    chosen, kept = plan(
        book=book, strategy=strategy, digest=digest, on=on, worth=seen.worth, use=seen.use,
        prices=prices, sampling=sampling,
    )  # fmt: skip
    rows = lines(strategy=strategy, seen=seen, points=frames.points, chosen=chosen, kept=kept)
    progress("strategy", total, total)
    return Night(
        rows=rows, cases=rows.height, acted=rows.filter(pl.col("treatment") != "").height,
        choice=chosen, rulebook=seen.lawful.rulebook, names=taking.names(strategy),
        limits=tuple(taking.limits(strategy).tolist()), refused=counted(rows["why"]),
        rules=dict(sorted(seen.lawful.fired.items())), effects=seen.effects,
        complaints=seen.complaints.as_dict(),
        expected=seen.expected.as_dict() if seen.expected else None,
        asked=seen.lawful.asked, forbidden=seen.lawful.refused,
        tried=tried(seen.worth, seen.use, chosen),
    )  # fmt: skip


def plan(
    *, book: Book, strategy: Strategy, digest: str, on: date, worth: Floats, use: Factored,
    prices: Mapping[str, float] | None, sampling: Sampling | None = None,
) -> tuple[Choice, Barred]:  # fmt: skip
    """Choose for all due cases of a book, in order of case, and say what prices kept from each."""
    budgets = taking.limits(strategy)
    chosen = choose(
        values=worth, use=use, budgets=budgets, explore=strategy.explore,
        seed=seed_of(digest, book.code, on.isoformat()), start=taking.start_of(strategy, prices),
        sampling=sampling,
    )  # fmt: skip
    return chosen, barred(worth, use, chosen.plan.prices, budgets)


def lines(
    *, strategy: Strategy, seen: Prospects, points: pl.DataFrame, chosen: Choice, kept: Barred
) -> pl.DataFrame:
    """The rows of a plan, with what later nights learn from and judge by."""
    rows = rows_of(
        strategy, seen, Chosen(chosen.action, chosen.propensity, chosen.explored,
                               chosen.plan.reasons, kept),
    )  # fmt: skip
    rows = rows.with_columns(_open(strategy, seen, chosen), *_chance(seen, chosen))
    return rows.with_columns(judgeable.columns(
        cases=seen.cases, points=points, offered=seen.standing.allowed,
        lawful=np.isfinite(seen.worth), due=seen.due,
    ))  # fmt: skip


def _open(strategy: Strategy, seen: Prospects, chosen: Choice) -> pl.Series:
    """What a later night learns from: a bit for each treatment that could be chosen."""
    bits = np.zeros(seen.cases.height, dtype=np.int64)
    bits[seen.due] = chosen.open.astype(np.int64) @ (1 << np.arange(len(strategy.treatments)))
    return pl.Series("open", bits)


def _chance(seen: Prospects, chosen: Choice) -> list[pl.Series]:
    """Whose action was drawn from what is believed, and the chance of being left alone."""
    marks, idle = np.zeros(seen.cases.height, dtype=bool), np.ones(seen.cases.height)
    idle[seen.due] = chosen.idle
    if chosen.sampled is not None:
        rows = chosen.sampled.rows
        marks[seen.due[rows]] = ~chosen.explored[rows]
    return [pl.Series("sampled", marks), pl.Series("idle", idle)]


def tried(worth: Floats, use: Factored, chosen: Choice) -> dict[str, Any]:
    """
    What was left to chance: how many cases were drawn at random and how many from what is believed,
    and what that costs at the night's prices by what is known (`price`, minor units).
    """
    left = adjusted(worth, use, chosen.plan.prices)
    best = np.maximum(left.max(axis=1, initial=0.0), 0.0)
    taken = np.zeros(len(left))
    acted = np.flatnonzero(chosen.action >= 0)
    taken[acted] = left[acted, chosen.action[acted]]
    cost, choice = best - taken, np.isfinite(worth).any(axis=1)
    found: dict[str, Any] = {"explored": {
        "cases": int(chosen.explored.sum()), "of": int(choice.sum()),
        "price": float(cost[chosen.explored].sum()),
    }}  # fmt: skip
    if chosen.sampled is not None:
        rows = chosen.sampled.rows
        mine = rows[~chosen.explored[rows] & choice[rows]]
        found["sampled"] = {
            "cases": len(mine), "price": float(cost[mine].sum()), "draws": chosen.sampled.draws,
            "error": chosen.sampled.error, "rounds": chosen.sampled.rounds,
        }  # fmt: skip
    return found


@dataclass(frozen=True)
class Chosen:
    """What was chosen for the due cases (n,), with what chance, whether drawn, and why."""

    action: np.ndarray
    propensity: np.ndarray
    explored: np.ndarray
    found: Reasons
    kept: Barred


def counted(why: pl.Series) -> dict[str, int]:
    """How many cases are left alone, by reason."""
    return dict(sorted(Counter(word for word in why.to_list() if word).items()))


def _why_not(seen: Prospects, chosen: Chosen) -> Words:
    """Why nothing is done, for every case of the frame; empty where something is."""
    why, due = seen.standing.why.copy(), seen.due
    unsaid = np.flatnonzero(why[due] == "")
    why.take(due[unsaid], seen.lawful.why[unsaid])
    idle = (why[due] == "") & (chosen.action < 0)
    wanted = chosen.kept.value > 0
    why.put(due[idle & chosen.explored], "explored")
    why.put(due[idle & ~chosen.explored & wanted], "budget")
    why.put(due[idle & ~chosen.explored & ~wanted], "not_worth")
    why.put(due[idle & ~chosen.explored & ~wanted & seen.later], "better_later")
    return why


def _complaint(strategy: Strategy, seen: Prospects, action: np.ndarray) -> pl.Series:
    """The chance that what is done ends in a complaint, null where nothing is."""
    chance = np.full(seen.cases.height, np.nan)
    for at, code in enumerate(strategy.treatments):
        rows = seen.due[np.flatnonzero(action == at)]
        chance[rows] = seen.complaints.chance(code)[rows]
    return pl.Series(chance).fill_nan(None)


def rows_of(strategy: Strategy, seen: Prospects, chosen: Chosen) -> pl.DataFrame:
    """
    One row for every case of the frame: what is done, or why nothing, and for what reasons;
    `effect` says where the chosen one's value came from.
    """
    cases, standing, due = seen.cases, seen.standing, seen.due
    lawful, worth, why = seen.lawful, seen.worth, _why_not(seen, chosen)
    n, names = cases.height, [*strategy.treatments, ""]
    channels = [*(treatment.channel for treatment in strategy.treatments.values()), ""]
    action = np.full(n, -1, dtype=np.int32)
    propensity, value = np.ones(n), np.zeros(n)
    explored, point = np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    admissible, rules = np.zeros(n, dtype=np.int32), Words(n)
    action[due], propensity[due] = chosen.action, chosen.propensity
    explored[due], admissible[due] = chosen.explored, np.isfinite(worth).sum(axis=1)
    barred_ = np.flatnonzero(lawful.why != "")
    rules.take(due[barred_], lawful.rules[barred_])
    picked = np.flatnonzero(chosen.action >= 0)
    value[due[picked]] = worth[picked, chosen.action[picked]]
    point[due[picked]] = lawful.point[picked, chosen.action[picked]]
    priced = reasons.columns(
        strategy=strategy, budgets=taking.names(strategy), found=chosen.found, kept=chosen.kept,
        due=due, cases=n,
    )  # fmt: skip
    treatment = pl.Series(action).replace_strict(
        [*range(len(names) - 1), -1], names, return_dtype=pl.String
    )
    sources = {code: seen.effects.source(code) for code in strategy.treatments} | {"": ""}
    return cases.select(
        "case", "stage", "days_past_due", "owed", "overdue", "repay_30", "lost_contact",
        "starter", "contacts_30", "time_zones", "distress",
    ).with_columns(
        arm=standing.arm.series(), follows=standing.follows.series(),
        arm_share=pl.Series(standing.share), route=standing.route.series(), segment=standing.segment.series(),
        step=pl.Series(standing.step), step_code=standing.step_code.series(), why=why.series(),
        rules=rules.series(), complaint=_complaint(strategy, seen, chosen.action),
        complaint_by=pl.lit(seen.complaints.source),
        treatment=treatment, effect=treatment.replace_strict(sources, return_dtype=pl.String),
        channel=pl.Series(action).replace_strict(
            [*range(len(names) - 1), -1], channels, return_dtype=pl.String
        ),
        contact_point=pl.Series(point), admissible=pl.Series(admissible),
        propensity=pl.Series(propensity), explored=pl.Series(explored),
        value=pl.Series(value.round().astype(np.int64)),
        takes=taking.taken(strategy, seen.use, due, chosen.action, n),
    ).with_columns(priced)  # fmt: skip
