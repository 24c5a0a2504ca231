"""Texts that are odd but right: from text to cells and back."""
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from course.building import build
from course.building.tags import from_metadata, metadata
from course.building.text import Cell, TextError, compose, parse, read, tidy
from course.building.units import ROOT, every
from tests.course.building.small import LECTURE_FILE, LECTURE_TEXT, opened

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
    ("markdown", "a  \nb"), ("markdown", "~~~\n+++\n~~~"), ("markdown", "---\na: b\n---"),
    ("markdown", "- list\n\n  ```python\n  x\n  ```\n> ```\n> quoted\n> ```"),
    ("markdown", "$$\n\\begin{aligned}\na &= b \\\\\n\\end{aligned}\n$$"),
    ("markdown", "<details><summary>Hint</summary>\n\n```python\nx\n```\n\n</details>"),
])
def test_odd_cells_survive(root, kind, source):
    cells = [Cell("markdown", "above"), Cell(kind, source, ("slide",)), Cell(kind, source), Cell("markdown", "below"), Cell("code", "plot.show(f)")]
    text = compose("---\ntitle: x\n---\n\n", cells)
    assert parse(text).cells == cells
    (root / LECTURE_TEXT).write_text(text, encoding="utf-8")
    build.build(["01"], root)
    assert [cell.source for cell in opened(root, LECTURE_FILE).cells] == ["above", source, source, "below", "plot.show(f)"]
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
