"""Conditional GAN: Mirza & Osindero 2014, arXiv 1411.1784. Both networks are told the class.

    min_G max_D V = E log D(x|y) + E log(1 − D(G(z|y)|y))                                  (eq. 2)

y is a one-hot row, put beside z in G and repeated as maps beside the image in D. What makes G obey: D sees real pairs (x, y) and can tell
a 3 with the label 7 from them. Departures: convolutional networks instead of dense ones, and the non-saturating loss for G.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.recipe import Recipe, labels
from gan_scratch.layers import BatchNorm, Concat, Conv2d, ConvTranspose2d, Dense, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam


class CGAN:
    """A generator and a discriminator that are told a condition, and a step for both.

    Args:
        G: maps (z (N, z_dim), y (N, K)) to samples. D: maps (samples, y) to logits (N, 1).
        z_dim, classes: the sizes of z ~ N(0, I) and of y.
        opt_G, opt_D, loss, ema: as in gans/gan.py.
    """

    def __init__(self, G: Layer, D: Layer, z_dim: int, classes: int, *, opt_G, opt_D, loss=None, ema: float = 0.995):
        self.G, self.D, self.z_dim, self.classes = G, D, z_dim, classes
        self.loss, self.opt_G, self.opt_D = loss or NonSaturating(), opt_G, opt_D
        self.G_ema = EMA(G, ema)

    @classmethod
    def convolutional(cls, shape: tuple = (14, 14, 1), classes: tuple = (10,), *, rng=None, device: str = "cpu") -> "CGAN":
        """Networks for images (14, 14, C) and one-hot classes (K,). Raises ValueError for another size."""
        require_size(shape, 14, "mnist14 and fashion14 have it")
        rng, (K,) = np.random.default_rng(rng), classes
        G, D = generator(shape[2], 32 + K, rng).to(device), discriminator(shape[2], K, rng).to(device)
        opt_G, opt_D = (Adam(net.params, 1e-3, (0.5, 0.99)) for net in (G, D))
        return cls(G, D, 32, K, opt_G=opt_G, opt_D=opt_D)

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, z_dim) ~ N(0, I)."""
        return normal(self.G, rng, n, self.z_dim)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on real samples x (m, …) with their one-hot classes y (m, K)."""
        x, y = batch
        G, D, loss = self.G, self.D, self.loss

        x_fake = G.forward((self.noise(len(x), rng), y))[0]  # D: real pairs (x, y) from pairs (G(z|y), y)
        l_real, tape_real = D.forward((x, y))
        l_fake, tape_fake = D.forward((x_fake, y))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        x_fake, tape_G = G.forward((self.noise(len(x), rng), y))  # G: pairs that D takes for real ones
        l, tape_D = D.forward((x_fake, y))
        g_loss, dl = loss.generator(l)
        dx_fake, _ = D.backward(dl, tape_D, weights=False)
        G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int, y: Array | None = None) -> Array:
        """n samples of the classes y (n, K) one-hot; without y of all classes in turn."""
        z = self.noise(n, np.random.default_rng(rng))
        return self.G_ema.network((z, self.in_turn(n, z) if y is None else y))

    def in_turn(self, n: int, like: Array) -> Array:
        """The conditions (n, K) that samples are asked for when nobody names one, on the device of `like`."""
        return in_turn(n, self.classes, like)


def generator(channels: int, n_in: int, rng: np.random.Generator) -> Sequential:
    """(z, y) of n_in numbers together -> image (N, 14, 14, C)."""
    return Sequential(
        Concat(), Dense(n_in, 7 * 7 * 48, bias=False, rng=rng), Reshape(7, 7, 48), BatchNorm(48), ReLU(),
        Conv2d(48, 48, 3, 1, bias=False, rng=rng), BatchNorm(48), ReLU(),
        ConvTranspose2d(48, 24, bias=False, rng=rng), BatchNorm(24), ReLU(), Conv2d(24, channels, 3, 1, rng=rng), Tanh())


def discriminator(channels: int, classes: int, rng: np.random.Generator) -> Sequential:
    """(image (N, 14, 14, C), y (N, K)) -> logit (N, 1), without batch norm."""
    return Sequential(
        Concat(), Conv2d(channels + classes, 24, pad=2, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2),
        Conv2d(48, 48, 3, 1, rng=rng), LeakyReLU(0.2), Flatten(), Dense(4 * 4 * 48, 1, rng=rng))


def in_turn(n: int, classes: int, like: Array) -> Array:
    """One-hot rows (n, K) of the classes 0, 1, …, K − 1, 0, 1, … on the device of `like`."""
    return backend.of(like).asarray(np.eye(classes, dtype=like.dtype)[np.arange(n) % classes])


RECIPE = Recipe(CGAN.convolutional, "G and D are told the class, as one-hot rows and maps", "Mirza & Osindero 2014, arXiv 1411.1784", data="mnist14", steps=1500,
                batch=64, decay=0.5, conditions=labels)
