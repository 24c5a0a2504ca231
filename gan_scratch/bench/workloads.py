"""What is timed: whole steps of GANs, and single layers. Each is built anew for a device, from seed 0."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np

from gan_scratch.backend import Array
from gan_scratch.gans import DCGAN, GAN, WGANGP
from gan_scratch.layers import (
    BatchNorm, Conv2d, Conv3d, ConvTranspose2d, ConvTranspose3d, Dense, Flatten, Layer, LeakyReLU, ReLU, Reshape, Sequential, Tanh)
from gan_scratch.optim import Adam


@dataclass(frozen=True)
class Workload:
    """One step of a GAN on a batch.

    Attributes:
        title: for the table. build: device -> GAN. shape: of a batch. critic_only: time step_D alone.
    """

    title: str
    build: Callable[[str], GAN]
    shape: tuple
    critic_only: bool = False

    def batch(self, size: int | None = None) -> np.ndarray:
        """Numbers from U(−1, 1); `size` samples instead of the workload's own number."""
        return np.random.default_rng(0).uniform(-1, 1, (size or self.shape[0], *self.shape[1:])).astype(np.float32)

    def step(self, gan: GAN, x: Array) -> Callable[[], object]:
        """The call that is timed."""
        rng = np.random.default_rng(0)
        return lambda: gan.step_D(x, rng) if self.critic_only else gan.train_step(x, rng)


def volumes(device: str) -> GAN:
    """A GAN of 16³ volumes with convolutions in three directions; the networks of gans/gan3d.py without classes and spectral norm, twice as wide."""
    rng = np.random.default_rng(0)
    G = Sequential(Dense(100, 4**3 * 64, bias=False, rng=rng), Reshape(4, 4, 4, 64), BatchNorm(64), ReLU(),
                   ConvTranspose3d(64, 32, bias=False, rng=rng), BatchNorm(32), ReLU(), ConvTranspose3d(32, 1, rng=rng), Tanh()).to(device)
    D = Sequential(Conv3d(1, 32, rng=rng), LeakyReLU(0.2), Conv3d(32, 64, bias=False, rng=rng), BatchNorm(64), LeakyReLU(0.2),
                   Flatten(), Dense(4**3 * 64, 1, rng=rng)).to(device)
    return GAN(G, D, 100, opt_G=Adam(G.params), opt_D=Adam(D.params))


WORKLOADS = {
    "ring": Workload("MLP 2-128-128-128-2 on a ring, batch 256", lambda device: GAN.plane(rng=0, device=device), (256, 2)),
    "mlp": Workload("MLP 100-500-500-784, batch 128", lambda device: GAN.small(rng=0, device=device), (128, 28, 28, 1)),
    "mlp-large": Workload("MLP 100-256-512-1024-784, batch 128", lambda device: GAN.large(rng=0, device=device), (128, 28, 28, 1)),
    "dcgan": Workload("DCGAN 28×28, width 16, batch 64", lambda device: DCGAN(rng=0, device=device), (64, 28, 28, 1)),
    "dcgan-wide": Workload("DCGAN 28×28, width 64, batch 64", lambda device: DCGAN(width=64, rng=0, device=device), (64, 28, 28, 1)),
    "dcgan-64": Workload("DCGAN 64×64×3, width 64, batch 32", lambda device: DCGAN((64, 64, 3), width=64, rng=0, device=device), (32, 64, 64, 3)),
    "3d": Workload("3-D GAN 16³, width 32, batch 32", volumes, (32, 16, 16, 16, 1)),
    "wgan-gp": Workload("WGAN-GP 28×28, a critic's step, batch 64", lambda device: WGANGP.images(rng=0, device=device), (64, 28, 28, 1), critic_only=True),
}

LAYERS: dict[str, tuple[Callable[[], Layer], tuple]] = {
    "Dense(784, 1024)": (lambda: Dense(784, 1024, rng=0), (128, 784)),
    "Conv2d(1, 64), 28×28": (lambda: Conv2d(1, 64, rng=0), (64, 28, 28, 1)),
    "Conv2d(64, 128), 14×14": (lambda: Conv2d(64, 128, rng=0), (64, 14, 14, 64)),
    "Conv2d(64, 128), 32×32": (lambda: Conv2d(64, 128, rng=0), (32, 32, 32, 64)),
    "Conv2d(64, 64, kernel 3, stride 1), 16×16": (lambda: Conv2d(64, 64, 3, 1, 1, rng=0), (32, 16, 16, 64)),
    "ConvTranspose2d(128, 64), 16×16": (lambda: ConvTranspose2d(128, 64, rng=0), (32, 16, 16, 128)),
    "ConvTranspose2d(64, 3), 32×32": (lambda: ConvTranspose2d(64, 3, rng=0), (32, 32, 32, 64)),
    "Conv3d(32, 64), 8³": (lambda: Conv3d(32, 64, rng=0), (32, 8, 8, 8, 32)),
    "BatchNorm(64), 32×32": (lambda: BatchNorm(64), (32, 32, 32, 64)),
    "LeakyReLU, 32×32×64": (lambda: LeakyReLU(0.2), (32, 32, 32, 64)),
}
