"""Edits made in a notebook, brought back into the text that it was built from."""
from __future__ import annotations

import re
from pathlib import Path

from course.building import notebook
from course.building.build import make_of
from course.building.check import check, load
from course.building.derive import derived, plain
from course.building.regions import RegionError
from course.building.tags import TagError
from course.building.text import Cell, Text, TextError, compose, parse, read
from course.building.units import ROOT, CourseError, Unit, every
from gan_scratch.files import replacing


def bring_back(file: Path, root: Path = ROOT) -> int:
    """Bring the edits of a lecture or a solution into its text; say what was done. Returns the exit status.

    Raises CourseError, and leaves the text as it is, when the notebook has no text or is a released exercise, when the text has
    changed since the notebook was built, or when the new text wouldn't build to this notebook.
    """
    file = Path(file)
    if not file.is_file():
        raise CourseError(f"there is no file {file}; give the notebook whose edits shall go into its text")
    there = notebook.read(file.read_bytes(), file)
    unit = unit_of(there, file, root)
    text = load(unit)
    check_origin(text, unit, there, file)
    new = compose(text.head, cells_of(there, unit, text, file))
    verify(new, unit, there, file)
    if new == read(root / unit.text):
        print(f"{unit.text.as_posix()}: nothing to bring back")
        return 0
    write(root / unit.text, new)
    print(f"{unit.text.as_posix()}: changed, as \"git diff\" shows; now run \"python -m course build {unit.name}\"")
    return 0


def unit_of(there: dict, file: Path, root: Path) -> Unit:
    """The unit whose text the notebook was built from."""
    record = notebook.record(there)
    if record is None:
        raise CourseError(f"{file} has no record of its text: it wasn't made by \"python -m course build\", "
                          "so its edits can't be brought back; write them into the text")
    for unit in every(root):
        if unit.text.as_posix() == record["text"]:
            return unit
    raise CourseError(f"{file} was built from {record['text']}, and that text is gone; bring the text back first")


def check_origin(text: Text, unit: Unit, there: dict, file: Path) -> None:
    """Raises CourseError unless the notebook was built as lecture or solution from the text as it is now."""
    built = notebook.record(there)["sha256"]
    if notebook.fingerprint(notebook.from_text(derived(text, unit.name))["cells"]) == built:
        return
    if unit.kind == "exercise":
        released = make_of({unit: text})[unit][unit.notebooks[1]]
        if notebook.record(notebook.read(released, file))["sha256"] == built:
            raise CourseError(f"{file} is a released exercise, from which the solutions and hidden tests were cut; "
                              f"edit {unit.notebooks[0].as_posix()} and import that, or edit {unit.text.as_posix()}")
    raise CourseError(f"{unit.text.as_posix()} has changed since {file} was built from it, and bringing the notebook back would "
                      "undo that; take the text of that time (from git), import, and merge the two texts")


def cells_of(there: dict, unit: Unit, text: Text, file: Path) -> list[Cell]:
    """The notebook's cells as an author writes them."""
    if any(cell.get("attachments") for cell in there["cells"]):
        raise CourseError(f"{file} has a picture inside a cell, which a text can't hold; draw it by code")
    cells = [cell for cell, _ in notebook.cells(there)]
    for number, cell in enumerate(cells, 1):
        if cell.kind not in ("code", "markdown"):
            raise CourseError(f"{file}: cell {number} is a {cell.kind} cell; a text has code and Markdown only, change its type")
    try:
        return plain(cells, unit.name, text)
    except RegionError as error:
        raise CourseError(f"{file}: {error}; nothing was written to {unit.text.as_posix()}") from None
    except TagError:  # found again, and reported with its place, by `verify`
        return cells


def verify(new: str, unit: Unit, there: dict, file: Path) -> None:
    """Raises CourseError when the new text is wrong, or would give another notebook than the one that was edited."""
    kept = f"nothing was written to {unit.text.as_posix()}"
    try:
        text = parse(new)
        problems = check(text, unit)
    except TextError as error:
        problems = error.problems
    if problems:
        line, message = sorted(problems)[0]
        raise CourseError(f"{file}: {beginning(new, line)}: {message}; {kept}")
    again = notebook.from_text(derived(text, unit.name))
    wanted, given = ([cell for cell, _ in notebook.cells(each)] for each in (there, again))
    for at, cell in enumerate(wanted):
        if at >= len(given) or cell != given[at]:
            raise CourseError(f"{file}: cell {at + 1} ({cell.source.splitlines()[0][:40]!r}) would come back from the text as "
                              f"another cell: a line +++ or a fence in Markdown, or nbgrader settings that no tag gives; {kept}")


def beginning(text: str, line: int) -> str:
    """The words at a line of the text that would have been written, as people look for them in the notebook."""
    words = [each for each in text.split("\n")[line - 1:] if each.strip() and not re.match(r":tags:|\+\+\+|```", each)]
    return repr(words[0][:40]) if words else "its end"


def write(path: Path, text: str) -> None:
    """Replace the text, with the line ends it had."""
    if b"\r\n" in path.read_bytes():
        text = text.replace("\n", "\r\n")
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())
