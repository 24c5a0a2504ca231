"""python -m course grade EXERCISE: triage, sandboxed judging by several workers, gradebook, feedback, CSV, report.

    course/class/submitted/STUDENT/EXERCISE/EXERCISE.ipynb     what students handed in; never changed
    course/class/policy.toml, roster.csv                       when work is due; who is in the class
    course/class/autograded/…, feedback/…, gradebook.db        nbgrader's own
    course/class/EXERCISE.csv, EXERCISE_report.html            the results
    course/class/EXERCISE_state.jsonl, log/EXERCISE/            what was graded from which files; what nbgrader said

Workers triage and judge; they write nothing. This process writes each result, all of it or nothing.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Iterable

from tqdm import tqdm

from course.building import units
from course.building.units import ROOT, CourseError
from course.grading import collect, gradebook, late, pages, report, roster, sandbox, together
from course.grading.cluster import Cluster
from course.grading.cohort import Cohort, Exercise, Graded
from course.grading.rows import summary, table_of, write_csv
from course.grading.run import PROCESSES, Run
from course.grading.together import Together
from course.grading.workers import Workers
from gan_scratch.classroom import session
from gan_scratch.classroom.finding import candidates, listed
from gan_scratch.classroom.matching import grade_id


def main(exercise: str, jobs: int | None = None, csv: Path | None = None, force: bool = False, *,
         only: Iterable[str] = (), tasks: Iterable[str] = (), root: Path = ROOT, folder: Path | None = None, isolated: bool | None = None,
         database: str | None = None, scheduler: str = "", **limits) -> int:
    """Grade what was submitted of an exercise; returns the exit status: 0, 1 when the grader itself failed on a
    submission, or 130 when interrupted.

    Args:
        exercise: by name, beginning of its name, or one of its files. jobs: workers (default: one a core). csv: where
        the table goes (default: FOLDER/EXERCISE.csv). force: grade also what hasn't changed. only: these students;
        what is known of the others stays. tasks: run the tests of these tasks only, where a submission is what it
        was. root: holds solutions/. folder: the class's (default: root/course/class). database: the gradebook's URL
        (default: what course/nbgrader_config.py says, or gradebook.db in the folder).
        isolated: under bubblewrap (default: where that works). scheduler: the address of a Dask cluster that judges
        (default: processes here do). limits: see Cohort.

    Raises CourseError when there is no such exercise, nothing was submitted, a student isn't there, or the class is
    being graded already.
    """
    began = time.monotonic()
    name = exercise_name(exercise, root)
    database = configured(root) if database is None and folder is None else database or ""
    folder = Path(folder or root / "course" / "class").resolve()
    students = submissions(folder, name, root)
    if unknown := sorted(set(only) - set(students)):
        raise CourseError(f"--student wants ids, which are the names of folders in {shown(folder / 'submitted')}, and of those in "
                          f"roster.csv; there is no {listed(unknown)}{meant(unknown, folder)}")
    if set("*?[]") & set(str(folder)):
        raise CourseError(f"{folder}: nbgrader can't work in a folder whose path has one of * ? [ ]")
    if csv and not Path(csv).resolve().parent.is_dir():
        raise CourseError(f"--csv {csv}: there is no folder {Path(csv).parent}")
    policy = late.policy(folder, root)
    scratch = Path(tempfile.mkdtemp(prefix="gs-")).resolve()
    unsafe = sandbox.why_not_isolated() if isolated is None else None if isolated else "it is switched off"
    walls = isolated if scheduler else unsafe is None  # elsewhere, each worker finds out for itself
    cohort = Cohort(Path(root).resolve(), folder, name, scratch, walls, database=database, **limits)
    if unsafe and not scheduler:
        print(sandbox.WARNING.format(reason=unsafe), file=sys.stderr)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # of the workers: there is one for each core
    try:
        with locked(folder):
            exercise, by_hand, everybody = prepared(cohort)
            lateness = {student: policy.of(name, student, collect.received(folder, student, name)) for student in students}
            with gradebook.opened(cohort) as book:
                gradebook.set_due(book, cohort, policy.due.get(name))
            with contextlib.ExitStack() as stack:
                processes = Workers(jobs or os.cpu_count() or 1, PROCESSES, (cohort, exercise), seconds=2 * cohort.total + 120)
                pool = stack.enter_context(processes)
                judges = stack.enter_context(Cluster(scheduler)) if scheduler else pool
                some = frozenset() if everybody else tests_of(tasks, exercise)
                run = Run(cohort, exercise, judges, lateness, by_hand, some)
                results, interrupted, fresh = run.grade_all(students, force, set() if everybody else set(only))
                unsafe = run.unsafe if scheduler else unsafe
                in_book = [student for student in students if not results[student].failed]
                seen = together.look(cohort, exercise, in_book)
                told = spread(cohort, seen)
                if not interrupted:
                    there = [student for student in students if run.finished(student)]
                    unwritten = pages.refresh(pool, cohort, there, bar("feedback", "page"))
                    for student, problem in unwritten.items():
                        results[student].problems.append(problem)
                        results[student].final = False
            grades, penalties = gradebook.rows(cohort), gradebook.penalties(cohort)
    finally:
        sandbox.discard(scratch)
    told += told_once(results)
    tasks = [about for cell in exercise.released.cells if (about := cell.metadata.get("nbgrader", {})).get("grade")]
    rows = table_of(results, students, tasks, grades, penalties, lateness, seen.alike)
    table = Path(csv or folder / f"{name}.csv")
    write_csv(table, rows)
    page = folder / f"{name}_report.html"
    report.write(page, name, tasks, rows, grades, seen, unsafe)
    print(summary(name, rows, fresh, time.monotonic() - began) + stray(folder / "submitted").replace("; ", "\n  ", 1))
    for sentence in [*roster.not_in_class(folder), *told]:
        print(sentence)
    print(f"grades: {shown(table)} and {shown_book(cohort)}; report: {shown(page)}; "
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


def shown_book(cohort: Cohort) -> str:
    """The gradebook for messages: its file, or its address without the password."""
    name = gradebook.name_of(cohort)
    return name if "://" in name else shown(Path(name))


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
    """All students with a folder in submitted/, and those of the roster. Raises CourseError when nobody handed in
    this exercise.
    """
    submitted = folder / "submitted"
    entries = os.scandir(submitted) if submitted.is_dir() else ()
    students = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    if not any((submitted / student / name).exists() or loose(submitted / student, root) for student in students):
        raise CourseError(f"nothing was submitted of {name}: expected {shown(submitted)}/STUDENT/{name}/{name}.ipynb{stray(submitted)}")
    return sorted({*students, *roster.students(folder)})


def meant(unknown: list[str], folder: Path) -> str:
    """The ids of those whose names were given instead."""
    ids = {row["name"].casefold(): row["student"] for row in roster.members(folder)}
    found = [f"{name} is {ids[name.casefold()]}" for name in unknown if name.casefold() in ids]
    return f"; {', '.join(found)}" if found else ""


def stray(submitted: Path) -> str:
    """What is to be said of notebooks that lie in no student's folder."""
    found = sorted(path.name for path in submitted.glob("*") if path.is_file() and ".ipynb" in path.name.lower())
    return f"; not looked at, because they lie in no student's folder: {listed(found)}" if found else ""


