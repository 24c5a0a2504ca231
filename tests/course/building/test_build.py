"""From text to notebooks and back: `python -m course build` and `import`."""
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from course.__main__ import main
from course.building import build, notebook
from course.building.bring_back import bring_back
from course.building.check import load
from course.building.tags import from_metadata, metadata
from course.building.text import Cell, TextError, compose, parse, read, tidy
from course.building.units import ROOT, CourseError, Unit, every, find

LECTURE = """\
---
title: The "first" lecture
---

# Über D and G

+++ {"tags": ["slide"]}

## A slide

+++ {"tags": ["notes"]}

Say this. 2 min

```{code-cell}
:tags: [figure, fragment]

import math

print(math.pi)
```

```{code-cell}
:tags: [experiment]

print("long")
```

The end.
"""

EXERCISE = """\
---
title: Squares
points: 7.5
files: [figures/a.png]
---

# Squares

![](figures/a.png)

```{code-cell}
:tags: [given setup]

import math
```

```{code-cell}
:tags: [solve square]

def square(x):
    \"\"\"x².\"\"\"
    ### BEGIN SOLUTION
    secret = x * x
    return secret
    ### END SOLUTION
```

```{code-cell}
:tags: [test square 4]

score = 2.0 * (square(2) == 4)
### BEGIN HIDDEN TESTS
score += 2.0 * (square(-3) == 9)
### END HIDDEN TESTS
score
```

Why is it never negative?

+++ {"tags": ["answer why 3.5"]}

The model answer. Rubric: 3.5 points.

```{code-cell}
:tags: [experiment]

print(square(5))
```
"""

LECTURE_TEXT, EXERCISE_TEXT = "course/lectures/01_first.md", "course/exercises/e01_squares.md"
LECTURE_FILE = "lectures/01_first.ipynb"
SOLUTION_FILE, RELEASED_FILE = "solutions/e01_squares/e01_squares.ipynb", "exercises/e01_squares/e01_squares.ipynb"


@pytest.fixture
def root(tmp_path):
    return course(tmp_path)


@pytest.fixture
def built(root, capsys):
    """A course whose notebooks are built."""
    assert build.build([], root) == 0
    capsys.readouterr()
    return root


def course(root: Path, **changes: str) -> Path:
    """A course of one lecture and one exercise."""
    (root / "course/lectures").mkdir(parents=True)
    (root / "course/exercises/figures").mkdir(parents=True)
    (root / LECTURE_TEXT).write_text(LECTURE, encoding="utf-8")
    (root / EXERCISE_TEXT).write_text(EXERCISE, encoding="utf-8")
    (root / "course/exercises/figures/a.png").write_bytes(b"a picture")
    return root


def everything(root: Path) -> dict[str, bytes]:
    """All files below, by path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def opened(root: Path, file: str):
    return nbformat.read(root / file, as_version=4)


def saved(root: Path, file: str, cells=None, **changes) -> None:
    """Change a notebook as a person in Jupyter does: `cells` gets the list of cells; the other names are pieces to replace."""
    nb = opened(root, file)
    if cells:
        cells(nb.cells)
    text = nbformat.writes(nb)
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (root / file).write_text(text, encoding="utf-8")


def edit(root: Path, file: str, old: str, new: str) -> None:
    """Replace a piece of a source (on one line) in a notebook or a text."""
    text = (root / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


def refusal(action, *args, **kwargs) -> str:
    with pytest.raises(CourseError) as caught:
        action(*args, **kwargs)
    return str(caught.value)


# What is built

def test_the_lecture(built):
    nb = opened(built, LECTURE_FILE)
    nbformat.validate(nb)
    assert [cell.cell_type for cell in nb.cells] == ["markdown", "markdown", "markdown", "code", "code", "markdown"]
    assert [cell.metadata.slideshow.slide_type for cell in nb.cells] == ["-", "slide", "notes", "fragment", "-", "-"]
    assert [cell.metadata.get("tags") for cell in nb.cells] == [None, None, None, ["figure"], ["experiment", "raises-exception"], None]
    assert nb.cells[0].source == "# Über D and G" and nb.cells[3].source == "import math\n\nprint(math.pi)"
    assert nb.cells[3].metadata.jupyter == {"source_hidden": True}
    assert not any("nbgrader" in cell.metadata for cell in nb.cells)
    assert (nb.nbformat, nb.nbformat_minor, nb.metadata.title) == (4, 5, 'The "first" lecture')
    assert nb.metadata.kernelspec.name == "python3" and "version" not in nb.metadata.language_info


def test_what_nbgrader_is_told(built):
    about = {cell.metadata.nbgrader.grade_id: cell for cell in opened(built, SOLUTION_FILE).cells if "nbgrader" in cell.metadata}

    def settings_of(name):
        keys = ("grade", "solution", "locked", "points", "schema_version", "task")
        return {key: about[name].metadata.nbgrader.get(key) for key in keys}

    assert settings_of("setup") == dict(grade=False, solution=False, locked=True, points=None, schema_version=3, task=False)
    assert settings_of("square") == dict(grade=False, solution=True, locked=False, points=None, schema_version=3, task=False)
    assert settings_of("test_square") == dict(grade=True, solution=False, locked=True, points=4, schema_version=3, task=False)
    assert settings_of("answer_why") == dict(grade=True, solution=True, locked=False, points=3.5, schema_version=3, task=False)
    assert all(cell.id == name for name, cell in about.items()) and len(about) == 4


def test_the_release_holds_no_secrets(built):
    nb, text = opened(built, RELEASED_FILE), (built / RELEASED_FILE).read_text()
    for secret in ("secret", "-3", "model answer", "Rubric", "SOLUTION", "HIDDEN"):
        assert secret in (built / SOLUTION_FILE).read_text() and secret not in text
    sources = {cell.id: cell.source for cell in nb.cells}
    assert sources["square"] == 'def square(x):\n    """x²."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    assert sources["test_square"] == "score = 2.0 * (square(2) == 4)\nscore"
    assert sources["answer_why"] == "YOUR ANSWER HERE"
    assert not nb.cells[0].metadata.keys() - {"slideshow"}
    assert all(cell.metadata.nbgrader.checksum for cell in nb.cells if "nbgrader" in cell.metadata)
    assert [cell.metadata.get("editable", True) for cell in nb.cells] == [True, False, True, False, True, True, True]


