"""Dropout: switch numbers off at random in training."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers.base import Layer


class Dropout(Layer):
    """y = x·mask/(1 − p) in training, where each number is kept with probability 1 − p; y = x at inference.

    The division keeps the mean of y (Srivastava et al. 2014, section 10, "inverted").

    Args:
        p: probability of dropping, 0 ≤ p < 1.
        rng: numpy Generator or seed for the masks. Its state belongs to a checkpoint.
    """

    def __init__(self, p: float = 0.5, *, rng=None):
        if not 0 <= p < 1:
            raise ValueError(f"Dropout: p must be at least 0 and below 1, got {p}")
        self.p = p
        self.rng = np.random.default_rng(rng)

    def _forward(self, x, train):
        if not train:
            return x, {}
        kept = backend.of(x).uniform(self.rng, x.shape, x.dtype) >= self.p
        number = x.dtype.type
        mask = kept * (number(1) / number(1 - self.p))
        return x * mask, {"mask": mask}

    def _backward(self, dy, ctx, weights, inputs):
        return (dy * ctx["mask"] if "mask" in ctx else dy) if inputs else None

    def _backward2(self, v, dy, ctx, V):
        return self._backward(v, ctx, False, True), 0  # a diagonal matrix is its own transpose

    def __repr__(self):
        return f"Dropout({self.p})"
