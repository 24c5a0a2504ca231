"""Does the code show, and as what? Its numbers against attributes that can be measured, its class against what the frozen classifier sees."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.gans.infogan import K, NUMBERS, Z
from gan_scratch.metrics import Judge
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.proofs.attributes import NAMES, attributes
from gan_scratch.proofs.proof import Proof

N = 2000
ROWS = {"information": "the bound on I(class of the code; image), nats (log 10 = 2.30)",
        "digit": "images whose digit is the most frequent one of their code class", "explained": "share of an image's variance between the code's classes",
        "best": "largest |correlation| of a code's number with ink, slant or width", **{name: f"  with {name}" for name in NAMES},
        "moved": "largest shift of one of them along a number, in deviations of real digits",
        "fid": "Fréchet distance to real images on the judge's features"}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows over N images with codes that are known."""
    rng = np.random.default_rng(seed)
    _, c = gan.noise(N, rng)
    x, code = backend.to_host(gan.sample(N, rng, c)), backend.to_host(c)
    judge, classes = Judge(data.name), code[:, :K].argmax(1)
    correlation = np.abs(np.corrcoef(code[:, K:].T, attributes(x).T)[:2, 2:])  # (2 numbers, 3 attributes)
    walks = np.stack([attributes(walk(gan, j, seed)).reshape(10, 10, 3) for j in range(NUMBERS)])  # (number, z, step, attribute)
    moved = np.abs((walks[:, :, -1] - walks[:, :, 0]).mean(1) / attributes(data.images).std(0)).max()
    digits = judge.logits(x).argmax(1)
    table = np.zeros((K, 10))
    np.add.at(table, (classes, digits), 1)
    between = sum((classes == k).mean() * (x[classes == k].mean(0) - x.mean(0)) ** 2 for k in range(K))
    return {"information": gan.information(N, rng), "best": float(correlation.max()), **dict(zip(NAMES, map(float, correlation.max(0)))),
            "moved": float(moved),
            "explained": float(between.sum() / x.var(0).sum()), "digit": float(table.max(1).sum() / N),
            "fid": frechet_distance(judge.features(x), judge.features(data.images))}


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """By chance: the same measures of codes drawn after the images, with real ones in the generator's place."""
    rng, real = np.random.default_rng(seed), data.images[:N]
    correlation = np.abs(np.corrcoef(rng.uniform(-1, 1, (2, len(real))), attributes(real).T)[:2, 2:])
    table = np.zeros((K, 10))
    np.add.at(table, (rng.integers(K, size=len(real)), data.labels[:N]), 1)
    return {"chance": {"information": 0.0, "best": float(correlation.max()), **dict(zip(NAMES, map(float, correlation.max(0)))),
                       "digit": float(table.max(1).sum() / len(real))}}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """With and without the bound: a row for each class of the code, a column for each z; and rows along which only the first number changes."""
    panels = {}
    for name, model in {"with the bound": gan, "without": baseline}.items():
        if model is not None:
            panels |= {f"{name}: a row for each class": by_class(model, seed), f"{name}: a number from −1 to 1": walk(model, 0, seed)}
    plot.grids(path, panels, 10, (6.5, 7))


def by_class(gan, seed: int) -> np.ndarray:
    """100 images: ten rows, one for each class of the code, with the same ten z; the code's numbers are 0."""
    z = np.tile(np.random.default_rng(seed).standard_normal((10, Z), np.float32), (10, 1))
    return drawn(gan, z, np.concatenate([np.eye(K)[np.arange(10).repeat(10)], np.zeros((100, NUMBERS))], axis=1))


def drawn(gan, z: np.ndarray, c: np.ndarray) -> np.ndarray:
    """G(z, c) for z (n, 8) and codes c (n, 12) in host memory."""
    place = backend.of(gan.G.params[0].value)
    return backend.to_host(gan.G_ema.network((place.asarray(z), place.asarray(c.astype(np.float32)))))


def walk(gan, j: int, seed: int) -> np.ndarray:
    """100 images: ten rows with z and class fixed, ten values of the code's number j."""
    z = np.random.default_rng(seed).standard_normal((10, Z), np.float32).repeat(10, axis=0)
    c = np.concatenate([np.eye(K)[np.arange(10).repeat(10)], np.zeros((100, 2))], axis=1).astype(np.float32)
    c[:, K + j] = np.tile(np.linspace(-1, 1, 10), 10)
    return drawn(gan, z, c)


PROOF = Proof("without any labels, the classes of the code come to stand for digits", ROWS, measure, references, picture,
              baseline="infogan-without-information", on=("mnist14", "fashion14"))
