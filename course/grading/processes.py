"""What the grader's processes do: triage a submission, judge it, draw its feedback page. Nothing is written here.

What a student handed in is read here and not in the process in charge, so that a file which takes all memory, or
which never ends, stops one process and nothing else.
"""
from __future__ import annotations

import os
import resource
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.grading import judge as judging
from course.grading import pages
from course.grading.cohort import STAMP, Cohort, Exercise, Graded
from course.grading.judge import Job
from course.grading.remarks import taken_from_the_library
from gan_scratch.classroom.kernel import Limits
from gan_scratch.classroom.matching import grade_id
from gan_scratch.classroom.notebooks import NotGradable
from gan_scratch.classroom.submission import triage

MEMORY = 4 * 2**30  # bytes of address space of a process
MOST_FILES = 100 * 2**20  # bytes of all files that travel with a notebook
LONGEST = 128  # characters of a student's id in nbgrader's gradebook
cohort: Cohort = None  # of this process, see begin
exercise: Exercise = None


def begin(context: tuple[Cohort, Exercise]) -> None:
    """Prepare a process: what libraries print goes to a file, and memory is limited."""
    global cohort, exercise
    cohort, exercise = context
    tempfile.tempdir = str(cohort.scratch)
    if sys.platform == "linux":  # what is read must not take all of the machine's memory; a MemoryError is one student's
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    cohort.log.mkdir(parents=True, exist_ok=True)
    file = os.open(cohort.log / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


@dataclass
class Triaged:
    """A submission that can be judged. said: what was mended. looks: what a person should look at."""

    job: Job
    said: list[str]
    looks: list[str]


def triaged(student: str) -> Triaged | Graded:
    """Find, read and rebuild a student's notebook; Graded with the reason when it can't be graded."""
    try:
        refuse_name(student)
        found = triage(cohort.of("submitted", student), cohort.exercise, exercise.released)
    except NotGradable as error:
        return Graded(student, failed=str(error))
    looks = taken_from_the_library(exercise.released, found.notebook)
    for cell in found.notebook.cells:  # the tests as they are in the gradebook: with the hidden ones
        if (name := grade_id(cell)) in exercise.sources:
            source, cell.metadata.nbgrader.checksum = exercise.sources[name]
            cell.source = source if cell.metadata.nbgrader.get("locked") else cell.source
    files = taken(found.files, found.said)
    limits = Limits(cell=cohort.cell, call=cohort.call, total=cohort.total)
    job = Job(student, nbformat.writes(found.notebook), files, limits, cohort.memory, cohort.isolated)
    return Triaged(job, found.said, looks)


def judge(job: Job) -> str:
    """Judge a notebook in this process."""
    return judging.judge(job)


def page(student: str) -> str:
    """The feedback page of a graded submission."""
    return pages.draw(cohort, student)


def refuse_name(student: str) -> None:
    """Names of folders that nbgrader can't use as ids. Raises NotGradable."""
    if student != student.strip():
        raise NotGradable("the folder's name begins or ends with a space, which nbgrader doesn't allow; rename it")
    if not student.isprintable() or set("*?[]") & set(student):  # line breaks, names that aren't UTF-8, patterns
        raise NotGradable("the folder's name has characters that nbgrader doesn't allow; rename it")
    if len(student) > LONGEST:
        raise NotGradable(f"the folder's name has {len(student)} characters, and nbgrader allows {LONGEST}; rename it")
    if student[0] in "=+@-":
        raise NotGradable("the folder's name begins with a character that a spreadsheet takes for a formula; rename it")


def taken(files: dict[Path, Path], said: list[str]) -> dict[str, bytes]:
    """The files that lie beside the notebook: the exercise's own, which nobody's replaces, and the student's."""
    given = {path.relative_to(cohort.solution): path for path in sorted(cohort.solution.rglob("*"))
             if path.is_file() and path.suffix != ".ipynb"}
    own = {inside: path for inside, path in files.items() if str(inside) != STAMP
           and inside not in given and not any(part in given for part in inside.parents) and not (cohort.solution / inside).is_dir()}
    found, size = {}, 0
    for inside, path in {**given, **own}.items():
        size += path.stat().st_size
        if inside in own and size > MOST_FILES:
            said.append(f"{inside} was left out: all files together are larger than {MOST_FILES / 2**20:.0f} MB")
            continue
        found[str(inside)] = path.read_bytes()
    return found
