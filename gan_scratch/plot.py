"""Figures that lectures, exercises and the command line share: large type, axes with names, colours that colour-blind people
tell apart (Okabe & Ito)."""
from __future__ import annotations

import io
import math
import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gan_scratch.data.images import to_bytes
from gan_scratch.data.melodies import PITCHES, STEPS, rolls
from gan_scratch.data.voxels import views
from gan_scratch.files import replacing

TITLE = 18
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
PURPLE = "#CC79A7"
BLACK = "#000000"
SKY = "#56B4E9"
COLORS = (BLUE, ORANGE, GREEN, PURPLE, GREY)  # in this order curves get theirs; RED looks like ORANGE from afar
STYLE = {"font.size": 15, "axes.grid": True, "grid.alpha": 0.3, "axes.spines.top": False,
         "axes.spines.right": False, "figure.constrained_layout.use": True}


def figure(width: float, height: float, rows: int = 1, columns: int = 1, **options):
    """A figure in the course's style, in inches, without touching pyplot's state; returns the figure and its axes."""
    with matplotlib.rc_context(STYLE):
        fig = Figure(figsize=(width, height))
        return fig, fig.subplots(rows, columns, **options)


def save(fig: Figure, path: Path) -> None:
    """Write a figure as PNG, replacing the file in one go."""
    with replacing(path) as temporary:
        fig.savefig(temporary, dpi=100, format="png")


def show(fig: Figure) -> None:
    """Show a figure in a notebook (JupyterLab, VS Code, Colab); elsewhere do nothing."""
    if "IPython" not in sys.modules or sys.modules["IPython"].get_ipython() is None:
        return
    from IPython.display import Image as Picture, display

    file = io.BytesIO()
    fig.savefig(file, dpi=100, format="png")
    display(Picture(file.getvalue(), width=int(50 * fig.get_figwidth())))


def curves(axis, x: np.ndarray, curves: dict[str, np.ndarray], colors: tuple[str, ...] = COLORS,
           styles: tuple[str, ...] = ("-",), lw: float = 3.5) -> None:
    """Draw named curves, each (n,), over x (n,), in colours and styles that start again when they are used up.

    A curve named "" gets no entry in the legend, which `name` draws.
    """
    for i, (label, y) in enumerate(curves.items()):
        axis.plot(x, y, styles[i % len(styles)], color=colors[i % len(colors)], lw=lw, label=label or None)


def name(axis, title: str = "", xlabel: str = "", ylabel: str = "", legend: str | None = "best", **limits) -> None:
    """Give an axis its title, the names of its axes, its limits and a legend.

    Args:
        legend: its place, if anything has a label; None draws none.
        limits: what `axis.set` takes, such as xlim, ylim, xscale, yscale.
    """
    given = {key: text for key, text in (("xlabel", xlabel), ("ylabel", ylabel)) if text}
    axis.set(**given, **limits)
    if title:
        axis.set_title(title, fontsize=TITLE)
    if legend and axis.get_legend_handles_labels()[0]:
        axis.legend(loc=legend, fontsize=14)


def pictures(x: np.ndarray) -> np.ndarray:
    """Images (N, H, W, C) as they are; volumes (N, 16, 16, 16, 1) as seen from the front; pairs of bars (N, 2, 16, 24) as piano rolls."""
    if x.ndim == 5:
        return views(x, 48)
    return rolls(x) if x.shape[1:] == (2, STEPS, PITCHES) else x


