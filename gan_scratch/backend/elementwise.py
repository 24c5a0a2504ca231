"""Elementwise formulas and sums of long arrays in NumPy, fast: what backend.Reference computes, and held to it by a test."""
from __future__ import annotations

import math
from typing import Callable

import numpy as np

from gan_scratch.backend.threads import CACHE, cut, share

ROW = 2**10  # numbers that make a good inner loop
LONG = 2**20  # numbers that keep a core busy until another has woken up


def formula(f: Callable, *args) -> np.ndarray:
    """f(numpy, *args) for an elementwise formula, on arrays of one shape, numbers, and rows (… 1, C) that go with each row of the others.

    A short row is repeated, so that NumPy's inner loop runs over about a thousand numbers instead of C. Long arrays are done a piece at a time,
    so that temporaries stay in the cache, and shared among threads.
    """
    arrays = [a for a in args if isinstance(a, np.ndarray) and a.ndim]
    shape = max((a.shape for a in arrays), key=math.prod, default=())
    numbers, rows = math.prod(shape), [a for a in arrays if a.shape != shape]
    if numbers < (ROW if rows else LONG) or not all(_fits(a, shape) for a in arrays):
        return f(np, *args)
    repeat = math.gcd(numbers // shape[-1], max(1, ROW // shape[-1])) if rows else 1

    def flat(a):  # (rows / repeat, repeat·C), or one row of repeat·C
        return a.reshape(-1, repeat * shape[-1]) if a.shape == shape else np.tile(a.reshape(-1), repeat)

    args = [flat(a) if isinstance(a, np.ndarray) and a.ndim else a for a in args]
    if numbers < LONG:
        return f(np, *args).reshape(shape)
    y = np.empty((numbers // shape[-1] // repeat, repeat * shape[-1]), np.result_type(*arrays))

    def work(part):
        for piece in cut(part, max(1, CACHE // y.shape[1])):
            y[piece] = f(np, *(a[piece] if isinstance(a, np.ndarray) and a.ndim == 2 else a for a in args))

    share(work, len(y), numbers)  # about 1 ns each
    return y.reshape(shape)


def _fits(a: np.ndarray, shape: tuple) -> bool:
    """Whether a has the full shape, without gaps, or is one row for all rows."""
    return a.flags.c_contiguous if a.shape == shape else a.size == a.shape[-1] == shape[-1]


def column_dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(1, M, C), (1, M, C) -> (1, C): the sum of a·b over each column of long arrays, a·b a piece at a time."""
    _, m, width = a.shape
    a, b, size = a.reshape(m, width), b.reshape(m, width), max(1, CACHE // width)
    sums = np.empty((-(-m // size), width), a.dtype)

    def work(part):
        for i in range(part.start, part.stop):
            piece = a[i * size:(i + 1) * size] * b[i * size:(i + 1) * size]
            np.matmul(np.ones(len(piece), a.dtype), piece, out=sums[i])

    share(work, len(sums), a.size)
    return sums.sum(0)[None]


def in_place(update: Callable, *vectors: np.ndarray) -> None:
    """update(*vectors) a piece at a time, so that its temporaries stay in the cache."""
    def work(part):
        for piece in cut(part, 2**16):
            update(*(vector[piece] for vector in vectors))

    share(work, len(vectors[0]), 2.5 * len(vectors[0]))
