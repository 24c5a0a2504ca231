"""KID: unbiased, exactly; closed form for Gaussians; the formula with loops."""
import itertools

import numpy as np
import pytest

from gan_scratch.metrics import kernel_distance, mmd2


def k(x, y):
    return (x @ y / len(x) + 1) ** 3


def test_the_estimate_is_unbiased_exactly():
    """Laws on three points: the mean over all samples of 3 and of 2, each with its probability, is MMD² itself."""
    points = np.array([[0.0, 1], [2, -1], [0.5, 3]])
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    K = np.array([[k(x, y) for y in points] for x in points])
    expectation = sum(p[list(i)].prod() * q[list(j)].prod() * mmd2(points[list(i)], points[list(j)])
                      for i in itertools.product(range(3), repeat=3) for j in itertools.product(range(3), repeat=2))
    assert np.isclose(expectation, p @ K @ p + q @ K @ q - 2 * p @ K @ q, rtol=1e-10)


def test_mmd2_by_loops(rng):
    a, b = rng.standard_normal((7, 4)), rng.standard_normal((5, 4)) + 1
    mean = lambda x, y: np.mean([k(s, t) for i, s in enumerate(x) for j, t in enumerate(y) if x is not y or i != j])  # noqa: E731
    assert np.isclose(mmd2(a, b), mean(a, a) + mean(b, b) - 2 * mean(a, b))


def test_two_gaussians_in_closed_form():
    """In one dimension E k = 1 + 3 m m′ + 3 s s′ + t t′ with the moments m = E x, s = E x², t = E x³, so MMD² = 3 Δm² + 3 Δs² + Δt².

    N(0, 1) and N(1, 1): Δm = 1, Δs = 1, Δt = 4, MMD² = 22. The deviation of one estimate at n = 1000 is about 2.3, of 40 of them 0.36.
    """
    values = []
    for seed in range(40):
        x, y = np.random.default_rng(seed).standard_normal((2, 1000, 1))
        values.append(mmd2(x, y + 1))
    assert abs(np.mean(values) - 22) < 1.5


def test_one_law_gives_nought_on_average_and_negative_values():
    values = [mmd2(*np.random.default_rng(seed).standard_normal((2, 50, 8))) for seed in range(200)]
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(200) and min(values) < 0 < max(values)


def test_more_rows_than_a_part_holds(rng):
    a, b = rng.standard_normal((1203, 3)), rng.standard_normal((777, 3))
    K = lambda x, y: (x @ y.T / 3 + 1) ** 3  # noqa: E731
    within = [(K(x, x).sum() - np.trace(K(x, x))) / (len(x) * (len(x) - 1)) for x in (a, b)]
    assert np.isclose(mmd2(a, b), sum(within) - 2 * K(a, b).mean())


def test_kernel_distance_over_subsets(rng):
    a, b = rng.standard_normal((300, 4)), rng.standard_normal((200, 4)) + 0.5
    mean, error = kernel_distance(a, b, subsets=400, size=50)
    assert abs(mean - mmd2(a, b)) < 4 * error and (mean, error) == kernel_distance(a, b, subsets=400, size=50)
    assert 1.6 < kernel_distance(a, b, subsets=100, size=50)[1] / error < 2.5  # a standard error: four times the subsets halve it
    whole, none = kernel_distance(a[:200], b, subsets=3, size=200)  # every subset is everything
    assert np.isclose(whole, mmd2(a[:200], b)) and none < 1e-12


def test_the_standard_error_of_two_subsets_by_hand(monkeypatch):
    """1 and 5: mean 3, standard deviation √((4 + 4)/(2 − 1)) = √8, divided by √2 it is 2."""
    estimates = iter([1.0, 5.0])
    monkeypatch.setattr("gan_scratch.metrics.kernel.mmd2", lambda a, b: next(estimates))
    mean, error = kernel_distance(np.zeros((4, 1)), np.zeros((4, 1)), subsets=2, size=3)
    assert mean == 3 and np.isclose(error, 2)


@pytest.mark.parametrize("call, fragment", [
    (lambda: mmd2(np.zeros((1, 2)), np.zeros((3, 2))), "n ≥ 2"), (lambda: mmd2(np.zeros((3, 2)), np.zeros((3, 4))), "equally many"),
    (lambda: mmd2(np.full((3, 2), np.nan), np.zeros((3, 2))), "NaN"),
    (lambda: kernel_distance(np.zeros((9, 2)), np.zeros((9, 2))), "2 to 9 rows"),
    (lambda: kernel_distance(np.zeros((9, 2)), np.zeros((9, 2)), subsets=1, size=3), "at least 2 subsets")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
