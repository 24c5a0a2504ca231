"""The signs of the clinic name the runs that were made for them, on every seed, and nothing in a healthy one."""
import numpy as np
import pytest

from gan_scratch import clinic, figures
from gan_scratch.data import load
from gan_scratch.experiments.clinic import KEYS, RUNS, SEEDS, train
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


def test_the_file_is_what_the_command_writes():
    curves, samples = train("healthy", 0, steps=20, looks=(20,))
    for key in KEYS:
        np.testing.assert_allclose(curves[key], KEPT[f"healthy/0/{key}"][:2], rtol=2e-3)
    assert samples.shape == (64, 14, 14, 1) and abs(curves["fid"][0] / KEPT["healthy/0/fid"][0] - 1) < 0.02


def test_a_course_is_taken_from_the_end():
    t = np.arange(100.0)
    curves = {"d_loss": t, "g_loss": 0 * t + 2, "d_real": 0.5 + 0.001 * t, "d_fake": 0.1 * np.sin(t)}
    c = clinic.course(curves, last=0.1)
    assert np.isclose(c.d_loss, 94.5) and c.g_loss == 2 and c.swing < 1e-12 and c.spread is None
