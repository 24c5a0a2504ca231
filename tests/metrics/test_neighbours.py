"""Copies are found; the birthday test on laws of known support."""
import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from gan_scratch.data import load
from gan_scratch.metrics import birthday_test, expected_duplicates, nearest, pair_distances, support_estimate


@pytest.mark.parametrize("k", [1, 3, 20])
def test_nearest_against_all_distances(k, rng):
    x, train = rng.standard_normal((1100, 6)), rng.standard_normal((20, 6))
    distances, indices = nearest(x, train, k)
    everything = cdist(x, train)
    np.testing.assert_allclose(distances, np.sort(everything, axis=1)[:, :k], rtol=1e-12)
    np.testing.assert_allclose(np.take_along_axis(everything, indices, 1), distances, rtol=1e-12)


def test_a_copied_image_is_at_distance_nought(rng):
    train = load("mnist").images
    rows = rng.permutation(len(train))[:20]
    distances, indices = nearest(train[rows], train)
    assert (distances == 0).all() and (indices[:, 0] == rows).all()
    distances, _ = nearest(train[rows] + np.float32(0.01), train)
    assert np.allclose(distances, 0.01 * 28, rtol=1e-4)  # √784 · 0.01


def test_birthdays():
    """23 people, 365 days: log 2 pairs are expected, and P(no pair) = Π (1 − i/365) = 0.4927, near e^(−log 2) = ½."""
    assert abs(expected_duplicates(23, 365) - np.log(2)) < 1e-4 and abs(np.prod(1 - np.arange(23) / 365) - 0.4927) < 1e-4
    assert support_estimate(23, expected_duplicates(23, 365)) == pytest.approx(365) and support_estimate(9, 0) == np.inf
    some = [birthday_test(np.random.default_rng(seed).integers(365, size=(23, 1)), 0.0)["pairs"] > 0 for seed in range(2000)]
    assert abs(np.mean(some) - 0.5073) < 0.056  # five standard errors: √(¼/2000) = 0.011


def test_birthday_test_of_an_even_law_finds_its_support():
    """Pairs are nearly Poisson with mean 499.5: of 20 batches the mean deviates by 1 %."""
    results = [birthday_test(np.random.default_rng(seed).integers(1000, size=(1000, 1)), 0.5) for seed in range(20)]
    assert abs(support_estimate(1000, np.mean([r["pairs"] for r in results])) / 1000 - 1) < 0.05
    assert results[0]["n"] == 1000 and results[0]["closest"] == 0
    assert results[0]["support"] == 1000 * 999 / (2 * results[0]["pairs"])


def test_birthday_test_is_a_lower_bound():
    """Half of all samples on one of 10 favourites, half on 990 others: Σ p² = 10 · 0.05² + 990 · (½/990)², and 1/Σ p² = 40, not 1000."""
    p = np.array([0.05] * 10 + [0.5 / 990] * 990)
    pairs = [birthday_test(np.random.default_rng(s).choice(1000, (300, 1), p=p), 0.5)["pairs"] for s in range(20)]
    assert abs(support_estimate(300, np.mean(pairs)) / (1 / (p**2).sum()) - 1) < 0.1 and 1 / (p**2).sum() < 40
    # one count deviates by √(Σp² C(300, 2) + …) ≈ 7 %, the mean of 20 by 1.6 %


def test_the_limit_of_what_counts_belongs_to_it():
    points = np.array([[0.0, 0], [3, 4], [3, 4.5], [30, 0]])
    assert birthday_test(points, 5.0) == {"n": 4, "pairs": 2, "closest": 0.5, "support": 3.0}
    assert birthday_test(points, 0.1)["support"] == np.inf


def test_pair_distances(rng):
    x = rng.standard_normal((40, 2, 3))
    np.testing.assert_allclose(np.sort(pair_distances(x)), np.sort(pdist(x.reshape(40, 6))), rtol=1e-13)


@pytest.mark.parametrize("call, fragment", [
    (lambda: nearest(np.zeros((2, 3)), np.zeros((2, 4))), "equally many"),
    (lambda: nearest(np.zeros((2, 3)), np.zeros((2, 3)), k=3), "from 1 to 2"),
    (lambda: nearest(np.full((2, 3), np.nan), np.zeros((2, 3))), "NaN"), (lambda: birthday_test(np.zeros((1, 3)), 1.0), "n ≥ 2"),
    (lambda: birthday_test(np.zeros((3, 3)), -1.0), "can't be -1.0"),
    (lambda: birthday_test(np.zeros((3, 3)), float("nan")), "can't be nan")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
