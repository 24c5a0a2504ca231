"""Every layer, loss and optimizer against PyTorch in float64, to 1e-10. Needs the extra [oracle]."""
import numpy as np
import pytest
from hypothesis import given, settings

from gan_scratch import losses, optim
from gan_scratch.layers import (
    GRU, LSTM, AdaIN, AvgPool2d, BatchNorm, ConditionalBatchNorm, Dense, Embedding, InstanceNorm, LayerNorm, LeakyReLU, MaxPool2d,
    MinibatchStd, PixelNorm, PixelShuffle, PReLU, ReflectionPad2d, ReLU, SelfAttention, Sequential, Sigmoid, SimpleRNN, Softmax, Softplus,
    Tanh, Upsample)
from tests.layers.test_gradients import convolutions, shifted

torch = pytest.importorskip("torch", reason="oracle: not run, PyTorch isn't installed (pip install '.[oracle]')")
F = torch.nn.functional
pytestmark = pytest.mark.oracle
EXACT = dict(rtol=1e-10, atol=1e-10)


def channels_first(a):
    return np.moveaxis(a, -1, 1) if a.ndim > 2 else a


def channels_last(a):
    return np.moveaxis(a, 1, -1) if a.ndim > 2 else a


def tensor(a):
    return torch.tensor(np.ascontiguousarray(a), requires_grad=True)


def compare(layer, x, oracle, weights=()):
    """Forward and all gradients of layer against oracle(x, *weights), which computes on channels-first tensors.

    weights: pairs (parameter, function from our array to torch's layout)."""
    layer.astype(np.float64)
    y, ctx = layer.forward(x)
    xt = tensor(channels_first(x))
    ws = [tensor(to_torch(p.value)) for p, to_torch in weights]
    yt = oracle(xt, *ws)
    np.testing.assert_allclose(y, channels_last(yt.detach().numpy()), **EXACT)
    dy = np.random.default_rng(5).standard_normal(y.shape)
    yt.backward(torch.tensor(np.ascontiguousarray(channels_first(dy))))
    dx = layer.backward(dy, ctx)
    np.testing.assert_allclose(dx, channels_last(xt.grad.numpy()), **EXACT)
    for (p, to_torch), w in zip(weights, ws):
        np.testing.assert_allclose(to_torch(p.grad), w.grad.numpy(), **EXACT)


@settings(max_examples=250, deadline=None)
@given(convolutions())
def test_convolutions(case):
    layer, x = case
    dims, transposed = layer.dims, hasattr(layer, "output_pad")
    function = getattr(F, f"conv{'_transpose' if transposed else ''}{dims}d")
    extra = dict(output_padding=layer.output_pad) if transposed else {}
    # (*k, c_in, c_out) -> (c_out, c_in, *k), and for the transposed one (*k, c_out, c_in) -> (c_in, c_out, *k)
    to_torch = lambda W: np.moveaxis(W, (-1, -2), (0, 1))  # noqa: E731
    weights = [(layer.W, to_torch)] + ([(layer.b, lambda b: b)] if layer.b is not None else [])
    if layer.b is not None:
        layer.b.value[...] = np.arange(layer.c_out)
    compare(layer, x, lambda x, W, b=None: function(x, W, b, stride=layer.stride, padding=layer.pad, **extra), weights)


def test_dense(rng):
    layer = shifted(Dense(7, 4, rng=0))
    compare(layer, rng.standard_normal((5, 7)), F.linear, [(layer.W, np.transpose), (layer.b, lambda b: b)])


@pytest.mark.parametrize("shape", [(6, 3), (4, 5, 3), (4, 5, 6, 3), (2, 3, 4, 5, 3)])
def test_batch_norm(shape, rng):
    layer = shifted(BatchNorm(3))
    running = [torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)]
    weights = [(layer.gamma, np.array), (layer.beta, np.array)]
    compare(layer, 3 * rng.standard_normal(shape) + 2, lambda x, g, b: F.batch_norm(x, *running, g, b, training=True), weights)
    np.testing.assert_allclose(layer.running_mean, running[0], **EXACT)
    np.testing.assert_allclose(layer.running_var, running[1], **EXACT)
    x = rng.standard_normal(shape)
    at_inference = F.batch_norm(torch.tensor(channels_first(x)), *running, *(torch.tensor(p.value) for p in layer.params))
    np.testing.assert_allclose(layer(x), channels_last(at_inference.numpy()), **EXACT)


