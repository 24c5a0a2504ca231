"""BigGAN in small: Brock, Donahue & Simonyan 2019, arXiv 1809.11096. What is left of it without its size:

    G       z in three parts; the first makes the 7×7 map, each of the others joins the class's learned row e(y) as the condition of one
            residual block, whose batch norms are conditional (appendix B, figure 15)
    D       spectral norm everywhere, a projection of the class onto the features (Miyato & Koyama 2018)
    loss    hinge; D learns faster than G; orthogonal initialisation
    z       truncated when sampling: numbers beyond a threshold are drawn again, which trades variety for quality (section 3.1)

Departures: images of 14×14, two blocks of width 40 and 24 instead of five of up to 1536, one step of D for each of G instead of two, D's
learning rate twice G's instead of four times, a plain D without residual blocks, no self-attention, spectral norm in D only, no orthogonal
penalty by default: at this size truncation makes no artefacts that it could cure.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import require_size
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.recipe import Recipe, labels
from gan_scratch.layers import (
    BatchNorm, Conditional, ConditionalBatchNorm, Conv2d, Dense, Layer, LeakyReLU, Projection, ReLU, Reshape, Sequential, SpectralNorm, SumPool,
    Tanh, Upsample, init)
from gan_scratch.losses import Hinge
from gan_scratch.optim import Adam

ORTHOGONAL = init.orthogonal()
PART = 16  # numbers in each of z's three parts, and in e(y)


class BigGAN(CGAN):
    """A class-conditional GAN for images of 14×14; the step is that of gans/cgan.py.

    Args:
        shape: (14, 14, C). classes: (K,), the shape of a one-hot row.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (14, 14, 1), classes: tuple = (10,), *, rng=None, device: str = "cpu"):
        require_size(shape, 14, "mnist14 and fashion14 have it")
        rng, (K,) = np.random.default_rng(rng), classes
        G, D = Generator(shape[2], K, rng).to(device), discriminator(shape[2], K, rng).to(device)
        opt_G, opt_D = Adam(G.params, 5e-4, (0.0, 0.99)), Adam(D.params, 1e-3, (0.0, 0.99))
        super().__init__(G, D, 3 * PART, K, opt_G=opt_G, opt_D=opt_D, loss=Hinge())

    def sample(self, n: int, rng: np.random.Generator | int, y: Array | None = None, threshold: float = np.inf) -> Array:
        """n samples of the classes y (n, K) one-hot, without y of all classes in turn.

        Args:
            threshold: numbers of z beyond ±threshold are drawn again, until none is left: the truncation trick.

        Raises ValueError unless threshold is above 0.
        """
        if not threshold > 0:
            raise ValueError(f"BigGAN.sample: threshold must be above 0, got {threshold}")
        rng = np.random.default_rng(rng)
        like = self.G.params[0].value
        z = truncated(rng, (n, 3 * PART), threshold).astype(like.dtype)
        return self.G_ema.network((backend.of(like).asarray(z), self.in_turn(n, like) if y is None else y))


def truncated(rng: np.random.Generator, shape: tuple, threshold: float) -> np.ndarray:
    """N(0, 1) given |z| ≤ threshold."""
    z = rng.standard_normal(shape, np.float32)
    while (beyond := np.abs(z) > threshold).any():
        z[beyond] = rng.standard_normal(int(beyond.sum()), np.float32)
    return z


