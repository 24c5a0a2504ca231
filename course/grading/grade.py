"""python -m course grade EXERCISE: triage, sandboxed grading by several workers, gradebook, feedback, CSV, report.

    course/class/submitted/STUDENT/EXERCISE/EXERCISE.ipynb     what students handed in; never changed
    course/class/triaged/…                                     the same, mended: what nbgrader gets
    course/class/autograded/…, feedback/…, gradebook.db        nbgrader's own
    course/class/EXERCISE.csv, EXERCISE_report.html            the results
    course/class/EXERCISE_state.json, log/EXERCISE/            what was graded from which files; what nbgrader said
"""
from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import json
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterable

from tqdm import tqdm

from course.building import units
from course.grading import report, sandbox
from course.grading.cohort import Cohort, Graded
from course.grading.report import printable
from course.building.units import ROOT, CourseError
from course.grading.workers import Failed, Workers
import gan_scratch.checks
from gan_scratch.classroom import session
from gan_scratch.classroom.finding import candidates, listed
from gan_scratch.classroom.submission import ABSENT
from gan_scratch.files import replacing

LARGE = 2**24  # bytes of a file that is told by its size and time
HEADER = ("student_id", "status", "auto_score", "auto_max", "manual_pending", "message")


@dataclass(frozen=True)
class Row:
    """One submission in the CSV; auto_score is None when it couldn't be graded."""

    student_id: str
    status: str
    auto_score: float | None
    auto_max: float
    manual_pending: int
    message: str


def main(exercise: str, jobs: int | None = None, csv: Path | None = None, force: bool = False, *,
         only: Iterable[str] = (), root: Path = ROOT, folder: Path | None = None, isolated: bool | None = None,
         database: str | None = None, **limits) -> int:
    """Grade what was submitted of an exercise; returns the exit status: 0, 1 when the grader itself failed on a
    submission, or 130 when interrupted.

    Args:
        exercise: by name, beginning of its name, or one of its files. jobs: workers (default: one a core). csv: where the table
        goes (default: FOLDER/EXERCISE.csv). force: grade also what hasn't changed. only: these students; what is known of
        the others stays. root: holds solutions/. folder: the class's (default: root/course/class). database: the
        gradebook's URL (default: what course/nbgrader_config.py says, or gradebook.db in the folder).
        isolated: under bubblewrap (default: where that works). limits: see Cohort.

    Raises CourseError when there is no such exercise, nothing was submitted, a student isn't there, or the class is being
    graded already.
    """
    began = time.monotonic()
    name = exercise_name(exercise, root)
    database = configured(root) if database is None and folder is None else database or ""
    folder = Path(folder or root / "course" / "class").resolve()
    students = submissions(folder, name, root)
    if unknown := sorted(set(only) - set(students)):
        raise CourseError(f"--student: there is no folder of {listed(unknown)} in {shown(folder / 'submitted')}")
    if set("*?[]") & set(str(folder)):
        raise CourseError(f"{folder}: nbgrader can't work in a folder whose path has one of * ? [ ]")
    if csv and not Path(csv).resolve().parent.is_dir():
        raise CourseError(f"--csv {csv}: there is no folder {Path(csv).parent}")
    scratch = Path(tempfile.mkdtemp(prefix="gs-")).resolve()
    unsafe = sandbox.why_not_isolated() if isolated is None else None if isolated else "it is switched off"
    cohort = Cohort(Path(root).resolve(), folder, name, scratch, unsafe is None, database=database, **limits)
    if unsafe:
        print(sandbox.WARNING.format(reason=unsafe), file=sys.stderr)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the workers: there is one for each core
    try:
        with locked(folder), Workers(jobs or os.cpu_count() or 1, "course.grading.autograde", cohort,
                                     seconds=2 * cohort.total + 120) as workers:
            released = register(workers, cohort)
            results, interrupted, fresh = grade_all(workers, cohort, released, students, force, set(only))
            grades = workers.call("grades")
    finally:
        sandbox.discard(scratch)
    tasks = [about for cell in json.loads(released)["cells"] if (about := cell["metadata"].get("nbgrader", {})).get("grade")]
    rows = [row(results[student], tasks, grades) for student in students]
    table = Path(csv or folder / f"{name}.csv")
    write_csv(table, rows)
    page = folder / f"{name}_report.html"
    report.write(page, name, tasks, rows, grades, diagnoses(cohort, rows), unsafe)
    print(summary(name, rows, fresh, time.monotonic() - began) + stray(folder / "submitted").replace("; ", "\n  ", 1))
    print(f"grades: {shown(table)} and {gradebook(cohort)}; report: {shown(page)}; "
          f"feedback: {shown(folder / 'feedback')}")
    if interrupted:
        print("interrupted: what was graded is kept; the same command goes on where it stopped", file=sys.stderr)
    return 130 if interrupted else int(not all(result.final for result in results.values()))


