"""What can be set about a variant: gan-scratch train VARIANT --set NAME=VALUE, and what gan-scratch list VARIANT shows.

Two kinds: what the variant's `build` takes (sizes, weights of losses), and what every trained network has (learning
rates, Adam's β, the average of G, k, the loss, a penalty).
"""

from __future__ import annotations

import difflib
import inspect
import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable

from gan_scratch import penalties
from gan_scratch.gans.gan import GAN
from gan_scratch.gans.recipe import Recipe
from gan_scratch.layers import Layer
from gan_scratch.losses import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

LOSSES = {
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "least-squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
}
OF_BUILD = {
    "width": "how many channels the networks have, in units of their narrowest layer",
    "z_dim": "how many numbers z has",
    "lr": "learning rate of both networks",
    "weight": "weight of the variant's own term in the loss",
    "cycle": "weight of the cycle loss",
    "identity": "weight of the identity loss",
    "first": "steps of the first stage",
    "augmented": "conditioning augmentation, true or false",
    "mixing": "share of samples with two styles",
    "hears": "share of its own notes that G hears",
    "beta1": "Adam's β₁",
    "lr_D": "learning rate of D",
}


@dataclass(frozen=True)
class Setting:
    """One thing that can be set: its value now, what it means, what values are allowed, and how to set it after `build`
    (None: it is an argument of `build`)."""

    value: Any
    meaning: str
    allowed: Callable[[Any], bool] = lambda value: True  # noqa: E731
    expected: str = ""
    put: Callable[[Any], None] | None = None


def read(texts: list[str]) -> dict[str, str]:
    """{"lr": "0.001"} from ["lr=0.001"]. Raises ValueError."""
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise ValueError(f"--set expects NAME=VALUE, as in --set lr=0.001, got {text!r}")
        if name.strip() in given:
            raise ValueError(f"--set {name.strip()} is given twice")
        given[name.strip()] = value.strip()
    return given


def of_build(recipe: Recipe) -> dict[str, Setting]:
    """What `build` takes, by name."""
    arguments = inspect.signature(recipe.build).parameters.values()
    return {
        a.name: Setting(a.default, OF_BUILD[a.name], *_range(a.name))
        for a in arguments
        if a.kind is a.KEYWORD_ONLY and a.name in OF_BUILD and isinstance(a.default, (bool, int, float))
    }


def of_networks(gan) -> dict[str, Setting]:
    """What can be set on a GAN that is built, by name."""
    optimizers = {name.removeprefix("opt_"): part for name, part in vars(gan).items() if name.startswith("opt_")}
    rates = {opt.lr for opt in optimizers.values()}
    found = {
        "lr": Setting(
            rates.pop() if len(rates) == 1 else None,
            "learning rate of all networks",
            *_range("lr"),
            lambda value: [setattr(opt, "lr", value) for opt in optimizers.values()],
        )
    }
    for name, opt in optimizers.items():
        found[f"lr_{name}"] = Setting(opt.lr, f"learning rate of {name}", *_range("lr"), partial(setattr, opt, "lr"))
    adams = [opt for opt in optimizers.values() if hasattr(opt, "betas")]
    if adams:
        for i, name in enumerate(("beta1", "beta2")):
            found[name] = Setting(
                adams[0].betas[i], f"Adam's β{'₁₂'[i]}", *_range("beta"), partial(_set_beta, adams, i)
            )
    if hasattr(gan, "G_ema"):
        found["ema"] = Setting(
            gan.G_ema.decay,
            "decay of the average of G that samples come from; 0: G itself",
            *_range("beta"),
            partial(setattr, gan.G_ema, "decay"),
        )
    if hasattr(gan, "clip"):
        found["clip"] = Setting(
            gan.clip, "D's weights are kept in [−clip, clip]", *_range("lr"), partial(setattr, gan, "clip")
        )
    return found | (_of_the_game(gan) if isinstance(gan, GAN) else {})


