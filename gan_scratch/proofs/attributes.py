"""What a picture of a digit is like, in numbers: ink, slant, width. And whether a code or a direction in z moves them."""
from __future__ import annotations

import numpy as np

NAMES = ("ink", "slant", "width")


def attributes(images: np.ndarray) -> np.ndarray:
    """(n, 3) of images (n, H, W, 1) in [−1, 1]:

        ink    the sum of the brightness, 0 … 1 a pixel
        slant  −cov(x, y)/var(y) of the ink's places: how far it leans to the right per pixel upwards
        width  the deviation of the ink's x, in pixels
    """
    ink = np.clip((images[..., 0].astype(np.float64) + 1) / 2, 0, 1)
    total = np.maximum(ink.sum((1, 2)), 1e-6)
    y, x = (axis - axis.mean() for axis in np.mgrid[:images.shape[1], :images.shape[2]])
    mean = lambda values: (ink * values).sum((1, 2)) / total  # noqa: E731
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    return np.stack([ink.sum((1, 2)), -cov / np.maximum(vy, 1e-6), np.sqrt(np.maximum(vx, 0))], axis=1)
