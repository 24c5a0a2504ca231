"""Is the generator copying? The nearest training images, and how often it repeats itself.

    P(two samples fall on one of N equally likely values) = 1/N,  so  E pairs = s(s − 1)/(2N)  in a batch of s
    P(no pair) ≈ e^(−s(s − 1)/(2N)) = ½                           at  s ≈ √(2 log 2 · N): 23 people, 365 birthdays

The birthday test (Arora, Risteski & Zhang 2018) counts the near-duplicate pairs of a batch and solves for N. For any
law with support N the probability of a pair is Σ pᵢ² ≥ 1/N (Cauchy–Schwarz, equality only for an even law). So at least
s(s − 1)/(2N) pairs are expected, and what is solved for is 1/Σ pᵢ² ≤ N: a lower bound for the support, up to the noise of the
count. A few favourite pictures are enough to make it small.
"""
from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from gan_scratch.metrics.check import pair, parts, rows


def nearest(x: np.ndarray, train: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k rows of train (m, …) nearest to each row of x (n, …), by Euclidean distance of pixels.

    Returns: distances (n, k) increasing, indices (n, k) into train. Never more than 500 × m distances are held.
    Raises ValueError when the shapes don't fit, a value is not finite, or train has fewer than k rows.
    """
    x, train = pair(x, train, "x and train")
    if not 1 <= k <= len(train):
        raise ValueError(f"k must be from 1 to {len(train)}, the number of training rows, got {k}")
    squares = (train**2).sum(1)
    distances, indices = [], []
    for part in parts(x):
        found = np.argpartition(squares - 2 * part @ train.T, k - 1, axis=1)[:, :k]  # ‖x − t‖² less ‖x‖²: enough to choose
        exact = np.linalg.norm(part[:, None] - train[found], axis=2)  # a copy is at distance 0, not at 1e-7
        order = exact.argsort(1)
        distances.append(np.take_along_axis(exact, order, 1))
        indices.append(np.take_along_axis(found, order, 1))
    return np.concatenate(distances), np.concatenate(indices)


def birthday_test(samples: np.ndarray, duplicate: float) -> dict[str, float]:
    """Count the pairs of samples (s, …) that are at most `duplicate` apart, and estimate the support from them.

    What counts as a duplicate decides everything. The paper shows the closest pairs to a person. Without one, take the distance
    of the closest pairs of as many real images, and compare with what real images give.

    Returns: n (s), pairs, closest (the smallest distance), support: s(s − 1)/(2 pairs), a lower bound; infinite without a pair.
    Raises ValueError for fewer than two samples, a value that is not finite, or a negative distance.
    """
    samples = rows(samples, "samples", least=2)
    if not duplicate >= 0:
        raise ValueError(f"duplicate is the largest distance that counts, it can't be {duplicate}")
    distances = pair_distances(samples)
    pairs = int((distances <= duplicate).sum())
    return {"n": len(samples), "pairs": pairs, "closest": float(distances.min()), "support": support_estimate(len(samples), pairs)}


def pair_distances(samples: np.ndarray) -> np.ndarray:
    """The distances of all s(s − 1)/2 pairs of samples (s, …), in no particular order."""
    samples = rows(samples, "samples", least=2)
    return np.concatenate([cdist(samples[i:i + 1], samples[i + 1:])[0] for i in range(len(samples) - 1)])


def expected_duplicates(s: int, support: float) -> float:
    """E pairs = s(s − 1)/(2 support), for a batch of s from an even law: log 2 at s = 23 and 365 birthdays, to 1e-4."""
    return s * (s - 1) / (2 * support)


def support_estimate(s: int, pairs: float) -> float:
    """The support for which `pairs` are expected in a batch of s: s(s − 1)/(2 pairs), infinite for pairs = 0."""
    return s * (s - 1) / (2 * pairs) if pairs else float("inf")