def _of_the_game(gan: GAN) -> dict[str, Setting]:
    """What Algorithm 1 leaves open: k, the loss, a penalty."""
    found = {"k": Setting(gan.k, "steps of D for each step of G", *_range("k"), partial(setattr, gan, "k"))}
    if all(_twice(layer) for _, layer in gan.D.modules()):
        found["r1"] = Setting(
            0.0,
            "weight γ of the penalty R1 = γ/2 E‖∇D(x)‖² on D (lecture 08)",
            *_range("weight"),
            partial(_add_r1, gan),
        )
    names = {kind: name for name, kind in LOSSES.items()}
    if name := names.get(type(gan.loss)):
        found["loss"] = Setting(
            name,
            f"{', '.join(LOSSES)}",
            LOSSES.__contains__,
            f"one of {', '.join(LOSSES)}",
            lambda value: setattr(gan, "loss", LOSSES[value]()),
        )
    if isinstance(gan.loss, NonSaturating):
        found["real_label"] = Setting(
            gan.loss.real_label,
            "what D should say of real samples; 0.9 is one-sided smoothing",
            lambda v: 0.5 < v <= 1,
            "a number above 0.5, at most 1",
            partial(_smooth, gan),
        )
    return found


def _twice(layer: Layer) -> bool:
    """Whether a gradient penalty can pass through a layer."""
    return type(layer)._backward2 is not Layer._backward2 or type(layer).backward2 is not Layer.backward2


def _set_beta(adams: list, i: int, value: float) -> None:
    for opt in adams:
        opt.betas = (value, opt.betas[1]) if i == 0 else (opt.betas[0], value)


def _smooth(gan: GAN, label: float) -> None:
    if not isinstance(gan.loss, NonSaturating):
        raise ValueError("--set real_label is for the non-saturating loss, and another loss was set")
    gan.loss = NonSaturating(real_label=label)


def _add_r1(gan: GAN, gamma: float) -> None:
    if gamma:
        gan.penalties = [*gan.penalties, partial(penalties.r1, gamma=gamma)]


def _range(name: str) -> tuple[Callable[[Any], bool], str]:
    if name.startswith("lr"):
        return lambda v: 0 < v < math.inf, "a number above 0"
    if name.startswith("beta"):
        return lambda v: 0 <= v < 1, "a number from 0 to below 1"
    if name in ("k", "width", "z_dim"):
        return lambda v: v >= 1, "a whole number of at least 1"
    return lambda v: 0 <= v < math.inf, "a number of at least 0"


def build(recipe: Recipe, shape: tuple, conditions: list, settings: dict | None = None, **options):
    """The recipe's GAN with these settings.

    Args:
        settings: name -> value, as text (from the command line) or as it stands in a checkpoint. options: rng, device.

    Returns: the GAN, and the settings as values. Raises ValueError that names what can be set.
    """
    settings, first = settings or {}, of_build(recipe)
    given = {name: _value(name, text, first[name]) for name, text in settings.items() if name in first}
    gan = recipe.build(shape, *conditions, **given, **options)
    later = of_networks(gan)
    known = later | first
    for name in settings:
        if name not in known:
            near = [each for each in known if each.lower() == name.lower()] or difflib.get_close_matches(name, known, 1)
            raise ValueError(
                f"there is no setting {name!r} here"
                + (f", did you mean {near[0]}?" if near else "")
                + f"; what can be set is {', '.join(sorted(known))}"
            )
    for name in sorted(
        settings.keys() - first.keys(), key=lambda name: (name not in ("loss", "lr"), name)
    ):  # lr before lr_D
        given[name] = _value(name, settings[name], later[name])
        later[name].put(given[name])
    return gan, {name: given[name] for name in settings}


def _value(name: str, text: Any, setting: Setting) -> Any:
    """A setting's text as the value that it means."""
    kind = type(setting.value) if setting.value is not None else float
    try:
        value = (
            text
            if not isinstance(text, str)
            else {"true": True, "false": False}[text.lower()]
            if kind is bool
            else kind(text)
        )
    except (KeyError, ValueError):
        value = None
    if value is None or not setting.allowed(value):
        expected = "true or false" if kind is bool else setting.expected
        raise ValueError(f"--set {name}={text}: expected {expected}")
    return value


def agrees(value: Any, text: str) -> bool:
    """Whether a text means this value of a setting."""
    try:
        return text.lower() == str(value).lower() if isinstance(value, bool) else type(value)(text) == value
    except ValueError:
        return False


def table(recipe: Recipe, shape: tuple, conditions: list) -> list[str]:
    """A line for each setting: name = value, meaning."""
    known = of_networks(recipe.build(shape, *conditions, rng=0)) | of_build(recipe)
    shown = {
        name: "each its own"
        if setting.value is None
        else f"{setting.value:g}"
        if isinstance(setting.value, float)
        else setting.value
        for name, setting in known.items()
    }
    return [f"{name:12}{shown[name]!s:16}{setting.meaning}" for name, setting in known.items()]
