"""
Chance that can be drawn again: uniform numbers that depend only on a key and a stream.

The mixer is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): one multiply-shift pass per number, so
that a borrower's traits can be recreated anywhere from the seed and the borrower's reference.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_NUMBERED = re.compile(r"B(\d{9})")


def _mix(values: Keys) -> Keys:
    with np.errstate(over="ignore"):
        z = values + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def keys_of_numbers(seed: int, numbers: NDArray[np.int64]) -> Keys:
    """Keys of the synthetic lender's numbered borrowers (`B000000042` is number 42)."""
    base = _mix(np.array([seed % 2**64], dtype=np.uint64))[0]
    return _mix(numbers.astype(np.uint64) ^ base)


def keys_of(seed: int, references: Sequence[str]) -> Keys:
    """
    Keys of borrowers by the lender's references; any text will do.

    >>> bool(keys_of(7, ["B000000042"])[0] == keys_of_numbers(7, np.array([42]))[0])
    True
    """
    numbers = np.empty(len(references), dtype=np.int64)
    for i, text in enumerate(references):
        if _NUMBERED.fullmatch(text):
            numbers[i] = int(text[1:])
        else:
            digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
            numbers[i] = int.from_bytes(digest, "big") >> 1
    return keys_of_numbers(seed, numbers)


def uniform(keys: Keys, stream: int) -> Floats:
    """Uniform numbers in (0, 1), one for each key, the same for the same stream."""
    salt = _mix(np.array([stream], dtype=np.uint64))[0]
    with np.errstate(over="ignore"):
        bits = _mix(keys ^ salt) >> np.uint64(11)
    return (bits.astype(np.float64) + 0.5) * 2.0**-53


def normal(keys: Keys, stream: int) -> Floats:
    """Standard normal numbers by Box and Muller; uses the streams `2 * stream` and the next."""
    radius = np.sqrt(-2.0 * np.log(uniform(keys, 2 * stream)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(keys, 2 * stream + 1)))
