"""Melodies of two bars: a random walk on the scale of C major that ends on its tonic."""
from __future__ import annotations

import numpy as np

from gan_scratch.data.images import Dataset

STEPS, PITCHES = 16, 24  # in a bar; two octaves of semitones
SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21, 23])  # the semitones of C major
TONICS = (0, 7)  # which degrees are C
MOVES, CHANCES = np.array([-2, -1, 0, 1, 2]), np.array([0.13, 0.27, 0.2, 0.27, 0.13])


def melodies(n: int = 6000, seed: int = 0) -> Dataset:
    """Two bars (n, 2, 16, 24) as piano rolls: one note of 24 semitones sounds at each of 16 steps, 1 where it does and 0 elsewhere.

    The walk is drawn backwards from a tonic, so that each step is at most two degrees of the scale, also across the bar line.

    Returns: a Dataset; test_images 1 000 more; extra["degrees"] (n, 32) the notes' degrees 0 … 13.
    """
    rng = np.random.default_rng(seed)
    total = n + 1000
    degrees = np.empty((total, 2 * STEPS), np.int64)
    degrees[:, -1] = rng.choice(TONICS, total)
    for t in reversed(range(2 * STEPS - 1)):
        move = rng.choice(MOVES, total, p=CHANCES)
        ahead = degrees[:, t + 1] + move
        degrees[:, t] = np.where((ahead < 0) | (ahead >= len(SCALE)), degrees[:, t + 1] - move, ahead)  # reflected at the ends
    rolls = np.eye(PITCHES, dtype=np.float32)[SCALE[degrees]].reshape(total, 2, STEPS, PITCHES)
    return Dataset("melodies", rolls[:n], test_images=rolls[n:], extra={"degrees": degrees[:n]})


def rolls(bars: np.ndarray) -> np.ndarray:
    """Pictures (n, 24, 33, 1) in [−1, 1] of pairs of bars (n, 2, 16, 24): time to the right, pitch upwards, a grey line between the bars."""
    first, second = (2 * bars[:, i].swapaxes(1, 2)[:, ::-1].astype(np.float32) - 1 for i in (0, 1))  # (n, 24, 16) each
    line = np.full((len(bars), PITCHES, 1), -0.3, np.float32)
    return np.concatenate([first, line, second], axis=2)[..., None]
