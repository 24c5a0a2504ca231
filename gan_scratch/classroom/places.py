"""Where a cell is, in words by which a student finds it: 'the cell of dense_backward (task 1)'."""
from __future__ import annotations

import re

from gan_scratch.classroom.source import functions

HEADING = re.compile(r"^#{1,3} +(.+)$", re.M)
TASK = re.compile(r"Task (\d+)\b")
LONGEST = 40  # characters that are quoted


def places(cells: list[dict]) -> list[str]:
    """The place of each cell of a notebook."""
    found, heading = [], ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            heading = last_heading(cell["source"]) or heading
        found.append(what(cell["source"]) + (f" ({heading})" if heading else ""))
    return found


def last_heading(text: str) -> str:
    """'task 2', or a heading of another kind in quotation marks; "" without one."""
    headings = HEADING.findall(text)
    if not headings:
        return ""
    task = TASK.match(headings[-1])
    return f"task {task[1]}" if task else f'"{short(headings[-1])}"'


def what(source: str) -> str:
    """A cell by its functions, else by how it begins."""
    if names := functions(source):
        return "the cell of " + ", ".join(names[:3]) + (" and more" if len(names) > 3 else "")
    first = next(filter(None, map(str.strip, source.splitlines())), "")
    return f"the cell that begins with `{short(first)}`" if first else "an empty cell"


def short(text: str) -> str:
    """One line that can be printed."""
    text = "".join(c if c.isprintable() else " " for c in text.strip())
    return text if len(text) <= LONGEST else text[:LONGEST - 1].rstrip() + "…"
