"""Unrolling by hand, without PyTorch: central differences through the K steps, and what it does to a game."""
import copy

import numpy as np
import pytest

from gan_scratch import gradcheck, losses
from gan_scratch.gans import UnrolledGAN
from gan_scratch.gans.unrolled import unrolled_gradient
from gan_scratch.layers import BatchNorm, Conv2d, Dense, Flatten, LeakyReLU, Residual, Sequential, Softplus, Tanh
from gan_scratch.optim import SGD, Adam

CASES = {
    "dense": (lambda: Sequential(Dense(2, 5, rng=0), Tanh(), Dense(5, 1, rng=1)), (4, 2)),
    "nested, normalised": (lambda: Sequential(Dense(2, 5, bias=False, rng=0), BatchNorm(5), Softplus(), Residual(Sequential(Dense(5, 5, rng=2), Tanh())),
                                              Dense(5, 1, rng=1)), (5, 2)),
    "conv": (lambda: Sequential(Conv2d(1, 2, rng=0), LeakyReLU(), Flatten(), Dense(8, 1, rng=1)), (2, 4, 4, 1)),
}


def looked_ahead(D, x, x_fake, loss, K, lr):
    """G's loss after K steps of D, from nothing but first-order passes."""
    D = copy.deepcopy(D)
    for p in D.params:
        p.grad[...] = 0
    for _ in range(K):
        (l_real, t_real), (l_fake, t_fake) = D.forward(x), D.forward(x_fake)
        _, d_real, d_fake = loss.discriminator(l_real, l_fake)
        D.backward(d_real, t_real)
        D.backward(d_fake, t_fake)
        for p in D.params:
            p.value -= lr * p.grad
            p.grad[...] = 0
    return float(loss.generator(D.forward(x_fake)[0])[0])


@pytest.mark.parametrize("loss", [losses.NonSaturating(), losses.LeastSquares(), losses.Wasserstein()], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("K", [0, 1, 3, 5])
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_through_k_steps_agrees_with_central_differences(name, K, loss, rng):
    make, shape = CASES[name]
    D = make().astype(np.float64)
    x, x_fake = rng.standard_normal(shape), 1 + rng.standard_normal(shape)
    g_loss, dx = unrolled_gradient(D, x, x_fake, loss, K, 0.1)
    assert np.isclose(g_loss, looked_ahead(D, x, x_fake, loss, K, 0.1), rtol=1e-12)
    for i in rng.permutation(x_fake.size)[:6]:
        index = np.unravel_index(i, shape)
        expected, kink = gradcheck.derivative(lambda: looked_ahead(D, x, x_fake, loss, K, 0.1), x_fake, index)
        assert kink or abs(dx[index] - expected) < 1e-7 * np.abs(dx).max(), index


def test_k_0_is_the_ordinary_gan(rng):
    D, x = CASES["dense"][0](), rng.standard_normal((4, 2)).astype(np.float32)
    loss = losses.NonSaturating()
    l, tape = D.forward(x)
    np.testing.assert_allclose(unrolled_gradient(D, x, x, loss, 0, 0.1)[1], D.backward(loss.generator(l)[1], tape), rtol=1e-6)


def test_a_step_leaves_d_as_its_own_step_made_it(rng):
    G, D = Sequential(Dense(2, 2, rng=0)), CASES["dense"][0]()
    gan = UnrolledGAN(G, D, 2, K=3, inner_lr=0.5, opt_G=Adam(G.params, 0.01), opt_D=SGD(D.params, 0.1))
    seen = []
    step_D = gan.opt_D.step
    gan.opt_D.step = lambda: (step_D(), seen.append(D.state()))
    gan.train_step(rng.standard_normal((6, 2)).astype(np.float32), rng)
    assert gan.opt_D.t == 1 and all((a == D.state()[name]).all() for name, a in seen[0].items())
    assert not gan.opt_D.g.any() and gan.D[0].W.value.base is not None


def test_on_the_dirac_gan_unrolling_pulls_theta_to_the_data():
    """D(x) = ψx, G = θ, data at 0. Near the equilibrium G's gradient gains the damping 2 K η f′(0)² θ = K η θ/2."""
    for K, lr in ((1, 0.1), (3, 0.1), (5, 0.02)):
        D = Sequential(Dense(1, 1, bias=False)).astype(np.float64)
        D[0].W.value[...] = 0
        theta = np.array([[1e-4]])
        _, plain = unrolled_gradient(D, np.zeros((1, 1)), theta, losses.Minimax(), 0, lr)
        _, unrolled = unrolled_gradient(D, np.zeros((1, 1)), theta, losses.Minimax(), K, lr)
        np.testing.assert_allclose((unrolled - plain) / theta, 2 * K * lr * 0.5**2, rtol=1e-6)


def test_refusals(rng):
    D, x = CASES["dense"][0](), rng.standard_normal((4, 2))
    with pytest.raises(NotImplementedError, match="couples real and fake"):
        unrolled_gradient(D.astype(np.float64), x, x, losses.Relativistic(), 1, 0.1)
    with pytest.raises(ValueError, match="K must be at least 0"):
        UnrolledGAN(D, D, 2, K=-1, opt_G=None, opt_D=None)
