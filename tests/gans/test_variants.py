"""Every variant: all parameters of G and D move in a step, D's gradients stay 0 in G's step, float32 throughout, exact resume."""
import numpy as np
import pytest

from gan_scratch import checkpoint
from gan_scratch.data import Batches
from gan_scratch.gans import DCGAN, GAN, REMEDIES, VARIANTS
from gan_scratch.gans.remedies import FeatureMatching
from gan_scratch.losses import Hinge, LeastSquares, Minimax
from gan_scratch.optim import SGD
from gan_scratch.layers import Dense, Sequential, Tanh
from gan_scratch.training import Trainer

CORE = ("mlp", "mlp-large", "dcgan", "dcgan-features", "lsgan", "wgan", "wgan-gp", "sngan", "unrolled")  # those that make images or points from noise alone
ZOO = tuple(name for name in VARIANTS if name not in (*CORE, *REMEDIES))  # in test_zoo.py
CASES = {f"{name} {shape}": (recipe, shape) for name, recipe in VARIANTS.items() for shape in [(28, 28, 1), (2,)]
         if name not in ZOO and (len(shape) == recipe.axes or recipe.points and len(shape) == 1)}
BATCH = 60  # can be split over k = 1, 2, 3, 5 steps of D, and packed in fours
CASES["dcgan (32, 32, 3)"] = VARIANTS["dcgan"], (32, 32, 3)
CASES["dcgan (64, 64, 3)"] = VARIANTS["dcgan"], (64, 64, 3)


def build(case, **options):
    recipe, shape = CASES[case]
    gan = recipe.suited_to(shape).build(shape, rng=0, **options)
    batch = np.random.default_rng(1).uniform(-1, 1, (BATCH, *shape)).astype(np.float32)
    if isinstance(gan.loss, Hinge):
        gan.D.params[-1].value[...] = 1.5  # while all outputs lie within ±1, the gradient of D's last bias is exactly 0
    return gan, batch


@pytest.mark.parametrize("case", CASES)
def test_all_parameters_move_in_a_step(case):
    gan, batch = build(case)
    before = {name: net.state() for name, net in checkpoint.networks(gan).items()}
    gan.train_step(batch, np.random.default_rng(0))
    for name, net in checkpoint.networks(gan).items():
        after = net.state()
        for key in net.named_params():
            assert (after[key] != before[name][key]).any(), f"{name}.{key} did not move"


@pytest.mark.parametrize("case", CASES)
def test_the_gradients_of_d_stay_zero_in_the_step_of_g(case, monkeypatch):
    gan, batch = build(case)
    seen = []

    def look():
        seen.append([np.abs(p.grad).max() for p in gan.D.params])
        step_g()

    step_g = gan.opt_G.step
    monkeypatch.setattr(gan.opt_G, "step", look)
    D_before_g = []
    monkeypatch.setattr(gan, "generator_gradient", lambda *a, f=gan.generator_gradient: (D_before_g.append(gan.D.state()), f(*a))[1])
    gan.train_step(batch, np.random.default_rng(0))
    assert seen and not np.any(seen)
    assert all((gan.D.state()[name] == D_before_g[0][name]).all() for name in gan.D.named_params())


@pytest.mark.parametrize("case", CASES)
def test_everything_is_float32_and_finite(case):
    gan, batch = build(case)
    rng = np.random.default_rng(0)
    for _ in range(3):
        values = gan.train_step(batch, rng)
    outputs = {"d_real", "d_fake"} if isinstance(gan.loss, Minimax) else {"l_real", "l_fake"}
    assert set(values) - {"penalty"} == {"d_loss", "g_gap" if isinstance(gan, FeatureMatching) else "g_loss"} | outputs
    assert all(v.dtype == np.float32 and np.ndim(v) == 0 and np.isfinite(v) for v in values.values())
    assert all(p.value.dtype == p.grad.dtype == np.float32 for net in (gan.G, gan.D) for p in net.params)
    x = gan.sample(5, 0)
    assert x.shape == (5, *batch.shape[1:]) and x.dtype == np.float32 and np.abs(x).max() <= (1 if x.ndim == 4 else np.inf)


@pytest.mark.parametrize("case", CASES)
def test_resume_is_bitwise(case, tmp_path):
    def trainer(seed, steps=4):
        recipe, shape = CASES[case]
        gan = recipe.suited_to(shape).build(shape, rng=seed)
        data = np.random.default_rng(1).uniform(-1, 1, (2 * BATCH + 6, *shape)).astype(np.float32)
        return Trainer(gan, Batches(data, BATCH, seed), steps, rng=seed, out=tmp_path, frames=2, frame_size=4)

    whole = trainer(0)
    whole.run(progress=False)
    whole_arrays, whole_rngs = checkpoint.gan_state(whole.gan)
    (tmp_path / "checkpoint.npz").unlink()
    first = trainer(0)
    first._train_one(), first._train_one()
    first.save()
    second = trainer(7)  # another seed: everything must come from the checkpoint
    second.resume()
    assert second.step == 2
    second.run(progress=False)
    arrays, rngs = checkpoint.gan_state(second.gan)
    assert arrays.keys() == whole_arrays.keys() and rngs == whole_rngs
    for name, a in arrays.items():
        assert a.tobytes() == whole_arrays[name].tobytes(), name
    assert second.rng.bit_generator.state == whole.rng.bit_generator.state


