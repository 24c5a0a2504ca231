"""Correlation with fewer multiplications, for kernels of two strides (k = 2s): the case of the DCGAN, k = 4, s = 2.

Cut kernel and image into blocks of one stride. On each axis an output is then a correlation of *two* blocks, y_i = d_i g_0 + d_(i+1) g_1, and
two neighbouring outputs need three products instead of four (Winograd 1980; Lavin & Gray 2016, arXiv 1509.09308, F(2, 2)); one that is left
over at the end of an odd number needs its own two, m_0 and m_1:

    m_0 = (d_0 − d_1) g_0,   m_1 = d_1 (g_0 + g_1),   m_2 = (d_1 − d_2) g_1,      y_0 = m_0 + m_1,   y_1 = m_1 − m_2

In two dimensions, where each m is such a correlation along the second axis, 9 products do the work of 16, in three 27 that of 64. Each is a
matrix product over the numbers of a block; all coefficients are ±1, so float32 loses no more than usual. The other two faces of the bilinear
map are the same three products turned around, with e_0, e_1 the gradients of y_0, y_1 and U = (g_0, g_0 + g_1, g_1):

    v_0 = e_0 U_0ᵀ,  v_1 = (e_0 + e_1) U_1ᵀ,  v_2 = e_1 U_2ᵀ,     dd_0 = v_0,  dd_1 = v_1 − v_0 − v_2,  dd_2 = v_2
    dU_0 = (d_0 − d_1)ᵀ e_0,  dU_1 = d_1ᵀ (e_0 + e_1),  dU_2 = (d_2 − d_1)ᵀ e_1,     dg_0 = dU_0 + dU_1,  dg_1 = dU_1 + dU_2

What it costs are the sums, so it pays where blocks have many numbers (`pays`).
"""
from __future__ import annotations

import itertools
import math

import numpy as np

from gan_scratch.backend.windows import cost, frames, from_blocks, output_size, product, to_blocks
from gan_scratch.backend.threads import CACHE, cut, share


