"""The Fréchet distance against closed forms, against the matrix root, and its bias against simulation."""
import numpy as np
import pytest
from scipy.linalg import sqrtm

from gan_scratch.metrics import frechet_at_infinity, frechet_bias, frechet_distance, frechet_gaussians


def exact_sample(n, mean, covariance, rng):
    """n points whose sample mean and covariance are exactly these."""
    x = rng.standard_normal((n, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(x, rowvar=False)))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_one_dimensional_gaussians(rng):
    """N(0, 1) and N(3, 4), variance 4: 9 + (1 − 2)² = 10."""
    assert np.isclose(frechet_distance(exact_sample(50, [0.0], [[1.0]], rng), exact_sample(70, [3.0], [[4.0]], rng)), 10)


def test_frechet_distance_with_equal_covariances_is_the_squared_distance_of_the_means(rng):
    covariance = np.cov(rng.standard_normal((9, 4)), rowvar=False)
    a, b = exact_sample(50, np.zeros(4), covariance, rng), exact_sample(60, np.arange(4.0), covariance, rng)
    assert np.isclose(frechet_distance(a, b), 0 + 1 + 4 + 9)


def test_frechet_distance_with_diagonal_covariances(rng):
    p, q, shift = np.array([1.0, 2, 3]), np.array([4.0, 0.5, 3]), np.array([1.0, 0, -2])
    a, b = exact_sample(50, np.zeros(3), np.diag(p), rng), exact_sample(50, shift, np.diag(q), rng)
    assert np.isclose(frechet_distance(a, b), ((np.sqrt(p) - np.sqrt(q)) ** 2).sum() + shift @ shift)


def test_frechet_distance_against_the_matrix_square_root(rng):
    a, b = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6)), rng.standard_normal((100, 6)) + 1
    A, B, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False), a.mean(0) - b.mean(0)
    assert np.isclose(frechet_distance(a, b), d @ d + np.trace(A + B - 2 * sqrtm(A @ B).real))


def test_frechet_distance_is_a_distance(rng):
    a, b = rng.standard_normal((30, 40)), rng.standard_normal((50, 40))  # fewer samples than features: singular covariances
    assert abs(frechet_distance(a, a)) < 1e-6 and np.isclose(frechet_distance(a, b), frechet_distance(b, a))


