"""Do the two discs of a picture belong together? Each colour is as frequent in either corner, so only who compares the corners can know."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import plot
from gan_scratch.data.shapes import COLOURS, RGB
from gan_scratch.proofs.proof import Proof, draw

N = 2000
ROWS = {"right": "share of pictures whose second colour follows the first", "information": "mutual information of the two colours, nats (log 4 = 1.39)",
        "colours": "colours that at least 5 % of the pictures begin with", "purity": "distance of a disc's colour from the nearest of the four"}


def colours(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The colour (n,) of the upper left and of the lower right disc, and the mean distance from the colours that are meant."""
    found, distances = [], []
    for corner in (images[:, :8, :8], images[:, 8:, 8:]):
        lit = (corner.max(-1) > 0)[..., None]  # a disc is brighter than the middle grey, the background is black
        mean = (corner * lit).sum((1, 2)) / np.maximum(lit.sum((1, 2)), 1)  # (n, 3)
        distance = np.linalg.norm(mean[:, None] - RGB, axis=-1)  # (n, 4)
        found.append(distance.argmin(1))
        distances.append(distance.min(1).mean())
    return found[0], found[1], float(np.mean(distances))


def mutual_information(a: np.ndarray, b: np.ndarray, k: int = 4) -> float:
    """Σ p(a, b) log p(a, b)/(p(a) p(b)) of two labels 0 … k − 1, in nats."""
    joint = np.zeros((k, k))
    np.add.at(joint, (a, b), 1 / len(a))
    apart = joint.sum(1, keepdims=True) * joint.sum(0)
    return float((joint[joint > 0] * np.log(joint[joint > 0] / apart[joint > 0])).sum())


def scores(images: np.ndarray) -> dict[str, float]:
    """The rows for images (n, 16, 16, 3)."""
    first, second, purity = colours(images)
    return {"right": float(((first + 1) % 4 == second).mean()), "information": mutual_information(first, second),
            "colours": int((np.bincount(first, minlength=4) >= 0.05 * len(first)).sum()), "purity": purity}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N generated pictures."""
    return scores(draw(gan, N, seed))


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real pictures, and pictures put together from halves of different ones: the same discs without the relation."""
    real = data.images[:N]
    mixed = real.copy()
    mixed[:, 8:] = real[np.random.default_rng(seed).permutation(len(real)), 8:]
    return {"real": scores(real), "halves mixed": scores(mixed)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Pictures of both and real ones, and how often each pair of colours occurs."""
    panels = {"with attention": draw(gan, N, seed)}
    if baseline is not None:
        panels["without"] = draw(baseline, N, seed)
    panels["real"] = data.images[:N]
    fig, axes = plot.figure(7 * len(panels), 13, 2, len(panels))
    for (above, below), (title, images) in zip(axes.T, panels.items()):
        plot.show_grid(above, images[:64], 8, title)
        first, second, _ = colours(images)
        joint = np.zeros((4, 4))
        np.add.at(joint, (first, second), 1 / len(first))
        below.imshow(joint, cmap="Blues", vmin=0, vmax=0.3)
        for i, j in np.ndindex(4, 4):
            below.text(j, i, f"{joint[i, j]:.0%}", ha="center", va="center", fontsize=14)
        below.set(xticks=range(4), yticks=range(4), xticklabels=COLOURS, yticklabels=COLOURS, xlabel="lower right", ylabel="upper left")
        below.set_title(f"{((first + 1) % 4 == second).mean():.0%} follow the rule", fontsize=plot.TITLE)
    plot.save(fig, path)


PROOF = Proof("with attention, D sees that two distant discs belong together, and G learns it", ROWS, measure, references, picture,
              baseline="sagan-without-attention", on=("discs",))