def test_files_travel(built):
    for folder in ("solutions", "exercises"):
        assert (built / folder / "e01_squares/figures/a.png").read_bytes() == b"a picture"


def test_the_same_bytes_again_and_elsewhere(built, tmp_path, capsys):
    before = everything(built)
    assert build.build([], built) == 0
    assert capsys.readouterr().out == "01_first: unchanged\ne01_squares: unchanged\n"
    other = course(tmp_path / "another place")
    build.build([], other)
    there = everything(other)
    assert everything(built)[SOLUTION_FILE] == before[SOLUTION_FILE]
    assert there == {path: data for path, data in before.items()}


def test_equal_cells_get_ids_of_their_own(root):
    (root / LECTURE_TEXT).write_text("---\ntitle: x\n---\n\nsame\n\n+++\n\nsame\n\n+++\n\nsame\n")
    build.build(["01"], root)
    ids = [cell.id for cell in opened(root, LECTURE_FILE).cells]
    assert ids == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]


def test_only_the_named_unit_is_built(root, capsys):
    build.build(["e01", "course/exercises/e01_squares.md"], root)
    assert capsys.readouterr().out.count("e01_squares: written") == 1 and not (root / "lectures").exists()


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(built):
    before = everything(built)[SOLUTION_FILE]
    (built / EXERCISE_TEXT).write_bytes(b"\xef\xbb\xbf" + EXERCISE.replace("\n", "\r\n").encode())
    assert build.check([], built) == 0 and everything(built)[SOLUTION_FILE] == before


def test_nothing_is_written_when_a_text_is_wrong(root):
    (root / LECTURE_TEXT).write_text("no front matter\n")
    assert refusal(build.build, [], root).startswith(f"{LECTURE_TEXT}:1: ")
    assert not (root / "solutions").exists()


def test_nothing_is_written_when_the_converter_fails(root, monkeypatch):
    monkeypatch.setattr("course.building.release.CODE_STUB", 3)  # not what nbgrader expects
    assert "nbgrader" in refusal(build.build, [], root)
    assert not (root / "solutions").exists() and not (root / "lectures").exists()


# Mistakes: what is replaced in the text, the line that must be named, words of the message

