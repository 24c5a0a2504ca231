"""python -m course grades: one table over all exercises, and what the tasks say about the students.

    course/class/grades.csv     for each student and exercise automatic, by hand, late, total, maximum, state
    course/class/grades.html    the same to read, then means and spread of the exercises, and the tasks, hardest first

What isn't graded is blank and never 0: `state` is graded, unread (an answer in words waits for a person), absent,
not gradable, or not graded yet.
"""
from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np
from sqlalchemy import create_engine, inspect, text

from course.building.units import ROOT, CourseError
from course.grading import report, roster, sheets
from course.grading.database import is_file, parsed, reasons
from course.grading.grade import configured, shown
from course.grading.report import printable
from gan_scratch.files import replacing

GRADED, UNREAD, NOT_GRADABLE, NOT_YET = "graded", "unread", "not gradable", "not graded yet"
AWAY = "absent"
SCORES = """SELECT assignment.name AS exercise, base_cell.name AS task, grade_cells.max_score AS points,
    grade_cells.cell_type AS kind, submitted_assignment.student_id AS student,
    submitted_notebook.late_submission_penalty AS penalty, grade.auto_score, grade.manual_score, grade.extra_credit,
    grade.needs_manual_grade
    FROM grade_cells JOIN base_cell ON base_cell.id = grade_cells.id
    JOIN notebook ON base_cell.notebook_id = notebook.id JOIN assignment ON notebook.assignment_id = assignment.id
    LEFT JOIN grade ON grade.cell_id = base_cell.id
    LEFT JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    LEFT JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id"""


@dataclass
class Result:
    """What a student got in an exercise, in points; scores: of each task, None for one that isn't read yet."""

    state: str
    automatic: float | None = None
    by_hand: float | None = None
    late: float | None = None
    scores: dict[str, float | None] = field(default_factory=dict)

    @property
    def so_far(self) -> float | None:
        """All points without the answers that aren't read yet, at least 0; None where nothing was graded."""
        return None if self.automatic is None else max(0.0, self.automatic + self.by_hand + self.late)

    @property
    def total(self) -> float | None:
        """All points, at least 0; None for what isn't graded, or not all of it."""
        return self.so_far if self.state == GRADED else None


@dataclass
class Results:
    """Of the exercises that were graded. tasks: the points of each. of: what each student got."""

    tasks: dict[str, dict[str, float]]
    of: dict[str, dict[str, Result]]

    def maximum(self, exercise: str) -> float:
        return sum(self.tasks[exercise].values())

    @property
    def students(self) -> set[str]:
        return {student for results in self.of.values() for student in results}


def main(*, root: Path = ROOT, folder: Path | None = None, database: str | None = None) -> int:
    """Write both tables; returns 0. Arguments as those of grade.main. Raises CourseError when nothing was graded."""
    folder, database = places(root, folder, database)
    found = results(folder, database)
    lines = people(folder, found)
    write_csv(folder / "grades.csv", found, lines)
    write_page(folder / "grades.html", found, lines)
    count = Counter(result.state for each in found.of.values() for result in each.values())
    print(f"grades: {len(lines)} students, {len(found.of)} exercise{'s' * (len(found.of) != 1)}; "
          + ", ".join(f"{n} {state}" for state, n in count.most_common()))
    print(f"in {shown(folder / 'grades.csv')} and {shown(folder / 'grades.html')}")
    return 0


def places(root: Path, folder: Path | None, database: str | None) -> tuple[Path, str]:
    """The class's folder, and the gradebook's URL."""
    database = configured(root) if database is None and folder is None else database
    folder = Path(folder or Path(root) / "course" / "class").resolve()
    return folder, database or f"sqlite:///{folder / 'gradebook.db'}"


# --- reading --------------------------------------------------------------------------------------------------------


def results(folder: Path, database: str) -> Results:
    """All that was graded. Raises CourseError when there is nothing, or the gradebook can't be read."""
    tasks, rows = defaultdict(dict), defaultdict(lambda: defaultdict(list))
    for row in scores(database):
        tasks[row["exercise"]][row["task"]] = row["points"]
        if row["student"] is not None:
            rows[row["exercise"]][row["student"]].append(row)
    states = {exercise: status(folder, exercise) for exercise in sorted(tasks)}
    known = [exercise for exercise in states if states[exercise] or rows[exercise]]
    if not known:
        raise CourseError("nothing was graded yet; grade an exercise with: python -m course grade EXERCISE")
    students = {*roster.students(folder), *(s for each in known for s in (*states[each], *rows[each]))}
    of = {exercise: {student: result(rows[exercise].get(student), states[exercise].get(student),
                                     (folder / "submitted" / student / exercise).exists())
                     for student in sorted(students)} for exercise in known}
    return Results({exercise: tasks[exercise] for exercise in known}, of)


