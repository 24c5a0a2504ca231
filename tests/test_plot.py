"""Figures: what is drawn where."""
import numpy as np
import pytest
from PIL import Image

from gan_scratch import plot


def test_a_grid_puts_images_in_reading_order_with_gaps():
    images = np.stack([np.full((3, 2, 1), v, np.float32) for v in (-1, 0, 1)])
    sheet = plot.grid(images, columns=2, gap=1)
    assert sheet.shape == (2 * 4 + 1, 2 * 3 + 1, 1)
    assert (sheet[1:4, 1:3] == 0).all() and (sheet[1:4, 4:6] == 128).all() and (sheet[5:8, 1:3] == 255).all()
    assert (sheet[0] == 255).all() and (sheet[5:8, 4:6] == 255).all()


def test_curves_and_frames_of_points_and_a_failed_drawing_leave_no_half_file(tmp_path):
    plot.losses(tmp_path / "d.png", [{"step": s, "d_loss": 1.0, "g_gap": 1.0, "l_real": 3.0, "l_fake": -3.0, "penalty": 0.1} for s in (1, 2)])
    plot.losses(tmp_path / "c.png", [{"step": s, "d_loss": 1.0, "g_loss": 1.0, "d_real": 0.5, "d_fake": 0.5} for s in (1, 2)])
    points = np.random.default_rng(0).standard_normal((50, 2))
    frames = [(0, points), (7, points + 1), (9, points)]
    plot.strip(tmp_path / "s.png", frames, points)
    plot.animation(tmp_path / "s.gif", frames, points)
    plot.samples(tmp_path / "p.png", points[:, :1], points[:, :1], "on a line")
    assert {f.name for f in tmp_path.iterdir()} == {"c.png", "d.png", "s.png", "s.gif", "p.png"}
    with Image.open(tmp_path / "s.gif") as animation:
        assert animation.n_frames == 3


def test_curves_get_colours_of_the_palette_in_order_and_styles_in_turn():
    fig, axis = plot.figure(8, 5)
    x = np.linspace(0, 1, 5)
    plot.curves(axis, x, {str(k): x**k for k in range(6)}, styles=("-", "--"))
    assert [line.get_color() for line in axis.lines] == [*plot.COLORS, plot.BLUE]
    assert [line.get_linestyle() for line in axis.lines] == ["-", "--"] * 3
    assert {line.get_linewidth() for line in axis.lines} == {3.5}
    for k, line in enumerate(axis.lines):
        assert (line.get_xdata() == x).all() and (line.get_ydata() == x**k).all()
    assert plot.RED not in plot.COLORS and len(set(plot.COLORS)) == 5


def test_name_gives_titles_limits_and_a_legend_if_anything_has_a_label():
    fig, (left, right) = plot.figure(12, 5, 1, 2)
    x = np.linspace(1, 2, 5)
    plot.curves(left, x, {"named": x, "": x**2}, colors=(plot.RED, plot.SKY))
    plot.name(left, "title", "x", "y", "upper left", xlim=(0, 3), yscale="log")
    assert (left.get_title(), left.get_xlabel(), left.get_ylabel()) == ("title", "x", "y")
    assert left.title.get_fontsize() == plot.TITLE and left.get_xlim() == (0, 3) and left.get_yscale() == "log"
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["named"]
    assert {text.get_fontsize() for text in left.get_legend().get_texts()} == {14}

    plot.curves(right, x, {"": x})
    plot.name(right, xlabel="x")
    plot.name(right, "later")
    assert right.get_legend() is None and right.get_xlabel() == "x" and right.get_title() == "later"
    plot.curves(right, x, {"named": x})
    plot.name(right, legend=None)
    assert right.get_legend() is None


@pytest.mark.parametrize("one, other", [(a, b) for a in plot.COLORS for b in plot.COLORS if a < b])
def test_colours_of_curves_differ_for_readers_who_lack_one_kind_of_cone(one, other):
    def seen(color: str, matrix: np.ndarray) -> np.ndarray:
        """A colour in linear RGB (3,) as such a reader sees it."""
        rgb = np.array([int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)])
        return matrix @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)

    # Machado, Oliveira & Fernandes 2009, severity 1
    protan = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
    deutan = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])
    for matrix in (np.eye(3), protan, deutan):
        a, b = (np.clip(seen(color, matrix), 0, 1) ** (1 / 2.2) for color in (one, other))
        assert np.linalg.norm(a - b) > 0.15