class Generator(Layer):
    """(z (N, 48), y (N, K)) -> image (N, 14, 14, C)."""

    def __init__(self, channels: int, classes: int, rng: np.random.Generator):
        self.embed = Dense(classes, PART, bias=False, rng=rng, init=init.normal(1.0))  # e(y), a learned row for each class
        self.start = Sequential(Dense(PART, 7 * 7 * 40, rng=rng, init=ORTHOGONAL), Reshape(7, 7, 40))
        self.block1, self.block2 = Block(40, 40, 1, rng), Block(40, 24, 2, rng)
        self.end = Sequential(BatchNorm(24), ReLU(), Conv2d(24, channels, 3, 1, rng=rng, init=ORTHOGONAL), Tanh())

    def forward(self, pair, train=True):
        z, y = pair
        xp = backend.of(z).xp
        z0, z1, z2 = z[:, :PART], z[:, PART:2 * PART], z[:, 2 * PART:]
        e, of_embed = self.embed.forward(y, train)
        h, of_start = self.start.forward(z0, train)  # (N, 7, 7, 40)
        h, of_1 = self.block1.forward((h, xp.concatenate([e, z1], axis=1)), train)  # (N, 7, 7, 40)
        h, of_2 = self.block2.forward((h, xp.concatenate([e, z2], axis=1)), train)  # (N, 14, 14, 24)
        x, of_end = self.end.forward(h, train)
        return x, [of_embed, of_start, of_1, of_2, of_end]

    def backward(self, dx, ctx, weights=True, inputs=True):
        of_embed, of_start, of_1, of_2, of_end = ctx
        dh, dc2 = self.block2.backward(self.end.backward(dx, of_end, weights), of_2, weights)
        dh, dc1 = self.block1.backward(dh, of_1, weights)
        dz0 = self.start.backward(dh, of_start, weights, inputs)
        dy = self.embed.backward(dc1[:, :PART] + dc2[:, :PART], of_embed, weights, inputs)  # e is used twice
        return (backend.of(dx).xp.concatenate([dz0, dc1[:, PART:], dc2[:, PART:]], axis=1), dy) if inputs else None


class Block(Layer):
    """A residual block: (h (N, S, S, c), e (N, 32)) -> (N, up·S, up·S, c′); the shortcut is a 1×1 convolution (figure 15)."""

    def __init__(self, c_in: int, c_out: int, up: int, rng: np.random.Generator):
        self.main = Conditional(
            ConditionalBatchNorm(c_in, 2 * PART, rng=rng), ReLU(), Upsample(up), Conv2d(c_in, c_out, 3, 1, bias=False, rng=rng, init=ORTHOGONAL),
            ConditionalBatchNorm(c_out, 2 * PART, rng=rng), ReLU(), Conv2d(c_out, c_out, 3, 1, bias=False, rng=rng, init=ORTHOGONAL))
        self.shortcut = Sequential(Conv2d(c_in, c_out, 1, 1, 0, bias=False, rng=rng, init=ORTHOGONAL), Upsample(up))  # the smaller map first: it is the same

    def forward(self, pair, train=True):
        (y, of_main), (s, of_shortcut) = self.main.forward(pair, train), self.shortcut.forward(pair[0], train)
        return y + s, [of_main, of_shortcut]

    def backward(self, dy, ctx, weights=True, inputs=True):
        dh, de = self.main.backward(dy, ctx[0], weights)
        return dh + self.shortcut.backward(dy, ctx[1], weights), de


def discriminator(channels: int, classes: int, rng: np.random.Generator) -> Conditional:
    """(image (N, 14, 14, C), y (N, K)) -> value (N, 1)."""
    def normal(layer):
        return SpectralNorm(layer, rng=rng)

    return Conditional(
        normal(Conv2d(channels, 32, pad=2, rng=rng)), LeakyReLU(0.2), normal(Conv2d(32, 64, rng=rng)), LeakyReLU(0.2),
        normal(Conv2d(64, 64, 3, 1, rng=rng)), LeakyReLU(0.2), SumPool(), Projection(64, classes, wrap=normal, rng=rng))


RECIPE = Recipe(BigGAN, "conditional batch norm, projection, spectral norm, and z truncated for quality", "Brock et al. 2019, arXiv 1809.11096",
                data="mnist14", steps=1100, batch=48, decay=0.5, conditions=labels)
EDITED = Recipe(BigGAN, "directions in z that change ink, slant or width of a digit, and only that", "Shen et al. 2020, arXiv 1907.10786 (InterFaceGAN)",
                data="mnist14", steps=1100, batch=48, decay=0.5, conditions=labels)
