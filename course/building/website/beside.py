"""A source file with its words beside its code: docstrings and comments on the left, what they speak of on the right."""
from __future__ import annotations

import ast
import html
import re
from dataclasses import dataclass, field
from pathlib import Path

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from course.building.website.docstrings import arguments


@dataclass
class Row:
    """Words, and the code that they speak of."""

    words: str = ""
    code: list[str] = field(default_factory=list)


def page(path: Path) -> str:
    """The file as HTML, a row for each class, function, and comment."""
    return '<div class="beside">\n' + "\n".join(shown(row) for row in rows(path.read_text(encoding="utf-8"))) + "\n</div>"


def rows(source: str) -> list[Row]:
    """Split at docstrings, at comments that have lines of their own, and where a class or function begins."""
    lines, docs, begins = source.splitlines(), docstrings(source), beginnings(source)
    found, at = [Row()], 0
    while at < len(lines):
        if at in docs:
            end, words = docs[at]
            found[-1].words = "\n\n".join(filter(None, [found[-1].words, words]))
            at = end
            continue
        line = lines[at]
        if at in begins and "".join(found[-1].code).strip():
            found.append(Row())
        if line.strip().startswith("# ") and not line.strip("# -"):
            at += 1
            continue
        if line.strip().startswith("# ") and not line.strip().startswith(("# noqa", "# type")):
            if "".join(found[-1].code).strip() or found[-1].words:
                found.append(Row())
            comment = []
            while at < len(lines) and lines[at].strip().startswith("# "):
                comment.append(lines[at].strip()[2:])
                at += 1
            found[-1].words = " ".join(comment)
            continue
        found[-1].code.append(line)
        at += 1
    return [row for row in found if row.words or "".join(row.code).strip()]


def docstrings(source: str) -> dict[int, tuple[int, str]]:
    """{first line: (line after the last, text)} of all docstrings; lines count from 0."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            string = node.body[0]
            found[string.lineno - 1] = string.end_lineno, ast.get_docstring(node)
    return found


def beginnings(source: str) -> dict[int, int]:
    """{line: line} where a class or a function begins, its decorators included."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            found[line] = line
    return found


def shown(row: Row) -> str:
    """A row as HTML."""
    code = "\n".join(row.code).strip("\n")
    colored = highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)) if code.strip() else ""
    right = f'<div class="highlight"><pre tabindex="0">{colored}</pre></div>' if colored else ""
    return f'<div class="words">{prose(row.words)}</div><div class="code">{right}</div>'


def listed(block: str) -> str:
    """Arguments as a list: "weight: λ. k: steps of the critic." """
    head, text = " ".join(block.split()).split(":", 1)
    rows = "".join(f"<li><code>{name}</code>: {words}</li>" for name, words in arguments(text.strip()))
    return f"<p><b>{head}</b></p><ul>{rows}</ul>" if rows else f"<p>{head}:{text}</p>"


def prose(text: str) -> str:
    """Words as HTML: paragraphs, and what is indented as it stands, since these are formulas and tables."""
    parts = []
    for block in re.split(r"\n\s*\n", text):
        if not block.strip():
            continue
        inside = html.escape(block)
        if block.startswith("    "):
            lines = inside.splitlines()
            margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
            parts.append('<pre class="formula" tabindex="0">' + "\n".join(line[margin:] for line in lines) + "</pre>")
        else:
            parts.append(listed(inside) if block.startswith(("Args:", "Attributes:")) else "<p>" + re.sub(r"`([^`]+)`", r"<code>\1</code>", " ".join(inside.split())) + "</p>")
    return "".join(parts)
