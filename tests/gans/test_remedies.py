"""Each remedy is the piece that it says, and the gradient that it sends to G is right."""
import numpy as np
import pytest

from gan_scratch import gradcheck
from gan_scratch.gans import WGAN, WGANGP, GAN, remedies
from gan_scratch.gans.remedies import REMEDIES, FeatureMatching, InstanceNoise, RelativisticGAN
from gan_scratch.layers import Dense, GaussianNoise, MinibatchDiscrimination, Pack, Sequential, SpectralNorm, Tanh
from gan_scratch.optim import SGD, HistoricalAveraging


def players(**options):
    G, D = (Sequential(Dense(2, 6, rng=0), Tanh(), Dense(6, n, rng=1)).astype(np.float64) for n in (2, 1))
    return dict(G=G, D=D, z_dim=2, opt_G=SGD(G.params, 0.1), opt_D=SGD(D.params, 0.1)) | options


@pytest.mark.parametrize("kind", [GAN, FeatureMatching, RelativisticGAN], ids=lambda kind: kind.__name__)
def test_the_gradient_that_g_gets_is_that_of_its_loss(kind, rng):
    gan = kind(**players())
    x, x_fake = rng.standard_normal((5, 2)), rng.standard_normal((5, 2))
    gradcheck.check_loss(lambda a: gan.generator_gradient(a, x), x_fake).raise_if_wrong()
    assert not gan.opt_D.g.any()


def test_feature_matching_by_hand(rng):
    """With f the identity (no layer of D) it is the squared distance of the means, whatever else differs."""
    gan = FeatureMatching(**players(), level=0)
    x = rng.standard_normal((6, 2))
    gap, dx = gan.generator_gradient(x + [3.0, 4.0], x)
    assert gap == pytest.approx(25)
    np.testing.assert_allclose(dx, np.tile([1.0, 4 / 3], (6, 1)))
    gap, dx = gan.generator_gradient(5 * (x - x.mean(0)) + x.mean(0), x)  # blown up, but with the same mean: nothing to learn
    assert gap == pytest.approx(0, abs=1e-20)


def test_instance_noise_falls_to_zero(rng):
    D = Sequential(GaussianNoise(0.5, rng=0), Dense(2, 1, rng=0))
    gan = InstanceNoise(**players(D=D, opt_D=SGD(D.params, 0.1)), std=0.5, steps=4)
    seen = []
    for _ in range(6):
        gan.train_step(rng.standard_normal((4, 2)), rng)
        seen.append(gan.D[0].std)
    np.testing.assert_allclose(seen, [0.5, 0.375, 0.25, 0.125, 0, 0])


def test_clipping_holds_after_every_step_and_before_the_first(rng):
    for gan, limit in ((WGAN.plane(rng=0), 0.1), (REMEDIES["collapsing+clipping"].build((2,), rng=0), 0.1)):
        assert max(np.abs(p.value).max() for p in gan.D.params) <= np.float32(limit)
        gan.train_step(rng.standard_normal((20, 2)).astype(np.float32), rng)
        assert max(np.abs(p.value).max() for p in gan.D.params) <= np.float32(limit)
        assert max(np.abs(p.value).max() for p in gan.G.params) > limit


def test_wgan_gp_by_hand(rng):
    """One step of a linear critic: L_D = E D(fake) − E D(x) + λ(‖w‖ − 1)²."""
    D = Sequential(Dense(2, 1, bias=False, rng=0)).astype(np.float64)
    options = players(D=D, opt_D=SGD(D.params, 0.1))
    gan = WGANGP(**options, weight=7.0, k=1)
    x, w = rng.standard_normal((5, 2)), D[0].W.value.copy()
    x_fake = gan.G(gan.noise(5, np.random.default_rng(3)))
    values = gan.step_D(x, np.random.default_rng(3))
    norm = np.linalg.norm(w)
    slope = (x_fake.mean(0) - x.mean(0))[:, None] + 2 * 7 * (norm - 1) * w / norm
    np.testing.assert_allclose(D[0].W.value, w - 0.1 * slope, rtol=1e-12)
    assert values["penalty"] == pytest.approx(7 * (norm - 1) ** 2) and values["d_loss"] == pytest.approx(float((x_fake - x).mean(0) @ w[:, 0]))


def test_each_row_of_the_table_changes_its_piece_only():
    base = REMEDIES["collapsing"].build((2,), rng=0)
    first = {name: type(recipe.build((2,), rng=0).D[0]) for name, recipe in REMEDIES.items()}
    gans = {name.removeprefix("collapsing+"): recipe.build((2,), rng=0) for name, recipe in REMEDIES.items()}
    for name, gan in gans.items():
        inner = gan.opt_D.optimizer if isinstance(gan.opt_D, HistoricalAveraging) else gan.opt_D
        assert inner.lr == {"working": 1e-3, "ttur": 4e-3}.get(name, 3e-4), name
        assert inner.betas == ((0.0, 0.99) if name == "working" else (0.9, 0.99)), name
        assert all((a == b).all() for a, b in zip(gan.G.state().values(), base.G.state().values())), name
        assert len(gan.penalties) == {"wgan-gp": 1, "dragan": 1, "r1": 1, "r1r2": 2, "relativistic+r1r2": 2}.get(name, 0), name
    assert {name for name, gan in gans.items() if type(gan.loss).__name__ != "NonSaturating"} == {
        "squares", "clipping", "wgan-gp", "spectral", "relativistic", "relativistic+r1r2"}
    assert (gans["smoothing"].loss.real_label, gans["smoothing"].loss.fake_label) == (0.9, 0.0)
    assert (gans["smoothing2"].loss.real_label, gans["smoothing2"].loss.fake_label) == (0.9, 0.1)
    assert isinstance(gans["minibatch"].D[-2], MinibatchDiscrimination) and gans["packing4"].D[0].m == 4 and gans["packing2"].D[0].m == 2
    assert first["collapsing+packing2"] is Pack and first["collapsing+noise"] is GaussianNoise
    assert sum(isinstance(layer, SpectralNorm) for layer in gans["spectral"].D) == 4 and gans["unrolled"].K == 5
    assert isinstance(gans["historical"].opt_G, HistoricalAveraging) and isinstance(gans["historical"].opt_D, HistoricalAveraging)
    assert remedies.REMEDIES.keys() == REMEDIES.keys()
