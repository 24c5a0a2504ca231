"""What the losses of GANs measure when D is at its best: closed forms, and quadrature where there is none.

    D*(x) = p/(p + q),  logit D* = log p − log q                    (p: the data, q: the generator)
    max_D V = −2 log 2 + 2 JS(p, q)                                  Goodfellow et al. 2014, theorem 1
    least squares with labels 1, −1 and goal 0:  2C = ∫ (p − q)²/(p + q)       Mao et al. 2017
    hinge:  max_D E_p min(0, −1 + D) + E_q min(0, −1 − D) = −2 + 2 TV          at D* = sign(p − q)
    non-saturating G at D*:  ∇[KL(q‖p) − 2 JS],  minimax G: ∇ 2 JS             Arjovsky & Bottou 2017, theorem 2.5

p and q are values of a density on a grid with cells of size dx, or probabilities with dx = 1. Everything is in nats.
"""
from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
from scipy.integrate import quad
from scipy.special import erf, expit, xlog1py, xlogy

LOG2 = float(np.log(2))


def optimal_discriminator(p, q, real_label: float = 1.0, fake_label: float = 0.0) -> np.ndarray:
    """D* = (α p + β q)/(p + q) with labels α for real and β for fake.

    Key line: at each x both −[αp + βq] log D − [(1 − α)p + (1 − β)q] log(1 − D) and p(D − α)² + q(D − β)² are least
    there, so cross-entropy with smoothed labels and least squares share this D*. With β > 0 q enters the numerator: D
    then praises what G already makes (Salimans et al. 2016, section 3.4). With labels 1 and 0 it is p/(p + q)
    (Goodfellow et al. 2014, proposition 1).

    Args: p, q: densities ≥ 0 of one shape. Returns that shape; where both are 0 nothing is ever seen, and D* is (α + β)/2.
    """
    p, q = _densities(p, q)
    both = p + q
    return np.where(both > 0, (real_label * p + fake_label * q) / np.where(both > 0, both, 1), (real_label + fake_label) / 2)


def optimal_logit(log_p, log_q) -> np.ndarray:
    """log(D*/(1 − D*)) = log p − log q, from log densities: the densities themselves may be too small to be written down.

    Raises ValueError when they aren't finite, as the logarithm of a density that has underflowed to 0 isn't.
    """
    log_p, log_q = np.asarray(log_p, np.float64), np.asarray(log_q, np.float64)
    if log_p.shape != log_q.shape or not (np.isfinite(log_p).all() and np.isfinite(log_q).all()):
        raise ValueError(f"optimal_logit expects finite log densities of one shape, got shapes {log_p.shape} and {log_q.shape}; "
                         "write down log p itself, not np.log of p")
    return log_p - log_q


def value(p, q, D, dx: float = 1.0) -> float:
    """V = Σ (p log D + q log(1 − D)) dx, in [−∞, 0] (Goodfellow et al. 2014, eq. 1). 0 log 0 counts as 0.

    Its largest value is −2 log 2 + 2 JS, at D*. Where q < 1e-16 p, D* rounds to 1 and V to −∞: `js` and logits don't.

    Raises ValueError when p, q, D have different shapes or D leaves [0, 1].
    """
    p, q = _densities(p, q)
    D = _like(D, p, "D")
    if not ((D >= 0) & (D <= 1)).all():
        raise ValueError(f"value expects D as a probability in [0, 1], got {D.min()} to {D.max()}; is it a logit?")
    return float((xlogy(p, D) + xlog1py(q, -D)).sum() * dx)


def js(p, q, dx: float = 1.0) -> float:
    """Jensen–Shannon divergence of densities with cells of size dx (metrics.js takes any weights and divides by their sum), in [0, log 2]: ½ Σ [p log(2p/(p + q)) + q log(2q/(p + q))] dx = log 2 + V(D*)/2.

    Key line: D* and 1 − D* are these two ratios without their 2s. Written so, nothing is lost where D* rounds to 1.
    """
    p, q = _densities(p, q)
    both = np.where(p + q > 0, p + q, 1)
    return float((xlogy(p, 2 * p / both) + xlogy(q, 2 * q / both)).sum() * dx / 2)


