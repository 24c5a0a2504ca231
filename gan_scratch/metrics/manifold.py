"""Fidelity and diversity apart, by balls that reach from each point to its k-th nearest neighbour in the same sample.

    precision = share of fake points in the ball of at least one real point             how many fakes look real
    recall    = share of real points in the ball of at least one fake point             how much of the real data is reached
    density   = mean over fakes of (number of real balls around it)/k                   may exceed 1
    coverage  = share of real balls with at least one fake point in them

Precision and recall: Kynkäänniemi et al. 2019, eq. 1 and 2. One outlier among the real points has a huge ball, and every fake
in it counts as precise (a smeared fake sample, in turn, has huge balls and recall 1): hence density and coverage (Naeem et al.
2020). For two samples of one continuous law these have known expectations, 1 and `expected_coverage`. Precision and recall
don't: they depend on n, k and d (0.73 each for N(0, I) at d = 64, n = 1000, k = 5).
"""
from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from gan_scratch.metrics.check import pair, parts


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Precision and recall, each in [0, 1], of features real (n, d) and fake (m, d).

    Raises ValueError when the shapes don't fit, a value is not finite, or a sample has not more than k points.
    """
    real, fake = _checked(real, fake, k)
    return {"precision": float((_balls_around(fake, real, radii(real, k)) > 0).mean()),
            "recall": float((_balls_around(real, fake, radii(fake, k)) > 0).mean())}


def density_coverage(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Density, ≥ 0, and coverage, in [0, 1], of features real (n, d) and fake (m, d). Raises ValueError as `precision_recall` does."""
    real, fake = _checked(real, fake, k)
    reach = radii(real, k)
    nearest = np.concatenate([cdist(part, fake).min(1) for part in parts(real)])  # (n,) from a real point to a fake
    return {"density": float(_balls_around(fake, real, reach).mean() / k), "coverage": float((nearest <= reach).mean())}


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    """The expectation of coverage when n real and m fake points come from one continuous law: 1 − Π_{j<k} (n − 1 − j)/(n + m − 1 − j).

    A ball is empty when the k nearest of the n + m − 1 other points are all real, and every order of these is equally likely
    (Naeem et al. 2020). For large n = m about 1 − 2^(−k). It depends neither on the law nor on d.
    """
    j = np.arange(k)
    return float(1 - np.prod((n - 1 - j) / (n + m - 1 - j)))


def radii(x: np.ndarray, k: int) -> np.ndarray:
    """From each point of x (n, d) to its k-th nearest other point: (n,)."""
    return np.concatenate([np.partition(cdist(part, x), k, axis=1)[:, k] for part in parts(x)])  # place 0 is the point itself


def _balls_around(x: np.ndarray, centres: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """In how many balls each point of x lies: (len(x),)."""
    return np.concatenate([(cdist(part, centres) <= reach).sum(1) for part in parts(x)])


def _checked(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    real, fake = pair(real, fake, "real and fake")
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"k must be at least 1 and below the number of points, got k = {k} for {len(real)} real "
                         f"and {len(fake)} fake ones")
    return real, fake
