"""Where the maths runs: the array decides.

`of(x)` returns the backend that x lives on. A backend has `xp` (numpy or cupy) and the few operations that are worth a
kernel of their own. `Cpu` is the reference, written in plain array maths; `Cuda` inherits it and replaces hot spots.
There is no global switch: arrays of both kinds can be used side by side in one process.

This is the only file that imports cupy. CuPy is optional.
"""
from __future__ import annotations

import ctypes
import functools
import importlib.util
import math
from pathlib import Path
from typing import Any, Callable

import numpy as np

Array = Any  # numpy.ndarray or cupy.ndarray


def output_size(size: int, kernel: int, stride: int, pad: int) -> int:
    """How many windows of `kernel` fit along an axis; a rest that does not fill a window is left out."""
    return (size + 2 * pad - kernel) // stride + 1


class Cpu:
    """The reference backend: NumPy."""

    name = "cpu"
    xp = np

    def asarray(self, x) -> Array:
        return np.asarray(x)

    def formula(self, f: Callable, *args) -> Array:
        return f(np, *args)

    def column_sums(self, x: Array) -> Array:
        """(..., M, C) -> (..., C): a product with a row of ones, faster than x.sum(axis) (python -m tests.benchmarks.tricks)."""
        ones = self.xp.ones(x.shape[-2], x.dtype)
        return ones @ x if x.shape[-1] > 1 else (x[..., 0] @ ones)[..., None]

    def column_dots(self, a: Array, b: Array) -> Array:
        """(..., M, C), (..., M, C) -> (..., C): the sum of a·b over each column."""
        return self.column_sums(a * b)

    def blocks(self, size: int) -> list[slice]:
        """Cut a long vector so that a chain of elementwise operations on a block, temporaries included, stays in the cache."""
        return [slice(start, start + 2**14) for start in range(0, size, 2**14)]

    def im2col(self, x: Array, kernel: tuple, stride: tuple, pad: tuple, fill: float = 0.0) -> Array:
        """Lay every window of x in a row: (N, *S, C) -> (N·∏out, ∏kernel·C)."""
        n, *_, channels = x.shape
        spatial = tuple(range(1, x.ndim - 1))
        windows = self.xp.lib.stride_tricks.sliding_window_view(self._padded(x, pad, fill), kernel, axis=spatial)
        every = (slice(None), *(slice(None, None, s) for s in stride))
        windows = self.xp.moveaxis(windows[every], len(spatial) + 1, -1)  # (N, *out, *kernel, C)
        cols = self.xp.empty(windows.shape, x.dtype)
        cols[...] = windows
        return cols.reshape(-1, math.prod(kernel) * channels)

    def col2im(self, cols: Array, x_shape: tuple, kernel: tuple, stride: tuple, pad: tuple) -> Array:
        """The adjoint of im2col: add every row back to the window it came from. (N·∏out, ∏kernel·C) -> x_shape."""
        n, *size, channels = x_shape
        out = [output_size(*a) for a in zip(size, kernel, stride, pad)]
        cols = cols.reshape(n, *out, *kernel, channels)
        padded = self.xp.zeros((n, *(s + 2 * p for s, p in zip(size, pad)), channels), cols.dtype)
        add = self._add_runs if channels >= 8 else self._add_offsets
        add(padded, cols, out, kernel, stride)
        inner = tuple(slice(p, p + s) for s, p in zip(size, pad))
        return self.xp.ascontiguousarray(padded[(slice(None), *inner)])

    @staticmethod
    def _add_offsets(padded: Array, cols: Array, out: list, kernel: tuple, stride: tuple) -> None:
        """The textbook: one strided addition for each place in the kernel."""
        free = (slice(None),) * (1 + len(out))
        for offset in np.ndindex(*kernel):
            window = tuple(slice(o, o + s * m, s) for o, s, m in zip(offset, stride, out))
            padded[(slice(None), *window)] += cols[(*free, *offset)]

    def _add_runs(self, padded: Array, cols: Array, out: list, kernel: tuple, stride: tuple) -> None:
        """The same sum, faster with many channels (python -m tests.benchmarks.tricks): along the last axis the k·C numbers of a window are one run in
        both arrays. Windows that are ⌈k/stride⌉ apart don't overlap, so all of these are added at once."""
        *outer, k = kernel
        run, apart, step = k * padded.shape[-1], -(-k // stride[-1]), stride[-1] * padded.shape[-1]
        lines = padded.reshape(*padded.shape[:-2], -1)  # (N, …, W·C)
        runs = self.xp.lib.stride_tricks.sliding_window_view(lines, run, axis=-1, writeable=True)  # (N, …, starts, k·C)
        for offset in np.ndindex(*outer):
            rows = [slice(o, o + s * m, s) for o, s, m in zip(offset, stride, out)]
            for first in range(min(apart, out[-1])):
                source = cols[(slice(None), *[slice(None)] * len(outer), slice(first, None, apart), *offset)]  # (N, …, n, k, C)
                target = runs[(slice(None), *rows, slice(first * step, None, apart * step))]
                target[..., :source.shape[-3], :] += source.reshape(*source.shape[:-2], run)

    def _padded(self, x: Array, pad: tuple, fill: float) -> Array:
        if not any(pad):
            return x
        n, *size, channels = x.shape
        padded = self.xp.full((n, *(s + 2 * p for s, p in zip(size, pad)), channels), fill, x.dtype)
        padded[(slice(None), *(slice(p, p + s) for s, p in zip(size, pad)))] = x
        return padded

    def normal(self, rng: np.random.Generator, shape: tuple, dtype=np.float32) -> Array:
        """Standard normal numbers, drawn here, decided by the host generator `rng`."""
        return rng.standard_normal(shape, dtype)

    def uniform(self, rng: np.random.Generator, shape: tuple, dtype=np.float32) -> Array:
        """Numbers in [0, 1), drawn here, decided by the host generator `rng`."""
        return rng.random(shape, dtype)


class Cuda(Cpu):
    """CuPy. Inherits the plain array maths and replaces what deserves a kernel (kernels.cu)."""

    name = "cuda"

    def __init__(self, cupy):
        self.xp = cupy
        self._fused: dict[Callable, Callable] = {}

    def asarray(self, x) -> Array:
        return self.xp.asarray(x)

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

    def blocks(self, size):
        return [slice(None)]

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


def keep_freed_memory() -> None:
    """Ask the C library to keep freed memory for the next array instead of handing it back to the system.

    A training step frees and takes the same few megabytes again and again; each time glibc returns them and the kernel clears
    new pages. Without that a DCGAN step takes 20 ms instead of 32 (python -m tests.benchmarks.memory). A setting of the whole process,
    so the training loop asks for it, not the import. Does nothing where the C library isn't glibc.
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in malloc.h
    mallopt(trim_threshold, 2**29)
    mallopt(mmap_threshold, 2**29)


def pointwise(f: Callable) -> Callable:
    """A formula f(xp, *arrays), written once: plain NumPy on the CPU, one fused kernel on the GPU."""

    @functools.wraps(f)
    def run(*args):
        return of(args[0]).formula(f, *args)

    return run
