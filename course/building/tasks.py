"""The tasks of an exercise: the sections under headings such as "## Task 2: a dense layer, backward"."""
from __future__ import annotations

import re
from dataclasses import dataclass

from course.building.tags import grading
from course.building.text import Cell, Problem

HEADING = re.compile(r"## Task (\d+): \S")
POINTS = re.compile(r"\([\d.]+ points?\b.*\)\s*$")


@dataclass(frozen=True)
class Task:
    """A task's number and its cells, of which the first begins with its heading."""
    number: int
    cells: list[Cell]


def tasks(cells: list[Cell]) -> list[Task]:
    """The tasks in the text's order."""
    found, inside = [], False
    for cell in cells:
        if cell.kind == "markdown" and re.match("##? ", cell.source):
            heading = HEADING.match(cell.source)
            inside = bool(heading)
            found += [Task(int(heading[1]), [])] if heading else []
        if inside:
            found[-1].cells.append(cell)
    return found


def total(cells: list[Cell]) -> float:
    """The sum of the points in the cells' tags."""
    return sum(about.points or 0 for cell in cells for about in map(grading, cell.tags) if about)


def check_tasks(cells: list[Cell]) -> list[Problem]:
    """What is wrong with the headings and the hints."""
    problems = [problem for cell in cells if cell.kind == "markdown" for problem in check_headings(cell)]
    for number, task in enumerate(tasks(cells), 1):
        line = task.cells[0].line
        if task.number != number:
            problems.append(Problem(line, f"this is task {number}, but its heading says {task.number}; "
                                          "number the tasks 1, 2, 3, …"))
        if not total(task.cells):
            problems.append(Problem(line, "this task has no points; give them in a tag, as in [solve dense 5]"))
        words = "\n".join(cell.source for cell in task.cells if cell.kind == "markdown")
        hints = re.findall(r"<summary>Hint (\d+)\b", words)
        if any(tag.startswith("solve ") for cell in task.cells for tag in cell.tags) and hints != ["1", "2", "3"]:
            given = "hints " + ", ".join(hints) if hints else "no hints"
            problems.append(Problem(line, f"this task has {given}; it needs three, each folded under "
                                          "<details><summary>Hint 1: …</summary>"))
    return problems


def check_headings(cell: Cell) -> list[Problem]:
    """Headings that the build wouldn't find, or that give points themselves."""
    problems = []
    for n, line in enumerate(cell.source.split("\n")):
        if not re.match(r"#+ +Task\b", line):
            continue
        if not HEADING.match(line):
            problems.append(Problem(cell.line + n, 'a task\'s heading must read "## Task 2: its name"'))
        elif n:
            problems.append(Problem(cell.line + n, "a task's heading must begin a cell; write +++ above it"))
        if POINTS.search(line):
            problems.append(Problem(cell.line + n, "the build writes a task's points into its heading; remove them here"))
    return problems
