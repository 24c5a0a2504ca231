"""Several metrics at once, each beside what real data give in the generator's place: what `gan-scratch evaluate` prints.

What costs n² is computed on parts, whose sizes stand in the result. For images: does the generator copy, or repeat itself?
Pixels aren't used for precision and recall: between pixels a blurred mean image is near to everything and would look precise.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.data import Dataset, Mixture, SwissRoll
from gan_scratch.data.images import some
from gan_scratch.metrics.check import images
from gan_scratch.metrics.divergences import histograms, js
from gan_scratch.metrics.manifold import density_coverage, precision_recall
from gan_scratch.metrics.neighbours import birthday_test, nearest, pair_distances
from gan_scratch.metrics.transport import w1_matched

FEWEST = 20  # real images, below which nothing can be said about copies
W1_DRAWS = 3  # one draw of 300 points scatters by a fifth


def compare_points(samples: np.ndarray, source: Mixture | SwissRoll, rng: np.random.Generator) -> dict:
    """Generated points (n, d), d = 1 or 2, against fresh real ones.

    Returns: for "generated", and for "real", another fresh real sample in its place: w1 (the mean over W1_DRAWS pairs of
        `w1_n` points), js in nats and js_bits (histograms of n points, `bins` bins per axis, of which those at the edges are beyond
        all real points), precision, recall, density, coverage (of `balls_n` points, k = 5).
    """
    n = len(samples)
    real, again = source.sample(n, rng), source.sample(n, rng)
    w1_n, balls_n, bins = min(300, n // W1_DRAWS), min(1000, n), 50
    low, high = np.min([real.min(0), again.min(0)], 0), np.max([real.max(0), again.max(0)], 0)
    margin = (high - low) * 1.5 / (bins - 3)  # 1.5 bins on each side, so that no real point is in a bin at the edge
    p_g, p_again, p_real = histograms(samples, again, real, bins=bins, limits=list(zip(low - margin, high + margin)))
    result = {"w1_n": w1_n, "balls_n": balls_n, "bins": bins}
    for name, x, p in (("generated", samples, p_g), ("real", again, p_again)):
        distances = [w1_matched(x[i:i + w1_n], real[i:i + w1_n]) for i in range(0, W1_DRAWS * w1_n, w1_n)]
        result[name] = {"w1": float(np.mean(distances)), "js": js(p, p_real), "js_bits": js(p, p_real, base=2),
                        **precision_recall(real[:balls_n], x[:balls_n]), **density_coverage(real[:balls_n], x[:balls_n])}
    return result


def compare_images(samples: np.ndarray, data: Dataset) -> dict:
    """Generated images (n, H, W, C) against the training images, by distances of pixels. At least 20 real images are needed.

    Returns: n: how many generated, and how many real images are measured, at most 1000. For "generated" and "real":
        nearest: the median distance to the nearest training image. Real are test images, or where there are none, training images
            and their nearest others.
        pairs: how many pairs of n images are as near to each other as the nearest 20 pairs of real ones (20 there by construction), that
            is `duplicate`. support: n(n − 1)/(2 pairs), None without a pair: from as many equally likely pictures as many pairs would
            be expected. It depends on n and on what counts as near; only values of the same n can be compared.
    """
    samples = images(samples, "samples")
    unseen = data.test_images is not None
    real = some(data.test_images if unseen else data.images, min(1000, len(samples)))
    n = len(real)
    own = nearest(real, data.images, k=1 if unseen else 2)[0][:, -1]  # a training image is its own nearest one
    duplicate = float(np.sort(pair_distances(real))[19])  # the paper has a person look at the nearest 20 pairs
    result = {"n": n, "duplicate": duplicate}
    for name, x, distances in (("generated", samples[:n], nearest(samples[:n], data.images)[0]), ("real", real, own)):
        birthday = birthday_test(x, duplicate)
        result[name] = {"nearest": float(np.median(distances)), "pairs": birthday["pairs"],
                        "support": birthday["support"] if birthday["pairs"] else None}
    return result