SOLVE = "### BEGIN SOLUTION\n    secret = x * x\n    return secret\n    ### END SOLUTION"
HIDDEN = "### BEGIN HIDDEN TESTS\nscore += 2.0 * (square(-3) == 9)\n### END HIDDEN TESTS\n"
MISTAKES = [
    ("[given setup]", "[gvien setup]", 12, "unknown tag 'gvien setup'"),
    ("[given setup]", "[given]", 12, "write 'given NAME'"),
    ("[given setup]", "[given set-up]", 12, "malformed"),
    ("[given setup]", "given setup", 12, "must be a list"),
    ("[given setup]", "[given setup", 12, "aren't YAML"),
    ("[given setup]", "[given setup, slide, notes]", 12, "one place in the slides"),
    ("[given setup]", "[given setup, given setup]", 12, "given twice"),
    ("[given setup]", "[given setup, experiment]", 12, "exclude each other"),
    ("[given setup]", "[given setup, '']", 12, "must be a list"),
    ("[given setup]", "['given setup, slide']", 12, "must be a list"),
    (":tags: [given setup]", ":tag: [given setup]", 12, "unknown option 'tag'"),
    (":tags: [given setup]", ":tags", 12, "aren't understood"),
    ("[test square 4]", "[test square]", 29, "write 'test NAME POINTS'"),
    ("[test square 4]", "[test square four]", 29, "positive number, got 'four'"),
    ("[test square 4]", "[test square 0]", 29, "positive number, got '0'"),
    ("[test square 4]", "[test square -4]", 29, "positive number, got '-4'"),
    ("[test square 4]", "[test square 5]", 3, "says 7.5 points, but the cells give 8.5"),
    ("[test square 4]", "[test square 4, given other]", 29, "one grading tag"),
    ("[given setup]", "[given square]", 18, "'square' is given twice, first at line 12"),
    ("[given setup]", "[given test_square]", 29, "'test_square' is given twice, first at line 12"),
    ("[solve square]", "[answer square 1]", 18, "is for a Markdown cell"),
    ('["answer why 3.5"]', '["test why 3.5"]', 40, "is for a code cell"),
    ('["answer why 3.5"]', '["experiment"]', 40, "for code cells"),
    ('{"tags": ["answer why 3.5"]}', '{"tags": ["answer why 3.5"}', 40, "aren't JSON"),
    ('{"tags": ["answer why 3.5"]}', '{"tag": ["answer why 3.5"]}', 40, "unknown option 'tag'"),
    ("    ### END SOLUTION\n", "", 22, "BEGIN SOLUTION without END SOLUTION"),
    ("    ### BEGIN SOLUTION\n", "", 24, "END SOLUTION without BEGIN SOLUTION"),
    ("    secret =", "    ### BEGIN SOLUTION\n    secret =", 23, "already begun"),
    (SOLVE, "return x * x", 20, "has no solution"),
    ("### END HIDDEN TESTS\n", "", 32, "BEGIN HIDDEN TESTS without END HIDDEN TESTS"),
    ("### BEGIN HIDDEN TESTS\n", "", 33, "END HIDDEN TESTS without BEGIN"),
    ("score += 2.0", "### BEGIN HIDDEN TESTS\nscore += 2.0", 33, "already begun"),
    ("import math\n", "### BEGIN SOLUTION\n### END SOLUTION\nimport math\n", 14, "isn't tagged solve"),
    ("import math\n", "import math\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n", 15, "isn't tagged test"),
    ("The model answer.", "### BEGIN SOLUTION\nThe model answer.\n### END SOLUTION", 42, "isn't tagged solve"),
    ("Why is it", "BEGIN SOLUTION END\n\nWhy is it", 38, "without END SOLUTION"),
    ("import math\n", "import math\n### AUTOTEST x\n", 15, "means something to nbgrader"),
    ("import math\n", "import\n", 14, "isn't Python"),
    ("import math\n", "import math\n%matplotlib inline\n", 15, "IPython"),
    ("import math\n", 'import math\nlabel = "$\\sigma$"\n', 15, "invalid escape"),
    ("import math\n", "\n", 12, "an empty cell"),
    ("score = 2.0 * (square(2) == 4)\n", "score = 2.0 * (\n", 31, "isn't Python"),
    ("    ### BEGIN SOLUTION\n    secret", "### BEGIN SOLUTION\n    secret", 22, "indented unlike the line below"),
    ("    ### END SOLUTION\n", "    ### END SOLUTION\n   x = 1\n", 26, "isn't Python"),
    (SOLVE, "pass\ntry:\n    ### BEGIN SOLUTION\n    pass\nfinally:\n    pass\n    ### END SOLUTION", 20,
     "what students get of this cell isn't Python"),
    (HIDDEN + "score\n", HIDDEN + "score = 4\n", 35, "must end with an expression"),
    (HIDDEN + "score\n", HIDDEN + "score;\n", 35, "hides its points"),
    (HIDDEN + "score\n", HIDDEN + "check(square).points(3)\n", 35, "gives 3 points, but its tag says 4"),
    (HIDDEN + "score\n", HIDDEN.replace("### END", "score\n### END"), 34, "what students see"),
    ("import math\n```\n", "import math\n", 11, "never closed"),
    ("print(square(5))\n```\n", "print(square(5))\n", 44, "never closed"),
    ("Why is it", "```python\nWhy is it", 38, "never closed"),
    ("```{code-cell}\n:tags: [given setup]", "```{code_cell}\n:tags: [given setup]", 11, "unknown cell"),
    ("```{code-cell}\n:tags: [given setup]", "``` {code-cell}\n:tags: [given setup]", 11, "unknown cell"),
    ("```{code-cell}\n:tags: [given setup]\n\nimport math\n```", "- a\n\n  ```{code-cell}\n  import math\n  ```", 13,
     "can't stand in a list"),
    ("Why is it never negative?\n", '+++ {"tags": ["slide"]}\n', 38, "tags without a Markdown cell"),
    ("Why is it", "Why\fis it", 38, "control character"),
    ("Why is it", "Why\u2028is it", 38, "control character"),
    ("---\ntitle", "title", 1, "must begin with front matter"),
    ("---\n\n# Squares", "\n# Squares", 1, "never ends"),
    ("title: Squares\n", "", 1, "no title in words"),
    ("title: Squares", "title: [Squares", 3, "isn't YAML"),
    ("title: Squares", "title: Squares: and cubes", 2, "isn't YAML"),
    ("title: Squares", "title: 2026-13-01", 1, "isn't YAML"),
    ("title: Squares", "title: 12", 2, "no title in words"),
    ("title: Squares", "title: Squares\nlevel: 3", 3, "unknown key 'level'"),
    ("points: 7.5\n", "", 1, "points as a positive number"),
    ("points: 7.5", "points: many", 3, "points as a positive number"),
    ("title: Squares\npoints: 7.5", "title: Squares for many points\npoints: 8", 3, "says 8 points, but the cells give 7.5"),
    ("points: 7.5", "points: 8", 3, "says 8 points, but the cells give 7.5"),
    ("[figures/a.png]", "[figures/b.png]", 4, "no file 'figures/b.png'"),
    ("[figures/a.png]", "[../figures/b.png]", 4, "plain path"),
    ("[figures/a.png]", "figures/a.png", 4, "must be a list"),
    ("[figures/a.png]", "[e01_squares.md]", 4, "can't travel"),
]


