"""Closed forms: each against another road to the same number (quadrature, a search for the best D, SciPy)."""
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import expit

from gan_scratch import theory
from gan_scratch.losses import LeastSquares, Minimax, NonSaturating

GRID = np.linspace(-24, 25, 49_001)
DX = GRID[1] - GRID[0]
P, Q = stats.norm.pdf(GRID, 0, 1), stats.norm.pdf(GRID, 1, 1)


def pmfs(rng, n=2, k=5):
    return rng.dirichlet(np.ones(k), n)


@pytest.mark.parametrize("real, fake", [(1.0, 0.0), (0.9, 0.0), (0.9, 0.1)])
def test_optimal_discriminator_is_what_a_search_finds(real, fake):
    """The best D for p = 0.7, q = 0.2, by minimising the smoothed cross-entropy and the squared error."""
    p, q = 0.7, 0.2
    entropy = lambda t, D: -t * np.log(D) - (1 - t) * np.log(1 - D)  # noqa: E731
    expected = theory.optimal_discriminator(p, q, real, fake)
    for cost in (lambda D: p * entropy(real, D) + q * entropy(fake, D), lambda D: p * (D - real) ** 2 + q * (D - fake) ** 2):
        found = minimize_scalar(cost, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-9}).x
        assert abs(expected - found) < 1e-6  # a minimum is flat: its place is known to √ε only


def test_optimal_discriminator_at_the_edges():
    np.testing.assert_array_equal(theory.optimal_discriminator([1, 0, 0], [0, 2, 0]), [1, 0, 0.5])
    assert theory.optimal_discriminator(0.0, 0.0, 1.0, -1.0) == 0 and theory.optimal_discriminator(0.0, 0.0, 1.0, 0.2) == 0.6


def test_no_other_discriminator_has_a_larger_value(rng):
    p, q = pmfs(rng)
    best = theory.value(p, q, theory.optimal_discriminator(p, q))
    assert all(theory.value(p, q, rng.random(5)) <= best for _ in range(200))
    assert theory.value(p, q, np.full(5, 0.5)) == pytest.approx(-2 * np.log(2), rel=1e-14)
    assert theory.value([1, 0], [0, 1], [1, 0]) == 0 and theory.value([1, 0], [0, 1], [0, 0]) == -np.inf


def test_js_is_the_definition(rng):
    for _ in range(20):
        p, q = pmfs(rng)
        m = (p + q) / 2
        assert theory.js(p, q) == pytest.approx((stats.entropy(p, m) + stats.entropy(q, m)) / 2, rel=1e-10)
        assert theory.js(p, q) == pytest.approx(np.log(2) + theory.value(p, q, theory.optimal_discriminator(p, q)) / 2, rel=1e-9)
    assert theory.js([1, 1e-30], [1e-30, 1]) == pytest.approx(np.log(2)) == theory.js([1, 5e-324], [0, 1])
    assert theory.js([1, 0], [0, 1]) == pytest.approx(np.log(2)) and theory.js([1, 0], [1, 0]) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("laws", [(0, 1, 1, 1), (0, 1, 1, 4), (-2, 0.25, 1, 3)])
def test_js_of_gaussians_is_the_value_on_a_grid(laws):
    mu1, var1, mu2, var2 = laws
    p, q = stats.norm(mu1, var1**0.5), stats.norm(mu2, var2**0.5)
    assert theory.js_gaussians(*laws) == pytest.approx(theory.js(p.pdf(GRID), q.pdf(GRID), DX), rel=1e-9)
    logit = theory.optimal_logit(p.logpdf(GRID), q.logpdf(GRID))
    np.testing.assert_allclose(theory.gaussian_logit(GRID, *laws), logit, atol=1e-10, rtol=1e-10)


def test_js_of_gaussians_far_apart_or_of_very_different_width():
    assert theory.js_gaussians(0, 1, 100, 1) == pytest.approx(np.log(2), rel=1e-9)
    assert theory.js_gaussians(3, 2, 3, 2) == pytest.approx(0, abs=1e-12)
    narrow = theory.js_gaussians(0, 1e-8, 0, 1)
    assert narrow == pytest.approx(theory.js_gaussians(0, 1, 0, 1e8), rel=1e-8) and 0.69 < narrow < np.log(2)


def test_kl_of_gaussians_by_quadrature_and_in_more_dimensions(rng):
    p, q = stats.norm(0.5, 1.5), stats.norm(-1, 0.7)
    by_quad = quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -20, 20)[0]
    assert theory.kl_gaussians(0.5, 1.5**2, -1, 0.7**2) == pytest.approx(by_quad, rel=1e-9)
    diagonal = theory.kl_gaussians([0.5, 0], np.diag([2.25, 1]), [-1, 1], np.diag([0.49, 4]))
    assert diagonal == pytest.approx(by_quad + theory.kl_gaussians(0, 1, 1, 4), rel=1e-9)  # independent coordinates add up
    R = stats.ortho_group.rvs(2, random_state=rng)
    turned = theory.kl_gaussians(R @ [0.5, 0], R @ np.diag([2.25, 1]) @ R.T, R @ [-1, 1], R @ np.diag([0.49, 4]) @ R.T)
    assert turned == pytest.approx(diagonal, rel=1e-9)


