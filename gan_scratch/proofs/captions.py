"""What a picture of a shape shows: its size, colour and shape, as a classifier for each sees it."""
from __future__ import annotations

from functools import lru_cache

import numpy as np

from gan_scratch.data import load
from gan_scratch.proofs.scorer import classifier

ATTRIBUTES = {"size": slice(0, 2), "colour": slice(2, 6), "shape": slice(6, 10)}  # the columns of captions


@lru_cache(maxsize=2)
def judges(name: str) -> dict:
    """A classifier for each attribute, trained on the real pictures of "shapes" or "shapes16"."""
    data = load(name)
    return {attribute: classifier(data.images, data.extra["captions"][:, part].argmax(1), steps=500) for attribute, part in ATTRIBUTES.items()}


def seen(images: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """Size (n,) 0 … 1, colour 0 … 3 and shape 0 … 3 of pictures (n, H, W, 3)."""
    return {attribute: np.concatenate([judge(part).argmax(1) for part in np.array_split(images, -(-len(images) // 500))])
            for attribute, judge in judges(name).items()}
