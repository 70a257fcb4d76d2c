"""
A part that was looked at, in a file: what the plan asks of it, and what its rows are written from.

No file is opened as code: numbers as NumPy keeps them, frames as Arrow, words once in JSON.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recoup.decision.uses import Factored
from recoup.kernel.files import write_whole
from recoup.strategy import uses as taking
from recoup.strategy.effects.complaints import Complaints
from recoup.strategy.effects.measured import Effects
from recoup.strategy.eligibility import Eligibility
from recoup.strategy.judgeable import FACTS, PRESSED, bits, flags_of
from recoup.strategy.prospects import Prospects
from recoup.strategy.schema import Strategy
from recoup.strategy.sequence import Standing
from recoup.strategy.words import Words

Floats = NDArray[np.float64]
Arrays = Mapping[str, Any]
# What rows are written from (`planning.rows_of`, `judgeable`).
WRITTEN = ("case", "person", "stage", "starter", "distress", "time_zones", *FACTS, *PRESSED)
STANDING = ("arm", "follows", "segment", "step_code", "why", "route")


@dataclass(frozen=True)
class ForPlan:
    """Of the due cases of a part: which, what treatments are worth, and what they take goes by."""

    cases: NDArray[np.int64]
    worth: Floats
    owed: Floats
    complaints: Floats
    holds: NDArray[np.bool_]


def keep(
    path: Path, seen: Prospects, *, strategy: Strategy, points: pl.DataFrame, told: Mapping[str, Any]
) -> None:  # fmt: skip
    """Keep a part; `told` is whatever else is to be read of it later (`told_of`)."""
    standing, lawful, due = seen.standing, seen.lawful, seen.due
    words = {name: getattr(standing, name) for name in STANDING}
    words |= {"barred": lawful.why, "rules": lawful.rules}
    cases = seen.cases.select([*dict.fromkeys(n for n in WRITTEN if n in seen.cases.columns)])
    some = seen.cases[due]
    armed = some.with_columns(arm=standing.arm[due].series())
    about = {
        "words": {name: one.known for name, one in words.items()},
        "fired": dict(lawful.fired), "rulebook": lawful.rulebook, "asked": lawful.asked,
        "forbidden": lawful.refused, "effects": seen.effects.as_dict(),
        "rates": dict(seen.complaints.rates), "complaints": seen.complaints.version,
        "due": len(due), **told,
    }  # fmt: skip
    arrays = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "cases": _bytes(cases), "points": _bytes(points.select("case", "medium")), "due": due,
        "ids": some["case"].to_numpy(), "worth": seen.worth, "owed": taking.owed_of(some),
        "factor": seen.complaints.factor, "share": standing.share, "step": standing.step,
        "offered": bits(standing.allowed), "allowed": bits(lawful.allowed), "point": lawful.point,
        "holds": taking.holding(strategy, armed), "later": seen.later,
        **{f"of_{name}": one.codes for name, one in words.items()},
    }  # fmt: skip

    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:
            np.savez(file, **arrays)

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, write)


def told_of(path: Path) -> dict[str, Any]:
    """What was told of a part."""
    with np.load(path, allow_pickle=False) as kept:
        return _about(kept)


def for_plan(path: Path) -> ForPlan:
    """What the plan of all asks of a part."""
    with np.load(path, allow_pickle=False) as kept:
        return ForPlan(
            kept["ids"], kept["worth"], kept["owed"], kept["factor"][kept["due"]], kept["holds"]
        )


@dataclass(frozen=True)
class ForDraws:
    """Of a part all cases, whose segments each follows, its factor of complaints, and which are due."""

    cases: pl.DataFrame
    follows: Words
    factor: Floats
    due: NDArray[np.int64]


def for_draws(path: Path) -> ForDraws:
    """What a learning arm asks of a part."""
    with np.load(path, allow_pickle=False) as kept:
        follows = Words(known=_about(kept)["words"]["follows"], codes=kept["of_follows"])
        return ForDraws(_frame(kept["cases"]), follows, kept["factor"], kept["due"])


def whole(path: Path, *, strategy: Strategy, use: Factored) -> tuple[Prospects, pl.DataFrame]:
    """A part as it was looked at, with its points; `use` is that of its due cases in the plan."""
    with np.load(path, allow_pickle=False) as file:
        kept = dict(file)
    about, treatments = _about(kept), len(strategy.treatments)
    words = {
        name: Words(known=known, codes=kept[f"of_{name}"]) for name, known in about["words"].items()
    }
    standing = Standing(
        **{name: words[name] for name in STANDING}, share=kept["share"], step=kept["step"],
        allowed=flags_of(pl.Series(kept["offered"]), treatments),
        # Only looking ahead asks for what could be got at other steps, and no part looks ahead.
        fits=np.zeros((len(kept["step"]), treatments), dtype=bool),
    )  # fmt: skip
    lawful = Eligibility(
        allowed=flags_of(pl.Series(kept["allowed"]), treatments), point=kept["point"],
        why=words["barred"], rules=words["rules"], fired=Counter(about["fired"]),
        rulebook=about["rulebook"], asked=about["asked"], refused=about["forbidden"],
    )  # fmt: skip
    seen = Prospects(
        _frame(kept["cases"]), standing, kept["due"], lawful, kept["worth"], use,
        effects_of(about), Complaints(about["rates"], kept["factor"], about["complaints"]),
        later=kept["later"],
    )  # fmt: skip
    return seen, _frame(kept["points"])


def effects_of(about: Mapping[str, Any]) -> Effects:
    """Which treatments were measured, without what was measured of each case."""
    told = about["effects"]
    return Effects(told["version"], dict.fromkeys(told["measured"], np.empty(0)), told["assumed"])


def _about(kept: Arrays) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kept["about"].tobytes())
    return found


def _bytes(frame: pl.DataFrame) -> NDArray[np.uint8]:
    into = io.BytesIO()
    frame.write_ipc(into, compression="lz4")
    return np.frombuffer(into.getvalue(), np.uint8)


def _frame(content: NDArray[np.uint8]) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(content.tobytes()))
