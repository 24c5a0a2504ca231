"""Age-cGAN: Antipov, Baccouche & Dugelay 2017, arXiv 1702.01983. A person at another age: find z, keep it, change the condition.

    G, D    a conditional GAN of faces x and age groups y                                  (eq. 1)
    E       an encoder, trained on what G makes: z₀ = E(x, y)                               (section 2.2)
    z*      what reconstructs the same person:  arg min_z ‖FR(x) − FR(G(z, y))‖²            (eq. 2), from z₀ on
    ageing  G(z*, y′) for another age y′

FR is a face recogniser. Pixels would be the wrong measure: they compare light and hair as well (the paper's "pixelwise" optimisation, also here).

Departures: drawn faces of 32×32; D with a projection of y; 60 steps of Adam and a little 0.002 ‖z‖² instead of L-BFGS-B. E is trained beside G
in every step instead of afterwards, and so is FR, by contrast: the row h_i of a person must be nearer to that person's at another age, h′_i,
than to all h′_j of the batch, with

    L_FR = ½ (mean −log softmax_j(τ cos(h_i, h′_j))_i + the same with h and h′ exchanged),   τ = 10   (van den Oord et al. 2018)
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.data.faces import draw
from gan_scratch.gans.cgan import CGAN
from gan_scratch.gans.recipe import Recipe, labels
from gan_scratch.layers import (
    BatchNorm, Concat, Conditional, Conv2d, ConvTranspose2d, Dense, Flatten, GaussianNoise, Layer, LeakyReLU, Parameter, PixelNorm, Projection, ReLU,
    Reshape, Sequential, Tanh)
from gan_scratch.losses import l2, softmax_cross_entropy
from gan_scratch.optim import Adam

Z, H, TAU, SHRINK = 16, 32, 10.0, 0.002


class AgeCGAN(CGAN):
    """A conditional GAN of faces with an encoder and a recogniser.

    Args:
        shape: (32, 32, 1). groups: (K,), the shape of a one-hot age group. again: the shape of the second face.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (32, 32, 1), groups: tuple = (4,), again: tuple = (32, 32, 1), *, rng=None, device: str = "cpu"):
        if shape != (32, 32, 1) or tuple(again) != shape:
            raise ValueError(f"Age-cGAN is made here for faces of shape (32, 32, 1), not {shape}; the data called faces have it")
        rng, (K,) = np.random.default_rng(rng), groups
        G, D, E, FR = (net.to(device) for net in (generator(K, rng), discriminator(K, rng), Encoder(K, rng), recogniser(rng)))
        opt_G, opt_D, self.opt_E, self.opt_FR = (Adam(net.params, 1e-3, (0.0, 0.99)) for net in (G, D, E, FR))
        super().__init__(G, D, Z, K, opt_G=opt_G, opt_D=opt_D, ema=0.99)
        self.E, self.FR = E, FR

    def train_step(self, batch: tuple[Array, Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of each network on faces x (m, 32, 32, 1), their one-hot age groups y (m, K), and the same persons at other ages, x′."""
        x, y, again = batch
        G, D, E, FR, loss = self.G, self.D, self.E, self.FR, self.loss

        x_fake = G.forward((self.noise(len(x), rng), y))[0]  # D
        l_real, tape_real = D.forward((x, y))
        l_fake, tape_fake = D.forward((x_fake, y))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        z = self.noise(len(x), rng)  # G
        x_fake, tape_G = G.forward((z, y))
        l, tape_D = D.forward((x_fake, y))
        g_loss, dl = loss.generator(l)
        dx_fake, _ = D.backward(dl, tape_D, weights=False)
        G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()

        guess, tape_E = E.forward((x_fake, y))  # E: back to the z that made the face
        e_loss, dguess = l2(guess, z)
        E.backward(dguess, tape_E, inputs=False)
        self.opt_E.step()

        h, tape_x = FR.forward(x)  # FR: who is who at another age?
        h_again, tape_again = FR.forward(again)
        r_loss, dh, dh_again = contrast(h, h_again)
        FR.backward(dh, tape_x, inputs=False)
        FR.backward(dh_again, tape_again, inputs=False)
        self.opt_FR.step()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake), "e_loss": e_loss, "r_loss": r_loss}

    def encode(self, x: Array, y: Array) -> Array:
        """z₀ (n, 16) of faces x of the age groups y."""
        return self.E((x, y))

    def optimise(self, z: Array, x: Array, y: Array, *, identity: bool = True, steps: int = 60) -> Array:
        """z (n, 16) moved so that G(z, y) shows the persons in x: eq. 2, or with identity=False the same pixels; plus 0.002 ‖z‖²."""
        G, FR, p, root = self.G_ema.network, self.FR, Parameter(z.copy()), np.float32(H**0.5)  # rows of FR have length √H
        adam, goal = Adam([p], 0.05, (0.9, 0.999)), FR(x) / root
        for _ in range(steps):
            x_fake, tape_G = G.forward((p.value, y), train=False)
            if identity:
                h, tape_FR = FR.forward(x_fake, train=False)
                dx = FR.backward(2 * (h / root - goal) / root, tape_FR, weights=False)
            else:
                dx = 2 * (x_fake - x) / (x[0].size / 10)  # about as large as the other's
            dz, _ = G.backward(dx, tape_G, weights=False)
            p.grad += dz + 2 * SHRINK * p.value
            adam.step()
        return p.value

    def aged(self, z: Array, y: Array) -> Array:
        """G(z, y): the persons z (n, 16) in the age groups y (n, K)."""
        return self.G_ema.network((z, y))


def contrast(h: Array, again: Array) -> tuple[Array, Array, Array]:
    """L_FR for rows h, h′ (m, 32) of length √32, and its gradients; row i of both is the same person."""
    xp, scale = backend.of(h).xp, TAU / H
    similar, who = scale * h @ again.T, xp.arange(len(h))  # (m, m): τ cos
    there, dthere = softmax_cross_entropy(similar, who)
    back, dback = softmax_cross_entropy(similar.T, who)
    dsimilar = (dthere + dback.T) / 2
    return (there + back) / 2, scale * dsimilar @ again, scale * dsimilar.T @ h


def generator(K: int, rng: np.random.Generator) -> Sequential:
    """(z (N, 16), y (N, K)) -> face (N, 32, 32, 1)."""
    return Sequential(
        Concat(), Dense(Z + K, 4 * 4 * 48, bias=False, rng=rng), Reshape(4, 4, 48), BatchNorm(48), ReLU(),
        ConvTranspose2d(48, 48, bias=False, rng=rng), BatchNorm(48), ReLU(), ConvTranspose2d(48, 24, bias=False, rng=rng), BatchNorm(24), ReLU(),
        ConvTranspose2d(24, 1, rng=rng), Tanh())


def discriminator(K: int, rng: np.random.Generator) -> Conditional:
    """(face (N, 32, 32, 1), y (N, K)) -> logit (N, 1)."""
    return Conditional(*trunk(64, LeakyReLU(0.2), rng), Projection(64, K, rng=rng))


class Encoder(Layer):
    """(face (N, 32, 32, 1), y (N, K)) -> z (N, 16). It learns from faces with a little noise: real ones differ from G's too."""

    def __init__(self, K: int, rng: np.random.Generator):
        self.look, self.read = Sequential(GaussianNoise(0.05, rng=rng), *trunk(128, LeakyReLU(0.2), rng)), Sequential(Concat(), Dense(128 + K, Z, rng=rng))

    def forward(self, pair, train=True):
        x, y = pair
        h, of_look = self.look.forward(x, train)
        z, of_read = self.read.forward((h, y), train)
        return z, [of_look, of_read]

    def backward(self, dz, ctx, weights=True, inputs=True):
        dh, dy = self.read.backward(dz, ctx[1], weights)
        dx = self.look.backward(dh, ctx[0], weights, inputs)
        return (dx, dy) if inputs else None


def recogniser(rng: np.random.Generator) -> Sequential:
    """face (N, 32, 32, 1) -> row (N, 32) of length √32."""
    return Sequential(*trunk(H, PixelNorm(), rng))


def trunk(n: int, last: Layer, rng: np.random.Generator) -> list[Layer]:
    """face (N, 32, 32, 1) -> (N, n)."""
    return [Conv2d(1, 24, rng=rng), LeakyReLU(0.2), Conv2d(24, 48, rng=rng), LeakyReLU(0.2), Conv2d(48, 64, rng=rng), LeakyReLU(0.2), Flatten(),
            Dense(4 * 4 * 64, n, rng=rng), last]


def at_other_ages(data) -> tuple[np.ndarray, np.ndarray]:
    """A Dataset's age groups as one-hot rows, and each person at another age. Raises ValueError where the persons aren't known."""
    if "person" not in data.extra:
        raise ValueError(f"{data.name}: this variant needs every person at two ages; the data called faces have them")
    age = np.random.default_rng(0).uniform(3, 85, len(data.images))
    return (*labels(data), draw(data.extra["person"], age))


RECIPE = Recipe(AgeCGAN, "find z of a person, keep it, change the age", "Antipov et al. 2017, arXiv 1702.01983", data="faces", steps=1500, batch=32,
                decay=0.5, conditions=at_other_ages)
