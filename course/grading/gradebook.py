"""The class's gradebook, which is nbgrader's: everything that reads or writes it is here.

    exercise = register(cohort)                          # the exercise, as it is in solutions/, into the gradebook
    with opened(cohort) as book:
        record(book, cohort, "anna", notebook, late)     # one submission's points, comments and lateness: all or
        nothing
"""
from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of nbgrader's and SQLAlchemy's modules, while they load
    import nbformat
    from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, parse_utc
from nbformat.v4 import new_markdown_cell
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from traitlets.config import Config, PyFileConfigLoader

from course.building.units import ROOT, CourseError
from course.grading import database
from course.grading.cohort import STAMP, Cohort, Exercise
from course.grading.late import Late
from gan_scratch.classroom.matching import grade_id, takes_answer, takes_code
from gan_scratch.files import replacing

logging.getLogger("tornado.application").addHandler(logging.NullHandler())  # nbgrader's tracebacks of what it raises
ROWS = """SELECT submitted_assignment.student_id AS student, base_cell.name AS cell, grade.auto_score, grade.manual_score,
    grade.extra_credit, CASE WHEN grade.needs_manual_grade THEN 1 ELSE 0 END AS needs_manual_grade
    FROM grade JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    JOIN base_cell ON grade.cell_id = base_cell.id WHERE assignment.name = :exercise"""
COMMENTS = """SELECT submitted_assignment.student_id AS student, base_cell.name AS cell, comment.manual_comment AS comment
    FROM comment JOIN submitted_notebook ON comment.notebook_id = submitted_notebook.id
    JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    JOIN base_cell ON comment.cell_id = base_cell.id
    WHERE assignment.name = :exercise AND comment.manual_comment IS NOT NULL"""
PENALTIES = """SELECT submitted_assignment.student_id AS student, submitted_notebook.late_submission_penalty AS penalty
    FROM submitted_notebook JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
    JOIN assignment ON submitted_assignment.assignment_id = assignment.id
    WHERE assignment.name = :exercise AND submitted_notebook.late_submission_penalty IS NOT NULL"""


class Changed(Exception):
    """The exercise has other graded cells than those that submissions were graded by."""


class Unreachable(CourseError):
    """The gradebook's server doesn't answer, or doesn't let us in: it is of no use to go on."""


# --- the exercise -----------------------------------------------------------------------------------------------------


