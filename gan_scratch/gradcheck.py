"""Is a hand-written gradient right? Two tests, and a report that says where it is wrong.

`adjoint_test` uses the identity ⟨dy, A(x, W)⟩ = ⟨dx, x⟩ = ⟨dW, W⟩ of bilinear layers: no step size, any dtype, any device.
`check_layer`, `check_backward2` and `check_loss` compare with central differences (L(θ + h) − L(θ − h))/2h in float64. These lie when h is too
large (curvature), too small (rounding), or where L has a kink, as ReLU at 0; so h is swept, and kinks are detected and left out.
"""
from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Callable

import numpy as np

from gan_scratch import backend
from gan_scratch.layers.base import Layer
from gan_scratch.layers.bilinear import Bilinear

STEPS = 10.0 ** -np.arange(2, 8)  # h = 1e-2 … 1e-7


@dataclass
class Entry:
    """The worst place of one array's gradient.

    Attributes:
        name: the array ("x", "W", "0.gamma", …). index: where in it.
        backward, expected: the two numbers. error: their difference divided by `scale`: the largest entry of the gradient, or, in an
            adjoint test, the largest value that the product can have.
        kinks: how many places were left out because the function has no derivative there.
        unknown: every place that was tried lies at a kink, so nothing could be compared.
    """

    name: str
    index: tuple
    backward: float
    expected: float
    error: float
    tolerance: float
    kinks: int = 0
    scale: float = 1.0
    unknown: bool = False

    @property
    def ok(self) -> bool:
        return self.unknown or bool(self.error <= self.tolerance)  # False for NaN

    def __str__(self) -> str:
        """Both numbers with as many digits as their difference needs."""
        if self.unknown:
            return (f"can't tell about d{self.name}: the function has a kink at all {self.kinks} places that were "
                    "tried (ReLU at 0, for example), so no difference says what the gradient is; take another x")
        kinks = f", {self.kinks} kinks left out" if self.kinks else ""
        difference = abs(self.backward - self.expected)
        decimals = min(max(1 - math.floor(math.log10(difference)), 4), 17) if 0 < difference < math.inf else 4
        place = list(self.index) if self.index else ""
        ratio = f", ratio {self.backward / self.expected:.5g}" if not self.ok and self.expected else ""
        return (f"{'ok   ' if self.ok else 'WRONG'} d{self.name}{place}: backward {self.backward:.{decimals}f}, expected "
                f"{self.expected:.{decimals}f}, difference {difference:.1e}, which is {self.error:.1e} of the scale {self.scale:.3g}{ratio}{kinks}")


@dataclass
class Report:
    """What a check found, one entry for each array. print() shows it. ok: nothing wrong was found."""

    title: str
    entries: list[Entry] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.entries) and all(e.ok for e in self.entries)

    def __str__(self) -> str:
        return "\n  ".join([self.title, *map(str, self.entries)])

    def raise_if_wrong(self) -> "Report":
        """Raises AssertionError with the whole report unless every entry was compared and is right; returns itself."""
        if not self.ok or any(e.unknown for e in self.entries):
            raise AssertionError(str(self))
        return self