def scores(database: str) -> list[dict]:
    """All grades of the gradebook; tasks that nobody handed in have no student. Raises CourseError."""
    url = parsed(database)
    if is_file(database) and not Path(url.database).is_file():
        raise CourseError(f"nothing was graded yet: there is no gradebook {shown(Path(url.database))}")
    with reasons(database):
        engine = create_engine(url)
        try:
            with engine.connect() as book:  # a new database has no tables
                rows = book.execute(text(SCORES)).mappings() if inspect(book).has_table("grade") else ()
                found = [dict(row) for row in rows]
        finally:
            engine.dispose()
    return sorted(found, key=lambda row: (row["exercise"], row["task"], row["student"] or ""))


def status(folder: Path, exercise: str) -> dict[str, str]:
    """What the table of an exercise says of each student; nothing without one."""
    file = folder / f"{exercise}.csv"
    if not file.is_file():
        return {}
    head, lines = sheets.cells(file)
    rows = (dict(zip(head, line)) for line in lines)
    return {sheets.plain(row.get("student_id", "")): row.get("status", "") for row in rows}


def result(rows: list[dict] | None, said: str | None, handed_in: bool) -> Result:
    """What a student got, by the gradebook's rows, the status in the exercise's table, and what was handed in."""
    if said in (AWAY, NOT_GRADABLE):
        return Result(said)
    tests = [row for row in rows or () if row["kind"] == "code"]
    if not rows or any(row["auto_score"] is None and row["manual_score"] is None for row in tests):
        return Result(NOT_YET if rows or handed_in else AWAY)
    points = {row["task"]: score(row) for row in rows}
    tested = {row["task"]: row["auto_score"] or 0.0 for row in rows if row["kind"] == "code"}
    by_hand = sum(point - tested.get(task, 0.0) for task, point in points.items() if point is not None)
    return Result(UNREAD if None in points.values() else GRADED, automatic=float(sum(tested.values())),
                  by_hand=float(by_hand), late=-(rows[0]["penalty"] or 0.0) or 0.0, scores=points)


def score(row: dict) -> float | None:
    """The points of a task: those given by hand if there are any; None when a person still has to look."""
    given = row["auto_score"] if row["manual_score"] is None else row["manual_score"]
    return None if row["needs_manual_grade"] or given is None else given + (row["extra_credit"] or 0.0)


def people(folder: Path, found: Results) -> list[dict[str, str]]:
    """A line for each student, of the roster's columns: those of the roster in its order, then the others."""
    known = roster.members(folder)
    listed = {row["student"] for row in known}
    known = [row for row in known if not row["left"] or row["student"] in found.students]
    others = [dict.fromkeys(roster.COLUMNS, "") | {"student": student} for student in sorted(found.students - listed)]
    return known + others


# --- writing --------------------------------------------------------------------------------------------------------


def number(points: float | None) -> str:
    return "" if points is None else f"{points:.10g}"


def write_csv(file: Path, found: Results, lines: list[dict[str, str]]) -> None:
    parts = ("automatic", "by hand", "late", "total", "maximum", "state")
    head = ["student", "name", "email", "group", *(f"{exercise} {part}" for exercise in found.of for part in parts),
            "sum", "of"]
    sheets.write(file, head, ([*about(line), *(cell for exercise in found.of for cell in numbers(
        found.of[exercise].get(line["student"], Result(AWAY)), found.maximum(exercise))),
        *map(number, summed(found, line["student"]))] for line in lines))


def about(line: dict[str, str]) -> list[str]:
    return [sheets.tame(line[name]) for name in ("student", "name", "email", "group")]


def numbers(result: Result, maximum: float) -> list[str]:
    """automatic, by hand, late, total, maximum, state; what isn't graded is blank."""
    by_hand = None if result.state == UNREAD and not result.by_hand else result.by_hand
    return [*map(number, (result.automatic, by_hand, result.late, result.total, maximum)), result.state]


def summed(found: Results, student: str) -> tuple[float | None, float | None]:
    """The sum of all totals, and of how many points; nothing for somebody without a total."""
    graded = [(each[student].total, found.maximum(exercise)) for exercise, each in found.of.items()
              if student in each and each[student].total is not None]
    return (sum(total for total, _ in graded), sum(most for _, most in graded)) if graded else (None, None)


STYLE = report.STYLE + """
body { max-width: 76rem; }
.wide { overflow-x: auto; }
.wide table { width: auto; }
.wide td, .wide th { white-space: nowrap; padding-right: 1.4rem; }
td small { color: #777; }
"""


def write_page(file: Path, found: Results, lines: list[dict[str, str]]) -> None:
    """The page holds all that it needs, and no scripts."""
    parts = [report.section("Students", f'<div class="wide">{by_student(found, lines)}</div>'),
             report.section("Exercises", by_exercise(found)),
             report.section("Tasks, hardest first", by_task(found) + NOTE)]
    page = report.PAGE.format(name="Grades", style=STYLE, parts="".join(parts))
    page = page.replace("<title>Grades: report</title>", "<title>Grades</title>")
    with replacing(file) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="backslashreplace")


