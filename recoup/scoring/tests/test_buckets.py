"""A book in columns: divided by person, read back whole, refused when it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recoup.kernel.errors import Failed
from recoup.scoring import tables
from recoup.scoring.buckets import Buckets, bucket_of, count_for
from recoup.scoring.declared import NAMES
from recoup.scoring.features import Sources, matrix_at
from recoup.scoring.tests import histories
from recoup.scoring.tests.histories import ON, START


def frames(book: Sources, kept: np.ndarray) -> dict[str, pl.DataFrame]:
    wanted = pl.Series(kept)
    found = {name: tables.coded(name, getattr(book, name)) for name in tables.TABLES}
    found = {name: frame.filter(pl.col("case").is_in(wanted.implode())) for name, frame in found.items()}  # fmt: skip
    return found | {"cases": found["cases"].with_columns(person=pl.col("case"))}


def in_buckets(folder: Path, book: Sources, count: int) -> Buckets:
    found = Buckets.create(folder, count=count, on=ON, instant=START)
    cases = book.cases["case"].to_numpy()
    where = bucket_of(cases, count)
    for bucket in range(count):
        found.write(bucket, frames(book, cases[where == bucket]))
    return found


def by_hand(person: int, count: int) -> int:
    """As anybody would write it from the page of SplitMix64."""
    mixed = person
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> shift)) * factor % 2**64
    return ((mixed ^ (mixed >> 31)) >> 32) * count // 2**32


def test_features_of_buckets_are_those_of_the_whole_book(tmp_path: Path) -> None:
    book = histories.random(21, 300)

    found = in_buckets(tmp_path, book, 7)

    parts = [found.features(bucket) for bucket in range(7)]
    cases = np.concatenate([found.table("cases", n, ["case"])["case"].to_numpy() for n in range(7)])
    whole = np.empty((300, parts[0].shape[1]), np.float32)
    whole[np.searchsorted(book.cases["case"].to_numpy(), cases)] = np.concatenate(parts)
    np.testing.assert_array_equal(whole, matrix_at(sources=book, on=ON, instant=START))


def test_an_empty_bucket_has_features_of_nobody(tmp_path: Path) -> None:
    found = in_buckets(tmp_path, histories.empty(), 1)

    assert found.features(0).shape == (0, len(NAMES))
    assert found.seal(0)["cases"] == 0


def test_people_are_spread_evenly_and_the_same_for_ever() -> None:
    counts = np.bincount(bucket_of(np.arange(100_000), 10), minlength=10)

    assert counts.min() > 9_500
    some = [0, 1, 7, 10**12, 2**62]
    assert bucket_of(np.array(some), 63).tolist() == [by_hand(one, 63) for one in some]
    assert [count_for(n) for n in (0, 1, 160_000, 160_001, 10_000_000)] == [1, 1, 1, 2, 63]


def test_the_digest_of_a_bucket_says_what_is_in_it(tmp_path: Path) -> None:
    book = histories.random(22, 40)
    paid_more = Sources(
        book.cases, book.payments.with_columns(pl.col("amount") + 1), book.contacts,
        book.promises, book.judgments,
    )  # fmt: skip

    first, same, other = (
        in_buckets(tmp_path / name, one, 1).seal(0)["digest"]
        for name, one in (("a", book), ("b", book), ("c", paid_more))
    )

    assert first == same != other


def test_what_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="holds no book in columns"):
        Buckets.open(tmp_path)
    found = in_buckets(tmp_path, histories.random(23, 20), 2)
    found.path("payments", 1).unlink()

    with pytest.raises(Failed, match="payments of bucket 1 cannot be read"):
        found.features(1)
    with pytest.raises(Failed, match="not written to its end"):
        found.seal(5)
    assert Buckets.open(tmp_path) == found


def test_a_table_without_a_column_says_so(tmp_path: Path) -> None:
    found = in_buckets(tmp_path, histories.random(23, 20), 1)

    with pytest.raises(Failed, match="promises of bucket 0 cannot be read"):
        found.table("promises", 0, ["row", "kept"])
