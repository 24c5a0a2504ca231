"""Before grading: every submission is rebuilt from the released notebook, so that what a student's editor or mouse did to cells
and metadata costs nobody points. The grader and `gan-scratch check` both do it here.

    found = triage(folder, "e02_backprop", released)        # a Triage: the notebook to be graded, and what was mended
    mended, said = rebuild(cells, released)                 # the same for cells that are read already

Tests and given cells always come from the released notebook; matching.py finds the student's answers. Whatever else the student
wrote stays where it is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from gan_scratch.classroom import released as releases
from gan_scratch.classroom.finding import Candidate, candidates, listed, other_files
from gan_scratch.classroom.matching import Matching, grade_id, takes_answer, touched
from gan_scratch.classroom.notebooks import Notebook, NotGradable, claimed
from gan_scratch.classroom.shadows import ignored, shadowing
from gan_scratch.classroom.source import without_unwritten

ABSENT = "no submission"  # where a student has no notebook of an exercise at all
NEW = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


@dataclass
class Triage:
    """A submission that can be graded: its notebook, rebuilt; its other files; a sentence for everything that was mended."""

    notebook: NotebookNode
    files: dict[Path, Path] = field(default_factory=dict)  # where it belongs in the exercise's folder -> where it is
    said: list[str] = field(default_factory=list)


def triage(folder: Path, name: str, released: NotebookNode) -> Triage:
    """Find and rebuild the notebook of a submission; nothing in `folder` is changed.

    Args:
        folder: what one student submitted for this exercise; without it, notebooks beside it are looked at. name: the exercise's.
        released: its notebook as students got it.

    Raises NotGradable.
    """
    if folder.is_symlink() or folder.parent.is_symlink():
        raise NotGradable("the folder is a symbolic link")
    chosen, said = choose(folder, name, released)
    mended, more = rebuild(chosen.notebook.cells, released)
    files = other_files(folder, chosen.path)
    shadows = shadowing(files)
    files = {inside: path for inside, path in files.items() if inside.parts[0] not in shadows}
    return Triage(mended, files, said + chosen.notebook.said + more + ignored(shadows))


def choose(folder: Path, name: str, released: NotebookNode) -> tuple["Read", list[str]]:
    """The notebook to be graded, and remarks on the choice."""
    found = candidates(folder) if folder.is_dir() else []
    read, faults = read_all(found, released)
    if found:
        if not read:
            raise NotGradable(faults_of(faults))
        return pick(read, faults, f"{name}.ipynb")
    read, faults = read_all(candidates(folder.parent, without=folder), released)
    read = [one for one in read if one.belongs(name)]
    if not read:
        raise NotGradable(nothing_in(folder) + (f"; outside of it: {faults_of(faults)}" if faults else ""))
    best, said = pick(read, {}, f"{name}.ipynb")
    return best, [f"{best.shown} lay outside the folder {name}", *said]


def pick(read: list["Read"], faults: dict[str, str], right: str) -> tuple["Read", list[str]]:
    """The notebook with most of the work in it, else the newest; and remarks: what was chosen and why, what can't be used."""
    best = max(read, key=lambda one: (one.work, *newness(one, read)))
    rest = [one for one in read if one is not best]
    said = [f"{shown} can't be used ({fault})" for shown, fault in faults.items()]
    said += [f"renamed: {best.shown} was graded as {right}"] if best.shown != right else []
    if rest:
        tied = [one for one in rest if one.work == best.work]
        others = listed([f"{one.shown}: {len(one.matching.answered)}" for one in rest])
        said.append(f"of {len(read)} notebooks {best.shown} was graded, with {len(best.matching.answered)} tasks answered ({others})"
                    + (", the newest of those with as many" if tied else ""))
    return best, said


@dataclass
class Read:
    """A candidate that could be read, and how many tasks were worked on."""

    candidate: Candidate
    notebook: Notebook
    matching: Matching

    @property
    def shown(self) -> str:
        return self.candidate.shown

    @property
    def path(self) -> Path:
        return self.candidate.path

    @property
    def work(self) -> tuple[int, bool]:
        """How many tasks were worked on; and whether most of the exercise is there, which tells untouched notebooks apart."""
        return len(self.matching.answered), self.whole

    @property
    def whole(self) -> bool:
        return 2 * self.matching.tasks >= self.matching.most_tasks

    def belongs(self, name: str) -> bool:
        """Whether it is a notebook of this exercise, wherever it lies."""
        said = self.notebook.exercise
        return said == name if said == name or said in releases.names() else self.whole


