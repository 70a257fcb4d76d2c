"""
Features and scores on Apache Spark, with the numbers of one machine.

Features are the Ibis expression of `relational`, scored by `mapInArrow` with the function that scores
here. Spark and Java are an extra: whoever asks for them without having them is told what to install.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recoup.kernel.errors import Failed
from recoup.scoring import known as numbering
from recoup.scoring import relational, workers
from recoup.scoring.declared import KNOWN
from recoup.scoring.engines import REASONS, Answer, Engine, Known, Matrix, Scored
from recoup.scoring.features import Sources
from recoup.scoring.store import Loaded
from recoup.scoring.tables import TABLES, coded

ROWS = 50_000  # of facts that are numbered at a time

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}


def session(*, master: str, extra: dict[str, str] | None = None) -> Any:
    """
    The session at a master, such as `local[2]` or `spark://host:7077`; started once in a process.

    :raises Failed: if PySpark or Java is missing, or the master does not answer
    """
    sql = _installed()
    builder = sql.SparkSession.builder.appName("recoup").master(master)
    if master.startswith("local"):
        # Workers on this machine are this Python, with what is installed in it.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = builder.config("spark.driver.host", "127.0.0.1")
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
        # Two hundred, as clusters have, take a minute for a handful of cases.
        builder = builder.config("spark.sql.shuffle.partitions", str(2 * (os.cpu_count() or 1)))
    for name, value in (SETTINGS | (extra or {})).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as broken:  # py4j raises kinds of its own, and a plain error if Java dies
        raise Failed(
            f"Spark at {master} did not start: {str(broken).splitlines()[0]}", permanent=False,
            hint="Check --spark-master and that Java runs, or use --engine kernel.",
        ) from broken  # fmt: skip


@contextmanager
def running(*, master: str) -> Iterator[Any]:
    """
    A session that is stopped afterwards, unless it ran before.

    :raises Failed: as `session`
    """
    ours = _installed().SparkSession.getActiveSession() is None
    found = session(master=master)
    try:
        yield found
    finally:
        if ours:
            found.stop()


@contextmanager
def failing_clearly() -> Iterator[None]:
    """
    Make of what went wrong in a worker one sentence. :raises Failed: with it
    """
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as broken:
        said = [line.strip() for line in str(broken).splitlines() if line.strip()]
        python = [
            line for line in said if re.match(r"[\w.]+(Error|Exception|Invalid|Failed): ", line)
        ]
        raise Failed(
            f"Spark gave up: {(python or said or ['it did not say why'])[0]}", permanent=False,
            hint="Run the night again: finished steps are not done twice. Or use --engine kernel.",
        ) from broken  # fmt: skip


def features(
    session: Any, tables: Mapping[str, Sequence[Path]], *, on: date, instant: datetime
) -> Any:
    """
    The declared features as a Spark frame, one row for each case; `tables` has for each table of
    `tables.TABLES` its Parquet files or folders.
    """
    import ibis

    engine, known = ibis.pyspark.connect(session), {}
    for name, paths in tables.items():
        frame = session.read.parquet(*map(str, paths)).select(*TABLES[name])
        frame.createOrReplaceTempView(f"recoup_{name}")
        known[name] = engine.table(f"recoup_{name}")
    return session.sql(engine.compile(relational.features(known, on=on, instant=instant)))


def engine(session: Any) -> Engine:
    """
    What takes the place of `engines.by_kernel`: features and scores by Spark, with the same numbers.

    Tables go to Spark, and what came with the loans, as Parquet in `folder`, which all workers must
    reach and which is removed afterwards. Models go by broadcast.
    """

    def by_spark(
        *, sources: Sources, models: Mapping[str, Loaded], known: Known, on: date,
        instant: datetime, folder: Path,
    ) -> Scored:  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)  # what a killed run left behind
        folder.mkdir(parents=True)
        try:
            tables = {name: [folder / f"{name}.parquet"] for name in TABLES}
            for name, (path,) in tables.items():
                coded(name, getattr(sources, name)).write_parquet(path)
            asked = features(session, tables, on=on, instant=instant)
            facts = _facts(folder / "known.parquet", sources, models, known)
            if facts is not None:
                asked = asked.join(session.read.parquet(str(facts)), on="case", how="left")
            carried = session.sparkContext.broadcast(pickle.dumps(_scorers(models)))
            answers = asked.mapInArrow(workers.answering(carried), workers.fields_of(models))
            with failing_clearly():
                table = answers.toArrow().sort_by("case")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return _scored(table, sources.cases["case"].to_numpy(), models)

    return by_spark


def _scorers(models: Mapping[str, Loaded]) -> dict[str, workers.Asked]:
    """What workers score with: each model and where its columns stand in a batch."""
    return {
        target: (model.scorer, [
            _column(place, name) if name.startswith(KNOWN) else name
            for name in model.scorer.columns
        ])
        for place, (target, model) in enumerate(models.items())
    }  # fmt: skip


def _column(model: int, name: str) -> str:
    """A fact's column: each model numbers the words of a fact in its own way."""
    return f"known_{model}_{name.removeprefix(KNOWN).encode().hex()}"


