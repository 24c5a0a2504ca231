"""python -m course return EXERCISE: what a learning platform takes to give an exercise back.

    course/class/return/EXERCISE/
        feedback_moodle.zip        for "Upload multiple feedback files in a zip" of the assignment
        feedback_canvas.zip        for "Upload Submissions" of the assignment, in the gradebook
        feedback_blackboard.zip    the pages under Blackboard's names
        feedback_folders.zip       STUDENT/EXERCISE.html, of all who came in another way
        grades_moodle.csv          for "Upload grading worksheet" of the assignment
        grades_canvas.csv          for "Import" of the gradebook
        grades.csv                 all students

Feedback goes back under the name under which the version that was graded came (collected/…/came.csv). Moodle tells
students by the number in a folder's name, Canvas by the first two numbers in a file's name, which are those of the
student and of the file handed in; so these names must stay as they are.
"""
from __future__ import annotations

import os
import re
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Callable, Iterable

from course.building.units import ROOT, CourseError
from course.grading import collect, pages, roster, sheets, table
from course.grading.cohort import Cohort
from course.grading.grade import bar, exercise_name, locked, shown
from course.grading.run import PROCESSES
from course.grading.report import printable
from course.grading.table import Result
from course.grading.workers import Workers
from gan_scratch.classroom.finding import listed
from gan_scratch.files import replacing

ARCHIVES = {"Moodle": "feedback_moodle.zip", "Canvas": "feedback_canvas.zip", "Blackboard": "feedback_blackboard.zip",
            "folder": "feedback_folders.zip"}
WORKSHEET = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade", "Grade can be changed",
             "Last modified (grade)", "Feedback comments"]
GRADE = ("grade", "bewertung", "note", "calificación", "valutazione")
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
BEGINNING = (1980, 1, 1, 0, 0, 0)  # of all files' times, so that the same pages give the same archive


@dataclass(frozen=True)
class Way:
    """How feedback goes back to a student: in which archive, and under which name.

    number: the platform's of the student.
    """

    platform: str
    path: str
    number: str = ""


def refresh(cohort: Cohort, students: Iterable[str]) -> dict[str, str]:
    """Write the students' feedback pages anew where something has changed, such as a comment made in the Formgrader.

    Returns why a page couldn't be written, by student.
    """
    with tempfile.TemporaryDirectory() as scratch:
        here = replace(cohort, scratch=Path(scratch))
        with Workers(os.cpu_count() or 1, PROCESSES, (here, None), seconds=120) as pool:
            return pages.refresh(pool, here, students, bar("feedback", "page"))


def main(exercise: str, unread: bool = False, column: str | None = None, *, root: Path = ROOT,
         folder: Path | None = None, database: str | None = None,
         refresh: Callable[[Cohort, list[str]], dict[str, str]] = refresh) -> int:
    """Make the archives and tables of an exercise; returns 0, or 1 when a page couldn't be written.

    Args:
        exercise: by name or beginning of its name. unread: also of students whose answers in words aren't read yet.
        column: what Canvas calls the assignment (default: the exercise's name). root, folder, database: as those of
        grade.main. refresh: see `refresh`.

    Raises CourseError when there is no such exercise, it isn't graded, or the class is being graded.
    """
    name = exercise_name(exercise, root)
    folder, database = table.places(root, folder, database)
    found = table.results(folder, database)
    if name not in found.of:
        raise CourseError(f"{name} isn't graded yet; grade it with: python -m course grade {name}")
    results = found.of[name]
    back = [student for student, result in results.items() if points(result, unread) is not None]
    with locked(folder):
        failed = refresh(Cohort(Path(root).resolve(), folder, name, folder, None, database=database), back)
    people = table.people(folder, found)
    ways = {student: way(folder, student, name) for student in results}
    out = folder / "return" / name
    out.mkdir(parents=True, exist_ok=True)
    written_pages = {student: folder / "feedback" / student / name / f"{name}.html" for student in back}
    failed = {student: "it isn't there" for student, page in written_pages.items() if not page.is_file()} | failed
    given = {student: page for student, page in written_pages.items() if student not in failed}
    written = archives(out, given, ways)
    written += grades(out, people, results, ways, found.maximum(name), unread, column or name)
    for old in {*ARCHIVES.values(), "grades_moodle.csv", "grades_canvas.csv"} - set(written):
        (out / old).unlink(missing_ok=True)
    tell(out, name, written, results, given, failed, unread, found.maximum(name), column)
    return int(bool(failed))


