"""Layers with a condition: forward takes a pair (x, e) and backward returns the pair of its gradients.

e (N, n_e) is a label as a one-hot row, a row of numbers learned for it, a caption, or a style. Conditional(…) puts such layers and ordinary
ones in a row and hands e to those that want it.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.base import Layer, Parameter
from gan_scratch.layers.bilinear import Dense
from gan_scratch.layers.norm import BatchNorm, InstanceNorm, _ChannelNorm


class ConditionalLayer(Layer):
    """A layer of a pair (x (N, *S, C), e (N, n_e))."""

    n_e: int

    def _check_input(self, pair):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValueError(f"{self!r} expects a pair (x, condition), but got {type(pair).__name__}")
        x, e = pair
        self._check_float(x)
        self._check_float(e)
        if e.shape != (len(x), self.n_e):
            raise ValueError(f"{self!r} expects a condition of shape ({len(x)}, {self.n_e}) for x of shape {x.shape}, but got {e.shape}")

    def _check_device(self, pair):
        for part in pair:
            super()._check_device(part)


class _ConditionalNorm(ConditionalLayer):
    """y = (e A + a)∘x̂ + (e B + b), x̂ = x normalised without weights of its own; a starts at 1, b at 0.

    The scale s = e A + a (N, C) belongs to a sample and a channel, so its gradient is a sum over places:

        ds = Σ_S dy∘x̂,   dt = Σ_S dy,   dA = eᵀ ds,   dB = eᵀ dt,   da = Σ_N ds,   db = Σ_N dt,   de = ds Aᵀ + dt Bᵀ

    and dx̂ = s∘dy goes through the normalisation.
    """

    def __init__(self, norm: _ChannelNorm, n_e: int, *, rng=None, init=None):
        rng, init = np.random.default_rng(rng), init or initialisers.normal(0.1)
        self.norm, self.n_e, channels = norm, n_e, norm.channels
        self.A = Parameter(init((n_e, channels), n_e, channels, rng))
        self.B = Parameter(init((n_e, channels), n_e, channels, rng))
        self.a, self.b = Parameter(np.ones(channels, np.float32)), Parameter(np.zeros(channels, np.float32))

    def _forward(self, pair, train):
        x, e = pair
        x_hat, of_norm = self.norm.forward(x, train)
        scale, shift = e @ self.A.value + self.a.value, e @ self.B.value + self.b.value  # (N, C)
        y = self._at_places(scale, x) * x_hat + self._at_places(shift, x)
        return y, {"x_hat": x_hat, "e": e, "scale": scale, "norm": of_norm}

    def _backward(self, dy, ctx, weights, inputs):
        e, places = ctx["e"], tuple(range(1, dy.ndim - 1))
        dscale, dshift = (dy * ctx["x_hat"]).sum(places), dy.sum(places)  # (N, C)
        if weights:
            self.A.grad += e.T @ dscale
            self.B.grad += e.T @ dshift
            self.a.grad += dscale.sum(0)
            self.b.grad += dshift.sum(0)
        if not inputs:
            return None
        dx = self.norm.backward(self._at_places(ctx["scale"], dy) * dy, ctx["norm"], weights)
        return dx, dscale @ self.A.value.T + dshift @ self.B.value.T

    @staticmethod
    def _at_places(rows, x):
        return rows.reshape(len(x), *(1,) * (x.ndim - 2), -1)

    def __repr__(self):
        return f"{type(self).__name__}({self.norm.channels}, {self.n_e})"


class ConditionalBatchNorm(_ConditionalNorm):
    """Batch norm whose scale and shift are linear in a condition e (N, n_e) (Dumoulin et al. 2017; de Vries et al. 2017)."""

    def __init__(self, channels: int, n_e: int, *, rng=None, init=None):
        super().__init__(BatchNorm(channels, affine=False), n_e, rng=rng, init=init)


class AdaIN(_ConditionalNorm):
    """Adaptive instance norm: each channel of each sample gets mean and deviation from a style e (N, n_e) (Huang & Belongie 2017, eq. 8;
    Karras et al. 2019, eq. 1)."""

    def __init__(self, channels: int, n_e: int, *, rng=None, init=None):
        super().__init__(InstanceNorm(channels, affine=False), n_e, rng=rng, init=init)


class Projection(ConditionalLayer):
    """A logit for features and a condition: l = h w + b + Σ_k h_k (e W)_k, (h (N, n), e (N, n_e)) -> (N, 1)
    (Miyato & Koyama 2018, arXiv 1802.05637, eq. 4). The first part asks whether h looks real, the second whether it fits e.

        dh = dl wᵀ + dl∘(e W),   d(e W) = dl∘h,   and on through the two dense layers

    Args:
        wrap: applied to both dense layers, SpectralNorm in the paper.
    """

    def __init__(self, n: int, n_e: int, *, wrap=lambda layer: layer, rng=None, init=None):
        rng, init = np.random.default_rng(rng), init or initialisers.fan_in_uniform()
        self.n, self.n_e = n, n_e
        self.real, self.fits = wrap(Dense(n, 1, rng=rng, init=init)), wrap(Dense(n_e, n, bias=False, rng=rng, init=init))

    def _check_input(self, pair):
        super()._check_input(pair)
        self._check_shape(pair[0], 2, self.n)

    def _forward(self, pair, train):
        h, e = pair
        l, of_real = self.real.forward(h, train)
        row, of_fits = self.fits.forward(e, train)  # (N, n)
        return l + (h * row).sum(1, keepdims=True), {"h": h, "row": row, "tapes": [of_real, of_fits]}

    def _backward(self, dl, ctx, weights, inputs):
        of_real, of_fits = ctx["tapes"]
        dh = self.real.backward(dl, of_real, weights, inputs)
        de = self.fits.backward(dl * ctx["h"], of_fits, weights, inputs)
        return (dh + dl * ctx["row"], de) if inputs else None

    def __repr__(self):
        return f"Projection({self.n}, {self.n_e})"


class Conditional(Layer):
    """Layers in a row, as in Sequential, of a pair (x, e): conditional layers get e as well. backward returns (dx, de), de summed over them."""

    def __init__(self, *layers: Layer):
        self.layers = list(layers)

    def children(self):
        return {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(self, pair, train=True):
        x, e = pair
        tape = []
        for i, layer in enumerate(self.layers):
            try:
                x, ctx = layer.forward((x, e) if wants_condition(layer) else x, train)
            except (ValueError, TypeError) as error:
                error.args = (f"layer {i}: {error}",)
                raise
            tape.append(ctx)
        return x, [e, tape]

    def backward(self, dy, ctx, weights=True, inputs=True):
        e, tape = ctx
        de = backend.of(e).xp.zeros_like(e)
        for layer, record in zip(reversed(self.layers), reversed(tape)):
            if wants_condition(layer):
                dy, de_layer = layer.backward(dy, record, weights)
                de += de_layer
            else:
                dy = layer.backward(dy, record, weights)
        return (dy, de) if inputs else None

    def __repr__(self):
        return f"Conditional({', '.join(map(repr, self.layers))})"


def wants_condition(layer: Layer) -> bool:
    """Whether a layer takes a pair (x, e)."""
    return isinstance(layer, (ConditionalLayer, Conditional))

