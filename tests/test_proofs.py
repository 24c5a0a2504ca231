"""What the proofs measure, on samples whose numbers are known."""
import re
from pathlib import Path

import numpy as np
import pytest

from gan_scratch import runs
from gan_scratch.data import load
from gan_scratch.data.melodies import PITCHES
from gan_scratch.data.shapes import shapes, two_discs
from gan_scratch.data.voxels import voxels
from gan_scratch.gans import VARIANTS
from gan_scratch.metrics import Judge
from gan_scratch.proofs import PROOFS, attributes, captions, conditional, features, letters, melody, quality, relation, solids, stages, styles, translation
from gan_scratch.proofs.proof import table
from tests.zoo import in_a_cell


def test_every_proof_belongs_to_a_variant_and_its_baseline_is_one():
    for name, proof in PROOFS.items():
        assert name in VARIANTS and (proof.baseline is None or proof.baseline in VARIANTS and VARIANTS[proof.baseline].data == VARIANTS[name].data)


def test_relation_of_known_pairs(rng):
    first = np.repeat(np.arange(4), 50)
    right = relation.scores(two_discs(first, (first + 1) % 4, rng))
    assert right["right"] == 1 and right["information"] == pytest.approx(np.log(4)) and right["colours"] == 4 and right["purity"] < 0.2
    equal = relation.scores(two_discs(first, first, rng))
    assert equal["right"] == 0 and equal["information"] == pytest.approx(np.log(4))  # as bound to each other, by another rule
    half = relation.scores(two_discs(first, np.where(np.arange(200) % 2, (first + 1) % 4, (first + 2) % 4), rng))
    assert half["right"] == 0.5 and half["information"] == pytest.approx(np.log(4) - np.log(2))
    alone = relation.scores(two_discs(np.zeros(100, int), np.ones(100, int), rng))
    assert alone["right"] == 1 and alone["information"] == pytest.approx(0, abs=1e-12) and alone["colours"] == 1  # the rule is kept by a G that makes one picture
    np.testing.assert_array_equal(relation.colours(two_discs(first, first[::-1], rng))[1], first[::-1])


def test_mutual_information():
    a, b = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    assert relation.mutual_information(a, b) == pytest.approx(0, abs=1e-12)
    assert relation.mutual_information(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1])) == pytest.approx(
        0.25 * np.log(0.25 / (0.5 * 0.25)) + 0.25 * np.log(0.25 / (0.5 * 0.75)) + 0.5 * np.log(0.5 / (0.5 * 0.75)))


def test_relation_references():
    columns = relation.references(load("discs"), 0)
    assert columns["real"]["right"] == 1 and abs(columns["halves mixed"]["right"] - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 2000)
    assert columns["real"]["purity"] == pytest.approx(columns["halves mixed"]["purity"], rel=0.05)


class Replay:
    """A generator that shows real test images of the class asked for: at best all right, or `wrong` of the ten classes never."""

    def __init__(self, data, wrong=0):
        self.data, self.wrong = data, wrong

    def sample(self, n, rng, threshold=np.inf):
        shown = np.where(np.arange(n) % 10 < self.wrong, (np.arange(n) + 1) % 10, np.arange(n) % 10)
        return np.stack([self.data.test_images[rng.choice(np.flatnonzero(self.data.test_labels == c))] for c in shown])


def test_scores_of_a_generator_that_shows_real_images():
    data = load("mnist14")
    real = conditional.references(data, 0)["real test"]
    good, bad = (conditional.measure(Replay(data, wrong), data, 0) for wrong in (0, 2))
    assert good["accuracy"] == pytest.approx(real["accuracy"], abs=0.015) and good["fid"] == pytest.approx(real["fid"], rel=0.1)
    assert bad["accuracy"] == pytest.approx(0.8 * real["accuracy"], abs=0.03) and bad["worst"] < 0.05 and good["worst"] > 0.8
    deaf = conditional.references(data, 0)["deaf"]
    assert abs(deaf["accuracy"] - 0.1) < 0.04 and deaf["fid"] == pytest.approx(real["fid"])


def test_the_judge_sees_halved_images():
    """Doubling each pixel of a halved image keeps the class: 96 % against 96.6 % of the whole images."""
    half, whole = load("mnist14"), load("mnist")
    accuracy = lambda data, judge: (judge.logits(data.test_images).argmax(1) == data.test_labels).mean()  # noqa: E731
    assert accuracy(half, Judge("mnist14")) > accuracy(whole, Judge("mnist")) - 0.015
    np.testing.assert_allclose(half.images[7, 3, 5, 0], whole.images[7, 6:8, 10:12].mean(), rtol=1e-5)
    assert Judge("mnist14").report(half.test_images)["fid_test"] == pytest.approx(0, abs=1e-3)


def test_the_table_aligns_columns_and_leaves_gaps():
    lines = table("It works", {"a": "first", "b": "  second"}, {"x": {"a": 0.5, "b": 2.0}, "a longer name": {"a": 1 / 3}})
    assert lines == ["It works", " " * 8 + f"{'x':>12}{'a longer name':>15}", f"{'first':8}{0.5:>12}{0.333:>15}", f"{'  second':8}{2:>12}{'':>15}"]


