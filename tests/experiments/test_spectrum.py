"""The Jacobian of a GAN's training by products of backward2, and the cloud that can only move."""
import numpy as np
import pytest

from gan_scratch.experiments import moving_cloud, spectrum


@pytest.fixture(scope="module")
def game():
    G, D = spectrum.train(0.0, 0, steps=50)
    rng = np.random.default_rng(1)
    return G, D, spectrum.data(40, rng), rng.standard_normal((30, 2))


def differences(params, gradient, eps=1e-5):
    """(n, n) by central differences of a function that fills the gradients."""
    columns = []
    for p in params:
        for i in range(p.value.size):
            found = []
            for change in (eps, -2 * eps):
                p.value.flat[i] += change
                spectrum.clear(params)
                gradient()
                found.append(spectrum.gathered(params, -1))
            p.value.flat[i] += eps
            columns.append((found[0] - found[1]) / (2 * eps))
    return np.array(columns).T


@pytest.mark.parametrize("gamma", [0.0, 0.7])
def test_the_jacobian_is_that_of_the_steps_of_both_players(game, gamma):
    G, D, x, z = game
    params = G.params + D.params
    expected = differences(params, lambda: spectrum.play(G, D, x, z, gamma))
    J = spectrum.jacobian(G, D, x, z)
    if gamma:
        J = spectrum.with_r1(J, D, x, gamma)
    assert np.abs(J - expected).max() < 1e-7 * max(1, np.abs(expected).max())


def test_the_weights_are_left_as_they_were(game):
    G, D, x, z = game
    before = [p.value.copy() for p in G.params + D.params]
    spectrum.with_r1(spectrum.jacobian(G, D, x, z), D, x, 1.0)
    for p, value in zip(G.params + D.params, before):
        assert np.abs(p.value - value).max() < 1e-15 and not p.grad.any()


def test_the_pairs_that_turn_fastest_come_first():
    found = spectrum.turning(np.array([1 + 2j, 1 - 2j, -3, 4j, -4j, -1 + 0.5j, -1 - 0.5j]), 2)
    assert found.tolist() == [4j, 1 + 2j]


def test_the_cloud_goes_down_its_loss_and_d_learns_from_both():
    """One step by hand: D's output layer begins at its random weights, so the first move follows D's slope."""
    start = moving_cloud.path(0.0, h=0.05, steps=2)
    assert start.shape == (3, 2) and start[0].tolist() == [1, 0]
    assert np.linalg.norm(start[1] - start[0]) < 0.05  # half of D's slope, times h
    assert moving_cloud.distance(moving_cloud.path(0.3, steps=1500)) < 0.02  # R1 brings it home, and a wrong sign doesn't


def test_r1_is_used_with_its_weight():
    paths = [moving_cloud.path(gamma, steps=20)[-1] for gamma in (0.0, 0.1, 1.0)]
    assert all(np.abs(a - b).max() > 1e-5 for a, b in zip(paths, paths[1:]))
