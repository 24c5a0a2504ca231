"""Parameter, Layer, Sequential: what every layer has in common.

A layer owns its parameters and never its activations. Each call of `forward` returns a ctx, a plain dict of the arrays
that the backward pass needs, so that a network can be used several times in one training step (D sees real and fake)
and each use keeps its own record.
"""
from __future__ import annotations

import math
from typing import Any, Iterator

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import threads
from gan_scratch.backend import Array

Ctx = Any  # a dict of arrays for a layer, a list of these (a "tape") for a network
Directions = dict["Parameter", Array]  # a direction in weight space


class Parameter:
    """A trainable array and the gradient that backward passes have added up for it.

    Attributes:
        value: the numbers. Assigning to it counts as an update. Writing into it (`p.value[...] = a`) keeps an optimizer's
            buffer, but isn't noticed by tapes made before.
        grad: same shape; `backward` adds to it, the optimizer's `step` clears it. Change it in place.
        version: how often the value was updated. A ctx remembers it, so that a stale one is noticed.
    """

    def __init__(self, value: Array):
        self.version = -1
        self._value = self.grad = None
        self.value = value

    @property
    def value(self) -> Array:
        return self._value

    @value.setter
    def value(self, value: Array) -> None:
        if value is not self._value:  # p.value *= 2 assigns the same array again; its gradient must stay where it is
            self._value, self.grad = value, backend.of(value).xp.zeros_like(value)
        self.version += 1

    def share(self, value: Array, grad: Array) -> None:
        """Move into slices of an optimizer's flat buffers, which already hold this parameter's numbers."""
        self._value, self.grad = value, grad

    def __repr__(self) -> str:
        return f"Parameter(shape={self.value.shape}, dtype={self.value.dtype}, version={self.version})"


