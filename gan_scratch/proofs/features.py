"""Has D learned what pictures are made of? A linear classifier on its features, beside pixels and the features of an untrained D.

(Radford, Metz & Chintala 2016, arXiv 1511.06434, section 5.1: all convolutional layers, max-pooled to 4×4, and a linear classifier.)
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.gans import dcgan
from gan_scratch.layers import Conv2d
from gan_scratch.proofs.proof import Proof

LABELS = (100, 1000, 5000)
ROWS = {f"labels_{n}": f"test accuracy of ridge regression with {n} labels" for n in LABELS}


def pooled(D, images: np.ndarray) -> np.ndarray:
    """(N, features): what follows each convolution of D, at inference, each map's largest values on a grid of 4×4."""
    place = backend.of(D.params[0].value)
    rows = []
    for part in np.array_split(images, -(-len(images) // 500)):
        x, maps = place.asarray(part), []
        for layer, after in zip(D.layers, D.layers[1:]):
            x = layer(x)
            if isinstance(after, Conv2d) or x.ndim == 4 and type(after).__name__ == "Flatten":
                maps.append(backend.to_host(on_grid(x)))
        rows.append(np.concatenate(maps, axis=1))
    return np.concatenate(rows)


def on_grid(x: np.ndarray, cells: int = 4) -> np.ndarray:
    """The maximum of each of 4×4 cells of maps (N, H, W, C), (N, 16 C); smaller maps as they are."""
    xp = backend.of(x).xp
    rows, columns = (np.linspace(0, size, min(cells, size) + 1).round().astype(int) for size in x.shape[1:3])
    return xp.concatenate([x[:, top:bottom, left:right].max((1, 2)) for top, bottom in zip(rows, rows[1:]) for left, right in zip(columns, columns[1:])], axis=1)


def ridge(train: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray) -> float:
    """Test accuracy of ridge regression to ±1; its strength is chosen on a fifth of the labels."""
    mean, std = train.mean(0), train.std(0) + 1e-6
    train, test = (train - mean) / std, (test - mean) / std
    targets, held = 2 * np.eye(10)[labels] - 1, len(train) // 5
    def fitted(X, Y, strength):  # in the dual where there are fewer rows than features
        gram = X @ X.T if len(X) < X.shape[1] else X.T @ X
        solve = np.linalg.solve(gram + strength * np.eye(len(gram)), Y - Y.mean(0) if len(X) < X.shape[1] else X.T @ (Y - Y.mean(0)))
        return (X.T @ solve if len(X) < X.shape[1] else solve), Y.mean(0)
    def accuracy(weights, X, y):
        W, b = weights
        return float(((X @ W + b).argmax(1) == y).mean())
    strengths = [accuracy(fitted(train[held:], targets[held:], s), train[:held], labels[:held]) for s in STRENGTHS]
    return accuracy(fitted(train, targets, STRENGTHS[int(np.argmax(strengths))]), test, test_labels)


STRENGTHS = (10.0, 100.0, 1000.0, 10000.0)


def scores(train: np.ndarray, test: np.ndarray, data) -> dict[str, float]:
    """The rows for features (5000, d) and (1000, d) of a Dataset's images."""
    order = np.random.default_rng(0).permutation(len(train))
    return {f"labels_{n}": ridge(train[order[:n]].astype(np.float64), data.labels[order[:n]], test.astype(np.float64), data.test_labels) for n in LABELS}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows for the features of the GAN's D."""
    return scores(pooled(gan.D, data.images), pooled(gan.D, data.test_images), data)


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Pixels, and the features of a D that was never trained."""
    D = dcgan.DCGAN(data.shape, rng=seed).D
    flat = lambda x: x.reshape(len(x), -1)  # noqa: E731
    return {"pixels": scores(flat(data.images), flat(data.test_images), data),
            "untrained D": scores(pooled(D, data.images), pooled(D, data.test_images), data)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Test accuracy over the number of labels."""
    columns = {"trained D": measure(gan, data, seed)} | references(data, seed)
    fig, axis = plot.figure(9, 6.5)
    for (title, numbers), colour in zip(columns.items(), (plot.ORANGE, plot.GREY, plot.BLUE)):
        axis.plot(LABELS, [numbers[f"labels_{n}"] for n in LABELS], "o-", color=colour, lw=3, markersize=10, label=title)
    axis.set(xscale="log", xlabel="labelled images", ylabel="test accuracy", xticks=LABELS, xticklabels=LABELS)
    axis.set_title("a linear classifier on D's features", fontsize=plot.TITLE)
    axis.legend()
    plot.save(fig, path)


PROOF = Proof("what D learned without labels helps a classifier that has few labels", ROWS, measure, references, picture, on=("mnist", "fashion_mnist"))
