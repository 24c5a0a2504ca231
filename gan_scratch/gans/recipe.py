"""A recipe: how a variant is trained well on data of a kind. Each variant's file holds its own."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Recipe:
    """What `gan-scratch train VARIANT` does when nothing else is said.

    Attributes:
        build: (shape of a sample, rng=, device=) -> the GAN.
        idea, paper: one line each, for `gan-scratch list`.
        data: the default data. steps, batch: the default length and batch size.
        decay: the last share of the steps in which the learning rates fall to 0.
        points: another recipe of the same variant, for points in the plane; None where the variant makes images only.
    """

    build: Callable
    idea: str
    paper: str
    data: str
    steps: int
    batch: int
    decay: float = 0.0
    points: "Recipe | None" = None

    def suited_to(self, shape: tuple) -> "Recipe":
        """The recipe for samples of this shape. Raises ValueError where the variant has none."""
        if len(shape) == 3:
            return self
        if self.points is None:
            raise ValueError(f"this variant makes images, not points with {shape[0]} coordinates; for points use the variant mlp")
        return self.points
