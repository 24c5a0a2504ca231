"""How a verdict looks: as text everywhere, as a coloured note where a notebook shows HTML."""

import numpy as np
import pytest

from gan_scratch.classroom import show
from gan_scratch.classroom.check import Checks, Score


def halves(x):
    return x / 2, -x / 2


@pytest.fixture
def check():
    checks = Checks()
    checks.add(halves, "up, down", {"": lambda rng: (rng.standard_normal(5),)}, "up = x/2, down = −x/2", shares={"up": 1, "down": 2})
    return checks


@pytest.fixture
def notebook(monkeypatch):
    """A notebook that keeps what is displayed."""
    shown = []
    monkeypatch.setattr(show, "in_notebook", lambda: True)
    display = pytest.importorskip("IPython.display")
    monkeypatch.setattr(display, "display", lambda data, raw: shown.append(data))
    return shown


def halves_with_sign(x):
    return x / 2, x / 2


halves_with_sign.__name__ = "halves"


def test_the_fault_stands_first_and_what_is_right_is_said(check, capsys):
    check(halves_with_sign)
    assert capsys.readouterr().out.splitlines() == [
        "✗ halves (down wrong; up right)", "  down has its sign flipped on every entry", "  Read again: up = x/2, down = −x/2"]


def test_long_lines_are_wrapped_at_words(check, capsys):
    show.display("✗ f", ["word " * 60], good=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 3 and all(len(line) <= show.WIDTH and not line.strip("word ") for line in lines[1:])


def test_a_notebook_gets_colours_shapes_and_plain_text(check, notebook, capsys):
    wrong, right = check(halves_with_sign), check(halves)
    assert not wrong and right and capsys.readouterr().out == ""
    bad, good = notebook
    assert show.WRONG in bad["text/html"] and "✗" in bad["text/html"] and show.RIGHT in good["text/html"] and "✓" in good["text/html"]
    assert bad["text/plain"].startswith("✗ halves (down wrong")


def test_what_a_student_prints_cannot_become_html(check, notebook):
    def loud(x):
        print("<script>alert(1)</script>")
        return halves(x)

    loud.__name__ = "halves"
    check(loud)
    assert "<script>" not in notebook[0]["text/html"] and "&lt;script&gt;" in notebook[0]["text/html"]


def test_a_score_is_a_number_for_nbgrader_and_words_for_readers():
    score = Score(1, 3)
    assert score == 1.0 and float(repr(score)) == 1.0 and "1 of 3 points" in score._repr_html_() and str(Score(1, 1)) == "1 of 1 point"


def test_plain_python_is_no_notebook():
    assert not show.in_notebook()


def test_points_are_printed_where_no_notebook_shows_them(check, capsys):
    check(halves_with_sign).points(3)
    assert capsys.readouterr().out.endswith("  1 of 3 points\n")
    assert np.isclose(check(halves).points(3), 3)
