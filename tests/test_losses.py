"""Losses: gradients, stability at ±1000 in float32, and the closed forms of shared facts."""
import numpy as np
import pytest

from gan_scratch import gradcheck
from gan_scratch.losses import (
    Hinge, LeastSquares, Minimax, NonSaturating, Relativistic, Wasserstein, bce_with_logits, l1, l2, softmax_cross_entropy)

GAN_LOSSES = [Minimax(), NonSaturating(), NonSaturating(0.9), LeastSquares(), LeastSquares(-1, 1, 0), Wasserstein(), Hinge()]
names = lambda loss: type(loss).__name__  # noqa: E731


@pytest.mark.parametrize("loss", GAN_LOSSES, ids=names)
def test_gradients(loss, rng):
    real, fake = rng.standard_normal((7, 1)), rng.standard_normal((5, 1))
    gradcheck.check_loss(loss.discriminator, real, fake).raise_if_wrong()
    gradcheck.check_loss(loss.generator, fake).raise_if_wrong()


def test_gradients_of_the_plain_losses(rng):
    y, t = rng.standard_normal((4, 3)), rng.random((4, 3))
    for loss in (bce_with_logits, l1, l2):
        gradcheck.check_loss(lambda y: loss(y, t), y).raise_if_wrong()
    gradcheck.check_loss(lambda y: softmax_cross_entropy(y, np.array([0, 2, 1, 1])), y).raise_if_wrong()


@pytest.mark.parametrize("loss", GAN_LOSSES, ids=names)
@pytest.mark.parametrize("logit", [-1000.0, -100.0, 0.0, 100.0, 1000.0])
def test_stable_and_float32(loss, logit):
    l = np.full((4, 1), logit, np.float32)
    with np.errstate(all="raise", under="ignore"):
        for result in (loss.discriminator(l, l), loss.generator(l)):
            for a in result:
                assert np.isfinite(a).all() and a.dtype == np.float32


def test_values_far_out_are_exact():
    l = np.full((3, 1), 110, np.float32)
    assert bce_with_logits(l, 0.0)[0] == 110 and bce_with_logits(-l, 1.0)[0] == 110
    assert NonSaturating().generator(-l)[0] == 110
    assert softmax_cross_entropy(np.array([[1000.0, 0.0]], np.float32), np.array([1]))[0] == 1000


def test_generator_gradients_in_the_logit():
    """Minimax −σ(l), non-saturating −(1 − σ(l)): their ratio is e^(−l), 22 026 at l = −10."""
    l = np.array([[-10.0], [-3.0], [0.0], [2.0]])
    sigma = 1 / (1 + np.exp(-l))
    d_minimax, d_ns = Minimax().generator(l)[1] * 4, NonSaturating().generator(l)[1] * 4
    np.testing.assert_allclose(d_minimax, -sigma, rtol=1e-12)
    np.testing.assert_allclose(d_ns, -(1 - sigma), rtol=1e-12)
    np.testing.assert_allclose(d_ns / d_minimax, np.exp(-l), rtol=1e-10)
    assert round((d_ns / d_minimax).item(0)) == 22026
    in_float32 = Minimax().generator(np.array([[-10.0]], np.float32))[1]
    np.testing.assert_allclose(in_float32, -sigma[:1], rtol=1e-6)


def test_a_discriminator_that_cannot_tell_pays_log_4_and_the_generator_log_2():
    l = np.zeros((5, 1))
    assert np.isclose(Minimax().discriminator(l, l)[0], np.log(4)) and np.isclose(NonSaturating().generator(l)[0], np.log(2))
    assert np.isclose(Minimax().generator(l)[0], -np.log(2)) and np.isclose(Hinge().discriminator(l, l)[0], 2)


@pytest.mark.parametrize("alpha", [1.0, 0.9])
def test_optimal_discriminator_under_one_sided_smoothing(alpha):
    """Where p and q are densities at one point, p·d_real + q·d_fake = 0 exactly at D* = αp/(p + q)."""
    p, q = 0.7, 0.2
    D = alpha * p / (p + q)
    l = np.array([[np.log(D / (1 - D))]])
    _, d_real, d_fake = NonSaturating(alpha).discriminator(l, l)
    assert abs(p * d_real + q * d_fake).item() < 1e-15


def test_means_are_over_the_batch():
    l = np.ones((8, 1))
    assert bce_with_logits(l, 1.0)[0] == bce_with_logits(l[:2], 1.0)[0]
    np.testing.assert_allclose(bce_with_logits(l, 1.0)[1][:2], bce_with_logits(l[:2], 1.0)[1] / 4)


