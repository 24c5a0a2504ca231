"""A unit's text: from MyST Markdown to cells, and from cells back to the same text.

Composing what was parsed gives the same text, when that is in canonical form: one blank line between cells, a line `+++` between
two Markdown cells and above one with tags, the tags of a code cell in one line `:tags: […]` with a blank line under it, and
fences of three backticks, or of one more than any line in them begins with.
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml
from jupytext.myst import MystMetadataParsingError, get_parser, myst_to_notebook, parse_directive_options, read_cell_metadata

from course.building.tags import canonical

CODE = "{code-cell}"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")  # among them what Python takes for line ends and Jupyter doesn't


class Problem(NamedTuple):
    """Something that is wrong at a line (counted from 1)."""
    line: int
    message: str


class TextError(Exception):
    """A text that can't be read as cells."""

    def __init__(self, *problems: Problem):
        super().__init__(*problems)
        self.problems = list(problems)


@dataclass(frozen=True)
class Cell:
    """A cell as its text has it."""
    kind: str  # "code" or "markdown"
    source: str
    tags: tuple[str, ...] = ()
    line: int = field(default=0, compare=False)  # of the first line of `source`
    tags_line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Text:
    """A text, read. `head` is the front matter as it stands, with the blank lines after it."""
    head: str
    front: dict
    cells: list[Cell]


def read(path: Path) -> str:
    """The file's characters with \\n at the ends of lines. Raises TextError when it isn't UTF-8."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[:error.start].count(b"\n") + 1
        raise TextError(Problem(line, "a character that isn't UTF-8; save the file as UTF-8")) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tidy(source: str) -> str:
    """A cell's source without blank lines at its beginning and white space at its end."""
    return re.sub(r"\A([ \t]*\n)+", "", source.replace("\r\n", "\n").replace("\r", "\n").rstrip())


def parse(text: str) -> Text:
    """Front matter and cells. Raises TextError with everything that keeps the text from being read."""
    lines = text.split("\n")
    if wrong := [Problem(n, f"a control character ({found[0]!r}); remove it")
                 for n, line in enumerate(lines, 1) if (found := CONTROL.search(line))]:
        raise TextError(*wrong)
    end, front = read_front(lines)
    # We have read the front matter, and jupytext may choke on it without saying where.
    text = "\n".join(["---", "title: …", *["#"] * (end - 3), *lines[end - 1:]])
    tokens = get_parser().parse(text + "\n")
    if wrong := bad_fences(tokens, lines) or bad_options(tokens):
        raise TextError(*wrong)
    cells = read_cells(text, lines)
    if wrong := lost_tags(tokens, cells):
        raise TextError(*wrong)
    while end < len(lines) and not lines[end].strip():
        end += 1
    return Text("\n".join(lines[:end]) + "\n", front, cells)


def read_front(lines: list[str]) -> tuple[int, dict]:
    """The number of lines of the front matter, and what it says."""
    if lines[0] != "---":
        raise TextError(Problem(1, "the text must begin with front matter: a line ---, then title: …, then a line ---"))
    if "---" not in lines[1:]:
        raise TextError(Problem(1, "the front matter never ends; close it with a line ---"))
    end = lines.index("---", 1)
    try:
        front = yaml.safe_load("\n".join(lines[1:end]))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that doesn't exist
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        line = mark.line + 2 if mark else 1
        raise TextError(Problem(line, f"the front matter isn't YAML: {what}; put texts with : or # in quotes")) from None
    if not isinstance(front, dict):
        raise TextError(Problem(1, "the front matter must have lines like title: …"))
    return end + 1, front


def bad_fences(tokens, lines: list[str]) -> list[Problem]:
    """Fences that never end, and code cells that jupytext would overlook."""
    problems = []
    for token in tokens:
        if token.type != "fence":
            continue
        first, last = token.map[0], min(token.map[1], len(lines))
        fence = token.markup[0] * len(token.markup)
        inner = next((n for n in range(first + 1, last) if re.match(rf"\s*{fence}[`~]*{{code-cell}}", lines[n])), None)
        closing = lines[last - 1].strip().lstrip("> ") if last - first > 1 else ""
        if inner is not None:
            wrong = (f"this code fence is never closed: the next cell begins in it at line {inner + 1}; "
                     f"close it with {fence}, or use more backticks for a fence that shows a fence")
        elif not closing or set(closing) != {fence[0]} or len(closing) < len(fence):
            wrong = f"this code fence is never closed; close it with a line {fence}"
        elif re.match(r"\s*\{?\s*(code|raw)[-_ ]?cell", token.info) and token.info.rstrip() != CODE:
            wrong = f"unknown cell {fence}{token.info}: write {fence}{CODE}, and the tags in a line :tags: […]"
        elif token.info.rstrip() == CODE and token.level:
            wrong = "a code cell can't stand in a list or a quotation; begin its lines at the margin"
        else:
            continue
        problems.append(Problem(first + 1, wrong))
    return in_html(tokens, lines, bool(problems)) or problems


