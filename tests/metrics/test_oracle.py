"""The metrics against packages that are no dependency: scikit-learn, prdc, torch-fidelity. Skipped, with a reason, where one is missing."""
import numpy as np
import pytest

from gan_scratch.metrics import (
    density_coverage, frechet_distance, inception_score, kernel_distance, log_likelihood, mmd2, nearest, precision_recall)

pytestmark = pytest.mark.oracle


def test_parzen_window_against_scikit_learn(rng):
    neighbors = pytest.importorskip("sklearn.neighbors")
    x, centres = rng.standard_normal((40, 6)), rng.standard_normal((90, 6))
    density = neighbors.KernelDensity(bandwidth=0.8, rtol=0, atol=0).fit(centres)
    np.testing.assert_allclose(log_likelihood(x, centres, 0.8), density.score_samples(x), rtol=1e-10)


def test_nearest_against_scikit_learn(rng):
    neighbors = pytest.importorskip("sklearn.neighbors")
    x, train = rng.standard_normal((700, 9)), rng.standard_normal((300, 9))
    distances, indices = neighbors.NearestNeighbors(n_neighbors=4).fit(train).kneighbors(x)
    ours = nearest(x, train, 4)
    np.testing.assert_allclose(ours[0], distances, rtol=1e-12)
    np.testing.assert_array_equal(ours[1], indices)


def test_the_kernel_against_scikit_learn(rng):
    kernel = pytest.importorskip("sklearn.metrics.pairwise").polynomial_kernel
    a, b = rng.standard_normal((30, 8)), rng.standard_normal((50, 8)) + 0.3
    within = [(kernel(x).sum() - np.trace(kernel(x))) / (len(x) * (len(x) - 1)) for x in (a, b)]
    assert np.isclose(mmd2(a, b), sum(within) - 2 * kernel(a, b).mean())


@pytest.mark.filterwarnings("ignore")
def test_precision_recall_density_coverage_against_prdc(rng, capsys):
    prdc = pytest.importorskip("prdc")
    real, fake = rng.standard_normal((600, 12)), 0.9 * rng.standard_normal((450, 12)) + 0.2
    theirs = prdc.compute_prdc(real_features=real, fake_features=fake, nearest_k=5)
    ours = precision_recall(real, fake) | density_coverage(real, fake)
    assert ours == pytest.approx({name: float(value) for name, value in theirs.items()}, abs=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_features_against_torch_fidelity(rng):
    pytest.importorskip("torch_fidelity")
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric

    a, b = rng.standard_normal((400, 16)), rng.standard_normal((300, 16)) * 1.2 + 0.1
    A, B = torch.tensor(a), torch.tensor(b)
    fid = fid_statistics_to_metric(fid_features_to_statistics(A), fid_features_to_statistics(B), verbose=False)
    assert np.isclose(frechet_distance(a, b), fid["frechet_inception_distance"], rtol=1e-6)
    kid = kid_features_to_metric(A, B, kid_subsets=3, kid_subset_size=300, verbose=False)
    mean, error = kernel_distance(a, b, subsets=200, size=300)
    assert abs(mean - kid["kernel_inception_distance_mean"]) < 5 * error * np.sqrt(200)
    logits = 3 * rng.standard_normal((500, 10))
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    isc = isc_features_to_metric(torch.tensor(logits), splits=5, shuffle=False)
    assert np.allclose(inception_score(p, splits=5), (isc["inception_score_mean"], isc["inception_score_std"]))
    prc = prc_features_to_metric(B.float(), A.float(), prc_neighborhood=5, prc_batch_size=1000, verbose=False)  # fake, real
    assert [prc["precision"], prc["recall"]] == pytest.approx(list(precision_recall(a, b).values()), abs=0.005)  # float32 may flip one
