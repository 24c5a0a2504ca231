"""The comparison that `gan-scratch evaluate` prints, for generators whose faults are known."""
import numpy as np
import pytest
from scipy.linalg import hadamard

from gan_scratch.data import Dataset, load, mixture_1d, ring
from gan_scratch.metrics import expected_coverage
from gan_scratch.metrics.overview import compare_images, compare_points


@pytest.mark.parametrize("source", [ring(), mixture_1d()], ids=["plane", "line"])
def test_a_perfect_generator_of_points_stands_where_real_points_do(source, rng):
    result = compare_points(source.sample(1500, rng), source, rng)
    assert (result["w1_n"], result["balls_n"]) == (300, 1000)
    for kind in ("generated", "real"):
        values = result[kind]
        assert values["js"] < 0.02 and np.isclose(values["js_bits"], values["js"] / np.log(2))
        assert min(values["precision"], values["recall"]) > 0.95
        assert abs(values["density"] - 1) < 0.1 and abs(values["coverage"] - expected_coverage(1000, 1000)) < 0.04


def test_a_shifted_generator_of_points(rng):
    """On a line, shifted by 10: W1 = 10, to the spread of 300 points of deviation 1.7; disjoint, so JS = log 2 = 1 bit and precision 0."""
    result = compare_points(mixture_1d().sample(600, rng) + 10, mixture_1d(), rng)
    bad = result["generated"]
    assert abs(bad["w1"] - 10) < 0.7 and np.isclose(bad["js"], np.log(2)) and np.isclose(bad["js_bits"], 1)
    assert bad["precision"] == bad["recall"] == bad["density"] == bad["coverage"] == 0
    assert result["real"]["js"] < 0.05 and result["real"]["w1"] < 1


def test_one_outlier_does_not_hide_a_bad_generator(rng):
    """The bins reach over real points: a sample far out counts in the bin at the edge, and the others keep their bins."""
    spread = rng.uniform(-3, 3, (1500, 2))
    before = compare_points(spread, ring(), np.random.default_rng(0))
    spread[0] = 1e6
    after = compare_points(spread, ring(), np.random.default_rng(0))
    assert before["bins"] == after["bins"] == 50 and before["generated"]["js"] > 0.5
    assert after["generated"]["js"] == pytest.approx(before["generated"]["js"], abs=0.002) and after["real"] == before["real"]


def test_the_median_and_at_most_a_thousand_images(rng):
    data = load("mnist")
    few_far = np.concatenate([data.images[:1100], 2 * np.ones((400, 28, 28, 1), np.float32)])[rng.permutation(1500)]
    result = compare_images(few_far, data)
    assert result["n"] == 1000 and result["generated"]["nearest"] == 0


def test_a_generator_that_copies_and_one_that_repeats_itself():
    data = load("mnist")
    copies = compare_images(data.images[:400], data)
    assert copies["n"] == 400 and copies["generated"]["nearest"] == 0 < copies["real"]["nearest"]
    assert copies["real"]["pairs"] == 20 and copies["real"]["support"] == 400 * 399 / 40
    favourites = np.repeat(data.test_images[:5], 80, axis=0)
    repeats = compare_images(favourites, data)
    assert repeats["generated"]["pairs"] == 5 * 80 * 79 // 2 and repeats["generated"]["nearest"] > 0
    assert abs(repeats["generated"]["support"] - 5) < 0.1


def test_images_without_a_test_part_are_compared_with_their_nearest_others(rng):
    images = rng.uniform(-1, 1, (30, 4, 4, 1)).astype(np.float32)
    result = compare_images(-images, Dataset("noise", images))
    assert result["n"] == 30 and result["real"]["nearest"] > 0 and result["real"]["pairs"] == 20
    far = compare_images(2 * hadamard(16, np.float32).reshape(16, 4, 4, 1), Dataset("noise", images))
    assert far["n"] == 16 and far["generated"]["support"] is None
