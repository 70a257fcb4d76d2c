"""
A scorecard by weight of evidence (WOE): each variable in bins, each bin worth points.

log-odds = intercept + sum over variables of coefficient x woe(bin), where
woe = ln(share of events in the bin / share of non-events in it), so that a positive WOE speaks
for the event (Good 1950; Siddiqi 2006, Credit Risk Scorecards, ch. 6). The bins are found by
optbinning (Navas-Palencia 2020, arXiv:2001.08025); what comes out is plain data, scored by compiled
loops (`points`).

Points: `BASE` points are even odds, and every `PDO` points double the odds of the event.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.kernel.errors import NotTrainable

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

BASE, PDO = 500.0, 20.0
FACTOR = PDO / math.log(2)
# Below 0.02 a variable "is not useful for prediction" (Siddiqi 2006, ch. 6).
LEAST_INFORMATION = 0.02
MOST_VARIABLES = 15


@dataclass(frozen=True, slots=True)
class Variable:
    """
    One variable: inner edges (k,), WOE of the k + 1 bins, and the WOE of missing.

    A value v falls in the bin numbered by how many edges are at most v. `mean` is the average
    contribution in training, against which a reason is measured.
    """

    name: str
    edges: tuple[float, ...]
    woe: tuple[float, ...]
    missing: float
    information: float
    coefficient: float = 0.0
    mean: float = 0.0

    def table(self) -> NDArray[np.float32]:
        """The contribution to the log-odds by bin, the last of missing. Shape (k + 2,)."""
        return (self.coefficient * np.array([*self.woe, self.missing])).astype(np.float32)

    def points(self) -> list[int]:
        """Whole points by bin, the last of missing."""
        return [round(FACTOR * float(part)) for part in self.table()]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Variables and an intercept. Scores matrices whose columns stand in the order of `columns`."""

    columns: tuple[str, ...]
    variables: tuple[Variable, ...]
    intercept: float

    def places(self) -> list[int]:
        """Where each variable stands among the columns."""
        return [self.columns.index(variable.name) for variable in self.variables]

    def log_odds(self, matrix: Matrix) -> Floats:
        """The log-odds of the event. Shape (n, columns) to (n,). NaN is missing."""
        from recoup.decision import points

        total = np.full(len(matrix), self.intercept)
        places, edges, tables, _means = self._arrays()
        points.total(matrix, places, edges, tables, total)
        return total

    def probability(self, matrix: Matrix) -> Floats:
        """The chance of the event, 1 / (1 + exp(-log-odds)). Shape (n,)."""
        chance: Floats = 1 / (1 + np.exp(-self.log_odds(matrix)))
        return chance

    def points(self, matrix: Matrix) -> Floats:
        """`BASE` + `FACTOR` x log-odds. Shape (n,)."""
        return BASE + FACTOR * self.log_odds(matrix)

    def contributions(self, matrix: Matrix) -> Floats:
        """How far each column moves the log-odds from the average case. Shape (n, columns)."""
        from recoup.decision import points

        moved = np.zeros(matrix.shape)
        points.each(matrix, *self._arrays(), moved)
        return moved

    def _arrays(self) -> tuple[NDArray[np.int64], Matrix, Matrix, Floats]:
        """Places (V,), edges (V, K), tables (V, K + 2) and means (V,), as the loops take them."""
        most = max((len(one.edges) for one in self.variables), default=0)
        edges = np.full((len(self.variables), most), np.inf, np.float32)
        tables = np.zeros((len(self.variables), most + 2), np.float32)
        for row, one in enumerate(self.variables):
            table, many = one.table(), len(one.edges)
            edges[row, :many] = one.edges
            tables[row, : many + 1], tables[row, many + 1 : -1] = table[:-1], table[many]
            tables[row, -1] = table[-1]
        means = np.array([one.mean for one in self.variables])
        return np.array(self.places(), np.int64), edges, tables, means

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, points of the bins included for people to read."""
        return {
            "columns": list(self.columns),
            "intercept": self.intercept,
            "base": BASE,
            "pdo": PDO,
            "variables": [asdict(v) | {"points": v.points()} for v in self.variables],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scorecard:
        """The scorecard of `as_dict`."""
        return cls(
            columns=tuple(data["columns"]),
            intercept=data["intercept"],
            variables=tuple(
                Variable(
                    name=one["name"], edges=tuple(one["edges"]), woe=tuple(one["woe"]),
                    missing=one["missing"], information=one["information"],
                    coefficient=one["coefficient"], mean=one["mean"],
                )
                for one in data["variables"]
            ),
        )  # fmt: skip


def bin_of(column: Matrix, edges: Matrix) -> NDArray[np.uint8]:
    """
    The bin of each value: how many edges are at most the value; one past the last for NaN.

    >>> bin_of(np.array([1, 2, 9, np.nan], np.float32), np.array([2, 5], np.float32)).tolist()
    [0, 1, 2, 3]
    """
    place = np.isnan(column).view(np.uint8) * np.uint8(len(edges) + 1)
    for edge in edges:
        place += (column >= edge).view(np.uint8)
    return place


def train(
    *, matrix: Matrix, outcome: NDArray[Any], columns: Sequence[str], seed: int,
    signs: Mapping[str, int] | None = None, most: int = MOST_VARIABLES,
) -> Scorecard:  # fmt: skip
    """
    Bin the columns, keep the informative ones, fit a logistic regression on their WOE.

    `signs` says where a larger value must speak for (1) or against (-1) the event. A variable
    whose coefficient comes out negative contradicts its own evidence (it is masked by another)
    and is left out. The same data and seed give the same scorecard.

    :raises NotTrainable: because no column says anything about the event
    """
    found = []
    with _quiet():
        for place, name in enumerate(columns):
            sign = (signs or {}).get(name, 0)
            variable = _binned(matrix[:, place], outcome, name=name, sign=sign)
            if variable and variable.information >= LEAST_INFORMATION:
                found.append(variable)
    if not found:
        raise NotTrainable(
            "No scorecard can be trained, because no single feature says anything about the "
            f"event (all information values are below {LEAST_INFORMATION})."
        )
    found = sorted(found, key=lambda variable: (-variable.information, variable.name))[:most]
    return _fit(found, matrix, outcome, columns=columns, seed=seed)


def _binned(values: Matrix, outcome: NDArray[Any], *, name: str, sign: int) -> Variable | None:
    from optbinning import OptimalBinning

    known = ~np.isnan(values)
    if known.sum() < 2 or np.unique(values[known]).size < 2:
        return None
    trend = {1: "ascending", -1: "descending"}.get(sign, "auto_asc_desc")
    binning = OptimalBinning(
        name=name, dtype="numerical", monotonic_trend=trend, min_prebin_size=0.02, min_bin_size=0.03,
        max_n_bins=8, time_limit=10,
    )  # fmt: skip
    binning.fit(values[known].astype(np.float64), outcome[known])
    if binning.status not in ("OPTIMAL", "FEASIBLE"):
        return None
    # Rounded to the precision of the columns, so that a value on an edge scores as it was binned.
    edges = np.unique(np.asarray(binning.splits, np.float64).astype(np.float32))
    return _weighed(name, values, outcome, edges)


def _weighed(name: str, values: Matrix, outcome: NDArray[Any], edges: Matrix) -> Variable:
    place = bin_of(np.ascontiguousarray(values), edges)
    size = len(edges) + 2
    events = np.bincount(place, weights=outcome == 1, minlength=size)
    others = np.bincount(place, weights=outcome != 1, minlength=size)
    # Half a case in each cell keeps an empty one finite (Haldane 1956, Anscombe 1956).
    event_share = (events + 0.5) / (events.sum() + 0.5 * size)
    other_share = (others + 0.5) / (others.sum() + 0.5 * size)
    woe = np.log(event_share / other_share)
    woe[events + others == 0] = 0.0
    information = float(np.sum((event_share - other_share) * woe))
    return Variable(
        name=name, edges=tuple(map(float, edges)), woe=tuple(map(float, woe[:-1])),
        missing=float(woe[-1]), information=information,
    )  # fmt: skip


def _fit(
    found: list[Variable], matrix: Matrix, outcome: NDArray[Any], *, columns: Sequence[str],
    seed: int,
) -> Scorecard:  # fmt: skip
    from sklearn.linear_model import LogisticRegression

    names = list(columns)
    evidence = np.column_stack([_evidence(v, matrix[:, names.index(v.name)]) for v in found])
    kept = list(range(len(found)))
    while True:
        model = LogisticRegression(C=100.0, max_iter=1000, random_state=seed)
        model.fit(evidence[:, kept], outcome)
        weights = model.coef_[0]
        if len(kept) == 1 or weights.min() > 0:
            break
        kept.pop(int(weights.argmin()))
    variables = tuple(
        Variable(
            name=found[place].name, edges=found[place].edges, woe=found[place].woe,
            missing=found[place].missing, information=found[place].information,
            coefficient=float(weight), mean=float(weight * evidence[:, place].mean()),
        )
        for place, weight in zip(kept, weights, strict=True)
    )  # fmt: skip
    return Scorecard(tuple(columns), variables, float(model.intercept_[0]))


def _evidence(variable: Variable, values: Matrix) -> Floats:
    table = np.array([*variable.woe, variable.missing])
    place = bin_of(np.ascontiguousarray(values), np.asarray(variable.edges, np.float32))
    weights: Floats = table[place]
    return weights


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """
    Import the trainer and run it without its chatter.

    optbinning pulls cvxpy, which tries every solver it knows and prints an error for highspy
    beside ortools; the bins do not need it.
    """
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            import optbinning  # noqa: F401  5 seconds, and only a trainer needs it

            yield
    finally:
        logging.disable(level)
