"""Layers that move numbers without changing them, and one that adds where they are. Their backward pass moves the gradients back."""
from __future__ import annotations

import math

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.base import Layer, LinearLayer


class Reshape(LinearLayer):
    """(N, …) -> (N, *shape); shape doesn't contain the batch axis."""

    def __init__(self, *shape: int):
        if any(not isinstance(s, (int, np.integer)) or s < 1 for s in shape):
            raise ValueError(f"Reshape takes sizes of at least 1, without the batch axis, as in Reshape(7, 7, 32); got {shape}")
        self.shape = shape

    def _check_input(self, x):
        self._check_float(x)
        if math.prod(x.shape[1:]) != math.prod(self.shape):
            raise ValueError(f"{self!r} expects {math.prod(self.shape)} numbers per sample, but x has shape {x.shape}")

    def _forward(self, x, train):
        return x.reshape(len(x), *self.shape), {}

    def _backward(self, dy, ctx, weights, inputs):
        return dy.reshape(tuple(ctx["x_shape"])) if inputs else None

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(str, self.shape))})"


class Flatten(LinearLayer):
    """(N, …) -> (N, features)."""

    def _forward(self, x, train):
        return x.reshape(len(x), -1), {}

    def _backward(self, dy, ctx, weights, inputs):
        return dy.reshape(tuple(ctx["x_shape"])) if inputs else None


class Upsample(LinearLayer):
    """Nearest-neighbour enlargement of every spatial axis: (N, *S, C) -> (N, *scale·S, C).

    Its adjoint, the backward pass, sums over each block of copies.
    """

    def __init__(self, scale: int = 2):
        if scale < 1:
            raise ValueError(f"Upsample: scale must be at least 1, got {scale}")
        self.scale = scale

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim < 3:
            raise ValueError(f"{self!r} expects x of shape (N, *spatial, C), but got {x.shape}")

    def _forward(self, x, train):
        copies = self._blocks(x[(slice(None), *(a for _ in x.shape[1:-1] for a in (slice(None), None)))], x.shape)
        return copies.reshape(len(x), *(s * self.scale for s in x.shape[1:-1]), x.shape[-1]), {}

    def _blocks(self, x, x_shape) -> Array:
        """(N, h, 1, w, 1, C) -> (N, h, scale, w, scale, C)."""
        return backend.of(x).xp.broadcast_to(
            x, (x_shape[0], *(a for s in x_shape[1:-1] for a in (s, self.scale)), x_shape[-1]))

    def _backward(self, dy, ctx, weights, inputs):
        n, *size, channels = map(int, ctx["x_shape"])
        blocks = dy.reshape(n, *(a for s in size for a in (s, self.scale)), channels)
        return blocks.sum(tuple(range(2, 2 + 2 * len(size), 2))) if inputs else None

    def __repr__(self):
        return f"Upsample({self.scale})"


class PixelShuffle(LinearLayer):
    """(N, H, W, C·r²) -> (N, r·H, r·W, C); channel c·r² + i·r + j goes to place (i, j) of its block (Shi et al. 2016, eq. 4)."""

    def __init__(self, scale: int = 2):
        self.scale = scale

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim != 4 or x.shape[-1] % self.scale**2:
            raise ValueError(f"{self!r} expects x of shape (N, H, W, C) with C a multiple of {self.scale**2}, but got {x.shape}")

    def _forward(self, x, train):
        (n, h, w, channels), r = x.shape, self.scale
        y = x.reshape(n, h, w, channels // r**2, r, r).transpose(0, 1, 4, 2, 5, 3)  # (N, h, r, w, r, C)
        return y.reshape(n, h * r, w * r, -1), {}

    def _backward(self, dy, ctx, weights, inputs):
        (n, h, w, channels), r = dy.shape, self.scale
        dx = dy.reshape(n, h // r, r, w // r, r, channels).transpose(0, 1, 3, 5, 2, 4)  # (N, h, w, C, r, r)
        return dx.reshape(n, h // r, w // r, channels * r**2) if inputs else None

    def __repr__(self):
        return f"PixelShuffle({self.scale})"


class ReflectionPad2d(LinearLayer):
    """Extend (N, H, W, C) by `pad` mirrored rows and columns on each side, without repeating the border itself."""

    def __init__(self, pad: int):
        if pad < 0:
            raise ValueError(f"ReflectionPad2d: pad must be at least 0, got {pad}")
        self.pad = pad

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim != 4 or min(x.shape[1:3]) <= self.pad:
            raise ValueError(f"{self!r} expects x of shape (N, H, W, C) with H, W > {self.pad}, but got {x.shape}")

    def _forward(self, x, train):
        p = self.pad
        return backend.of(x).xp.pad(x, ((0, 0), (p, p), (p, p), (0, 0)), mode="reflect"), {}

    def _backward(self, dy, ctx, weights, inputs):
        if not inputs:
            return None
        dx = self._fold(dy)  # mirrored rows come back
        return self._fold(dx.swapaxes(1, 2)).swapaxes(1, 2)  # mirrored columns

    def _fold(self, dy):
        """The adjoint of the padding along axis 1."""
        p = self.pad
        dx = dy[:, p:-p].copy() if p else dy.copy()
        dx[:, 1:p + 1] += dy[:, :p][:, ::-1]
        dx[:, -p - 1:-1] += dy[:, len(dy[0]) - p:][:, ::-1]
        return dx

    def __repr__(self):
        return f"ReflectionPad2d({self.pad})"


class Coordinates(Layer):
    """Adds two channels that say where a place is, from −1 to 1: (N, H, W, C) -> (N, H, W, C + 2) (Liu et al. 2018, CoordConv).

    A convolution treats every place alike; with these it can tell the upper left from the lower right.
    """

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim != 4:
            raise ValueError(f"{self!r} expects x of shape (N, H, W, C), but got {x.shape}")

    def _forward(self, x, train):
        xp, (n, h, w, _) = backend.of(x).xp, x.shape
        rows, columns = xp.linspace(-1, 1, h, dtype=x.dtype)[:, None], xp.linspace(-1, 1, w, dtype=x.dtype)[None]
        planes = xp.stack([rows + 0 * columns, columns + 0 * rows], axis=-1)
        return xp.concatenate([x, xp.broadcast_to(planes, (n, h, w, 2))], axis=-1), {}

    def _backward(self, dy, ctx, weights, inputs):
        return dy[..., :-2] if inputs else None

    def _backward2(self, v, dy, ctx, V):
        n, h, w, _ = v.shape
        return backend.of(v).xp.concatenate([v, backend.of(v).xp.zeros((n, h, w, 2), v.dtype)], axis=-1), 0
