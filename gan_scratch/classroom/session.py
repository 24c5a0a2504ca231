"""Run a notebook as the grader does: the student's cells in a kernel, the test cells outside it.

A test cell's source runs in this process, where no code of the student ever runs. The names in it that aren't defined
here, the student's functions, are bound to proxies which send arguments to the kernel and read numbers back. Whatever
a student's code does to NumPy, to the checks, to IPython or to its own process, it can't change how its answers are
compared, and the hidden tests never enter the kernel. A cell that kills the kernel or doesn't end is left out and
everything else runs again (replay.py). A test waits for the cell in which the student wrote its function, also when
that stands farther below.
"""
from __future__ import annotations

import ast
import builtins
import contextlib
import io
import re
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable, Container

from nbformat import NotebookNode
from nbformat.v4 import new_output

from gan_scratch.classroom.check import Checks
from gan_scratch.classroom.kernel import Kernel, Limits, Start, start
from gan_scratch.classroom.places import places
from gan_scratch.classroom.remote import Remote, explained
from gan_scratch.classroom.replay import Replay
from gan_scratch.classroom.source import defined, names_read


@dataclass
class Task:
    """One graded task: what it scored, what the student reads, and a sentence for each fault."""

    name: str
    score: float
    points: float
    text: str
    diagnoses: list[str]


@dataclass
class Result:
    """All tasks in the notebook's order, and sentences about what went wrong in running it."""

    tasks: list[Task] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        return sum(task.score for task in self.tasks)

    @property
    def points(self) -> float:
        return sum(task.points for task in self.tasks)

    @property
    def right(self) -> bool:
        """Whether every task has all its points and nothing went wrong."""
        return self.score == self.points and not self.problems


UNFINISHED = "this test could not be finished"  # a defect of the exercise rather than of the answer: it is said aloud


class Unusable(RuntimeError):
    """A given cell can't be run, so nothing can be tested. The message says which and why."""


def run(nb: NotebookNode, start: Start = start, limits: Limits = Limits(), folder: Path | None = None,
        tasks: Container[str] | None = None) -> Result:
    """Run and judge a notebook, and write the outputs into its cells.

    Args:
        nb: a notebook (nbformat 4) with nbgrader's metadata, whose test and given cells are the released ones.
        start: starts a kernel that works in a folder.
        limits: see Limits. folder: where the kernel works; a temporary one unless given. tasks: grade ids of the
        tests that are run (default: all); the others keep no outputs.

    Returns: the Result; it is also in nb.metadata["gan_scratch"], as plain dicts. Raises Stuck when no kernel can be
    started, and Unusable.
    """
    with contextlib.ExitStack() as stack:
        folder = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        kernel = stack.enter_context(Kernel(start, folder, limits))
        kernel.begin()
        session = Session(Replay(kernel, limits, []), limits, nb.cells, tasks)
        for i in order(nb.cells):
            session.take(nb.cells[i], i)
        result = Result([task for _, task in sorted(session.tasks.items())], session.problems)
        nb.metadata["gan_scratch"] = {**nb.metadata.get("gan_scratch", {}), "tasks": [asdict(t) for t in result.tasks],
                                      "problems": result.problems}
        return result


def order(cells: list[NotebookNode]) -> list[int]:
    """Places of the cells in the order in which they are taken: a test waits for the last cell that defines its
    function, when none above it does."""
    places = defaultdict(list)
    for i, cell in enumerate(cells):
        for name in defined(cell.source) if is_run(cell) else ():
            places[name].append(i)

    def turn(i: int) -> tuple[int, bool]:
        if cells[i].cell_type != "code" or not is_test(cells[i]):
            return i, False
        below = [places[name][-1] for name in names_read(cells[i].source) if name in places and places[name][0] > i]
        return max([i, *below]), True

    return sorted(range(len(cells)), key=turn)


def is_test(cell: NotebookNode) -> bool:
    about = cell.metadata.get("nbgrader", {})
    return bool(about.get("grade")) and not about.get("solution")


def is_run(cell: NotebookNode) -> bool:
    """Whether a cell runs in the kernel."""
    return (cell.cell_type == "code" and not is_test(cell) and bool(cell.source.strip())
            and "experiment" not in cell.metadata.get("tags", []))


