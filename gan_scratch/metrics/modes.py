"""Does a generator reach all modes of a mixture? (The measures of Lin et al. 2018)"""
from __future__ import annotations

import numpy as np

from gan_scratch.data.points import Mixture
from gan_scratch.metrics.check import pair


def mode_coverage(samples: np.ndarray, mixture: Mixture) -> dict[str, float]:
    """Which modes the samples reach, and how many samples lie near one. Papers draw 2 500 samples.

    Args:
        samples: (n, dim).

    Returns:
        modes: how many modes have at least one high-quality sample (within 3 std of the mode).
        modes_20: how many have at least 20 % of their fair share n/K. A smear over all modes doesn't reach it.
        high_quality: the share of samples within 3 std of the nearest mode, in [0, 1]. A plane mixture itself: 1 − e^(−4.5) = 98.9 %.
        reverse_kl: Σ q log(q K), in nats, of the shares q of the high-quality samples by nearest mode; log K when there are none.

    Raises ValueError when the shapes don't fit or a value is not finite.
    """
    samples, modes = pair(samples, mixture.modes, "samples and modes")
    counts = mode_counts(samples, mixture)
    q = counts[counts > 0] / max(counts.sum(), 1)
    return {"modes": int((counts > 0).sum()), "modes_20": int((counts >= 0.2 * len(samples) / len(modes)).sum()),
            "high_quality": float(counts.sum() / len(samples)),
            "reverse_kl": float((q * np.log(q * len(modes))).sum() if len(q) else np.log(len(modes)))}


def mode_counts(samples: np.ndarray, mixture: Mixture) -> np.ndarray:
    """How many of the samples (n, dim) are of high quality and nearest to each mode: (K,)."""
    distance = np.linalg.norm(np.asarray(samples, np.float64)[:, None] - mixture.modes, axis=-1)  # (n, K)
    return np.bincount(distance.argmin(1)[distance.min(1) <= 3 * mixture.std], minlength=len(mixture.modes))
