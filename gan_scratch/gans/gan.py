"""The generative adversarial network: Goodfellow et al. 2014, arXiv 1406.2661.

    min_G max_D V(D, G) = E_{x ~ p_data} log D(x) + E_{z ~ p_z} log(1 − D(G(z)))          (eq. 1)

trained by Algorithm 1: k steps of D, then one of G. `train_step` is that algorithm; every line is a formula of the paper
or a backward pass. Departures: G's loss is the non-saturating one that section 3 recommends, and Adam replaces momentum.

Two reference networks for 28×28 images, and one for points in the plane:

    small   G 100-500-500-784          D 784-500-500-1
    large   G 100-256-512-1024-784     D 784-1024-512-256-1, one-sided labels 0.9
    plane   G 2-128-128-128-2          D 2-128-128-128-1
"""
from __future__ import annotations

import math

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import BatchNorm, Dense, Dropout, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh, init
from gan_scratch.layers.activation import sigmoid
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam


class GAN:
    """A generator, a discriminator, and Algorithm 1.

    Args:
        G: maps z (N, z_dim) to samples. D: maps samples to logits (N, 1).
        z_dim: the size of z ~ N(0, I).
        loss: an object with discriminator(real, fake) and generator(fake), see losses.py.
        opt_G, opt_D: optimizers of their parameters.
        ema: decay of the moving average of G that samples are drawn from.
        k: steps of D for each step of G.
    """

    def __init__(self, G: Layer, D: Layer, z_dim: int, *, opt_G, opt_D, loss=None, ema: float = 0.99, k: int = 1):
        self.G, self.D, self.z_dim, self.k = G, D, z_dim, k
        self.loss = loss or NonSaturating()
        self.opt_G, self.opt_D = opt_G, opt_D
        self.G_ema = EMA(G, ema)

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, z_dim) ~ N(0, I), on the device and in the dtype of G."""
        like = self.G.params[0].value
        return backend.of(like).normal(rng, (n, self.z_dim), like.dtype)

    def train_step(self, batch: Array, rng: np.random.Generator) -> dict[str, Array]:
        """Algorithm 1: k steps of D, on a k-th of the batch each, then one step of G.

        Args:
            batch: real samples (k·m, …). rng: for z.

        Returns: d_loss, g_loss, d_real = mean D(x), d_fake = mean D(G(z)) as 0-d arrays. Raises ValueError when k doesn't
        divide the batch.
        """
        G, D, loss = self.G, self.D, self.loss
        m, rest = divmod(len(batch), self.k)
        if rest or not m:
            raise ValueError(f"a batch of {len(batch)} can't be split over k = {self.k} steps of D")
        for x in batch.reshape(self.k, m, *batch.shape[1:]):
            x_fake, _ = G.forward(self.noise(m, rng))
            l_real, tape_real = D.forward(x)
            l_fake, tape_fake = D.forward(x_fake)
            d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
            D.backward(dl_real, tape_real, inputs=False)
            D.backward(dl_fake, tape_fake, inputs=False)
            self.opt_D.step()

        x_fake, tape_G = G.forward(self.noise(m, rng))
        l, tape_D = D.forward(x_fake)
        g_loss, dl = loss.generator(l)
        dx_fake = D.backward(dl, tape_D, weights=False)
        G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, "d_real": probability(l_real), "d_fake": probability(l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int) -> Array:
        """n samples from the averaged generator at inference."""
        return self.G_ema.network(self.noise(n, np.random.default_rng(rng)))

    @classmethod
    def small(cls, shape: tuple = (28, 28, 1), *, rng=None, device: str = "cpu") -> "GAN":
        """The small reference network, with batch norm in G and dropout in D: as drawn, without them, it collapses."""
        rng, n_x, uniform = np.random.default_rng(rng), math.prod(shape), init.fan_in_uniform()
        G = Sequential(*mlp((100, 500, 500), ReLU, norm=True, rng=rng),
                       Dense(500, n_x, rng=rng, init=uniform), Tanh(), Reshape(*shape)).to(device)
        D = Sequential(Flatten(), *mlp((n_x, 500, 500), LeakyReLU, dropout=0.3, rng=rng),
                       Dense(500, 1, rng=rng, init=uniform)).to(device)
        return cls(G, D, 100, opt_G=Adam(G.params, 1e-3), opt_D=Adam(D.params, 1e-3))

    @classmethod
    def large(cls, shape: tuple = (28, 28, 1), *, rng=None, device: str = "cpu") -> "GAN":
        """The large reference network, with LeakyReLU and batch norm in G and one-sided label smoothing."""
        rng, n_x, uniform = np.random.default_rng(rng), math.prod(shape), init.fan_in_uniform()
        G = Sequential(*mlp((100, 256, 512, 1024), LeakyReLU, norm=True, rng=rng),
                       Dense(1024, n_x, rng=rng, init=uniform), Tanh(), Reshape(*shape)).to(device)
        D = Sequential(Flatten(), *mlp((n_x, 1024, 512, 256), LeakyReLU, dropout=0.3, rng=rng),
                       Dense(256, 1, rng=rng, init=uniform)).to(device)
        return cls(G, D, 100, loss=NonSaturating(real_label=0.9), opt_G=Adam(G.params, 5e-4), opt_D=Adam(D.params, 5e-4))

    @classmethod
    def plane(cls, shape: tuple = (2,), *, rng=None, device: str = "cpu") -> "GAN":
        """For points in the plane (or on a line): no normalisation, Adam without momentum."""
        rng, he, (n_x,) = np.random.default_rng(rng), init.he(), shape
        half = init.he(3**0.5)  # half of He's standard deviation: samples start near 0
        G = Sequential(*mlp((2, 128, 128, 128), ReLU, init=he, rng=rng), Dense(128, n_x, rng=rng, init=half)).to(device)
        D = Sequential(*mlp((n_x, 128, 128, 128), LeakyReLU, init=he, rng=rng), Dense(128, 1, rng=rng, init=he)).to(device)
        opt_G, opt_D = (Adam(net.params, 1e-3, betas=(0.0, 0.99)) for net in (G, D))
        return cls(G, D, 2, opt_G=opt_G, opt_D=opt_D, ema=0.995)


def mlp(sizes: tuple, activation: type, *, norm: bool = False, dropout: float = 0.0, init=init.fan_in_uniform(), rng) -> list[Layer]:
    """The hidden part of a multilayer perceptron: for each pair of sizes Dense, (BatchNorm), activation, (Dropout)."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [Dense(n_in, n_out, bias=not norm, rng=rng, init=init), *([BatchNorm(n_out)] if norm else []), activation()]
        layers += [Dropout(dropout, rng=rng)] if dropout else []
    return layers


def probability(logits: Array) -> Array:
    """The mean of D = σ(l), which curves show."""
    return sigmoid(logits).mean()


PLANE = Recipe(GAN.plane, "Algorithm 1 on points", "arXiv 1406.2661", data="ring", steps=6000, batch=256, decay=0.4)
SMALL = Recipe(GAN.small, "the original GAN: two multilayer perceptrons, 100-500-500-784", "Goodfellow et al. 2014, arXiv 1406.2661",
               data="mnist", steps=4000, batch=64, points=PLANE)
LARGE = Recipe(GAN.large, "the same game with 100-256-512-1024-784 and one-sided label smoothing",
               "Goodfellow et al. 2014; Salimans et al. 2016, arXiv 1606.03498", data="mnist", steps=3000, batch=64)
