"""
The stable numbers of `kernel.ids.fraction`, for very many at once.

`fraction(*texts, number)` is BLAKE2b (Aumasson et al. 2013; RFC 7693) of the parts with an eight-byte
digest, read as a share of 2^64. Here the hash is compiled: the same numbers to the last bit, in a
twentieth of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recoup.decision.compiled import compiled
from recoup.kernel.ids import fraction

Array = NDArray[Any]

LANES = 64
FEW = 20_000  # numbers up to which compiling takes longer than it saves
BLOCK = 128  # bytes that one compression takes in
DIGITS = 20  # of a number, its sign included
IV = np.array(
    [0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
     0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179],
    dtype=np.uint64,
)  # fmt: skip
START = np.uint64(0x6A09E667F3BCC908 ^ 0x01010008)  # one block, no key, a digest of eight bytes


def fractions(
    *texts: str, numbers: NDArray[np.int64], least: int = FEW
) -> NDArray[np.float64]:  # fmt: skip
    """
    `fraction(*texts, number)` of each number, (n,); compiled where there are at least so many.

    >>> from recoup.kernel.ids import fraction
    >>> found = fractions("holdout", "demo", numbers=np.array([1, -7, 123456789]))
    >>> found.tolist() == [fraction("holdout", "demo", n) for n in (1, -7, 123456789)]
    True
    """
    prefix = "".join(f"{text}\x1f" for text in texts).encode()
    # A second block is rare enough to go one by one.
    if len(numbers) < least or len(prefix) > BLOCK - DIGITS:
        return np.array([fraction(*texts, one) for one in numbers.tolist()], np.float64)
    found = np.empty(len(numbers), np.uint64)
    _hash(np.frombuffer(prefix, np.uint8), numbers.astype(np.int64), found)
    return found.byteswap() / np.float64(2**64)


@compiled
def _write(number: Any, begins: int, into: Array) -> int:
    """The digits of a number from a place on, nothing after them; gives where they end."""
    into[begins : begins + DIGITS] = 0
    left = np.uint64(number)
    if number < 0:
        into[begins] = 45
        begins += 1
        left = np.uint64(0) - left
    digits = 1
    least = np.uint64(10)
    while digits < 20 and left >= least:
        digits += 1
        if digits < 20:
            least *= np.uint64(10)
    for place in range(begins + digits - 1, begins - 1, -1):
        into[place] = np.uint8(48 + left % np.uint64(10))
        left //= np.uint64(10)
    return begins + digits


@compiled
def _mix(a: Any, b: Any, c: Any, d: Any, x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """The quarter round of BLAKE2b; all are unsigned numbers of 64 bits."""
    a = a + b + x
    d ^= a
    d = (d >> np.uint64(32)) | (d << np.uint64(32))
    c = c + d
    b ^= c
    b = (b >> np.uint64(24)) | (b << np.uint64(40))
    a = a + b + y
    d ^= a
    d = (d >> np.uint64(16)) | (d << np.uint64(48))
    c = c + d
    b ^= c
    b = (b >> np.uint64(63)) | (b << np.uint64(1))
    return a, b, c, d


@compiled
def _round(v: Any, m: Any) -> Any:
    """One round: columns, then diagonals, with the sixteen words of the message as this round orders them."""
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15 = v
    v0, v4, v8, v12 = _mix(v0, v4, v8, v12, m[0], m[1])
    v1, v5, v9, v13 = _mix(v1, v5, v9, v13, m[2], m[3])
    v2, v6, v10, v14 = _mix(v2, v6, v10, v14, m[4], m[5])
    v3, v7, v11, v15 = _mix(v3, v7, v11, v15, m[6], m[7])
    v0, v5, v10, v15 = _mix(v0, v5, v10, v15, m[8], m[9])
    v1, v6, v11, v12 = _mix(v1, v6, v11, v12, m[10], m[11])
    v2, v7, v8, v13 = _mix(v2, v7, v8, v13, m[12], m[13])
    v3, v4, v9, v14 = _mix(v3, v4, v9, v14, m[14], m[15])
    return v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15


@compiled
def _compress(words: Array, lengths: Array, into: Array) -> None:
    """The first eight bytes of each digest, the first byte lowest; `words` (16, LANES)."""
    # Written out, so that nothing is looked up and the compiler does many lanes at once.
    for lane in range(LANES):
        m0, m1, m2, m3 = words[0, lane], words[1, lane], words[2, lane], words[3, lane]
        m4, m5, m6, m7 = words[4, lane], words[5, lane], words[6, lane], words[7, lane]
        m8, m9, m10, m11 = words[8, lane], words[9, lane], words[10, lane], words[11, lane]
        m12, m13, m14, m15 = words[12, lane], words[13, lane], words[14, lane], words[15, lane]
        v = (
            START, IV[1], IV[2], IV[3], IV[4], IV[5], IV[6], IV[7],
            IV[0], IV[1], IV[2], IV[3], IV[4] ^ lengths[lane], IV[5], ~IV[6], IV[7],
        )  # fmt: skip
        v = _round(v, (m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15))
        v = _round(v, (m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3))
        v = _round(v, (m11, m8, m12, m0, m5, m2, m15, m13, m10, m14, m3, m6, m7, m1, m9, m4))
        v = _round(v, (m7, m9, m3, m1, m13, m12, m11, m14, m2, m6, m5, m10, m4, m0, m15, m8))
        v = _round(v, (m9, m0, m5, m7, m2, m4, m10, m15, m14, m1, m11, m12, m6, m8, m3, m13))
        v = _round(v, (m2, m12, m6, m10, m0, m11, m8, m3, m4, m13, m7, m5, m15, m14, m1, m9))
        v = _round(v, (m12, m5, m1, m15, m14, m13, m4, m10, m0, m7, m6, m3, m9, m2, m8, m11))
        v = _round(v, (m13, m11, m7, m14, m12, m1, m3, m9, m5, m0, m15, m4, m8, m6, m2, m10))
        v = _round(v, (m6, m15, m14, m9, m11, m3, m0, m8, m12, m2, m13, m7, m1, m4, m10, m5))
        v = _round(v, (m10, m2, m8, m4, m7, m6, m1, m5, m15, m11, m9, m14, m3, m12, m13, m0))
        v = _round(v, (m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15))
        v = _round(v, (m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3))
        into[lane] = START ^ v[0] ^ v[8]


@compiled
def _hash(prefix: Array, numbers: Array, into: Array) -> None:
    """The digests (n,) of the prefix with each number after it."""
    text = np.zeros(BLOCK, np.uint8)
    text[: len(prefix)] = prefix
    message = text.view(np.uint64)
    words, lengths = np.zeros((16, LANES), np.uint64), np.zeros(LANES, np.uint64)
    found = np.zeros(LANES, np.uint64)
    for start in range(0, len(numbers), LANES):
        size = min(LANES, len(numbers) - start)
        for lane in range(size):
            lengths[lane] = np.uint64(_write(numbers[start + lane], len(prefix), text))
            for place in range(16):
                words[place, lane] = message[place]
        _compress(words, lengths, found)
        for lane in range(size):
            into[start + lane] = found[lane]
