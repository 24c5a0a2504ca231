"""Mistakes in texts are refused, with the line and with what to do."""
import shutil

import pytest

from course.building import build
from course.building.check import load
from course.building.units import Unit, every, find
from tests.course.building.small import (EXERCISE_TEXT, EXPLICIT, HINTS, LECTURE_FILE, LECTURE_TEXT, SOLUTION_FILE, course, edit,
                                         refusal)

SETUP = ":tags: [given setup]"
IMPORT = "from tests.course.building.squares import check\n"
SOLVE = "### BEGIN SOLUTION\n    secret = x * x\n    return secret\n    ### END SOLUTION"

# What is replaced in the text, the line that must be named then (the first that reads so), words of the message.
MISTAKES = [
    ("[given setup]", "[gvien setup]", ":tags: [gvien setup]", "unknown tag 'gvien setup'"),
    ("[given setup]", "[given]", ":tags: [given]", "write 'given NAME'"),
    ("[given setup]", "[given set-up]", ":tags: [given set-up]", "malformed"),
    ("[given setup]", "given setup", ":tags: given setup", "must be a list"),
    ("[given setup]", "[given setup", ":tags: [given setup", "aren't YAML"),
    ("[given setup]", "[given setup, slide, notes]", ":tags: [given setup, slide, notes]", "one place in the slides"),
    ("[given setup]", "[given setup, given setup]", ":tags: [given setup, given setup]", "given twice"),
    ("[given setup]", "[given setup, experiment]", ":tags: [given setup, experiment]", "exclude each other"),
    ("[given setup]", "[given setup, '']", ":tags: [given setup, '']", "must be a list"),
    ("[given setup]", "['given setup, slide']", ":tags: ['given setup, slide']", "must be a list"),
    (SETUP, ":tag: [given setup]", ":tag: [given setup]", "unknown option 'tag'"),
    (SETUP, ":tags", ":tags", "aren't understood"),
    (SETUP, ":tags: [setup]", ":tags: [setup]", "unknown tag 'setup'"),
    (f"{SETUP}\n\n{IMPORT}", f"{SETUP}\n\nimport math\n", ":tags: [solve square 4]", "needs the exercise's checks: write from"),
    (IMPORT, "from tests.course.building.cubes import check\n", "from tests.course.building.cubes import check", "can't be imported"),
    (IMPORT, "from math import check\n", "from math import check", "can't be imported"),
    ("[solve square 4]", "[solve square four]", ":tags: [solve square four]", "positive number, got 'four'"),
    ("[solve square 4]", "[solve square 4 5]", ":tags: [solve square 4 5]", "write 'solve NAME POINTS'"),
    ("[solve square 4]", "[solve square 4, given other]", ":tags: [solve square 4, given other]", "one grading tag"),
    ("[solve square 4]", "[solve square]", IMPORT[:-1], "has a check for 'square', but no cell asks for that function"),
    ("[solve square 4]", "[solve sqare 4]", ":tags: [solve sqare 4]", "no check for 'sqare'"),
    ("def square", "def sqare", "def sqare(x):", "must define the function square; it defines sqare"),
    ("[given setup]", "[given square]", ":tags: [solve square 4]", "'square' is given twice, first at line"),
    ("[given setup]", "[given test_square]", ":tags: [solve square 4]", "'test_square' is given twice, first at line"),
    ("[solve square 4]", "[answer square 1]", ":tags: [answer square 1]", "is for a Markdown cell"),
    ('["answer why 3.5"]', '["test why 3.5"]', '+++ {"tags": ["test why 3.5"]}', "is for a code cell"),
    ('["answer why 3.5"]', '["experiment"]', '+++ {"tags": ["experiment"]}', "for code cells"),
    ('{"tags": ["answer why 3.5"]}', '{"tags": ["answer why 3.5"}', '+++ {"tags": ["answer why 3.5"}', "aren't JSON"),
    ('{"tags": ["answer why 3.5"]}', '{"tag": ["answer why 3.5"]}', '+++ {"tag": ["answer why 3.5"]}', "unknown option 'tag'"),
    ("    ### END SOLUTION\n", "", "    ### BEGIN SOLUTION", "BEGIN SOLUTION without END SOLUTION"),
    ("    ### BEGIN SOLUTION\n", "", "    ### END SOLUTION", "END SOLUTION without BEGIN SOLUTION"),
    ("    secret =", "    ### BEGIN SOLUTION  # again\n    secret =", "    ### BEGIN SOLUTION  # again", "already begun"),
    (SOLVE, "return x * x", "def square(x):", "has no solution"),
    (IMPORT, f"### BEGIN SOLUTION\n### END SOLUTION\n{IMPORT}", "### BEGIN SOLUTION", "isn't tagged solve"),
    (IMPORT, f"{IMPORT}### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n", "### BEGIN HIDDEN TESTS", "isn't tagged test"),
    ("The model answer.", "### BEGIN SOLUTION\nThe model answer.\n### END SOLUTION", "### BEGIN SOLUTION", "isn't tagged solve"),
    ("Why is it", "BEGIN SOLUTION END\n\nWhy is it", "BEGIN SOLUTION END", "without END SOLUTION"),
    (IMPORT, f"{IMPORT}### AUTOTEST x\n", "### AUTOTEST x", "means something to nbgrader"),
    (IMPORT, "import\n", "import", "isn't Python"),
    (IMPORT, f"{IMPORT}%matplotlib inline\n", "%matplotlib inline", "IPython"),
    (IMPORT, IMPORT + 'label = "$\\sigma$"\n', 'label = "$\\sigma$"', "invalid escape"),
    (IMPORT, "\n", SETUP, "an empty cell"),
    (IMPORT, f"{IMPORT}{'x' * 101}\n", "x" * 101, "with 101 characters"),
    ("    ### BEGIN SOLUTION\n    secret", "### BEGIN SOLUTION\n    secret", "### BEGIN SOLUTION", "indented unlike the line below"),
    ("    ### END SOLUTION\n", "    ### END SOLUTION\n   x = 1\n", "   x = 1", "isn't Python"),
    (SOLVE, "pass\ntry:\n    ### BEGIN SOLUTION\n    pass\nfinally:\n    pass\n    ### END SOLUTION", "def square(x):",
     "what students get of this cell isn't Python"),
    (f"{IMPORT}```\n", IMPORT, "```{code-cell}", "never closed"),
    ("```{code-cell}\n:tags: [experiment]\n\nplot.show(square(5))\n```\n", "~~~{code-cell}\nplot.show(square(5))\n", "~~~{code-cell}", "never closed"),
    ("Why is it", "```python\nWhy is it", "```python", "never closed"),
    (f"```{{code-cell}}\n{SETUP}", f"```{{code_cell}}\n{SETUP}", "```{code_cell}", "unknown cell"),
    (f"```{{code-cell}}\n{SETUP}", f"``` {{code-cell}}\n{SETUP}", "``` {code-cell}", "unknown cell"),
    (f"```{{code-cell}}\n{SETUP}\n\n{IMPORT}```", "- a\n\n  ```{code-cell}\n  import math\n  ```", "  ```{code-cell}", "can't stand in a list"),
    ("## Task 2: a question in words\n\nWhy is it never negative?\n", '+++ {"tags": ["slide"]}\n', '+++ {"tags": ["slide"]}',
     "tags without a Markdown cell"),
    ("Why is it", "Why\fis it", "Why\fis it never negative?", "control character"),
    ("Why is it", "Why\u2028is it", "Why\u2028is it never negative?", "control character"),
    ("---\ntitle", "title", "title: Squares", "must begin with front matter"),
    ("---\n\n# Squares", "\n# Squares", "---", "never ends"),
    ("title: Squares\n", "answers: true\n", "---", "no title in words"),
    ("title: Squares", "title: [Squares", "title: [Squares", "isn't YAML"),
    ("title: Squares", "title: Squares: and cubes", "title: Squares: and cubes", "isn't YAML"),
    ("title: Squares", "title: 2026-13-01", "---", "isn't YAML"),
    ("title: Squares", "title: 12", "title: 12", "no title in words"),
    ("title: Squares", "title: Squares\nlevel: 3", "level: 3", "unknown key 'level'"),
    ("title: Squares", "title: Squares\npoints: 7.5", "points: 7.5", "the build adds up the points"),
    ("title: Squares", "title: Squares\nfiles: [a.png]", "files: [a.png]", "a notebook must run alone"),
    ("title: Squares", "title: Squares\nanswers: never", "answers: never", "answers must be true or false"),
    ("## Task 2: a", "## Task 3: a", "## Task 3: a question in words", "this is task 2, but its heading says 3"),
    ("## Task 2: a", "## Task two: a", "## Task two: a question in words", 'must read "## Task 2: its name"'),
    ("in words\n", "in words (3.5 points)\n", "## Task 2: a question in words (3.5 points)", "the build writes a task's points"),
    ("Why is it", "## Task 3: why\n\nWhy is it", "## Task 3: why", "must begin a cell; write +++ above it"),
    ('+++ {"tags": ["answer why 3.5"]}\n\n', "", "## Task 2: a question in words", "has no points"),
    (HINTS.split("</details>\n")[1] + "</details>\n", "", "## Task 1: the square", "has hints 1, 3; it needs three"),
    (HINTS, "", "## Task 1: the square", "has no hints; it needs three"),
    ("Hint 3", "Hint 4", "## Task 1: the square", "has hints 1, 2, 4"),
    ("Think 3 times.\n\n</details>", "Think 3 times.", "<details><summary>Hint 3: a hint</summary>", "never closed"),
    ("Why is it", "</details> Why is it", "</details> Why is it never negative?", "without <details>"),
    ("Hint 3: a hint</summary>\n\n", "Hint 3: a hint</summary>\n", "<details><summary>Hint 3: a hint</summary>", "a blank line must follow"),
    ("Why is it", 'It is. +++ {"tags": ["slide"]}\n\nWhy is it', 'It is. +++ {"tags": ["slide"]}', "only where it begins a line"),
    ("Why is it", "> +++\n\nWhy is it", "> +++", "only where it begins a line"),
    ("Why is it", "Why (lecture 01, eq. 2) is it", "Why (lecture 01, eq. 2) is it never negative?", "lecture 01 has no equation (2)"),
    ("Why is it", "By (1) and (3) of the lecture, why is it", "By (1) and (3) of the lecture, why is it never negative?", "no equation (3)"),
    ("Why is it", "$$y = x \\tag{7}$$\n\nWhy is it", "$$y = x \\tag{7}$$", "no equation (7)"),
    ("Why is it", "$$y \\quad (4)$$\n\nWhy is it", "$$y \\quad (4)$$", "no equation (4)"),
    ("Hint 3: a hint</summary>\n\nThink", "Hint 3: a hint</summary>\n```python\nx = 1\n\ny = 2\n```\n\nThink", "```python", "a blank line must stand above"),
    ("{how-it-works}\n\n", "", "# Squares", "write a line {how-it-works} below its table"),
    ("plot.show(square(5))", "square(5)", "---", "no cell shows a figure"),
    ("def square(x)", "def square(z, y)", "def square(z, y):", "has the parameters (z, y) here and (x) in tests"),
    ("Why is it", "Why (lecture 02, (1)) is it", "Why (lecture 02, (1)) is it never negative?", "lecture 02, which isn't written yet"),
]

