"""One notebook, run and judged in a sandbox: what a worker does, on this machine or on another one.

    executed = judge(Job("anna", notebook, {}, Limits(), 2**32))       # the notebook as JSON, with outputs and findings

What comes in is a triaged notebook, what goes out the same notebook with its outputs; nothing else is read or written.
"""
from __future__ import annotations

import functools
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.building.units import CourseError
from course.grading import sandbox
from gan_scratch.classroom import session
from gan_scratch.classroom.kernel import Limits
from gan_scratch.classroom.matching import grade_id

ONE_AT_A_TIME = threading.Lock()  # of a process: judging takes its standard output


@dataclass(frozen=True)
class Job:
    """A triaged notebook.

    Attributes:
        notebook: JSON, with the hidden tests in it. files: what lies beside it, by name. memory: bytes of the
        student's kernel.
        isolated: under bubblewrap; None: where that works. tasks: grade ids of the tests that are run; None: all.
    """

    student: str
    notebook: str
    files: dict[str, bytes]
    limits: Limits
    memory: int
    isolated: bool | None = None
    tasks: frozenset[str] | None = None


def judge(job: Job) -> str:
    """The executed notebook; its metadata say under gan_scratch what was found, and why there was no sandbox, if so."""
    unsafe = sandbox.why_not_isolated() if job.isolated is None else None if job.isolated else "it is switched off"
    allowed = sandbox.Allowed(memory=job.memory)
    if unsafe is None and sandbox.can_fork():
        start = functools.partial(sandbox.start_forked, allowed=allowed)
    else:
        start = functools.partial(sandbox.start, isolated=unsafe is None, allowed=allowed)
    notebook = nbformat.reads(job.notebook, as_version=4)
    with ONE_AT_A_TIME:
        folder = Path(tempfile.mkdtemp(prefix="gs-"))
        try:
            refuse_full(folder.parent, allowed)
            for name, data in job.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            session.run(notebook, start, job.limits, folder, job.tasks)
            refuse_full(folder.parent, allowed)
        finally:
            sandbox.discard(folder)
    notebook.metadata["gan_scratch"]["unsafe"] = unsafe
    return nbformat.writes(notebook)


def refuse_full(folder: Path, allowed: sandbox.Allowed) -> None:
    """A full disk is not the student's fault, whose code would fail on it. Raises CourseError."""
    free = shutil.disk_usage(folder).free
    if free < allowed.file:
        raise CourseError(f"only {free / 2**20:.0f} MB are free in {tempfile.gettempdir()}, and a submission may write "
                          f"{allowed.file / 2**20:.0f}; make room, or set TMPDIR to another folder")


def with_the_rest(executed: str, before: nbformat.NotebookNode, tasks: frozenset[str]) -> str:
    """A notebook of which only some tests were run now, with what the others gave when it was judged last.

    Args:
        before: the same submission, executed. tasks: grade ids of the tests that were run now.
    """
    notebook = nbformat.reads(executed, as_version=4)
    old = {grade_id(cell): cell for cell in before.cells if session.is_test(cell)}
    for cell in notebook.cells:
        if session.is_test(cell) and (name := grade_id(cell)) not in tasks:
            cell.outputs = old[name].outputs
    new = {task["name"]: task for task in notebook.metadata["gan_scratch"]["tasks"]}
    known = {task["name"]: task for task in before.metadata["gan_scratch"]["tasks"]} | new
    names = [grade_id(cell) for cell in notebook.cells if session.is_test(cell)]
    notebook.metadata["gan_scratch"]["tasks"] = [known[name] for name in names]
    return nbformat.writes(notebook)
