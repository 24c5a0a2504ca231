"""Every row of the course's table of facts on theory, with its constants typed in, against the library.

One test a row, in the table's order. The table's other half, on metrics, is tested beside the metrics.
"""
import numpy as np
import pytest
from scipy.optimize import linprog

from gan_scratch import theory
from gan_scratch.latent import edit, lerp, project_out, score_covariance, scores, slerp
from gan_scratch.layers import Conv1d, ConvTranspose1d, Dense, SpectralNorm
from gan_scratch.layers.activation import softplus
from gan_scratch.losses import Hinge, LeastSquares, Minimax, NonSaturating, bce_with_logits
from gan_scratch.metrics.transport import w1_1d


def radii(path):
    return np.hypot(*path.T)


def test_optimal_logit_for_two_unit_gaussians():
    x = np.array([-40.0, -2.0, 0.0, 0.5, 3.0, 40.0])
    np.testing.assert_allclose(theory.gaussian_logit(x, 0, 1, 1, 1), 1 / 2 - x, rtol=1e-12, atol=1e-15)
    D = theory.optimal_discriminator(np.exp(-x[1:5] ** 2 / 2), np.exp(-((x[1:5] - 1) ** 2) / 2))
    np.testing.assert_allclose(np.log(D / (1 - D)), 1 / 2 - x[1:5], rtol=1e-12, atol=1e-15)


def test_largest_value():
    js = theory.js_gaussians(0, 1, 1, 1)
    assert round(js, 6) == 0.111421 and round(js / np.log(2), 6) == 0.160747
    assert round(-2 * np.log(2) + 2 * js, 7) == -1.1634514
    x = np.linspace(-10, 11, 2101)
    p, q = (np.exp(-((x - mu) ** 2) / 2) / np.sqrt(2 * np.pi) for mu in (0, 1))
    assert round(theory.value(p, q, theory.optimal_discriminator(p, q), x[1] - x[0]), 7) == -1.1634514


@pytest.mark.parametrize("s", [0.0, 0.25, 1.0, 4.0])
def test_shifted_uniforms(s):
    facts = theory.uniforms(s)
    assert facts["js"] == (1 - facts["overlap"]) * np.log(2) and facts["overlap"] == max(0, 1 - s)
    assert facts["w1"] == s and facts["kl"] == (np.inf if s else 0)
    assert s < 1 or round(facts["js"], 4) == 0.6931


def test_kl_asymmetry():
    """N(1, 4): variance 4."""
    assert round(theory.kl_gaussians(0, 1, 1, 4), 5) == 0.44315 and round(theory.kl_gaussians(1, 4, 0, 1), 5) == 1.30685


def test_root_js_is_a_metric_and_js_is_not(rng):
    """How many of 1000 triples violate JS's triangle depends on their law and on how they are counted: with Dirichlet(1, 1, 1)
    some side is too long in about 700, a named side in about 230; with ten outcomes in about 110 and 37."""
    violations = {0.5: 0, 1.0: 0}
    for _ in range(1000):
        p, q, r = rng.dirichlet(np.ones(3), 3)
        for power in violations:
            a, b, c = (theory.js(*pair) ** power for pair in ((p, q), (q, r), (p, r)))
            violations[power] += max(a, b, c) > a + b + c - max(a, b, c) + 1e-12
    assert violations[0.5] == 0 and violations[1.0] > 50


def test_js_between_bounds_in_total_variation(rng):
    for alpha in (0.1, 1.0):  # 0.1: nearly disjoint pairs, where the upper bound is tight
        for _ in range(500):
            p, q = rng.dirichlet(np.full(4, alpha), 2)
            js, tv = theory.js(p, q), theory.tv(p, q)
            assert tv**2 / 2 - 1e-12 <= js <= np.log(2) * tv + 1e-12
    assert theory.js([1, 0], [0, 1]) == pytest.approx(np.log(2) * theory.tv([1, 0], [0, 1]))
    near = theory.js([0.5, 0.5], [0.51, 0.49]), theory.tv([0.5, 0.5], [0.51, 0.49]) ** 2 / 2
    assert near[0] == pytest.approx(near[1], rel=1e-3)  # where the lower one is


