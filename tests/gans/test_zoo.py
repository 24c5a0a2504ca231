"""Every variant of the zoo on its own data: a few steps in which all moves that should and nothing else does, exact resume, its proof."""
import copy
import json
import warnings

import numpy as np
import pytest

from gan_scratch import backend, checkpoint, losses, runs
from gan_scratch.cli import main
from gan_scratch.data import Batches, load
from gan_scratch.data.batches import Unpaired
from gan_scratch.gans import VARIANTS, cyclegan
from gan_scratch.gans.biggan import PART, truncated
from gan_scratch.gans.cgan import in_turn
from gan_scratch.gans.recipe import labels
from gan_scratch.gans.vae import VAE, divergence
from gan_scratch.gradcheck import check_layer, derivative
from gan_scratch.layers import Conditional, LeakyReLU, ReLU, Softmax, SpectralNorm, StraightThrough, Tanh
from gan_scratch.losses import Hinge
from gan_scratch.proofs import PROOFS, ageing, bands, conditional, editing, quality, solids, stages
from gan_scratch.training import Trainer
from tests.gans.test_variants import ZOO

BATCH = 12


MOMENTS = {"progressive": (0, 350, 850, 1350, 1300, 1301), "stackgan": (0, 1, 1200, 1201), "stackgan-without-augmentation": (0, 1, 1200, 1201), "srgan": (0, 1, 500, 501)}
UNUSED = {"midinet-without-conditioner": "G.down1.0.W", "srgan-mse": "D.",
          "progressive-at-full-size": tuple(f"{net}{level}" for net in ("G.rgb", "D.from_rgb") for level in range(3))}  # what a comparison leaves out


def build(name, rng=0):
    """The GAN, and arrays of which a batch consists, as a tuple."""
    recipe = VARIANTS[name]
    source = load(recipe.data)
    arrays = (source.images, *recipe.conditions(source))
    gan = recipe.build(source.shape, *(a.shape[1:] for a in arrays[1:]), rng=rng)
    recipe.hand_inputs(gan, source)
    return gan, arrays


def batch_of(arrays, n=BATCH):
    parts = tuple(a[:n] for a in arrays)
    return parts if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("name", ZOO)
def test_two_steps(name, monkeypatch):
    gan, arrays = build(name)
    networks = checkpoint.networks(gan)
    rng, before = np.random.default_rng(0), {key: net.state() for key, net in networks.items()}
    step_G, seen = gan.opt_G.step, []
    others = [p for net in networks.values() for p in net.params if id(p) not in {id(q) for q in gan.opt_G.params}]

    def look():
        assert not any(p.grad.any() for p in others), "another network has gradients in G's step"
        values = [p.value.copy() for p in others]
        step_G()
        assert all((p.value == value).all() for p, value in zip(others, values)), "another network moved in G's step"
        seen.append(True)

    monkeypatch.setattr(gan.opt_G, "step", look)
    for moment in MOMENTS.get(name, (None, None)):
        if moment is not None:
            gan.clock.t = moment
        values = gan.train_step(batch_of(arrays), rng)
        assert all(v.dtype == np.float32 and np.ndim(v) == 0 and np.isfinite(v) for v in values.values())
    assert len(seen) == len(MOMENTS.get(name, (None, None)))
    for key, net in networks.items():
        moved = {k: (net.state()[k] != before[key][k]).any() for k in net.named_params()}
        last_bias = [*net.named_params(), None][-2:][0] if isinstance(getattr(gan, "loss", None), Hinge) else None  # 0 while all outputs lie within ±1
        unused = UNUSED.get(name, "none of them")
        assert all(m for k, m in moved.items() if k != last_bias and not k.endswith("real.b") and not f"{key}.{k}".startswith(unused)), f"{key}: {[k for k, m in moved.items() if not m]} did not move"
        assert all(p.value.dtype == p.grad.dtype == np.float32 for p in net.params)
    x = gan.sample(5, 0)
    assert x.shape == (5, *arrays[0].shape[1:]) and x.dtype == np.float32 and np.isfinite(x).all()
    assert (x == gan.sample(5, 0)).all()