def tv(p, q, dx: float = 1.0) -> float:
    """Total variation ½ Σ |p − q| dx, in [0, 1]: the largest difference in probability of any event."""
    p, q = _densities(p, q)
    return float(np.abs(p - q).sum() * dx / 2)


def least_squares_cost(p, q, D, goal: float = 0.0, dx: float = 1.0) -> float:
    """C = ½ Σ (p + q)(D − goal)² dx: G's cost in LSGAN (Mao et al. 2017; the term in p is constant for G).

    At D* = (p − q)/(p + q), the labels 1 and −1, and goal 0: 2C = Σ (p − q)²/(p + q) dx, Pearson's χ² of (p + q, 2q). That is
    the paper's statement; G's step, which holds D fixed, doesn't follow the gradient of this χ² (lecture 07, section 5).
    """
    p, q = _densities(p, q)
    return float(((p + q) * (_like(D, p, "D") - goal) ** 2).sum() * dx / 2)


def hinge_value(p, q, D, dx: float = 1.0) -> float:
    """Σ [p min(0, −1 + D) + q min(0, −1 − D)] dx for raw outputs D: what the hinge critic maximises (Lim & Ye 2017)."""
    p, q = _densities(p, q)
    D = _like(D, p, "D")
    return float((p * np.minimum(0, D - 1) + q * np.minimum(0, -1 - D)).sum() * dx)


def hinge_critic(p, q) -> np.ndarray:
    """D* = sign(p − q). Key line: for |D| ≤ 1 the integrand is −(p + q) + D(p − q), linear in D; beyond it doesn't rise.

    Put in: −2 + Σ |p − q| dx = −2 + 2 TV.
    """
    p, q = _densities(p, q)
    return np.sign(p - q)


# Two Gaussians

def gaussian_logit(x, mu1: float, var1: float, mu2: float, var2: float) -> np.ndarray:
    """logit D* for p = N(μ₁, var₁), q = N(μ₂, var₂): a parabola in x; for N(0, 1) against N(1, 1) the line ½ − x.

    var is the variance, not the standard deviation. Raises ValueError unless it is positive.
    """
    _variances(var1, var2)
    x = np.asarray(x, np.float64)
    log_p, log_q = (-0.5 * ((x - mu) ** 2 / var + np.log(2 * np.pi * var)) for mu, var in ((mu1, var1), (mu2, var2)))
    return optimal_logit(log_p, log_q)


def kl_gaussians(mu1, var1, mu2, var2) -> float:
    """KL(N(μ₁, Σ₁)‖N(μ₂, Σ₂)) = ½ [tr(Σ₂⁻¹Σ₁) + δᵀΣ₂⁻¹δ − d + log det Σ₂ − log det Σ₁], δ = μ₂ − μ₁, in nats.

    Args: μ a number with var a variance, or μ (d,) with a covariance matrix (d, d). Raises ValueError when the
        shapes don't fit or a covariance isn't symmetric and positive definite.
    """
    mu1, mu2 = np.atleast_1d(np.asarray(mu1, np.float64)), np.atleast_1d(np.asarray(mu2, np.float64))
    S1, S2 = np.atleast_2d(np.asarray(var1, np.float64)), np.atleast_2d(np.asarray(var2, np.float64))
    d = len(mu1)
    if mu1.shape != (d,) or mu2.shape != (d,) or S1.shape != (d, d) or S2.shape != (d, d):
        raise ValueError("kl_gaussians expects means (d,) and covariances (d, d) of one d, got "
                         f"{mu1.shape}, {S1.shape}, {mu2.shape}, {S2.shape}")
    _finite(*mu1, *mu2)
    for S in (S1, S2):
        if not np.isfinite(S).all() or not np.allclose(S, S.T) or np.linalg.eigvalsh(S).min() <= 0:
            raise ValueError("kl_gaussians expects variances above 0: symmetric, positive definite covariances")
    delta = mu2 - mu1
    log_dets = np.linalg.slogdet(S2)[1] - np.linalg.slogdet(S1)[1]
    return float(np.trace(np.linalg.solve(S2, S1)) + delta @ np.linalg.solve(S2, delta) - d + log_dets) / 2