def test_small_losses_keep_their_digits_and_targets_the_dtype():
    l = np.array([[12.0], [17.0]], np.float32)
    for logit in l:
        np.testing.assert_allclose(bce_with_logits(logit, 1.0)[0], np.log1p(np.exp(-float(logit[0]))), rtol=1e-5)
    loss, d = bce_with_logits(l, np.array([[0], [1]]))
    assert loss.dtype == d.dtype == np.float32
    assert NonSaturating(np.float64(0.9)).discriminator(l, l)[0].dtype == np.float32


@pytest.mark.parametrize("call", [
    lambda: bce_with_logits(np.zeros((3, 1)), [1.0, 0.0, 1.0]), lambda: softmax_cross_entropy(np.zeros((2, 3)), np.array([0, -1])),
    lambda: softmax_cross_entropy(np.zeros((2, 3)), np.array([0, 3])),
    lambda: bce_with_logits(np.zeros((4, 1)), np.zeros(4)), lambda: l1(np.zeros((4, 1)), np.zeros((1, 4))),
    lambda: l2(np.zeros(3), np.zeros((3, 1))), lambda: softmax_cross_entropy(np.zeros((4, 2)), np.zeros((4, 1), int)),
    lambda: NonSaturating(0.0)])
def test_shapes_that_numpy_would_broadcast_are_refused(call):
    with pytest.raises(ValueError):
        call()


def test_labels_must_be_integers():
    with pytest.raises(TypeError, match="integer"):
        softmax_cross_entropy(np.zeros((2, 2)), np.zeros(2))


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(0.9, 0.1), LeastSquares(-1, 1, 0), Wasserstein(), Hinge()],
                         ids=lambda loss: type(loss).__name__)
def test_curvature_is_the_derivative_of_the_gradient(loss, rng):
    real, fake, h = 2 * rng.standard_normal((5, 1)), 2 * rng.standard_normal((4, 1)), 1e-5
    c_real, c_fake = loss.curvature(real, fake)
    (_, r1, f1), (_, r0, f0) = loss.discriminator(real + h, fake + h), loss.discriminator(real - h, fake - h)
    np.testing.assert_allclose(c_real, (r1 - r0) / (2 * h), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(c_fake, (f1 - f0) / (2 * h), rtol=1e-6, atol=1e-9)


def test_relativistic_loss(rng):
    real, fake = rng.standard_normal((6, 1)), rng.standard_normal((6, 1))
    loss = Relativistic()
    gradcheck.check_loss(loss.discriminator, real, fake).raise_if_wrong()
    gradcheck.check_loss(lambda f: loss.generator(f, real), fake).raise_if_wrong()
    shifted = loss.discriminator(real + 5, fake + 5)[0]
    assert np.isclose(loss.discriminator(real, fake)[0], shifted)  # only differences matter
    assert np.isclose(loss.discriminator(real, real)[0], np.log(2)) and np.isclose(loss.generator(fake, real)[0], loss.discriminator(fake, real)[0])
    with pytest.raises(ValueError, match=r"\(6, 1\) and \(5, 1\)"):
        loss.discriminator(real, fake[:5])


def test_what_a_loss_shows(rng):
    real, fake = rng.standard_normal((6, 1)), rng.standard_normal((6, 1))
    assert NonSaturating().outputs(real, fake) == {"d_real": (1 / (1 + np.exp(-real))).mean(), "d_fake": (1 / (1 + np.exp(-fake))).mean()}
    for loss in (LeastSquares(), Wasserstein(), Hinge(), Relativistic()):
        assert loss.outputs(real, fake) == {"l_real": real.mean(), "l_fake": fake.mean()}


def test_smoothing_both_sides_moves_the_optimal_discriminator(rng):
    """At fixed x with densities p, q the minimum of the loss is at σ(l) = (αp + βq)/(p + q)."""
    p, q, l = 0.3, 0.7, np.linspace(-4, 4, 80001)[:, None]
    for alpha, beta in ((1.0, 0.0), (0.9, 0.0), (0.9, 0.1)):
        loss = NonSaturating(alpha, beta)
        _, d_real, d_fake = loss.discriminator(l, l)
        best = l[np.abs(p * d_real + q * d_fake).argmin(), 0]
        assert abs(1 / (1 + np.exp(-best)) - (alpha * p + beta * q) / (p + q)) < 1e-4 and (loss.real_label, loss.fake_label) == (alpha, beta)
    for labels in ((1.1, 0.0), (0.5, 0.5), (0.9, -0.1)):
        with pytest.raises(ValueError, match="labels"):
            NonSaturating(*labels)