@pytest.mark.parametrize("n, m", [(12, 12), (12, 50), (50, 12), (31, 29)])
def test_both_ways_to_the_trace_agree(n, m, rng):
    """Fewer samples than features: the singular values of ABᵀ. Otherwise eigenvalues. On both sides of the border both must hold."""
    a, b = rng.standard_normal((n, 30)) @ rng.standard_normal((30, 30)), rng.standard_normal((m, 30)) + 1
    by_moments = frechet_gaussians(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
    assert np.isclose(frechet_distance(a, b), by_moments, rtol=1e-6)  # eigenvalues near 0 keep only half their digits under a root


@pytest.mark.parametrize("shape, avoided", [((2, 30, 500), "eigh"), ((2, 500, 30), "svd")])
def test_the_smaller_matrix_is_decomposed(shape, avoided, rng, monkeypatch):
    """At d = 2048 and n = 1000 singular values take under a second, a root by sqrtm 41 s."""
    a, b = rng.standard_normal(shape)
    monkeypatch.setattr(np.linalg, avoided, None)
    assert frechet_distance(a, b) > 0


def test_frechet_gaussians(rng):
    assert np.isclose(frechet_gaussians(0, 1, 3, 4), 10)
    assert np.isclose(frechet_gaussians([0, 1], np.diag([4, 9]), [1, 1], np.eye(2)), 1 + 1 + 4)
    A, B = (x @ x.T for x in rng.standard_normal((2, 5, 5)))
    assert np.isclose(frechet_gaussians(np.zeros(5), A, np.ones(5), B), 5 + np.trace(A + B - 2 * sqrtm(A @ B).real))
    assert frechet_gaussians(np.zeros(2), np.diag([1, 0]), np.zeros(2), np.diag([0, 1])) == 2  # nothing in common


@pytest.mark.parametrize("d, n, repeats", [(8, 400, 300), (64, 2000, 8)])
def test_frechet_distance_of_one_law_is_its_bias(d, n, repeats):
    """(2d + d(d + 1)/2)/n for n samples each from N(0, I_d), 2208/n at d = 64; half of it for one sample against exact moments.

    d² is nearly a sum of d(d + 3)/2 squares, so its relative deviation is about 2/√(d(d + 3)): 0.21 and 0.03,
    of the mean 0.012 and 0.011. Allowed are 0.06.
    """
    assert frechet_bias(d, n) == pytest.approx((2 * d + d * (d + 1) / 2) / n) and frechet_bias(64, 1) == 2208
    draws = [np.random.default_rng(seed).standard_normal((3, n, d)) for seed in range(repeats)]
    assert abs(np.mean([frechet_distance(a, b) for a, b, _ in draws]) / frechet_bias(d, n) - 1) < 0.06
    uneven = [frechet_distance(a, b[:n // 2]) for a, b, _ in draws]
    assert abs(np.mean(uneven) / frechet_bias(d, n, n // 2) - 1) < 0.06
    exact = [frechet_gaussians(a.mean(0), np.cov(a, rowvar=False), np.zeros(d), np.eye(d)) for a, _, _ in draws]
    assert abs(np.mean(exact) / frechet_bias(d, n, np.inf) - 1) < 0.06 and 2 * frechet_bias(d, n, np.inf) == frechet_bias(d, n)


def test_the_extrapolation_removes_the_bias():
    """Law N(0, I₈) to its own exact moments: n = 800 features give the bias 26/800 = 0.0325, the fit 0. One fit deviates by 0.012."""
    fits = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        fits.append(frechet_at_infinity(rng.standard_normal((800, 8)), exact_sample(100, np.zeros(8), np.eye(8), rng), rng))
    first = np.mean([fit["distances"][0] for fit in fits])
    assert fits[0]["sizes"][0] == 800 and fits[0]["sizes"][-1] == 200
    assert abs(first / frechet_bias(8, 800, np.inf) - 1) < 0.2 and abs(np.mean([fit["limit"] for fit in fits])) < 0.3 * first
    assert abs(np.mean([fit["slope"] for fit in fits]) / frechet_bias(8, 1, np.inf) - 1) < 0.2


def test_the_extrapolation_draws_its_parts(rng):
    """Features sorted by class, far apart: the first hundred rows are one class, a random hundred are both."""
    a = np.repeat([[0.0, 0.0], [20.0, 0.0]], 200, axis=0) + rng.standard_normal((400, 2))
    b = np.repeat([[0.0, 0.0], [20.0, 0.0]], 200, axis=0) + rng.standard_normal((400, 2))
    one_class = frechet_distance(a[:100], b)  # 10² and the width of two classes
    parts = frechet_at_infinity(a, b, 0, sizes=[400, 200, 100])["distances"]
    assert one_class > 150 and max(parts) < 5  # the mean of a hundred deviates by 1 and counts squared


def test_the_default_sizes():
    fit = frechet_at_infinity(np.eye(60, 3), np.eye(60, 3)[::-1], 0)
    assert fit["sizes"] == [60, 40, 30, 24, 20, 17, 15] and len(fit["distances"]) == 7  # 60 divided by 1, 1.5, … 4


def test_the_extrapolation_is_a_line_in_one_over_n(rng):
    a, b = rng.standard_normal((60, 3)), rng.standard_normal((60, 3)) + 1
    fit = frechet_at_infinity(a, b, 0, sizes=[60, 20])
    full, part = fit["distances"]
    assert np.isclose(full, frechet_distance(a, b)) and part > full  # three parts of 20
    assert np.isclose(fit["limit"] + fit["slope"] / 60, full) and np.isclose(fit["limit"] + fit["slope"] / 20, part)
    assert fit == frechet_at_infinity(a, b, 0, sizes=[60, 20])


@pytest.mark.parametrize("a, b", [(np.zeros((3, 2)), np.zeros((3, 4))), (np.zeros(3), np.zeros(3)), (np.zeros((1, 2)), np.zeros((3, 2))),
                                  (np.full((3, 2), np.nan), np.zeros((3, 2)))])
def test_features_that_do_not_fit(a, b):
    with pytest.raises(ValueError, match="frechet_distance"):
        frechet_distance(a, b)


@pytest.mark.parametrize("call, fragment", [
    (lambda: frechet_gaussians(np.zeros(2), np.eye(3), np.zeros(2), np.eye(2)), "expects means"),
    (lambda: frechet_gaussians(0, np.nan, 0, 1), "NaN"), (lambda: frechet_gaussians(0, 1, 0, -1), "cov2 is no covariance"),
    (lambda: frechet_gaussians(np.zeros(2), [[1, 2], [0, 1]], np.zeros(2), np.eye(2)), "cov1 is no covariance"),
    (lambda: frechet_bias(0, 10), "expects d"), (lambda: frechet_bias(3, 10, 0), "expects d"),
    (lambda: frechet_at_infinity(np.zeros((9, 2)), np.zeros((9, 2)), 0, sizes=[9]), "two different sizes"),
    (lambda: frechet_at_infinity(np.zeros((9, 2)), np.zeros((9, 2)), 0, sizes=[9, 10]), "from 2 to 9")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
