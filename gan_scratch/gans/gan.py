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
from typing import Sequence

import numpy as np

from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import BatchNorm, Dense, Dropout, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh, init
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam


class GAN:
    """A generator, a discriminator, and Algorithm 1.

    Args:
        G: maps z (N, z_dim) to samples. D: maps samples to logits (N, 1).
        z_dim: the size of z ~ N(0, I).
        loss: an object with discriminator(real, fake) and generator(fake), see losses.py.
        opt_G, opt_D: optimizers of their parameters. With different learning rates, each on its own time scale: TTUR (Heusel et al. 2017).
        ema: decay of the moving average of G that samples are drawn from.
        k: steps of D for each step of G.
        penalties: what D's loss gains, see penalties.py: functions (D, x_real, x_fake, rng) -> value.
    """

    def __init__(self, G: Layer, D: Layer, z_dim: int, *, opt_G, opt_D, loss=None, ema: float = 0.99, k: int = 1, penalties: Sequence = ()):
        self.G, self.D, self.z_dim, self.k = G, D, z_dim, k
        self.loss, self.penalties = loss or NonSaturating(), penalties
        self.opt_G, self.opt_D = opt_G, opt_D
        self.G_ema = EMA(G, ema)

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, z_dim) ~ N(0, I), on the device and in the dtype of G."""
        return normal(self.G, rng, n, self.z_dim)

    def train_step(self, batch: Array, rng: np.random.Generator) -> dict[str, Array]:
        """Algorithm 1: k steps of D, on a k-th of the batch each, then one step of G.

        Args:
            batch: real samples (k·m, …). rng: for z.

        Returns: d_loss, g_loss, what the loss calls its outputs (d_real = mean D(x), d_fake = mean D(G(z)) for probabilities), penalty where
        there is one; all 0-d arrays. Raises ValueError when k doesn't divide the batch.
        """
        m, rest = divmod(len(batch), self.k)
        if rest or not m:
            raise ValueError(f"a batch of {len(batch)} can't be split over k = {self.k} steps of D")
        for x in batch.reshape(self.k, m, *batch.shape[1:]):
            of_D = self.step_D(x, rng)
        of_G = self.step_G(x, rng)
        self.G_ema.update()
        return of_D | of_G

    def step_D(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of D on real samples x (m, …) and m fakes."""
        G, D, loss = self.G, self.D, self.loss
        x_fake = G.forward(self.noise(len(x), rng))[0]  # without its tape: this step is D's
        l_real, tape_real = D.forward(x)
        l_fake, tape_fake = D.forward(x_fake)
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        of_D = {"d_loss": d_loss, **loss.outputs(l_real, l_fake)}
        if self.penalties:
            of_D["penalty"] = sum(penalty(D, x, x_fake, rng) for penalty in self.penalties)
        self.opt_D.step()
        return of_D

    def step_G(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of G on m fakes; x (m, …) are real samples for those remedies that compare."""
        x_fake, tape_G = self.G.forward(self.noise(len(x), rng))
        g_loss, dx_fake = self.generator_gradient(x_fake, x)
        self.G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        return {"g_loss": g_loss}

    def generator_gradient(self, x_fake: Array, x: Array) -> tuple[Array, Array]:
        """G's loss on fakes, and its gradient with respect to them: the line in which remedies differ."""
        l, tape_D = self.D.forward(x_fake)
        g_loss, dl = self.loss.generator(l)
        return g_loss, self.D.backward(dl, tape_D, weights=False)

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
        G, D = cls.plane_networks(shape, np.random.default_rng(rng), device)
        opt_G, opt_D = (Adam(net.params, 1e-3, betas=(0.0, 0.99)) for net in (G, D))
        return cls(G, D, 2, opt_G=opt_G, opt_D=opt_D, ema=0.995)

    @staticmethod
    def plane_networks(shape: tuple, rng: np.random.Generator, device: str, bias: bool = True) -> tuple[Sequential, Sequential]:
        """G 2-128-128-128-n with ReLU and D n-128-128-128-1 with LeakyReLU; bias=False leaves D's last bias out, which a Wasserstein loss cancels."""
        he, (n_x,) = init.he(), shape
        half = init.he(3**0.5)  # half of He's standard deviation: samples start near 0
        G = Sequential(*mlp((2, 128, 128, 128), ReLU, init=he, rng=rng), Dense(128, n_x, rng=rng, init=half))
        D = Sequential(*mlp((n_x, 128, 128, 128), LeakyReLU, init=he, rng=rng), Dense(128, 1, bias, rng=rng, init=he))
        return G.to(device), D.to(device)


def mlp(sizes: tuple, activation: type, *, norm: bool = False, dropout: float = 0.0, init=init.fan_in_uniform(), rng) -> list[Layer]:
    """The hidden part of a multilayer perceptron: for each pair of sizes Dense, (BatchNorm), activation, (Dropout)."""
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [Dense(n_in, n_out, bias=not norm, rng=rng, init=init), *([BatchNorm(n_out)] if norm else []), activation()]
        layers += [Dropout(dropout, rng=rng)] if dropout else []
    return layers


PLANE = Recipe(GAN.plane, "Algorithm 1 on points", "arXiv 1406.2661", data="ring", steps=6000, batch=256, decay=0.4, axes=1)
SMALL = Recipe(GAN.small, "the original GAN: two multilayer perceptrons, 100-500-500-784", "Goodfellow et al. 2014, arXiv 1406.2661",
               data="mnist", steps=4000, batch=64, points=PLANE)
LARGE = Recipe(GAN.large, "the same game with 100-256-512-1024-784 and one-sided label smoothing",
               "Goodfellow et al. 2014; Salimans et al. 2016, arXiv 1606.03498", data="mnist", steps=3000, batch=64)