def js_gaussians(mu1: float, var1: float, mu2: float, var2: float) -> float:
    """JS(N(μ₁, var₁), N(μ₂, var₂)) in nats, by quadrature: there is no closed form even for two means.

    JS = ½ E_p log(2p/(p + q)) + ½ E_q log(2q/(p + q)), and log(2p/(p + q)) = log 2 − softplus(−l) with l = log p − log q.
    """
    _finite(mu1, mu2)
    _variances(var1, var2)
    l = lambda x: gaussian_logit(x, mu1, var1, mu2, var2)  # noqa: E731
    sigma1, sigma2 = np.sqrt(var1), np.sqrt(var2)
    places = [mu + k * sigma for mu, sigma in ((mu1, sigma1), (mu2, sigma2)) for k in (-9, -3, 0, 3, 9)]
    return (_expectation(lambda x: LOG2 - np.logaddexp(0, -l(x)), mu1, sigma1, places)
            + _expectation(lambda x: LOG2 - np.logaddexp(0, l(x)), mu2, sigma2, places)) / 2


def w1_gaussians(mu1: float, var1: float, mu2: float, var2: float) -> float:
    """W1 of two Gaussians on the line; |μ₁ − μ₂| when the variances are equal.

    Key line: in one dimension the best plan matches equal quantiles, μ₁ + σ₁ z with μ₂ + σ₂ z, so W1 = E|m + s z| with
    m = μ₁ − μ₂, s = σ₁ − σ₂: the mean of a folded normal, |s| √(2/π) e^(−m²/2s²) + m erf(m/(|s|√2)).
    """
    _finite(mu1, mu2)
    _variances(var1, var2)
    m, s = mu1 - mu2, abs(np.sqrt(var1) - np.sqrt(var2))
    if s == 0:
        return float(abs(m))
    return float(s * np.sqrt(2 / np.pi) * np.exp(-((m / s) ** 2) / 2) + m * erf(m / (s * np.sqrt(2))))


def uniforms(shift: float) -> dict[str, float]:
    """The uniform laws on [0, 1] and [s, 1 + s] compared, in nats: where JS is flat and W1 isn't.

    Key lines: outside the overlap D* is 0 or 1, inside it is ½, so JS = (1 − overlap) log 2 and TV = 1 − overlap; KL
    meets q = 0 as soon as s ≠ 0. For |s| ≥ 1 JS stays at log 2 and has gradient 0, while W1 = |s| still says how far.

    Returns: overlap, js, tv, w1, kl.
    """
    if not np.isfinite(shift):
        raise ValueError(f"uniforms expects a finite shift, got {shift}")
    overlap = max(0.0, 1 - abs(shift))
    return {"overlap": overlap, "js": (1 - overlap) * LOG2, "tv": 1 - overlap, "w1": float(abs(shift)),
            "kl": 0.0 if shift == 0 else float("inf")}


# What the generator descends

def minimax_slope(l) -> np.ndarray:
    """d/dl log(1 − σ(l)) = −σ(l): G's gradient in D's logit. It vanishes where D is sure, at l ≪ 0."""
    return -expit(l)


def nonsaturating_slope(l) -> np.ndarray:
    """d/dl (−log σ(l)) = −(1 − σ(l)) = −σ(−l): e^(−l) times the minimax slope, so 1 where that one is e^l."""
    return -expit(-np.asarray(l, np.float64))


def generator_gradient(theta: float, slope: Callable) -> float:
    """G's gradient at D*, for p_g = N(θ, 1) and data N(0, 1): E_z slope(l(x)) l′(x) dx/dθ with x = θ + z.

    D* is computed at this θ and then held fixed: l(x) = θ²/2 − θx, l′ = −θ, dx/dθ = 1. Only samples move.

    Args: slope: dloss/dl, minimax_slope or nonsaturating_slope.
    """
    _finite(theta)
    l = lambda x: gaussian_logit(x, 0, 1, theta, 1)  # noqa: E731
    return _expectation(lambda x: slope(l(x)) * -theta, theta, 1.0, [0.0, theta / 2])


