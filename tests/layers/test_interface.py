"""The promises of the layer interface: ctx, tape, versions, weights=, inputs=, shapes, dtypes, state."""
import numpy as np
import pytest

from gan_scratch.layers import (
    AvgPool2d, BatchNorm, Concat, Conv2d, Conv3d, ConvTranspose2d, Dense, Dropout, Embedding, Flatten, InstanceNorm, LayerNorm,
    LeakyReLU, MaxPool2d, PixelShuffle, PReLU, ReflectionPad2d, Reshape, Residual, Sequential, Tanh, Upsample)
from gan_scratch.losses import l2
from gan_scratch.optim import SGD, Adam
from tests.layers.test_gradients import CASES


def small_network(norm=True):
    return Sequential(Conv2d(1, 4, rng=0), LeakyReLU(), *([BatchNorm(4)] if norm else []), Flatten(), Dense(36, 2, rng=1))


@pytest.fixture
def x(rng):
    return rng.standard_normal((5, 6, 6, 1)).astype(np.float32)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32_and_contexts_hold_arrays(name, rng):
    make, shape = CASES[name]
    layer = make()
    y, ctx = layer.forward(rng.standard_normal(shape).astype(np.float32))
    dx = layer.backward(np.ones_like(y), ctx)
    assert y.dtype == dx.dtype == np.float32 and dx.shape == shape
    assert all(p.grad.dtype == np.float32 and p.grad.shape == p.value.shape for p in layer.params)
    assert layer(rng.standard_normal(shape).astype(np.float32)).dtype == np.float32
    if isinstance(ctx, dict):
        assert type(ctx) is dict
        arrays = [v for v in ctx.values() if not isinstance(v, list)]  # a list holds the records of layers inside
        assert arrays and all(v.dtype != np.float64 for v in arrays)


@pytest.mark.parametrize("name", CASES)
def test_float64_on_request(name, rng):
    make, shape = CASES[name]
    y, ctx = (layer := make().astype(np.float64)).forward(rng.standard_normal(shape))
    assert y.dtype == layer.backward(y, ctx).dtype == np.float64


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_uses_and_two_backwards_in_either_order_equal_one_batch(order, x, rng):
    net = small_network(norm=False).astype(np.float64)
    parts = [x[:2].astype(np.float64), x[2:].astype(np.float64)]
    dy = rng.standard_normal((5, 2))
    uses = [net.forward(part) for part in parts]
    dx = [None, None]
    for i in order:
        dx[i] = net.backward((dy[:2], dy[2:])[i], uses[i][1])
    twice = [p.grad.copy() for p in net.params]
    for p in net.params:
        p.grad[...] = 0
    y, tape = net.forward(np.concatenate(parts))
    np.testing.assert_allclose(np.concatenate(dx), net.backward(dy, tape), atol=1e-12)
    for g, p in zip(twice, net.params):
        np.testing.assert_allclose(g, p.grad, atol=1e-12)


def test_a_tape_can_be_used_twice_with_different_gradients(rng):
    """What one backward call shares between dx and dW must not leak into the next."""
    net = Sequential(ConvTranspose2d(2, 3, rng=0)).astype(np.float64)
    y, tape = net.forward(rng.standard_normal((2, 3, 3, 2)))
    a, b = rng.standard_normal((2, *y.shape))
    da, db = net.backward(a, tape), net.backward(b, tape)
    np.testing.assert_allclose(net.backward(a + b, tape), da + db, atol=1e-12)


def test_forward_returns_a_tape_with_one_context_per_layer(x):
    net = small_network()
    y, tape = net.forward(x)
    assert isinstance(tape, list) and len(tape) == len(net) and tape[0]["x"] is x
    assert not any(isinstance(v, np.ndarray) for layer in net for v in vars(layer).values() if layer is not net[2])


@pytest.mark.parametrize("wrong", [None, 3.0, [1.0, 2.0], (), np.float32(1), "x"], ids=repr)
def test_what_is_no_array_is_refused_by_the_first_layer(wrong):
    with pytest.raises((TypeError, ValueError), match=r"layer 0: Conv2d"):
        small_network().forward(wrong)


def test_stale_tape_raises_and_names_the_layer(x):
    net = small_network()
    optimizer = SGD(net.params, 0.1)
    y, tape = net.forward(x)
    net.backward(y, tape)
    optimizer.step()
    with pytest.raises(RuntimeError, match=r"Dense\(36, 2\).*updated after"):
        net.backward(y, tape)
    net.backward(y, net.forward(x)[1])


def test_assigning_a_value_makes_a_tape_stale_too(x):
    net = small_network()
    y, tape = net.forward(x)
    net[-1].W.value = net[-1].W.value * 2
    with pytest.raises(RuntimeError, match="Dense"):
        net.backward(y, tape)


