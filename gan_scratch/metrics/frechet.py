"""The Fréchet distance between two Gaussians fitted to features (Dowson & Landau 1982; Heusel et al. 2017, eq. 6).

    d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

No root of the non-symmetric Σ₁Σ₂ is needed, only its trace, the sum of the roots of its eigenvalues. Those are the eigenvalues
of the symmetric Σ₁^½ Σ₂ Σ₁^½. Or, with centred features A (n, d) and B (m, d), so that Σ₁ = AᵀA/(n − 1): Σ₁Σ₂ has the non-zero
eigenvalues of (ABᵀ)(ABᵀ)ᵀ/((n − 1)(m − 1)), and the trace is the sum of the singular values of ABᵀ over √((n − 1)(m − 1)).

Two samples of the same law don't give 0, see `frechet_bias`: values for different n must not be compared.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.metrics.check import pair


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """d² of features a (n, d) and b (m, d), computed in float64. Covariances are divided by n − 1.

    With fewer than d samples on a side it takes the singular values of ABᵀ: under a second at d = 2048, n = m = 1000.
    Raises ValueError when the shapes don't fit, when there are fewer than two samples or a value is not finite.
    """
    a, b = pair(a, b, "frechet_distance's a and b", least=2)
    (n, d), m = a.shape, len(b)
    if min(n, m) >= d:
        return _distance(*moments(a), *moments(b))
    A, B = a - a.mean(0), b - b.mean(0)
    cross = np.linalg.svd(A @ B.T, compute_uv=False).sum() / np.sqrt((n - 1) * (m - 1))  # tr (Σ₁Σ₂)^½
    difference = a.mean(0) - b.mean(0)
    return float(difference @ difference + max((A**2).sum() / (n - 1) + (B**2).sum() / (m - 1) - 2 * cross, 0.0))


def frechet_gaussians(mu1: np.ndarray, cov1: np.ndarray, mu2: np.ndarray, cov2: np.ndarray) -> float:
    """d² of N(mu1, cov1) and N(mu2, cov2): means (d,), covariances (d, d); for d = 1 a mean and a variance will do.

    Raises ValueError when the shapes don't fit, a value is not finite, or a covariance isn't symmetric or has negative eigenvalues.
    """
    mu1, mu2 = (np.atleast_1d(np.asarray(mu, np.float64)) for mu in (mu1, mu2))
    cov1, cov2 = (np.atleast_2d(np.asarray(cov, np.float64)) for cov in (cov1, cov2))
    d = len(mu1)
    if not (mu1.shape == mu2.shape == (d,) and cov1.shape == cov2.shape == (d, d)):
        raise ValueError(f"frechet_gaussians expects means (d,) and covariances (d, d), got {mu1.shape}, {cov1.shape} "
                         f"and {mu2.shape}, {cov2.shape}")
    if not all(np.isfinite(value).all() for value in (mu1, cov1, mu2, cov2)):
        raise ValueError("frechet_gaussians got a mean or covariance that is NaN or infinite")
    for name, cov in (("cov1", cov1), ("cov2", cov2)):
        size = np.abs(cov).max()
        if np.abs(cov - cov.T).max() > 1e-6 * size or np.linalg.eigvalsh(cov)[0] < -1e-6 * size:
            raise ValueError(f"{name} is no covariance: it must be symmetric, with no negative eigenvalue")
    return _distance(mu1, cov1, mu2, cov2)


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) -> mean (d,), covariance (d, d) divided by n − 1."""
    return x.mean(0), np.atleast_2d(np.cov(x, rowvar=False))


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """S with S = Sᵀ and S S = Σ; eigenvalues that rounding made negative count as 0."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _distance(mu1, cov1, mu2, cov2) -> float:
    root = symmetric_root(cov1)
    values = np.linalg.eigvalsh(root @ cov2 @ root)  # those of Σ₁Σ₂
    trace = np.trace(cov1) + np.trace(cov2) - 2 * np.sqrt(np.maximum(values, 0)).sum()
    return float((mu1 - mu2) @ (mu1 - mu2) + max(trace, 0.0))


def frechet_bias(d: int, n: float, m: float | None = None) -> float:
    """The expectation of d² for two samples of one law N(0, I_d), of n and m (by default n): (d + d(d + 1)/4)(1/n + 1/m).

    For n = m that is (2d + d(d + 1)/2)/n, 2208/n at d = 64. m = inf compares one sample with exact moments: half of that.

    Where it comes from: the means differ by N(0, I/n + I/m), which gives d (1/n + 1/m). Near I, d² of I + E₁ and I + E₂ is
    ¼ ‖E₁ − E₂‖² to second order, and a sample covariance has errors of variance 2/n on the d places of the diagonal and 1/n
    on the others: E‖E₁‖² = (d² + d)/n. Higher orders: at d = 64 a simulation of
    two samples gave the same within 1.5 % for n = 10 d, and within 0.2 % for n = 20 d and 50 d.

    Raises ValueError unless d ≥ 1 and n, m > 0.
    """
    m = n if m is None else m
    if not (d >= 1 and n > 0 and m > 0):
        raise ValueError(f"frechet_bias expects d ≥ 1 and n, m > 0, got d = {d}, n = {n}, m = {m}")
    return (d + d * (d + 1) / 4) * (1 / n + 1 / m)


def frechet_at_infinity(a: np.ndarray, b: np.ndarray, rng: int | np.random.Generator, sizes: list[int] | None = None) -> dict:
    """d² of a law, from which a (n, d) was drawn, to the features b, extrapolated to n → ∞ (Chong & Forsyth 2020).

    The bias is linear in 1/n, so d² of random parts of a is fitted by limit + slope/n; for each size the mean over as many disjoint
    parts as there are (the paper takes one). Only a's bias is removed: b stays as it is.

    Args:
        sizes: of the parts, at least two different ones from 2 to n; by default seven, 1/size evenly from 1/n to 4/n. All should
            be several times d, where the bias is linear.

    Returns: limit, slope, and what was fitted: sizes, distances.
    Raises ValueError as `frechet_distance` does, and for sizes that don't fit.
    """
    a, b = pair(a, b, "frechet_at_infinity's a and b", least=2)
    sizes = [int(len(a) / x) for x in np.linspace(1, 4, 7)] if sizes is None else [int(size) for size in sizes]
    if len(set(sizes)) < 2 or not 2 <= min(sizes) <= max(sizes) <= len(a):
        raise ValueError(f"frechet_at_infinity needs at least two different sizes from 2 to {len(a)}, got {sizes}")
    rng = np.random.default_rng(rng)
    distances = []
    for size in sizes:
        order = rng.permutation(len(a))
        starts = range(0, len(a) - size + 1, size)
        distances.append(float(np.mean([frechet_distance(a[order[i:i + size]], b) for i in starts])))
    slope, limit = np.polyfit(1 / np.array(sizes), distances, 1)
    return {"limit": float(limit), "slope": float(slope), "sizes": sizes, "distances": distances}