def by_student(found: Results, lines: list[dict[str, str]]) -> str:
    exercises = (f"{exercise} ({number(found.maximum(exercise))})" for exercise in found.of)
    head = ["student", "e-mail", "group", *exercises, "sum", "of"]
    rows = [f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"]
    for line in lines:
        name = printable(line["name"] or line["student"]) + (" (left)" if line["left"] else "")
        results = (found.of[exercise].get(line["student"], Result(AWAY)) for exercise in found.of)
        about = map(escape, (name, printable(line["email"]), printable(line["group"])))
        cells = [*about, *map(shown_result, results), *map(number, summed(found, line["student"]))]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "<table>" + "\n".join(rows) + "</table>"


def shown_result(result: Result) -> str:
    """The total and what it is made of; or why there is none."""
    if result.automatic is None:
        return f"<small>{result.state}</small>"
    parts = f"{number(result.automatic)} + {number(result.by_hand)}"
    parts += f" − {number(-result.late)} late" if result.late else ""
    return f"{number(result.total)} <small>{parts}{' + unread' if result.state == UNREAD else ''}</small>"


# --- what the tasks say ---------------------------------------------------------------------------------------------

NOTE = """<p>Difficulty is the mean share of a task’s points, so that small numbers are hard tasks. Discrimination is
the correlation of a task’s points with the share that the same student has of all other points, over all exercises:
near 0 a task tells nothing about who can do the rest; below 0 those who do well elsewhere do badly here, and its text
may mislead them. A dash stands where fewer
than three students were graded, or all got the same.</p>
"""


def by_exercise(found: Results) -> str:
    """Mean and spread of what was graded, who wasn't, and how well the tasks of an exercise measure the same."""
    lines = []
    for exercise, each in found.of.items():
        totals = [result.total for result in each.values() if result.total is not None]
        count = Counter(result.state for result in each.values())
        mean = f"{np.mean(totals):.1f}" if totals else "–"
        spread = f"{np.std(totals, ddof=1):.1f}" if len(totals) > 1 else "–"
        counts = [f"{count[state]}" for state in (GRADED, UNREAD, AWAY, NOT_GRADABLE, NOT_YET)]
        lines.append((exercise, number(found.maximum(exercise)), mean, spread, *counts, alpha(found, exercise)))
    head = ("exercise", "points", "mean", "spread", "graded", "answers unread", "absent", "not gradable",
            "not graded yet", "reliability")
    return report.table(head, lines, numbers=range(1, len(head))) + (
        "<p>Spread is the standard deviation of the totals, reliability is Cronbach’s alpha of the tasks that are "
        "graded for all: from about 0.7 on they measure the same.</p>")


def alpha(found: Results, exercise: str) -> str:
    """Cronbach's alpha of an exercise's tasks, k / (k − 1) · (1 − Σ var(task) / var(sum)) for k tasks.

    Of the tasks that are graded for all whose exercise was; "–" for fewer than three students or two tasks, or when
    all students have the same sum.
    """
    rows = [result.scores for result in found.of[exercise].values() if result.scores]
    tasks = [task for task in found.tasks[exercise] if all(row.get(task) is not None for row in rows)]
    if len(rows) < 3 or len(tasks) < 2:
        return "–"
    points = np.array([[row[task] for task in tasks] for row in rows])
    variance = points.sum(1).var(ddof=1)
    if variance < 1e-12:
        return "–"
    return f"{len(tasks) / (len(tasks) - 1) * (1 - points.var(0, ddof=1).sum() / variance):.2f}"


def by_task(found: Results) -> str:
    """All tasks of all exercises, hardest first."""
    got, most = defaultdict(float), defaultdict(float)  # of each student, over all exercises
    tasks = defaultdict(dict)  # (exercise, task) -> student -> points
    for exercise, each in found.of.items():
        for student, result in each.items():
            for task, points in result.scores.items():
                if points is not None:
                    tasks[exercise, task][student] = points
                    got[student] += points
                    most[student] += found.tasks[exercise][task]
    lines = []
    for (exercise, task), points in tasks.items():
        worth = found.tasks[exercise][task]
        rest = {s: (got[s] - points[s]) / (most[s] - worth) for s in points if most[s] > worth}
        share = np.mean(list(points.values())) / worth if worth else 1.0
        full = np.mean([point >= worth for point in points.values()])
        lines.append((share, (exercise, task.removeprefix("test_"), number(worth), f"{len(points)}",
                              f"{100 * share:.0f} %", f"{100 * full:.0f} %",
                              correlation([points[s] for s in rest], list(rest.values())))))
    head = ("exercise", "task", "points", "graded", "difficulty", "all points", "discrimination")
    return report.table(head, [line for _, line in sorted(lines)], numbers=range(2, len(head)))


def correlation(first: list[float], second: list[float]) -> str:
    """"–" for fewer than three students, or where one of the two doesn't vary."""
    if len(first) < 3 or min(np.ptp(first), np.ptp(second)) < 1e-9:
        return "–"
    return f"{np.corrcoef(first, second)[0, 1]:.2f}"
