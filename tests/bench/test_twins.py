"""The PyTorch twins are the same networks: same outputs, same gradients, same losses. Otherwise their times say nothing."""
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="oracle: not run, PyTorch isn't installed (pip install '.[oracle]')")

from gan_scratch.bench.twins import Twin, channels_first, module  # noqa: E402
from gan_scratch.bench.workloads import LAYERS, WORKLOADS  # noqa: E402
from gan_scratch.layers import Softplus  # noqa: E402
from gan_scratch.losses import Wasserstein  # noqa: E402

pytestmark = pytest.mark.oracle


def as_theirs(a):
    return channels_first(a) if a.ndim > 2 else torch.from_numpy(a)


@pytest.mark.parametrize("name", WORKLOADS)
def test_twins_of_networks(name):
    work = WORKLOADS[name]
    gan, x = work.build("cpu"), work.batch(3)
    for network in (gan.G, gan.D):
        for layer in network:
            if hasattr(layer, "p"):
                layer.p = 0.0  # dropout: no two generators draw the same
    z = np.random.default_rng(1).standard_normal((3, gan.z_dim)).astype(np.float32)
    for network, start in ((gan.G, z), (gan.D, x)):
        theirs, t = module(network, start.shape[1:]), as_theirs(start).requires_grad_(True)
        y, tape = network.forward(start)
        out = theirs(t)
        np.testing.assert_allclose(out.detach().reshape(-1), as_theirs(y).reshape(-1), rtol=1e-4, atol=1e-5)
        dx = network.backward(y, tape)
        out.backward(as_theirs(y).reshape(out.shape))
        np.testing.assert_allclose(t.grad, as_theirs(dx), rtol=1e-3, atol=1e-4 * np.abs(dx).max())
        norms = sorted(float((p.grad ** 2).sum()) for p in network.params)
        np.testing.assert_allclose(sorted(float((p.grad ** 2).sum()) for p in theirs.parameters()), norms, rtol=1e-3, atol=1e-6)
        assert sum(p.numel() for p in theirs.parameters()) == sum(p.value.size for p in network.params)


@pytest.mark.parametrize("name", LAYERS)
def test_twins_of_layers(name):
    build, shape = LAYERS[name]
    layer = build()
    x = np.random.default_rng(0).standard_normal((2, *shape[1:]), np.float32)
    np.testing.assert_allclose(module(layer, shape[1:])(as_theirs(x)).detach(), as_theirs(layer.forward(x)[0]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["ring", "dcgan", "wgan-gp"])
def test_twins_make_the_same_step_of_D(name, monkeypatch):
    """Given the same z and ε, D's gradient is the same; so is its whole first step, one learning rate long."""
    work = WORKLOADS[name]
    gan, x = work.build("cpu"), work.batch(6)
    z = np.random.default_rng(1).standard_normal((6, gan.z_dim)).astype(np.float32)
    epsilon = np.random.default_rng(2).random(6).astype(np.float32)
    twin = Twin(gan, x)
    monkeypatch.setattr(gan, "noise", lambda n, rng: z)
    monkeypatch.setattr(twin, "noise", lambda n: torch.from_numpy(z))
    monkeypatch.setattr("gan_scratch.backend.Cpu.uniform", lambda self, rng, shape, dtype=None: epsilon.reshape(shape))
    monkeypatch.setattr(torch, "rand", lambda *shape, device: torch.from_numpy(epsilon).reshape(shape))
    gan.opt_D.step = lambda: None
    gan.step_D(x, np.random.default_rng(0))
    twin.step_D()
    ours = sorted(float(np.abs(p.grad).max()) for p in gan.D.params)
    np.testing.assert_allclose(sorted(float(p.grad.abs().max()) for p in twin.D.parameters()), ours, rtol=2e-3)
    assert isinstance(gan.loss, Wasserstein) == (name == "wgan-gp")


def test_a_step_of_the_twin_moves_every_parameter_and_leaves_D_to_D():
    work = WORKLOADS["dcgan"]
    twin = Twin(work.build("cpu"), work.batch(4))
    before = [p.detach().clone() for net in (twin.G, twin.D, twin.average) for p in net.parameters()]
    twin.train_step()
    after = [p for net in (twin.G, twin.D, twin.average) for p in net.parameters()]
    assert all((a != b).any() for a, b in zip(after, before))
    D = [p.detach().clone() for p in twin.D.parameters()]
    twin.step_G(4)
    assert all((a == b).all() for a, b in zip(twin.D.parameters(), D))


def test_a_layer_without_a_twin_is_named():
    with pytest.raises(TypeError, match=r"Softplus\(\) has no PyTorch twin"):
        module(Softplus(), (3,))
