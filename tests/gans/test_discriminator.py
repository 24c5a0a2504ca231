"""tell_apart: the value it returns is (3) of lecture 01, its step is that of a GAN's D, and it finds a known D*."""
import numpy as np

from gan_scratch.gans.discriminator import tell_apart
from gan_scratch.gans.gan import GAN
from gan_scratch.layers import Dense, LeakyReLU, Sequential
from gan_scratch.layers.activation import sigmoid
from gan_scratch.optim import SGD, Adam


def network(seed=0):
    rng = np.random.default_rng(seed)
    return Sequential(Dense(1, 8, rng=rng), LeakyReLU(), Dense(8, 1, rng=rng))


def test_returns_the_value_before_the_step(rng=np.random.default_rng(1)):
    D = network().astype(np.float64)
    real, fake = rng.normal(0, 1, (5, 1)), rng.normal(1, 1, (8, 1))
    V = np.log(sigmoid(D(real))).mean() + np.log(1 - sigmoid(D(fake))).mean()
    assert np.isclose(tell_apart(D, SGD(D.params, 0.1), real, fake), V)


def test_does_what_step_D_does(rng=np.random.default_rng(2)):
    real, z = rng.normal(0, 1, (6, 1)).astype(np.float32), np.random.default_rng(5)
    G, one, other = Sequential(Dense(1, 1, rng=3)), network(), network()
    gan = GAN(G, one, 1, opt_G=SGD(G.params, 0.1), opt_D=SGD(one.params, 0.1))
    fake = G(gan.noise(6, np.random.default_rng(5)))
    gan.step_D(real, z)
    tell_apart(other, SGD(other.params, 0.1), real, fake)
    assert all(np.allclose(a.value, b.value, atol=1e-7) for a, b in zip(one.params, other.params))
    assert not any(np.allclose(a.value, b.value) for a, b in zip(one.params[:1], network().params[:1]))


def test_finds_the_log_ratio_of_two_gaussians(rng=np.random.default_rng(0)):
    D = Sequential(Dense(1, 1, rng=0))  # log N(x; 0, 1) − log N(x; 1, 1) = ½ − x, a line
    opt = Adam(D.params, 0.02)
    for _ in range(600):
        tell_apart(D, opt, *(rng.normal(mean, 1, (500, 1)).astype(np.float32) for mean in (0, 1)))
    at_0, at_1 = D(np.float32([[0], [1]]))[:, 0]
    assert abs(at_0 - 0.5) < 0.15 and abs(at_1 + 0.5) < 0.15
