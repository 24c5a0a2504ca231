"""A frozen judge: a small digit (or clothes) classifier that was trained with this library, and whose features FID uses.

    python -m gan_scratch.metrics.judge mnist fashion_mnist

trains the two weights files that are shipped, prints their accuracy on the test part and their SHA-256. Values of different
judges, or for different n, can't be compared. The judge has seen the training images, so their features are more extreme
than those of unseen ones: real test images are far from real training images for it (the "test part" floor).
"""
from __future__ import annotations

import hashlib
import sys
import warnings
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gan_scratch.data import Batches, load
from gan_scratch.data.images import open_npz
from gan_scratch.data.load import HALVED
from gan_scratch.files import replacing
from gan_scratch.layers import Conv2d, Dense, Dropout, Flatten, ReLU, Sequential, init
from gan_scratch.losses import softmax_cross_entropy
from gan_scratch.metrics import check
from gan_scratch.metrics.classifier import am_score, inception_score, softmax
from gan_scratch.metrics.frechet import frechet_at_infinity, frechet_distance
from gan_scratch.metrics.kernel import kernel_distance
from gan_scratch.metrics.manifold import density_coverage, precision_recall
from gan_scratch.optim import Adam

HERE = Path(__file__).parent
SHA256 = {"mnist": "940e6cca2a69dc4adb34d0a88cc63954f974824f6476f3a92d6d224369c3460b",
          "fashion_mnist": "422a5d7f957fbc030fdf1867e234123bef5f7f7c46dd2d3fa8ad6faa39f8b8fd"}

JUDGED = (*SHA256, *HALVED)


def network(rng=0) -> Sequential:
    """(N, 28, 28, 1) -> logits (N, 10); the features are the 64 numbers before the last layer."""
    make = dict(rng=np.random.default_rng(rng), init=init.fan_in_uniform())
    return Sequential(Conv2d(1, 16, **make), ReLU(), Conv2d(16, 32, **make), ReLU(), Flatten(), Dropout(0.3, rng=make["rng"]),
                      Dense(1568, 64, **make), ReLU(), Dense(64, 10, **make))


