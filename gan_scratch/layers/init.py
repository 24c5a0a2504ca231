"""Initial weights. An initialiser is a function (shape, fan_in, fan_out, rng) -> float32 array.

fan_in is the number of inputs that one output sums over, fan_out the number of outputs that one input reaches.
"""
from __future__ import annotations

import math
from typing import Callable

import numpy as np

Init = Callable[[tuple, int, int, np.random.Generator], np.ndarray]


def normal(std: float = 0.02) -> Init:
    """N(0, std²), the choice of the DCGAN paper (Radford et al. 2016, section 4). It relies on batch normalisation."""
    return lambda shape, fan_in, fan_out, rng: std * rng.standard_normal(shape, np.float32)


def glorot() -> Init:
    """U(−a, a), a = √(6 / (fan_in + fan_out)), for tanh and sigmoid (Glorot & Bengio 2010, eq. 16)."""
    return lambda shape, fan_in, fan_out, rng: _uniform(math.sqrt(6 / (fan_in + fan_out)), shape, rng)


def he(slope: float = 0.0) -> Init:
    """N(0, 2 / ((1 + slope²) fan_in)), for ReLU and LeakyReLU(slope) (He et al. 2015, eq. 10 and 15)."""
    return lambda shape, fan_in, fan_out, rng: (
        math.sqrt(2 / ((1 + slope**2) * fan_in)) * rng.standard_normal(shape, np.float32))


def fan_in_uniform() -> Init:
    """U(−a, a), a = 1/√fan_in: PyTorch's default, a third of the variance that keeps a linear layer's scale."""
    return lambda shape, fan_in, fan_out, rng: _uniform(1 / math.sqrt(fan_in), shape, rng)


def orthogonal(gain: float = 1.0) -> Init:
    """Orthonormal rows or columns of the (all other axes, last axis) matrix, times gain (Saxe et al. 2014)."""

    def init(shape, fan_in, fan_out, rng):
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # without this the result isn't uniform over the orthogonal matrices
        return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(np.float32)

    return init


def _uniform(a: float, shape: tuple, rng: np.random.Generator) -> np.ndarray:
    return a * (2 * rng.random(shape, np.float32) - 1)