@pytest.mark.parametrize("old, new, line, words", MISTAKES, ids=[f"{words}-{line}" for _, _, line, words in MISTAKES])
def test_a_mistake_is_named_with_its_line(root, old, new, line, words):
    edit(root, EXERCISE_TEXT, old, new)
    said = refusal(load, find("e01", root))
    assert said.startswith(f"{EXERCISE_TEXT}:{line}: ") and words in said and "\n" not in said


@pytest.mark.parametrize("old, new, line, words", [
    (":tags: [experiment]", ":tags: [test square 4]", 24, "in a lecture"),
    ('print("long")', "### BEGIN SOLUTION\nx = 1\n### END SOLUTION", 26, "isn't tagged solve"),
    ("---\n\n# Über", "points: 3\n---\n\n# Über", 3, "a lecture has no points"),
])
def test_lectures_are_not_graded(root, old, new, line, words):
    edit(root, LECTURE_TEXT, old, new)
    said = refusal(load, find("01", root))
    assert said.startswith(f"{LECTURE_TEXT}:{line}: ") and words in said


def test_all_mistakes_of_all_texts_are_named_at_once(root):
    edit(root, LECTURE_TEXT, "[experiment]", "[experimant]")
    edit(root, EXERCISE_TEXT, "[given setup]", "[gvien setup]")
    edit(root, EXERCISE_TEXT, "[test square 4]", "[test square]")
    places = [line.split(": ")[0] for line in refusal(build.build, [], root).split("\n")]
    assert places == [f"{LECTURE_TEXT}:24", f"{EXERCISE_TEXT}:12", f"{EXERCISE_TEXT}:29"]


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
    for name in ("e01", EXERCISE_TEXT, SOLUTION_FILE, RELEASED_FILE, "exercises/e01_squares"):
        assert find(name, built) == exercise
    shutil.copy(built / EXERCISE_TEXT, built / "course/exercises/e01_b.md")
    assert "may mean e01_b or e01_squares" in refusal(find, "e01", built)
    assert "there is no unit 'e2'" in refusal(find, "e2", built) and "there is no unit ''" in refusal(find, "", built)


# Odd but right texts

FENCES = '''\
def f():
    """
    ```
    not a fence
    ```
+++
```{code-cell}
    """
    return "````"'''


@pytest.mark.parametrize("kind, source", [
    ("code", FENCES), ("code", "if True:\n\tpass"), ("code", "---1"), ("code", "# :tags: [x]\n\n\n\nπ = '🎲'"),
    ("code", "x = '''\n+++ {\"tags\": [\"slide\"]}\n'''"), ("markdown", "````\n```{code-cell}\nx\n```\n````"),
    ("markdown", "a  \nb\n\n    +++ indented"), ("markdown", "~~~\n+++\n~~~"), ("markdown", "---\na: b\n---"),
    ("markdown", "- list\n\n  ```python\n  x\n  ```\n> ```\n> quoted\n> ```"),
    ("markdown", "$$\n\\begin{aligned}\na &= b \\\\\n\\end{aligned}\n$$"),
    ("markdown", "<details><summary>Hint</summary>\n\n```python\nx\n```\n\n</details>"),
])
def test_odd_cells_survive(root, kind, source):
    cells = [Cell("markdown", "above"), Cell(kind, source, ("slide",)), Cell(kind, source), Cell("markdown", "below")]
    text = compose("---\ntitle: x\n---\n\n", cells)
    assert parse(text).cells == cells
    (root / LECTURE_TEXT).write_text(text, encoding="utf-8")
    build.build(["01"], root)
    assert [cell.source for cell in opened(root, LECTURE_FILE).cells] == ["above", source, source, "below"]
    assert build.check(["01"], root) == 0


LINES = st.sampled_from(["", "a", "    b", "\tc", "```", "  ```", "````", "    ```", "```{code-cell}", "~~~", "+++",
                         '+++ {"tags": ["slide"]}', "---", ":x", "# h", "- l", "> q", "ü 🎲", "$$", "<!--", "a  "])
SOURCES = st.lists(LINES, min_size=1, max_size=5).map("\n".join).map(tidy).filter(bool)
PYTHON = SOURCES.filter(lambda source: not source.lstrip().startswith(":"))  # a first line :x is taken for options
CODE = st.builds(Cell, st.just("code"), PYTHON, st.sampled_from([
    (), ("slide",), ("given a",), ("solve b_1", "fragment"), ("test c 2.5",), ("experiment", "figure", "notes")]))
