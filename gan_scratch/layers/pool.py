"""Pooling: a window becomes one number, channel by channel."""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array, output_size
from gan_scratch.layers.base import Layer, LinearLayer


class _Pool2d(Layer):
    """x (N, H, W, C) -> y (N, h, w, C), h = ⌊(H + 2 pad − kernel)/stride⌋ + 1. stride is kernel unless given."""

    fill: float  # what the padding holds

    def __init__(self, kernel: int = 2, stride: int | None = None, pad: int = 0):
        self.kernel, self.stride, self.pad = kernel, kernel if stride is None else stride, pad
        if kernel < 1 or self.stride < 1 or not 0 <= 2 * pad <= kernel:
            raise ValueError(f"{self!r}: kernel and stride must be at least 1, pad between 0 and kernel/2")

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim != 4 or min(x.shape[1:3]) + 2 * self.pad < self.kernel:
            raise ValueError(f"{self!r} expects x of shape (N, H, W, C), not smaller than its kernel, but got {x.shape}")

    def _windows(self, x: Array) -> Array:
        """(N·h·w, k·k, C)"""
        cols = backend.of(x).im2col(x, *self._geometry(), fill=self.fill)
        return cols.reshape(-1, self.kernel**2, x.shape[-1])

    def _place_back(self, dwindows: Array, ctx) -> Array:
        return backend.of(dwindows).col2im(dwindows, tuple(map(int, ctx["x_shape"])), *self._geometry())

    def _geometry(self):
        return (self.kernel,) * 2, (self.stride,) * 2, (self.pad,) * 2

    def _y_shape(self, x):
        return (len(x), *(output_size(s, self.kernel, self.stride, self.pad) for s in x.shape[1:3]), x.shape[-1])

    def __repr__(self):
        return f"{type(self).__name__}({self.kernel}, stride={self.stride}, pad={self.pad})"


class MaxPool2d(_Pool2d):
    """The largest number of each window. The gradient goes to where it stood (the first place, where several are equal)."""

    fill = -np.inf

    def _forward(self, x, train):
        windows = self._windows(x)
        winner = windows.argmax(1)[:, None]  # (N·h·w, 1, C)
        y = backend.of(x).xp.take_along_axis(windows, winner, 1)
        return y.reshape(self._y_shape(x)), {"winner": winner}

    def _backward(self, dy, ctx, weights, inputs):
        if not inputs:
            return None
        xp, winner = backend.of(dy).xp, ctx["winner"]
        is_winner = xp.arange(self.kernel**2)[:, None] == winner  # (N·h·w, k·k, C)
        return self._place_back(is_winner * dy.reshape(winner.shape), ctx)

    def _backward2(self, v, dy, ctx, V):
        cols = backend.of(v).im2col(v, *self._geometry()).reshape(-1, self.kernel**2, v.shape[-1])  # (N·h·w, k·k, C)
        return backend.of(v).xp.take_along_axis(cols, ctx["winner"], 1).reshape(dy.shape), 0


class AvgPool2d(LinearLayer, _Pool2d):
    """The mean of each window; padding counts as zeros. Each place gets dy/k²."""

    fill = 0.0

    def _forward(self, x, train):
        return self._windows(x).mean(1).reshape(self._y_shape(x)), {}

    def _backward(self, dy, ctx, weights, inputs):
        if not inputs:
            return None
        share = dy.reshape(-1, 1, dy.shape[-1]) / self.kernel**2
        return self._place_back(backend.of(dy).xp.repeat(share, self.kernel**2, axis=1), ctx)


class SumPool(LinearLayer):
    """The sum over all places: x (N, *S, C) -> (N, C). Each place gets dy."""

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim < 3:
            raise ValueError(f"{self!r} expects x of shape (N, *S, C), but got {x.shape}")

    def _forward(self, x, train):
        return x.sum(tuple(range(1, x.ndim - 1))), {}

    def _backward(self, dy, ctx, weights, inputs):
        shape = tuple(map(int, ctx["x_shape"]))
        places = dy.reshape(len(dy), *(1,) * (len(shape) - 2), -1)
        return backend.of(dy).xp.broadcast_to(places, shape) if inputs else None
