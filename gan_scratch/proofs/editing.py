"""Directions in z that change one attribute of a digit (InterFaceGAN: Shen et al. 2020, arXiv 1907.10786), and what else they change.

A normal found by least squares over N(0, I) is the mean gradient of its attribute (Stein's lemma): moving at right angles to it leaves the attribute's mean
where it is to first order. Of a single digit it may well change, in one direction here and in the other there; so both are measured.
"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.gans.cgan import in_turn
from gan_scratch.latent import edit, hyperplane, project_out, score_covariance, scores
from gan_scratch.metrics import Judge
from gan_scratch.proofs.attributes import NAMES, attributes
from gan_scratch.proofs.proof import Proof

FIT, N, AMOUNT = 4000, 500, 1.5
ROWS = {**{f"{name}_{what}{suffix}": text.format(name) for name in NAMES for suffix, along in (("", "its normal"), ("_projected", "the projected normal"))
           for what, text in (("own", "{} moved along " + along + ", −1.5 to 1.5, in deviations"), ("leak", "  the other two, on average over digits"),
                              ("each", "  the other two, of a single digit (mean size)"))},
        "random_own": "mean size of a shift along random directions, on average over digits", "random_each": "  of a single digit",
        "kept": "share of digits that stay what they are along the projected normals",
        "covariance": "gap between Cov(s) of drawn z and Λ NᵀN Λ (0 apart from the random draw)", "angle": "  largest off-diagonal entry of Λ NᵀN Λ"}


def images(gan, z: np.ndarray) -> np.ndarray:
    """G(z, all classes in turn) for z (n, 48)."""
    place = backend.of(gan.G.params[0].value)
    parts = np.array_split(np.arange(len(z)), -(-len(z) // 500))
    y = in_turn(len(z), gan.classes, z.astype(np.float32))
    return np.concatenate([backend.to_host(gan.G_ema.network((place.asarray(z[p].astype(np.float32)), place.asarray(y[p])))) for p in parts])


def normals(gan, seed: int) -> np.ndarray:
    """N (48, 3): the normal of each attribute's plane, from FIT drawn z. Each class's own mean is taken off: z doesn't decide the class."""
    z = np.random.default_rng(seed).standard_normal((FIT, gan.z_dim))
    found, c = attributes(images(gan, z)), np.arange(FIT) % gan.classes
    for k in range(gan.classes):
        found[c == k] -= found[c == k].mean(0)
    return np.stack([hyperplane(z, a) for a in found.T], axis=1)


def shifts(gan, z: np.ndarray, n: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """How far each attribute of each digit, (n, 3), moves from −AMOUNT to AMOUNT along n, in deviations of the samples."""
    ends = [attributes(images(gan, edit(z, n, sign * AMOUNT))) for sign in (-1, 1)]
    return (ends[1] - ends[0]) / unit


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows, over N new z."""
    N_, rng = normals(gan, seed), np.random.default_rng(seed + 1)
    z = rng.standard_normal((N, gan.z_dim))
    x, judge, result, kept = images(gan, z), Judge(data.name), {}, []
    unit, seen = attributes(x).std(0), judge.logits(x).argmax(1)
    for i, name in enumerate(NAMES):
        others = [N_[:, j] for j in range(3) if j != i]
        for suffix, n in (("", N_[:, i]), ("_projected", project_out(N_[:, i], *others))):
            moved = shifts(gan, z, n, unit)
            others_moved = np.delete(moved, i, axis=1)
            result[f"{name}_own{suffix}"] = float(moved[:, i].mean())
            result[f"{name}_leak{suffix}"] = float(np.abs(others_moved.mean(0)).max())
            result[f"{name}_each{suffix}"] = float(np.abs(others_moved).mean(0).max())
        kept += [(judge.logits(images(gan, edit(z, n, sign * AMOUNT))).argmax(1) == seen).mean() for sign in (-1, 1)]
    directions = rng.standard_normal((10, gan.z_dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    along = [shifts(gan, z, d, unit) for d in directions]
    s = scores(rng.standard_normal((20000, gan.z_dim)), N_)
    expected = score_covariance(N_)
    return result | {"kept": float(np.mean(kept)), "random_own": float(np.mean([np.abs(m.mean(0)) for m in along])),
                     "random_each": float(np.mean([np.abs(m) for m in along])),
                     "covariance": float(np.abs(np.cov(s.T) - expected).max()), "angle": float(np.abs(expected - np.diag(np.diag(expected))).max())}


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """None: what is to be compared stands in the rows, before and after the projection and along a random direction."""
    return {}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Digits along the normal of each attribute, and along the projected one."""
    N_ = normals(gan, seed)
    z = np.random.default_rng(seed + 1).standard_normal((10, gan.z_dim))
    fig, axes = plot.figure(21, 14.5, 2, 3)
    for i, name in enumerate(NAMES):
        others = [N_[:, j] for j in range(3) if j != i]
        for row, (title, n) in enumerate(((name, N_[:, i]), (f"{name}, the other two projected out", project_out(N_[:, i], *others)))):
            steps = [images(gan, edit(z, n, amount)) for amount in np.linspace(-2, 2, 9)]
            plot.show_grid(axes[row, i], np.stack(steps, 1).reshape(-1, *data.shape), 9, title)
    plot.save(fig, path)


PROOF = Proof("a normal moves its own attribute, and a projected normal leaves the others alone on average, though not on every single digit",
              ROWS, measure, references, picture, on=("mnist14", "fashion14"))
