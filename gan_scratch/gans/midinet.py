"""MidiNet: Yang, Chou & Yang 2017, arXiv 1703.10847. A bar of a melody from noise and the bar before it.

A bar is a picture of 16 steps × 24 pitches, and G draws it with transposed convolutions along time. What makes bars go together is the
conditioner (section 3.3): convolutions that go the other way, from the previous bar down to the size that G begins with, and whose maps stand beside
G's own maps of the same size.

    min_G max_D  E log D(x) + E log(1 − D(G(z)))                                           (eq. 1)

Departures: D sees both bars, the paper's one bar: only so can it say that a bar doesn't go on from the bar before. Two bars, so one bar before;
one note sounds at each step. G's last layer is straight-through: D sees one-hot rows from both sides, while G gets softmax's gradient
(layers/discrete.py). Without it G collapsed to one pitch. The paper's feature matching is left out.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.data.melodies import PITCHES, STEPS
from gan_scratch.gans.blocks import normal
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    BatchNorm, Concat, Conv1d, ConvTranspose1d, Dense, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, StraightThrough)
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam


class MidiNet:
    """A generator of second bars.

    Args:
        shape: (2, 16, 24): two bars, 16 steps, 24 pitches.
        G, D, loss: others than the paper's: G of (z (N, *z_shape), bar (N, 16, 24)) -> bar, D of two bars (N, 32, 24) -> logit.

    Attributes:
        inputs: first bars (M, 16, 24) that samples continue; set it before `sample`.

    Raises ValueError for another shape.
    """

    def __init__(self, shape: tuple = (2, STEPS, PITCHES), *, G: Layer | None = None, D: Layer | None = None, z_shape: tuple = (32,), loss=None,
                 betas: tuple = (0.5, 0.99), rng=None, device: str = "cpu"):
        if shape != (2, STEPS, PITCHES):
            raise ValueError(f"this variant is made for two bars of shape (2, {STEPS}, {PITCHES}), not {shape}; the data called melodies have it")
        rng = np.random.default_rng(rng)
        self.G, self.D = (G or Generator(rng)).to(device), (D or discriminator(rng)).to(device)
        self.z_shape, self.loss, self.inputs = z_shape, loss or NonSaturating(), None
        self.opt_G, self.opt_D = Adam(self.G.params, 1e-3, betas), Adam(self.D.params, 1e-3, betas)
        self.G_ema = EMA(self.G, 0.99)

    @classmethod
    def without_conditioner(cls, shape: tuple = (2, STEPS, PITCHES), *, rng=None, device: str = "cpu") -> "MidiNet":
        """The same, with a G that doesn't hear the first bar: what it is compared with."""
        rng = np.random.default_rng(rng)
        return cls(shape, G=Generator(rng, hears=0.0), rng=rng, device=device)

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, *z_shape) ~ N(0, I)."""
        return normal(self.G, rng, n, *self.z_shape)

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on pairs of bars x (m, 2, 16, 24)."""
        G, D, loss, xp = self.G, self.D, self.loss, backend.of(x).xp
        first, second = x[:, 0], x[:, 1]

        fake = G.forward((self.noise(len(x), rng), first))[0]
        l_real, tape_real = D.forward(xp.concatenate([first, second], axis=1))
        l_fake, tape_fake = D.forward(xp.concatenate([first, fake], axis=1))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        fake, tape_G = G.forward((self.noise(len(x), rng), first))
        l, tape_D = D.forward(xp.concatenate([first, fake], axis=1))
        g_loss, dl = loss.generator(l)
        dboth = D.backward(dl, tape_D, weights=False)
        G.backward(dboth[:, STEPS:], tape_G, inputs=False)  # G made the second bar
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int, first: Array | None = None) -> Array:
        """n pairs of bars (n, 2, 16, 24): first bars (n, 16, 24), without them some of `inputs`, and what G continues them with.

        Raises ValueError when there are neither.
        """
        rng = np.random.default_rng(rng)
        if first is None and self.inputs is None:
            raise ValueError("this GAN continues bars: give first bars to sample(n, rng, first), or set .inputs")
        first = self.inputs[rng.integers(len(self.inputs), size=n)] if first is None else first
        return backend.of(first).xp.stack([first, self.G_ema.network((self.noise(n, rng), first))], axis=1)


