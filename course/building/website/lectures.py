"""Lectures that have been run, kept as long as nothing that they depend on changes."""
from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

import gan_scratch
from course.building import slides
from course.building.units import ROOT
from course.building.website import described
from gan_scratch import diagrams
from gan_scratch.files import replacing

LONGEST = ("09", "08", "05")  # these begin first, so that none runs alone at the end
DIAGRAM = re.compile(r"\bdiagrams\.(\w+)\(")


def executed(folder: Path, only: tuple[str, ...] = ()) -> dict[str, Path]:
    """Run what isn't there yet, two at a time; returns where each lecture's notebook is.

    Args:
        folder: for the notebooks with outputs. only: beginnings of names; other lectures stay without outputs.

    Raises CourseError when one doesn't run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    library, found, todo = of_library(), {}, {}
    for notebook in sorted((ROOT / "lectures").glob("*.ipynb")):
        key = hashlib.sha256(library + notebook.read_bytes()).hexdigest()[:16]
        made = folder / f"{notebook.stem}_{key}.ipynb"
        if only and not notebook.stem.startswith(only):
            made = notebook
        elif not made.is_file():
            todo[notebook] = made
        found[notebook.stem] = made
    first = sorted(todo, key=turn)
    with ProcessPoolExecutor(2, initializer=one_thread) as pool:
        list(pool.map(run, first, [todo[notebook] for notebook in first]))
    for old in set(folder.glob("*.ipynb")) - set(found.values()):
        old.unlink()
    return found


def turn(notebook: Path) -> tuple[int, str]:
    """What a lecture's turn is decided by."""
    number = notebook.stem[:2]
    return LONGEST.index(number) if number in LONGEST else len(LONGEST), number


def one_thread() -> None:
    """Two lectures share the machine: more threads of BLAS would only be in each other's way."""
    os.environ.update(OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")


def of_library() -> bytes:
    """Changes when the library does, or the words for its figures."""
    digest = hashlib.sha256(Path(described.__file__).read_bytes())
    for path in sorted(Path(gan_scratch.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def run(notebook: Path, target: Path) -> None:
    """Run one lecture. Raises CourseError."""
    read = nbformat.read(notebook, 4)
    text = Path(described.__file__).read_text(encoding="utf-8")
    slides.execute(read, notebook.stem, before=f"(_own := {{}}, exec({text!r}, _own), _own['watch']()); del _own")
    for cell in read.cells:
        name_figures(cell)
    with replacing(target) as temporary:
        nbformat.write(read, temporary)


def name_figures(cell: nbformat.NotebookNode) -> None:
    """Turn the words for a cell's figures into the alternative text of its pictures, after what is drawn by name."""
    outputs = cell.get("outputs", [])
    words = [output.data[described.KIND] for output in outputs if described.KIND in output.get("data", {})]
    if words:
        drawn = dict.fromkeys(DIAGRAM.findall(cell.source))
        known = [getattr(diagrams, name).__doc__.split("\n")[0].rstrip(".") for name in drawn if getattr(diagrams, name, None)]
        cell.metadata["mystnb"] = {"image": {"alt": ". ".join(part for part in [*known, *words] if part)}}
        cell.outputs = [output for output in outputs if described.KIND not in output.get("data", {})]
