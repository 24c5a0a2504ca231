"""What must hold for a text before notebooks are made of it."""
from __future__ import annotations

import ast
import io
import math
import re
import tokenize
import warnings
from pathlib import Path, PurePosixPath

from course.building.regions import HIDDEN, SOLUTION, RegionError, cut, regions
from course.building.tags import MARKS, SLIDES, Grading, TagError, grading, shown
from course.building.text import Cell, Problem, Text, TextError, parse, read
from course.building.units import CourseError, Unit

KEYS = {"lecture": {"title", "files"}, "exercise": {"title", "files", "points"}}


def load(unit: Unit, source: str | None = None) -> Text:
    """The unit's text, read and found right; `source` stands in for what is in the file.

    Raises CourseError with a line `file:line: what is wrong, what to do` for each mistake.
    """
    path = unit.root / unit.text
    try:
        text = parse(read(path) if source is None else source)
        problems = check(text, unit.kind, path.parent)
    except TextError as error:
        problems = error.problems
    if not re.fullmatch(r"[A-Za-z0-9_]+", unit.name):
        problems.append(Problem(1, "the name of the file may have only letters, digits and _ before .md; rename it"))
    if problems:
        raise CourseError("\n".join(f"{unit.text.as_posix()}:{line}: {message}" for line, message in sorted(problems)))
    return text


def check(text: Text, kind: str, folder: Path) -> list[Problem]:
    """Everything that is wrong with the text of a lecture or an exercise in this folder."""
    problems = check_front(text, kind, folder)
    if not text.cells:
        problems.append(Problem(1, "the text has no cells; write something under the front matter"))
    for cell in text.cells:
        problems += check_cell(cell, kind)
    if kind == "exercise" and not problems:
        problems = check_ids(text.cells) or check_points(text)
    return problems


def check_front(text: Text, kind: str, folder: Path) -> list[Problem]:
    front, problems = text.front, []
    for key in front.keys() - KEYS[kind]:
        meaning = "a lecture has no points; remove it" if key == "points" else f"write one of {', '.join(sorted(KEYS[kind]))}"
        problems.append(Problem(line_of(text, key), f"unknown key {key!r} in the front matter: {meaning}"))
    if not isinstance(front.get("title"), str) or not front["title"].strip():
        problems.append(Problem(line_of(text, "title"), "the front matter has no title in words; write title: …"))
    points = front.get("points")
    if kind == "exercise" and (isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0):
        problems.append(Problem(line_of(text, "points"), "the front matter must give the exercise's points as a positive number, "
                                                         f"got {points!r}; write points: …, the sum of the points of its cells"))
    files = front.get("files", [])
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        wrong = f"files must be a list of paths, got {files!r}; write files: [figures/name.png]"
        return [*problems, Problem(line_of(text, "files"), wrong)]
    return problems + [Problem(line_of(text, file), wrong) for file in files if (wrong := bad_file(file, folder))]


def line_of(text: Text, word: str) -> int:
    """The line of the front matter that begins with this key, or has this word; the first if none has."""
    lines = list(enumerate(text.head.split("\n"), 1))
    found = [n for n, line in lines if line.startswith(f"{word}:")] or [n for n, line in lines if str(word) in line]
    return found[0] if found else 1


def bad_file(file: str, folder: Path) -> str | None:
    """What is wrong with a file that shall travel with the notebooks."""
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts or "\\" in file or path.as_posix() != file:
        return f"the file {file!r} must be given by its plain path relative to the text, in its folder or below, with /"
    if path.suffix in (".ipynb", ".md"):
        return f"the file {file!r} can't travel with the notebook: its name ends as a notebook's or a text's does"
    if not (folder / file).is_file():
        return f"there is no file {file!r} beside the text; add it or remove it from files"
    return None


def check_cell(cell: Cell, kind: str) -> list[Problem]:
    """What is wrong with one cell by itself."""
    if not cell.source:
        return [Problem(cell.tags_line, "an empty cell; write something in it or remove it")]
    try:
        gradings = [about for tag in cell.tags if (about := grading(tag))]
        if len(gradings) > 1:
            raise TagError(f"a cell has one grading tag, got {' and '.join(repr(str(one)) for one in gradings)}; divide the cell")
        check_tags(cell, kind, gradings[0] if gradings else None)
    except TagError as error:
        return [Problem(cell.tags_line, str(error))]
    about = gradings[0] if gradings else None
    return check_regions(cell, about) or (check_code(cell, about) if cell.kind == "code" else [])


def check_tags(cell: Cell, kind: str, about: Grading | None) -> None:
    """Raises TagError for tags that don't suit the cell or each other."""
    if len(slides := [tag for tag in cell.tags if tag in SLIDES]) > 1:
        raise TagError(f"a cell has one place in the slides, got {' and '.join(slides)}; keep one")
    if cell.kind == "markdown" and (mark := next((tag for tag in cell.tags if tag in MARKS), None)):
        raise TagError(f"the tag {mark!r} is for code cells; remove it from this Markdown cell")
    if about and kind == "lecture":
        raise TagError(f"the grading tag {str(about)!r} in a lecture; lectures aren't graded, remove it")
    if about and (about.word == "answer") != (cell.kind == "markdown"):
        one, other = ("Markdown", "code") if about.word == "answer" else ("code", "Markdown")
        raise TagError(f"the tag {str(about)!r} is for a {one} cell, and this is a {other} cell; change one of them")
    if about and "experiment" in cell.tags:
        raise TagError(f"'experiment' and {str(about)!r} exclude each other, as the grader doesn't run experiments; keep one")


