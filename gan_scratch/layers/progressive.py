"""What progressive growing brought (Karras et al. 2018, arXiv 1710.10196): pixel norm, minibatch deviation, equalised learning rate."""
from __future__ import annotations

import math

import numpy as np

from gan_scratch import backend
from gan_scratch.layers.base import Layer
from gan_scratch.layers.bilinear import Bilinear, Dense
from gan_scratch.layers.conv import Conv1d, Conv2d, Conv3d


class PixelNorm(Layer):
    """y = x r, r = 1/√(mean_c x² + eps): each place's vector over the channels gets length √C (section 4.2).

        dx = r (dy − x r² mean_c(dy∘x))
    """

    def __init__(self, eps: float = 1e-8):
        self.eps = eps

    def _forward(self, x, train):
        r = 1 / backend.of(x).xp.sqrt((x * x).mean(-1, keepdims=True) + self.eps)  # (N, *S, 1)
        return x * r, {"x": x, "r": r}

    def _backward(self, dy, ctx, weights, inputs):
        x, r = ctx["x"], ctx["r"]
        return r * (dy - x * r * r * (dy * x).mean(-1, keepdims=True)) if inputs else None


class MinibatchStd(Layer):
    """Adds a channel that holds one number: the mean, over places and channels, of the deviation over the batch (section 3).

        σ_f = √(1/N Σ_n (x_nf − μ_f)² + eps),   s = mean_f σ_f,   (N, *S, C) -> (N, *S, C + 1)

    With F = ∏S·C and ds the sum of dy's last channel: dx = dy's other channels + ds (x − μ)/(N F σ). A D that sees s notices a batch that
    varies too little, without weights to learn. Departure: the whole batch is one group; the authors' code takes groups of 4.
    """

    def __init__(self, eps: float = 1e-8):
        self.eps = eps

    def _forward(self, x, train):
        xp = backend.of(x).xp
        xc = x - x.mean(0)
        sigma = xp.sqrt((xc * xc).mean(0) + self.eps)  # (*S, C)
        s = xp.broadcast_to(sigma.mean(), (*x.shape[:-1], 1))
        return xp.concatenate([x, s], axis=-1), {"xc": xc, "sigma": sigma}

    def _backward(self, dy, ctx, weights, inputs):
        if not inputs:
            return None
        xc, sigma = ctx["xc"], ctx["sigma"]
        ds = dy[..., -1].sum()
        return dy[..., :-1] + ds / xc.size * xc / sigma


class EqualisedLR(Layer):
    """y = A(x, s W) + b, s = √(2/fan_in), W from N(0, 1), for Dense and convolutions (section 4.1).

    The initial function is He's. But Adam moves every weight by about the learning rate whatever its scale; here all weights have the same
    scale, and so the same relative speed. dW = s·dW̄ with W̄ = s W.

    Args:
        layer: its W (drawn anew) and b become this layer's. gain: instead of √2, for a layer without ReLU after it.

    Raises ValueError for a transposed convolution, whose fan_in differs from place to place.
    """

    def __init__(self, layer: Bilinear, gain: float = math.sqrt(2), *, rng=None):
        if not isinstance(layer, (Dense, Conv1d, Conv2d, Conv3d)):
            raise ValueError(f"EqualisedLR scales Dense and convolution layers, not {layer!r}; use Upsample and a convolution")
        shape = layer.W.value.shape
        self.layer, self.W, self.b = layer, layer.W, layer.b
        self.W.value = np.random.default_rng(rng).standard_normal(shape, np.float32)
        self.scale = gain / math.sqrt(math.prod(shape[:-1]))

    def children(self):
        return {}  # the inner layer's parameters are this one's

    def _check_input(self, x):
        self.layer._check_input(x)

    def _forward(self, x, train):
        ctx = {"x": x}
        y = self.layer.apply(x, self.scale * self.W.value, ctx)
        if self.b is not None:
            y += self.b.value
        return y, ctx

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            self.W.grad += self.scale * self.layer.wgrad(ctx["x"], dy, ctx)
            if self.b is not None:
                self.b.grad += backend.of(dy).column_sums(dy.reshape(-1, dy.shape[-1]))
        return self.layer.adjoint(dy, self.scale * self.W.value, ctx) if inputs else None

    def _backward2(self, v, dy, ctx, V):
        ctx_v = {"x": v}
        u = self.layer.apply(v, self.scale * self.W.value, ctx_v)
        self.W.grad += self.scale * self.layer.wgrad(v, dy, ctx_v)
        if V is None:
            return u, 0
        direction = self.scale * V[self.W]
        u += self.layer.apply(ctx["x"], direction, ctx)
        if self.b is not None:
            u += V[self.b]
        return u, self.layer.adjoint(dy, direction, ctx)

    def __repr__(self):
        return f"EqualisedLR({self.layer!r})"
