"""Labels as people have them become 0 … K−1 with their names kept, or one sentence."""
import numpy as np
import pytest

from gan_scratch import runs
from gan_scratch.data import load
from gan_scratch.data.labels import numbered


@pytest.mark.parametrize("labels, numbers, names", [
    ([0, 1, 2, 1], [0, 1, 2, 1], ()),
    ([1, 2, 3, 2], [0, 1, 2, 1], ("1", "2", "3")),
    ([-1, 1, 1, -1], [0, 1, 1, 0], ("-1", "1")),
    ([-5, 7, 3, 7], [0, 2, 1, 2], ("-5", "3", "7")),
    (np.array([2**64 - 1, 3, 3, 2**64 - 1], np.uint64), [1, 0, 0, 1], ("3", str(2**64 - 1))),
    ([20240001, 20240007, 20240001], [0, 1, 0], ("20240001", "20240007")),
    ([1.0, 0.0, 2.0], [1, 0, 2], ()),
    (["dog", "cat10", "cat9"], [2, 1, 0], ("cat9", "cat10", "dog")),
    ([b"dog", b" cat "], [1, 0], ("cat", "dog")),
    ([True, False], [1, 0], ()),
    (["10", "9"], [1, 0], ("9", "10")),
    (["01", "1"], [0, 1], ("01", "1")),
])
def test_labels_are_numbered(labels, numbers, names):
    found, _, classes = numbered(np.array(labels), None, "x")
    assert found.dtype == np.int64 and found.tolist() == numbers and classes == names


@pytest.mark.parametrize("labels, message", [
    ([-1, 0, 1], "1 labels are -1 beside 0, 1, …, which often means that there is no label"),
    (["-1", "0", "1"], "1 labels are -1 beside 0"),
    ([-1, 1, 2], "1 labels are -1 beside 0"),
    ([b"\xff", b"\xfe"], "names in UTF-8, but there is b'.xff'"),
    ([0.5, 1], "must be whole numbers or names, but there is 0.5"),
    ([np.nan, 1], "must be whole numbers or names, but there is nan"),
    ([np.inf, 1], "must be whole numbers or names, but there is inf"),
    ([1e17, 3], "can't be told apart in float64"),
    (["", "a"], "1 labels are empty"),
    ([1j, 0], "must be whole numbers or names, got complex128"),
])
def test_labels_that_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        numbered(np.array(labels), None, "x")


def test_test_labels_have_the_same_numbers():
    assert numbered(np.array(["b", "a"]), np.array(["b"]), "x")[1].tolist() == [1]
    with pytest.raises(ValueError, match="test_labels have c, which labels haven't"):
        numbered(np.array(["b", "a"]), np.array(["c"]), "x")


def test_names_stand_in_the_checkpoint(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (40, 14, 14), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.array(["seven", "three"] * 20))
    trainer = runs.new("cgan", tmp_path / "own.npz", steps=2, batch=8, out=tmp_path / "run")
    trainer.run(progress=False)
    gan, config = runs.reopened(tmp_path / "run")
    assert config["classes"] == ["seven", "three"] and gan.sample(4, 0).shape == (4, 14, 14, 1)
    with pytest.warns(UserWarning, match="each of the 40 images has a label of its own"):
        np.savez(tmp_path / "own.npz", images=images, labels=np.arange(20240000, 20240040))
        assert load(tmp_path / "own.npz").labels.max() == 39