class Judge:
    """The frozen classifier for "mnist" or "fashion_mnist", or for their images of half the size, which it sees with each pixel doubled.

    Raises ValueError when there is none for the data, or when its weights file is damaged.
    """

    def __init__(self, name: str):
        if name not in JUDGED:
            raise ValueError(f"there is a judge for {', '.join(JUDGED[:-1])} and {JUDGED[-1]}, not for {name!r}")
        weights = HALVED.get(name, name)
        path = HERE / f"judge_{weights}.npz"
        arrays = open_npz(path)
        if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[weights]:
            raise ValueError(f"{path}: the checksum differs from the published one, the file is damaged; install the package again")
        self.name, self.network = name, network()
        self.network.load_state(arrays)

    def features(self, images: np.ndarray) -> np.ndarray:
        """(N, 28, 28, 1) or (N, 14, 14, 1) in [−1, 1] -> (N, 64). Raises ValueError for another shape, type or
        range."""
        images = check.images(images, "the judge's images")
        if images.shape[1:] not in ((28, 28, 1), (14, 14, 1)):
            raise ValueError(f"the judge sees images (N, 28, 28, 1) or (N, 14, 14, 1), got {images.shape}")
        if images.min() >= 0:
            warnings.warn(f"the judge's images have no value below 0 ({images.min():.3g} to {images.max():.3g}); if "
                          "they mean [0, 1], rescale them with 2 * x - 1", stacklevel=2)
        if images.shape[1] == 14:
            images = images.repeat(2, axis=1).repeat(2, axis=2)
        return np.concatenate([self.network[:-1](part) for part in np.array_split(images, max(1, len(images) // 500))])

    def logits(self, images: np.ndarray) -> np.ndarray:
        """(N, 28, 28, 1) in [−1, 1] -> (N, 10)."""
        return self.network[-1](self.features(images))

    def report(self, images: np.ndarray, rng=0) -> dict:
        """Distances and scores of images (n, 28, 28, 1), beside floors, a ceiling and the values of the real test part.

        Returns:
            fid, fid_test: of all images against the training and the test part. n, n_train, n_test: how many images.
            fid_half: of the first n/2 images against the training part. fid_limit: extrapolated to n → ∞ (from n = 1024 on).
            floor_halves: one half of the training part against the other. floor_test: training against test part.
            noise: as many pictures of independent uniform pixels against the training part.
            classes: how many classes the judge sees in at least 2 % of the images. class_kl: Σ q log(q K) of their shares, in nats.
            confidence: the mean of the largest class probability.
            scores: for "generated" and for "test", the real test part: kid and kid_error (20 subsets, to the training part),
                inception_score (the Mode Score is equal to it), am_score in nats, and, to as many training images, precision,
                recall, density, coverage (k = 5). scores_n: the number of images of each kind, at most 1000.
        """
        rng, data = np.random.default_rng(rng), load(self.name)
        train, test, fake = (self.features(x) for x in (data.images, data.test_images, images))
        order = rng.permutation(len(train))
        half = len(train) // 2
        noise = self.features(rng.uniform(-1, 1, images.shape).astype(np.float32))
        p = softmax(self.network[-1](fake))
        q = np.bincount(p.argmax(1), minlength=10) / len(p)
        n = min(1000, len(fake), len(test))
        prior = np.bincount(data.labels, minlength=10) / len(data.labels)
        result = {"fid": frechet_distance(fake, train), "fid_test": frechet_distance(fake, test),
                  "fid_half": frechet_distance(fake[:len(fake) // 2], train),
                  "floor_halves": frechet_distance(train[order[:half]], train[order[half:]]),
                  "floor_test": frechet_distance(train, test), "noise": frechet_distance(noise, train),
                  "classes": int((q >= 0.02).sum()), "class_kl": float((q[q > 0] * np.log(10 * q[q > 0])).sum()),
                  "confidence": float(p.max(1).mean()), "n": len(images), "n_train": len(train), "n_test": len(test), "scores_n": n,
                  "scores": {"generated": self._scores(fake[:n], train[order], prior),
                             "test": self._scores(test[:n], train[order], prior)}}
        if len(fake) >= 1024:  # the smallest part has n/4: 4 d of 64 features
            result["fid_limit"] = frechet_at_infinity(fake, train, rng)["limit"]
        return result

    def _scores(self, features: np.ndarray, train: np.ndarray, prior: np.ndarray) -> dict[str, float]:
        n = len(features)
        p = softmax(self.network[-1](features))
        kid, error = kernel_distance(features, train, subsets=20, size=n // 2)
        return {"kid": kid, "kid_error": error, "inception_score": inception_score(p)[0], "am_score": am_score(p, prior),
                **precision_recall(train[:n], features), **density_coverage(train[:n], features)}


def train(name: str, epochs: int = 10, seed: int = 1) -> Sequential:
    """Train the judge: Adam 2e-3 falling to 2 % of that, batch 64, ten rounds through the training part."""
    data = load(name)
    net = network(seed)
    optimizer = Adam(net.params, 2e-3, betas=(0.9, 0.999))
    order = Batches(np.arange(len(data.images)), 64, seed)
    steps = epochs * len(data.images) // 64
    for step in tqdm(range(steps), desc=f"judge of {name}"):
        optimizer.lr = 2e-3 * (1 - 0.98 * step / steps)
        rows = next(order)
        logits, tape = net.forward(data.images[rows])
        net.backward(softmax_cross_entropy(logits, data.labels[rows])[1], tape, inputs=False)
        optimizer.step()
    return net


def main(names: list[str]) -> None:
    for name in names:
        net, path = train(name), HERE / f"judge_{name}.npz"
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **net.state())
        data = load(name)
        accuracy = (net(data.test_images).argmax(1) == data.test_labels).mean()
        print(f"{path.name}: test accuracy {accuracy:.3f}, {path.stat().st_size // 1000} kB, SHA-256 "
              f"{hashlib.sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main(sys.argv[1:] or list(SHA256))