# --- solids, melodies, letters, captions ------------------------------------------------------------------------------------

def test_overlap_of_known_solids():
    a = -np.ones((2, 4, 4, 4, 1), np.float32)
    a[0, :2], a[1, 1:3] = 1, 1  # 32 voxels each, 16 of them shared
    np.testing.assert_allclose(solids.overlap(a, a), [[1, 1 / 3], [1 / 3, 1]])
    inside = np.zeros((4, 4, 4), bool)
    assert solids.largest_part(inside) == 0
    inside[0, 0, :2] = inside[3, 3, 3] = True
    assert solids.largest_part(inside) == pytest.approx(2 / 3)


def test_scores_of_real_solids():
    data = load("voxels")
    new = voxels(300, seed=5)
    real, wrong = solids.scores(new.images, new.labels, data), solids.scores(new.images, (new.labels + 1) % 3, data)
    assert real["accuracy"] > 0.99 and wrong["accuracy"] < 0.01 and real["whole"] == 1 and real["mirror"] == 0 and real["nearest"] == 1
    one = solids.scores(np.repeat(data.images[:1], 30, 0), np.arange(30) % 3, data)
    assert one["pairs"] == 1 and one["nearest"] == 1 and one["coverage"] < 0.2
    half = new.images.copy()
    half[:, :, :, 8:] = -1  # the right half is missing
    assert solids.scores(half, new.labels, data)["mirror"] == 1


def bars(*pitches):
    """Pairs of bars (1, 2, 16, 24): a first one of C's, and a second one of these pitches."""
    rows = np.array([[0] * 16, pitches])
    return np.eye(PITCHES, dtype=np.float32)[rows][None]


def test_scores_of_known_melodies():
    data = load("melodies")
    real = melody.scores(data.images[:2000], data)
    assert (real["joint"], real["scale"], real["steps"], real["tonic"]) == (1, 1, 1, 1) and real["intervals"] < 0.03 and real["distinct"] == 2000
    walk = melody.scores(bars(*[0, 2, 4, 5, 7, 9, 11, 12, 14, 12, 11, 9, 7, 5, 4, 2]), data)
    assert (walk["joint"], walk["scale"], walk["steps"], walk["tonic"], walk["distinct"]) == (1, 1, 1, 0, 1)
    leaps = melody.scores(bars(*[0, 12] * 8), data)
    assert leaps["steps"] == 0 and leaps["scale"] == 1 and leaps["tonic"] == 1
    outside = melody.scores(bars(*[1] * 16), data)
    assert outside["scale"] == 0 and outside["steps"] == 0 and outside["joint"] == 0  # equal notes, but none in the scale
    alone = melody.references(data, 0)
    assert alone["random notes"]["scale"] == pytest.approx(14 / 24, abs=0.02) and alone["real, shuffled"]["joint"] < 0.5


def test_a_collapsed_melody_is_seen_only_by_variety():
    data = load("melodies")
    same = melody.scores(np.repeat(bars(*[0] * 16), 100, 0), data)
    assert same["scale"] == same["steps"] == same["tonic"] == same["joint"] == 1 and same["distinct"] == 1 and same["intervals"] > 0.5


def test_letters_are_told_apart():
    columns = letters.references(load("glyphs"), 0)
    assert columns["real"]["all"] > 0.99 and columns["real"]["covered"] == 26 and columns["deaf"]["all"] < 0.05


def test_captions_are_read_off_pictures():
    for size in (16, 32):
        new = shapes(300, seed=9, size=size)
        found = captions.seen(new.images, "shapes" if size == 32 else "shapes16")
        for name, part in captions.ATTRIBUTES.items():
            assert (found[name] == new.extra["captions"][:, part].argmax(1)).mean() > 0.97
    data = load("captions")
    right = stages.right(data.test_images, data.extra["test_captions"])
    assert right["all"].mean() > 0.97
    pairs = {tuple(map(int, row)) for row in np.column_stack([data.extra["captions"][:, 2:6].argmax(1), data.extra["captions"][:, 6:].argmax(1)])}
    assert len(pairs) == 12 and not pairs & {(k, (k + 1) % 4) for k in range(4)}


# --- attributes, probes, features ---------------------------------------------------------------------------------------------

def test_attributes_of_drawn_bars():
    images = -np.ones((3, 15, 15, 1), np.float32)
    images[0, 3:12, 7] = 1  # upright
    for i in range(9):
        images[1, 3 + i, 11 - i] = 1  # leans to the right, one pixel a row
        images[2, 3 + i, 3:12] = 1  # a square
    ink, slant, width = attributes.attributes(images).T
    np.testing.assert_allclose(ink, [9, 9, 81])
    np.testing.assert_allclose(slant, [0, 1, 0], atol=1e-9)
    np.testing.assert_allclose(width, [0, np.sqrt(60 / 9), np.sqrt(60 / 9)], atol=1e-6)


