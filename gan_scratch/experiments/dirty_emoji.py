"""Emoji as somebody's script might have gathered them, with copies, damaged pictures and files of several types.

Exercise e05 cleans this collection and trains a small GAN on it, before and after.
"""
from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image

from gan_scratch.data import load
from gan_scratch.data.images import to_bytes, to_unit
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.layers import Dense, Flatten, LeakyReLU, ReLU, Reshape, Sequential, Tanh, init
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import Adam

FAULTS = {"copy": 60, "constant": 30, "cut off": 30, "not a number": 15, "out of range": 15}
COPIED = 40  # the angry face


def compressed(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Saved as a JPEG of quality 75."""
    file = io.BytesIO()
    Image.fromarray(to_bytes(x)).save(file, "JPEG", quality=75)
    return to_unit(np.asarray(Image.open(file))[None])[0]


def rescaled(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrunk to three quarters, and enlarged again."""
    h, w = x.shape[:2]
    small = Image.fromarray(to_bytes(x)).resize((3 * w // 4, 3 * h // 4), Image.Resampling.LANCZOS)
    return to_unit(np.asarray(small.resize((w, h), Image.Resampling.BICUBIC))[None])[0]


def noisy(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With noise of standard deviation 0.04."""
    return np.clip(x + rng.normal(0, 0.04, x.shape), -1, 1).astype(np.float32)


# What happens to a picture (H, W, C) in [−1, 1] on its way through the web: name -> function of it and of rng.
CHANGES = {"compressed": compressed, "rescaled": rescaled, "noisy": noisy,
           "darker": lambda x, rng: 0.8 * x - np.float32(0.15), "lighter": lambda x, rng: 0.8 * x + np.float32(0.15)}


@lru_cache
def originals() -> np.ndarray:
    """Faces in two styles of drawing of which no two are nearly alike: (143, 32, 32, 3), the first 67 of them Noto's."""
    emoji, chosen = load("emoji_faces"), []
    for images in (emoji.images, emoji.extra["twemoji"]):
        coarse = images.reshape(len(images), 4, 8, 4, 8, 3).mean(axis=(2, 4)).reshape(len(images), -1)
        kept: list[int] = []
        for i, x in enumerate(coarse):
            if all(np.sqrt(((x - coarse[j]) ** 2).mean()) > 0.12 for j in kept):
                kept.append(i)
        chosen.append(images[kept])
    return np.concatenate(chosen)


def album(rng: np.random.Generator, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures with near-duplicates: n faces in two styles, and two changed copies of each, in any order.

    Returns: images (3n, 32, 32, 3); original (3n,), equal for a face and its copies; change (3n,), what was done to each, a
        key of CHANGES or "none".
    """
    images, original, change = [], [], []
    for i in rng.choice(len(originals()), n, replace=False):
        x = originals()[i]
        names = rng.choice(list(CHANGES), 2, replace=False)
        images += [x, *(CHANGES[name](x, rng) for name in names)]
        original += [i] * 3
        change += ["none", *names]
    order = rng.permutation(len(images))
    return np.stack(images).astype(np.float32)[order], np.array(original)[order], np.array(change)[order]


def collection(seed: int = 0) -> tuple[list[np.ndarray], list[str], np.ndarray]:
    """The gathered pictures, what they show, and what is wrong with them.

    Returns: pictures: 404 arrays (32, 40, 3) or (40, 32, 3), a face in the middle of each, of the types uint8, uint16
        and float32; floats mean [0, 1]. names: of the 404 emoji, each drawn in two styles. faults: (404,) strings, a key of
        FAULTS or "none".
    """
    rng = np.random.default_rng(seed)
    emoji = load("emoji_faces")
    names = [*emoji.extra["names"], *emoji.extra["names"]]
    faces = [*emoji.images, *emoji.extra["twemoji"]]
    gathered = [(x, str(name), "none") for x, name in zip(faces, names)]
    changes = list(CHANGES.values())
    for fault, count in FAULTS.items():
        for k in range(count):
            i = COPIED if fault == "copy" else rng.integers(len(faces))
            x = changes[k % len(changes)](faces[i], rng) if fault == "copy" else damaged(faces[i], fault, rng)
            gathered.append((x, str(names[i]), fault))
    gathered = [gathered[i] for i in rng.permutation(len(gathered))]
    pictures = [stored(x, fault, rng) for x, _, fault in gathered]
    return pictures, [name for _, name, _ in gathered], np.array([fault for *_, fault in gathered])


def damaged(x: np.ndarray, fault: str, rng: np.random.Generator) -> np.ndarray:
    """A face (32, 32, 3) in [−1, 1] with one of FAULTS."""
    x = x.copy()
    if fault == "constant":
        x[...] = rng.uniform(-0.6, 0.6, 3)
    elif fault == "cut off":
        x[rng.integers(10, 16):] = 0
    elif fault == "not a number":
        x[rng.random(x.shape) < 0.02] = np.nan
    else:
        x = 1.5 * x + 1
    return x


def stored(x: np.ndarray, fault: str, rng: np.random.Generator) -> np.ndarray:
    """The picture between margins, lying or upright, as numbers of some type."""
    edge = "constant" if fault in ("none", "copy") else "edge"  # margins of a damaged picture are damaged, too
    wide = rng.random() < 0.5
    margins = ((0, 0), (4, 4), (0, 0)) if wide else ((4, 4), (0, 0), (0, 0))
    x = np.pad(x, margins, edge, **({"constant_values": 1} if edge == "constant" else {}))
    if fault in ("not a number", "out of range") or rng.random() < 0.2:
        return ((x + 1) / 2).astype(np.float32)
    top, dtype = (65535, np.uint16) if rng.random() < 0.25 else (255, np.uint8)
    return np.rint((x + 1) / 2 * top).astype(dtype)


def hurried(a: np.ndarray) -> np.ndarray:
    """How the script reads a picture: by its maximum, from the upper left corner, every second pixel; (16, 16, 3)."""
    x = np.nan_to_num(a.astype(np.float32))[:32:2, :32:2]
    return np.clip(2 * x / max(x.max(), 1e-9) - 1, -1, 1)


def apart(images: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """How far the pictures of each pair are apart, after all were given the same mean and the same spread.

    images: (N, H, W, C), pairs: (P, 2) indices. Returns (P,), root mean squares.
    """
    x = images.reshape(len(images), -1)
    x = x - x.mean(1, keepdims=True)
    x = x / np.sqrt((x**2).mean(1, keepdims=True))
    return np.sqrt(((x[pairs[:, 0]] - x[pairs[:, 1]]) ** 2).mean(1))


def small_gan(seed: int) -> GAN:
    """Two multilayer perceptrons, 32-256-256-768 and 768-256-256-1, for pictures (16, 16, 3)."""
    rng = np.random.default_rng(seed)
    last = {"rng": rng, "init": init.fan_in_uniform()}
    G = Sequential(*mlp((32, 256, 256), ReLU, norm=True, rng=rng), Dense(256, 768, **last), Tanh(), Reshape(16, 16, 3))
    D = Sequential(Flatten(), *mlp((768, 256, 256), LeakyReLU, dropout=0.3, rng=rng), Dense(256, 1, **last))
    loss = NonSaturating(real_label=0.9)
    return GAN(G, D, 32, opt_G=Adam(G.params, 1e-3), opt_D=Adam(D.params, 1e-3), loss=loss)
