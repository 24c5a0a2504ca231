"""Recurrent layers: the same weights at every time step, x (N, T, n_in) -> h (N, T, n). The state begins at 0.

Each class is two formulas: `step`, from the input's part a_t = x_t Wx + b and the state before to the state after, and `step_backward`.
Backpropagation through time is what they share: a step's state gets its gradient from two sides, from the output at t and from
the step t + 1, so the steps are gone through in reverse order (Werbos 1990). The products with Wx are done for all t at once.

A generator that feeds its own output back calls `step` and `step_backward` itself.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.layers import init as initialisers
from gan_scratch.layers.activation import sigmoid
from gan_scratch.layers.base import Layer, Parameter


class _Recurrent(Layer):
    """What the three share. Wx (n_in, gates·n), Wh (n, gates·n), b (gates·n,).

    Args:
        n_in: numbers in each step's input. n: numbers in the state. rng, init: for Wx and Wh; by default uniform ±1/√n.
    """

    gates: int  # how many blocks of n columns the matrices have
    states = 1  # how many arrays (N, n) go from step to step; the first is h

    def __init__(self, n_in: int, n: int, *, rng=None, init=None):
        rng, init = np.random.default_rng(rng), init or initialisers.fan_in_uniform()
        self.n_in, self.n = n_in, n
        self.Wx = Parameter(init((n_in, self.gates * n), n, n, rng))
        self.Wh = Parameter(init((n, self.gates * n), n, n, rng))
        self.b = Parameter(np.zeros(self.gates * n, np.float32))

    def step(self, a: Array, state: Array) -> tuple[Array, Array]:
        """One time step.

        Args:
            a: x_t Wx + b, (N, gates·n). state: (states, N, n).

        Returns: the next state (states, N, n), and the record (…, N, n) for `step_backward`.
        """
        raise NotImplementedError

    def step_backward(self, dstate: Array, record: Array) -> tuple[Array, Array, Array]:
        """The gradient of one time step.

        Args:
            dstate: (states, N, n), of the state after. record: what `step` returned.

        Returns: da, of a, (N, gates·n); dm, of the product h_{t−1} Wh, (N, gates·n); dstate of the state before, (states, N, n).
        """
        raise NotImplementedError

    def start(self, like: Array, count: int) -> Array:
        """The state before the first step: zeros (states, count, n) on the device and in the dtype of `like`."""
        return backend.of(like).xp.zeros((self.states, count, self.n), like.dtype)

    def input_part(self, x: Array) -> Array:
        """a = x Wx + b for x (N, …, n_in)."""
        return x @ self.Wx.value + self.b.value

    def add_gradients(self, x: Array, h_before: Array, da: Array, dm: Array) -> None:
        """Add the gradients of Wx, Wh, b from arrays (N, …) of one step or of all."""
        flat = [t.reshape(-1, t.shape[-1]) for t in (x, h_before, da, dm)]
        x, h_before, da, dm = flat
        self.Wx.grad += x.T @ da
        self.Wh.grad += h_before.T @ dm
        self.b.grad += backend.of(da).column_sums(da)

    def _check_input(self, x):
        self._check_float(x)
        if x.ndim != 3 or x.shape[-1] != self.n_in or not x.shape[1]:
            raise ValueError(f"{self!r} expects x of shape (N, T, {self.n_in}), but got {x.shape}")

    def _forward(self, x, train):
        a, state, xp = self.input_part(x), self.start(x, len(x)), backend.of(x).xp
        h, records = [], []
        for t in range(x.shape[1]):
            state, record = self.step(a[:, t], state)
            h.append(state[0])
            records.append(record)
        h = xp.stack(h, axis=1)  # (N, T, n)
        return h, {"x": x, "h": h, "records": xp.stack(records)}

    def _backward(self, dy, ctx, weights, inputs):
        x, h, xp = ctx["x"], ctx["h"], backend.of(dy).xp
        dstate, da, dm = self.start(dy, len(dy)), [], []
        for t in reversed(range(x.shape[1])):
            dstate[0] += dy[:, t]
            da_t, dm_t, dstate = self.step_backward(dstate, ctx["records"][t])
            da.append(da_t)
            dm.append(dm_t)
        da, dm = xp.stack(da[::-1], axis=1), xp.stack(dm[::-1], axis=1)  # (N, T, gates·n)
        if weights:
            h_before = xp.concatenate([xp.zeros_like(h[:, :1]), h[:, :-1]], axis=1)
            self.add_gradients(x, h_before, da, dm)
        return da @ self.Wx.value.T if inputs else None

    def __repr__(self):
        return f"{type(self).__name__}({self.n_in}, {self.n})"


class SimpleRNN(_Recurrent):
    """h_t = tanh(a_t + h_{t−1} Wh) (Elman 1990)."""

    gates = 1

    def step(self, a, state):
        h = backend.of(a).xp.tanh(a + state[0] @ self.Wh.value)
        return h[None], h[None]

    def step_backward(self, dstate, record):
        h, = record
        da = dstate[0] * (1 - h * h)
        return da, da, (da @ self.Wh.value.T)[None]


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000). Blocks in the order i, f, g, o:

        i, f, o = σ(a + h_{t−1} Wh),  g = tanh(a + h_{t−1} Wh)
        c_t = f∘c_{t−1} + i∘g,  h_t = o∘tanh(c_t)

    Where f is near 1, dc_{t−1} = f∘dc_t: the gradient goes back through many steps without vanishing. f's bias starts at 1 for that
    (Jozefowicz et al. 2015).
    """

    gates, states = 4, 2

    def __init__(self, n_in: int, n: int, *, rng=None, init=None):
        super().__init__(n_in, n, rng=rng, init=init)
        self.b.value[n:2 * n] = 1

    def step(self, a, state):
        xp = backend.of(a).xp
        h_before, c_before = state
        i, f, g, o = xp.split(a + h_before @ self.Wh.value, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), xp.tanh(g), sigmoid(o)
        c = f * c_before + i * g
        tanh_c = xp.tanh(c)
        return xp.stack([o * tanh_c, c]), xp.stack([c_before, i, f, g, o, tanh_c])

    def step_backward(self, dstate, record):
        c_before, i, f, g, o, tanh_c = record
        dh, dc = dstate
        dc = dc + dh * o * (1 - tanh_c * tanh_c)
        xp = backend.of(dh).xp
        da = xp.concatenate([dc * g * i * (1 - i), dc * c_before * f * (1 - f), dc * i * (1 - g * g), dh * tanh_c * o * (1 - o)], axis=1)
        return da, da, xp.stack([da @ self.Wh.value.T, dc * f])


