"""Small parts that several variants are made of. Their steps they write themselves."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers import BatchNorm, Conv2d, Layer, ReLU, Residual, Sequential


def normal(net: Layer, rng: np.random.Generator, *shape: int) -> Array:
    """Numbers from N(0, 1) of this shape, on the device and in the dtype of a network."""
    like = net.params[0].value
    return backend.of(like).normal(rng, shape, like.dtype)


def residual(c: int, rng: np.random.Generator) -> Residual:
    """x + f(x), f two convolutions with batch norm: (N, S, S, c) -> (N, S, S, c)."""
    return Residual(Sequential(Conv2d(c, c, 3, 1, bias=False, rng=rng), BatchNorm(c), ReLU(), Conv2d(c, c, 3, 1, bias=False, rng=rng), BatchNorm(c)))


def require_size(shape: tuple, size: int, known: str) -> None:
    """Raises ValueError, which ends with `known`, where to get such, unless images (size, size, C) are asked for."""
    if tuple(shape[:2]) != (size, size):
        raise ValueError(f"this variant is made for images of shape ({size}, {size}, C), not {shape}; {known}")
