"""Procedural data: the same for a seed, and with the properties that its labels promise."""
import hashlib

import numpy as np
import pytest

from gan_scratch.cli import main
from gan_scratch.data import load
from gan_scratch.data.faces import draw, faces, persons
from gan_scratch.data.glyphs import FONTS, glyphs
from gan_scratch.data.load import DRAWN
from gan_scratch.data.melodies import SCALE, TONICS, melodies, rolls
from gan_scratch.data.shapes import RGB, WORDS, caption, discs, shapes
from gan_scratch.data.voxels import voxels, views


def digest(data):
    return hashlib.sha256(data.images.tobytes()).hexdigest()


@pytest.mark.parametrize("make", [shapes, discs, faces, voxels, melodies])
def test_the_same_seed_draws_the_same(make):
    assert digest(make(50, 3)) == digest(make(50, 3)) != digest(make(50, 4))
    images = make(50, 3).images
    assert images.dtype == np.float32 and len(images) == 50 and -1 <= images.min() < images.max() <= 1


@pytest.mark.parametrize("name", DRAWN)
def test_loading_by_name_and_looking_at_it(name, tmp_path, capsys):
    first, second = load(name), DRAWN[name][0]()
    assert first.name == name and digest(first) == digest(second) and first.images.dtype == np.float32
    first.images[...] = 0
    assert digest(load(name)) == digest(second)  # everybody gets arrays of their own
    assert main(["data", name, "--out", str(tmp_path / "x.png")]) == 0 and (tmp_path / "x.png").stat().st_size > 5000


def colour_of(pixels):
    """The nearest of the four colours, of (…, 3)."""
    return np.linalg.norm(pixels[..., None, :] - RGB, axis=-1).argmin(-1)


def test_captions_say_what_is_drawn():
    data = shapes(1000, 0)
    captions = data.extra["captions"]
    assert captions.shape == (1000, 10) and (captions.sum(1) == 3).all() and (np.bincount(data.labels, minlength=32) > 10).all()
    assert caption(captions[data.labels == 0][0]) == "a small red disc" and caption(captions[data.labels == 31][0]) == "a large yellow cross"
    size, colour, shape = captions[:, :2].argmax(1), captions[:, 2:6].argmax(1), captions[:, 6:].argmax(1)
    assert (data.labels == size * 16 + colour * 4 + shape).all()
    assert (colour_of(data.images[:, 15, 15]) == colour).all()  # the middle is inside every shape
    area = (np.abs(data.images - 0.8).max(-1) / np.abs(RGB[colour] - 0.8).max(-1)[:, None, None]).sum((1, 2))  # how much is covered
    for which in range(4):
        assert area[(size == 1) & (shape == which)].min() > 1.5 * area[(size == 0) & (shape == which)].max()
    filled = [area[(size == 1) & (shape == which)].mean() for which in range(4)]
    assert filled[0] == pytest.approx(np.pi * 13**2, rel=0.01) and filled[1] == pytest.approx((2 * 0.82 * 13) ** 2, rel=0.02)
    assert len(WORDS) == 10


def test_the_second_disc_follows_the_first_and_each_colour_is_as_frequent():
    data = discs(2000, 0)
    first, second = colour_of(data.images[:, 4, 4]), colour_of(data.images[:, 11, 11])
    assert (first == data.labels).all() and (second == (first + 1) % 4).all()
    for which in (first, second):
        assert np.bincount(which, minlength=4).min() > 500 - 5 * np.sqrt(2000 * 3 / 16)


def test_glyphs_are_letters_of_different_fonts():
    data = glyphs()
    assert data.images.shape == (520, 16, 16, 1) and np.bincount(data.labels).tolist() == [len(FONTS)] * 26
    ink = (data.images + 1).mean((1, 2, 3)) / 2
    assert ink.min() > 0.05 and len(np.unique(data.images.reshape(520, -1), axis=0)) > 500
    assert data.extra["bold"].mean() == pytest.approx(9 / 20) and data.extra["slanted"].mean() == pytest.approx(8 / 20)
    assert ink[data.extra["bold"] == 1].mean() > 1.15 * ink[data.extra["bold"] == 0].mean()
    hole = data.images[(data.labels == 14) & (data.extra["font"] == 0)][0, 8, 8, 0]
    assert hole == -1  # an O is empty inside


def test_furniture_stands_on_the_floor_and_is_symmetric():
    data = voxels(300, 0)
    solid = data.images[..., 0] > 0
    assert set(np.unique(data.images)) == {-1, 1} and (solid == solid[..., ::-1]).all() and solid[:, 0].any((1, 2)).all()
    assert np.bincount(data.labels, minlength=3).min() > 60 and 0.02 < solid.mean() < 0.2
    top = np.array([np.flatnonzero(v.any((1, 2))).max() for v in solid])
    highest = solid[np.arange(300), top].sum((1, 2))
    assert highest[data.labels == 1].min() > 40 and highest[data.labels == 0].max() <= 20  # a table's top, a chair's back


def test_views_show_nearer_voxels():
    v = -np.ones((2, 16, 16, 16, 1), np.float32)
    v[0, 0, 0, 0] = v[1, 0, 15, 0] = 1
    near, far = views(v)
    assert (near > -1).sum() == (far > -1).sum() > 0 and np.argwhere(near > -1)[:, 0].min() > np.argwhere(far > -1)[:, 0].max() - 8
    assert not np.array_equal(near, far)


def test_melodies_keep_to_their_rules():
    data = melodies(2000, 0)
    notes = data.images.reshape(2000, 32, 24)
    degrees = data.extra["degrees"]
    assert (notes.sum(-1) == 1).all() and (notes.argmax(-1) == SCALE[degrees]).all()
    assert np.isin(degrees[:, -1], TONICS).all() and np.abs(np.diff(degrees, axis=1)).max() == 2
    assert degrees.min() == 0 and degrees.max() == 13 and len(np.unique(degrees, axis=0)) == 2000
    picture = rolls(data.images[:1])[0, ..., 0]
    assert picture.shape == (24, 33) and (picture[:, 16] == picture[0, 16]).all()  # a line between the bars
    assert (23 - np.delete(picture, 16, axis=1).argmax(0) == notes[0].argmax(-1)).all()


def test_a_person_stays_the_same_and_ages():
    rng = np.random.default_rng(0)
    who = persons(60, rng)
    ages = np.linspace(5, 85, 9)
    strip = np.stack([draw(who, np.full(60, age)) for age in ages], 1)  # (60, 9, 32, 32, 1)
    hair = strip[:, :, 3, 14:18, 0].mean(2)
    assert (np.diff(hair[:, 3:], axis=1) > 0).all()  # it turns grey
    flat = strip.reshape(60, 9, -1)
    own = np.linalg.norm(flat[:, 4] - flat[:, 5], axis=1)
    others = np.linalg.norm(flat[:, None, 4] - flat[None, :, 5], axis=2)
    assert (others.argmin(1) == np.arange(60)).mean() > 0.7 and own.mean() < 0.5 * others.mean()  # by chance 1/60
    data = faces(400, 0)
    group = np.digitize(data.extra["age"], (18, 40, 60))
    assert (group == data.labels).all() and np.bincount(data.labels, minlength=4).min() > 70
    np.testing.assert_array_equal(data.images, draw(data.extra["person"], data.extra["age"]))