MARKDOWN = st.builds(Cell, st.just("markdown"), SOURCES, st.sampled_from([(), ("subslide",), ("answer why 3",)]))
HEAD = "---\ntitle: x\n---\n\n"


@settings(deadline=None, max_examples=150)
@given(st.lists(CODE, min_size=1, max_size=4))
@example([Cell("code", "# :x\n:x"), Cell("code", "---\n---"), Cell("code", "```\n````")])
def test_code_to_text_to_code_is_the_identity(cells):
    cells = [*cells, Cell("markdown", "between"), Cell("markdown", "and", ("slide",)), *cells]
    assert parse(compose(HEAD, cells)).cells == cells


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(CODE, MARKDOWN), min_size=1, max_size=4))
def test_a_text_once_in_canonical_form_stays_so(cells):
    try:
        cells = parse(compose(HEAD, cells)).cells  # Markdown with a line +++ is several cells now, or none
        text = compose(HEAD, cells)
        again = parse(text)
    except TextError:  # a fence that never ends
        assume(False)
    assume(cells)
    assert compose(again.head, again.cells) == text


@pytest.mark.parametrize("tags", [
    (), ("slide",), ("given a",), ("solve a", "fragment"), ("test a 2.5",), ("test a 3", "notes"), ("answer a 1",),
    ("experiment",), ("experiment", "figure", "skip"), ("figure",)])
def test_tags_to_metadata_to_tags_is_the_identity(tags):
    assert from_metadata(metadata(tags)) == tags


@pytest.mark.parametrize("unit", every(ROOT), ids=lambda unit: unit.name)
def test_every_text_of_the_course_is_in_canonical_form(unit):
    source = read(unit.root / unit.text)
    text = parse(source)
    hint = f'run "python -m course build {unit.name}" and "python -m course import {unit.notebooks[0].as_posix()}"'
    assert compose(text.head, text.cells) == source, hint


def test_the_notebooks_of_the_course_are_what_its_texts_give():
    if not every(ROOT):
        pytest.skip("there are no texts yet")
    assert build.check([]) == 0


# Checking, and edits made by hand

def test_check_says_what_differs_and_why(built, capsys):
    assert build.check([], built) == 0
    assert capsys.readouterr().out == "2 units: every notebook is what its text gives\n"
    before = everything(built)

    def complaint(*names):
        capsys.readouterr()
        assert build.check(list(names), built) == 1
        return capsys.readouterr().out

    edit(built, EXERCISE_TEXT, "never negative", "always positive")
    assert complaint("e01").count("is older than course/exercises/e01_squares.md: run") == 2
    edit(built, EXERCISE_TEXT, "always positive", "never negative")

    edit(built, RELEASED_FILE, "never negative", "always positive")
    assert f"{RELEASED_FILE} was edited by hand" in complaint() and f'"python -m course import {RELEASED_FILE}"' in complaint()
    edit(built, RELEASED_FILE, "always positive", "never negative")

    saved(built, LECTURE_FILE, lambda cells: cells[3].outputs.append(nbformat.v4.new_output("stream", text="3.14")))
    assert f"{LECTURE_FILE} has outputs inside" in complaint()
    saved(built, LECTURE_FILE, lambda cells: cells[3].outputs.clear(),
          version=('"name": "python"', '"version": "3", "name": "python"'))
    assert f"{LECTURE_FILE} was saved by another program" in complaint()
    (built / LECTURE_FILE).unlink()
    assert f"{LECTURE_FILE} is missing" in complaint()
    (built / LECTURE_FILE).write_text("<<<<<<< HEAD\n{}")
    assert f"{LECTURE_FILE} can't be read as a notebook" in complaint()
    (built / LECTURE_FILE).write_bytes(before[LECTURE_FILE])

    picture = "exercises/e01_squares/figures/a.png"
    (built / picture).write_bytes(b"another")
    assert f"{picture} was edited by hand" in complaint()
    (built / picture).write_bytes(b"a picture")
    (built / "course/exercises/figures/a.png").write_bytes(b"a new picture")
    assert f"{picture} is older than" in complaint()
    (built / "course/exercises/figures/a.png").write_bytes(b"a picture")
    assert everything(built) == before and build.check([], built) == 0


def ran(cells) -> None:
    """What Jupyter leaves when a notebook is run with Shift+Enter, looked at and saved."""
    for number, cell in enumerate(cells):
        cell.metadata.update(collapsed=True, scrolled=False, trusted=True, execution={"iopub.execute_input": "2026-01-01"})
        cell.metadata.get("jupyter", {}).update(source_hidden=False, outputs_hidden=True)
        if cell.cell_type == "code":
            cell.execution_count = number + 1
            cell.outputs = [nbformat.v4.new_output("stream", text="out")]
    cells.append(nbformat.v4.new_code_cell(""))


@pytest.mark.parametrize("file", [LECTURE_FILE, SOLUTION_FILE, RELEASED_FILE])
def test_running_a_notebook_is_no_edit(built, file):
    before = everything(built)
    saved(built, file, ran)
    assert everything(built) != before
    assert build.build([], built) == 0 and everything(built) == before
    saved(built, file, ran)
    assert bring_back(built / file, built) == 0 and everything(built)[EXERCISE_TEXT] == before[EXERCISE_TEXT]


