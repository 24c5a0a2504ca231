"""Activations: y = φ(x), element by element, dx = φ′(x)·dy.

Each φ′ here is written in terms of y, so a layer keeps nothing but its output, which the next layer keeps as well.
backward2: of S = ⟨v, φ′(x)·δ⟩, u = φ′(x)·v, the backward formula with v in place of δ, and c = φ″(x)·δ·v.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array, pointwise
from gan_scratch.layers.base import Layer, Parameter


@pointwise
def leaky_relu(xp, x, slope):
    return xp.maximum(x, slope * x)


@pointwise
def leaky_relu_backward(xp, dy, y, slope, rest):
    """xp.where(y > 0, dy, slope·dy), without where, which is slow on random signs (python -m
    tests.benchmarks.tricks); rest is 1 − slope.

    (cupy.fuse would compute 1 − slope, a number with a number, in half precision.)
    """
    return dy * ((y > 0).astype(y.dtype) * rest + slope)


@pointwise
def relu_backward(xp, dy, y):
    return dy * (y > 0)


@pointwise
def tanh(xp, x):
    return xp.tanh(x)


@pointwise
def tanh_backward(xp, dy, y):
    return dy * (1 - y * y)


@pointwise
def tanh_curvature(xp, v, dy, y):
    return -2 * y * (1 - y * y) * dy * v


@pointwise
def sigmoid(xp, x):
    """1 / (1 + e^(−x)) without overflow: no exponent is ever positive."""
    return xp.exp(xp.minimum(x, 0)) / (1 + xp.exp(-xp.abs(x)))


@pointwise
def sigmoid_backward(xp, dy, y):
    return dy * y * (1 - y)


@pointwise
def sigmoid_curvature(xp, v, dy, y):
    return y * (1 - y) * (1 - 2 * y) * dy * v


@pointwise
def softplus(xp, x):
    """log(1 + e^x) without overflow, and without losing e^x when x ≪ 0."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@pointwise
def softplus_backward(xp, dy, y):
    """φ′ = σ(x) = 1 − e^(−y)."""
    return dy * -xp.expm1(-y)


@pointwise
def softplus_curvature(xp, v, dy, y):
    """φ″ = σ(x)(1 − σ(x))."""
    return -xp.expm1(-y) * xp.exp(-y) * dy * v


class Elementwise(Layer):
    """y = φ(x) with dx = φ′·dy; a subclass writes `phi(x)`, `phi_backward(dy, y)` = φ′·dy and `phi_curvature(v, dy, y)` = φ″·dy·v."""

    def phi(self, x: Array) -> Array:
        raise NotImplementedError

    def phi_backward(self, dy: Array, y: Array) -> Array:
        raise NotImplementedError

    def phi_curvature(self, v: Array, dy: Array, y: Array) -> Array | float:
        raise NotImplementedError

    def _forward(self, x, train):
        y = self.phi(x)
        return y, {"y": y}

    def _backward(self, dy, ctx, weights, inputs):
        return self.phi_backward(dy, ctx["y"]) if inputs else None

    def _backward2(self, v, dy, ctx, V):
        return self.phi_backward(v, ctx["y"]), self.phi_curvature(v, dy, ctx["y"])


class LeakyReLU(Elementwise):
    """φ(x) = max(x, slope·x), 0 ≤ slope ≤ 1; at x = 0 the derivative is taken as slope. (Maas et al. 2013)"""

    def __init__(self, slope: float = 0.2):
        if not 0 <= slope <= 1:
            raise ValueError(f"LeakyReLU: slope must be between 0 and 1, got {slope}")
        self.slope = float(slope)

    def phi(self, x):
        return leaky_relu(x, self.slope)

    def phi_backward(self, dy, y):
        return leaky_relu_backward(dy, y, self.slope, 1 - self.slope)

    def phi_curvature(self, v, dy, y):
        return 0

    def __repr__(self):
        return f"LeakyReLU({self.slope})"


class ReLU(LeakyReLU):
    """φ(x) = max(x, 0); at x = 0 the derivative is taken as 0."""

    def __init__(self):
        super().__init__(0.0)

    def phi_backward(self, dy, y):
        return relu_backward(dy, y)

    def __repr__(self):
        return "ReLU()"


class Tanh(Elementwise):
    """φ(x) = tanh x, φ′ = 1 − y²."""

    def phi(self, x):
        return tanh(x)

    def phi_backward(self, dy, y):
        return tanh_backward(dy, y)

    def phi_curvature(self, v, dy, y):
        return tanh_curvature(v, dy, y)


class Sigmoid(Elementwise):
    """φ(x) = σ(x) = 1/(1 + e^(−x)), φ′ = y(1 − y). Losses on logits need no Sigmoid: they contain it."""

    def phi(self, x):
        return sigmoid(x)

    def phi_backward(self, dy, y):
        return sigmoid_backward(dy, y)

    def phi_curvature(self, v, dy, y):
        return sigmoid_curvature(v, dy, y)


class Softplus(Elementwise):
    """φ(x) = log(1 + e^x), φ′ = σ(x) = 1 − e^(−y)."""

    def phi(self, x):
        return softplus(x)

    def phi_backward(self, dy, y):
        return softplus_backward(dy, y)

    def phi_curvature(self, v, dy, y):
        return softplus_curvature(v, dy, y)


class PReLU(Layer):
    """y = max(x, 0) + a·min(x, 0), with a trained: one number, or one per channel (He et al. 2015).

    Args:
        channels: 1, or the size of x's last axis.
        slope: the initial a.
    """

    def __init__(self, channels: int = 1, slope: float = 0.25):
        self.a = Parameter(np.full(channels, slope, np.float32))

    def _check_input(self, x):
        self._check_float(x)
        if len(self.a.value) not in (1, x.shape[-1]):
            raise ValueError(f"{self!r} expects x with {len(self.a.value)} channels on its last axis, but got {x.shape}")

    def _forward(self, x, train):
        a, xp = self.a.value, backend.of(x).xp
        return xp.maximum(x, 0) + a * xp.minimum(x, 0), {"x": x}

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            self._add_slope_gradient(dy, backend.of(dy).xp.minimum(ctx["x"], 0))
        return dy * self._slopes(ctx["x"]) if inputs else None

    def _backward2(self, v, dy, ctx, V):
        x, xp = ctx["x"], backend.of(dy).xp
        self._add_slope_gradient(dy, v * (x <= 0))  # of S = ⟨v, φ′(x)·δ⟩
        u = v * self._slopes(x)
        if V is None:
            return u, 0
        return u + V[self.a] * xp.minimum(x, 0), V[self.a] * dy * (x <= 0)

    def _slopes(self, x):
        return backend.of(x).xp.where(x > 0, x.dtype.type(1), self.a.value)

    def _add_slope_gradient(self, dy, x):
        da = backend.of(dy).column_dots(*(t.reshape(-1, x.shape[-1]) for t in (dy, x)))  # (C,)
        self.a.grad += da if len(self.a.value) > 1 else da.sum()

    def __repr__(self):
        return f"PReLU({len(self.a.value)})"
