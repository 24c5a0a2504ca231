"""A pyramid of GANs beside one GAN: the distance to real pictures, and how a sample comes about band by band."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from gan_scratch import backend, plot
from gan_scratch.gans.lapgan import bands, drawn_at_inference, enlarged
from gan_scratch.metrics import Judge
from gan_scratch.proofs.proof import Proof, draw
from gan_scratch.proofs.quality import PART, ROWS, scores

N = 1000  # as many as there are test pictures: the distance depends on how many are measured
DETAIL = "with test pictures of 7×7 and generated details: Fréchet distance"


def features(images: np.ndarray, data) -> np.ndarray:
    return Judge(data.name).features(images)


def measure(gan, data, seed: int) -> dict[str, float]:
    """The scores of N pictures; of a pyramid also the distance of its details on coarse test pictures."""
    place = backend.of(gan.G.params[0].value)
    real = features(data.images, data)
    result = scores(features(draw(gan, N, seed, PART), data), real)
    if hasattr(gan.G, "at7"):
        I7 = place.asarray(bands(data.test_images[:N])[2])
        _, z14, z28 = gan.noise(len(I7), np.random.default_rng(seed))
        G = gan.G_ema.network
        x, _ = drawn_at_inference(G.at28, z28, enlarged(drawn_at_inference(G.at14, z14, enlarged(I7))[0]))
        result["detail"] = scores(features(backend.to_host(x), data), real)["fid"]
    return result


def references(data, seed: int) -> dict[str, dict[str, float]]:
    """Real test pictures, and pictures of 7×7 with nothing but enlargement: the pyramid without its bands."""
    real = features(data.images, data)
    _, _, I7 = bands(data.test_images[:N])
    return {"real test": scores(features(data.test_images[:N], data), real), "7×7 enlarged": scores(features(enlarged(enlarged(I7)), data), real)}


def picture(path: Path, gan, baseline, data, seed: int) -> None:
    """Samples of both and real ones; and for eight samples the coarse picture, and each band with what it makes of it."""
    panels = {"pyramid": draw(gan, 250, seed, PART)[:64]} | ({"one net": draw(baseline, 250, seed, PART)[:64]} if baseline is not None else {})
    panels["real"] = data.images[np.random.default_rng(seed).permutation(len(data.images))[:64]]
    fig, axes = plot.figure(6.5 * (len(panels) + 1), 7, 1, len(panels) + 1)
    for axis, (title, images) in zip(axes, panels.items()):
        plot.show_grid(axis, images, 8, title)
    z7, z14, z28 = gan.noise(8, np.random.default_rng(seed))
    G = gan.G_ema.network
    I7 = G.at7((z7,))
    I14, h14 = drawn_at_inference(G.at14, z14, enlarged(I7))
    x, h28 = drawn_at_inference(G.at28, z28, enlarged(I14))
    columns = [enlarged(enlarged(I7)), enlarged(h14), enlarged(I14), h28, x]
    plot.show_grid(axes[-1], np.stack(list(map(backend.to_host, columns)), 1).reshape(-1, 28, 28, x.shape[-1]), 5, "7×7, band, 14×14, band, 28×28")
    plot.save(fig, path)


PROOF = Proof("more clothes are like real ones (precision, coverage) if they are drawn from coarse to fine than if they are drawn at once in the same time",
              ROWS | {"detail": DETAIL}, measure, references, picture,
              baseline="lapgan-single-scale", share=1.5, on=("mnist", "fashion_mnist"))
