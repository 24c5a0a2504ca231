"""ControlGAN: Lee & Seok 2019, IEEE Access 7, arXiv 1708.00598. A third network names the attributes, and its weight is controlled.

ACGAN's D has two tasks, and G pleases the easier one. Here the classifier C is a network of its own, trained on real images only, and D isn't
told the labels y at all. With L_C the classification loss,

    C minimises  L_C(x, y)
    D minimises  L_D(x, 1) + L_D(G(z, y), 0)
    G minimises  L_D(G(z, y), 1) + γ_t L_C(G(z, y), y)
    γ_t = γ_{t−1} + r (L_C(G(z, y), y) − E·L_C(x, y))

The control: γ grows while fakes are harder to name than E times real images are, and falls when they are easier, so that G doesn't buy labels with
caricatures. y may have several attributes at once: a group of one-hot numbers for each.

Departures: γ is kept within 0 … 2; noise on what C sees, as there are only 520 letters.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    BatchNorm, Concat, Conv2d, ConvTranspose2d, Dense, Dropout, Flatten, GaussianNoise, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh)
from gan_scratch.losses import softmax_cross_entropy
from gan_scratch.optim import Adam

GROUPS = (26, 2, 2)  # letter, weight, slant
Z, RATE, E, LIMIT = 32, 0.05, 1.0, 2.0


class LettersGAN(CGAN):
    """What ControlGAN and its comparison share: samples of all combinations of attributes in turn."""

    def in_turn(self, n, like):
        return combinations(n, like)


class ControlGAN(LettersGAN):
    """A GAN for images of 16×16 with several attributes at once.

    Args:
        shape: (16, 16, C). attributes: (30,), the shape of a row y: one-hot letter, weight and slant side by side.

    Raises ValueError for other shapes.
    """

    def __init__(self, shape: tuple = (16, 16, 1), attributes: tuple = (sum(GROUPS),), *, rng=None, device: str = "cpu"):
        check(shape, attributes)
        rng = np.random.default_rng(rng)
        G, D, C = (net.to(device) for net in (generator(rng), discriminator(1, rng), classifier(rng)))
        opt_G, opt_D, self.opt_C = (Adam(net.params, 1e-3, (0.5, 0.99)) for net in (G, D, C))
        super().__init__(G, D, Z, sum(GROUPS), opt_G=opt_G, opt_D=opt_D, ema=0.99)
        self.C, self.balance = C, Balance().to(device)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of each network on images x (m, 16, 16, 1) with their attributes y (m, 30)."""
        x, y = batch
        G, D, C, loss, xp = self.G, self.D, self.C, self.loss, backend.of(x).xp

        out, tape_C = C.forward(x)  # C: real images only
        c_real, dc = named(out, y)
        C.backward(dc, tape_C, inputs=False)
        self.opt_C.step()

        x_fake = G.forward((self.noise(len(x), rng), y))[0]  # D: isn't told y
        l_real, tape_real = D.forward(x)
        l_fake, tape_fake = D.forward(x_fake)
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        x_fake, tape_G = G.forward((self.noise(len(x), rng), y))  # G: real for D, and named rightly by C
        l, tape_D = D.forward(x_fake)
        g_loss, dl = loss.generator(l)
        out, tape_C = C.forward(x_fake)
        c_fake, dc = named(out, y)
        gamma = self.balance.gamma
        dx_fake = D.backward(dl, tape_D, weights=False) + C.backward(gamma * dc, tape_C, weights=False)
        G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        self.balance.gamma = xp.clip(gamma + RATE * (c_fake - E * c_real), 0, LIMIT).astype(x.dtype)  # the control
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake), "class_real": c_real, "class_fake": gamma * c_fake, "gamma": self.balance.gamma}


class Balance(Layer):
    """What the control remembers, γ: a number that a checkpoint keeps."""

    buffers = ("gamma",)

    def __init__(self):
        self.gamma = np.array(1.0, np.float32)


class LabelledCGAN(LettersGAN):
    """What ControlGAN is compared with: the same G, and a D that is told the attributes as maps (gans/cgan.py)."""

    def __init__(self, shape: tuple = (16, 16, 1), attributes: tuple = (sum(GROUPS),), *, rng=None, device: str = "cpu"):
        check(shape, attributes)
        rng, K = np.random.default_rng(rng), sum(GROUPS)
        G, D = generator(rng).to(device), Sequential(Concat(), *discriminator(1 + K, rng)).to(device)
        opt_G, opt_D = (Adam(net.params, 1e-3, (0.5, 0.99)) for net in (G, D))
        super().__init__(G, D, Z, K, opt_G=opt_G, opt_D=opt_D, ema=0.99)