@pytest.mark.parametrize("laws", [(0, 1, 2, 1), (0, 1, 2, 9), (3, 4, -1, 0.25), (1, 4, 1, 1)])
def test_w1_of_gaussians_is_the_distance_of_the_distribution_functions(laws):
    mu1, var1, mu2, var2 = laws
    F, G = stats.norm(mu1, var1**0.5).cdf, stats.norm(mu2, var2**0.5).cdf
    by_quad = quad(lambda x: abs(F(x) - G(x)), -40, 40, limit=500, points=[mu1, mu2])[0]
    assert theory.w1_gaussians(*laws) == pytest.approx(by_quad, rel=1e-6)


def test_uniforms_against_a_grid():
    x = (np.arange(30_000) + 0.5) / 10_000  # cells of 1e-4 on [0, 3]
    for s in (0.0, 0.25, 0.8, 1.0, 1.7):
        p, q = (x < 1).astype(float), ((x >= s) & (x < 1 + s)).astype(float)
        facts = theory.uniforms(s)
        assert facts["js"] == pytest.approx(theory.js(p, q, 1e-4), abs=1e-9)
        assert facts["tv"] == pytest.approx(theory.tv(p, q, 1e-4), abs=1e-9)
        assert facts["w1"] == pytest.approx(np.abs(np.cumsum(p - q) * 1e-4).sum() * 1e-4, abs=1e-9)
        assert facts["overlap"] == pytest.approx((p * q).sum() * 1e-4, abs=1e-9)
    assert theory.uniforms(0)["kl"] == 0 and theory.uniforms(-0.5)["w1"] == 0.5


def test_js_is_flat_where_w1_is_not():
    near, far = theory.uniforms(1.5), theory.uniforms(3.0)
    assert near["js"] == far["js"] and far["w1"] - near["w1"] == 1.5


@pytest.mark.parametrize("theta", [-1.5, 0.3, 1.0, 3.0, 6.0])
def test_what_the_generator_descends_at_the_best_discriminator(theta):
    """Left: samples move, D is held. Right: derivatives of divergences. (Arjovsky & Bottou 2017, theorem 2.5)"""
    minimax = theory.generator_gradient(theta, theory.minimax_slope)
    nonsaturating = theory.generator_gradient(theta, theory.nonsaturating_slope)
    assert minimax == pytest.approx(2 * theory.js_gradient(theta), rel=1e-8)
    assert nonsaturating == pytest.approx(theory.kl_gradient(theta) - 2 * theory.js_gradient(theta), rel=1e-8)


def test_the_gradients_of_the_divergences_are_their_derivatives():
    for theta in (-1.5, 0.3, 2.0):
        h = 1e-4  # error h² ≈ 1e-8 of the third derivative, rounding 1e-10/h = 1e-6
        slope = lambda f: (f(theta + h) - f(theta - h)) / (2 * h)  # noqa: E731
        assert theory.js_gradient(theta) == pytest.approx(slope(lambda t: theory.js_gaussians(0, 1, t, 1)), rel=2e-6)
        assert theory.kl_gradient(theta) == pytest.approx(slope(lambda t: theory.kl_gaussians(t, 1, 0, 1)), rel=1e-7)


def test_the_minimax_gradient_vanishes_where_the_other_is_large():
    assert abs(theory.generator_gradient(10.0, theory.minimax_slope)) < 1e-4
    assert theory.generator_gradient(10.0, theory.nonsaturating_slope) == pytest.approx(10, rel=1e-4)


def test_the_gradients_by_drawing_samples_and_the_losses_of_the_library(rng):
    theta, n = 1.0, 200_000
    x = theta + rng.standard_normal((n, 1))
    l = theory.gaussian_logit(x, 0, 1, theta, 1)
    for loss, slope in ((Minimax(), theory.minimax_slope), (NonSaturating(), theory.nonsaturating_slope)):
        d = loss.generator(l)[1] * n * -theta
        np.testing.assert_allclose(d, slope(l) * -theta, rtol=1e-12)
        assert abs(d.mean() - theory.generator_gradient(theta, slope)) < 5 * d.std() / np.sqrt(n)  # five standard errors


