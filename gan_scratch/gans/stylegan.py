"""StyleGAN in small: Karras, Laine & Aila 2019, arXiv 1812.04948. z doesn't go through the picture; it says how each layer should look.

    w = f(z), f a dense network, z with length √n                                           (section 2)
    AdaIN(x_c, w) = s_c (x_c − μ(x_c))/σ(x_c) + t_c,   (s, t) affine in w                     (eq. 1)

The picture begins as a learned constant. Each block convolves, adds one plane of noise times a learned strength for each channel, and normalises each
channel to a mean and deviation that w decides: after that nothing of the block before is left but the pattern, so that each block's style
stands for itself. Style mixing (section 3.1): in training most pictures get a second w from a random block on, so that G can't count on
neighbouring blocks having the same w.

Departures: six blocks, two for each size 4, 8, 16, not grown; nearest enlargement; the last block's kernel is 1×1; f of three layers instead of
eight, w larger than z, no equalised or slower learning rates; no truncation in w; the non-saturating loss without R1.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    AdaIN, Conditional, Constant, Conv2d, Dense, Flatten, Layer, LeakyReLU, MinibatchStd, PixelNorm, PlaneNoise, Sequential, Upsample, init)
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam

Z, W = 32, 48
CHANNELS = (48, 48, 48, 48, 32, 32)  # of the six blocks; the picture grows before the third and the fifth


class StyleGAN:
    """A style-based GAN for images of 16×16.

    Args:
        shape: (16, 16, C). mixing: the share of the training pictures that have two styles.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (16, 16, 3), *, mixing: float = 0.9, rng=None, device: str = "cpu"):
        require_size(shape, 16, "shapes16 and discs have it")
        rng, self.mixing = np.random.default_rng(rng), mixing
        self.G, self.D = Generator(shape[2], rng).to(device), discriminator(shape[2], rng).to(device)
        self.loss = NonSaturating()
        self.opt_G, self.opt_D = (Adam(net.params, 1e-3, (0.0, 0.99)) for net in (self.G, self.D))
        self.G_ema = EMA(self.G, 0.99)

    @classmethod
    def without_mixing(cls, shape: tuple = (16, 16, 3), *, rng=None, device: str = "cpu") -> "StyleGAN":
        """One style for each training picture: what it is compared with."""
        return cls(shape, mixing=0.0, rng=rng, device=device)

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, 32) ~ N(0, I)."""
        return normal(self.G, rng, n, Z)

    def styles(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Two z for each picture, and the block (n,) from which on the second is used: 6, never, for all but a share `mixing`."""
        z1, z2 = self.noise(n, rng), self.noise(n, rng)
        cut = np.where(rng.random(n) < self.mixing, rng.integers(1, len(CHANNELS), n), len(CHANNELS))
        return z1, z2, backend.of(z1).asarray(cut.astype(z1.dtype))

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on images x (m, 16, 16, C)."""
        G, D, loss = self.G, self.D, self.loss

        x_fake = G.forward(self.styles(len(x), rng))[0]
        l_real, tape_real = D.forward(x)
        l_fake, tape_fake = D.forward(x_fake)
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        x_fake, tape_G = G.forward(self.styles(len(x), rng))
        l, tape_D = D.forward(x_fake)
        g_loss, dl = loss.generator(l)
        G.backward(D.backward(dl, tape_D, weights=False), tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int) -> Array:
        """n images, each of one style."""
        rng = np.random.default_rng(rng)
        z = self.noise(n, rng)
        return self.mixed(z, z, len(CHANNELS), rng)

    def mixed(self, z1: Array, z2: Array, cut: int, rng: np.random.Generator | int = 0) -> Array:
        """Images whose blocks before `cut`, 0 … 6, have the style of z1 (n, 32) and the others that of z2; rng decides the planes of noise."""
        xp, rng = backend.of(z1).xp, np.random.default_rng(rng)
        for _, layer in self.G_ema.network.modules():
            if isinstance(layer, PlaneNoise):
                layer.rng = rng
        return self.G_ema.network((z1, z2, xp.full(len(z1), cut, z1.dtype)))


class Generator(Layer):
    """(z1 (N, 32), z2 (N, 32), cut (N,)) -> image (N, 16, 16, C); block i has the style of z1 where i < cut, of z2 elsewhere."""

    def __init__(self, channels: int, rng: np.random.Generator):
        self.map = Sequential(PixelNorm(), Dense(Z, W, rng=rng), LeakyReLU(0.2), Dense(W, W, rng=rng), LeakyReLU(0.2), Dense(W, W, rng=rng), LeakyReLU(0.2))
        self.start = Constant(4, 4, CHANNELS[0], rng=rng)
        self.blocks = [block(i, rng) for i in range(len(CHANNELS))]
        self.end = Conv2d(CHANNELS[-1], channels, 1, 1, 0, rng=rng, init=init.normal(0.1))

    def children(self):
        return {"map": self.map, "start": self.start, **{f"block{i}": b for i, b in enumerate(self.blocks)}, "end": self.end}

    def forward(self, inputs, train=True):
        z1, z2, cut = inputs
        xp, n = backend.of(z1).xp, len(z1)
        w, of_map = self.map.forward(xp.concatenate([z1, z2]), train)  # (2N, 48)
        x, of_start = self.start.forward(z1, train)
        tapes = []
        for i, b in enumerate(self.blocks):
            (x, tape), first = b.forward((x, xp.where((i < cut)[:, None], w[:n], w[n:])), train), (i < cut)[:, None]
            tapes.append((tape, first))
        y, of_end = self.end.forward(x, train)
        return y, [of_map, of_start, tapes, of_end]

    def backward(self, dy, ctx, weights=True, inputs=True):
        of_map, of_start, tapes, of_end = ctx
        xp, dx, dw1, dw2 = backend.of(dy).xp, self.end.backward(dy, of_end, weights), 0, 0
        for b, (tape, first) in zip(self.blocks[::-1], tapes[::-1]):
            dx, dw = b.backward(dx, tape, weights)
            dw1, dw2 = dw1 + first * dw, dw2 + ~first * dw
        self.start.backward(dx, of_start, weights)
        dz = self.map.backward(xp.concatenate([dw1, dw2]), of_map, weights, inputs)
        return (*xp.split(dz, 2), xp.zeros(len(dy), dy.dtype)) if inputs else None


def block(i: int, rng: np.random.Generator) -> Conditional:
    """(x (N, S, S, c), w (N, 48)) -> (N, S′, S′, c′); the last block has a 1×1 kernel and can only recolour."""
    c_in, c_out = CHANNELS[max(0, i - 1)], CHANNELS[i]
    grow = [Upsample(2)] if i in (2, 4) else []
    kernel = 1 if i == len(CHANNELS) - 1 else 3
    convolve = [Conv2d(c_in, c_out, kernel, 1, kernel // 2, rng=rng)] if i else []
    return Conditional(*grow, *convolve, PlaneNoise(c_out, rng=rng), LeakyReLU(0.2), AdaIN(c_out, W, rng=rng))


def discriminator(channels: int, rng: np.random.Generator) -> Sequential:
    """image (N, 16, 16, C) -> logit (N, 1)."""
    return Sequential(
        Conv2d(channels, 32, 3, 1, rng=rng), LeakyReLU(0.2), Conv2d(32, 32, rng=rng), LeakyReLU(0.2), Conv2d(32, 64, rng=rng), LeakyReLU(0.2),
        MinibatchStd(), Conv2d(65, 64, 3, 1, rng=rng), LeakyReLU(0.2), Flatten(), Dense(4 * 4 * 64, 1, rng=rng))


PAPER = "Karras et al. 2019, arXiv 1812.04948"
RECIPE = Recipe(StyleGAN, "z becomes a style for each layer; styles can be mixed", PAPER, data="shapes16", steps=1800, batch=32, decay=0.5)
WITHOUT = Recipe(StyleGAN.without_mixing, "what stylegan is compared with: no mixing in training", PAPER, data="shapes16", steps=1800, batch=32, decay=0.5)
