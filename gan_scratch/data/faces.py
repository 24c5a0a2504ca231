"""Drawn faces that age: the same person at any age, so that ageing can be scored."""
from __future__ import annotations

import numpy as np

from gan_scratch.data.images import Dataset

GROUPS = ("child", "young", "middle-aged", "old")
BOUNDS = (3, 18, 40, 60, 86)  # ages of the groups, the upper ones excluded


def faces(n: int = 3600, seed: int = 0) -> Dataset:
    """Grey faces (n, 32, 32, 1) of n persons, each at one age.

    Returns: a Dataset; labels the age group 0 … 3 (see GROUPS), extra["age"] (n,) years, extra["person"] (n, 6) what stays with a person;
        400 other persons as test part, with extra["test_age"] and extra["test_person"].
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(4, size=n + 400)
    age = rng.uniform(np.take(BOUNDS, group), np.take(BOUNDS, group + 1))
    who = persons(n + 400, rng)
    images = draw(who, age)
    return Dataset("faces", images[:n], group[:n], images[n:], group[n:],
                   extra={"age": age[:n], "person": who[:n], "test_age": age[n:], "test_person": who[n:]})


def persons(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 6) uniform in [−1, 1]: width, height, skin, distance of the eyes, width of the mouth, darkness of the hair."""
    return rng.uniform(-1, 1, (n, 6))


def draw(person: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Pictures (n, 32, 32, 1) of persons (n, 6) at ages (n,) from 3 to 85.

    A child's face is rounder, its eyes larger and lower; with age come hair that recedes and turns grey, folds, and a beard at 18 to 60.
    """
    width, height, skin, eyes, mouth, hair = (person[:, i, None, None] for i in range(6))
    years = np.asarray(age, np.float64)[:, None, None]
    grown, old = np.clip((years - 3) / 17, 0, 1), np.clip((years - 35) / 50, 0, 1)
    at = np.arange(32) - 15.5
    x, y = at[None, None, :], at[None, :, None] - 1
    a, b = 9.5 + 1.2 * width - 0.5 * grown, 11 + 1.2 * height + 1.5 * grown
    picture = np.full(np.broadcast_shapes(a.shape, (1, 32, 32)), -0.85)

    def paint(distance, value):
        cover = np.clip(0.5 - distance, 0, 1)
        picture[...] = picture + cover * (value - picture)

    tone = 0.25 + 0.35 * skin
    strand = -0.6 + 0.35 * hair + (1.1 - 0.35 * hair) * old  # grey and white at last
    paint((np.hypot(x / (a + 1.6), (y + 1) / (b + 1)) - 1) * a, strand)
    paint((np.hypot(x / a, (y - 1.5 + 1.5 * (1 - grown)) / b) - 1) * a, tone)
    hairline = -0.62 * b - 2.5 * old
    paint(np.maximum((np.hypot(x / a, y / b) - 1) * a, y - hairline), strand)
    eye_y, eye_r = -1.5 + 2 * (1 - grown), 1.4 + 0.7 * (1 - grown)
    for side in (-1, 1):
        centre = side * (4 + 0.8 * eyes)
        paint(np.hypot(x - centre, (y - eye_y) * 1.2) - eye_r, np.full_like(tone, -0.8))
        paint(np.maximum(np.abs(y - eye_y - 2.6) - 0.6 * old, np.abs(x - centre) - 1.9), tone - 0.45 * old)  # bags under the eyes
        paint(np.maximum(np.abs(x - side * (4.6 + 0.05 * y) - side * 0.25 * (y - 4)) - 0.7 * old, np.abs(y - 5) - 2.5), tone - 0.4 * old)  # folds
    for line in (0, 2):
        paint(np.maximum(np.abs(y + 5.2 + line) - 0.7 * old, np.abs(x) - 5), tone - 0.35 * old)  # forehead
    paint(np.maximum(np.abs(x) - 0.7, np.abs(y - 1.5) - 1.8), tone - 0.25)
    stubble = np.clip((years - 15) / 10, 0, 1)
    paint(np.maximum((np.hypot(x / a, (y - 1.5) / b) - 1) * a + 1, 7.5 - y), tone - (0.5 - 0.9 * old) * stubble)
    paint(np.maximum(np.abs(y - 7) - 0.8, np.abs(x) - 2.8 - 0.9 * mouth), np.full_like(tone, -0.5))
    return picture[..., None].astype(np.float32)
