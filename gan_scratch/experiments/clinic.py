"""Ten trainings for lecture 07's clinic: a healthy one, and nine that were spoilt on purpose (and two for its section 3).

    python -m gan_scratch.experiments.clinic

trains each with three seeds on MNIST at half its size, prints how they end, and writes gan_scratch/figures/clinic.npz: the curves, 64
samples, and of the healthy ones the FID on the way. All runs have the networks, the data and the steps of the healthy one, except for what
RUNS says. Ten minutes.
"""
from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gan_scratch import figures
from gan_scratch.data import Batches, load
from gan_scratch.data.images import to_bytes
from gan_scratch.files import replacing
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.layers import Dense, Flatten, LeakyReLU, ReLU, Reshape, Sequential, Tanh, init
from gan_scratch.layers.activation import sigmoid
from gan_scratch.losses import Minimax, NonSaturating
from gan_scratch.metrics import frechet_distance
from gan_scratch.metrics.judge import Judge
from gan_scratch.optim import SGD, Adam
from gan_scratch.progress import progress

STEPS, BATCH, SEEDS, EVERY = 1500, 64, 3, 10
SHAPE = (14, 14, 1)
KEYS = ("d_loss", "g_loss", "d_real", "d_fake")
LOOKS = (20, 50, 100, 200, 400, 800, 1500)


def healthy(seed: int, cls: type = GAN, *, loss=None, lr_G: float = 1e-3, lr_D: float = 1e-3, beta1: float = 0.5, norm_G: bool = True,
            norm_D: bool = False, dropout: float = 0.3) -> GAN:
    """G 64-256-256-196 with batch norm and ReLU, D 196-256-256-1 with LeakyReLU and dropout, Adam(1e-3, 0.5), the non-saturating loss."""
    rng, last = np.random.default_rng(seed), {"init": init.fan_in_uniform()}
    G = Sequential(*mlp((64, 256, 256), ReLU, norm=norm_G, rng=rng), Dense(256, 196, rng=rng, **last), Tanh(), Reshape(*SHAPE))
    D = Sequential(Flatten(), *mlp((196, 256, 256), LeakyReLU, norm=norm_D, dropout=dropout, rng=rng), Dense(256, 1, rng=rng, **last))
    opt_G, opt_D = Adam(G.params, lr_G, (beta1, 0.999)), Adam(D.params, lr_D, (beta1, 0.999))
    return cls(G, D, 64, loss=loss, opt_G=opt_G, opt_D=opt_D)


class ForgottenWeights(GAN):
    """G's step leaves its gradients in D, and D's next step goes along with them."""

    def generator_gradient(self, x_fake, x):
        l, tape_D = self.D.forward(x_fake)
        g_loss, dl = self.loss.generator(l)
        return g_loss, self.D.backward(dl, tape_D)  # weights=False is missing


class DoubleSigmoid(NonSaturating):
    """D ends with a sigmoid, and its probabilities are taken for logits once more."""

    def discriminator(self, real_logits, fake_logits):
        p_real, p_fake = sigmoid(real_logits), sigmoid(fake_logits)
        loss, dp_real, dp_fake = super().discriminator(p_real, p_fake)
        return loss, dp_real * p_real * (1 - p_real), dp_fake * p_fake * (1 - p_fake)

    def generator(self, fake_logits):
        p = sigmoid(fake_logits)
        loss, dp = super().generator(p)
        return loss, dp * p * (1 - p)


class UnitRange(GAN):
    """It is shown the data in [0, 1], and what it draws is brought back to [−1, 1]."""

    def train_step(self, batch, rng):
        return super().train_step((batch + 1) / 2, rng)

    def sample(self, n, rng):
        return np.clip(2 * super().sample(n, rng) - 1, -1, 1)


class Mixed(GAN):
    """D, with batch norm, sees real and generated samples in one batch when it learns, and generated ones alone when G learns."""

    def step_D(self, x, rng):
        x_fake = self.G.forward(self.noise(len(x), rng))[0]
        l, tape = self.D.forward(np.concatenate([x, x_fake]))
        l_real, l_fake = l[:len(x)], l[len(x):]
        d_loss, *dl = self.loss.discriminator(l_real, l_fake)
        self.D.backward(np.concatenate(dl), tape, inputs=False)
        self.opt_D.step()
        return {"d_loss": d_loss, **self.loss.outputs(l_real, l_fake)}


