"""
What a flight says: figures of each side, and paired differences with intervals.

A difference is taken within a repetition, where both sides met the same parameters, borrowers and
chance, and its mean has Student's interval over the repetitions,

    d +/- t(0.975, K - 1) sd(d) / sqrt(K),

which covers chance and the ranges of the simulator's parameters alike. Nothing is compared that was
not simulated; amounts are minor units for the whole book, cases of a sample by their weight.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.strategy.flights.flying import CANDIDATE, CHAMPION, DAILY, QUIET, Flown, Tally
from recoup.strategy.schema import HOLDOUT

Floats = NDArray[np.float64]
CONFIDENCE = 0.95
MOST_REFUSED = 0.05  # of the contacts asked about, more than under the champion: harm
# What is compared, and which way is better; 0 where it depends.
MEASURES = {
    "recovered": 1, "cost": -1, "net": 1, "contacts": -1, "contacts_a_person": -1,
    "persons": 0, "complaints": -1, "opt_outs": -1, "promises": 1, "left_alone": 0,
    "refused_share": -1,
}  # fmt: skip


def weigh(flown: Flown) -> dict[str, Any]:
    """The results of a flight as they are kept: plain values, by name."""
    base = CHAMPION if flown.start.champion else QUIET
    sides = [CANDIDATE, base]
    measures = {
        name: _compared(*(_each(flown, side, one) for side in sides))
        for name, one in _ways(flown).items()
    }
    found: dict[str, Any] = {
        "against": base, "repetitions": len(flown.seeds), "cases": flown.start.total,
        "flown": len(flown.start.cases), "weight": flown.start.weight,
        "days": [day.isoformat() for day in flown.start.days],
        "measures": measures,
        "daily": {side: _daily(flown, side) for side in sides},
        "lift": {side: _lift(flown, side, QUIET) for side in sides},
        "gap": _lift(flown, CANDIDATE, base),
        "budgets": {side: _budgets(flown, side) for side in sides},
        "rules": _rules(flown, sides),
        "why": {side: _why(flown, side) for side in sides},
        "segments": _segments(flown, sides),
        "holdout": {side: _holdout(flown, side) for side in sides if side != QUIET},
    }  # fmt: skip
    return found | {"harm": harm(found)}


def harm(results: dict[str, Any]) -> list[dict[str, Any]]:
    """
    What in the results somebody must answer for: complaints above the champion's by more than
    chance and assumptions explain, a budget exceeded, many more refusals by the law.
    """
    found: list[dict[str, Any]] = []
    complaints = results["measures"]["complaints"]
    if complaints["low"] is not None and complaints["low"] > 0:
        found.append({"what": "complaints", "more": complaints["difference"]})
    refused = results["measures"]["refused_share"]
    if refused["difference"] > MOST_REFUSED:
        found.append({"what": "refusals", "more": refused["difference"]})
    for name, budget in results["budgets"][CANDIDATE].items():
        if budget["peak"] > budget["most"] * (1 + 1e-6):
            found.append({"what": "budget", "budget": name, "more": budget["peak"]})
    return found


def mean_interval(values: Sequence[float] | Floats) -> dict[str, float | None]:
    """
    A mean with Student's interval; without one where there is a single value.

    >>> mean_interval([2.0, 2.0, 2.0])
    {'value': 2.0, 'low': 2.0, 'high': 2.0}
    """
    array = np.asarray(values, dtype=float)
    middle = float(array.mean())
    if len(array) < 2:
        return {"value": middle, "low": None, "high": None}
    from scipy.special import stdtrit

    reach = float(stdtrit(len(array) - 1, (1 + CONFIDENCE) / 2) * array.std(ddof=1))
    reach /= len(array) ** 0.5
    return {"value": middle, "low": middle - reach, "high": middle + reach}


def _compared(candidate: Floats, base: Floats) -> dict[str, Any]:
    difference = candidate - base
    middle = mean_interval(difference)
    return {
        "candidate": float(candidate.mean()), "against": float(base.mean()),
        "difference": middle["value"], "low": middle["low"], "high": middle["high"],
        "least": float(difference.min()), "most": float(difference.max()),
        "more_in": int((difference > 0).sum()), "less_in": int((difference < 0).sum()),
    }  # fmt: skip


Way = Callable[[Tally], float]


def _each(flown: Flown, side: str, way: Way) -> Floats:
    return np.array([way(tally) for tally in flown.tallies[side]])


def _ways(flown: Flown) -> dict[str, Way]:
    """How each measure is counted in one repetition."""
    weight, days = flown.start.weight, len(flown.start.days)

    def total(name: str) -> Way:
        row = DAILY.index(name)
        return lambda tally: float(tally.daily[row].sum()) * weight

    ways: dict[str, Way] = {name: total(name) for name in DAILY if name in MEASURES}
    return ways | {
        "net": lambda tally: ways["recovered"](tally) - ways["cost"](tally),
        "persons": lambda tally: float((tally.contacts > 0).sum()) * weight,
        "contacts_a_person": lambda tally: float(
            tally.contacts.sum() / max(1, (tally.contacts > 0).sum())
        ),
        "left_alone": lambda tally: total("left_alone")(tally) / days,
        "refused_share": _refused_share,
    }


def _refused_share(tally: Tally) -> float:
    """Of the contacts that the law was asked about, the share it refused."""
    return tally.refused / max(1, tally.asked)


def _daily(flown: Flown, side: str) -> dict[str, list[float]]:
    """The mean of each day, for the whole book."""
    mean = np.mean([tally.daily for tally in flown.tallies[side]], axis=0) * flown.start.weight
    return {name: [round(x, 4) for x in mean[row].tolist()] for row, name in enumerate(DAILY)}


def _lift(flown: Flown, side: str, beyond: str) -> list[dict[str, float | None]]:
    """What was recovered up to each day beyond what another side recovered by then."""
    row = DAILY.index("recovered")
    gains = np.array([
        np.cumsum(tally.daily[row] - alone.daily[row])
        for tally, alone in zip(flown.tallies[side], flown.tallies[beyond], strict=True)
    ]) * flown.start.weight  # fmt: skip
    return [mean_interval(gains[:, day]) for day in range(gains.shape[1])]


def _budgets(flown: Flown, side: str) -> dict[str, dict[str, Any]]:
    """Of each budget: the cap, the mean of each day, the peak, the mean price, how often it bound."""
    there = {CANDIDATE: flown.start.candidate, CHAMPION: flown.start.champion}.get(side)
    if there is None:
        return {}
    used = np.array([tally.used for tally in flown.tallies[side]]) * flown.start.weight
    prices = np.array([tally.prices for tally in flown.tallies[side]])
    return {
        name: {
            "most": most,
            "used": [round(x, 3) for x in used[:, :, at].mean(axis=0).tolist()],
            "peak": float(used[:, :, at].max()), "price": float(prices[:, :, at].mean()),
            "bound": float((prices[:, :, at] > 0).mean()),
        }
        for at, (name, most) in enumerate(there.limits.items())
    }  # fmt: skip


def _rules(flown: Flown, sides: list[str]) -> list[dict[str, Any]]:
    """Refusals by rule over all days, a mean of the repetitions, the most first."""
    weight = flown.start.weight
    names = sorted(
        {rule for side in sides for tally in flown.tallies[side] for rule in tally.rules}
    )
    rows = [
        {"rule": rule} | _compared(*(
            np.array([tally.rules[rule] * weight for tally in flown.tallies[side]])
            for side in sides
        ))
        for rule in names
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-max(row["candidate"], row["against"]), row["rule"]))


def _why(flown: Flown, side: str) -> dict[str, float]:
    """Why nothing was done: cases of a night, the mean of all nights."""
    total: Counter[str] = Counter()
    for tally in flown.tallies[side]:
        total.update(tally.why)
    nights = len(flown.tallies[side]) * len(flown.start.days)
    scaled = {code: n * flown.start.weight / nights for code, n in total.items()}
    return dict(sorted(scaled.items(), key=lambda pair: (-pair[1], pair[0])))


def _segments(flown: Flown, sides: list[str]) -> list[dict[str, Any]]:
    """The differences by the segment that cases are in on the first night of what is compared with."""
    names = _column(flown, CHAMPION if flown.start.champion else CANDIDATE, "segment")
    weight, found = flown.start.weight, []
    for name in sorted(set(names.tolist())):
        mine = names == name
        columns = {"recovered": "paid", "cost": "spent", "contacts": "contacts",
                   "complaints": "complaints"}  # fmt: skip
        found.append(
            {"segment": name, "cases": float(mine.sum()) * weight}
            | {
                measure: _compared(*(
                    np.array([getattr(tally, column)[mine].sum() * weight
                              for tally in flown.tallies[side]], dtype=float)
                    for side in sides
                ))
                for measure, column in columns.items()
            }
        )  # fmt: skip
    return found


def _holdout(flown: Flown, side: str) -> dict[str, float]:
    """Who is never contacted, and what that forgoes: the gain of the others, for as many cases."""
    out = _column(flown, side, "arm") == HOLDOUT
    gains = [
        tally.paid - alone.paid
        for tally, alone in zip(flown.tallies[side], flown.tallies[QUIET], strict=True)
    ]
    gain = float(np.mean([each[~out].sum() for each in gains])) / max(1, int((~out).sum()))
    cases = float(out.sum()) * flown.start.weight
    return {"cases": cases, "gain_a_case": gain, "forgone": gain * cases}


def _column(flown: Flown, side: str, name: str) -> NDArray[np.object_]:
    """A column of a side's first night, for the cases flown in order."""
    rows = flown.first[side].rows
    places = np.searchsorted(rows["case"].to_numpy(), flown.start.cases)
    return np.asarray(rows[name].to_numpy()[places], dtype=object)
