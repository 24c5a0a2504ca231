"""WGAN-GP: Gulrajani et al. 2017, arXiv 1704.00028. The critic's slope is held at 1 by a penalty instead of clipped weights.

    L_D = E D(G(z)) − E D(x) + λ E (‖∇D(x̂)‖ − 1)²,   x̂ = ε x + (1 − ε) G(z),   ε ~ U(0, 1)     (eq. 3)

Algorithm 1: k steps of the critic for each of G, λ = 10, Adam with β₁ = 0. The gradient of the penalty is a second derivative of D, by hand
in penalties.py. No batch norm in D: the penalty is about each sample by itself. Departures, for two minutes on a laptop: k = 2 instead of 5
on images, learning rates above the paper's 1e-4, samples from an average of G; on points the authors' own toy code has λ = 0.1, here it is 1.
"""
from __future__ import annotations

from functools import partial

import numpy as np

from gan_scratch.gans import dcgan
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, Dense, Flatten, LeakyReLU, Sequential
from gan_scratch.losses import Wasserstein
from gan_scratch.optim import Adam
from gan_scratch.penalties import wgan_gp


class WGANGP(GAN):
    """A GAN with Wasserstein loss and gradient penalty.

    Args:
        weight: λ. k: steps of the critic for each of G. Others: see GAN.
    """

    def __init__(self, G, D, z_dim: int, *, weight: float = 10.0, k: int = 5, **options):
        super().__init__(G, D, z_dim, loss=Wasserstein(), k=k, penalties=[partial(wgan_gp, weight=weight)], **options)

    @classmethod
    def images(cls, shape: tuple = (28, 28, 1), *, width: int = 16, rng=None, device: str = "cpu") -> "WGANGP":
        """DCGAN's generator, and its discriminator without batch norm, for 28×28 or 32×32."""
        rng = np.random.default_rng(rng)
        G = dcgan.generator(shape, width, 100, rng).to(device)
        D = critic(shape, width, rng).to(device)
        return cls(G, D, 100, k=2, opt_G=Adam(G.params, 2e-3, (0.0, 0.99)), opt_D=Adam(D.params, 1e-3, (0.0, 0.99)))

    @classmethod
    def plane(cls, shape: tuple = (2,), *, rng=None, device: str = "cpu") -> "WGANGP":
        """For points in the plane."""
        G, D = GAN.plane_networks(shape, np.random.default_rng(rng), device, bias=False)
        return cls(G, D, 2, weight=1.0, k=3, opt_G=Adam(G.params, 1e-3, (0.0, 0.99)), opt_D=Adam(D.params, 1e-3, (0.0, 0.99)), ema=0.995)


def critic(shape: tuple, width: int, rng: np.random.Generator) -> Sequential:
    """image (N, S, S, C) -> value (N, 1); He's initialisation, which needs no batch norm."""
    size, _, channels = shape
    return Sequential(
        Conv2d(channels, width, rng=rng), LeakyReLU(0.2), Conv2d(width, 2 * width, rng=rng), LeakyReLU(0.2),
        Conv2d(2 * width, 4 * width, rng=rng), LeakyReLU(0.2), Flatten(), Dense((size // 8) ** 2 * 4 * width, 1, bias=False, rng=rng))


PLANE = Recipe(WGANGP.plane, "the same on points", "arXiv 1704.00028", data="ring", steps=3000, batch=3 * 128, decay=0.4, axes=1)
RECIPE = Recipe(WGANGP.images, "a critic for the Wasserstein distance whose slopes are held at 1", "Gulrajani et al. 2017, arXiv 1704.00028",
                data="mnist", steps=2500, batch=2 * 64, decay=0.4, points=PLANE)
