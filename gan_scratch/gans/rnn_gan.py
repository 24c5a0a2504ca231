"""A recurrent GAN in the manner of C-RNN-GAN: Mogren 2016, arXiv 1611.09904. G writes a melody note by note and hears what it wrote.

At step t, from noise ε_t, the note before, n_{t−1} (for t = 1 the last of the bar before), and the place in the bar:

    state_t = cell([ε_t, n_{t−1}, (t − 1)/(T − 1)], state_{t−1}),   n_t = one-hot of arg max (h_t W + b)        (section 3)

The loss reaches a note on two ways, from D and from the note after it, so that dn_t = dy_t + the step t + 1's gradient of its input, and the steps are gone
through backwards.

Departures: one note of a scale at each step instead of four real numbers, straight-through choices; D is convolutional with
spectral norm, the hinge loss and a little noise. With a non-saturating loss and without these G collapsed to a few melodies.
The step, and what a sample is, are those of gans/midinet.py.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.data.melodies import PITCHES, STEPS
from gan_scratch.gans.midinet import MidiNet, first_bars
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import GRU, LSTM, Conv1d, Dense, Flatten, GaussianNoise, Layer, LeakyReLU, Sequential, SimpleRNN, SpectralNorm, StraightThrough
from gan_scratch.losses import Hinge

NOISE, HIDDEN = 16, 96


class RecurrentGAN(MidiNet):
    """A generator of second bars, one note after the other.

    Args:
        shape: (2, 16, 24). cell: LSTM, GRU or SimpleRNN.
        hears: what the note before is multiplied with: 1, or 0 for a G that doesn't hear itself.

    Raises ValueError for another shape.
    """

    def __init__(self, shape: tuple = (2, STEPS, PITCHES), *, cell: type = LSTM, hears: float = 1.0, rng=None, device: str = "cpu"):
        rng = np.random.default_rng(rng)
        G, D = Generator(cell(NOISE + PITCHES + 1, HIDDEN, rng=rng), rng, hears), discriminator(rng)
        super().__init__(shape, G=G, D=D, z_shape=(STEPS, NOISE), loss=Hinge(), betas=(0.0, 0.99), rng=rng, device=device)

    @classmethod
    def gru(cls, shape: tuple = (2, STEPS, PITCHES), **options) -> "RecurrentGAN":
        """With gated recurrent units."""
        return cls(shape, cell=GRU, **options)

    @classmethod
    def deaf(cls, shape: tuple = (2, STEPS, PITCHES), **options) -> "RecurrentGAN":
        """An LSTM that doesn't hear what it wrote, nor the bar before: what it is compared with."""
        return cls(shape, hears=0.0, **options)

    @classmethod
    def simple(cls, shape: tuple = (2, STEPS, PITCHES), **options) -> "RecurrentGAN":
        """With a state of one tanh, without gates."""
        return cls(shape, cell=SimpleRNN, **options)


class Generator(Layer):
    """(ε (N, 16, 16): noise for each step, first bar (N, 16, 24)) -> second bar (N, 16, 24)."""

    def __init__(self, cell: Layer, rng: np.random.Generator, hears: float = 1.0):
        self.hears, self.cell, self.choose = hears, cell, Sequential(Dense(cell.n, PITCHES, rng=rng), StraightThrough())

    def forward(self, pair, train=True):
        eps, bar = pair
        xp, note, state, tape = backend.of(bar).xp, bar[:, -1], self.cell.start(bar, len(bar)), []
        notes = []
        for t in range(STEPS):
            place = xp.full((len(bar), 1), t / (STEPS - 1), bar.dtype)
            x, h_before = xp.concatenate([eps[:, t], self.hears * note, place], axis=1), state[0]  # (N, 16 + 24 + 1)
            state, record = self.cell.step(self.cell.input_part(x), state)
            note, of_choice = self.choose.forward(state[0], train)
            notes.append(note)
            tape.append((x, h_before, record, of_choice))
        return xp.stack(notes, axis=1), [tape, bar]

    def backward(self, dy, ctx, weights=True, inputs=True):
        tape, bar = ctx
        xp, cell = backend.of(dy).xp, self.cell
        dnote, dstate, deps = 0, cell.start(bar, len(bar)), []
        for t in reversed(range(STEPS)):
            x, h_before, record, of_choice = tape[t]
            dstate[0] += self.choose.backward(dy[:, t] + dnote, of_choice, weights)
            da, dm, dstate = cell.step_backward(dstate, record)
            if weights:
                cell.add_gradients(x, h_before, da, dm)
            dx = da @ cell.Wx.value.T
            deps.append(dx[:, :NOISE])
            dnote = self.hears * dx[:, NOISE:NOISE + PITCHES]  # of the note before, which this step heard
        if not inputs:
            return None
        dbar = xp.zeros_like(bar)
        dbar[:, -1] = dnote
        return xp.stack(deps[::-1], axis=1), dbar


def discriminator(rng: np.random.Generator) -> Sequential:
    """Two bars in a row (N, 32, 24) -> value (N, 1)."""
    def normal(layer):
        return SpectralNorm(layer, rng=rng)

    return Sequential(
        GaussianNoise(0.1, rng=rng), normal(Conv1d(PITCHES, 48, 3, 1, rng=rng)), LeakyReLU(0.2), normal(Conv1d(48, 48, rng=rng)), LeakyReLU(0.2),
        normal(Conv1d(48, 96, rng=rng)), LeakyReLU(0.2), Flatten(), normal(Dense(8 * 96, 1, rng=rng)))


PAPER = "after Mogren 2016, arXiv 1611.09904"
RECIPE = Recipe(RecurrentGAN, "an LSTM writes a melody and hears what it wrote", PAPER, data="melodies", steps=2400, batch=64, decay=0.5, inputs=first_bars)
WITH_GRU = Recipe(RecurrentGAN.gru, "the same with gated recurrent units", PAPER, data="melodies", steps=2400, batch=64, decay=0.5, inputs=first_bars)
DEAF = Recipe(RecurrentGAN.deaf, "what rnn-gan is compared with: it doesn't hear its own notes", PAPER, data="melodies", steps=2400, batch=64, decay=0.5,
              inputs=first_bars)
SIMPLE = Recipe(RecurrentGAN.simple, "the same with a recurrent network without gates", PAPER, data="melodies", steps=2400, batch=64,
                decay=0.5, inputs=first_bars)
