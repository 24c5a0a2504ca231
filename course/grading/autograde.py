"""What grading does with nbgrader, in worker processes: register the exercise, grade one submission, read the gradebook."""
from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import resource
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of nbgrader's and SQLAlchemy's modules, while they load
    import nbformat
    from nbgrader.api import Gradebook, MissingEntry
    from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import parse_utc
from sqlalchemy import text
from traitlets.config import Config, PyFileConfigLoader

from course.grading import execute  # noqa: F401  (the preprocessors; loaded once for all workers)
from course.grading.cohort import Cohort, Graded
from course.grading.remarks import taken_from_the_library
from course.building.units import ROOT
from gan_scratch.classroom.matching import grade_id, takes_answer, takes_code
from gan_scratch.classroom.notebooks import NotGradable
from gan_scratch.classroom.submission import Triage, triage

MEMORY = 4 * 2**30  # bytes of address space of a worker
cohort: Cohort = None  # of this process, see begin


def begin(given: Cohort) -> None:
    """Prepare a worker: what libraries print goes to a file."""
    global cohort
    cohort, tempfile.tempdir = given, str(given.scratch)
    if sys.platform == "linux":  # what a kernel sends must not take all of the machine's memory; a MemoryError is one student's
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    given.log.mkdir(parents=True, exist_ok=True)
    file = os.open(given.log / "workers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


def configuration() -> Config:
    """nbgrader_config.py with the folders of this class; nbgrader takes the mended submissions."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "course")).load_config()
    config.CourseDirectory.root, config.CourseDirectory.db_url = str(cohort.root), cohort.db_url
    relative = os.path.relpath(cohort.folder, cohort.root)
    for step, folder in {"submitted": "triaged", "autograded": "autograded", "feedback": "feedback"}.items():
        config.CourseDirectory[f"{step}_directory"] = os.path.join(relative, folder)
    config.Autograde.sanitize_preprocessors.remove("course.grading.execute.Mend")  # triage has done it, from the latest release
    run = config.RunInSandbox
    run.isolated, run.memory = cohort.isolated, cohort.memory
    run.cell_seconds, run.call_seconds, run.total_seconds = cohort.cell, cohort.call, cohort.total
    return config


def register() -> str:
    """Put the exercise, as it is in solutions/, into the gradebook; returns the released notebook as JSON.

    The cells that students write in are those of exercises/, which have the planted bugs; nbgrader knows only stubs.
    """
    with open_log("exercise") as log, tempfile.TemporaryDirectory() as folder:
        convert(GenerateAssignment, None, log, release_directory=os.path.relpath(folder, cohort.root))
        made = nbformat.read(Path(folder, cohort.exercise, f"{cohort.exercise}.ipynb"), as_version=4)
    handed_out = cohort.root / "exercises" / cohort.exercise / f"{cohort.exercise}.ipynb"
    cells = nbformat.read(handed_out, as_version=4).cells if handed_out.is_file() else []
    there = {grade_id(cell): cell for cell in cells}
    for cell in made.cells:
        if takes_code(cell) and grade_id(cell) in there:
            cell.source = there[grade_id(cell)].source
    return nbformat.writes(made)


def grade(job: tuple[str, str]) -> Graded:
    """Triage, autograde and write feedback for one submission: job is the student's id and the released notebook as JSON."""
    student, skeleton = job
    had = False
    try:
        refuse_name(student)
        found = triage(cohort.of("submitted", student), cohort.exercise, read(skeleton))
        write(found, cohort.of("triaged", student))
        with open_log(student) as log:
            had = has_grades(student)
            settled = graded_by_hand(student, found)
            with kept_if_it_fails(cohort.of("autograded", student)):
                convert(Autograde, student, log)
            leave_settled(student, settled)
            no_page = feedback(student, log)
        looks = taken_from_the_library(read(skeleton), found.notebook)
        return Graded(student, said=found.said, problems=cohort.findings(student)["problems"] + looks + no_page)
    except NotGradable as error:
        return Graded(student, failed=str(error), kept=had or has_grades(student))
    except Exception as error:
        if not had:
            forget(student)
        return Graded(student, failed=f"grading failed: {error}", kept=had, final=False)


@contextlib.contextmanager
def kept_if_it_fails(folder: Path):
    """nbgrader removes a folder before it writes a new one; when it fails, the old one is put back.

    A process that is killed meanwhile leaves the old one beside it, from where the next one takes it.
    """
    before, half = (folder.with_name(f".{folder.name}.{name}") for name in ("before", "half"))

    def put_back() -> None:
        if before.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            before.rename(folder)

    put_back()
    shutil.rmtree(half, ignore_errors=True)
    if folder.is_dir():
        shutil.copytree(folder, half)
        half.rename(before)  # at once, and so never a part of it
    try:
        yield
    except BaseException:
        put_back()
        raise
    shutil.rmtree(before, ignore_errors=True)


def feedback(student: str, log: logging.Logger) -> list[str]:
    """Write the feedback page; what keeps it from being written costs no grade, and is returned as a sentence."""
    try:
        convert(GenerateFeedback, student, log)
        return []
    except Exception as error:
        return [f"the feedback page couldn't be written: {error}"]


def convert(converter: type, student: str | None, log: logging.Logger, **directories) -> None:
    """Run one of nbgrader's converters for this exercise, for one student or none. Raises RuntimeError with nbgrader's reason."""
    config = configuration()
    for name, value in directories.items():
        config.CourseDirectory[name] = value
    folders = CourseDirectory(config=config, log=log, assignment_id=cohort.exercise, notebook_id=cohort.exercise)
    if student is not None:
        folders.student_id = student
    work = converter(coursedir=folders, config=config, log=log)
    work.force = True
    try:
        work.start()
    except NbGraderException as error:
        raise RuntimeError(log.handlers[0].reason or str(error)) from None


class Log(logging.FileHandler):
    """Writes messages into a file, and keeps the last line of the last traceback among them."""

    reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if record.getMessage().startswith("Traceback"):
            self.reason = record.getMessage().strip().splitlines()[-1]


@contextlib.contextmanager
def open_log(name: str):
    """A logger into a new file of the class's log folder."""
    log = logging.Logger(name)
    file = Log(cohort.log / f"{name}.log", mode="w", encoding="utf-8", errors="backslashreplace")
    log.addHandler(file)
    try:
        yield log
    finally:
        file.close()


@functools.lru_cache(1)
def read(skeleton: str) -> nbformat.NotebookNode:
    return nbformat.reads(skeleton, as_version=4)


def refuse_name(student: str) -> None:
    """Names of folders that nbgrader can't use as ids. Raises NotGradable."""
    if student != student.strip():
        raise NotGradable("the folder's name begins or ends with a space, which nbgrader doesn't allow; rename it")
    if not student.isprintable() or set("*?[]") & set(student):  # line breaks, names that aren't UTF-8, patterns
        raise NotGradable("the folder's name has characters that nbgrader doesn't allow; rename it")
    if student[0] in "=+@-":
        raise NotGradable("the folder's name begins with a character that a spreadsheet takes for a formula; rename it")


def write(found: Triage, folder: Path) -> None:
    """Write the mended submission; files of the exercise's own come from solutions/, so that nobody's replaces them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nbformat.write(found.notebook, folder / f"{cohort.exercise}.ipynb")
    given = cohort.solution
    for inside, file in found.files.items():
        if (given / inside).exists() or any((given / part).is_file() for part in inside.parents):
            continue
        if inside == Path("timestamp.txt") and not is_time(file):
            found.said.append("timestamp.txt holds no time and was left out")
            continue
        (folder / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / inside)


def is_time(file: Path) -> bool:
    """Whether nbgrader can read a timestamp file."""
    try:
        parse_utc(file.read_text().strip() or "2000-01-01")
        return True
    except (ValueError, OverflowError, OSError):
        return False


GRADES = """SELECT submitted_assignment.student_id AS student, base_cell.name AS cell,
    auto_score, manual_score, needs_manual_grade
    FROM grade JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    JOIN base_cell ON grade.cell_id = base_cell.id WHERE assignment.name = :exercise"""


def grades(student: str | None = None) -> list[dict]:
    """Rows of the gradebook: student, cell, auto_score, manual_score, needs_manual_grade; of one student, or of all."""
    which = " AND submitted_assignment.student_id = :student" if student else ""
    with Gradebook(cohort.db_url) as book:
        rows = book.db.execute(text(GRADES + which), {"exercise": cohort.exercise, "student": student})
        return [dict(row) for row in rows.mappings()]


def has_grades(student: str) -> bool:
    """Whether the gradebook has a score of an earlier version of this submission."""
    return student.isprintable() and any(row["auto_score"] is not None for row in grades(student))


def forget(student: str) -> None:
    """Take a submission that couldn't be graded out of the gradebook, where it would look like 0 points."""
    with Gradebook(cohort.db_url) as book, contextlib.suppress(MissingEntry):
        book.remove_submission(cohort.exercise, student)


def graded_by_hand(student: str, found: Triage) -> list[str]:
    """Cells that a person has graded, and in which the student hasn't changed anything since."""
    file = cohort.graded_notebook(student)
    if not file.is_file():
        return []
    before = {cell["id"]: "".join(cell["source"]) for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]}
    now = {cell.metadata.nbgrader.grade_id: cell for cell in found.notebook.cells if "nbgrader" in cell.metadata}
    done = [row["cell"] for row in grades(student) if row["manual_score"] is not None and not row["needs_manual_grade"]]
    return [name for name in done if name in now and takes_answer(now[name]) and now[name].source == before.get(now[name].id)]


def leave_settled(student: str, settled: list[str]) -> None:
    """nbgrader asks for a new look at every grade given by hand; where the answer is the same, it isn't needed."""
    with Gradebook(cohort.db_url) as book:
        for name in settled:
            book.find_grade(name, cohort.exercise, cohort.exercise, student).needs_manual_grade = False
        book.db.commit()


def clean_up(students: list[str]) -> None:
    """Remove what crashed workers left in the gradebook of submissions that couldn't be graded."""
    for student in students:
        if student.isprintable() and not has_grades(student):
            forget(student)
