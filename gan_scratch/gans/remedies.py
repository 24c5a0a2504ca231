"""Remedies against mode collapse, one piece each, on a GAN that collapses.

`working` and `collapsing` are the same networks on points in the plane; only two numbers differ. With momentum (Adam's β₁ = 0.9 instead of 0)
and a D that is slower than G (3e-4 instead of 1e-3), G moves all its samples to where D is weakest and D comes too late. Each further
builder adds one piece to `collapsing`, and nothing else:

    a layer of D      minibatch discrimination, packing, instance noise, spectral norm
    a loss            label smoothing (one- and two-sided), least squares, Wasserstein, hinge, relativistic
    a penalty         R1, R1 and R2, DRAGAN, WGAN-GP
    an optimizer      historical averaging, two time scales
    G's gradient      feature matching, unrolling

`python -m gan_scratch.experiments.collapse` trains them all on ring and grid and prints what each does. Pieces can be combined.
"""
from __future__ import annotations

from functools import partial
from typing import Callable

import numpy as np

from gan_scratch import penalties
from gan_scratch.backend import Array
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.gans.recipe import Recipe
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.layers import Dense, GaussianNoise, LeakyReLU, MinibatchDiscrimination, Pack, Sequential, SpectralNorm, init
from gan_scratch.losses import Hinge, LeastSquares, NonSaturating, Relativistic, Wasserstein
from gan_scratch.optim import Adam, HistoricalAveraging
from gan_scratch.penalties import clip_weights

HE = init.he()


class FeatureMatching(GAN):
    """G matches the mean of D's features instead of deceiving D: ‖E f(x) − E f(G(z))‖² (Salimans et al. 2016, section 3.1).

    Args:
        level: f is D without its layers from this index on; −1 leaves the last one out. Others: see GAN.
    """

    def __init__(self, *args, level: int = -1, **options):
        super().__init__(*args, **options)
        self.level = level

    def step_G(self, x, rng):
        return {"g_gap": super().step_G(x, rng)["g_loss"]}  # a squared distance, no loss of the game

    def generator_gradient(self, x_fake, x):
        f = self.D[:self.level]
        f_real = f.forward(x)[0]
        f_fake, tape = f.forward(x_fake)
        gap = f_fake.mean(0) - f_real.mean(0)
        df = 0 * f_fake + 2 * gap / len(f_fake)  # the same for each sample
        return (gap * gap).sum(), f.backward(df, tape, weights=False)


class RelativisticGAN(GAN):
    """G is told by how much each fake looks less real than a real sample (see losses.Relativistic)."""

    def __init__(self, *args, **options):
        super().__init__(*args, loss=Relativistic(), **options)

    def generator_gradient(self, x_fake, x):
        l_real = self.D.forward(x)[0]
        l_fake, tape = self.D.forward(x_fake)
        g_loss, dl = self.loss.generator(l_fake, l_real)
        return g_loss, self.D.backward(dl, tape, weights=False)


class InstanceNoise(GAN):
    """Noise on all that D sees, real and fake, falling to 0 (Sønderby et al. 2017, arXiv 1610.04490).

    Args:
        std: at the start. steps: of D, until it is 0. D's first layer is a GaussianNoise. Others: see GAN.
    """

    def __init__(self, *args, std: float, steps: int, **options):
        super().__init__(*args, **options)
        self.std, self.steps = std, steps

    def step_D(self, x, rng):
        self.D[0].std = self.std * max(0.0, 1 - self.opt_D.t / self.steps)
        return super().step_D(x, rng)


class ClippedGAN(GAN):
    """Wasserstein loss, every weight of D within ±0.1 (Arjovsky et al. 2017): with one step of D for each of G, as all others here."""

    def __init__(self, *args, **options):
        super().__init__(*args, loss=Wasserstein(), **options)
        clip_weights(self.D.params, 0.1)

    def step_D(self, x: Array, rng) -> dict:
        of_D = super().step_D(x, rng)
        clip_weights(self.D.params, 0.1)
        return of_D


def working(shape: tuple = (2,), *, rng=None, device: str = "cpu", beta1: float = 0.0, lr_D: float = 1e-3, D: Callable | None = None,
            kind: type = GAN, **options) -> GAN:
    """A GAN that reaches all modes of ring and grid.

    Args:
        beta1, lr_D: the two numbers. D: (n_in, rng) -> another discriminator. kind, options: another GAN class and what it takes.
    """
    rng = np.random.default_rng(rng)
    G, plain = GAN.plane_networks(shape, rng, device)
    D = D(shape[0], rng).to(device) if D else plain
    return kind(G, D, 2, ema=0.995, opt_G=Adam(G.params, 1e-3, (beta1, 0.99)), opt_D=Adam(D.params, lr_D, (beta1, 0.99)), **options)


collapsing = partial(working, beta1=0.9, lr_D=3e-4)


def hidden(n_in: int, rng: np.random.Generator) -> list:
    """D's three hidden levels."""
    return mlp((n_in, 128, 128, 128), LeakyReLU, init=HE, rng=rng)


def head(n_in: int, rng: np.random.Generator, bias: bool = True) -> Dense:
    return Dense(n_in, 1, bias, rng=rng, init=HE)


def with_minibatch_discrimination(n_in: int, rng: np.random.Generator) -> Sequential:
    return Sequential(*hidden(n_in, rng), MinibatchDiscrimination(128, 16, 4, rng=rng), head(128 + 16, rng))


