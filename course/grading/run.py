"""One run over an exercise's submissions: what has changed is triaged, judged, and written, each all or nothing.

What was graded, from which files, stands in course/class/EXERCISE_state.jsonl, a line for each change.
"""
from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Iterable, Iterator

import nbformat
from tqdm import tqdm

import gan_scratch.checks
from course.grading import gradebook, roster, sandbox
from course.grading.cluster import Cluster
from course.grading.cohort import STAMP, Cohort, Exercise, Graded
from course.grading.judge import Job, with_the_rest
from course.grading.late import Late
from course.grading.workers import Failed, Workers
from gan_scratch.classroom import session
from gan_scratch.classroom.finding import candidates
from gan_scratch.files import naming, replacing

PROCESSES = "course.grading.processes"
BEGUN = "grading stopped while its result was being written"
LARGE = 2**24  # bytes of a file that is told by its size and time


class Run:
    """One run over an exercise's submissions."""

    def __init__(self, cohort: Cohort, exercise: Exercise, judges: Workers | Cluster, lateness: dict[str, Late], by_hand: dict,
                 tasks: frozenset[str] = frozenset()):
        self._cohort, self._exercise, self._judges = cohort, exercise, judges
        self._lateness, self._by_hand, self._names = lateness, by_hand, roster.names(cohort.folder)
        self._file = cohort.folder / f"{cohort.exercise}_state.jsonl"
        self._state = load_state(self._file)
        save_state(self._file, self._state)
        self.in_book = {row["student"] for row in gradebook.rows(cohort) if row["auto_score"] is not None}
        self._tasks = tasks
        self._keys: dict[str, str] = {}
        self._answers: dict[str, str] = {}  # keys of the submissions alone
        self._results: dict[str, Graded] = {}
        self.unsafe: str | None = None  # why a worker had no sandbox

    def grade_all(self, students: list[str], force: bool, only: set[str]) -> tuple[dict[str, Graded], bool, int]:
        """Grade what changed, or all; returns how each submission went, whether Ctrl-C was pressed, and how many were
        graded now.
        """
        version = fingerprint([*machinery(), self._cohort.solution], self._cohort.isolated)
        for student in students:
            self._answers[student] = fingerprint(places(self._cohort.of("submitted", student)), repr(self._lateness[student]))
            self._keys[student] = fingerprint([], version, self._answers[student])
            self._recall(student, force, left_alone=bool(only) and student not in only)
        todo = [student for student in students if student not in self._results]
        interrupted = False
        with tqdm(total=len(todo), desc=self._cohort.exercise, unit="submission", disable=None) as self._bar:
            try:
                self._grade(todo)
            except KeyboardInterrupt:
                interrupted = True
                self._judges.stop()
        for student in students:
            self._results.setdefault(student, Graded(student, failed="not graded yet: interrupted", kept=student in self.in_book))
        with gradebook.opened(self._cohort) as book:
            gradebook.forget(book, self._cohort, [name for name in students if self._results[name].failed])
        waiting = {student: given for student, given in self._by_hand.items() if student not in self.in_book}
        if waiting != self._by_hand:
            gradebook.save_by_hand(self._cohort, waiting)
        return self._results, interrupted, len(todo)

    def _recall(self, student: str, force: bool, left_alone: bool) -> None:
        """Take over what is known of a submission, if it isn't to be graded now."""
        known = self._state.get(student, {})
        there = known and (known["graded"]["failed"] or self.finished(student))
        same = there and known["key"] == self._keys[student] and not force and not self._tasks
        if there and (left_alone or same):
            self._results[student] = Graded(**known["graded"])
        elif left_alone:
            self._results[student] = Graded(student, failed="not graded yet", kept=student in self.in_book)

    def finished(self, student: str) -> bool:
        """Whether what grading leaves behind is there; where it isn't, the submission is graded again."""
        return student in self.in_book and self._cohort.graded_notebook(student).is_file()

    def _grade(self, todo: list[str]) -> None:
        """Triage by one process, judging by the pool, writing here."""
        with Workers(1, PROCESSES, (self._cohort, self._exercise), seconds=self._cohort.total) as clerk:
            triaged = {}
            for job, executed in self._judges.map("judge", self._jobs(clerk, todo, triaged)):
                self._settle(self._written(triaged.pop(job.student), executed))

    def _jobs(self, clerk: Workers, todo: list[str], triaged: dict) -> Iterator[Job]:
        """What can be judged, as it is wanted; what can't is settled at once."""
        for student in todo:
            try:
                found = clerk.call("triaged", student)
            except Failed as error:
                found = Graded(student, failed=f"grading failed: {error}", final=False)
            if isinstance(found, Graded):
                found.kept = student in self.in_book
                self._settle(found)
            else:
                if self._tasks and self._is_graded(student):
                    found.job = replace(found.job, tasks=self._tasks)
                triaged[student] = found
                yield found.job

    def _is_graded(self, student: str) -> bool:
        """Whether just this submission has been graded, with the present tests or older ones."""
        known = self._state.get(student, {})
        return self.finished(student) and known.get("answers") == self._answers[student] and not known["graded"]["failed"]

    def _written(self, triaged, executed: str | Failed) -> Graded:
        """Put the executed notebook and its grades where they belong: both or neither."""
        student, cohort = triaged.job.student, self._cohort
        try:
            if isinstance(executed, Failed):
                raise executed
            target = cohort.graded_notebook(student)
            before = nbformat.read(target, as_version=4) if target.is_file() else None
            if triaged.job.tasks:
                executed = with_the_rest(executed, before, triaged.job.tasks)
            notebook = nbformat.reads(executed, as_version=4)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._note("", Graded(student, failed=BEGUN, kept=student in self.in_book, final=False))
            with replacing(target) as temporary:
                temporary.write_text(gradebook.with_rubrics(executed, self._exercise.rubrics), encoding="utf-8")
                with gradebook.opened(cohort) as book:
                    gradebook.record(book, cohort, student, notebook, before, self._lateness[student],
                                     self._by_hand.get(student, {}), self._names.get(student, {}))
            self.in_book.add(student)
            if (why := notebook.metadata["gan_scratch"]["unsafe"]) and not self.unsafe and isinstance(self._judges, Cluster):
                print(sandbox.WARNING.format(reason=f"on a worker of the cluster {why}"), file=sys.stderr)
            self.unsafe = self.unsafe or why
            problems = notebook.metadata["gan_scratch"]["problems"] + triaged.looks
            return Graded(student, said=triaged.said, problems=problems)
        except gradebook.Unreachable:
            raise
        except Exception as error:
            return Graded(student, failed=f"grading failed: {gradebook.reason(error, cohort)}", kept=student in self.in_book, final=False)

    def _settle(self, result: Graded) -> None:
        """Remember how it went."""
        self._results[result.student] = result
        if result.final:
            partly = self._tasks and self._is_graded(result.student)  # the other tests may be older ones
            self._note(self._state[result.student]["key"] if partly else self._keys[result.student], result)
        self._bar.update()

    def _note(self, key: str, result: Graded) -> None:
        line = json.dumps({"key": key, "answers": self._answers[result.student], "graded": asdict(result)})
        with naming(self._file), open(self._file, "a", encoding="utf-8") as file:
            file.write("\n" + line)  # what is there may end with half a line


