"""Tasks with a planted bug: students get code with a mistake in it, the solution notebook has the right code alone."""
import contextlib
import io

import nbformat
import numpy as np
import pytest
from nbgrader.utils import compute_checksum

from course.building import build
from course.building.bring_back import bring_back
from course.building.check import load
from course.building.leaks import leaks
from course.building.units import find
from gan_scratch.classroom import session
from gan_scratch.classroom.matching import Matching
from gan_scratch.classroom.notebooks import tidied
from gan_scratch.classroom.submission import rebuild
from tests.course.building.small import (EXERCISE_TEXT, LECTURE_TEXT, PACKAGED_FILE, RELEASED_FILE, SOLUTION_FILE, edit, everything,
                                         opened, refusal, saved)

SOLUTION = "    ### BEGIN SOLUTION\n    secret = x * x\n    return secret\n    ### END SOLUTION\n"
PLANTED = "    ### BEGIN PLANTED BUG\n    wrong = x + x\n    return wrong\n    ### END PLANTED BUG\n"
HANDED_OUT = 'def square(x):\n    """x²."""\n    wrong = x + x\n    return wrong'
MENDED = HANDED_OUT.replace("x + x", "x * x")


def plant(root, planted=PLANTED, solution=SOLUTION):
    edit(root, EXERCISE_TEXT, SOLUTION, solution + planted)
    return root


@pytest.fixture
def planted(root, capsys):
    """The small course with a planted bug, built."""
    assert build.build([], plant(root)) == 0
    capsys.readouterr()
    return root


def cell(root, file, name="square"):
    return next(each for each in opened(root, file).cells if each.id == name)


def test_students_get_the_planted_code_and_the_solution_notebook_has_not_got_it(planted):
    assert cell(planted, RELEASED_FILE).source == HANDED_OUT
    assert cell(planted, SOLUTION_FILE).source == 'def square(x):\n    """x²."""\n' + SOLUTION.rstrip()
    assert everything(planted)[PACKAGED_FILE] == everything(planted)[RELEASED_FILE]
    for file in (RELEASED_FILE, SOLUTION_FILE):
        assert "PLANTED" not in (planted / file).read_text()
        how = opened(planted, file).cells[0].source
        assert "an example. Where a task comes with code, a mistake is planted in it: find it and mend it. Each task has" in how
    assert build.check([], planted) == 0


def test_without_a_planted_bug_nothing_is_said_of_one(built):
    how = opened(built, RELEASED_FILE).cells[0].source
    assert "an example. Each task has" in how and "planted" not in how


def test_nbgrader_finds_its_metadata_and_checksum_as_if_it_had_made_them(planted):
    nbformat.validate(opened(planted, RELEASED_FILE))
    for each in opened(planted, RELEASED_FILE).cells:
        if "nbgrader" in each.metadata:
            assert each.metadata.nbgrader.checksum == compute_checksum(each)
    before = cell(planted, RELEASED_FILE).metadata
    edit(planted, EXERCISE_TEXT, PLANTED, "")
    build.build([], planted)
    after = cell(planted, RELEASED_FILE).metadata
    assert after.nbgrader.pop("checksum") != before.nbgrader.pop("checksum") and before == after


def test_code_around_the_regions_stays_and_a_second_solution_is_a_stub(root):
    more = "    more = 1\n    ### BEGIN SOLUTION\n    return secret\n    ### END SOLUTION\n"
    plant(root, PLANTED.replace("    return wrong\n", "") + more, SOLUTION.replace("    return secret\n", ""))
    assert build.build([], root) == 0
    assert cell(root, RELEASED_FILE).source == ('def square(x):\n    """x²."""\n    wrong = x + x\n    more = 1\n'
                                                '    # YOUR CODE HERE\n    raise NotImplementedError()')
    assert bring_back(root / SOLUTION_FILE, root) == 0


