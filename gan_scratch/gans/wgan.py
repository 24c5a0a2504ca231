"""WGAN: Arjovsky, Chintala & Bottou 2017, arXiv 1701.07875. D is a critic that estimates the Wasserstein distance W1(p_data, p_g).

    W1 = max over 1-Lipschitz D of E D(x) − E D(G(z))                                    (eq. 2)

Algorithm 1: k = 5 steps of the critic for each of G, RMSProp, and after each step every weight clipped into [−c, c], c = 0.01. Clipping bounds
the slope, but by some unknown number, and wastes capacity: most weights end at ±c (`claims.clipping` shows it). Departures: Adam(0, 0.99)
for points, and a larger c: with 0.01 a critic of this size is flat.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.losses import Wasserstein
from gan_scratch.optim import RMSProp
from gan_scratch.penalties import clip_weights


class WGAN(GAN):
    """A GAN with a clipped critic.

    Args:
        clip: c, the largest weight. Others: see GAN; the loss is Wasserstein.
    """

    def __init__(self, G, D, z_dim: int, *, clip: float = 0.01, k: int = 5, **options):
        super().__init__(G, D, z_dim, loss=Wasserstein(), k=k, **options)
        self.clip = clip
        clip_weights(D.params, clip)

    def step_D(self, x, rng):
        of_D = super().step_D(x, rng)
        clip_weights(self.D.params, self.clip)
        return of_D

    @classmethod
    def plane(cls, shape: tuple = (2,), *, rng=None, device: str = "cpu") -> "WGAN":
        """For points in the plane."""
        G, D = GAN.plane_networks(shape, np.random.default_rng(rng), device, bias=False)
        return cls(G, D, 2, clip=0.1, opt_G=RMSProp(G.params, 5e-4), opt_D=RMSProp(D.params, 5e-4), ema=0.995)


RECIPE = Recipe(WGAN.plane, "a critic for the Wasserstein distance, its weights clipped", "Arjovsky et al. 2017, arXiv 1701.07875",
                data="ring", steps=3000, batch=5 * 128, decay=0.4, axes=1)
