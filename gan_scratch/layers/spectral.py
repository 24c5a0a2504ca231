"""Spectral normalisation: a layer whose weights are divided by their largest singular value (Miyato et al. 2018, arXiv 1802.05957)."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.base import Layer
from gan_scratch.layers.bilinear import Bilinear

TINY = 1e-12  # a matrix of zeros has no directions


class SpectralNorm(Layer):
    """y = A(x, W/σ) + b, σ = leftᵀ W right, for a bilinear layer: Dense, convolution or transposed convolution.

    Two unit vectors, left (rows,) and right (columns,), approach the singular vectors of the largest singular value by power iteration,
    left ← W right/‖W right‖, right ← Wᵀ left/‖Wᵀ left‖ (Algorithm 1): one each time that the layer is used in training; at inference they
    rest. W is seen as its matrix (all other axes, last axis). A Dense layer gets the Lipschitz constant 1. A convolution's can be larger,
    up to the root of the number of windows that share a place.

    The gradient is the exact one of W/σ with left and right held fixed, as in the paper (eq. 12):

        dW = (dW̄ − ⟨dW̄, W̄⟩ left rightᵀ)/σ,   W̄ = W/σ.

    Holding them fixed costs nothing once they have converged: at the singular vectors left rightᵀ is the exact derivative of σ.

    Args:
        layer: its W and b become this layer's.
        iterations: of the power method for each use. rng: Generator or seed for where it starts; 15 iterations are done at once.
    """

    buffers = ("left", "right")

    def __init__(self, layer: Bilinear, iterations: int = 1, *, rng=None):
        if not isinstance(layer, Bilinear):
            raise ValueError(f"SpectralNorm normalises Dense and convolution layers, not {layer!r}")
        self.layer, self.iterations, self.W, self.b = layer, iterations, layer.W, layer.b
        rows, columns = layer.W.value.reshape(-1, layer.W.value.shape[-1]).shape
        self.left = np.zeros(rows, np.float32)
        self.right = unit(np.random.default_rng(rng).standard_normal(columns, np.float32))
        self._iterate(15)

    def children(self):
        return {}  # the inner layer's parameters are this one's

    def _iterate(self, times: int) -> None:
        W = self._matrix()
        for _ in range(times):
            self.left = unit(W @ self.right)
            self.right = unit(W.T @ self.left)

    def _matrix(self) -> Array:
        return self.W.value.reshape(-1, self.W.value.shape[-1])

    def _check_input(self, x):
        self.layer._check_input(x)

    def _forward(self, x, train):
        if train:
            self._iterate(self.iterations)
        sigma = self.left @ (self._matrix() @ self.right)  # 0-d
        ctx = {"x": x, "W": self.W.value / sigma, "sigma": sigma, "left": self.left, "right": self.right}
        y = self.layer.apply(x, ctx["W"], ctx)
        if self.b is not None:
            y += self.b.value
        return y, ctx

    def _backward(self, dy, ctx, weights, inputs):
        if weights:
            self.W.grad += self._through_sigma(self.layer.wgrad(ctx["x"], dy, ctx), ctx)
            if self.b is not None:
                self.b.grad += backend.of(dy).column_sums(dy.reshape(-1, dy.shape[-1]))
        return self.layer.adjoint(dy, ctx["W"], ctx) if inputs else None

    def _through_sigma(self, dW, ctx):
        """From the gradient for W̄ to the gradient for W."""
        return (dW - (dW * ctx["W"]).sum() * self._outer(ctx)) / ctx["sigma"]

    def _outer(self, ctx):
        return (ctx["left"][:, None] * ctx["right"]).reshape(self.W.value.shape)  # ∂σ/∂W

    def _backward2(self, v, dy, ctx, V):
        ctx_v = {"x": v}
        u = self.layer.apply(v, ctx["W"], ctx_v)
        self.W.grad += self._through_sigma(self.layer.wgrad(v, dy, ctx_v), ctx)
        if V is None:
            return u, 0
        # A direction V of W moves W̄ along V̄ = (V − ⟨∂σ/∂W, V⟩ W̄)/σ, which itself depends on W.
        W, sigma, E = ctx["W"], ctx["sigma"], self._outer(ctx)
        along = (E * V[self.W]).sum()
        V_bar = (V[self.W] - along * W) / sigma
        Q = self.layer.wgrad(ctx["x"], dy, ctx)
        self.W.grad += (2 * along * (Q * W).sum() * E - (Q * V[self.W]).sum() * E - along * Q) / sigma**2
        u += self.layer.apply(ctx["x"], V_bar, ctx)
        if self.b is not None:
            u += V[self.b]
        return u, self.layer.adjoint(dy, V_bar, ctx)

    def __repr__(self):
        return f"SpectralNorm({self.layer!r})"


def unit(a: Array) -> Array:
    """a/‖a‖; zeros stay zeros."""
    return a / (backend.of(a).xp.sqrt((a * a).sum()) + TINY)
