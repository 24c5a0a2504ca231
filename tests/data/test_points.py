"""Sources of points: their modes, their densities, their determinism."""
import numpy as np
import pytest

from gan_scratch.data import SwissRoll, grid, load, mixture_1d, ring


def test_the_ring_has_eight_different_modes_evenly_spaced():
    """linspace(0, 2π, 8) would draw the first mode twice and leave seven."""
    modes = ring().modes
    np.testing.assert_allclose(np.linalg.norm(modes, axis=1), 2)
    gaps = np.linalg.norm(modes - np.roll(modes, 1, axis=0), axis=1)
    np.testing.assert_allclose(gaps, 4 * np.sin(np.pi / 8))


def test_the_grid_is_centred_and_square():
    modes = grid(side=5, spacing=2.0).modes
    assert {tuple(m) for m in modes} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}


@pytest.mark.parametrize("mixture", [ring(), grid(), mixture_1d()], ids=["ring", "grid", "mixture_1d"])
def test_samples_come_evenly_from_the_modes_with_the_stated_spread(mixture, rng):
    x = mixture.sample(20000, rng)
    assert x.dtype == np.float32 and x.shape == (20000, *mixture.shape)
    distance = np.linalg.norm(x[:, None] - mixture.modes, axis=-1)
    shares = np.bincount(distance.argmin(1), minlength=len(mixture.modes)) / len(x)
    np.testing.assert_allclose(shares, 1 / len(mixture.modes), rtol=0.15)
    if mixture.std < 0.1:
        np.testing.assert_allclose((distance.min(1) ** 2).mean(), mixture.modes.shape[1] * mixture.std**2, rtol=0.03)


def test_densities_integrate_to_one():
    line = np.linspace(-6, 6, 4001)
    assert np.isclose(mixture_1d().density(line[:, None]).sum() * (line[1] - line[0]), 1)
    wide = ring(std=0.3)
    x = np.linspace(-4, 4, 401)
    plane = np.stack(np.meshgrid(x, x), -1).reshape(-1, 2)
    assert np.isclose(wide.density(plane).sum() * (x[1] - x[0]) ** 2, 1)


def test_the_swiss_roll_is_a_spiral(rng):
    x = SwissRoll(noise=0.0).sample(1000, rng) * 7.5
    t = np.linalg.norm(x, axis=1)
    assert 1.5 * np.pi - 1e-4 <= t.min() and t.max() <= 4.5 * np.pi + 1e-4
    np.testing.assert_allclose(x, np.stack([t * np.cos(t), t * np.sin(t)], 1), atol=1e-4)


@pytest.mark.parametrize("name", ["ring", "grid", "swiss_roll", "mixture_1d"])
def test_deterministic_under_a_seed(name):
    draw = lambda seed: load(name).sample(50, np.random.default_rng(seed))  # noqa: E731
    assert (draw(1) == draw(1)).all() and (draw(1) != draw(2)).any()