def loose(student: Path, root: Path) -> bool:
    """Whether a student has notebooks in no exercise's folder."""
    known = {unit.name for unit in units.every(root)}
    return any(found.path.relative_to(student).parts[0] not in known for found in candidates(student))


def prepared(cohort: Cohort) -> tuple[Exercise, dict, bool]:
    """The exercise, registered; grades by hand that aren't in the gradebook again yet; and whether all must be graded
    anew.

    Raises CourseError.
    """
    try:
        return gradebook.register(cohort), gradebook.load_by_hand(cohort), False
    except gradebook.Changed:
        by_hand, files = gradebook.begin_anew(cohort)
        print(f"{cohort.exercise} has other graded cells than before, so everything is graded anew. What the gradebook held is in "
              f"{shown(cohort.folder / 'backup')} ({listed(files)}); grades given by hand are carried over")
        exercise = gradebook.register(cohort)
        if gone := sorted({cell for given in by_hand.values() for cell in given} - set(exercise.sources)):
            print(f"  what was given by hand for {listed(gone)} is in the backup only: the exercise has no such cells any more")
        return exercise, by_hand, True


def tests_of(tasks: Iterable[str], exercise: Exercise) -> frozenset[str]:
    """The grade ids of these tasks' tests. Raises CourseError when there is no such task."""
    tests = [grade_id(cell) for cell in exercise.released.cells if session.is_test(cell)]
    found = {task: test for task in tasks for test in tests if test in (task, f"test_{task}")}
    if unknown := sorted(set(tasks) - set(found)):
        names = ", ".join(test.removeprefix("test_") for test in tests)
        raise CourseError(f"--task: the exercise has no task {listed(unknown)}; its tasks are {names}")
    return frozenset(found.values())


def bar(what: str, unit: str):
    """Progress of a loop that knows its length."""
    return lambda loop, length: tqdm(loop, total=length, desc=what, unit=unit, disable=None)


def told_once(results: dict[str, Graded]) -> list[str]:
    """Take out what was mended, or went wrong, alike in more than half of at least three notebooks, and say it once:
    not the students did that, but whoever changed the exercise after it was handed out."""
    graded = [result for result in results.values() if not result.failed]
    count = Counter(sentence for result in graded for sentence in {*result.said, *result.problems})
    shared = {sentence: n for sentence, n in count.items() if n >= 3 and 2 * n > len(graded)}
    for result in graded:
        result.said = [sentence for sentence in result.said if sentence not in shared]
        result.problems = [sentence for sentence in result.problems if sentence not in shared]
    if not shared:
        return []
    return [f"the same in up to {max(shared.values())} notebooks, which is held against nobody; was the exercise changed after it was "
            f"handed out? {listed(sorted(shared), 3)}"]


def spread(cohort: Cohort, seen: Together) -> list[str]:
    """Give what a person gave for an answer in words to those that are equal; returns what is to be said of it."""
    said = []
    with gradebook.opened(cohort) as book:
        for question, groups in seen.equal.items():
            count, different = gradebook.spread(book, cohort, question, groups)
            many = "one answer is" if count == 1 else f"{count} answers are"
            said += [f"{question}: {many} equal to one that was read, with its points and comment now"] if count else []
            said += [f"{question}: the answers of {listed(group)} are equal, and got different points" for group in different]
    return said


def shown(path: Path) -> str:
    """A path as short as it can be."""
    path = Path(path).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