def check_regions(cell: Cell, about: Grading | None) -> list[Problem]:
    """Solutions and hidden tests: whole, and only where nbgrader cuts them."""
    lines, word = cell.source.split("\n"), about.word if about else None
    try:
        solutions, hidden = regions(lines, SOLUTION), regions(lines, HIDDEN)
    except RegionError as error:
        return [Problem(cell.line + error.line, str(error))]
    for what, found, where in ((SOLUTION, solutions, "solve"), (HIDDEN, hidden, "test")):
        if found and word != where:
            return [Problem(cell.line + found[0][0], f"BEGIN {what} in a cell that isn't tagged {where}; "
                                                     f"tag the cell {where!r}, or remove BEGIN {what} and END {what}")]
    if word == "solve" and not solutions:
        return [Problem(cell.line, f"the cell {str(about)!r} has no solution; begin it with ### BEGIN SOLUTION and end it with "
                                   "### END SOLUTION")]
    for begin, end in solutions:
        below = next(filter(str.strip, lines[begin + 1:end]), lines[begin])
        if indent(below) != indent(lines[begin]):
            return [Problem(cell.line + begin, "BEGIN SOLUTION is indented unlike the line below, and so the stub would be; "
                                               "indent both the same")]
    for n, line in enumerate(lines):
        if reserved := next((term for term in ("AUTOTEST", "MARK SCHEME") if term in line), None):
            return [Problem(cell.line + n, f"{reserved!r} means something to nbgrader; write it another way")]
    return []


def indent(line: str) -> str:
    return line[:len(line) - len(line.lstrip())]


def check_code(cell: Cell, about: Grading | None) -> list[Problem]:
    """The Python of a code cell, as written and as released."""
    if wrong := bad_python(cell.source):
        return [Problem(cell.line + wrong.line - 1, wrong.message)]
    released = cut(cell.source)
    if wrong := bad_python(released):
        return [Problem(cell.line, f"what students get of this cell isn't Python: {wrong.message}")]
    if about and about.word == "test":
        line = cell.line + ast.parse(cell.source).body[-1].lineno - 1 if ast.parse(cell.source).body else cell.line
        if wrong := bad_value(cell.source, about):
            return [Problem(line, f"the test {wrong}; end it like check(…).points({shown(about.points)})")]
        if ast.parse(released).body and (wrong := bad_value(released, about)):
            return [Problem(line, f"what students see of the test {wrong}; put ### END HIDDEN TESTS above the last line")]
    return []


def bad_python(source: str) -> Problem | None:
    """What Python says of it; warnings count, as students would see them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile(source, "cell", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or 1
        if any(text.lstrip().startswith(("%", "!", "?")) for text in source.split("\n")[line - 1:line]):
            return Problem(line, "this is IPython, not Python; cells must run in plain Python, write it without % and !")
        return Problem(line, f"this isn't Python: {error.msg}; correct it")
    return None


def bad_value(source: str, about: Grading) -> str | None:
    """Why the last line of a test gives no points to nbgrader."""
    body = ast.parse(source).body
    if not body or not isinstance(body[-1], ast.Expr):
        return "must end with an expression, its points"
    if last_token(source) == ";":
        return "ends with ; which hides its points from nbgrader"
    call = body[-1].value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "points" and len(call.args) == 1:
        given = call.args[0]
        if isinstance(given, ast.Constant) and given.value != about.points:
            return f"gives {given.value!r} points, but its tag says {shown(about.points)}"
    return None


def last_token(source: str) -> str:
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT)
    return [token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in skipped][-1]


def check_ids(cells: list[Cell]) -> list[Problem]:
    seen: dict[str, int] = {}
    problems = []
    for cell in cells:
        for about in filter(None, map(grading, cell.tags)):
            if about.grade_id in seen:
                first = seen[about.grade_id]
                problems.append(Problem(cell.tags_line, f"the grade id {about.grade_id!r} is given twice, first at line {first}; "
                                                        "choose another name"))
            seen.setdefault(about.grade_id, cell.tags_line)
    return problems


def check_points(text: Text) -> list[Problem]:
    said, given = text.front["points"], total_points(text.cells)
    if math.isclose(said, given):
        return []
    return [Problem(line_of(text, "points"), f"the front matter says {shown(said)} points, but the cells give {shown(given)}; "
                                             "correct one of them")]


def total_points(cells: list[Cell]) -> float:
    """The sum of the points in the cells' tags. Raises TagError for a tag that isn't right."""
    return sum(about.points or 0 for cell in cells for about in map(grading, cell.tags) if about)
