"""What the source of a cell says, without running it."""
from __future__ import annotations

import ast
import functools
import re
import warnings
from typing import Iterator

TIMED = re.compile(r"^([ \t]*)%time[ \t]+(?=\S)", re.M)  # what it times stays
MAGIC = re.compile(r"^([ \t]*)[%!?].*", re.M)
DEFINITION = re.compile(r"^(?:(?:async\s+)?(?:def|class)\s+(\w+)|(\w+)\s*(?::[^=\n]+)?=[^=])", re.M)
FUNCTION = re.compile(r"^(?:async\s+)?def\s+(\w+)", re.M)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@functools.lru_cache(4096)  # each source is compared with many others
def squeezed(source: str) -> str:
    """Without white space at the ends of lines and of the whole."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def same(one: str, other: str) -> bool:
    """Equal but for white space at the ends of lines."""
    return squeezed(one) == squeezed(other)


def tree_of(source: str) -> ast.Module | None:
    """The syntax tree; None when it isn't Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes and comparisons in the source
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def plain_python(source: str) -> str:
    """Without what IPython alone understands: magics and shell commands."""
    return source if tree_of(source) else MAGIC.sub(r"\1pass", TIMED.sub(r"\1", source))


def definitions(source: str) -> dict[str, str]:
    """Each name that a cell binds at its top level, and to what: a text in which white space, comments and docstrings don't count.
    It is "" for a function with nothing in it. The cell need not be valid Python."""
    return dict(_definitions(source))


@functools.lru_cache(4096)
def _definitions(source: str) -> tuple[tuple[str, str], ...]:
    tree = tree_of(plain_python(source))
    if tree is None:
        return tuple((a or b, squeezed(source)) for a, b in DEFINITION.findall(source))
    return tuple((name, essence(statement)) for statement in tree.body for name in bound(statement))


def functions(source: str) -> list[str]:
    """The functions that a cell defines at its top level; the cell need not be valid Python."""
    tree = tree_of(plain_python(source))
    if tree is None:
        return list(dict.fromkeys(FUNCTION.findall(source)))
    return list(dict.fromkeys(node.name for node in tree.body if isinstance(node, FUNCTIONS)))


def defined(source: str) -> set[str]:
    """Names that a cell binds at its top level."""
    return set(definitions(source))


def written(source: str, stub: str) -> set[str]:
    """Names that a cell gives a meaning which they haven't in the stub."""
    before = definitions(stub)
    return {name for name, text in definitions(source).items() if text and text != before.get(name)}


def asked(stub: str) -> set[str]:
    """What a stub asks for: its functions and classes, else its variables."""
    tree = tree_of(stub)
    named = {node.name for node in tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))} if tree else set()
    return named or defined(stub)


def bound(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds in its own scope."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, (*OWN_SCOPE, ast.AugAssign)):
        for child in ast.iter_child_nodes(node):
            yield from bound(child)


def essence(statement: ast.stmt) -> str:
    """A statement as text without comments and docstring; "" for a function with nothing in it."""
    if not isinstance(statement, FUNCTIONS):
        return ast.unparse(statement)
    body = [line for line in statement.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    if all(isinstance(line, ast.Pass) or "NotImplemented" in ast.unparse(line) for line in body):
        return ""
    return f"{ast.unparse(statement.args)}: " + "\n".join(map(ast.unparse, body))


def without_unwritten(source: str, stub: str) -> str:
    """A cell's source without the functions that have nothing in them, or nothing else than in the stub."""
    lines, tree, before = source.splitlines(), tree_of(source), definitions(stub)
    for node in reversed(tree.body if tree else []):
        if isinstance(node, FUNCTIONS) and essence(node) in ("", before.get(node.name)):
            del lines[min([node, *node.decorator_list], key=lambda part: part.lineno).lineno - 1:node.end_lineno]
    return "\n".join(lines)


def harmless_part(source: str) -> str:
    """Only the imports, functions and classes of a cell; "" when it isn't Python."""
    tree = tree_of(plain_python(source))
    kept = (*FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)
    return "\n".join(ast.unparse(node) for node in tree.body if isinstance(node, kept)) if tree else ""


def names_read(source: str) -> set[str]:
    """Names that a cell reads without storing them itself."""
    nodes = [node for node in ast.walk(tree_of(source) or ast.Module([], [])) if isinstance(node, ast.Name)]
    return {node.id for node in nodes} - {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
