"""The Bilinear idea: y = A(x, W) + b, where A is linear in x and linear in W.

Dense layers, convolutions and transposed convolutions are all such maps. A subclass writes three faces of its map,

    apply(x, W)      A(x, W)
    adjoint(dy, W)   the map x ↦ A(x, W) turned around: the gradient with respect to x
    wgrad(x, dy)     the map W ↦ A(x, W) turned around: the gradient with respect to W

tied by one identity, which is also the best test there is (no step size, any dtype, any device):

    ⟨dy, A(x, W)⟩ = ⟨adjoint(dy, W), x⟩ = ⟨wgrad(x, dy), W⟩.

forward, backward and double backprop are written once, here. In backward2 the identity does all the work: with δ = dy,

    S = ⟨v, adjoint(δ, W)⟩ + ⟨V, wgrad(x, δ)⟩ + ⟨V_b, Σδ⟩ = ⟨δ, A(v, W)⟩ + ⟨δ, A(x, V)⟩ + ⟨δ, V_b⟩,

so u = ∂S/∂δ = A(v, W) + A(x, V) + V_b, ∂S/∂W = wgrad(v, δ), the ordinary formula with v in place of x, and
c = ∂S/∂x = adjoint(δ, V): without a direction V a bilinear layer has no curvature.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.base import Ctx, Layer, Parameter


class Bilinear(Layer):
    """y = A(x, W) + b. Every face gets the ctx of the call, to read shapes from it."""

    def _create(self, shape: tuple, fan_in: int, fan_out: int, n_out: int, bias: bool, rng, init) -> None:
        init = init or initialisers.he()
        self.W = Parameter(init(shape, fan_in, fan_out, np.random.default_rng(rng)))
        self.b = Parameter(np.zeros(n_out, np.float32)) if bias else None

    def apply(self, x: Array, W: Array, ctx: Ctx) -> Array:
        raise NotImplementedError

    def adjoint(self, dy: Array, W: Array, ctx: Ctx) -> Array:
        raise NotImplementedError

    def wgrad(self, x: Array, dy: Array, ctx: Ctx) -> Array:
        raise NotImplementedError

    def _forward(self, x, train):
        ctx = {"x": x}
        y = self.apply(x, self.W.value, ctx)
        if self.b is not None:
            y += self.b.value
        return y, ctx

    def _backward(self, dy, ctx, weights, inputs):
        def by_W():
            return self.wgrad(ctx["x"], dy, ctx) if weights else None

        def by_x():
            return self.adjoint(dy, self.W.value, ctx) if inputs else None

        back, rows = backend.of(dy), dy.reshape(-1, dy.shape[-1])
        dW, dx = back.both(by_W, by_x, len(rows) * self.W.value.size if weights and inputs else 0)
        if weights:
            self.W.grad += dW
            if self.b is not None:
                self.b.grad += back.column_sums(rows)
        return dx

    def _backward2(self, v, dy, ctx, V):
        ctx_v = {"x": v}
        u = self.apply(v, self.W.value, ctx_v)
        self.W.grad += self.wgrad(v, dy, ctx_v)
        if V is None:
            return u, 0
        u += self.apply(ctx["x"], V[self.W], ctx)
        if self.b is not None:
            u += V[self.b]
        return u, self.adjoint(dy, V[self.W], ctx)


class Dense(Bilinear):
    """y = x W + b: x (N, n_in), W (n_in, n_out), b (n_out,), y (N, n_out).

    Further leading axes, as in a sequence (N, T, n_in), are carried along.

    Args:
        n_in, n_out: sizes.
        bias: False leaves b out (before a normalisation layer).
        rng: numpy Generator or seed.
        init: see layers/init.py; He's by default. b starts at 0.
    """

    def __init__(self, n_in: int, n_out: int, bias: bool = True, *, rng=None, init=None):
        self.n_in, self.n_out = n_in, n_out
        self._create((n_in, n_out), n_in, n_out, n_out, bias, rng, init)

    def apply(self, x, W, ctx):
        return backend.of(x).product(x, W)

    def adjoint(self, dy, W, ctx):
        return backend.of(dy).product(dy, W.T)

    def wgrad(self, x, dy, ctx):
        return backend.of(dy).product(x.reshape(-1, self.n_in).T, dy.reshape(-1, self.n_out))

    def _check_input(self, x):
        self._check_channels(x, self.n_in)

    def __repr__(self):
        return f"Dense({self.n_in}, {self.n_out})"
