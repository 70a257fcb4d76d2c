"""
What a learning arm believes of effects, and what each night teaches it thirty days later.

The share of what was overdue that came in within thirty days is linear in what was known of a case;
each treatment adds to it (`decision.thompson`). Before any outcome the strategy's assumptions are
believed: an effect in log-odds e moves a chance p by about e p (1 - p), so the part of `open` is
recoverable * reach * e / 4. A treatment whose text or length changes is another one.

All arms teach, since what was chosen depends on what was known. Nights on which a case was left alone
overlap, so only every thirtieth counts; contacts of one case share payments, so each counts half.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from django.conf import settings
from django.db import IntegrityError

from recoup.decision import thompson
from recoup.decision.drift import Watch
from recoup.decision.thompson import Posterior
from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed
from recoup.kernel.files import write_by_content
from recoup.kernel.text import canonical_json
from recoup.people.models import Book
from recoup.strategy import valuing
from recoup.strategy.effects import logged
from recoup.strategy.effects.complaints import Complaints
from recoup.strategy.events import EffectsLearned, RewardsMoved
from recoup.strategy.models import Learned, Plan, StrategyVersion
from recoup.strategy.prospects import Prospects
from recoup.strategy.reading import read
from recoup.strategy.sampling import Sampling
from recoup.strategy.schema import Strategy, Treatment

BASE = ("one", "repay_30", "no_score", "contacts", "late", "paid_before")
EACH = ("one", "open", "contacts", "late")
THIN = 30  # nights of which one counts where a case was left alone
HALF = 0.5  # rows that a contact counts for
BACK = 180  # days of nights that are learnt from when learning begins
NEEDED = ("case", "treatment", "admissible", "overdue", "repay_30", "days_past_due", "contacts_30")


@dataclass(frozen=True)
class Belief:
    """A posterior that was kept, by its digest; empty before anything was learnt."""

    posterior: Posterior
    digest: str = ""


def key(treatment: Treatment) -> str:
    """What a treatment is called in a posterior: another text or length is another one."""
    mark = hashlib.sha256(logged.imprint(treatment).encode()).hexdigest()[:8]
    return f"{treatment.code}#{mark}"


def nothing() -> Belief:
    """What is believed before any outcome."""
    return Belief(Posterior.prior(base=len(BASE), each=len(EACH)))


def with_treatments(posterior: Posterior, strategy: Strategy) -> Posterior:
    """The same with every treatment of a strategy, new ones by its assumptions."""
    spread = strategy.learning.prior if strategy.learning else 0.01
    for treatment in strategy.treatments.values():
        mean = strategy.assumptions.recoverable * treatment.reach * treatment.effect / 4
        posterior = posterior.with_action(key(treatment), mean=[0.0, mean, 0.0, 0.0], spread=spread)
    return posterior


def context(cases: pl.DataFrame, strategy: Strategy) -> tuple[np.ndarray, np.ndarray]:
    """What is known of cases: for what comes in anyway but `paid_before`, and for effects."""
    assumed = strategy.assumptions.repay_30
    score = cases["repay_30"].cast(pl.Float64).fill_nan(None)
    chance = np.clip(score.fill_null(assumed).to_numpy(), 0.0, 1.0)
    recent = np.minimum(valuing.recent_of(cases), 10.0) / 5
    late = cases["days_past_due"].cast(pl.Float64).fill_null(0.0).to_numpy()
    late = np.clip(late, 0.0, 180.0) / 90
    ones, none = np.ones(cases.height), score.is_null().cast(pl.Float64).to_numpy()
    base = np.column_stack([ones, chance, none, recent, late])
    return base, np.column_stack([ones, 4 * chance * (1 - chance), recent, late])


def sampling(
    *, strategy: Strategy, seen: Prospects, belief: Belief | None, seed: int
) -> Sampling | None:
    """
    The due cases of the learning arm, with draws of the effects; `None` where nobody learns.

    What their actions are worth on average takes the place of the assumed worth in `seen`.
    """
    if strategy.learning is None:
        return None
    rows = np.flatnonzero(seen.standing.follows[seen.due] == strategy.learning.arm)
    mine = seen.due[rows]
    found = of_cases(
        strategy=strategy, cases=seen.cases[mine], complaints=seen.complaints.of(mine),
        worth=seen.worth[rows], belief=belief, seed=seed,
    )  # fmt: skip
    if found is None:
        return None
    made, seen.worth[rows] = found
    return replace(made, rows=rows)


def of_cases(
    *, strategy: Strategy, cases: pl.DataFrame, complaints: Complaints, worth: np.ndarray,
    belief: Belief | None, seed: int,
) -> tuple[Sampling, np.ndarray] | None:  # fmt: skip
    """
    The draws of the due cases that a learning arm has (L,), their rows counted from 0, and what their
    actions are worth on average, (L, A), closed where `worth` is. `None` if there are none.
    """
    if strategy.learning is None or not cases.height:
        return None
    posterior = with_treatments((belief or nothing()).posterior, strategy)
    keys = [key(treatment) for treatment in strategy.treatments.values()]
    spend = [one.spend(strategy.assumptions.minute) for one in strategy.treatments.values()]
    harm = valuing.harm_of(strategy, valuing.recent_of(cases), complaints)
    _, z = context(cases, strategy)
    scale = cases["overdue"].cast(pl.Float64).fill_null(0.0).to_numpy()
    cost = np.array(spend)[None, :] + harm
    mean = thompson.values(
        scale=scale, z=z, effects=posterior.means(keys), cost=cost, open_=np.isfinite(worth)
    )
    draws = posterior.draw(keys, strategy.learning.draws, np.random.default_rng(seed))
    made = Sampling(rows=np.arange(cases.height), scale=scale, z=z, cost=cost, draws=draws)
    return made, mean


# -- Each night ------------------------------------------------------------------------------------


def learn(*, book: Book, on: date, by: Actor, at: datetime) -> Learned | None:
    """
    Learn from the nights whose thirty days are over; the same night learns once. `None` where no arm
    of the strategy in force learns, or nothing is known yet.
    """
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None or read(version.source).learning is None:
        return None
    if done := Learned.objects.filter(book=book, on=on).first():
        return done
    last = Learned.objects.filter(book=book, on__lt=on).order_by("-on").first()
    since = last.through if last else on - logged.WINDOW - timedelta(days=BACK)
    plans = [plan for plan in logged.plans_before(book=book, as_of=on) if plan.on > since]
    if not plans:
        return last
    strategy = read(version.source)
    posterior = with_treatments(load(last).posterior if last else nothing().posterior, strategy)
    watch = Watch(**last.watch) if last else Watch()
    was, nights, rows = watch.direction, [], posterior.rows
    for plan, frame in _taught(book, plans):
        posterior, watch, told = _absorbed(posterior, watch, plan, frame)
        nights.append(told)
    return _keep(book, on, at, by, last, posterior, watch, was, plans[-1].on, nights,
                 posterior.rows - rows)  # fmt: skip


def load(row: Learned) -> Belief:
    """
    What was kept.

    :raises Failed: if the file is gone or was changed
    """
    path = Path(settings.DATA_DIR) / row.file
    raw = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(raw).hexdigest() != row.digest:
        raise Failed(
            f"The file of what was learnt by {row.on} is missing or was changed.", permanent=True,
            hint="Restore it from a backup.",
        )  # fmt: skip
    return Belief(Posterior.from_dict(json.loads(raw)), row.digest)


def newest(*, book: Book, on: date) -> Belief | None:
    """What is believed on a night."""
    row = Learned.objects.filter(book=book, on__lte=on).order_by("-on").first()
    return load(row) if row else None


def _taught(book: Book, plans: list[Plan]) -> Iterator[tuple[Plan, pl.DataFrame]]:
    """The nights with the rows that teach, and what came of them."""
    paid = logged.payments(book=book, since=plans[0].on - logged.WINDOW)
    for plan in plans:
        whole = pl.scan_parquet(Path(settings.DATA_DIR) / plan.file)
        if set(NEEDED) - set(whole.collect_schema().names()):
            continue
        counts = (pl.col("treatment") != "") | ((pl.col("case") + plan.on.toordinal()) % THIN == 0)
        rows = whole.filter((pl.col("admissible") > 0) & (pl.col("overdue") > 0) & counts)
        frame = rows.select(NEEDED).collect().with_columns(on=pl.lit(plan.on))
        if frame.height:
            yield plan, logged.with_payments(frame, paid)


def _absorbed(
    posterior: Posterior, watch: Watch, plan: Plan, frame: pl.DataFrame
) -> tuple[Posterior, Watch, dict[str, object]]:
    strategy = read(plan.strategy.source)
    keys = {code: key(one) for code, one in strategy.treatments.items()} | {"": ""}
    known = set(posterior.names) | {""}
    frame = frame.filter(pl.col("treatment").replace_strict(keys, default=None).is_in(known))
    if frame.is_empty():
        return posterior, watch, {"on": plan.on.isoformat(), "rows": 0, "residual": 0.0}
    base, z = context(frame, strategy)
    x = np.column_stack([base, frame["paid_before"].to_numpy()])
    actions = [keys[code] for code in frame["treatment"].to_list()]
    y = frame["paid"].to_numpy()
    weights = np.where(frame["treatment"].to_numpy() != "", HALF, 1.0)
    expected, variance = posterior.expected(x, z, actions)
    residual = float((y - expected).sum() / np.sqrt(variance.sum()))
    if posterior.rows:  # a first night is expected by nobody
        watch = watch.after(residual)
    after = posterior.learn(x=x, z=z, actions=actions, outcomes=y, weights=weights)
    told = {"on": plan.on.isoformat(), "rows": frame.height, "residual": round(residual, 4)}
    return after, watch, told


def _keep(
    book: Book, on: date, at: datetime, by: Actor, last: Learned | None, posterior: Posterior,
    watch: Watch, was: int, through: date, nights: list[dict[str, object]], rows: int,
) -> Learned:  # fmt: skip
    folder = Path(settings.DATA_DIR) / "learned" / str(book.pk)
    folder.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO(canonical_json(posterior.as_dict()).encode())
    path = write_by_content(
        folder, stem=on.isoformat(), suffix=".json", content=content.getbuffer()
    )
    try:
        with record(EffectsLearned, by=by, at=at, book=book, on=on, through=through,
                    rows=rows) as event:  # fmt: skip
            pointer = attach(path, rows=len(posterior.mean))
            event.note(file=pointer, before=last.digest if last else "")
            kept = event.about(Learned.objects.create(
                book=book, on=on, at=at, through=through, file=pointer["file"],
                digest=pointer["sha256"], before=last.digest if last else "",
                rows=posterior.rows, nights=nights, watch=asdict(watch),
            ))  # fmt: skip
    except IntegrityError:  # two nights at once: the other one was first
        return Learned.objects.get(book=book, on=on)
    if watch.direction and not was:
        with record(RewardsMoved, by=by, at=at, book=book, through=through,
                    direction=watch.direction) as event:  # fmt: skip
            event.about(kept)
    return kept
