"""DCGAN: Radford, Metz & Chintala 2016, arXiv 1511.06434. The step is Algorithm 1, inherited; new are the networks.

The five guidelines of the paper's section 3, and where they are here:

    1. strided convolutions instead of pooling            Conv2d and ConvTranspose2d with kernel 4, stride 2
    2. batch norm in G and D                              but not on G's output and not on D's input
    3. no fully connected hidden layers                   Dense only to project z and to give D's logit
    4. ReLU in G, tanh at its output
    5. LeakyReLU (0.2) in D

Weights from N(0, 0.02²), γ from N(1, 0.02²), Adam with β₁ = 0.5. Departures, for small images and two minutes on a laptop:
three levels instead of four, width 16 instead of 128, learning rate 2e-3 instead of 2e-4, z ~ N(0, I) instead of a
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
    """A convolutional GAN for images of 28×28 (levels 28, 14, 7, 3), 32×32 (32, 16, 8, 4) or 64×64 (64, 32, 16, 8, 4).

    Args:
        shape: (S, S, C).
        width: channels at the first level; they double with each.
        lr: of both optimizers.

    Raises ValueError for another shape.
    """

    def __init__(self, shape: tuple = (28, 28, 1), *, width: int = 16, z_dim: int = 100, lr: float = 2e-3, rng=None,
                 device: str = "cpu"):
        if shape[:2] not in ((28, 28), (32, 32), (64, 64)) or len(shape) != 3:
            raise ValueError(f"DCGAN is made for images of shape (28, 28, C), (32, 32, C) or (64, 64, C), not {shape}; a folder of pictures is "
                             "resized with size=32")
        rng = np.random.default_rng(rng)
        G = generator(shape, width, z_dim, rng).to(device)
        D = discriminator(shape, width, rng).to(device)
        super().__init__(G, D, z_dim, opt_G=Adam(G.params, lr), opt_D=Adam(D.params, lr))


def levels(shape: tuple, width: int) -> list[tuple[int, int]]:
    """(size, channels) at each level: the sizes halve, rounded down, to 3 or 4, while the channels double."""
    found = [(shape[0], shape[2]), (shape[0] // 2, width)]
    while found[-1][0] > 4:
        size, channels = found[-1]
        found.append((size // 2, 2 * channels))
    return found


def discriminator(shape: tuple, width: int, rng: np.random.Generator) -> Sequential:
    """image (N, S, S, C) -> logit (N, 1)."""
    (_, c), (_, first), *deeper = levels(shape, width)
    layers, c = [Conv2d(c, first, rng=rng, init=NORMAL), LeakyReLU(0.2)], first
    for size, channels in deeper:
        layers += [Conv2d(c, channels, bias=False, rng=rng, init=NORMAL), norm(channels, rng), LeakyReLU(0.2)]
        c = channels
    return Sequential(*layers, Flatten(), Dense(size * size * c, 1, rng=rng, init=NORMAL))


def generator(shape: tuple, width: int, z_dim: int, rng: np.random.Generator) -> Sequential:
    """z (N, z_dim) -> image (N, S, S, C): D's levels in reverse."""
    (size, c), *up = levels(shape, width)[::-1]
    layers = [Dense(z_dim, size * size * c, bias=False, rng=rng, init=NORMAL), Reshape(size, size, c)]
    for larger, channels in up:
        odd = larger - 2 * size  # 1 where D rounded down (7 -> 3, as 6 -> 3): output_pad says which is meant
        last = larger == shape[0]
        layers += [norm(c, rng), ReLU(), ConvTranspose2d(c, channels, output_pad=odd, bias=last, rng=rng, init=NORMAL)]
        size, c = larger, channels
    return Sequential(*layers, Tanh())


def norm(channels: int, rng: np.random.Generator) -> BatchNorm:
    """Batch norm with γ from N(1, 0.02²)."""
    layer = BatchNorm(channels)
    layer.gamma.value = 1 + NORMAL((channels,), 1, 1, rng)
    return layer


RECIPE = Recipe(DCGAN, "strided convolutions and batch norm instead of dense layers", "Radford et al. 2016, arXiv 1511.06434",
                data="mnist", steps=4000, batch=64)
FEATURES = Recipe(DCGAN, "what D has learned, read off by a linear classifier", "Radford et al. 2016, section 5.1", data="mnist", steps=1500, batch=64)
