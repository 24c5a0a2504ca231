"""Steps of small games: matrices against closed forms, paths against matrices."""
import numpy as np
import pytest

from gan_scratch import theory

XY = np.array([[0.0, -1.0], [1.0, 0.0]])
CLOSED = {theory.simultaneous: theory.xy_simultaneous, theory.alternating: theory.xy_alternating,
          theory.extragradient: theory.xy_extragradient, theory.optimistic: theory.xy_optimistic,
          theory.implicit: theory.xy_implicit}
name = lambda f: getattr(f, "__name__", str(f))  # noqa: E731


@pytest.mark.parametrize("step", CLOSED, ids=name)
@pytest.mark.parametrize("eta", [0.01, 0.1, 0.3, 0.49, 0.55, 0.9, 1.5, 2.3])
def test_the_eigenvalues_of_the_xy_game(step, eta):
    assert theory.modulus(theory.step_matrix(XY, eta, step)) == pytest.approx(CLOSED[step](eta), rel=1e-10)


@pytest.mark.parametrize("step", CLOSED, ids=name)
def test_a_path_is_a_power_of_the_matrix(step):
    w0, eta = np.array([0.7, -0.4]), 0.2
    path = theory.trajectory(theory.xy_game, w0, eta, 30, step)
    M = theory.step_matrix(XY, eta, step)
    assert path.shape == (31, 2) and (path[0] == w0).all()
    start = np.concatenate([path[1], path[0]]) if len(M) == 4 else path[1]
    np.testing.assert_allclose(path[30], (np.linalg.matrix_power(M, 29) @ start)[:2], rtol=1e-12)


def test_one_step_of_each_by_hand():
    """From (1, 2) with h = 0.1 in f = xy."""
    expected = {theory.simultaneous: [0.8, 2.1], theory.alternating: [0.8, 2.08],
                theory.extragradient: [1 - 0.1 * 2.1, 2 + 0.1 * 0.8], theory.optimistic: [0.8, 2.1],
                theory.implicit: [(1 - 0.2) / 1.01, (2 + 0.1) / 1.01]}
    for step, w in expected.items():
        np.testing.assert_allclose(step(theory.xy_game, np.array([1.0, 2.0]), 0.1), w, rtol=1e-14)
    again = theory.optimistic(theory.xy_game, np.array([0.8, 2.1]), 0.1, np.array([1.0, 2.0]))
    np.testing.assert_allclose(again, [0.8 - 0.2 * 2.1 + 0.1 * 2, 2.1 + 0.2 * 0.8 - 0.1 * 1], rtol=1e-14)


def test_where_the_steps_become_unstable():
    for closed, edge in ((theory.xy_alternating, 2), (theory.xy_extragradient, 1), (theory.xy_optimistic, 3**-0.5)):
        assert closed(edge - 1e-3) <= 1 < closed(edge + 1e-3)
    assert theory.xy_simultaneous(1e-3) > 1 > theory.xy_implicit(1e-3)


def test_alternating_keeps_its_ellipse_when_x_moves_first():
    path = theory.trajectory(theory.xy_game, (1.0, 0.3), 0.7, 1000, theory.alternating)
    np.testing.assert_allclose(theory.xy_invariant(path, 0.7), 1 + 0.09 - 0.7 * 0.3, rtol=1e-11)
    assert np.ptp(theory.xy_invariant(path, -0.7)) > 0.5


def test_two_step_sizes():
    """On a linear field the step is I + diag(h_x, h_y) A."""
    A = np.array([[0.3, -1.0], [2.0, -0.5]])
    M = theory.step_matrix(A, (0.1, 0.4))
    np.testing.assert_allclose(M, np.eye(2) + np.diag([0.1, 0.4]) @ A, rtol=1e-14)
    implicit = theory.step_matrix(A, (0.1, 0.4), theory.implicit)
    np.testing.assert_allclose(implicit, np.linalg.inv(np.eye(2) - np.diag([0.1, 0.4]) @ A), rtol=1e-12)
    path = theory.trajectory(lambda w: A @ w, (1.0, 1.0), (0.1, 0.4), 2)
    np.testing.assert_allclose(path[2], M @ M @ [1, 1], rtol=1e-14)


def test_the_average_of_the_orbit_converges_though_the_orbit_does_not():
    path = theory.trajectory(theory.xy_game, (1.0, 1.0), 0.1, 20_000, theory.alternating)
    assert np.linalg.norm(path, axis=1).min() > 0.9
    mean = np.linalg.norm(theory.running_mean(path), axis=1)
    # A sum over a rotation by the angle φ stays below radius/sin(φ/2) = 1.5/0.05
    assert (mean[100:] * np.arange(101, 20_002) < 30).all() and mean[-1] < 2e-3
    np.testing.assert_allclose(theory.running_mean(path)[7], path[:8].mean(0), rtol=1e-13)


