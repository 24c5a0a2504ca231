"""What a person should look at in an answer, without loss of points: it takes the right version from the library."""
from __future__ import annotations

import ast

from nbformat import NotebookNode

from gan_scratch.classroom.matching import grade_id, takes_code

PLACES = {"gan_scratch.checks": "the references of the checks", "gan_scratch.classroom": "the checks' own machinery"}


def taken_from_the_library(released: NotebookNode, mended: NotebookNode) -> list[str]:
    """A sentence for each answer that imports from the package what the released notebook doesn't import.

    Args:
        released: the notebook as students got it. mended: a submission, rebuilt from it.
    """
    given = {name for cell in released.cells if cell.cell_type == "code" for name in imports(cell.source)}
    found = {}
    for cell in mended.cells:
        if cell.cell_type == "code":
            where = grade_id(cell) if takes_code(cell) else "a cell of the student's"
            for name in sorted(imports(cell.source) - given):
                found.setdefault(name, where)
    return [f"{where} imports {name}" + (f", {PLACES[place]}" if (place := part_of(name)) else "") + ": look at it"
            for name, where in found.items()]


def part_of(name: str) -> str | None:
    return next((place for place in PLACES if name.startswith(place)), None)


def imports(source: str) -> set[str]:
    """The names of this package that a cell imports, as gan_scratch.layers.Dense; none of a cell that isn't Python."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) and node.module
              for alias in node.names}
    return {name for name in found if name.split(".")[0] == "gan_scratch"}