class Generator(Layer):
    """(z (N, 32), first bar (N, 16, 24)) -> second bar (N, 16, 24), one-hot at each step.

    Args:
        hears: what the conditioner's maps are multiplied with: 1, or 0 for a G that doesn't hear the first bar.
    """

    def __init__(self, rng: np.random.Generator, hears: float = 1.0):
        make, self.hears = {"rng": rng}, hears
        self.down1 = Sequential(Conv1d(PITCHES, 48, 3, 1, **make), LeakyReLU(0.2))  # the conditioner: (N, 16, 48)
        self.down2 = Sequential(Conv1d(48, 48, **make), LeakyReLU(0.2))  # (N, 8, 48)
        self.down3 = Sequential(Conv1d(48, 48, **make), LeakyReLU(0.2))  # (N, 4, 48)
        self.word = Sequential(Flatten(), Dense(4 * 48, 32, **make))
        self.start = Sequential(Concat(), Dense(64, 4 * 48, bias=False, **make), Reshape(4, 48), BatchNorm(48), ReLU())
        self.up1 = Sequential(Concat(), ConvTranspose1d(96, 48, bias=False, **make), BatchNorm(48), ReLU())  # (N, 8, 48)
        self.up2 = Sequential(Concat(), ConvTranspose1d(96, 48, bias=False, **make), BatchNorm(48), ReLU())  # (N, 16, 48)
        self.end = Sequential(Concat(), Conv1d(96, 48, 3, 1, **make), ReLU(), Conv1d(48, PITCHES, 3, 1, **make), StraightThrough())

    def forward(self, pair, train=True):
        z, bar = pair
        f1, of_down1 = self.down1.forward(self.hears * bar, train)
        f2, of_down2 = self.down2.forward(f1, train)
        f3, of_down3 = self.down3.forward(f2, train)
        e, of_word = self.word.forward(f3, train)
        h, of_start = self.start.forward((z, e), train)
        h, of_up1 = self.up1.forward((h, f3), train)
        h, of_up2 = self.up2.forward((h, f2), train)
        y, of_end = self.end.forward((h, f1), train)
        return y, [of_down1, of_down2, of_down3, of_word, of_start, of_up1, of_up2, of_end]

    def backward(self, dy, ctx, weights=True, inputs=True):
        of_down1, of_down2, of_down3, of_word, of_start, of_up1, of_up2, of_end = ctx
        dh, df1 = self.end.backward(dy, of_end, weights)
        dh, df2 = self.up2.backward(dh, of_up2, weights)
        dh, df3 = self.up1.backward(dh, of_up1, weights)
        dz, de = self.start.backward(dh, of_start, weights)
        df3 = df3 + self.word.backward(de, of_word, weights)  # each map goes two ways
        df2 = df2 + self.down3.backward(df3, of_down3, weights)
        df1 = df1 + self.down2.backward(df2, of_down2, weights)
        dbar = self.down1.backward(df1, of_down1, weights, inputs)
        return (dz, self.hears * dbar) if inputs else None


def discriminator(rng: np.random.Generator) -> Sequential:
    """Two bars in a row (N, 32, 24) -> logit (N, 1)."""
    return Sequential(Conv1d(PITCHES, 48, 3, 1, rng=rng), LeakyReLU(0.2), Conv1d(48, 48, rng=rng), LeakyReLU(0.2), Conv1d(48, 96, rng=rng), LeakyReLU(0.2),
                      Flatten(), Dense(8 * 96, 1, rng=rng))


def first_bars(data) -> np.ndarray:
    """The first bars (M, 16, 24) of a Dataset's test part, or where there is none, of all: what samples continue."""
    return (data.images if data.test_images is None else data.test_images)[:, 0]


RECIPE = Recipe(MidiNet, "a bar of melody by convolutions, conditioned on the bar before", "Yang et al. 2017, arXiv 1703.10847", data="melodies",
                steps=2000, batch=64, decay=0.5, inputs=first_bars)
WITHOUT = Recipe(MidiNet.without_conditioner, "what midinet is compared with: G doesn't hear the bar before", "Yang et al. 2017, arXiv 1703.10847",
                 data="melodies", steps=2000, batch=64, decay=0.5, inputs=first_bars)