def test_generator_gradient_in_the_logit():
    l = np.array([-10.0, 0.0, 3.0])
    sigma = 1 / (1 + np.exp(-l))
    np.testing.assert_allclose(theory.minimax_slope(l), -sigma, rtol=1e-13)
    np.testing.assert_allclose(theory.nonsaturating_slope(l), -(1 - sigma), rtol=1e-13)
    assert round(theory.nonsaturating_slope(-10.0) / theory.minimax_slope(-10.0)) == 22_026
    for loss, slope in ((Minimax(), theory.minimax_slope), (NonSaturating(), theory.nonsaturating_slope)):
        np.testing.assert_allclose(loss.generator(l)[1] * 3, slope(l), rtol=1e-13)


def test_stable_losses():
    assert softplus(np.float32(110)) == 110 and bce_with_logits(np.full((1, 1), 110, np.float32), 0.0)[0] == 110
    with np.errstate(divide="ignore", over="ignore"):
        naive = np.log(1 - 1 / (1 + np.exp(np.float32(-1) * np.array([-100, 100], np.float32))))
    assert naive.dtype == np.float32 and naive.tolist() == [0, -np.inf]
    stable = -softplus(np.array([-100, 100], np.float32))
    np.testing.assert_allclose(stable, [-np.exp(np.float32(-100)), -100], rtol=1e-5)


def test_what_the_generator_descends_at_the_best_discriminator():
    """At p_g = N(1, 1) and data N(0, 1), dKL = 1; the two gradients share it."""
    minimax = theory.generator_gradient(1.0, theory.minimax_slope)
    nonsaturating = theory.generator_gradient(1.0, theory.nonsaturating_slope)
    h = 1e-4
    d_js = (theory.js_gaussians(0, 1, 1 + h, 1) - theory.js_gaussians(0, 1, 1 - h, 1)) / (2 * h)
    d_kl = (theory.kl_gaussians(1 + h, 1, 0, 1) - theory.kl_gaussians(1 - h, 1, 0, 1)) / (2 * h)
    assert minimax == pytest.approx(2 * d_js, rel=1e-6) and nonsaturating == pytest.approx(d_kl - 2 * d_js, rel=1e-6)


def test_label_smoothing():
    p, q = np.array([0.7, 0.1]), np.array([0.2, 0.6])
    np.testing.assert_allclose(theory.optimal_discriminator(p, q, 0.9, 0.1), (0.9 * p + 0.1 * q) / (p + q), rtol=1e-14)


def test_least_squares_and_hinge(rng):
    p, q = rng.dirichlet(np.ones(6), 2)
    D = theory.optimal_discriminator(p, q, 1, -1)
    assert 2 * theory.least_squares_cost(p, q, D) == pytest.approx(((p - q) ** 2 / (p + q)).sum(), rel=1e-12)
    assert theory.hinge_value(p, q, theory.hinge_critic(p, q)) == pytest.approx(-2 + 2 * theory.tv(p, q), rel=1e-12)

    # The library's losses on samples that hold outcome i exactly 1000·p_i and 1000·q_i times.
    p, q = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.1, 0.2, 0.3, 0.4])
    real, fake = (np.repeat(np.arange(4), np.rint(1000 * r).astype(int)) for r in (p, q))
    D = theory.optimal_discriminator(p, q, 1, -1)
    cost = sum(LeastSquares(-1, 1, 0).generator(D[which, None])[0] for which in (real, fake))
    assert 2 * cost == pytest.approx(((p - q) ** 2 / (p + q)).sum(), rel=1e-12)
    critic = theory.hinge_critic(p, q)
    loss = Hinge().discriminator(critic[real, None], critic[fake, None])[0]
    assert -loss == pytest.approx(-2 + 2 * theory.tv(p, q), rel=1e-12)


@pytest.mark.parametrize("eta", [0.1, 0.5, 1.3])
def test_xy_game(eta):
    xy = np.array([[0.0, -1.0], [1.0, 0.0]])
    growth = {step: theory.modulus(theory.step_matrix(xy, eta, step))
              for step in (theory.simultaneous, theory.extragradient, theory.implicit, theory.alternating)}
    assert growth[theory.simultaneous] == pytest.approx(np.sqrt(1 + eta**2), rel=1e-12)
    assert growth[theory.extragradient] == pytest.approx(np.sqrt(1 - eta**2 + eta**4), rel=1e-12)
    assert growth[theory.implicit] == pytest.approx(1 / np.sqrt(1 + eta**2), rel=1e-12)
    assert growth[theory.alternating] == pytest.approx(1, rel=1e-12)
    x, y = theory.trajectory(theory.xy_game, (0.3, 1.1), eta, 50, theory.alternating).T
    np.testing.assert_allclose(x**2 + y**2 - eta * x * y, 0.09 + 1.21 - eta * 0.33, rtol=1e-12)


