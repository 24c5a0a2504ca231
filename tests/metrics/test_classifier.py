"""Scores of a classifier's probabilities: their ends, their identity, their blind spots."""
import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax
from scipy.stats import entropy

from gan_scratch.metrics import am_score, inception_score, mode_score, softmax

EVEN = np.full(10, 0.1)


def test_softmax(rng):
    logits = 5 * rng.standard_normal((20, 7))
    np.testing.assert_allclose(softmax(logits), scipy_softmax(logits, axis=1), rtol=1e-13)
    np.testing.assert_allclose(softmax(np.array([[1e5, 1e5 - np.log(3)], [-1e5, 0]])), [[0.75, 0.25], [0, 1]], rtol=1e-9)


def test_inception_score_of_one_hot_answers_is_the_number_of_classes():
    assert np.isclose(inception_score(np.tile(np.eye(10), (7, 1)))[0], 10)


def test_inception_score_of_a_collapsed_generator_is_one(rng):
    assert np.isclose(inception_score(np.tile(rng.dirichlet(np.ones(10)), (50, 1)))[0], 1)
    assert np.isclose(inception_score(np.full((50, 10), 0.1))[0], 1)  # unsure about every image: the same


def test_inception_score_does_not_see_one_memorised_image_per_class():
    """Ten images, each repeated a hundred times, have the score of a perfect generator: 10."""
    assert np.isclose(inception_score(np.repeat(np.eye(10), 100, axis=0))[0], 10)


def test_inception_score_by_hand():
    """p(y) = (½, ½), each row's KL from it is log 2 − H(¾, ¼)."""
    p = np.array([[0.75, 0.25], [0.25, 0.75]])
    assert np.isclose(inception_score(p)[0], np.exp(np.log(2) - entropy([0.75, 0.25])))


def test_splits_are_consecutive_rows():
    p = np.repeat(np.eye(2), 6, axis=0)  # sorted by class: each half shows one class only
    assert inception_score(p) == (2.0, 0.0) and inception_score(p, splits=2) == (1.0, 0.0)
    mean, std = inception_score(p[:9], splits=3)  # rows 0 0 0, 0 0 0, 1 1 1
    assert (mean, std) == (1, 0)
    mean, std = inception_score(np.eye(2)[[0, 1, 0, 0]], splits=2)  # scores 2 and 1
    assert np.isclose(mean, 1.5) and np.isclose(std, 0.5)


def test_mode_score_equals_inception_score_for_every_prior(rng):
    p = rng.dirichlet(np.full(10, 0.2), 200)
    for prior in (EVEN, *rng.dirichlet(np.ones(10), 5)):
        assert np.isclose(mode_score(p, prior), inception_score(p)[0], rtol=1e-10)


def test_mode_score_does_not_notice_a_missing_class_and_am_score_does():
    """Data: nine images in ten are of class 0. Even answers have IS = MS = 10 all the same; AM is KL(prior ‖ even) above its least value 0."""
    prior = np.array([0.91] + [0.01] * 9)
    even, faithful = np.eye(10), np.repeat(np.eye(10), [91] + [1] * 9, axis=0)
    assert np.isclose(mode_score(even, prior), 10) and mode_score(faithful, prior) < 2
    assert abs(am_score(faithful, prior)) < 1e-12 and np.isclose(am_score(even, prior), entropy(prior, EVEN))
    assert am_score(np.eye(10)[:9], EVEN) == np.inf


def test_rounded_sums_are_made_one(rng):
    """Rows or a prior of sum 1.0005, as float32 or a table gives them, count as what they are a multiple of."""
    p, prior = rng.dirichlet(np.ones(4), 30), np.array([0.4, 0.3, 0.2, 0.1])
    for score in (lambda p, prior: inception_score(p, splits=2)[0], mode_score, am_score):
        assert np.isclose(score(1.0005 * p, 1.0005 * prior), score(p, prior), rtol=1e-12)


def test_am_score_by_hand():
    """Every answer (1 − ε, ε/9 …): the first term is 0 for even classes, the second the entropy of one answer."""
    answer = np.full(10, 0.1 / 9)
    answer[0] = 0.9
    p = np.array([np.roll(answer, i) for i in range(10)])
    assert np.isclose(am_score(p, EVEN), -0.9 * np.log(0.9) - 0.1 * np.log(0.1 / 9))
    assert np.isclose(am_score([[0.5, 0.5]], [0.8, 0.2]), entropy([0.8, 0.2], [0.5, 0.5]) + np.log(2))


@pytest.mark.parametrize("call, fragment", [
    (lambda: softmax(np.array([[np.nan, 0]])), "finite"), (lambda: softmax(np.zeros(3)), r"\(N, K\)"),
    (lambda: inception_score(np.zeros((4, 3))), "softmax"), (lambda: inception_score(np.full(4, 0.25)), r"\(N, K\)"),
    (lambda: inception_score(np.array([[1.5, -0.5]])), "non-negative"), (lambda: inception_score(np.array([[np.nan, 1]])), "non-negative"),
    (lambda: inception_score(np.eye(3), splits=4), "split"), (lambda: mode_score(np.eye(2), [1, 0]), "above 0"),
    (lambda: am_score(np.eye(2), [0.5, 0.6]), "sum 1.1"), (lambda: am_score(np.eye(2), [0.5, 0.4]), "sum 0.9"),
    (lambda: mode_score(np.eye(2), [0.5, 0.4]), "sum 0.9"), (lambda: inception_score(0.9 * np.eye(2)), "of sum 1"),
    (lambda: am_score(np.eye(2), EVEN), "prior")])
def test_what_is_refused(call, fragment):
    with pytest.raises(ValueError, match=fragment):
        call()
