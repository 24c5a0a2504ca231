"""Auxiliary classifier GAN: Odena, Olah & Shlens 2017, arXiv 1610.09585. D isn't told the class, it has to name it.

With the source S, real or fake, and the class C as two heads of D,

    L_S = E log P(S = real | x) + E log P(S = fake | G(z, y))                              (eq. 2)
    L_C = E log P(C = y | x) + E log P(C = y | G(z, y))                                    (eq. 3)

D maximises L_S + L_C and G maximises L_C − L_S: both want the class to be seen. Departures: L_S of G in its non-saturating form, the networks of
gans/cgan.py, so that the two can be compared. L_C rewards fakes that are easy to classify, not fakes that vary as real ones do.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import require_size
from gan_scratch.gans.cgan import CGAN, generator
from gan_scratch.gans.recipe import Recipe, labels
from gan_scratch.layers import Conv2d, Dense, Flatten, LeakyReLU, Sequential
from gan_scratch.losses import softmax_cross_entropy
from gan_scratch.optim import Adam


class ACGAN(CGAN):
    """An auxiliary-classifier GAN for images of 14×14.

    Args:
        shape: (14, 14, C). classes: (K,), the shape of a one-hot row.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (14, 14, 1), classes: tuple = (10,), *, rng=None, device: str = "cpu"):
        require_size(shape, 14, "mnist14 and fashion14 have it")
        rng, (K,) = np.random.default_rng(rng), classes
        G, D = generator(shape[2], 32 + K, rng).to(device), discriminator(shape[2], K, rng).to(device)
        opt_G, opt_D = (Adam(net.params, 1e-3, (0.5, 0.99)) for net in (G, D))
        super().__init__(G, D, 32, K, opt_G=opt_G, opt_D=opt_D)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on images x (m, 14, 14, C) with their one-hot classes y (m, K). D returns (m, 1 + K): l_S, then l_C."""
        x, y = batch
        G, D, loss, c, xp = self.G, self.D, self.loss, y.argmax(1), backend.of(y).xp

        x_fake = G.forward((self.noise(len(x), rng), y))[0]  # D: −(L_S + L_C)
        out_real, tape_real = D.forward(x)
        out_fake, tape_fake = D.forward(x_fake)
        d_loss, dS_real, dS_fake = loss.discriminator(out_real[:, :1], out_fake[:, :1])
        class_real, dC_real = softmax_cross_entropy(out_real[:, 1:], c)
        class_fake, dC_fake = softmax_cross_entropy(out_fake[:, 1:], c)
        D.backward(xp.concatenate([dS_real, dC_real], axis=1), tape_real, inputs=False)
        D.backward(xp.concatenate([dS_fake, dC_fake], axis=1), tape_fake, inputs=False)
        self.opt_D.step()
        shown = loss.outputs(out_real[:, :1], out_fake[:, :1])

        x_fake, tape_G = G.forward((self.noise(len(x), rng), y))  # G: L_S in its non-saturating form − L_C
        out, tape_D = D.forward(x_fake)
        g_loss, dS = loss.generator(out[:, :1])
        class_loss, dC = softmax_cross_entropy(out[:, 1:], c)
        G.backward(D.backward(xp.concatenate([dS, dC], axis=1), tape_D, weights=False), tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **shown, "class_real": class_real, "class_fake": class_fake, "class_loss": class_loss}


def discriminator(channels: int, classes: int, rng: np.random.Generator) -> Sequential:
    """image (N, 14, 14, C) -> (N, 1 + K): the logit of real, and one for each class."""
    return Sequential(
        Conv2d(channels, 24, pad=2, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2),
        Conv2d(48, 48, 3, 1, rng=rng), LeakyReLU(0.2), Flatten(), Dense(4 * 4 * 48, 1 + classes, rng=rng))


RECIPE = Recipe(ACGAN, "D names the class instead of being told it", "Odena et al. 2017, arXiv 1610.09585", data="mnist14", steps=1500, batch=64,
                decay=0.5, conditions=labels)
