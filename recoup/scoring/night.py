"""One night's scores as a file: cases in order, a chunk in memory at a time, drift on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from recoup.scoring.engines import REASONS, Known, Scored
from recoup.scoring.known import matrix as numbered
from recoup.scoring.store import Loaded

CHUNK = 50_000
FEATURES = pa.schema(
    [pa.field("case", pa.int64()), *(pa.field(name, pa.float32()) for name in NAMES)]
)
ROW_GROUP = 5_000  # one case is read with one row group, a few milliseconds


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
    *, path: Path, cases: NDArray[np.int64], scored: Scored, known: Known,
    models: Mapping[str, Loaded], watches: Mapping[str, Watch], progress: Progress,
) -> int:  # fmt: skip
    """
    Write the scores of `cases`, and beside them the features they were made from, so that one case can
    be scored again with what changed since. Gives the number of rows.
    """
    schema, done = schema_of(models), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with _written(path, schema) as scores, _written(features_of(path), FEATURES) as kept:
        while done < len(cases):
            rows = slice(done, min(done + CHUNK, len(cases)))
            features = scored.features[rows]
            columns = _columns(cases[rows], rows, features, scored, known, models, watches)
            scores.write_table(pa.table(columns, schema=schema), row_group_size=ROW_GROUP)
            whole = [pa.array(cases[rows]), *(pa.array(column) for column in features.T)]
            kept.write_table(pa.table(whole, schema=FEATURES), row_group_size=ROW_GROUP)
            done = rows.stop
            progress("score", done, len(cases))
    return done


@contextmanager
def _written(path: Path, schema: pa.Schema) -> Iterator[Any]:
    """A file that has its name once it is whole."""
    part = path.with_suffix(".part")
    with pq.ParquetWriter(part, schema, compression="zstd") as writer:
        yield writer
    path.unlink(missing_ok=True)  # what a killed run left behind
    part.rename(path)


def features_of(path: Path) -> Path:
    """Where the features lie that the scores of a file were made from."""
    return path.with_name(f"{path.stem}.features.parquet")


def _columns(
    cases: NDArray[np.int64], rows: slice, features: NDArray[np.float32], scored: Scored, known: Known,
    models: Mapping[str, Loaded], watches: Mapping[str, Watch],
) -> dict[str, pa.Array]:  # fmt: skip
    starter = any(model.row.family == "starter" for model in models.values())
    columns: dict[str, Any] = {
        "case": pa.array(cases), "starter": pa.array(np.full(len(cases), starter))
    }  # fmt: skip
    facts = known(cases)
    for target, model in models.items():
        matrix = matrix_of(model, features, facts)
        answer = scored.answer(target, model, rows, matrix)
        watches[target].see(model.scorer.columns, matrix, answer.chance)
        columns[target] = pa.array(answer.chance.astype(np.float32))
        columns[f"{target}_model"] = _repeated(model.name, len(cases))
        ranked = answer.words(model.scorer.columns)
        columns |= {f"{target}_reason_{n + 1}": words for n, words in enumerate(ranked)}
    return columns


def known(book: Book, models: Mapping[str, Loaded]) -> Known:
    """What came with the loans of some cases, in order of case; nothing if no model asks for it."""
    asked = any(model.levels for model in models.values())

    def found(cases: NDArray[np.int64]) -> Sequence[Mapping[str, Any]]:
        if not asked or not len(cases):
            return []
        facts = loans.facts_by_case(book=book, first=int(cases.min()), last=int(cases.max()))
        return [facts.get(case, {}) for case in cases.tolist()]

    return found


def matrix_of(
    model: Loaded, features: NDArray[np.float32], known: Sequence[Mapping[str, Any]]
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


def _repeated(text: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def starter_columns() -> tuple[str, ...]:
    """All declared features: the starter score looks at some of them."""
    return NAMES
