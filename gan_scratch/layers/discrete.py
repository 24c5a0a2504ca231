"""Choices as outputs: a distribution over K symbols on the last axis, and a choice that still has a gradient."""
from __future__ import annotations

from gan_scratch import backend
from gan_scratch.layers.attention import softmax, softmax_backward
from gan_scratch.layers.base import Layer


class Softmax(Layer):
    """p = softmax(x) over the last axis; dx = p∘(dp − Σ dp∘p)."""

    def _forward(self, x, train):
        p = softmax(x)
        return p, {"p": p}

    def _backward(self, dy, ctx, weights, inputs):
        return softmax_backward(dy, ctx["p"]) if inputs else None


class StraightThrough(Softmax):
    """Forward the most likely symbol as a one-hot row, backward as if it had been its distribution (Bengio et al. 2013, arXiv 1308.3432).

    D then sees rows of the form that real ones have; with softmax rows it could tell the two by their sharpness. The gradient isn't that of
    the step function, which is 0 almost everywhere, but softmax's: a biased estimate, on purpose.
    """

    def _forward(self, x, train):
        p = softmax(x)
        one_hot = p.argmax(-1)[..., None] == backend.of(x).xp.arange(x.shape[-1])
        return one_hot.astype(x.dtype), {"p": p}