@pytest.mark.parametrize("change", [
    lambda cells: cells.pop(), lambda cells: cells.reverse(), lambda cells: cells.append(nbformat.v4.new_markdown_cell("mine")),
    lambda cells: cells[3].metadata.update(tags=["figure", "mine"]),
    lambda cells: cells[1].update(source="## Another slide"), lambda cells: cells[1].metadata.slideshow.update(slide_type="skip"),
    lambda cells: cells[0].update(cell_type="raw"),
], ids=["deleted", "moved", "inserted", "tag", "source", "slide type", "cell type"])
def test_an_edit_by_hand_is_not_overwritten(built, change, capsys):
    saved(built, LECTURE_FILE, change)
    edit(built, LECTURE_TEXT, "The end.", "The very end.")
    edit(built, EXERCISE_TEXT, "never negative", "always positive")
    before = everything(built)
    said = refusal(build.build, [], built)
    assert f'"python -m course import {LECTURE_FILE}"' in said and '"python -m course build 01_first --force"' in said
    assert everything(built)[LECTURE_FILE] == before[LECTURE_FILE]
    assert "01_first: not built\ne01_squares: written" in capsys.readouterr().out
    assert build.build(["01"], built, force=True) == 0 and build.check([], built) == 0


def test_a_foreign_notebook_is_not_overwritten(root):
    (root / "lectures").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("mine")]), root / LECTURE_FILE)
    assert "wasn't made by" in refusal(build.build, [], root)
    assert opened(root, LECTURE_FILE).cells[0].source == "mine"
    assert "no record" in refusal(bring_back, root / LECTURE_FILE, root)


def test_what_has_no_text_any_more_is_removed(built, capsys):
    edit(built, EXERCISE_TEXT, "files: [figures/a.png]\n", "")
    edit(built, EXERCISE_TEXT, "![](figures/a.png)\n\n", "")
    (built / LECTURE_TEXT).unlink()
    assert build.check([], built) == 1
    said = capsys.readouterr().out
    assert "lectures/01_first.ipynb belongs to no text any more" in said
    assert "solutions/e01_squares/figures/a.png belongs to no text any more" in said
    assert build.build([], built) == 0
    assert not (built / "lectures").exists() and not (built / "exercises/e01_squares/figures").exists()
    assert build.check([], built) == 0


def test_what_a_person_has_put_there_is_flagged_and_stays(built, capsys):
    copy = built / "lectures/01_first-Copy1.ipynb"
    shutil.copy(built / LECTURE_FILE, copy)
    saved(built, RELEASED_FILE, lambda cells: cells.pop())
    (built / EXERCISE_TEXT).unlink()
    assert build.build([], built) == 0
    said = capsys.readouterr().out
    assert "lectures/01_first-Copy1.ipynb is given by no text" in said
    assert f"{RELEASED_FILE} was edited by hand, and its text" in said
    assert copy.exists() and (built / RELEASED_FILE).exists() and not (built / SOLUTION_FILE).exists()
    assert build.check([], built) == 1
    assert build.build([], built, force=True) == 0 and not (built / RELEASED_FILE).exists()


def test_a_forged_record_removes_nothing_outside(built):
    (built / "mine.txt").write_bytes(b"mine")
    digest = notebook.digest(b"mine")
    saved(built, LECTURE_FILE, record=('"text": "course', f'"files": {{"../mine.txt": "{digest}"}}, "text": "course'))
    assert build.build([], built) == 0 and (built / "mine.txt").exists()


# Bringing edits back

def imported(root: Path, file: str, capsys, status: int = 0) -> str:
    """Import a notebook; the text must then give exactly this notebook again, unless something is left to do."""
    before = notebook.fingerprint(notebook.read((root / file).read_bytes(), file)["cells"])
    capsys.readouterr()
    assert bring_back(root / file, root) == status
    said = capsys.readouterr().out
    if status == 0:
        assert build.build([], root) == 0 and build.check([], root) == 0
        assert notebook.fingerprint(notebook.read((root / file).read_bytes(), file)["cells"]) == before
    return said


@pytest.mark.parametrize("file", [LECTURE_FILE, SOLUTION_FILE, RELEASED_FILE])
def test_an_untouched_notebook_changes_nothing(built, file, capsys):
    before = everything(built)
    assert "nothing to bring back" in imported(built, file, capsys)
    assert everything(built) == before


def test_edits_of_a_lecture_come_back(built, capsys):
    def change(cells):
        cells[1].source = "## Another slide\n\nwith more\n"
        cells[2].metadata.slideshow.slide_type = "skip"
        cells[4].metadata.tags = []
        about = {"slideshow": {"slide_type": "subslide"}, "tags": ["figure"]}
        cells.insert(2, nbformat.v4.new_code_cell("x = 1", metadata=about))
        cells.insert(2, nbformat.v4.new_markdown_cell("new"))
        cells.append(cells.pop(0))

    saved(built, LECTURE_FILE, change)
    assert "3 cells edited, 2 cells inserted, the order changed" in imported(built, LECTURE_FILE, capsys)
    assert (built / LECTURE_TEXT).read_text(encoding="utf-8") == LECTURE[:LECTURE.index("# Über")] + """\
+++ {"tags": ["slide"]}

## Another slide

with more

+++

new

```{code-cell}
:tags: [figure, subslide]

x = 1
```

+++ {"tags": ["skip"]}

Say this. 2 min

```{code-cell}
:tags: [figure, fragment]

import math

print(math.pi)
```

```{code-cell}
print("long")
```

The end.

+++

# Über D and G
"""


