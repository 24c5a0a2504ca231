"""Every layer's gradients against central differences, the adjoint identity, or a closed form."""
import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_scratch import gradcheck
from gan_scratch.layers import (
    GRU, LSTM, AdaIN, AvgPool2d, BatchNorm, Bidirectional, Concat, Conditional, ConditionalBatchNorm, Constant, Conv1d, Conv2d, Conv3d,
    ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Coordinates, Dense, Dropout, Embedding, EqualisedLR, Flatten, GaussianNoise, InstanceNorm, LayerNorm,
    LeakyReLU, MaxPool2d, MinibatchDiscrimination, MinibatchStd, Pack, PixelNorm, PixelShuffle, PlaneNoise, PReLU, Projection, ReflectionPad2d,
    ReLU, Reshape, Residual, SelfAttention, Sequential, Sigmoid, SimpleRNN, Softmax, Softplus, SpectralNorm, StraightThrough, SumPool, Tanh, Upsample)

IMAGE, VECTOR = (3, 6, 4, 8), (5, 8)
CASES = {
    "dense": (lambda: Dense(8, 3, rng=0), VECTOR),
    "dense on a sequence": (lambda: Dense(8, 3, rng=0), (2, 5, 8)),
    "conv1d": (lambda: Conv1d(8, 3, kernel=3, stride=2, pad=1, rng=0), (2, 7, 8)),
    "conv2d": (lambda: Conv2d(8, 3, rng=0), IMAGE),
    "conv2d, other axes differ": (lambda: Conv2d(8, 2, kernel=(3, 2), stride=(1, 2), pad=(2, 0), rng=0), IMAGE),
    "conv3d": (lambda: Conv3d(2, 3, kernel=3, stride=2, pad=1, rng=0), (2, 4, 5, 3, 2)),
    "conv transpose 1d": (lambda: ConvTranspose1d(8, 3, kernel=3, stride=3, pad=0, output_pad=2, rng=0), (2, 4, 8)),
    "conv transpose 2d": (lambda: ConvTranspose2d(8, 3, rng=0), IMAGE),
    "conv transpose 3d": (lambda: ConvTranspose3d(2, 3, kernel=3, output_pad=1, rng=0), (2, 2, 3, 2, 2)),
    "batch norm": (lambda: shifted(BatchNorm(8)), IMAGE),
    "batch norm on vectors": (lambda: shifted(BatchNorm(8)), VECTOR),
    "instance norm": (lambda: shifted(InstanceNorm(8)), IMAGE),
    "instance norm without affine": (lambda: InstanceNorm(8, affine=False), IMAGE),
    "layer norm": (lambda: shifted(LayerNorm(8)), VECTOR),
    "layer norm over an image": (lambda: shifted(LayerNorm((6, 4, 8))), IMAGE),
    "relu": (ReLU, VECTOR),
    "leaky relu": (lambda: LeakyReLU(0.2), VECTOR),
    "prelu": (PReLU, VECTOR),
    "prelu per channel": (lambda: shifted(PReLU(8)), IMAGE),
    "tanh": (Tanh, VECTOR),
    "sigmoid": (Sigmoid, VECTOR),
    "softplus": (Softplus, VECTOR),
    "max pool": (MaxPool2d, IMAGE),
    "max pool, overlapping and padded": (lambda: MaxPool2d(3, stride=2, pad=1), IMAGE),
    "average pool": (lambda: AvgPool2d(3, stride=2, pad=1), IMAGE),
    "upsample": (lambda: Upsample(3), IMAGE),
    "upsample 1d": (lambda: Upsample(2), (2, 5, 3)),
    "upsample 3d": (lambda: Upsample(2), (2, 2, 3, 2, 1)),
    "pixel shuffle": (lambda: PixelShuffle(2), IMAGE),
    "reflection pad": (lambda: ReflectionPad2d(2), IMAGE),
    "no reflection pad": (lambda: ReflectionPad2d(0), IMAGE),
    "flatten": (Flatten, IMAGE),
    "reshape": (lambda: Reshape(4, 2), VECTOR),
    "dropout": (lambda: Dropout(0.4, rng=0), VECTOR),
    "gaussian noise": (lambda: GaussianNoise(0.4, rng=0), VECTOR),
    "minibatch discrimination": (lambda: MinibatchDiscrimination(8, 3, 2, rng=0), VECTOR),
    "pack": (lambda: Pack(2), (4, 3, 2, 8)),
    "spectral norm of dense": (lambda: SpectralNorm(shifted(Dense(8, 3, rng=0)), iterations=0, rng=0), VECTOR),
    "spectral norm of conv2d": (lambda: SpectralNorm(Conv2d(8, 3, bias=False, rng=0), iterations=0, rng=0), IMAGE),
    "spectral norm of conv transpose 1d": (lambda: SpectralNorm(ConvTranspose1d(8, 3, rng=0), iterations=0, rng=0), (2, 4, 8)),
    "equalised dense": (lambda: EqualisedLR(Dense(8, 3), rng=0), VECTOR),
    "equalised conv2d": (lambda: EqualisedLR(Conv2d(8, 3, bias=False), rng=0), IMAGE),
    "sum pool": (SumPool, IMAGE),
    "sum pool 3d": (SumPool, (2, 2, 3, 2, 4)),
    "coordinates": (Coordinates, IMAGE),
    "residual": (lambda: Residual(Sequential(Dense(8, 8, rng=0), Tanh())), VECTOR),
    "sequential": (lambda: Sequential(Dense(8, 6, bias=False, rng=0), BatchNorm(6), LeakyReLU(), Dense(6, 2, rng=1), Sigmoid()), VECTOR),
}
FIRST_ORDER = {  # without backward2
    "minibatch discrimination": CASES.pop("minibatch discrimination"),
    "simple rnn": (lambda: shifted(SimpleRNN(8, 3, rng=0)), (2, 5, 8)),
    "lstm": (lambda: shifted(LSTM(8, 3, rng=0)), (2, 5, 8)),
    "gru": (lambda: shifted(GRU(8, 3, rng=0)), (2, 5, 8)),
    "bidirectional": (lambda: Bidirectional(LSTM(8, 3, rng=0), GRU(8, 2, rng=1)), (2, 4, 8)),
    "self-attention": (lambda: SelfAttention(8, 2, 3, gamma=0.7, rng=0), IMAGE),
    "self-attention with spectral norm": (lambda: SelfAttention(8, gamma=0.7, wrap=lambda layer: SpectralNorm(layer, 0, rng=1), rng=0), IMAGE),
    "pixel norm": (PixelNorm, IMAGE),
    "minibatch std": (MinibatchStd, IMAGE),
    "softmax": (Softmax, VECTOR),
    "constant": (lambda: Constant(3, 2, rng=0), VECTOR),
    "plane noise": (lambda: shifted(PlaneNoise(8, rng=0)), IMAGE),
}
SECOND_ORDER, CASES = CASES, CASES | FIRST_ORDER
PAIRS = {  # layers of (x, condition)
    "conditional batch norm": (lambda: shifted(ConditionalBatchNorm(8, 5, rng=0)), (IMAGE, (3, 5))),
    "conditional batch norm on vectors": (lambda: shifted(ConditionalBatchNorm(8, 2, rng=0)), (VECTOR, (5, 2))),
    "adain": (lambda: shifted(AdaIN(8, 5, rng=0)), (IMAGE, (3, 5))),
    "projection": (lambda: shifted(Projection(8, 3, rng=0)), (VECTOR, (5, 3))),
    "projection with spectral norm": (lambda: Projection(8, 3, wrap=lambda layer: SpectralNorm(layer, 0, rng=1), rng=0), (VECTOR, (5, 3))),
    "conditional": (lambda: Conditional(Dense(8, 4, bias=False, rng=0), AdaIN(4, 5, rng=1), Tanh(), Conditional(AdaIN(4, 5, rng=2), Tanh())),
                    (IMAGE, (3, 5))),
}


