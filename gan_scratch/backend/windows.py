"""Windows of images in NumPy, fast. Each function computes what backend.Reference computes in the textbook's way, and is held to it by a test.

Three ideas make them fast, measured in course/performance.md:

    few inner loops       NumPy spends about 20 ns on each run of neighbouring numbers, however short: make runs long
    a few samples at once columns of 4 MB at a time are read again from the cache, and needn't be kept for the backward pass
    threads               samples are shared among the cores (threads.py)
"""
from __future__ import annotations

import math
import sys
from typing import Iterator

import numpy as np

from gan_scratch.backend.threads import cut, share, worth_sharing

PIECE = 2**20  # numbers of columns that are laid at once: enough work for a product on two threads

# A GAN step frees and takes the same megabytes again and again. glibc gives freed memory back to the system, and the system clears new pages for
# the next array; unless it has seen a larger array freed (up to 32 MB), and another lies behind. So free some below one that stays. They are
# never written: they take addresses, not memory.
if sys.platform == "linux":
    LARGE = 2**25 - 2**16  # bytes
    np.empty(LARGE, np.uint8)
    BEHIND = [np.empty(LARGE, np.uint8) for _ in range(9)].pop()


def output_size(size: int, kernel: int, stride: int, pad: int) -> int:
    """How many windows of `kernel` fit along an axis; a rest that does not fill a window is left out."""
    return (size + 2 * pad - kernel) // stride + 1


def padded(x: np.ndarray, pad: tuple, fill: float = 0.0) -> np.ndarray:
    """x (N, *S, C) with `pad` further places on each side of the spatial axes."""
    if not any(pad):
        return np.ascontiguousarray(x)
    n, *size, channels = x.shape
    wide = np.full((n, *(s + 2 * p for s, p in zip(size, pad)), channels), fill, x.dtype)
    wide[(slice(None), *(slice(p, p + s) for s, p in zip(size, pad)))] = x
    return wide


def frames(x: np.ndarray, part: slice, few: int, kernel: tuple, stride: tuple, pad: tuple) -> Iterator[tuple[slice, np.ndarray]]:
    """(piece, x[piece] in a frame of zeros, as large as the windows cover) for pieces of at most `few` samples.

    All in the same memory, where the zeros are written once.
    """
    size = [(output_size(z, k, s, p) - 1) * s + k for z, k, s, p in zip(x.shape[1:-1], kernel, stride, pad)]
    if not any(pad) and tuple(size) == x.shape[1:-1]:
        yield from ((piece, np.ascontiguousarray(x[piece])) for piece in cut(part, few))
        return
    whole = np.zeros((min(few, part.stop - part.start), *size, x.shape[-1]), x.dtype)
    inside = whole[(slice(None), *(slice(p, p + z) for p, z in zip(pad, x.shape[1:-1])))]
    visible = tuple(slice(0, z) for z in inside.shape[1:])  # no window reaches the rest
    for piece in cut(part, few):
        m = piece.stop - piece.start
        inside[:m] = x[piece][:, *visible]
        yield piece, whole[:m]


def im2col(x: np.ndarray, kernel: tuple, stride: tuple, pad: tuple, fill: float = 0.0) -> np.ndarray:
    """Lay every window of x (N, *S, C) in a row of (N·∏out, ∏kernel·C)."""
    places = [output_size(*a) for a in zip(x.shape[1:-1], kernel, stride, pad)]
    cols = np.empty((len(x) * math.prod(places), math.prod(kernel) * x.shape[-1]), x.dtype)
    lay_windows(cols, padded(x, pad, fill), kernel, stride, places)
    return cols


def lay_windows(cols: np.ndarray, x: np.ndarray, kernel: tuple, stride: tuple, places: list, first: int = 0) -> None:
    """Write the windows of a padded x into the rows of cols; `first` is where on axis 1 the windows begin.

    Along the last axis the k·C numbers of a window are neighbours in x and in cols. Taken as *one* element of k·C·itemsize bytes, they
    are moved by one strided copy of elements, not run by run.
    """
    *outer, k = kernel
    steps = [x.itemsize * math.prod(x.shape[axis + 1:]) for axis in range(x.ndim)]  # (x.strides says nothing sure about axes of size 1)
    run = element(k * steps[-2])
    shape = (len(x), *places, *outer)
    strides = (steps[0], *(s * step for s, step in zip(stride, steps[1:-1])), *steps[1:-2])
    cols.view(run).reshape(shape)[...] = np.ndarray(shape, run, x, first * steps[1], strides)