def test_edits_of_a_solution_come_back(built, capsys):
    def change(cells):
        cells[2].source = cells[2].source.replace("secret = x * x", "secret = x**2").replace('"""x²."""', '"""The square."""')
        cells[3].metadata.nbgrader.points = 5
        del cells[-1]

    saved(built, SOLUTION_FILE, change)
    assert "2 cells edited, 1 cell deleted" in imported(built, SOLUTION_FILE, capsys)
    text = (built / EXERCISE_TEXT).read_text(encoding="utf-8")
    wanted = EXERCISE[:EXERCISE.index("\n```{code-cell}\n:tags: [experiment]")]
    for old, new in (("x * x", "x**2"), ("x².", "The square."), ("square 4", "square 5"), ("points: 7.5", "points: 8.5")):
        wanted = wanted.replace(old, new)
    assert text == wanted
    assert "The square." in (built / RELEASED_FILE).read_text()


def test_edits_of_a_released_exercise_keep_what_was_cut(built, capsys):
    def change(cells):
        cells[0].source = "# Squares and more"
        cells[2].source = "# a comment\n" + cells[2].source.replace("x²", "x times x") + "\n\n\ncube = 3"
        cells[3].source = cells[3].source.replace("2.0", "2.0 * 1")
        cells.insert(1, nbformat.v4.new_markdown_cell("A hint"))

    saved(built, RELEASED_FILE, change)
    assert "3 cells edited, 1 cell inserted" in imported(built, RELEASED_FILE, capsys)
    wanted = EXERCISE.replace("# Squares\n\n![](figures/a.png)\n", "# Squares and more\n\n+++\n\nA hint\n")
    wanted = wanted.replace("def square", "# a comment\ndef square").replace("x².", "x times x.")
    wanted = wanted.replace("### END SOLUTION\n", "### END SOLUTION\n\n\ncube = 3\n").replace("score = 2.0", "score = 2.0 * 1")
    assert (built / EXERCISE_TEXT).read_text(encoding="utf-8") == wanted


@pytest.mark.parametrize("number, source, words, line", [
    (2, "def square(x):\n    return x * x", "its solution was cut", 18),
    (2, "def square(x):\n        # YOUR CODE HERE\n        raise NotImplementedError()", "its solution stood where", 18),
    (2, 'def square(x):\n    """x²."""\n    # YOUR CODE HERE\n    return 3', "its solution stood where", 18),
    (3, "score = 2.0 * (square(2) == 4)\nscore += 1\nscore", "its hidden tests stood where", 29),
    (5, "My answer", "its model answer was cut", 40),
])
def test_an_edit_where_something_was_cut_must_be_made_in_the_text(built, capsys, number, source, words, line):
    def change(cells):
        cells[number].source = source
        cells[0].source = "# Another title"

    saved(built, RELEASED_FILE, change)
    said = imported(built, RELEASED_FILE, capsys, status=1)
    assert f"cell {number + 1}: {words}" in said and f"edit it at {EXERCISE_TEXT}:{line}" in said
    text = (built / EXERCISE_TEXT).read_text(encoding="utf-8")
    assert text == re.sub(r"# Squares\n\n.*\n", "# Another title\n", EXERCISE)


def strip_ids(cells) -> None:
    for cell in cells:
        cell.id = f"other-{id(cell)}"


@pytest.mark.parametrize("change, words", [
    (lambda cells: cells.pop(2), "'solve square' is missing"),
    (lambda cells: cells.append(nbformat.from_dict({**cells[1], "id": "copy"})), "cell 8 ('import math'): the grade id 'setup'"),
    (lambda cells: cells[0].update(source="a\n\n+++\n\nb"), "cell 1 ('a') would come back from the text as another cell"),
    (lambda cells: cells[0].update(source="a\n```"), "cell 1 ('a'): this code fence is never closed"),
    (lambda cells: cells[0].update(source="```{code-cell}\nx\n```"), "cell 1 ('```{code-cell}') would come back"),
    (lambda cells: cells[1].update(source="import"), "cell 2 ('import'): this isn't Python"),
    (lambda cells: cells[6].metadata.update(tags=["mine"]), "cell 7 ('print(square(5))'): unknown tag 'mine'"),
    (lambda cells: cells[2].metadata.nbgrader.update(grade=True, points=1), "the tag 'answer square 1' is for a Markdown cell"),
    (lambda cells: cells[0].update(attachments={"a.png": {"image/png": ""}}), "a picture inside a cell"),
    (lambda cells: cells[0].update(cell_type="raw"), "cell 1 is a raw cell"),
], ids=["lost solution", "double", "break", "fence", "cell in a cell", "python", "tag", "graded by hand", "picture", "raw"])
def test_an_import_that_would_harm_the_text_is_refused(built, change, words):
    saved(built, RELEASED_FILE, change)
    before = everything(built)
    assert words in refusal(bring_back, built / RELEASED_FILE, built)
    assert everything(built) == before


