"""Before grading: every submission is rebuilt from the released notebook, so that what a student's editor or mouse did to cells
and metadata costs nobody points.

    found = triage(folder, "e02_backprop", released)        # a Triage: the notebook to be graded, and what was mended
    mended, said = rebuild(notebook, released)              # the same for a notebook that is read already

Tests and given cells always come from the released notebook; the student's answers are found by grade id, else by cell id, else
by the functions that a cell defines, else (written answers) by what stands before them. Whatever else the student wrote stays
where it is.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import re
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

LARGEST = 20 * 2**20  # bytes of a notebook
MOST_CELLS = 1000
LEFT_OUT = (".ipynb_checkpoints", "__pycache__", "__MACOSX")
NEW = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class NotGradable(Exception):
    """There is nothing that could be graded. The message says why, in half a sentence."""


@dataclass
class Triage:
    """A submission that can be graded: its notebook, rebuilt; its other files; a sentence for everything that was mended."""

    notebook: NotebookNode
    files: dict[Path, Path] = field(default_factory=dict)  # where it belongs in the exercise's folder -> where it is
    said: list[str] = field(default_factory=list)


def triage(folder: Path, name: str, released: NotebookNode) -> Triage:
    """Find and rebuild the notebook of a submission; nothing in `folder` is changed.

    Args:
        folder: what one student submitted for this exercise. name: the exercise's. released: its notebook as students got it.

    Raises NotGradable.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise NotGradable("the folder is a symbolic link")
    if not folder.is_dir():
        raise NotGradable("no submission")
    notebooks, files = contents(folder)
    notebook, said = choose(folder, notebooks, f"{name}.ipynb", released)
    mended, more = rebuild(notebook, released)
    return Triage(mended, {path.relative_to(folder): path for path in files}, said + more)


def contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """Notebooks (links and all) and other ordinary files below a folder."""
    notebooks, files = [], []
    for path, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        for file in (Path(path, name) for name in sorted(names) if not name.startswith("._")):
            if file.suffix == ".ipynb":
                notebooks.append(file)
            elif file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST:
                files.append(file)
    return notebooks, files


def choose(folder: Path, notebooks: list[Path], right: str, released: NotebookNode) -> tuple[dict, list[str]]:
    """The notebook to be graded, and remarks on the choice: the right name, else the most matching cells."""
    if not notebooks:
        raise NotGradable("no notebook in the folder")
    read, faults = {}, {}
    for path in notebooks:
        try:
            read[path] = load(path)
        except NotGradable as error:
            faults[path] = str(error)
    if not read:
        raise NotGradable("; ".join(f"{path.relative_to(folder)}: {fault}" for path, fault in faults.items()))
    named = folder / right
    best = named if named in read else max(read, key=lambda path: matches(read[path], released))
    said = []
    if named in faults:
        said.append(f"{right} can't be used ({faults[named]}); {best.relative_to(folder)} was graded")
    elif best != named:
        said.append(f"renamed: {best.relative_to(folder)} was graded as {right}")
    if others := [str(path.relative_to(folder)) for path in notebooks if path not in (best, named)]:
        said.append(f"not looked at: {', '.join(others)}")
    return read[best], said


def load(path: Path) -> dict:
    """A notebook in nbformat 4, as plain dicts and lists: {"cells": [...]} with trustworthy types. Raises NotGradable."""
    try:
        if path.is_symlink():
            raise NotGradable("a symbolic link")
        if not path.is_file():
            raise NotGradable("not a file")
        if path.stat().st_size > LARGEST:
            raise NotGradable(f"too large ({path.stat().st_size / 2**20:.0f} MB, at most {LARGEST / 2**20:.0f})")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotGradable("not a notebook: not UTF-8 text") from None
    except OSError as error:
        raise NotGradable(f"can't be read ({error.strerror})") from None
    if not text.strip():
        raise NotGradable("an empty file")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotGradable(f"bad JSON ({str(error)[:80]})") from None
    if not isinstance(notebook, dict) or not ("cells" in notebook or "worksheets" in notebook):
        raise NotGradable("not a notebook: JSON without cells")
    if notebook.get("nbformat") != 4 and "worksheets" in notebook:
        notebook = upgraded(notebook)
    if not isinstance(notebook.get("cells"), list):
        raise NotGradable("not a notebook: JSON without cells")
    if len(notebook["cells"]) > MOST_CELLS:
        raise NotGradable(f"{len(notebook['cells'])} cells, at most {MOST_CELLS}")
    return {"cells": [cell for cell in map(tidied, notebook["cells"]) if cell]}


