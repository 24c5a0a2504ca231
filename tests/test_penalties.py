"""Gradient penalties by hand: closed forms, central differences, and no NaN where a slope is zero."""
import copy
from functools import partial

import numpy as np
import pytest

from gan_scratch import gradcheck, penalties
from gan_scratch.layers import (
    BatchNorm, Conv2d, Conv3d, Dense, Flatten, LayerNorm, LeakyReLU, MinibatchDiscrimination, Sequential, Sigmoid, Softplus, SpectralNorm, Tanh)
from gan_scratch.optim import SGD
from gan_scratch.penalties import gradient_penalty

CRITICS = {
    "dense tanh": (lambda: Sequential(Dense(3, 6, rng=0), Tanh(), Dense(6, 6, rng=1), Tanh(), Dense(6, 1, rng=2)), (4, 3)),
    "dense leaky": (lambda: Sequential(Dense(3, 6, rng=0), LeakyReLU(), Dense(6, 6, rng=1), LeakyReLU(), Dense(6, 1, rng=2)), (4, 3)),
    "dense sigmoid softplus": (lambda: Sequential(Dense(3, 6, rng=0), Sigmoid(), Dense(6, 6, rng=1), Softplus(), Dense(6, 1, rng=2)), (4, 3)),
    "conv2d": (lambda: Sequential(Conv2d(2, 4, rng=0), LeakyReLU(), Conv2d(4, 4, rng=1), Tanh(), Flatten(), Dense(4, 1, rng=2)), (3, 5, 4, 2)),
    "conv3d": (lambda: Sequential(Conv3d(1, 3, rng=0), Softplus(), Flatten(), Dense(24, 1, rng=2)), (2, 4, 4, 4, 1)),
    "patches": (lambda: Sequential(Conv2d(2, 4, rng=0), Tanh(), Conv2d(4, 1, kernel=3, stride=1, rng=1)), (2, 6, 6, 2)),
    "batch norm": (lambda: Sequential(Dense(3, 6, bias=False, rng=0), BatchNorm(6), Tanh(), Dense(6, 1, rng=2)), (5, 3)),
    "layer norm": (lambda: Sequential(Dense(3, 6, rng=0), LayerNorm(6), LeakyReLU(), Dense(6, 1, rng=2)), (4, 3)),
    "spectral norm": (lambda: Sequential(SpectralNorm(Dense(3, 6, rng=0), 0), Tanh(), SpectralNorm(Dense(6, 1, rng=2), 0)), (4, 3)),
}


def gradients(D):
    return {name: p.grad.copy() for name, p in D.named_params().items()}


