"""From notebooks back to texts: `python -m course import`."""
import nbformat
import pytest

from course.building import build, notebook
from course.building.bring_back import bring_back
from tests.course.building.small import (EXERCISE, EXERCISE_TEXT, EXPLICIT, LECTURE, LECTURE_FILE, LECTURE_TEXT, RELEASED_FILE,
                                         SOLUTION_FILE, edit, everything, refusal, saved)

def imported(root, file: str, capsys) -> str:
    """Import a notebook; the text must then give exactly this notebook again."""
    before = notebook.fingerprint(notebook.read((root / file).read_bytes(), file)["cells"])
    capsys.readouterr()
    assert bring_back(root / file, root) == 0
    said = capsys.readouterr().out
    assert build.build([], root) == 0 and build.check([], root) == 0
    assert notebook.fingerprint(notebook.read((root / file).read_bytes(), file)["cells"]) == before
    return said


@pytest.mark.parametrize("file", [LECTURE_FILE, SOLUTION_FILE])
def test_an_untouched_notebook_changes_nothing(built, file, capsys):
    before = everything(built)
    assert "nothing to bring back" in imported(built, file, capsys)
    assert everything(built) == before


def test_edits_of_a_lecture_come_back(built, capsys):
    def change(cells):
        cells[1].source = cells[1].source.replace("A slide", "Another slide") + "\n\nwith more\n"
        cells[2].source = cells[2].source.replace("2 min", "3 min, no more").replace("this.", "**this**.\n\nTwice.")
        cells[4].metadata.tags = []
        about = {"slideshow": {"slide_type": "subslide"}, "tags": ["figure"]}
        cells.insert(2, nbformat.v4.new_code_cell("x = 1", metadata=about))
        cells.insert(2, nbformat.v4.new_markdown_cell("new"))
        cells.append(cells.pop(0))

    saved(built, LECTURE_FILE, change)
    assert f'{LECTURE_TEXT}: changed, as "git diff" shows' in imported(built, LECTURE_FILE, capsys)
    assert (built / LECTURE_TEXT).read_text(encoding="utf-8") == LECTURE[:LECTURE.index("# Über")] + """\
+++ {"tags": ["slide"]}

## Another slide

$$y = x^2 \\tag{1}$$

with more

+++

new

```{code-cell}
:tags: [figure, subslide]

x = 1
```

+++ {"tags": ["notes"]}

**Speaker, 3 min, no more.** Say **this**.

Twice.

```{code-cell}
:tags: [figure, fragment]

import math

plot.show(math.pi)
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
        cells[0].source = cells[0].source.replace("# Squares", "# Squares and more")
        cells[2].source = cells[2].source.replace("the square", "the square of a number")
        cells[3].source = cells[3].source.replace("secret = x * x", "secret = x**2").replace('"""x²."""', '"""The square."""')
        cells[-1].metadata.tags = []

    saved(built, SOLUTION_FILE, change)
    imported(built, SOLUTION_FILE, capsys)
    wanted = EXERCISE.replace(":tags: [experiment]\n\n", "")
    for old, new in (("x * x", "x**2"), ("x².", "The square."), ("the square", "the square of a number"), ("# Squares\n\n|", "# Squares and more\n\n|")):
        wanted = wanted.replace(old, new)
    assert (built / EXERCISE_TEXT).read_text(encoding="utf-8") == wanted
    assert "The square." in (built / RELEASED_FILE).read_text()


def test_a_test_that_was_edited_comes_back_as_the_author_s_own(built, capsys):
    saved(built, SOLUTION_FILE, lambda cells: cells[4].update(source=cells[4].source.replace("verdict.points(4)", "verdict.points(4)  # all")))
    imported(built, SOLUTION_FILE, capsys)
    assert (built / EXERCISE_TEXT).read_text(encoding="utf-8") == EXPLICIT.replace("verdict.points(4)", "verdict.points(4)  # all")


def test_a_released_exercise_is_not_imported(built):
    said = refusal(bring_back, built / RELEASED_FILE, built)
    assert "is a released exercise" in said and f"edit {SOLUTION_FILE} and import that, or edit {EXERCISE_TEXT}" in said


@pytest.mark.parametrize("change, words", [
    (lambda cells: cells.append(nbformat.from_dict({**cells[1], "id": "copy"})), "the grade id 'setup' is given twice"),
    (lambda cells: cells[3].update(source="def square(x):\n    return x"), "'def square(x):': the cell 'solve square 4' has no solution"),
    (lambda cells: cells[4].metadata.nbgrader.update(points=5), "'verdict.points(4)': the test gives 4 points, but its tag says 5"),
    (lambda cells: cells[0].update(source=cells[0].source + "\n\n+++\n\nb"), "cell 1 ('# Squares') would come back from the text as another cell"),
    (lambda cells: cells[0].update(source="a\n```"), "this code fence is never closed"),
    (lambda cells: cells[0].update(source="```{code-cell}\nx\n```\n\n" + cells[0].source), "cell 1 ('```{code-cell}') would come back"),
    (lambda cells: cells[1].update(source="import"), "'import': this isn't Python"),
    (lambda cells: cells[7].metadata.update(tags=["mine"]), "unknown tag 'mine'"),
    (lambda cells: cells[3].metadata.nbgrader.update(grade=True, points=1), "the tag 'answer square 1' is for a Markdown cell"),
    (lambda cells: cells[0].update(attachments={"a.png": {"image/png": ""}}), "a picture inside a cell"),
    (lambda cells: cells[0].update(cell_type="raw"), "cell 1 is a raw cell"),
], ids=["double", "lost solution", "points", "break", "fence", "cell in a cell", "python", "tag", "graded by hand", "picture", "raw"])
def test_an_import_that_would_harm_the_text_is_refused(built, change, words):
    saved(built, SOLUTION_FILE, change)
    before = everything(built)
    assert words in refusal(bring_back, built / SOLUTION_FILE, built)
    assert everything(built) == before


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
    assert bring_back(built / LECTURE_FILE, built) == 0 and "changed" in capsys.readouterr().out
    assert (built / LECTURE_TEXT).read_bytes() == LECTURE.replace("\n", "\r\n").encode()


def test_a_notebook_that_is_not_there_or_whose_text_is_gone(built):
    assert "there is no file" in refusal(bring_back, built / "lectures/02.ipynb", built)
    (built / LECTURE_TEXT).unlink()
    assert "that text is gone" in refusal(bring_back, built / LECTURE_FILE, built)