def js_gradient(theta: float) -> float:
    """d/dθ JS(N(0, 1), N(θ, 1)): what a minimax G descends is twice this (Arjovsky & Bottou 2017).

    Key line: the derivative of ½∫ p_g log(2 p_g/(p_g + p)) + ½∫ p log(2p/(p_g + p)) is ½∫ ∂p_g/∂θ log(2 p_g/(p_g + p)),
    as all other terms cancel, and ∂p_g/∂θ = (x − θ) p_g. Neither D nor a sample's path is in it.
    """
    _finite(theta)
    l = lambda x: gaussian_logit(x, 0, 1, theta, 1)  # noqa: E731
    return _expectation(lambda x: (x - theta) * (LOG2 - np.logaddexp(0, l(x))), theta, 1.0, [0.0, theta / 2]) / 2


def kl_gradient(theta: float) -> float:
    """d/dθ KL(N(θ, 1)‖N(0, 1)) = d/dθ θ²/2 = θ. The non-saturating G descends this minus twice js_gradient(θ)."""
    return float(theta)


# Packing

def packed_tv(p, q, m: int) -> float:
    """TV of the m-fold product laws pᵐ and qᵐ: what a discriminator that sees m samples at once can gain (Lin et al. 2018).

    Args: p, q: probabilities (k,). m: pack size ≥ 1 with kᵐ ≤ 10⁷, as all outcomes are written down.
    """
    p, q = _densities(p, q)
    if p.ndim != 1 or abs(p.sum() - 1) > 1e-9 or abs(q.sum() - 1) > 1e-9:
        raise ValueError(f"packed_tv expects probabilities (k,) with sum 1, got shape {p.shape}, sums {p.sum()}, {q.sum()}")
    if m < 1 or len(p) ** m > 10**7:
        raise ValueError(f"packed_tv expects m ≥ 1 with k^m at most 10⁷, got k = {len(p)} and m = {m}")
    power = lambda r: reduce(np.multiply.outer, [r] * m)  # (k, …, k)  # noqa: E731
    return tv(power(p), power(q))


def packing_example() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Four equal modes p; q with two modes lost; q with all four, one too heavy. At m = 1 both have TV ½, then they part.

    Lost modes: a pack that misses them is seen with pᵐ-probability 2⁻ᵐ, so TV = 1 − 2⁻ᵐ: ½, ¾, 7/8. Uneven modes: ½, ½,
    11/16. So a D that sees packs punishes collapse first: PacGAN's argument (Lin et al. 2018).
    """
    return np.full(4, 1 / 4), np.array([1 / 2, 1 / 2, 0, 0]), np.array([3 / 4, 1 / 12, 1 / 12, 1 / 12])


def _expectation(f: Callable, mu: float, sigma: float, places: list) -> float:
    """E f(x) for x ~ N(μ, σ²); places: where on the x axis f bends. The tails beyond 14σ weigh 1e-44."""
    ends = mu - 14 * sigma, mu + 14 * sigma
    weight = lambda x: np.exp(-(((x - mu) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))  # noqa: E731
    cuts = sorted({*ends, *(float(x) for x in [mu, *places] if ends[0] < x < ends[1])})
    return float(sum(quad(lambda x: weight(x) * f(x), a, b, epsabs=1e-13, epsrel=1e-10, limit=200)[0]
                     for a, b in zip(cuts, cuts[1:])))


def _densities(p, q) -> tuple[np.ndarray, np.ndarray]:
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    if p.shape != q.shape:
        raise ValueError(f"p and q must be given at the same places, got shapes {p.shape} and {q.shape}")
    if not (np.isfinite(p).all() and np.isfinite(q).all() and (p >= 0).all() and (q >= 0).all()):
        raise ValueError("p and q must be finite and at least 0 everywhere, as densities are; are these their logarithms?")
    return p, q


def _like(D, p, name: str) -> np.ndarray:
    D = np.asarray(D, np.float64)
    if D.shape != p.shape or not np.isfinite(D).all():
        raise ValueError(f"{name} must be finite and have the shape of p, {p.shape}, got {D.shape}")
    return D


def _finite(*means) -> None:
    if not np.isfinite(means).all():
        raise ValueError(f"a Gaussian needs a finite mean, got {', '.join(map(str, means))}")


def _variances(*variances) -> None:
    if not all(np.isfinite(v) and v > 0 for v in variances):
        raise ValueError(f"a Gaussian needs a finite variance above 0, got {', '.join(map(str, variances))}")
