"""From solution notebooks to what students get, by nbgrader's own converter."""
from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import nbformat

from course.building.regions import CODE_STUB
from course.building.units import CourseError
from gan_scratch.classroom.notebooks import UNANSWERED


def release(solutions: dict[str, bytes]) -> dict[str, bytes]:
    """The released notebook of each solution notebook, by name: as `nbgrader generate_assignment --no-db --force` makes it.

    Raises CourseError with what nbgrader said when it fails.
    """
    if not solutions:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for name, data in solutions.items():
            (root / "solutions" / name).mkdir(parents=True)
            (root / "solutions" / name / f"{name}.ipynb").write_bytes(data)
        convert(root)
        return {name: (root / "exercises" / name / f"{name}.ipynb").read_bytes() for name in solutions}


def plant(notebook: dict, planted: dict[str, str]) -> None:
    """Put code with a planted bug into released cells, in place of nbgrader's stubs; `planted`: sources by grade id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from nbgrader.utils import compute_checksum
    for cell in notebook["cells"]:
        about = cell["metadata"].get("nbgrader", {})
        if about.get("grade_id") in planted:
            cell["source"] = planted[about["grade_id"]]
            about["checksum"] = compute_checksum(nbformat.from_dict(cell))


def convert(root: Path) -> None:
    """Run nbgrader's converter from root/solutions to root/exercises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # from nbgrader's and SQLAlchemy's modules, while they load
        from nbgrader.converters import GenerateAssignment
        from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.source_directory, config.CourseDirectory.release_directory = "solutions", "exercises"
    config.CourseDirectory.assignment_id = "*"
    config.GenerateAssignment.no_database, config.GenerateAssignment.force = True, True
    config.SaveCells.enabled = False
    config.ClearSolutions.code_stub, config.ClearSolutions.text_stub = {"python": CODE_STUB}, UNANSWERED
    said = Kept()
    log = logging.Logger("nbgrader")  # a logger of its own: it prints nothing
    log.addHandler(said)
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config, log=log), config=config, log=log).start()
    except Exception as error:
        raise CourseError(f"nbgrader's converter failed: {error}\n" + "\n".join(said.messages)) from error


class Kept(logging.Handler):
    """Keeps the messages of errors."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, message: logging.LogRecord) -> None:
        self.messages.append(message.getMessage())
