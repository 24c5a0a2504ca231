"""Slips in Markdown that Jupyter shows without complaint: cell breaks inside a cell, folded parts that don't fold."""
from __future__ import annotations

import re
from typing import Iterator

from course.building.text import Cell, Problem

NOTE = re.compile(r"\*\*Speaker, [^*]+\.\*\* +\S")


def check_markup(cell: Cell) -> list[Problem]:
    """What is wrong with a Markdown cell."""
    found, opened, lines = [], [], cell.source.split("\n")
    for n, line in outside_fences(lines):
        if "+++" in line:
            found.append((n, "+++ begins a new cell only where it begins a line; write it on a line of its own, with a blank "
                             "line above"))
        for tag in re.findall(r"</?details>", line):
            if tag == "<details>":
                opened.append(n)
            elif opened:
                opened.pop()
            else:
                found.append((n, "</details> without <details>; remove it, or write <details><summary>…</summary> above"))
        if "</summary>" in line and n + 1 < len(lines) and lines[n + 1].strip():
            found.append((n, "a blank line must follow </summary>, or the Markdown below it isn't read as Markdown"))
    found += [(n, "<details> is never closed; write a line </details> after what shall be folded") for n in opened]
    if "notes" in cell.tags and not NOTE.match(cell.source):
        found.append((0, "a speaker note must begin with its minutes, as in **Speaker, 5 min.** Ask who has …"))
    return [Problem(cell.line + n, wrong) for n, wrong in found]


def outside_fences(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that aren't code, with their numbers from 0."""
    fence = ""
    for n, line in enumerate(lines):
        found = re.match(r"\s*(`{3,}|~{3,})", line)
        if fence:
            fence = "" if found and found[1].startswith(fence) else fence
        elif found:
            fence = found[1]
        else:
            yield n, line