def _facts(
    path: Path, sources: Sources, models: Mapping[str, Loaded], known: Known
) -> Path | None:  # fmt: skip
    """What came with the loans, as each model numbers it, in a file; `None` if no model asks."""
    names = [
        (place, model, [_column(place, name) for name in numbering.names(model.levels)])
        for place, model in enumerate(models.values()) if model.levels
    ]  # fmt: skip
    if not names:
        return None
    columns = [pa.field(name, pa.float32()) for _, _, some in names for name in some]
    schema = pa.schema([pa.field("case", pa.int64()), *columns])
    cases = sources.cases["case"].to_numpy()
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, len(cases), ROWS):
            some = cases[start : start + ROWS]
            facts = known(some)
            found = [numbering.matrix(facts, model.levels) for _, model, _ in names]
            writer.write_table(
                pa.table([pa.array(some), *(pa.array(one) for one in np.hstack(found).T)], schema)
            )
    return path


def _scored(table: pa.Table, cases: NDArray[np.int64], models: Mapping[str, Loaded]) -> Scored:
    """What Spark answered, in order of case, as asked for in the order of `cases`."""
    if table.num_rows != len(cases):
        raise AssertionError(f"{len(cases)} cases were asked of Spark, {table.num_rows} came back.")
    order = np.argsort(np.argsort(cases, kind="stable"), kind="stable")
    if not (table["case"].to_numpy()[order] == cases).all():
        raise AssertionError("Spark answered for other cases than it was asked for.")
    matrix = np.asfortranarray(relational.to_matrix(table)[order])
    answers = {
        target: Answer(
            table[f"chance_{place}"].to_numpy()[order],
            np.column_stack([
                table[f"moved_{place}_{rank}"].to_numpy()[order] for rank in range(REASONS)
            ]),
        )
        for place, target in enumerate(models)
    }  # fmt: skip

    def answer(target: str, model: Loaded, rows: slice, matrix: Matrix) -> Answer:
        found = answers[target]
        return Answer(found.chance[rows], found.moved[rows])

    return Scored(matrix, answer)


def _installed() -> Any:
    # PySpark warns of pandas 3, which nothing here goes through: rows move as Arrow.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    try:
        import ibis  # noqa: F401
        from pyspark import sql
    except ImportError as missing:
        raise Failed(
            f"The engine spark needs {missing.name}, which is not installed.", permanent=True,
            hint="Install the extra: pip install 'recoup[spark]'. Or use --engine kernel.",
        ) from missing  # fmt: skip
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java") and not (home and shutil.which("java", path=f"{home}/bin")):
        raise Failed(
            "The engine spark needs Java, and there is no `java` on the path.", permanent=True,
            hint="Install a Java runtime (17 or newer) or set JAVA_HOME. Or use --engine kernel.",
        )  # fmt: skip
    return sql
