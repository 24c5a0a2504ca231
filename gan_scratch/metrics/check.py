"""What every metric asks of its arrays, said in one sentence when it isn't so."""
from __future__ import annotations

import numpy as np


def rows(x: np.ndarray, name: str, least: int = 1) -> np.ndarray:
    """x (n, …) as float64 (n, d), images flattened.

    Raises ValueError when it has no second axis, fewer than `least` rows, or a value that is NaN or infinite.
    """
    x = np.asarray(x, np.float64)
    if x.ndim < 2 or len(x) < least or not x[0].size:
        raise ValueError(f"{name} must be an array (n, d) with n ≥ {least} and d ≥ 1, got shape {x.shape}"
                         + ("; numbers on a line are x[:, None]" if x.ndim == 1 else ""))
    if not np.isfinite(x).all():
        raise ValueError(f"{name} contains {np.count_nonzero(~np.isfinite(x))} values that are NaN or infinite; "
                         "find out where they come from")
    return x.reshape(len(x), -1)


def pair(a: np.ndarray, b: np.ndarray, names: str, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays as `rows` gives them; `names` is "a and b". Raises ValueError as `rows` does, and when d differs."""
    first, second = names.split(" and ")
    kinds = {np.asarray(x).dtype.kind for x in (a, b)}
    if "f" in kinds and kinds & set("iu"):
        raise ValueError(f"{names} must have one range, but one holds integers and the other floating-point numbers; "
                         "bytes 0 … 255 become [−1, 1] with x / 127.5 - 1")
    a, b = rows(a, first, least), rows(b, second, least)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{names} must have equally many numbers in a row, got {a.shape} and {b.shape}")
    return a, b


def images(x: np.ndarray, name: str) -> np.ndarray:
    """Images (N, H, W, C), or volumes, in [−1, 1], as float32 at least. Raises ValueError for no images, other types or
    another range.
    """
    x = np.asarray(x)
    if x.ndim < 3 or not x.size:
        raise ValueError(f"{name} must be images (N, H, W, C) with N ≥ 1, got shape {x.shape}")
    if x.dtype.kind != "f":
        raise ValueError(f"{name} must be floating-point images in [−1, 1], got {x.dtype}; bytes become such with "
                         "x.astype(np.float32) / 127.5 - 1")
    low, high = float(x.min()), float(x.max())
    if not (-2 <= low and high <= 2):  # nets without tanh may lead out a little
        raise ValueError(f"{name} must lie in [−1, 1], but values run from {low:.4g} to {high:.4g}; images in [0, 255] "
                         "become such with x / 127.5 - 1")
    return x.astype(np.float32) if x.dtype == np.float16 else x


def parts(x: np.ndarray, size: int = 500) -> list[np.ndarray]:
    """x (n, d) cut into pieces of at most `size` rows, so that a matrix of all distances needn't be held."""
    return np.array_split(x, -(-len(x) // size))
