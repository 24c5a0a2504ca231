"""3D-GAN: Wu et al. 2016, arXiv 1610.07584. Convolutions in three directions: G draws a solid, D judges solids.

    L = log D(x) + log(1 − D(G(z)))                                                        (eq. 1)

with G made of transposed 3-D convolutions that double height, depth and width together, ending in the probability that a voxel is inside.

Departures: volumes of 16³ instead of 64³; the class goes into both networks (G's z, D's projection), D has spectral norm, the hinge loss and
noise on what it sees. Without these the miniature collapsed to one table. tanh in place of the sigmoid: −1 outside, 1 inside, and G begins with
nearly empty space, as most voxels are. D learns in every step, the paper's only while it is right in less than 80 % of
a batch. The step is that of gans/cgan.py.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.recipe import Recipe, labels
from gan_scratch.layers import (
    BatchNorm, Concat, Conditional, Conv3d, ConvTranspose3d, Dense, Flatten, GaussianNoise, Layer, LeakyReLU, Projection, ReLU, Reshape,
    Sequential, SpectralNorm, Tanh)
from gan_scratch.losses import Hinge
from gan_scratch.optim import Adam

Z = 32


class GAN3D(CGAN):
    """A class-conditional GAN for volumes.

    Args:
        shape: (16, 16, 16, 1). classes: (K,), the shape of a one-hot row.
        G: another generator of (z (N, 32), y (N, K)).

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (16, 16, 16, 1), classes: tuple = (3,), *, G: Layer | None = None, rng=None, device: str = "cpu"):
        if shape != (16, 16, 16, 1):
            raise ValueError(f"3D-GAN is made here for volumes of shape (16, 16, 16, 1), not {shape}; the data called voxels have it")
        rng, (K,) = np.random.default_rng(rng), classes
        G, D = (G or generator(K, rng)).to(device), discriminator(K, rng).to(device)
        opt_G, opt_D = Adam(G.params, 1e-3, (0.0, 0.99)), Adam(D.params, 2e-3, (0.0, 0.99))
        super().__init__(G, D, Z, K, opt_G=opt_G, opt_D=opt_D, loss=Hinge(), ema=0.99)

    @classmethod
    def dense(cls, shape: tuple = (16, 16, 16, 1), classes: tuple = (3,), *, rng=None, device: str = "cpu") -> "GAN3D":
        """The same with dense layers in G, which don't know what is next to what: the comparison. Raises ValueError for another size."""
        rng, (K,) = np.random.default_rng(rng), classes
        G = Sequential(Concat(), Dense(Z + K, 256, bias=False, rng=rng), BatchNorm(256), ReLU(), Dense(256, 512, bias=False, rng=rng), BatchNorm(512), ReLU(),
                       Dense(512, 16**3, rng=rng), Reshape(16, 16, 16, 1), Tanh())
        return cls(shape, classes, G=G, rng=rng, device=device)


def generator(classes: int, rng: np.random.Generator) -> Sequential:
    """(z (N, 32), y (N, K)) -> volume (N, 16, 16, 16, 1)."""
    last = ConvTranspose3d(24, 1, rng=rng)
    last.b.value[...] = -1  # tanh(−1): begin with little inside
    return Sequential(
        Concat(), Dense(Z + classes, 4**3 * 48, bias=False, rng=rng), Reshape(4, 4, 4, 48), BatchNorm(48), ReLU(),
        ConvTranspose3d(48, 24, bias=False, rng=rng), BatchNorm(24), ReLU(), last, Tanh())


def discriminator(classes: int, rng: np.random.Generator) -> Conditional:
    """(volume (N, 16, 16, 16, 1), y (N, K)) -> value (N, 1)."""
    def normal(layer):
        return SpectralNorm(layer, rng=rng)

    return Conditional(
        GaussianNoise(0.2, rng=rng), normal(Conv3d(1, 16, rng=rng)), LeakyReLU(0.2), normal(Conv3d(16, 32, rng=rng)), LeakyReLU(0.2),
        Flatten(), normal(Dense(4**3 * 32, 64, rng=rng)), LeakyReLU(0.2), Projection(64, classes, wrap=normal, rng=rng))


RECIPE = Recipe(GAN3D, "convolutions in three directions: G draws solids", "Wu et al. 2016, arXiv 1610.07584", data="voxels", steps=1200, batch=32,
                decay=0.5, axes=4, conditions=labels)
DENSE = Recipe(GAN3D.dense, "what 3d-gan is compared with: dense layers in G", "Wu et al. 2016, arXiv 1610.07584", data="voxels", steps=1200,
               batch=32, decay=0.5, axes=4, conditions=labels)