@pytest.mark.parametrize("decay", [0.9, 0.99])
def test_the_exponential_average_shrinks_an_orbit_by_its_gain(decay):
    eta = 0.1
    path = theory.trajectory(theory.xy_game, (1.0, 1.0), eta, 5000, theory.alternating)
    angle = np.arccos(1 - eta**2 / 2)
    average = theory.average(path, decay)
    ratio = np.sqrt(theory.xy_invariant(average[3000:], eta) / theory.xy_invariant(path[3000:], eta))
    np.testing.assert_allclose(ratio, theory.average_gain(angle, decay), rtol=1e-9)
    np.testing.assert_allclose(theory.average(path, 0.0), path)
    np.testing.assert_allclose(average[2], decay**2 * path[0] + (1 - decay) * (decay * path[1] + path[2]), rtol=1e-13)


def test_jacobian_of_a_field_known_by_hand():
    v = lambda w: np.array([np.sin(w[0]) * w[1], w[0] ** 2 - np.exp(w[1])])  # noqa: E731
    x, y = 0.4, -0.7
    exact = [[np.cos(x) * y, np.sin(x)], [2 * x, -np.exp(y)]]
    np.testing.assert_allclose(theory.jacobian(v, (x, y)), exact, atol=1e-9)


def test_consensus_descends_the_length_of_the_field():
    v = lambda w: np.array([np.sin(w[0]) * w[1], w[0] ** 2 - np.exp(w[1])])  # noqa: E731
    w, e = np.array([0.4, -0.7]), 1e-5
    half = lambda w: v(w) @ v(w) / 2  # noqa: E731
    slope = [(half(w + d) - half(w - d)) / (2 * e) for d in (np.array([e, 0]), np.array([0, e]))]
    np.testing.assert_allclose(theory.consensus(v, 0.3)(w), v(w) - 0.3 * np.array(slope), atol=1e-9)


def test_a_clipped_step():
    path = theory.trajectory(theory.xy_game, (2.0, 0.0), 0.5, 20, theory.clipped(0.7))
    assert path[1].tolist() == [2.0, 0.7] and np.abs(path[:, 1]).max() == 0.7 and path[2, 0] == 2 - 0.5 * 0.7


def test_historical_averaging_follows_its_power_law():
    """In the xy game ω = 1: at weight ¼ the mean shrinks like t^(−1/(4/16 + 1)) = t^(−0.8)."""
    weight, h = 0.25, 0.05
    path = theory.historical_averaging(theory.xy_game, (1.0, 1.0), h, 40_000, weight)
    mean = np.linalg.norm(theory.running_mean(path), axis=1)
    power = np.log(mean[40_000] / mean[4_000]) / np.log(10)
    assert power == pytest.approx(-1 / (4 * weight**2 + 1), abs=2e-3)
    second = path[1] + h * (np.array([-path[1, 1], path[1, 0]]) - 2 * weight * (path[1] - path[:2].mean(0)))
    np.testing.assert_allclose(path[2], second, rtol=1e-13)


def test_a_field_takes_a_grid_of_points():
    grid = np.array(np.meshgrid([0.0, 1.0, 2.0], [3.0, 4.0]))  # (2, 2, 3)
    assert theory.xy_game(grid).shape == (2, 2, 3) and theory.xy_game(grid)[:, 1, 2].tolist() == [-4, 2]


def test_the_step_that_leaves_floating_point_is_named():
    """Each step multiplies by 1e100: 1, 1e100, 1e200, 1e300, and step 4 is infinite."""
    path = theory.trajectory(lambda w: w, (1.0, 0.0), 1e100, 3)
    assert np.isfinite(path).all() and path[3, 0] == pytest.approx(1e300)
    with pytest.raises(ValueError, match="floating point at step 4;"):
        theory.trajectory(lambda w: w, (1.0, 0.0), 1e100, 10)


@pytest.mark.parametrize("call, text", [
    (lambda: theory.trajectory(theory.xy_game, (1.0, np.nan), 0.1, 5), "two finite numbers"),
    (lambda: theory.trajectory(theory.xy_game, (1.0, 1.0, 1.0), 0.1, 5), "two finite numbers"),
    (lambda: theory.trajectory(theory.xy_game, (1.0, 1.0), -0.1, 5), "positive"),
    (lambda: theory.trajectory(theory.xy_game, (1.0, 1.0), (0.1, 0.1, 0.1), 5), "a pair"),
    (lambda: theory.trajectory(theory.xy_game, (1.0, 1.0), 0.1, 0), "at least one step"),
    (lambda: theory.trajectory(theory.xy_game, (1.0, 1.0), 10.0, 1000), "smaller or fewer steps"),
    (lambda: theory.implicit(lambda w: w**2, np.array([1.0, 3.0]), 0.1), "isn't linear"),
    (lambda: theory.step_matrix(np.eye(3), 0.1), "2 × 2"), (lambda: theory.average(np.zeros((3, 2)), 1.0), "decay"),
    (lambda: theory.clipped(0.0), "limit"), (lambda: theory.xy_optimistic(-0.1), "xy_optimistic expects a finite eta"),
    (lambda: theory.historical_averaging(theory.xy_game, (1.0, 1.0), 0.1, 5, -1.0), "weight")])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