def shifted(layer):
    """Move parameters off their initial values, where a wrong gamma or beta would not show."""
    rng = np.random.default_rng(7)
    for p in layer.params:
        p.value = (p.value + rng.standard_normal(p.value.shape)).astype(np.float32)
    return layer


@pytest.mark.parametrize("name", CASES)
def test_gradients_agree_with_central_differences(name, rng):
    make, shape = CASES[name]
    report = gradcheck.check_layer(make(), rng.standard_normal(shape)).raise_if_wrong()
    assert sum(e.kinks for e in report.entries) <= 3


@pytest.mark.parametrize("directions", [False, True], ids=["along x", "along x and W"])
@pytest.mark.parametrize("name", SECOND_ORDER)
def test_double_backprop_agrees_with_central_differences_of_backward(name, directions, rng):
    make, shape = CASES[name]
    report = gradcheck.check_backward2(make(), rng.standard_normal(shape), V=directions).raise_if_wrong()
    assert sum(e.kinks for e in report.entries) <= 3


@pytest.mark.parametrize("directions", [False, True], ids=["along x", "along x and W"])
@pytest.mark.parametrize("name", ["batch norm", "dropout", "gaussian noise"])
def test_double_backprop_at_inference(name, directions, rng):
    make, shape = CASES[name]
    layer = make()
    layer.forward(rng.standard_normal(shape).astype(np.float32) * 3 + 2)
    gradcheck.check_backward2(layer, rng.standard_normal(shape), train=False, V=directions).raise_if_wrong()


