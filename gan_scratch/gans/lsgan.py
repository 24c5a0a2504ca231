"""LSGAN: Mao et al. 2017, arXiv 1611.04076. D's outputs are pulled to 1 on real and 0 on fake samples by squares, G's to 1.

    L_D = ½ E (D(x) − 1)² + ½ E D(G(z))²,   L_G = ½ E (D(G(z)) − 1)²                      (eq. 9)

A fake on the right side of the boundary but far from the data still has a gradient. With the labels (−1, 1, 0) G minimises the Pearson χ²
divergence of p_data + p_g from 2 p_g (eq. 8). Networks: DCGAN's, with the step and the optimizer of that file.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.losses import LeastSquares
from gan_scratch.optim import Adam


class LSGAN(DCGAN):
    """DCGAN with the least-squares loss."""

    def __init__(self, shape: tuple = (28, 28, 1), *, lr: float = 1e-3, **options):
        super().__init__(shape, lr=lr, **options)
        self.loss = LeastSquares()

    @staticmethod
    def plane(shape: tuple = (2,), *, rng=None, device: str = "cpu") -> GAN:
        """For points in the plane."""
        G, D = GAN.plane_networks(shape, np.random.default_rng(rng), device)
        opt_G, opt_D = (Adam(net.params, 1e-3, betas=(0.0, 0.99)) for net in (G, D))
        return GAN(G, D, 2, loss=LeastSquares(), opt_G=opt_G, opt_D=opt_D, ema=0.995)


PLANE = Recipe(LSGAN.plane, "the same on points", "arXiv 1611.04076", data="ring", steps=6000, batch=256, decay=0.4, axes=1)
RECIPE = Recipe(LSGAN, "DCGAN with squares instead of logarithms", "Mao et al. 2017, arXiv 1611.04076", data="mnist", steps=4000, batch=64,
                points=PLANE)
