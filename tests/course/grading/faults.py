"""A grader without kernels, which can be made to die, or to meet a full disk, at its nth step that writes something.

Steps are the files that are opened to be written, renamed or removed in a folder, and the commits of the gradebook.
"""
from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Callable
from unittest import mock

import nbformat
from nbformat.v4 import new_output
from sqlalchemy import event
from sqlalchemy.engine import Engine

from course.grading import grade, pages, processes, run as running
from gan_scratch.classroom.matching import grade_id
from tests.course.grading.hostile import NAME, RIGHT

KILLED = 99  # exit status
WRITES = ("os.rename", "os.remove", "os.mkdir")


class Here:
    """Takes the place of Workers: does their work in this process, and gives points for answers that are word for
    word right.
    """

    def __init__(self, count: int, module: str, context: tuple, seconds: float):
        processes.cohort, processes.exercise = context

    def __enter__(self) -> "Here":
        return self

    def __exit__(self, *_) -> None:
        pass

    def call(self, function: str, *args):
        return getattr(processes, function)(*args)

    def map(self, function: str, items):
        for item in items:
            yield item, judged(item.notebook) if function == "judge" else pages.draw(processes.cohort, item)

    def stop(self) -> None:
        pass


def judged(text: str) -> str:
    notebook = nbformat.reads(text, as_version=4)
    sources = {grade_id(cell): cell.source for cell in notebook.cells}
    for name, points in (("kl", 2), ("js", 3)):
        for cell in (cell for cell in notebook.cells if grade_id(cell) == f"test_{name}"):
            score = points * (sources[name] == RIGHT[name])
            cell.outputs = [new_output("execute_result", data={"text/plain": f"{score:.1f}"}, execution_count=None)]
    notebook.metadata["gan_scratch"] = {"tasks": [], "problems": [], "unsafe": None}
    return nbformat.writes(notebook)


def run(root: Path, **options) -> int:
    with mock.patch.object(grade, "Workers", Here), mock.patch.object(running, "Workers", Here):
        return grade.main(NAME, root=root, isolated=True, **options)


@contextmanager
def at_steps(folder: Path, act: Callable[[int, str], None]):
    """Calls act(n, what) before the nth step that writes in the folder, n = 1, 2, …"""
    inside, count, on = f"{folder}{os.sep}", 0, True

    def step(what: str) -> None:
        nonlocal count
        if on:
            count += 1
            act(count, what)

    def heard(name: str, args: tuple) -> None:
        if name == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR) or name in WRITES:
            if str(args[0]).startswith(inside):
                step(name)

    def commits(_) -> None:
        step("commit")

    sys.addaudithook(heard)  # can't be taken away again, so that it is switched off below
    event.listen(Engine, "commit", commits)
    try:
        yield
    finally:
        on = False
        event.remove(Engine, "commit", commits)


def steps(root: Path) -> int:
    """How many steps a run has."""
    seen = []
    with at_steps(root / "course" / "class", lambda n, _: seen.append(n)):
        assert run(root) == 0
    return len(seen)


def killed_at(root: Path, n: int) -> int:
    """Run in another process, which dies before its nth step; its exit status, KILLED if it came so far."""
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1), os.dup2(nothing, 2)
        try:
            with at_steps(root / "course" / "class", lambda step, _: os._exit(KILLED) if step == n else None):
                os._exit(run(root))
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def full_from(n: int) -> Callable[[int, str], None]:
    """For at_steps: from the nth step on the disk is full; files can still be removed."""
    def act(step: int, what: str) -> None:
        if step >= n and what != "os.remove":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return act
