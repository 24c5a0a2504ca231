"""The fast ways of NumPy compute what the textbook does: windows.py, winograd.py and elementwise.py against backend.Reference, over random shapes."""
import platform
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_scratch import backend
from gan_scratch.backend import elementwise, threads, windows, winograd
from gan_scratch.layers import Conv2d

REFERENCE = backend.Reference()
REFERENCE.xp = np


def run(program):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True).stdout


@st.composite
def correlations(draw, whole_strides=False, two_strides=False):
    """x, W, dy and the geometry of a correlation; with whole_strides k is a multiple of s, with two_strides k = 2s."""
    axes = draw(st.integers(1, 3))
    each = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(axes))  # noqa: E731
    stride, pad = each(1, 3), each(0, 2)
    kernel = tuple((2 if two_strides else draw(st.integers(1, 3))) * s for s in stride) if whole_strides or two_strides else each(1, 4)
    size = tuple(max(1, k - 2 * p) + draw(st.integers(0, 6)) for k, p in zip(kernel, pad))
    n, channels, c_out = draw(st.integers(0, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x, W = rng.standard_normal((n, *size, channels)), rng.standard_normal((*kernel, channels, c_out))
    out = [backend.output_size(*a) for a in zip(size, kernel, stride, pad)]
    return x, W, rng.standard_normal((n, *out, c_out)), stride, pad


def at_once(few, patch):
    patch.setattr(windows, "samples", lambda *_, **__: few)
    patch.setattr(winograd, "_samples", lambda *_, **__: few)


def agrees(way, case, few):
    """The three faces, so many samples at a time."""
    x, W, dy, stride, pad = case
    with pytest.MonkeyPatch.context() as patch:
        at_once(few, patch)
        y, dW = way.correlate(x, W, stride, pad), way.correlate_wgrad(x, dy, W.shape[:-2], stride, pad)
        dx = way.correlate_adjoint(dy, W, x.shape, stride, pad)
    np.testing.assert_allclose(y, REFERENCE.correlate(x, W, stride, pad), atol=1e-12)
    np.testing.assert_allclose(dW, REFERENCE.correlate_wgrad(x, dy, W.shape[:-2], stride, pad), atol=1e-12)
    np.testing.assert_allclose(dx, REFERENCE.correlate_adjoint(dy, W, x.shape, stride, pad), atol=1e-12)


@settings(max_examples=150, deadline=None)
@given(correlations(), st.sampled_from([1, 2, 99]))
def test_columns_a_few_at_a_time_are_the_textbook(case, few):
    agrees(backend.CPU, case, few)


@settings(max_examples=100, deadline=None)
@given(correlations(whole_strides=True), st.sampled_from([1, 2, 99]))
def test_blocks_are_the_textbook(case, few):
    agrees(windows, case, few)


@settings(max_examples=150, deadline=None)
@given(correlations(two_strides=True), st.sampled_from([1, 2, 99]))
def test_fewer_multiplications_are_the_textbook(case, few):
    agrees(winograd, case, few)


def test_axes_of_size_one_may_have_any_strides(rng):
    """NumPy calls such arrays contiguous whatever their strides say."""
    x, W = np.moveaxis(rng.standard_normal((3, 4, 1, 1)), 1, -1), rng.standard_normal((1, 1, 4, 2))
    assert x.flags.c_contiguous and x.strides[-2] != 4 * 8
    agrees(backend.CPU, (x, W, rng.standard_normal((3, 1, 1, 2)), (1, 1), (0, 0)), few=1)


@pytest.mark.parametrize("way", [backend.CPU, windows, winograd])
def test_views_with_gaps_are_read_as_they_are(way, rng):
    x, dy = rng.standard_normal((3, 12, 6, 8))[:, ::2, :, ::2], rng.standard_normal((3, 4, 2, 5))[:, ::2]
    agrees(way, (x, rng.standard_normal((4, 4, 4, 5)), dy, (2, 2), (0, 0)), few=2)


@pytest.mark.parametrize("shape, c_out, way", [((4, 16, 16, 64), 128, winograd), ((4, 14, 14, 16), 32, windows), ((4, 8, 8, 8, 32), 64, winograd),
                                               ((4, 2, 2, 256), 64, windows)])  # few channels, or a single output: nothing to save
def test_the_faster_way_is_taken(shape, c_out, way, rng, monkeypatch):
    axes = len(shape) - 2
    x = rng.standard_normal(shape).astype(np.float32)
    W = rng.standard_normal((*(4,) * axes, shape[-1], c_out)).astype(np.float32)
    stride, pad, called = (2,) * axes, (1,) * axes, []
    y = backend.CPU.correlate(x, W, stride, pad)
    for face in ("correlate", "correlate_adjoint", "correlate_wgrad"):
        monkeypatch.setattr(way, face, lambda *a, face=face: called.append(face))
    backend.CPU.correlate(x, W, stride, pad)
    backend.CPU.correlate_adjoint(y, W, x.shape, stride, pad)
    backend.CPU.correlate_wgrad(x, y, W.shape[:-2], stride, pad)
    assert called == ["correlate", "correlate_adjoint", "correlate_wgrad"]
    # In float32, sums of differences lose no more than a digit.
    np.testing.assert_allclose(y, REFERENCE.correlate(x.astype(float), W.astype(float), stride, pad), atol=2e-5 * np.abs(y).max())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep freed memory in their own ways")
def test_the_memory_of_freed_arrays_is_used_again():
    """A step of a large network takes 140 MB in arrays of up to 20 MB and frees them. New pages, which the system has to clear, it needs once."""
    faults = run("""
        import resource, numpy as np
        import gan_scratch.backend.windows

        def step():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            arrays = [np.ones(20 * 2**18, np.float32) for _ in range(7)]
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

        print(step(), step(), step())
    """)
    first, *later = map(int, faults.split())
    assert first > 1000 and max(later) < 100


def test_several_threads_give_the_same_bits(rng, monkeypatch):
    """Each number is summed in one order, however many threads there are."""
    monkeypatch.setattr(threads, "GRAIN", 0.1)
    monkeypatch.setattr(elementwise, "LONG", 100)
    at_once(2, monkeypatch)
    x, W = rng.standard_normal((6, 9, 8, 3)).astype(np.float32), rng.standard_normal((4, 4, 3, 5)).astype(np.float32)
    scale = rng.standard_normal(3).astype(np.float32)
    results = []
    for count in (1, 2, 3):
        monkeypatch.setattr(threads, "threads", lambda: count)
        y = backend.CPU.correlate(x, W, (2, 2), (1, 1))
        results.append([y, backend.CPU.correlate_wgrad(x, y, (4, 4), (2, 2), (1, 1)), backend.CPU.correlate_adjoint(y, W, x.shape, (2, 2), (1, 1)),
                        winograd.correlate(x, W, (2, 2), (1, 1)), winograd.correlate_wgrad(x, y, (4, 4), (2, 2), (1, 1)),
                        winograd.correlate_adjoint(y, W, x.shape, (2, 2), (1, 1)), elementwise.formula(lambda xp, a, b: xp.exp(a * b), x, scale)])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


def test_gradients_of_a_layer_are_the_same_bits_with_any_number_of_threads(rng, monkeypatch):
    """dx and dW at once, each shared further where there are more than two threads, or one after the other."""
    monkeypatch.setattr(threads, "GRAIN", 0.1)
    x, results = rng.standard_normal((6, 9, 8, 3), np.float32), []
    for count in (1, 2, 3, 4):
        monkeypatch.setattr(threads, "threads", lambda: threads._team.get() or count)
        layer = Conv2d(3, 5, rng=0)
        with threads.ours():
            y, ctx = layer.forward(x)
            results.append([layer.backward(y, ctx), layer.W.grad.copy(), layer.b.grad.copy()])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_large_product_is_shared_by_rows(count, rng, monkeypatch):
    """As a dense layer calls it: with leading axes, and with either matrix turned around. (Sums of integers are exact.)"""
    monkeypatch.setattr(threads, "GRAIN", 0.1)
    monkeypatch.setattr(threads, "threads", lambda: count)
    parts = []
    monkeypatch.setattr(windows, "share", lambda work, n, cost: threads.share(lambda part: parts.append(part) or work(part), n, cost))
    a, b, rows = (rng.integers(-9, 9, shape).astype(np.float32) for shape in ((6, 5, 7), (7, 4), (30, 4)))
    for left, right in ((a, b), (rows, b.T), (a.reshape(30, 7).T, rows)):
        parts.clear()
        np.testing.assert_array_equal(backend.CPU.product(left, right), left @ right)
        assert len(parts) == count


@pytest.mark.parametrize("weights, inputs", [(True, True), (True, False), (False, True)])
def test_a_layer_does_what_was_asked_for_at_once_where_it_is_much(weights, inputs, rng, monkeypatch):
    layer, called, costs = Conv2d(3, 5, rng=0), [], []
    for face in ("wgrad", "adjoint"):
        original = getattr(layer, face)
        monkeypatch.setattr(layer, face, lambda *a, face=face, original=original: called.append(face) or original(*a), raising=False)
    monkeypatch.setattr(threads, "both", lambda first, second, cost: costs.append(cost) or (first(), second()))
    y, ctx = layer.forward(rng.standard_normal((6, 8, 8, 3), np.float32))
    dx = layer.backward(y, ctx, weights=weights, inputs=inputs)
    assert called == ["wgrad"] * weights + ["adjoint"] * inputs and (dx is not None) == inputs and layer.W.grad.any() == weights
    # 6·4·4 windows, each times 4·4·3·5 weights; two operations at once are only worth it when there are two.
    assert costs == [windows.cost(6 * 16 * 240) if weights and inputs else 0]


SHAPES = [((3, 4), (3, 4)), ((600, 4), (4,)), ((600, 4), (1, 4)), ((2, 300, 4), (1, 1, 4)), ((2, 300, 4), (2, 1, 4)), ((2000, 1), (1,)), ((7, 300), (7, 1)),
          ((1024,), (1024,)), ((5, 601, 3), (3,)), ((3000, 2), (3000, 2))]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("long", [elementwise.LONG, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_formula_is_what_numpy_makes_of_it(shapes, long, dtype, rng, monkeypatch):
    monkeypatch.setattr(elementwise, "LONG", long)
    a, b = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    f = lambda xp, a, b, c: xp.maximum(a * b, c) - b  # noqa: E731
    for args in ((a, b, 0.5), (b, a, 0.5), (a[::2], a[::2], 0.5)):
        y = elementwise.formula(f, *args)
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, f(np, *args))


@pytest.mark.parametrize("m, width", [(1, 5), (70, 3), (999, 1), (64, 64)])
def test_sums_of_products_are_the_textbook(m, width, rng, monkeypatch):
    monkeypatch.setattr(elementwise, "LONG", 1)
    monkeypatch.setattr(elementwise, "CACHE", 100)
    a, b = rng.standard_normal((2, 1, m, width))
    np.testing.assert_allclose(backend.CPU.column_dots(a, b), REFERENCE.column_dots(a, b), atol=1e-12)
    assert backend.CPU.column_dots(a, b).shape == (1, width)


def test_updates_in_place_reach_every_number_once(rng):
    theta, g = rng.standard_normal((2, 200_001))
    before = theta.copy()

    def update(theta, g):
        theta -= 2 * g

    elementwise.in_place(update, theta, g)
    np.testing.assert_array_equal(theta, before - 2 * g)
