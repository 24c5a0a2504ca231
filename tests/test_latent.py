"""Walks in the latent space against geometry that can be drawn."""
import numpy as np
import pytest

from gan_scratch.latent import edit, hyperplane, lerp, project_out, score_covariance, scores, slerp


def unit(rng, *shape):
    n = rng.standard_normal(shape)
    return n / np.linalg.norm(n, axis=0)


def test_slerp_walks_a_circle_at_constant_speed():
    a, b = np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]])
    for t in np.linspace(0, 1, 7):
        np.testing.assert_allclose(slerp(a, b, t), [[2 * np.cos(t * np.pi / 2), 2 * np.sin(t * np.pi / 2)]], atol=1e-15)


def test_ends_and_rows(rng):
    a, b = rng.standard_normal((2, 5, 8))
    t = rng.random(5)
    for walk in (lerp, slerp):
        np.testing.assert_allclose(walk(a, b, 0.0), a, atol=1e-14)
        np.testing.assert_allclose(walk(a, b, 1.0), b, atol=1e-14)
        rows = np.concatenate([walk(a[i:i + 1], b[i:i + 1], t[i]) for i in range(5)])
        np.testing.assert_allclose(walk(a, b, t), rows, atol=1e-14)
        np.testing.assert_allclose(walk(a, b, t), walk(b, a, 1 - t), atol=1e-13)


def test_slerp_keeps_the_norm_and_divides_the_angle(rng):
    a, b = (10 * unit(rng, 20, 6).T for _ in range(2))
    c = slerp(a, b, 0.3)
    np.testing.assert_allclose(np.linalg.norm(c, axis=1), 10, rtol=1e-12)
    angle = lambda u, v: np.arccos((u * v).sum(1) / 100)  # noqa: E731
    np.testing.assert_allclose(angle(a, c), 0.3 * angle(a, b), rtol=1e-9)


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-8, 1e-4])
def test_slerp_of_nearly_parallel_vectors(gap):
    """On the unit circle the exact answer is the angle 0.25·gap."""
    a, b = np.array([[1.0, 0.0]]), np.array([[np.cos(gap), np.sin(gap)]])
    np.testing.assert_allclose(slerp(a, b, 0.25), [[np.cos(gap / 4), np.sin(gap / 4)]], rtol=1e-12, atol=0)
    np.testing.assert_allclose(slerp(a, 3 * a, 0.25), 1.5 * a, rtol=1e-15)


