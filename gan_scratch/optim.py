"""Optimizers on flat buffers: all parameters of a network are one vector θ, all their gradients one vector g.

A step is then a handful of operations on long vectors, however many layers there are. After a step the gradients are 0
and every parameter's version is one higher.
"""
from __future__ import annotations

import copy

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array, pointwise
from gan_scratch.layers.base import Layer, Parameter


class Optimizer:
    """Moves the parameters into one flat buffer. A subclass names its `slots` and writes `_update(theta, g, *slots)`, in place.

    Args:
        params: the parameters of one or more networks, all of one dtype, on one device.
        lr: the learning rate; assign `optimizer.lr` to change it.

    Raises ValueError for an empty list, a repeated parameter or mixed dtypes.
    """

    slots: tuple[str, ...] = ()  # state vectors of the size of θ

    def __init__(self, params: list[Parameter], lr: float):
        self.params, self.lr, self.t = list(params), lr, 0
        if not self.params:
            raise ValueError(f"{type(self).__name__} got no parameters")
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{type(self).__name__} got the same parameter twice; it would be updated twice in one step")
        if len({p.value.dtype for p in self.params}) > 1:
            raise ValueError(f"{type(self).__name__} expects parameters of one dtype; convert the network with astype first")
        xp = backend.of(self.params[0].value).xp
        self.theta = xp.concatenate([p.value.ravel() for p in self.params])  # (P,)
        self.g = xp.concatenate([p.grad.ravel() for p in self.params])  # (P,)
        self._adopt()
        for slot in self.slots:
            setattr(self, slot, xp.zeros_like(self.theta))

    def _adopt(self) -> None:
        """Let every parameter live in its slice of the flat buffers."""
        start = 0
        for p in self.params:
            span, shape = slice(start, start + p.value.size), p.value.shape
            p.share(self.theta[span].reshape(shape), self.g[span].reshape(shape))
            start = span.stop
        self._homes = [(p.value, p.grad) for p in self.params]

    def restart(self) -> None:
        """Forget all earlier gradients: the state vectors and the count of steps are as at the beginning."""
        self.t = 0
        for slot in self.slots:
            getattr(self, slot)[...] = 0

    def __setstate__(self, state: dict) -> None:
        """A copy (deepcopy, pickle) of an optimizer together with its network: slices were copied as arrays of their own."""
        self.__dict__.update(state)
        self._adopt()

    def step(self) -> None:
        """One update from the gradients that have been added up; then the gradients are cleared.

        Raises RuntimeError when a parameter no longer lives in the buffer of this optimizer.
        """
        if any(p.value is not value or p.grad is not grad for p, (value, grad) in zip(self.params, self._homes)):
            raise RuntimeError(f"{type(self).__name__}: a parameter was moved after this optimizer was made (by .to, .astype, an "
                               "assignment to .value or .grad, or another optimizer); make the optimizer after that, or write into "
                               "the arrays in place")
        self.t += 1
        backend.of(self.theta).in_place(self._update, self.theta, self.g, *(getattr(self, slot) for slot in self.slots))
        self.g[...] = 0
        for p in self.params:
            p.version += 1

    def clear(self) -> None:
        """Set all gradients to 0."""
        self.g[...] = 0

    def _update(self, theta: Array, g: Array, *slots: Array) -> None:
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """What a checkpoint needs beside the parameters: the step count, the learning rate, the state vectors (copies)."""
        state = {"t": np.array(self.t), "lr": np.array(self.lr)}
        return state | {slot: np.array(backend.to_host(getattr(self, slot))) for slot in self.slots}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Write back what `state` returned. Raises ValueError when it belongs to other parameters or another optimizer."""
        if state.keys() != {"t", "lr", *self.slots} or any(state[slot].shape != self.theta.shape for slot in self.slots):
            raise ValueError(f"the state doesn't fit this {type(self).__name__}, it belongs to another optimizer or to other parameters")
        self.t, self.lr = int(state["t"]), float(state["lr"])
        for slot in self.slots:
            getattr(self, slot)[...] = backend.of(self.theta).asarray(state[slot])


class SGD(Optimizer):
    """θ ← θ − lr·g."""

    def __init__(self, params: list[Parameter], lr: float):
        super().__init__(params, lr)

    def _update(self, theta, g):
        theta -= self.lr * g


class Momentum(Optimizer):
    """v ← momentum·v + g, θ ← θ − lr·v (Polyak 1964)."""

    slots = ("v",)

    def __init__(self, params: list[Parameter], lr: float, momentum: float = 0.9):
        super().__init__(params, lr)
        self.momentum = momentum

    def _update(self, theta, g, v):
        v *= self.momentum
        v += g
        theta -= self.lr * v


class RMSProp(Optimizer):
    """s ← decay·s + (1 − decay)·g², θ ← θ − lr·g/(√s + eps) (Hinton 2012, lecture 6e)."""

    slots = ("s",)

    def __init__(self, params: list[Parameter], lr: float, decay: float = 0.99, eps: float = 1e-8):
        super().__init__(params, lr)
        self.decay, self.eps = decay, eps

    def _update(self, theta, g, s):
        s *= self.decay
        s += (1 - self.decay) * (g * g)
        theta -= rms_step(g, s, self.lr, self.eps)


class Adam(Optimizer):
    """m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − lr·m̂/(√v̂ + eps), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).

    Kingma & Ba 2015, Algorithm 1. The defaults are the DCGAN paper's; β₁ = 0.9 makes GANs oscillate.
    """

    slots = ("m", "v")

    def __init__(self, params: list[Parameter], lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999), eps: float = 1e-8):
        super().__init__(params, lr)
        self.betas, self.eps = betas, eps

    def _update(self, theta, g, m, v):
        beta1, beta2 = self.betas
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * (g * g)
        # m̂/(√v̂ + eps) = c·m/(√v + eps·√(1 − β₂ᵗ)): the corrections are two numbers, not two vectors.
        root = (1 - beta2**self.t) ** 0.5
        theta -= rms_step(m, v, self.lr * root / (1 - beta1**self.t), self.eps * root)


@pointwise
def rms_step(xp, m, v, lr, eps):
    return lr * m / (xp.sqrt(v) + eps)


class HistoricalAveraging(Optimizer):
    """Another optimizer, with weight·‖θ − θ̄‖² added to the cost, θ̄ the mean of all θ so far (Salimans et al. 2016, section 3.3).

    The gradient gains 2·weight·(θ − θ̄): a spring towards the past, which damps a game that circles.

    Args:
        optimizer: does the step; `lr`, `params` are its. weight: the stiffness, at least 0.
    """

    def __init__(self, optimizer: Optimizer, weight: float = 1.0):
        if not weight >= 0:
            raise ValueError(f"HistoricalAveraging: weight must be at least 0, got {weight}")
        self.optimizer, self.weight, self.mean = optimizer, weight, optimizer.theta.copy()

    params = property(lambda self: self.optimizer.params)
    t = property(lambda self: self.optimizer.t)
    lr = property(lambda self: self.optimizer.lr, lambda self, lr: setattr(self.optimizer, "lr", lr))

    def step(self) -> None:
        inner = self.optimizer
        inner.g += 2 * self.weight * (inner.theta - self.mean)
        inner.step()
        self.mean += (inner.theta - self.mean) / (inner.t + 1)  # θ₀ … θ_t are t + 1

    def clear(self) -> None:
        self.optimizer.clear()

    def state(self) -> dict[str, np.ndarray]:
        return self.optimizer.state() | {"mean": np.array(backend.to_host(self.mean))}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        if "mean" not in state or state["mean"].shape != self.mean.shape:
            raise ValueError("the state doesn't fit this HistoricalAveraging: its mean is missing or belongs to other parameters")
        self.optimizer.load_state({name: a for name, a in state.items() if name != "mean"})
        self.mean[...] = backend.of(self.mean).asarray(state["mean"])

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)  # the inner optimizer adopts its parameters itself


class EMA:
    """An exponential moving average of a network, running statistics included: e ← e + (1 − b)(θ − e).

    b = min(decay, (1 + t)/(10 + t)) starts small, so that the average forgets the untrained network.

    Attributes:
        network: the averaged network (Yazıcı et al. 2019). Sample from it; don't train it.
    """

    def __init__(self, network: Layer, decay: float = 0.99):
        self.source, self.network, self.decay, self.t = network, copy.deepcopy(network), decay, 0
        self._params = list(zip(self.network.params, network.params))
        layers = [(e, x) for (_, e), (_, x) in zip(self.network.modules(), network.modules())]
        self._buffers = [(e, x, name) for e, x in layers for name in e.buffers]

    def update(self) -> None:
        """Take the source network's current numbers into the average."""
        b = min(self.decay, (1 + self.t) / (10 + self.t))
        self.t += 1
        pairs = [(e.value, x.value) for e, x in self._params]
        for e, x in pairs + [(getattr(e, name), getattr(x, name)) for e, x, name in self._buffers]:
            e += (1 - b) * (x - e)
        for e, _ in self._params:
            e.version += 1

    def state(self) -> dict[str, np.ndarray]:
        """The averaged network's state and the number of updates."""
        return self.network.state() | {"t": np.array(self.t)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Write back what `state` returned. Raises ValueError when it doesn't fit."""
        if "t" not in state:
            raise ValueError("the state is not that of an EMA: the number of updates, t, is missing")
        self.network.load_state({name: a for name, a in state.items() if name != "t"})
        self.t = int(state["t"])
