"""The Dirac-GAN: fields against the library's losses, eigenvalues against numeric Jacobians, claims against paths."""
import runpy

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit

from gan_scratch import theory
from gan_scratch.layers import Dense
from gan_scratch.losses import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein
from gan_scratch.penalties import gradient_penalty

POINTS = [(1.0, 1.0), (-0.7, 1.3), (0.4, -2.0), (-1.1, -0.2), (2.0, 1.5), (-1.5, 1.2)]  # ψθ from −1.8 to 3: beyond both hinges
log_sigma = lambda t: -np.logaddexp(0, -t)  # noqa: E731


def difference(f, t, eps=1e-5):
    return (f(t + eps) - f(t - eps)) / (2 * eps)


def radii(path):
    return np.hypot(*path.T)


@pytest.mark.parametrize("field, loss", [
    (theory.dirac_gan(), Minimax()), (theory.dirac_nonsaturating(), NonSaturating()), (theory.dirac_wgan(), Wasserstein()),
    (theory.dirac_hinge(), Hinge()), (theory.dirac_label_smoothing(0.0), Minimax())])
@pytest.mark.parametrize("theta, psi", POINTS)
def test_fields_are_the_gradients_of_the_librarys_losses(field, loss, theta, psi):
    """Output −ψx: real −ψ·0, fake −ψθ. The loss gives d/d(output); the chain rule to θ is −ψ, to ψ −x."""
    real, fake = np.array([[0.0]]), np.array([[-psi * theta]])
    _, d_real, d_fake = loss.discriminator(real, fake)
    down = [loss.generator(fake)[1].item() * -psi, d_real.item() * 0 + d_fake.item() * -theta]
    np.testing.assert_allclose(field(np.array([theta, psi])), -np.array(down), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("labels", [(0, 1, 1), (-1, 1, 0), (0.2, 0.9, 0.7)])
@pytest.mark.parametrize("theta, psi", POINTS)
def test_the_least_squares_field(labels, theta, psi):
    fake_label, real_label, _ = labels
    m, loss = (fake_label + real_label) / 2, LeastSquares(*labels)
    real, fake = np.array([[m]]), np.array([[m - psi * theta]])
    down = [loss.generator(fake)[1].item() * -psi, loss.discriminator(real, fake)[2].item() * -theta]
    v = theory.dirac_least_squares(*labels)(np.array([theta, psi]))
    np.testing.assert_allclose(v, -np.array(down), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("theta, psi", POINTS)
def test_fields_of_the_objectives_that_are_no_loss_of_the_library(theta, psi):
    """Each D and G objective as written in its paper, differentiated numerically. l(real) = −ψ·0, l(fake) = −ψθ."""
    w = np.array([theta, psi])

    def check(field, D, G):
        """D(ψ) is what D ascends, G(θ) what G descends."""
        np.testing.assert_allclose(field(w), [-difference(G, theta), difference(D, psi)], atol=1e-8)

    minimax = lambda theta: log_sigma(psi * theta)  # log(1 − σ(l)) = log σ(−l)  # noqa: E731
    V = lambda psi: log_sigma(0.0) + log_sigma(psi * theta)  # noqa: E731
    check(theory.dirac_relativistic(), lambda psi: log_sigma(0 + psi * theta), lambda theta: -log_sigma(-psi * theta - 0))
    pack = lambda theta, psi: log_sigma(psi * np.mean([theta] * 3))  # noqa: E731
    check(theory.dirac_packed(), lambda psi: pack(theta, psi), lambda theta: pack(theta, psi))
    for alpha in (1.0, 0.9):  # the label of real data is in the objective, and not in the field
        smoothed = lambda psi: (alpha * log_sigma(-psi * 0) + (1 - alpha) * log_sigma(psi * 0)  # noqa: B023, E731
                                + 0.1 * log_sigma(-psi * theta) + 0.9 * log_sigma(psi * theta))
        check(theory.dirac_label_smoothing(0.1), smoothed, minimax)
    check(theory.dirac_r1(0.7), lambda psi: V(psi) - 0.35 * psi**2, minimax)
    check(theory.dirac_r2(0.7), lambda psi: V(psi) - 0.35 * psi**2, minimax)
    check(theory.dirac_wgan_gp(3.0, 0.8), lambda psi: psi * theta - 3 * (abs(psi) - 0.8) ** 2, lambda theta: psi * theta)
    check(theory.dirac_dragan(3.0, 0.8), lambda psi: V(psi) - 3 * (abs(psi) - 0.8) ** 2, minimax)
    check(theory.dirac_spectral_norm(), lambda psi: log_sigma(psi / abs(psi) * theta),
          lambda theta: log_sigma(psi / abs(psi) * theta))
    check(theory.dirac_spectral_norm_best(), lambda psi: 0.0, lambda x: log_sigma(np.sign(theta) * x))


@pytest.mark.parametrize("theta, psi", POINTS)
def test_penalties_are_the_librarys(theta, psi):
    """D(x) = −ψx as a Dense layer: what gradient_penalty adds to its gradient is what the field pays."""
    def pays(weight, center):
        D = Dense(1, 1, bias=False).astype(np.float64)
        D.W.value[...] = -psi
        D.W.grad[...] = 0
        gradient_penalty(D, np.array([[theta], [0.0]]), weight, center)
        return -D.W.grad.item()  # d/dψ = −d/d(slope)

    w = np.array([theta, psi])
    for with_penalty, without, amount in (
            (theory.dirac_wgan_gp(3.0, 0.8), theory.dirac_wgan(), pays(3.0, 0.8)),
            (theory.dirac_dragan(3.0, 0.8), theory.dirac_gan(), pays(3.0, 0.8)),
            (theory.dirac_r1(0.7), theory.dirac_gan(), pays(0.7 / 2, 0.0))):
        np.testing.assert_allclose(without(w) - with_penalty(w), [0, amount], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("theta, psi", POINTS)
def test_the_field_under_instance_noise(theta, psi):
    """E over N(0, σ²) on fakes and on data, by adaptive quadrature of the objective."""
    sigma = 0.8
    normal = lambda z: np.exp(-z * z / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    mean = lambda f: quad(lambda z: normal(z) * f(sigma * z), -10, 10, epsabs=1e-12)[0]  # noqa: E731
    L = lambda theta, psi: mean(lambda n: log_sigma(psi * (theta + n)) + log_sigma(-psi * n))  # noqa: E731
    expected = [-difference(lambda t: L(t, psi), theta), difference(lambda p: L(theta, p), psi)]
    np.testing.assert_allclose(theory.dirac_instance_noise(sigma)(np.array([theta, psi])), expected, atol=1e-7)


@pytest.mark.parametrize("K, e", [(0, 0.3), (1, 0.3), (5, 0.1), (7, 0.4)])
@pytest.mark.parametrize("theta, psi", POINTS)
def test_the_unrolled_generator_differentiates_through_every_step(K, e, theta, psi):
    def foreseen(theta):
        k = psi
        for _ in range(K):
            k = k + e * difference(lambda p: log_sigma(p * theta), k)
        return log_sigma(k * theta)

    dtheta, dpsi = theory.dirac_unrolled(K, e)(np.array([theta, psi]))
    assert dtheta == pytest.approx(-difference(foreseen, theta, 1e-4), abs=1e-6) and dpsi == theta * expit(-psi * theta)


SMOOTH = {
    "minimax": (theory.dirac_gan(), theory.damped(0)),
    "non-saturating": (theory.dirac_nonsaturating(), theory.damped(0)),
    "least squares": (theory.dirac_least_squares(), theory.least_squares_eigenvalues()),
    "least squares, odd labels": (theory.dirac_least_squares(0.2, 0.9, 0.7), theory.least_squares_eigenvalues(0.2, 0.9, 0.7)),
    "hinge": (theory.dirac_hinge(), theory.damped(0, 1)),
    "wasserstein": (theory.dirac_wgan(), theory.damped(0, 1)),
    "wasserstein, centre 0": (theory.dirac_wgan_gp(0.3, 0.0), theory.damped(0.6, 1)),
    "labels": (theory.dirac_label_smoothing(0.1), theory.label_smoothing_eigenvalues(0.1)),
    "r1": (theory.dirac_r1(0.4), theory.r1_eigenvalues(0.4)),
    "r1, overdamped": (theory.dirac_r1(3.0), theory.r1_eigenvalues(3.0)),
    "r2": (theory.dirac_r2(0.4), theory.r1_eigenvalues(0.4)),
    "noise": (theory.dirac_instance_noise(0.7), theory.instance_noise_eigenvalues(0.7)),
    "noise, overdamped": (theory.dirac_instance_noise(2.0), theory.instance_noise_eigenvalues(2.0)),
    "unrolled": (theory.dirac_unrolled(5, 0.1), theory.unrolled_eigenvalues(5, 0.1)),
    "unrolled, overdamped": (theory.dirac_unrolled(4, 1.0), theory.unrolled_eigenvalues(4, 1.0)),
    "consensus": (theory.dirac_consensus(0.6), theory.consensus_eigenvalues(0.6)),
}


@pytest.mark.parametrize("variant", SMOOTH)
def test_eigenvalues(variant):
    field, expected = SMOOTH[variant]
    found = np.linalg.eigvals(theory.jacobian(field, (0.0, 0.0)).astype(complex))
    assert np.abs(found[:, None] - expected).min(0).max() < 1e-6 and np.abs(found[:, None] - expected).min(1).max() < 1e-6


def test_closed_forms_of_the_eigenvalues():
    """Written out once more, with f′(0) = ½ and f″(0) = −¼ as numbers."""
    r = np.emath.sqrt
    np.testing.assert_allclose(theory.r1_eigenvalues(0.4), [-0.2 + r(0.04 - 0.25), -0.2 - r(0.04 - 0.25)])
    np.testing.assert_allclose(theory.instance_noise_eigenvalues(2.0), [-1 + r(1 - 0.25), -1 - r(1 - 0.25)])
    np.testing.assert_allclose(theory.unrolled_eigenvalues(5, 0.1), theory.r1_eigenvalues(2 * 5 * 0.1 / 4))
    np.testing.assert_allclose(theory.consensus_eigenvalues(1.0), [-0.25 + 0.5j, -0.25 - 0.5j])
    np.testing.assert_allclose(theory.least_squares_eigenvalues(), [0.5j, -0.5j])
    assert theory.critical_gamma() == 1 and np.ptp(theory.r1_eigenvalues(1.0)) == 0
    decay = [max(theory.r1_eigenvalues(g).real) for g in (0.5, 0.99, 1.0, 1.01, 2.0)]
    assert min(decay) == decay[2]  # nothing decays faster than at the critical γ


def test_the_flow_of_the_plain_game_is_a_circle():
    for w in POINTS:
        assert abs(theory.dirac_gan()(np.array(w)) @ w) < 1e-15


def test_the_nonsaturating_flow_arrives_like_8_over_t():
    """r² t/8 → 1. The flow stood in for by alternating steps, whose error doesn't push outwards to first order."""
    h, steps = 0.02, 50_000
    path = theory.trajectory(theory.dirac_nonsaturating(), (1.0, 1.0), h, steps, theory.alternating)
    # r² = 1/(1/r₀² + t/8); a turn takes 4π/h steps
    turn = round(4 * np.pi / h)
    r2 = (radii(path)[-turn:] ** 2).mean()
    assert r2 * (h * steps - h * turn / 2 + 8 / 2) / 8 == pytest.approx(1, abs=0.02)


def test_smoothed_fakes_arrive_only_in_second_order():
    """H = (½ − β)θ² + ½ψ² goes like 4(1 − 2β)/(βt) with the flow; simultaneous steps stop at (1 − 2β)²h/β."""
    beta, h = 0.1, 0.1
    energy = lambda path: ((0.5 - beta) * path[:, 0] ** 2 + path[:, 1] ** 2 / 2)  # noqa: E731
    path = theory.trajectory(theory.dirac_label_smoothing(beta), (1.0, 1.0), h, 40_000, theory.alternating)
    assert energy(path)[-1000:].mean() * beta * 4000 / (4 * (1 - 2 * beta)) == pytest.approx(1, abs=0.05)
    path = theory.trajectory(theory.dirac_label_smoothing(beta), (0.3, 0.3), 0.01, 150_000)
    assert energy(path)[-5000:].mean() == pytest.approx((1 - 2 * beta) ** 2 * 0.01 / beta, rel=0.05)


def test_least_squares_flows_faster_and_stops_earlier():
    path = theory.trajectory(theory.dirac_least_squares(), (1.0, 1.0), 0.02, 50_000)
    assert radii(path)[-1000:].mean() == pytest.approx(np.sqrt(0.02 / 2), rel=0.02)
    for psi in (0.0, 0.8):  # with goal 0 every slope is an equilibrium
        assert (theory.dirac_least_squares(-1, 1, 0)(np.array([0.0, psi])) == 0).all()
    at = theory.jacobian(theory.dirac_least_squares(-1, 1, 0), (0.0, 0.8))
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(at)), [-0.64, 0], atol=1e-9)


@pytest.mark.parametrize("h_theta, h_psi", [(0.1, 0.1), (0.1, 0.4), (0.4, 0.1), (0.001, 1.0)])
def test_two_time_scales_alone_do_not_damp(h_theta, h_psi):
    A = theory.jacobian(theory.dirac_gan(), (0.0, 0.0))
    modulus = np.abs(theory.ttur_multipliers(h_theta, h_psi))
    np.testing.assert_allclose(theory.modulus(theory.step_matrix(A, (h_theta, h_psi))), modulus, rtol=1e-9)
    np.testing.assert_allclose(modulus, np.sqrt(1 + h_theta * h_psi / 4), rtol=1e-14)
    path = theory.trajectory(theory.dirac_gan(), (1e-3, 0.0), (h_theta, h_psi), 20_000)
    assert np.abs(path[-2000:]).max() > np.abs(path[:2000]).max()


def test_unrolling_damps_like_r1_at_its_gamma():
    """Same decay per step near the equilibrium: ½ √ of det, which a conjugate pair shares."""
    K, e, h, steps = 5, 0.1, 0.05, 2000
    start = (1e-3, 1e-3)
    rates = []
    for field in (theory.dirac_unrolled(K, e), theory.dirac_r1(theory.unrolled_gamma(K, e))):
        path = theory.trajectory(field, start, h, steps)
        np.testing.assert_allclose(radii(path)[-1], np.linalg.norm(np.linalg.matrix_power(
            theory.step_matrix(theory.jacobian(field, (0.0, 0.0)), h), steps) @ start), rtol=1e-3)
        rates.append(theory.euler_modulus(np.linalg.eigvals(theory.jacobian(field, (0.0, 0.0))), h))
    assert rates[0] == pytest.approx(rates[1], rel=1e-9) and rates[0] < 1


@pytest.mark.parametrize("weight", [1.0, 2.0, 10.0])
def test_a_heavy_gradient_penalty_stops_at_a_false_end(weight):
    path = theory.trajectory(theory.dirac_wgan_gp(weight), (1.0, 1.0), 0.1, 20_000)
    assert np.abs(path[-1]) == pytest.approx([2 * weight, 0], abs=1e-9)


def test_dragan_stops_at_a_false_end_or_orbits():
    for weight, start, stops in ((0.3, (1, 1), False), (0.3, (0.1, 0.1), False), (0.35, (1, 1), False),
                                 (0.35, (0.1, 0.1), True), (0.4, (1, 1), True), (0.4, (0.1, 0.1), True)):
        path = theory.trajectory(theory.dirac_dragan(weight), start, 0.05, 6000)
        assert (np.abs(np.abs(path[-600:]) - [4 * weight, 0]).max() < 1e-4) == stops
    for weight, node in ((0.30, False), (0.32, True)):  # γ + γ² = 0.96 and 1.05
        beside = np.array([-4 * weight, 1e-4])
        eigenvalues = np.linalg.eigvals(theory.jacobian(theory.dirac_dragan(weight), beside))
        assert np.isreal(eigenvalues).all() == node


@pytest.fixture(scope="module")
def table():
    return {row.name: row for row in theory.dirac_table()}


def test_what_converges(table):
    arrives = {name for name, row in table.items() if row.converges}
    assert arrives == {
        "minimax, extragradient", "minimax, optimistic", "minimax, historical averaging 0.1", "least squares −1, 1, 0",
        "Wasserstein, penalty ½ ψ²", "R1, γ = 1", "R2, γ = 1", "instance noise, σ = 1", "unrolled, K = 5, e = 0.1",
        "consensus, weight 1"}


def test_r1_converges_where_wgan_gp_orbits(table):
    assert table["R1, γ = 1"].radius < 1e-100
    assert table["Wasserstein, penalty ½ (|ψ| − 1)²"].theta > 1
    path = theory.trajectory(theory.dirac_wgan_gp(), (1.0, 1.0), 0.1, 20_000)[-2000:]
    assert 1.28 < radii(path).min() and radii(path).max() < 1.62  # as the docstring says


def test_a_pair_with_a_negative_real_part_converges_and_a_zero_one_does_not_in_simultaneous_steps(table):
    other_steps = ("alternating", "extragradient", "optimistic", "averag", "least squares −1")
    for name, row in table.items():
        if row.eigenvalues is not None and not any(s in name for s in other_steps):
            assert row.converges == (theory.euler_modulus(row.eigenvalues, 0.1) < 1), name


def test_spectral_norm_in_one_dimension(table):
    assert table["spectral norm"].theta == pytest.approx(2000, rel=0.01)  # speed 1 for a time of 2000
    assert 0 < table["spectral norm, D at its best"].theta <= 0.05


def test_clipping_orbits(table):
    path = theory.trajectory(theory.dirac_wgan(), (1.0, 1.0), 0.1, 20_000, theory.clipped(1.0))[-2000:]
    assert 0.999 < radii(path).min() < radii(path).max() < 1.15 and not table["Wasserstein, clipped at 1"].converges


def test_the_average_of_alternating_steps_is_nearer_than_the_steps(table):
    assert table["minimax, alternating, average 0.999"].theta < 0.04 and table["minimax, alternating"].radius > 1.3


def test_historical_averaging_near_the_equilibrium_follows_its_power():
    weight = 0.1
    path = theory.historical_averaging(theory.dirac_gan(), (0.01, 0.01), 0.05, 40_000, weight)
    mean = radii(theory.running_mean(path))
    power = np.log(mean[40_000] / mean[4_000]) / np.log(10)
    assert power == pytest.approx(-theory.historical_averaging_power(weight), abs=0.01)


def test_fields_take_a_grid_of_points():
    grid = np.array(np.meshgrid([-1.0, 0.3, 2.0], [0.5, -0.7]))  # (2, 2, 3)
    smooth = [field for name, (field, _) in SMOOTH.items() if name != "consensus"]  # that one differentiates at one point
    for field in [*smooth, theory.dirac_wgan_gp(), theory.dirac_dragan(), theory.dirac_spectral_norm(),
                  theory.dirac_spectral_norm_best()]:
        v = field(grid)
        assert v.shape == (2, 2, 3)
        np.testing.assert_allclose(v[:, 1, 2], field(grid[:, 1, 2]), rtol=1e-12)


def test_the_table_prints(capsys, monkeypatch, table):
    monkeypatch.setattr("gan_scratch.theory.dirac.dirac_table", lambda: list(table.values()))
    runpy.run_module("gan_scratch.theory", run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 + len(table)
    assert any("R1, γ = 1" in line and "-0.500, -0.500" in line and line.endswith("yes") for line in lines)


def test_the_table_looks_at_the_last_tenth():
    """After 60 steps R1 still shrinks: the largest |θ| of the last 6 is not that of the last one."""
    last = np.abs(theory.trajectory(theory.dirac_r1(1.0), (1.0, 1.0), 0.1, 60)[-6:, 0])
    assert last.max() > last[-1]
    assert {row.name: row.theta for row in theory.dirac_table(steps=60)}["R1, γ = 1"] == last.max()


def test_the_table_draws_the_line_at_a_hundredth():
    short = {row.name: row for row in theory.dirac_table(steps=140)}
    below, above = short["R1, γ = 1"], short["minimax, historical averaging 0.1"]
    assert 0.008 < below.theta < 0.01 and below.converges and 0.01 < above.theta < 0.015 and not above.converges
    assert all(row.converges == (row.theta < 0.01) for row in short.values())


@pytest.mark.parametrize("call, text", [
    (lambda: theory.dirac_r1(-1.0), "gamma"), (lambda: theory.dirac_wgan_gp(np.nan), "weight"),
    (lambda: theory.dirac_dragan(1.0, -1.0), "center"), (lambda: theory.dirac_instance_noise(-0.1), "sigma"),
    (lambda: theory.dirac_unrolled(-1, 0.1), "K"), (lambda: theory.dirac_unrolled(1, np.inf), "finite e"),
    (lambda: theory.dirac_label_smoothing(0.5), "fake_label"), (lambda: theory.dirac_least_squares(np.nan), "fake")])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
