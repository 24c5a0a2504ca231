"""Distances against closed forms; the frozen judge against its promises."""
import numpy as np
import pytest

from gan_scratch.data import load, ring
from gan_scratch.metrics import Judge, frechet_distance, judge, mode_coverage


def exact_sample(n, mean, covariance, rng):
    """n points whose sample mean and covariance are exactly these."""
    x = rng.standard_normal((n, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(x, rowvar=False)))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_one_dimensional_gaussians(rng):
    """N(0, 1) and N(3, 4), variance 4: 9 + (1 − 2)² = 10."""
    assert np.isclose(frechet_distance(exact_sample(50, [0.0], [[1.0]], rng), exact_sample(70, [3.0], [[4.0]], rng)), 10)


def test_frechet_distance_with_equal_covariances_is_the_squared_distance_of_the_means(rng):
    covariance = np.cov(rng.standard_normal((9, 4)), rowvar=False)
    a, b = exact_sample(50, np.zeros(4), covariance, rng), exact_sample(60, np.arange(4.0), covariance, rng)
    assert np.isclose(frechet_distance(a, b), 0 + 1 + 4 + 9)


def test_frechet_distance_with_diagonal_covariances(rng):
    p, q, shift = np.array([1.0, 2, 3]), np.array([4.0, 0.5, 3]), np.array([1.0, 0, -2])
    a, b = exact_sample(50, np.zeros(3), np.diag(p), rng), exact_sample(50, shift, np.diag(q), rng)
    assert np.isclose(frechet_distance(a, b), ((np.sqrt(p) - np.sqrt(q)) ** 2).sum() + shift @ shift)


def test_frechet_distance_against_the_matrix_square_root(rng):
    from scipy.linalg import sqrtm

    a, b = rng.standard_normal((200, 6)) @ rng.standard_normal((6, 6)), rng.standard_normal((100, 6)) + 1
    A, B, d = np.cov(a, rowvar=False), np.cov(b, rowvar=False), a.mean(0) - b.mean(0)
    assert np.isclose(frechet_distance(a, b), d @ d + np.trace(A + B - 2 * sqrtm(A @ B).real))


def test_frechet_distance_is_a_distance(rng):
    a, b = rng.standard_normal((30, 40)), rng.standard_normal((50, 40))  # fewer samples than features: singular covariances
    assert abs(frechet_distance(a, a)) < 1e-6 and np.isclose(frechet_distance(a, b), frechet_distance(b, a))


def test_frechet_distance_of_one_law_is_its_bias():
    """(2d + d(d + 1)/2)/n for n samples each from N(0, I_d): 2208/n at d = 64."""
    d, n = 64, 2000
    values = [frechet_distance(*np.random.default_rng(seed).standard_normal((2, n, d))) for seed in range(10)]
    assert abs(np.mean(values) / ((2 * d + d * (d + 1) / 2) / n) - 1) < 0.05


@pytest.mark.parametrize("a, b", [(np.zeros((3, 2)), np.zeros((3, 4))), (np.zeros(3), np.zeros(3)), (np.zeros((1, 2)), np.zeros((3, 2))),
                                  (np.full((3, 2), np.nan), np.zeros((3, 2)))])
def test_features_that_do_not_fit(a, b):
    with pytest.raises(ValueError, match="frechet_distance"):
        frechet_distance(a, b)


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


def test_a_damaged_judge_is_noticed(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="a judge for mnist and fashion_mnist, not for 'ring'"):
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
