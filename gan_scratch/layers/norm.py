"""Batch, instance and layer normalisation: one formula, and three answers to "which numbers share a mean?".

x is viewed as (G groups, n numbers, C columns); the n numbers of a group's column share a mean and a variance:

    batch norm      G = 1,   n = N·∏S,  C = channels     the same channel of all samples and places
    instance norm   G = N,   n = ∏S,    C = channels     one channel of one sample
    layer norm      G = N·…, n = features, C = 1         one sample

With xc = x − mean, inv = 1/√(var + eps), x̂ = xc·inv, and dx̂ = ∂L/∂x̂:

    dx = inv · (dx̂ − mean(dx̂) − xc · inv² · mean(dx̂·xc))

Double backprop. With dx̂ = γδ and centred δ, v (each minus its mean), a = mean(v·x̂), b = mean(δ·x̂), P = mean(v·δ), a column has

    S = ⟨v, dx⟩ = γ · inv · n · (P − ab)

It is symmetric in v and δ, so u = ∂S/∂δ is the formula for dx with v in place of δ; ∂S/∂γ = S/γ. x enters through x̂ and inv,
with ∂inv/∂x = −inv² · x̂/n; sending −γ·inv·(b·v + a·δ) = ∂S/∂x̂ through the formula for dx and adding both parts gives

    c = ∂S/∂x = −γ · inv² · (b·v + a·δ + (P − 3ab) · x̂).
"""
from __future__ import annotations

import math

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array, pointwise
from gan_scratch.layers.base import Layer, Parameter


@pointwise
def scale_and_shift(xp, x, scale, shift):
    return x * scale + shift


@pointwise
def centre(xp, x, mean):
    return x - mean


@pointwise
def combine(xp, dy, a, xc, b, c):
    return a * dy + (b * xc + c)


def standardise(x: Array, eps: float) -> tuple[Array, Array, Array, Array]:
    """x (G, n, C) -> xc (G, n, C), mean, var (biased), inv (G, 1, C)."""
    back = backend.of(x)
    n = x.shape[1]
    mean = back.column_sums(x)[:, None] / n
    xc = centre(x, mean)  # squares of xc, not of x: a large mean would swallow the variance
    var = back.column_dots(xc, xc)[:, None] / n
    return xc, mean, var, 1 / back.xp.sqrt(var + eps)


def sums(dy: Array, xc: Array) -> tuple[Array, Array]:
    """Σ dy and Σ dy·xc over each column, (G, 1, C): dγ, dβ and dx are made of them."""
    back = backend.of(dy)
    return back.column_sums(dy)[:, None], back.column_dots(dy, xc)[:, None]


def standardise_backward(dy: Array, gamma: Array | float, xc: Array, inv: Array, total: Array, dots: Array) -> Array:
    """dx (G, n, C) for dx̂ = gamma·dy, where gamma is constant within a column; total, dots = sums(dy, xc)."""
    n = dy.shape[1]
    a = gamma * inv
    return combine(dy, a, xc, -a * inv**2 * dots / n, -a * total / n)


def standardise_backward2(v: Array, dy: Array, gamma: Array | float, xc: Array, inv: Array) -> tuple[Array, Array, Array]:
    """u (G, n, C), ∂S/∂gamma (G, C), c (G, n, C) for S = ⟨v, standardise_backward(dy, gamma, xc, inv)⟩."""
    back = backend.of(dy)
    n = dy.shape[1]

    def mean(t, s):
        return back.column_dots(t, s)[:, None] / n  # (G, 1, C)

    x_hat = xc * inv
    v = v - back.column_sums(v)[:, None] / n
    dy = dy - back.column_sums(dy)[:, None] / n
    a, b, P = mean(v, x_hat), mean(dy, x_hat), mean(v, dy)
    u = gamma * inv * (v - a * x_hat)
    c = -gamma * inv**2 * (b * v + a * dy + (P - 3 * a * b) * x_hat)
    return u, (inv * n * (P - a * b))[:, 0], c


