"""The kernel distance between features, KID (Bińkowski et al. 2018): an unbiased squared maximum mean discrepancy.

    MMD²(p, q) = E k(x, x′) + E k(y, y′) − 2 E k(x, y)        x, x′ ~ p and y, y′ ~ q, all independent
    k(x, y)    = (xᵀy/d + 1)³

The estimate leaves out the pairs of a sample with itself, k(xᵢ, xᵢ), so its expectation is MMD² for every n. Samples of one
law give values around 0, many of them negative: no floor to subtract, unlike the Fréchet distance. The cubic kernel compares
the first three moments and nothing beyond: laws that share those are at distance 0.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.metrics.check import pair, parts


def kernel_distance(a: np.ndarray, b: np.ndarray, subsets: int = 100, size: int = 1000,
                    rng: int | np.random.Generator = 0) -> tuple[float, float]:
    """KID of features a (n, d) and b (m, d): the mean of MMD² over random subsets, and its standard error.

    Args:
        subsets: how many. size: rows that each takes from a and from b, without repetition.

    Returns: mean, standard deviation over the subsets divided by √subsets. The subsets overlap, so with many of them that is
    less than the error due to a and b being finite; to see that one, draw several a.
    Raises ValueError when the shapes don't fit, a value is not finite, or there are fewer rows than `size`.
    """
    a, b = pair(a, b, "kernel_distance's a and b", least=2)
    if not 2 <= size <= min(len(a), len(b)) or subsets < 2:
        raise ValueError(f"kernel_distance needs at least 2 subsets of 2 to {min(len(a), len(b))} rows, got {subsets} of {size}")
    rng = np.random.default_rng(rng)
    values = [mmd2(rng.choice(a, size, replace=False), rng.choice(b, size, replace=False)) for _ in range(subsets)]
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(subsets))


def mmd2(a: np.ndarray, b: np.ndarray) -> float:
    """The unbiased estimate of MMD² from all of a (n, d) and b (m, d) (Gretton et al. 2012, eq. 3). It may be negative.

        Σ_{i≠j} k(aᵢ, aⱼ)/(n(n − 1)) + Σ_{i≠j} k(bᵢ, bⱼ)/(m(m − 1)) − 2 Σᵢⱼ k(aᵢ, bⱼ)/(nm)

    Raises ValueError as `kernel_distance` does.
    """
    a, b = pair(a, b, "mmd2's a and b", least=2)
    n, m = len(a), len(b)
    within = [(_sum(x, x) - _kernel((x * x).sum(1), x.shape[1]).sum()) / (len(x) * (len(x) - 1)) for x in (a, b)]
    return float(sum(within) - 2 * _sum(a, b) / (n * m))


def _kernel(products: np.ndarray, d: int) -> np.ndarray:
    return (products / d + 1) ** 3


def _sum(a: np.ndarray, b: np.ndarray) -> float:
    """Σᵢⱼ k(aᵢ, bⱼ)"""
    return sum(float(_kernel(part @ b.T, a.shape[1]).sum()) for part in parts(a))
