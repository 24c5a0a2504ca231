"""Edits made in a notebook, brought back into the text that it was built from."""
from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from course.building import notebook
from course.building.build import make_of
from course.building.check import check, load, total_points
from course.building.regions import CODE_STUB, HIDDEN, SOLUTION, cut, regions, stub
from course.building.tags import TagError, grading, shown
from course.building.text import Cell, Text, TextError, compose, parse, read
from course.building.units import ROOT, CourseError, Unit, every
from gan_scratch.files import replacing


class CutHere(Exception):
    """An edit in or beside a cut region; what was cut can't be put back into it."""


@dataclass
class Merged:
    """The cells that the text shall have: the notebook's, with what was cut put back."""
    cells: list[Cell] = field(default_factory=list)
    origins: list[int | None] = field(default_factory=list)  # of each cell: its number in the old text, None for a new cell
    kept: dict[int, str] = field(default_factory=dict)  # cells that stay as the old text has them, and why


def bring_back(file: Path, root: Path = ROOT) -> int:
    """Bring the edits of this notebook into its text; say what was done. Returns 0, or 1 when a cell must be edited in the text.

    Raises CourseError, and leaves the text as it is, when the notebook has no text, when the text has changed since the notebook
    was built, or when the new text wouldn't build to this notebook.
    """
    file = Path(file)
    if not file.is_file():
        raise CourseError(f"there is no file {file}; give the notebook whose edits shall go into its text")
    there = notebook.read(file.read_bytes(), file)
    unit = unit_of(there, file, root)
    text = load(unit)
    number = built_from(text, unit, there, file)
    merged = merge(text, sources(text, unit, number), there, file)
    new = compose(with_points(text.head, merged.cells), merged.cells)
    again = verify(new, merged, unit, number, there, file)
    old = read(root / unit.text)
    if new != old:
        write(root / unit.text, new)
    print(f"{unit.text.as_posix()}: {summary(text, merged, new != old)}")
    if new != old and not merged.kept:
        print(f"now run \"python -m course build {unit.name}\"")
    for at, why in merged.kept.items():
        print(f"{file}: cell {at + 1}: {why}; edit it at {unit.text.as_posix()}:{again.cells[at].line}, "
              f"then run \"python -m course build {unit.name} --force\"")
    return 1 if merged.kept else 0


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


def built_from(text: Text, unit: Unit, there: dict, file: Path) -> int:
    """Which of the unit's notebooks this one was: 0 the lecture or solution, 1 the released exercise."""
    for number in range(len(unit.notebooks)):
        if notebook.fingerprint(built(text, unit, number)["cells"]) == notebook.record(there)["sha256"]:
            return number
    raise CourseError(f"{unit.text.as_posix()} has changed since {file} was built from it, and bringing the notebook back would "
                      "undo that; take the text of that time (from git), import, and merge the two texts")


def built(text: Text, unit: Unit, number: int) -> dict:
    """The notebook that the text gives."""
    made = notebook.from_text(text) if number == 0 else make_of({unit: text})[unit][unit.notebooks[1]]
    return made if number == 0 else notebook.read(made, unit.notebooks[1])


def sources(text: Text, unit: Unit, number: int) -> list[tuple[Cell, str | None]]:
    """The cells of that notebook with their ids, one for each cell of the text."""
    return notebook.cells(built(text, unit, number))


def merge(text: Text, base: list[tuple[Cell, str | None]], there: dict, file: Path) -> Merged:
    """The text's cells after the edits that turned `base`, the notebook once built, into `there`."""
    if any(cell.get("attachments") for cell in there["cells"]):
        raise CourseError(f"{file} has a picture inside a cell, which a text can't hold; "
                          "save it as a file beside the text and name it in files")
    merged, free = Merged(), set(range(len(base)))
    for at, (cell, cell_id) in enumerate(notebook.cells(there)):
        if cell.kind not in ("code", "markdown"):
            raise CourseError(f"{file}: cell {at + 1} is a {cell.kind} cell; a text has code and Markdown only, change its type")
        origin = origin_of(cell, cell_id, base, free)
        free.discard(origin)
        source = cell.source
        if origin is not None and base[origin][0].source != text.cells[origin].source:
            try:
                source = put_back(cell, base[origin][0], text.cells[origin])
            except CutHere as why:
                merged.kept[at] = str(why)
                source = text.cells[origin].source
        merged.cells.append(replace(cell, source=source))
        merged.origins.append(origin)
    if lost := [text.cells[n] for n in sorted(free) if base[n][0].source != text.cells[n].source]:
        raise CourseError(f"{file}: the cell {lost[0].tags[0]!r} is missing, and with it the text would lose what was cut "
                          "from it; delete the cell in the text")
    return merged


def origin_of(cell: Cell, cell_id: str | None, base: list[tuple[Cell, str | None]], free: set[int]) -> int | None:
    """Which of the free cells this one was: by its id, its grade id, or its content."""
    same = (lambda n: cell_id is not None and base[n][1] == cell_id,
            lambda n: grade_id(cell) is not None and grade_id(base[n][0]) == grade_id(cell),
            lambda n: base[n][0] == cell)
    return next((n for test in same for n in sorted(free) if test(n)), None)