def upgraded(notebook: dict) -> dict:
    """An old notebook in nbformat 4. Raises NotGradable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.convert(nbformat.from_dict(notebook), 4)
    except Exception as error:  # what a broken old notebook raises is anybody's guess
        raise NotGradable(f"a notebook of an old format that can't be converted ({type(error).__name__})") from None


def tidied(cell: object) -> dict | None:
    """A cell with a known type, a source of text, and dicts as metadata; None for what isn't one."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in NEW:
        return None
    source, about, parts = cell.get("source", ""), cell.get("metadata"), cell.get("attachments")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    about = about if isinstance(about, dict) else {}
    tag = about["nbgrader"] if isinstance(about.get("nbgrader"), dict) else {}
    return {
        "cell_type": cell["cell_type"],
        "source": (source if isinstance(source, str) else "").encode(errors="replace").decode(),
        "id": cell.get("id") if isinstance(cell.get("id"), str) else "",
        "points": tag.get("points"),
        "grade_id": tag["grade_id"] if isinstance(tag.get("grade_id"), str) else "",
        "tags": [t for t in about.get("tags", []) if isinstance(t, str)] if isinstance(about.get("tags"), list) else [],
        "attachments": pictures(parts),
    }


def pictures(attachments: object) -> dict:
    """A Markdown cell's attachments, as far as they are pictures."""
    parts = attachments.items() if isinstance(attachments, dict) else ()
    return {name: kinds for name, kinds in parts if isinstance(kinds, dict)
            and all(kind.startswith("image/") and isinstance(data, str) for kind, data in kinds.items())}


def matches(notebook: dict, released: NotebookNode) -> int:
    """How many cells of the released notebook are found again."""
    return len(Matching(notebook["cells"], released).found)


