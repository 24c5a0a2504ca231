"""gan-scratch check: run an exercise notebook as the grader does, and say what is wrong; or show a question's model
answer.
"""
from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gan_scratch.classroom import notebooks, released, session
from gan_scratch.classroom.finding import listed
from gan_scratch.classroom.matching import takes_answer
from gan_scratch.classroom.notebooks import UNANSWERED, Notebook, NotGradable
from gan_scratch.classroom.session import Result, Task
from gan_scratch.classroom.shadows import ignored, shadowing
from gan_scratch.classroom.source import plain_python
from gan_scratch.classroom.submission import rebuild


@dataclass
class Prepared:
    """A notebook that is ready to be run, and remarks on what was mended. `hidden`: the grader has more tests than
    it.
    """

    notebook: NotebookNode
    said: list[str] = field(default_factory=list)
    hidden: bool = False


def check(path: Path) -> int:
    """Run a notebook, which isn't changed, and print what is wrong; returns the exit status: 0, or 1 when something is.

    Raises ValueError when it isn't an exercise that can be checked, RuntimeError when the check can't run, each with
    a sentence.
    """
    prepared = prepare(path)
    result = run(path, prepared)
    print(report(prepared, result))
    return 0 if result.right else 1


def prepare(path: Path) -> Prepared:
    """The notebook in a file, rebuilt from the released one as the grader does it. Raises ValueError."""
    refuse_missing(path)
    return rebuilt(path, read(path))


def refuse_missing(path: Path) -> None:
    """Raises ValueError, which names the notebooks that are there, when a path isn't a file."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name the notebook in it: {listed(here(path)) or 'there is none'}")
    if not path.exists():
        raise ValueError(f"there is no file {path}; beside it are: {listed(here(path.parent)) or 'no notebooks'}")


def rebuilt(path: Path, notebook: Notebook) -> Prepared:
    """A notebook that was read from a file, rebuilt from the released one. Raises ValueError."""
    name = released.exercise_of(notebook)
    if name is None:
        return as_it_is(notebook)
    skeleton = released.released(name)
    try:
        mended, said = rebuild(notebook.cells, skeleton)
    except NotGradable as error:
        raise unreadable(path, error) from None
    return Prepared(mended, [*notebook.said, *said], bool(skeleton.metadata.get("gan_scratch", {}).get("hidden_tests")))


def run(path: Path, prepared: Prepared) -> Result:
    """Run a prepared notebook in the folder of its file, and add to its remarks those on files beside it.

    Raises ValueError when there is nothing to grade in it, and RuntimeError when it can't be run.
    """
    if not any(map(session.is_test, prepared.notebook.cells)):
        raise ValueError(f"{path} has no graded cells; is it an exercise, and are its test cells still there?")
    prepared.said += ignored(shadowing(beside(path)))
    return session.run(prepared.notebook, folder=path.resolve().parent)


def report(prepared: Prepared, result: Result) -> str:
    """All that is said of a notebook."""
    return verdict(prepared.said, result.tasks, result.problems) + "\n" + summary(prepared, result)


def verdict(said: list[str], tasks: list[Task], problems: list[str]) -> str:
    """What a student reads of these tasks, after the remarks and before the problems."""
    return "".join([*(f"note: {sentence}\n" for sentence in said), *(task.text for task in tasks),
                    *(f"! {problem}\n" for problem in problems)])


def here(folder: Path) -> list[str]:
    """The notebooks in a folder."""
    return sorted(path.name for path in folder.glob("*.ipynb")) if folder.is_dir() else []


def beside(path: Path) -> list[Path]:
    """Files beside a notebook, and what makes folders beside it packages; relative to its folder."""
    folder = path.resolve().parent
    names = sorted(os.listdir(folder))
    return [Path(name) for name in names] + [Path(name, "__init__.py") for name in names if (folder / name / "__init__.py").is_file()]


def as_it_is(notebook: Notebook) -> Prepared:
    """A notebook of no exercise that this package knows: its own test and given cells are run."""
    said = [*notebook.said, "it isn't one of the exercises that this installation of gan-scratch has: its own test cells were used"]
    cells = []
    for cell in notebook.cells:
        about, source = cell["about"], cell["source"]
        if about.get("locked") and cell["cell_type"] == "code" and (source := plain_python(source)) != cell["source"]:
            said.append(f"{cell['where']}: magics and shell commands in it were ignored")
        metadata = {"gan_scratch": {"where": cell["where"]}, "tags": cell["tags"]} | ({"nbgrader": about} if about else {})
        cells.append((new_code_cell if cell["cell_type"] == "code" else new_markdown_cell)(source, metadata=metadata))
    return Prepared(new_notebook(cells=cells), said)


def summary(prepared: Prepared, result: Result) -> str:
    """A line for each task, and the total."""
    names = [task.name.removeprefix("test_") for task in result.tasks]
    lines = [f"{'✓' if task.score == task.points else '✗'} {name:{max(map(len, names))}}  {task.score:g} of {task.points:g}"
             for name, task in zip(names, result.tasks)]
    total = f"{result.score:g} of {result.points:g} points by tests"
    questions = [cell for cell in prepared.notebook.cells if cell.cell_type == "markdown" and takes_answer(cell)]
    if by_hand := sum(session.points_of(cell.metadata.nbgrader) or 0 for cell in questions):
        total += f"; {by_hand:g} more for " + ("a question in words" if len(questions) == 1 else f"{len(questions)} questions in words")
    more = ["The grader's hidden tests come on top."] if prepared.hidden else []
    more += ["A question in words isn't answered yet."] if any(UNANSWERED in cell.source for cell in questions) else []
    return "\n".join([*lines, *more, total])


def show_answer(given: str) -> int:
    """Print the model answer and the rubric of an exercise's question in words; returns the exit status.

    Args:
        given: the exercise by name or the beginning of its name, or a notebook file.

    Raises ValueError when there is no such exercise, its answers aren't given out, or the notebook has no answer yet.
    """
    path = Path(given)
    notebook = read(path) if path.is_file() else None
    name = released.exercise_of(notebook) if notebook else released.full_name(given)
    if notebook and any(UNANSWERED in cell["source"] for cell in notebook.cells if cell["cell_type"] == "markdown"):
        raise ValueError(f"{path}: the question in words isn't answered yet; write your answer first, and save the notebook")
    if name is None:
        raise ValueError(f"{path} isn't one of the exercises {', '.join(released.names())}")
    print(released.model_answer(name).rstrip())
    return 0


def read(path: Path) -> Notebook:
    """Read a file. Raises ValueError."""
    try:
        return notebooks.load(path)
    except NotGradable as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: NotGradable) -> ValueError:
    """What is said of a file that is no notebook of an exercise."""
    return ValueError(f"{path} can't be read as a notebook of an exercise: {error}")