class _ChannelNorm(Layer):
    """What batch and instance norm share: gamma and beta, one of each per channel."""

    def __init__(self, channels: int, eps: float, affine: bool = True):
        self.channels, self.eps = channels, eps
        self.gamma = Parameter(np.ones(channels, np.float32)) if affine else None
        self.beta = Parameter(np.zeros(channels, np.float32)) if affine else None

    def _grouped(self, x: Array) -> Array:
        """View x (N, *S, C) as (G, n, C)."""
        raise NotImplementedError

    def _check_input(self, x):
        self._check_channels(x, self.channels)

    def _affine(self, xc, inv):
        if self.gamma is None:
            return xc * inv
        return scale_and_shift(xc, self.gamma.value * inv, self.beta.value)

    def _backward(self, dy, ctx, weights, inputs):
        x_shape = dy.shape
        dy = self._grouped(dy)
        total, dots = sums(dy, ctx["xc"])
        if weights and self.gamma is not None:
            self.gamma.grad += (ctx["inv"] * dots).sum((0, 1))  # Σ dy·x̂
            self.beta.grad += total.sum((0, 1))
        if not inputs:
            return None
        gamma = 1.0 if self.gamma is None else self.gamma.value
        return self._input_grad(dy, gamma, ctx, total, dots).reshape(x_shape)

    def _input_grad(self, dy, gamma, ctx, total, dots):
        return standardise_backward(dy, gamma, ctx["xc"], ctx["inv"], total, dots)

    def _backward2(self, v, dy, ctx, V):
        y_shape, xc, inv = dy.shape, ctx["xc"], ctx["inv"]
        v, dy = self._grouped(v), self._grouped(dy)
        if self.gamma is None:
            u, _, c = self._second(v, dy, 1.0, ctx)
            return u.reshape(y_shape), c.reshape(y_shape)
        u, dgamma, c = self._second(v, dy, self.gamma.value, ctx)
        self.gamma.grad += dgamma.sum(0)
        if V is not None:
            u = u + V[self.gamma] * xc * inv + V[self.beta]
            c = c + self._input_grad(dy, V[self.gamma], ctx, *sums(dy, xc))
        return u.reshape(y_shape), c if isinstance(c, int) else c.reshape(y_shape)

    def _second(self, v, dy, gamma, ctx):
        return standardise_backward2(v, dy, gamma, ctx["xc"], ctx["inv"])

    def __repr__(self):
        return f"{type(self).__name__}({self.channels})"


class BatchNorm(_ChannelNorm):
    """Batch normalisation of x (N, *S, C), any number of spatial axes (Ioffe & Szegedy 2015, Algorithm 1).

    In training the batch's own mean and variance are used; at inference running averages of them:
    running ← (1 − momentum)·running + momentum·batch, with the unbiased variance (n − 1).
    A backward pass through inference treats the running averages as the constants that they are.

    Raises ValueError in training when a channel has a single number: its variance would be 0.
    """

    buffers = ("running_mean", "running_var")

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True):
        super().__init__(channels, eps, affine)
        self.momentum = momentum
        self.running_mean = np.zeros(channels, np.float32)
        self.running_var = np.ones(channels, np.float32)

    def _grouped(self, x):
        return x.reshape(1, -1, self.channels)

    def _forward(self, x, train):
        flat = self._grouped(x)
        if train:
            n = flat.shape[1]
            if n < 2:
                raise ValueError(f"{self!r} needs more than one number per channel in training, but got x of shape {x.shape}")
            xc, mean, var, inv = standardise(flat, self.eps)
            m = self.momentum
            self.running_mean *= 1 - m
            self.running_mean += m * mean[0, 0]
            self.running_var *= 1 - m
            self.running_var += m * n / (n - 1) * var[0, 0]
        else:
            xc = flat - self.running_mean
            inv = 1 / backend.of(x).xp.sqrt(self.running_var + self.eps)[None, None]
        return self._affine(xc, inv).reshape(x.shape), {"xc": xc, "inv": inv, "train": np.array(train)}

    def _input_grad(self, dy, gamma, ctx, total, dots):
        return super()._input_grad(dy, gamma, ctx, total, dots) if ctx["train"] else dy * (gamma * ctx["inv"])

    def _second(self, v, dy, gamma, ctx):
        if ctx["train"]:
            return super()._second(v, dy, gamma, ctx)
        inv = ctx["inv"]  # constants: the layer is linear, S = Σ γ·inv·v·δ
        return v * (gamma * inv), inv[:, 0] * backend.of(dy).column_dots(v, dy), 0


