"""A course of one lecture and one exercise, and what people do to it."""
from pathlib import Path

import nbformat
import pytest

from course.building.units import CourseError

LECTURE = """\
---
title: The "first" lecture
---

# Über D and G

+++ {"tags": ["slide"]}

## A slide

$$y = x^2 \\tag{1}$$

+++ {"tags": ["notes"]}

**Speaker, 2 min.** Say this.

```{code-cell}
:tags: [figure, fragment]

import math

plot.show(math.pi)
```

```{code-cell}
:tags: [experiment]

print("long")
```

The end.
"""

HINTS = "\n".join(f"<details><summary>Hint {n}: a hint</summary>\n\nThink {n} times.\n\n</details>" for n in (1, 2, 3))

EXERCISE = f"""\
---
title: Squares
---

# Squares

| | |
|---|---|
| **Points** | {{points}} |

{{how-it-works}}

```{{code-cell}}
:tags: [given setup]

from tests.course.building.squares import check
```

## Task 1: the square

{HINTS}

```{{code-cell}}
:tags: [solve square 4]

def square(x):
    \"\"\"x².\"\"\"
    ### BEGIN SOLUTION
    secret = x * x
    return secret
    ### END SOLUTION
```

## Task 2: a question in words

Why is it never negative?

+++ {{"tags": ["answer why 3.5"]}}

The model answer. Rubric: 3.5 points.

```{{code-cell}}
:tags: [experiment]

plot.show(square(5))
```
"""

TEST = """
```{code-cell}
:tags: [test square 4]

verdict = check(square)
### BEGIN HIDDEN TESTS
verdict &= check.hidden(square)
### END HIDDEN TESTS
verdict.points(4)
```
"""
# The same with a test cell that the author has written.
EXPLICIT = EXERCISE.replace("[solve square 4]", "[solve square]").replace("\n## Task 2", TEST + "\n## Task 2")

LECTURE_TEXT, EXERCISE_TEXT = "course/lectures/01_first.md", "course/exercises/e01_squares.md"
LECTURE_FILE = "lectures/01_first.ipynb"
SOLUTION_FILE, RELEASED_FILE = "solutions/e01_squares/e01_squares.ipynb", "exercises/e01_squares/e01_squares.ipynb"
PACKAGED_FILE, ANSWERS_FILE = "gan_scratch/checks/released/e01_squares.ipynb", "gan_scratch/checks/answers/e01_squares.md"


def course(root: Path, exercise: str = EXERCISE) -> Path:
    """Write the texts of the course below `root`."""
    (root / "course/lectures").mkdir(parents=True)
    (root / "course/exercises").mkdir(parents=True)
    (root / LECTURE_TEXT).write_text(LECTURE, encoding="utf-8")
    (root / EXERCISE_TEXT).write_text(exercise, encoding="utf-8")
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