def product(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """a @ b, under a name of its own, so that a profile shows what products take."""
    return np.matmul(a, b, out=out)


def shared_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b for a (..., K) and b (K, C); each thread has some rows of a."""
    rows, width = a.size // a.shape[-1], b.shape[-1]
    if not worth_sharing(time := cost(rows * b.size)):
        return product(a, b)
    flat, y = a.reshape(rows, -1), np.empty((rows, width), np.result_type(a, b))
    share(lambda part: product(flat[part], b, out=y[part]), rows, time)
    return y.reshape(*a.shape[:-1], width)


def element(size: int) -> np.dtype:
    """A type of so many bytes, to copy neighbouring numbers together. The sizes that NumPy's loops know by themselves are quickest."""
    return np.dtype({4: np.float32, 8: np.float64, 16: np.complex128}.get(size, (np.void, size)))


def correlate(x: np.ndarray, W: np.ndarray, stride: tuple, pad: tuple) -> np.ndarray:
    """y = im2col(x) W, a few samples at a time."""
    n, (*kernel, _, c_out) = len(x), W.shape
    places = [output_size(*a) for a in zip(x.shape[1:-1], kernel, stride, pad)]
    W, rows = W.reshape(-1, c_out), math.prod(places)
    y = np.empty((n, *places, c_out), x.dtype)

    def work(part):
        cols = np.empty((min(few, part.stop - part.start) * rows, len(W)), x.dtype)
        for some, framed in frames(x, part, few, kernel, stride, pad):
            target = y[some].reshape(-1, c_out)
            lay_windows(cols[:len(target)], framed, kernel, stride, places)
            product(cols[:len(target)], W, out=target)

    few = samples(rows * len(W), at_least=W.size)
    share(work, n, cost(n * rows * W.size))
    return y


def correlate_wgrad(x: np.ndarray, dy: np.ndarray, kernel: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dW = im2col(x)ᵀ dy, a few samples at a time. Each thread has some rows of the kernel, so that no sum depends on their number."""
    n, *places, c_out = dy.shape
    dW = np.zeros((*kernel, x.shape[-1], c_out), x.dtype)
    rows = math.prod(places)

    def work(part):
        target, own = dW[part].reshape(-1, c_out), (part.stop - part.start, *kernel[1:])
        cols = np.empty((min(few, n) * rows, len(target)), x.dtype)
        for some, framed in frames(x, slice(0, n), few, kernel, stride, pad):
            here = dy[some].reshape(-1, c_out)
            lay_windows(cols[:len(here)], framed, own, stride, places, first=part.start)
            np.add(target, product(cols[:len(here)].T, here), out=target)

    few = samples(rows * dW.size // c_out, at_least=4 * dW.size)  # adding to dW should cost little beside the product
    share(work, kernel[0], cost(n * rows * dW.size))
    return dW


def correlate_adjoint(dy: np.ndarray, W: np.ndarray, x_shape: tuple, stride: tuple, pad: tuple) -> np.ndarray:
    """dx = col2im(dy Wᵀ), where the kernel is a whole number of strides.

    Cut the kernel and x into blocks of one stride: with k = G·s a window covers G blocks on each axis, and block B of x gets

        dx[B] = Σ_g dy[B − g] W[g]ᵀ,   W[g] (∏s·C, c_out),

    one product for each g, then long runs of whole blocks are added. No number is added to a place of its own.
    """
    n, *size, channels = x_shape
    *kernel, _, c_out = W.shape
    places, axes = dy.shape[1:-1], range(len(size))
    groups = [k // s for k, s in zip(kernel, stride)]
    W = W.reshape(*(v for pair in zip(groups, stride) for v in pair), channels, c_out)
    W = W.transpose(*(2 * i for i in axes), *(2 * i + 1 for i in axes), -2, -1).reshape(math.prod(groups), -1, c_out)  # (∏G, ∏s·C, c_out)
    dx = np.empty(x_shape, dy.dtype)
    width = W.shape[1]

    def work(part):
        for some in cut(part, few):
            m = some.stop - some.start
            sums = product(dy[some].reshape(-1, c_out), W.swapaxes(1, 2)).reshape(*groups, m, *places, width)
            for _ in axes:
                sums = moved_sum(sums, len(size))  # the first G goes, its spatial axis grows
            from_blocks(sums, stride, pad, out=dx[some])

    few = samples(math.prod(places) * W.size // c_out, at_least=2 * W.size)
    share(work, n, cost(n * math.prod(places) * W.size))
    return dx


def moved_sum(parts: np.ndarray, axis: int) -> np.ndarray:
    """Σ_g parts[g] moved by g places along an axis of parts[g]: (G, …, m, …) -> (…, m + G − 1, …)."""
    if len(parts) == 1:
        return parts[0]
    m = parts[0].shape[axis]
    shape = list(parts[0].shape)
    shape[axis] = m + len(parts) - 1

    def along(a, start, stop):
        return a[(slice(None),) * axis + (slice(start, stop),)]

    total = np.empty(shape, parts.dtype)
    along(total, 0, 1)[...] = along(parts[0], 0, 1)
    np.add(along(parts[0], 1, m), along(parts[1], 0, m - 1), out=along(total, 1, m))
    along(total, m, m + 1)[...] = along(parts[1], m - 1, m)
    for g in range(2, len(parts)):
        along(total, m + g - 1, m + g)[...] = along(parts[g], m - 1, m)
        along(total, g, m + g - 1).__iadd__(along(parts[g], 0, m - 1))
    return total


def to_blocks(x: np.ndarray, stride: tuple) -> np.ndarray:
    """Cut an image x (N, *S, C) of whole strides into blocks (N, *S/s, ∏s·C)."""
    n, *size, channels = x.shape
    count = [z // s for z, s in zip(size, stride)]
    axes = range(len(count))
    run = element(stride[-1] * channels * x.itemsize)  # neighbours in a block and in the image
    source = x.reshape(n, *size[:-1], -1).view(run)
    source = source.reshape(n, *(v for pair in zip(count[:-1], stride[:-1]) for v in pair), count[-1])
    blocks = np.empty((n, *count, *stride[:-1]), run)
    order = [0, *(1 + 2 * i for i in axes[:-1]), 2 * len(count) - 1, *(2 + 2 * i for i in axes[:-1])]
    blocks[...] = source.transpose(order)
    return blocks.view(x.dtype).reshape(n, *count, -1)


def from_blocks(blocks: np.ndarray, stride: tuple, pad: tuple, out: np.ndarray) -> None:
    """Lay blocks (N, *B, ∏s·C) side by side, cut off the first `pad` places, and write them into an image (N, *S, C); beyond them it is 0."""
    n, *count, width = blocks.shape
    axes, channels = range(len(count)), out.shape[-1]
    run = element(stride[-1] * channels * blocks.itemsize)
    whole = np.empty((n, *(v for pair in zip(count[:-1], stride[:-1]) for v in pair), count[-1]), run)
    source = blocks.view(run).reshape(n, *count, *stride[:-1])
    order = [0, *(v for i in axes[:-1] for v in (1 + i, 1 + len(count) + i)), len(count)]
    whole[...] = source.transpose(order)
    whole = whole.view(blocks.dtype).reshape(n, *(b * s for b, s in zip(count, stride)), channels)
    inner = whole[(slice(None), *(slice(p, p + size) for p, size in zip(pad, out.shape[1:-1])))]
    if inner.shape != out.shape:
        out[...] = 0
    out[tuple(slice(0, size) for size in inner.shape)] = inner


def cost(multiplications: int) -> float:
    """About how many nanoseconds a matrix product takes."""
    return multiplications / 50


def samples(numbers: int, at_least: int) -> int:
    """How many samples of so many numbers are taken at once."""
    return max(1, max(PIECE, at_least) // numbers)
