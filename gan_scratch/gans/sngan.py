"""SN-GAN: Miyato et al. 2018, arXiv 1802.05957. Every layer of D is divided by its largest singular value; the loss is the hinge.

    L_D = E max(0, 1 − D(x)) + E max(0, 1 + D(G(z))),   L_G = −E D(G(z))                 (eq. 16, 17)

The normalisation bounds D's slope everywhere, without samples between real and fake and without second derivatives; its gradient is in
layers/spectral.py. G keeps batch norm, D has none. Adam with β₁ = 0, D twice as fast as G (two time scales, Heusel et al. 2017).
Departures: DCGAN's three levels instead of the paper's deeper networks, one step of D for each of G instead of 5.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans import dcgan
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, Dense, Flatten, LeakyReLU, Sequential, SpectralNorm
from gan_scratch.losses import Hinge
from gan_scratch.optim import Adam


class SNGAN(GAN):
    """A GAN for images of 28×28 or 32×32 with a spectrally normalised D.

    Args:
        shape: (28, 28, C) or (32, 32, C). width: channels at the first level.
    """

    def __init__(self, shape: tuple = (28, 28, 1), *, width: int = 16, rng=None, device: str = "cpu"):
        rng = np.random.default_rng(rng)
        G = dcgan.generator(shape, width, 100, rng).to(device)
        D = discriminator(shape, width, rng).to(device)
        super().__init__(G, D, 100, loss=Hinge(), opt_G=Adam(G.params, 1e-3, (0.0, 0.99)), opt_D=Adam(D.params, 2e-3, (0.0, 0.99)))

    @staticmethod
    def plane(shape: tuple = (2,), *, rng=None, device: str = "cpu") -> GAN:
        """For points in the plane."""
        rng = np.random.default_rng(rng)
        G, _ = GAN.plane_networks(shape, rng, device)
        sizes = (shape[0], 128, 128, 128, 1)
        dense = [SpectralNorm(Dense(n_in, n_out, rng=rng), rng=rng) for n_in, n_out in zip(sizes, sizes[1:])]
        D = Sequential(*(part for layer in dense[:-1] for part in (layer, LeakyReLU(0.2))), dense[-1]).to(device)
        return GAN(G, D, 2, loss=Hinge(), opt_G=Adam(G.params, 1e-3, (0.0, 0.99)), opt_D=Adam(D.params, 2e-3, (0.0, 0.99)), ema=0.995)


def discriminator(shape: tuple, width: int, rng: np.random.Generator) -> Sequential:
    """image (N, S, S, C) -> value (N, 1)."""
    size, _, channels = shape

    def normal(layer):
        return SpectralNorm(layer, rng=rng)

    return Sequential(
        normal(Conv2d(channels, width, rng=rng)), LeakyReLU(0.2), normal(Conv2d(width, 2 * width, rng=rng)), LeakyReLU(0.2),
        normal(Conv2d(2 * width, 4 * width, rng=rng)), LeakyReLU(0.2), Flatten(), normal(Dense((size // 8) ** 2 * 4 * width, 1, rng=rng)))


PLANE = Recipe(SNGAN.plane, "the same on points", "arXiv 1802.05957", data="ring", steps=6000, batch=256, decay=0.4, axes=1)
RECIPE = Recipe(SNGAN, "every layer of D has largest singular value 1; hinge loss", "Miyato et al. 2018, arXiv 1802.05957", data="mnist",
                steps=4000, batch=64, points=PLANE)
