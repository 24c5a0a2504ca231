"""The GAN in the browser does what the library does: the same weights after the same 200 steps, whatever the settings."""
from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from gan_scratch import losses, penalties
from gan_scratch.data.points import ring
from gan_scratch.gans.gan import GAN, mlp
from gan_scratch.gans.wgan import WGAN
from gan_scratch.layers import Dense, LeakyReLU, MinibatchDiscrimination, ReLU, Sequential, SpectralNorm, init
from gan_scratch.optim import SGD, Adam, Momentum, RMSProp

STEPS, M = 200, 16
LOSSES = {"minimax": losses.Minimax, "nonsaturating": losses.NonSaturating, "leastsquares": losses.LeastSquares,
          "hinge": losses.Hinge, "wasserstein": losses.Wasserstein}
OPTIMIZERS = {
    "adam": (partial(Adam, lr=2e-3, betas=(0.3, 0.95)), {"lr": 2e-3, "beta1": 0.3, "beta2": 0.95}),
    "rmsprop": (partial(RMSProp, lr=1e-3), {"lr": 1e-3}),
    "momentum": (partial(Momentum, lr=1e-2, momentum=0.7), {"lr": 1e-2, "momentum": 0.7}),
    "sgd": (partial(SGD, lr=2e-2), {"lr": 2e-2}),
}
STRENGTH = {"none": 0.0, "clip": 0.3, "r1": 0.5, "wgan_gp": 2.0}
CASES = [(loss, penalty, "adam", {}) for loss in LOSSES for penalty in STRENGTH]
CASES += [("nonsaturating", penalty, optimizer, {}) for optimizer in ("rmsprop", "momentum", "sgd") for penalty in STRENGTH]
CASES += [("nonsaturating", "none", "adam", {"minibatch": True}), ("hinge", "none", "adam", {"spectral": True}),
          ("minimax", "r1", "adam", {"spectral": True}), ("wasserstein", "wgan_gp", "rmsprop", {"k": 3}),
          ("hinge", "clip", "adam", {"k": 2, "minibatch": True, "spectral": True})]


class Recorder:
    """A random generator that keeps what was drawn."""

    def __init__(self, seed: int):
        self.rng, self.noise, self.epsilon = np.random.default_rng(seed), [], []

    def standard_normal(self, shape, dtype):
        self.noise.append(self.rng.standard_normal(shape, dtype))
        return self.noise[-1]

    def random(self, shape, dtype):
        self.epsilon.append(self.rng.random(shape, dtype))
        return self.epsilon[-1]


def networks(minibatch: bool, spectral: bool, bias: bool):
    rng, he = np.random.default_rng(5), init.he()
    normed = partial(SpectralNorm, rng=rng) if spectral else lambda layer: layer
    G = Sequential(*mlp((2, 8, 8), ReLU, init=he, rng=rng), Dense(8, 2, rng=rng, init=he))
    hidden = [normed(layer) if isinstance(layer, Dense) else layer for layer in mlp((2, 8, 8), LeakyReLU, init=he, rng=rng)]
    many = [MinibatchDiscrimination(8, 3, 2, rng=rng)] if minibatch else []
    D = Sequential(*hidden, *many, normed(Dense(11 if minibatch else 8, 1, bias, rng=rng, init=he)))
    for net in (G, D):
        net.astype(np.float64)
        for p in net.params:
            if p.value.ndim == 1:
                p.value[...] = 0.1 * rng.standard_normal(p.value.shape)  # a bias that is 0 hides what is wrong with it
    return G, D


def plain(layer) -> dict:
    """A layer as the page reads it."""
    kind = type(layer).__name__
    if kind in ("ReLU", "LeakyReLU"):
        return {"kind": "Leaky", "slope": getattr(layer, "slope", 0)}
    if kind == "MinibatchDiscrimination":
        return {"kind": kind, "T": layer.T.value.ravel().tolist(), "from": layer.n_in, "kernels": layer.kernels, "dims": layer.dims}
    n_in, n_out = layer.W.value.shape
    about = {"kind": kind, "W": layer.W.value.ravel().tolist(), "b": layer.b and layer.b.value.tolist(), "from": n_in, "to": n_out}
    return about | ({"left": layer.left.tolist(), "right": layer.right.tolist()} if kind == "SpectralNorm" else {})


def trained(loss: str, penalty: str, optimizer: str, k: int = 1, minibatch: bool = False, spectral: bool = False) -> tuple[dict, dict]:
    """What the page needs to repeat a training, and what comes of it here."""
    G, D = networks(minibatch, spectral, bias=loss != "wasserstein")
    make, numbers = OPTIMIZERS[optimizer]
    rng, batches = Recorder(1), np.random.default_rng(2)
    about = {"loss": loss, "penalty": penalty, "strength": STRENGTH[penalty], "k": k, "m": M, "steps": STEPS,
             "optG": {"kind": optimizer, **numbers}, "optD": {"kind": optimizer, **numbers},
             "G": [plain(layer) for layer in G.layers], "D": [plain(layer) for layer in D.layers]}
    extra = {"r1": [partial(penalties.r1, gamma=STRENGTH["r1"])], "wgan_gp": [partial(penalties.wgan_gp, weight=STRENGTH["wgan_gp"])]}
    options = {"opt_G": make(G.params), "opt_D": make(D.params), "k": k}
    gan = WGAN(G, D, 2, clip=STRENGTH["clip"], **options) if penalty == "clip" else GAN(G, D, 2, penalties=extra.get(penalty, ()), **options)
    gan.loss = LOSSES[loss]()
    real, values = [], []
    for _ in range(STEPS):
        batch = ring(4, std=0.3).sample(k * M, batches).astype(np.float64)
        real += [part.ravel().tolist() for part in batch.reshape(k, M, 2)]
        said = gan.train_step(batch, rng)
        values.append([float(said["d_loss"]), float(said["g_loss"])])
    about |= {"real": real, "noise": [z.ravel().tolist() for z in rng.noise], "epsilon": [e.tolist() for e in rng.epsilon]}
    return about, {"losses": values, "G": [p.value.ravel() for p in G.params], "D": [p.value.ravel() for p in D.params]}


@pytest.mark.parametrize("loss, penalty, optimizer, more", CASES)
def test_the_browser_trains_as_the_library_does(opened, loss, penalty, optimizer, more):
    about, ours = trained(loss, penalty, optimizer, **more)
    theirs = opened("gan", "#paused").evaluate("replay", about)
    np.testing.assert_allclose(theirs["losses"], ours["losses"], rtol=0, atol=1e-6)
    for name in ("G", "D"):
        assert len(theirs[name]) == len(ours[name])
        for a, b in zip(theirs[name], ours[name]):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    moved = np.abs(np.array(ours["losses"][-1]) - ours["losses"][0]).max()
    assert moved > 1e-3, "nothing was learned, so that nothing was compared"
