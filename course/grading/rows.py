"""The table of one exercise: a line for each student, and what the terminal shows of it."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course.grading import sheets
from course.grading.cohort import Graded
from course.grading.late import Late
from course.grading.report import printable
from course.grading.sheets import tame
from gan_scratch.classroom.submission import ABSENT

HEADER = ("student_id", "status", "auto_score", "auto_max", "manual_score", "manual_pending", "received", "late_penalty",
          "message")


@dataclass(frozen=True)
class Row:
    """One submission in the CSV; auto_score is None when it couldn't be graded, manual_score when nobody has read it
    yet.
    received: local time, or "". late_penalty: points that lateness costs."""

    student_id: str
    status: str
    auto_score: float | None
    auto_max: float
    manual_score: float | None
    manual_pending: int
    received: str
    late_penalty: float
    message: str


def table_of(results: dict[str, Graded], students: list[str], tasks: list[dict], grades: list[dict], penalties: list[dict],
             lateness: dict[str, Late], alike: dict[str, list[str]]) -> list[Row]:
    """The table's rows, numbers from the gradebook."""
    mine: dict[str, list[dict]] = {}
    for grade in grades:
        mine.setdefault(grade["student"], []).append(grade)
    penalty = {each["student"]: each["penalty"] for each in penalties}
    return [row(results[student], tasks, mine.get(student, []), penalty.get(student, 0.0), lateness[student],
                alike.get(student, [])) for student in students]


def row(graded: Graded, tasks: list[dict], mine: list[dict], penalty: float, when: Late, looks: list[str]) -> Row:
    """A submission's line of the table. mine: its rows of the gradebook. looks: what a person should look at
    besides.
    """
    tests = {task["grade_id"]: task["points"] for task in tasks if not task["solution"]}
    most, received = float(sum(tests.values())), f"{when.received:%Y-%m-%d %H:%M}" if when.received else ""
    if graded.failed:
        if graded.failed == ABSENT and not graded.kept:
            return Row(graded.student, "absent", None, most, None, 0, "", 0.0, "")
        kept = ["the gradebook keeps the grade of an earlier version"] if graded.kept else []
        message = printable("; ".join([graded.failed, *kept]))
        return Row(graded.student, "not gradable", None, most, None, 0, received, 0.0, message)
    score = float(sum(grade["auto_score"] or 0 for grade in mine if grade["cell"] in tests))
    given = [grade["manual_score"] for grade in mine if grade["manual_score"] is not None]
    pending = sum(bool(grade["needs_manual_grade"]) for grade in mine)
    status = "repaired" if graded.said else "graded"
    message = printable("; ".join(graded.said + graded.problems + when.said + looks))
    return Row(graded.student, status, score, most, sum(given) if given else None, pending, received, penalty, message)


def write_csv(path: Path, rows: list[Row]) -> None:
    """The table. Raises FileNotFoundError when its folder isn't there."""
    lines = []
    for r in rows:
        numbers = ("" if number is None else f"{number:g}" for number in (r.auto_score, r.auto_max, r.manual_score))
        penalty = f"{r.late_penalty:g}" if r.late_penalty else ""
        lines.append((tame(r.student_id), r.status, *numbers, r.manual_pending, r.received, penalty, tame(r.message[:2000])))
    sheets.write(path, HEADER, lines)


def summary(name: str, rows: list[Row], fresh: int, seconds: float) -> str:
    """What the terminal shows."""
    count = Counter(r.status for r in rows)
    lines = [f"{name}: {len(rows) - count['absent']} submissions: {count['graded']} graded, {count['repaired']} repaired, "
             f"{count['not gradable']} not gradable; {count['absent']} absent "
             f"({fresh} in {seconds:.0f} s, {len(rows) - fresh} unchanged)"]
    scores = [r.auto_score for r in rows if r.auto_score is not None]
    if scores:
        lines.append(f"mean {sum(scores) / len(scores):.1f} of {rows[0].auto_max:g} points; "
                     f"{sum(r.manual_pending for r in rows)} answers are left to grade by hand (Formgrader)")
    for status in ("not gradable", "repaired"):
        lines += [f"  {status}: {printable(r.student_id)}: {r.message}" for r in rows if r.status == status]
    lines += [f"  remark: {printable(r.student_id)}: {r.message}" for r in rows if r.status == "graded" and r.message]
    return "\n".join(lines)
