"""A small GAN on a ring of eight modes that collapses within two seconds, and what it takes to keep it from that.

G 2-64-64-2 and D 2-64-64-1, 1500 steps with batches of 64, on a ring of radius 2 whose modes have the standard
deviation 0.1. With β₁ = 0.9 and a D that is slower than G it collapses; with a D that is three times as fast as G it
reaches the modes. Lecture 09, e09a and e09b.

    python -m gan_scratch.experiments.small_ring

prints how many modes get a fifth of their share, and the mean share of samples within three standard deviations of a
mode, for the seeds 0 to 9 (eight minutes).
"""
from __future__ import annotations

from functools import partial
from typing import Callable

import numpy as np

from gan_scratch.data import ring
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.gans.unrolled import UnrolledGAN
from gan_scratch.layers import Dense, Layer, LeakyReLU, MinibatchDiscrimination, Pack, ReLU, Sequential, init
from gan_scratch.metrics import mode_coverage
from gan_scratch.optim import Adam

DATA, WIDTH = ring(std=0.1), 64


def hidden(n_in: int, rng: np.random.Generator) -> list[Layer]:
    """D's two hidden layers."""
    return mlp((n_in, WIDTH, WIDTH), LeakyReLU, init=init.he(), rng=rng)


def plain(rng: np.random.Generator) -> Sequential:
    """A D that judges one sample at a time."""
    return Sequential(*hidden(2, rng), Dense(WIDTH, 1, rng=rng, init=init.he()))


def with_minibatch(rng: np.random.Generator, layer: Callable = MinibatchDiscrimination) -> Sequential:
    """A D with minibatch discrimination, 8 kernels of 6 dimensions, before its last layer."""
    return Sequential(*hidden(2, rng), layer(WIDTH, 8, 6, rng=rng), Dense(WIDTH + 8, 1, rng=rng, init=init.he()))


def another_start(*sizes: int, rng: np.random.Generator) -> MinibatchDiscrimination:
    """The layer with other random weights from the same seed."""
    rng.random()
    return MinibatchDiscrimination(*sizes, rng=rng)


def with_packing(rng: np.random.Generator, m: int = 2) -> Sequential:
    """A D that judges m samples at once."""
    return Sequential(Pack(m), *hidden(2 * m, rng), Dense(WIDTH, 1, rng=rng, init=init.he()))


def build(seed: int, D: Callable = plain, beta1: float = 0.9, lr_D: float = 3e-4, kind: type = GAN, **options) -> GAN:
    """The GAN with fresh networks; as it stands it collapses.

    Args:
        D: rng -> the discriminator. beta1, lr_D: the two numbers that decide.
        kind, options: another GAN class and what it takes.
    """
    rng = np.random.default_rng(seed)
    G = Sequential(*mlp((2, WIDTH, WIDTH), ReLU, init=init.he(), rng=rng),
                   Dense(WIDTH, 2, rng=rng, init=init.he(3**0.5)))
    D = D(rng)
    opt_G, opt_D = Adam(G.params, 1e-3, (beta1, 0.99)), Adam(D.params, lr_D, (beta1, 0.99))
    return kind(G, D, 2, ema=0.99, opt_G=opt_G, opt_D=opt_D, **options)


def train(gan: GAN, seed: int, steps: int = 1500, look: Callable = lambda step: None) -> np.ndarray:
    """Train, with learning rates that fall to 0 over the last 40 % of the steps; returns 2500 samples.

    look is called before each step, with its number.
    """
    rng, rates = np.random.default_rng(seed), (gan.opt_G.lr, gan.opt_D.lr)
    for step in range(steps):
        look(step)
        for optimizer, rate in zip((gan.opt_G, gan.opt_D), rates):
            optimizer.lr = rate * min(1, (steps - step) / (0.4 * steps))
        gan.train_step(DATA.sample(64, rng), rng)
    return gan.sample(2500, 1)


def score(samples: np.ndarray) -> tuple[int, float]:
    """How many modes have at least a fifth of their share, and the share of samples of high quality."""
    found = mode_coverage(samples, DATA)
    return found["modes_20"], found["high_quality"]


ROWS = {f"β₁ = {beta1}, lr_D = {lr_D}": {"beta1": beta1, "lr_D": lr_D}
        for beta1 in (0.9, 0.0) for lr_D in (3e-4, 1e-3, 3e-3)}
ROWS |= {"the first with minibatch discrimination": {"D": with_minibatch},
         "the same, other random weights of the layer": {"D": partial(with_minibatch, layer=another_start)},
         "the first with packing, m = 2": {"D": with_packing}}
ROWS |= {f"the first, unrolled, K = {K}, e = {e}": {"kind": UnrolledGAN, "K": K, "inner_lr": e}
         for K, e in ((1, 0.01), (5, 0.003), (5, 0.01), (5, 0.03))}

if __name__ == "__main__":
    for name, options in ROWS.items():
        modes, quality = np.transpose([score(train(build(seed, **options), seed)) for seed in range(10)])
        print(f"{name:40}", *modes.astype(int), f" {quality.mean():4.0%}", flush=True)
