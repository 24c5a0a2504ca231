"""Answers that stand in lectures are found under other names, and code that is everybody's isn't."""
import pytest

from course.building import build
from course.building.leaks import leaks
from course.building.units import ROOT
from tests.course.building.small import EXERCISE_TEXT, LECTURE_TEXT, edit, refusal

LONG = "total = 0.0\n    for k in range(len(x)):\n        total += x[k] * np.exp(-x[k])\n    total /= len(x)\n    return total"
FORMULA = "return np.log(x.mean()) + np.log(1 - x).mean() / 2"
PAIR = "e = np.exp(-np.abs(x))\n    return np.where(x > 0, e, 1 / e)"


def gives_away(root, answer, shown):
    edit(root, EXERCISE_TEXT, "secret = x * x\n    return secret", answer)
    edit(root, LECTURE_TEXT, 'print("long")', shown)
    return [(leak.exercise.stem.split("_")[0], leak.function, leak.lecture.stem.split("_")[0]) for leak in leaks(root)]


@pytest.mark.parametrize("answer, shown", [
    (LONG, "import numpy as np\n\ns = 0.0\nfor i in range(len(a)):  # a comment\n    s += a[i] * np.exp( -a[i] )\n\ns /= len(a)"),
    (LONG, "def mean(a):\n    for i in range(len(a)):\n        s += a[i] * np.exp(-a[i])\n    return s"),
    (FORMULA, "V = np.log(D.mean()) + np.log(1 - D).mean() / 2"),
    (FORMULA, "losses.append([1 - (np.log(D.mean()) + np.log(1 - D).mean() / 2)])"),
    (PAIR, "u = np.exp(-np.abs(t))\nprint(np.where(t > 0, u, 1 / u))\ny = 1"),
])
def test_an_answer_in_a_lecture_is_found(root, answer, shown):
    found = gives_away(root, answer, shown)
    assert found == ([] if shown.startswith("u = ") else [("e01", "square", "01")])


@pytest.mark.parametrize("answer, shown", [
    (LONG, "s = 0.0\nfor i in range(len(a)):\n    s += a[i] * np.exp(-b[i])\n\ns /= len(a)"),  # other names mean other things
    (LONG, "s = 0.0\nfor i in range(len(a)):\n    pass\ns /= len(a)"),
    (FORMULA, "V = np.log(D.mean()) + np.log(1 - D).mean() / 3"),
    (FORMULA, "V = np.log(D.mean()) + np.exp(1 - D).mean() / 2"),
    (PAIR, "u = np.exp(-np.abs(t))\nv = 2\nw = np.where(t > 0, u, 1 / u)"),
    ("return x @ W + b", "y = x @ W + b"),  # too short to be anybody's
])
def test_other_code_is_not_taken_for_an_answer(root, answer, shown):
    assert gives_away(root, answer, shown) == []


def test_the_build_refuses_a_lecture_that_gives_an_answer_away(root):
    gives_away(root, FORMULA, "V = np.log(D.mean()) + np.log(1 - D).mean() / 2")
    line = (root / LECTURE_TEXT).read_text(encoding="utf-8").split("\n").index("V = np.log(D.mean()) + np.log(1 - D).mean() / 2") + 1
    assert refusal(build.build, ["e01"], root) == (f"{LECTURE_TEXT}:{line}: gives the answer square of e01_squares away; "
                                                   "take the function from the library here, or show something else")


def test_no_lecture_gives_an_answer_away():
    assert leaks(ROOT) == []