@pytest.mark.parametrize("name", ZOO)
def test_resume_is_bitwise(name, tmp_path):
    def trainer(seed, steps=4):
        gan, arrays = build(name, seed)
        few = tuple(a[:2 * BATCH + 5] for a in arrays)
        if name in MOMENTS:
            gan.clock.t = MOMENTS[name][-2] - 2  # the two halves of the run are in different phases
        rows = Unpaired(*few) if VARIANTS[name].unpaired else few if len(few) > 1 else few[0]
        return Trainer(gan, Batches(rows, BATCH, seed), steps, rng=seed, out=tmp_path, frames=2, frame_size=4)

    whole = trainer(0)
    whole.run(progress=False)
    first = trainer(0)
    for _ in range(2):
        first._train_one()
    first.save()
    second = trainer(1)
    second.resume()
    second.run(progress=False)
    expected, _ = checkpoint.gan_state(whole.gan)
    found, _ = checkpoint.gan_state(second.gan)
    assert expected.keys() == found.keys() and all((expected[k] == found[k]).all() for k in expected)


FEWER = ((ageing, "N", 20), (bands, "N", 500), (conditional, "N", 500), (editing, "FIT", 500), (editing, "N", 100), (quality, "N", 500), (solids, "N", 150),
         (stages, "EACH", 5))  # pictures than the numbers of the zoo need


@pytest.mark.filterwarnings("ignore:.*begins its last phase")
@pytest.mark.parametrize("name", PROOFS)
def test_training_from_the_command_line_leaves_the_proof(name, tmp_path, monkeypatch, capsys):
    for module, number, fewer in FEWER:
        monkeypatch.setattr(module, number, fewer)
    monkeypatch.setattr(runs, "evaluate", lambda *args, evaluate=runs.evaluate: evaluate(*args[:2], 200, *args[3:]))
    monkeypatch.chdir(tmp_path)
    assert main(["train", name, "--steps", "3", "--batch", "8", "--out", "a run"]) == 0
    text, proof = capsys.readouterr().out, PROOFS[name]
    metrics = json.loads((tmp_path / "a run/metrics.json").read_text())
    columns = metrics["evaluation"]["proof"]["columns"]
    assert list(columns)[0] == name and (proof.baseline is None or list(columns)[1] == proof.baseline)
    assert set(columns[name]) == set(proof.rows) and all(np.isfinite(v) for v in columns[name].values())
    assert proof.claim in text and "mechanism.png" in text and (tmp_path / "a run/mechanism.png").stat().st_size > 20_000
    beside = tmp_path / "a run/baseline/checkpoint.npz"
    assert (checkpoint.load(beside)[1]["config"]["variant"] if beside.exists() else None) == proof.baseline
    assert main(["evaluate", "a run", "--n", "200", "--seed", "1", "--json", "n.json"]) == 0
    again = json.loads((tmp_path / "n.json").read_text())["evaluation"]["proof"]["columns"]
    assert again == columns
    assert main(["train", name, "--out", "a run", "--resume"]) == 2  # nothing is left to do


def test_a_baseline_that_was_stopped_is_finished(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trainer = runs.new("sagan", steps=4, batch=8, out=tmp_path)
    trainer.run(progress=False)
    half = runs.baseline(trainer.config, tmp_path)
    half._train_one()
    half.save()
    assert half.step == 1 and half.config["variant"] == "sagan-without-attention"
    assert main(["train", "sagan", "--out", ".", "--resume"]) == 0
    whole = runs.new("sagan-without-attention", steps=4, batch=8, out=tmp_path / "other")
    whole.run(progress=False)
    finished, _ = checkpoint.load(tmp_path / "baseline/checkpoint.npz")
    expected, _ = checkpoint.load(tmp_path / "other/checkpoint.npz")
    assert all((finished[key] == expected[key]).all() for key in expected if key.startswith(("G/", "D/")))


def test_alone_trains_no_comparison(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "sagan", "--steps", "2", "--batch", "8", "--out", "run", "--alone"]) == 0
    columns = json.loads((tmp_path / "run/metrics.json").read_text())["evaluation"]["proof"]["columns"]
    assert "sagan" in columns and "sagan-without-attention" not in columns and not (tmp_path / "run/baseline").exists()


def test_conditions_must_be_there(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (20, 14, 14, 1), np.uint8)
    np.savez(tmp_path / "x.npz", images=images)
    with pytest.raises(ValueError, match="needs labels; put the pictures of each class into a folder"):
        runs.new("cgan", tmp_path / "x.npz")
    with pytest.raises(ValueError, match="14, 14"):
        runs.new("biggan", "mnist")
    np.savez(tmp_path / "y.npz", images=images, labels=np.arange(20) % 3)
    gan = runs.new("cgan", tmp_path / "y.npz", batch=10).gan
    assert gan.classes == 3 and gan.sample(4, 0).shape == (4, 14, 14, 1)


