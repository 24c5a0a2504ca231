"""Self-attention GAN: Zhang et al. 2019, arXiv 1805.08318. A convolution sees a few pixels; attention compares any two places of a map.

The layer is in layers/attention.py. Here it stands in D after features that see 4×4 pixels, and without it D's logit would be a sum over such
patches: it couldn't know that the two discs of a picture belong together, and so G wouldn't learn it (gans/sagan.py's data: data/shapes.py, discs).

Departures: a miniature for 16×16 with one attention layer, in D alone, γ started at 0.5 instead of 0 (1 800 steps are few), the non-saturating loss
instead of the hinge and no spectral norm, so that the network without attention differs in nothing else. D adds coordinates, as a patch by
itself doesn't know where it is, a little noise to real and fake, and the deviation over the batch: without that G kept to two of the four
colours (seeds 0 and 1), which makes the rule easy to follow.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.gans.blocks import require_size
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    BatchNorm, Conv2d, Coordinates, Dense, Flatten, GaussianNoise, Layer, LeakyReLU, MinibatchStd, ReLU, Reshape, SelfAttention, Sequential, Tanh,
    Upsample)
from gan_scratch.optim import Adam


class SAGAN(GAN):
    """Algorithm 1, inherited, for colour images of 16×16, with self-attention in D.

    Args:
        shape: (16, 16, C). middle: the layer of D (32 channels) that stands in attention's place.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (16, 16, 3), *, middle: Layer | None = None, rng=None, device: str = "cpu"):
        require_size(shape, 16, "discs and shapes16 have it")
        rng = np.random.default_rng(rng)
        G = generator(shape[2], rng).to(device)
        D = discriminator(shape[2], middle or SelfAttention(32, 8, 16, gamma=0.5, rng=rng), rng).to(device)
        opt_G, opt_D = (Adam(net.params, 1e-3, (0.0, 0.99)) for net in (G, D))
        super().__init__(G, D, 32, opt_G=opt_G, opt_D=opt_D, ema=0.99)

    @classmethod
    def without_attention(cls, shape: tuple = (16, 16, 3), *, rng=None, device: str = "cpu") -> "SAGAN":
        """The same with a 1×1 convolution in attention's place: what it is compared with."""
        rng = np.random.default_rng(rng)
        return cls(shape, middle=Conv2d(32, 32, 1, 1, 0, rng=rng), rng=rng, device=device)


def generator(channels: int, rng: np.random.Generator) -> Sequential:
    """z (N, 32) -> image (N, 16, 16, C)."""
    return Sequential(
        Dense(32, 4 * 4 * 48, bias=False, rng=rng), Reshape(4, 4, 48), BatchNorm(48), ReLU(),
        Upsample(2), Conv2d(48, 48, 3, 1, bias=False, rng=rng), BatchNorm(48), ReLU(),
        Upsample(2), Conv2d(48, 24, 3, 1, bias=False, rng=rng), BatchNorm(24), ReLU(), Conv2d(24, channels, 3, 1, rng=rng), Tanh())


def discriminator(channels: int, middle: Layer, rng: np.random.Generator) -> Sequential:
    """image (N, 16, 16, C) -> logit (N, 1). Only `middle` lets one place know of another before the sum that the last layer is."""
    return Sequential(
        Coordinates(), GaussianNoise(0.05, rng=rng), Conv2d(channels + 2, 32, rng=rng), LeakyReLU(0.2),  # 8×8 places that see 4×4 pixels
        Conv2d(32, 32, 1, 1, 0, rng=rng), LeakyReLU(0.2), middle, LeakyReLU(0.2),
        Conv2d(32, 64, 1, 1, 0, rng=rng), LeakyReLU(0.2), MinibatchStd(), Flatten(), Dense(8 * 8 * 65, 1, rng=rng))


RECIPE = Recipe(SAGAN, "self-attention in D: what is far apart is judged together", "Zhang et al. 2019, arXiv 1805.08318", data="discs", steps=1800,
                batch=32, decay=0.5)
WITHOUT = Recipe(SAGAN.without_attention, "what sagan is compared with: a 1×1 convolution instead of attention", "Zhang et al. 2019, arXiv 1805.08318",
                 data="discs", steps=1800, batch=32, decay=0.5)
