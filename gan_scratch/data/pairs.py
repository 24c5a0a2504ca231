"""Pictures with partners: what a translating GAN gets, and what it should make of it."""
from __future__ import annotations

import numpy as np

from gan_scratch.data.images import Dataset


def edges(faces: Dataset) -> Dataset:
    """Outlines (N, 32, 32, 1) as extra["input"] for faces (N, 32, 32, 3) as images: 101 to train with, 26 as the test part.

    Args:
        faces: the emoji faces; those of Twemoji are used.
    """
    images = faces.extra["twemoji"]
    grey = images.mean(-1)
    change = np.zeros_like(grey)
    change[:, 1:] += np.abs(np.diff(grey, axis=1))
    change[:, :, 1:] += np.abs(np.diff(grey, axis=2))
    outline = (2 * np.clip(0.75 * change, 0, 1) - 1)[..., None].astype(np.float32)
    order = np.random.default_rng(0).permutation(len(images))
    train, test = order[26:], order[:26]
    return Dataset("edges2emoji", images[train], test_images=images[test], extra={"input": outline[train], "test_input": outline[test]})


def styles(faces: Dataset) -> Dataset:
    """The same 127 faces in two styles: Noto as extra["input"], Twemoji as images. Row i of both is the same face."""
    return Dataset("noto2twemoji", faces.extra["twemoji"], extra={"input": faces.images})


def partners(data: Dataset) -> tuple[np.ndarray]:
    """What the images of a Dataset should be made of, (N, h, w, c). Raises ValueError where it isn't known."""
    if "input" not in data.extra:
        raise ValueError(f"{data.name}: this variant translates pictures; give a folder with the subfolders A (inputs) and B (what they should become), "
                         "where partners have the same file name")
    if (alone := list(data.extra.get("alone", ()))) or len(data.extra["input"]) != len(data.images):
        raise ValueError(f"{data.name}: A has {len(data.extra['input'])} pictures and B {len(data.images)}, and "
                         f"{len(alone)} have not just one partner of the same name in the other folder "
                         f"({', '.join(alone[:3])}{' …' if len(alone) > 3 else ''}); this variant needs pairs, "
                         "cyclegan doesn't")
    return (data.extra["input"],)


def held_out(data: Dataset) -> Dataset:
    """The test part as a Dataset of its own; the whole where there is none."""
    if data.test_images is None:
        return data
    extra = {name.removeprefix("test_"): a for name, a in data.extra.items() if name.startswith("test_")}
    return Dataset(data.name, data.test_images, data.test_labels, extra=extra)


def smaller(data: Dataset) -> tuple[np.ndarray]:
    """Every image at a quarter of its size, (N, H/4, W/4, C), by means of 4×4. Raises ValueError for sizes that can't be divided."""
    n, h, w, c = data.images.shape
    if h % 4 or w % 4:
        raise ValueError(f"{data.name}: images of {h}×{w} can't be made four times smaller; give --size 28 or another multiple of 4")
    return (data.images.reshape(n, h // 4, 4, w // 4, 4, c).mean((2, 4)),)


def holes(data: Dataset, share: float = 0.4) -> tuple[np.ndarray]:
    """Every image with a square hole filled with 0, and a last channel that is 1 in the hole and −1 elsewhere, (N, H, W, C + 1).

    Args:
        share: the hole's side as a share of the image's; it lies anywhere, always at the same place for the same image.
    """
    n, h, w, _ = data.images.shape
    side, rng = round(share * h), np.random.default_rng(0)
    top, left = rng.integers(0, h - side + 1, n)[:, None], rng.integers(0, w - side + 1, n)[:, None]
    rows, columns = np.arange(h), np.arange(w)
    inside = ((rows >= top) & (rows < top + side))[:, :, None] & ((columns >= left) & (columns < left + side))[:, None, :]
    inside = inside[..., None]
    return (np.concatenate([np.where(inside, 0, data.images), np.where(inside, 1, -1)], axis=-1).astype(np.float32),)
