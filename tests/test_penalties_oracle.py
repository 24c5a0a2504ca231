"""Gradient penalties, spectral norm and unrolling against PyTorch's automatic double backprop, in float64. Needs the extra [oracle]."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_scratch import losses, penalties
from gan_scratch.gans.unrolled import unrolled_gradient
from gan_scratch.layers import (
    AvgPool2d, BatchNorm, Conv1d, Conv2d, Conv3d, ConvTranspose2d, Dense, Flatten, InstanceNorm, LayerNorm, LeakyReLU, MaxPool2d, PReLU, ReLU,
    Sequential, Sigmoid, Softplus, SpectralNorm, Tanh, Upsample)
from tests.layers.test_gradients import shifted

torch = pytest.importorskip("torch", reason="oracle: not run, PyTorch isn't installed (pip install '.[oracle]')")
F = torch.nn.functional
pytestmark = pytest.mark.oracle
CLOSE = dict(rtol=1e-8, atol=1e-11)


def oracle(net, x, weights):
    """The same network in PyTorch on channels-first tensors; weights are taken from the iterator in our order and our layout."""
    for layer in net:
        if isinstance(layer, Dense):
            x = x @ next(weights)
            x = x + next(weights) if layer.b is not None else x
        elif isinstance(layer, (Conv1d, Conv2d, Conv3d, ConvTranspose2d)):
            W = torch.movedim(next(weights), (-1, -2), (0, 1))
            b = next(weights) if layer.b is not None else None
            name = f"conv{'_transpose' if isinstance(layer, ConvTranspose2d) else ''}{layer.dims}d"
            x = getattr(F, name)(x, W, b, stride=layer.stride, padding=layer.pad)
        elif isinstance(layer, Flatten):
            x = torch.movedim(x, 1, -1).reshape(len(x), -1)
        elif isinstance(layer, BatchNorm):
            x = F.batch_norm(x, None, None, next(weights), next(weights), training=True, eps=layer.eps)
        elif isinstance(layer, InstanceNorm):
            x = F.instance_norm(x, weight=next(weights), bias=next(weights), eps=layer.eps)
        elif isinstance(layer, LayerNorm):
            x = torch.movedim(F.layer_norm(torch.movedim(x, 1, -1), layer.shape, next(weights), next(weights), eps=layer.eps), -1, 1)
        elif isinstance(layer, PReLU):
            x = F.prelu(x, next(weights))
        else:
            x = {LeakyReLU: lambda: F.leaky_relu(x, layer.slope), ReLU: lambda: F.relu(x), Tanh: lambda: torch.tanh(x), Sigmoid: lambda: torch.sigmoid(x),
                 Softplus: lambda: F.softplus(x), MaxPool2d: lambda: F.max_pool2d(x, 2), AvgPool2d: lambda: F.avg_pool2d(x, 2),
                 Upsample: lambda: F.interpolate(x, scale_factor=2)}[type(layer)]()
    return x


def channels_first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim > 2 else x


def compare_penalty(D, x, weight, center):
    D.astype(np.float64)
    value = penalties.gradient_penalty(D, x, weight, center)
    ws = [torch.tensor(p.value.copy(), requires_grad=True) for p in D.params]
    xt = torch.tensor(channels_first(x), requires_grad=True)
    g, = torch.autograd.grad(oracle(D, xt, iter(ws)).sum(), xt, create_graph=True)
    P = weight * ((g.flatten(1).norm(dim=1) - center) ** 2).mean()
    expected = torch.autograd.grad(P, ws, allow_unused=True)
    np.testing.assert_allclose(value, P.detach().numpy(), **CLOSE)
    for (name, p), e in zip(D.named_params().items(), expected):
        e = np.zeros_like(p.grad) if e is None else e.numpy()
        np.testing.assert_allclose(p.grad, e, err_msg=name, rtol=1e-8, atol=1e-10 * (1 + np.abs(e).max()))


ACTIVATIONS = [LeakyReLU, Tanh, Sigmoid, Softplus, lambda: shifted(PReLU(1))]


@st.composite
def critics(draw):
    """Dense or convolutional in 1-D, 2-D, 3-D; one to three levels; any activation, sometimes normalised."""
    dims, levels = draw(st.integers(0, 3)), draw(st.integers(1, 3))
    channels = draw(st.integers(1, 3))
    shape = (draw(st.integers(2, 4)), *(draw(st.integers(4, 7)) for _ in range(dims)), channels)
    layers, size, c = [], shape[1:-1], channels
    for level in range(levels):
        c_out, seed = draw(st.integers(2, 5)), draw(st.integers(0, 99))
        if dims:
            kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 2))
            pad = draw(st.integers(0, kernel - 1))
            if min(size) + 2 * pad < kernel:
                break
            layers.append({1: Conv1d, 2: Conv2d, 3: Conv3d}[dims](c, c_out, kernel=kernel, stride=stride, pad=pad, rng=seed))
            size = tuple((s + 2 * pad - kernel) // stride + 1 for s in size)
        else:
            layers.append(Dense(c, c_out, rng=seed))
        layers[-1].b.value[...] = np.random.default_rng(seed).standard_normal(c_out)
        norm = draw(st.sampled_from([None, None, BatchNorm, LayerNorm]))
        if norm:
            layers.append(shifted(norm(c_out)))
        layers.append(draw(st.sampled_from(ACTIVATIONS))())
        c = c_out
    head = [Flatten()] if dims else []
    D = Sequential(*layers, *head, Dense(c * int(np.prod(size)) if dims else c, 1, rng=draw(st.integers(0, 99))))
    return D, np.random.default_rng(draw(st.integers(0, 999))).standard_normal(shape)


@settings(max_examples=150, deadline=None)
@given(critics(), st.sampled_from([0.0, 1.0, 0.4]), st.sampled_from([10.0, 0.5]))
def test_random_critics(case, center, weight):
    D, x = case
    compare_penalty(D, x, weight, center)


@pytest.mark.parametrize("D, shape", [
    (lambda: Sequential(Conv2d(1, 4, rng=0), LeakyReLU(), MaxPool2d(), Conv2d(4, 4, kernel=3, stride=1, rng=1), Tanh(), AvgPool2d(), Flatten(),
                        Dense(16, 1, rng=2)), (3, 16, 16, 1)),
    (lambda: Sequential(ConvTranspose2d(2, 3, rng=0), shifted(InstanceNorm(3)), Softplus(), Upsample(2), Conv2d(3, 1, rng=1)), (2, 3, 3, 2)),
    (lambda: Sequential(Conv3d(1, 8, rng=0), LeakyReLU(), Conv3d(8, 16, rng=1), LeakyReLU(), Flatten(), Dense(16 * 8, 1, rng=2)), (2, 8, 8, 8, 1)),
    (lambda: Sequential(Conv2d(1, 16, rng=0), LeakyReLU(), Conv2d(16, 32, rng=1), LeakyReLU(), Conv2d(32, 64, rng=2), LeakyReLU(), Flatten(),
                        Dense(9 * 64, 1, rng=3)), (4, 28, 28, 1)),
], ids=["pools", "patches", "voxels", "mnist critic"])
def test_larger_critics(D, shape, rng):
    compare_penalty(D(), rng.standard_normal(shape), 10.0, 1.0)


@pytest.mark.parametrize("make, twin", [
    (lambda: Dense(7, 4, rng=0), lambda: torch.nn.Linear(7, 4)),
    (lambda: Conv2d(3, 5, rng=0), lambda: torch.nn.Conv2d(3, 5, 4, 2, 1)),
], ids=["dense", "conv2d"])
def test_spectral_norm(make, twin, rng):
    """Four steps of SGD with PyTorch's own parametrization. It iterates in another order than the paper, so it gets our vectors each time."""
    layer, lr = SpectralNorm(shifted(make()), rng=1).astype(np.float64), 0.05
    x = rng.standard_normal((6, 7) if isinstance(layer.layer, Dense) else (6, 6, 6, 3))
    theirs = twin().double()
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(np.moveaxis(layer.W.value, (-1, -2), (0, 1)) if layer.W.value.ndim > 2 else layer.W.value.T))
        theirs.bias.copy_(torch.tensor(layer.b.value))
    theirs = torch.nn.utils.parametrizations.spectral_norm(theirs)
    theirs.eval()  # no iteration of its own
    norm = theirs.parametrizations.weight[0]
    for _ in range(4):
        y, ctx = layer.forward(x)
        # PyTorch's matrix is (c_out, c_in·k·k): its left vector is our right one, and the other has its axes in another order.
        left = layer.left if layer.W.value.ndim == 2 else np.moveaxis(layer.left.reshape(4, 4, 3), -1, 0).ravel()
        norm._u.copy_(torch.tensor(layer.right))
        norm._v.copy_(torch.tensor(left))
        yt = theirs(torch.tensor(channels_first(x)))
        np.testing.assert_allclose(y, np.moveaxis(yt.detach().numpy(), 1, -1) if y.ndim > 2 else yt.detach().numpy(), **CLOSE)
        dy = rng.standard_normal(y.shape)
        layer.backward(dy, ctx)
        theirs.zero_grad()
        yt.backward(torch.tensor(channels_first(dy)))
        dW = theirs.parametrizations.weight.original.grad.numpy()
        np.testing.assert_allclose(layer.W.grad, np.moveaxis(dW, (0, 1), (-1, -2)) if dW.ndim > 2 else dW.T, **CLOSE)
        layer.W.value[...] -= lr * layer.W.grad
        with torch.no_grad():
            theirs.parametrizations.weight.original -= lr * theirs.parametrizations.weight.original.grad
        layer.W.grad[...] = layer.b.grad[...] = 0


