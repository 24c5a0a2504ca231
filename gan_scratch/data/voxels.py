"""Furniture of 16×16×16 voxels: chairs, tables, pedestals."""
from __future__ import annotations

import numpy as np

from gan_scratch.data.images import Dataset

KINDS = ("chair", "table", "pedestal")
SIDE = 16


def voxels(n: int = 3000, seed: int = 0) -> Dataset:
    """Volumes (n, 16, 16, 16, 1), axes height (from the floor), depth, width; 1 inside, −1 outside. Every piece is mirror-symmetric in width.

    Returns: a Dataset; labels 0 … 2, see KINDS.
    """
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=n)
    volumes = np.stack([(chair, table, pedestal)[kind](rng) for kind in labels])
    return Dataset("voxels", (2 * volumes[..., None].astype(np.float32) - 1), labels)


def chair(rng: np.random.Generator) -> np.ndarray:
    """(16, 16, 16) bool: a seat on four legs, and a back."""
    v, half, depth, seat, back, leg = _empty(), rng.integers(3, 6), rng.integers(6, 10), rng.integers(4, 7), rng.integers(4, 8), rng.integers(1, 3)
    left, right, front, rear = 8 - half, 8 + half, 8 - depth // 2, 8 - depth // 2 + depth
    v[seat:seat + 2, front:rear, left:right] = True
    v[seat + 2:min(SIDE, seat + 2 + back), rear - 2:rear, left:right] = True
    _legs(v, seat, front, rear, left, right, leg)
    return v


def table(rng: np.random.Generator) -> np.ndarray:
    """(16, 16, 16) bool: a wide top on four legs."""
    v, half, depth, height, leg = _empty(), rng.integers(5, 8), rng.integers(8, 14), rng.integers(6, 11), rng.integers(1, 3)
    left, right, front, rear = 8 - half, 8 + half, 8 - depth // 2, 8 - depth // 2 + depth
    v[height:height + 2, front:rear, left:right] = True
    _legs(v, height, front, rear, left, right, leg)
    return v


def pedestal(rng: np.random.Generator) -> np.ndarray:
    """(16, 16, 16) bool: a plate at the floor, a column, a plate on top."""
    v, base, top, column, height = _empty(), rng.integers(3, 7), rng.integers(3, 7), rng.integers(1, 3), rng.integers(8, 14)
    v[:2, 8 - base:8 + base, 8 - base:8 + base] = True
    v[2:height, 8 - column:8 + column, 8 - column:8 + column] = True
    v[height:height + 2, 8 - top:8 + top, 8 - top:8 + top] = True
    return v


def _empty() -> np.ndarray:
    return np.zeros((SIDE,) * 3, bool)


def _legs(v, height, front, rear, left, right, leg):
    for depth in (slice(front, front + leg), slice(rear - leg, rear)):
        for width in (slice(left, left + leg), slice(right - leg, right)):
            v[:height, depth, width] = True


def views(volumes: np.ndarray, size: int = 32) -> np.ndarray:
    """Pictures (n, size, size, 1) of volumes (n, 16, 16, 16, 1): parallel light from the upper left, seen from the front, above and the right.

    A voxel is inside where its value is above 0. What shows is the nearest voxel; its brightness is that of the side that is seen.
    """
    inside = volumes[..., 0] > 0
    pictures = np.full((len(volumes), size, size), -1.0, np.float32)
    shades = {"top": 0.95, "front": 0.35, "side": -0.2}
    for d in reversed(range(SIDE)):  # from the rear forwards; nearer voxels are drawn over farther ones
        for w in range(SIDE):  # from the left to the right
            for h in range(SIDE):  # from the floor upwards
                solid = inside[:, h, d, w]
                if not solid.any():
                    continue
                x = (w * 5 + d * 3) * (size - 4) // (5 * SIDE + 3 * SIDE) + 1
                y = size - 4 - (h * 5 + d * 2) * (size - 5) // (5 * SIDE + 2 * SIDE)
                pictures[solid, y:y + 2, x:x + 2] = shades["front"]
                pictures[solid, y:y + 2, x + 2] = shades["side"]
                pictures[solid, y - 1, x:x + 3] = shades["top"]
    return pictures[..., None]
