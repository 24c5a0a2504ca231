"""Are the pictures as real ones are? Distance, precision and recall on a classifier's features, where quality is all that a mechanism promises."""
from __future__ import annotations

from pathlib import Path
from typing import Callable

import numpy as np

from gan_scratch import plot
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.metrics.manifold import density_coverage, precision_recall
from gan_scratch.proofs import captions
from gan_scratch.proofs.proof import Proof, draw

N, PART = 1000, 250
ROWS = {"fid": "Fréchet distance to real pictures on a classifier's features", "precision": "precision (1000 pictures, k = 5)",
        "recall": "recall (1000 pictures, k = 5)", "coverage": "coverage (1000 pictures, k = 5)"}


def scores(fake: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """The rows for features (n, d) of generated and of real pictures."""
    balls = precision_recall(real[:N], fake[:N]) | density_coverage(real[:N], fake[:N])
    return {"fid": frechet_distance(fake, real), **{name: balls[name] for name in ("precision", "recall", "coverage")}}


def of_shapes(images: np.ndarray, data) -> np.ndarray:
    """(n, 192): the 64 features each of the classifiers of size, colour and shape."""
    judges = captions.judges(data.name).values()
    return np.concatenate([np.concatenate([judge[:-1](part) for judge in judges], axis=1) for part in np.array_split(images, -(-len(images) // 250))])


def proof(claim: str, features: Callable, baseline: str, titles: tuple[str, str], on: tuple[str, ...], share: float = 1.0) -> Proof:
    """A proof by quality.

    Args:
        features: (images, data) -> (n, d). titles: over the pictures of the variant and of its baseline.
    """
    def measure(gan, data, seed):
        return scores(features(draw(gan, N, seed, PART), data), features(data.images[:N], data))

    def references(data, seed):
        unseen = data.images[N:2 * N] if data.test_images is None else data.test_images
        return {"real": scores(features(unseen, data), features(data.images[:N], data))}

    def picture(path: Path, gan, compared, data, seed):
        panels = {titles[0]: draw(gan, 250, seed, PART)[:64]} | ({titles[1]: draw(compared, 250, seed, PART)[:64]} if compared is not None else {})
        panels["real"] = data.images[np.random.default_rng(seed).permutation(len(data.images))[:64]]
        plot.grids(path, panels, 8, (7.5, 8))

    return Proof(claim, ROWS, measure, references, picture, baseline=baseline, share=share, on=on)


GROWN = proof("at this size growing doesn't pay, compared with training at 32×32 from the start in three quarters of the time", of_shapes, "progressive-at-full-size",
              ("grown from 4×4", "32×32 from the start"), ("shapes",), share=0.45)