def test_instance_norm(rng):
    layer = shifted(InstanceNorm(3))
    compare(layer, rng.standard_normal((2, 4, 5, 3)), lambda x, g, b: F.instance_norm(x, weight=g, bias=b),
            [(layer.gamma, np.array), (layer.beta, np.array)])


@pytest.mark.parametrize("shape", [(3,), (4, 3)])
def test_layer_norm(shape, rng):
    layer = shifted(LayerNorm(shape))
    compare(layer, rng.standard_normal((6, *((4, 3) if len(shape) == 2 else (3,)))),
            lambda x, g, b: F.layer_norm(x.movedim(1, -1), shape, g, b).movedim(-1, 1) if x.ndim > 2 else F.layer_norm(x, shape, g, b),
            [(layer.gamma, np.array), (layer.beta, np.array)])


@pytest.mark.parametrize("make, oracle", [
    (ReLU, F.relu), (lambda: LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2)), (Tanh, torch.tanh), (Sigmoid, torch.sigmoid),
    (Softplus, F.softplus), (lambda: MaxPool2d(2), lambda x: F.max_pool2d(x, 2)),
    (lambda: MaxPool2d(3, stride=2, pad=1), lambda x: F.max_pool2d(x, 3, 2, 1)),
    (lambda: AvgPool2d(3, stride=2, pad=1), lambda x: F.avg_pool2d(x, 3, 2, 1)),
    (lambda: Upsample(2), lambda x: F.interpolate(x, scale_factor=2)), (lambda: PixelShuffle(2), lambda x: F.pixel_shuffle(x, 2)),
    (lambda: ReflectionPad2d(2), lambda x: F.pad(x, (2, 2, 2, 2), mode="reflect")),
])
def test_layers_without_weights(make, oracle, rng):
    compare(make(), rng.standard_normal((3, 7, 6, 8)), oracle)


@pytest.mark.parametrize("channels", [1, 3])
def test_prelu(channels, rng):
    layer = shifted(PReLU(channels))
    compare(layer, rng.standard_normal((4, 5, 3)), F.prelu, [(layer.a, np.array)])


def test_embedding(rng):
    layer = Embedding(5, 3, rng=0).astype(np.float64)
    labels = np.array([4, 0, 4, 1])
    W = tensor(layer.W.value)
    y, ctx = layer.forward(labels)
    dy = rng.standard_normal(y.shape)
    F.embedding(torch.tensor(labels), W).backward(torch.tensor(dy))
    layer.backward(dy, ctx)
    np.testing.assert_allclose(layer.W.grad, W.grad.numpy(), **EXACT)


def compare_loss(ours, oracle, *arrays):
    value, *gradients = ours(*arrays)
    ts = [tensor(a) for a in arrays]
    expected = oracle(*ts)
    expected.backward()
    np.testing.assert_allclose(value, expected.detach().numpy(), **EXACT)
    for d, t in zip(gradients, ts):
        np.testing.assert_allclose(d, t.grad.numpy(), **EXACT)


def test_losses(rng):
    l, t = 3 * rng.standard_normal((6, 1)), rng.random((6, 1))
    compare_loss(lambda l: losses.bce_with_logits(l, t), lambda l: F.binary_cross_entropy_with_logits(l, torch.tensor(t)), l)
    compare_loss(lambda l: losses.l1(l, t), lambda l: F.l1_loss(l, torch.tensor(t)), l)
    compare_loss(lambda l: losses.l2(l, t), lambda l: F.mse_loss(l, torch.tensor(t)), l)
    labels, k = rng.integers(0, 4, 6), 5 * rng.standard_normal((6, 4))
    compare_loss(lambda k: losses.softmax_cross_entropy(k, labels), lambda k: F.cross_entropy(k, torch.tensor(labels)), k)


