"""W1: the line against sorting, the programme against the line, and duality."""
import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from gan_scratch.metrics import w1, w1_1d, w1_matched


def test_w1_on_a_line_is_the_mean_distance_of_sorted_samples_and_the_dual(rng):
    x, y = rng.standard_normal(40), 2 * rng.standard_normal(40) + 1
    by_programme = w1(x[:, None], y[:, None])
    assert np.isclose(w1_1d(x, y), np.abs(np.sort(x) - np.sort(y)).mean())
    assert np.isclose(by_programme.distance, w1_1d(x, y), atol=1e-9)
    assert np.isclose(by_programme.f.mean() + by_programme.g.mean(), w1_1d(x, y), atol=1e-9)


def test_w1_of_shifted_samples_is_the_shift(rng):
    x = rng.random(50)
    assert np.isclose(w1_1d(x, x + 3), 3) and np.isclose(w1_1d(rng.permutation(x), x - 0.25), 0.25)
    points = rng.standard_normal((30, 2))
    assert np.isclose(w1(points, points + [3, 4]).distance, 5)  # in any dimension


def test_w1_of_unequal_sizes(rng):
    assert np.isclose(w1_1d([0.0], [1.0, 2.0, 6.0]), 3) and np.isclose(w1_1d([0, 1], [0, 0, 1, 1]), 0)
    for n, m in ((7, 12), (30, 1), (5, 20)):
        x, y = rng.standard_normal(n), rng.standard_normal(m) + 0.5
        assert np.isclose(w1_1d(x, y), wasserstein_distance(x, y)) and np.isclose(w1_1d(x, y), w1(x[:, None], y[:, None]).distance)
        assert np.isclose(w1_1d(np.repeat(x, m), np.repeat(y, n)), w1_1d(x, y))  # the same laws with equal sizes


def test_plan_and_potentials(rng):
    x, y = rng.standard_normal((25, 3)), rng.standard_normal((18, 3)) + 1
    p, q = rng.dirichlet(np.ones(25)), rng.dirichlet(np.ones(18))
    t, cost = w1(x, y, p, q), cdist(x, y)
    np.testing.assert_allclose(t.plan.sum(1), p, atol=1e-9)
    np.testing.assert_allclose(t.plan.sum(0), q, atol=1e-9)
    slack = cost - t.f[:, None] - t.g
    assert t.plan.min() >= 0 and slack.min() > -1e-6 and (t.plan * slack).sum() < 1e-6  # HiGHS holds constraints to 1e-7
    assert np.isclose((t.plan * cost).sum(), t.distance) and np.isclose(p @ t.f + q @ t.g, t.distance, atol=1e-6)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_best_matching_is_the_programmes_plan(d, rng):
    x, y = rng.standard_normal((60, d)), rng.standard_normal((60, d)) + 0.5
    assert np.isclose(w1_matched(x, y), w1(x, y).distance, rtol=1e-9, atol=0) and w1_matched(x, rng.permutation(x)) == 0


def test_probabilities_are_used():
    t = w1([[0.0], [1.0]], [[0.0], [1.0]], p=[0.7, 0.3], q=[0.2, 0.8])
    assert np.isclose(t.distance, 0.5) and np.allclose(t.plan, [[0.2, 0.5], [0, 0.3]])


def test_a_million_unknowns_are_allowed_and_no_more(monkeypatch):
    class Reached(Exception):
        """The programme would be solved now."""

    def solve(cost, **_):
        raise Reached(len(cost))

    monkeypatch.setattr("gan_scratch.metrics.transport.linprog", solve)
    with pytest.raises(Reached, match="1000000"):
        w1(np.zeros((1000, 1)), np.zeros((1000, 1)))
    for n, m in ((1001, 1000), (1000, 1001)):
        with pytest.raises(ValueError, match=f"{n}·{m} is too many"):
            w1(np.zeros((n, 1)), np.zeros((m, 1)))


@pytest.mark.parametrize("call, fragment", [
    (lambda: w1(np.zeros((1001, 2)), np.zeros((1000, 2))), "too many"), (lambda: w1(np.zeros((2, 2)), np.zeros((2, 3))), "equally many"),
    (lambda: w1(np.zeros((2, 2)), np.zeros((2, 2)), p=[1, 1]), "of sum 1"),
    (lambda: w1(np.zeros((2, 2)), np.zeros((2, 2)), q=[1.5, -0.5]), "non-negative"),
    (lambda: w1(np.full((2, 2), np.nan), np.zeros((2, 2))), "NaN"), (lambda: w1_1d(np.zeros((3, 2)), np.zeros((3, 2))), "use w1"),
    (lambda: w1_1d([1.0, np.inf], [1.0, 2.0]), "infinite"), (lambda: w1_1d([], [1.0]), "n ≥ 1"),
    (lambda: w1_matched(np.zeros((2, 2)), np.zeros((3, 2))), "equally many points, got 2 and 3")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