# The same in a text with a test cell of the author's own.
TESTS = [
    ("[test square 4]", "[test square]", ":tags: [test square]", "write 'test NAME POINTS'"),
    ("[test square 4]", "[test square 0]", ":tags: [test square 0]", "positive number, got '0'"),
    ("[test square 4]", "[test square -4]", ":tags: [test square -4]", "positive number, got '-4'"),
    ("[test square 4]", "[test square 5]", "verdict.points(4)", "gives 4 points, but its tag says 5"),
    ("[solve square]", "[solve square 4]", ":tags: [test square 4]", "'test_square' is given twice"),
    ("### END HIDDEN TESTS\n", "", "### BEGIN HIDDEN TESTS", "BEGIN HIDDEN TESTS without END HIDDEN TESTS"),
    ("### BEGIN HIDDEN TESTS\n", "", "### END HIDDEN TESTS", "END HIDDEN TESTS without BEGIN"),
    ("verdict &=", "### BEGIN HIDDEN TESTS  # again\nverdict &=", "### BEGIN HIDDEN TESTS  # again", "already begun"),
    ("verdict = check(square)", "verdict = check(", "verdict = check(", "isn't Python"),
    ("verdict.points(4)", "points = 4", "points = 4", "must end with its points"),
    ("verdict.points(4)", "verdict.points(4);", "verdict.points(4);", "must end with its points"),
    ("verdict.points(4)", "print(verdict)", "print(verdict)", "must end with its points; write verdict.points(4)"),
    ("verdict.points(4)", "verdict", "verdict", "must end with its points"),
    ("verdict.points(4)", "check(square).points(2) + verdict.points(3)", "check(square).points(2) + verdict.points(3)", "gives 5 points"),
    ("### END HIDDEN TESTS\nverdict.points(4)", "verdict.points(4)\n### END HIDDEN TESTS", "verdict.points(4)", "what students see"),
    ("verdict = check(square)", "verdict = check(cube)", "verdict = check(cube)", "no check for 'cube'"),
    ("check.hidden(square)", "check.hidden(cube)", "verdict &= check.hidden(cube)", "no check for 'cube'"),
    ("verdict = check(square)", "verdict = check(3)", "verdict = check(3)", "write check(f), not check(f(x))"),
    ("verdict = check(square)", "assert square(2) == 4; verdict = check(square)", "assert square(2) == 4; verdict = check(square)",
     "a test can't call square itself"),
]


