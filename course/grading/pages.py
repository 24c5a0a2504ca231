"""The feedback pages: written again where a grade, a comment or a notebook has changed since they were written, and
only there.
"""
from __future__ import annotations

import functools
import hashlib
import logging
from datetime import datetime
from pathlib import Path
from typing import Callable, Iterable

import nbformat
from nbconvert.exporters import HTMLExporter
from nbgrader.converters import GenerateFeedback

from course.building.units import ROOT
from course.grading import gradebook
from course.grading.cohort import Cohort
from gan_scratch.files import replacing

MADE_FROM = "<!-- made from {key} -->"


def refresh(pool, cohort: Cohort, students: list[str], progress: Callable[[Iterable, int], Iterable]) -> dict[str, str]:
    """Write the pages that aren't as the gradebook is; returns for each student whose page can't be written the reason.

    Args:
        pool: Workers of course.grading.processes. students: whose notebooks are graded. progress: (iterable, length)
        -> the same iterable, shown as it goes.

    Raises CourseError when the gradebook can't be read.
    """
    there = [student for student in students if cohort.graded_notebook(student).is_file()]
    failed = {student: "there is no graded notebook" for student in students if student not in there}
    keys = {student: key for student, key in wanted(cohort, there).items() if not is_made_from(page_of(cohort, student), key)}
    for student, page in progress(pool.map("page", list(keys)), len(keys)):
        try:
            if isinstance(page, Exception):
                raise page
            target = page_of(cohort, student)
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                temporary.write_text(page + "\n" + MADE_FROM.format(key=keys[student]), encoding="utf-8")
        except Exception as error:
            failed[student] = f"the feedback page couldn't be written: {gradebook.reason(error, cohort)}"
    return failed


def page_of(cohort: Cohort, student: str) -> Path:
    return cohort.of("feedback", student) / f"{cohort.exercise}.html"


def wanted(cohort: Cohort, students: Iterable[str]) -> dict[str, str]:
    """For each student a key that changes when anything does that the page shows."""
    about: dict[str, list] = {}
    for row in [*gradebook.rows(cohort), *gradebook.comments(cohort), *gradebook.penalties(cohort)]:
        about.setdefault(row["student"], []).append(sorted((name, repr(value)) for name, value in row.items()))
    look = appearance()
    return {student: digest(look, repr(sorted(about.get(student, []))).encode(), cohort.graded_notebook(student).read_bytes())
            for student in students}


def appearance() -> bytes:
    """Changes when what draws the pages does."""
    folder = Path(__file__).parent
    own = [folder / name for name in ("pages.py", "execute.py", "feedback.py", "formulas.py")]
    files = [*own, ROOT / "course" / "nbgrader_config.py", *sorted(folder.glob("templates/**/*"))]
    return digest(*(file.read_bytes() for file in files if file.is_file())).encode()


def digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def is_made_from(page: Path, key: str) -> bool:
    try:
        with open(page, "rb") as file:
            file.seek(max(0, page.stat().st_size - 200))
            return MADE_FROM.format(key=key).encode() in file.read()
    except OSError:
        return False


def draw(cohort: Cohort, student: str) -> str:
    """The page, as nbgrader's GenerateFeedback makes it with the course's configuration. Raises CourseError."""
    about = {"student": student, "assignment": cohort.exercise, "notebook": cohort.exercise, "db_url": cohort.db_url}
    notebook = nbformat.read(cohort.graded_notebook(student), as_version=4)
    resources = {"unique_key": cohort.exercise, "output_files_dir": f"{cohort.exercise}_files", "nbgrader": about,
                 "metadata": {"name": cohort.exercise, "path": str(cohort.graded_notebook(student).parent),
                              "modified_date": f"{datetime.now():%Y-%m-%d}"}}
    with gradebook.reasons(cohort):
        page, _ = exporter(cohort).from_notebook_node(notebook, resources)
    return page


@functools.lru_cache(1)
def exporter(cohort: Cohort) -> HTMLExporter:
    """nbconvert's exporter, with templates and preprocessors as nbgrader gives them to it."""
    config = gradebook.configuration(cohort)
    work = GenerateFeedback(config=config, log=logging.getLogger(__name__))
    made = work.exporter_class(parent=work, config=work.config)
    for preprocessor in work.preprocessors:
        made.register_preprocessor(preprocessor)
    return made