MISTAKES = [
    ("    ### END PLANTED BUG\n", "", "    ### BEGIN PLANTED BUG", "BEGIN PLANTED BUG without END PLANTED BUG; write ### END PLANTED BUG after it"),
    ("    ### BEGIN PLANTED BUG\n", "", "    ### END PLANTED BUG", "END PLANTED BUG without BEGIN PLANTED BUG; write"),
    ("    wrong =", "    ### BEGIN PLANTED BUG  # again\n    wrong =", "    ### BEGIN PLANTED BUG  # again", "already begun"),
    (SOLUTION + PLANTED, PLANTED + SOLUTION, "    ### BEGIN PLANTED BUG", "must stand in the line below END SOLUTION"),
    (SOLUTION + PLANTED, SOLUTION + "    y = 1\n" + PLANTED, "    ### BEGIN PLANTED BUG", "must stand in the line below END SOLUTION"),
    (SOLUTION + PLANTED, SOLUTION + PLANTED + PLANTED.replace("BUG\n", "BUG  # 2\n"), "    ### BEGIN PLANTED BUG  # 2", "must stand in the line"),
    (SOLUTION, "", "def square(x):", "has no solution"),
    (SOLUTION + PLANTED, SOLUTION.replace("    return secret\n", PLANTED), "    ### BEGIN PLANTED BUG", "must stand in the line below"),
    ("    return wrong\n", SOLUTION.replace("BEGIN SOLUTION", "BEGIN SOLUTION  # 2"), "    ### BEGIN SOLUTION  # 2", "another region in a planted bug"),
    ("    return wrong\n", "    ### BEGIN HIDDEN TESTS\n    return wrong\n    ### END HIDDEN TESTS\n", "    ### BEGIN HIDDEN TESTS",
     "isn't tagged test"),
    (PLANTED, PLANTED.replace(" BUG", ""), "    ### BEGIN PLANTED", "there is no region 'PLANTED'; write SOLUTION, PLANTED BUG or HIDDEN"),
    ("import check\n", "import check\n### BEGIN PLANTED BUG\nx = 1\n### END PLANTED BUG\n", "### BEGIN PLANTED BUG", "isn't tagged solve"),
    ("The model answer.", "### BEGIN PLANTED BUG\nx\n### END PLANTED BUG", "### BEGIN PLANTED BUG", "isn't tagged solve"),
    (PLANTED, SOLUTION.replace("SOLUTION", "PLANTED BUG").replace("x * x", "x*x  # it is"), "    ### BEGIN PLANTED BUG", "is the solution itself"),
    ("    wrong = x + x\n    return wrong\n", "", "    ### BEGIN PLANTED BUG", "square has nothing in it"),
    ("    wrong = x + x\n    return wrong\n", "    raise NotImplementedError()\n", "    ### BEGIN PLANTED BUG", "square has nothing in it"),
    ("    wrong = x + x\n", "    wrong = x +\n", "    wrong = x +", "isn't Python"),
    ("    return wrong\n", f"    return {'wrong' * 30}\n", f"    return {'wrong' * 30}", "break it"),
]


@pytest.mark.parametrize("old, new, at, words", MISTAKES, ids=[f"{n}-{entry[3][:40]}" for n, entry in enumerate(MISTAKES)])
def test_a_mistake_is_named_with_its_line(root, old, new, at, words):
    plant(root)
    text = (root / EXERCISE_TEXT).read_text(encoding="utf-8")
    (root / EXERCISE_TEXT).write_text(text.replace(old, new, 1), encoding="utf-8")
    line = (root / EXERCISE_TEXT).read_text(encoding="utf-8").split("\n").index(at) + 1
    said = refusal(load, find("e01", root))
    assert words in said.split("\n")[0] and said.startswith(f"{EXERCISE_TEXT}:{line}: "), said
    assert refusal(build.build, ["e01"], root) == said


def test_a_planted_bug_in_a_lecture_is_refused(root):
    edit(root, LECTURE_TEXT, 'print("long")', "### BEGIN PLANTED BUG\nx = 1\n### END PLANTED BUG")
    assert "BEGIN PLANTED BUG in a cell that isn't tagged solve" in refusal(load, find("01", root))


# Import

def test_an_edited_solution_comes_back_with_its_planted_bug(planted, capsys):
    before = (planted / EXERCISE_TEXT).read_text(encoding="utf-8")
    assert bring_back(planted / SOLUTION_FILE, planted) == 0 and "nothing to bring back" in capsys.readouterr().out
    saved(planted, SOLUTION_FILE, x=("secret = x * x", "secret = x**2"), how=("# Squares", "# Squares and more"))
    assert bring_back(planted / SOLUTION_FILE, planted) == 0
    after = before.replace("x * x", "x**2").replace("# Squares", "# Squares and more")
    assert (planted / EXERCISE_TEXT).read_text(encoding="utf-8") == after
    assert build.build([], planted) == 0 and build.check([], planted) == 0


@pytest.mark.parametrize("change, words", [
    (lambda cells: cells.pop(3), "the cell square is gone, which has a planted bug in the text"),
    (lambda cells: cells[3].update(source="def square(x):\n    return x"), "put BEGIN SOLUTION and END SOLUTION back"),
    (lambda cells: cells[3].update(source=cells[3].source.replace("    ### END SOLUTION", "")), "BEGIN SOLUTION without END SOLUTION"),
])
def test_an_import_that_would_lose_the_planted_bug_is_refused(planted, change, words):
    saved(planted, SOLUTION_FILE, change)
    before = everything(planted)
    assert words in refusal(bring_back, planted / SOLUTION_FILE, planted)
    assert everything(planted) == before