def read_all(found: list[Candidate], released: NotebookNode) -> tuple[list[Read], dict[str, str]]:
    """What can be read, and what is wrong with the rest."""
    read, faults = [], {}
    for candidate in found:
        try:
            notebook = candidate.load()
            read.append(Read(candidate, notebook, Matching(notebook.cells, released)))
        except NotGradable as error:
            faults[candidate.shown] = str(error)
    return read, faults


def newness(one: Read, read: list[Read]) -> tuple[float, int, str]:
    """By the time of the last change where times differ (unpacking makes them all alike), else by the number in the name."""
    times = [other.candidate.time for other in read if other.work == one.work]
    time = one.candidate.time if max(times) - min(times) > 2 else 0.0
    return time, one.candidate.number, one.shown


def faults_of(faults: dict[str, str]) -> str:
    return "; ".join(f"{shown}: {fault}" for shown, fault in faults.items())


def nothing_in(folder: Path) -> str:
    """Why there is nothing to grade."""
    if not folder.is_dir():
        return ABSENT
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return "no notebook: the folder is empty"
    return f"no notebook in the folder, only {listed(names)}: hand in the file that Jupyter opens, which ends in .ipynb"


def rebuild(cells: list[dict], released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """The released notebook with the student's answers and own cells in it, and a sentence for everything that was mended.

    Args:
        cells: of a Notebook.

    Raises NotGradable when no task of the exercise is found.
    """
    matching = Matching(cells, released)
    if not matching.tasks:
        raise NotGradable("none of this exercise's cells is in it: is it another notebook?")
    refuse_other(cells, matching, claimed(released))
    mended = copy.deepcopy(released)
    for i, cell in enumerate(mended.cells):
        fill(cell, i, matching)
    rebuilt, numbers = [], iter(range(1, 10**9))
    taken = {cell.get("id") for cell in mended.cells}
    for i in range(-1, len(mended.cells)):
        rebuilt += [mended.cells[i]] if i >= 0 else []
        rebuilt += [own(cell, next(n for n in numbers if f"own-{n}" not in taken)) for cell in matching.own[i]]
    mended.cells = rebuilt
    return mended, matching.said


def refuse_other(cells: list[dict], matching: Matching, name: str) -> None:
    """Functions of the same name are in several exercises. Raises NotGradable when more of another one's tasks are there."""
    if 2 * matching.tasks < matching.most_tasks:
        other, theirs = releases.best_match(cells)
        if other != name and theirs is not None and theirs.tasks > matching.tasks:
            raise NotGradable(f"is it another notebook? It has the tasks of {other}; hand in the one of this exercise")


def fill(cell: NotebookNode, i: int, matching: Matching) -> None:
    """Put into a released cell what the student wrote there. A missing or untouched stub stays out: it would take the place of a function
    that the student wrote elsewhere."""
    mine = matching.found.get(i)
    if i in matching.elsewhere:
        note = f"# The student's answer is in {matching.places_of(i)}."
        cell.source = f"{note}\n{without_unwritten(mine['source'], cell.source)}" if mine and touched(mine, cell) else note
    elif takes_answer(cell) and mine is None and cell.cell_type == "code":
        cell.source = "# This cell was missing."
    elif mine is not None and (takes_answer(cell) or not grade_id(cell)):  # a student may write into ordinary text, too
        cell.source = mine["source"]
        if cell.cell_type == "markdown" and mine["attachments"]:
            cell.attachments = nbformat.from_dict(mine["attachments"])
    if mine is not None:
        cell.metadata["gan_scratch"] = {"where": mine["where"]}


def own(cell: dict, number: int) -> NotebookNode:
    """A cell that the student added, without outputs and without metadata but its tags."""
    about = {"gan_scratch": {"where": cell["where"]}} | ({"tags": cell["tags"]} if cell["tags"] else {})
    new = NEW[cell["cell_type"]](cell["source"], id=f"own-{number}", metadata=about)
    if cell["cell_type"] == "markdown" and cell["attachments"]:
        new.attachments = nbformat.from_dict(cell["attachments"])
    return new
