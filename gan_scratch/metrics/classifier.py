"""Scores from a classifier's probabilities p(y|x), an array (N, K) with a row for each generated image.

    IS = exp E KL(p(y|x) ‖ p(y))                                p(y) = E p(y|x); in [1, K], higher is better
    MS = exp(E KL(p(y|x) ‖ prior) − KL(p(y) ‖ prior))           equals IS
    AM = KL(prior ‖ p(y)) + E H(y|x)                            in nats, lower is better

What IS can't see: it reaches K with one memorised image per class, and it doesn't know the data: its p(y) is the generator's own.
"""
from __future__ import annotations

import numpy as np
from scipy.special import entr, rel_entr  # −a log a, and a log(a/b), with 0 log 0 = 0


def softmax(logits: np.ndarray) -> np.ndarray:
    """e^l / Σ e^l along the last axis, (N, K) -> (N, K) float64. Raises ValueError unless all logits are finite."""
    logits = np.asarray(logits, np.float64)
    if logits.ndim != 2 or not logits.size or not np.isfinite(logits).all():
        raise ValueError(f"softmax expects finite logits (N, K), got shape {logits.shape}")
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def inception_score(p: np.ndarray, splits: int = 1) -> tuple[float, float]:
    """IS = exp E KL(p(y|x) ‖ p(y)) (Salimans et al. 2016, section 4): mean and standard deviation over `splits` parts, in [1, K].

    The parts are consecutive rows, so shuffle images that are sorted by class; a smaller part has a smaller score.

    Args:
        p: (N, K), rows of sum 1.

    Raises ValueError when p is no array of probabilities, or there are more splits than rows.
    """
    p = _checked(p)
    if not 1 <= splits <= len(p):
        raise ValueError(f"inception_score can't split {len(p)} rows into {splits} parts")
    scores = [np.exp(rel_entr(part, part.mean(0)).sum(1).mean()) for part in np.array_split(p, splits)]
    return float(np.mean(scores)), float(np.std(scores))


def mode_score(p: np.ndarray, prior: np.ndarray) -> float:
    """MS = exp(E KL(p(y|x) ‖ prior) − KL(p(y) ‖ prior)) (Che et al. 2017); prior (K,): the data's shares, all > 0.

    It was meant to notice a missing class, and can't: it equals IS for every prior. With p = p(y|x) and q = p(y) = E p,
        E Σ p log(p/prior) − Σ q log(q/prior) = E Σ p log p − E Σ p log q = E KL(p ‖ q),
    since the terms with the prior are Σ q log prior both times. Some write p(y) for the prior in the first term: that is
    IS·e^(−KL(p(y)‖prior)), which does notice, as `am_score` does. Raises ValueError as `inception_score` does.
    """
    p = _checked(p)
    prior = _shares(prior, p.shape[1])
    if (prior == 0).any():
        raise ValueError("mode_score needs a prior above 0 everywhere, otherwise it is ∞ − ∞; "
                         "leave out the classes that the data lack")
    return float(np.exp(rel_entr(p, prior).sum(1).mean() - rel_entr(p.mean(0), prior).sum()))


def am_score(p: np.ndarray, prior: np.ndarray) -> float:
    """AM = KL(prior ‖ p(y)) + E H(y|x), in nats (Zhou et al. 2018), with prior (K,) the data's shares.

    0 for sure answers in the data's shares. A class that the generator leaves out makes the first term large: ∞ at p(y) = 0.
    Raises ValueError as `inception_score` does.
    """
    p = _checked(p)
    prior = _shares(prior, p.shape[1])
    return float(rel_entr(prior, p.mean(0)).sum() + entr(p).sum(1).mean())


def _checked(p: np.ndarray) -> np.ndarray:
    p = np.asarray(p, np.float64)
    if p.ndim != 2 or not p.size or not (p >= 0).all() or not (abs(p.sum(1) - 1) < 1e-3).all():
        raise ValueError(f"expected probabilities (N, K), rows of non-negative numbers of sum 1, got shape {p.shape}; "
                         "logits become probabilities with softmax")
    return p / p.sum(1, keepdims=True)


def _shares(prior: np.ndarray, classes: int) -> np.ndarray:
    prior = np.asarray(prior, np.float64)
    if prior.shape != (classes,) or not (prior >= 0).all() or not abs(prior.sum() - 1) < 1e-3:
        raise ValueError(f"the prior must be {classes} non-negative shares of sum 1, got shape {prior.shape} "
                         f"and sum {prior.sum():.4g}")
    return prior / prior.sum()
