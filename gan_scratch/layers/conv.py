"""Convolution in one, two and three dimensions, and its transpose, which is its adjoint.

Channels last. With cols = im2col(x), every window of x laid in a row, a convolution is one matrix product:

    y = cols W                  (N·∏out, ∏k·c_in) (∏k·c_in, c_out)
    dcols = dy Wᵀ,  dx = col2im(dcols)
    dW = colsᵀ dy

A transposed convolution has the same three faces under other names: what is the adjoint there is the map here.
As in every deep-learning library, "convolution" means correlation: the kernel isn't flipped.
"""
from __future__ import annotations

import math

from gan_scratch import backend
from gan_scratch.backend.windows import output_size
from gan_scratch.layers.bilinear import Bilinear


class _Conv(Bilinear):
    """n-D convolution: x (N, *S, c_in), W (*k, c_in, c_out), y (N, *out, c_out), out = ⌊(S + 2 pad − k)/stride⌋ + 1."""

    dims: int  # 1, 2 or 3

    def __init__(self, c_in: int, c_out: int, kernel=4, stride=2, pad=1, bias: bool = True, *, rng=None, init=None):
        self.c_in, self.c_out = c_in, c_out
        self.kernel, self.stride, self.pad = (self._each_axis(v) for v in (kernel, stride, pad))
        if min(self.kernel) < 1 or min(self.stride) < 1 or min(self.pad) < 0:
            raise ValueError(f"{self!r}: kernel and stride must be at least 1 and pad at least 0")
        fan_in, fan_out = c_in * math.prod(self.kernel), c_out * math.prod(self.kernel)
        self._create((*self.kernel, c_in, c_out), fan_in, fan_out, c_out, bias, rng, init)

    def _each_axis(self, v) -> tuple:
        v = tuple(v) if isinstance(v, (tuple, list)) else (int(v),) * self.dims
        if len(v) != self.dims:
            raise ValueError(f"{type(self).__name__}: kernel, stride, pad take a number or {self.dims} numbers, got {v}")
        return v

    def apply(self, x, W, ctx):
        return backend.of(x).correlate(x, W, self.stride, self.pad)  # im2col(x) W

    def adjoint(self, dy, W, ctx):
        return backend.of(dy).correlate_adjoint(dy, W, (len(dy), *self._wide_size(dy, ctx)), self.stride, self.pad)  # col2im(dy Wᵀ)

    def wgrad(self, x, dy, ctx):
        return backend.of(x).correlate_wgrad(x, dy, self.kernel, self.stride, self.pad)  # im2col(x)ᵀ dy

    def _wide_size(self, dy, ctx) -> tuple:
        """(*S, channels) on the side where windows overlap: here that of x. Flooring hides it from dy's size."""
        return ctx["x"].shape[1:]

    def _check_input(self, x):
        self._check_shape(x, self.dims + 2, self.c_in)
        out = [output_size(*a) for a in zip(x.shape[1:-1], self.kernel, self.stride, self.pad)]
        if min(out) < 1:
            raise ValueError(f"{self!r}: the kernel is larger than the padded input; x has shape {x.shape}")

    def __repr__(self):
        return (f"{type(self).__name__}({self.c_in}, {self.c_out}, kernel={_short(self.kernel)}, "
                f"stride={_short(self.stride)}, pad={_short(self.pad)}{self._more})")

    _more = ""  # what the transposed convolution adds to the text


class _ConvTranspose(_Conv):
    """n-D transposed convolution: the adjoint of a convolution from c_out to c_in channels (not its inverse).

    x (N, *S, c_in), W (*k, c_out, c_in), y (N, *out, c_out), out = (S − 1) stride − 2 pad + k + output_pad.
    """

    def __init__(self, c_in: int, c_out: int, kernel=4, stride=2, pad=1, output_pad=0, bias: bool = True, *,
                 rng=None, init=None):
        self.c_in, self.c_out = c_in, c_out
        self.kernel, self.stride, self.pad, self.output_pad = (
            self._each_axis(v) for v in (kernel, stride, pad, output_pad))
        if min(self.kernel) < 1 or min(self.stride) < 1 or min(self.pad) < 0:
            raise ValueError(f"{self!r}: kernel and stride must be at least 1 and pad at least 0")
        if any(not 0 <= o < s for o, s in zip(self.output_pad, self.stride)):
            raise ValueError(f"{self!r}: output_pad must be at least 0 and smaller than the stride")
        # On average an output sums over k/stride kernel positions along each axis.
        overlap = math.prod(self.kernel) / math.prod(self.stride)
        fan_in, fan_out = max(1, round(c_in * overlap)), c_out * math.prod(self.kernel)
        self._create((*self.kernel, c_out, c_in), fan_in, fan_out, c_out, bias, rng, init)

    def apply(self, x, W, ctx):
        return super().adjoint(x, W, ctx)

    def adjoint(self, dy, W, ctx):
        return super().apply(dy, W, ctx)

    def wgrad(self, x, dy, ctx):
        return super().wgrad(dy, x, ctx)

    def _wide_size(self, x, ctx):
        return (*self._output(x), self.c_out)

    @property
    def _more(self) -> str:
        return f", output_pad={_short(self.output_pad)}" if any(self.output_pad) else ""

    def _output(self, x) -> list[int]:
        return [(size - 1) * s - 2 * p + k + o
                for size, s, p, k, o in zip(x.shape[1:-1], self.stride, self.pad, self.kernel, self.output_pad)]

    def _check_input(self, x):
        self._check_shape(x, self.dims + 2, self.c_in)
        if min(self._output(x)) < 1:
            raise ValueError(f"{self!r}: the padding removes the whole output; x has shape {x.shape}")


def _short(v: tuple):
    return v[0] if len(set(v)) == 1 else v


class Conv1d(_Conv):
    """Convolution along one axis: x (N, W, c_in), W (k, c_in, c_out)."""

    dims = 1


class Conv2d(_Conv):
    """Convolution over two axes: x (N, H, W, c_in), W (k, k, c_in, c_out)."""

    dims = 2


class Conv3d(_Conv):
    """Convolution over three axes: x (N, D, H, W, c_in), W (k, k, k, c_in, c_out)."""

    dims = 3


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution along one axis: x (N, W, c_in), W (k, c_out, c_in)."""

    dims = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over two axes: x (N, H, W, c_in), W (k, k, c_out, c_in)."""

    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution over three axes: x (N, D, H, W, c_in), W (k, k, k, c_out, c_in)."""

    dims = 3
