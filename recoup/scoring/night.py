"""One night's scores as a file: cases in order, a chunk in memory at a time, drift on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.decision.metrics import Bins, drift_status, psi
from recoup.kernel.errors import Failed
from recoup.kernel.progress import Progress
from recoup.people.models import Book
from recoup.scoring import loans
from recoup.scoring.declared import KNOWN, NAMES
from recoup.scoring.features import Sources, matrix_at
from recoup.scoring.known import matrix as numbered
from recoup.scoring.store import Loaded

CHUNK = 50_000
ROW_GROUP = 5_000  # one case is read with one row group, a few milliseconds
REASONS = 3


@dataclass(slots=True)
class Watch:
    """Counts the values of one model's features and scores over the groups of its reference."""

    reference: dict[str, Any]
    counts: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def see(self, columns: tuple[str, ...], matrix: NDArray[Any], scores: NDArray[Any]) -> None:
        """Count a chunk. The first chunk is the reference where training left none."""
        for name, values in [("score", scores), *zip(columns, matrix.T, strict=True)]:
            if name not in self.reference:
                bins = Bins.of(values)
                self.reference[name] = {"edges": bins.edges, "shares": bins.shares}
            kept = self.reference[name]
            found = Bins(tuple(kept["edges"]), tuple(kept["shares"])).count(values)
            self.counts[name] = self.counts.get(name, 0) + found

    def report(self) -> dict[str, Any]:
        """The stability index and status of the score and of each feature."""
        found = {}
        for name, counts in self.counts.items():
            value = psi(reference=np.asarray(self.reference[name]["shares"]), current=counts)
            found[name] = {
                "psi": None if np.isnan(value) else round(value, 4),
                "status": drift_status(value),
            }
        return {"score": found.pop("score", None), "features": found}


def reference_of(
    columns: tuple[str, ...], matrix: NDArray[Any], scores: NDArray[Any]
) -> dict[str, Any]:
    """The groups and shares of training, against which each night is held."""
    watch = Watch({})
    watch.see(columns, matrix, scores)
    return {
        name: {"edges": list(kept["edges"]), "shares": list(kept["shares"])}
        for name, kept in watch.reference.items()
    }


def schema_of(models: Mapping[str, Loaded]) -> pa.Schema:
    """The columns of the file."""
    words = pa.dictionary(pa.int32(), pa.string())
    fields = [pa.field("case", pa.int64()), pa.field("starter", pa.bool_())]
    for target in models:
        fields += [pa.field(target, pa.float32()), pa.field(f"{target}_model", words)]
        fields += [pa.field(f"{target}_reason_{rank + 1}", words) for rank in range(REASONS)]
    return pa.schema(fields)


def write(
    *, path: Path, book: Book, sources: Sources, models: Mapping[str, Loaded],
    watches: Mapping[str, Watch], on: date, instant: datetime, progress: Progress,
) -> int:  # fmt: skip
    """Score every case of `sources` into a file. Gives the number of rows."""
    schema = schema_of(models)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    cases = sources.cases["case"].to_numpy()
    features = matrix_at(sources=sources, on=on, instant=instant)
    done = 0
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        while done < len(cases):
            some = slice(done, done + CHUNK)
            columns = _columns(book, cases[some], features[some], models, watches)
            writer.write_table(pa.table(columns, schema=schema), row_group_size=ROW_GROUP)
            done = min(some.stop, len(cases))
            progress("score", done, len(cases))
    path.unlink(missing_ok=True)  # what a killed run left behind
    part.rename(path)
    _keep_features(features_of(path), cases, features)
    return done


def features_of(path: Path) -> Path:
    """Where the features lie that the scores of a file were made from."""
    return path.with_name(f"{path.stem}.features.parquet")


def _keep_features(path: Path, cases: NDArray[np.int64], features: NDArray[np.float32]) -> None:
    """Keep what was scored, so that one case can be scored again with what changed since."""
    fields = [pa.field("case", pa.int64()), *(pa.field(name, pa.float32()) for name in NAMES)]
    schema, part = pa.schema(fields), path.with_suffix(".part")
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        for start in range(0, len(cases), CHUNK):
            some = slice(start, start + CHUNK)
            columns = [pa.array(cases[some]), *(pa.array(c) for c in features[some].T)]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=ROW_GROUP)
    path.unlink(missing_ok=True)
    part.rename(path)


def _columns(
    book: Book, cases: NDArray[np.int64], features: NDArray[np.float32],
    models: Mapping[str, Loaded], watches: Mapping[str, Watch],
) -> dict[str, pa.Array]:  # fmt: skip
    starter = any(model.row.family == "starter" for model in models.values())
    rows = len(cases)
    columns: dict[str, Any] = {"case": pa.array(cases), "starter": pa.array(np.full(rows, starter))}
    known = _known(book, cases, models)
    for target, model in models.items():
        matrix = matrix_of(model, features, known)
        scores = model.scorer.probability(matrix)
        watches[target].see(model.scorer.columns, matrix, scores)
        columns[target] = pa.array(scores.astype(np.float32))
        columns[f"{target}_model"] = _repeated(model.name, rows)
        ranked = reasons(model.scorer.contributions(matrix), model.scorer.columns)
        columns |= {f"{target}_reason_{n + 1}": words for n, words in enumerate(ranked)}
    return columns


def _known(
    book: Book, cases: NDArray[np.int64], models: Mapping[str, Loaded]
) -> list[Mapping[str, Any]]:
    if not len(cases) or not any(model.levels for model in models.values()):
        return []
    facts = loans.facts_by_case(book=book, first=int(cases.min()), last=int(cases.max()))
    return [facts.get(case, {}) for case in cases.tolist()]


def matrix_of(
    model: Loaded, features: NDArray[np.float32], known: list[Mapping[str, Any]]
) -> NDArray[np.float32]:
    """
    The model's columns in its order: declared features, then facts that came with the loan.

    `features` has all declared features (n, NAMES). :raises Failed: if the model asks for others
    """
    asked = [name for name in model.scorer.columns if not name.startswith(KNOWN)]
    if unknown := sorted(set(asked) - set(NAMES)):
        raise Failed(
            f"The model {model.row} asks for features that this version does not have: "
            f"{', '.join(unknown)}.",
            permanent=True, hint="Train again with `recoup train`.",
        )  # fmt: skip
    if tuple(asked) == NAMES and not model.levels:
        return features
    parts = [features[:, [NAMES.index(name) for name in asked]]]
    parts += [numbered(known, model.levels)] if model.levels else []
    # Column by column in memory, as features are: the scorecard reads it twice as fast.
    return np.asfortranarray(np.column_stack(parts), np.float32)


def reasons(moved: NDArray[np.float64], columns: tuple[str, ...]) -> list[pa.Array]:
    """
    The three features that moved each row most, as `+name` (raised the chance) or `-name`.

    Shape (n, columns) to three arrays of n words; null where nothing moved.
    """
    words = pa.array([sign + name for name in columns for sign in ("-", "+")])
    ranked = []
    left = np.abs(moved)
    rows = np.arange(len(moved))
    for _rank in range(REASONS):
        place = left.argmax(axis=1) if left.shape[1] else np.zeros(len(moved), int)
        size = left[rows, place]
        code = (place * 2 + (moved[rows, place] > 0)).astype(np.int32)
        ranked.append(pa.DictionaryArray.from_arrays(pa.array(code, mask=size <= 1e-9), words))
        left[rows, place] = 0.0
    return ranked


def _repeated(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def starter_columns() -> tuple[str, ...]:
    """All declared features: the starter score looks at some of them."""
    return NAMES