def check(shape: tuple, attributes: tuple) -> None:
    """Raises ValueError unless images are 16×16×1 with 30 attributes."""
    if shape != (16, 16, 1) or tuple(attributes) != (sum(GROUPS),):
        raise ValueError(f"this variant is made for letters of shape (16, 16, 1) with {sum(GROUPS)} attributes, not for {shape} with {attributes}; "
                         "the data called glyphs have them")


def named(out: Array, y: Array) -> tuple[Array, Array]:
    """The cross-entropy of each group of attributes, summed, and its gradient; out (N, 30) logits, y (N, 30) one-hot groups."""
    loss, start, grads = 0, 0, []
    for size in GROUPS:
        part = slice(start, start + size)
        value, d = softmax_cross_entropy(out[:, part], y[:, part].argmax(1))
        loss, start = loss + value, start + size
        grads.append(d)
    return loss, backend.of(out).xp.concatenate(grads, axis=1)


def combinations(n: int, like: Array) -> Array:
    """Rows (n, 30) of letter, weight and slant: A … Z upright, then bold, then slanted, then both, then again; on the device of `like`."""
    i = np.arange(n)
    rows = np.concatenate([np.eye(26)[i % 26], np.eye(2)[i // 26 % 2], np.eye(2)[i // 52 % 2]], axis=1)
    return backend.of(like).asarray(rows.astype(like.dtype))


def generator(rng: np.random.Generator) -> Sequential:
    """(z (N, 32), y (N, 30)) -> image (N, 16, 16, 1)."""
    return Sequential(
        Concat(), Dense(Z + sum(GROUPS), 4 * 4 * 64, bias=False, rng=rng), Reshape(4, 4, 64), BatchNorm(64), ReLU(),
        ConvTranspose2d(64, 48, bias=False, rng=rng), BatchNorm(48), ReLU(),
        ConvTranspose2d(48, 24, bias=False, rng=rng), BatchNorm(24), ReLU(), Conv2d(24, 1, 3, 1, rng=rng), Tanh())


def discriminator(channels: int, rng: np.random.Generator) -> Sequential:
    """image (N, 16, 16, channels) -> logit (N, 1)."""
    return Sequential(
        Conv2d(channels, 24, rng=rng), LeakyReLU(0.2), Dropout(0.2, rng=rng), Conv2d(24, 48, rng=rng), LeakyReLU(0.2), Dropout(0.2, rng=rng),
        Conv2d(48, 48, 3, 1, rng=rng), LeakyReLU(0.2), Flatten(), Dense(4 * 4 * 48, 1, rng=rng))


def classifier(rng: np.random.Generator) -> Sequential:
    """image (N, 16, 16, 1) -> logits (N, 30) of letter, weight and slant."""
    return Sequential(
        GaussianNoise(0.2, rng=rng), Conv2d(1, 24, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2), Flatten(), Dropout(0.3, rng=rng),
        Dense(4 * 4 * 48, sum(GROUPS), rng=rng))


def attributes(data) -> tuple[np.ndarray]:
    """A Dataset's letters, weights and slants as one-hot groups (N, 30). Raises ValueError where they aren't known."""
    if not {"bold", "slanted"} <= data.extra.keys():
        raise ValueError(f"{data.name}: this variant needs letters whose weight and slant are known; the data called glyphs have them")
    groups = [np.eye(size)[values] for size, values in zip(GROUPS, (data.labels, data.extra["bold"], data.extra["slanted"]))]
    return (np.concatenate(groups, axis=1).astype(np.float32),)


PAPER = "Lee & Seok 2019, arXiv 1708.00598"
RECIPE = Recipe(ControlGAN, "a classifier of its own names several attributes, and its weight is controlled", PAPER, data="glyphs", steps=1500, batch=32,
                decay=0.5, conditions=attributes)
CGAN_RECIPE = Recipe(LabelledCGAN, "what controlgan is compared with: D is told the attributes", PAPER, data="glyphs", steps=1500, batch=32, decay=0.5,
                     conditions=attributes)
