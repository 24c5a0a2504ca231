"""A recipe: how a variant is trained well on data of a kind. Each variant's file holds its own."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from gan_scratch import backend


@dataclass(frozen=True)
class Recipe:
    """What `gan-scratch train VARIANT` does when nothing else is said.

    Attributes:
        build: (shape of a sample, *shapes of the conditions, rng=, device=) -> the GAN.
        idea, paper: one line each, for `gan-scratch list`.
        data: the default data. steps, batch: the default length and batch size.
        decay: the last share of the steps in which the learning rates fall to 0.
        axes: of the samples that `build` makes: 3 for images (H, W, C), 4 for volumes, 1 for points.
        points: another recipe of the same variant, for points in the plane; None where an image variant has none.
        conditions: (Dataset) -> the arrays that belong to its images in a batch, () where G makes images from noise alone.
        inputs: (Dataset) -> the held-out array from whose rows G makes samples where it continues or translates something; None elsewhere.
        unpaired: the rows of images and conditions don't belong together and are drawn apart.
    """

    build: Callable
    idea: str
    paper: str
    data: str
    steps: int
    batch: int
    decay: float = 0.0
    axes: int = 3
    points: "Recipe | None" = None
    conditions: Callable = lambda data: ()  # noqa: E731
    inputs: Callable | None = None
    unpaired: bool = False

    def hand_inputs(self, gan, data) -> None:
        """Give a GAN that makes its samples from something the held-out rows of a Dataset; on the device of its networks."""
        if self.inputs:
            gan.inputs = backend.of(gan.G.params[0].value).asarray(self.inputs(data))

    def suited_to(self, shape: tuple) -> "Recipe":
        """The recipe for samples of this shape. Raises ValueError where the variant has none."""
        if len(shape) == self.axes:
            return self
        if len(shape) == 1 and self.points:
            return self.points
        if self.axes == 4:
            raise ValueError(f"this variant makes volumes (height, depth, width, channels), not samples of shape {shape}; the data called voxels have them")
        if self.axes == 1:
            raise ValueError(f"this variant makes points, not images of shape {shape}; for images use the variant dcgan")
        if len(shape) > 1:
            raise ValueError(f"this variant makes images (height, width, channels), not samples of shape {shape}")
        raise ValueError(f"this variant makes images, not points with {shape[0]} coordinates; for points use the variant mlp")


def labels(data) -> tuple[np.ndarray]:
    """A Dataset's labels as one-hot rows (N, K) float32, K the number of classes. Raises ValueError where there are none."""
    if data.labels is None:
        raise ValueError(f"{data.name}: this variant needs labels; put the pictures of each class into a folder of their own, or add 'labels' to the .npz")
    return (np.eye(int(data.labels.max()) + 1, dtype=np.float32)[data.labels],)
