"""Are the solids of the kind asked for, whole, near to true ones and different from one another? Overlap: intersection over union."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from gan_scratch import backend, plot
from gan_scratch.data.voxels import KINDS, voxels
from gan_scratch.proofs.proof import Proof

N = 600
ROWS = {"accuracy": "share whose nearest training piece is of the kind asked for", "nearest": "median overlap with the nearest training piece (IoU)",
        "pairs": "mean overlap of two pieces of one kind (noise has less than real ones)",
        "coverage": "share of the training pieces that a sample overlaps by 0.8", "whole": "share of a piece's voxels in its largest part",
        "mirror": "share of a piece's voxels whose mirror image is missing", "weights": "numbers that G learns"}


def overlap(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union, (n, m) in [0, 1], of solids (n, 16, 16, 16, 1) and (m, …); a voxel is inside above 0."""
    a, b = ((x.reshape(len(x), -1) > 0).astype(np.float32) for x in (a, b))
    both = a @ b.T
    return both / np.maximum(a.sum(1)[:, None] + b.sum(1) - both, 1)


def scores(volumes: np.ndarray, asked: np.ndarray, data) -> dict[str, float]:
    """The rows for solids (n, 16, 16, 16, 1) that should be of the kinds asked (n,)."""
    distinct, rows = np.unique(data.images, axis=0, return_index=True)
    to_training, kinds = overlap(volumes, distinct), data.labels[rows]
    nearest = to_training.max(1)
    inside = volumes[..., 0] > 0
    pairs = [o[np.triu_indices(len(o), 1)].mean() for o in (overlap(part, part) for part in (volumes[asked == k] for k in range(len(KINDS))))]
    return {"accuracy": float((kinds[to_training.argmax(1)] == asked).mean()), "nearest": float(np.median(nearest)),
            "pairs": float(np.mean(pairs)), "coverage": float((to_training.max(0) >= 0.8).mean()), "whole": float(np.mean([largest_part(v) for v in inside])),
            "mirror": float((inside & ~inside[..., ::-1]).sum() / max(1, inside.sum()))}


def largest_part(inside: np.ndarray) -> float:
    """The share of the voxels (16, 16, 16) that lie in the largest connected part."""
    parts, count = ndimage.label(inside)
    return float(np.bincount(parts[inside]).max() / inside.sum()) if count else 0.0


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N solids of all kinds in turn."""
    return scores(backend.to_host(gan.sample(N, seed)), np.arange(N) % len(KINDS), data) | {"weights": sum(p.value.size for p in gan.G.params)}


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Pieces drawn anew, and solids whose voxels are drawn one by one, each as often inside as in the training pieces of its kind."""
    new, rng, asked = voxels(N, seed=seed + 1), np.random.default_rng(seed), np.arange(N) % len(KINDS)
    shares = np.stack([(data.images[data.labels == k] > 0).mean(0) for k in range(len(KINDS))])
    alone = np.where(rng.random((N, *data.shape)) < shares[asked], 1, -1).astype(np.float32)
    return {"real": scores(new.images, new.labels, data), "voxels alone": scores(alone, asked, data)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Solids of each kind: of the convolutional G, of the dense one, and real ones."""
    order = np.arange(48).reshape(16, 3).T.ravel()
    panels = {"3-D convolutions": backend.to_host(gan.sample(N, seed))[:48][order]}
    if baseline is not None:
        panels["dense layers"] = backend.to_host(baseline.sample(N, seed))[:48][order]
    panels["real"] = np.concatenate([data.images[data.labels == k][:16] for k in range(3)])
    plot.grids(path, panels, 6, (7, 9), "chairs, tables, pedestals")


PROOF = Proof("3-D convolutions make solids of the kind that is asked for, with a twelfth of the weights of a dense G",
              ROWS, measure, references, picture, baseline="3d-gan-dense", on=("voxels",))