def check_refused(root, old, new, at, words):
    edit(root, EXERCISE_TEXT, old, new)
    line = (root / EXERCISE_TEXT).read_text(encoding="utf-8").split("\n").index(at) + 1
    said = refusal(load, find("e01", root))
    assert said.startswith(f"{EXERCISE_TEXT}:{1 if words in FIRST else line}: ") and words in said.split("\n")[0]


FIRST = ("must begin with front matter",)  # said of the first line, whatever stands there


@pytest.mark.parametrize("old, new, at, words", MISTAKES, ids=[f"{n}-{entry[3]}" for n, entry in enumerate(MISTAKES)])
def test_a_mistake_is_named_with_its_line(root, old, new, at, words):
    check_refused(root, old, new, at, words)


@pytest.mark.parametrize("old, new, at, words", TESTS, ids=[f"{n}-{entry[3]}" for n, entry in enumerate(TESTS)])
def test_a_mistake_in_a_test_is_named_with_its_line(tmp_path, old, new, at, words):
    check_refused(course(tmp_path, EXPLICIT), old, new, at, words)


@pytest.mark.parametrize("old, new, line, words", [
    (":tags: [experiment]", ":tags: [test square 4]", ":tags: [test square 4]", "in a lecture"),
    ('print("long")', "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", "### BEGIN SOLUTION", "isn't tagged solve"),
    ("---\n\n# Über", "answers: false\n---\n\n# Über", "answers: false", "unknown key 'answers'"),
    ("**Speaker, 2 min.** Say", "Say", "Say this.", "must begin with its minutes, as in **Speaker, 5 min.**"),
    ("The end.", "By (2) in lecture 01.", "By (2) in lecture 01.", "lecture 01 has no equation (2)"),
])
def test_a_mistake_in_a_lecture_is_named_with_its_line(root, old, new, line, words):
    edit(root, LECTURE_TEXT, old, new)
    number = (root / LECTURE_TEXT).read_text(encoding="utf-8").split("\n").index(line) + 1
    said = refusal(load, find("01", root))
    assert said.startswith(f"{LECTURE_TEXT}:{number}: ") and words in said


