"""Pictures made of pictures, held out from the training: near to the true ones, and as sharp? A mean of what is possible is near, and dull."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from gan_scratch import backend, plot
from gan_scratch.data.pairs import held_out, holes, partners, smaller
from gan_scratch.metrics import Judge
from gan_scratch.metrics.frechet import frechet_distance
from gan_scratch.proofs.blur import gradient_energy
from gan_scratch.proofs.proof import Proof


def made(gan, a: np.ndarray) -> np.ndarray:
    """What G makes of inputs (n, …), in host memory."""
    place = backend.of(gan.G.params[0].value)
    return np.concatenate([backend.to_host(gan.sample(len(part), 0, place.asarray(part))) for part in np.array_split(a, -(-len(a) // 100))])


def nearest_other(distances: np.ndarray, data) -> np.ndarray:
    """The nearest training picture of each test picture, by distances (n, N); where there is no test part, of each training picture another one."""
    if data.test_images is None:
        np.fill_diagonal(distances, np.inf)
    return distances.argmin(1)


def psnr(x: np.ndarray, true: np.ndarray, where: np.ndarray | float = 1.0) -> float:
    """10 log₁₀(2²/mean (x − true)²) in dB for values in [−1, 1], the mean over the places where `where` is 1; at most 100."""
    where = np.broadcast_to(where, true.shape)
    return float(10 * np.log10(4 / max(4e-10, (where * (x - true) ** 2).sum() / where.sum())))


def similarity(x: np.ndarray, true: np.ndarray, window: int = 7) -> float:
    """The structural similarity of pictures (n, H, W, C), in [−1, 1] (Wang et al. 2004, eq. 13), with means over windows of 7×7, for
    brightness 0 … 1: C₁ = 0.01², C₂ = 0.03²."""
    x, true = ((t.astype(np.float64) + 1) / 2 for t in (x, true))

    def mean(t):
        sums = np.pad(t.cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0), (0, 0)))
        return (sums[:, window:, window:] - sums[:, :-window, window:] - sums[:, window:, :-window] + sums[:, :-window, :-window]) / window**2

    mx, mt = mean(x), mean(true)
    vx, vt, cov = mean(x * x) - mx**2, mean(true * true) - mt**2, mean(x * true) - mx * mt
    c1, c2 = 0.01**2, 0.03**2
    return float(((2 * mx * mt + c1) * (2 * cov + c2) / ((mx**2 + mt**2 + c1) * (vx + vt + c2))).mean())


def panels(path: Path, columns: dict[str, np.ndarray], each: int, suptitle: str = "") -> None:
    """Pictures of one row side by side: input, what was made of it, the truth; `each` rows in each of two panels."""
    shown = {title: images for title, images in columns.items() if images is not None}
    fig, axes = plot.figure(3.6 * len(shown), 1.8 * each + 1.6, 1, 2)
    for k, axis in enumerate(axes):
        rows = slice(k * each, (k + 1) * each)
        stacked = np.stack([images[rows] for images in shown.values()], 1)
        plot.show_grid(axis, stacked.reshape(-1, *stacked.shape[2:]), len(shown), " | ".join(shown))
    if suptitle:
        fig.suptitle(suptitle, fontsize=plot.TITLE)
    plot.save(fig, path)


def as_colours(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Pictures (n, H, W, C′) with as many channels and pixels as `like` (n, H, W, C): to stand beside it."""
    scale = like.shape[1] // x.shape[1]
    return x[..., :1].repeat(like.shape[-1], axis=-1).repeat(scale, axis=1).repeat(scale, axis=2) if x.shape != like.shape else x


# --- outlines -> faces ----------------------------------------------------------------------------------------------------

FACES = {"l1": "mean |difference| from the true face, held out", "ssim": "structural similarity to it", "sharpness": "gradient energy relative to real faces"}


def face_scores(x: np.ndarray, true: np.ndarray) -> dict[str, float]:
    return {"l1": float(np.abs(x - true).mean()), "ssim": similarity(x, true), "sharpness": gradient_energy(x) / gradient_energy(true)}


def measure_faces(gan, data, seed: int) -> dict[str, float]:
    """The rows for what G makes of held-out inputs."""
    test = held_out(data)
    return face_scores(made(gan, partners(test)[0]), test.images)