def test_xy_game_in_numbers():
    path = theory.trajectory(theory.xy_game, (1.0, 0.0), 0.1, 100)
    assert round(radii(path)[100], 6) == 1.644632
    xy = np.array([[0.0, -1.0], [1.0, 0.0]])
    below, above = (theory.modulus(theory.step_matrix(xy, eta, theory.alternating)) for eta in (1.99, 2.01))
    assert below == pytest.approx(1, rel=1e-12) and above > 1.1


def test_dirac_gan_eigenvalues():
    A = theory.jacobian(theory.dirac_gan(), (0.0, 0.0))
    np.testing.assert_allclose(A, [[0, -1 / 2], [1 / 2, 0]], atol=1e-10)
    assert round(theory.modulus(theory.step_matrix(A, 0.1)), 7) == round(np.sqrt(1 + 0.1**2 / 4), 7) == 1.0012492
    assert theory.critical_gamma() == 2 * 1 / 2
    for gamma in (0.3, 0.9, 1.1, 4.0):
        found = np.linalg.eigvals(theory.jacobian(theory.dirac_r1(gamma), (0.0, 0.0)).astype(complex))
        root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
        order = lambda pair: sorted(pair, key=lambda z: (round(z.real, 6), z.imag))  # noqa: E731
        np.testing.assert_allclose(order(found), order([-gamma / 2 - root, -gamma / 2 + root]), atol=1e-9)


def test_dirac_gan_paths():
    """The orbit near 1.3 belongs to the penalty ½ (|ψ| − 1)²; it swings between 1.29 and 1.62 and is at 1.288 when it stops."""
    run = lambda field: radii(theory.trajectory(field, (1.0, 1.0), 0.1, 20_000))  # noqa: E731
    vanilla = run(theory.dirac_gan())
    assert round(vanilla[-1], 2) == 4.24 and vanilla[-1] > vanilla[-5000] > vanilla[5000]
    assert f"{run(theory.dirac_wgan())[-1]:.0e}" == "2e+43"
    penalty = run(theory.dirac_wgan_gp(weight=0.5, center=1.0))
    assert round(penalty[-1], 1) == 1.3 and 1.25 < penalty[-5000:].min() and penalty[-5000:].max() < 1.65
    assert run(theory.dirac_r1(1.0))[-1] < 1e-100


def test_nonsaturating_dirac_gan():
    """The flow by Runge–Kutta, and simultaneous steps: r² = 8/t and r = √(2h)."""
    v, h, t = theory.dirac_nonsaturating(), 0.2, 4000.0
    w = np.array([1.0, 1.0])
    for _ in range(round(t / h)):
        k1 = v(w)
        k2 = v(w + h / 2 * k1)
        k3 = v(w + h / 2 * k2)
        w = w + h / 6 * (k1 + 2 * k2 + 2 * k3 + v(w + h * k3))
    assert w @ w * t / 8 == pytest.approx(1, abs=0.02)
    for h in (0.1, 0.05):
        r = radii(theory.trajectory(v, (1.0, 1.0), h, 20_000))[-2000:]
        assert r.mean() == pytest.approx(np.sqrt(2 * h), rel=0.01) and np.ptp(r) < 0.1 * r.mean()


@pytest.mark.parametrize("K, e", [(1, 0.1), (5, 0.1), (10, 0.3)])
def test_unrolling_is_a_penalty(K, e):
    gamma = 2 * K * e * (1 / 2) ** 2
    J = theory.jacobian(theory.dirac_unrolled(K, e), (0.0, 0.0))
    R = theory.jacobian(theory.dirac_r1(gamma), (0.0, 0.0))
    assert np.trace(J) == pytest.approx(-gamma, abs=1e-8) and np.trace(R) == pytest.approx(-gamma, abs=1e-8)
    assert np.linalg.det(J) == pytest.approx(np.linalg.det(R), abs=1e-8)


