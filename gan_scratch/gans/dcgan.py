"""DCGAN: Radford, Metz & Chintala 2016, arXiv 1511.06434. The step is Algorithm 1, inherited; new are the networks.

The five guidelines of the paper's section 3, and where they are here:

    1. strided convolutions instead of pooling            Conv2d and ConvTranspose2d with kernel 4, stride 2
    2. batch norm in G and D                              but not on G's output and not on D's input
    3. no fully connected hidden layers                   Dense only to project z and to give D's logit
    4. ReLU in G, tanh at its output
    5. LeakyReLU (0.2) in D

Weights from N(0, 0.02²), γ from N(1, 0.02²), Adam with β₁ = 0.5. Departures, for small images and two minutes on a laptop:
two or three levels instead of four, width 16 instead of 128, learning rate 1e-3 instead of 2e-4, z ~ N(0, I) instead of a
uniform one, kernel 4 instead of 5 (it tiles evenly at stride 2), batch 64 instead of 128, samples from an average of G.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    BatchNorm, Conv2d, ConvTranspose2d, Dense, Flatten, LeakyReLU, ReLU, Reshape, Sequential, Tanh, init)
from gan_scratch.optim import Adam

NORMAL = init.normal(0.02)


class DCGAN(GAN):
    """A convolutional GAN for images of 28×28 or 32×32.

    Args:
        shape: (28, 28, C) or (32, 32, C).
        width: channels of the layer next to the image; they double with each level.
        lr: of both optimizers.

    Raises ValueError for another shape.
    """

    def __init__(self, shape: tuple = (28, 28, 1), *, width: int = 16, z_dim: int = 100, lr: float = 1e-3, rng=None,
                 device: str = "cpu"):
        if shape[:2] not in ((28, 28), (32, 32)) or len(shape) != 3:
            raise ValueError(f"DCGAN is made for images of shape (28, 28, C) or (32, 32, C), not {shape}")
        rng = np.random.default_rng(rng)
        small, levels = (7, 2) if shape[0] == 28 else (4, 3)
        widths = [width * 2**level for level in range(levels)]  # next to the image first
        G = self.generator(small, widths, shape[2], z_dim, rng).to(device)
        D = self.discriminator(small, widths, shape[2], rng).to(device)
        super().__init__(G, D, z_dim, opt_G=Adam(G.params, lr), opt_D=Adam(D.params, lr))

    @staticmethod
    def generator(small: int, widths: list[int], channels: int, z_dim: int, rng) -> Sequential:
        """z (N, z_dim) -> image (N, H, W, channels), H = small·2^levels."""
        top = widths[-1]
        layers = [Dense(z_dim, small * small * top, bias=False, rng=rng, init=NORMAL), Reshape(small, small, top), norm(top, rng), ReLU()]
        for c_in, c_out in zip(widths[:0:-1], widths[-2::-1]):
            layers += [ConvTranspose2d(c_in, c_out, bias=False, rng=rng, init=NORMAL), norm(c_out, rng), ReLU()]
        return Sequential(*layers, ConvTranspose2d(widths[0], channels, rng=rng, init=NORMAL), Tanh())

    @staticmethod
    def discriminator(small: int, widths: list[int], channels: int, rng) -> Sequential:
        """image (N, H, W, channels) -> logit (N, 1)."""
        layers = [Conv2d(channels, widths[0], rng=rng, init=NORMAL), LeakyReLU(0.2)]
        for c_in, c_out in zip(widths, widths[1:]):
            layers += [Conv2d(c_in, c_out, bias=False, rng=rng, init=NORMAL), norm(c_out, rng), LeakyReLU(0.2)]
        return Sequential(*layers, Flatten(), Dense(small * small * widths[-1], 1, rng=rng, init=NORMAL))


def norm(channels: int, rng: np.random.Generator) -> BatchNorm:
    """Batch norm with γ from N(1, 0.02²)."""
    layer = BatchNorm(channels)
    layer.gamma.value = 1 + NORMAL((channels,), 1, 1, rng)
    return layer


RECIPE = Recipe(DCGAN, "strided convolutions and batch norm instead of dense layers", "Radford et al. 2016, arXiv 1511.06434",
                data="mnist", steps=5000, batch=64)
