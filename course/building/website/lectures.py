"""Lectures that have been run, kept as long as nothing that they depend on changes."""
from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

import gan_scratch
from course.building import slides
from course.building.units import ROOT
from gan_scratch.files import replacing


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
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(run, todo, todo.values()))
    for old in set(folder.glob("*.ipynb")) - set(found.values()):
        old.unlink()
    return found


def of_library() -> bytes:
    """Changes when the library does."""
    digest = hashlib.sha256()
    for path in sorted(Path(gan_scratch.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def run(notebook: Path, target: Path) -> None:
    """Run one lecture. Raises CourseError."""
    read = nbformat.read(notebook, 4)
    slides.execute(read, notebook.stem)
    with replacing(target) as temporary:
        nbformat.write(read, temporary)
