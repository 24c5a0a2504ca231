"""What a variant's own parts promise: pyramids that lose nothing, levels that fade in, pools, bridges from captions to codes."""
import numpy as np
import pytest
from PIL import Image

from gan_scratch.data import load
from gan_scratch.data.pairs import edges, held_out, holes, partners, smaller, styles
from gan_scratch.gans import VARIANTS, agecgan, controlgan, infogan, lapgan, midinet, pix2pix, progressive, rnn_gan, srgan, stackgan, stylegan
from gan_scratch.gans.cyclegan import POOL, Pool
from gan_scratch.gans.progressive import PHASES, TOP, ProgressiveGAN, blended, shrunk
from gan_scratch.gradcheck import check_layer, derivative
from gan_scratch.layers import GRU, LSTM, SimpleRNN, Softmax, StraightThrough, Upsample
from gan_scratch.losses import softmax_cross_entropy


def softened(net):
    """A network whose choices are distributions, of which straight-through has the gradient."""
    for _, layer in net.modules():
        if isinstance(layer, StraightThrough):
            layer.__class__ = Softmax
    return net


# --- custom networks: every gradient, also that of the inputs ------------------------------------------------------------------

def normal(rng, *shapes):
    return tuple(rng.standard_normal(shape) for shape in shapes)