def test_a_notebook_without_its_ids_is_still_recognised(built, capsys):
    saved(built, RELEASED_FILE, strip_ids)
    edit(built, RELEASED_FILE, "x²", "x times x")
    imported(built, RELEASED_FILE, capsys)
    assert (built / EXERCISE_TEXT).read_text(encoding="utf-8") == EXERCISE.replace("x².", "x times x.")


def test_a_test_that_is_hidden_altogether(root, capsys):
    edit(root, EXERCISE_TEXT, "score = 2.0 * (square(2) == 4)\n### BEGIN HIDDEN TESTS\n", "### BEGIN HIDDEN TESTS\nscore = 2.0\n")
    edit(root, EXERCISE_TEXT, "### END HIDDEN TESTS\nscore\n", "score\n### END HIDDEN TESTS\n")
    build.build([], root)
    assert opened(root, RELEASED_FILE).cells[3].source == ""
    text = (root / EXERCISE_TEXT).read_text(encoding="utf-8")
    saved(root, RELEASED_FILE, lambda cells: cells[0].update(source="# Cubes"))
    imported(root, RELEASED_FILE, capsys)
    assert (root / EXERCISE_TEXT).read_text(encoding="utf-8") == text.replace("# Squares\n\n![](figures/a.png)", "# Cubes")


def test_two_solutions_in_a_cell_do_not_change_places(root, capsys):
    one, other = (f"def {name}(x):\n    ### BEGIN SOLUTION\n    return {name!r}\n    ### END SOLUTION\n"
                  for name in ("square", "other"))
    text = re.sub(r"def square.*?```\n", lambda _: f"{one}\n{other}```\n", EXERCISE, count=1, flags=re.DOTALL)
    (root / EXERCISE_TEXT).write_text(text, encoding="utf-8")
    build.build([], root)

    def swap(cells):
        a, b = cells[2].source.split("\n\n")
        cells[2].source = f"{b}\n\n{a}"

    saved(root, RELEASED_FILE, lambda cells: cells[2].update(source="# both\n" + cells[2].source))
    imported(root, RELEASED_FILE, capsys)
    assert (root / EXERCISE_TEXT).read_text(encoding="utf-8") == text.replace("def square", "# both\ndef square")
    saved(root, RELEASED_FILE, swap)
    imported(root, RELEASED_FILE, capsys, status=1)
    assert "'square'\n    ### END SOLUTION\n\ndef other(x):" in (root / EXERCISE_TEXT).read_text(encoding="utf-8")


def test_edits_on_both_sides_are_not_merged_blindly(built):
    edit(built, LECTURE_FILE, "The end.", "The end of the notebook.")
    edit(built, LECTURE_TEXT, "A slide", "A new slide")
    before = everything(built)
    assert f"{LECTURE_TEXT} has changed since" in refusal(bring_back, built / LECTURE_FILE, built)
    assert everything(built) == before


def test_import_puts_a_text_into_canonical_form_and_keeps_its_line_ends(built, capsys):
    loose = LECTURE.replace("\n\n+++ ", "\n\n\n+++ ").replace("[figure, fragment]\n\n", "[fragment, figure]\n")
    (built / LECTURE_TEXT).write_bytes(loose.replace("\n", "\r\n").encode())
    assert build.check([], built) == 0
    assert bring_back(built / LECTURE_FILE, built) == 0 and "put into canonical form" in capsys.readouterr().out
    assert (built / LECTURE_TEXT).read_bytes() == LECTURE.replace("\n", "\r\n").encode()


def test_a_notebook_that_is_not_there_or_whose_text_is_gone(built):
    assert "there is no file" in refusal(bring_back, built / "lectures/02.ipynb", built)
    (built / LECTURE_TEXT).unlink()
    assert "that text is gone" in refusal(bring_back, built / LECTURE_FILE, built)


# The command line

def test_the_command_line(monkeypatch, capsys):
    assert main(["build", "no_such_unit"]) == 2
    assert capsys.readouterr().err.startswith("there is no unit 'no_such_unit'")
    assert main(["import", "no_such_file.ipynb"]) == 2
    monkeypatch.setitem(sys.modules, "course.tour", None)
    assert main(["tour"]) == 2 and "isn't installed" in capsys.readouterr().err
    monkeypatch.setattr("course.building.build.check", lambda names: len(names))
    assert main(["build", "--check", "a"]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["grade", "e01", "--jobs", "0"])


def test_building_prints_nothing_of_nbgrader(root):
    """In a process of its own, with warnings as errors, as nbgrader is loaded only once here."""
    code = "from pathlib import Path; from course.building import build; build.build([], Path(__import__('sys').argv[1]))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, str(root)], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["01_first", "e01_squares"]
    assert json.loads((root / RELEASED_FILE).read_text())["nbformat_minor"] == 5