def test_backward_adds_and_the_step_clears(x):
    net = small_network(norm=False)
    optimizer = SGD(net.params, 0.1)
    y, tape = net.forward(x)
    net.backward(y, tape)
    once = [p.grad.copy() for p in net.params]
    net.backward(y, tape)
    for g, p in zip(once, net.params):
        np.testing.assert_allclose(p.grad, 2 * g, rtol=1e-5)
        assert np.abs(g).max() > 0
    versions = [p.version for p in net.params]
    optimizer.step()
    assert all((p.grad == 0).all() for p in net.params)
    assert [p.version for p in net.params] == [v + 1 for v in versions]


@pytest.mark.parametrize("name", [*CASES, "embedding"])
def test_a_second_backward_doubles_every_gradient(name, rng):
    if name == "embedding":
        layer, x = Embedding(4, 3, rng=0), np.array([1, 3, 1])
    else:
        make, shape = CASES[name]
        layer, x = make(), rng.standard_normal(shape).astype(np.float32)
    y, ctx = layer.forward(x)
    dy = rng.standard_normal(y.shape).astype(np.float32)
    layer.backward(dy, ctx)
    once = [p.grad.copy() for p in layer.params]
    layer.backward(dy, ctx)
    for g, p in zip(once, layer.params):
        np.testing.assert_allclose(p.grad, 2 * g, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_weights_false_leaves_gradients_alone_and_inputs_false_returns_none(name, rng):
    make, shape = CASES[name]
    layer = make()
    y, ctx = layer.forward(rng.standard_normal(shape).astype(np.float32))
    dx = layer.backward(np.ones_like(y), ctx, weights=False)
    assert dx.shape == shape and all((p.grad == 0).all() for p in layer.params)
    assert layer.backward(np.ones_like(y), ctx, inputs=False) is None
    weights_only = [p.grad.copy() for p in layer.params]
    for p in layer.params:
        p.grad[...] = 0
    np.testing.assert_array_equal(layer.backward(np.ones_like(y), ctx), dx)
    assert all((a == p.grad).all() for a, p in zip(weights_only, layer.params))


def test_inputs_false_spares_the_layers_below_the_first_weights(x):
    class Counting(Reshape):
        calls = 0

        def _backward(self, *args):
            Counting.calls += 1
            return super()._backward(*args)

    net = Sequential(Counting(36), Dense(36, 2, rng=0), Tanh())
    y, tape = net.forward(x)
    assert net.backward(y, tape, inputs=False) is None and Counting.calls == 0 and np.abs(net[1].W.grad).max() > 0
    assert net.backward(y, tape, weights=False, inputs=False) is None and Counting.calls == 0
    assert net.backward(y, tape).shape == x.shape and Counting.calls == 1


def test_a_tape_of_another_network_is_refused(x):
    net = small_network()
    y, tape = net.forward(x)
    with pytest.raises(ValueError, match="5 layers, but the tape 6"):
        net.backward(y, tape + [{}])


WRONG_SHAPES = [
    (Dense(784, 2), (2, 28, 28, 1), r"put a Flatten\(\) before it"),
    (BatchNorm(7), (2, 3, 3, 3, 3, 6), r"BatchNorm\(7\)"),
    (Dense(4, 2), (3, 5), r"Dense\(4, 2\) expects x of shape \(N, 4\).*\(3, 5\)"),
    (Conv2d(3, 2), (1, 8, 8, 4), r"Conv2d\(3, 2.*\(N, H, W, 3\), channels last, but got \(1, 8, 8, 4\)"),
    (Conv2d(3, 2), (8, 8, 3), r"\(N, H, W, 3\)"),
    (Conv2d(3, 2, kernel=5, pad=0), (1, 4, 8, 3), "kernel is larger than the padded input"),
    (Conv3d(1, 2), (1, 8, 8, 1), r"\(N, D, H, W, 1\)"),
    (ConvTranspose2d(3, 2), (1, 4, 4, 2), r"ConvTranspose2d.*\(1, 4, 4, 2\)"),
    (BatchNorm(3), (4, 2), r"BatchNorm\(3\) expects x of shape \(N, 3\)"),
    (BatchNorm(3), (1, 3), "more than one number per channel"),
    (InstanceNorm(3), (4, 3), "more than one place"),
    (LayerNorm(3), (4, 2), "LayerNorm"),
    (PReLU(3), (4, 2), "PReLU"),
    (Reshape(2, 3), (4, 5), r"Reshape\(2, 3\) expects 6 numbers"),
    (MaxPool2d(3), (1, 2, 2, 1), "MaxPool2d"),
    (AvgPool2d(3), (1, 9, 9), "AvgPool2d"),
    (Upsample(2), (1, 2), "Upsample"),
    (PixelShuffle(2), (1, 2, 2, 3), "PixelShuffle"),
    (ReflectionPad2d(2), (1, 2, 5, 3), "ReflectionPad2d"),
    (Residual(Dense(4, 2)), (3, 4), r"Residual.*\(3, 4\).*\(3, 2\)"),
    (Sequential(Tanh(), Dense(4, 2)), (3, 5), r"layer 1: Dense"),
]


@pytest.mark.parametrize("layer, shape, message", WRONG_SHAPES, ids=lambda v: type(v).__name__ if hasattr(v, "forward") else "")
def test_wrong_shapes_raise_value_errors_that_name_the_layer(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer.forward(np.zeros(shape, np.float32))


@pytest.mark.parametrize("make", [
    lambda: LeakyReLU(2), lambda: Dropout(1.0), lambda: Conv2d(1, 1, stride=0), lambda: Conv2d(1, 1, kernel=(3, 3, 3)),
    lambda: Reshape(-1, 3), lambda: Upsample(0), lambda: ReflectionPad2d(-1), lambda: MaxPool2d(2, stride=0),
    lambda: ConvTranspose2d(1, 1, stride=2, output_pad=2), lambda: MaxPool2d(2, pad=2), lambda: Dense(2, 2).astype(np.float16)])
def test_wrong_settings_raise(make):
    with pytest.raises(ValueError):
        make()


@pytest.mark.parametrize("name", CASES)
def test_backward_refuses_a_dy_that_numpy_would_broadcast(name, rng):
    make, shape = CASES[name]
    layer = make()
    y, ctx = layer.forward(rng.standard_normal(shape).astype(np.float32))
    with pytest.raises(ValueError, match="backward got dy of shape"):
        layer.backward(np.ones_like(y[:1]), ctx)


def test_images_as_uint8_are_refused_with_what_to_do():
    with pytest.raises(TypeError, match="127.5"):
        Conv2d(1, 2).forward(np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(TypeError, match="x is list"):
        Tanh().forward([1.0, 2.0])


def test_labels_are_checked():
    with pytest.raises(ValueError, match="from 0 to 3, but got -1 to 2"):
        Embedding(4, 2).forward(np.array([2, -1]))
    with pytest.raises(TypeError, match="integer"):
        Embedding(4, 2).forward(np.array([0.0]))
    with pytest.raises(ValueError, match=r"\(N,\)"):
        Embedding(4, 2).forward(np.array([[0]]))
    with pytest.raises(ValueError, match="tuple of arrays"):
        Concat().forward(np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match="differ in their last axis only"):
        Concat().forward((np.zeros((2, 3), np.float32), np.zeros((3, 3), np.float32)))


def test_state_restores_parameters_and_running_statistics(x):
    net, other = small_network(), small_network()
    net.forward(x)
    for p in net.params:
        p.value += 1
    assert set(net.state()) >= {"0.W", "0.b", "2.gamma", "2.running_mean", "4.b"}
    other.load_state(net.state())
    np.testing.assert_array_equal(net(x), other(x))


def test_a_state_that_does_not_fit_changes_nothing(x):
    net = small_network()
    before = net(x)
    with pytest.raises(ValueError, match="missing.*0.W"):
        net.load_state({k: v for k, v in net.state().items() if k != "0.W"})
    with pytest.raises(ValueError, match="4.W has shape"):
        net.load_state(net.state() | {"4.W": np.zeros((2, 2))})
    np.testing.assert_array_equal(net(x), before)


def test_slices_share_layers(x):
    net = small_network()
    assert isinstance(net[:-1], Sequential) and net[:-1][0] is net[0] and net[:-1](x).shape == (5, 36)


def test_constructors_take_a_generator_or_a_seed():
    assert (Dense(3, 2, rng=4).W.value == Dense(3, 2, rng=np.random.default_rng(4)).W.value).all()
    one = np.random.default_rng(0)
    assert (Dense(3, 2, rng=one).W.value != Dense(3, 2, rng=one).W.value).any()


def test_a_small_classifier_learns(rng):
    """Everything together, on a boundary that a linear map can't draw."""
    x = rng.standard_normal((256, 2)).astype(np.float32)
    t = ((x**2).sum(1) > 1.4).astype(np.float32)[:, None]
    net = Sequential(Dense(2, 16, rng=rng), Tanh(), Dense(16, 1, rng=rng))
    optimizer = Adam(net.params, 0.02)
    for _ in range(300):
        y, tape = net.forward(x)
        net.backward(l2(y, t)[1], tape, inputs=False)
        optimizer.step()
    assert ((net(x) > 0.5) == t).mean() > 0.95
