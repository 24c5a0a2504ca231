"""The regions that nbgrader cuts, solutions and hidden tests, and those that take a solution's place: planted bugs."""
from __future__ import annotations

import re

SOLUTION, HIDDEN, PLANTED = "SOLUTION", "HIDDEN TESTS", "PLANTED BUG"
MARKER = re.compile(r"\s*###\s*(?:BEGIN|END)\s+(?P<what>.*)")
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


class RegionError(ValueError):
    """A region without beginning or end. `line` is counted from 0 in the cell."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


def regions(lines: list[str], what: str) -> list[tuple[int, int]]:
    """First and last line (with the markers) of each region of this kind. Raises RegionError."""
    found, begin = [], None
    for n, line in enumerate(lines):
        if f"BEGIN {what}" in line:
            if begin is not None:
                raise RegionError(n, f"BEGIN {what} in a region that has already begun; write ### END {what} before it")
            begin = n
        elif f"END {what}" in line:
            if begin is None:
                raise RegionError(n, f"END {what} without BEGIN {what}; write ### BEGIN {what} before it")
            found.append((begin, n))
            begin = None
    if begin is not None:
        raise RegionError(begin, f"BEGIN {what} without END {what}; write ### END {what} after it")
    return found


def stub(lines: list[str], begin: int) -> list[str]:
    """What nbgrader writes in place of the solution that begins there."""
    indent = re.match(r"\s*", lines[begin])[0]
    return [indent + line for line in CODE_STUB.split("\n")]


def cut(source: str) -> str:
    """A code cell as students get it: with a planted bug instead of its solution, or a stub where none is planted."""
    lines = source.split("\n")
    planted = dict(regions(lines, PLANTED))
    for begin, end in reversed(regions(lines, SOLUTION)):
        last = planted.get(end + 1)
        if last is None:
            lines[begin:end + 1] = stub(lines, begin)
        else:
            lines[begin:last + 1] = lines[end + 2:last]
    for begin, end in reversed(regions(lines, HIDDEN)):
        del lines[begin:end + 1]
    return "\n".join(lines)


def has_planted(source: str) -> bool:
    return bool(regions(source.split("\n"), PLANTED))


def solved(source: str) -> str:
    """A code cell without its planted bugs."""
    lines = source.split("\n")
    for begin, end in reversed(regions(lines, PLANTED)):
        del lines[begin:end + 1]
    return "\n".join(lines)


def replanted(source: str, original: str) -> str:
    """The solved code cell `source` with the planted bugs of `original`, each below the same solution as there.

    Raises RegionError when there is no such solution.
    """
    lines, before = source.split("\n"), original.split("\n")
    solutions = regions(lines, SOLUTION)
    planted = dict(regions(before, PLANTED))
    for number, (_, end) in reversed(list(enumerate(regions(before, SOLUTION)))):
        if end + 1 in planted:
            if number >= len(solutions):
                raise RegionError(0, "the solution is gone that a planted bug stands below; "
                                     "put BEGIN SOLUTION and END SOLUTION back")
            at = solutions[number][1] + 1
            lines[at:at] = before[end + 1:planted[end + 1] + 1]
    return "\n".join(lines)