def configured(root: Path) -> str:
    """The gradebook's URL that the repository's nbgrader_config.py gives; "" for another root, which has its own."""
    if Path(root).resolve() != ROOT:
        return ""
    from traitlets.config import PyFileConfigLoader

    return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "course")).load_config().CourseDirectory.db_url


def gradebook(cohort: Cohort) -> str:
    """The gradebook for messages: its file, or its address without the password."""
    from sqlalchemy.engine import make_url

    url = make_url(cohort.db_url)
    return shown(Path(url.database)) if url.drivername == "sqlite" else url.render_as_string(hide_password=True)


@contextlib.contextmanager
def locked(folder: Path):
    """Nobody else grades in this class's folder meanwhile. Raises CourseError when somebody does."""
    with open(folder / ".grading", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise CourseError(f"{shown(folder)} is being graded already ({file.read().strip()}); wait for it, or stop it "
                              "with Ctrl-C in its terminal") from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, since {time.strftime('%H:%M')}")
        file.flush()
        yield


def exercise_name(given: str, root: Path) -> str:
    """The full name of an exercise. Raises CourseError."""
    unit = units.find(given, root)
    if unit.kind != "exercise":
        raise CourseError(f"{unit.name} is a lecture; only exercises are graded")
    if not (root / unit.notebooks[0]).is_file():
        raise CourseError(f"{unit.notebooks[0]} isn't there; make it with: python -m course build {unit.name}")
    return unit.name


def submissions(folder: Path, name: str, root: Path) -> list[str]:
    """All students with a folder in submitted/. Raises CourseError when none of them has one for this exercise."""
    submitted = folder / "submitted"
    entries = os.scandir(submitted) if submitted.is_dir() else ()
    students = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    if not any((submitted / student / name).exists() or loose(submitted / student, root) for student in students):
        raise CourseError(f"nothing was submitted of {name}: expected {shown(submitted)}/STUDENT/{name}/{name}.ipynb{stray(submitted)}")
    return students


def stray(submitted: Path) -> str:
    """What is to be said of notebooks that lie in no student's folder."""
    found = sorted(path.name for path in submitted.glob("*") if path.is_file() and ".ipynb" in path.name.lower())
    return f"; not looked at, because they lie in no student's folder: {listed(found)}" if found else ""


def loose(student: Path, root: Path) -> bool:
    """Whether a student has notebooks in no exercise's folder."""
    known = {unit.name for unit in units.every(root)}
    return any(found.path.relative_to(student).parts[0] not in known for found in candidates(student))


def register(workers: Workers, cohort: Cohort) -> str:
    """Put the exercise into the gradebook; returns the released notebook. Raises CourseError."""
    try:
        return workers.call("register")
    except Failed as error:
        hint = ""
        if "Cannot add or remove cells" in str(error):
            hint = (f"; cells can't be added or removed once there are grades. To begin anew, without them: "
                    f"JUPYTER_CONFIG_PATH=course nbgrader db assignment remove {cohort.exercise} --force")
        raise CourseError(f"nbgrader can't take {cohort.exercise} into the gradebook ({error}){hint}") from None


def grade_all(workers: Workers, cohort: Cohort, released: str, students: list[str],
              force: bool, only: set[str]) -> tuple[dict[str, Graded], bool, int]:
    """Grade what changed, or all; returns how each submission went, whether Ctrl-C was pressed, and how many were graded now."""
    file = cohort.folder / f"{cohort.exercise}_state.json"
    state = load_state(file)
    in_book = {row["student"] for row in workers.call("grades") if row["auto_score"] is not None}
    checks = Path(gan_scratch.checks.__file__).parent
    judges = [Path(session.__file__).parent, *checks.glob("*.py"), Path(__file__).parent, ROOT / "course" / "nbgrader_config.py"]
    version = fingerprint([*judges, cohort.solution], cohort.isolated)
    keys = {student: fingerprint(places(cohort.of("submitted", student)), version) for student in students}
    results = {}
    for student in students:
        known = state.get(student, {})
        there = known and (known["graded"]["failed"] or student in in_book and finished(cohort, student))
        left_alone = only and student not in only
        if there and (left_alone or known["key"] == keys[student] and not force):
            results[student] = Graded(**known["graded"])
        elif left_alone:
            results[student] = Graded(student, failed="not graded yet", kept=student in in_book)
    todo = [(student, released) for student in students if student not in results]
    interrupted = False
    try:
        done = workers.map("grade", todo)
        for (student, _), result in tqdm(done, total=len(todo), desc=cohort.exercise, unit="submission", disable=None):
            if isinstance(result, Failed):
                result = Graded(student, failed=f"grading failed: {result}", kept=student in in_book, final=False)
            results[student] = result
            if result.final:
                state[student] = {"key": keys[student], "graded": asdict(result)}
                save_state(file, state)
    except KeyboardInterrupt:
        interrupted = True
        workers.stop()
    for student in students:
        results.setdefault(student, Graded(student, failed="not graded yet: interrupted", kept=student in in_book))
    workers.call("clean_up", [student for student in students if results[student].failed and student not in in_book])
    return results, interrupted, len(todo)


def finished(cohort: Cohort, student: str) -> bool:
    """Whether what grading leaves behind is there; where it isn't, the submission is graded again."""
    return cohort.of("feedback", student).is_dir() and cohort.graded_notebook(student).is_file()


def places(folder: Path) -> list[Path]:
    """Where a student's notebook may lie: in the exercise's folder, or else outside of it."""
    return [folder] if folder.is_symlink() or folder.is_dir() and candidates(folder) else [folder.parent]


def load_state(file: Path) -> dict:
    """{student: {"key": …, "graded": …}}; nothing when there is no such file, or one that can't be read."""
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        return {student: known for student, known in state.items() if Graded(**known["graded"])}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def save_state(file: Path, state: dict) -> None:
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(state), encoding="utf-8")