def grid(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Images (N, H, W, C) in [−1, 1], or what `pictures` makes images of, side by side in rows: (rows·(H + gap) + gap, …, C) uint8, white
    between them."""
    images = pictures(images)
    n, h, w, c = images.shape
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 255, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = (i // columns) * (h + gap) + gap, (i % columns) * (w + gap) + gap
        sheet[top:top + h, left:left + w] = image
    return sheet


def show_grid(axis, images: np.ndarray, columns: int, title: str, names: tuple[str, ...] = ()) -> None:
    """Draw a grid of images into an axis. names: what stands over the columns."""
    sheet = grid(images, columns)
    width = (sheet.shape[1] - 2) / columns
    for k, name in enumerate(names):
        short = name if len(name) <= 14 else f"{name[:13]}…"
        axis.text(2 + (k + 0.5) * width, 0, short, ha="left", va="bottom", rotation=35, rotation_mode="anchor",
                  fontsize=12, parse_math=False)
    axis.imshow(sheet if sheet.shape[2] == 3 else sheet[..., 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.set_title(title, fontsize=TITLE, parse_math=False, pad=60 if names else None)
    axis.axis("off")


def grids(path: Path, panels: dict[str, np.ndarray], columns: int, size: tuple[float, float], suptitle: str = "") -> None:
    """A figure of grids of images side by side, one for each title.

    Args:
        columns: of every grid. size: width and height of a panel, in inches.
    """
    fig, axes = figure(size[0] * len(panels), size[1], 1, len(panels), squeeze=False)
    for axis, (title, images) in zip(axes.flat, panels.items()):
        show_grid(axis, images, columns, title)
    if suptitle:
        fig.suptitle(suptitle, fontsize=TITLE)
    save(fig, path)


def show_points(axis, points: np.ndarray, title: str, limits: tuple, color: str = BLUE) -> None:
    """Draw points (N, 2), or (N, 1) as a histogram, into an axis."""
    if points.shape[1] == 1:
        axis.hist(points[:, 0], bins=np.linspace(*limits, 80), color=color, density=True)
        axis.set(xlabel="x", ylabel="density", xlim=limits)
    else:
        axis.scatter(*points.T, s=5, color=color, alpha=0.5, linewidths=0)
        axis.set(xlim=limits, ylim=limits, aspect="equal", xlabel="x₁", ylabel="x₂")
    axis.set_title(title, fontsize=TITLE, parse_math=False)


def field(axis, v, reach: float, title: str = "", xlabel: str = "x", ylabel: str = "y") -> None:
    """Draw where a field v: (2, …) -> (2, …) leads, as grey streamlines in the square [−reach, reach]²."""
    line = np.linspace(-reach, reach, 41)
    axis.streamplot(line, line, *v(np.array(np.meshgrid(line, line))), color="#bbbbbb", linewidth=1.2, density=0.8)
    axis.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel=xlabel, ylabel=ylabel)
    axis.set_title(title, fontsize=TITLE)


def path(axis, w: np.ndarray, color: str = BLUE, label: str | None = None, lw: float = 2.0) -> None:
    """Draw a path w (n, 2) with a dot where it begins and a star where it ends."""
    axis.plot(*w.T, color=color, lw=lw, label=label)
    axis.plot(*w[0], "o", color=color, ms=9)
    axis.plot(*w[-1], "*", color=BLACK, ms=15, zorder=3)


def point_limits(real: np.ndarray) -> tuple[float, float]:
    """Axis limits that hold the real points with a margin."""
    reach = 1.25 * float(np.abs(real).max())
    return -reach, reach


def samples(path: Path, generated: np.ndarray, real: np.ndarray, title: str, names: tuple[str, ...] = ()) -> None:
    """Generated samples beside real ones. names: of the classes that both have in their columns."""
    if generated.ndim > 2:
        columns = len(names) or math.isqrt(len(generated))
        fig, axes = figure(15, 8, 1, 2)
        show_grid(axes[0], generated, columns, "generated", names)
        show_grid(axes[1], real, columns, "real", names)
    else:
        fig, axes = figure(15, 7.5, 1, 2)
        show_points(axes[0], generated, "generated", point_limits(real))
        show_points(axes[1], real, "real", point_limits(real), GREY)
    fig.suptitle(title, fontsize=TITLE, parse_math=False)
    save(fig, path)


def sheet(path: Path, x: np.ndarray, title: str, names: tuple[str, ...] = ()) -> None:
    """One panel of images or points. names: of the classes in the columns."""
    fig, axis = figure(8, 8.5)
    if x.ndim > 2:
        show_grid(axis, x, len(names) or max(1, math.isqrt(len(x))), title, names)
    else:
        show_points(axis, x, title, point_limits(x))
    save(fig, path)


def strip(path: Path, frames: list[tuple[int, np.ndarray]], real: np.ndarray) -> None:
    """The same z over time: for images one column per frame and one row per z, for points one panel per frame."""
    if real.ndim > 2:
        fig, axes = figure(1.5 * len(frames), 9.4, 1, len(frames), squeeze=False)
        for axis, (step, x) in zip(axes.flat, frames):
            show_grid(axis, x[:6].astype(np.float32), 1, f"{step}")
    else:
        columns = min(5, len(frames))
        rows = math.ceil(len(frames) / columns)
        fig, axes = figure(3.6 * columns, 3.9 * rows, rows, columns, squeeze=False)
        for axis, (step, x) in zip(axes.flat, frames):
            show_points(axis, x.astype(np.float32), f"{step}", point_limits(real))
        for axis in axes.flat[len(frames):]:
            axis.axis("off")
    fig.suptitle("the same z after so many steps", fontsize=TITLE)
    save(fig, path)


def evaluation(path: Path, generated: np.ndarray, real: np.ndarray, result: dict, title: str) -> None:
    """What `runs.evaluate` found, as three panels: samples beside real data, one thing in bars, scores beside real data's.

    Args:
        generated: images, and `real` the training image nearest to each of them; or points, and `real` real ones.
        result: the numbers of `runs.evaluate`.
    """
    fig, (left, middle, right) = figure(20, 7.8, 1, 3, width_ratios=(1.1, 1, 1))
    judged, points, images = result.get("judge"), result.get("points"), result.get("images")
    if points:
        outside = (np.abs(generated) > point_limits(real)[1]).any(1).mean()
        show_points(left, real, "generated (orange) over real" + (f", {outside:.0%} lie outside" if outside >= 0.005 else ""), point_limits(real), GREY)
        if real.shape[1] == 1:
            bins = np.linspace(*point_limits(real), 80)
            weights = np.full(len(generated), 1 / (len(generated) * np.diff(bins)[0]))  # a density even where some lie outside
            left.hist(generated[:, 0], bins=bins, weights=weights, histtype="step", color=ORANGE, lw=3)
        else:
            left.scatter(*real.T, s=120, color="#bbbbbb", linewidths=0, zorder=0)  # a halo that shows under the samples
            left.scatter(*generated.T, s=8, color=ORANGE, alpha=0.7, linewidths=0)
    else:
        pairs = np.stack([generated, real], 1).reshape(-1, *real.shape[1:])
        show_grid(left, pairs, 8, "each sample, and right of it\nits nearest training image")
    if judged:
        scores, test = judged["scores"]["generated"], judged["scores"]["test"]
        _bars(middle, {"generated": judged["fid"], "real\ntest part": judged["floor_test"],
                       "real\nhalves": judged["floor_halves"], "noise": judged["noise"]},
              "distance to the training part", "Fréchet distance, log scale")
        middle.set(yscale="log", ylim=(0.5 * min(judged["fid"], judged["floor_test"], judged["floor_halves"]), 4 * judged["noise"]))
        names = {f"{name} ↑": (scores[name], test[name]) for name in ("precision", "recall", "density", "coverage")}
        _dumbbells(right, names | {"Inception\nScore / 10 ↑": (scores["inception_score"] / 10, test["inception_score"] / 10)}, judged["scores_n"])
    elif points:
        if counts := result.get("mode_counts"):
            fair = result["n"] / len(counts)
            middle.bar(range(1, len(counts) + 1), counts, color=ORANGE)
            middle.axhline(fair, color=GREY, ls="--", lw=2.5, label="fair share")
            middle.set(xlabel="mode", ylabel="samples within 3 std of the mode", ylim=(0, 1.25 * max(*counts, fair)))
            middle.set_title(f"{result['coverage']['modes']} of {len(counts)} modes reached,\n{result['coverage']['modes_20']} with 20 % of their share",
                             fontsize=TITLE)
            middle.xaxis.get_major_locator().set_params(integer=True)
            middle.legend(loc="upper right", fontsize=TITLE)
        else:
            _bars(middle, {"generated": points["generated"]["w1"], "real": points["real"]["w1"]}, "distance to real points",
                  "Wasserstein distance W1")
        labels = {name: f"{name} ↑" for name in ("precision", "recall", "density", "coverage")} | {"js_bits": "JS, bits ↓", "w1": "W1 ↓"}
        _dumbbells(right, {label: (points["generated"][name], points["real"][name]) for name, label in labels.items()}, points["balls_n"])
    elif images:
        for axis, name, text, unit in ((middle, "nearest", "median distance\nto the nearest training image", "pixel distance"),
                                       (right, "pairs", "near-duplicates among\nas many images", "pairs")):
            _bars(axis, {"generated": images["generated"][name], "real": images["real"][name]}, text, unit)
    else:
        middle.axis("off")
        right.axis("off")
    fig.suptitle(title, fontsize=TITLE + 2, parse_math=False)
    save(fig, path)


def _bars(axis, values: dict[str, float], title: str, unit: str) -> None:
    """Bars with their values: what is generated in orange, the rest in grey."""
    bars = axis.bar(list(values), list(values.values()), color=[ORANGE if name == "generated" else GREY for name in values])
    axis.bar_label(bars, [f"{value:.0f}" if value >= 100 else f"{value:.3g}" for value in values.values()], fontsize=TITLE + 2, padding=3)
    axis.margins(y=0.15)
    axis.set_ylabel(unit)
    axis.set_title(title, fontsize=TITLE)


def _dumbbells(axis, rows: dict[str, tuple[float, float]], n: int) -> None:
    """A line per score from the generator's value to that of real data; n samples each."""
    places, (values, references) = range(len(rows)), zip(*rows.values())
    axis.hlines(places, values, references, color=GREY, lw=4, zorder=1)
    axis.scatter(references, places, s=300, facecolor="white", edgecolor=GREY, linewidths=4, zorder=2, label="real data")
    axis.scatter(values, places, s=180, color=ORANGE, zorder=3, label="generated")
    axis.set_yticks(places, list(rows), fontsize=TITLE)
    axis.set(xlim=(-0.05, 1.1 * max(*values, *references, 0.95)), ylim=(len(rows) - 0.4, -0.6))
    axis.legend(loc="upper center", bbox_to_anchor=(0.4, -0.06), ncols=2, frameon=False, fontsize=TITLE)
    axis.set_title(f"beside real data in its place\n(↑ higher is better; {n} samples each)", fontsize=TITLE)


def animation(path: Path, frames: list[tuple[int, np.ndarray]], real: np.ndarray, milliseconds: int = 700) -> None:
    """The frames as a GIF that runs for ever."""
    pictures = []
    for step, x in frames:
        fig, axis = figure(6, 6.5)
        if real.ndim > 2:
            show_grid(axis, x.astype(np.float32), math.isqrt(len(x)), f"step {step}")
        else:
            show_points(axis, x.astype(np.float32), f"step {step}", point_limits(real))
        fig.set_dpi(80)
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64))
    durations = [milliseconds] * (len(pictures) - 1) + [3 * milliseconds]
    with replacing(path) as temporary:
        pictures[0].save(temporary, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)