def test_a_released_notebook_with_planted_code_is_not_imported(planted):
    assert "is a released exercise" in refusal(bring_back, planted / RELEASED_FILE, planted)


# Leaks

LONG = ["total = 0.0", "for k in range(len(x)):", "    total += x[k] * np.exp(-x[k])", "total /= len(x)", "total = np.sqrt(1 + total * total)",
        "return total"]


def indented(lines):
    return "".join(f"    {line}\n" for line in lines)


def shown(root, lines):
    """What leaks when a lecture shows these lines, of an answer whose planted bug is in its last line but one."""
    wrong = [line.replace("1 + total", "1 - total") for line in LONG]
    plant(root, f"    ### BEGIN PLANTED BUG\n{indented(wrong)}    ### END PLANTED BUG\n",
          f"    ### BEGIN SOLUTION\n{indented(LONG)}    ### END SOLUTION\n")
    edit(root, LECTURE_TEXT, 'print("long")', "\n".join(lines(wrong)))
    return [(leak.exercise.stem.split("_")[0], leak.function, leak.lecture.stem.split("_")[0]) for leak in leaks(root)]


def test_planted_code_in_a_lecture_is_no_leak(root):
    assert shown(root, lambda wrong: wrong) == []


def test_the_right_code_in_a_lecture_is_a_leak_also_where_a_bug_is_planted(root):
    assert shown(root, lambda wrong: LONG) == [("e01", "square", "01")]


# What students do with it

def handed_in(root, **sources):
    """The released notebook with other sources in some cells, rebuilt as for grading: the square's cells, and what
    was said.
    """
    nb = opened(root, RELEASED_FILE)
    for each in nb.cells:
        each.source = sources.get(each.id, each.source)
    mended, said = rebuild(tidied(nb.cells), opened(root, RELEASED_FILE))
    return mended, said


def judged(nb):
    """The square's task, judged in this process; experiments aren't run."""
    names = {}
    for each in nb.cells:
        about = each.metadata.get("nbgrader", {})
        if about.get("grade_id") == "test_square":
            names["check"].rng = np.random.default_rng(0)
            return session.judge(each.source, about, names, None)
        if each.cell_type == "code" and "experiment" not in each.metadata.get("tags", []):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(each.source, names)


def test_handed_in_as_it_was_released_it_gets_a_sentence_and_no_points(planted):
    nb, said = handed_in(planted)
    task = judged(nb)
    assert (task.score, said) == (0, []) and "Not written yet" not in task.text and task.diagnoses[0].startswith("square: y")
    assert Matching(tidied(opened(planted, RELEASED_FILE).cells), opened(planted, RELEASED_FILE)).answered == []


def test_mended_in_its_place_it_gets_everything(planted):
    nb, said = handed_in(planted, square=MENDED)
    assert judged(nb).score == 4 and said == []


def test_a_comment_is_no_work_and_a_mended_line_is(planted):
    released = opened(planted, RELEASED_FILE)
    for source, answered in ((HANDED_OUT.replace("wrong = x + x", "wrong = x + x  # hm"), []), (MENDED, ["square"])):
        cells = tidied(released.cells)
        cells[3]["source"] = source
        assert Matching(cells, released).answered == answered


@pytest.mark.parametrize("own", ["", "step = 1\n\n\n"])
def test_mended_in_a_cell_above_the_planted_code_does_not_come_back_over_it(planted, own):
    released = opened(planted, RELEASED_FILE)
    cells = tidied(released.cells)
    cells[3]["source"] = own + HANDED_OUT
    cells.insert(1, {**cells[3], "id": "mine", "grade_id": "", "about": {}, "source": MENDED})
    nb, said = rebuild(cells, released)
    assert sum("wrong = x + x" in each.source for each in nb.cells) == 0 and any("the answer was found in the cell of square (" in each for each in said)


def test_untouched_copies_of_planted_code_are_left_out(planted):
    released = opened(planted, RELEASED_FILE)
    cells = tidied(released.cells)
    cells[3]["source"] = MENDED
    cells.append({**cells[3], "id": "mine", "grade_id": "", "about": {}, "source": HANDED_OUT})
    nb, said = rebuild(cells, released)
    assert said == ["the cell of square (task 1) was there once more, as it was handed out, and was left out"]
    assert judged(nb).score == 4
