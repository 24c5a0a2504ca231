"""CycleGAN: Zhu, Park, Isola & Efros 2017, arXiv 1703.10593. Two styles, no pairs.

G goes from style A to style B and F back. D_B and D_A say whether a picture is of the style; and who goes there and back should return:

    L_GAN(G, D_B) + L_GAN(F, D_A), least squares                                           (eq. 1, section 4)
    L_cyc = E ‖F(G(a)) − a‖₁ + E ‖G(F(b)) − b‖₁                                             (eq. 2)
    L_identity = E ‖G(b) − b‖₁ + E ‖F(a) − a‖₁                                              (section 5.2)
    L = L_GAN + λ L_cyc + ½ λ L_identity                                                    (eq. 3, with what section 5.2 adds)

Without the cycle any picture of B would do for any a. D learns from a pool of earlier fakes (Shrivastava et al. 2017), so that G can't
chase it in circles.

Departures: 32×32, three residual blocks, enlargement and convolution instead of transposed convolutions, one step of both D from the pool after
G's, least squares with the factor ½ (losses.py), which doubles the weight of the other terms.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.data.pairs import held_out
from gan_scratch.gans.pix2pix import Translator
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Conv2d, InstanceNorm, Layer, LeakyReLU, ReflectionPad2d, ReLU, Residual, Sequential, Tanh, Upsample, init
from gan_scratch.losses import LeastSquares, l1
from gan_scratch.optim import EMA, Adam

N02 = init.normal(0.02)
POOL = 50


class CycleGAN(Translator):
    """Two generators and two discriminators for images (S, S, C), S a multiple of 4, of both styles.

    Args:
        shape: of style B. input_shape: of style A, the same.
        cycle, identity: the weights of these losses, λ and ½ λ.

    Raises ValueError when the shapes differ.
    """

    def __init__(self, shape: tuple, input_shape: tuple, *, cycle: float = 10.0, identity: float = 5.0, rng=None, device: str = "cpu"):
        if tuple(shape) != tuple(input_shape) or shape[0] % 4 or shape[1] % 4:
            raise ValueError(f"CycleGAN goes between pictures of one shape, a multiple of 4, not between {tuple(input_shape)} and {tuple(shape)}; give --size 32")
        rng, c, self.cycle, self.identity = np.random.default_rng(rng), shape[2], cycle, identity
        self.G, self.F = (generator(c, rng).to(device) for _ in range(2))
        self.D_B, self.D_A = (discriminator(c, rng).to(device) for _ in range(2))
        self.pool_B, self.pool_A = Pool(shape, device), Pool(shape, device)
        self.loss = LeastSquares()
        self.opt_G = Adam([*self.G.params, *self.F.params], 1e-3, (0.5, 0.999))
        self.opt_D = Adam([*self.D_B.params, *self.D_A.params], 5e-4, (0.5, 0.999))
        self.G_ema, self.F_ema = EMA(self.G, 0.99), EMA(self.F, 0.99)

    @classmethod
    def without_either(cls, shape: tuple, input_shape: tuple, **options) -> "CycleGAN":
        """Two GANs that know nothing of each other: what it is compared with."""
        return cls(shape, input_shape, cycle=0.0, identity=0.0, **options)

    @classmethod
    def identity_only(cls, shape: tuple, input_shape: tuple, **options) -> "CycleGAN":
        """No cycle, but what is of the style already should stay as it is."""
        return cls(shape, input_shape, cycle=0.0, **options)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of G and F, then one of D_B and D_A, on pictures b and a (m, S, S, C), which don't belong together."""
        b, a = batch
        G, F, D_B, D_A, loss = self.G, self.F, self.D_B, self.D_A, self.loss

        fake_b, tape_G = G.forward(a)
        fake_a, tape_F = F.forward(b)
        value_b, dfake_b = fooling(D_B, fake_b, loss)
        value_a, dfake_a = fooling(D_A, fake_a, loss)
        cycle = identity = value_b * 0
        if self.cycle:
            again_a, tape_FG = F.forward(fake_b)  # F(G(a))
            again_b, tape_GF = G.forward(fake_a)  # G(F(b))
            cycle_a, dagain_a = l1(again_a, a)
            cycle_b, dagain_b = l1(again_b, b)
            dfake_b = dfake_b + F.backward(self.cycle * dagain_a, tape_FG)
            dfake_a = dfake_a + G.backward(self.cycle * dagain_b, tape_GF)
            cycle = self.cycle * (cycle_a + cycle_b)
        if self.identity:
            same_b, tape_Gb = G.forward(b)
            same_a, tape_Fa = F.forward(a)
            identity_b, dsame_b = l1(same_b, b)
            identity_a, dsame_a = l1(same_a, a)
            G.backward(self.identity * dsame_b, tape_Gb, inputs=False)
            F.backward(self.identity * dsame_a, tape_Fa, inputs=False)
            identity = self.identity * (identity_a + identity_b)
        G.backward(dfake_b, tape_G, inputs=False)
        F.backward(dfake_a, tape_F, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        self.F_ema.update()

        d_b = judging(D_B, b, self.pool_B.exchanged(fake_b, rng), loss)
        d_a = judging(D_A, a, self.pool_A.exchanged(fake_a, rng), loss)
        self.opt_D.step()
        return {"d_loss": d_b + d_a, "g_loss": value_b + value_a, "cycle": cycle, "identity": identity}

    def back(self, b: Array) -> Array:
        """F(b): pictures of style B (n, S, S, C) in style A."""
        return self.F_ema.network(b)


def fooling(D: Layer, fake: Array, loss) -> tuple[Array, Array]:
    """A generator's adversarial loss and its gradient with respect to the fakes."""
    l, tape = D.forward(fake)
    value, dl = loss.generator(l)
    return value, D.backward(dl, tape, weights=False)


def judging(D: Layer, real: Array, fake: Array, loss) -> Array:
    """A discriminator's loss; its gradients are added."""
    l_real, tape_real = D.forward(real)
    l_fake, tape_fake = D.forward(fake)
    value, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
    D.backward(dl_real, tape_real, inputs=False)
    D.backward(dl_fake, tape_fake, inputs=False)
    return value


class Pool:
    """The last fakes, (50, *shape), which a checkpoint keeps."""

    def __init__(self, shape: tuple, device: str = "cpu"):
        self.images, self.count = backend.get(device).asarray(np.zeros((POOL, *shape), np.float32)), 0

    def exchanged(self, fakes: Array, rng: np.random.Generator) -> Array:
        """The fakes (m, …); once the pool is full each is, with probability ½, put into it in exchange for an earlier one."""
        shown = fakes.copy()
        for i in range(len(fakes)):
            if self.count < POOL:
                self.images[self.count] = fakes[i]
                self.count += 1
            elif rng.random() < 0.5:
                place = int(rng.integers(POOL))
                shown[i] = self.images[place]
                self.images[place] = fakes[i]
        return shown

    def state(self) -> dict[str, np.ndarray]:
        """Copies of the fakes and their number, in host memory."""
        return {"images": np.array(backend.to_host(self.images)), "count": np.array(self.count)}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Write back what `state` returned."""
        self.images[...] = backend.of(self.images).asarray(state["images"])
        self.count = int(state["count"])


def generator(c: int, rng: np.random.Generator) -> Sequential:
    """Pictures (N, S, S, c) -> pictures of the other style."""
    make = {"rng": rng, "init": N02}
    return Sequential(
        ReflectionPad2d(1), Conv2d(c, 16, 3, 1, 0, **make), InstanceNorm(16), ReLU(), Conv2d(16, 32, **make), InstanceNorm(32), ReLU(),
        *(Residual(Sequential(ReflectionPad2d(1), Conv2d(32, 32, 3, 1, 0, **make), InstanceNorm(32), ReLU(),
                              ReflectionPad2d(1), Conv2d(32, 32, 3, 1, 0, **make), InstanceNorm(32))) for _ in range(3)),
        Upsample(2), Conv2d(32, 16, 3, 1, **make), InstanceNorm(16), ReLU(), ReflectionPad2d(1), Conv2d(16, c, 3, 1, 0, **make), Tanh())


def discriminator(c: int, rng: np.random.Generator) -> Sequential:
    """Pictures (N, S, S, c) -> values of patches (N, S/4, S/4, 1)."""
    make = {"rng": rng, "init": N02}
    return Sequential(Conv2d(c, 16, **make), LeakyReLU(0.2), Conv2d(16, 32, **make), InstanceNorm(32), LeakyReLU(0.2),
                      Conv2d(32, 32, 3, 1, **make), InstanceNorm(32), LeakyReLU(0.2), Conv2d(32, 1, 3, 1, **make))


def other_style(data) -> tuple[np.ndarray]:
    """The pictures of style A (M, …); they need not be as many as those of B. Raises ValueError where there are none."""
    if "input" not in data.extra:
        raise ValueError(f"{data.name}: this variant goes between two styles; give a folder with the subfolders A and B")
    return (data.extra["input"],)


PAPER = "Zhu et al. 2017, arXiv 1703.10593"
MAKE = dict(data="noto2twemoji", steps=700, batch=8, decay=0.5, conditions=other_style, inputs=lambda data: other_style(held_out(data))[0], unpaired=True)
RECIPE = Recipe(CycleGAN, "two styles without pairs: there and back again should return", PAPER, **MAKE)
WITHOUT = Recipe(CycleGAN.without_either, "what cyclegan is compared with: neither cycle nor identity loss", PAPER, **MAKE)
IDENTITY_ONLY = Recipe(CycleGAN.identity_only, "the identity loss without the cycle", PAPER, **MAKE)