def points(result: Result, unread: bool) -> float | None:
    """The points to give back, or None."""
    return result.so_far if unread else result.total


# --- under which name -----------------------------------------------------------------------------------------------


def way(folder: Path, student: str, name: str) -> Way:
    """The way back of what a student handed in: that on which it came last."""
    rows = collect.came(folder, student, name)
    parts = PurePosixPath(rows[-1]["came"]).parts if rows else ()
    platform = rows[-1]["platform"] if rows else "folder"
    if platform == "Moodle" and (found := next(filter(None, map(collect.MOODLE.fullmatch, parts)), None)):
        about = found["name"].replace("_", " ")  # Moodle reads the number after the first underscore
        return Way(platform, f"{about}_{found['number']}_assignsubmission_file_/{name}.html", found["number"])
    if platform == "Canvas" and (found := collect.CANVAS.fullmatch(parts[-1])):
        return Way(platform, renamed(parts[-1], found["file"], name), found["number"])
    if platform == "Blackboard" and (found := collect.BLACKBOARD.fullmatch(parts[-1])):
        return Way(platform, renamed(parts[-1], found["file"] or "", name))
    return Way("folder", f"{student}/{name}.html")


def renamed(came: str, file: str, name: str) -> str:
    """A platform's name of a file with .html in place of .ipynb; Canvas ignores names that begin with link."""
    stem = re.split(r"\.ipynb", file, flags=re.I)[0]
    stem = name if not stem or stem.split("_")[-1].startswith("link") else stem
    return f"{came.removesuffix(file).rstrip('_')}_{stem}.html"


def archives(out: Path, pages: dict[str, Path], ways: dict[str, Way]) -> list[str]:
    """Write an archive for each platform that anybody came from; returns their names."""
    written = []
    for platform, file in ARCHIVES.items():
        mine = {ways[student].path: page for student, page in pages.items() if ways[student].platform == platform}
        if mine:
            pack(out / file, mine)
            written.append(file)
    return written


def pack(file: Path, members: dict[str, Path]) -> None:
    """A ZIP archive that is the same for the same files."""
    with replacing(file) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, path in sorted(members.items()):
            info = zipfile.ZipInfo(name, BEGINNING)
            info.external_attr = 0o644 << 16
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


# --- grades ---------------------------------------------------------------------------------------------------------


def grades(out: Path, people: list[dict[str, str]], results: dict[str, Result], ways: dict[str, Way], maximum: float,
           unread: bool, column: str) -> list[str]:
    """Write the tables; returns their names."""
    total = {student: table.number(points(result, unread)) for student, result in results.items()}
    people = [line for line in people if line["student"] in results]
    head = ("student", "name", "email", "group", "automatic", "by hand", "late", "total", "maximum", "state")
    plain = [[*table.about(line), *table.numbers(results[line["student"]], maximum)] for line in people]
    for line, row in zip(people, plain):
        row[head.index("total")] = total[line["student"]]
    sheets.write(out / "grades.csv", head, plain)
    written = ["grades.csv"]
    for platform, make, file in (("Moodle", moodle, "grades_moodle.csv"), ("Canvas", canvas, "grades_canvas.csv")):
        numbers = {line["student"]: number for line in people
                   if (number := number_of(ways[line["student"]], platform, line[platform.lower()]))}
        if numbers:
            mine = [line for line in people if line["student"] in numbers]
            sheets.write(out / file, *make(out.parents[1], mine, numbers, total, maximum, column))
            written.append(file)
    return written