def test_labels_in_turn():
    rows = in_turn(5, 3, np.zeros(1, np.float32))
    assert rows.argmax(1).tolist() == [0, 1, 2, 0, 1] and rows.dtype == np.float32
    data = load("mnist14")
    y, = labels(data)
    assert (y.argmax(1) == data.labels).all() and (y.sum(1) == 1).all()


@pytest.mark.parametrize("name", ["cgan", "acgan", "biggan"])
def test_the_class_reaches_the_image(name):
    gan, _ = build(name)
    y = np.eye(10, dtype=np.float32)
    zeros, ones = gan.sample(6, 3, np.repeat(y[:1], 6, 0)), gan.sample(6, 3, np.repeat(y[1:2], 6, 0))
    assert (np.abs(zeros - ones).max((1, 2, 3)) > 1e-4).all()


def test_the_generator_of_biggan_has_the_right_gradient(rng):
    gan, _ = build("biggan")
    assert isinstance(gan.D, Conditional)
    report = check_layer(gan.G, (rng.standard_normal((4, 3 * PART)), np.eye(10)[:4]), samples=4)
    report.raise_if_wrong()


# What each network minimises: the sum of these values of a step.
PLAIN = {"D": ["d_loss"], "G": ["g_loss"]}
OBJECTIVES = {"controlgan": {"C": ["class_real"], "D": ["d_loss"], "G": ["g_loss", "class_fake"]}, "controlgan-as-cgan": PLAIN, "3d-gan": PLAIN, "3d-gan-dense": PLAIN,
              "age-cgan": PLAIN | {"E": ["e_loss"], "FR": ["r_loss"]}, "stylegan": PLAIN, "progressive": PLAIN, "lapgan": PLAIN,
              "infogan": {"D": ["d_loss", "q_loss"], "head_D": ["d_loss"], "head_Q": ["q_loss"], "G": ["g_loss", "c_loss"]},
              "pix2pix": {"D": ["d_loss"], "G": ["g_loss", "l1"]}, "pix2pix-l1": {"G": ["l1"]}, "srgan": {"D": ["d_loss"], "G": ["g_loss", "features", "mse"]},
              "cyclegan": {"D_A": ["d_loss"], "D_B": ["d_loss"], "G": ["g_loss", "cycle", "identity"], "F": ["g_loss", "cycle", "identity"]},
              "stackgan": {"D": ["d_loss"], "G": ["g_loss", "kl"]}, "midinet": PLAIN, "rnn-gan": PLAIN, "rnn-gan-gru": PLAIN,
              "cgan": {"D": ["d_loss"], "G": ["g_loss"]}, "biggan": {"D": ["d_loss"], "G": ["g_loss"]}, "sagan": {"D": ["d_loss"], "G": ["g_loss"]},
              "acgan": {"D": ["d_loss", "class_real", "class_fake"], "G": ["g_loss", "class_loss"]},
              "vae": {"E": ["minus_elbo"], "G": ["minus_elbo"]}}


