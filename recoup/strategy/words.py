"""
One word of a few for each of many rows: a small number a row, and the words once.

Arms, segments and reasons are such columns. As texts a million of them cost seconds and hundreds of
megabytes; so they cost milliseconds, and become texts or an Arrow dictionary at the end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Rows = Any  # a mask (n,), or row numbers


class Words:
    """
    A word for each of `size` rows, at first the empty one.

    >>> words = Words(3)
    >>> words.put(np.array([False, True, True]), "late")
    >>> words.add(np.array([2]), "twice")
    >>> words.tolist(), (words == "late").tolist(), words[np.array([1, 1])].tolist()
    (['', 'late', 'late twice'], [False, True, False], ['late', 'late'])
    """

    __slots__ = ("codes", "known", "places")
    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self, size: int = 0, *, known: Iterable[str] = ("",), codes: NDArray[np.int32] | None = None
    ) -> None:
        self.known = list(known)
        self.places = {word: place for place, word in enumerate(self.known)}
        self.codes = np.zeros(size, np.int32) if codes is None else codes

    @classmethod
    def of(cls, words: Sequence[str] | pl.Series) -> Words:
        """The words of a list or column."""
        column = words if isinstance(words, pl.Series) else pl.Series(words, dtype=pl.String)
        return cls.of_arrow(column.to_arrow())

    @classmethod
    def of_arrow(cls, column: pa.ChunkedArray | pa.Array) -> Words:
        """The words of an Arrow column of texts, a dictionary or not; null is the empty word."""
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if not pa.types.is_dictionary(whole.type):
            whole = whole.fill_null("").dictionary_encode()
        found = cls(known=whole.dictionary.to_pylist())
        empty = found.code("") if whole.null_count else 0
        codes = whole.indices.fill_null(empty) if whole.null_count else whole.indices
        found.codes = codes.to_numpy(zero_copy_only=False).astype(np.int32)
        return found

    def code(self, word: str) -> int:
        """The number of a word, new or not."""
        if word not in self.places:
            self.places[word] = len(self.known)
            self.known.append(word)
        return self.places[word]

    def put(self, rows: Rows, word: str) -> None:
        """Give these rows a word."""
        self.codes[rows] = self.code(word)

    def add(self, rows: Rows, word: str) -> None:
        """Write a word after what these rows have."""
        before = self.codes[rows]
        table = np.zeros(len(self.known), np.int32)
        for code in np.unique(before).tolist():
            table[code] = self.code(f"{self.known[code]} {word}".strip())
        self.codes[rows] = table[before]

    def take(self, rows: Rows, words: Words) -> None:
        """Give these rows the words (n,) of another column."""
        table = np.array([self.code(word) for word in words.known] or [0], np.int32)
        self.codes[rows] = table[words.codes]

    def copy(self) -> Words:
        """The same words, to be changed."""
        return Words(known=self.known, codes=self.codes.copy())

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def __getitem__(self, rows: Rows) -> Any:
        """The word of a row, or the words of some rows."""
        if isinstance(rows, int | np.integer):
            return self.known[self.codes[rows]]
        return Words(known=self.known, codes=self.codes[rows])

    def __eq__(self, other: object) -> Any:
        """Where a word stands, or the same one as in another column."""
        if isinstance(other, Words):
            table = np.array([self.places.get(word, -1) for word in other.known])
            return self.codes == table[other.codes]
        return self.codes == self.places.get(str(other), -1)

    def __ne__(self, other: object) -> Any:
        """Where another stands."""
        return ~(self == other)

    def among(self, words: Iterable[str]) -> NDArray[np.bool_]:
        """Where one of some words stands."""
        table = np.isin(np.array(self.known, dtype=object).astype(str), list(words))
        return np.asarray(table[self.codes])

    def counts(self) -> dict[str, int]:
        """How often each word stands, in order of the words, without the empty one."""
        found = Counter(dict(zip(self.known, np.bincount(self.codes, minlength=len(self.known)).tolist(), strict=True)))  # fmt: skip
        return {word: found[word] for word in sorted(found) if word and found[word]}

    def tolist(self) -> list[str]:
        """As texts."""
        return [self.known[code] for code in self.codes.tolist()]

    def series(self) -> pl.Series:
        """As a column of texts."""
        return pl.Series(self.known, dtype=pl.String)[self.codes.astype(np.uint32)]

    def arrow(self) -> pa.DictionaryArray:
        """As an Arrow dictionary of the words that stand, in their order: the same for the same words."""
        used = np.flatnonzero(np.bincount(self.codes, minlength=len(self.known)))
        order = sorted(used.tolist(), key=lambda code: self.known[code])
        table = np.zeros(len(self.known), np.int32)
        table[order] = np.arange(len(order), dtype=np.int32)
        words = pa.array([self.known[code] for code in order], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(table[self.codes]), words)
