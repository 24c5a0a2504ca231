"""The practical tips of lecture 07, each left out once: does it help?

    python -m gan_scratch.experiments.tips [SEEDS]

trains the healthy GAN of gan_scratch.experiments.clinic and one variant for each tip, with three seeds (or SEEDS), 1500 steps each, on MNIST at
half its size, and prints the FID of 2 000 samples (lecture 12; lower is better) by the judge of the library, seed by seed. Ten minutes.
"""
from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from gan_scratch.data import Batches, load
from gan_scratch.experiments.clinic import BATCH, SHAPE, STEPS, Mixed, UnitRange, fid, healthy
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.layers import Concat, Dense, LeakyReLU, ReLU, Sequential, Tanh, init
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import Adam
from gan_scratch.progress import progress


class UniformNoise(GAN):
    """z ~ U(−√3, √3), of the same mean and variance as N(0, 1)."""

    def noise(self, n, rng):
        return rng.uniform(-(3**0.5), 3**0.5, (n, self.z_dim)).astype(np.float32)


def without_tanh(seed: int) -> GAN:
    """G ends with a dense layer."""
    gan = healthy(seed)
    layers = [layer for layer in gan.G if not isinstance(layer, Tanh)]
    G = Sequential(*layers)
    return GAN(G, gan.D, 64, opt_G=Adam(G.params, 1e-3, (0.5, 0.999)), opt_D=gan.opt_D)


def relu_in_D(seed: int) -> GAN:
    """ReLU in the place of LeakyReLU."""
    gan = healthy(seed)
    gan.D = Sequential(*(ReLU() if isinstance(layer, LeakyReLU) else layer for layer in gan.D))
    return gan


def told_the_class(seed: int) -> CGAN:
    """The same networks, which are given the class of each image as ten more numbers."""
    rng, last = np.random.default_rng(seed), {"init": init.fan_in_uniform()}
    G = Sequential(Concat(), *mlp((74, 256, 256), ReLU, norm=True, rng=rng), Dense(256, 196, rng=rng, **last), Tanh())
    D = Sequential(Concat(), *mlp((206, 256, 256), LeakyReLU, dropout=0.3, rng=rng), Dense(256, 1, rng=rng, **last))
    opt_G, opt_D = Adam(G.params, 1e-3, (0.5, 0.999)), Adam(D.params, 1e-3, (0.5, 0.999))
    return CGAN(G, D, 64, 10, opt_G=opt_G, opt_D=opt_D, ema=0.99)


# the tip that is left out, or tried -> seed -> GAN
TIPS: dict[str, Callable] = {
    "healthy": healthy,
    "data in [0, 1], not in [−1, 1]": lambda seed: healthy(seed, UnitRange),
    "no tanh at the end of G": without_tanh,
    "uniform noise, not normal": lambda seed: healthy(seed, UniformNoise),
    "batch norm in D, kinds apart": lambda seed: healthy(seed, norm_D=True),
    "batch norm in D, kinds mixed": lambda seed: healthy(seed, Mixed, norm_D=True),
    "no batch norm in G": lambda seed: healthy(seed, norm_G=False),
    "ReLU in D, not LeakyReLU": relu_in_D,
    "β₁ = 0.9, not 0.5": lambda seed: healthy(seed, beta1=0.9),
    "no dropout in D": lambda seed: healthy(seed, dropout=0),
    "labels 0.9 for real samples": lambda seed: healthy(seed, loss=NonSaturating(real_label=0.9)),
    "labels 0.9 and 0.1": lambda seed: healthy(seed, loss=NonSaturating(real_label=0.9, fake_label=0.1)),
    "both are told the class": told_the_class,
}


def samples(name: str, seed: int, steps: int = STEPS, n: int = 2000) -> np.ndarray:
    """n samples (n, 14, 14, 1) in [−1, 1] after training one of TIPS."""
    data = load("mnist14")
    gan, rng, source = TIPS[name](seed), np.random.default_rng(seed), data.images
    if isinstance(gan, CGAN):
        source = data.images.reshape(len(data.images), -1), np.eye(10, dtype=np.float32)[data.labels]
    with np.errstate(over="ignore", invalid="ignore"):
        for _, batch in zip(range(steps), Batches(source, BATCH, seed)):
            gan.train_step(batch, rng)
    return np.clip(gan.sample(n, 1).reshape(n, *SHAPE), -1, 1)


def main(seeds: int = 3) -> None:
    for name in progress(list(TIPS), f"training {seeds} GANs for each tip"):
        found = [fid(samples(name, seed)) for seed in range(seeds)]
        print(f"{name:32}" + "".join(f"{value:7.1f}" for value in found), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
