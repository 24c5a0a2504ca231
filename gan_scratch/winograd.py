"""Correlation with fewer multiplications, for kernels of two strides (k = 2s): the case of the DCGAN, k = 4, s = 2.

Cut kernel and image into blocks of one stride. On each axis an output is then a correlation of *two* blocks, y_i = d_i g_0 + d_(i+1) g_1, and
two neighbouring outputs need three products instead of four (Winograd 1980; Lavin & Gray 2016, arXiv 1509.09308, F(2, 2)):

    m_0 = (d_0 − d_1) g_0,   m_1 = d_1 (g_0 + g_1),   m_2 = (d_1 − d_2) g_1,      y_0 = m_0 + m_1,   y_1 = m_1 − m_2

In two dimensions 9 products do the work of 16, in three 27 that of 64. With B for the differences of the image, G for the sums of the
kernel and A for the sums that give y,

    y = Aᵀ[(B d)(G g)],    dd = Bᵀ[(A dy)(G g)ᵀ],    dg = Gᵀ[(B d)ᵀ(A dy)]:

the three faces of a bilinear map again. Each of the 9 products is a matrix product over the numbers of a block; all coefficients are ±1,
so float32 loses no more than usual. What it costs are the sums, so it pays where blocks have many numbers (`pays`).
"""
from __future__ import annotations

import itertools
import math

import numpy as np

from gan_scratch.kernels import cost, from_blocks, output_size, product, samples, to_blocks
from gan_scratch.threads import cut, share