class Layer:
    """Base class of layers and networks.

    A layer with formulas writes `_forward(x, train) -> y, ctx` and `_backward(dy, ctx, weights, inputs) -> dx`; the
    checks around them stand here, once. A layer made of layers overrides `forward` and `backward`.
    """

    buffers: tuple[str, ...] = ()  # names of arrays that are saved but not trained (running statistics)

    def forward(self, x: Array, train: bool = True) -> tuple[Array, Ctx]:
        """Compute y and the ctx for `backward`. x and y may be part of ctx: don't change them in place before `backward`.

        Raises ValueError when x has a shape that the layer can't take, TypeError when x isn't floating point
        or lives on another device than the parameters.
        """
        self._check_numbers(x)
        self._check_input(x)
        self._check_device(x)
        with threads.ours():
            y, ctx = self._forward(x, train)
        ctx["x_shape"], ctx["y_shape"] = np.array(getattr(x, "shape", ())), np.array(y.shape)  # (Concat's x is a tuple)
        ctx["version"] = np.array(self._versions(), np.int64)
        return y, ctx

    def backward(self, dy: Array, ctx: Ctx, weights: bool = True, inputs: bool = True) -> Array | None:
        """Given dy = ∂L/∂y, add ∂L/∂W to each parameter's `.grad` and return dx = ∂L/∂x.

        Args:
            dy: the shape of the y that belongs to ctx.
            weights: False skips the weight gradients (D inside G's step).
            inputs: False skips dx and returns None (the first layer, on real data).

        Raises ValueError when dy has another shape than y, RuntimeError when a parameter was updated after `forward`.
        """
        if list(dy.shape) != ctx["y_shape"].tolist():
            raise ValueError(f"{self!r}: backward got dy of shape {dy.shape}, but this use of the layer returned y of shape "
                             f"{tuple(map(int, ctx['y_shape']))}")
        self._check_current(ctx)
        ctx["dy"] = dy  # what backward2 differentiates
        with threads.ours():
            return self._backward(dy, ctx, weights, inputs)

    def backward2(self, v: Array, ctx: Ctx, V: Directions | None = None) -> tuple[Array, Array | float]:
        """Differentiate the last backward pass of this ctx: double backprop by hand.

        That pass turned δ = dy into dx(δ, x, W) and dW(δ, x, W). Of their products with fixed directions,

            S = ⟨v, dx⟩ + Σ_W ⟨V[W], dW⟩,

        this adds ∂S/∂W to each parameter's `.grad` and returns the other two derivatives. The reverse of a reverse pass runs
        upwards: u is the direction v of the layer above.

        Args:
            v: the shape of x. ctx: of a forward pass whose backward pass was run.
            V: directions of the weight gradients, one for every parameter; None means that S is ⟨v, dx⟩.

        Returns: u = ∂S/∂δ with the shape of y, and the curvature c = ∂S/∂x with δ held fixed, the number 0 where there is none.
        Raises ValueError for wrong shapes, RuntimeError without a backward pass before or when a parameter was updated since,
        NotImplementedError for a layer without this derivative.
        """
        if "dy" not in ctx:
            raise RuntimeError(f"{self!r}: backward2 differentiates a backward pass, but none was run with this ctx; call "
                               "backward(dy, ctx) first")
        self._check_current(ctx)
        self._check_direction(v, ctx)
        missing = [name for name, p in vars(self).items() if isinstance(p, Parameter) and V is not None and p not in V]
        if missing:
            raise ValueError(f"{self!r}: V has no direction for {' and '.join(missing)}; give one for every parameter")
        with threads.ours():
            return self._backward2(v, ctx["dy"], ctx, V)

    def _backward2(self, v, dy, ctx, V):
        raise NotImplementedError(f"{self!r} has no backward2, so a gradient penalty can't pass through it; use a D without it")

    def __call__(self, x: Array) -> Array:
        """Inference: forward(x, train=False)[0]."""
        return self.forward(x, train=False)[0]

    def _versions(self) -> list[int]:
        return [p.version for p in vars(self).values() if isinstance(p, Parameter)]

    def _check_current(self, ctx: Ctx) -> None:
        if ctx["version"].tolist() != self._versions():
            raise RuntimeError(f"{self!r}: its parameters were updated after this ctx was made, so its gradient would be "
                               "wrong; run forward again")

    def _check_direction(self, v: Array, ctx: Ctx) -> None:
        if v.shape != tuple(ctx["x_shape"]):
            raise ValueError(f"{self!r}: backward2 got v of shape {v.shape}, but this use of the layer got x of shape "
                             f"{tuple(map(int, ctx['x_shape']))}")

    def _check_numbers(self, x: Array | tuple) -> None:
        for a in x if isinstance(x, tuple) else (x,):
            if getattr(a, "dtype", None) == np.float16:
                raise TypeError(f"{self!r} computes in float32 or float64, but x is float16; convert it with "
                                "x.astype(np.float32)")
            if 0 in getattr(a, "shape", ()):
                raise ValueError(f"{self!r} got an empty batch, x of shape {a.shape}; give at least one sample")

    def _check_input(self, x: Array) -> None:
        self._check_float(x)

    def _check_float(self, x: Array) -> None:
        dtype = getattr(x, "dtype", None)
        if isinstance(x, tuple):
            raise TypeError(f"{self!r} computes with one array, but x is a tuple of {len(x)} things; forward returns two things, the output and "
                            "the record that backward needs: unpack them, y, tape = network.forward(x)")
        if dtype is None or dtype.kind != "f":
            raise TypeError(f"{self!r} computes with arrays of floating-point numbers, but x is {dtype or type(x).__name__}; "
                            "convert it, images for example with x.astype(np.float32) / 127.5 - 1")

    def _check_device(self, x: Array) -> None:
        for p in vars(self).values():
            if isinstance(p, Parameter) and backend.of(p.value) is not backend.of(x):
                raise TypeError(f"{self!r} lives on the {backend.of(p.value).name}, but x on the {backend.of(x).name}; "
                                "move the network with .to(device), or x")

    def _check_shape(self, x: Array, ndim: int, channels: int) -> None:
        """x must have ndim axes (batch first) and `channels` numbers on the last one."""
        self._check_float(x)
        if x.ndim != ndim or x.shape[-1] != channels:
            axes = ", ".join(["N", *["D", "H", "W"][5 - ndim:], str(channels)])
            raise ValueError(f"{self!r} expects x of shape ({axes}), channels last, but got {x.shape}")

    def _check_channels(self, x: Array, channels: int) -> None:
        """x must have a batch axis and `channels` numbers on the last one."""
        self._check_float(x)
        if x.ndim < 2 or x.shape[-1] != channels:
            hint = "; put a Flatten() before it" if math.prod(x.shape[1:]) == channels else ""
            raise ValueError(f"{self!r} expects x of shape (N, {channels}) or (N, …, {channels}), but got {x.shape}{hint}")

    # --- what a layer owns -------------------------------------------------------------------------------------------

    def children(self) -> dict[str, "Layer"]:
        """The layers inside this one, by name."""
        return {name: v for name, v in vars(self).items() if isinstance(v, Layer)}

    def modules(self, prefix: str = "") -> Iterator[tuple[str, "Layer"]]:
        """This layer and all layers inside it, in forward order, each once (a layer may be used twice), with its dotted name."""
        seen = set()
        for name, layer in self._all_modules(prefix):
            if id(layer) not in seen:
                seen.add(id(layer))
                yield name, layer

    def _all_modules(self, prefix: str) -> Iterator[tuple[str, "Layer"]]:
        yield prefix, self
        for name, child in self.children().items():
            yield from child._all_modules(f"{prefix}{name}.")

    def named_params(self) -> dict[str, Parameter]:
        """All parameters by dotted name, in forward order."""
        return {f"{prefix}{name}": p for prefix, layer in self.modules() for name, p in vars(layer).items()
                if isinstance(p, Parameter)}

    @property
    def params(self) -> list[Parameter]:
        """All parameters in forward order."""
        return list(self.named_params().values())

    def state(self) -> dict[str, np.ndarray]:
        """Copies, in host memory, of all parameters and running statistics, by dotted name."""
        arrays = {name: p.value for name, p in self.named_params().items()}
        arrays |= {f"{prefix}{name}": getattr(layer, name) for prefix, layer in self.modules() for name in layer.buffers}
        return {name: np.array(backend.to_host(a)) for name, a in arrays.items()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Write back what `state` returned. Raises ValueError, and changes nothing, when names or shapes differ."""
        mine = self.state()
        missing, extra = sorted(mine.keys() - state.keys()), sorted(state.keys() - mine.keys())
        if missing or extra:
            raise ValueError(f"the state doesn't fit this network: missing {missing or 'nothing'}, unknown {extra or 'nothing'}")
        for name, a in mine.items():
            if a.shape != state[name].shape:
                raise ValueError(f"the state doesn't fit this network: {name} has shape {state[name].shape}, expected {a.shape}")
        for name, p in self.named_params().items():
            p.value[...] = backend.of(p.value).asarray(state[name])
            p.version += 1
        for prefix, layer in self.modules():
            for name in layer.buffers:
                a = getattr(layer, name)
                a[...] = backend.of(a).asarray(state[f"{prefix}{name}"])

    def to(self, device: str) -> "Layer":
        """Move all arrays to "cpu" or "cuda", in place; returns self. Make optimizers afterwards."""
        place = backend.get(device)
        return self._convert(lambda a: place.asarray(a if place.name == "cuda" else backend.to_host(a)))

    def astype(self, dtype) -> "Layer":
        """Convert all arrays to float32 or float64, in place; returns self. Make optimizers afterwards."""
        if np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"networks compute in float32 or float64, not in {np.dtype(dtype)}")
        return self._convert(lambda a: a.astype(dtype, copy=False))

    def _convert(self, convert) -> "Layer":
        for _, layer in self.modules():
            for name, v in list(vars(layer).items()):
                if isinstance(v, Parameter):
                    v.value = convert(v.value)
                elif name in layer.buffers:
                    setattr(layer, name, convert(v))
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class LinearLayer(Layer):
    """A layer without parameters that is linear in x: the derivative of its backward pass is its forward pass."""

    def _backward2(self, v, dy, ctx, V):
        return self._forward(v, True)[0], 0


class Sequential(Layer):
    """One layer after the other. `forward` returns a tape: the list of its layers' ctx."""

    def __init__(self, *layers: Layer):
        self.layers = list(layers)

    def children(self) -> dict[str, Layer]:
        return {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(self, x: Array, train: bool = True) -> tuple[Array, list[Ctx]]:
        tape = []
        with threads.ours():
            for i, layer in enumerate(self.layers):
                try:
                    x, ctx = layer.forward(x, train)
                except (ValueError, TypeError) as error:
                    error.args = (f"layer {i}: {error}",)
                    raise
                tape.append(ctx)
        return x, tape

    def backward(self, dy: Array, tape: list[Ctx], weights: bool = True, inputs: bool = True) -> Array | None:
        if len(tape) != len(self.layers):
            raise ValueError(f"this network has {len(self.layers)} layers, but the tape {len(tape)}: it belongs to another network")
        # Below the first layer that has weights nobody needs a gradient, unless dx was asked for.
        trained = (i for i, layer in enumerate(self.layers) if layer.params)
        first = 0 if inputs else next(trained, len(self.layers)) if weights else len(self.layers)
        with threads.ours():
            for i in reversed(range(first, len(self.layers))):
                dy = self.layers[i].backward(dy, tape[i], weights, inputs or i > first)
        return dy if inputs else None

    def backward2(self, v: Array, tape: list[Ctx], V: Directions | None = None) -> tuple[Array, Array | float]:
        curvatures, total = [], 0
        with threads.ours():
            for i, layer in enumerate(self.layers):  # up
                v, c = layer.backward2(v, tape[i], V)
                curvatures.append(c)
            for layer, ctx, c in zip(self.layers[::-1], tape[::-1], curvatures[::-1]):  # and down, from the first curvature on
                total = c + (0 if isinstance(total, int) else layer.backward(total, _copied(ctx)))
        return v, total

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getitem__(self, index: int | slice) -> Layer:
        """A layer, or, for a slice, a Sequential that shares these layers (D's features: D[:-1])."""
        return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]

    def __repr__(self) -> str:
        return "Sequential(" + "".join(f"\n  {i}: {layer!r}" for i, layer in enumerate(self.layers)) + "\n)"


def _copied(ctx: Ctx) -> Ctx:
    """A ctx or tape whose entries can be replaced: the way down must not replace the dy that backward2 differentiates."""
    return [_copied(c) for c in ctx] if isinstance(ctx, list) else dict(ctx)