@pytest.mark.parametrize("directions", [False, True], ids=["along x", "along x and W"])
def test_double_backprop_of_nested_networks(directions, rng):
    """Curvature is carried down inside each part and then below it, also where a part has none."""
    inner = Sequential(Conv2d(4, 4, kernel=3, stride=1, rng=1), LayerNorm(4), Softplus())
    net = Sequential(Conv2d(2, 4, bias=False, rng=0), shifted(BatchNorm(4)), Tanh(), PReLU(4), Residual(inner), MaxPool2d(), Flatten(),
                     SpectralNorm(Dense(8, 3, rng=2), iterations=0), LeakyReLU(), Dense(3, 1, rng=3), Sigmoid())
    gradcheck.check_backward2(net, rng.standard_normal((3, 8, 4, 2)), V=directions).raise_if_wrong()
    linear = Sequential(Dense(4, 6, rng=0), LeakyReLU(), Dense(6, 1, rng=1))
    gradcheck.check_backward2(linear, rng.standard_normal((5, 4)), V=directions).raise_if_wrong()


def test_double_backprop_of_concat(rng):
    """Concat is linear: u is the concatenation of v, and nothing is curved."""
    xs = tuple(rng.standard_normal(s) for s in ((2, 3, 4, 5), (2, 6)))
    y, ctx = Concat().forward(xs)
    Concat().backward(y, ctx)
    v = tuple(rng.standard_normal(x.shape) for x in xs)
    u, c = Concat().backward2(v, ctx)
    assert c == 0
    np.testing.assert_array_equal(u, Concat().forward(v)[0])
    with pytest.raises(ValueError, match="Concat"):
        Concat().backward2((v[0], v[0]), ctx)


def test_double_backprop_can_be_repeated_and_adds(rng):
    """The way down uses its own records: a second call differentiates the same backward pass."""
    net = Sequential(Dense(3, 4, rng=0), Tanh(), Sequential(Dense(4, 4, rng=1), Tanh()), Dense(4, 1, rng=2)).astype(np.float64)
    y, tape = net.forward(rng.standard_normal((5, 3)))
    net.backward(np.ones_like(y), tape, weights=False)
    v = rng.standard_normal((5, 3))
    u, c = net.backward2(v, tape)
    once = [p.grad.copy() for p in net.params]
    u2, c2 = net.backward2(2 * v, tape)
    np.testing.assert_allclose(u2, 2 * u, rtol=1e-12)
    np.testing.assert_allclose(c2, 2 * c, rtol=1e-12)
    for p, g in zip(net.params, once):
        np.testing.assert_allclose(p.grad, 3 * g, rtol=1e-12, atol=1e-15)


def test_double_backprop_refuses_what_it_cannot_do(rng):
    x = rng.standard_normal((4, 8)).astype(np.float32)
    layer = Dense(8, 3, rng=0)
    y, ctx = layer.forward(x)
    with pytest.raises(RuntimeError, match=r"Dense\(8, 3\): backward2 differentiates a backward pass.*call backward"):
        layer.backward2(x, ctx)
    layer.backward(y, ctx)
    with pytest.raises(ValueError, match=r"v of shape \(1, 8\)"):
        layer.backward2(x[:1], ctx)
    with pytest.raises(ValueError, match="no direction for b"):
        layer.backward2(x, ctx, {layer.W: layer.W.value})
    layer.W.value *= 2
    with pytest.raises(RuntimeError, match="updated"):
        layer.backward2(x, ctx)
    layer = MinibatchDiscrimination(8, rng=0)
    y, ctx = layer.forward(x)
    layer.backward(y, ctx)
    with pytest.raises(NotImplementedError, match="MinibatchDiscrimination.* has no backward2"):
        layer.backward2(x, ctx)


def test_gradcheck_finds_a_planted_error_in_backward2(rng):
    class NoV(Dense):
        def _backward2(self, v, dy, ctx, V):
            u, c = super()._backward2(v, dy, ctx, V)
            self.W.grad -= self.wgrad(v, dy, {"x": v})
            return u, c

    class HalfCurved(Tanh):
        def phi_curvature(self, v, dy, y):
            return super().phi_curvature(v, dy, y) / 2

    x = rng.standard_normal((4, 8))
    assert [e.name for e in gradcheck.check_backward2(NoV(8, 3, rng=0), x).entries if not e.ok] == ["W"]
    assert [e.name for e in gradcheck.check_backward2(HalfCurved(), x).entries if not e.ok] == ["x"]


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("name", PAIRS)
def test_gradients_of_layers_with_a_condition(name, train, rng):
    make, shapes = PAIRS[name]
    layer = make()
    layer.forward(tuple(3 + 2 * rng.standard_normal(shape).astype(np.float32) for shape in shapes))  # moves running statistics
    gradcheck.check_layer(layer, tuple(rng.standard_normal(shape) for shape in shapes), train=train).raise_if_wrong()


