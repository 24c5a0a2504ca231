"""Diagrams: nothing overlaps, nothing leaves the figure, and colours are the course's, also at other sizes and below a title."""
import itertools

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch
from matplotlib.transforms import Bbox

from gan_scratch import boxes, diagrams, plot

PALETTE = {color.lower() for color in (*plot.COLORS, plot.RED, plot.BLACK, plot.SKY)}
SIZES = {diagrams.game: ((14, 5.5), (16, 7)), diagrams.graph: ((14, 6), (16, 6.5)), diagrams.families: ((14, 5.5), (16, 7)),
         diagrams.unrolling: ((14, 5), (16, 6))}
CASES = [(draw, size, title) for draw, sizes in SIZES.items() for size in sizes for title in ("", "a title")]


def places(axis) -> dict[str, Bbox]:
    """Where the boxes and labels of a diagram, and its legend, are on the page."""
    found = {text.get_text(): (text.get_bbox_patch() or text).get_window_extent() for text in axis.texts}
    return found | ({"legend": axis.get_legend().get_window_extent()} if axis.get_legend() else {})


def arrow_lines(axis) -> list[np.ndarray]:
    """Points (200, 2) from the start to the tip of each arrow and line, in pixels, as they are drawn."""
    drawn = [*(patch for patch in axis.patches if isinstance(patch, FancyArrowPatch)), *axis.lines]
    paths = [shape.get_transform().transform_path(shape.get_path()) for shape in drawn]
    corners = [path.vertices if path.codes is None else path.vertices[path.codes != path.CLOSEPOLY] for path in paths]
    tips = [points[np.hypot(*(points - points[0]).T).argmax()] for points in corners]
    return [points[0] + np.linspace(0, 1, 200)[:, None] * (tip - points[0]) for points, tip in zip(corners, tips)]


def faults(fig, axis) -> list[str]:
    """What overlaps, or leaves the figure."""
    fig.draw_without_rendering()
    found, page = places(axis), fig.bbox
    said = [f"{a!r} overlaps {b!r}" for (a, p), (b, q) in itertools.combinations(found.items(), 2) if p.overlaps(q)]
    for text, p in found.items():
        if p.x0 < page.x0 or p.y0 < page.y0 or p.x1 > page.x1 or p.y1 > page.y1:
            said.append(f"{text!r} leaves the figure")
    labels = [text for text in axis.texts if text.get_bbox_patch() is None]
    for text, line in itertools.product([label.get_text() for label in labels], arrow_lines(axis)):
        if any(found[text].contains(*point) for point in line):
            said.append(f"a line runs through {text!r}")
    return said


@pytest.mark.parametrize("draw, size, title", CASES)
def test_a_diagram_keeps_its_texts_apart_in_the_figure_and_large(draw, size, title):
    fig, axis = plot.figure(*size)
    draw(axis)
    plot.name(axis, title, legend=None)
    assert faults(fig, axis) == []
    texts = [*axis.texts, *(axis.get_legend().get_texts() if axis.get_legend() else [])]
    assert min(text.get_fontsize() for text in texts) >= 15
    assert len({text.get_text() for text in axis.texts}) == len(axis.texts)  # else `places` would have hidden one


@pytest.mark.parametrize("draw", SIZES)
def test_a_diagram_takes_its_colours_from_the_palette(draw):
    fig, axis = plot.figure(14, 6)
    draw(axis)
    boxes = [text.get_bbox_patch() for text in axis.texts if text.get_bbox_patch()]
    assert {to_hex(patch.get_edgecolor()) for patch in (*boxes, *axis.patches)} <= PALETTE
    assert {to_hex(line.get_color()) for line in axis.lines} <= PALETTE
    assert not axis.axison


def test_faults_are_found():
    fig, axis = plot.figure(10, 5)
    boxes.diagram(axis, {"a": (0, 0, "left"), "b": (1, 0, "right")}, [("a", "b", "to")])
    assert faults(fig, axis) == []
    axis.texts[1].set_position((0.02, 0))
    axis.annotate("through", (0.5, 0), va="center")
    axis.text(-5, 0, "away", bbox={}).set_in_layout(False)
    assert {"'left' overlaps 'right'", "'away' leaves the figure"} <= set(faults(fig, axis))
    axis.texts[1].set_position((1, 0))
    assert "a line runs through 'through'" in faults(fig, axis)