NETWORKS = {
    "U-Net 16": lambda r: (pix2pix.UNet(16, 2, 1, r), r.standard_normal((3, 16, 16, 2))),
    "U-Net 12": lambda r: (pix2pix.UNet(12, 1, 3, r), r.standard_normal((3, 12, 12, 1))),
    "midinet": lambda r: (softened(midinet.Generator(r)), normal(r, (4, 32), (4, 16, 24))),
    **{f"melody by {cell.__name__}": lambda r, cell=cell: (softened(rnn_gan.Generator(cell(16 + 24 + 1, 7, rng=r), r)), normal(r, (3, 16, 16), (3, 16, 24)))
       for cell in (LSTM, GRU, SimpleRNN)},
    "stage I": lambda r: (stackgan.StageI(10, 3, True, r), normal(r, (7, 16), (7, 16), (7, 10))),
    "stage II": lambda r: (stackgan.StageII(10, 3, False, r), normal(r, (3, 8, 8, 3), (3, 16), (3, 10))),
    "encoder": lambda r: (agecgan.Encoder(4, r), normal(r, (3, 32, 32, 1), (3, 4))),
    "enlarger": lambda r: (srgan.Enlarger((3, 4), r), r.standard_normal((3, 3, 4, 1))),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_networks(name, rng, monkeypatch):
    monkeypatch.setattr(stackgan, "KL", 0.0)  # its gradient belongs to the loss, not to the output
    net, inputs = NETWORKS[name](rng)
    for _, layer in net.modules():
        if hasattr(layer, "std"):
            layer.std = 0.0
    check_layer(net, inputs, samples=4).raise_if_wrong()


def test_the_style_generator_has_the_right_gradient(rng):
    """Its cut is no number to differentiate by: central differences of its parameters and of both z."""
    G = stylegan.Generator(3, rng).astype(np.float64)
    for _, layer in G.modules():
        if hasattr(layer, "strength"):
            layer.strength.value[...] = rng.standard_normal(layer.strength.value.shape)
    z1, z2, cut = *normal(rng, (3, 32), (3, 32)), np.array([0.0, 3.0, 6.0])
    dy = rng.standard_normal((3, 16, 16, 3))
    states = {name: layer.rng.bit_generator.state for name, layer in G.modules() if hasattr(layer, "strength")}

    def forward():
        for name, layer in G.modules():
            if name in states:
                layer.rng.bit_generator.state = states[name]
        return G.forward((z1, z2, cut))

    dz1, dz2, _ = G.backward(dy, forward()[1])
    assert not dz1[0].any() and dz2[0].any() and dz1[2].any() and not dz2[2].any()  # cut 0: only the second, 6: only the first
    for d, z in ((dz1, z1), (dz2, z2)):
        place = np.unravel_index(np.abs(d).argmax(), d.shape)
        assert d[place] == pytest.approx(derivative(lambda: float((dy * forward()[0]).sum()), z, place)[0], rel=1e-3)


@pytest.mark.parametrize("level, alpha", [(0, 1.0), (1, 0.3), (2, 1.0), (3, 0.6)])
@pytest.mark.parametrize("name", ["G", "D"])
def test_growing_networks_have_the_right_gradient(name, level, alpha, rng):
    make, x = {"G": (progressive.Generator, rng.standard_normal((2, 32))), "D": (progressive.Discriminator, rng.standard_normal((2, 4 * 2**level, 4 * 2**level, 3)))}[name]
    net = make(3, rng).astype(np.float64)
    dy = rng.standard_normal(net.forward((x, level, alpha))[0].shape)
    dx = net.backward(dy, net.forward((x, level, alpha))[1])
    loss = lambda: float((dy * net.forward((x, level, alpha))[0]).sum())  # noqa: E731
    for gradient, values in ((dx, x), *((p.grad, p.value) for p in net.params if p.grad.any())):
        place = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        assert gradient[place] == pytest.approx(derivative(loss, values, place)[0], rel=2e-3)
    used = {name for name, p in net.named_params().items() if p.grad.any()}
    levels = {int(name[-1]) for name in (n.split(".")[0] for n in used) if "rgb" in name}
    assert levels == ({level, level - 1} if alpha < 1 else {level})


# --- growing ----------------------------------------------------------------------------------------------------------------

def test_levels_follow_each_other_and_alpha_rises():
    gan = ProgressiveGAN(rng=0)
    course = [gan.growth(t) for t in range(sum(map(sum, PHASES)) + 50)]
    assert [level for level, _ in course] == sorted(level for level, _ in course) and course[-1] == (TOP, 1.0)
    for level, (fading, standing) in enumerate(PHASES):
        alphas = [alpha for at, alpha in course if at == level]
        np.testing.assert_allclose(alphas[:fading], (np.arange(fading) + 1) / max(1, fading))
        assert set(alphas[fading:]) == {1.0} and (level == TOP or len(alphas) == fading + standing)


def test_fading_in_begins_where_the_level_before_ended(rng):
    """With α = 0 the larger networks give what the smaller ones gave."""
    gan = ProgressiveGAN(rng=0)
    z, x = rng.standard_normal((3, 32)).astype(np.float32), rng.standard_normal((3, 16, 16, 3)).astype(np.float32)
    np.testing.assert_allclose(gan.G.forward((z, 2, 0.0))[0], Upsample(2)(gan.G.forward((z, 1, 1.0))[0]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gan.D.forward((x, 2, 0.0))[0], gan.D.forward((shrunk(x, 1), 1, 1.0))[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(blended(x, 0.25), 0.25 * x + 0.75 * Upsample(2)(shrunk(x, 1)), rtol=1e-6)
    assert gan.sample(2, 0).shape == (2, 32, 32, 3) and len(np.unique(gan.sample(1, 0)[0, :8, :8, 0])) == 1


# --- pyramids ---------------------------------------------------------------------------------------------------------------

def test_the_pyramid_loses_nothing():
    x = load("fashion_mnist").images[:20]
    h14, h28, I7 = lapgan.bands(x)
    np.testing.assert_allclose(lapgan.enlarged(lapgan.enlarged(I7) + h14) + h28, x, atol=1e-6)
    np.testing.assert_allclose(shrunk(h28, 1), 0, atol=1e-6)  # a band has no mean within a block: nothing stands in it twice
    assert I7.shape == (20, 7, 7, 1) and h14.shape == (20, 14, 14, 1)


def test_bilinear_enlargement_is_pillows():
    a = np.random.default_rng(0).random((1, 6, 5, 1)).astype(np.float32)
    ours = srgan.bilinear(6) @ a[0, ..., 0] @ srgan.bilinear(5).T
    np.testing.assert_allclose(ours, np.asarray(Image.fromarray(a[0, ..., 0]).resize((20, 24), Image.Resampling.BILINEAR)), atol=1e-5)


# --- pools, codes, captions, control ------------------------------------------------------------------------------------------

def test_the_pool_shows_earlier_fakes_half_of_the_time(rng):
    pool, shown = Pool((1,)), []
    for t in range(400):
        fakes = np.arange(4 * t, 4 * t + 4, dtype=np.float32)[:, None]
        out = pool.exchanged(fakes, rng)
        assert t >= POOL // 4 or (out == fakes).all()  # until it is full
        shown.append((out != fakes).mean())
    assert pool.count == POOL and abs(np.mean(shown[20:]) - 0.5) < 0.05
    assert len(np.unique(pool.images)) == POOL  # nothing is in it twice
    again = Pool((1,))
    again.load_state(pool.state())
    assert (again.images == pool.images).all() and again.count == POOL


def test_surprise_is_cross_entropy_and_a_gaussian(rng):
    guess, c = rng.standard_normal((5, 12)), np.zeros((5, 12))
    c[np.arange(5), [1, 3, 5, 7, 9]] = 1
    c[:, 10:] = rng.uniform(-1, 1, (5, 2))
    value, d = infogan.surprise(guess, c)
    by_hand = softmax_cross_entropy(guess[:, :10], np.array([1, 3, 5, 7, 9]))[0] + np.mean(((guess[:, 10:] - c[:, 10:]) ** 2).sum(1) / 2)
    assert value == pytest.approx(by_hand)
    for place in [(0, 1), (2, 8), (3, 10), (4, 11)]:
        assert d[place] == pytest.approx(derivative(lambda: infogan.surprise(guess, c)[0], guess, place)[0], rel=1e-6)


def test_the_bound_is_zero_for_a_head_that_knows_nothing_and_log_k_at_most():
    gan = infogan.InfoGAN(rng=0)
    for p in gan.head_Q.params:
        p.value[...] = 0
    assert gan.information(200, 0) == pytest.approx(0, abs=1e-6)
    assert infogan.InfoGAN(rng=1).information(200, 0) < np.log(infogan.K)


def test_named_attributes(rng):
    out, y = rng.standard_normal((6, 30)), controlgan.combinations(6, np.zeros(1))
    value, d = controlgan.named(out, y)
    groups = np.split(out, (26, 28), axis=1), np.split(y, (26, 28), axis=1)
    assert value == pytest.approx(sum(softmax_cross_entropy(o, t.argmax(1))[0] for o, t in zip(*groups)))
    assert d[2, 27] == pytest.approx(derivative(lambda: controlgan.named(out, y)[0], out, (2, 27))[0], rel=1e-6)
    rows = controlgan.combinations(104, np.zeros(1, np.float32))
    assert len(np.unique(rows, axis=0)) == 104 and (rows.sum(1) == 3).all()


def test_the_control_raises_gamma_while_fakes_are_harder_to_name():
    data = load("glyphs")
    batch = data.images[:32], controlgan.attributes(data)[0][:32]
    gan = controlgan.ControlGAN(rng=0)
    values = gan.train_step(batch, np.random.default_rng(0))
    step = controlgan.RATE * (values["class_fake"] / 1.0 - controlgan.E * values["class_real"])  # γ was 1
    assert values["gamma"] == pytest.approx(1 + step, rel=1e-5) and step != 0
    gan.balance.gamma = np.float32(controlgan.LIMIT)
    gan.C.params[-1].value[...] = 0
    assert gan.train_step(batch, np.random.default_rng(0))["gamma"] <= controlgan.LIMIT


def test_contrast_has_the_right_gradient_and_minimum(rng):
    h, again = normal(rng, (5, 32), (5, 32))
    value, dh, dagain = agecgan.contrast(h, again)
    for d, x in ((dh, h), (dagain, again)):
        assert d[1, 4] == pytest.approx(derivative(lambda: agecgan.contrast(h, again)[0], x, (1, 4))[0], rel=1e-5)
    own = np.eye(5, 32) * 32**0.5
    assert agecgan.contrast(own, own)[0] == pytest.approx(np.log(np.e**10 + 4) - 10) and agecgan.contrast(own, np.roll(own, 1, 0))[0] > 9.9


def test_augmentation(rng):
    augment = stackgan.Augment(10, rng, drawn=True).astype(np.float64)
    t, eps = np.eye(10)[:4], rng.standard_normal((4, 16))
    c_hat, ctx = augment.forward((t, eps))
    mu, sigma, *_ = ctx
    np.testing.assert_allclose(c_hat, mu + sigma * eps)
    by_hand = 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma**2)).sum() / 4
    assert augment.divergence(t) == pytest.approx(by_hand)
    dc = rng.standard_normal(c_hat.shape)
    augment.backward(dc, ctx)
    loss = lambda: float((dc * augment.forward((t, eps))[0]).sum() + stackgan.KL * augment.divergence(t))  # noqa: E731
    W = augment.dense.W
    for place in [(0, 3), (2, 20)]:  # of μ and of v
        assert W.grad[place] == pytest.approx(derivative(loss, W.value, place)[0], rel=1e-6)
    assert stackgan.Augment(10, rng, drawn=False).divergence(t.astype(np.float32)) == 0


def test_optimised_codes_come_nearer_to_what_they_are_optimised_for():
    data = load("faces")
    gan = agecgan.AgeCGAN(rng=0)
    x, y = data.images[:4], np.eye(4, dtype=np.float32)[data.labels[:4]]
    z0 = gan.encode(x, y)

    def far(z):
        return np.linalg.norm(gan.FR(gan.aged(z, y)) - gan.FR(x), axis=1).mean()

    def pixels(z):
        return ((gan.aged(z, y) - x) ** 2).mean()

    assert far(gan.optimise(z0, x, y, steps=20)) < far(z0)
    assert pixels(gan.optimise(z0, x, y, identity=False, steps=20)) < pixels(z0)


# --- pairs ------------------------------------------------------------------------------------------------------------------

def test_outlines_and_styles():
    faces = load("emoji_faces")
    data = edges(faces)
    assert data.images.shape == (101, 32, 32, 3) and data.test_images.shape == (26, 32, 32, 3)
    a, = partners(data)
    assert a.shape == (101, 32, 32, 1) and a.min() == -1 and a.max() == 1
    whole = np.concatenate([data.images, data.test_images])
    assert len(np.unique(whole, axis=0)) == len(np.unique(faces.extra["twemoji"], axis=0))  # a split: none in both parts
    flat = partners(held_out(data))[0][0, ..., 0] == -1
    assert flat.mean() > 0.3  # no outline where nothing changes
    np.testing.assert_array_equal(partners(styles(faces))[0], faces.images)


def test_holes_and_smaller_images():
    data = load("mnist")
    a, = holes(data)
    hole = a[..., -1:] > 0
    assert a.shape == (5000, 28, 28, 2) and (hole.sum((1, 2, 3)) == 11**2).all()
    np.testing.assert_array_equal(np.where(hole, 0, data.images), a[..., :1])
    assert len(np.unique(hole.reshape(5000, -1), axis=0)) > 100
    np.testing.assert_array_equal(holes(data)[0], a)
    np.testing.assert_allclose(smaller(data)[0][3, 2, 4, 0], data.images[3, 8:12, 16:20].mean(), rtol=1e-5)
    with pytest.raises(ValueError, match="can't be made four times smaller"):
        smaller(load("mnist14"))


@pytest.mark.parametrize("name", ["pix2pix", "midinet", "stackgan"])
def test_a_gan_without_inputs_says_what_is_missing(name):
    shapes = {"pix2pix": ((32, 32, 3), (32, 32, 1)), "midinet": ((2, 16, 24),), "stackgan": ((32, 32, 3), (10,))}[name]
    gan = VARIANTS[name].build(*shapes, rng=0)
    with pytest.raises(ValueError, match="or set .inputs"):
        gan.sample(3, 0)


@pytest.mark.parametrize("name", [n for n in VARIANTS if VARIANTS[n].conditions is not None and n in (
    "controlgan", "age-cgan", "infogan", "lapgan", "progressive", "stylegan", "3d-gan", "midinet", "stackgan")])
def test_shapes_that_a_variant_cannot_make(name):
    with pytest.raises(ValueError, match="not"):
        VARIANTS[name].build((20, 20, 1), rng=0)


def test_volumes_are_asked_for_by_name():
    with pytest.raises(ValueError, match=r"makes volumes .*, not samples of shape \(28, 28, 1\); the data called voxels"):
        VARIANTS["3d-gan"].suited_to((28, 28, 1))
