"""The Parzen window: a likelihood for models that have none. It was the 2014 paper's table 1, and is no good measure.

    p(x) = 1/m Σⱼ N(x; cⱼ, σ² I_d)          the samples c₁ … c_m of the generator, each smeared by σ
    log p(x) = log Σⱼ e^(−‖x − cⱼ‖²/2σ²) − log m − d/2 log(2πσ²)

Protocol (Goodfellow et al. 2014, section 5): σ is what makes validation images likeliest, then the mean of log p over test images.
In hundreds of dimensions a sample is far from everything, so p is mostly about σ, and it rewards averages: on MNIST 1000
k-means centroids reach 280.7 nats, 10 000 real images 242.5, the paper's GAN 225: a codebook beats the data, as Theis
et al. 2016 found.
Those are for pixels in [0, 1]. With [−1, 1] all distances double, and log p is d log 2 less, 543 nats at d = 784: (x + 1)/2 first.
"""
from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from gan_scratch.metrics.check import pair, parts


def log_likelihood(x: np.ndarray, centres: np.ndarray, sigma: float) -> np.ndarray:
    """log p of each x (n, …) under Gaussians of width sigma around centres (m, …): (n,), in nats.

    Raises ValueError when the shapes don't fit, a value is not finite, or sigma is not positive.
    """
    x, centres = pair(x, centres, "x and centres")
    if not 0 < sigma < np.inf:
        raise ValueError(f"sigma must be positive and finite, got {sigma}")
    d, squares = x.shape[1], (centres**2).sum(1)
    exponents = (-((part**2).sum(1)[:, None] + squares - 2 * part @ centres.T) / (2 * sigma**2) for part in parts(x))  # (500, m)
    return np.concatenate([logsumexp(e, axis=1) for e in exponents]) - np.log(len(centres)) - d / 2 * np.log(2 * np.pi * sigma**2)


def best_sigma(validation: np.ndarray, centres: np.ndarray, sigmas: np.ndarray) -> float:
    """The one of `sigmas` with the largest mean log-likelihood of the validation rows (n, …), which must not be test rows.

    Raises ValueError as `log_likelihood` does, and when there is no sigma to choose.
    """
    if not len(sigmas):
        raise ValueError("best_sigma needs at least one sigma to choose from")
    return float(max(sigmas, key=lambda sigma: log_likelihood(validation, centres, sigma).mean()))