D_AND_G = {
    losses.Minimax(): (lambda r, f: -(F.logsigmoid(r).mean() + F.logsigmoid(-f).mean()), lambda f: F.logsigmoid(-f).mean()),
    losses.NonSaturating(): (lambda r, f: -(F.logsigmoid(r).mean() + F.logsigmoid(-f).mean()), lambda f: -F.logsigmoid(f).mean()),
    losses.NonSaturating(0.9): (
        lambda r, f: -(0.9 * F.logsigmoid(r) + 0.1 * F.logsigmoid(-r)).mean() - F.logsigmoid(-f).mean(), lambda f: -F.logsigmoid(f).mean()),
    losses.LeastSquares(): (lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2, lambda f: ((f - 1) ** 2).mean() / 2),
    losses.LeastSquares(-1, 1, 0): (lambda r, f: ((r - 1) ** 2).mean() / 2 + ((f + 1) ** 2).mean() / 2, lambda f: (f**2).mean() / 2),
    losses.Wasserstein(): (lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
    losses.Hinge(): (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda f: -f.mean()),
}


@pytest.mark.parametrize("loss", D_AND_G, ids=lambda loss: type(loss).__name__)
def test_gan_losses(loss, rng):
    discriminator, generator = D_AND_G[loss]
    real, fake = 2 * rng.standard_normal((8, 1)), 2 * rng.standard_normal((6, 1))
    compare_loss(loss.discriminator, discriminator, real, fake)
    compare_loss(loss.generator, generator, fake)


@pytest.mark.parametrize("ours, theirs", [
    (lambda p: optim.SGD(p, 0.05), lambda p: torch.optim.SGD(p, 0.05)),
    (lambda p: optim.Momentum(p, 0.05, 0.9), lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
    (lambda p: optim.RMSProp(p, 0.01), lambda p: torch.optim.RMSprop(p, 0.01)),
    (lambda p: optim.Adam(p, 0.01), lambda p: torch.optim.Adam(p, 0.01, betas=(0.5, 0.999))),
], ids=["SGD", "Momentum", "RMSProp", "Adam"])
def test_optimizer_trajectories(ours, theirs, rng):
    """40 steps on a small regression, parameters compared after each."""
    net = Sequential(Dense(3, 4, rng=0), Tanh(), Dense(4, 1, rng=1)).astype(np.float64)
    W1, b1, W2, b2 = ts = [tensor(p.value.copy()) for p in net.params]
    optimizer, oracle = ours(net.params), theirs(ts)
    x, t = rng.standard_normal((20, 3)), rng.standard_normal((20, 1))
    for _ in range(40):
        y, tape = net.forward(x)
        net.backward(losses.l2(y, t)[1], tape)
        optimizer.step()
        oracle.zero_grad()
        F.mse_loss(torch.tanh(torch.tensor(x) @ W1 + b1) @ W2 + b2, torch.tensor(t)).backward()
        oracle.step()
        for p, w in zip(net.params, ts):
            np.testing.assert_allclose(p.value, w.detach().numpy(), **EXACT)


@pytest.mark.parametrize("name, gates", [("RNN", 1), ("LSTM", 4), ("GRU", 3)])
def test_recurrent_layers(name, gates, rng):
    """PyTorch has two biases that are added; ours is the first, and of the second only GRU's b_q is left."""
    ours = {"RNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}[name](3, 4, rng=0)
    shifted(ours).astype(np.float64)
    theirs = getattr(torch.nn, name)(3, 4, batch_first=True).double()
    second = np.zeros(4 * gates)
    if name == "GRU":
        second[8:] = ours.b_q.value
    for p, value in ((theirs.weight_ih_l0, ours.Wx.value.T), (theirs.weight_hh_l0, ours.Wh.value.T), (theirs.bias_ih_l0, ours.b.value),
                     (theirs.bias_hh_l0, second)):
        p.data = torch.tensor(np.ascontiguousarray(value))
    x = tensor(rng.standard_normal((2, 5, 3)))
    y, ctx = ours.forward(x.detach().numpy())
    yt, _ = theirs(x)
    np.testing.assert_allclose(y, yt.detach().numpy(), **EXACT)
    dy = rng.standard_normal(y.shape)
    yt.backward(torch.tensor(dy))
    np.testing.assert_allclose(ours.backward(dy, ctx), x.grad.numpy(), **EXACT)
    for p, expected in ((ours.Wx, theirs.weight_ih_l0.grad.T), (ours.Wh, theirs.weight_hh_l0.grad.T), (ours.b, theirs.bias_ih_l0.grad)):
        np.testing.assert_allclose(p.grad, expected.numpy(), **EXACT)
    if name == "GRU":
        np.testing.assert_allclose(ours.b_q.grad, theirs.bias_hh_l0.grad.numpy()[8:], **EXACT)


def test_self_attention(rng):
    layer = SelfAttention(8, 2, 3, gamma=0.7, rng=0)

    def oracle(x, q, k, v, o, gamma):
        rows = x.flatten(2).swapaxes(1, 2)  # (N, T, C)
        attended = F.scaled_dot_product_attention(rows @ q, rows @ k, rows @ v, scale=1.0) @ o
        return x + gamma * attended.swapaxes(1, 2).reshape(x.shape)

    same = lambda a: a  # noqa: E731
    compare(layer, rng.standard_normal((3, 4, 2, 8)), oracle,
            [(part.W, same) for part in (layer.query, layer.key, layer.value, layer.out)] + [(layer.gamma, same)])


def oracle_modulation(normalise):
    def oracle(x, e, A, B, a, b):
        return (e @ A + a)[:, :, None, None] * normalise(x) + (e @ B + b)[:, :, None, None]

    return oracle


@pytest.mark.parametrize("layer, oracle", [
    (AdaIN(3, 5, rng=0), oracle_modulation(F.instance_norm)),
    (ConditionalBatchNorm(3, 5, rng=0), oracle_modulation(lambda x: F.batch_norm(x, None, None, training=True)))], ids=["adain", "cbn"])
def test_layers_with_a_condition(layer, oracle, rng):
    shifted(layer).astype(np.float64)
    x, e = rng.standard_normal((4, 2, 3, 3)), rng.standard_normal((4, 5))
    y, ctx = layer.forward((x, e))
    tensors = [tensor(channels_first(x)), tensor(e)]
    weights = [tensor(p.value) for p in (layer.A, layer.B, layer.a, layer.b)]
    yt = oracle(*tensors, *weights)
    np.testing.assert_allclose(y, channels_last(yt.detach().numpy()), **EXACT)
    dy = rng.standard_normal(y.shape)
    yt.backward(torch.tensor(np.ascontiguousarray(channels_first(dy))))
    dx, de = layer.backward(dy, ctx)
    np.testing.assert_allclose(dx, channels_last(tensors[0].grad.numpy()), **EXACT)
    np.testing.assert_allclose(de, tensors[1].grad.numpy(), **EXACT)
    for p, w in zip((layer.A, layer.B, layer.a, layer.b), weights):
        np.testing.assert_allclose(p.grad, w.grad.numpy(), **EXACT)


@pytest.mark.parametrize("make, oracle", [
    (PixelNorm, lambda x: x / torch.sqrt((x * x).mean(1, keepdim=True) + 1e-8)),
    (MinibatchStd, lambda x: torch.cat([x, torch.sqrt(x.var(0, unbiased=False) + 1e-8).mean().expand(len(x), 1, *x.shape[2:])], 1)),
    (Softmax, lambda x: torch.softmax(x, 1))])
def test_further_layers_without_weights(make, oracle, rng):
    compare(make(), rng.standard_normal((3, 4, 2, 5)), oracle)
