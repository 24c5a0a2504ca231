"""The regions that nbgrader cuts: solutions and hidden tests."""
from __future__ import annotations

import re

SOLUTION, HIDDEN = "SOLUTION", "HIDDEN TESTS"
CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"


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
    """A code cell as nbgrader releases it."""
    lines = source.split("\n")
    for begin, end in reversed(regions(lines, SOLUTION)):
        lines[begin:end + 1] = stub(lines, begin)
    for begin, end in reversed(regions(lines, HIDDEN)):
        del lines[begin:end + 1]
    return "\n".join(lines)