def rebuild(notebook: dict, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The released notebook with the student's answers and own cells in it, and a sentence for everything that was mended.

    Args:
        notebook: what `load` returned.

    Raises NotGradable when no task of the exercise is found.
    """
    matching = Matching(notebook["cells"], released)
    if not any(grade_id(released.cells[i]) for i in matching.found):
        raise NotGradable("none of this exercise's cells is in it: is it another notebook?")
    mended = copy.deepcopy(released)
    for i, cell in enumerate(mended.cells):
        if i in matching.found and (takes_answer(cell) or not grade_id(cell)):  # a student may write into ordinary text, too
            cell.source = matching.found[i]["source"]
            if cell.cell_type == "markdown" and matching.found[i]["attachments"]:
                cell.attachments = nbformat.from_dict(matching.found[i]["attachments"])
    cells, numbers = [], iter(range(1, 10**9))
    taken = {cell.get("id") for cell in mended.cells}
    for i in range(-1, len(mended.cells)):
        cells += [mended.cells[i]] if i >= 0 else []
        cells += [own(cell, next(n for n in numbers if f"own-{n}" not in taken)) for cell in matching.own[i]]
    mended.cells = cells
    return mended, matching.said


def own(cell: dict, number: int) -> NotebookNode:
    """A cell that the student added, without outputs and without metadata but its tags."""
    new = NEW[cell["cell_type"]](cell["source"], id=f"own-{number}", metadata={"tags": cell["tags"]} if cell["tags"] else {})
    if cell["cell_type"] == "markdown" and cell["attachments"]:
        new.attachments = nbformat.from_dict(cell["attachments"])
    return new


class Matching:
    """Which of a student's cells is which of the released ones.

    Attributes:
        found: number of a released cell -> the student's cell. own: number of a released cell, or -1 -> the student's own cells
            that follow it. said: sentences about what was mended.
    """

    def __init__(self, cells: list[dict], released: NotebookNode):
        self.released = released.cells
        self.found: dict[int, dict] = {}
        self.own: dict[int, list[dict]] = defaultdict(list)
        self.said: list[str] = []
        self._ids = {grade_id(cell): i for i, cell in enumerate(self.released) if grade_id(cell)}
        self._place: dict[int, int] = {}  # id() of a student's cell -> number of the released cell that it is
        self._left_out: set[int] = set()
        self._by_grade_id(cells)
        self._by_cell_id(cells)
        self._by_source(cells)
        self._by_name(cells)
        self._by_position(cells)
        self._sort_own(cells)
        self._compare()

    def _free(self, cells: list[dict]) -> list[dict]:
        return [cell for cell in cells if id(cell) not in self._place and id(cell) not in self._left_out]

    def _take(self, i: int, cell: dict) -> None:
        self.found[i] = cell
        self._place[id(cell)] = i

    def _by_grade_id(self, cells: list[dict]) -> None:
        groups = defaultdict(list)
        for cell in cells:
            if (name := cell["grade_id"]) in self._ids:
                groups[name].append(cell)
        for name, group in groups.items():
            i = self._ids[name]
            best = self._best(group, self.released[i])
            self._take(i, best)
            if len(group) > 1:
                told = (self.released[i].source, best["source"])
                copies = [cell for cell in group if any(same(cell["source"], source) for source in told)]
                self._left_out |= {id(cell) for cell in copies if cell is not best}  # the rest was copied to write something else
                which = "the last one that was worked on counts" if takes_answer(self.released[i]) else "the original was used"
                self.said.append(f"cell {name} was there {len(group)} times; {which}")

    def _best(self, group: list[dict], stub: NotebookNode) -> dict:
        """Of several cells with one grade id: the last that was worked on, and of these rather one that defines what the stub
        defines; for what nobody was meant to write in, the one that was left as it was."""
        worked_on = [cell for cell in group if not same(cell["source"], stub.source)]
        if not takes_answer(stub):
            return next((cell for cell in group if cell not in worked_on), group[0])
        defining = [cell for cell in worked_on if defined(stub.source) & defined(cell["source"])]
        return (defining or worked_on or group)[-1]

    def _by_cell_id(self, cells: list[dict]) -> None:
        ids = {cell.get("id"): i for i, cell in enumerate(self.released) if cell.get("id")}
        for cell in self._free(cells):
            i = ids.get(cell["id"])
            if i is None or i in self.found or cell["grade_id"] not in ("", grade_id(self.released[i])):
                continue
            if cell["cell_type"] == self.released[i].cell_type or grade_id(self.released[i]) and cell["source"].strip():
                self._take(i, cell)

    def _by_source(self, cells: list[dict]) -> None:
        """Cells that nobody was meant to write in: the same text, in the same order where a text comes twice."""
        numbers = defaultdict(list)
        for i, cell in enumerate(self.released):
            if i not in self.found and not takes_answer(cell):
                numbers[cell.cell_type, squeezed(cell.source)].append(i)
        for cell in self._free(cells):
            if not cell["grade_id"] and (same_text := numbers[cell["cell_type"], squeezed(cell["source"])]):
                self._take(same_text.pop(0), cell)

    def _by_name(self, cells: list[dict]) -> None:
        for i, stub in enumerate(self.released):
            if i in self.found or not takes_answer(stub) or stub.cell_type != "code":
                continue
            code = [cell for cell in self._free(cells) if cell["cell_type"] == "code"]
            group = [cell for cell in code if defined(stub.source) & defined(cell["source"])]
            if group:
                best = self._best(group, stub)
                self._take(i, best)
                self._left_out |= {id(cell) for cell in group if cell is not best and same(cell["source"], stub.source)}

    def _by_position(self, cells: list[dict]) -> None:
        """A written answer that was lost or never touched: the student's own text right after what precedes it when released."""
        for i, stub in enumerate(self.released):
            touched = i in self.found and not same(self.found[i]["source"], stub.source)
            if not takes_answer(stub) or stub.cell_type != "markdown" or touched:
                continue
            before = self.found.get(i) or next((self.found[j] for j in range(i - 1, -1, -1) if j in self.found), None)
            start = next((k + 1 for k, cell in enumerate(cells) if cell is before), 0)
            following = next((cell for cell in cells[start:] if id(cell) not in self._left_out), None)
            if following is None or id(following) in self._place or following["cell_type"] != "markdown":
                continue
            if following["source"].strip() and not same(following["source"], stub.source):
                how = "stood in a cell of its own" if i in self.found else "was recognised by its position"
                self.said.append(f"answer {grade_id(stub)} {how}")
                self._take(i, following)

    def _sort_own(self, cells: list[dict]) -> None:
        """All other cells follow what they followed; ids that nbgrader doesn't know are taken from them."""
        last, unknown = -1, []
        for cell in cells:
            if id(cell) in self._place:
                last = self._place[id(cell)]
                if self.found[last] is not cell:  # an untouched stub, replaced by the text after it
                    continue
            elif id(cell) not in self._left_out and cell["source"].strip():
                self.own[last].append(cell)
                unknown += [cell["grade_id"][:60]] if cell["grade_id"] and cell["grade_id"] not in self._ids else []
        if unknown:
            self.said.append(f"unknown grade ids were ignored: {', '.join(sorted(set(unknown)))}")

    def _compare(self) -> None:
        """Say what was changed that should have been left alone, and what is missing."""
        stripped = []
        for i, cell in enumerate(self.released):
            name, mine = grade_id(cell), self.found.get(i)
            if name is None:
                continue
            what = kind(cell)
            if mine is None:
                then = "nothing was answered" if takes_answer(cell) else "it was put back"
                self.said.append(f"{what} {name} was deleted; {then}")
                continue
            stripped += [name] if not mine["grade_id"] and what != "answer" else []
            if mine["cell_type"] != cell.cell_type:
                self.said.append(f"{what} {name} had become a {mine['cell_type']} cell")
            if not takes_answer(cell) and not same(mine["source"], cell.source):
                self.said.append(f"{what} {name} was edited; the original was used")
            points = cell.metadata.nbgrader.get("points")
            if mine["points"] is not None and points is not None and mine["points"] != points:
                self.said.append(f"{what} {name} claimed {str(mine['points'])[:20]} points; it has {points:g}")
        if stripped:
            which = ", ".join(stripped) if len(stripped) < 4 else f"{len(stripped)} cells"
            self.said.append(f"nbgrader's metadata was gone from {which}; they were recognised by cell id or by what they define")


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's name of a released cell."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def kind(cell: NotebookNode) -> str:
    """What a released cell is called."""
    if takes_answer(cell):
        return "answer" if cell.cell_type == "markdown" else "cell"
    return "test cell" if is_test(cell) else "given cell"


def takes_answer(cell: NotebookNode) -> bool:
    """Whether a released cell is for the student to write in."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_test(cell: NotebookNode) -> bool:
    """Whether a released cell gives points by running."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not takes_answer(cell)


def defined(source: str) -> set[str]:
    """Names that a cell defines at its top level; the cell need not be valid Python."""
    pattern = r"^(?:(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=[^=])"
    return {a or b for a, b in re.findall(pattern, source, re.M)}


@functools.lru_cache(4096)  # each source is compared with many others
def squeezed(source: str) -> str:
    """Without white space at the ends of lines and of the whole."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def same(one: str, other: str) -> bool:
    """Equal but for white space at the ends of lines."""
    return squeezed(one) == squeezed(other)
