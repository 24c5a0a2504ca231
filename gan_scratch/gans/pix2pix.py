"""pix2pix: Isola, Zhu, Zhou & Efros 2017, arXiv 1611.07004. A picture becomes another one: outlines become a face, a hole is filled.

    L_cGAN = E log D(a, x) + E log(1 − D(a, G(a)))                                         (eq. 1)
    L_L1 = E ‖x − G(a)‖₁                                                                   (eq. 3)
    G* = arg min_G max_D L_cGAN + λ L_L1                                                   (eq. 4)

L1 alone makes the median of all pictures that are possible, which is dull; D asks whether a picture is possible. G is a U-Net: what the way down saw
at a size stands beside what the way up makes at that size, so outlines stay where they are. D is a PatchGAN: its output is a map, one logit for each
patch, and the loss is their mean.

Departures: 32×32 and smaller nets, so that a patch of D reaches over nearly the whole picture; one jitter for a batch, around the edges;
enlargement and convolution instead of transposed convolutions, no batch norm in D, samples from an average of G and without dropout: each
removes a pattern of squares or grain. λ = 10 instead of 100. No noise is given to G: the paper found that G ignores it.
"""
from __future__ import annotations

import numpy as np

from gan_scratch import backend
from gan_scratch.backend import Array
from gan_scratch.data.pairs import held_out, holes, partners
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import BatchNorm, Concat, Conv2d, Layer, LeakyReLU, ReLU, Sequential, Tanh, Upsample
from gan_scratch.losses import NonSaturating, l1
from gan_scratch.optim import EMA, Adam


class Translator:
    """What translating GANs share: a sample is what G makes of an input.

    Attributes:
        inputs: pictures (M, *input shape) that samples are made of; set it before `sample`.
    """

    inputs = None

    def sample(self, n: int, rng: np.random.Generator | int, a: Array | None = None) -> Array:
        """What becomes of a (n, …), without it of n of `inputs`. Raises ValueError when there are neither."""
        if a is None and self.inputs is None:
            raise ValueError("this GAN translates pictures: give some to sample(n, rng, a), or set .inputs")
        a = self.inputs[np.random.default_rng(rng).integers(len(self.inputs), size=n)] if a is None else a
        return self.G_ema.network(a)


