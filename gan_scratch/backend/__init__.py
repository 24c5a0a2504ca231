"""Where the maths runs: the array decides.

`of(x)` returns the backend that x lives on. A backend has `xp` (numpy or cupy) and the few operations that are worth a
kernel of their own. `Reference` has them in plain array maths, as lecture 03 derives them; `Cpu` replaces the hot spots with
NumPy that runs faster (windows.py, winograd.py, elementwise.py), `Cuda` with CUDA kernels (kernels.cu). Tests hold all three equal.
There is no global switch: arrays of both kinds can be used side by side in one process.

This is the only file that imports cupy. CuPy is optional.
"""
from __future__ import annotations

import functools
import importlib.util
import math
from pathlib import Path
from typing import Any, Callable

import numpy as np

from gan_scratch.backend import elementwise, threads, windows, winograd
from gan_scratch.backend.windows import output_size

Array = Any  # numpy.ndarray or cupy.ndarray


class Reference:
    """What every backend computes, in plain array maths: the textbook that the fast ones are tested against. A subclass gives `xp`."""

    name: str
    xp: Any

    def asarray(self, x) -> Array:
        return self.xp.asarray(x)

    def synchronize(self) -> None:
        """Wait until all that was asked for is done: only to take the time, or to read."""

    def both(self, first: Callable, second: Callable, multiplications: int) -> tuple:
        """(first(), second()), at once where that is faster; each does about so many multiplications."""
        return first(), second()

    def product(self, a: Array, b: Array) -> Array:
        """a @ b: (..., K), (K, C) -> (..., C)."""
        return a @ b

    def formula(self, f: Callable, *args) -> Array:
        """f(xp, *args) for an elementwise formula f."""
        return f(self.xp, *args)

    def column_sums(self, x: Array) -> Array:
        """(..., M, C) -> (..., C): a product with a row of ones, faster than x.sum(axis) (python -m tests.benchmarks.tricks)."""
        ones = self.xp.ones(x.shape[-2], x.dtype)
        return ones @ x if x.shape[-1] > 1 else (x[..., 0] @ ones)[..., None]

    def column_dots(self, a: Array, b: Array) -> Array:
        """(..., M, C), (..., M, C) -> (..., C): the sum of a·b over each column."""
        return self.column_sums(a * b)

    def in_place(self, update: Callable, *vectors: Array) -> None:
        """update(*vectors), which changes long vectors in place, element by element."""
        update(*vectors)

    def im2col(self, x: Array, kernel: tuple, stride: tuple, pad: tuple, fill: float = 0.0) -> Array:
        """Lay every window of x in a row: (N, *S, C) -> (N·∏out, ∏kernel·C)."""
        spatial = tuple(range(1, x.ndim - 1))
        pads = [(0, 0), *((p, p) for p in pad), (0, 0)]
        x = self.xp.pad(x, pads, constant_values=fill)
        windows = self.xp.lib.stride_tricks.sliding_window_view(x, kernel, axis=spatial)
        every = (slice(None), *(slice(None, None, s) for s in stride))
        windows = self.xp.moveaxis(windows[every], len(spatial) + 1, -1)  # (N, *out, *kernel, C)
        return windows.reshape(-1, math.prod(kernel) * x.shape[-1])

    def col2im(self, cols: Array, x_shape: tuple, kernel: tuple, stride: tuple, pad: tuple) -> Array:
        """The adjoint of im2col: add every row back to the window it came from. (N·∏out, ∏kernel·C) -> x_shape."""
        n, *size, channels = x_shape
        out = [output_size(*a) for a in zip(size, kernel, stride, pad)]
        cols = cols.reshape(n, *out, *kernel, channels)
        padded = self.xp.zeros((n, *(s + 2 * p for s, p in zip(size, pad)), channels), cols.dtype)
        free = (slice(None),) * (1 + len(out))
        for offset in np.ndindex(*kernel):  # one strided addition for each place in the kernel
            window = tuple(slice(o, o + s * m, s) for o, s, m in zip(offset, stride, out))
            padded[(slice(None), *window)] += cols[(*free, *offset)]
        return self.xp.ascontiguousarray(padded[(slice(None), *(slice(p, p + s) for p, s in zip(pad, size)))])

    def correlate(self, x: Array, W: Array, stride: tuple, pad: tuple) -> Array:
        """y = im2col(x) W: x (N, *S, C), W (*k, C, C′), y (N, *out, C′)."""
        kernel, width = W.shape[:-2], W.shape[-1]
        out = [output_size(*a) for a in zip(x.shape[1:-1], kernel, stride, pad)]
        y = self.im2col(x, kernel, stride, pad) @ W.reshape(-1, width)
        return y.reshape(len(x), *out, width)

    def correlate_adjoint(self, dy: Array, W: Array, x_shape: tuple, stride: tuple, pad: tuple) -> Array:
        """dx = col2im(dy Wᵀ): dy (N, *out, C′), dx (N, *S, C)."""
        width = W.shape[-1]
        dcols = dy.reshape(-1, width) @ W.reshape(-1, width).T  # (N·∏out, ∏k·C)
        return self.col2im(dcols, x_shape, W.shape[:-2], stride, pad)

    def correlate_wgrad(self, x: Array, dy: Array, kernel: tuple, stride: tuple, pad: tuple) -> Array:
        """dW = im2col(x)ᵀ dy: x (N, *S, C), dy (N, *out, C′), dW (*k, C, C′)."""
        dW = self.im2col(x, kernel, stride, pad).T @ dy.reshape(-1, dy.shape[-1])
        return dW.reshape(*kernel, x.shape[-1], dy.shape[-1])


