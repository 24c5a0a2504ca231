"""Progressive growing: Karras, Aila, Laine & Lehtinen 2018, arXiv 1710.10196. First 4×4 pictures, then 8×8, 16×16, 32×32, each layer faded in.

While a level fades in, with α going from 0 to 1 (section 2, figure 2),

    G's picture      α·RGB(new block(h)) + (1 − α)·enlarged(RGB(h))
    D's features     α·new block(x) + (1 − α)·features(x at half the size)
    real pictures    α·x + (1 − α)·enlarged(x at half the size)

so that nothing jumps. What is large in a picture is learned while pictures are small, and cheap. Sections 3 and 4 add the deviation over the batch in D, equalised
learning rates in both, and pixel norm in G (layers/progressive.py).

Departures: 32×32; the hinge loss instead of WGAN-GP, with the paper's drift term ε E D(x)² (appendix A.1); one convolution
instead of two in each block of D. As in the authors' code Adam starts anew at each level.
"""
from __future__ import annotations

import numpy as np

from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size
from gan_scratch.gans.clock import Clock
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import AvgPool2d, Conv2d, Dense, EqualisedLR, Flatten, Layer, LeakyReLU, MinibatchStd, PixelNorm, Reshape, Sequential, Upsample
from gan_scratch.losses import Hinge
from gan_scratch.optim import EMA, Adam

Z, DRIFT = 32, 1e-3
CHANNELS = (64, 48, 24, 12)  # at 4×4, 8×8, 16×16, 32×32
PHASES = ((0, 300), (200, 300), (200, 300), (200, 300))  # for each level: steps of fading in, and then of standing still
TOP = len(CHANNELS) - 1


