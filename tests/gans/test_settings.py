"""--set: every variant tells what can be set, sets it, keeps it, and refuses the rest by name."""
import numpy as np
import pytest

from gan_scratch import clinic, runs
from gan_scratch.gans import VARIANTS, settings
from gan_scratch.gans.gan import GAN
from gan_scratch.losses import Hinge


def made(name, **values):
    trainer = runs.new(name, settings=values)
    return trainer.gan, trainer.config["settings"]


@pytest.mark.parametrize("name", VARIANTS)
def test_each_setting_of_each_variant_can_be_set_and_does_something(name):
    gan, _ = made(name)
    recipe, config = VARIANTS[name], runs.new(name).config
    known = settings.of_networks(gan) | settings.of_build(recipe)
    assert {"lr", "lr_G"} <= known.keys() and all(setting.meaning for setting in known.values())
    other = {"loss": "hinge" if known.get("loss") and known["loss"].value != "hinge" else "minimax", "real_label": 0.8, "r1": 2.0, "k": 4, "augmented": False}
    for key, setting in known.items():
        value = other.get(key, 3 if isinstance(setting.value, int) else 0.25)
        changed, kept = settings.build(recipe, config["shape"], config["conditions"], {key: str(value)}, rng=0)
        assert kept == {key: value}
        before, after = (settings.of_networks(each) | settings.of_build(recipe) for each in (gan, changed))
        if setting.put and key != "r1":
            assert after[key].value == value != before[key].value


def test_the_order_of_settings_does_not_matter():
    for order in (["lr_D=0.5", "lr=0.25"], ["lr=0.25", "lr_D=0.5"]):
        gan, kept = made("mlp", **settings.read(order))
        assert gan.opt_D.lr == 0.5 and gan.opt_G.lr == 0.25 and kept == {"lr_D": 0.5, "lr": 0.25}
    gan, _ = made("mlp", loss="hinge", beta1="0.25", r1="1", k="4")
    assert isinstance(gan.loss, Hinge) and gan.opt_G.betas == (0.25, 0.999) == gan.opt_D.betas and len(gan.penalties) == 1 and gan.k == 4


@pytest.mark.filterwarnings("ignore:.*begins its last phase")
@pytest.mark.parametrize("name", [name for name in VARIANTS if "+" not in name])
def test_r1_trains_wherever_it_is_offered(name):
    """The penalty needs the derivative of D's backward pass."""
    trainer = runs.new(name, settings={}, steps=2, batch=8)
    if not isinstance(trainer.gan, GAN) or "r1" not in settings.of_networks(trainer.gan):
        pytest.skip("not offered")
    trainer = runs.new(name, settings={"r1": 1.0}, steps=1, batch=8 * trainer.gan.k)
    trainer.run(progress=False)
    assert np.isfinite(trainer.history[-1]["penalty"])


@pytest.mark.parametrize("texts, message", [
    (["lr"], "--set expects NAME=VALUE, as in --set lr=0.001, got 'lr'"),
    (["lr=1", "lr=2"], "--set lr is given twice"),
    (["lr=fast"], "--set lr=fast: expected a number above 0"),
    (["lr=-1"], "expected a number above 0"),
    (["lr=nan"], "expected a number above 0"),
    (["k=1.5"], "--set k=1.5: expected a whole number of at least 1"),
    (["beta1=1"], "expected a number from 0 to below 1"),
    (["loss=sharp"], "expected one of minimax, non-saturating, least-squares, hinge, wasserstein"),
    (["lr_d=1"], "no setting 'lr_d' here, did you mean lr_D\\?; what can be set is beta1, beta2, ema, k, loss, lr, lr_D, lr_G"),
    (["depth=3"], "no setting 'depth' here.*what can be set is"),
    (["loss=hinge", "real_label=0.9"], "real_label is for the non-saturating loss"),
])
def test_what_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        made("mlp", **settings.read(texts))


def test_settings_stand_in_the_checkpoint(tmp_path):
    trainer = runs.new("dcgan", steps=3, batch=8, settings={"width": "8", "lr": "0.001", "r1": "1"}, out=tmp_path)
    trainer.run(progress=False)
    gan, config = runs.reopened(tmp_path)
    assert config["settings"] == {"width": 8, "lr": 0.001, "r1": 1.0} and gan.opt_D.lr == 0.001 and len(gan.penalties) == 1
    again, whole = runs.resumed(tmp_path, 6), runs.new("dcgan", steps=6, batch=8, settings={"width": 8, "lr": 0.001, "r1": 1.0})
    again.run(progress=False), whole.run(progress=False)
    for a, b in zip(again.gan.G.params, whole.gan.G.params):
        np.testing.assert_array_equal(a.value, b.value)


def test_what_warnings_advise_is_possible():
    known = settings.of_networks(made("mlp")[0])
    for sign in clinic.SIGNS:
        for word in sign.settings.split():
            assert "=" not in word or word.split("=")[0] in known, sign.name


@pytest.mark.parametrize("value, text, same", [(0.001, "1e-3", True), (0.001, "0.0010", True), (0.001, "0.002", False), (8, "8", True), (8, "x", False),
                                               (True, "true", True), (False, "True", False), ("hinge", "hinge", True)])
def test_a_resumed_run_may_be_given_its_own_settings(value, text, same):
    assert settings.agrees(value, text) == same
