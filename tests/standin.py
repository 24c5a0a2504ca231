"""A stand-in for CuPy on a machine without a GPU: NumPy behind a wall.

It refuses what the real one refuses (host arrays in device operations, implicit conversion to NumPy), counts what costs time
there (`syncs`: every value that the host waits for), offers only functions that the device code may use, and runs kernels.cu
itself: compiled with g++, one call per GPU thread.
"""
from __future__ import annotations

import ctypes
import importlib.machinery
import subprocess
import types

import numpy as np

# What g++ needs to take CUDA C++ for C++.
HEADER = """
#define __global__
#define __device__
struct Index { int x, y, z; };
extern "C" { Index blockIdx, threadIdx, blockDim; }
"""


class ndarray(np.lib.mixins.NDArrayOperatorsMixin):
    """A device array. Everything about it can be asked, its values only by `get`, `item`, float, int, bool."""

    __module__ = "cupy"
    syncs = 0

    def __init__(self, host: np.ndarray):
        self._host = host

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    size = property(lambda self: self._host.size)
    ndim = property(lambda self: self._host.ndim)
    T = property(lambda self: ndarray(self._host.T))

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if method != "__call__":
            return NotImplemented
        result = getattr(ufunc, method)(*map(_device, inputs), **{k: _device(v) for k, v in kwargs.items()})
        return kwargs["out"][0] if kwargs.get("out") else _wrap(result)

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_function__(self, *args):
        raise TypeError("a NumPy function got a device array; use xp")

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        return map(_wrap, self._host)

    def __getitem__(self, index):
        return _wrap(self._host[_device(index)])

    def __setitem__(self, index, value):
        self._host[_device(index)] = _device(value)

    def get(self):
        ndarray.syncs += 1
        return self._host.copy()

    def _value(self):
        ndarray.syncs += 1
        return self._host.item()

    item = _value

    def __float__(self):
        return float(self._value())

    def __int__(self):
        return int(self._value())

    def __bool__(self):
        return bool(self._value())


def _method(name):
    def call(self, *args, **kwargs):
        return _wrap(getattr(self._host, name)(*_device(args), **{k: _device(v) for k, v in kwargs.items()}))

    return call


for name in ("reshape", "transpose", "astype", "sum", "mean", "max", "min", "copy", "ravel", "swapaxes", "argmax"):
    setattr(ndarray, name, _method(name))


def _device(x):
    """What device code gets to see of an argument. Raises TypeError for host arrays, as CuPy does."""
    if isinstance(x, ndarray):
        return x._host
    if isinstance(x, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(x, (tuple, list)):
        return type(x)(map(_device, x))
    return x


def _wrap(x):
    if isinstance(x, (tuple, list)):
        return type(x)(map(_wrap, x))
    return ndarray(np.asarray(x)) if isinstance(x, (np.ndarray, np.generic)) else x


def _function(f):
    return lambda *args, **kwargs: _wrap(f(*_device(args), **{k: _device(v) for k, v in kwargs.items()}))


class RawModule:
    """Compiles kernels.cu with g++; a launch calls the kernel once per thread."""

    folder = None  # set by the test

    def __init__(self, code, options):
        source, library = self.folder / "kernels.cpp", self.folder / "kernels.so"
        source.write_text(HEADER + code)
        subprocess.run(["g++", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", *options, str(source), "-o", str(library)], check=True)
        self.library = ctypes.CDLL(str(library))

    def get_function(self, name):
        kernel = getattr(self.library, name)

        class Index(ctypes.Structure):
            _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int), ("z", ctypes.c_int)]

        block_index, thread_index, block_dim = (Index.in_dll(self.library, n) for n in ("blockIdx", "threadIdx", "blockDim"))

        def launch(grid, block, args):
            converted = [_argument(a) for a in args]
            block_dim.x = block[0]
            for block_index.x in range(grid[0]):
                for thread_index.x in range(block[0]):
                    kernel(*converted)

        return launch


def _argument(a):
    if isinstance(a, ndarray):
        assert a._host.flags.c_contiguous
        return ctypes.c_void_p(a._host.ctypes.data)
    return {"int32": ctypes.c_int32, "int64": ctypes.c_int64, "float32": ctypes.c_float, "float64": ctypes.c_double}[str(a.dtype)](a.item())


class Generator:
    def __init__(self, bit_generator):
        self._rng = np.random.Generator(bit_generator)

    def standard_normal(self, size, dtype):
        return ndarray(self._rng.standard_normal(size, dtype))

    def random(self, size, dtype):
        return ndarray(self._rng.random(size, dtype))


FUNCTIONS = """abs arange ascontiguousarray broadcast_to clip concatenate empty exp expm1 full linspace log log1p maximum minimum moveaxis ones
ones_like pad repeat roll sign split sqrt stack take_along_axis tanh where zeros zeros_like""".split()


def module() -> types.ModuleType:
    """A module that can take the place of cupy in sys.modules."""
    cupy = types.ModuleType("cupy")
    cupy.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    for name in FUNCTIONS:
        setattr(cupy, name, _function(getattr(np, name)))
    cupy.ndarray, cupy.RawModule, cupy.fuse, cupy.is_available = ndarray, RawModule, lambda f: f, lambda: True
    cupy.asarray = lambda x: x if isinstance(x, ndarray) else ndarray(np.array(x))
    cupy.random = types.SimpleNamespace(Generator=Generator, Philox4x3210=lambda seed: np.random.Philox(seed))
    return cupy
