"""Which of two pictures does a mixture of their styles follow, in what is coarse and in what is fine? And is w easier to read than z?"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.proofs.captions import judges, seen
from gan_scratch.proofs.proof import Proof

N, CUT = 1000, 4  # blocks 0 … 3, up to 8×8, have the coarse style; 4 and 5, at 16×16, the fine one
ROWS = {"colour_fine": "pairs that differ in colour: the mixture has the fine source's", "colour_coarse": "  the coarse source's",
        "shape_coarse": "pairs that differ in shape: the mixture has the coarse source's", "shape_fine": "  the fine source's",
        "z_colour": "colour read off z by a linear classifier (chance: 0.25)", "w_colour": "  off w", "z_shape": "shape read off z by a linear classifier",
        "w_shape": "  off w", "fid": "Fréchet distance to real pictures on a shape classifier's features"}


def probe(code: np.ndarray, labels: np.ndarray) -> float:
    """How often least squares on half of the codes (n, d) names the labels (n,) of the other half."""
    X, Y, half = np.column_stack([code, np.ones(len(code))]), np.eye(4)[labels], len(code) // 2
    weights = np.linalg.solve(X[:half].T @ X[:half] + 1e-3 * np.eye(X.shape[1]), X[:half].T @ Y[:half])
    return float(((X[half:] @ weights).argmax(1) == labels[half:]).mean())


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows for N pairs of pictures and their mixtures."""
    rng = np.random.default_rng(seed)
    a, b = gan.noise(N, rng), gan.noise(N, rng)
    coarse, fine, mixed = (backend.to_host(gan.mixed(*z, cut)) for z, cut in (((a, a), CUT), ((b, b), CUT), ((a, b), CUT)))
    of_coarse, of_fine, of_mixed = (seen(x, data.name) for x in (coarse, fine, mixed))
    result = {}
    for attribute in ("colour", "shape"):
        differ = of_coarse[attribute] != of_fine[attribute]
        for name, source in (("coarse", of_coarse), ("fine", of_fine)):
            result[f"{attribute}_{name}"] = float((of_mixed[attribute] == source[attribute])[differ].mean()) if differ.any() else 0.0
    z, w = backend.to_host(a), backend.to_host(gan.G_ema.network.map(a))
    for attribute in ("colour", "shape"):
        result[f"z_{attribute}"], result[f"w_{attribute}"] = probe(z, of_coarse[attribute]), probe(w, of_coarse[attribute])
    return result | {"fid": frechet_distance(features(coarse, data), features(data.images[:N], data))}


def features(images: np.ndarray, data) -> np.ndarray:
    """The 64 numbers before the shape classifier's last layer."""
    return judges(data.name)["shape"][:-1](images)


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """The distance between two halves of real pictures."""
    return {"real": {"fid": frechet_distance(features(data.images[N:2 * N], data), features(data.images[:N], data))}}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """A table of mixtures: the coarse style of the row's picture, the fine style of the column's."""
    panels = {"StyleGAN": mixtures(gan, seed)} | ({"without mixing in training": mixtures(baseline, seed)} if baseline is not None else {})
    plot.grids(path, panels, 9, (9, 9.6), "coarse style of the row's first picture, fine style of the column's")


def mixtures(gan, seed: int, k: int = 8) -> np.ndarray:
    """(k + 1)² pictures: an empty corner and the fine sources above, the coarse sources at the left, their mixtures."""
    rng = np.random.default_rng(seed)
    a, b = gan.noise(k, rng), gan.noise(k, rng)
    rows, columns = np.repeat(np.arange(k), k), np.tile(np.arange(k), k)
    coarse, fine, mixed = (backend.to_host(gan.mixed(*z, CUT)) for z in ((a, a), (b, b), (a[rows], b[columns])))
    table = [np.full_like(fine[:1], 1.0), fine]
    for i in range(k):
        table += [coarse[i:i + 1], mixed[i * k:(i + 1) * k]]
    return np.concatenate(table)


PROOF = Proof("when styles are mixed, colour follows the fine style and shape follows the coarse one", ROWS, measure, references, picture,
              baseline="stylegan-without-mixing", on=("shapes16",))