@pytest.mark.parametrize("center", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("name", CRITICS)
def test_the_gradient_of_the_penalty_agrees_with_central_differences(name, center, rng):
    make, shape = CRITICS[name]
    D, x = make().astype(np.float64), rng.standard_normal(shape)

    def P():
        net = copy.deepcopy(D)
        y, tape = net.forward(x)
        g = net.backward(np.ones_like(y), tape)
        return float(3.0 * ((np.sqrt((g**2).reshape(len(g), -1).sum(1)) - center) ** 2).mean())

    used = copy.deepcopy(D)
    assert np.isclose(gradient_penalty(used, x, 3.0, center), P(), rtol=1e-12)
    last = list(D.named_params())[-1]
    for key, p in D.named_params().items():
        gradient = used.named_params()[key].grad
        scale = max(np.abs(gradient).max(), 1e-3)
        for i in rng.permutation(p.value.size)[:8]:
            index = np.unravel_index(i, p.value.shape)
            expected, kink = gradcheck.derivative(P, p.value, index)
            assert kink or abs(gradient[index] - expected) < 1e-6 * scale, (key, index)
        if key == last and key.endswith("b"):
            assert (gradient == 0).all()  # a constant added to D has no slope


def test_a_linear_critic_in_closed_form():
    """D(x) = xw + b: g = w everywhere, P = λ(‖w‖ − 1)², ∇P = 2λ(‖w‖ − 1) w/‖w‖."""
    D = Sequential(Dense(2, 1)).astype(np.float64)
    D[0].W.value[...] = [[3.0], [4.0]]
    assert gradient_penalty(D, np.zeros((7, 2)), weight=10.0, center=1.0) == 10 * 16
    np.testing.assert_allclose(D[0].W.grad, 2 * 10 * 4 * np.array([[0.6], [0.8]]), rtol=1e-14)
    assert D[0].b.grad == 0
    assert np.isclose(penalties.r1(D, np.zeros((7, 2)), None, None, gamma=2.0), 25)  # γ/2 ‖w‖²


def test_a_quadratic_critic_in_closed_form(rng):
    """D(x) = softplus(wx) on a line: D′ = w σ(wx), P = mean D′², by hand."""
    D = Sequential(Dense(1, 1, bias=False), Softplus()).astype(np.float64)
    w, x = 1.7, rng.standard_normal((50, 1))
    D[0].W.value[...] = w
    s = 1 / (1 + np.exp(-w * x))
    assert np.isclose(gradient_penalty(D, x, 1.0, 0.0), np.mean((w * s) ** 2))
    np.testing.assert_allclose(D[0].W.grad, np.mean(2 * w * s * (s + w * s * (1 - s) * x)))


@pytest.mark.parametrize("center", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_nan_where_the_slope_is_exactly_zero(center, dtype, rng):
    for last in (Dense(6, 1, rng=2), Dense(6, 1, rng=2)):
        D = Sequential(Dense(3, 6, rng=0), LeakyReLU(0.0), last).astype(dtype)
        D[0].b.value[...] = -100  # all units are off
        value = gradient_penalty(D, rng.standard_normal((4, 3)).astype(dtype), 10.0, center)
        assert value == 10 * center**2 and all((p.grad == 0).all() for p in D.params)
    D[0].b.value[...] = [-100] * 5 + [0]  # some samples have a slope, others none
    gradient_penalty(D, rng.standard_normal((40, 3)).astype(dtype), 10.0, center)
    assert all(np.isfinite(p.grad).all() for p in D.params) and np.abs(D[0].W.grad).max() > 0


def test_everything_stays_float32(rng):
    D = CRITICS["conv2d"][0]()
    value = gradient_penalty(D, rng.standard_normal((3, 5, 4, 2)).astype(np.float32))
    assert value.dtype == np.float32 and np.ndim(value) == 0 and all(p.grad.dtype == np.float32 for p in D.params)


def test_the_penalty_adds_to_the_gradients_and_leaves_the_weights_alone(rng):
    D, x = CRITICS["dense tanh"][0](), rng.standard_normal((4, 3)).astype(np.float32)
    before = D.state()
    gradient_penalty(D, x)
    once = gradients(D)
    gradient_penalty(D, x)
    for name, g in gradients(D).items():
        np.testing.assert_allclose(g, 2 * once[name], rtol=1e-6)
    assert all((a == D.state()[name]).all() for name, a in before.items())
    SGD(D.params, 0.1).step()
    gradient_penalty(D, x)  # no stale record is left


def test_wgan_gp_samples_on_the_segments(rng, monkeypatch):
    seen = []
    monkeypatch.setattr(penalties, "gradient_penalty", lambda D, x, weight, center: seen.append((x, weight, center)))
    real, fake = rng.standard_normal((500, 2)), 5 + rng.standard_normal((500, 2))
    penalties.wgan_gp(None, real, fake, np.random.default_rng(0), weight=7.0)
    (x, weight, center), = seen
    share = (x - fake) / (real - fake)
    np.testing.assert_allclose(share[:, 0], share[:, 1])  # one ε for each sample
    assert (weight, center) == (7.0, 1.0) and 0 <= share.min() < 0.02 and 0.98 < share.max() <= 1 and abs(share.mean() - 0.5) < 0.05
    with pytest.raises(ValueError, match=r"\(500, 2\) and \(499, 2\)"):
        penalties.wgan_gp(None, real, fake[1:], rng)


def test_where_each_penalty_looks(rng, monkeypatch):
    seen = []
    monkeypatch.setattr(penalties, "gradient_penalty", lambda D, x, weight, center: seen.append((x, weight, center)))
    real, fake = 3 * rng.standard_normal((4000, 2)), rng.standard_normal((4000, 2))
    penalties.r1(None, real, fake, rng, gamma=4.0)
    penalties.r2(None, real, fake, rng, gamma=4.0)
    penalties.dragan(None, real, fake, rng, weight=6.0, noise=0.5)
    assert seen[0][0] is real and seen[0][1:] == (2.0, 0.0)
    assert seen[1][0] is fake and seen[1][1:] == (2.0, 0.0)
    delta = seen[2][0] - real
    assert seen[2][1:] == (6.0, 1.0) and abs(delta.std() - 1.5) < 0.05 and abs(delta.mean()) < 0.1  # half of the data's 3


def test_weights_are_clipped_in_place_and_it_counts_as_an_update(rng):
    D = Sequential(Dense(3, 4, rng=0))
    optimizer = SGD(D.params, 0.1)
    x = rng.standard_normal((2, 3)).astype(np.float32)
    y, tape = D.forward(x)
    penalties.clip_weights(D.params, 0.2)
    assert np.abs(optimizer.theta).max() == np.float32(0.2) and D[0].W.value.base is not None
    with pytest.raises(RuntimeError, match="updated"):
        D.backward(y, tape)
    with pytest.raises(ValueError, match="c > 0"):
        penalties.clip_weights(D.params, 0)


@pytest.mark.parametrize("make", [lambda: Dense(6, 3, rng=0), lambda: Dense(3, 6, rng=0), lambda: Conv2d(2, 5, kernel=3, rng=0)])
def test_orthogonal_penalty(make):
    layer = make().astype(np.float64)
    net = Sequential(layer, Tanh())

    def R():
        W = layer.W.value.reshape(-1, layer.W.value.shape[-1])
        gram = W @ W.T if W.shape[0] < W.shape[1] else W.T @ W
        return float(0.3 * ((gram - np.diag(np.diag(gram))) ** 2).sum())

    assert np.isclose(penalties.orthogonal_penalty(net, 0.3), R())
    for index in list(np.ndindex(layer.W.value.shape))[:10]:
        expected, _ = gradcheck.derivative(R, layer.W.value, index)
        assert np.isclose(layer.W.grad[index], expected, rtol=1e-6, atol=1e-8)
    assert (layer.b.grad == 0).all()
    layer.W.value[...] = np.eye(*layer.W.value.reshape(-1, layer.W.value.shape[-1]).shape).reshape(layer.W.value.shape) * 5
    assert penalties.orthogonal_penalty(net) == 0  # lengths are free


def test_what_cannot_be_penalised_says_why(rng):
    D = Sequential(Dense(3, 4, rng=0), MinibatchDiscrimination(4, rng=0), Dense(20, 1, rng=0))
    with pytest.raises(NotImplementedError, match="MinibatchDiscrimination.*gradient penalty"):
        gradient_penalty(D, rng.standard_normal((4, 3)).astype(np.float32))
    with pytest.raises(ValueError, match="empty batch"):
        gradient_penalty(D, np.zeros((0, 3), np.float32))


def test_penalties_add_up_in_a_gan(rng):
    from gan_scratch.gans import GAN

    G, D = (Sequential(Dense(2, 8, rng=rng), Tanh(), Dense(8, n, rng=rng)) for n in (2, 1))
    gan = GAN(G, D, 2, opt_G=SGD(G.params, 0.1), opt_D=SGD(D.params, 0.1), penalties=[partial(penalties.r1, gamma=2.0), penalties.r2])
    x, noise = rng.standard_normal((6, 2)).astype(np.float32), np.random.default_rng(3)
    x_fake = G(gan.noise(6, np.random.default_rng(3)))
    twin = copy.deepcopy(D)
    expected = penalties.r1(twin, x, x_fake, rng, gamma=2.0) + penalties.r2(twin, x, x_fake, rng)
    assert np.isclose(gan.train_step(x, noise)["penalty"], expected, rtol=1e-5)
