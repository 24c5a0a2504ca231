"""What can be read in the source of a student's function: is anything written yet, and do two names stand for one array?"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
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
    """A sentence for each assignment that gives an array a second name, if one of its names is then used to change it in place:
    `up, down = x, x`, `up = down = x.copy()`, `y = x`, and `y = x[:]`, which is a view."""
    code = getattr(inspect.unwrap(f) if callable(f) else f, "__code__", None)
    tree = tree_of(code) if isinstance(code, CodeType) else None
    if tree is None:
        return []
    given = {argument.arg for argument in (*tree.args.posonlyargs, *tree.args.args)}
    bound = [(name, value, node) for node in ast.walk(tree) if isinstance(node, ast.Assign) for name, value in bindings(node)]
    once = {name for name, *_ in bound if [other for other, *_ in bound].count(name) == 1 and name not in given}
    owner: dict[str, str] = {}  # name -> the name whose array it is
    sentences = {}
    for name, value, node in bound:
        if name in once and isinstance(value, str):
            owner[name] = owner.get(value, value)
            sentences.setdefault(owner[name], []).append((name, node))
    changed = {owner.get(name, name) for node in ast.walk(tree) for name in changed_in_place(node)}
    return [told(root, found) for root, found in sentences.items() if root in changed]


def bindings(node: ast.Assign) -> Iterator[tuple[str, Any]]:
    """(name, the name of the array that it is bound to) of an assignment; None for a new array."""
    first = next((target.id for target in node.targets if isinstance(target, ast.Name)), None)
    for target in node.targets:
        both_tuples = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
        pairs = zip(target.elts, node.value.elts) if both_tuples else [(target, node.value)]
        if isinstance(target, ast.Tuple) and not both_tuples:
            pairs = [(element, node) for element in target.elts]  # several things that a call returns
        for left, right in pairs:
            if isinstance(left, ast.Name):
                again = first if left.id != first and not isinstance(right, ast.Constant) else None
                yield left.id, array_of(right) or again


def array_of(value: ast.expr) -> str | None:
    """The name of the array that an expression is, or is a view of: x, x[:]."""
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        value = value.value  # a slice is a view
    return value.id if isinstance(value, ast.Name) else None


def told(root: str, found: list[tuple[str, ast.Assign]]) -> str:
    """What is to be said of names of one array."""
    names = [root, *(name for name, _ in found)]
    return (f"{' and '.join(f'`{name}`' for name in names)} are one array (line `{written(found[0][1])}`): "
            "what changes one changes the other; make a copy for each, with .copy()")


def written(node: ast.Assign) -> str:
    """An assignment as it stands in the source, without the brackets that `unparse` puts around tuples."""
    sides = [*node.targets, node.value]
    return " = ".join(ast.unparse(side).removeprefix("(").removesuffix(")") if isinstance(side, ast.Tuple) else ast.unparse(side) for side in sides)


def changed_in_place(node: ast.AST) -> list[str]:
    """Names whose entries a statement changes: a[i] = …, a[i] += …"""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    arrays = [target.value for target in targets if isinstance(target, ast.Subscript)]
    return [array.id for array in arrays if isinstance(array, ast.Name)]