def in_html(tokens, lines: list[str], broken: bool) -> list[Problem]:
    """The first fence that belongs to the HTML above it, for want of a blank line: a cell's, or any if fences are broken."""
    inside = [n for token in tokens if token.type == "html_block" for n in range(token.map[0] + 1, token.map[1])]
    fence = r" {0,3}(```|~~~)" if broken else rf" {{0,3}}```+{re.escape(CODE)}"
    wrong = "a blank line must stand above this fence, or it is taken for a part of the HTML above it; insert one"
    return [Problem(n + 1, wrong) for n in inside if re.match(fence, lines[n])][:1]


def bad_options(tokens) -> list[Problem]:
    """Options of cells, and lists of tags, that can't be read."""
    problems = []
    for token in tokens:
        is_code = token.type == "fence" and token.info.rstrip() == CODE
        if token.level or not is_code and token.type != "myst_block_break":
            continue
        try:
            wrong = bad_tags(parse_directive_options(token.content, "")[1] if is_code else read_cell_metadata(token, 0))
        except (MystMetadataParsingError, yaml.YAMLError, ValueError):
            wrong = f"the options of this cell aren't {'YAML' if is_code else 'JSON'}"
        if wrong:
            example = ":tags: [solve dense]" if is_code else '+++ {"tags": ["slide"]}'
            problems.append(Problem(token.map[0] + (2 if is_code else 1), f"{wrong}: write {example}"))
    return problems


def bad_tags(options) -> str | None:
    """What is wrong with the form of a cell's options."""
    if not isinstance(options, dict):
        return "the options of this cell aren't understood"
    if unknown := [key for key in options if key != "tags"]:
        return f"unknown option {unknown[0]!r} of a cell; only tags are known"
    tags = options.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag and "," not in tag for tag in tags):
        return f"the tags must be a list of words, got {tags!r}"
    double = next((tag for tag in tags if tags.count(tag) > 1), None)
    return f"the tag {double!r} is given twice" if double else None


def read_cells(text: str, lines: list[str]) -> list[Cell]:
    """The cells as jupytext reads them; their options must be right."""
    notebook, cells = myst_to_notebook(text, add_source_map=True), []
    for cell, start in zip(notebook.cells, notebook.metadata["source_map"]):
        if cell.cell_type == "code":  # `start` is the fence, counted from 1
            line, tags_line = code_line(lines, start), start + 1
        else:  # `start` is the line below +++, counted from 0
            line, tags_line = first_line(lines, start), start
        tags = canonical(cell.metadata.get("tags", []))
        cells.append(Cell(cell.cell_type, tidy(cell.source), tags, line, tags_line if tags else line))
    return cells


def lost_tags(tokens, cells: list[Cell]) -> list[Problem]:
    """Tags after a +++ that no Markdown follows: jupytext drops them."""
    kept = {cell.tags_line for cell in cells}
    breaks = [token.map[0] + 1 for token in tokens if token.type == "myst_block_break" and not token.level and token.content]
    return [Problem(line, "tags without a Markdown cell; write the tags of a code cell in it, as :tags: […]")
            for line in breaks if line not in kept]


def first_line(lines: list[str], start: int) -> int:
    """Of the first line that isn't blank, counted from 1; `start` is counted from 0."""
    return next((n + 1 for n in range(start, len(lines)) if lines[n].strip()), start)


def code_line(lines: list[str], start: int) -> int:
    """The line where the code begins, under the options."""
    if start < len(lines) and lines[start].startswith("---"):
        start = next((n + 1 for n in range(start + 1, len(lines)) if lines[n].startswith("---")), start)
    else:
        while start < len(lines) and lines[start].lstrip().startswith(":"):
            start += 1
    return first_line(lines, start)


def compose(head: str, cells: list[Cell]) -> str:
    """The text of these cells in canonical form."""
    parts = [written(cell, above) for cell, above in zip(cells, [None, *cells])]
    return head + "\n\n".join(parts) + "\n"


def written(cell: Cell, above: Cell | None) -> str:
    if cell.kind == "markdown":
        options = " " + json.dumps({"tags": cell.tags}, ensure_ascii=False) if cell.tags else ""
        return f"+++{options}\n\n{cell.source}" if cell.tags or above and above.kind == "markdown" else cell.source
    ticks = max((len(run) for run in re.findall(r"^\s*(`+)", cell.source, re.MULTILINE)), default=0)
    fence = "`" * max(3, ticks + 1)
    options = f":tags: [{', '.join(cell.tags)}]\n\n" if cell.tags else ""
    if not options and cell.source.startswith("---"):  # that would begin options
        options = "\n"
    return f"{fence}{CODE}\n{options}{cell.source}\n{fence}"
