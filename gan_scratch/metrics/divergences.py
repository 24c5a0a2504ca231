"""Divergences between two laws given by their probabilities p_i and q_i (histograms, or densities on an even grid).

    KL(p ‖ q) = Σ p log(p/q)                      ≥ 0; ∞ where q = 0 < p; not symmetric
    JS(p, q)  = ½ KL(p ‖ m) + ½ KL(q ‖ m)         m = (p + q)/2; symmetric, ≤ log 2; √JS is a metric
    TV(p, q)  = ½ Σ |p − q|                       the largest difference in the probability of any event, ≤ 1

Values of densities on an even grid may be given as they are: each array is divided by its sum, and the width of a cell cancels.

A histogram of samples is not the law. With B bins that all have some probability, and n samples, KL of the histogram from
the exact law is about (B − 1)/(2n) too large, and JS of two histograms of one law, n samples each, about (B − 1)/(4n). Fewer
bins lower the bias, and hide differences inside a bin. So say n and the bins, and put real against real beside the value.
"""
from __future__ import annotations

import numpy as np
from scipy.special import rel_entr  # a log(a/b), with 0 log(0/b) = 0 and ∞ where b = 0 < a

from gan_scratch.metrics.check import rows


def kl(p: np.ndarray, q: np.ndarray, base: float | None = None) -> float:
    """KL(p ‖ q) = Σ p log(p/q), in nats, or with base=2 in bits (Kullback & Leibler 1951). In [0, ∞].

    Args:
        p, q: probabilities or densities on the same cells, of one shape, non-negative; each is divided by its sum.

    Raises ValueError when the shapes differ, a value is negative or not finite, or all are 0.
    """
    p, q = _normalised(p, q)
    return max(0.0, float(rel_entr(p, q).sum())) / _unit(base)


def js(p: np.ndarray, q: np.ndarray, base: float | None = None) -> float:
    """JS(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = (p + q)/2, in nats, or with base=2 in bits (Lin 1991, eq. 4.1).

    In [0, log 2]: log 2, or 1 bit, when the supports are disjoint, however far apart. Arguments and errors as for `kl`.
    """
    p, q = _normalised(p, q)
    value = np.log(2) + (rel_entr(p, p + q).sum() + rel_entr(q, p + q).sum()) / 2  # log(p/m) = log 2 + log(p/(p + q))
    return float(np.clip(value, 0, np.log(2))) / _unit(base)  # rounding may lead out by 1e-16


def tv(p: np.ndarray, q: np.ndarray) -> float:
    """TV(p, q) = ½ Σ |p − q|, in [0, 1]. Arguments and errors as for `kl`."""
    p, q = _normalised(p, q)
    return float(np.abs(p - q).sum() / 2)


def histograms(x: np.ndarray, y: np.ndarray, *more: np.ndarray, bins: int = 30, limits: list | None = None) -> tuple[np.ndarray, ...]:
    """Samples as shares of common bins.

    Args:
        x, y, more: (n, d), (m, d), … with d = 1 or 2.
        bins: per axis.
        limits: (low, high) for each axis; what lies outside counts in the bin at the edge. By default the smallest and the largest
            coordinate of all samples: then a single outlier makes all bins wide and hides every difference. Take limits from real data.

    Returns: one array (bins,) or (bins, bins) per sample, of sum 1, for `kl`, `js` and `tv`. How the bins matter: see the module.
    Raises ValueError for other d, or values that are not finite.
    """
    samples = [rows(s, "a sample") for s in (x, y, *more)]
    if len({s.shape[1] for s in samples}) > 1 or samples[0].shape[1] > 2:
        raise ValueError(f"histograms expects samples (n, d) of one d, 1 or 2, got {', '.join(str(s.shape) for s in samples)}; "
                         "in more dimensions nearly all bins are empty")
    if bins < 1:
        raise ValueError(f"histograms needs at least one bin, got bins = {bins}")
    everything = np.concatenate(samples)
    low, high = (everything.min(0), everything.max(0)) if limits is None else np.array(limits, np.float64).T
    return tuple(np.histogramdd(np.clip(s, low, high), bins, range=list(zip(low, high)))[0] / len(s) for s in samples)


def _normalised(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    p, q = np.asarray(p, np.float64), np.asarray(q, np.float64)
    if p.shape != q.shape or not p.size:
        raise ValueError(f"p and q must have one shape and not be empty, got {p.shape} and {q.shape}")
    for name, values in (("p", p), ("q", q)):
        if not (np.isfinite(values).all() and (values >= 0).all() and 0 < values.sum() < np.inf):
            raise ValueError(f"{name} must be non-negative, finite and not all 0; its values run from {values.min()} "
                             f"to {values.max()}")
    return p / p.sum(), q / q.sum()


def _unit(base: float | None) -> float:
    """How many nats the unit has."""
    if base is None:
        return 1.0
    if not 1 < base < np.inf:
        raise ValueError(f"the base of the logarithm must be above 1 (2 gives bits), got {base}")
    return float(np.log(base))