def behind(seed: int, loss, adam: bool = False, steps: int = 200) -> GAN:
    """A GAN whose D has learned alone for so many steps, and whose G learns with plain SGD: Adam divides by how small a gradient is."""
    gan, rng = healthy(seed, loss=loss, dropout=0), np.random.default_rng(seed)
    gan.opt_G = gan.opt_G if adam else SGD(gan.G.params, 0.1)
    for _, x in zip(range(steps), Batches(load("mnist14").images, BATCH, rng)):
        gan.step_D(x, rng)
    return gan


# name -> seed -> GAN
RUNS: dict[str, Callable] = {
    "healthy": healthy,
    "D wins": lambda seed: healthy(seed, lr_G=1e-5, dropout=0),
    "collapse": lambda seed: healthy(seed, lr_G=2e-3, lr_D=1e-4, norm_G=False, dropout=0),
    "oscillation": lambda seed: healthy(seed, lr_G=3e-4, lr_D=3e-4, beta1=0.9, norm_G=False, dropout=0),
    "learning rate too high": lambda seed: healthy(seed, lr_G=5e-2, lr_D=5e-2),
    "saturated minimax": lambda seed: behind(seed, Minimax()),
    "the same start, non-saturating": lambda seed: behind(seed, NonSaturating()),
    "the same start, minimax with Adam": lambda seed: behind(seed, Minimax(), adam=True),
    "weights=False forgotten": lambda seed: healthy(seed, ForgottenWeights),
    "double sigmoid": lambda seed: healthy(seed, loss=DoubleSigmoid()),
    "data in [0, 1]": lambda seed: healthy(seed, UnitRange),
    "batch norm over mixed batches": lambda seed: healthy(seed, Mixed, norm_D=True),
}


def train(name: str, seed: int, steps: int = STEPS, looks: tuple = ()) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """One of RUNS.

    Args:
        looks: steps after which the FID of 2 000 samples is computed.

    Returns: d_loss, g_loss, d_real, d_fake, each (steps/10,), means of ten steps, and fid (len(looks),); 64 samples (64, 14, 14, 1).
    """
    gan, images = RUNS[name](seed), load("mnist14").images
    rng, rows, scores = np.random.default_rng(seed), [], []
    with np.errstate(over="ignore", invalid="ignore"):
        for k, x in zip(range(1, steps + 1), Batches(images, BATCH, seed)):
            step = gan.train_step(x, rng)
            rows.append([float(step[key]) for key in KEYS])
            scores += [fid(gan.sample(2000, 1))] if k in looks else []
        samples = gan.sample(64, 1)
    curves = np.array(rows).reshape(-1, EVERY, len(KEYS)).mean(1).T
    return dict(zip(KEYS, curves)) | {"fid": np.array(scores)}, samples


def fid(images: np.ndarray) -> float:
    """Fréchet distance between the judge's features of these images (N, 14, 14, 1) and those of all training images (lecture 12)."""
    judge = Judge("mnist14")
    return frechet_distance(judge.features(images), judge.features(load("mnist14").images))


def main() -> None:
    kept = {"looks": np.array(LOOKS)}
    for name in progress(list(RUNS), f"training {SEEDS} GANs for each"):
        for seed in range(SEEDS):
            curves, samples = train(name, seed, looks=LOOKS if name == "healthy" else ())
            kept |= {f"{name}/{seed}/{key}": curve.astype(np.float32) for key, curve in curves.items() if len(curve)}
            kept[f"{name}/{seed}/samples"] = to_bytes(np.nan_to_num(samples))
            print(f"{name}, seed {seed}: " + ", ".join(f"{key} {curves[key][-30:].mean():.3g}" for key in KEYS), flush=True)
    file = figures.FOLDER / "clinic.npz"
    with replacing(file) as temporary, open(temporary, "wb") as out:
        np.savez_compressed(out, **kept)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
