"""gan-scratch check --watch: check a notebook again each time it is saved, and say first what has changed."""
from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Iterator

from gan_scratch.classroom import command, notebooks
from gan_scratch.classroom.notebooks import Notebook, NotGradable
from gan_scratch.classroom.session import Result, Task

POLL = 0.4  # seconds between two looks at the file
PATIENCE = 4.0  # seconds for which a file may be gone or broken, as it is while something writes it, unremarked
COARSE = 3e9  # nanoseconds; some file systems count the time of a change in steps of two seconds

ENDINGS = {True: "everything was right at the last check", False: "not everything was right at the last check",
           None: "its last check wasn't finished"}


def watch(path: Path) -> int:
    """Check a notebook at once, and again each time it is saved with other cells, until Ctrl-C.

    Returns the exit status: 0 when the last check was finished and everything was right, else 1. Raises ValueError
    when there is no such file to begin with.
    """
    command.refuse_missing(path)
    rounds = Rounds(path)
    try:
        print(f"Watching {path}: it is checked now and each time you save it. Ctrl-C stops this.", flush=True)
        for state in states(path):
            rounds.take(state)
    except KeyboardInterrupt:
        print(f"\nStopped watching {path}: {ENDINGS[rounds.right]}.", flush=True)
    return 0 if rounds.right else 1


class Rounds:
    """One notebook's checks. `right`: whether everything was, at the last one; None until that has ended."""

    def __init__(self, path: Path):
        self.right: bool | None = None
        self._path = path
        self._sources: list[tuple] | None = None  # of the last check; None when it came to nothing
        self._result: Result | None = None

    def take(self, state: Notebook | ValueError) -> None:
        """Check a new state of the notebook, unless its cells say what they said before."""
        sources = what_counts(state) if isinstance(state, Notebook) else None
        if sources is not None and sources == self._sources:
            return
        self._sources = self.right = None
        print(f"\n── {datetime.now():%H:%M:%S} ── {self._path.name}", flush=True)
        try:
            said = self._check(state)
            self._sources = sources
        except (ValueError, RuntimeError, OSError) as error:
            said, self.right = f"! {error}", False
        print(said, flush=True)

    def _check(self, state: Notebook | ValueError) -> str:
        if isinstance(state, ValueError):
            raise state
        prepared = command.rebuilt(self._path, state)
        result, before = command.run(self._path, prepared), self._result
        self._result, self.right = result, result.right
        wrong = [task for task in result.tasks if task.score < task.points]
        parts = [changes(before.tasks, result.tasks) if before else "",
                 command.verdict(prepared.said, wrong, result.problems), command.summary(prepared, result)]
        return "\n\n".join(part.rstrip("\n") for part in parts if part)


def what_counts(notebook: Notebook) -> list[tuple]:
    """What a check depends on in a notebook: not the outputs."""
    return [(cell["cell_type"], cell["source"], cell["tags"], cell["about"]) for cell in notebook.cells]


def changes(before: list[Task], now: list[Task]) -> str:
    """A line for each task whose points have changed, or one line when there is none."""
    scores = {task.name: task.score for task in before}
    lines = [f"{task.name.removeprefix('test_')}: {how(scores.get(task.name), task.score)} of {task.points:g} points"
             for task in now if scores.get(task.name) != task.score]
    return "\n".join(lines) or "No task's points have changed."


def how(before: float | None, score: float) -> str:
    """What became of a task's points; before is None for a task that is new."""
    return f"now {score:g}" if before is None or not score else f"{before:g} → {score:g}"


def states(path: Path) -> Iterator[Notebook | ValueError]:
    """Each new state of a notebook's file, once it has settled; an error for one that stays unreadable or away."""
    file, seen, told, since = File(path), None, None, 0.0
    while True:
        now = file.content()
        if now != seen:
            seen, since = now, time.monotonic()
        elif now != told:
            state = understood(path, now)
            if isinstance(state, Notebook) or time.monotonic() - since > PATIENCE:
                told = now
                yield state
        time.sleep(POLL)


def understood(path: Path, content: bytes | str) -> Notebook | ValueError:
    """The notebook in what File.content returned, or an error that says why there is none."""
    try:
        return ValueError(content) if isinstance(content, str) else notebooks.read(content)
    except NotGradable as error:
        return command.unreadable(path, error)


class File:
    """A file that is read again only when it may have changed."""

    def __init__(self, path: Path):
        self._path = path
        self._content: bytes | str = b""
        self._stamp: tuple | None = None  # of what was read; None when a change might not show in it

    def content(self) -> bytes | str:
        """What is in the file now, or a sentence on why it can't be read."""
        try:
            about = self._path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp != self._stamp:
                notebooks.refuse_size(about.st_size)
                self._content = self._path.read_bytes()
                self._stamp = stamp if time.time_ns() - about.st_mtime_ns > COARSE else None
        except NotGradable as error:
            self._content, self._stamp = str(command.unreadable(self._path, error)), None
        except OSError as error:
            self._content = f"{self._path} can't be read now ({error.strerror}); waiting until it can"
            self._stamp = None
        return self._content
