"""How to read the curves of a GAN: signs, what each means, and what to try. Lecture 07's clinic and `gan-scratch train` share them.

The thresholds lie between what the runs of gan_scratch.experiments.clinic do, three seeds each (tests/test_clinic.py).
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

LOG2 = float(np.log(2))


@dataclass(frozen=True)
class Course:
    """What a training has done lately: means over the last part of its curves, for losses that take logits.

    Attributes:
        d_loss, g_loss: the losses. d_real, d_fake: the mean of D(x) and of D(G(z)), as D's step sees them.
        swing: the standard deviation of D(x) from its own trend.
        spread: how far generated samples are from each other, divided by the same for real ones; None if unknown.
    """

    d_loss: float
    g_loss: float
    d_real: float
    d_fake: float
    swing: float
    spread: float | None = None


@dataclass(frozen=True)
class Sign:
    """A pattern of curves: what you see, what it means, what to try."""

    name: str
    see: str
    means: str
    to_try: str
    shows: Callable[[Course], bool]
    settings: str = ""  # how `gan-scratch train` does it

    def advice(self) -> str:
        return f"{self.see}. {self.means}. {self.to_try}."


def won(c: Course) -> bool:
    """Whether D is sure of nearly every sample."""
    return c.d_real > 0.96 and c.d_fake < 0.05


ALIKE = 0.3  # samples that are closer together than this share of the distance between real ones
COLLAPSE = Sign(
    "collapse", "Generated samples are nearly alike",
    "This is mode collapse. The curves may look perfectly calm",
    "See lecture 09: batch norm or more noise in G, minibatch discrimination, packing",
    lambda c: c.spread is not None and c.spread < ALIKE, "--set r1=1, --set lr_D=…, a larger --batch")
SIGNS = (
    Sign("losses out of range", "A loss is in the thousands",
         "The weights jump about: the steps are too long",
         "Try a learning rate ten times smaller",
         lambda c: max(c.d_loss, c.g_loss) > 1000, "--set lr=…"),
    Sign("saturated", "D(x) is near 1, D(G(z)) near 0, and G's loss rests just below 0",
         "The minimax loss is flat where D is sure, and G learns nothing any more",
         "Use the non-saturating loss",
         lambda c: won(c) and -0.1 < c.g_loss <= 0, "--set loss=non-saturating"),
    Sign("two verdicts", "D(G(z)) is near 0 while G's loss says that D is undecided about the same samples",
         "D answers differently in its own step and in G's, as with a batch norm that sees other batches there",
         "Take batch norm out of D, or show D the same kinds of batches in both steps",
         lambda c: won(c) and 0 < c.g_loss < 2),
    Sign("D has won", "D(x) is near 1 and D(G(z)) near 0, and G's loss is large",
         "D is saturated: it is ahead of G, and G learns little from it",
         "Try a smaller or slower D, dropout in D, or one-sided labels of 0.9; or let G learn faster",
         won, "--set lr_D=…, --set real_label=0.9, --set lr_G=…"),
    Sign("double sigmoid",
         "The losses rest at 2 log 2 = 1.386 and log 2 = 0.693 while D(x) and D(G(z)) are both near 0, or both near 1",
         "D's output goes through a second sigmoid, which can't leave [0.5, 0.73]",
         "Let D return logits",
         lambda c: abs(c.d_loss - 2 * LOG2) < 0.05 and abs(c.g_loss - LOG2) < 0.05 and (
             max(c.d_real, c.d_fake) < 0.05 or min(c.d_real, c.d_fake) > 0.95)),
    Sign("two thirds", "D(x) and D(G(z)) both rest at 2/3, and D's loss at 1.50, above 2 log 2",
         "G's gradients have stayed in D, and D's step follows them: weights=False is missing in G's step",
         "Set D's gradients to 0 before its step, or don't compute them in G's",
         lambda c: abs(c.d_real - 2 / 3) < 0.04 and abs(c.d_fake - 2 / 3) < 0.04),
    Sign("oscillation", "D(x) and D(G(z)) swing in turn",
         "G and D chase each other",
         "Try a smaller β₁ in Adam (0.5 or 0), a smaller learning rate, or an average of G's weights",
         lambda c: c.swing > 0.06, "--set beta1=0, --set lr=…, --set ema=0.999"),
    COLLAPSE,
    Sign("D sees a difference", "D(x) stays well above D(G(z)), calmly",
         "There is something in the samples that G doesn't learn or can't reach",
         "Compare the ranges of real and generated pictures first ([0, 1] against tanh's [−1, 1])",
         lambda c: c.d_real - c.d_fake > 0.2),
)


# What `gan-scratch train` says, and from which step on: most trainings swing at the beginning.
WARNED = {"losses out of range": 200, "saturated": 200, "two verdicts": 200, "D has won": 200, "oscillation": 1000}


def course(curves: Mapping[str, np.ndarray], spread: float | None = None, last: float = 0.4) -> Course:
    """The last part of some curves.

    Args:
        curves: d_loss, g_loss, d_real, d_fake, each (T,), T ≥ 5.
        spread: see Course.
        last: the share of the curves that counts.
    """
    n = max(3, int(last * len(curves["d_real"])))
    tail = {key: np.asarray(curves[key], float)[-n:] for key in ("d_loss", "g_loss", "d_real", "d_fake")}
    steps = np.arange(n)
    swing = np.std(tail["d_real"] - np.polyval(np.polyfit(steps, tail["d_real"], 1), steps))
    return Course(*(float(np.mean(values)) for values in tail.values()), float(swing), spread)


def sign_of(c: Course) -> Sign | None:
    """The first sign that shows; None if none does."""
    return next((sign for sign in SIGNS if sign.shows(c)), None)