def configuration(cohort: Cohort) -> Config:
    """nbgrader_config.py with the folders of this class."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT / "course")).load_config()
    config.CourseDirectory.root, config.CourseDirectory.db_url = str(cohort.root), cohort.db_url
    relative = os.path.relpath(cohort.folder, cohort.root)
    for step in ("submitted", "autograded", "feedback"):
        config.CourseDirectory[f"{step}_directory"] = os.path.join(relative, step)
    return config


def register(cohort: Cohort) -> Exercise:
    """Put the exercise, as it is in solutions/, into the gradebook, and return it as students got it.

    The cells that students write in are those of exercises/, which have the planted bugs; nbgrader knows only stubs.
    Raises CourseError, and Changed when the graded cells aren't those of what was graded before.
    """
    config = configuration(cohort)  # which also says where nbgrader's programs are
    with reasons(cohort):
        create(cohort)
    with opened(cohort):
        pass  # nbgrader would hide why it can't be
    with tempfile.TemporaryDirectory(dir=cohort.scratch) as folder, open_log(cohort, "exercise") as log, reasons(cohort):
        config.CourseDirectory.release_directory = os.path.relpath(folder, cohort.root)
        folders = CourseDirectory(config=config, log=log, assignment_id=cohort.exercise, notebook_id=cohort.exercise)
        work = GenerateAssignment(coursedir=folders, config=config, log=log)
        work.force = True
        try:
            work.start()
        except NbGraderException as error:
            error = database.cause(log.handlers[0].error or error)
            if "Cannot add or remove cells" in str(error) or "Cannot modify existing" in str(error):
                raise Changed from None
            why = reason(error, cohort)
            raise CourseError(why if isinstance(error, DBAPIError) else
                              f"nbgrader can't take {cohort.exercise} into the gradebook ({why})") from None
        made = nbformat.read(Path(folder, cohort.exercise, f"{cohort.exercise}.ipynb"), as_version=4)
        with Gradebook(cohort.db_url) as book:
            cells = book.find_notebook(cohort.exercise, cohort.exercise).source_cells
            sources = {cell.name: (cell.source, cell.checksum) for cell in cells}
    handed_out = cohort.root / "exercises" / cohort.exercise / f"{cohort.exercise}.ipynb"
    cells = nbformat.read(handed_out, as_version=4).cells if handed_out.is_file() else []
    there = {grade_id(cell): cell for cell in cells}
    for cell in made.cells:
        if takes_code(cell) and grade_id(cell) in there:
            cell.source = there[grade_id(cell)].source
    return Exercise(made, sources, rubrics(cohort))


def rubrics(cohort: Cohort) -> dict[str, str]:
    """Of each question in words the model answer and how points are given, as they stand in solutions/."""
    solution = nbformat.read(cohort.solution / f"{cohort.exercise}.ipynb", as_version=4)
    return {grade_id(cell): cell.source for cell in solution.cells if takes_answer(cell) and cell.cell_type == "markdown"}


def with_rubrics(executed: str, rubrics: dict[str, str]) -> str:
    """A graded notebook with the model answer below each answer, for who reads it in the Formgrader; feedback leaves
    it out.
    """
    notebook = nbformat.reads(executed, as_version=4)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if grade_id(cell) in rubrics and takes_answer(cell):
            quoted = "\n".join(f"> {line}" for line in rubrics[grade_id(cell)].splitlines())
            cells.append(new_markdown_cell(f"**For instructors: the model answer and the rubric**\n\n{quoted}",
                                           id=f"rubric-{grade_id(cell)}"[:64], metadata={"gan_scratch": {"instructor": True}}))
    notebook.cells = cells
    return nbformat.writes(notebook)


def create(cohort: Cohort) -> None:
    """Make the gradebook (SQLite), if there is none, so that it is there whole or not at all: nbgrader makes it piece
    by piece, and never adds a piece that is missing. Raises CourseError or OSError."""
    file = Path(name_of(cohort))
    if not database.is_file(cohort.db_url) or file.exists():
        return
    with replacing(file) as temporary:
        for left in (temporary, Path(f"{temporary}-journal")):  # by a process that was killed
            left.unlink(missing_ok=True)
        try:
            Gradebook(f"sqlite:///{temporary}").close()
        except subprocess.CalledProcessError as error:  # nbgrader asks the program for its version
            raise CourseError(f"the gradebook {name_of(cohort)} can't be made: alembic failed ({error})") from None


class Log(logging.FileHandler):
    """Writes messages into a file, and keeps the last exception that was told of while it was handled."""

    error: BaseException | None = None

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk: the log is lost, and what is said of it is told where it matters."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        self.error = sys.exc_info()[1] or self.error


@contextlib.contextmanager
def open_log(cohort: Cohort, name: str):
    """A logger into a new file of the class's log folder; warnings of nbgrader's own code stay out of sight."""
    cohort.log.mkdir(parents=True, exist_ok=True)
    log = logging.Logger(name)
    file = Log(cohort.log / f"{name}.log", mode="w", encoding="utf-8", errors="backslashreplace")
    log.addHandler(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield log
    finally:
        file.close()


# --- reading and writing ----------------------------------------------------------------------------------------------


def reasons(cohort: Cohort) -> contextlib.AbstractContextManager:
    """Say in a sentence what a database or a disk objects to. Raises CourseError."""
    return database.reasons(cohort.db_url)


def reason(error: Exception, cohort: Cohort) -> str:
    """Why something couldn't be written, and what to do."""
    return database.reason(error, cohort.db_url)


def name_of(cohort: Cohort) -> str:
    """The gradebook for messages: its file, or its address without the password."""
    return database.name(cohort.db_url)


@contextlib.contextmanager
def opened(cohort: Cohort):
    """nbgrader's Gradebook of the class. Raises CourseError when it can't be used, Unreachable when a server
    refuses.
    """
    kind = CourseError if database.is_file(cohort.db_url) else Unreachable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with database.reasons(cohort.db_url, kind):
            book = Gradebook(cohort.db_url)
        with reasons(cohort), book:
            yield book


def rows(cohort: Cohort) -> list[dict]:
    """Of all submissions: student, cell, auto_score, manual_score, extra_credit, needs_manual_grade. Raises
    CourseError.
    """
    return select(cohort, ROWS)


def comments(cohort: Cohort) -> list[dict]:
    """What persons have written: student, cell, comment. Raises CourseError."""
    return select(cohort, COMMENTS)


def penalties(cohort: Cohort) -> list[dict]:
    """What lateness costs: student, penalty in points. Raises CourseError."""
    return select(cohort, PENALTIES)


def select(cohort: Cohort, query: str) -> list[dict]:
    """Rows in the same order and of the same types, whatever the database."""
    with opened(cohort) as book:
        found = [dict(row) for row in book.db.execute(text(query), {"exercise": cohort.exercise}).mappings()]
    return sorted(found, key=lambda row: (row["student"], row.get("cell", "")))