def test_samples_are_decided_by_the_seed():
    gan, _ = build("dcgan (28, 28, 1)")
    assert (gan.sample(4, 1) == gan.sample(4, 1)).all() and (gan.sample(4, 1) != gan.sample(4, 2)).any()


@pytest.mark.parametrize("k", [1, 3])
def test_k_steps_of_d_for_one_of_g(k):
    rng = np.random.default_rng(0)
    G, D = Sequential(Dense(2, 2, rng=rng)), Sequential(Dense(2, 1, rng=rng))
    gan = GAN(G, D, 2, opt_G=SGD(G.params, 0.1), opt_D=SGD(D.params, 0.1), k=k)
    gan.train_step(rng.standard_normal((6, 2), np.float32), rng)
    assert (gan.opt_D.t, gan.opt_G.t) == (k, 1)
    if k > 1:
        with pytest.raises(ValueError, match="can't be split over k = 3"):
            gan.train_step(rng.standard_normal((7, 2), np.float32), rng)


def test_a_step_by_hand():
    """One step of a linear GAN with least squares and SGD, against the derivatives written out."""
    rng = np.random.default_rng(0)
    G, D = (Sequential(Dense(1, 1, rng=rng)).astype(np.float64) for _ in range(2))
    (g, c), (d, e) = ([p.value.item() for p in net.params] for net in (G, D))
    gan = GAN(G, D, 1, opt_G=SGD(G.params, 0.1), opt_D=SGD(D.params, 0.1), loss=LeastSquares())
    x = rng.standard_normal((4, 1))
    z1, z2 = (draw := np.random.default_rng(5)).standard_normal((4, 1)), draw.standard_normal((4, 1))
    gan.train_step(x, np.random.default_rng(5))
    fake = g * z1 + c
    real_error, fake_error = d * x + e - 1, d * fake + e  # ½ mean(·²) each
    d -= 0.1 * (np.mean(real_error * x) + np.mean(fake_error * fake))
    e -= 0.1 * (np.mean(real_error) + np.mean(fake_error))
    error = d * (g * z2 + c) + e - 1
    g, c = g - 0.1 * np.mean(error * d * z2), c - 0.1 * np.mean(error * d)
    np.testing.assert_allclose([p.value.item() for net in (G, D) for p in net.params], [g, c, d, e], rtol=1e-12)


def test_the_reference_networks_have_the_stated_sizes():
    sizes = lambda net: [layer.W.value.shape for layer in net if isinstance(layer, Dense)]  # noqa: E731
    small, large = GAN.small(rng=0), GAN.large(rng=0)
    assert sizes(small.G) == [(100, 500), (500, 500), (500, 784)] and sizes(small.D) == [(784, 500), (500, 500), (500, 1)]
    assert sizes(large.G) == [(100, 256), (256, 512), (512, 1024), (1024, 784)]
    assert sizes(large.D) == [(784, 1024), (1024, 512), (512, 256), (256, 1)] and large.loss.real_label == 0.9


def test_dcgan_follows_the_guidelines():
    """No pooling, no hidden dense layer, no norm on G's output or D's input, ReLU in G, LeakyReLU(0.2) in D, tanh at the end."""
    for shape in ((28, 28, 1), (32, 32, 3)):
        gan = DCGAN(shape, rng=0)
        G, D = ([type(layer).__name__ for layer in net] for net in (gan.G, gan.D))
        assert G[0] == "Dense" and G.count("Dense") == 1 and D[-1] == "Dense" and D.count("Dense") == 1
        assert G[-2:] == ["ConvTranspose2d", "Tanh"] and D[:2] == ["Conv2d", "LeakyReLU"]
        assert set(G) == {"Dense", "Reshape", "BatchNorm", "ReLU", "ConvTranspose2d", "Tanh"}
        assert set(D) == {"Conv2d", "LeakyReLU", "BatchNorm", "Flatten", "Dense"}
        assert {layer.stride for net in (gan.G, gan.D) for layer in net if hasattr(layer, "stride")} == {(2, 2)}
        assert np.isclose(gan.D[0].W.value.std(), 0.02, rtol=0.2)


def test_shapes_that_a_variant_cannot_make():
    with pytest.raises(ValueError, match=r"\(28, 28, C\), \(32, 32, C\) or \(64, 64, C\), not \(48, 48, 3\)"):
        DCGAN((48, 48, 3))
    with pytest.raises(ValueError, match="use the variant mlp"):
        VARIANTS["dcgan"].suited_to((2,))


def test_a_gan_learns_a_line():
    """A one-parameter-pair G finds the mean and the spread of a Gaussian."""
    rng = np.random.default_rng(0)
    G = Sequential(Dense(1, 1, rng=rng))
    D = Sequential(Dense(1, 32, rng=rng), Tanh(), Dense(32, 1, rng=rng))
    from gan_scratch.optim import Adam

    gan = GAN(G, D, 1, opt_G=Adam(G.params, 2e-3, (0.0, 0.99)), opt_D=Adam(D.params, 1e-2, (0.0, 0.99)), ema=0.995)
    for _ in range(3000):
        gan.train_step((3 + 0.5 * rng.standard_normal((128, 1))).astype(np.float32), rng)
    x = gan.sample(4000, 0)
    assert abs(x.mean() - 3) < 0.15 and abs(x.std() - 0.5) < 0.15
