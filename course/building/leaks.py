"""No lecture gives a graded answer away: the lines of solutions, looked for in the code of lectures.

Names are folded (x @ W + b is u @ V + c), white space and comments are dropped. A lecture gives an answer away when half
of its statements, two at least, stand there in a row; of an answer of up to three statements it must be all of them.
What is shorter than ENOUGH tokens could be anything. What students get anyway, in the code with a planted bug, is no
answer.
"""
from __future__ import annotations

import io
import keyword
import re
import tokenize
from pathlib import Path
from typing import Iterator, NamedTuple

from course.building.regions import PLANTED, SOLUTION, RegionError, regions
from course.building.text import TextError, read

ENOUGH = 18  # tokens
FENCE = re.compile(r"^(`{3,})\{code-cell\}\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
SOLVE = re.compile(r":tags: \[.*?solve (\w+)")
SKIPPED = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
NAMES = "·"


class Token(NamedTuple):
    text: str
    line: int
    is_name: bool


class Leak(NamedTuple):
    """An answer in a lecture."""
    exercise: Path
    function: str
    lecture: Path
    line: int

    def __str__(self) -> str:
        return (f"course/lectures/{self.lecture.name}:{self.line}: gives the answer {self.function} of {self.exercise.stem} "
                "away; take the function from the library here, or show something else")


def leaks(root: Path) -> list[Leak]:
    """All answers of all exercises that stand in a lecture, one for each answer and lecture."""
    lectures = {path: [tokens_of(source, line) for line, source in code(path)]
                for path in sorted((root / "course/lectures").glob("*.md"))}
    found = []
    for exercise in sorted((root / "course/exercises").glob("*.md")):
        for function, answer, given in answers(exercise):
            secret = [part for part in parts(answer) if not place(part, tokens_of(given))]
            for lecture, cells in lectures.items():
                lines = [line for part in secret for cell in cells if (line := place(part, cell))]
                found += [Leak(exercise, function, lecture, lines[0])] if lines else []
    return found


def code(path: Path) -> list[tuple[int, str]]:
    """The code cells of a text with the lines where their fences stand; none when it can't be read."""
    try:
        text = read(path)
    except TextError:
        return []
    return [(text.count("\n", 0, match.start(2)), match[2]) for match in FENCE.finditer(text)]


def answers(exercise: Path) -> Iterator[tuple[str, str, str]]:
    """Each function that students write, with the lines of its solution, and those of its planted bug."""
    for _, source in code(exercise):
        if solve := SOLVE.search(source):
            lines = source.split("\n")
            try:
                inside = ["\n".join(line for begin, end in regions(lines, what) for line in lines[begin + 1:end])
                          for what in (SOLUTION, PLANTED)]
            except RegionError:
                continue
            yield solve[1], *inside


def tokens_of(source: str, line: int = 0) -> list[Token]:
    """The tokens that count; the end of a statement is one. [] when it isn't Python."""
    source = re.sub(r"^:.*$", "", source, flags=re.MULTILINE)
    inside = io.StringIO("if 1:\n" + re.sub("^", " ", source, flags=re.MULTILINE))  # as an answer stands in its function
    found: list[Token] = []
    try:
        for token in tokenize.generate_tokens(inside.readline):
            if token.type not in SKIPPED and token.string != "return":
                word = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
                attribute = bool(found) and found[-1].text == "."
                found.append(Token(token.string.strip(), line + token.start[0] - 1, word and not attribute))
    except (tokenize.TokenError, IndentationError):
        return []
    return found[4:]  # without `if 1:` and its line end


def parts(answer: str) -> Iterator[list[Token]]:
    """What of an answer must not stand in a lecture."""
    statements, rest = [], tokens_of(answer)
    while rest:
        end = next((n for n, token in enumerate(rest) if not token.text), len(rest))
        statements += [rest[:end]] if end else []
        rest = rest[end + 1:]
    statements = [each for each in statements if any(not token.is_name and token.text not in ",()" for token in each)]
    size = len(statements) if len(statements) <= 3 else max(2, len(statements) // 2)
    end = Token("", 0, False)
    for first in range(len(statements) - size + 1):
        run = [token for statement in statements[first:first + size] for token in (*statement, end)][:-1]
        if len(run) >= ENOUGH:
            yield run


def place(part: list[Token], cell: list[Token]) -> int | None:
    """The line where the part stands in the cell under any names."""
    wanted, there = shape(part), shape(cell)
    at = there.find(wanted)
    while at >= 0:
        first = there.count(" ", 0, at)
        if folded(cell[first:first + len(part)]) == folded(part):
            return cell[first].line
        at = there.find(wanted, at + 1)
    return None


def shape(tokens: list[Token]) -> str:
    """The tokens in one string, each between blanks, all names alike."""
    return " " + " ".join(NAMES if token.is_name else token.text.replace(" ", "_") or ";" for token in tokens) + " "


def folded(tokens: list[Token]) -> list[int]:
    """The names numbered in the order in which they first appear."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(token.text, len(numbers)) for token in tokens if token.is_name]
