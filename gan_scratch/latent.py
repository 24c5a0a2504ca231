"""Walking through the latent space: interpolation, and directions that change one attribute.

    lerp   (1 − t) a + t b                                       leaves the shell ‖z‖ ≈ √d where N(0, I_d) lives
    slerp  [sin((1 − t)Ω) a + sin(tΩ) b] / sin Ω                 walks along it (Shoemake 1985; White 2016, arXiv 1609.04468)
    s = Λ Nᵀ z,  Cov(s) = Λ NᵀN Λ                                scores of m attributes (Shen et al. 2020, arXiv 1907.10786)
    n₁ − (n₁·n₂) n₂                                              the direction that changes s₁ and leaves s₂ alone

Latents are z (n, d). N (d, m) holds one unit normal a column, Λ (m,) one scale for each.
"""
from __future__ import annotations

import numpy as np


def lerp(a, b, t) -> np.ndarray:
    """(1 − t) a + t b for a, b (n, d) and t a number or (n,). Halfway between draws of N(0, I) it is √(d/2) long, not √d."""
    a, b, t = _pair(a, b, t)
    return (1 - t) * a + t * b


def slerp(a, b, t) -> np.ndarray:
    """Spherical interpolation of a, b (n, d), t a number or (n,): for equal norms equal angles in equal times, and the norm stays.

    Ω comes from the half-angle, tan(Ω/2) = ‖u − v‖/‖u + v‖ (u, v the unit vectors), and sin((1 − t)Ω)/sin Ω is written with
    sin(x)/x: both keep their digits for nearly parallel vectors, where arccos and 0/0 lose them; there slerp is lerp.

    Raises ValueError when a vector is 0, or a and b are opposite: no shortest way is singled out there.
    """
    a, b, t = _pair(a, b, t)
    norm_a, norm_b = (np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    if not ((norm_a > 0) & (norm_b > 0)).all():
        raise ValueError("slerp needs directions, but a vector is 0; leave it out or use lerp")
    u, v = a / norm_a, b / norm_b
    together = np.linalg.norm(u + v, axis=1, keepdims=True)
    if (together < 1e-6).any():
        raise ValueError("slerp between opposite vectors has no shortest way; go over a third point")
    omega = 2 * np.arctan2(np.linalg.norm(u - v, axis=1, keepdims=True), together)  # (n, 1)
    ratio = lambda s: s * np.sinc(s * omega / np.pi) / np.sinc(omega / np.pi)  # sin(sΩ)/sin Ω  # noqa: E731
    return ratio(1 - t) * a + ratio(t) * b


def hyperplane(z, attribute) -> np.ndarray:
    """The unit normal n (d,) of the hyperplane that predicts an attribute best: least squares of z·w + b, n = w/‖w‖.

    Args:
        z: (n, d) with n > d + 1: with fewer points any attribute would fit exactly.
        attribute: (n,) numbers, or ±1 for no and yes; n points to the larger ones.

    Raises ValueError when the shapes don't fit or the attribute is the same everywhere.
    """
    z, attribute = _latents(z, "hyperplane"), np.asarray(attribute, np.float64)
    if attribute.shape != z.shape[:1] or len(z) <= z.shape[1] + 1:
        raise ValueError(f"hyperplane expects z (n, d) and an attribute (n,), n > d + 1, got {z.shape}, {attribute.shape}")
    if not np.isfinite(attribute).all() or np.ptp(attribute) == 0:
        raise ValueError("hyperplane needs an attribute with at least two different finite values")
    w = np.linalg.lstsq(z - z.mean(0), attribute - attribute.mean(), rcond=None)[0]
    return _unit(w, "hyperplane found no direction in which the attribute changes")


def project_out(n, *others) -> np.ndarray:
    """n without its part in the span of the others, of unit length: n₁ − (n₁·n₂) n₂ for one other (Shen et al. 2020).

    Several at once are made orthonormal first (QR): subtracting one after the other would bring the first one back.

    Args: n, others: (d,). Raises ValueError when nothing of n is left.
    """
    n = np.asarray(n, np.float64)
    others = [np.asarray(o, np.float64) for o in others]
    if n.ndim != 1 or not others or any(o.shape != n.shape for o in others) or not np.isfinite([n, *others]).all():
        raise ValueError(f"project_out expects finite normals (d,) of one d, got {[o.shape for o in (n, *others)]}")
    Q, R = np.linalg.qr(np.column_stack(others))  # (d, m)
    if Q.shape[1] < len(others) or (np.abs(np.diag(R)) < 1e-10 * np.abs(R).max()).any():
        raise ValueError("project_out expects linearly independent normals to be left alone; leave out the repeated one")
    rest = n - Q @ (Q.T @ n)
    if np.linalg.norm(rest) < 1e-10 * np.linalg.norm(n):
        raise ValueError("project_out: n lies in the span of the others, so it can't change without them")
    return _unit(rest, "project_out: n is 0")


def edit(z, n, amount) -> np.ndarray:
    """z + amount·n for z (n, d), a normal (d,) and an amount, a number or (n,): the score z·n rises by it if ‖n‖ = 1."""
    z, n = _latents(z, "edit"), np.asarray(n, np.float64)
    if n.shape != z.shape[1:]:
        raise ValueError(f"edit expects a normal ({z.shape[1]},) for latents {z.shape}, got {n.shape}")
    return z + _column(amount, len(z), "amount") * n


def scores(z, N, scale=1.0) -> np.ndarray:
    """s = Λ Nᵀ z as rows: (n, m) for z (n, d), normals N (d, m) and scale Λ, a number or (m,)."""
    z, (N, scale) = _latents(z, "scores"), _normals(N, scale)
    if len(N) != z.shape[1]:
        raise ValueError(f"scores expects normals as columns, ({z.shape[1]}, m), got {N.shape}")
    return z @ N * scale


def score_covariance(N, scale=1.0) -> np.ndarray:
    """Cov(s) = Λ NᵀN Λ (m, m) for z ~ N(0, I): attributes are correlated as far as their normals aren't orthogonal."""
    N, scale = _normals(N, scale)
    return scale[:, None] * (N.T @ N) * scale


def _normals(N, scale) -> tuple[np.ndarray, np.ndarray]:
    """N (d, m) and Λ (m,)."""
    N, scale = np.asarray(N, np.float64), np.asarray(scale, np.float64)
    if N.ndim != 2 or scale.shape not in ((), N.shape[1:]) or not (np.isfinite(N).all() and np.isfinite(scale).all()):
        raise ValueError(f"normals are columns of a finite (d, m), scale is a number or (m,), got {N.shape} and {scale.shape}")
    return N, np.broadcast_to(scale, N.shape[1:])


def _latents(z, name: str) -> np.ndarray:
    z = np.asarray(z, np.float64)
    if z.ndim != 2 or not np.isfinite(z).all():
        raise ValueError(f"{name} expects finite latents (n, d), got shape {z.shape}; for one vector use z[None]")
    return z


def _pair(a, b, t) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b = _latents(a, "interpolation"), _latents(b, "interpolation")
    if a.shape != b.shape:
        raise ValueError(f"interpolation expects two batches of one shape (n, d), got {a.shape} and {b.shape}")
    return a, b, _column(t, len(a), "t")


def _column(t, n: int, name: str) -> np.ndarray:
    """() or (n, 1), for one number a row."""
    t = np.asarray(t, np.float64)
    if t.shape not in ((), (n,)) or not np.isfinite(t).all():
        raise ValueError(f"{name} must be a finite number or one per row, ({n},), got shape {t.shape}")
    return t[:, None] if t.ndim else t


def _unit(w: np.ndarray, message: str) -> np.ndarray:
    norm = np.linalg.norm(w)
    if not norm > 0:
        raise ValueError(message)
    return w / norm
