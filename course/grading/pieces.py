"""Source cut into short pieces in which layout, comments, docstrings, texts and its author's names don't count."""
from __future__ import annotations

import ast
import builtins
import functools
import io
import keyword
import re
import tokenize
from typing import Iterator

from nbformat import NotebookNode

from gan_scratch.classroom.matching import grade_id, takes_code
from gan_scratch.classroom.source import bound, tree_of

LENGTH = 8  # tokens of a piece
LONGEST = 100_000  # characters of a cell that are looked at: more is pasted data
LAYOUT = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}
LONG_TEXT = re.compile(r"(\"\"\"|''').*?\1", re.S)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def pieces_of(notebook: NotebookNode, given: frozenset[str]) -> dict[str, set[str]]:
    """The pieces of each task's answer by its grade id; of all other code together, under ""."""
    found: dict[str, set[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            found.setdefault(grade_id(cell) if takes_code(cell) else "", set()).update(pieces(cell.source, given))
    return found


@functools.lru_cache(4096)  # all students have the cells that were given
def pieces(source: str, given: frozenset[str]) -> frozenset[str]:
    """All runs of LENGTH tokens, names that aren't `given` only numbered. The source need not be Python."""
    row = list(tokens(source, given))
    return frozenset(renamed(row[i:i + LENGTH]) for i in range(max(len(row) - LENGTH + 1, len(row) > 0)))


def renamed(row: list[tuple[str, bool]]) -> str:
    """Tokens in a row, names as $0, $1, … in the order in which they come first."""
    number: dict[str, int] = {}
    return " ".join(f"${number.setdefault(text, len(number))}" if is_own else text for text, is_own in row)


def tokens(source: str, given: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Each token that counts, and whether it is a name that its author could have chosen otherwise.

    Brackets that only group aren't among them: `return a, b` is `return (a, b)`.
    """
    found = raw_tokens(source[:LONGEST])
    begins, before, called = True, "", []  # whether a statement begins; the token before; of each open bracket, see below
    for token, after in zip(found, [*found[1:], None]):
        text = token.string
        if token.type == tokenize.NEWLINE:
            begins, called = True, []
        if token.type in LAYOUT or text == ";":
            continue
        if text in ("(", "[", "{"):
            called.append(text != "(" or before in (")", "]") or before.isidentifier() and not keyword.iskeyword(before))
        groups = text == "(" and not called[-1] or text == ")" and called and not called[-1]
        if text in (")", "]", "}") and called:
            called.pop()
        if token.type == tokenize.STRING:
            if not begins:  # else a docstring
                yield '""', False
        elif not groups:
            fixed = before == "." or keyword.iskeyword(text) or bool(called) and after and after.string == "="
            yield text, token.type == tokenize.NAME and text not in given and not fixed
        begins, before = False, text


def raw_tokens(source: str) -> list[tokenize.TokenInfo]:
    """Python's tokens; of source that isn't Python those of each line by itself, as far as they go."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            found.append(token)
    except (tokenize.TokenError, SyntaxError):
        lines = LONG_TEXT.sub('""', source).strip().splitlines()
        return [token for line in lines for token in raw_tokens(line.strip())] if len(lines) > 1 else found
    return found


def given_names(released: NotebookNode) -> frozenset[str]:
    """What an exercise imports and defines, and Python's own: names that nobody changes."""
    trees = (tree_of(cell.source) for cell in released.cells if cell.cell_type == "code")
    nodes = (node for tree in trees if tree for node in tree.body if isinstance(node, NAMED))
    return frozenset(dir(builtins)).union(*map(bound, nodes))