class Pix2Pix(Translator):
    """A U-Net and a PatchGAN.

    Args:
        shape: (S, S, C) of what G makes, S a multiple of 4 from 8 on. input_shape: (S, S, C′) of what it is made of.
        weight: λ.

    Raises ValueError when the sizes differ or can't be halved twice.
    """

    def __init__(self, shape: tuple, input_shape: tuple, *, weight: float = 10.0, rng=None, device: str = "cpu"):
        check(shape, input_shape)
        rng, self.weight = np.random.default_rng(rng), weight
        self.G = UNet(shape[0], input_shape[2], shape[2], rng).to(device)
        self.D = discriminator(input_shape[2] + shape[2], rng).to(device)
        self.loss = NonSaturating()
        self.opt_G, self.opt_D = (Adam(net.params, 6e-4, (0.5, 0.999)) for net in (self.G, self.D))
        self.G_ema = EMA(self.G, 0.99)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of D, then one of G, on pictures x (m, S, S, C) and what they should be made of, a (m, S, S, C′)."""
        x, a = jittered(batch, rng)
        G, D, loss = self.G, self.D, self.loss

        x_fake, tape_G = G.forward(a)
        l_real, tape_real = D.forward((a, x))
        l_fake, tape_fake = D.forward((a, x_fake))
        d_loss, dl_real, dl_fake = loss.discriminator(l_real, l_fake)
        D.backward(dl_real, tape_real, inputs=False)
        D.backward(dl_fake, tape_fake, inputs=False)
        self.opt_D.step()

        l, tape_D = D.forward((a, x_fake))
        g_loss, dl = loss.generator(l)
        distance, dx_fake = l1(x_fake, x)
        _, dx = D.backward(dl, tape_D, weights=False)
        G.backward(dx + self.weight * dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"d_loss": d_loss, "g_loss": g_loss, **loss.outputs(l_real, l_fake), "l1": self.weight * distance}


class L1Only(Translator):
    """The same U-Net with L_L1 and no D: what pix2pix is compared with."""

    def __init__(self, shape: tuple, input_shape: tuple, *, rng=None, device: str = "cpu"):
        check(shape, input_shape)
        self.G = UNet(shape[0], input_shape[2], shape[2], np.random.default_rng(rng)).to(device)
        self.opt_G, self.G_ema = Adam(self.G.params, 6e-4, (0.5, 0.999)), EMA(self.G, 0.99)

    def train_step(self, batch: tuple[Array, Array], rng: np.random.Generator) -> dict[str, Array]:
        """One step of G on pictures x and what they should be made of, a."""
        x, a = jittered(batch, rng)
        x_fake, tape_G = self.G.forward(a)
        distance, dx_fake = l1(x_fake, x)
        self.G.backward(dx_fake, tape_G, inputs=False)
        self.opt_G.step()
        self.G_ema.update()
        return {"l1": distance}


def jittered(batch: tuple[Array, Array], rng: np.random.Generator) -> tuple[Array, ...]:
    """Each batch mirrored or not, and moved by up to 2 pixels around the edges, picture and input alike (appendix 6.2): pairs are few."""
    mirror, shift = rng.random() < 0.5, tuple(rng.integers(-2, 3, 2))
    return tuple(backend.of(t).xp.roll(t[:, :, ::-1] if mirror else t, shift, axis=(1, 2)) for t in batch)


class UNet(Layer):
    """a (N, S, S, c_in) -> (N, S, S, c_out): halved while the size is even, at most four times, and back up, each size beside its own.

        down k    convolution of stride 2, batch norm (not in the first), leaky          h_k (N, S/2^k, S/2^k, ·)
        up k      (the map below beside h_k), enlarged, convolution, batch norm, ReLU
    """

    def __init__(self, size: int, c_in: int, c_out: int, rng: np.random.Generator):
        depth = next(k for k in range(4, 0, -1) if size % 2**k == 0)
        widths = (16, 32, 64, 64)[:depth]
        self.down = [down(c, w, rng, norm=i > 0) for i, (c, w) in enumerate(zip((c_in, *widths), widths))]
        self.up = []
        below = 0
        for i in range(depth - 1, 0, -1):
            self.up.append(Sequential(Concat(), Upsample(2), Conv2d(widths[i] + below, widths[i - 1], 3, 1, bias=False, rng=rng), BatchNorm(widths[i - 1]), ReLU()))
            below = widths[i - 1]
        self.end = Sequential(Concat(), Upsample(2), Conv2d(widths[0] + below, 16, 3, 1, rng=rng), ReLU(), Conv2d(16, c_out, 3, 1, rng=rng), Tanh())

    def children(self):
        return {f"{name}{i}": layer for name, layers in (("down", self.down), ("up", self.up)) for i, layer in enumerate(layers)} | {"end": self.end}

    def forward(self, a, train=True):
        maps, tapes, y = [], [], ()
        for layer in self.down:
            a, tape = layer.forward(a, train)
            maps.append(a)
            tapes.append(tape)
        for layer, h in zip((*self.up, self.end), maps[::-1]):
            out, tape = layer.forward((h, *y), train)
            y = (out,)
            tapes.append(tape)
        return out, tapes

    def backward(self, dy, tapes, weights=True, inputs=True):
        k, dmaps = len(self.down), []
        for layer, tape in zip((self.end, *self.up[::-1]), tapes[:k - 1:-1]):
            dh, *below = layer.backward(dy, tape, weights)
            dmaps.append(dh)  # of h_1, h_2, …
            dy = below[0] if below else None
        da = dmaps[-1]
        for i in range(k - 1, -1, -1):
            da = self.down[i].backward(da, tapes[i], weights, inputs or i > 0)
            da = da + dmaps[i - 1] if i else da  # each map goes on, and to its own size on the way up
        return da


def down(c_in: int, c_out: int, rng: np.random.Generator, norm: bool) -> Sequential:
    return Sequential(Conv2d(c_in, c_out, bias=not norm, rng=rng), *([BatchNorm(c_out)] if norm else []), LeakyReLU(0.2))


def discriminator(channels: int, rng: np.random.Generator) -> Sequential:
    """(a, x) side by side (N, S, S, channels) -> logits of patches (N, ⌊S/8⌋, ⌊S/8⌋, 1); each sees 38×38 pixels."""
    return Sequential(Concat(), Conv2d(channels, 16, rng=rng), LeakyReLU(0.2), Conv2d(16, 32, rng=rng), LeakyReLU(0.2), Conv2d(32, 64, rng=rng), LeakyReLU(0.2),
                      Conv2d(64, 1, 3, 1, rng=rng))


def check(shape: tuple, input_shape: tuple) -> None:
    """Raises ValueError unless both are images of the same size, a multiple of 4 from 8 on."""
    if len(shape) != 3 or len(input_shape) != 3 or shape[:2] != tuple(input_shape[:2]) or shape[0] != shape[1] or shape[0] % 4 or shape[0] < 8:
        raise ValueError(f"this variant makes square images of a size that can be halved twice from inputs of the same size, not {shape} from {tuple(input_shape)}; "
                         "give --size 32")


PAPER = "Isola et al. 2017, arXiv 1611.07004"
RECIPE = Recipe(Pix2Pix, "outlines become pictures: a U-Net, patches judged one by one, and L1", PAPER, data="edges2emoji", steps=900, batch=16, decay=0.5,
                conditions=partners, inputs=lambda data: partners(held_out(data))[0])
L1_ONLY = Recipe(L1Only, "what pix2pix is compared with: L1 alone", PAPER, data="edges2emoji", steps=900, batch=16, decay=0.5, conditions=partners,
                 inputs=lambda data: partners(held_out(data))[0])
INPAINTING = Recipe(Pix2Pix, "pix2pix fills holes: the mask is its condition", PAPER, data="fashion_mnist", steps=1500, batch=16, decay=0.5, conditions=holes,
                    inputs=lambda data: holes(held_out(data))[0])
INPAINTING_L1 = Recipe(L1Only, "what inpainting is compared with: L1 alone", PAPER, data="fashion_mnist", steps=1500, batch=16, decay=0.5, conditions=holes,
                       inputs=lambda data: holes(held_out(data))[0])