def with_packing(m: int, n_in: int, rng: np.random.Generator) -> Sequential:
    return Sequential(Pack(m), *hidden(m * n_in, rng), head(128, rng))


def with_noise(n_in: int, rng: np.random.Generator) -> Sequential:
    return Sequential(GaussianNoise(0.5, rng=rng), *hidden(n_in, rng), head(128, rng))


def without_last_bias(n_in: int, rng: np.random.Generator) -> Sequential:
    return Sequential(*hidden(n_in, rng), head(128, rng, bias=False))  # a Wasserstein or relativistic loss cancels it


def with_spectral_norm(n_in: int, rng: np.random.Generator) -> Sequential:
    return Sequential(*(SpectralNorm(layer, rng=rng) if isinstance(layer, Dense) else layer for layer in [*hidden(n_in, rng), head(128, rng)]))


def historical(shape: tuple = (2,), **options) -> GAN:
    """Historical averaging of both players."""
    gan = collapsing(shape, **options)
    gan.opt_G, gan.opt_D = (HistoricalAveraging(optimizer, 0.01) for optimizer in (gan.opt_G, gan.opt_D))
    return gan


def _recipe(build: Callable, idea: str, paper: str) -> Recipe:
    return Recipe(build, idea, paper, data="ring", steps=4000, batch=128, decay=0.4, axes=1)


SALIMANS = "Salimans et al. 2016, arXiv 1606.03498"
MESCHEDER = "Mescheder et al. 2018, arXiv 1801.04406"
R1 = partial(penalties.r1, gamma=1.0)
R2 = partial(penalties.r2, gamma=1.0)

REMEDIES: dict[str, Recipe] = {
    "working": _recipe(working, "a GAN on points that reaches all modes", "Goodfellow et al. 2014, arXiv 1406.2661"),
    "collapsing": _recipe(collapsing, "the same with momentum 0.9 and a slower D: it collapses", "the base of all rows below"),
    "collapsing+ttur": _recipe(partial(collapsing, lr_D=4e-3), "two time scales: D four times as fast as G", "Heusel et al. 2017, arXiv 1706.08500"),
    "collapsing+smoothing": _recipe(partial(collapsing, loss=NonSaturating(0.9)), "one-sided label smoothing", SALIMANS),
    "collapsing+smoothing2": _recipe(partial(collapsing, loss=NonSaturating(0.9, 0.1)), "two-sided label smoothing", SALIMANS),
    "collapsing+noise": _recipe(partial(collapsing, D=with_noise, kind=InstanceNoise, std=0.5, steps=3000), "instance noise, falling to 0",
                                "Sønderby et al. 2017, arXiv 1610.04490"),
    "collapsing+minibatch": _recipe(partial(collapsing, D=with_minibatch_discrimination), "minibatch discrimination", SALIMANS),
    "collapsing+matching": _recipe(partial(collapsing, kind=FeatureMatching), "feature matching", SALIMANS),
    "collapsing+historical": _recipe(historical, "historical averaging", SALIMANS),
    "collapsing+packing2": _recipe(partial(collapsing, D=partial(with_packing, 2)), "D judges pairs", "Lin et al. 2018, arXiv 1712.04086"),
    "collapsing+packing4": _recipe(partial(collapsing, D=partial(with_packing, 4)), "D judges fours", "Lin et al. 2018, arXiv 1712.04086"),
    "collapsing+unrolled": _recipe(partial(collapsing, kind=UnrolledGAN, K=5), "G looks 5 gradient steps of D ahead",
                                   "Metz et al. 2017, arXiv 1611.02163"),
    "collapsing+relativistic": _recipe(partial(collapsing, D=without_last_bias, kind=RelativisticGAN), "real and fake are compared in pairs",
                                       "Jolicoeur-Martineau 2019, arXiv 1807.00734"),
    "collapsing+squares": _recipe(partial(collapsing, loss=LeastSquares()), "least squares", "Mao et al. 2017, arXiv 1611.04076"),
    "collapsing+clipping": _recipe(partial(collapsing, D=without_last_bias, kind=ClippedGAN), "Wasserstein loss, clipped weights",
                                   "Arjovsky et al. 2017, arXiv 1701.07875"),
    "collapsing+wgan-gp": _recipe(partial(collapsing, D=without_last_bias, loss=Wasserstein(), penalties=[partial(penalties.wgan_gp, weight=1.0)]),
                                  "Wasserstein loss, gradient penalty", "Gulrajani et al. 2017, arXiv 1704.00028"),
    "collapsing+dragan": _recipe(partial(collapsing, penalties=[partial(penalties.dragan, weight=1.0)]), "gradient penalty around the data",
                                 "Kodali et al. 2017, arXiv 1705.07215"),
    "collapsing+spectral": _recipe(partial(collapsing, D=with_spectral_norm, loss=Hinge()), "spectral norm and hinge", "Miyato et al. 2018, arXiv 1802.05957"),
    "collapsing+r1": _recipe(partial(collapsing, penalties=[R1]), "R1, γ = 1", MESCHEDER),
    "collapsing+r1r2": _recipe(partial(collapsing, penalties=[R1, R2]), "R1 and R2, γ = 1", MESCHEDER),
    "collapsing+relativistic+r1r2": _recipe(partial(collapsing, D=without_last_bias, kind=RelativisticGAN, penalties=[R1, R2]),
                                            "the relativistic loss with R1 and R2", "Huang et al. 2024, arXiv 2501.05441"),
}
