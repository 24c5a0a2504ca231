"""Does G make the class that it is asked for? The frozen classifier of metrics/judge.py, which no GAN was trained with, says what it sees."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import plot
from gan_scratch.metrics import Judge
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.metrics.manifold import density_coverage, precision_recall
from gan_scratch.proofs.proof import Proof, draw

JUDGED = ("mnist14", "fashion14")
N = 2000  # images that are measured, evenly of all classes
PER_CLASS = {"accuracy": "share of the images in the class asked for, 0 to 1", "worst": "  of the class that is hit least",
             "fid": "Fréchet distance to real images on the judge's features", "recall": "recall (1000 images, k = 5)",
             "coverage": "coverage (1000 images, k = 5)"}


def scores(images: np.ndarray, asked: np.ndarray, data, judge: Judge) -> dict[str, float]:
    """What the judge says of images (n, H, W, 1) whose classes asked for are (n,)."""
    right = judge.logits(images).argmax(1) == asked
    real, fake = judge.features(data.images), judge.features(images)
    balls = precision_recall(real[:1000], fake[:1000]) | density_coverage(real[:1000], fake[:1000])
    return {"accuracy": float(right.mean()), "worst": float(min(right[asked == c].mean() for c in range(10))),
            "fid": frechet_distance(fake, real), "recall": balls["recall"], "coverage": balls["coverage"]}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N images."""
    return scores(draw(gan, N, seed), np.arange(N) % 10, data, Judge(data.name))


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """The scores of real test images, and of them with classes that belong to other images: a G that doesn't listen."""
    judge, asked = Judge(data.name), data.test_labels
    return {"real test": scores(data.test_images, asked, data, judge),
            "deaf": scores(data.test_images, np.random.default_rng(seed).permutation(asked), data, judge)}


def rows_by_class(path: Path, gan, baseline, data, seed: int) -> None:
    """One row for each class, ten images each: generated, of the baseline where there is one, and real."""
    order = np.arange(100).reshape(10, 10).T.ravel()  # classes come in turn; a row should hold one
    panels = {"generated": draw(gan, N, seed)[:100][order]}
    if baseline is not None:
        panels["baseline"] = draw(baseline, N, seed)[:100][order]
    panels["real"] = np.concatenate([data.images[data.labels == c][:10] for c in range(10)])
    plot.grids(path, panels, 10, (7.5, 8), "one row for each class asked for")


THRESHOLDS = (np.inf, 2.0, 1.5, 1.0, 0.7, 0.5, 0.3, 0.1)


def truncation(gan, data, seed: int, thresholds: tuple) -> list[dict[str, float]]:
    """For each threshold of the truncation trick: the scores, and within, the mean deviation of a pixel within a class."""
    judge, asked, curve = Judge(data.name), np.arange(N) % 10, []
    for threshold in thresholds:
        x = draw(gan, N, seed, threshold=threshold)
        within = float(np.mean([x[asked == c].std(0).mean() for c in range(10)]))
        curve.append({"threshold": threshold, "within": within, **scores(x, asked, data, judge)})
    return curve


def measure_truncation(gan, data, seed: int) -> dict[str, float]:
    """The scores without truncation, and accuracy, recall and variety with a threshold of 0.5."""
    whole, cut = truncation(gan, data, seed, (np.inf, 0.5))
    return {**{key: whole[key] for key in (*PER_CLASS, "within")}, **{f"{key}_cut": cut[key] for key in ("accuracy", "recall", "within", "fid")}}


def references_truncation(data, seed: int) -> dict[str, dict[str, float]]:
    """As `references`, with the deviation of real test images within a class."""
    columns = references(data, seed)
    columns["real test"]["within"] = float(np.mean([data.test_images[data.test_labels == c].std(0).mean() for c in range(10)]))
    return columns


def truncation_picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Digits at three thresholds, and the curve of quality against variety."""
    curve = truncation(gan, data, seed, THRESHOLDS)
    order = np.arange(100).reshape(10, 10).T.ravel()
    fig, axes = plot.figure(28, 7.5, 1, 4)
    for axis, threshold in zip(axes, (np.inf, 1.0, 0.3)):
        title = "z not truncated" if threshold == np.inf else f"|z| ≤ {threshold:g}"
        plot.show_grid(axis, draw(gan, N, seed, threshold=threshold)[:100][order], 10, title)
    recall, accuracy = ([point[key] for point in curve] for key in ("recall", "accuracy"))
    axes[3].plot(recall, accuracy, "o-", color=plot.BLUE, markersize=10)
    for point in curve:
        name = "all z" if point["threshold"] == np.inf else f"{point['threshold']:g}"
        axes[3].annotate(name, (point["recall"], point["accuracy"]), xytext=(8, -18), textcoords="offset points", fontsize=14)
    axes[3].set(xlabel="recall: variety", ylabel="in the class asked for: quality", title="truncation trades one for the other")
    plot.save(fig, path)


CLASS = Proof("G makes the class that it is asked for", PER_CLASS, measure, references, rows_by_class, on=JUDGED)
AGAINST_CGAN = Proof("D names the class, and G makes it", PER_CLASS, measure, references, rows_by_class, baseline="cgan", on=JUDGED)
TRUNCATION = Proof("G makes the class that it is asked for, and with a smaller z it does so more surely and with less variety", PER_CLASS | {
    "within": "deviation of a pixel within a class", "accuracy_cut": "with |z| ≤ 0.5: share in the class asked for",
    "recall_cut": "  recall", "within_cut": "  deviation of a pixel within a class", "fid_cut": "  Fréchet distance"},
    measure_truncation, references_truncation, truncation_picture, on=JUDGED)