def grade_id(cell: Cell) -> str | None:
    try:
        return next((about.grade_id for about in map(grading, cell.tags) if about), None)
    except TagError:
        return None


def put_back(edited: Cell, base: Cell, original: Cell) -> str:
    """The source of an edited cell with the regions of the original. Raises CutHere when their places aren't plain."""
    if edited.source == base.source:
        return original.source
    if edited.kind != "code" or original.kind != "code":
        raise CutHere("its model answer was cut, so this edit can't be brought back")
    lines = original.source.split("\n")
    solutions, hidden = regions(lines, SOLUTION), regions(lines, HIDDEN)
    new = edited.source.split("\n")
    same = places(cut(original.source).split("\n"), new)
    marker = CODE_STUB.split("\n")[0]
    if sum(marker in line for line in new) != len(solutions):
        raise CutHere("its solution was cut, and the lines that stand for it were changed")
    insertions, shift = [], 0  # first line, how many lines, what to put there
    for begin, end in sorted(solutions + hidden):
        at, gone = begin - shift, stub(lines, begin) if (begin, end) in solutions else []
        around = [same.get(n) for n in (range(at, at + len(gone)) if gone else (at - 1, at))]  # the stub, or the neighbours
        together = None not in around and around == list(range(around[0], around[0] + len(around)))
        if not together or gone and gone != [new[n] for n in around]:
            raise CutHere(f"its {'solution' if gone else 'hidden tests'} stood where this edit is")
        insertions.append((around[0] + (not gone), len(gone), lines[begin:end + 1]))
        shift += end + 1 - begin - len(gone)
    for at, length, region in reversed(insertions):
        new[at:at + length] = region
    return "\n".join(new)


def places(old: list[str], new: list[str]) -> dict[int, int]:
    """Where each line of the old stands in the new, unchanged or edited line for line; and the places above and below all."""
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    found = {a + n: b + n for _, a, a_end, b, b_end in steps if a_end - a == b_end - b for n in range(a_end - a)}
    return found | {-1: -1, len(old): len(new)}


def with_points(head: str, cells: list[Cell]) -> str:
    """The front matter with the sum of the cells' points, which may have been edited too."""
    try:
        total = total_points(cells)
    except TagError:  # found again, and reported, by `verify`
        return head
    found = re.search(r"^points: *([\d.]+)", head, re.MULTILINE)
    return head[:found.start(1)] + shown(total) + head[found.end(1):] if found and float(found[1]) != total else head


def verify(new: str, merged: Merged, unit: Unit, number: int, there: dict, file: Path) -> Text:
    """The new text, read. Raises CourseError when it is wrong, or would give another notebook than the one that was edited."""
    try:
        text = parse(new)
        problems = check(text, unit.kind, (unit.root / unit.text).parent)
    except TextError as error:
        problems = error.problems
    if problems:
        line, message = sorted(problems)[0]
        raise CourseError(f"{file}: {cell_at(line, new, merged.cells)}: {message}; nothing was written to {unit.text.as_posix()}")
    wanted, given = ([cell for cell, _ in cells] for cells in (notebook.cells(there), sources(text, unit, number)))
    for at, cell in enumerate(wanted):
        if at not in merged.kept and cell != (given[at] if at < len(given) else None):
            raise CourseError(f"{file}: cell {at + 1} ({first_words(cell)}) would come back from the text as another cell: "
                              "a line +++ or a fence in Markdown, or nbgrader settings that no tag gives; "
                              f"nothing was written to {unit.text.as_posix()}")
    return text


def cell_at(line: int, new: str, cells: list[Cell]) -> str:
    """Which cell of the notebook a line of the text belongs to."""
    head = new.removesuffix(compose("", cells))
    for number in range(1, len(cells) + 1):
        if line <= compose(head, cells[:number]).count("\n"):
            return f"cell {number} ({first_words(cells[number - 1])})" if line > head.count("\n") else "front matter"
    return "the text"


def first_words(cell: Cell) -> str:
    return repr(cell.source.split("\n")[0][:40])


def write(path: Path, text: str) -> None:
    """Replace the text, with the line ends it had."""
    if b"\r\n" in path.read_bytes():
        text = text.replace("\n", "\r\n")
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def summary(text: Text, merged: Merged, changed: bool) -> str:
    """What happened to the text, in words."""
    origins = [n for n in merged.origins if n is not None]
    counts = {"edited": sum(n is not None and text.cells[n] != cell for n, cell in zip(merged.origins, merged.cells)),
              "inserted": merged.origins.count(None), "deleted": len(text.cells) - len(origins)}
    words = [f"{count} cell{'s' * (count != 1)} {what}" for what, count in counts.items() if count]
    words += ["the order changed"] * (origins != sorted(origins))
    return ", ".join(words) or ("put into canonical form" if changed else "nothing to bring back")