@pytest.mark.parametrize("name", PAIRS)
def test_layers_with_a_condition_keep_float32_and_the_promises(name, rng):
    make, shapes = PAIRS[name]
    layer = make()
    pair = tuple(rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    y, ctx = layer.forward(pair)
    before = [p.grad.copy() for p in layer.params]
    dx, de = layer.backward(np.ones_like(y), ctx, weights=False)
    assert y.dtype == dx.dtype == de.dtype == np.float32 and (dx.shape, de.shape) == shapes
    assert all((p.grad == g).all() for p, g in zip(layer.params, before))
    assert layer.backward(np.ones_like(y), ctx, inputs=False) is None
    assert all(p.grad.any() for p in layer.params)
    with pytest.raises(ValueError, match="condition"):
        layer.forward((pair[0], pair[1][:1]))


@pytest.mark.parametrize("name", ["batch norm", "instance norm", "dropout"])
def test_gradients_at_inference(name, rng):
    make, shape = CASES[name]
    layer = make()
    layer.forward(rng.standard_normal(shape).astype(np.float32) * 3 + 2)  # moves the running statistics
    gradcheck.check_layer(layer, rng.standard_normal(shape), train=False).raise_if_wrong()


def test_concat_of_maps_and_a_condition(rng):
    xs = (rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 6)), rng.standard_normal((2, 3, 4, 1)))
    assert Concat().forward(xs)[0].shape == (2, 3, 4, 12)
    gradcheck.check_layer(Concat(), xs).raise_if_wrong()
    gradcheck.check_layer(Sequential(Concat(), Conv2d(12, 2, kernel=3, rng=0)), xs).raise_if_wrong()


def test_embedding_is_a_product_with_one_hot_rows(rng):
    layer = Embedding(4, 3, rng=0)
    labels = np.array([2, 0, 2, 3])
    y, ctx = layer.forward(labels)
    np.testing.assert_array_equal(y, np.eye(4, dtype=np.float32)[labels] @ layer.W.value)
    assert gradcheck.check_layer(layer, labels).ok
    assert layer.backward(np.ones_like(y), ctx) is None


BILINEAR = {(1, False): Conv1d, (2, False): Conv2d, (3, False): Conv3d,
            (1, True): ConvTranspose1d, (2, True): ConvTranspose2d, (3, True): ConvTranspose3d}


