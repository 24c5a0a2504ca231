"""Docstrings of the library as reStructuredText: paragraphs, formulas as they stand, arguments as a list."""
from __future__ import annotations

import re

SECTION = re.compile(r"^(Args|Attributes|Returns|Raises): ?(.*)$")
NAMED = re.compile(r"(?:^|(?<=\. ))(\*{0,2}\w+(?:, \*{0,2}\w+)*): ")


def as_text(app, what: str, name: str, of: object, options: object, lines: list[str]) -> None:
    """Sphinx's hook: change the lines in place."""
    lines[:] = [line for block in blocks(lines) for line in [*marked(block), ""]]


def blocks(lines: list[str]) -> list[list[str]]:
    """Paragraphs; a section such as "Args:" begins one."""
    found: list[list[str]] = [[]]
    for line in lines:
        if not line.strip() or SECTION.match(line.strip()) and found[-1]:
            found.append([])
        if line.strip():
            found[-1].append(line)
    return [block for block in found if block]


def marked(block: list[str]) -> list[str]:
    """A paragraph in markup."""
    section = SECTION.match(block[0].strip())
    if section and section[1] in ("Args", "Attributes"):
        return [f"**{section[1]}**", "", *listed(" ".join([section[2], *(line.strip() for line in block[1:])]).strip())]
    if all(line.startswith("    ") for line in block):
        return ["::", "", *(f"    {line}" for line in block)]
    text = escaped(" ".join(line.strip() for line in block))
    return [re.sub(r"^(Returns|Raises)\b", r"**\1**", text)]


def listed(text: str) -> list[str]:
    """Arguments: "x: (N, …). weight: in the unit of the loss." as a line each."""
    return [f"- ``{name}``: {escaped(words)}" for name, words in arguments(text)] or [escaped(text)]


def arguments(text: str) -> list[tuple[str, str]]:
    """The names, and what is said of each."""
    parts = NAMED.split(text)[1:]
    return [(name, words.strip()) for name, words in zip(parts[::2], parts[1::2])]


def escaped(text: str) -> str:
    """Without markup, except for code between backticks."""
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"``{part}``" if i % 2 else re.sub(r"([\\*_|`<>])", r"\\\1", part) for i, part in enumerate(parts))