def record(book: Gradebook, cohort: Cohort, student: str, notebook: nbformat.NotebookNode, before: nbformat.NotebookNode | None,
           late: Late, by_hand: dict[str, dict], about: dict[str, str]) -> None:
    """Write a submission's points, what nbgrader says of answers, and lateness; grades given by hand stay.

    Args:
        notebook: executed. before: the one that was graded last. by_hand: cell -> what a person gave for it, from a
        gradebook that had the exercise in an older form. about: the student's first_name, last_name and email, as far
        as they are known.

    Raises SQLAlchemyError, and then nothing was written of the points.
    """
    book.update_or_create_student(student, **about)
    submission = submission_of(book, cohort, student)
    try:
        submission.timestamp, submission.extension = stamped(cohort, student, late.received), None
        if late.due and submission.assignment.duedate:
            submission.extension = utc(late.due) - submission.assignment.duedate
        sheet = submission.notebooks[0]
        sheet.late_submission_penalty = late.share * sheet.max_score if late.share else None
        cells = {grade_id(cell): cell for cell in notebook.cells if is_grade(cell) or is_solution(cell)}
        same = unchanged(notebook, before)
        log = logging.getLogger(__name__)
        for grade in sheet.grades:
            settled = grade.manual_score is not None and not grade.needs_manual_grade
            if grade.manual_score is None and grade.name in by_hand:
                given = by_hand[grade.name]
                grade.manual_score, grade.extra_credit = given["manual_score"], given["extra_credit"]
                settled = not given["needs_manual_grade"]
            grade.auto_score, _ = determine_grade(cells[grade.name], log)
            read = settled and grade.name in same
            grade.needs_manual_grade = not read and (grade.manual_score is not None or grade.auto_score is None)
        for comment in sheet.comments:
            cell = cells[comment.name]
            untouched = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
            comment.auto_comment = "No response." if untouched else None
            if comment.manual_comment is None and by_hand.get(comment.name, {}).get("comment"):
                comment.manual_comment = by_hand[comment.name]["comment"]
        book.db.commit()
    except BaseException:
        book.db.rollback()
        raise


def submission_of(book: Gradebook, cohort: Cohort, student: str) -> SubmittedAssignment:
    """A student's submission in the gradebook, whole."""
    with contextlib.suppress(MissingEntry):
        submission = book.find_submission(cohort.exercise, student)
        if submission.notebooks:
            return submission
        book.remove_submission(cohort.exercise, student)  # half taken out, by a process that was killed
    return book.add_submission(cohort.exercise, student)


