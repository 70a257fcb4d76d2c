"""Training a book's effects, and keeping them: one row, one file, one event."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from django.conf import settings
from django.db import transaction

from recoup.decision.uplift.learners import Uplift
from recoup.journal.operations import attach, record
from recoup.kernel.actors import Actor
from recoup.kernel.errors import Failed, NotTrainable
from recoup.kernel.progress import Progress, quiet
from recoup.kernel.text import canonical_json
from recoup.people.models import Book
from recoup.strategy.effects import alone, learning, logged
from recoup.strategy.effects.learning import Learnt, Minimum
from recoup.strategy.effects.measured import Measured
from recoup.strategy.events import EffectsMeasured, EffectsNotMeasured
from recoup.strategy.models import EffectModel, StrategyVersion
from recoup.strategy.reading import read
from recoup.strategy.schema import Strategy

State = EffectModel.State


def train(
    *, book: Book, as_of: date, by: Actor, at: datetime, seed: int = 0,
    minimum: Minimum | None = None, progress: Progress = quiet,
) -> EffectModel:  # fmt: skip
    """
    Measure the effects of the strategy in force, from plans whose 30 days had passed before the day
    `as_of`. The same log, strategy and seed give the row that is there.

    A log that carries nothing is a row with `why_not`; the effects that were in use stay.
    """
    version = StrategyVersion.objects.filter(book=book, state="active").first()
    if version is None:
        return _not_trainable(book, "", "No strategy is in force.", by, at)
    strategy = read(version.source)
    progress("effects", 0, 3)
    rows = _rows(book, strategy, as_of)
    digest = _digest(rows, strategy, seed)
    there = EffectModel.objects.filter(book=book, data_digest=digest).order_by("-version").first()
    if there is not None:
        return there
    progress("effects", 1, 3)
    try:
        learnt = learning.learn_effects(
            rows=rows, worth=strategy.worth, repay_30=strategy.assumptions.repay_30, seed=seed,
            minimum=minimum,
        )  # fmt: skip
    except NotTrainable as why:
        return _not_trainable(book, digest, str(why), by, at)
    progress("effects", 3, 3)
    self_cure = alone.learn(rows, repay_30=strategy.assumptions.repay_30, seed=seed)
    return _keep(book, strategy, learnt, self_cure, digest, by, at)


def _rows(book: Book, strategy: Strategy, as_of: date) -> pl.DataFrame:
    plans = logged.plans_before(book=book, as_of=as_of)
    rows = logged.rows_of(plans=plans, now=strategy.treatments)
    if rows.is_empty():
        return rows
    rows = rows.join(logged.people(book=book), on="case", how="inner", maintain_order="left")
    first: date = rows["on"].min()  # type: ignore[assignment]
    paid = logged.payments(book=book, since=first - logged.WINDOW - logged.WINDOW)
    return logged.with_payments(rows, paid)


def _digest(rows: pl.DataFrame, strategy: Strategy, seed: int) -> str:
    found = hashlib.sha256(repr((seed, strategy.worth, logged.COLUMNS)).encode())
    for code, treatment in strategy.treatments.items():
        found.update(f"{code}={logged.imprint(treatment)}".encode())
    flat = rows.drop("open", strict=False)
    found.update(np.ascontiguousarray(flat.hash_rows(seed=0).to_numpy()).tobytes())
    return found.hexdigest()


def card(strategy: Strategy, learnt: Learnt) -> dict[str, Any]:
    """What a reader is told, and what the night checks before it believes a model."""
    model = learnt.model
    return {
        "learner": model.learner.value,
        "columns": list(model.columns),
        "worth": {
            "horizon_months": strategy.worth.horizon_months,
            "discount": strategy.worth.discount,
        },
        "horizon_days": learnt.horizon_days,
        "imprints": {
            code: logged.imprint(treatment)
            for code, treatment in strategy.treatments.items()
            if code in model.names
        },
        "groups": {
            one.name: {"rows": one.rows, "people": one.people,
                       "effective": round(one.effective, 1), "nothing": round(one.nothing, 1)}
            for one in model.groups
        },
        "refused": {name: list(reasons) for name, reasons in learnt.refused.items()},
        "judged": {
            learner: {name: judgment.as_dict() for name, judgment in by.items()}
            for learner, by in learnt.judged.items()
        },
        "versus": {name: one.as_dict() for name, one in learnt.versus.items()},
        "by_dose": dict(learnt.by_dose),
        "split": {"kind": learnt.split, "train": learnt.rows[0], "test": learnt.rows[1]},
        "people": learnt.people,
        "notes": list(learnt.notes),
        "reference": dict(learnt.reference),
    }  # fmt: skip


def _keep(
    book: Book, strategy: Strategy, learnt: Learnt, self_cure: dict[str, Any], digest: str,
    by: Actor, at: datetime,
) -> EffectModel:  # fmt: skip
    version = _version(book)
    facts = {"version": version, "rows": sum(learnt.rows), "learner": learnt.model.learner.value}
    with transaction.atomic(), record(EffectsMeasured, by=by, at=at, book=book, **facts) as event:
        for old in EffectModel.objects.filter(book=book, state=State.CHAMPION):
            old.retire()
        row = EffectModel(
            book=book, version=version, state=State.CHAMPION, trained_at=at,
            trained_from=learnt.first, trained_to=learnt.last, data_digest=digest,
            card=_plain({**card(strategy, learnt), "alone": self_cure}),
        )  # fmt: skip
        path = _path(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # what a killed run left behind
        path.write_text(canonical_json(learnt.model.as_dict()))
        pointer = attach(path, rows=sum(learnt.rows))
        row.file, row.digest = path.relative_to(settings.DATA_DIR).as_posix(), pointer["sha256"]
        row.save(force_insert=True)
        event.note(model=pointer, data=digest, refused=sorted(learnt.refused))
        return event.about(row)


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no NaN."""
    found: dict[str, Any] = json.loads(json.dumps(data), parse_constant=lambda _: None)
    return found


