"""Boxes with text and arrows between them, placed so that nothing lies on anything else."""
from __future__ import annotations

import itertools

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox, ScaledTranslation

from gan_scratch.plot import BLACK


def diagram(axis, boxes: dict[str, tuple], arrows: list[tuple], size: float = 16) -> dict[str, Text]:
    """Draw boxes with text, as large as their text, and arrows between them; returns the texts.

    One unit is as long to the right as upwards, and as long as the axis allows. An arrow to or from a tall box is level
    if that is possible. Several arrows between the same two boxes lie side by side, in the order of the list from top to
    bottom (upright ones: from right to left). Labels go where they lie on nothing else. In a full diagram, call
    `plot.name` first, so that the title has its room.

    Args:
        boxes: key → (x, y, text) or (x, y, text, color), with the middle of the box at (x, y).
        arrows: (from, to), (from, to, label), (from, to, label, color) or (from, to, label, color, style).
            Style "-" is for what goes forward, "--" for gradients that come back.
        size: of all text, in points.
    """
    if unknown := {key for arrow in arrows for key in arrow[:2]} - boxes.keys():
        raise ValueError(f"Arrows name the boxes {sorted(unknown)}, but there are {sorted(boxes)}: use the same names.")
    axis.axis("off")
    texts = {key: _box(axis, *box, size=size) for key, box in boxes.items()}
    axis.figure.draw_without_rendering()  # from here on boxes and axis have their size in pixels
    places = np.array([box[:2] for box in boxes.values()], float)
    _fit(axis, places, np.array([_extent(text).size for text in texts.values()]), 1.7 * size * axis.figure.dpi / 72)
    axis.figure.draw_without_rendering()
    shifts = _lanes([(a, b) for a, b, *_ in arrows], 0.5 * size)
    lines = [_arrow(axis, texts[a], texts[b], shift, *rest[1:]) for (a, b, *rest), shift in zip(arrows, shifts)]
    taken = [_extent(text) for text in texts.values()]
    for (_, _, *rest), line, shift in zip(arrows, lines, shifts):
        if rest and rest[0]:
            taken.append(_label(axis, rest[0], line, np.concatenate(lines), taken, -1 if shift < 0 else 1, size))
    return texts


def _box(axis, x: float, y: float, text: str, color: str = BLACK, *, size: float) -> Text:
    """A rounded box around a text, filled with a tint of its colour; returns the text."""
    fill = "white" if color == BLACK else tuple(0.86 + 0.14 * np.array(to_rgb(color)))
    style = {"boxstyle": "round,pad=0.5", "facecolor": fill, "edgecolor": color, "linewidth": 3}
    box = axis.text(x, y, text, fontsize=size, ha="center", va="center", bbox=style, zorder=2, linespacing=1.4)
    box.set_in_layout(False)
    return box


def _extent(text: Text) -> Bbox:
    """Where a drawn text's box lies, in pixels."""
    return text.get_bbox_patch().get_window_extent()


def _fit(axis, places: np.ndarray, sizes: np.ndarray, margin: float) -> None:
    """Set an axis's limits so that all boxes lie in it, with a margin, on one scale in both directions.

    Args:
        places: (n, 2) middles of the boxes. sizes: (n, 2) their widths and heights in pixels. margin: in pixels.
    """
    extent = axis.get_window_extent().size
    distances = places[:, None] - places  # (n, n, 2): a scale is too large if two boxes, so far apart, don't fit in
    room = extent - 2 * margin - (sizes[:, None] + sizes) / 2
    scale = min((room[distances > 0] / distances[distances > 0]).tolist(), default=100.0)
    if scale <= 0:
        raise ValueError("The boxes are larger than the axis: make the figure larger, or break their texts into lines.")
    half = sizes / 2 / scale
    middle = ((places - half).min(0) + (places + half).max(0)) / 2
    low, high = middle - extent / 2 / scale, middle + extent / 2 / scale
    axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")


