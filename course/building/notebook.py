"""Notebooks as bytes that don't depend on the machine, and what is to be known of a notebook on disk."""
from __future__ import annotations

import hashlib
import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.building.tags import from_metadata, metadata
from course.building.text import Cell, Text, tidy
from course.building.units import CourseError

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python", "pygments_lexer": "ipython3"},
}


def from_text(text: Text) -> dict:
    """The notebook of a text, without a record."""
    notebook = new_notebook(metadata={**METADATA, "title": text.front["title"]})
    taken: set[str] = set()
    for cell in text.cells:
        new = new_code_cell if cell.kind == "code" else new_markdown_cell
        about = metadata(cell.tags)
        grade_id = about["nbgrader"]["grade_id"] if "nbgrader" in about else None
        notebook.cells.append(new(cell.source, metadata=about, id=free_id(grade_id or digest(cell.source)[:12], taken)))
    return notebook


def free_id(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a number behind it when that is taken."""
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    taken.add(found)
    return found


def recorded(notebook: dict, text: Path) -> bytes:
    """The file of a notebook, with a record of what it was made of: by this an edit is noticed later."""
    notebook["metadata"]["gan_scratch"] = {"sha256": fingerprint(notebook["cells"]), "text": text.as_posix()}
    return (nbformat.writes(nbformat.from_dict(notebook)) + "\n").encode()


def read(data: bytes, path: Path) -> dict:
    """A notebook from the bytes of a file; the sources of its cells are strings. Raises CourseError when it isn't one."""
    try:
        notebook = json.loads(data.decode())
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
            cell["metadata"] = dict(cell.get("metadata", {}))
            from_metadata(cell["metadata"]), cell["cell_type"] + ""
        notebook["metadata"] = dict(notebook.get("metadata", {}))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CourseError(f"{path}: not a notebook that can be read (damaged, or in the middle of a merge)") from None
    return notebook


def record(notebook: dict) -> dict | None:
    """What `recorded` has noted, text and sha256; None when there is nothing of that kind."""
    found = notebook["metadata"].get("gan_scratch")
    known = isinstance(found, dict) and isinstance(found.get("sha256"), str) and isinstance(found.get("text"), str)
    return {"text": found["text"], "sha256": found["sha256"]} if known else None


def has_outputs(notebook: dict) -> bool:
    return any(cell.get("outputs") or cell.get("execution_count") is not None for cell in notebook["cells"])


def cells(notebook: dict) -> list[tuple[Cell, str | None]]:
    """The cells as a text would have them, each with its id; without empty ones, as Jupyter appends them."""
    return [(Cell(cell["cell_type"], tidy(cell["source"]), from_metadata(cell["metadata"])), cell.get("id"))
            for cell in notebook["cells"] if tidy(cell["source"]) or cell["metadata"].get("nbgrader")]


def fingerprint(notebook_cells: list[dict]) -> str:
    """SHA-256 of everything in the cells that a text decides; running, collapsing or trusting them changes nothing in it."""
    essence = [[cell.kind, cell.source, *cell.tags] for cell, _ in cells({"cells": notebook_cells})]
    attached = [cell["attachments"] for cell in notebook_cells if cell.get("attachments")]
    return digest(json.dumps([essence, attached] if attached else essence, sort_keys=True))


def digest(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()
