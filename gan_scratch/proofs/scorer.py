"""Small classifiers that say what a generated picture shows. They are trained here on real pictures, by themselves, with a fixed seed; no GAN saw them."""
from __future__ import annotations

import numpy as np

from gan_scratch.data import Batches
from gan_scratch.layers import Conv2d, Dense, Flatten, GaussianNoise, ReLU, Sequential, init
from gan_scratch.losses import softmax_cross_entropy
from gan_scratch.optim import Adam


def classifier(images: np.ndarray, labels: np.ndarray, steps: int = 700, shift: int = 1) -> Sequential:
    """A network from pictures (N, H, W, C) to logits (N, K), K = the largest label + 1.

    Args:
        images, labels: real ones, (n, H, W, C) with (n,). steps: of 64 pictures. shift: they are moved by up to so many pixels.
    """
    make = {"rng": np.random.default_rng(7), "init": init.fan_in_uniform()}
    n, h, w, c = images.shape
    net = Sequential(GaussianNoise(0.1, rng=make["rng"]), Conv2d(c, 24, 3, 2, **make), ReLU(), Conv2d(24, 48, 3, 2, **make), ReLU(), Flatten(),
                     Dense(-(-h // 4) * -(-w // 4) * 48, 64, **make), ReLU(), Dense(64, int(labels.max()) + 1, **make))
    optimizer, rng = Adam(net.params, 2e-3, (0.9, 0.999)), np.random.default_rng(8)
    batches = Batches(np.arange(n), min(64, n), 9)
    for step in range(steps):
        optimizer.lr = 2e-3 * (1 - step / steps)
        rows = next(batches)
        moved = np.roll(images[rows], rng.integers(-shift, shift + 1, 2), (1, 2))
        logits, tape = net.forward(moved)
        net.backward(softmax_cross_entropy(logits, labels[rows])[1], tape, inputs=False)
        optimizer.step()
    return net
