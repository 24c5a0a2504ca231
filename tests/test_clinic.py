"""The signs of the clinic name the runs that were made for them, on every seed, and nothing in a healthy one."""
import numpy as np
import pytest

from gan_scratch import clinic, figures
from gan_scratch.data import load
from gan_scratch.experiments.clinic import KEYS, RUNS, SEEDS, DoubleSigmoid, train
from gan_scratch.training import pairwise_distance

KEPT = figures.load("clinic")
NAMED = {"healthy": None, "the same start, non-saturating": None, "the same start, minimax with Adam": None, "D wins": "D has won", "collapse": "collapse",
         "oscillation": "oscillation", "learning rate too high": "losses out of range", "saturated minimax": "saturated",
         "weights=False forgotten": "two thirds", "double sigmoid": "double sigmoid", "data in [0, 1]": "D sees a difference",
         "batch norm over mixed batches": "two verdicts"}


def course_of(name, seed, last=0.4):
    real = pairwise_distance(load("mnist14").images[:64])
    samples = KEPT[f"{name}/{seed}/samples"] / 127.5 - 1
    return clinic.course({key: KEPT[f"{name}/{seed}/{key}"] for key in KEYS}, pairwise_distance(samples) / real, last)


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("last", [0.3, 0.4, 0.5])
def test_every_run_shows_its_sign_and_no_other(name, last):
    for seed in range(SEEDS):
        sign = clinic.sign_of(course_of(name, seed, last))
        assert (sign.name if sign else None) == NAMED[name]


def test_every_sign_has_a_run():
    assert set(NAMED) == set(RUNS) and {sign.name for sign in clinic.SIGNS} == set(filter(None, NAMED.values()))
    assert clinic.WARNED.keys() < {sign.name for sign in clinic.SIGNS}


def test_two_thirds_is_what_the_formulas_say():
    """At p = q, D minimises −log d − log(1 − d) − log d: the extra term is G's loss. So d = 2/3."""
    d = np.linspace(0.01, 0.99, 9801)
    assert np.isclose(d[np.argmin(-2 * np.log(d) - np.log(1 - d))], 2 / 3, atol=1e-4)
    for seed in range(SEEDS):
        c = course_of("weights=False forgotten", seed)
        assert abs(c.d_loss - np.log(4.5)) < 0.03 and abs(c.g_loss - np.log(1.5)) < 0.03


@pytest.mark.parametrize("name", RUNS)
def test_the_file_is_what_the_command_writes(name):
    """As far as it can be seen in ten steps. (Where D is sure, its losses are of the size of rounding.)"""
    curves, samples = train(name, 0, steps=10)
    for key in KEYS:
        np.testing.assert_allclose(curves[key], KEPT[f"{name}/0/{key}"][:1], rtol=2e-3, atol=1e-5)
    assert samples.shape == (64, 14, 14, 1)


def test_the_fid_is_what_the_command_writes():
    curves, _ = train("healthy", 0, steps=20, looks=(20,))
    assert abs(curves["fid"][0] / KEPT["healthy/0/fid"][0] - 1) < 0.02


def test_what_was_learned_from_data_in_the_unit_range_is_shown_between_minus_one_and_one():
    """An untrained tanh gives numbers near 0, which is black in [0, 1]."""
    gan = RUNS["data in [0, 1]"](0)
    assert gan.G_ema.network(gan.noise(8, np.random.default_rng(0))).mean() > -0.2
    assert np.abs(gan.sample(8, 0)).max() <= 1 and gan.sample(8, 0).mean() < -0.7


def test_the_double_sigmoid_has_the_gradients_of_its_losses():
    rng, loss, h = np.random.default_rng(0), DoubleSigmoid(), 1e-5
    real, fake = rng.normal(0, 3, (2, 5, 1))
    _, d_real, d_fake = loss.discriminator(real, fake)
    _, g_fake = loss.generator(fake)
    for i in range(5):
        step = np.zeros((5, 1))
        step[i] = h
        slope = lambda f: (f(step) - f(-step)) / (2 * h)  # noqa: E731
        assert np.isclose(slope(lambda s: loss.discriminator(real + s, fake)[0]), d_real[i, 0], atol=1e-8)
        assert np.isclose(slope(lambda s: loss.discriminator(real, fake + s)[0]), d_fake[i, 0], atol=1e-8)
        assert np.isclose(slope(lambda s: loss.generator(fake + s)[0]), g_fake[i, 0], atol=1e-8)


def test_a_course_is_taken_from_the_end():
    t = np.arange(100.0)
    curves = {"d_loss": t, "g_loss": 0 * t + 2, "d_real": 0.5 + 0.001 * t, "d_fake": 0.1 * np.sin(t)}
    c = clinic.course(curves, last=0.1)
    assert np.isclose(c.d_loss, 94.5) and c.g_loss == 2 and c.swing < 1e-12 and c.spread is None