def pays(W_shape: tuple, places: tuple, stride: tuple) -> bool:
    """Whether it is faster than im2col, for weights of shape (*k, C, C′) and that many outputs on each axis.

    The products that are saved must outweigh the sums, which are as many as numbers go in and out of a product.
    """
    *kernel, channels, c_out = W_shape
    if any(k != 2 * s for k, s in zip(kernel, stride)):
        return False
    left = math.prod((m // 2 + 2 * -(-m // 2)) / (2 * m) for m in places)  # products, relative to those of im2col
    width = math.prod(stride) * channels
    return (1 - left) * width * c_out / (width + c_out) > 14  # found by measuring


def correlate(x: np.ndarray, W: np.ndarray, stride: tuple, pad: tuple) -> np.ndarray:
    """y of x (N, *S, C) and W (*k, C, C′): (N, *out, C′)."""
    places = tuple(output_size(*a) for a in zip(x.shape[1:-1], W.shape, stride, pad))
    y, U = np.empty((len(x), *places, W.shape[-1]), x.dtype), _G(W, stride)

    def work(part):
        for some, framed in frames(x, part, few, W.shape[:-2], stride, pad):
            y[some] = _apply(to_blocks(framed, stride), U)

    few = _samples(places, U)
    share(work, len(x), _cost(len(x), places, U))
    return y


def correlate_adjoint(dy: np.ndarray, W: np.ndarray, x_shape: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dx (N, *S, C) of dy (N, *out, C′)."""
    dx, places, U = np.empty(x_shape, dy.dtype), dy.shape[1:-1], _G(W, stride)

    def work(part):
        for some in cut(part, few):
            from_blocks(_adjoint(dy[some], U), stride, pad, out=dx[some])

    few = _samples(places, U)
    share(work, len(dy), _cost(len(dy), places, U))
    return dx


def correlate_wgrad(x: np.ndarray, dy: np.ndarray, kernel: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dW (*k, C, C′). Threads share the channels of x, so that no sum depends on their number."""
    places, axes = dy.shape[1:-1], len(kernel)
    dU = np.zeros((*(3,) * axes, *stride, x.shape[-1], dy.shape[-1]), x.dtype)

    def work(part):
        for some, framed in frames(x[..., part], slice(0, len(x)), few, kernel, stride, pad):
            _wgrad(to_blocks(framed, stride), dy[some], dU[..., part, :], axes)

    few = _samples(places, dU)
    share(work, x.shape[-1], _cost(len(x), places, dU))
    return _Gt(dU)


# --- the three faces on blocks, one axis after the other ------------------------------------------------------------------

def _apply(d, U):
    """d (N, …, m + 1, …, K), U (3, …, K, C′) -> y (N, …, m, …, C′). One axis for each 3."""
    axis = d.ndim - U.ndim + 1
    if axis == d.ndim - 1:
        return product(d.reshape(-1, d.shape[-1]), U).reshape(*d.shape[:-1], U.shape[1])
    d0, d1, d2 = _triples(d, axis)
    m0, m1, m2 = _apply(d0 - d1, U[0]), _apply(d1, U[1]), _apply(_beside(d1, d2, axis) - d2, U[2])
    y = np.empty((*m0.shape[:axis], d.shape[axis] - 1, *m0.shape[axis + 1:]), d.dtype)
    y0, y1 = _pairs(y, axis)
    np.add(m0, m1, out=y0)
    np.subtract(_beside(m1, m2, axis), m2, out=y1)
    return y


def _adjoint(e, U):
    """e (N, …, m, …, C′) -> dd (N, …, m + 1, …, K)."""
    axis = e.ndim - U.ndim + 1
    if axis == e.ndim - 1:
        return product(e.reshape(-1, e.shape[-1]), U.T).reshape(*e.shape[:-1], U.shape[0])
    e0, e1 = _pairs(e, axis)
    v0, v1, v2 = _adjoint(e0, U[0]), _adjoint(_sum(e0, e1, axis), U[1]), _adjoint(e1, U[2])
    d = np.empty((*v0.shape[:axis], e.shape[axis] + 1, *v0.shape[axis + 1:]), e.dtype)
    _, d1, d2 = _triples(d, axis)
    np.subtract(v1, v0, out=d1)
    _beside(d1, v2, axis)[...] -= v2
    _at(d, axis, 0, 1)[...] = _at(v0, axis, 0, 1)
    within = v0.shape[axis] - 1  # a d_2 is the d_0 of the next pair
    np.add(_at(v0, axis, 1, None), _at(v2, axis, 0, within), out=_at(d2, axis, 0, within))
    _at(d2, axis, within, None)[...] = _at(v2, axis, within, None)
    return d


def _wgrad(d, e, dU, axes):
    """Add to dU (3, …, *s, C, C′)."""
    axis = d.ndim - 1 - axes
    if not axes:
        dU += product(d.reshape(-1, d.shape[-1]).T, e.reshape(-1, e.shape[-1])).reshape(dU.shape)
        return
    (d0, d1, d2), (e0, e1) = _triples(d, axis), _pairs(e, axis)
    _wgrad(d0 - d1, e0, dU[0], axes - 1)
    _wgrad(d1, _sum(e0, e1, axis), dU[1], axes - 1)
    _wgrad(d2 - _beside(d1, d2, axis), e1, dU[2], axes - 1)


def _triples(d, axis):
    """d_0, d_1, d_2 of every pair of outputs, as views; no d_2 for an output that is left over."""
    before = (slice(None),) * axis
    return d[before + (slice(0, -1, 2),)], d[before + (slice(1, None, 2),)], d[before + (slice(2, None, 2),)]


def _pairs(y, axis):
    """The first and the second of every pair, as views."""
    before = (slice(None),) * axis
    return y[before + (slice(0, None, 2),)], y[before + (slice(1, None, 2),)]


def _at(a, axis, start, stop):
    return a[(slice(None),) * axis + (slice(start, stop),)]


def _beside(a, b, axis):
    """As much of a as there is of b."""
    return _at(a, axis, 0, b.shape[axis])


def _sum(e0, e1, axis):
    if e0.shape == e1.shape:
        return e0 + e1
    total = e0.copy()
    _beside(total, e1, axis)[...] += e1
    return total


def _samples(places: tuple, U: np.ndarray) -> int:
    """How many samples at a time: their blocks fill the cache, and a matrix product has enough rows to be worth preparing its weights."""
    numbers = math.prod(m + 1 for m in places) * math.prod(U.shape[len(places):-1])
    return max(1, CACHE // numbers, -(-4 * U.shape[-1] // math.prod(-(-m // 2) for m in places)))


def _cost(n: int, places: tuple, U: np.ndarray) -> float:
    return cost(n * math.prod(-(-m // 2) for m in places) * U.size)


def _G(W, stride):
    """(*k, C, C′) -> (3, …, ∏s·C, C′): g_0, g_0 + g_1, g_1."""
    axes, (*_, channels, c_out) = len(stride), W.shape
    U = np.empty((*(3,) * axes, *stride, channels, c_out), W.dtype)

    def work(part):
        for corner, g in _corners(W, stride):
            U[tuple(2 * i for i in corner)][..., part, :] = g[..., part, :]
        for axis in range(axes):
            u0, u1, u2 = (U[(slice(None),) * axis + (i,) + (slice(None, None, 2),) * (axes - axis - 1)][..., part, :] for i in range(3))
            np.add(u0, u2, out=u1)

    share(work, channels, U.size)  # about 1 ns each
    return U.reshape(*(3,) * axes, -1, c_out)


def _Gt(dU):
    """(3, …, *s, C, C′) -> (*k, C, C′); dU is used up."""
    axes = dU.ndim // 2 - 1
    stride = dU.shape[axes:2 * axes]
    dW = np.empty((*(2 * s for s in stride), *dU.shape[-2:]), dU.dtype)

    def work(part):
        for axis in range(axes):
            u0, u1, u2 = (dU[(slice(None),) * axis + (i,)][..., part, :] for i in range(3))
            u0 += u1
            u2 += u1
        for corner, dg in _corners(dW, stride):
            dg[..., part, :] = dU[tuple(2 * i for i in corner)][..., part, :]

    share(work, dU.shape[-2], dU.size)
    return dW


def _corners(W, stride):
    """The blocks g_(i, j, …) of a kernel, as views (*s, C, C′), with their (i, j, …)."""
    blocks = W.reshape(*(v for s in stride for v in (2, s)), *W.shape[-2:])
    for corner in itertools.product((0, 1), repeat=len(stride)):
        yield corner, blocks[tuple(v for i in corner for v in (i, slice(None)))]
