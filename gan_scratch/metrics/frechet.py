"""The Fréchet distance between two Gaussians fitted to features (Dowson & Landau 1982; Heusel et al. 2017, eq. 6).

    d² = ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½)

The trace of the root is the sum of the singular values of S₁S₂, where Sᵢ is the symmetric root of Σᵢ: no root of a
non-symmetric matrix, and never a complex number. Two samples of the same law don't give 0: with n features each from
N(0, I_d) the expectation is about (2d + d(d + 1)/2)/n, so values for different n must not be compared.
"""
from __future__ import annotations

import numpy as np


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """d² of features a (n, d) and b (m, d), computed in float64. Covariances are divided by n − 1.

    Raises ValueError when the shapes don't fit, when there are fewer than two samples or a value is not finite.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"frechet_distance expects features (n, d) and (m, d) with n, m ≥ 2, got {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("frechet_distance got features that are NaN or infinite")
    root_a, root_b = (symmetric_root(np.atleast_2d(np.cov(x, rowvar=False))) for x in (a, b))
    difference = a.mean(0) - b.mean(0)
    trace = (root_a**2).sum() + (root_b**2).sum() - 2 * np.linalg.svd(root_a @ root_b, compute_uv=False).sum()
    return float(difference @ difference + max(trace, 0.0))


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """S with S = Sᵀ and S S = Σ; eigenvalues that rounding made negative count as 0."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