def references_faces(data, seed: int) -> dict[str, dict[str, float]]:
    """The mean training face, and for each input the training face whose input is nearest."""
    test, (train_a,), (a,) = held_out(data), partners(data), partners(held_out(data))
    nearest = nearest_other(((a[:, None].reshape(len(a), 1, -1) - train_a.reshape(1, len(train_a), -1)) ** 2).sum(-1), data)
    mean = np.broadcast_to(data.images.mean(0), test.images.shape)
    return {"mean face": face_scores(mean, test.images), "nearest face": face_scores(data.images[nearest], test.images)}


def picture_faces(path: Path, gan, baseline, data, seed: int) -> None:
    """Held-out inputs, what both make of them, the truth."""
    test, (a,) = held_out(data), partners(held_out(data))
    panels(path, {"input": as_colours(a, test.images), "pix2pix": made(gan, a), "L1 alone": None if baseline is None else made(baseline, a),
                  "true": test.images}, 8, "held-out faces")


PIX2PIX = Proof("the adversarial term makes pictures as sharp as real ones, where L1 alone draws medians",
                FACES, measure_faces, references_faces, picture_faces,
                baseline="pix2pix-l1")

# --- holes ----------------------------------------------------------------------------------------------------------------

HOLES = {"psnr": "peak signal-to-noise ratio in the hole, dB, held out", "l1": "mean |difference| in the hole",
         "sharpness": "gradient energy of the filled picture relative to real ones"}


