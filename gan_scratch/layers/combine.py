"""Layers that join paths: Residual adds, Concat puts side by side."""
from __future__ import annotations

from typing import Sequence

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers.base import Ctx, Directions, Layer, LinearLayer


class Residual(Layer):
    """y = x + f(x) (He et al. 2016, eq. 1); dx = dy + the gradient through f.

    Raises ValueError when f changes the shape.
    """

    def __init__(self, f: Layer):
        self.f = f

    def forward(self, x: Array, train: bool = True) -> tuple[Array, Ctx]:
        fx, ctx = self.f.forward(x, train)
        if fx.shape != x.shape:
            raise ValueError(f"{self!r} can't add x of shape {x.shape} to f(x) of shape {fx.shape}")
        return x + fx, ctx

    def backward(self, dy: Array, ctx: Ctx, weights: bool = True, inputs: bool = True) -> Array | None:
        dx = self.f.backward(dy, ctx, weights, inputs)
        return dy + dx if inputs else None

    def backward2(self, v: Array, ctx: Ctx, V: Directions | None = None) -> tuple[Array, Array | float]:
        u, c = self.f.backward2(v, ctx, V)
        return v + u, c

    def __repr__(self):
        return f"Residual({self.f!r})"


class Concat(LinearLayer):
    """Several inputs side by side on the channel axis: (N, *S, C₁), (N, *S, C₂), … -> (N, *S, C₁ + C₂ + …).

    forward takes a tuple of arrays and backward returns a tuple. A condition (N, K) beside a feature map (N, H, W, C)
    is repeated at every place, and its gradient is summed over the places. Put first into a Sequential it makes a
    network with several inputs: Sequential(Concat(), Conv2d(…), …).forward((x, condition)).
    """

    def _check_input(self, xs: Sequence[Array]):
        if not isinstance(xs, (tuple, list)) or not xs:
            raise ValueError(f"{self!r} expects a tuple of arrays, but got {type(xs).__name__}")
        for x in xs:
            self._check_float(x)
        widest = max(xs, key=lambda x: x.ndim)
        for x in xs:
            if x.shape[:-1] != widest.shape[:-1] and not (x.ndim == 2 and len(x) == len(widest)):
                raise ValueError(f"{self!r} expects arrays that differ in their last axis only, or (N, K) beside (N, *S, C), "
                                 f"but got {' and '.join(str(x.shape) for x in xs)}")

    def _forward(self, xs, train):
        xp = backend.of(xs[0]).xp
        places = max((x.shape[:-1] for x in xs), key=len)
        wide = [self._repeated(x, places) for x in xs]
        return xp.concatenate(wide, axis=-1), {f"x{i}_shape": np.array(x.shape) for i, x in enumerate(xs)}

    def _repeated(self, x, places):
        if x.shape[:-1] == places:
            return x
        x = x.reshape(len(x), *(1,) * (len(places) - 1), -1)
        return backend.of(x).xp.broadcast_to(x, (*places, x.shape[-1]))

    def _backward(self, dy, ctx, weights, inputs):
        if not inputs:
            return None
        dxs, start = [], 0
        for shape in self._x_shapes(ctx):
            dx = dy[..., start:start + shape[-1]]
            start += shape[-1]
            if len(shape) != dy.ndim:
                dx = dx.sum(tuple(range(1, dy.ndim - 1)))
            dxs.append(backend.of(dy).xp.ascontiguousarray(dx))
        return tuple(dxs)

    def _x_shapes(self, ctx) -> list[tuple]:
        return [tuple(map(int, shape)) for name, shape in ctx.items() if name[0] == "x" and name != "x_shape"]

    def _check_direction(self, v, ctx):
        if [part.shape for part in v] != self._x_shapes(ctx):
            raise ValueError(f"{self!r}: backward2 got v of shapes {[part.shape for part in v]}, expected {self._x_shapes(ctx)}")
