"""Does a picture show what its caption says, also where that combination of words was never shown?"""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.data.shapes import caption
from gan_scratch.layers import Upsample
from gan_scratch.proofs.captions import ATTRIBUTES, seen
from gan_scratch.proofs.proof import Proof

EACH = 25  # pictures of each caption
ROWS = {"seen": "captions of the training part: all three words right", "unseen": "held-out pairs of colour and shape: all three right",
        "unseen_shape": "  of which the shape", "small": "the same for stage I, enlarged: seen captions", "small_unseen": "  held-out pairs",
        "within": "deviation of a pixel within a caption", "share": "  share of it that ε makes, with the other noise fixed"}


def every(captions: np.ndarray) -> np.ndarray:
    """Each caption that occurs, EACH times, (n, 10)."""
    return np.unique(captions, axis=0).repeat(EACH, axis=0)


def right(images: np.ndarray, t: np.ndarray) -> dict[str, np.ndarray]:
    """For pictures (n, 32, 32, 3) whether each attribute is the caption's, and all of them."""
    found = seen(images, "shapes")
    result = {name: found[name] == t[:, part].argmax(1) for name, part in ATTRIBUTES.items()}
    return result | {"all": np.all(list(result.values()), axis=0)}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The rows for EACH pictures of every caption, seen and held out."""
    result = {}
    for name, t in (("seen", every(data.extra["captions"])), ("unseen", every(data.extra["test_captions"]))):
        like = backend.of(gan.G.params[0].value).asarray(t)
        x, small = (backend.to_host(gan.sample(len(t), seed, like, stage)) for stage in (2, 1))
        result[name] = float(right(x, t)["all"].mean())
        result["small" if name == "seen" else "small_unseen"] = float(right(Upsample(4)(small), t)["all"].mean())
        if name == "seen":
            result["within"] = float(x.reshape(-1, EACH, *x.shape[1:]).std(1).mean())
            result["share"] = by_augmentation(gan, t, seed) / max(result["within"], 1e-9)
        else:
            result["unseen_shape"] = float(right(x, t)["shape"].mean())
    return result


def by_augmentation(gan, t: np.ndarray, seed: int) -> float:
    """The deviation of a pixel within a caption when z is fixed and only ε is drawn."""
    z, eps1, eps2 = gan.noise(len(t), np.random.default_rng(seed))
    z, t = z[:1].repeat(len(t), axis=0), backend.of(z).asarray(t)
    x = backend.to_host(gan.second_ema.network((gan.first_ema.network((z, eps1, t)), eps2, t)))
    return float(x.reshape(-1, EACH, *x.shape[1:]).std(1).mean())


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real pictures, on which the classifiers were trained; and with other pictures' captions."""
    rng = np.random.default_rng(seed)
    of_seen, of_unseen = (data.images, data.extra["captions"]), (data.test_images, data.extra["test_captions"])
    columns = {}
    for name, shuffle in (("real", lambda t: t), ("deaf", rng.permutation)):
        columns[name] = {"seen": float(right(of_seen[0], shuffle(of_seen[1]))["all"].mean()),
                         "unseen": float(right(of_unseen[0], shuffle(of_unseen[1]))["all"].mean())}
    labels = data.labels
    columns["real"]["within"] = float(np.mean([data.images[labels == k].std(0).mean() for k in np.unique(labels)]))
    return columns


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Eight captions of the training part and the eight held out: stage I, and three pictures of stage II each."""
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(np.unique(data.extra["captions"], axis=0))[:8], np.unique(data.extra["test_captions"], axis=0)]
    fig, axes = plot.figure(16, 13, 4, 4)
    for axis, t in zip(axes.flat, np.concatenate(chosen)):
        rows = t[None].repeat(3, axis=0)
        small, x = (backend.to_host(gan.sample(3, seed, rows, stage)) for stage in (1, 2))
        plot.show_grid(axis, np.concatenate([Upsample(4)(small), x]), 3, caption(t))
    fig.suptitle("stage I above, stage II below; the lower two rows are combinations that were never shown", fontsize=plot.TITLE)
    plot.save(fig, path)


PROOF = Proof("pictures show what their captions say, even for unseen combinations, and augmentation makes them differ", ROWS, measure, references, picture,
              baseline="stackgan-without-augmentation", on=("captions",))
