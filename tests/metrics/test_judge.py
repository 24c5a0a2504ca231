"""The frozen judge against its promises."""
import numpy as np
import pytest

from gan_scratch.data import load
from gan_scratch.metrics import Judge, density_coverage, frechet_distance, judge, precision_recall


@pytest.mark.parametrize("name, accuracy", [("mnist", 0.96), ("fashion_mnist", 0.85)])
def test_the_judge_recognises_the_test_part(name, accuracy):
    data = load(name)
    assert (Judge(name).logits(data.test_images).argmax(1) == data.test_labels).mean() >= accuracy


def test_the_judge_ranks_noise_below_fewer_classes_below_real_images():
    data = load("mnist")
    real = Judge("mnist").report(data.images[:1000])
    half = Judge("mnist").report(data.images[data.labels < 5][:1000])
    noise = Judge("mnist").report(np.random.default_rng(0).uniform(-1, 1, (1000, 28, 28, 1)).astype(np.float32))
    assert real["fid"] < real["floor_halves"] < real["floor_test"] < half["fid"] < noise["fid"]
    assert (real["classes"], half["classes"]) == (10, 5) and abs(half["class_kl"] - np.log(2)) < 0.05
    assert real["n"] == 1000 and 0.95 < real["confidence"] <= 1


def test_the_report_beside_the_real_test_part():
    """The test part in the generator's place has its own values; one class only: Inception Score near 1, large AM score."""
    data = load("mnist")
    test = Judge("mnist").report(data.test_images)
    assert test["scores_n"] == 1000 and test["fid"] == pytest.approx(test["floor_test"])
    assert test["fid_test"] == pytest.approx(0, abs=1e-3)
    assert test["scores"]["generated"] == test["scores"]["test"] and 8.5 < test["scores"]["test"]["inception_score"] <= 10
    assert 0 <= test["scores"]["test"]["am_score"] < 0.2 and "fid_limit" not in test  # too few for a fit
    ones = Judge("mnist").report(data.images[data.labels == 1][:400])["scores"]
    assert ones["generated"]["inception_score"] < 1.2 and ones["generated"]["am_score"] > 2 and ones["generated"]["recall"] < 0.2
    assert ones["generated"]["kid"] > 5 * ones["test"]["kid"] > 0


def test_a_class_counts_from_two_per_cent_on():
    data, judge_ = load("mnist"), Judge("mnist")
    seen = judge_.logits(data.images).argmax(1)
    ones, twos = data.images[seen == 1][:300], data.images[seen == 2]
    mixed = lambda n: judge_.report(np.concatenate([ones, twos[:n]]))["classes"]  # noqa: E731
    assert mixed(7) == 2 and mixed(6) == 1  # 7/307 = 2.3 %, 6/306 = 1.96 %


def test_the_numbers_are_the_formulas_on_the_features():
    data, judge_ = load("mnist"), Judge("mnist")
    images = data.images[:900][data.labels[:900] < 7][:600]
    report = judge_.report(images, rng=3)
    train, fake, n = judge_.features(data.images), judge_.features(images), 600
    train_part = train[np.random.default_rng(3).permutation(len(train))][:n]
    assert report["fid"] == pytest.approx(frechet_distance(fake, train)) and report["fid_half"] == pytest.approx(frechet_distance(fake[:300], train))
    found = report["scores"]["generated"]
    for name, value in (precision_recall(train_part, fake) | density_coverage(train_part, fake)).items():
        assert found[name] == pytest.approx(value), name
    noise = np.random.default_rng(0).uniform(-1, 1, images.shape).astype(np.float32)
    assert report["noise"] == pytest.approx(frechet_distance(judge_.features(noise), train), rel=0.03)  # from 0 to 1 it would be 1.26 times that


def test_the_bias_in_n_is_reported():
    """Half of the training images against all of them: with half of that half the distance is larger, extrapolated it is smaller."""
    data = load("mnist")
    report = Judge("mnist").report(data.images[:2500])
    assert report["fid_half"] > report["fid"] > report["fid_limit"]


def test_a_damaged_judge_is_noticed(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="a judge for mnist, fashion_mnist, mnist14 and fashion14, not for 'ring'"):
        Judge("ring")
    monkeypatch.setattr(judge, "HERE", tmp_path)
    np.savez(tmp_path / "judge_mnist.npz", **judge.network().state())
    with pytest.raises(ValueError, match="checksum differs"):
        Judge("mnist")


def test_the_judge_is_made_by_the_stated_command(tmp_path, monkeypatch, capsys):
    """One round instead of ten: the command trains, writes and reports."""
    monkeypatch.setattr(judge, "HERE", tmp_path)
    monkeypatch.setattr(judge, "train", lambda name, f=judge.train: f(name, epochs=1))
    judge.main(["mnist"])
    assert [f.name for f in tmp_path.iterdir()] == ["judge_mnist.npz"]
    assert float(capsys.readouterr().out.split("accuracy ")[1].split(",")[0]) > 0.85