def machinery() -> list[Path]:
    """What grades depend on, besides the exercise and the submissions."""
    checks, own = Path(gan_scratch.checks.__file__).parent, Path(__file__).parent
    grading = [own / name for name in ("judge.py", "processes.py", "gradebook.py", "sandbox.py", "launcher.py", "remarks.py")]
    return [Path(session.__file__).parent, *checks.glob("*.py"), *grading]


def places(folder: Path) -> list[Path]:
    """Where a student's notebook may lie: in the exercise's folder, or else outside of it."""
    return [folder] if folder.is_symlink() or folder.is_dir() and candidates(folder) else [folder.parent]


def load_state(file: Path) -> dict:
    """{student: {"key": …, "answers": …, "graded": …}} from a file with a line for each change; what can't be read is
    graded again.
    """
    state = {}
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else ():
        try:
            known = json.loads(line)
            graded = Graded(**known["graded"])
            state[graded.student] = {"key": known["key"], "answers": known["answers"], "graded": asdict(graded)}
        except (ValueError, TypeError, KeyError):  # half a line, of a process that was killed
            continue
    return state


def save_state(file: Path, state: dict) -> None:
    """All of it, a line for each submission."""
    with replacing(file) as temporary:
        temporary.write_text("".join(json.dumps(known) + "\n" for known in state.values()), encoding="utf-8")


def fingerprint(paths: Iterable[Path], *more: object) -> str:
    """Changes when a file in these folders does, not when all of them are moved. Large files count by size and time,
    links by what they say.
    """
    digest = hashlib.sha256(repr(more).encode())
    for path in paths:
        below = (Path(where, name) for where, _, names in os.walk(path) if "__pycache__" not in where for name in names)
        files = [path] if path.is_file() or path.is_symlink() else sorted(file for file in below if file.name != STAMP)
        for file in files:
            digest.update(os.fsencode(file.relative_to(path.parent)) + b"\0")
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
