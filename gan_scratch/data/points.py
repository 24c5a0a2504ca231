"""Points drawn from known densities: where every claim about a GAN can be checked exactly."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mixture:
    """An equal mixture of round Gaussians N(mode, std²·I).

    Attributes:
        modes: (K, dim) their means. std: their common standard deviation.
    """

    modes: np.ndarray
    std: float

    @property
    def shape(self) -> tuple:
        return self.modes.shape[1:]

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, dim) float32."""
        which = rng.integers(len(self.modes), size=n)
        return (self.modes[which] + self.std * rng.standard_normal((n, *self.shape))).astype(np.float32)

    def density(self, x: np.ndarray) -> np.ndarray:
        """p(x) for x (N, dim) -> (N,)."""
        squares = ((np.asarray(x, np.float64)[:, None] - self.modes) ** 2).sum(-1)  # (N, K)
        dim = self.modes.shape[1]
        return np.exp(-squares / (2 * self.std**2)).mean(1) / (2 * np.pi * self.std**2) ** (dim / 2)


@dataclass(frozen=True)
class SwissRoll:
    """A spiral band in the plane: t (cos t, sin t)/7.5 for t between 1.5π and 4.5π, plus noise (Gulrajani et al. 2017, toy data)."""

    noise: float = 0.25
    shape: tuple = (2,)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """(n, 2) float32."""
        t = 1.5 * np.pi * (1 + 2 * rng.random(n))
        spiral = np.stack([t * np.cos(t), t * np.sin(t)], 1) + self.noise * rng.standard_normal((n, 2))
        return (spiral / 7.5).astype(np.float32)


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.02) -> Mixture:
    """Modes evenly on a circle. (2π itself isn't drawn again: it is the first mode.)"""
    angle = 2 * np.pi * np.arange(modes) / modes
    return Mixture(radius * np.stack([np.cos(angle), np.sin(angle)], 1), std)


def grid(side: int = 5, spacing: float = 1.0, std: float = 0.025) -> Mixture:
    """side·side modes on a square grid around 0. The usual {−4, −2, 0, 2, 4}² with std 0.05 is twice as large."""
    places = spacing * (np.arange(side) - (side - 1) / 2)
    return Mixture(np.stack(np.meshgrid(places, places), -1).reshape(-1, 2), std)


def mixture_1d(means: tuple = (-2.0, 0.0, 2.0), std: float = 0.3) -> Mixture:
    """Modes on a line."""
    return Mixture(np.array(means, np.float64)[:, None], std)
