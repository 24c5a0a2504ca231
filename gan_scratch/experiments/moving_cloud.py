"""A cloud of points that can only move, and a D that is a network: the Dirac-GAN, one step nearer to a real GAN.

The data is N(0, 0.05² I) in the plane, G adds its only parameter b to the same noise, D is 2-32-32-1 with tanh.
Both take simultaneous steps of size h by plain gradient descent on the non-saturating loss, D with R1 of weight γ.
Used in lecture 08 and e08.

    python -m gan_scratch.experiments.moving_cloud

prints how far from the data the cloud ends, for several γ and h and three seeds (about half a minute).
"""
from __future__ import annotations

import numpy as np

from gan_scratch.layers import Dense, Sequential, Tanh
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import SGD
from gan_scratch.penalties import r1

STD = 0.05


def path(gamma: float, h: float = 0.05, steps: int = 3000, seed: int = 0) -> np.ndarray:
    """(steps + 1, 2): where the cloud's centre b was, from (1, 0) on."""
    rng, loss = np.random.default_rng(seed), NonSaturating()
    D = Sequential(Dense(2, 32, rng=rng), Tanh(), Dense(32, 32, rng=rng), Tanh(), Dense(32, 1, rng=rng))
    opt_D, b = SGD(D.params, h), np.array([1.0, 0.0], np.float32)
    found = [b]
    for _ in range(steps):
        x, fakes = (centre + STD * rng.standard_normal((64, 2), np.float32) for centre in (0, b))
        (l_real, tape_real), (l_fake, tape_fake) = D.forward(x), D.forward(fakes)
        _, d_real, d_fake = loss.discriminator(l_real, l_fake)
        db = D.backward(loss.generator(l_fake)[1], tape_fake, weights=False).sum(0)  # b moves all samples alike
        D.backward(d_real, tape_real, inputs=False)
        D.backward(d_fake, tape_fake, inputs=False)
        if gamma:
            r1(D, x, fakes, rng, gamma)
        opt_D.step()
        b = b - np.float32(h) * db
        found.append(b)
    return np.array(found)


def distance(path: np.ndarray) -> float:
    """The largest distance from the data in the last tenth of the path."""
    return float(np.linalg.norm(path[-len(path) // 10:], axis=1).max())


def main(gammas=(0.0, 0.03, 0.1, 0.3, 1.0, 3.0), rates=(0.05, 0.15), seeds=3) -> None:
    print("largest distance from the data in the last 300 of 3000 steps, seeds 0, 1, 2")
    for h in rates:
        for gamma in gammas:
            with np.errstate(all="ignore"):  # some of them leave the range of floating point, and that is what is shown
                print(f"h = {h:4}, γ = {gamma:4}:", *(f"{distance(path(gamma, h, seed=s)):8.3f}" for s in range(seeds)))


if __name__ == "__main__":
    main()