def _path(row: EffectModel) -> Path:
    folder: Path = settings.DATA_DIR / "models" / str(row.book_id)
    return folder / f"effects-{row.version}.json"


def _version(book: Book) -> int:
    rows = EffectModel.objects.filter(book=book).order_by("-version")
    return (rows.values_list("version", flat=True).first() or 0) + 1


def _not_trainable(book: Book, digest: str, why: str, by: Actor, at: datetime) -> EffectModel:
    there = EffectModel.objects.filter(
        book=book, state=State.NOT_TRAINABLE, why_not=why, data_digest=digest
    ).first()
    if there:
        return there
    with record(EffectsNotMeasured, by=by, at=at, book=book, why_not=why) as event:
        row = EffectModel.objects.create(
            book=book, version=_version(book), state=State.NOT_TRAINABLE, trained_at=at,
            data_digest=digest, why_not=why,
        )  # fmt: skip
        return event.about(row)


def load(*, book: Book, at: datetime | None = None) -> Measured | None:
    """
    The effects in use of a book, if any: now, or at an instant.

    :raises Failed: if their file is gone or was changed
    """
    rows = EffectModel.objects.filter(book=book)
    if at is None:
        row = rows.filter(state=State.CHAMPION).first()
    else:
        row = rows.filter(trained_at__lte=at).exclude(file="").order_by("-trained_at").first()
    if row is None:
        return None
    path = settings.DATA_DIR / row.file
    raw = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(raw).hexdigest() != row.digest:
        raise Failed(
            f"The file of {row} is missing or was changed.",
            permanent=True,
            hint="Restore it from a backup, or train again with `recoup train`.",
        )
    return Measured(row.version, _read(raw), row.card)


@lru_cache(maxsize=8)
def _read(content: bytes) -> Uplift:
    # Kept, because one case chosen anew during the day must not wait for a whole model.
    return Uplift.from_dict(json.loads(content))
