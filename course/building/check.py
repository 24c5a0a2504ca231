"""What must hold for a text before notebooks are made of it."""
from __future__ import annotations

import ast
import math
import re
import warnings

from course.building.checks import check_module
from course.building.derive import HOW_IT_WORKS
from course.building.equations import check_equations
from course.building.markup import check_markup
from course.building.regions import HIDDEN, MARKER, PLANTED, SOLUTION, RegionError, cut, has_planted, regions, solved
from course.building.tags import MARKS, SLIDES, Grading, TagError, grading, shown
from course.building.tasks import check_tasks
from course.building.text import Cell, Problem, Text, TextError, parse, read
from course.building.units import CourseError, Unit
from gan_scratch.classroom.source import definitions

KEYS = {"lecture": {"title"}, "exercise": {"title", "answers"}}
GONE = {"points": "the build adds up the points of the tags; remove it",
        "files": "a notebook must run alone: put what it reads into gan_scratch/figures, and remove it"}
WIDTH = 100  # characters in a line of code, so that it fits on a laptop's screen and on a slide


def load(unit: Unit, source: str | None = None) -> Text:
    """The unit's text, read and found right; `source` stands in for what is in the file.

    Raises CourseError with a line `file:line: what is wrong, what to do` for each mistake.
    """
    try:
        text = parse(read(unit.root / unit.text) if source is None else source)
        problems = check(text, unit)
    except TextError as error:
        problems = error.problems
    if not re.fullmatch(r"[A-Za-z0-9_]+", unit.name):
        problems.append(Problem(1, "the name of the file may have only letters, digits and _ before .md; rename it"))
    if problems:
        raise CourseError("\n".join(f"{unit.text.as_posix()}:{line}: {message}" for line, message in sorted(problems)))
    return text


def check(text: Text, unit: Unit) -> list[Problem]:
    """Everything that is wrong with the text of a lecture or an exercise."""
    problems = check_front(text, unit.kind)
    if not text.cells:
        problems.append(Problem(1, "the text has no cells; write something under the front matter"))
    for cell in text.cells:
        problems += check_cell(cell, unit.kind)
    if unit.kind == "exercise" and not problems:
        problems = check_ids(text.cells) or check_tasks(text.cells) + check_module(text.cells) + check_how(text.cells)
    lectures = unit.root / "course" / "lectures"
    return problems or check_figures(text) or check_equations(text, unit.kind, unit.name, lectures)


def check_how(cells: list[Cell]) -> list[Problem]:
    """An exercise without the paragraph that says how it works."""
    if any(HOW_IT_WORKS in cell.source for cell in cells if cell.kind == "markdown"):
        return []
    return [Problem(cells[0].line, "the exercise doesn't say how it works; "
                                   f"write a line {HOW_IT_WORKS} below its table")]


def check_figures(text: Text) -> list[Problem]:
    """A unit without a figure."""
    if any("plot.show(" in cell.source for cell in text.cells if cell.kind == "code"):
        return []
    return [Problem(1, "no cell shows a figure, and every unit needs one; draw it, and end its cell with "
                       "plot.show(fig)")]


def check_front(text: Text, kind: str) -> list[Problem]:
    """What is wrong with the front matter."""
    front, problems = text.front, []
    for key in front.keys() - KEYS[kind]:
        meaning = GONE.get(key, f"write one of {', '.join(sorted(KEYS[kind]))}")
        problems.append(Problem(line_of(text, key), f"unknown key {key!r} in the front matter: {meaning}"))
    if not isinstance(front.get("title"), str) or not front["title"].strip():
        problems.append(Problem(line_of(text, "title"), "the front matter has no title in words; write title: …"))
    if not isinstance(front.get("answers", True), bool):
        problems.append(Problem(line_of(text, "answers"), f"answers must be true or false, got {front['answers']!r}; "
                                                          "false keeps the model answers out of the package"))
    return problems