class ProgressiveGAN:
    """A GAN for images of 32×32 that grows.

    Args:
        shape: (32, 32, C). phases: (fading, standing) steps of each level; the last one stands for ever.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (32, 32, 3), *, phases: tuple = PHASES, rng=None, device: str = "cpu"):
        require_size(shape, 32, "shapes, faces and the emoji have it, or give --size 32")
        rng, self.phases = np.random.default_rng(rng), phases
        self.G, self.D, self.clock = Generator(shape[2], rng).to(device), Discriminator(shape[2], rng).to(device), Clock()
        self.loss = Hinge()
        self.opt_G, self.opt_D = (Adam(net.params, 8e-3, (0.0, 0.99)) for net in (self.G, self.D))
        self.G_ema = EMA(self.G, 0.99)

    @classmethod
    def at_full_size(cls, shape: tuple = (32, 32, 3), *, rng=None, device: str = "cpu") -> "ProgressiveGAN":
        """The same networks, trained at 32×32 from the start: what it is compared with."""
        return cls(shape, phases=((0, 0),) * (TOP + 1), rng=rng, device=device)

    @property
    def last_phase(self) -> int:
        """The step at which 32×32 has faded in."""
        return sum(map(sum, self.phases[:TOP])) + self.phases[TOP][0]

    def growth(self, t: int) -> tuple[int, float]:
        """The level, 0 … 3, and α at step t."""
        for level, (fading, standing) in enumerate(self.phases):
            if t < fading:
                return level, (t + 1) / fading
            if t < fading + standing or level == TOP:
                return level, 1.0
            t -= fading + standing

    def noise(self, n: int, rng: np.random.Generator) -> Array:
        """z (n, 32) ~ N(0, I)."""
        return normal(self.G, rng, n, Z)

    def train_step(self, x: Array, rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on images x (m, 32, 32, C), which are made as small as the level is."""
        G, D, loss = self.G, self.D, self.loss
        level, alpha = self.growth(self.clock.t)
        if level > self.growth(max(0, self.clock.t - 1))[0]:  # Adam's averages know nothing of the new layers
            self.opt_G.restart()
            self.opt_D.restart()
        self.clock.t += 1
        x = blended(shrunk(x, TOP - level), alpha) if level else shrunk(x, TOP)

        x_fake = G.forward((self.noise(len(x), rng), level, alpha))[0]
        l_real, tape_real = D.forward((x, level, alpha))
        l_fake, tape_fake = D.forward((x_fake, level, alpha))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        drift = DRIFT * (l_real * l_real).mean()
        D.backward(dl_real + 2 * DRIFT * l_real / len(x), tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        x_fake, tape_G = G.forward((self.noise(len(x), rng), level, alpha))
        l, tape_D = D.forward((x_fake, level, alpha))
        g_loss, dl = loss.generator(l)
        G.backward(D.backward(dl, tape_D, weights=False), tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss + drift, "g_loss": g_loss, **loss.outputs(l_real, l_fake)}

    def sample(self, n: int, rng: np.random.Generator | int) -> Array:
        """n images (n, 32, 32, C); while the GAN is smaller, each pixel is repeated."""
        level, alpha = self.growth(max(0, self.clock.t - 1))
        x = self.G_ema.network((self.noise(n, np.random.default_rng(rng)), level, alpha))
        return Upsample(2 ** (TOP - level))(x)


def shrunk(x: Array, times: int) -> Array:
    """Images (N, S, S, C) halved so many times, by means."""
    return AvgPool2d(2**times)(x) if times else x


def blended(x: Array, alpha: float) -> Array:
    """α·x + (1 − α)·x at half the size."""
    return x if alpha == 1 else alpha * x + (1 - alpha) * Upsample(2)(AvgPool2d(2)(x))


def equal(layer: Layer, rng, gain: float = 2**0.5) -> EqualisedLR:
    return EqualisedLR(layer, gain, rng=rng)


class Generator(Layer):
    """(z (N, 32), level, α) -> image (N, 4·2^level, 4·2^level, C)."""

    def __init__(self, channels: int, rng: np.random.Generator):
        c = CHANNELS
        first = Sequential(PixelNorm(), equal(Dense(Z, 16 * c[0]), rng), Reshape(4, 4, c[0]), LeakyReLU(0.2), PixelNorm(), *convolved(c[0], c[0], rng))
        self.blocks = [first] + [Sequential(Upsample(2), *convolved(c[i - 1], c[i], rng), *convolved(c[i], c[i], rng)) for i in range(1, TOP + 1)]
        self.rgb = [equal(Conv2d(n, channels, 1, 1, 0), rng, 1.0) for n in c]
        self.enlarge = Upsample(2)

    def children(self):
        return {f"{name}{i}": layer for name, layers in (("block", self.blocks), ("rgb", self.rgb)) for i, layer in enumerate(layers)}

    def forward(self, inputs, train=True):
        h, level, alpha = inputs
        tapes, before = [], None
        for block in self.blocks[:level + 1]:
            before = h
            h, tape = block.forward(h, train)
            tapes.append(tape)
        x, of_rgb = self.rgb[level].forward(h, train)
        if alpha == 1 or level == 0:
            return x, [tapes, of_rgb, None, level, 1.0]
        small, of_small = self.rgb[level - 1].forward(before, train)
        large, of_large = self.enlarge.forward(small, train)
        return alpha * x + (1 - alpha) * large, [tapes, of_rgb, (of_small, of_large), level, alpha]

    def backward(self, dx, ctx, weights=True, inputs=True):
        tapes, of_rgb, of_blend, level, alpha = ctx
        dh = self.rgb[level].backward(alpha * dx, of_rgb, weights)
        for i in range(level, -1, -1):
            dh = self.blocks[i].backward(dh, tapes[i], weights, inputs or i > 0)
            if i == level and of_blend:  # the block before also made the small picture
                of_small, of_large = of_blend
                dh = dh + self.rgb[level - 1].backward(self.enlarge.backward((1 - alpha) * dx, of_large), of_small, weights)
        return dh


class Discriminator(Layer):
    """(image (N, 4·2^level, 4·2^level, C), level, α) -> value (N, 1)."""

    def __init__(self, channels: int, rng: np.random.Generator):
        c = CHANNELS
        self.from_rgb = [Sequential(equal(Conv2d(channels, n, 1, 1, 0), rng), LeakyReLU(0.2)) for n in c]
        last = Sequential(MinibatchStd(), equal(Conv2d(c[0] + 1, c[0], 3, 1), rng), LeakyReLU(0.2), Flatten(), equal(Dense(16 * c[0], c[0]), rng),
                          LeakyReLU(0.2), equal(Dense(c[0], 1), rng, 1.0))
        self.blocks = [last] + [Sequential(equal(Conv2d(c[i], c[i - 1], 3, 1), rng), LeakyReLU(0.2), AvgPool2d(2)) for i in range(1, TOP + 1)]
        self.halve = AvgPool2d(2)

    def children(self):
        return {f"{name}{i}": layer for name, layers in (("from_rgb", self.from_rgb), ("block", self.blocks)) for i, layer in enumerate(layers)}

    def forward(self, inputs, train=True):
        x, level, alpha = inputs
        h, of_rgb = self.from_rgb[level].forward(x, train)
        tapes, of_blend = [], None
        for i in range(level, -1, -1):
            h, tape = self.blocks[i].forward(h, train)
            tapes.append(tape)
            if i == level and alpha < 1 and level > 0:
                small, of_halve = self.halve.forward(x, train)
                below, of_small = self.from_rgb[level - 1].forward(small, train)
                h, of_blend = alpha * h + (1 - alpha) * below, (of_halve, of_small)
        return h, [tapes, of_rgb, of_blend, level, alpha]

    def backward(self, dy, ctx, weights=True, inputs=True):
        tapes, of_rgb, of_blend, level, alpha = ctx
        dx = 0
        for i, tape in zip(range(level + 1), tapes[::-1]):
            if i == level and of_blend:
                of_halve, of_small = of_blend
                dsmall = self.from_rgb[level - 1].backward((1 - alpha) * dy, of_small, weights, inputs)
                dx = self.halve.backward(dsmall, of_halve) if inputs else 0
                dy = alpha * dy
            dy = self.blocks[i].backward(dy, tape, weights)
        of_image = self.from_rgb[level].backward(dy, of_rgb, weights, inputs)
        return of_image + dx if inputs else None


def convolved(c_in: int, c_out: int, rng: np.random.Generator) -> list[Layer]:
    """A convolution as the paper's G has it: equalised, leaky, each place's vector brought to one length."""
    return [equal(Conv2d(c_in, c_out, 3, 1), rng), LeakyReLU(0.2), PixelNorm()]


PAPER = "Karras et al. 2018, arXiv 1710.10196"
RECIPE = Recipe(ProgressiveGAN, "both networks grow from 4×4 to 32×32, each level faded in", PAPER, data="shapes", steps=1800, batch=16, decay=0.2)
WITHOUT = Recipe(ProgressiveGAN.at_full_size, "what progressive is compared with: 32×32 from the start", PAPER, data="shapes", steps=800, batch=16, decay=0.2)