def _lanes(pairs: list[tuple[str, str]], half: float) -> list[float]:
    """How far up each arrow (from, to) is shifted, so that those between the same two boxes lie 2·half apart."""
    shifts = []
    for i, (a, b) in enumerate(pairs):
        same = [j for j, pair in enumerate(pairs) if pair in ((a, b), (b, a))]
        shifts.append(half * (len(same) - 1 - 2 * same.index(i)))
    return shifts


def _upwards(along: np.ndarray) -> np.ndarray:
    """The direction (2,) of length 1 across an arrow (2,) that points up, or to the right if the arrow is upright."""
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    return across if tuple(across[::-1].round(6)) > (0, 0) else -across


def _ends(start: Bbox, end: Bbox) -> tuple[np.ndarray, np.ndarray]:
    """The middles (2,) of two boxes, one of them moved up or down in a tall box so that the line is level."""
    a, b = (box.min + box.size / 2 for box in (start, end))
    if abs(a[1] - b[1]) < 0.43 * end.height:
        b[1] = a[1]
    elif abs(a[1] - b[1]) < 0.43 * start.height:
        a[1] = b[1]
    return a, b


def _arrow(axis, start: Text, end: Text, shift: float, color: str = BLACK, style: str = "-") -> np.ndarray:
    """An arrow between two boxes, shifted upwards by so many points; returns points (n, 2) on it, in pixels."""
    a, b = _ends(_extent(start), _extent(end))
    up = shift / 72 * _upwards(b - a)
    axis.add_patch(FancyArrowPatch(
        *axis.transData.inverted().transform([a, b]), patchA=start.get_bbox_patch(), patchB=end.get_bbox_patch(),
        transform=axis.transData + ScaledTranslation(*up, axis.figure.dpi_scale_trans),
        arrowstyle="-|>", mutation_scale=22, shrinkA=2, shrinkB=2, color=color, linestyle=style, lw=2.8, zorder=3,
        clip_on=False, in_layout=False))
    points = a + np.linspace(0, 1, 300)[:, None] * (b - a) + axis.figure.dpi * up
    return points[~_inside(points, _extent(start)) & ~_inside(points, _extent(end))]


def _label(axis, text: str, line: np.ndarray, lines: np.ndarray, taken: list[Bbox], way: int, size: float) -> Bbox:
    """Write a text beside a line, where it covers no line and nothing that is taken.

    Args:
        line: (n, 2) points on its own arrow, lines: (m, 2) points on all arrows, in pixels.
        taken: boxes and earlier labels.
        way: 1 if it should rather stand above the line, or on the right of an upright one; −1 for the other side.

    Returns:
        where it lies, in pixels
    """
    label = axis.annotate(text, (0, 0), (0, 0), textcoords="offset points", fontsize=size, ha="center", va="center")
    label.set_in_layout(False)
    pixel = axis.figure.dpi / 72
    extent, along = label.get_window_extent().size + 0.7 * size * pixel, line[-1] - line[0]
    places = []
    for gap, side, t in itertools.product((0.1, 0.5, 1, 2), (way, -way), (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)):
        up = side * _upwards(along)
        middle = line[0] + t * along + up * (np.abs(up) @ extent / 2 + gap * size * pixel)
        places.append((line[0] + t * along, middle, Bbox([middle - extent / 2, middle + extent / 2])))
    point, middle, place = min(places, key=lambda p: _covered(p[2], lines, taken))
    label.xy = tuple(axis.transData.inverted().transform(point))
    label.set_position((middle - point) / pixel)
    return place


def _covered(place: Bbox, points: np.ndarray, taken: list[Bbox]) -> int:
    """How much a label at this place would cover: points (m, 2) of lines, and other boxes."""
    return sum(100 * place.overlaps(other) for other in taken) + int(_inside(points, place).sum())


def _inside(points: np.ndarray, place: Bbox) -> np.ndarray:
    """Which of the points (n, 2) lie in a place: (n,)."""
    return ((points > place.min) & (points < place.max)).all(1)
