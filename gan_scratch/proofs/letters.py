"""Has each letter the attributes that it was asked for: which letter, bold or not, slanted or not?"""
from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.data import load
from gan_scratch.gans.controlgan import GROUPS, attributes, combinations
from gan_scratch.proofs.proof import Proof
from gan_scratch.proofs.scorer import classifier

N = 1040  # ten of each of the 104 combinations
ROWS = {"letter": "share with the letter asked for", "bold": "  the weight", "slanted": "  the slant", "all": "  all three",
        "covered": "letters that are right in at least half of their pictures, of 26", "within": "deviation of a pixel within a combination"}


@lru_cache(maxsize=1)
def judges():
    """A classifier for each attribute."""
    data = load("glyphs")
    return [classifier(data.images, labels) for labels in (data.labels, data.extra["bold"], data.extra["slanted"])]


def scores(images: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """The rows for letters (n, 16, 16, 1) that should have the attributes y (n, 30)."""
    groups = np.split(y, np.cumsum(GROUPS)[:-1], axis=1)
    right = np.stack([judge(images).argmax(1) == group.argmax(1) for judge, group in zip(judges(), groups)])
    letters, combination = groups[0].argmax(1), np.unique(y, axis=0, return_inverse=True)[1].ravel()
    within = [images[combination == c].std(0).mean() for c in np.unique(combination) if (combination == c).sum() > 1]
    return {"letter": float(right[0].mean()), "bold": float(right[1].mean()), "slanted": float(right[2].mean()), "all": float(right.all(0).mean()),
            "covered": int(sum(right[0][letters == k].mean() >= 0.5 for k in range(26))), "within": float(np.mean(within))}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of ten letters of each combination."""
    y = combinations(N, data.images)
    return scores(backend.to_host(gan.sample(N, seed)), y)


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real letters, which the classifiers were trained on, and the same with the attributes of others."""
    y, = attributes(data)
    return {"real": scores(data.images, y), "deaf": scores(data.images, np.random.default_rng(seed).permutation(y))}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """A row for each of upright, bold, slanted, bold and slanted; below each other ControlGAN, the comparison, real letters."""
    y, = attributes(data)
    wanted = combinations(104, data.images)
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero((y == row).all(1)))[:1] for row in wanted]
    real = np.concatenate([data.images[r] if len(r) else np.full((1, *data.shape), 1.0, np.float32) for r in rows])
    panels = {"ControlGAN": backend.to_host(gan.sample(104, seed))}
    if baseline is not None:
        panels["D is told the attributes"] = backend.to_host(baseline.sample(104, seed))
    panels["real"] = real
    fig, axes = plot.figure(14, 3.1 * len(panels), len(panels), 1, squeeze=False)
    for axis, (title, images) in zip(axes.flat, panels.items()):
        plot.show_grid(axis, images, 26, f"{title}: upright, bold, slanted, both")
    plot.save(fig, path)


PROOF = Proof("G makes the letter, the weight and the slant that were asked for, all three together",
              ROWS, measure, references, picture, baseline="controlgan-as-cgan", on=("glyphs",))