def test_least_squares_is_a_chi_squared_distance(rng):
    p, q = pmfs(rng)
    D = theory.optimal_discriminator(p, q, 1, -1)
    chi2 = ((p - q) ** 2 / (p + q)).sum()
    assert 2 * theory.least_squares_cost(p, q, D) == pytest.approx(chi2, rel=1e-12)
    assert chi2 == pytest.approx((((p + q) - 2 * q) ** 2 / (p + q)).sum())
    # D* is where the library's loss, weighted by p and q, has no gradient: p·d_real + q·d_fake = 0
    _, d_real, d_fake = LeastSquares(-1, 1, 0).discriminator(D, D)
    np.testing.assert_allclose(p * d_real + q * d_fake, 0, atol=1e-15)
    assert theory.least_squares_cost(p, q, np.ones(5), goal=1.0) == 0


def test_hinge_is_the_total_variation(rng):
    p, q = pmfs(rng)
    best = theory.hinge_value(p, q, theory.hinge_critic(p, q))
    assert best == pytest.approx(-2 + 2 * theory.tv(p, q), rel=1e-12)
    assert all(theory.hinge_value(p, q, rng.uniform(-3, 3, 5)) <= best for _ in range(200))


def test_costs_are_integrals():
    """Densities 1 on [0, 1] and 2 on [0, ½], and other raw outputs than the best, on two cells of width ½."""
    p, q, D = np.array([1.0, 1.0]), np.array([2.0, 0.0]), np.array([-0.5, 3.0])
    # hinge: ½·[1·(−1.5) + 2·(−0.5)] + ½·[0 + 0]; least squares, goal 1: ½·½·[3·1.5² + 1·2²]
    assert theory.hinge_value(p, q, D, 0.5) == -1.25 and theory.least_squares_cost(p, q, D, 1.0, 0.5) == 2.6875
    hinge, chi2 = theory.hinge_value(P, Q, theory.hinge_critic(P, Q), DX), quad(lambda x: _chi2(x), -24, 25, points=[0, 1])[0]
    assert hinge == pytest.approx(-2 + 2 * (2 * stats.norm.cdf(0.5) - 1), rel=1e-6)  # TV of N(0, 1), N(1, 1) is 2Φ(½) − 1
    best = theory.optimal_discriminator(P, Q, 1, -1)
    assert 2 * theory.least_squares_cost(P, Q, best, dx=DX) == pytest.approx(chi2, rel=1e-9)


def _chi2(x):
    p, q = stats.norm.pdf(x, 0, 1), stats.norm.pdf(x, 1, 1)
    return (p - q) ** 2 / (p + q) if p + q else 0.0


def test_total_variation_is_the_best_event(rng):
    p, q = pmfs(rng)
    events = (np.arange(2**5)[:, None] >> np.arange(5)) & 1  # all 32 sets of 5 outcomes
    assert theory.tv(p, q) == pytest.approx((events @ (p - q)).max())


def test_packing_separates_what_one_sample_cannot():
    p, lost, uneven = theory.packing_example()
    for m in (1, 2, 3, 4):
        assert theory.packed_tv(p, lost, m) == pytest.approx(1 - 2.0**-m, rel=1e-12)
    assert [theory.packed_tv(p, uneven, m) for m in (1, 2, 3)] == pytest.approx([1 / 2, 1 / 2, 11 / 16], rel=1e-12)


def test_packing_against_all_pairs_by_hand(rng):
    p, q = pmfs(rng, k=3)
    pairs = sum(abs(p[i] * p[j] - q[i] * q[j]) for i in range(3) for j in range(3)) / 2
    assert theory.packed_tv(p, q, 2) == pytest.approx(pairs, rel=1e-12)


@pytest.mark.parametrize("call, text", [
    (lambda: theory.optimal_discriminator([0.1, 0.2], [0.1]), "same places"), (lambda: theory.tv([np.nan], [1.0]), "finite"),
    (lambda: theory.js([-1.0, 2.0], [0.5, 0.5]), "at least 0"), (lambda: theory.value(P, Q, GRID), "logit"),
    (lambda: theory.value([0.5, 0.5], [0.5, 0.5], [0.5]), "shape of p"), (lambda: theory.kl_gaussians(0, 0, 0, 1), "above 0"),
    (lambda: theory.kl_gaussians([0, 0], np.eye(2), 0, 1), "covariances"),
    (lambda: theory.js_gaussians(0, 1, 0, -1), "variance"),
    (lambda: theory.kl_gaussians(np.inf, 1, 0, 1), "finite mean"), (lambda: theory.w1_gaussians(0, np.inf, 0, 1), "variance"),
    (lambda: theory.generator_gradient(np.nan, expit), "finite mean"), (lambda: theory.uniforms(np.inf), "finite shift"),
    (lambda: theory.optimal_logit([0.0, -np.inf], [0.0, 0.0]), "log densities"),
    (lambda: theory.packed_tv([0.5, 0.6], [0.5, 0.5], 2), "sum 1"), (lambda: theory.packed_tv([0.5, 0.5], [1, 0], 0), "m ≥ 1"),
    (lambda: theory.packed_tv(np.full(10, 0.1), np.full(10, 0.1), 8), "at most")])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