@pytest.mark.parametrize("cell", ["", "```{code-cell}\nx = 1\n```\n\n"], ids=["the task's", "one with no blank line in it"])
def test_a_missing_blank_line_above_a_fence_is_named_with_its_line(root, cell):
    fence = "```{code-cell}\n:tags: [solve square 4]"
    edit(root, EXERCISE_TEXT, f"</details>\n\n{fence}", f"</details>\n{cell}{fence}")
    line = (root / EXERCISE_TEXT).read_text(encoding="utf-8").split("\n").index("Think 3 times.") + 4
    assert refusal(load, find("e01", root)) == (f"{EXERCISE_TEXT}:{line}: a blank line must stand above this fence, or it is taken for "
                                                "a part of the HTML above it; insert one")


@pytest.mark.parametrize("shares, points, words", [
    ({"y": 3}, 4, "the tag gives 4 points, but the shares of square in tests.course.building.squares add up to 3"),
    ({"dx": 4}, 4, "are for dx, but it returns or updates y"),
    ({"y": 4}, 4, ""),
])
def test_shares_that_do_not_add_up(root, monkeypatch, shares, points, words):
    from tests.course.building.squares import check
    monkeypatch.setitem(check.specs["square"].__dict__, "shares", shares)
    if words:
        assert words in refusal(load, find("e01", root))
    else:
        load(find("e01", root))


