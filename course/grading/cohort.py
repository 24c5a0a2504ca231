"""A class of students and one exercise: where its files are, and what is known of each submission."""
from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

STAMP = "timestamp.txt"  # nbgrader's name for the time when a submission came, beside it


@dataclass(frozen=True)
class Cohort:
    """Where submissions come from, where results go, and what a student's code may take.

    Attributes:
        root: holds solutions/. folder: holds submitted/, and gets the gradebook and all the rest. exercise: its name.
        scratch: for temporary files. isolated: run students' code under bubblewrap; None: where that works.
        cell, call, total: seconds, see gan_scratch.classroom.session.Limits. memory: bytes of a student's kernel.
        database: the gradebook's URL; "" for gradebook.db in the folder.
    """

    root: Path
    folder: Path
    exercise: str
    scratch: Path
    isolated: bool | None
    cell: float = 60
    call: float = 10
    total: float = 240
    memory: int = 4 * 2**30
    database: str = ""

    def of(self, step: str, student: str) -> Path:
        """A student's folder of `step`: submitted, autograded or feedback."""
        return self.folder / step / student / self.exercise

    @property
    def solution(self) -> Path:
        return self.root / "solutions" / self.exercise

    @property
    def log(self) -> Path:
        return self.folder / "log" / self.exercise

    @property
    def db_url(self) -> str:
        return self.database or f"sqlite:///{self.folder / 'gradebook.db'}"

    def graded_notebook(self, student: str) -> Path:
        return self.of("autograded", student) / f"{self.exercise}.ipynb"

    def findings(self, student: str) -> dict:
        """What the session wrote into the autograded notebook: {"tasks": [...], "problems": [...]}."""
        return json.loads(self.graded_notebook(student).read_text(encoding="utf-8"))["metadata"]["gan_scratch"]


@dataclass(frozen=True)
class Exercise:
    """An exercise, as it is in the gradebook.

    Attributes:
        released: its notebook as students got it. sources: grade id -> the cell's source with hidden tests, and its
        checksum.
        rubrics: grade id of a question in words -> the model answer and how points are given.
    """

    released: NotebookNode
    sources: dict[str, tuple[str, str]]
    rubrics: dict[str, str] = field(default_factory=dict)


@dataclass
class Graded:
    """How the grading of one submission went.

    Attributes:
        failed: why it couldn't be graded, or "". said: what was mended. problems: what went wrong while it ran.
        kept: it couldn't be graded, and the gradebook still has the grade of an earlier version.
        final: trying again would give the same.
    """

    student: str
    failed: str = ""
    said: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    kept: bool = False
    final: bool = True