class Cpu(Reference):
    """NumPy, with its hot spots in windows.py, winograd.py and elementwise.py."""

    name = "cpu"
    xp = np

    def both(self, first, second, multiplications):
        return threads.both(first, second, windows.cost(multiplications))

    def product(self, a, b):
        return windows.shared_product(a, b)

    def formula(self, f, *args):
        return elementwise.formula(f, *args)

    def column_dots(self, a, b):
        long = a.ndim == 3 and len(a) == 1 and a.size >= elementwise.LONG
        return elementwise.column_dots(a, b) if long else super().column_dots(a, b)

    def in_place(self, update, *vectors):
        elementwise.in_place(update, *vectors)

    def im2col(self, x, kernel, stride, pad, fill=0.0):
        return windows.im2col(x, kernel, stride, pad, fill)

    def correlate(self, x, W, stride, pad):
        places = tuple(output_size(*a) for a in zip(x.shape[1:-1], W.shape, stride, pad))
        way = winograd if winograd.pays(W.shape, places, stride) else windows
        return way.correlate(x, W, stride, pad)

    def correlate_adjoint(self, dy, W, x_shape, stride, pad):
        if any(k % s for k, s in zip(W.shape, stride)):  # windows that aren't made of whole strides
            return super().correlate_adjoint(dy, W, x_shape, stride, pad)
        way = winograd if winograd.pays(W.shape, dy.shape[1:-1], stride) else windows
        return way.correlate_adjoint(dy, W, x_shape, stride, pad)

    def correlate_wgrad(self, x, dy, kernel, stride, pad):
        W_shape = (*kernel, x.shape[-1], dy.shape[-1])
        way = winograd if winograd.pays(W_shape, dy.shape[1:-1], stride) else windows
        return way.correlate_wgrad(x, dy, kernel, stride, pad)

    def normal(self, rng: np.random.Generator, shape: tuple, dtype=np.float32) -> Array:
        """Standard normal numbers, drawn here, decided by the host generator `rng`."""
        return rng.standard_normal(shape, dtype)

    def uniform(self, rng: np.random.Generator, shape: tuple, dtype=np.float32) -> Array:
        """Numbers in [0, 1), drawn here, decided by the host generator `rng`."""
        return rng.random(shape, dtype)