LOSSES = {
    "non-saturating": (losses.NonSaturating(), lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), lambda f: F.softplus(-f).mean()),
    "smoothed": (losses.NonSaturating(0.9, 0.2), lambda r, f: (F.softplus(-r) + 0.1 * r).mean() + (F.softplus(f) - 0.2 * f).mean(),
                 lambda f: F.softplus(-f).mean()),
    "minimax": (losses.Minimax(), lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean(), lambda f: -F.softplus(f).mean()),
    "least squares": (losses.LeastSquares(), lambda r, f: ((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2, lambda f: ((f - 1) ** 2).mean() / 2),
    "wasserstein": (losses.Wasserstein(), lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()),
    "hinge": (losses.Hinge(), lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda f: -f.mean()),
}
UNROLLED = {
    "dense tanh": (lambda: Sequential(Dense(2, 8, rng=0), Tanh(), Dense(8, 8, rng=1), Tanh(), Dense(8, 1, rng=2)), (6, 2)),
    "dense leaky": (lambda: Sequential(Dense(2, 8, rng=0), LeakyReLU(), Dense(8, 8, rng=1), LeakyReLU(), Dense(8, 1, rng=2)), (6, 2)),
    "batch norm": (lambda: Sequential(Dense(2, 8, rng=0), shifted(BatchNorm(8)), Softplus(), Dense(8, 1, rng=2)), (6, 2)),
    "conv2d": (lambda: Sequential(Conv2d(1, 4, rng=0), LeakyReLU(), Conv2d(4, 4, rng=1), Tanh(), Flatten(), Dense(4, 1, rng=2)), (3, 5, 5, 1)),
}


@pytest.mark.parametrize("K", [0, 1, 3, 5])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", UNROLLED)
def test_unrolling(name, loss, K, rng):
    """The gradient through K steps of D, against a graph that PyTorch built through them."""
    make, shape = UNROLLED[name]
    D, lr = make().astype(np.float64), 0.05
    ours, of_D, of_G = LOSSES[loss]
    x, x_fake = rng.standard_normal(shape), 1 + rng.standard_normal(shape)
    before = D.state()
    g_loss, dx_fake = unrolled_gradient(D, x, x_fake, ours, K, lr)
    assert all((a == D.state()[key]).all() for key, a in before.items()) and not any(p.grad.any() for p in D.params)

    xt, ft = torch.tensor(channels_first(x)), torch.tensor(channels_first(x_fake), requires_grad=True)
    theta = [torch.tensor(p.value.copy(), requires_grad=True) for p in D.params]
    for _ in range(K):
        steps = torch.autograd.grad(of_D(oracle(D, xt, iter(theta)), oracle(D, ft, iter(theta))), theta, create_graph=True)
        theta = [t - lr * s for t, s in zip(theta, steps)]
    expected = of_G(oracle(D, ft, iter(theta)))
    expected.backward()
    np.testing.assert_allclose(g_loss, expected.detach().numpy(), **CLOSE)
    dx = ft.grad.numpy()
    np.testing.assert_allclose(dx_fake, np.moveaxis(dx, 1, -1) if dx.ndim > 2 else dx, **CLOSE)