def adjoint_test(layer: Bilinear, x, rng=0, tolerance: float | None = None) -> Report:
    """Check ⟨dy, A(x, W)⟩ = ⟨dx, x⟩ = ⟨dW, W⟩ and db = Σ dy for a bilinear layer, in the dtype and on the device of x.

    Args:
        x: an input. dy is drawn from rng (Generator or seed).
        tolerance: on the difference relative to ‖dy‖·‖y‖; 1e-5 for float32, 1e-12 for float64 unless given.
    """
    place = backend.of(x)
    tolerance = tolerance or (1e-5 if x.dtype == np.float32 else 1e-12)
    layer = copy.deepcopy(layer)
    y, ctx = layer.forward(x)
    dy = place.asarray(_generator(rng).standard_normal(y.shape).astype(x.dtype))
    for p in layer.params:
        p.grad[...] = 0
    dx = layer.backward(dy, ctx)
    if dx is None or dx.shape != x.shape:
        return Report(f"adjoint test of {layer!r}, x {x.shape}: dx is {'None' if dx is None else dx.shape}",
                      [Entry("x", (), float("nan"), float("nan"), float("inf"), tolerance)])
    bias = 0 if layer.b is None else layer.b.value
    dot = lambda a, b: float((a.astype(np.float64) * b).sum())  # noqa: E731
    scale = (dot(dy, dy) * dot(y, y)) ** 0.5 + 1e-30
    left = dot(dy, y - bias)
    entries = [Entry("x", (), dot(dx, x), left, abs(dot(dx, x) - left) / scale, tolerance, scale=scale),
               Entry("W", (), dot(layer.W.grad, layer.W.value), left,
                     abs(dot(layer.W.grad, layer.W.value) - left) / scale, tolerance, scale=scale)]
    if layer.b is not None:
        db = backend.to_host(dy).reshape(-1, y.shape[-1]).astype(np.float64).sum(0)
        entries.append(_worst("b", backend.to_host(layer.b.grad), {(c,): (v, False) for c, v in enumerate(db)}, tolerance))
    return Report(f"adjoint test of {layer!r}, x {x.shape}", entries)


def check_layer(layer: Layer, x, rng=0, samples: int = 30, tolerance: float = 1e-6, train: bool = True) -> Report:
    """Compare dx and every parameter's gradient with central differences of L = Σ dy·y, in float64 on the CPU.

    The layer itself isn't changed, and random layers (Dropout) repeat the same draw.

    Args:
        x: an input array, or a tuple of arrays for layers with several inputs.
        rng: Generator or seed for dy and for the places that are compared.
        samples: places compared in each array (all, if there are no more).
        tolerance: on the error relative to the largest entry of the array's gradient.
        train: forward in training or in inference mode.
    """
    rng = _generator(rng)
    layer = copy.deepcopy(layer).astype(np.float64)
    several = isinstance(x, (tuple, list))
    xs = [np.array(a, np.float64) if a.dtype.kind == "f" else a for a in (x if several else [x])]
    arrays = {f"x{i}" if several else "x": a for i, a in enumerate(xs) if a.dtype.kind == "f"}
    arrays |= {name: p.value for name, p in layer.named_params().items()}

    used = copy.deepcopy(layer)
    y, ctx = used.forward(tuple(xs) if several else xs[0], train)
    dy = rng.standard_normal(y.shape)
    before = {name: rng.standard_normal(p.value.shape) for name, p in used.named_params().items()}
    for name, p in used.named_params().items():
        p.grad[...] = before[name]  # backward must add to what is there
    dx = used.backward(dy, ctx)
    gradients = {f"x{i}": d for i, d in enumerate(dx)} if several else {"x": dx}
    gradients |= {name: p.grad - before[name] for name, p in used.named_params().items()}

    def loss() -> float:  # a copy, so that running statistics and random generators start the same each time
        return float((copy.deepcopy(layer).forward(tuple(xs) if several else xs[0], train)[0] * dy).sum())

    return Report(f"central differences for {layer!r}",
                  [_compare(name, a, gradients[name], loss, rng, samples, tolerance) for name, a in arrays.items()])


def check_backward2(layer: Layer, x, rng=0, samples: int = 30, tolerance: float = 1e-6, train: bool = True, V: bool = True) -> Report:
    """Compare u, c and every parameter's gradient from `backward2` with central differences of S = ⟨v, dx⟩ + Σ ⟨V[W], dW⟩.

    S is computed by `backward`, in float64 on the CPU, for random δ, v and V. Arguments as for `check_layer`; the entry "dy" is u.

    Args:
        V: False leaves the directions of the weight gradients out: S = ⟨v, dx⟩.
    """
    rng = _generator(rng)
    layer = copy.deepcopy(layer).astype(np.float64)
    x = np.array(x, np.float64)
    used = copy.deepcopy(layer)
    y, ctx = used.forward(x, train)
    dy, v = rng.standard_normal(y.shape), rng.standard_normal(x.shape)
    directions = {name: rng.standard_normal(p.value.shape) for name, p in used.named_params().items()}
    used.backward(dy, ctx)
    before = {name: rng.standard_normal(p.value.shape) for name, p in used.named_params().items()}
    for name, p in used.named_params().items():
        p.grad[...] = before[name]  # backward2 must add to what is there
    u, c = used.backward2(v, ctx, {p: directions[name] for name, p in used.named_params().items()} if V else None)
    gradients = {"dy": u, "x": np.zeros_like(x) + c}
    gradients |= {name: p.grad - before[name] for name, p in used.named_params().items()}

    def S() -> float:
        net = copy.deepcopy(layer)
        for p in net.params:
            p.grad[...] = 0
        dx = net.backward(dy, net.forward(x, train)[1])
        return float((v * dx).sum() + (sum((directions[name] * p.grad).sum() for name, p in net.named_params().items()) if V else 0))

    arrays = {"dy": dy, "x": x} | {name: p.value for name, p in layer.named_params().items()}
    return Report(f"double backprop of {layer!r}",
                  [_compare(name, a, gradients[name], S, rng, samples, tolerance) for name, a in arrays.items()])