@st.composite
def convolutions(draw):
    """A convolution of any kind with an input that it takes: sizes that don't tile, kernels wider than strides and back."""
    dims, transposed = draw(st.integers(1, 3)), draw(st.booleans())
    axes = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(dims))  # noqa: E731
    kernel, stride = axes(1, 5), axes(1, 3)
    pad = tuple(draw(st.integers(0, k - 1)) for k in kernel)
    n, c_in, c_out = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    settings = dict(kernel=kernel, stride=stride, pad=pad, bias=draw(st.booleans()), rng=draw(st.integers(0, 99)))
    if transposed:
        settings["output_pad"] = tuple(draw(st.integers(0, s - 1)) for s in stride)
        smallest = [max(1, -(-(1 + 2 * p - k - o) // s) + 1)
                    for p, k, o, s in zip(pad, kernel, settings["output_pad"], stride)]
    else:
        smallest = [max(1, k - 2 * p) for k, p in zip(kernel, pad)]
    size = tuple(low + draw(st.integers(0, 4 if dims < 3 else 2)) for low in smallest)
    layer = BILINEAR[dims, transposed](c_in, c_out, **settings)
    return layer, np.random.default_rng(draw(st.integers(0, 99))).standard_normal((n, *size, c_in))


@settings(max_examples=150, deadline=None)
@given(convolutions(), st.sampled_from([np.float32, np.float64]))
def test_adjoint_identity_of_every_convolution(case, dtype):
    layer, x = case
    gradcheck.adjoint_test(layer.astype(dtype), x.astype(dtype)).raise_if_wrong()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.lists(st.integers(1, 5), min_size=1, max_size=3), st.booleans())
def test_adjoint_identity_of_dense(n_in, n_out, leading, bias):
    layer = Dense(n_in, n_out, bias, rng=0)
    x = np.random.default_rng(1).standard_normal((*leading, n_in)).astype(np.float32)
    gradcheck.adjoint_test(layer, x).raise_if_wrong()


def test_transposed_convolution_is_the_adjoint_of_the_convolution_with_the_same_weights(rng):
    conv = Conv2d(3, 5, kernel=3, stride=2, pad=1, bias=False, rng=0).astype(np.float64)
    transposed = ConvTranspose2d(5, 3, kernel=3, stride=2, pad=1, output_pad=(1, 0), bias=False).astype(np.float64)
    transposed.W.value[...] = conv.W.value
    x, z = rng.standard_normal((2, 8, 7, 3)), rng.standard_normal((2, 4, 4, 5))
    assert np.isclose((conv(x) * z).sum(), (x * transposed(z)).sum())


@pytest.mark.parametrize("kernel, overlaps", [(3, [1, 2]), (4, [2, 2])])
def test_checkerboard_of_stride_two(kernel, overlaps):
    """k3 s2 covers the places 1, 2, 1, 2, … times; k4 s2 covers them evenly."""
    layer = ConvTranspose1d(1, 1, kernel=kernel, stride=2, pad=0, bias=False, rng=0)
    layer.W.value[...] = 1
    inner = layer(np.ones((1, 9, 1), np.float32))[0, 4:14, 0]
    assert sorted(set(inner)) == sorted(set(overlaps)) and (inner[:-2] == inner[2:]).all()


def test_batch_norm_by_its_definition(rng):
    layer = shifted(BatchNorm(3, momentum=0.3))
    x = rng.standard_normal((64, 5, 3)).astype(np.float32) * [1, 5, 0.1] + [0, 100, -3]
    x = x.astype(np.float32)
    y, _ = layer.forward(x)
    flat = x.reshape(-1, 3).astype(np.float64)
    expected = layer.gamma.value * (x - flat.mean(0)) / np.sqrt(flat.var(0) + 1e-5) + layer.beta.value
    np.testing.assert_allclose(y, expected, atol=2e-4)
    np.testing.assert_allclose(layer.running_mean, 0.3 * flat.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var, 0.7 + 0.3 * flat.var(0, ddof=1), rtol=1e-4)
    running = layer.running_mean.copy()
    at_inference = layer(x)
    assert (layer.running_mean == running).all()
    np.testing.assert_allclose(
        at_inference, layer.gamma.value * (x - running) / np.sqrt(layer.running_var + 1e-5) + layer.beta.value, rtol=2e-4, atol=2e-4)


def test_running_statistics_over_two_batches(rng):
    """running ← (1 − m)·running + m·batch, twice."""
    layer, mean, var = BatchNorm(2, momentum=0.3), np.zeros(2), np.ones(2)
    for shift in (1.0, 5.0):
        x = (shift + rng.standard_normal((40, 2))).astype(np.float32)
        layer.forward(x)
        mean, var = 0.7 * mean + 0.3 * x.mean(0), 0.7 * var + 0.3 * x.var(0, ddof=1)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=1e-5)
    np.testing.assert_allclose(layer.running_var, var, rtol=1e-5)


def test_pooling_by_hand():
    x = -np.arange(1, 10, dtype=np.float32).reshape(1, 3, 3, 1)
    assert MaxPool2d(2, stride=2, pad=1)(x)[0, ..., 0].tolist() == [[-1, -2], [-4, -5]]  # padding never wins
    assert AvgPool2d(2, stride=1)(x)[0, ..., 0].tolist() == [[-3, -4], [-6, -7]]


def test_dropout_keeps_the_mean_and_is_off_at_inference(rng):
    x = np.ones((400, 500), np.float32)
    layer = Dropout(0.3, rng=0)
    y, _ = layer.forward(x)
    assert abs((y == 0).mean() - 0.3) < 0.01 and abs(y.mean() - 1) < 0.01
    assert set(np.unique(y)) == {np.float32(0), np.float32(1) / np.float32(0.7)}
    np.testing.assert_array_equal(layer(x), x)


