"""What the build adds to a text, and that an import takes it out again."""
import pytest

from course.building.derive import derived, plain
from course.building.text import parse
from course.building.units import ROOT, every
from tests.course.building.small import EXERCISE, HINTS
from tests.course.building.squares import check

SECOND = f"""
## Task 2: two squares

{HINTS}

```{{code-cell}}
:tags: [solve square 4, slide]

def square(x):
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION
```

```{{code-cell}}
:tags: [solve other 0.5]

def other(x):
    ### BEGIN SOLUTION
    return x
    ### END SOLUTION
```

## Task 3: a question in words
"""


def cells(text):
    return derived(parse(text), "e01_squares").cells


def test_a_test_cell_follows_its_solve_cell():
    solve, test = cells(EXERCISE)[3:5]
    assert solve.tags == ("solve square",) and test.tags == ("test square 4",)
    assert test.source == ("verdict = check(square)\n### BEGIN HIDDEN TESTS\nverdict &= check.hidden(square)\n"
                           "### END HIDDEN TESTS\nverdict.points(4)")


def test_points_stand_in_headings_and_in_the_table(monkeypatch):
    sources = [cell.source for cell in cells(EXERCISE)]
    assert "| **Points** | 7.5: 4 by tests, 3.5 for a question in words |" in sources[0]
    assert sources[2].startswith("## Task 1: the square (4 points)\n") and sources[5].startswith("## Task 2: a question in words (3.5 points)\n")
    several = EXERCISE[:EXERCISE.index("## Task 1")] + SECOND.replace("Task 3", "Task 3: why\n\n## Closing").replace("Task 2", "Task 1")
    sources = [cell.source for cell in cells(several)]
    assert "| **Points** | 4.5, all by tests |" in sources[0] and sources[2].startswith("## Task 1: two squares (4.5 points)\n")
    monkeypatch.setitem(check.specs["square"].__dict__, "shares", {"y": 4})
    assert cells(EXERCISE)[2].source.startswith("## Task 1: the square (4 points: y 4)\n")


def test_how_it_works_is_said_to_both_readers():
    with_answers, without = cells(EXERCISE)[0].source, cells(EXERCISE.replace("title: Squares", "title: Squares\nanswers: false"))[0].source
    for source in (with_answers, without):
        assert "gan-scratch check e01_squares.ipynb" in source and "your instructor" in source and "on your own" in source
    assert "gan-scratch check --answers e01_squares.ipynb" in with_answers and "--answers" not in without


@pytest.mark.parametrize("unit", every(ROOT), ids=lambda unit: unit.name)
def test_what_is_derived_is_taken_out_again(unit):
    text = parse((ROOT / unit.text).read_text(encoding="utf-8"))
    assert plain(derived(text, unit.name).cells, unit.name, text) == text.cells


def test_several_of_everything_is_taken_out_again():
    text = parse(EXERCISE.replace("\n## Task 2: a question", SECOND.replace("## Task 3: a question in words\n", "") + "\n## Task 3: a question"))
    made = derived(text, "e01_squares")
    assert len(made.cells) == len(text.cells) + 3 and plain(made.cells, "e01_squares", text) == text.cells
