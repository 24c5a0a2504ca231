"""Figures: what is drawn where."""
import numpy as np
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
