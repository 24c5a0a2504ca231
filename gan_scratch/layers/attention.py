"""Self-attention: every place of a feature map looks at every other (Zhang et al. 2019, SAGAN, arXiv 1805.08318, section 3)."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.base import Layer, Parameter
from gan_scratch.layers.bilinear import Dense


def softmax(s: Array) -> Array:
    """e^s / Σ e^s over the last axis, without overflow."""
    xp = backend.of(s).xp
    e = xp.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_backward(dp: Array, p: Array) -> Array:
    """ds = p∘(dp − Σ dp∘p): the Jacobian diag(p) − p pᵀ times dp."""
    return p * (dp - (dp * p).sum(-1, keepdims=True))


class SelfAttention(Layer):
    """With the T = ∏S places of x (N, *S, C) as rows, queries Q = x Wq, keys K = x Wk, values V = x Wv:

        A = softmax(Q Kᵀ)  (N, T, T), each row sums to 1        (eq. 1)
        y = x + γ·(A V) Wo                                      (eq. 2, 3)

    γ is learned and starts at 0, so that the network begins with its convolutions and adds what is far away later. As in the paper the
    scores aren't divided by √d. Backward, with dO the gradient of O = A V:

        dA = dO Vᵀ,   dV = Aᵀ dO,   dscores = A∘(dA − Σ dA∘A),   dQ = dscores K,   dK = dscoresᵀ Q

    Args:
        channels: C. d: of queries and keys, by default C/8. d_v: of values, by default C/2. γ: its start.
        wrap: applied to each of the four 1×1 convolutions, SpectralNorm in the paper.
    """

    def __init__(self, channels: int, d: int | None = None, d_v: int | None = None, *, gamma: float = 0.0, wrap=lambda layer: layer, rng=None):
        rng = np.random.default_rng(rng)
        d, d_v = d or max(1, channels // 8), d_v or max(1, channels // 2)
        self.channels = channels
        self.query, self.key, self.value, self.out = (wrap(Dense(a, b, bias=False, rng=rng)) for a, b in (
            (channels, d), (channels, d), (channels, d_v), (d_v, channels)))
        self.gamma = Parameter(np.full((), gamma, np.float32))

    def _check_input(self, x):
        self._check_channels(x, self.channels)

    def _forward(self, x, train):
        rows = x.reshape(len(x), -1, self.channels)  # (N, T, C)
        parts = {name: getattr(self, name).forward(rows, train) for name in ("query", "key", "value")}
        Q, K, V = (y for y, _ in parts.values())
        A = softmax(Q @ K.swapaxes(1, 2))  # (N, T, T)
        o, of_out = self.out.forward(A @ V, train)
        ctx = {"Q": Q, "K": K, "V": V, "A": A, "o": o, "tapes": [ctx for _, ctx in parts.values()] + [of_out]}
        return x + self.gamma.value * o.reshape(x.shape), ctx

    def _backward(self, dy, ctx, weights, inputs):
        Q, K, V, A = (ctx[name] for name in "QKVA")
        of_query, of_key, of_value, of_out = ctx["tapes"]
        rows = dy.reshape(len(dy), -1, self.channels)
        if weights:
            self.gamma.grad += (rows * ctx["o"]).sum()
        dO = self.out.backward(self.gamma.value * rows, of_out, weights)  # (N, T, d_v)
        dscores = softmax_backward(dO @ V.swapaxes(1, 2), A)
        dx_query = self.query.backward(dscores @ K, of_query, weights, inputs)
        dx_key = self.key.backward(dscores.swapaxes(1, 2) @ Q, of_key, weights, inputs)
        dx_value = self.value.backward(A.swapaxes(1, 2) @ dO, of_value, weights, inputs)
        return dy + (dx_query + dx_key + dx_value).reshape(dy.shape) if inputs else None

    def __repr__(self):
        return f"SelfAttention({self.channels})"
