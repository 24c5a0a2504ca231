"""`python -m gan_scratch.experiments.small_generator`: the generator whose arithmetic students write in exercise e03.

It trains a DCGAN on MNIST (32 numbers of noise, width 16, 4 000 steps, seed 0) and writes the averaged generator's weights to
gan_scratch/figures/small_generator.npz, in float16. Its batch norms are written as what they are at inference, y = x·scale + shift.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import figures
from gan_scratch.data import Batches, load
from gan_scratch.files import replacing
from gan_scratch.gans.dcgan import DCGAN
from gan_scratch.layers import BatchNorm, ConvTranspose2d, Dense
from gan_scratch.progress import progress

STEPS, Z_DIM = 4000, 32


def trained(steps: int = STEPS, seed: int = 0):
    """The averaged generator after so many steps of the DCGAN's recipe."""
    rng = np.random.default_rng(seed)
    images = load("mnist").images
    gan = DCGAN(images.shape[1:], z_dim=Z_DIM, rng=rng)
    for step, batch in zip(progress(range(steps), "training a small DCGAN"), Batches(images, 64, rng)):
        gan.opt_G.lr = gan.opt_D.lr = 2e-3 * min(1, 2 * (steps - step) / steps)
        gan.train_step(batch, rng)
    return gan.G_ema.network


def arrays(G) -> dict[str, np.ndarray]:
    """W0 (z_dim, 3·3·64), and for each level k = 1, 2, 3 scale, shift (C,), W (4, 4, C′, C), output_pad, and the last b (1,)."""
    found, level = {}, 0
    for layer in G:
        if isinstance(layer, Dense):
            found["W0"] = layer.W.value
        elif isinstance(layer, BatchNorm):
            level += 1
            scale = layer.gamma.value / np.sqrt(layer.running_var + layer.eps)
            found |= {f"scale{level}": scale, f"shift{level}": layer.beta.value - layer.running_mean * scale}
        elif isinstance(layer, ConvTranspose2d):
            found |= {f"W{level}": layer.W.value, f"output_pad{level}": np.array(layer.output_pad[0])}
            found |= {"b": layer.b.value} if layer.b is not None else {}
    return {name: a.astype(np.float16) if a.ndim else a for name, a in found.items()}


def main() -> None:
    file = figures.FOLDER / "small_generator.npz"
    with replacing(file) as temporary, open(temporary, "wb") as out:
        np.savez_compressed(out, **arrays(trained()))
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
