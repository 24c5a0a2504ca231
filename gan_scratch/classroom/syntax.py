"""What can be read in the source of a student's function: is anything written yet, and do two names stand for one array?"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from types import CodeType
from typing import Any


def has_work(code: CodeType) -> bool:
    """Whether a function does anything beside its docstring and `raise NotImplementedError()`."""
    body = tree_of(code).body if tree_of(code) else []
    return any(not is_text(statement) and not is_stub(statement) for statement in body)


def is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Pass) or isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def is_stub(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement)


@functools.lru_cache(256)
def tree_of(code: CodeType) -> ast.FunctionDef | None:
    """The function's syntax tree; None where its source isn't known."""
    try:
        found = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    except (OSError, SyntaxError, TypeError, IndexError):
        return None
    return found[0] if found and isinstance(found[0], ast.FunctionDef) else None


def aliases(f: Any) -> list[str]:
    """A sentence for each assignment that gives one array two names, one of which is then changed in place: `up, down = x, x`."""
    code = getattr(inspect.unwrap(f) if callable(f) else f, "__code__", None)
    tree = tree_of(code) if isinstance(code, CodeType) else None
    if tree is None:
        return []
    written = {name for node in ast.walk(tree) for name in changed_in_place(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            same = [name for name in twins(node) if name]
            if len(same) > 1 and written & set(same):
                found.append(
                    f"{' and '.join(f'`{name}`' for name in same)} are one array (`{ast.unparse(node)}`): "
                    "what changes one changes the other; make a copy for each, with .copy()"
                )
    return found


def changed_in_place(node: ast.AST) -> list[str]:
    """Names whose entries a statement changes: a[i] = …, a[i] += …"""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    arrays = [target.value for target in targets if isinstance(target, ast.Subscript)]
    return [array.id for array in arrays if isinstance(array, ast.Name)]


def twins(node: ast.Assign) -> list[str]:
    """The names that an assignment binds to one object: a = b = …, or a, b = x, x."""
    if len(node.targets) > 1 and not isinstance(node.value, ast.Constant):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    target, value = node.targets[0], node.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        names = [v.id for v in value.elts if isinstance(v, ast.Name)]
        double = next((name for name in names if names.count(name) > 1), None)
        return [
            t.id
            for t, v in zip(target.elts, value.elts)
            if isinstance(t, ast.Name) and isinstance(v, ast.Name) and v.id == double
        ]
    return []
