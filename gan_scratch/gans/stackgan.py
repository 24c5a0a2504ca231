"""StackGAN: Zhang et al. 2017, arXiv 1612.03242. A small picture from a caption first, then a large one from the small one and the caption again.

Conditioning augmentation (section 3.2): the caption t isn't given to G as it is, but as a draw from a Gaussian that it decides,

    ĉ = μ(t) + σ(t)∘ε,   with the penalty λ KL(N(μ, σ²) ‖ N(0, I))                           (eq. 2)

so that what lies between the few captions of the training part is trained too. Then

    stage I     min_{G₀} max_{D₀}  E log D₀(x₀, t) + E log(1 − D₀(G₀(z, ĉ₀), t)) + λ KL       (eq. 3, 4)
    stage II    the same for G(s₀, ĉ) and D at full size, s₀ = G₀(z, ĉ₀), G₀ frozen           (eq. 5, 6)

D also sees real pictures with other captions and should refuse them (matching-aware, section 3.4).

Departures: captions are bags of words; 8×8 and 32×32 instead of 64 and 256; D with a projection of the caption; the non-saturating loss. λ is 0.003 for 16
numbers: with 0.05 the captions were lost. The steps of stage I end after 1 200, or where `first` says.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.gans.blocks import normal, require_size, residual
from gan_scratch.gans.clock import Clock
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import (
    AvgPool2d, BatchNorm, Concat, Conditional, Conv2d, Dense, Flatten, Layer, LeakyReLU, Projection, ReLU, Reshape, Sequential, Tanh,
    Upsample, init)
from gan_scratch.losses import NonSaturating
from gan_scratch.optim import EMA, Adam

Z, C = 16, 16  # numbers in z, and in ĉ
KL = 0.003
BATCH_II = 24  # stage II takes so many of a batch


class StackGAN:
    """A GAN of two stages for captioned images of 32×32.

    Args:
        shape: (32, 32, channels). words: (V,), the shape of a caption as a bag of words.
        first: steps of stage I. augmented: False gives G a linear map of the caption instead of a draw.

    Attributes:
        inputs: captions (M, V) that samples are drawn from; set it before `sample`.

    Raises ValueError for another size.
    """

    def __init__(self, shape: tuple = (32, 32, 3), words: tuple = (10,), *, first: int = 1200, augmented: bool = True, rng=None, device: str = "cpu"):
        require_size(shape, 32, "captions have it, or give --size 32")
        rng, (V,), c = np.random.default_rng(rng), words, shape[2]
        self.G, self.D, self.clock = Stages(StageI(V, c, augmented, rng), StageII(V, c, augmented, rng)), Stages(
            discriminator(c, (32,), V, rng), discriminator(c, (24, 48, 64), V, rng)), Clock()
        for net in (self.G, self.D):
            net.to(device)
        self.loss, self.first, self.inputs = NonSaturating(), first, None
        self.opt_G, self.opt_D = (Adam(net.params, 1e-3, (0.0, 0.99)) for net in (self.G, self.D))
        self.first_ema, self.second_ema = EMA(self.G.first, 0.99), EMA(self.G.second, 0.99)

    @classmethod
    def without_augmentation(cls, shape: tuple = (32, 32, 3), words: tuple = (10,), **options) -> "StackGAN":
        """G gets a linear map of the caption: what it is compared with."""
        return cls(shape, words, augmented=False, **options)

    @property
    def last_phase(self) -> float:
        """The step at which what samples are drawn from begins to learn."""
        return self.first

    def noise(self, n: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """z (n, 16), and ε (n, 16) for the caption of either stage."""
        return normal(self.G, rng, n, Z), normal(self.G, rng, n, C), normal(self.G, rng, n, C)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of D and one of G, of stage I or of stage II, on images x (m, 32, 32, C) with captions t (m, V). For D fakes and real images
        with wrong captions are one kind: l_fake is the mean over both."""
        x, t = batch
        stage = 1 if self.clock.t < self.first else 2
        if self.clock.t == self.first:  # Adam's averages know nothing of stage II
            self.opt_G.restart()
            self.opt_D.restart()
        self.clock.t += 1
        if stage == 2:
            x, t = x[:BATCH_II], t[:BATCH_II]
        x = AvgPool2d(4)(x) if stage == 1 else x
        G, D = (self.G.first, self.D.first) if stage == 1 else (self.G.second, self.D.second)
        loss, xp = self.loss, backend.of(x).xp

        def start():  # what G begins with: noise, or a picture of stage I, which is frozen
            z, eps1, eps2 = self.noise(len(x), rng)
            return (z, eps1, t) if stage == 1 else (self.first_ema.network((z, eps1, t)), eps2, t)

        fake = G.forward(start())[0]
        l_real, tape_real = D.forward((x, t))
        wrong = xp.roll(t, 1, axis=0)  # another picture's caption, by chance sometimes the same
        l_fake, tape_fake = D.forward((xp.concatenate([fake, x]), xp.concatenate([t, wrong])))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        fake, tape_G = G.forward(start())
        l, tape_D = D.forward((fake, t))
        g_loss, dl = loss.generator(l)
        dfake, _ = D.backward(dl, tape_D, weights=False)
        G.backward(dfake, tape_G, inputs=False)
        kl = KL * G.augment.divergence(t)
        self.opt_G.step()
        (self.first_ema if stage == 1 else self.second_ema).update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake), "kl": kl}

    def sample(self, n: int, rng: np.random.Generator | int, t: Array | None = None, stage: int = 2) -> Array:
        """n images of the captions t (n, V), without them of some of `inputs`; of stage 1 they are 8×8.

        Raises ValueError when there are neither.
        """
        rng = np.random.default_rng(rng)
        if t is None and self.inputs is None:
            raise ValueError("this GAN draws what captions say: give captions to sample(n, rng, t), or set .inputs")
        t = self.inputs[rng.integers(len(self.inputs), size=n)] if t is None else t
        z, eps1, eps2 = self.noise(n, rng)
        small = self.first_ema.network((z, eps1, t))
        return small if stage == 1 else self.second_ema.network((small, eps2, t))