def test_w1_on_the_line_is_its_dual(rng):
    """max E f(x) − E f(y) over f with slopes of at most 1, a linear programme in f's values at all points."""
    x, y = rng.standard_normal(15), 0.5 + 2 * rng.standard_normal(15)
    points = np.sort(np.concatenate([x, y]))
    c = np.where(np.isin(points, x), 1, -1) / 15
    slope = (np.eye(30, k=1) - np.eye(30))[:-1]  # f at the next point minus f at this
    gap = np.diff(points)
    dual = linprog(-c, np.concatenate([slope, -slope]), np.concatenate([gap, gap]), bounds=[(0, 0)] + [(None, None)] * 29)
    assert -dual.fun == pytest.approx(np.abs(np.sort(x) - np.sort(y)).mean(), rel=1e-9)
    assert w1_1d(x, y) == pytest.approx(-dual.fun, rel=1e-9)


def test_transposed_convolution_is_the_adjoint(rng):
    for kernel, stride, pad in ((3, 2, 1), (4, 2, 1), (5, 3, 0)):
        conv = Conv1d(2, 3, kernel, stride, pad, bias=False, rng=rng).astype(np.float64)
        x = rng.standard_normal((1, stride * 4 + kernel - 2 * pad, 2))
        y = rng.standard_normal(conv(x).shape)
        turned = ConvTranspose1d(3, 2, kernel, stride, pad, bias=False).astype(np.float64)
        turned.W.value = conv.W.value
        assert turned(y).shape == x.shape and (conv(x) * y).sum() == pytest.approx((x * turned(y)).sum(), rel=1e-12)


@pytest.mark.parametrize("kernel, overlap", [(3, [1, 1, 2, 1, 2, 1, 2, 1, 1]), (4, [1, 1, 2, 2, 2, 2, 2, 2, 1, 1])])
def test_overlap_of_a_transposed_convolution(kernel, overlap):
    """Weights and inputs 1: how many kernels reach each output. k3 s2 repeats 1, 2; k4 s2 is uniform inside."""
    layer = ConvTranspose1d(1, 1, kernel, 2, 0, bias=False)
    layer.W.value[...] = 1
    assert layer(np.ones((1, 4, 1), np.float32)).ravel().tolist() == overlap


def test_slerp_keeps_the_norm_and_lerp_does_not():
    """Two orthogonal latents of norm √d, as draws of N(0, I_100) nearly are."""
    a, b = 10 * np.eye(100)[:1], 10 * np.eye(100)[1:2]
    middle = np.linalg.norm(lerp(a, b, 0.5))
    assert round(middle, 2) == 7.07 and middle == pytest.approx(np.sqrt(100 / 2))
    for t in np.linspace(0, 1, 9):
        assert np.linalg.norm(slerp(a, b, t)) == pytest.approx(10, rel=1e-14)


def test_editing_along_hyperplanes(rng):
    N, scale = rng.standard_normal((20, 2)), np.array([2.0, 0.5])
    N /= np.linalg.norm(N, axis=0)
    cosine = N[:, 0] @ N[:, 1]
    np.testing.assert_allclose(score_covariance(N, scale), [[4, cosine], [cosine, 0.25]], rtol=1e-12)
    np.testing.assert_allclose(score_covariance(N, scale), np.diag(scale) @ N.T @ N @ np.diag(scale), rtol=1e-12)
    z, n = rng.standard_normal((5, 20)), N[:, 0] - cosine * N[:, 1]
    np.testing.assert_allclose(project_out(N[:, 0], N[:, 1]), n / np.linalg.norm(n), atol=1e-13)
    np.testing.assert_allclose(scores(edit(z, n, 3.0), N, scale)[:, 1], scores(z, N, scale)[:, 1], atol=1e-13)
    assert (scores(edit(z, n, 3.0), N, scale)[:, 0] > scores(z, N, scale)[:, 0] + 1).all()


def test_power_iteration_finds_the_largest_singular_value(rng):
    """U diag(3, 1, ½, 0) Vᵀ: the error falls by (1/3)² with each of the 15 iterations at the start."""
    U, V = (np.linalg.qr(rng.standard_normal((n, 4)))[0] for n in (6, 5))
    dense = Dense(6, 5, bias=False, rng=rng)
    dense.W.value[...] = (U * [3, 1, 0.5, 0]) @ V.T
    x = rng.standard_normal((8, 6)).astype(np.float32)
    sigma = np.linalg.svd(dense.W.value, compute_uv=False)[0]
    assert sigma == pytest.approx(3, rel=1e-6)
    np.testing.assert_allclose(SpectralNorm(dense, rng=rng)(x), x @ dense.W.value / sigma, rtol=1e-4, atol=1e-5)
