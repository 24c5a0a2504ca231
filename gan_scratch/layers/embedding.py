"""Embedding: a row of numbers for each label."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.base import Layer, Parameter


class Embedding(Layer):
    """y = W[labels]: labels (N,) integers in [0, n), W (n, dim), y (N, dim). A product with one-hot rows, without them.

    Labels have no gradient, so backward returns None. Raises ValueError for labels out of range, TypeError for non-integers.
    """

    def __init__(self, n: int, dim: int, *, rng=None, init=None):
        self.n, self.dim = n, dim
        init = init or initialisers.normal(1.0)
        self.W = Parameter(init((n, dim), n, dim, np.random.default_rng(rng)))

    def _check_input(self, labels):
        if getattr(labels, "dtype", np.dtype(object)).kind not in "iu":
            raise TypeError(f"{self!r} expects an array of integer labels, got {getattr(labels, 'dtype', type(labels).__name__)}")
        if labels.ndim != 1:
            raise ValueError(f"{self!r} expects labels of shape (N,), but got {labels.shape}")
        # NumPy would take -1 as the last row. On a GPU this check would wait for the device, so it is left to the data loader.
        if isinstance(labels, np.ndarray) and len(labels) and (labels.min() < 0 or labels.max() >= self.n):
            raise ValueError(f"{self!r} expects labels from 0 to {self.n - 1}, but got {labels.min()} to {labels.max()}")

    def _forward(self, labels, train):
        return self.W.value[labels], {"labels": labels}

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            one_hot = backend.of(dy).xp.arange(self.n)[:, None] == ctx["labels"]  # (n, N)
            self.W.grad += one_hot.astype(dy.dtype) @ dy
        return None

    def __repr__(self):
        return f"Embedding({self.n}, {self.dim})"
