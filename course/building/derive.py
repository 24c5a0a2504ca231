"""What authors don't write because the build can: test cells, points, how an exercise works, folded speaker notes.

`derived` puts it in and `plain` takes it out again, so that a notebook can be imported: of a derived text, `plain` gives
the cells that the author wrote. With planted bugs it is the other way round: `derived` takes them out, as a solution
hasn't got them, and `plain` puts them back from the text.
"""
from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from course.building.checks import specs_of
from course.building.regions import RegionError, cut, has_planted, replanted, solved
from course.building.tags import Grading, grading, shown
from course.building.tasks import Task, tasks, total
from course.building.text import Cell, Text

HOW_IT_WORKS, POINTS = "{how-it-works}", "{points}"
HOW = Path(__file__).with_name("how_it_works.md").read_text(encoding="utf-8").strip()
HOW_PLANTED = "Where a task comes with code, a mistake is planted in it: find it and mend it."
HOW_ANSWERS = ("Once you have written your answer in words, `gan-scratch check --answers NAME.ipynb` shows a model answer "
               "and how it is marked.")
TEST = """verdict = check({name})
### BEGIN HIDDEN TESTS
verdict &= check.hidden({name})
### END HIDDEN TESTS
verdict.points({points})"""
SUMMARY = re.compile(r"(?<=\| )[\d.]+(: [\d.]+ by tests, [\d.]+ for .* in words|, all by tests)(?= \|)")
WORTH = re.compile(r"\A(## Task .*) \([\d.]+ points?(: .*)?\)$", re.MULTILINE)
NOTE = re.compile(r"\*\*Speaker, ([^*]+)\.\*\* +(?=\S)")
FOLDED = "<details><summary>Speaker note: {}</summary>\n\n{}\n\n</details>"


def derived(text: Text, name: str) -> Text:
    """The text with everything that the build adds to it."""
    specs = specs_of(text.cells) or {}
    headings = {id(task.cells[0]): worth(task, specs) for task in tasks(text.cells)}
    cells = []
    for cell in text.cells:
        about = graded(cell)
        source = folded(cell.source) if "notes" in cell.tags else cell.source
        if cell.kind == "code":
            source = solved(source)
        if cell.kind == "markdown":
            source = source.replace(HOW_IT_WORKS, how(name, text)).replace(POINTS, summary(text.cells))
        if id(cell) in headings:
            source = re.sub(r"^(.*)", lambda heading: f"{heading[1]} ({headings[id(cell)]})", source, count=1)
        if about is None or about.word != "solve" or about.points is None:
            cells.append(replace(cell, source=source))
            continue
        short = tuple(f"solve {about.name}" if grading(tag) else tag for tag in cell.tags)
        tag = f"test {about.name} {shown(about.points)}"
        cells += [replace(cell, source=source, tags=short), Cell("code", test(about), (tag,), cell.line, cell.tags_line)]
    return replace(text, cells=cells)


def plain(cells: list[Cell], name: str, text: Text) -> list[Cell]:
    """Cells of a notebook that was built from `text`, as an author writes them. Raises RegionError when a planted bug
    has lost its place."""
    found: list[Cell] = []
    bugs = planted(text)
    for cell in cells:
        about = graded(cell)
        if found and is_derived(cell, about, graded(found[-1])):
            tags = tuple(f"solve {about.name} {shown(about.points)}" if grading(tag) else tag for tag in found[-1].tags)
            found[-1] = replace(found[-1], tags=tags)
        elif cell.kind == "markdown":
            source = unfolded(cell.source) if "notes" in cell.tags else cell.source
            source = SUMMARY.sub(POINTS, source.replace(how(name, text), HOW_IT_WORKS))
            found.append(replace(cell, source=WORTH.sub(r"\1", source)))
        else:
            bug = bugs.pop(about.name, None) if about and about.word == "solve" else None
            found.append(replace(cell, source=replanted(cell.source, bug)) if bug else cell)
    if bugs:
        raise RegionError(0, f"the cell {next(iter(bugs))} is gone, which has a planted bug in the text; "
                             "remove it from the text")
    return found


def planted(text: Text) -> dict[str, str]:
    """The sources, by name, of the solve cells that have a planted bug."""
    return {about.name: cell.source for cell in text.cells
            if (about := graded(cell)) and about.word == "solve" and has_planted(cell.source)}


def released(text: Text) -> dict[str, str]:
    """The same as students get them."""
    return {name: cut(source) for name, source in planted(text).items()}


def is_derived(cell: Cell, about: Grading | None, above: Grading | None) -> bool:
    """Whether the build has made this cell from the solve cell above it."""
    return (about is not None and about.word == "test" and above == Grading("solve", about.name)
            and cell.source == test(about) and len(cell.tags) == 1)


def graded(cell: Cell) -> Grading | None:
    """What the cell's tags say about grading."""
    return next((about for tag in cell.tags if (about := grading(tag))), None)


def test(about: Grading) -> str:
    """The test cell of a solve cell."""
    return TEST.format(name=about.name, points=shown(about.points))


def worth(task: Task, specs: dict) -> str:
    """'5 points: dx 2, dW 2, db 1', for a heading."""
    points = total(task.cells)
    names = [about.name for cell in task.cells if (about := graded(cell)) and about.word == "solve"]
    shares = specs[names[0]].shares if len(names) == 1 and names[0] in specs else {}
    each = ", ".join(f"{output} {shown(share)}" for output, share in shares.items())
    return f"{shown(points)} point{'s' * (points != 1)}" + (f": {each}" if each else "")


def summary(cells: list[Cell]) -> str:
    """'30: 26 by tests, 4 for a question in words', for the table at an exercise's head."""
    words = [about.points for cell in cells if (about := graded(cell)) and about.word == "answer"]
    if not words:
        return f"{shown(total(cells))}, all by tests"
    questions = "a question" if len(words) == 1 else f"{len(words)} questions"
    tests = total(cells) - sum(words)
    return f"{shown(total(cells))}: {shown(tests)} by tests, {shown(sum(words))} for {questions} in words"


def how(name: str, text: Text) -> str:
    """The paragraph on how an exercise works."""
    mending = f" {HOW_PLANTED}" if planted(text) else ""
    answers = f" {HOW_ANSWERS}" if text.front.get("answers", True) else ""
    return (HOW.replace(" {planted}", mending) + answers).replace("NAME", name)


def folded(note: str) -> str:
    """A speaker note as a reader gets it: one line that opens with a click."""
    found = NOTE.match(note)
    return FOLDED.format(found[1], note[found.end():]) if found else note


def unfolded(note: str) -> str:
    pattern = re.escape(FOLDED).replace(re.escape("{}"), "(.*?)", 1).replace(re.escape("{}"), "(.*)", 1)
    found = re.fullmatch(pattern, note, re.DOTALL)
    return f"**Speaker, {found[1]}.** {found[2]}" if found else note
