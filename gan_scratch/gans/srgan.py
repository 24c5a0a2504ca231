"""SRGAN: Ledig et al. 2017, arXiv 1609.04802. Four times the size: what is missing isn't averaged but made up, plausibly.

    first    l_MSE = mean (x − G(a))²                                                       (eq. 4): the best PSNR, and blurred
    then     l = w l_MSE + w_φ mean (φ(x) − φ(G(a)))² + w_D softplus(−D(G(a)))               (eq. 3, 5, 6)

φ are the features of a network that was trained to name pictures, here two convolutions of the frozen digit classifier (metrics/judge.py), as the paper takes VGG:
what has the same features may differ in pixels. G learns residuals: batch-normed blocks with shortcuts, and pixel shuffle, which makes 2×2 pixels
of four channels; what it draws is added to the bilinear enlargement.

Departures: 7×7 to 28×28 in grey; three residual blocks instead of 16; φ has seen digits only; l_MSE stays, with a small weight.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.backend import Array
from gan_scratch.data.pairs import held_out, smaller
from gan_scratch.gans.blocks import residual
from gan_scratch.gans.clock import Clock
from gan_scratch.gans.pix2pix import Translator
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, Dense, Flatten, Layer, LeakyReLU, PixelShuffle, ReLU, Sequential
from gan_scratch.losses import NonSaturating, l2
from gan_scratch.metrics import Judge
from gan_scratch.optim import EMA, Adam

W_MSE, W_FEATURES, W_D = 0.3, 0.5, 0.03


class SRGAN(Translator):
    """A network that enlarges grey images four times, and a critic of what it makes.

    Args:
        shape: (S, S, 1), S a multiple of 4. input_shape: (S/4, S/4, 1).
        first: steps with l_MSE alone.

    Raises ValueError for other shapes.
    """

    def __init__(self, shape: tuple, input_shape: tuple, *, first: float = 500, rng=None, device: str = "cpu"):
        if shape[2] != 1 or tuple(4 * s for s in input_shape[:2]) != tuple(shape[:2]):
            raise ValueError(f"SRGAN is made here for grey images and enlarges them four times, not {tuple(input_shape)} to {tuple(shape)}")
        rng = np.random.default_rng(rng)
        self.G, self.D, self.clock = Enlarger(input_shape[:2], rng).to(device), discriminator(shape, rng).to(device), Clock()
        self.features = [Judge("mnist").network[:4].to(device)]  # frozen: in a list it isn't one of the networks that are trained
        self.loss, self.first = NonSaturating(), first
        self.opt_G, self.opt_D = (Adam(net.params, 1e-3, (0.5, 0.99)) for net in (self.G, self.D))
        self.G_ema = EMA(self.G, 0.99)

    @classmethod
    def mse_only(cls, shape: tuple, input_shape: tuple, *, rng=None, device: str = "cpu") -> "SRGAN":
        """l_MSE to the end: what it is compared with."""
        return cls(shape, input_shape, first=np.inf, rng=rng, device=device)

    @property
    def last_phase(self) -> float:
        """The step at which D and the features come in."""
        return 0 if self.first == np.inf else self.first

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step on images x (m, S, S, 1) and a (m, S/4, S/4, 1), the same at a quarter of the size."""
        x, a = batch
        G, D, loss = self.G, self.D, self.loss
        adversarial = self.clock.t >= self.first
        self.clock.t += 1

        x_fake, tape_G = G.forward(a)
        mse, dx_fake = l2(x_fake, x)
        values = {"d_loss": mse * 0, "g_loss": mse * 0, "features": mse * 0}
        if adversarial:
            l_real, tape_real = D.forward(x)
            l_fake, tape_fake = D.forward(x_fake)
            values["d_loss"], dl_real, dl_fake = loss.discriminator(l_real, l_fake)
            D.backward(dl_real, tape_real, inputs=False)
            D.backward(dl_fake, tape_fake, inputs=False)
            self.opt_D.step()

            l, tape_D = D.forward(x_fake)
            g_loss, dl = loss.generator(l)
            phi, = self.features
            seen, tape_phi = phi.forward(x_fake, train=False)
            content, dseen = l2(seen, phi(x))
            dx_fake = (W_MSE * dx_fake + W_FEATURES * phi.backward(dseen, tape_phi, weights=False)
                       + W_D * D.backward(dl, tape_D, weights=False))
            mse, values["g_loss"], values["features"] = W_MSE * mse, W_D * g_loss, W_FEATURES * content
        G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return values | {"mse": mse}


class Enlarger(Layer):
    """a (N, h, w, 1) -> (N, 4h, 4w, 1): the bilinear enlargement and what the network adds to it."""

    def __init__(self, size: tuple, rng: np.random.Generator):
        self.rows, self.columns = (bilinear(s) for s in size)
        self.draw = Sequential(
            Conv2d(1, 32, 3, 1, rng=rng), ReLU(), *(residual(32, rng) for _ in range(3)),
            Conv2d(32, 128, 3, 1, rng=rng), PixelShuffle(2), ReLU(), Conv2d(32, 64, 3, 1, rng=rng), PixelShuffle(2), ReLU(), Conv2d(16, 1, 3, 1, rng=rng))

    buffers = ("rows", "columns")

    def forward(self, a, train=True):
        detail, tape = self.draw.forward(a, train)
        return (self.rows @ a[..., 0] @ self.columns.T)[..., None] + detail, tape

    def backward(self, dy, ctx, weights=True, inputs=True):
        da = self.draw.backward(dy, ctx, weights, inputs)
        return da + (self.rows.T @ dy[..., 0] @ self.columns)[..., None] if inputs else None


def bilinear(size: int) -> np.ndarray:
    """The matrix (4 size, size) that enlarges a row four times: weights fall linearly with the distance, edges are repeated."""
    at = np.clip((np.arange(4 * size) + 0.5) / 4 - 0.5, 0, size - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(size))).astype(np.float32)


def discriminator(shape: tuple, rng: np.random.Generator) -> Sequential:
    """image (N, S, S, 1) -> logit (N, 1)."""
    places = shape[0] // 4 * (shape[1] // 4)
    return Sequential(Conv2d(1, 24, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2), Conv2d(48, 48, 3, 1, rng=rng), LeakyReLU(0.2),
                      Flatten(), Dense(places * 48, 1, rng=rng))


PAPER = "Ledig et al. 2017, arXiv 1609.04802"
MAKE = dict(data="fashion_mnist", steps=1500, batch=32, decay=0.5, conditions=smaller, inputs=lambda data: smaller(held_out(data))[0])
RECIPE = Recipe(SRGAN, "four times the size: pixel shuffle, features and a D instead of squared errors", PAPER, **MAKE)
MSE_ONLY = Recipe(SRGAN.mse_only, "what srgan is compared with: squared errors alone", PAPER, **MAKE)