class Session:
    """What is known while the cells are taken one by one: tasks by place, the names that given cells define here, how
    the cells ended that should have defined a name in the kernel, and where the names are defined that aren't there
    yet."""

    def __init__(self, replay: Replay, limits: Limits, cells: list[NotebookNode], tasks: Container[str] | None):
        self.tasks: dict[int, Task] = {}
        self.problems = replay.problems
        self._replay, self._limits, self._wanted = replay, limits, tasks
        self._names: dict[str, Any] = {}
        self._failed: dict[str, str] = {}
        self._where = [cell.metadata.get("gan_scratch", {}).get("where", where)
                       for cell, where in zip(cells, places(cells))]
        self._below: dict[str, str] = {}
        for cell, where in zip(cells, self._where):
            for name in defined(cell.source) if is_run(cell) else ():
                self._below.setdefault(name, where)

    def take(self, cell: NotebookNode, place: int) -> None:
        """Run or judge one cell. Raises Unusable."""
        if cell.cell_type != "code":
            return
        cell.outputs, cell.execution_count = [], None
        if is_test(cell):
            if self._wanted is None or cell.metadata.nbgrader.grade_id in self._wanted:
                self.tasks[place] = self._judge(cell)
        elif is_run(cell):
            for name in defined(cell.source):
                self._below.pop(name, None)
            self._run(cell, self._where[place])

    def _judge(self, cell: NotebookNode) -> Task:
        task = judge(cell.source, cell.metadata.nbgrader, self._names, self._remote)
        self.problems += [f"{task.name}: {sentence}" for sentence in task.diagnoses if sentence.startswith(UNFINISHED)]
        cell.outputs = [new_output("stream", name="stdout", text=task.text),
                        new_output("execute_result", data={"text/plain": repr(task.score)}, execution_count=None)]
        return task

    def _remote(self, name: str) -> Remote:
        return Remote(name, self._replay.evaluate, self._limits.call, self._failed.get(name, ""), self._below)

    def _run(self, cell: NotebookNode, where: str) -> None:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            self._run_here(cell)
        said = len(self.problems)
        cell.outputs, left_out = self._replay.run(cell.source, where)
        errors = [output for output in cell.outputs if output.output_type == "error"]
        ended = [how_it_ended(where, error, self._limits, self._below) for error in errors]
        self.problems += ended
        if left_out:
            ended = self.problems[said:][-1:] or ["the time was used up before its cell could run"]
        self._failed |= dict.fromkeys(defined(cell.source), ended[0]) if ended else {}

    def _run_here(self, cell: NotebookNode) -> None:
        """Run a given cell where the tests run, too. Raises Unusable."""
        name = cell.metadata.nbgrader.get("grade_id", "")
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.source, name, "exec"), self._names)
        except (Exception, SystemExit) as error:
            raise Unusable(f"the given cell {name} can't be run ({type(error).__name__}: {error}): take this cell from the notebook as it "
                           "was handed out, and install the version of gan-scratch that belongs to it") from None


def how_it_ended(where: str, error, limits: Limits, below: dict[str, str]) -> str:
    """A sentence about a cell of the student's that raised an exception."""
    if error.ename == "KeyboardInterrupt":
        return f"{where}: it didn't end within {limits.cell:g} s and was stopped"
    said = re.sub(r"\(\d+\.py, (line \d+)\)", r"(\1)", error.evalue[:200])  # without a kernel's name for the cell
    return explained(f"{where} ended with {error.ename}: {said}", below)


def judge(source: str, about: dict, names: dict[str, Any], lookup: Callable[[str], Any]) -> Task:
    """Run a test cell here. Names that `names` lacks come from lookup; the value of the last line is the score."""
    points, printed = points_of(about), io.StringIO()
    checks = next((value for value in names.values() if isinstance(value, Checks)), None)
    seen = len(checks.log) if checks else 0
    unfinished = []
    try:
        if points is None:
            raise ValueError("its metadata don't say how many points it gives; take this cell from the notebook as it was handed out")
        local = {**names, **{name: lookup(name) for name in unknown_names(source, names)}}
        with contextlib.redirect_stdout(printed):
            score = float(last_value(source, local))
    except Exception as error:  # the cell is ours, but what it gets from the student's functions isn't
        score, unfinished = 0.0, [f"{UNFINISHED}: {type(error).__name__}: {error}"]
        print(f"✗ {unfinished[0]}", file=printed)
    diagnoses = [f"{name}: {fault}" for name, faults in (checks.log[seen:] if checks else []) for fault in faults] + unfinished
    points = points or 0.0
    return Task(str(about.get("grade_id", "a test")), min(max(score, 0.0), points), points, printed.getvalue(), diagnoses)


def points_of(about: dict) -> float | None:
    """The points of a test; None when its metadata hold none."""
    points = about.get("points")
    right = isinstance(points, (int, float)) and not isinstance(points, bool) and 0 <= points < float("inf")
    return float(points) if right else None


def last_value(source: str, names: dict[str, Any]) -> Any:
    """Run source with these names and return the value of its last line, as a notebook cell does."""
    tree = ast.parse(source)
    last = tree.body.pop()
    exec(compile(tree, "<test>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<test>", "eval"), names)


def unknown_names(source: str, names: dict[str, Any]) -> set[str]:
    """Names that a test cell reads but nobody here has defined: the student's."""
    return names_read(source) - names.keys() - set(dir(builtins))