@pytest.mark.parametrize("layer", [Tanh, Sigmoid, Softplus, ReLU, LeakyReLU])
def test_activations_are_finite_and_exact_far_out(layer):
    x = np.array([-1000, -88, -20, 0, 20, 88, 1000], np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y, ctx = layer().forward(x[None])
        dx = layer().backward(np.ones_like(y), ctx)
    exact = {Tanh: np.tanh, Sigmoid: lambda v: np.where(v > 0, 1 / (1 + np.exp(-np.abs(v))), np.exp(-np.abs(v)) / (1 + np.exp(-np.abs(v)))),
             Softplus: lambda v: np.logaddexp(0, v), ReLU: lambda v: np.maximum(v, 0), LeakyReLU: lambda v: np.maximum(v, 0.2 * v)}
    np.testing.assert_allclose(y[0], exact[layer](x.astype(np.float64)), rtol=1e-6, atol=1e-44)
    assert np.isfinite(dx).all()


def test_minibatch_discrimination_by_its_definition(rng):
    layer = MinibatchDiscrimination(5, kernels=3, dims=2, rng=0).astype(np.float64)
    f = 0.3 * rng.standard_normal((6, 5))
    M = (f @ layer.T.value).reshape(6, 3, 2)
    o = [[sum(np.exp(-np.abs(M[i, b] - M[j, b]).sum()) for j in range(6)) for b in range(3)] for i in range(6)]
    np.testing.assert_allclose(layer.forward(f)[0], np.concatenate([f, o], 1), rtol=1e-12)
    np.testing.assert_allclose(layer(np.tile(f[:1], (6, 1)))[:, 5:], 6)  # copies: every distance is 0
    np.testing.assert_allclose(layer(1e3 * f)[:, 5:], 1)  # all far apart: only j = i is left


def test_packing_by_hand(rng):
    x = rng.standard_normal((6, 2))
    np.testing.assert_array_equal(Pack(3)(x), [np.concatenate(x[:3]), np.concatenate(x[3:])])
    images = rng.standard_normal((4, 5, 6, 3))
    np.testing.assert_array_equal(Pack(2)(images)[1], np.concatenate([images[2], images[3]], axis=-1))
    with pytest.raises(ValueError, match=r"Pack\(4\) packs 4 samples"):
        Pack(4).forward(x)


def test_gaussian_noise(rng):
    layer, x = GaussianNoise(0.5, rng=0), np.zeros((400, 500), np.float32)
    y, _ = layer.forward(x)
    assert abs(y.std() - 0.5) < 0.005 and abs(y.mean()) < 0.005
    assert (layer.forward(x)[0] != y).any() and layer(x) is x
    with pytest.raises(ValueError, match="at least 0"):
        GaussianNoise(-1)


@pytest.mark.parametrize("make, shape", [(lambda: Dense(30, 20, rng=0), (5, 30)), (lambda: Conv2d(4, 6, rng=0), (2, 8, 8, 4)),
                                         (lambda: ConvTranspose2d(4, 6, rng=0), (2, 4, 4, 4))])
def test_spectral_norm_divides_by_the_largest_singular_value(make, shape, rng):
    layer = SpectralNorm(make(), iterations=500, rng=1).astype(np.float64)
    layer.forward(rng.standard_normal(shape))
    plain = make().astype(np.float64)
    sigma = np.linalg.svd(plain.W.value.reshape(-1, plain.W.value.shape[-1]), compute_uv=False)[0]
    plain.W.value /= sigma
    x = rng.standard_normal(shape)
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-9, atol=1e-12)


def test_spectral_norm_iterates_in_training_only_and_approaches_from_below(rng):
    layer = SpectralNorm(Dense(30, 20, rng=0), rng=1)
    x = rng.standard_normal((5, 30)).astype(np.float32)
    exact, found = np.linalg.svd(layer.W.value, compute_uv=False)[0], []
    for _ in range(30):
        before = layer.left.copy()
        layer(x)
        assert (layer.left == before).all()
        found.append(float(layer.forward(x)[1]["sigma"]))
        assert (layer.left != before).any() or len(found) > 10
    assert (np.diff(found) > -1e-5).all() and max(found) < exact * (1 + 1e-5) and found[-1] > 0.99 * exact


def test_several_power_iterations_for_each_use(rng):
    often, once = (SpectralNorm(Dense(30, 20, rng=0), iterations, rng=1) for iterations in (5, 1))
    x = rng.standard_normal((5, 30)).astype(np.float32)
    often.forward(x)
    for _ in range(5):
        once.forward(x)
    np.testing.assert_array_equal(often.left, once.left)


def test_the_gradient_through_converged_singular_vectors_is_exact(rng):
    """Then left and right, held fixed in backward, may be recomputed for every difference: the result is the same."""
    layer = SpectralNorm(Dense(6, 4, rng=0), iterations=2000, rng=1).astype(np.float64)
    gradcheck.check_layer(layer, rng.standard_normal((5, 6)), tolerance=1e-5).raise_if_wrong()


