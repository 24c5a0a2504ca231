"""Divergences against closed forms, bounds and SciPy."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, norm

from gan_scratch.metrics import histograms, js, kl, tv

GRID = np.linspace(-12, 14, 20001)


def pmfs(k=6):
    value = st.floats(0, 1e6, allow_subnormal=True)
    return st.lists(value, min_size=k, max_size=k).filter(lambda p: sum(p) > 0).map(np.array)


def test_two_gaussians_on_a_grid():
    """N(0, 1) and N(1, 1): JS 0.111421 nats, 0.160747 bit. KL(N(0, 1) ‖ N(1, 4)), variance 4, is 0.44315, reverse 1.30685."""
    p, q, wide = norm.pdf(GRID), norm.pdf(GRID, 1), norm.pdf(GRID, 1, 2)
    assert abs(js(p, q) - 0.111421) < 5e-7 and abs(js(p, q, base=2) - 0.160747) < 5e-7
    assert abs(kl(p, wide) - (np.log(2) + 2 / 8 - 1 / 2)) < 1e-8 and round(kl(p, wide), 5) == 0.44315
    assert abs(kl(wide, p) - (-np.log(2) + 5 / 2 - 1 / 2)) < 1e-3 and abs(tv(p, q) - (2 * norm.cdf(0.5) - 1)) < 1e-6
    assert np.isclose(kl(p, wide, base=2), kl(p, wide) / np.log(2))


def test_by_hand():
    p, q = [0.5, 0.5, 0], [0.25, 0.25, 0.5]
    assert np.isclose(kl(p, q), np.log(2)) and np.isclose(kl(p, q, base=2), 1) and kl(q, p) == np.inf and tv(p, q) == 0.5
    m = np.array([0.375, 0.375, 0.25])
    assert np.isclose(js(p, q), (kl(p, m) + kl(q, m)) / 2)
    assert kl([2, 6], [1, 1]) == kl([0.25, 0.75], [0.5, 0.5])  # divided by their sums


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 1.0, 3.0])
def test_shifted_uniforms(shift):
    """JS = (1 − overlap) log 2, TV = 1 − overlap; KL = ∞ as soon as they differ; JS stays at log 2 however far they move."""
    x = (np.arange(4000) + 0.5) / 1000
    p, q = (x < 1).astype(float), ((x >= shift) & (x < shift + 1)).astype(float)
    away = min(shift, 1)
    assert np.isclose(js(p, q), away * np.log(2)) and np.isclose(tv(p, q), away) and js(p, q, base=2) <= 1
    assert kl(p, q) == (np.inf if shift else 0)


@given(pmfs(), pmfs())
def test_bounds_and_symmetry(p, q):
    assert 0 <= js(p, q) <= np.log(2) and np.isclose(js(p, q), js(q, p), atol=1e-15)
    assert kl(p, q) >= 0 and kl(p, p) == tv(p, p) == 0 and js(p, p) < 1e-15
    assert tv(p, q) ** 2 / 2 <= js(p, q) + 1e-12 and js(p, q) <= np.log(2) * tv(p, q) + 1e-12
    assert 2 * tv(p, q) ** 2 <= kl(p, q) + 1e-12  # Pinsker


@given(pmfs(), pmfs())
def test_against_scipy(p, q):
    assert np.isclose(js(p, q), jensenshannon(p, q) ** 2, atol=1e-9)  # its root has lost digits near 0
    assert np.isclose(kl(p, q), entropy(p, q), atol=1e-12) and np.isclose(kl(p, q + 1, base=2), entropy(p, q + 1, base=2), atol=1e-12)


def test_the_root_of_js_is_a_metric_and_js_is_not(rng):
    triples = rng.dirichlet(np.ones(3), (300, 3))
    sides = np.array([[js(p, q), js(q, r), js(p, r)] for p, q, r in triples])
    violated = lambda a: (a[:, 2] > a[:, 0] + a[:, 1] + 1e-12).sum()  # noqa: E731
    assert violated(np.sqrt(sides)) == 0 and violated(sides) > 10


def test_histograms_of_samples_are_biased_upwards_by_the_stated_amounts(rng):
    """KL of n samples in B bins from the exact law: (B − 1)/(2n); JS of two histograms of one law: (B − 1)/(4n).

    2n KL is χ² with B − 1 degrees of freedom, relative deviation √(2/(B − 1)) = 0.2; of 100 means 0.02, so 10 % are five of them.
    """
    n, B = 20000, 51
    law = rng.dirichlet(np.full(B, 5.0))
    draws = rng.multinomial(n, law, size=(100, 2))
    assert abs(np.mean([kl(p, law) for p, _ in draws]) / ((B - 1) / (2 * n)) - 1) < 0.1
    assert abs(np.mean([js(p, q) for p, q in draws]) / ((B - 1) / (4 * n)) - 1) < 0.1


def test_histograms_share_their_bins():
    x, y = np.array([[0.0], [1.0], [1.0]]), np.array([[4.0], [0.5]])
    p, q = histograms(x, y, bins=4)
    assert np.allclose(p, [1 / 3, 2 / 3, 0, 0]) and np.allclose(q, [0.5, 0, 0, 0.5])
    p, q, r = histograms(np.zeros((5, 2)), np.array([[1.0, 0.0]]), np.array([[0.0, 3.0]]), bins=2)
    assert p.shape == (2, 2) and p[0, 0] == 1 and q[1, 0] == 1 and r[0, 1] == 1
    assert all(h.sum() == 1 for h in histograms(np.zeros((3, 1)), np.zeros((2, 1))))


@pytest.mark.parametrize("call, fragment", [
    (lambda: kl([1, 2], [1, 2, 3]), "one shape"), (lambda: js([], []), "not be empty"), (lambda: tv([1, -1], [1, 1]), "non-negative"),
    (lambda: kl([1, np.nan], [1, 1]), "finite"), (lambda: js([0, 0], [1, 1]), "not all 0"),
    (lambda: kl([1, 1], [1, 1], base=1), "above 1"),
    (lambda: histograms(np.zeros((3, 3)), np.zeros((3, 3))), "1 or 2"), (lambda: histograms(np.zeros((3, 1)), np.zeros((3, 2))), "one d"),
    (lambda: histograms(np.zeros((3, 1)), np.zeros((3, 1)), bins=0), "at least one bin"),
    (lambda: histograms(np.zeros(3), np.zeros((3, 1))), r"x\[:, None\]"),
    (lambda: histograms(np.full((3, 1), np.inf), np.zeros((3, 1))), "infinite")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