class Stages(Layer):
    """A network for each stage."""

    def __init__(self, first: Layer, second: Layer):
        self.first, self.second = first, second


class Augment(Layer):
    """(t (N, V), ε (N, 16)) -> ĉ = μ(t) + e^{v(t)/2}∘ε, (μ, v) = t A + a. Its backward pass adds the gradient of λ KL, mean over the batch:

        dμ = dĉ + λμ/N,   dv = ½ dĉ∘ε e^{v/2} + ½ λ(e^v − 1)/N
    """

    def __init__(self, V: int, rng: np.random.Generator, drawn: bool):
        self.dense, self.drawn = Dense(V, 2 * C, rng=rng, init=init.normal(0.7)), drawn
        self.dense.W.value[:, C:] *= 0.05
        self.dense.b.value[C:] = -3  # a small deviation at first

    def forward(self, pair, train=True):
        t, eps = pair
        out, tape = self.dense.forward(t, train)
        mu, sigma = out[:, :C], backend.of(t).xp.exp(out[:, C:] / 2)
        return (mu + sigma * eps if self.drawn else mu), [mu, sigma, eps, tape]

    def backward(self, dc, ctx, weights=True, inputs=True):
        mu, sigma, eps, tape = ctx
        xp = backend.of(dc).xp
        share = self.drawn * KL / len(dc)
        dv = self.drawn * dc * eps * sigma / 2 + share * (sigma * sigma - 1) / 2
        dt = self.dense.backward(xp.concatenate([dc + share * mu, dv], axis=1), tape, weights, inputs)
        return (dt, self.drawn * dc * sigma) if inputs else None

    def divergence(self, t: Array) -> Array:
        """KL(N(μ, σ²) ‖ N(0, I)), mean over the captions t (N, V), in nats; 0 where ĉ isn't drawn."""
        out = self.dense(t)
        mu, v = out[:, :C], out[:, C:]
        return self.drawn * (mu * mu + backend.of(t).xp.exp(v) - 1 - v).sum() / np.float32(2 * len(t))


