"""Mode coverage by hand, of the data itself, and of nothing."""
import numpy as np
import pytest

from gan_scratch.data import ring
from gan_scratch.metrics import mode_counts, mode_coverage


def test_mode_coverage_by_hand():
    mixture = ring(4, radius=1.0, std=0.1)
    near = [mixture.modes[0]] * 6 + [mixture.modes[1] + [0, 0.29]] * 2
    far = [[5.0, 5.0], mixture.modes[2] + [0.31, 0]]
    result = mode_coverage(np.array(near + far), mixture)
    assert result["modes"] == 2 and result["high_quality"] == 0.8
    assert np.isclose(result["reverse_kl"], 0.75 * np.log(0.75 * 4) + 0.25 * np.log(0.25 * 4))
    smear = np.concatenate([np.repeat(mixture.modes[:3], 33, axis=0), mixture.modes[3:]])
    assert mode_coverage(smear, mixture)["modes"] == 4 and mode_coverage(smear, mixture)["modes_20"] == 3


def test_mode_coverage_of_the_data_itself_and_of_nothing(rng):
    good = mode_coverage(ring().sample(2500, rng), ring())
    assert good["modes"] == good["modes_20"] == 8 and good["reverse_kl"] < 0.01
    assert abs(good["high_quality"] - (1 - np.exp(-4.5))) < 0.01  # a plane Gaussian within 3σ
    none = mode_coverage(np.zeros((100, 2)), ring())
    assert none["modes"] == 0 and none["high_quality"] == 0 and np.isclose(none["reverse_kl"], np.log(8))


def test_a_fifth_of_a_fair_share_is_of_all_samples():
    """100 samples, 4 modes: 25 each would be fair, 5 are enough and 4 aren't, however many of the others are far from every mode."""
    mixture = ring(4, radius=1.0, std=0.1)
    samples = np.concatenate([np.repeat(mixture.modes, [20, 5, 4, 0], axis=0), np.full((71, 2), 9.0)])
    assert mode_coverage(samples, mixture)["modes"] == 3 and mode_coverage(samples, mixture)["modes_20"] == 2


def test_counts_per_mode():
    mixture = ring(4, radius=1.0, std=0.1)
    samples = np.concatenate([mixture.modes[[0, 0, 2]], mixture.modes[[1]] * 1.31])  # the last lies 3.1 std away
    assert mode_counts(samples, mixture).tolist() == [2, 0, 1, 0]


@pytest.mark.parametrize("samples", [np.zeros((3, 3)), np.zeros(2), np.full((3, 2), np.nan), np.zeros((0, 2))])
def test_samples_that_do_not_fit(samples):
    with pytest.raises(ValueError, match="samples"):
        mode_coverage(samples, ring())
