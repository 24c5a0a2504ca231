"""InfoGAN: Chen et al. 2016, arXiv 1606.03657. G is told a code c, and must show it: I(c; G(z, c)) should be large.

The mutual information can't be computed, but bounded from below with any guess Q(c|x) of the code, here a second head on D's features:

    I(c; G(z, c)) ≥ E_{c, x ~ G(z, c)} log Q(c|x) + H(c) = L_I(G, Q)                         (eq. 4, 5)
    min_{G, Q} max_D  V(D, G) − λ L_I(G, Q)                                                (eq. 6)

The code: one of K = 10 classes, and two numbers uniform in [−1, 1]. For a class log Q is a log softmax; for a number Q is a Gaussian around the
head's output with deviation 1, so that −log Q = ½(c − ĉ)² + const. No label of a real picture is ever used. What is found is up to the network:
here each class gathers one or two digits, and the numbers bend strokes in ways that have no name.

Departures: Q learns in D's step, and D's features with it; noise on what D and Q see, so that a code can't be hidden in what nobody sees; z has 8
numbers, the paper's 62.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.cgan import generator
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, Dense, Flatten, GaussianNoise, LeakyReLU, Sequential
from gan_scratch.losses import NonSaturating, softmax_cross_entropy
from gan_scratch.optim import EMA, Adam

K, NUMBERS = 10, 2
Z = 8  # few numbers besides the code: what it doesn't say, z can't all say


class InfoGAN:
    """A GAN for images of 14×14 with a code.

    Args:
        shape: (14, 14, C). weight: λ, 0 for a GAN that need not show its code.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (14, 14, 1), *, weight: float = 1.0, rng=None, device: str = "cpu"):
        require_size(shape, 14, "mnist14 and fashion14 have it")
        rng, self.weight = np.random.default_rng(rng), weight
        self.G = generator(shape[2], Z + K + NUMBERS, rng).to(device)
        self.D, self.head_D, self.head_Q = (net.to(device) for net in discriminator(shape[2], rng))  # features, and what they are read with
        self.loss = NonSaturating()
        self.opt_G = Adam(self.G.params, 1e-3, (0.5, 0.99))
        self.opt_D = Adam([*self.D.params, *self.head_D.params, *self.head_Q.params], 1e-3, (0.5, 0.99))
        self.G_ema = EMA(self.G, 0.995)

    @classmethod
    def without_information(cls, shape: tuple = (14, 14, 1), *, rng=None, device: str = "cpu") -> "InfoGAN":
        """λ = 0: what it is compared with."""
        return cls(shape, weight=0.0, rng=rng, device=device)

    def noise(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """z (n, 8) ~ N(0, I) and codes c (n, 12): one-hot classes and two numbers."""
        c = np.concatenate([np.eye(K)[rng.integers(K, size=n)], rng.uniform(-1, 1, (n, NUMBERS))], axis=1)
        z = normal(self.G, rng, n, Z)
        return z, backend.of(z).asarray(c.astype(z.dtype))

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of D and Q, then one of G, on images x (m, 14, 14, C)."""
        G, D, head_D, head_Q, loss = self.G, self.D, self.head_D, self.head_Q, self.loss

        z, c = self.noise(len(x), rng)
        x_fake = G.forward((z, c))[0]
        h_real, tape_real = D.forward(x)
        h_fake, tape_fake = D.forward(x_fake)
        l_real, of_real = head_D.forward(h_real)
        l_fake, of_fake = head_D.forward(h_fake)
        guess, of_Q = head_Q.forward(h_fake)
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        q_loss, dguess = surprise(guess, c)  # −log Q(c|x)
        D.backward(head_D.backward(dl_real, of_real), tape_real, inputs=False)
        dh_fake = head_D.backward(dl_fake, of_fake) + self.weight * head_Q.backward(dguess, of_Q)  # Q itself always learns
        D.backward(dh_fake, tape_fake, inputs=False)
        self.opt_D.step()

        z, c = self.noise(len(x), rng)
        x_fake, tape_G = G.forward((z, c))
        h, tape_D = D.forward(x_fake)
        l, of_D = head_D.forward(h)
        guess, of_Q = head_Q.forward(h)
        g_loss, dl = loss.generator(l)
        c_loss, dguess = surprise(guess, c)
        dh = head_D.backward(dl, of_D, weights=False) + head_Q.backward(self.weight * dguess, of_Q, weights=False)
        G.backward(D.backward(dh, tape_D, weights=False), tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake), "q_loss": q_loss, "c_loss": c_loss}

    def sample(self, n: int, rng: np.random.Generator | int, c: Array | None = None) -> Array:
        """n images with the codes c (n, 12), drawn where they aren't given."""
        z, drawn = self.noise(n, np.random.default_rng(rng))
        return self.G_ema.network((z, drawn if c is None else c))

    def information(self, n: int, rng: np.random.Generator | int) -> float:
        """The part of L_I that belongs to the class, in nats, over n images: at most log 10 = 2.30."""
        z, c = self.noise(n, np.random.default_rng(rng))
        guess = self.head_Q(self.D(self.G_ema.network((z, c))))
        return float(np.log(K) - softmax_cross_entropy(guess[:, :K], c[:, :K].argmax(1))[0])


def surprise(guess: Array, c: Array) -> tuple[Array, Array]:
    """−log Q(c|x) without its constant, mean over the batch, and its gradient; guess and c (N, 12)."""
    of_class, dclass = softmax_cross_entropy(guess[:, :K], c[:, :K].argmax(1))
    gap = guess[:, K:] - c[:, K:]
    return of_class + (gap * gap).sum() / (2 * len(c)), backend.of(c).xp.concatenate([dclass, gap / len(c)], axis=1)


def discriminator(channels: int, rng: np.random.Generator) -> tuple[Sequential, Sequential, Sequential]:
    """D's features (N, 768) of images (N, 14, 14, C); D's head -> (N, 1); Q's head -> (N, 12)."""
    features = Sequential(GaussianNoise(0.3, rng=rng), Conv2d(channels, 24, pad=2, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2),
                          Conv2d(48, 48, 3, 1, rng=rng), LeakyReLU(0.2), Flatten())
    return features, Sequential(Dense(768, 1, rng=rng)), Sequential(Dense(768, 64, rng=rng), LeakyReLU(0.2), Dense(64, K + NUMBERS, rng=rng))


RECIPE = Recipe(InfoGAN, "G must show a code: a bound on mutual information finds attributes without labels", "Chen et al. 2016, arXiv 1606.03657",
                data="mnist14", steps=1500, batch=64, decay=0.5)
WITHOUT = Recipe(InfoGAN.without_information, "what infogan is compared with: the code need not show", "Chen et al. 2016, arXiv 1606.03657",
                 data="mnist14", steps=1500, batch=64, decay=0.5)