def test_a_linear_probe_reads_what_is_linear(rng):
    code, labels = rng.standard_normal((1000, 8)), rng.integers(4, size=1000)
    assert abs(styles.probe(code, labels) - 0.25) < 0.07
    code[np.arange(1000), labels] += 6
    assert styles.probe(code, labels) > 0.98


def test_maxima_on_a_grid():
    x = np.arange(2 * 7 * 7 * 3, dtype=float).reshape(2, 7, 7, 3)
    rows = features.on_grid(x)
    assert rows.shape == (2, 48) and (rows[:, -3:] == x[:, 6, 6]).all() and (rows[:, :3] == x[:, 1, 1]).all()
    assert features.on_grid(x[:, :3, :3]).shape == (2, 27)  # nothing to pool


def test_ridge_in_both_forms(rng):
    X, y = rng.standard_normal((600, 40)), rng.integers(10, size=600)
    X[np.arange(600), y] += 4
    few, many = (features.ridge(X[:n], y[:n], X[500:], y[500:]) for n in (30, 500))  # fewer rows than features, and more
    assert many > 0.9 > few > 0.3


# --- pictures made of pictures --------------------------------------------------------------------------------------------------

def test_psnr_and_similarity_of_known_pictures(rng):
    x = rng.uniform(-1, 1, (4, 20, 20, 3))
    assert translation.psnr(x + 0.02, x) == pytest.approx(40)  # 20 log₁₀(2/0.02)
    hole = np.zeros((4, 20, 20, 1))
    hole[:, :5] = 1
    y = x.copy()
    y[:, :5] += 0.2
    assert translation.psnr(y, x, hole) == pytest.approx(20)
    assert translation.similarity(x, x) == pytest.approx(1) and translation.similarity(rng.permutation(x.reshape(-1)).reshape(x.shape), x) < 0.2
    patch, other = x[:1, :7, :7, :1], x[1:2, :7, :7, :1]  # one window: the formula itself
    patch, other = (patch + 1) / 2, (other + 1) / 2
    mx, mt, vx, vt, cov = patch.mean(), other.mean(), patch.var(), other.var(), ((patch - patch.mean()) * (other - other.mean())).mean()
    by_hand = (2 * mx * mt + 0.0001) * (2 * cov + 0.0009) / ((mx**2 + mt**2 + 0.0001) * (vx + vt + 0.0009))
    assert translation.similarity(2 * patch - 1, 2 * other - 1) == pytest.approx(by_hand)


def test_filling_changes_the_hole_only():
    data = load("fashion_mnist")
    a, = translation.holes(data)
    a, true = a[:30], data.images[:30]
    np.testing.assert_array_equal(translation.filled(true, a), true)
    ones = translation.filled(np.ones_like(true), a)
    assert ((ones != true) <= (a[..., -1:] > 0)).all()
    assert translation.hole_scores(true + 0.1, a, true)["l1"] == pytest.approx(0.1, rel=1e-5)


def test_style_scores_of_the_identity():
    a = np.random.default_rng(0).uniform(-1, 1, (10, 8, 8, 3))
    perfect = translation.style_scores(a, a, a, a)
    assert perfect == {"there": 0, "back": 0, "retrieval": 1}
    assert translation.style_scores(np.roll(a, 1, 0), a, a, a)["retrieval"] == 0


def test_quality_of_real_pictures_in_the_generators_place():
    data = load("shapes")
    real = quality.of_shapes(data.images[:1000], data)
    same, blank = quality.scores(quality.of_shapes(shapes(1000, seed=4).images, data), real), quality.scores(quality.of_shapes(np.zeros((1000, 32, 32, 3), np.float32) + np.linspace(0, .1, 1000, dtype=np.float32)[:, None, None, None], data), real)
    assert same["fid"] < 0.02 * blank["fid"] and same["coverage"] > 0.9 and blank["coverage"] < 0.05


def test_the_page_has_every_proof_with_its_rows_and_picture():
    page = (Path(__file__).parents[1] / "course/zoo.md").read_text()
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    assert list(sections) == list(PROOFS)
    for name, proof in PROOFS.items():
        assert all(f"| {in_a_cell(text)} |" in sections[name] for text in proof.rows.values()), name
        assert proof.baseline is None or f"`{proof.baseline}`" in sections[name]
        assert (Path(__file__).parents[1] / f"course/figures/zoo_{name}.png").stat().st_size < 1_000_000


@pytest.mark.parametrize("page", sorted((Path(__file__).parents[1] / "course").glob("*.md")), ids=lambda page: page.name)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page):
    cells = 0
    for number, line in enumerate(page.read_text().splitlines(), 1):
        here = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (cells and here) or here == cells, f"line {number}: {line}"
        cells = here


def test_a_proof_is_left_out_where_the_data_is_not_known_well_enough(tmp_path):
    for name, proof in PROOFS.items():
        assert proof.suits({"data": VARIANTS[name].data, "full": False})
        assert proof.on == () or not proof.suits({"data": "my pictures", "full": False}) and not proof.suits({"data": proof.on[0], "full": True})
    config = {"variant": "stylegan", "data": "discs", "full": False, "size": None}
    assert runs.proof_of(config) is None and runs.baseline(config, tmp_path) is None and runs.prove(None, None, config) is None