def fingerprint(paths: Iterable[Path], *more: object) -> str:
    """Changes when a file in these folders does. Large files count by size and time, links by what they say."""
    digest = hashlib.sha256(repr(more).encode())
    for path in paths:
        below = (Path(where, name) for where, _, names in os.walk(path) if "__pycache__" not in where for name in names)
        files = [path] if path.is_file() or path.is_symlink() else sorted(below)
        for file in files:
            digest.update(os.fsencode(str(file)) + b"\0")
            try:
                if file.is_symlink():
                    digest.update(os.fsencode(os.readlink(file)))
                elif file.is_file():
                    about = file.stat()
                    large = repr((about.st_size, about.st_mtime_ns)).encode()
                    digest.update(file.read_bytes() if about.st_size <= LARGE else large)
            except OSError as error:
                digest.update(repr(error.errno).encode())
    return digest.hexdigest()


def row(graded: Graded, tasks: list[dict], grades: list[dict]) -> Row:
    """A submission's line of the table, its numbers from the gradebook."""
    tests = {task["grade_id"]: task["points"] for task in tasks if not task["solution"]}
    most = float(sum(tests.values()))
    if graded.failed:
        if graded.failed == ABSENT and not graded.kept:
            return Row(graded.student, "absent", None, most, 0, "")
        kept = ["the gradebook keeps the grade of an earlier version"] if graded.kept else []
        return Row(graded.student, "not gradable", None, most, 0, printable("; ".join([graded.failed, *kept])))
    mine = [grade for grade in grades if grade["student"] == graded.student]
    score = float(sum(grade["auto_score"] or 0 for grade in mine if grade["cell"] in tests))
    pending = sum(bool(grade["needs_manual_grade"]) for grade in mine)
    status, message = "repaired" if graded.said else "graded", printable("; ".join(graded.said + graded.problems))
    return Row(graded.student, status, score, most, pending, message)


def write_csv(path: Path, rows: list[Row]) -> None:
    """The table. Raises FileNotFoundError when its folder isn't there."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        lines = csv.writer(file)
        lines.writerow(HEADER)
        for r in rows:
            score = "" if r.auto_score is None else f"{r.auto_score:g}"
            lines.writerow((tame(r.student_id), r.status, score, f"{r.auto_max:g}", r.manual_pending, tame(r.message[:2000])))


def tame(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in tuple("=+@-") else text


def diagnoses(cohort: Cohort, rows: list[Row]) -> Counter:
    """(task, sentence) of all graded submissions."""
    found = Counter()
    for r in rows:
        if r.auto_score is not None and cohort.graded_notebook(r.student_id).is_file():
            for task in cohort.findings(r.student_id)["tasks"]:
                found.update((task["name"], sentence) for sentence in task["diagnoses"])
    return found


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


def shown(path: Path) -> str:
    """A path as short as it can be."""
    path = Path(path).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
