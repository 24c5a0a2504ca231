"""Balls around neighbours: by hand, and what two samples of one law give."""
import numpy as np
import pytest

from gan_scratch.metrics import density_coverage, expected_coverage, precision_recall


def test_by_hand():
    """On a line, k = 1. Real 0, 1, 3 with radii 1, 1, 2; fake 0.5, 1.5, 9 with radii 1, 1, 7.5."""
    real, fake = np.array([[0.0], [1], [3]]), np.array([[0.5], [1.5], [9]])
    assert precision_recall(real, fake, k=1) == {"precision": 2 / 3, "recall": 1.0}  # 3 lies in the huge ball of the outlier 9
    # real balls [−1, 1], [0, 2], [1, 5] hold 0.5 twice, 1.5 twice, 9 never; each ball has a fake
    result = density_coverage(real, fake, k=1)
    assert np.isclose(result["density"], 4 / 3) and result["coverage"] == 1
    result = density_coverage(real, np.array([[0.5], [1.5], [-2]]), k=2)  # balls [−3, 3], [−1, 3], [0, 6] hold 3, 2, 2
    assert np.isclose(result["density"], 7 / 6) and result["coverage"] == 1


def test_the_border_belongs_to_the_ball():
    """k = 1. Real 0, 1, 3 with radii 1, 1, 2; fake 5 and 9 with radii 4. 5 is on the border of [1, 5], 1 on that of [1, 9]."""
    real, fake = np.array([[0.0], [1], [3]]), np.array([[5.0], [9]])
    assert precision_recall(real, fake, k=1) == {"precision": 1 / 2, "recall": 2 / 3}
    assert density_coverage(real, fake, k=1) == {"density": 1 / 2, "coverage": 1 / 3}


def test_a_dropped_mode_lowers_recall_and_coverage_only(rng):
    centre = np.array([20.0, 0])
    real = rng.standard_normal((400, 2)) + centre * rng.integers(0, 2, (400, 1))
    fake = rng.standard_normal((400, 2))
    pr, dc = precision_recall(real, fake), density_coverage(real, fake)
    assert pr["precision"] > 0.9 and abs(pr["recall"] - 0.5) < 0.1 and dc["density"] > 0.8 and abs(dc["coverage"] - 0.5) < 0.1
    swapped = precision_recall(fake, real)
    assert (swapped["precision"], swapped["recall"]) == (pr["recall"], pr["precision"])


def test_precision_and_recall_of_one_law_are_less_than_one():
    """0.73 each at d = 64, n = 1000, k = 5. One value deviates by 0.018 between seeds, the mean of twenty by 0.004: four times that."""
    values = [precision_recall(*np.random.default_rng(seed).standard_normal((2, 1000, 64))) for seed in range(20)]
    for name in ("precision", "recall"):
        assert abs(np.mean([v[name] for v in values]) - 0.73) < 0.016, name


@pytest.mark.parametrize("n, m, k", [(60, 60, 1), (60, 60, 5), (40, 90, 3), (90, 20, 5)])
def test_density_and_coverage_of_one_law(n, m, k):
    """E density = 1 and E coverage = 1 − Π (n − 1 − j)/(n + m − 1 − j), whatever the law; five standard errors of 300 draws."""
    values = np.array([list(density_coverage(rng.standard_normal((n, 3)) ** 3, rng.standard_normal((m, 3)) ** 3, k).values())
                       for rng in map(np.random.default_rng, range(300))])
    error = values.std(0) / np.sqrt(300)
    assert (abs(values.mean(0) - [1, expected_coverage(n, m, k)]) < 5 * error).all()


def test_expected_coverage_by_hand():
    assert np.isclose(expected_coverage(2, 1, 1), 1 - 1 / 2) and np.isclose(expected_coverage(3, 2, 2), 1 - 2 / 4 * 1 / 3)
    assert np.isclose(expected_coverage(10**6, 10**6, 5), 1 - 2**-5, atol=1e-5) and expected_coverage(3, 5, 3) == 1


def test_copies_are_covered(rng):
    real = rng.standard_normal((30, 4))
    assert precision_recall(real, real) == {"precision": 1, "recall": 1}
    assert density_coverage(real, real)["coverage"] == 1
    assert np.isclose(density_coverage(real, real)["density"], (5 + 1) / 5)  # each ball holds its centre and its k neighbours


@pytest.mark.parametrize("call, fragment", [
    (lambda: precision_recall(np.zeros((5, 2)), np.zeros((9, 2))), "k = 5 for 5 real"),
    (lambda: precision_recall(np.zeros((9, 2)), np.zeros((5, 2)), k=6), "k = 6 for 9 real and 5 fake"),
    (lambda: density_coverage(np.zeros((9, 2)), np.zeros((5, 2)), k=6), "k = 6 for 9 real and 5 fake"),
    (lambda: density_coverage(np.zeros((9, 2)), np.zeros((9, 2)), k=0), "k must be at least 1"),
    (lambda: precision_recall(np.zeros((9, 2)), np.zeros((9, 3))), "equally many"),
    (lambda: density_coverage(np.full((9, 2), np.inf), np.zeros((9, 2))), "infinite")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
