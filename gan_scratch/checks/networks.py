"""Small networks and optimizers on which the checks of e01 and e07 try a step of a GAN."""
from __future__ import annotations

import numpy as np

from gan_scratch.layers import BatchNorm, Dense, LeakyReLU, Sequential
from gan_scratch.optim import SGD, Adam


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def networks(rng, norm: bool = False):
    """G and D without dead units, in which every part of a step leaves a visible trace; `norm`: D has batch norm."""
    G = Sequential(Dense(2, 5, rng=rng), LeakyReLU(), Dense(5, 3, rng=rng))
    D = Sequential(Dense(3, 6, rng=rng), *([BatchNorm(6)] if norm else []), LeakyReLU(), Dense(6, 1, rng=rng))
    for p in G.params + D.params:
        p.value[...] = 0.5 * normal(rng, *p.value.shape) + (1 if norm and p.value.ndim == 1 else 0)
    return G, D


def sgd(network, rng):
    return SGD(network.params, lr=float(rng.uniform(0.15, 0.3)))


def adam(network, rng):
    """Adam that has made a step already, so that a new one wouldn't do the same."""
    optimizer = Adam(network.params, lr=float(rng.uniform(0.02, 0.04)))
    own_gradients(network, rng)
    optimizer.step()
    return optimizer


def own_gradients(network, rng):
    """Gradients in a network that the step must leave alone."""
    for p in network.params:
        p.grad[...] = normal(rng, *p.grad.shape)