# The right panel of `losses`: the first of these that a history has, with its title and the name of its axis.
RIGHT = (({"d_real": "D(x), real", "d_fake": "D(G(z)), fake"}, "what D believes", "mean probability"),
         ({"l_real": "D(x), real", "l_fake": "D(G(z)), fake"}, "what D says", "mean output"),
         ({"kl": "KL"}, "how much z is told of x", "nats"),
         ({"cycle": "cycle", "identity": "identity"}, "there and back, and what should stay", "loss"),
         ({"features": "features", "mse": "squared error"}, "distance from the true picture", "loss"),
         ({"l1": "L1"}, "distance from the true picture", "loss"))


def losses(path: Path, history: list[dict[str, float]]) -> None:
    """Losses, and the mean output of D on real and fake. Where it is a probability the values are known when D can't tell: log 4, log 2, ½."""
    probabilities = "d_real" in history[0]
    names, title, unit = next(panel for panel in RIGHT if panel[0].keys() & history[0].keys())
    fig, (left, right) = figure(16, 6.2, 1, 2)
    draw_history(left, history, {"d_loss": "D", "g_loss": "G", "g_gap": "G: feature gap", "minus_elbo": "−ELBO", "reconstruction": "reconstruction", "l1": "L1"})
    draw_history(right, history, names)
    if probabilities:
        left.axhline(np.log(4), color=BLUE, ls="--", lw=1.5, label="log 4: D can't tell")
    if probabilities and "g_loss" in history[0]:
        left.axhline(np.log(2), color=ORANGE, ls="--", lw=1.5, label="log 2: G's loss then")
    left.set(ylabel="loss (nats)" if probabilities else "loss")
    left.set_title("losses", fontsize=TITLE)
    if probabilities:
        right.axhline(0.5, color=GREY, ls="--", lw=1.5, label="½: D can't tell")
        right.set(ylim=(-0.02, 1.02))
    right.set(ylabel=unit)
    right.set_title(title, fontsize=TITLE)
    for axis in (left, right):
        axis.legend(fontsize=13)
    save(fig, path)


def draw_history(axis, history: list[dict[str, float]], labels: dict[str, str]) -> None:
    """The named values over the steps, those that there are."""
    steps, names = [row["step"] for row in history], [name for name in labels if name in history[0]]
    for name, color in zip(names, (BLUE, ORANGE)):
        axis.plot(steps, [row[name] for row in history], color=color, lw=2, label=labels[name])
    axis.set_xlabel("step")