def number_of(way: Way, platform: str, otherwise: str) -> str:
    """A platform's number of a student: that of what came, else the roster's."""
    return way.number if way.platform == platform and way.number else otherwise


def moodle(folder: Path, people: list[dict[str, str]], numbers: dict[str, str], total: dict[str, str], maximum: float,
           _: str) -> tuple[list[str], list[list[str]]]:
    """Moodle's grading worksheet, with the columns of the one that was read as a roster, if there was one.

    Each assignment of Moodle's has other numbers for the same students; those of what came are this one's.
    """
    head, fields, given, prefix = worksheet(folder)
    new = {"Maximum Grade": f"{maximum:g}", "Grade can be changed": "Yes", "Last modified (grade)": "-"}
    lines = []
    for line in people:
        told = {"identifier": f"{prefix}{numbers[line['student']]}", "name": line["name"], "email": line["email"],
                "grade": total[line["student"]]}
        row = given.get(line["moodle"])
        row = row or [told.get(field) or new.get(heading, "") for field, heading in zip(fields, head)]
        row = [told[field] if field in ("identifier", "grade") else cell for field, cell in zip(fields, row)]
        lines.append([cell if cell == "-" else sheets.tame(cell) for cell in row])
    return head, lines


def worksheet(folder: Path) -> tuple[list[str], list[str], dict[str, list[str]], str]:
    """Of the worksheet that was read last: headings, what they hold, lines by number, what stands before a number."""
    head, lines, prefix = WORKSHEET, [], "Participant "
    if (folder / "worksheet.csv").is_file():
        there, rows = sheets.cells(folder / "worksheet.csv")
        if any(heading.casefold() in GRADE for heading in there):
            head, lines = there, rows
    fields, given = roster.fields(head, lines), {}
    fields = ["grade" if heading.casefold() in GRADE else field for heading, field in zip(head, fields)]
    for line in lines:
        if found := roster.IDENTIFIER.fullmatch(line[fields.index("identifier")]):
            given[found[1]], prefix = line, found[0].removesuffix(found[1])
    return head, fields, given, prefix


def canvas(_: Path, people: list[dict[str, str]], numbers: dict[str, str], total: dict[str, str], maximum: float,
           column: str) -> tuple[list[str], list[list[str]]]:
    """The lines that Canvas's gradebook takes; it tells students by ID."""
    lines = [["    Points Possible", "", "", "", "", f"{maximum:g}"]]
    for line in people:
        about = (line["sort_name"] or line["name"] or line["student"], numbers[line["student"]], line["sis_id"],
                 line["sis_login"], line["section"])
        lines.append([*map(sheets.tame, about), total[line["student"]]])
    return [*CANVAS, sheets.tame(column)], lines


# --- what is said ---------------------------------------------------------------------------------------------------


def tell(out: Path, name: str, written: list[str], results: dict[str, Result], pages: dict[str, Path],
         failed: dict[str, str], unread: bool, maximum: float, column: str | None) -> None:
    """Say what was written, and who is left out."""
    print(f"return: {name}, feedback of {len(pages)} students; in {shown(out)}: {', '.join(written)}")
    if "grades_moodle.csv" in written:
        print(f"  Moodle takes the grades when the assignment's maximum grade is {maximum:g}")
    if "grades_canvas.csv" in written and not column:
        print(f"  Canvas makes a new assignment {name} of the grades; for one that is there already: --column "
              '"Exercise 2 (4711)", as its gradebook exports it')
    by_state = {state: [s for s, result in results.items() if result.state == state]
                for state in Counter(result.state for result in results.values())}
    for state, students in sorted(by_state.items()):
        if state == table.UNREAD and not unread:
            print(f"  left out, because answers in words aren't read yet (--unread gives back all the same): "
                  f"{printable(listed(students, 40))}")
        elif state not in (table.GRADED, table.UNREAD):
            print(f"  {state}: {printable(listed(students, 40))}")
    for student, reason in failed.items():
        print(f"  no feedback page of {printable(student)}: {printable(reason)}")
