"""Arrays that can't be computed with: every layer, loss and metric refuses them, or converts them, with one sentence."""
import inspect
import warnings

import numpy as np
import pytest

from gan_scratch import losses, metrics
from gan_scratch.data import load, ring
from gan_scratch.metrics import Judge
from gan_scratch.metrics.overview import compare_images
from tests.layers.test_gradients import CASES

LOSSES = [kind for _, kind in inspect.getmembers(losses, inspect.isclass) if hasattr(kind, "discriminator")]
BAD = {"float16": (lambda a: a.astype(np.float16), TypeError, "float32"), "bytes": (lambda a: a.astype(np.uint8), TypeError, "float"),
       "empty": (lambda a: a[:0], ValueError, "empty")}


def inputs(shape, rng):
    several = isinstance(shape, list)
    arrays = [rng.uniform(0, 1, s).astype(np.float32) for s in (shape if several else [shape])]
    return tuple(arrays) if several else arrays[0]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", CASES)
def test_layers(name, bad, rng):
    make, shape = CASES[name]
    change, error, word = BAD[bad]
    x = inputs(shape, rng)
    changed = tuple(map(change, x)) if isinstance(x, tuple) else change(x)
    with pytest.raises(error, match=word) as caught:
        make().forward(changed)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("kind", LOSSES)
def test_losses(kind, bad, rng):
    change, error, word = BAD[bad]
    loss, l = kind(), rng.standard_normal((6, 1)).astype(np.float32)
    calls = [lambda a: loss.discriminator(a, a), lambda a: loss.outputs(a, a),
             lambda a: loss.generator(a, a) if kind is losses.Relativistic else loss.generator(a)]
    calls += [] if kind is losses.Relativistic else [lambda a: loss.curvature(a, a)]
    for call in calls:
        call(l)
        with pytest.raises(error, match=word):
            call(change(l))


@pytest.mark.parametrize("bad", BAD)
def test_single_losses(bad, rng):
    change, error, word = BAD[bad]
    l = rng.standard_normal((6, 3)).astype(np.float32)
    for call in (lambda a: losses.bce_with_logits(a, 1.0), lambda a: losses.l1(a, 0.0), lambda a: losses.l2(a, 0.0),
                 lambda a: losses.softmax_cross_entropy(a, np.zeros(len(a), np.int64))):
        with pytest.raises(error, match=word):
            call(change(l))


SHARES, POINTS = np.array([0.25, 0.75]), np.random.default_rng(0).uniform(0, 1, (40, 2))
METRICS = {
    "frechet_distance": metrics.frechet_distance, "kernel_distance": lambda a, b: metrics.kernel_distance(a, b, subsets=2, size=8),
    "mmd2": metrics.mmd2, "precision_recall": metrics.precision_recall, "density_coverage": metrics.density_coverage,
    "nearest": metrics.nearest, "w1_matched": metrics.w1_matched, "w1": metrics.w1,
    "log_likelihood": lambda a, b: metrics.log_likelihood(a, b, 0.5)}


@pytest.mark.parametrize("name", METRICS)
def test_metrics_of_two_samples(name):
    """float16 is upcast, nothing and a mixture of bytes and numbers in [0, 1] are refused."""
    call = METRICS[name]

    def numbers(result):
        if isinstance(result, metrics.Transport):
            return result.distance
        parts = result.values() if isinstance(result, dict) else result if isinstance(result, tuple) else [result]
        return np.concatenate([np.ravel(part) for part in parts])

    half = POINTS.astype(np.float16)
    np.testing.assert_array_equal(numbers(call(half, half[::-1])), numbers(call(half.astype(np.float64), half[::-1].astype(np.float64))))
    with pytest.raises(ValueError):
        call(POINTS[:0], POINTS)
    with pytest.raises(ValueError, match="one holds integers and the other floating-point numbers"):
        call((255 * POINTS).astype(np.uint8), POINTS)


@pytest.mark.parametrize("call", [lambda p: metrics.kl(p, p), lambda p: metrics.js(p, p), lambda p: metrics.tv(p, p),
                                  lambda p: metrics.inception_score(p[None]), lambda p: metrics.am_score(p[None], p)])
def test_metrics_of_probabilities(call):
    with pytest.raises(ValueError):
        call(SHARES[:0])
    call(SHARES.astype(np.float16))


def test_modes_and_distances():
    for call in (lambda x: metrics.mode_coverage(x, ring()), metrics.pair_distances, lambda x: metrics.histograms(x, x)):
        with pytest.raises(ValueError):
            call(POINTS[:0])


def test_judges_and_images():
    """The range is checked: bytes are refused, and what may mean [0, 1] is warned about."""
    judge, images = Judge("mnist"), load("mnist").images[:30]
    for wrong in (((images + 1) * 127.5), ((images + 1) * 127.5).astype(np.uint8), images[:0], images[:, :20]):
        with pytest.raises(ValueError):
            judge.features(wrong)
    with pytest.warns(UserWarning, match="if they mean \\[0, 1\\], rescale them"):
        judge.features((images + 1) / 2)
    with pytest.raises(ValueError, match="run from 0 to 255"):
        compare_images((images + 1) * 127.5, load("mnist"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(judge.features(images.astype(np.float16)), judge.features(images), atol=0.02)