def test_slerp_of_vectors_of_different_length(rng):
    a, b = np.array([[2.0, 0.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(slerp(a, b, 0.5), [[np.sqrt(2), np.sqrt(0.5)]], rtol=1e-14)  # sin 45° a + sin 45° b
    a, b = rng.standard_normal((2, 5, 8)) * [[[1.0]], [[7.0]]]
    np.testing.assert_allclose(slerp(a, b, 0.0), a, atol=1e-14)
    np.testing.assert_allclose(slerp(a, b, 1.0), b, atol=1e-14)
    for row in zip(a, b, slerp(a, b, 0.3)):
        assert np.linalg.matrix_rank(np.stack(row), tol=1e-12) == 2  # in the plane of a and b


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-5])
def test_slerp_of_nearly_opposite_vectors(gap):
    """They still have a shortest way, on which half the time is half the angle; at 1e-7 they count as opposite."""
    b = lambda gap: np.array([[np.cos(np.pi - gap), np.sin(np.pi - gap)]])  # noqa: E731
    middle = (np.pi - gap) / 2
    np.testing.assert_allclose(slerp([[1.0, 0.0]], b(gap), 0.5), [[np.cos(middle), np.sin(middle)]], atol=1e-9)
    with pytest.raises(ValueError, match="opposite"):
        slerp([[1.0, 0.0]], b(1e-7), 0.5)


def test_slerp_and_lerp_of_independent_latents(rng):
    """d = 100, 4 000 pairs: ‖lerp‖² is χ²_d/2, mean d/2, standard deviation √(d/2); 5 standard errors."""
    d, n = 100, 4000
    a, b = rng.standard_normal((2, n, d))
    middle = (lerp(a, b, 0.5) ** 2).sum(1)
    assert abs(middle.mean() - d / 2) < 5 * np.sqrt(d / 2 / n)
    on_shell = (slerp(a, b, 0.5) ** 2).sum(1)
    # ‖slerp‖² = (‖a‖² + ‖b‖² + 2a·b)/(4cos²(Ω/2)), about the mean of ‖a‖² and ‖b‖²: standard deviation √d, bias below 1 %
    assert abs(on_shell.mean() / d - 1) < 0.01


def test_hyperplane_finds_the_direction(rng):
    d, n = 8, 4000
    normal, z = unit(rng, d), rng.standard_normal((n, d))
    np.testing.assert_allclose(hyperplane(z, 3 * z @ normal - 2), normal, atol=1e-12)  # exact where the attribute is linear
    found = hyperplane(z, np.sign(z @ normal - 0.3))
    # w is off by √(residual variance/n) = √(0.4/4000) on each of 7 axes across, ‖w‖ is 0.76; five times that
    assert np.isclose(np.linalg.norm(found), 1) and np.linalg.norm(found - normal) < 5 * np.sqrt(7 * 0.4 / n) / 0.76


def test_hyperplane_takes_d_plus_two_points_and_no_fewer(rng):
    z = rng.standard_normal((5, 3))
    np.testing.assert_allclose(hyperplane(z, z @ [0.0, 3, 4]), [0, 0.6, 0.8], atol=1e-12)
    with pytest.raises(ValueError, match="n > d \\+ 1"):
        hyperplane(z[:4], z[:4] @ [0.0, 3, 4])


def test_hyperplane_does_not_take_the_offset_of_the_data_for_a_direction(rng):
    z = rng.standard_normal((500, 3)) + [100, 0, 0]
    np.testing.assert_allclose(hyperplane(z, z[:, 1] + 7), [0, 1, 0], atol=1e-10)


def test_projecting_out_one_and_several(rng):
    n1, n2, n3 = unit(rng, 10), unit(rng, 10), unit(rng, 10)
    one = n1 - (n1 @ n2) * n2
    np.testing.assert_allclose(project_out(n1, n2), one / np.linalg.norm(one), atol=1e-14)
    np.testing.assert_allclose(project_out(n1, -5 * n2), project_out(n1, n2), atol=1e-14)
    both = project_out(n1, n2, n3)
    assert abs(both @ n2) < 1e-14 and abs(both @ n3) < 1e-14 and np.isclose(np.linalg.norm(both), 1) and both @ n1 > 0
    # what is left is the nearest: n1 minus it lies in the span of the others
    assert np.linalg.matrix_rank(np.stack([n2, n3, n1 - (both @ n1) * both])) == 2
    naive = n1 - (n1 @ n2) * n2 - (n1 @ n3) * n3
    assert abs(naive @ n2) > 1e-3  # n2 comes back


def test_editing_moves_one_score_and_leaves_the_other(rng):
    N, z = unit(rng, 10, 2), rng.standard_normal((6, 10))
    amount, n = np.arange(6.0), project_out(*N.T)
    change = scores(edit(z, n, amount), N) - scores(z, N)
    np.testing.assert_allclose(change[:, 1], 0, atol=1e-13)
    np.testing.assert_allclose(change[:, 0], amount * np.sqrt(1 - (N[:, 0] @ N[:, 1]) ** 2), atol=1e-13)
    np.testing.assert_allclose(scores(edit(z, N[:, 0], 2.0), N)[:, 0] - scores(z, N)[:, 0], 2, atol=1e-13)


def test_an_edit_goes_as_far_as_the_normal_is_long():
    np.testing.assert_array_equal(edit([[1.0, 1.0], [0.0, 2.0]], [3.0, -4.0], [2, -1]), [[7, -7], [-3, 6]])


def test_the_covariance_of_scores(rng):
    """Λ NᵀN Λ for drawn z: exact for a sample that is white, and within 5 standard errors for any."""
    N, scale, n = unit(rng, 6, 3), np.array([0.5, 2.0, 3.0]), 20_000
    z = rng.standard_normal((n, 6))
    expected = score_covariance(N, scale)
    np.testing.assert_allclose(np.diag(expected), scale**2)
    errors = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / n)  # of a Gaussian's covariances
    assert (np.abs(np.cov(scores(z, N, scale), rowvar=False) - expected) < 5 * errors).all()
    white = z @ np.linalg.inv(np.linalg.cholesky(np.cov(z, rowvar=False))).T
    np.testing.assert_allclose(np.cov(scores(white, N, scale), rowvar=False), expected, atol=1e-12)


@pytest.mark.parametrize("call, text", [
    (lambda: lerp(np.zeros((3, 2)), np.zeros((2, 2)), 0.5), "one shape"),
    (lambda: lerp(np.zeros(3), np.zeros(3), 0.5), "z\\[None\\]"),
    (lambda: lerp(np.zeros((3, 2)), np.zeros((3, 2)), [0.5, 0.5]), "one per row"),
    (lambda: slerp(np.zeros((1, 2)), np.ones((1, 2)), 0.5), "vector is 0"),
    (lambda: slerp([[1.0, 0]], [[-2.0, 0]], 0.5), "opposite"),
    (lambda: slerp([[np.nan, 0]], [[1.0, 0]], 0.5), "finite"),
    (lambda: slerp([[1.0, 0]], [[0, 1.0]], np.nan), "finite number"),
    (lambda: hyperplane(np.eye(3), np.ones(3)), "n > d \\+ 1"),
    (lambda: hyperplane(np.arange(10.0).reshape(5, 2), np.ones(5)), "two different"),
    (lambda: hyperplane(np.zeros((5, 2)), np.arange(5.0)), "no direction"),
    (lambda: project_out(np.ones(3), np.ones(4)), "one d"), (lambda: project_out(np.ones(3)), "one d"),
    (lambda: project_out(np.ones(3), 2 * np.ones(3)), "span of the others"),
    (lambda: project_out(np.eye(3)[0], np.ones(3), np.ones(3)), "independent"),
    (lambda: edit(np.zeros((2, 3)), np.ones(2), 1.0), "expects a normal"),
    (lambda: edit(np.zeros((2, 3)), np.ones(3), [1, 2, 3]), "amount"),
    (lambda: scores(np.zeros((2, 3)), np.zeros((2, 2))), "columns"),
    (lambda: score_covariance(np.ones((3, 2)), np.ones(3)), "scale")])
def test_refused(call, text):
    with pytest.raises(ValueError, match=text):
        call()