def check_loss(f: Callable, *arrays, rng=0, samples: int = 30, tolerance: float = 1e-6) -> Report:
    """Compare the gradients of a loss f(a₁, a₂, …) -> value, d₁, d₂, … with central differences, in float64."""
    arrays = [np.array(a, np.float64) for a in arrays]
    gradients, rng = f(*arrays)[1:], _generator(rng)
    return Report(f"central differences for {getattr(f, '__qualname__', f)}",
                  [_compare(f"a{i}", a, d, lambda: float(f(*arrays)[0]), rng, samples, tolerance)
                   for i, (a, d) in enumerate(zip(arrays, gradients))])


def _generator(rng) -> np.random.Generator:
    """A seed is spread, so that dy differs from an x that was drawn with default_rng of the same seed."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng([rng, 20140610])


def _compare(name, a, gradient, loss, rng, samples, tolerance) -> Entry:
    if gradient is None or gradient.shape != a.shape:
        return Entry(name, (), float("nan"), float("nan"), float("inf"), tolerance)
    found, smooth = {}, 0
    for k in rng.permutation(a.size)[:10 * samples]:
        index = tuple(map(int, np.unravel_index(k, a.shape)))
        found[index] = derivative(loss, a, index)
        smooth += not found[index][1]
        if smooth and len(found) >= samples:
            break
    return _worst(name, gradient, found, tolerance)


def _worst(name: str, gradient, expected: dict[tuple, tuple[float, bool]], tolerance) -> Entry:
    smooth = {index: value for index, (value, kink) in expected.items() if not kink}
    kinks = len(expected) - len(smooth)
    if not smooth:
        return Entry(name, (), float("nan"), float("nan"), float("inf"), tolerance, kinks, unknown=True)
    scale = max(max(abs(v) for v in smooth.values()), float(np.abs(gradient).max()), 1e-8)
    error = {index: abs(float(gradient[index]) - value) / scale for index, value in smooth.items()}
    index = max(error, key=lambda i: np.inf if np.isnan(error[i]) else error[i])
    return Entry(name, index, float(gradient[index]), smooth[index], error[index], tolerance, kinks, scale)


def derivative(loss: Callable[[], float], a: np.ndarray, index: tuple) -> tuple[float, bool]:
    """d loss / d a[index] by central differences: the value at the step h where two neighbouring h agree best, and
    whether there is a kink, that is, whether the one-sided slopes stay apart however small h gets."""
    center, here = a[index], loss()
    slopes, gaps = [], []
    for h in STEPS:
        a[index] = center + h
        up = loss()
        a[index] = center - h
        down = loss()
        slopes.append((up - down) / (2 * h))
        gaps.append(abs((up - here) / h - (here - down) / h))
    a[index] = center
    best = int(np.argmin(np.abs(np.diff(slopes)))) + 1
    # For a smooth function the gap is h·|L″|: three steps down it is a thousandth. A kink's gap stays as it is.
    rounding = 1e-13 * (1 + abs(here)) / STEPS[4]
    kink = gaps[4] > 0.1 * max(gaps[1], 1e-300) and gaps[4] > 1e-6 * max(1.0, abs(slopes[best])) + 10 * rounding
    return slopes[best], kink