class InstanceNorm(_ChannelNorm):
    """Instance normalisation of x (N, *S, C): each channel of each sample by itself (Ulyanov et al. 2016).

    It does the same in training and at inference. Raises ValueError when x has a single place per channel.
    """

    def __init__(self, channels: int, eps: float = 1e-5, affine: bool = True):
        super().__init__(channels, eps, affine)

    def _grouped(self, x):
        return x.reshape(len(x), -1, self.channels)

    def _forward(self, x, train):
        grouped = self._grouped(x)
        if grouped.shape[1] < 2:
            raise ValueError(f"{self!r} needs more than one place per channel, but got x of shape {x.shape}")
        xc, _, _, inv = standardise(grouped, self.eps)
        return self._affine(xc, inv).reshape(x.shape), {"xc": xc, "inv": inv}


class LayerNorm(Layer):
    """Layer normalisation over the trailing axes `shape` of each sample (Ba et al. 2016, eq. 3).

    Args:
        shape: the size of the last axis, or the sizes of the last axes. gamma and beta have this shape.
    """

    def __init__(self, shape: int | tuple, eps: float = 1e-5):
        self.shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.eps = eps
        self.gamma = Parameter(np.ones(self.shape, np.float32))
        self.beta = Parameter(np.zeros(self.shape, np.float32))

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim <= len(self.shape) or x.shape[-len(self.shape):] != self.shape:
            raise ValueError(f"{self!r} expects x of shape (N, …, {', '.join(map(str, self.shape))}), but got {x.shape}")

    def _grouped(self, x):
        return x.reshape(-1, math.prod(self.shape), 1)

    def _forward(self, x, train):
        xc, _, _, inv = standardise(self._grouped(x), self.eps)
        x_hat = (xc * inv).reshape(x.shape)
        return scale_and_shift(x_hat, self.gamma.value, self.beta.value), {"xc": xc, "inv": inv}

    def _backward(self, dy, ctx, weights, inputs):
        xc, inv = ctx["xc"], ctx["inv"]
        if weights:
            rows, back = dy.reshape(-1, math.prod(self.shape)), backend.of(dy)
            self.gamma.grad += back.column_dots(rows, (xc * inv)[..., 0]).reshape(self.shape)
            self.beta.grad += back.column_sums(rows).reshape(self.shape)
        if not inputs:
            return None
        dx_hat = self._grouped(dy * self.gamma.value)
        return standardise_backward(dx_hat, 1.0, xc, inv, *sums(dx_hat, xc)).reshape(dy.shape)

    def _backward2(self, v, dy, ctx, V):
        xc, inv, gamma = ctx["xc"], ctx["inv"], self.gamma.value
        u, _, c = standardise_backward2(self._grouped(v), self._grouped(dy * gamma), 1.0, xc, inv)  # here dx̂ = γ∘δ differs within a group
        u, c = u.reshape(dy.shape), c.reshape(dy.shape)
        rows, size = backend.of(dy), math.prod(self.shape)
        self.gamma.grad += rows.column_dots(dy.reshape(-1, size), u.reshape(-1, size)).reshape(self.shape)
        u = gamma * u
        if V is not None:
            u = u + V[self.gamma] * (xc * inv).reshape(dy.shape) + V[self.beta]
            dx_hat = self._grouped(dy * V[self.gamma])
            c = c + standardise_backward(dx_hat, 1.0, xc, inv, *sums(dx_hat, xc)).reshape(dy.shape)
        return u, c

    def __repr__(self):
        return f"LayerNorm({self.shape})"