class StageI(Layer):
    """(z (N, 16), ε (N, 16), t (N, V)) -> image (N, 8, 8, c)."""

    def __init__(self, V: int, c: int, drawn: bool, rng: np.random.Generator):
        self.augment = Augment(V, rng, drawn)
        self.draw = Sequential(Concat(), Dense(Z + C, 16 * 48, bias=False, rng=rng), Reshape(4, 4, 48), BatchNorm(48), ReLU(), *up(48, 48, rng),
                               Conv2d(48, c, 3, 1, rng=rng), Tanh())

    def forward(self, inputs, train=True):
        z, eps, t = inputs
        c_hat, of_augment = self.augment.forward((t, eps), train)
        x, of_draw = self.draw.forward((z, c_hat), train)
        return x, [of_augment, of_draw]

    def backward(self, dx, ctx, weights=True, inputs=True):
        dz, dc = self.draw.backward(dx, ctx[1], weights)
        of_caption = self.augment.backward(dc, ctx[0], weights, inputs)
        return (dz, *of_caption[::-1]) if inputs else None


class StageII(Layer):
    """(s (N, 8, 8, c) of stage I, ε (N, 16), t (N, V)) -> image (N, 32, 32, c)."""

    def __init__(self, V: int, c: int, drawn: bool, rng: np.random.Generator):
        self.augment = Augment(V, rng, drawn)
        self.look = Sequential(Conv2d(c, 32, 3, 1, rng=rng), ReLU())
        self.draw = Sequential(Concat(), Conv2d(32 + C, 32, 3, 1, bias=False, rng=rng), BatchNorm(32), ReLU(), residual(32, rng), residual(32, rng),
                               *up(32, 32, rng), *up(32, 16, rng), Conv2d(16, c, 3, 1, rng=rng), Tanh())

    def forward(self, inputs, train=True):
        s, eps, t = inputs
        c_hat, of_augment = self.augment.forward((t, eps), train)
        h, of_look = self.look.forward(s, train)
        x, of_draw = self.draw.forward((h, c_hat), train)
        return x, [of_augment, of_look, of_draw]

    def backward(self, dx, ctx, weights=True, inputs=True):
        of_augment, of_look, of_draw = ctx
        dh, dc = self.draw.backward(dx, of_draw, weights)
        ds = self.look.backward(dh, of_look, weights, inputs)
        of_caption = self.augment.backward(dc, of_augment, weights, inputs)
        return (ds, *of_caption[::-1]) if inputs else None


def up(c_in: int, c_out: int, rng: np.random.Generator) -> list[Layer]:
    """(N, S, S, c_in) -> (N, 2S, 2S, c_out)."""
    return [Upsample(2), Conv2d(c_in, c_out, 3, 1, bias=False, rng=rng), BatchNorm(c_out), ReLU()]


def discriminator(c: int, widths: tuple, V: int, rng: np.random.Generator) -> Conditional:
    """(image (N, 4·2^k, 4·2^k, c), t (N, V)) -> logit (N, 1), k = len(widths)."""
    down = []
    for c_in, c_out in zip((c, *widths), widths):
        down += [Conv2d(c_in, c_out, rng=rng), LeakyReLU(0.2)]
    return Conditional(*down, Conv2d(widths[-1], 64, 3, 1, rng=rng), LeakyReLU(0.2), Flatten(), Dense(16 * 64, 64, rng=rng), LeakyReLU(0.2),
                       Projection(64, V, rng=rng))


def captions(data) -> tuple[np.ndarray]:
    """A Dataset's captions (N, V). Raises ValueError where there are none."""
    if "captions" not in data.extra:
        raise ValueError(f"{data.name}: this variant needs captions; give a .csv file with the columns file and caption")
    return (data.extra["captions"],)


PAPER = "Zhang et al. 2017, arXiv 1612.03242"
MAKE = dict(data="captions", steps=2000, batch=64, decay=0.4, conditions=captions, inputs=lambda data: captions(data)[0])
RECIPE = Recipe(StackGAN, "a caption becomes a small picture, and that a large one", PAPER, **MAKE)
WITHOUT = Recipe(StackGAN.without_augmentation, "what stackgan is compared with: no conditioning augmentation", PAPER, **MAKE)
