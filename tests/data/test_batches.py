"""Batches: every sample once in each round, deterministic, continued exactly."""
import numpy as np
import pytest

from gan_scratch.data import Batches, ring


@pytest.mark.parametrize("size", [1, 3, 7, 10])
def test_every_sample_once_in_each_round(size):
    batches = Batches(np.arange(10), size, 0)
    drawn = np.concatenate([next(batches) for _ in range(3 * 10)])[:10 * 3 * size // size * size]
    rounds = drawn[:len(drawn) // 10 * 10].reshape(-1, 10)
    assert all(len(b) == size for b in [next(batches) for _ in range(20)])
    assert (np.sort(rounds, axis=1) == np.arange(10)).all()
    assert len({tuple(r) for r in rounds}) > 1 or len(rounds) == 1


def test_deterministic_under_a_seed():
    draw = lambda seed: np.concatenate([next(b) for b in [Batches(np.arange(100), 30, seed)] for _ in range(7)])  # noqa: E731
    assert (draw(3) == draw(3)).all() and (draw(3) != draw(4)).any()


@pytest.mark.parametrize("data", [np.arange(10), ring()], ids=["array", "points"])
@pytest.mark.parametrize("done", [0, 1, 4])
def test_continues_exactly(data, done):
    whole, first, second = Batches(data, 3, 0), Batches(data, 3, 0), Batches(data, 3, 99)
    for _ in range(done):
        next(whole), next(first)
    second.load_state(first.state())
    for _ in range(9):
        np.testing.assert_array_equal(next(whole), next(second))


def test_points_are_drawn_afresh():
    batches = Batches(ring(), 16, 0)
    a, b = next(batches), next(batches)
    assert a.shape == (16, 2) and a.dtype == np.float32 and (a != b).any()


@pytest.mark.parametrize("data, size", [(np.arange(4), 5), (np.arange(4), 0), (ring(), 0)])
def test_impossible_batches(data, size):
    with pytest.raises(ValueError, match="can't be drawn"):
        Batches(data, size)


def test_it_is_an_iterator():
    batches = Batches(np.arange(4), 2, 0)
    assert iter(batches) is batches and [len(b) for b, _ in zip(batches, range(3))] == [2, 2, 2]


def test_several_arrays_stay_together():
    """Rows that belong together come together, in the order that a single array would have."""
    x, y = np.arange(10), np.arange(10) * 10.0
    pairs, alone = Batches((x, y), 4, 0), Batches(x, 4, 0)
    for _ in range(6):
        (a, b), expected = next(pairs), next(alone)
        np.testing.assert_array_equal(a, expected)
        np.testing.assert_array_equal(b, 10 * a)
    with pytest.raises(ValueError, match=r"equally long, got lengths \[9, 10\]"):
        Batches((x, y[:9]), 4, 0)
    with pytest.raises(ValueError, match="from 10 samples"):
        Batches((x, y), 11, 0)
