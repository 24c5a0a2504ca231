"""`python -m gan_scratch.experiments.steps_of_d`: the table of the question in words of exercise e07. Five minutes.

The healthy GAN of lecture 07's clinic with k = 1, 2 and 5 steps of D for each step of G, 1500 steps of G, three seeds.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.data import Batches, load
from gan_scratch.experiments.clinic import BATCH, STEPS, fid, healthy


def measured(k: int, seed: int, steps: int = STEPS) -> tuple[float, float, float, float]:
    """D(x), D(G(z)) and G's loss, means of the last 300 steps, and the FID of 2 000 samples."""
    gan, rng, rows = healthy(seed), np.random.default_rng(seed), []
    gan.k = k
    for _, x in zip(range(steps), Batches(load("mnist14").images, k * BATCH, seed)):
        step = gan.train_step(x, rng)
        rows.append([float(step[key]) for key in ("d_real", "d_fake", "g_loss")])
    return *np.mean(rows[-300:], axis=0), fid(gan.sample(2000, 1))


def main() -> None:
    for k in (1, 2, 5):
        for seed in range(3):
            d_real, d_fake, g_loss, score = measured(k, seed)
            print(f"k = {k}, seed {seed}: D(x) {d_real:.2f}, D(G(z)) {d_fake:.2f}, G's loss {g_loss:.2f}, FID {score:.0f}", flush=True)


if __name__ == "__main__":
    main()
