"""LAPGAN: Denton, Chintala, Szlam & Fergus 2015, arXiv 1506.05751. A small picture first, then the detail that each enlargement lacks.

With d(·) a picture at half its size (means of 2×2) and u(·) its enlargement (each pixel repeated), the Laplacian pyramid of x = I_0,

    I_{k+1} = d(I_k),   h_k = I_k − u(I_{k+1})                                               (eq. 3)
    I_k = u(I_{k+1}) + h_k                                                                 (eq. 4)

loses nothing. G_K draws I_K from noise, and for each finer level G_k draws the band h_k from noise and l_k = u(I_{k+1}): a conditional GAN. They
are trained apart, each with real coarse pictures, and put together only to sample (eq. 5).

Departures: D_k sees l_k beside l_k + h_k, not the sum alone; three levels, 28 → 14 → 7; means and repetition instead of blur and interpolation;
the finer a level, the smaller its part of a batch: a half at 14×14, a quarter at 28×28.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    AvgPool2d, BatchNorm, Concat, Conv2d, ConvTranspose2d, Dense, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh, Upsample, init)
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam

Z = 32
N02 = init.normal(0.02)
SIZE = "mnist and fashion_mnist have it, or give --size 28"


class LAPGAN:
    """A pyramid of GANs for images of 28×28.

    Args:
        shape: (28, 28, C).

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (28, 28, 1), *, rng=None, device: str = "cpu"):
        require_size(shape, 28, SIZE)
        rng, c = np.random.default_rng(rng), shape[2]
        self.G, self.D, self.loss = Generators(c, rng).to(device), Discriminators(c, rng).to(device), NonSaturating()
        self.opt_G, self.opt_D = (Adam(net.params, 7e-4, (0.0, 0.99)) for net in (self.G, self.D))
        self.G_ema = EMA(self.G, 0.99)

    @staticmethod
    def single(shape: tuple = (28, 28, 1), *, rng=None, device: str = "cpu") -> GAN:
        """What it is compared with: one GAN that draws 28×28 at once. Raises ValueError for another size."""
        require_size(shape, 28, SIZE)
        rng, c = np.random.default_rng(rng), shape[2]
        make = {"rng": rng, "init": N02}
        G = Sequential(Dense(Z, 7 * 7 * 64, bias=False, **make), Reshape(7, 7, 64), BatchNorm(64), ReLU(),
                       ConvTranspose2d(64, 32, bias=False, **make), BatchNorm(32), ReLU(), ConvTranspose2d(32, c, **make), Tanh()).to(device)
        D = Sequential(Conv2d(c, 24, **make), LeakyReLU(0.2), Conv2d(24, 48, **make), LeakyReLU(0.2), Flatten(), Dense(7 * 7 * 48, 1, **make)).to(device)
        return GAN(G, D, Z, opt_G=Adam(G.params, 7e-4, (0.0, 0.99)), opt_D=Adam(D.params, 7e-4, (0.0, 0.99)))

    def noise(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """z for 7×7, and one plane of noise each for 14×14 and 28×28."""
        return normal(self.G, rng, n, Z), normal(self.G, rng, n, 14, 14, 1), normal(self.G, rng, n, 28, 28, 1)

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of each D, then one of each G, on images x (m, 28, 28, C); the losses are sums over the three levels, D's outputs those of the finest.

        Raises ValueError for fewer than 4 images.
        """
        if len(x) < 4:
            raise ValueError(f"LAPGAN's finest level takes a quarter of a batch, so a batch needs at least 4 images, got {len(x)}")
        G, D, loss = self.G, self.D, self.loss
        h14, h28, I7 = bands(x)
        I14 = enlarged(I7) + h14
        m14, m28 = len(x) // 2, len(x) // 4
        levels = ((G.at7, D.at7, (), I7), (G.at14, D.at14, (enlarged(I7[:m14]),), I14[:m14]), (G.at28, D.at28, (enlarged(I14[:m28]),), x[:m28]))

        d_loss, z = 0, self.noise(len(x), rng)
        for (G_k, D_k, l_k, I_k), z_k in zip(levels, z):
            fake, _ = drawn(G_k, z_k[:len(I_k)], l_k)
            l_real, tape_real = D_k.forward((*l_k, I_k))
            l_fake, tape_fake = D_k.forward((*l_k, fake))
            value, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
            D_k.backward(dl_real, tape_real, inputs=False)
            D_k.backward(dl_fake, tape_fake, inputs=False)
            d_loss = d_loss + value
        self.opt_D.step()

        g_loss, z = 0, self.noise(len(x), rng)
        for (G_k, D_k, l_k, I_k), z_k in zip(levels, z):
            fake, tape_G = drawn(G_k, z_k[:len(I_k)], l_k)
            l, tape_D = D_k.forward((*l_k, fake))
            value, dl = loss.generator(l)
            *_, dfake = D_k.backward(dl, tape_D, weights=False)
            G_k.backward(dfake, tape_G, inputs=False)  # fake = l_k + h_k, so dh_k = dfake
            g_loss = g_loss + value
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int) -> Array:
        """n images, from coarse to fine (eq. 5)."""
        return self.G_ema.network(self.noise(n, np.random.default_rng(rng)))


def drawn(G_k: Layer, z: Array, l_k: tuple) -> tuple[Array, list]:
    """What a level draws, and its tape: at the coarsest a picture, at the others l_k + h_k."""
    y, tape = G_k.forward((*l_k, z))
    return (l_k[0] + y if l_k else y), tape


def bands(x: Array) -> tuple[Array, Array, Array]:
    """The pyramid of images (N, 28, 28, C): h at 14×14, h at 28×28, and the picture at 7×7."""
    I14 = AvgPool2d(2)(x)
    I7 = AvgPool2d(2)(I14)
    return I14 - enlarged(I7), x - enlarged(I14), I7


def enlarged(x: Array) -> Array:
    """u(x): each pixel of (N, S, S, C) becomes 2×2."""
    return Upsample(2)(x)


class Generators(Layer):
    """All levels: (z7 (N, 32), z14 (N, 14, 14, 1), z28 (N, 28, 28, 1)) -> image (N, 28, 28, C), by inference only."""

    def __init__(self, c: int, rng: np.random.Generator):
        self.at7 = Sequential(Concat(), *mlp((Z, 256, 256), ReLU, norm=True, rng=rng), Dense(256, 49 * c, rng=rng), Reshape(7, 7, c), Tanh())
        self.at14, self.at28 = band(c, 32, rng), band(c, 24, rng)

    def forward(self, z, train=False):
        I7 = self.at7((z[0],))
        I14, _ = drawn_at_inference(self.at14, z[1], enlarged(I7))
        return drawn_at_inference(self.at28, z[2], enlarged(I14))[0], None


def drawn_at_inference(G_k: Layer, z: Array, l: Array) -> tuple[Array, Array]:
    """l + h and h, by the averaged statistics."""
    h = G_k((l, z))
    return l + h, h


class Discriminators(Layer):
    """One for each level: of the picture at 7×7; of (l, l + h) at the others."""

    def __init__(self, c: int, rng: np.random.Generator):
        self.at7 = Sequential(Concat(), Flatten(), *mlp((49 * c, 256, 256), LeakyReLU, rng=rng), Dense(256, 1, rng=rng))
        self.at14, self.at28 = judge(14, c, 32, rng), judge(28, c, 24, rng)


def band(c: int, width: int, rng: np.random.Generator) -> Sequential:
    """(l (N, S, S, C), noise (N, S, S, 1)) -> h (N, S, S, C)."""
    make = {"rng": rng, "init": N02}
    return Sequential(Concat(), Conv2d(c + 1, width, 3, 1, bias=False, **make), BatchNorm(width), ReLU(),
                      Conv2d(width, width, 3, 1, bias=False, **make), BatchNorm(width), ReLU(), Conv2d(width, c, 3, 1, **make))


def judge(size: int, c: int, width: int, rng: np.random.Generator) -> Sequential:
    """(l, l + h), both (N, S, S, C) -> logit (N, 1)."""
    places = (size // 4) ** 2
    make = {"rng": rng, "init": N02}
    return Sequential(Concat(), Conv2d(2 * c, width, **make), LeakyReLU(0.2), Conv2d(width, 2 * width, **make), LeakyReLU(0.2), Flatten(),
                      Dense(places * 2 * width, 1, **make))


PAPER = "Denton et al. 2015, arXiv 1506.05751"
RECIPE = Recipe(LAPGAN, "a GAN for each band of a Laplacian pyramid, from coarse to fine", PAPER, data="fashion_mnist", steps=1000, batch=64, decay=0.5)
SINGLE = Recipe(LAPGAN.single, "what lapgan is compared with: one net for all sizes at once", PAPER, data="fashion_mnist", steps=1000, batch=64, decay=0.5)