def line_of(text: Text, word: str) -> int:
    """The line of the front matter that begins with this key, or has this word; the first if none has."""
    lines = list(enumerate(text.head.split("\n"), 1))
    found = [n for n, line in lines if line.startswith(f"{word}:")] or [n for n, line in lines if str(word) in line]
    return found[0] if found else 1


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
    return check_regions(cell, about) or (check_code(cell, about) if cell.kind == "code" else check_markup(cell))


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
    """Solutions, planted bugs and hidden tests: whole, and only where they are cut."""
    lines, word = cell.source.split("\n"), about.word if about else None
    try:
        solutions, hidden, planted = (regions(lines, what) for what in (SOLUTION, HIDDEN, PLANTED))
    except RegionError as error:
        return [Problem(cell.line + error.line, str(error))]
    for what, found, where in ((SOLUTION, solutions, "solve"), (PLANTED, planted, "solve"), (HIDDEN, hidden, "test")):
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
    for begin, end in planted:
        if begin - 1 not in [last for _, last in solutions]:
            return [Problem(cell.line + begin, f"BEGIN {PLANTED} must stand in the line below END SOLUTION, because "
                                               "students get the planted code in place of that solution; move it there")]
        if inside := next((n for n in range(begin + 1, end) if MARKER.match(lines[n])), None):
            return [Problem(cell.line + inside, f"another region in a planted bug; write ### END {PLANTED} before it")]
    for n, line in enumerate(lines):
        if (found := MARKER.match(line)) and not found["what"].startswith((SOLUTION, HIDDEN, PLANTED)):
            return [Problem(cell.line + n, f"there is no region {found['what']!r}; "
                                           f"write {SOLUTION}, {PLANTED} or {HIDDEN}")]
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
    if has_planted(cell.source) and (wrong := bad_planted(cell.source)):
        return [Problem(cell.line + line_with(cell.source, f"BEGIN {PLANTED}"), wrong)]
    if about and about.word == "test":
        line = cell.line + ast.parse(cell.source).body[-1].lineno - 1 if ast.parse(cell.source).body else cell.line
        if wrong := bad_value(cell.source, about):
            return [Problem(line, f"the test {wrong}")]
        if ast.parse(released).body and (wrong := bad_value(released, about)):
            return [Problem(line, f"what students see of the test {wrong}; put ### END HIDDEN TESTS above the last line")]
    return [Problem(cell.line + n, f"a line of code with {len(line)} characters; break it so that it has at most {WIDTH}")
            for n, line in enumerate(cell.source.split("\n")) if len(line) > WIDTH]


def bad_planted(source: str) -> str | None:
    """What is wrong with a cell that has a planted bug, as a solution and as it is released."""
    right, planted = solved(source), definitions(cut(source))
    if wrong := bad_python(right):
        return f"without the planted bug this cell isn't Python: {wrong.message}"
    if planted == definitions(right):
        return "the planted bug is the solution itself, but for comments and white space; change something in it"
    if empty := next((name for name, body in planted.items() if not body), None):
        return (f"with the planted bug {empty} has nothing in it; "
                "plant code that looks as if it worked, or remove the region")
    return None


def line_with(source: str, words: str) -> int:
    """The first line that has these words, counted from 0."""
    return next(n for n, line in enumerate(source.split("\n")) if words in line)


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
    """Why the last line of a test gives nbgrader no points, or others than its tag says."""
    body, given = ast.parse(source).body, None
    if body and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";"):
        given = points_of(body[-1].value)
    if given is None:
        return f"must end with its points; write verdict.points({shown(about.points)}) as the last line"
    if not math.isclose(given, about.points):
        return f"gives {shown(given)} points, but its tag says {shown(about.points)}; correct one of them"
    return None


def points_of(node: ast.expr) -> float | None:
    """The points that an expression such as check(f).points(2) + check(g).points(3) gives."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = points_of(node.left), points_of(node.right)
        return None if None in both else sum(both)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "points" and len(node.args) == 1:
        given = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
        return given if isinstance(given, (int, float)) else None
    return None


def check_ids(cells: list[Cell]) -> list[Problem]:
    """Grade ids that are given twice; a solve cell with points takes that of its test as well."""
    seen: dict[str, int] = {}
    problems = []
    for cell in cells:
        for about in filter(None, map(grading, cell.tags)):
            tested = [f"test_{about.name}"] if about.word == "solve" and about.points is not None else []
            for grade_id in [about.grade_id, *tested]:
                if grade_id in seen:
                    problems.append(Problem(cell.tags_line, f"the grade id {grade_id!r} is given twice, first at line {seen[grade_id]}; "
                                                            "choose another name"))
                seen.setdefault(grade_id, cell.tags_line)
    return problems
