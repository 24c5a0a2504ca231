"""Drawn pictures whose every property is known: captioned shapes, and pairs of discs that belong together.

A shape is the set where a distance function is negative; edges are smoothed over one pixel. The same seed draws the same pictures.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.data.images import Dataset

SIZES, COLOURS, SHAPES = ("small", "large"), ("red", "green", "blue", "yellow"), ("disc", "square", "triangle", "cross")
WORDS = (*SIZES, *COLOURS, *SHAPES)
RGB = 2 * np.array([[0.85, 0.15, 0.15], [0.1, 0.65, 0.2], [0.15, 0.3, 0.85], [0.95, 0.8, 0.1]]) - 1  # of COLOURS, in [−1, 1]
BACKGROUND = 0.8
RADII = (8, 13)  # of SIZES, in pixels of a picture of 32


def shapes(n: int = 4000, seed: int = 0, size: int = 32) -> Dataset:
    """Pictures (n, size, size, 3) of one shape each: "a large green triangle".

    Shifted by up to a pixel (of 32) and turned by up to 0.12 rad. Of the 32 captions about equally many.

    Returns: a Dataset; labels 0 … 31, extra["captions"] (n, 10) float32: one-hot size, colour and shape side by side, in the order of WORDS.
    """
    rng = np.random.default_rng(seed)
    which_size, which_colour, which_shape = (rng.integers(k, size=n) for k in (2, 4, 4))
    shift, turn = rng.uniform(-1, 1, (n, 2)), rng.uniform(-0.12, 0.12, n)
    x, y = _coordinates(size, shift, turn)
    radius = np.take(RADII, which_size)[:, None, None]
    inside = _cover(np.choose(which_shape[:, None, None], [f(x, y, radius) for f in DISTANCES]) * size / 32)
    images = BACKGROUND + inside[..., None] * (RGB[which_colour][:, None, None] - BACKGROUND)
    captions = np.concatenate([np.eye(k)[w] for k, w in ((2, which_size), (4, which_colour), (4, which_shape))], axis=1)
    labels = (which_size * 4 + which_colour) * 4 + which_shape
    return Dataset("shapes" if size == 32 else f"shapes{size}", images.astype(np.float32), labels, extra={"captions": captions.astype(np.float32)})


def captioned(seed: int = 0) -> Dataset:
    """`shapes`, of which four pairs of colour and shape are held out: red squares, green triangles, blue crosses, yellow discs.

    Returns: a Dataset; test_images the pictures of those pairs; extra["captions"] and extra["test_captions"].
    """
    whole = shapes(4000, seed)
    rows = whole.extra["captions"]
    unseen = rows[:, 6:].argmax(1) == (rows[:, 2:6].argmax(1) + 1) % 4
    return Dataset("captions", whole.images[~unseen], whole.labels[~unseen], whole.images[unseen], whole.labels[unseen],
                   extra={"captions": rows[~unseen], "test_captions": rows[unseen]})


def caption(row: np.ndarray) -> str:
    """The words of one row (10,) of captions."""
    return "a " + " ".join(words[part.argmax()] for words, part in zip((SIZES, COLOURS, SHAPES), np.split(row, (2, 6))))


def discs(n: int = 4000, seed: int = 0, size: int = 16) -> Dataset:
    """Pictures (n, 16, 16, 3) of two discs in opposite corners, the second in the colour that follows the first's: red, green, blue, yellow, red.

    Each disc's colour by itself is even over the four, so only who looks at both corners can tell right pairs from wrong ones. (Equal colours
    would be too easy: a generator correlates its corners by itself.)

    Returns: a Dataset; labels the colour of the first disc.
    """
    rng = np.random.default_rng(seed)
    first = rng.integers(4, size=n)
    return Dataset("discs", two_discs(first, (first + 1) % 4, rng, size), first)


def two_discs(first: np.ndarray, second: np.ndarray, rng: np.random.Generator, size: int = 16) -> np.ndarray:
    """Pictures (n, size, size, 3) with a disc of colour `first` (n,) at the upper left and one of colour `second` at the lower right."""
    images = np.full((len(first), size, size, 3), -1.0)
    at = np.arange(size) - (size - 1) / 2
    for colour, side in ((first, -1), (second, 1)):
        centre, radius = side * size / 4 + rng.uniform(-0.7, 0.7, (len(first), 2, 1)), rng.uniform(2.3, 2.9, (len(first), 1, 1))
        distance = np.hypot((at - centre[:, 0])[:, :, None], (at - centre[:, 1])[:, None, :]) - radius
        images += _cover(distance)[..., None] * (RGB[colour][:, None, None] - images)
    return images.astype(np.float32)


def _coordinates(size, shift, turn):
    """x, y of every pixel, (n, size, size) each, in units of 1/32 of the picture, seen from a shape that was shifted and turned."""
    at = (np.arange(size) - (size - 1) / 2) * 32 / size
    x, y = at[None, None, :] - shift[:, :1, None], at[None, :, None] - shift[:, 1:, None]
    cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    return cos * x + sin * y, cos * y - sin * x


def _cover(distance):
    """How much of a pixel is inside: 1 from half a pixel inside the edge, 0 from half a pixel outside."""
    return np.clip(0.5 - distance, 0, 1)


def _disc(x, y, r):
    return np.hypot(x, y) - r


def _square(x, y, r):
    return np.maximum(np.abs(x), np.abs(y)) - 0.82 * r


def _triangle(x, y, r):
    return np.maximum(np.abs(x) * 0.866 - y * 0.5, y) - 0.6 * r


def _cross(x, y, r):
    wide, narrow = np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))
    return np.maximum(wide - r, narrow - r / 3)


DISTANCES = (_disc, _square, _triangle, _cross)  # in the order of SHAPES
