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
from gan_scratch.files import replacing

TITLE = 18
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#666666"
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


def grid(images: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Images (N, H, W, C) in [−1, 1] side by side in rows: (rows·(H + gap) + gap, …, C) uint8, white between them."""
    n, h, w, c = images.shape
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 255, np.uint8)
    for i, image in enumerate(to_bytes(images)):
        top, left = (i // columns) * (h + gap) + gap, (i % columns) * (w + gap) + gap
        sheet[top:top + h, left:left + w] = image
    return sheet


def show_grid(axis, images: np.ndarray, columns: int, title: str) -> None:
    """Draw a grid of images into an axis."""
    sheet = grid(images, columns)
    axis.imshow(sheet if sheet.shape[2] == 3 else sheet[..., 0], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axis.set_title(title, fontsize=TITLE, parse_math=False)
    axis.axis("off")


def show_points(axis, points: np.ndarray, title: str, limits: tuple, color: str = BLUE) -> None:
    """Draw points (N, 2), or (N, 1) as a histogram, into an axis."""
    if points.shape[1] == 1:
        axis.hist(points[:, 0], bins=np.linspace(*limits, 80), color=color, density=True)
        axis.set(xlabel="x", ylabel="density", xlim=limits)
    else:
        axis.scatter(*points.T, s=5, color=color, alpha=0.5, linewidths=0)
        axis.set(xlim=limits, ylim=limits, aspect="equal", xlabel="x₁", ylabel="x₂")
    axis.set_title(title, fontsize=TITLE, parse_math=False)


def point_limits(real: np.ndarray) -> tuple[float, float]:
    """Axis limits that hold the real points with a margin."""
    reach = 1.25 * float(np.abs(real).max())
    return -reach, reach


def samples(path: Path, generated: np.ndarray, real: np.ndarray, title: str) -> None:
    """Generated samples beside real ones."""
    if generated.ndim == 4:
        columns = math.isqrt(len(generated))
        fig, axes = figure(15, 8, 1, 2)
        show_grid(axes[0], generated, columns, "generated")
        show_grid(axes[1], real, columns, "real")
    else:
        fig, axes = figure(15, 7.5, 1, 2)
        show_points(axes[0], generated, "generated", point_limits(real))
        show_points(axes[1], real, "real", point_limits(real), GREY)
    fig.suptitle(title, fontsize=TITLE, parse_math=False)
    save(fig, path)


def sheet(path: Path, x: np.ndarray, title: str) -> None:
    """One panel of images or points."""
    fig, axis = figure(8, 8.5)
    if x.ndim == 4:
        show_grid(axis, x, max(1, math.isqrt(len(x))), title)
    else:
        show_points(axis, x, title, point_limits(x))
    save(fig, path)


def strip(path: Path, frames: list[tuple[int, np.ndarray]], real: np.ndarray) -> None:
    """The same z over time: for images one column per frame and one row per z, for points one panel per frame."""
    if real.ndim == 4:
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


def animation(path: Path, frames: list[tuple[int, np.ndarray]], real: np.ndarray, milliseconds: int = 700) -> None:
    """The frames as a GIF that runs for ever."""
    pictures = []
    for step, x in frames:
        fig, axis = figure(6, 6.5)
        if real.ndim == 4:
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


def curves(path: Path, history: list[dict[str, float]]) -> None:
    """Losses with the values of a D that can't tell (log 4) and of its G (log 2), and the mean of D on real and fake."""
    steps = [row["step"] for row in history]
    fig, (left, right) = figure(16, 6.2, 1, 2)
    for axis, names in ((left, ("d_loss", "g_loss")), (right, ("d_real", "d_fake"))):
        for name, color, label in zip(names, (BLUE, ORANGE), LABELS[names]):
            axis.plot(steps, [row[name] for row in history], color=color, lw=2, label=label)
        axis.set_xlabel("step")
    left.axhline(np.log(4), color=BLUE, ls="--", lw=1.5, label="log 4: D can't tell")
    left.axhline(np.log(2), color=ORANGE, ls="--", lw=1.5, label="log 2: G's loss then")
    left.set(ylabel="loss (nats)")
    left.set_title("losses", fontsize=TITLE)
    right.axhline(0.5, color=GREY, ls="--", lw=1.5, label="½: D can't tell")
    right.set(ylabel="mean probability", ylim=(-0.02, 1.02))
    right.set_title("what D believes", fontsize=TITLE)
    for axis in (left, right):
        axis.legend(fontsize=13)
    save(fig, path)


LABELS = {("d_loss", "g_loss"): ("D", "G"), ("d_real", "d_fake"): ("D(x), real", "D(G(z)), fake")}
