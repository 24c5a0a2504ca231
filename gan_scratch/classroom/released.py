"""The exercises as students got them, and the model answers to their questions in words: data of this package, written by
`python -m course build`."""
from __future__ import annotations

import functools
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from gan_scratch.classroom.matching import Matching
from gan_scratch.classroom.notebooks import Notebook

CHECKS = Path(__file__).resolve().parents[1] / "checks"
RELEASED, ANSWERS = CHECKS / "released", CHECKS / "answers"


def names() -> list[str]:
    """All exercises that this package knows."""
    return sorted(path.stem for path in RELEASED.glob("*.ipynb"))


def released(name: str) -> NotebookNode:
    """An exercise's notebook as students got it. Raises ValueError when this package hasn't got it."""
    file = RELEASED / f"{name}.ipynb"
    if not file.is_file():
        raise ValueError(f"this installation has no exercise {name!r}, only {', '.join(names()) or 'none at all'}; install a newer "
                         "gan-scratch, or in the repository run: python -m course build")
    return _read(file, file.stat().st_mtime_ns)


@functools.lru_cache(64)
def _read(file: Path, changed: int) -> NotebookNode:
    return nbformat.read(file, as_version=4)


def full_name(given: str) -> str:
    """The exercise that a name or the beginning of a name means. Raises ValueError."""
    found = [name for name in names() if name == given] or [name for name in names() if name.startswith(given)]
    if len(found) != 1:
        raise ValueError(f"{given!r} is " + (f"the beginning of {' and '.join(found)}" if found else "no exercise") +
                         f"; name one of {', '.join(names())}, or a notebook file")
    return found[0]


def exercise_of(notebook: Notebook) -> str | None:
    """The exercise that a notebook is: what it says itself, else the one of which it has most, and at least half, of the tasks."""
    if notebook.exercise:
        return notebook.exercise if notebook.exercise in names() else None
    name, matching = best_match(notebook.cells)
    return name if matching and 2 * matching.tasks >= matching.most_tasks else None


def best_match(cells: list[dict]) -> tuple[str, Matching | None]:
    """The exercise with most of whose tasks are among these cells."""
    matchings = {name: Matching(cells, released(name)) for name in names()}
    best = max(matchings, key=lambda name: matchings[name].tasks, default="")
    return best, matchings.get(best)


def model_answer(name: str) -> str:
    """Model answer and rubric of an exercise's question in words. Raises ValueError when they aren't given out."""
    file = ANSWERS / f"{name}.md"
    if not file.is_file():
        raise ValueError(f"the model answer of {name} isn't given out in this class; ask your instructor")
    return file.read_text(encoding="utf-8")