@pytest.mark.parametrize("old, new", [
    ("verdict.points(4)", "check(square).points(1.5) + verdict.points(2.5)"),
    ("verdict = check(square)", "verdict = check(square) and check.hidden(square)"),
])
def test_other_right_tests_are_accepted(tmp_path, old, new):
    root = course(tmp_path, EXPLICIT.replace(old, new))
    assert build.build([], root) == 0


def test_code_that_looks_like_a_mistake_in_markdown_is_accepted(root):
    shown = "```\na +++ b\n<details>\n```\n\nThe lecture's (1), lecture 01, eq. 1, and lecture 09.\n\nWhy is it"
    edit(root, EXERCISE_TEXT, "Why is it", shown)
    assert build.build([], root) == 0


def test_all_mistakes_of_all_texts_are_named_at_once(root):
    edit(root, LECTURE_TEXT, "[experiment]", "[experimant]")
    edit(root, EXERCISE_TEXT, "[given setup]", "[gvien setup]")
    edit(root, EXERCISE_TEXT, "[solve square 4]", "[solve]")
    places = [line.split(":")[0] for line in refusal(build.build, [], root).split("\n")]
    assert places == [LECTURE_TEXT, EXERCISE_TEXT, EXERCISE_TEXT]


def test_a_text_that_is_not_utf8_and_an_empty_one(root):
    (root / LECTURE_TEXT).write_bytes("---\ntitle: x\n---\nÜber".encode("latin-1"))
    assert refusal(load, find("01", root)) == f"{LECTURE_TEXT}:4: a character that isn't UTF-8; save the file as UTF-8"
    (root / LECTURE_TEXT).write_bytes(b"")
    assert f"{LECTURE_TEXT}:1: " in refusal(load, find("01", root))
    (root / LECTURE_TEXT).write_bytes(b"---\ntitle: x\n---")
    assert "no cells" in refusal(load, find("01", root))


def test_a_name_that_nbgrader_cannot_have(root):
    (root / EXERCISE_TEXT).rename(root / "course/exercises/e01 squares+.md")
    assert "rename it" in refusal(build.build, ["e01"], root)


def test_units_are_found_by_name_beginning_and_file(built):
    lecture, exercise = Unit(built, "lecture", "01_first"), Unit(built, "exercise", "e01_squares")
    assert every(built) == [lecture, exercise]
    for name in ("01_first", "01", LECTURE_TEXT, LECTURE_FILE, str(built / LECTURE_FILE)):
        assert find(name, built) == lecture
    for name in ("e01", EXERCISE_TEXT, SOLUTION_FILE, "exercises/e01_squares", "gan_scratch/checks/released/e01_squares.ipynb"):
        assert find(name, built) == exercise
    shutil.copy(built / EXERCISE_TEXT, built / "course/exercises/e01_b.md")
    shutil.copy(built / EXERCISE_TEXT, built / "course/exercises/e01_squares_de.md")
    assert "may mean e01_b or e01_squares" in refusal(find, "e01", built)
    assert find("e01_s", built) == exercise, "a translation doesn't hide what it translates"
    assert "there is no unit 'e2'" in refusal(find, "e2", built) and "there is no unit ''" in refusal(find, "", built)


def test_a_test_that_the_solution_fails_where_the_grader_runs_it_does_not_build(built):
    before = (built / SOLUTION_FILE).read_bytes()
    (built / EXERCISE_TEXT).write_text(EXPLICIT)
    edit(built, EXERCISE_TEXT, "verdict = check(square)\n", "verdict = check(square)\nassert type(square) is type(lambda: 0)\n")
    said = refusal(build.build, ["e01"], built)
    assert "test_square gives the solution 0 of 4 points when the grader runs it: this test could not be finished" in said
    assert (built / SOLUTION_FILE).read_bytes() == before