def stamped(cohort: Cohort, student: str, received: datetime | None) -> datetime | None:
    """Write when a submission came beside it, as nbgrader does: its Formgrader takes work for graded only where the
    gradebook says the same time. Returns what must be in the gradebook.
    """
    folder = cohort.of("submitted", student)
    file = folder / STAMP
    if received and folder.is_dir() and not folder.is_symlink():
        with replacing(file) as temporary:
            temporary.write_text(f"{utc(received):%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
        return utc(received)
    if not received and file.is_file():  # of nbgrader's exchange, or a student's own
        with contextlib.suppress(OSError, ValueError, OverflowError), open(file, encoding="utf-8") as lines:
            return parse_utc(lines.read(100).strip())
    return utc(received)


def utc(local: datetime | None) -> datetime | None:
    """nbgrader's times are in UTC and have no zone."""
    return local and local.astimezone(UTC).replace(tzinfo=None)


def unchanged(notebook: nbformat.NotebookNode, before: nbformat.NotebookNode | None) -> set[str]:
    """Answers that are what they were when a person graded them."""
    old = {grade_id(cell): cell.source for cell in before.cells if takes_answer(cell)} if before else {}
    return {grade_id(cell) for cell in notebook.cells if takes_answer(cell) and cell.source == old.get(grade_id(cell))}


def set_due(book: Gradebook, cohort: Cohort, due: datetime | None) -> None:
    """Write when the exercise is due, for the Formgrader."""
    assignment = book.find_assignment(cohort.exercise)
    if assignment.duedate != utc(due):
        assignment.duedate = utc(due)
        book.db.commit()


def forget(book: Gradebook, cohort: Cohort, students: list[str]) -> None:
    """Take submissions without points, which an interrupted run left, out of the gradebook, where they would look
    like 0.
    """
    graded = {row["student"] for row in book.db.execute(text(ROWS), {"exercise": cohort.exercise}).mappings()
              if row["auto_score"] is not None}
    for student in students:
        if student.isprintable() and student not in graded:
            with contextlib.suppress(MissingEntry):
                book.remove_submission(cohort.exercise, student)


def spread(book: Gradebook, cohort: Cohort, question: str, groups: list[list[str]]) -> tuple[int, list[list[str]]]:
    """Give the points and the comment of an answer that a person has read to those that are equal and aren't read yet.

    Returns how many got them, and the groups in which persons gave different points.
    """
    graded = {row["student"]: row for row in book.db.execute(text(ROWS), {"exercise": cohort.exercise}).mappings()
              if row["cell"] == question}
    count, different = 0, []
    for group in groups:
        group = [student for student in group if student in graded]
        read = [student for student in group if graded[student]["manual_score"] is not None and not graded[student]["needs_manual_grade"]]
        if len({graded[student]["manual_score"] for student in read}) > 1:
            different.append(read)
        elif read:
            said = book.find_comment(question, cohort.exercise, cohort.exercise, read[0]).manual_comment
            for student in set(group) - set(read):
                if graded[student]["manual_score"] is None and graded[student]["needs_manual_grade"]:
                    grade = book.find_grade(question, cohort.exercise, cohort.exercise, student)
                    grade.manual_score, grade.needs_manual_grade = graded[read[0]]["manual_score"], False
                    book.find_comment(question, cohort.exercise, cohort.exercise, student).manual_comment = said
                    count += 1
    book.db.commit()
    return count, different


# --- when an exercise changes -----------------------------------------------------------------------------------------


def begin_anew(cohort: Cohort) -> tuple[dict, list[str]]:
    """Take an exercise, whose graded cells have changed, out of the gradebook, so that everything is graded anew.

    Returns: {student: {cell: what a person gave}}, and the files of the backup, which has been made first.
    Raises CourseError.
    """
    kept = load_by_hand(cohort)  # of those who aren't in the gradebook again since the last change
    for student, given in given_by_hand(cohort).items():
        kept[student] = kept.get(student, {}) | given
    files = back_up(cohort, kept)
    save_by_hand(cohort, kept)
    with opened(cohort) as book:
        book.remove_assignment(cohort.exercise)
    return kept, files


def given_by_hand(cohort: Cohort) -> dict[str, dict[str, dict]]:
    """{student: {cell: what a person gave}} in the gradebook. Raises CourseError."""
    comment = {(row["student"], row["cell"]): row["comment"] for row in comments(cohort)}
    given: dict[str, dict] = {}
    for row in rows(cohort):
        note = comment.get((row["student"], row["cell"]))
        if row["manual_score"] is not None or row["extra_credit"] or note:
            given.setdefault(row["student"], {})[row["cell"]] = {
                "manual_score": row["manual_score"], "extra_credit": row["extra_credit"],
                "needs_manual_grade": bool(row["needs_manual_grade"]), "comment": note}
    return given


def back_up(cohort: Cohort, kept: dict) -> list[str]:
    """Copy the gradebook (SQLite), or this exercise's rows; returns the files' names."""
    folder = cohort.folder / "backup"
    folder.mkdir(exist_ok=True)
    now = f"{cohort.exercise}_{time.strftime('%Y-%m-%d_%H-%M-%S')}"
    stem = next(name for n in range(1, 10**6) if not list(folder.glob(f"{(name := now if n == 1 else f'{now}-{n}')}.*")))
    everything = {"grades": rows(cohort), "comments": comments(cohort), "by_hand": kept}
    with replacing(folder / f"{stem}.json") as temporary:
        temporary.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    files = [folder / f"{stem}.json"]
    if database.is_file(cohort.db_url):
        files.append(folder / f"{stem}.db")
        with opened(cohort) as book, replacing(files[-1]) as temporary:
            temporary.unlink(missing_ok=True)  # half of one, of a process that was killed
            book.db.execute(text("VACUUM INTO :file"), {"file": str(temporary)})
    return [file.name for file in files]


def by_hand_file(cohort: Cohort) -> Path:
    return cohort.folder / f"{cohort.exercise}_by_hand.json"


def save_by_hand(cohort: Cohort, kept: dict) -> None:
    """Keep what persons gave until all of it is in the gradebook again."""
    if not kept:
        by_hand_file(cohort).unlink(missing_ok=True)
        return
    with replacing(by_hand_file(cohort)) as temporary:
        temporary.write_text(json.dumps(kept), encoding="utf-8")


def load_by_hand(cohort: Cohort) -> dict:
    """What isn't in the gradebook again yet, because a run was interrupted. Raises CourseError when it can't be
    read.
    """
    try:
        return json.loads(by_hand_file(cohort).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise CourseError(f"{by_hand_file(cohort)} can't be read: it holds grades given by hand, which are also in "
                          f"{cohort.folder / 'backup'}; mend it, or take it away to grade without them") from None