def test_spectral_norm_shares_parameters_with_the_optimizer():
    from gan_scratch.optim import SGD

    net = Sequential(SpectralNorm(Dense(3, 2, rng=0), rng=0))
    assert list(net.named_params()) == ["0.W", "0.b"] and net[0].layer.W is net[0].W
    copied = copy.deepcopy(net)
    assert copied[0].layer.W is copied[0].W
    assert set(net.state()) == {"0.W", "0.b", "0.left", "0.right"}
    SGD(net.params, 0.1)
    assert net[0].layer.W.value is net[0].W.value
    with pytest.raises(ValueError, match="not Tanh"):
        SpectralNorm(Tanh())


def test_initialisers_have_the_variance_they_promise(rng):
    from gan_scratch.layers import init

    shape, fan_in, fan_out = (4, 4, 50, 100), 800, 1600
    expected = {init.normal(0.02): 0.02**2, init.glorot(): 2 / (fan_in + fan_out), init.he(): 2 / fan_in,
                init.he(0.2): 2 / (1.04 * fan_in), init.fan_in_uniform(): 1 / (3 * fan_in)}
    for make, variance in expected.items():
        W = make(shape, fan_in, fan_out, rng)
        assert W.shape == shape and W.dtype == np.float32
        assert abs(W.var() / variance - 1) < 0.03 and abs(W.mean()) < 4 * (variance / W.size) ** 0.5
    for shape in ((3, 3, 4, 7), (3, 50)):
        W = init.orthogonal(2.0)(shape, 1, 1, rng).reshape(-1, shape[-1])
        gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_layers_with_the_fan_of_their_map(rng):
    """Unit-variance input through He's initialisation and ReLU keeps its second moment, also through a transposed convolution."""
    for layer, shape in ((Dense(600, 400, rng=0), (200, 600)), (Conv2d(40, 50, kernel=3, stride=1, rng=0), (8, 20, 20, 40)),
                         (ConvTranspose2d(60, 40, rng=0), (8, 12, 12, 60))):
        y = ReLU()(layer(rng.standard_normal(shape).astype(np.float32)))
        y = y[:, 2:-2, 2:-2] if y.ndim == 4 else y
        assert abs((y**2).mean() - 1) < 0.15, layer


def test_gradcheck_finds_and_names_a_planted_error(rng):
    class WrongSign(Dense):
        def adjoint(self, dy, W, ctx):
            return -super().adjoint(dy, W, ctx)

    class NoBiasSum(Dense):
        def _backward(self, dy, ctx, weights, inputs):
            self.b.grad += dy[0]
            return dy @ self.W.value.T

    x = rng.standard_normal((4, 8))
    report = gradcheck.check_layer(WrongSign(8, 3, rng=0), x)
    assert [e.name for e in report.entries if not e.ok] == ["x"] and "ratio -1" in str(report)
    assert [e.name for e in gradcheck.adjoint_test(WrongSign(8, 3, rng=0), x.astype(np.float32)).entries if not e.ok] == ["x"]
    assert {e.name for e in gradcheck.check_layer(NoBiasSum(8, 3, rng=0), x).entries if not e.ok} == {"W", "b"}
    with pytest.raises(AssertionError, match=r"WRONG dx"):
        report.raise_if_wrong()


def test_gradcheck_leaves_kinks_out_and_says_so():
    x = np.array([[0.0, 1.0, -1.0, 0.5]])
    (entry,) = gradcheck.check_layer(ReLU(), x).entries
    assert entry.ok and entry.kinks == 1 and "1 kinks left out" in str(entry)


def test_gradcheck_does_not_change_the_layer(rng):
    layer = Sequential(Dense(8, 4, rng=0), BatchNorm(4), Dropout(0.5, rng=0))
    before, copied = layer.state(), copy.deepcopy(layer)
    x = rng.standard_normal((5, 8)).astype(np.float32)
    gradcheck.check_layer(layer, x)
    assert all((a == layer.state()[name]).all() for name, a in before.items())
    np.testing.assert_array_equal(layer.forward(x)[0], copied.forward(x)[0])


def test_gradcheck_notices_gradients_that_overwrite_and_none(rng):
    class Overwrites(Dense):
        def _backward(self, dy, ctx, weights, inputs):
            self.W.grad[...] = self.wgrad(ctx["x"], dy, ctx)
            self.b.grad += dy.sum(0)
            return dy @ self.W.value.T

    class Forgets(Dense):
        def adjoint(self, dy, W, ctx):
            return None

    x = rng.standard_normal((4, 8))
    assert [e.name for e in gradcheck.check_layer(Overwrites(8, 3, rng=0), x).entries if not e.ok] == ["W"]
    assert not gradcheck.check_layer(Forgets(8, 3, rng=0), x).ok and not gradcheck.adjoint_test(Forgets(8, 3, rng=0), x).ok


