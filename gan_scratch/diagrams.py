"""Drawn diagrams of the lectures, in one style: solid arrows go forward, dashed ones are gradients that come back."""
from __future__ import annotations

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from gan_scratch.boxes import diagram
from gan_scratch.plot import BLACK, BLUE, GREEN, ORANGE, TITLE


def game(axis) -> None:
    """Who learns from what: the gradient of D's loss (blue) ends in D, that of G's (orange) goes through D into G."""
    texts = diagram(axis, {
        "z": (0, 1, "noise\n$z$"), "G": (1.1, 1, "$G$", ORANGE),
        "fake": (2.35, 1, "$x = G(z)$"), "real": (2.35, 0, "data $x$"),
        "D": (3.75, 0.5, "\n\n\n  $D$  \n\n\n", BLUE), "l": (4.95, 0.5, "logit\n$l$"),
        "loss of G": (6.35, 1, "loss\nof $G$", ORANGE), "loss of D": (6.35, 0, "loss\nof $D$", BLUE)}, [
        ("z", "G"), ("fake", "G", "trains $G$", ORANGE, "--"), ("G", "fake"),
        ("D", "fake", "", ORANGE, "--"), ("fake", "D"), ("real", "D"),
        ("D", "l"), ("l", "loss of G"), ("l", "loss of D"),
        ("loss of G", "D", "through $D$: its weights stay", ORANGE, "--"),
        ("loss of D", "D", "trains $D$", BLUE, "--")], size=20)
    inside = axis.transData.inverted()
    box = texts["D"].get_bbox_patch().get_window_extent().transformed(inside)
    lane = 10 / 72 * axis.figure.dpi * inside.get_matrix()[1, 1]  # D's arrow to G(z) is 10 points higher
    axis.plot([box.x0, box.x1], [1 + lane, 1], "--", color=ORANGE, lw=2.8, zorder=3)
    _key(axis, "lower left")


def graph(axis) -> None:
    """The computational graph of a dense layer, LeakyReLU and a loss, with the gradient at each arrow."""
    diagram(axis, {
        "x": (0, 1.2, "$x$"), "W": (0, 0, "$W$"), "b": (0, -1.2, "$b$"), "dense": (2.3, 0, "$x\\,W + b$", BLUE),
        "s": (3.5, 0, "$s$"), "phi": (5.1, 0, "$\\varphi$", BLUE), "y": (6.05, 0, "$y$"), "L": (7, 0, "$L$", GREEN)}, [
        ("dense", "x", "$dx = ds\\,W^\\top$", ORANGE, "--"), ("x", "dense"),
        ("dense", "W", "$dW = x^\\top ds$", ORANGE, "--"), ("W", "dense"),
        ("b", "dense"), ("dense", "b", "$db = \\Sigma\\,ds$", ORANGE, "--"),
        ("s", "dense", "", ORANGE, "--"), ("dense", "s"),
        ("phi", "s", "$ds = \\varphi'(s) \\cdot dy$", ORANGE, "--"), ("s", "phi"),
        ("y", "phi", "", ORANGE, "--"), ("phi", "y"), ("L", "y", "$dy$", ORANGE, "--"), ("y", "L")], size=20)
    _key(axis, "lower right")


def families(axis) -> None:
    """Deep generative models: those that write a density down, and the one that only draws samples."""
    models = {"autoregressive\nexactly": 0, "flow\nexactly": 1, "energy-based\nup to $Z$": 1.9, "VAE\nby a bound": 2.9}
    diagram(axis, {text: (x, 0, text, BLUE) for text, x in models.items()} | {
        "root": (2.6, 1.3, "deep generative models"), "density": (1.45, 0.65, "density written down", BLUE),
        "samples": (3.75, 0.65, "samples only", ORANGE), "GAN": (3.75, 0, "GAN\nno density", ORANGE)}, [
        ("root", "density"), ("root", "samples"), *(("density", text) for text in models), ("samples", "GAN")], size=20)


def unrolling(axis) -> None:
    """Two steps of D that G looks ahead, and the ways in which a fake acts on G's loss."""
    diagram(axis, {
        "z": (0, 0, "$z$"), "G": (1, 0, "$G$", ORANGE), "x": (2.2, 0, "$\\tilde x$"),
        "D0": (2.2, 1.3, "$\\theta_0$", BLUE), "D1": (4, 1.3, "$\\theta_1$", BLUE), "D2": (5.8, 1.3, "$\\theta_2$", BLUE),
        "L": (5.8, 0, "loss of $G$", GREEN)}, [
        ("z", "G"), ("G", "x"), ("D0", "D1", "first step of $D$"), ("D1", "D2", "second step of $D$"), ("x", "D1"), ("x", "D2"),
        ("x", "L", "directly"), ("D2", "L")], size=20)


def _key(axis, place: str) -> None:
    """Say what solid and dashed arrows mean."""
    handles = [Line2D([], [], color=BLACK, lw=2.8, ls=style, label=text)
               for style, text in (("-", "forward"), ("--", "gradient"))]
    axis.legend(handles=handles, loc=place, fontsize=18, frameon=False)


def window(image_axis, row_axis, rows_axis, x: np.ndarray, kernel: int, place: tuple[int, int]) -> None:
    """One window sliding over the picture x (H, W), the row that it becomes, and all rows: im2col with stride 1 and no padding.

    `place` is the window's upper left corner. The same cells have the same colour in all three.
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel))
    rows, number = windows.reshape(-1, kernel**2), place[0] * windows.shape[1] + place[1]
    style = {"cmap": "Blues", "vmin": x.min() - 1, "vmax": x.max() + 3}
    for axis, cells, title, frame in (
            (image_axis, x, "a window of $x$", (place[1], place[0], kernel, kernel)),
            (row_axis, rows[number:number + 1], "the row that it becomes", (0, 0, kernel**2, 1)),
            (rows_axis, rows, "all windows: im2col($x$)", (0, number, kernel**2, 1))):
        axis.imshow(cells, **style)
        for (i, j), value in np.ndenumerate(cells):
            axis.text(j, i, f"{value:g}", ha="center", va="center", fontsize=16)
        left, top, width, height = frame
        axis.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, fill=False, ec=ORANGE, lw=5))
        axis.set_axis_off()
        axis.set_title(title, fontsize=TITLE)


def matrix(axis, a: np.ndarray, title: str, size: float = 0) -> None:
    """A matrix (rows, columns) in colours: 0 is white, positive numbers blue, negative ones orange, deepest at ±size.

    Without `size` that is the largest entry.
    """
    size = size or np.abs(a).max() or 1
    colors = LinearSegmentedColormap.from_list("orange to blue", [ORANGE, "white", BLUE])
    axis.imshow(a, cmap=colors, vmin=-size, vmax=size)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.set_title(title, fontsize=TITLE)
