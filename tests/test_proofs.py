"""What the proofs measure, on samples whose numbers are known."""
import numpy as np
import pytest

from gan_scratch.data import load
from gan_scratch.data.shapes import two_discs
from gan_scratch.gans import VARIANTS
from gan_scratch.metrics import Judge
from gan_scratch.proofs import PROOFS, conditional, relation
from gan_scratch.proofs.proof import table


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
    assert lines == ["It works", " " * 60 + f"{'x':>12}{'a longer name':>15}", f"{'first':60}{0.5:>12}{0.333:>15}", f"{'  second':60}{2:>12}{'':>15}"]