@pytest.mark.parametrize("make", [lambda: BatchNorm(3), lambda: LayerNorm(3)])
def test_gradcheck_draws_a_dy_that_is_not_x(make):
    """With the same seed for x and dy, dx of a normalisation is nearly 0, and only rounding would be compared."""
    gradcheck.check_layer(make(), np.random.default_rng(0).standard_normal((8, 3)), rng=0).raise_if_wrong()


@pytest.mark.parametrize("make", [SimpleRNN, LSTM, GRU])
def test_a_recurrent_layer_does_not_look_ahead_and_forgets_no_step(make, rng):
    layer, x = make(3, 4, rng=0), rng.standard_normal((2, 6, 3)).astype(np.float32)
    changed = x.copy()
    changed[:, 3] += 1
    moved = np.abs(layer(changed) - layer(x)).max((0, 2))
    assert not moved[:3].any() and (moved[3:] > 0).all()


def test_a_forgetting_gate_of_one_carries_the_gradient_through_two_hundred_steps(rng):
    """LSTM with f = 1: the gradient of the last output still reaches the first input. SimpleRNN's has vanished."""
    x, reached = 0.1 * rng.standard_normal((1, 200, 2)), {}
    for make in (SimpleRNN, LSTM):
        layer = make(2, 5, rng=0).astype(np.float64)
        if make is LSTM:
            layer.b.value[5:10] = 20
        y, ctx = layer.forward(x)
        dy = np.zeros_like(y)
        dy[:, -1] = 1
        dx = np.abs(layer.backward(dy, ctx)).max((0, 2))
        reached[make] = dx[0] / dx[-1]
    assert reached[SimpleRNN] < 1e-10 and reached[LSTM] > 1e-2


def test_self_attention_begins_as_the_identity_and_sees_everything(rng):
    x = rng.standard_normal((2, 3, 4, 8)).astype(np.float32)
    layer = SelfAttention(8, rng=0)
    np.testing.assert_array_equal(layer(x), x)
    layer.gamma.value[...] = 1
    far = x.copy()
    far[:, 0, 0] += 1
    assert (np.abs(layer(far) - layer(x)).max((0, 3)) > 0).all()  # every place notices
    turned = x[:, ::-1, ::-1]
    np.testing.assert_allclose(layer(turned), layer(x)[:, ::-1, ::-1], atol=1e-6)  # and none has a position


def test_progressive_layers_by_their_definitions(rng):
    x = rng.standard_normal((5, 3, 2, 4))
    np.testing.assert_allclose(np.linalg.norm(PixelNorm()(x), axis=-1), 2)  # √C
    y = MinibatchStd()(x)
    np.testing.assert_array_equal(y[..., :4], x)
    np.testing.assert_allclose(y[..., 4], x.std(0).mean())
    assert MinibatchStd()(np.repeat(x[:1], 5, axis=0))[..., 4].max() < 1e-3  # copies
    layer = EqualisedLR(Conv2d(50, 40, kernel=3, rng=0), rng=1)
    assert abs(layer.W.value.std() - 1) < 0.02 and layer.scale == pytest.approx(np.sqrt(2 / 450))
    with pytest.raises(ValueError, match="transposed|Upsample"):
        EqualisedLR(ConvTranspose2d(3, 2))


def test_a_straight_through_choice(rng):
    x = rng.standard_normal((4, 3, 5))
    layer = StraightThrough()
    y, ctx = layer.forward(x)
    assert set(np.unique(y)) == {0, 1} and (y.sum(-1) == 1).all() and (y.argmax(-1) == x.argmax(-1)).all()
    dy = rng.standard_normal(y.shape)
    p, of_softmax = Softmax().forward(x)
    np.testing.assert_array_equal(layer.backward(dy, ctx), Softmax().backward(dy, of_softmax))


def test_constant_and_plane_noise(rng):
    layer = Constant(3, 2, rng=0)
    np.testing.assert_array_equal(layer(rng.standard_normal((4, 7)).astype(np.float32)), np.stack([layer.C.value] * 4))
    noise, x = PlaneNoise(3, rng=0), np.zeros((50, 40, 40, 3), np.float32)
    np.testing.assert_array_equal(noise(x), x)  # the strength starts at 0
    noise.strength.value[...] = [1, 2, 0]
    y = noise(x)
    np.testing.assert_array_equal(y[..., 1], 2 * y[..., 0])
    assert not y[..., 2].any() and abs(y[..., 0].std() - 1) < 0.01 and (noise(x) != y).any()


def test_a_new_lstm_remembers():
    assert LSTM(2, 3).b.value.tolist() == [0] * 3 + [1] * 3 + [0] * 6
