"""Drawn diagrams of the lectures, in one style: solid arrows go forward, dashed ones are gradients that come back."""
from __future__ import annotations

from matplotlib.lines import Line2D

from gan_scratch.plot import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, diagram


def game(axis) -> None:
    """Who learns from what: the gradient of D's loss (blue) ends in D, that of G's loss (orange) passes through D into G."""
    diagram(axis, {
        "z": (0, 1, "noise\nz"), "G": (1, 1, "G", ORANGE), "x": (2.15, 1, "G(z)"), "data": (2.15, 0, "data\nx"),
        "D": (3.5, 1, "D", BLUE), "l": (4.6, 1, "logit\nl"),
        "G's loss": (5.9, 2, "loss of G", ORANGE), "D's loss": (5.9, 0, "loss of D", BLUE)}, [
        ("z", "G"), ("G", "x"), ("x", "D"), ("data", "D"), ("D", "l"), ("l", "G's loss"), ("l", "D's loss"),
        ("D's loss", "D", "trains D", BLUE, "--"),
        ("G's loss", "D", "through D,\nwhose weights stay", ORANGE, "--"),
        ("D", "x", "", ORANGE, "--"), ("x", "G", "trains G", ORANGE, "--")])
    _key(axis)


def graph(axis) -> None:
    """The computational graph of a dense layer, LeakyReLU and a loss, with the gradient at each arrow."""
    diagram(axis, {
        "x": (0, 2, "$x$"), "W": (0, 1, "$W$"), "b": (0, 0, "$b$"), "dense": (2, 1, "$x\\,W + b$", BLUE), "s": (3.3, 1, "$s$"),
        "phi": (4.6, 1, "$\\varphi$", BLUE), "y": (5.9, 1, "$y$"), "L": (7.1, 1, "$L$", GREEN)}, [
        ("x", "dense"), ("W", "dense"), ("b", "dense"), ("dense", "s"), ("s", "phi"), ("phi", "y"), ("y", "L"),
        ("L", "y", "$dy$", ORANGE, "--"), ("y", "phi", "", ORANGE, "--"),
        ("phi", "s", "$ds = \\varphi'(s) \\cdot dy$", ORANGE, "--"), ("s", "dense", "", ORANGE, "--"),
        ("dense", "x", "$dx = ds\\,W^\\top$", ORANGE, "--"), ("dense", "W", "$dW = x^\\top ds$", ORANGE, "--"),
        ("dense", "b", "$db = \\Sigma\\,ds$", ORANGE, "--")], size=20)
    _key(axis)


def families(axis) -> None:
    """Deep generative models: those that write a density down, and the one that only draws samples."""
    models = ("autoregressive", "flow", "energy-based\nup to Z", "VAE\nby a bound")
    boxes = {name: (i, 0, name, BLUE) for i, name in enumerate(models)}
    diagram(axis, boxes | {
        "root": (2.5, 2, "deep generative models"), "density": (1.5, 1, "density written down", BLUE),
        "samples": (4, 1, "samples only", ORANGE), "GAN": (4, 0, "GAN", ORANGE)}, [
        ("root", "density"), ("root", "samples"), *(("density", name) for name in models), ("samples", "GAN")])


def _key(axis) -> None:
    """Say at the upper left what solid and dashed arrows mean."""
    axis.legend(handles=[Line2D([], [], color=BLACK, lw=2.8, label="forward"),
                         Line2D([], [], color=BLACK, lw=2.8, ls="--", label="gradient, back")],
                loc="upper left", fontsize=16, frameon=False)