@pytest.mark.parametrize("name, moment", [(name, moment) for name in OBJECTIVES for moment in {"progressive": (350, 1350), "stackgan": (0, 1200), "srgan": (500,)}.get(name, (None,))])
def test_a_step_descends_what_it_says(name, moment, monkeypatch):
    """The gradients of a step against a central difference of the values that it returns, with the same draws.

    All parameters of a network move at once, each along its own gradient divided by its length, so that the slope is the
    sum of the lengths. A gradient with a wrong sign or factor, in any parameter, changes it (each layer's own gradients
    are tested in tests/layers).
    """
    gan, arrays = build(name)
    if name in ("cyclegan", "pix2pix", "pix2pix-l1"):  # smaller pictures: these are convolutional
        arrays = tuple(np.random.default_rng(3).uniform(-1, 1, (4, 16, 16, a.shape[-1])) for a in arrays)
        gan = VARIANTS[name].build(*(a.shape[1:] for a in arrays), rng=0)
    for net in [*checkpoint.networks(gan).values(), *getattr(gan, "features", [])]:
        net.astype(np.float64)
        for _, layer in net.modules():
            if isinstance(layer, SpectralNorm):
                layer.iterations = 0  # its vectors are constants in the gradient
            if isinstance(layer, StraightThrough):
                layer.__class__ = Softmax  # whose gradient it has
            if isinstance(layer, (ReLU, LeakyReLU)):
                layer.__class__ = Tanh  # thousands of kinks would blur the slope; their own gradients are tested in tests/layers
    if moment is not None:
        gan.clock.t = moment
    if name == "controlgan":
        gan.balance.gamma[...] = 0.7  # not 1, where it begins
    if name == "cyclegan":
        monkeypatch.setattr(cyclegan, "l1", losses.l2)  # |·| has a kink at every pixel: its own gradient is tested in test_losses.py
        for p in [*gan.G.params, *gan.F.params]:
            p.value *= 8  # from N(0, 0.02²) to He's: instance norm of numbers near 0 is too curved to measure its slope
    for part in [part for part in vars(gan) if part.startswith("opt_") or part.endswith("_ema")]:
        setattr(gan, part, Still(getattr(getattr(gan, part), "network", None)))
    rng = np.random.default_rng(4)
    batch = tuple(a[:4] + (0.01 * rng.standard_normal(a[:4].shape) if a.ndim > 2 else 0.0) for a in arrays)  # equal pixels would reach a kink together
    batch = batch if len(batch) > 1 else batch[0]
    used = copy.deepcopy(gan)
    used.train_step(batch, np.random.default_rng(5))
    for key, values in OBJECTIVES[name].items():
        params = checkpoint.networks(gan)[key].named_params()
        gradients = {k: p.grad for k, p in checkpoint.networks(used)[key].named_params().items()}
        lengths = {k: np.linalg.norm(g) for k, g in gradients.items()}
        begin, t = {k: p.value.copy() for k, p in params.items()}, np.zeros(1)

        def loss():
            for k, p in params.items():
                p.value[...] = begin[k] + t[0] * gradients[k] / max(lengths[k], 1e-300)
            result = copy.deepcopy(gan).train_step(batch, np.random.default_rng(5))
            return sum(float(result[v]) for v in values)

        slope, _ = derivative(loss, t, (0,))
        assert sum(lengths.values()) == pytest.approx(slope, rel=1e-4 if name == "cyclegan" else 2e-6), key


class Still:
    """An optimizer and an average that do nothing."""

    def __init__(self, network):
        self.network = copy.deepcopy(network)

    def step(self):
        pass

    update = restart = step


def test_the_divergence_and_the_bound(rng):
    """KL(N(μ, σ²) ‖ N(0, 1)) by the integral; and −ELBO of images without information is at least their entropy, 784 log 2."""
    mu, sigma = 0.7, 0.4
    t = np.linspace(-8, 8, 20001)
    q = np.exp(-((t - mu) / sigma) ** 2 / 2) / (sigma * np.sqrt(2 * np.pi))
    integral = np.trapezoid(q * (-((t - mu) / sigma) ** 2 / 2 - np.log(sigma) + t**2 / 2), t)
    assert divergence(np.array([[mu]]), np.array([[2 * np.log(sigma)]])) == pytest.approx(integral, rel=1e-8)
    assert divergence(np.zeros((5, 3)), np.zeros((5, 3))) == 0
    gan = VAE(rng=0)
    assert gan.minus_elbo(np.zeros((20, 28, 28, 1), np.float32), 0) >= 784 * np.log(2)


def test_truncation(rng):
    z = truncated(rng, (200, 50), 0.7)
    assert np.abs(z).max() <= 0.7 and abs(z.mean()) < 0.02
    assert z.std() == pytest.approx(0.391, rel=0.02)  # of N(0, 1) given |z| ≤ 0.7: √(1 − 2·0.7·φ(0.7)/(2Φ(0.7) − 1))
    gan, _ = build("biggan")
    with pytest.raises(ValueError, match="above 0"):
        gan.sample(3, 0, threshold=0.0)
    assert backend.to_host(gan.sample(20, 0, threshold=0.1)).std(0).mean() < backend.to_host(gan.sample(20, 0)).std(0).mean()


@pytest.mark.parametrize("name, last", [("stackgan", 1200), ("srgan", 500), ("progressive", 1500)])
def test_too_few_steps_for_all_phases_are_said(name, last):
    with pytest.warns(UserWarning, match=f"{name} begins its last phase at step {last}, so 20 steps leave it unfinished"):
        runs.new(name, steps=20, batch=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs.new(name, batch=8)
        runs.new("srgan-mse", steps=20, batch=8)
        runs.new("progressive-at-full-size", steps=20, batch=8)