@pytest.mark.parametrize("end", [(1, 0), (0, 1), (-1, 0.5), (1, 1)])
def test_arrows_between_the_same_two_boxes_lie_apart(end):
    fig, axis = plot.figure(8, 7)
    boxes.diagram(axis, {"a": (0, 0, "a"), "b": (*end, "b")},
                 [("a", "b", "there"), ("b", "a", "back", plot.BLUE, "--"), ("b", "a", "again", plot.ORANGE, "--")])
    assert faults(fig, axis) == []
    ends = [line[[0, -1]] for line in arrow_lines(axis)]
    across = np.array([-1, 1]) * (ends[0][1] - ends[0][0])[::-1] / np.hypot(*(ends[0][1] - ends[0][0]))
    heights = sorted(across @ line[0] for line in ends)
    assert np.diff(heights) == pytest.approx(16 / 72 * fig.dpi, abs=0.5)
    if end == (1, 0):  # the first in the list is the uppermost
        assert ends[0][0][1] > ends[1][0][1] > ends[2][0][1]
    assert [arrow.get_linestyle() for arrow in axis.patches] == ["-", "--", "--"]


def test_boxes_grow_with_their_text_and_one_unit_is_as_long_in_both_directions():
    fig, axis = plot.figure(12, 6)
    boxes.diagram(axis, {"a": (0, 0, "a"), "b": (2, 0, "a long text"), "c": (2, 1, "two\nlines"), "d": (0, 1, "$\\sum_i x_i^\\top$")}, [])
    assert faults(fig, axis) == []
    a, b, c, d = places(axis).values()
    assert b.width > 2 * a.width and c.height > 1.3 * a.height and d.width > 1.5 * a.width
    middle = lambda box: box.min + box.size / 2
    assert (middle(b) - middle(a))[0] == pytest.approx(2 * (middle(d) - middle(a))[1], rel=0.01)


def test_arrows_to_a_tall_box_are_level():
    fig, axis = plot.figure(10, 5)
    boxes.diagram(axis, {"a": (0, 1, "a"), "b": (0, 0, "b"), "tall": (4, 0.5, "\n\n\n\ntall\n\n\n\n")}, [("a", "tall"), ("tall", "b")])
    fig.draw_without_rendering()
    for line in arrow_lines(axis):
        assert line[0, 1] == pytest.approx(line[-1, 1], abs=0.5)


def test_a_diagram_says_what_is_wrong_with_it():
    fig, axis = plot.figure(3, 3)
    with pytest.raises(ValueError, match=r"Arrows name the boxes \['c'\], but there are \['a', 'b'\]"):
        boxes.diagram(axis, {"a": (0, 0, "a"), "b": (1, 0, "b")}, [("a", "c")])
    with pytest.raises(ValueError, match="larger than the axis"):
        boxes.diagram(axis, {"a": (0, 0, "a long text " * 3), "b": (1, 0, "b")}, [])


def test_the_gradient_of_g_passes_through_d_and_that_of_d_ends_there():
    fig, axis = plot.figure(14, 5.5)
    diagrams.game(axis)
    fig.draw_without_rendering()
    d = next(text for text in axis.texts if text.get_text().strip() == "$D$").get_bbox_patch().get_window_extent()
    color = [to_hex(line.get_edgecolor()) for line in axis.patches] + [to_hex(line.get_color()) for line in axis.lines]
    dashed = [line.get_linestyle() == "--" for line in (*axis.patches, *axis.lines)]
    gradients = {c: [line for line, its, back in zip(arrow_lines(axis), color, dashed) if its == c.lower() and back]
                 for c in (plot.ORANGE, plot.BLUE)}
    assert len(gradients[plot.BLUE]) == 1 and gradients[plot.BLUE][0][-1, 0] == pytest.approx(d.x1, abs=10)
    x = np.concatenate([line[:, 0] for line in gradients[plot.ORANGE]])
    assert x.min() < d.x0 < d.x1 < x.max() and ((x > d.x0) & (x < d.x1)).sum() > 100