class GRU(_Recurrent):
    """Gated recurrent unit (Cho et al. 2014), in the form of cuDNN and PyTorch. Blocks in the order r, z, n; q = h_{t−1} Wh_n + b_q:

        r, z = σ(a + h_{t−1} Wh),  n = tanh(a_n + r∘q),  h_t = (1 − z)∘n + z∘h_{t−1}

    The candidate n has a bias b_q (n,) within the reset gate beside that in a.
    """

    gates = 3

    def __init__(self, n_in: int, n: int, *, rng=None, init=None):
        super().__init__(n_in, n, rng=rng, init=init)
        self.b_q = Parameter(np.zeros(n, np.float32))

    def step(self, a, state):
        xp = backend.of(a).xp
        h_before, = state
        a_r, a_z, a_n = xp.split(a, 3, axis=1)
        m_r, m_z, m_n = xp.split(h_before @ self.Wh.value, 3, axis=1)
        r, z, q = sigmoid(a_r + m_r), sigmoid(a_z + m_z), m_n + self.b_q.value
        n = xp.tanh(a_n + r * q)
        return ((1 - z) * n + z * h_before)[None], xp.stack([h_before, r, z, n, q])

    def step_backward(self, dstate, record):
        h_before, r, z, n, q = record
        dh, xp = dstate[0], backend.of(dstate).xp
        dn = dh * (1 - z) * (1 - n * n)
        dr, dz = dn * q * r * (1 - r), dh * (h_before - n) * z * (1 - z)
        dm = xp.concatenate([dr, dz, dn * r], axis=1)
        return xp.concatenate([dr, dz, dn], axis=1), dm, (dh * z + dm @ self.Wh.value.T)[None]

    def add_gradients(self, x, h_before, da, dm):
        super().add_gradients(x, h_before, da, dm)
        self.b_q.grad += dm.reshape(-1, dm.shape[-1])[:, 2 * self.n:].sum(0)


class Bidirectional(Layer):
    """Two recurrent layers, one from the first step to the last, one from the last to the first, side by side: (N, T, n + n′)
    (Schuster & Paliwal 1997).

    Args:
        ahead, back: recurrent layers of the same n_in.
    """

    def __init__(self, ahead: Layer, back: Layer):
        self.ahead, self.back = ahead, back

    def forward(self, x, train=True):
        (y_ahead, ctx_ahead), (y_back, ctx_back) = self.ahead.forward(x, train), self.back.forward(x[:, ::-1], train)
        return backend.of(x).xp.concatenate([y_ahead, y_back[:, ::-1]], axis=2), [ctx_ahead, ctx_back]

    def backward(self, dy, ctx, weights=True, inputs=True):
        n = self.ahead.n
        dx_ahead = self.ahead.backward(dy[..., :n], ctx[0], weights, inputs)
        dx_back = self.back.backward(dy[:, ::-1, n:], ctx[1], weights, inputs)
        return dx_ahead + dx_back[:, ::-1] if inputs else None

    def backward2(self, v, ctx, V=None):
        return self.ahead.backward2(v, ctx[0], V)  # says that there is none

    def __repr__(self):
        return f"Bidirectional({self.ahead!r}, {self.back!r})"
