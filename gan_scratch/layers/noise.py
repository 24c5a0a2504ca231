"""Noise that a network adds by itself."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers.base import Layer


class GaussianNoise(Layer):
    """y = x + std·ε, ε ~ N(0, I), in training; y = x at inference. First in D, on real and fake alike, it is instance noise.

    With it p_data and p_g overlap, so D can't separate them without error (Sønderby et al. 2017, arXiv 1610.04490; Arjovsky & Bottou 2017).

    Args:
        std: in the unit of x; assign `layer.std` to let it fall during training.
        rng: numpy Generator or seed. Its state belongs to a checkpoint.
    """

    def __init__(self, std: float, *, rng=None):
        if not std >= 0:
            raise ValueError(f"GaussianNoise: std must be at least 0, got {std}")
        self.std = std
        self.rng = np.random.default_rng(rng)

    def _forward(self, x, train):
        if not train:
            return x, {}
        return x + self.std * backend.of(x).normal(self.rng, x.shape, x.dtype), {}

    def _backward(self, dy, ctx, weights, inputs):
        return dy if inputs else None

    def _backward2(self, v, dy, ctx, V):
        return v, 0

    def __repr__(self):
        return f"GaussianNoise({self.std})"
