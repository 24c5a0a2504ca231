"""What an autoencoder trades: it has a bound of log p(x), and it blurs. Beside a GAN with the same number of steps."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import plot
from gan_scratch.metrics import Judge
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.metrics.manifold import density_coverage, precision_recall
from gan_scratch.proofs.proof import Proof, draw

N = 2000
ROWS = {"minus_elbo": "−ELBO of test images, nats per image", "sharpness": "gradient energy relative to real images",
        "grey": "share of pixels between −0.5 and 0.5", "fid": "Fréchet distance to real images on the judge's features",
        "precision": "precision (1000 images, k = 5)", "recall": "recall (1000 images, k = 5)", "coverage": "coverage (1000 images, k = 5)"}


def gradient_energy(images: np.ndarray) -> float:
    """The mean square of the differences of neighbouring pixels of images (n, H, W, C)."""
    return float(np.mean(np.diff(images, axis=1) ** 2) + np.mean(np.diff(images, axis=2) ** 2))


def scores(images: np.ndarray, data) -> dict[str, float]:
    """All rows but the first, for images (n, 28, 28, 1)."""
    judge = Judge(data.name)
    real, fake = judge.features(data.images), judge.features(images)
    balls = precision_recall(real[:1000], fake[:1000]) | density_coverage(real[:1000], fake[:1000])
    return {"sharpness": gradient_energy(images) / gradient_energy(data.images), "grey": float((np.abs(images) < 0.5).mean()),
            "fid": frechet_distance(fake, real), **{name: balls[name] for name in ("precision", "recall", "coverage")}}


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N images, and −ELBO where there is one."""
    elbo = {"minus_elbo": gan.minus_elbo(data.test_images, seed)} if hasattr(gan, "minus_elbo") else {}
    return elbo | scores(draw(gan, N, seed), data)


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real test images."""
    return {"real test": scores(data.test_images, data)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Images of the VAE, of the GAN, and real ones."""
    panels = {"variational autoencoder": draw(gan, N, seed)}
    if baseline is not None:
        panels["GAN"] = draw(baseline, N, seed)
    panels["real"] = data.images[np.random.default_rng(seed).permutation(len(data.images))]
    real = gradient_energy(data.images)
    plot.grids(path, {f"{title}: gradient energy {gradient_energy(images[:N]) / real:.2f} of real": images[:100] for title, images in panels.items()}, 10, (7.5, 8))


PROOF = Proof("the autoencoder has a bound on log p(x), and it blurs what the GAN draws sharply", ROWS, measure, references, picture, baseline="dcgan",
              on=("mnist", "fashion_mnist"))
