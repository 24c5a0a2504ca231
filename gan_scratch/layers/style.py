"""What a style-based generator begins with and adds (Karras et al. 2019, arXiv 1812.04948, section 2); AdaIN is in layers/conditional.py."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.base import Layer, Parameter


class Constant(Layer):
    """The same learned array C for every sample, whatever x (N, …) is: y (N, *shape). dC = Σ_N dy; dx = 0."""

    def __init__(self, *shape: int, rng=None, init=None):
        init = init or initialisers.normal(1.0)
        self.C = Parameter(init(shape, 1, 1, np.random.default_rng(rng)))

    def _forward(self, x, train):
        xp, C = backend.of(x).xp, self.C.value
        return xp.broadcast_to(C, (len(x), *C.shape)).astype(x.dtype), {"x": x}

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            self.C.grad += dy.sum(0)
        return backend.of(dy).xp.zeros_like(ctx["x"]) if inputs else None

    def __repr__(self):
        return f"Constant({', '.join(map(str, self.C.value.shape))})"


class PlaneNoise(Layer):
    """y = x + b∘ε: one plane of noise ε ~ N(0, 1), (N, *S, 1), for all channels, times a learned strength b (C,) that starts at 0.

    db_c = Σ dy_c ε. It is added at inference too: what is random in a picture but has no meaning, as where each hair lies, needs no place in z.
    """

    def __init__(self, channels: int, *, rng=None):
        self.channels, self.rng = channels, np.random.default_rng(rng)
        self.strength = Parameter(np.zeros(channels, np.float32))

    def _check_input(self, x):
        self._check_channels(x, self.channels)

    def _forward(self, x, train):
        noise = backend.of(x).normal(self.rng, (*x.shape[:-1], 1), x.dtype)
        return x + self.strength.value * noise, {"noise": noise}

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            self.strength.grad += (dy * ctx["noise"]).reshape(-1, self.channels).sum(0)
        return dy if inputs else None

    def __repr__(self):
        return f"PlaneNoise({self.channels})"