def filled(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """The picture a (n, H, W, C + 1) with x (n, H, W, C) in its hole."""
    return np.where(a[..., -1:] > 0, x, a[..., :-1])


def hole_scores(x: np.ndarray, a: np.ndarray, true: np.ndarray) -> dict[str, float]:
    hole = (a[..., -1:] > 0).astype(np.float64)
    whole = filled(x, a)
    return {"psnr": psnr(x, true, hole), "l1": float((hole * np.abs(x - true)).sum() / np.broadcast_to(hole, true.shape).sum()),
            "sharpness": gradient_energy(whole) / gradient_energy(true)}


def measure_holes(gan, data, seed: int) -> dict[str, float]:
    """The rows for held-out pictures."""
    test = held_out(data)
    a, = holes(test)
    return hole_scores(made(gan, a), a, test.images)


def references_holes(data, seed: int) -> dict[str, dict[str, float]]:
    """The hole filled with the mean of each picture's rest; with the mean training picture; with the training picture that is nearest in the rest."""
    test = held_out(data)
    a, = holes(test)
    rest = (a[..., -1:] < 0).astype(np.float32)
    means = np.broadcast_to((rest * test.images).sum((1, 2), keepdims=True) / rest.sum((1, 2), keepdims=True), test.images.shape)
    flat, masks, train = (t.reshape(len(t), -1) for t in (rest * test.images, np.broadcast_to(rest, test.images.shape), data.images))
    nearest = nearest_other(masks @ (train * train).T - 2 * flat @ train.T, data)
    return {"mean fill": hole_scores(means, a, test.images), "mean picture": hole_scores(np.broadcast_to(data.images.mean(0), test.images.shape), a, test.images),
            "nearest picture": hole_scores(data.images[nearest], a, test.images)}


def picture_holes(path: Path, gan, baseline, data, seed: int) -> None:
    """Held-out pictures with a hole, filled by both, and whole."""
    test = held_out(data)
    a, = (t[:24] for t in holes(test))
    hidden = filled(np.ones_like(test.images[:24]), a)
    panels(path, {"input": hidden, "pix2pix": filled(made(gan, a), a), "L1 alone": None if baseline is None else filled(made(baseline, a), a),
                  "true": test.images[:24]}, 8, "held-out pictures")


INPAINTING = Proof("what is in the hole follows from what is around it",
                   HOLES, measure_holes, references_holes, picture_holes, baseline="inpainting-l1")

# --- four times the size ----------------------------------------------------------------------------------------------------

SIZES = {"psnr": "peak signal-to-noise ratio, dB, held out (higher: nearer in pixels)", "sharpness": "gradient energy relative to real images",
         "feature": "root mean square distance on the clothes classifier's features", "fid": "Fréchet distance on them"}


def size_scores(x: np.ndarray, true: np.ndarray, data) -> dict[str, float]:
    result = {"psnr": psnr(x, true), "sharpness": gradient_energy(x) / gradient_energy(true)}
    if data.name in ("mnist", "fashion_mnist"):
        judge = Judge(data.name)  # not the network whose features SRGAN was trained with
        fx, ft = judge.features(x), judge.features(true)
        result |= {"feature": float(np.sqrt(((fx - ft) ** 2).mean())), "fid": frechet_distance(fx, ft)}
    return result


def measure_sizes(gan, data, seed: int) -> dict[str, float]:
    """The rows for held-out images."""
    test = held_out(data)
    return size_scores(np.clip(made(gan, smaller(test)[0]), -1, 1), test.images, data)


def bicubic(a: np.ndarray) -> np.ndarray:
    """Images (n, h, w, 1) enlarged four times by Pillow's bicubic filter."""
    size = (4 * a.shape[2], 4 * a.shape[1])
    return np.stack([np.asarray(Image.fromarray(image[..., 0]).resize(size, Image.Resampling.BICUBIC)) for image in a])[..., None]


def references_sizes(data, seed: int) -> dict[str, dict[str, float]]:
    """Bicubic enlargement."""
    test = held_out(data)
    return {"bicubic": size_scores(bicubic(smaller(test)[0]), test.images, data)}


def picture_sizes(path: Path, gan, baseline, data, seed: int) -> None:
    """Held-out images small, enlarged by a filter and by both, and true."""
    test = held_out(data)
    a, = (t[:20] for t in smaller(test))
    panels(path, {"7×7": as_colours(a, test.images[:20]), "bicubic": bicubic(a), "squared error": None if baseline is None else made(baseline, a),
                  "SRGAN": made(gan, a), "true": test.images[:20]}, 10, "held-out images")


SRGAN = Proof("the loss on features and D give up accuracy in pixels for texture, so that the PSNR is lower, but the pictures are sharper and nearer in distribution",
              SIZES, measure_sizes, references_sizes, picture_sizes, baseline="srgan-mse")

# --- two styles -------------------------------------------------------------------------------------------------------------

STYLES = {"there": "mean |difference| of G(a) from the true partner, never shown as a pair", "back": "  of F(b)",
          "retrieval": "G(a) is nearest to its true partner among all",
          "cycle": "mean |F(G(a)) − a|"}


def style_scores(to_b: np.ndarray, to_a: np.ndarray, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    gaps = np.abs(to_b.reshape(len(b), 1, -1) - b.reshape(1, len(b), -1)).mean(-1)
    return {"there": float(np.abs(to_b - b).mean()), "back": float(np.abs(to_a - a).mean()), "retrieval": float((gaps.argmin(1) == np.arange(len(b))).mean())}


def measure_styles(gan, data, seed: int) -> dict[str, float]:
    """The rows for all faces of both styles."""
    test = held_out(data)
    a, b = partners(test)[0], test.images
    to_b = made(gan, a)
    return style_scores(to_b, backend.to_host(gan.back(b)), a, b) | {"cycle": float(np.abs(backend.to_host(gan.back(to_b)) - a).mean())}


def references_styles(data, seed: int) -> dict[str, dict[str, float]]:
    """Nothing changed; and each colour channel shifted to the other style's mean."""
    test = held_out(data)
    a, b = partners(test)[0], test.images
    shift = b.mean((0, 1, 2)) - a.mean((0, 1, 2))
    return {"unchanged": style_scores(a, b, a, b), "mean shifted": style_scores(a + shift, b - shift, a, b)}


def picture_styles(path: Path, gan, baseline, data, seed: int) -> None:
    """Faces of A, what becomes of them in B with and without the cycle, their true partners, and back again."""
    test = held_out(data)
    rows = np.random.default_rng(seed).permutation(len(test.images))[:20]
    a, b = partners(test)[0][rows], test.images[rows]
    to_b = made(gan, a)
    panels(path, {"A": a, "G(A)": to_b, "neither loss": None if baseline is None else made(baseline, a), "true B": b,
                  "F(G(A))": backend.to_host(gan.back(to_b))}, 10)


CYCLE = Proof("the cycle loss and the identity loss turn a face into its own partner, without any pairs", STYLES, measure_styles, references_styles, picture_styles,
              baseline="cyclegan-without-either", on=("noto2twemoji",))
IDENTITY = Proof("the identity loss alone keeps much of a face in its place, and the cycle does the rest",
                 STYLES, measure_styles, references_styles, picture_styles,
                 on=("noto2twemoji",))