class Cuda(Reference):
    """CuPy. Inherits the plain array maths and replaces what deserves a kernel (kernels.cu)."""

    name = "cuda"

    def __init__(self, cupy):
        self.xp = cupy
        self._fused: dict[Callable, Callable] = {}

    def synchronize(self):
        self.xp.cuda.get_current_stream().synchronize()

    def formula(self, f: Callable, *args) -> Array:
        if f not in self._fused:
            self._fused[f] = self.xp.fuse(functools.wraps(f)(lambda *a: f(self.xp, *a)))
        return self._fused[f](*args)

    @functools.cached_property
    def _module(self):
        return self.xp.RawModule(code=(Path(__file__).parent / "kernels.cu").read_text(), options=("-std=c++17",))

    def _launch(self, name: str, like: Array, threads: int, *args) -> None:
        suffix = {"float32": "f32", "float64": "f64"}[str(like.dtype)]
        self._module.get_function(f"{name}_{suffix}")(((threads + 255) // 256,), (256,), args)

    @staticmethod
    def _geometry(size, kernel, stride, pad) -> list:
        """The fifteen numbers that describe windows to the kernels, for 1-D and 2-D data written as 3-D with leading axes of size 1."""
        lead = 3 - len(size)
        size, kernel = (1,) * lead + tuple(size), (1,) * lead + tuple(kernel)
        stride, pad = (1,) * lead + tuple(stride), (0,) * lead + tuple(pad)
        out = [output_size(*a) for a in zip(size, kernel, stride, pad)]
        return [np.int32(v) for v in (*size, *out, *kernel, *stride, *pad)]

    def im2col(self, x, kernel, stride, pad, fill=0.0):
        n, *size, channels = x.shape
        x = self.xp.ascontiguousarray(x)
        rows = n * math.prod(output_size(*a) for a in zip(size, kernel, stride, pad))
        cols = self.xp.empty((rows, math.prod(kernel) * channels), x.dtype)
        self._launch("im2col", x, cols.size, x, cols, np.int64(cols.size), np.int32(channels), x.dtype.type(fill),
                     *self._geometry(size, kernel, stride, pad))
        return cols

    def col2im(self, cols, x_shape, kernel, stride, pad):
        n, *size, channels = x_shape
        cols = self.xp.ascontiguousarray(cols)
        x = self.xp.empty(x_shape, cols.dtype)
        self._launch("col2im", cols, x.size, cols, x, np.int64(x.size), np.int32(channels),
                     *self._geometry(size, kernel, stride, pad))
        return x

    def column_dots(self, a, b):
        *batch, rows, channels = a.shape
        groups, slices = math.prod(batch), min(rows, max(1, 65536 // channels))
        partial = self.xp.empty((groups, slices, channels), a.dtype)
        sums = self.xp.empty((*batch, channels), a.dtype)
        a, b = self.xp.ascontiguousarray(a), self.xp.ascontiguousarray(b)
        self._launch("dots_in_slices", a, partial.size, a, b, partial, np.int64(partial.size),
                     np.int32(rows), np.int32(slices), np.int32(channels))
        self._launch("sum_of_slices", a, sums.size, partial, sums, np.int64(sums.size), np.int32(slices), np.int32(channels))
        return sums

    def normal(self, rng, shape, dtype=np.float32):
        return self._generator(rng).standard_normal(shape, dtype)

    def uniform(self, rng, shape, dtype=np.float32):
        return self._generator(rng).random(shape, dtype)

    def _generator(self, rng):
        # One host draw seeds each device draw: the host generator's state is then all that a checkpoint has to keep.
        return self.xp.random.Generator(self.xp.random.Philox4x3210(int(rng.integers(2**63))))


CPU = Cpu()


@functools.cache
def _cuda() -> Cuda:
    import cupy

    return Cuda(cupy)


def of(x: Array) -> Cpu:
    """The backend that the array x lives on. Raises TypeError for anything but a NumPy or CuPy array."""
    if isinstance(x, (np.ndarray, np.generic)):
        return CPU
    if type(x).__module__.startswith("cupy"):
        return _cuda()
    raise TypeError(f"expected a NumPy or CuPy array, got {type(x).__name__}; convert it with numpy.asarray")


def get(device: str) -> Cpu:
    """The backend called "cpu" or "cuda".

    Raises ValueError for another name and RuntimeError, with what to do, where there is no usable GPU.
    """
    if device == "cpu":
        return CPU
    if device != "cuda":
        raise ValueError(f"device {device!r} is unknown; use 'cpu' or 'cuda'")
    if importlib.util.find_spec("cupy") is None:
        raise RuntimeError("device 'cuda' needs CuPy, which is not installed; for CUDA 12 run "
                           "pip install 'gan-scratch[cuda12]', for CUDA 13 pip install 'gan-scratch[cuda13]', or use 'cpu'")
    import cupy

    if not cupy.is_available():
        raise RuntimeError("device 'cuda' was asked for, but CuPy finds no usable NVIDIA GPU here (see nvidia-smi); use 'cpu'")
    return _cuda()


def to_host(x: Array) -> np.ndarray:
    """A NumPy array with the values of x."""
    return np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else x.get()


def pointwise(f: Callable) -> Callable:
    """A formula f(xp, *arrays), written once: plain NumPy on the CPU, one fused kernel on the GPU."""

    @functools.wraps(f)
    def run(*args):
        return of(args[0]).formula(f, *args)

    return run
