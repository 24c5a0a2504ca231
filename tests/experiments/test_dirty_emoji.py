"""The collection that exercise e05 cleans holds what it says."""
import re
from pathlib import Path

import numpy as np
import pytest

from gan_scratch.checks.e05 import find_damaged, square, to_unit_range
from gan_scratch.data import load
from gan_scratch.experiments import dirty_emoji
from gan_scratch.experiments.people_kept import people_kept


@pytest.fixture(scope="module")
def collection():
    return dirty_emoji.collection()


def test_it_holds_every_emoji_twice_and_as_many_faults_as_listed(collection):
    pictures, names, faults = collection
    emoji = set(load("emoji_faces").extra["names"].tolist())
    assert len(pictures) == len(names) == len(faults) == 404 and set(names) == emoji
    assert sorted(name for name, fault in zip(names, faults) if fault == "none") == sorted([*emoji, *emoji])
    assert {fault: (faults == fault).sum() for fault in dirty_emoji.FAULTS} == dirty_emoji.FAULTS


def test_types_and_sizes_are_mixed_and_the_margins_stand_around_the_face(collection):
    pictures, names, faults = collection
    assert {(a.dtype.name, a.shape) for a in pictures} == {
        (dtype, shape) for dtype in ("uint8", "uint16", "float32") for shape in ((32, 40, 3), (40, 32, 3))}
    sound = [(a, name) for a, name, fault in zip(pictures, names, faults) if fault == "none"]
    emoji = load("emoji_faces")
    styles = {name: (x, y) for name, x, y in zip(emoji.extra["names"], emoji.images, emoji.extra["twemoji"])}
    for a, name in sound:
        x = square(to_unit_range(a), 32)
        assert min(np.abs(x - style).max() for style in styles[name]) < 1e-5


def test_what_is_damaged_is_found_and_what_is_not_is_not(collection):
    pictures, _, faults = collection
    damaged = find_damaged(np.stack([square(to_unit_range(a), 32) for a in pictures]))
    assert np.array_equal(damaged, ~np.isin(faults, ["none", "copy"]))


def test_it_is_the_same_for_the_same_seed_and_another_for_another(collection):
    again, other = dirty_emoji.collection(), dirty_emoji.collection(seed=1)
    assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(collection[0], again[0]))
    assert collection[1] != other[1]


@pytest.mark.parametrize("name", dirty_emoji.CHANGES)
def test_a_change_leaves_a_picture_in_range_and_near_the_original(name):
    x = load("emoji_faces").images[3]
    changed = dirty_emoji.CHANGES[name](x, np.random.default_rng(0))
    assert changed.dtype == np.float32 and changed.shape == x.shape and np.abs(changed).max() <= 1
    assert 0 < np.abs(changed - x).mean() < 0.3
    assert dirty_emoji.apart(np.stack([x, changed]), np.array([[0, 1]]))[0] < 0.3


def test_darker_is_darker_and_lighter_lighter():
    x = load("emoji_faces").images[3]
    changed = {name: dirty_emoji.CHANGES[name](x, np.random.default_rng(0)) for name in ("darker", "lighter")}
    assert (changed["darker"] < 0.8 * x).all() and (changed["lighter"] > 0.8 * x).all()


def test_apart_by_hand():
    """Brightness and contrast don't count, and a picture is as far as can be from its negative."""
    x = load("emoji_faces").images[3].astype(float)
    images, pairs = np.stack([x, 0.8 * x - 0.15, -x + 0.3]), np.array([[0, 1], [0, 2], [1, 2]])
    np.testing.assert_allclose(dirty_emoji.apart(images, pairs), [0, 2, 2], atol=1e-6)


def test_the_table_of_the_question_in_words():
    """What the exercise quotes. The first column may differ a little with the version of the JPEG library."""
    text = (Path(__file__).parents[2] / "course/exercises/e05_data.md").read_text(encoding="utf-8")
    for most in (2, 4, 8, 13):
        missed, alarms, kept = people_kept(most)
        row = re.search(rf"^\| {most} \| ([\d.]+) % \| ([\d.]+) % \| (.*) \|$", text, re.MULTILINE)
        assert row[2] == f"{alarms * 100:.1f}" and row[3] == " | ".join(map(str, kept))
        assert abs(float(row[1]) - 100 * missed) < 1