def pays(W_shape: tuple, places: tuple, stride: tuple) -> bool:
    """Whether it is faster than im2col, for weights of shape (*k, C, C′) and that many outputs on each axis.

    The products that are saved must outweigh the sums, which are as many as numbers go in and out of a product.
    """
    *kernel, channels, c_out = W_shape
    if any(k != 2 * s for k, s in zip(kernel, stride)):
        return False
    left = math.prod(3 * -(-m // 2) / (2 * m) for m in places)  # products, relative to those of im2col
    width = math.prod(stride) * channels
    return left < 0.75 and (1 - left) * width * c_out / (width + c_out) > 14  # found by measuring


def correlate(x: np.ndarray, W: np.ndarray, stride: tuple, pad: tuple) -> np.ndarray:
    """y = Aᵀ[(B d)(G g)]: (N, *S, C), (*k, C, C′) -> (N, *out, C′)."""
    places = tuple(output_size(*a) for a in zip(x.shape[1:-1], W.shape, stride, pad))
    y = np.empty((len(x), *places, W.shape[-1]), x.dtype)
    tiles, U = _tiles(places), _G(W, stride)

    def work(part):
        for some in cut(part, few):
            m = product(_B(x[some], tiles, stride, pad), U)  # (3, …, tiles, C′)
            y[some] = _inner(_At(m, some.stop - some.start, tiles), places)

    few = samples(_numbers(1, tiles, U), at_least=2 * U.size)
    share(work, len(x), cost(len(x) * math.prod(tiles), U.size))
    return y


def correlate_adjoint(dy: np.ndarray, W: np.ndarray, x_shape: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dx = Bᵀ[(A dy)(G g)ᵀ]."""
    dx = np.empty(x_shape, dy.dtype)
    tiles, U = _tiles(dy.shape[1:-1]), _G(W, stride)

    def work(part):
        for some in cut(part, few):
            v = product(_A(dy[some], tiles), U.swapaxes(-1, -2))  # (3, …, tiles, ∏s·C)
            from_blocks(_Bt(v, some.stop - some.start, tiles), stride, pad, out=dx[some])

    few = samples(_numbers(1, tiles, U), at_least=2 * U.size)
    share(work, len(dy), cost(len(dy) * math.prod(tiles), U.size))
    return dx


def correlate_wgrad(x: np.ndarray, dy: np.ndarray, kernel: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dW = Gᵀ[(B d)ᵀ(A dy)]. Threads share the channels of x, so that no sum depends on their number."""
    tiles = _tiles(dy.shape[1:-1])
    dU = np.zeros((*(3,) * len(kernel), *stride, x.shape[-1], dy.shape[-1]), x.dtype)

    def work(part):
        for some in cut(slice(0, len(x)), few):
            d, e = _B(x[some][..., part], tiles, stride, pad), _A(dy[some], tiles)
            for i in range(3):  # by parts: deep layers have products of many megabytes
                target = dU[i, ..., part, :]
                target += product(d[i].swapaxes(-1, -2), e[i]).reshape(target.shape)

    few = samples(_numbers(1, tiles, dU), at_least=2 * dU.size)
    share(work, x.shape[-1], cost(len(x) * math.prod(tiles), dU.size))
    return _Gt(dU)


def _tiles(places: tuple) -> tuple:
    """How many pairs of outputs there are on each axis; an odd one is filled up with 0."""
    return tuple(-(-m // 2) for m in places)


def _numbers(n: int, tiles: tuple, U: np.ndarray) -> int:
    """How many numbers go in and out of the products for n samples."""
    products = 3 ** len(tiles)
    return n * math.prod(tiles) * (U.size // U.shape[-1] + products * U.shape[-1])


# --- the six sums: per axis, a new leading axis of 3 comes or goes ----------------------------------------------------------

def _B(x, tiles, stride, pad):
    """(N, *S, C) -> (3, …, N·∏tiles, ∏s·C): d_0 − d_1, d_1, d_1 − d_2 on each axis."""
    d = to_blocks(x, [2 * t + 1 for t in tiles], stride, pad)
    for axis in range(len(tiles), 0, -1):
        at = axis + len(tiles) - axis  # the axes of 3 stand before it
        d0, d1, d2 = _every(d, at, 0, -1), _every(d, at, 1, None), _every(d, at, 2, None)
        out = np.empty((3, *d1.shape), d.dtype)
        np.subtract(d0, d1, out=out[0])
        out[1] = d1
        np.subtract(d1, d2, out=out[2])
        d = out
    return d.reshape(*(3,) * len(tiles), -1, d.shape[-1])


def _Bt(v, n, tiles):
    """(3, …, N·∏tiles, ∏s·C) -> (N, *blocks, ∏s·C)."""
    axes = len(tiles)
    v = v.reshape(*(3,) * axes, n, *tiles, v.shape[-1])
    for _ in tiles:
        shape = list(v.shape[1:])
        shape[axes] = 2 * shape[axes] + 1
        d = np.empty(shape, v.dtype)
        d1, last = _every(d, axes, 1, None), _every(d, axes, 2, None)
        np.subtract(v[1], v[0], out=d1)
        d1 += v[2]
        _every(d, axes, 0, -1)[...] = v[0]
        d[(slice(None),) * axes + (slice(-1, None),)] = 0
        last -= v[2]
        v = d
    return v


def _A(dy, tiles):
    """(N, *out, C′) -> (3, …, N·∏tiles, C′): dy_0, dy_0 + dy_1, −dy_1."""
    axes, n = len(tiles), len(dy)
    if any(2 * t > m for t, m in zip(tiles, dy.shape[1:])):
        whole = np.zeros((n, *(2 * t for t in tiles), dy.shape[-1]), dy.dtype)
        _inner(whole, dy.shape[1:-1])[...] = dy
        dy = whole
    for axis in range(axes, 0, -1):
        e0, e1 = _every(dy, axes, 0, None), _every(dy, axes, 1, None)
        out = np.empty((3, *e0.shape), dy.dtype)
        out[0] = e0
        np.add(e0, e1, out=out[1])
        np.negative(e1, out=out[2])
        dy = out
    return dy.reshape(*(3,) * axes, -1, dy.shape[-1])


def _At(m, n, tiles):
    """(3, …, N·∏tiles, C′) -> (N, *2·tiles, C′): m_0 + m_1, m_1 − m_2."""
    axes = len(tiles)
    m = m.reshape(*(3,) * axes, n, *tiles, m.shape[-1])
    for _ in tiles:
        shape = list(m.shape[1:])
        shape[axes] *= 2
        y = np.empty(shape, m.dtype)
        np.add(m[0], m[1], out=_every(y, axes, 0, None))
        np.subtract(m[1], m[2], out=_every(y, axes, 1, None))
        m = y
    return m


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


def _every(a, axis, start, stop):
    """Every second entry along an axis."""
    return a[(slice(None),) * axis + (slice(start, stop, 2),)]


def _inner(a, places):
    return a[(slice(None), *(slice(0, m) for m in places))]
