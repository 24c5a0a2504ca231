"""The checks module of an exercise (gan_scratch.checks.e02, …), and whether the text and the module belong together."""
from __future__ import annotations

import ast
import importlib
import math

from course.building.tags import Grading, grading, shown
from course.building.text import Cell, Problem
from gan_scratch.classroom.spec import QUIET, Spec

IMPORT = "from gan_scratch.checks.eNN import check"


def specs_of(cells: list[Cell]) -> dict | None:
    """The Specs by function of the module from which a given cell imports `check`; None when no cell does.

    Raises whatever the module raises when it is imported, and AttributeError when it has no `check`.
    """
    found = imported(cells)
    return importlib.import_module(found[0]).check.specs if found else None


def imported(cells: list[Cell]) -> tuple[str, int] | None:
    """The checks module and the line that imports it."""
    for cell in cells:
        if cell.kind != "code" or not any(tag.startswith("given ") for tag in cell.tags):
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and [alias.name for alias in node.names] == ["check"]:
                return node.module, cell.line + node.lineno - 1
    return None


def check_module(cells: list[Cell]) -> list[Problem]:
    """Functions that the module doesn't know, or that no cell asks for, and points that don't add up."""
    marked = [(cell, about) for cell in cells for tag in cell.tags if (about := grading(tag))]
    derived = [(cell, about) for cell, about in marked if about.word == "solve" and about.points is not None]
    found = imported(cells)
    if not found:
        return [Problem(cell.tags_line, f"the tag '{about}' needs the exercise's checks: write {IMPORT} in a given cell")
                for cell, about in derived[:1]]
    module, line = found
    try:
        specs = specs_of(cells)
    except Exception as error:  # the author's module may raise anything
        return [Problem(line, f"{module} can't be imported: {type(error).__name__}: {error}; correct the module")]
    problems = [wrong for cell, about in derived if (wrong := check_derived(cell, about, specs, module))]
    problems += [wrong for cell, about in marked if about.word == "solve" and about.name in specs
                 if (wrong := other_parameters(cell, specs[about.name], module))]
    tested = {about.name for _, about in derived}
    solved = {about.name for _, about in marked if about.word == "solve"}
    for cell, about in marked:
        if about.word == "test":
            wrong, names = check_test(cell, specs, solved, module)
            problems, tested = problems + wrong, tested | names
    missing = [name for name in specs if name not in tested]
    return problems or [Problem(line, f"{module} has a check for {name!r}, but no cell asks for that function; "
                                      f"write [solve {name} POINTS], or remove the check") for name in missing]


def check_derived(cell: Cell, about: Grading, specs: dict, module: str) -> Problem | None:
    """What is wrong with a solve cell whose test is derived."""
    if about.name not in specs:
        return Problem(cell.tags_line, unknown(about.name, specs, module))
    spec = specs[about.name]
    defined = [node.name for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
    if about.name not in defined:
        return Problem(cell.line, f"the cell '{about}' must define the function {about.name}; "
                                  f"it defines {', '.join(defined) or 'none'}")
    shares = f"the shares of {about.name} in {module}"
    wanted = [*filter(None, spec.outputs), *spec.updates]
    if spec.shares and [name for name in spec.shares if name != QUIET] != wanted:
        return Problem(cell.tags_line, f"{shares} are for {', '.join(spec.shares)}, but it returns or updates {', '.join(wanted)}; "
                                       "give one for each, in this order")
    if spec.shares and not math.isclose(sum(spec.shares.values()), about.points):
        return Problem(cell.tags_line, f"the tag gives {shown(about.points)} points, but {shares} add up to "
                                       f"{shown(sum(spec.shares.values()))}; correct one of them")
    return None


def other_parameters(cell: Cell, spec: Spec, module: str) -> Problem | None:
    """Parameters of the function in a solve cell that have other names than those of its reference."""
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.FunctionDef) and node.name == spec.name:
            args = [*node.args.posonlyargs, *node.args.args, node.args.vararg, *node.args.kwonlyargs, node.args.kwarg]
            given = [arg.arg for arg in args if arg]
            if given != spec.parameters:
                both = f"({', '.join(given)}) here and ({', '.join(spec.parameters)}) in {module}"
                return Problem(cell.line + node.lineno - 1, f"{spec.name} has the parameters {both}; "
                                                            "the diagnosis names the latter: write both alike")
    return None


def check_test(cell: Cell, specs: dict, solved: set[str], module: str) -> tuple[list[Problem], set[str]]:
    """What is wrong with a test that the author has written, and the functions that it checks."""
    problems, names = [], set()
    for call in (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)):
        line, called = cell.line + call.lineno - 1, ast.unparse(call.func)
        if called in solved:
            problems.append(Problem(line, f"a test can't call {called} itself, because the student's functions live in "
                                          f"another process; write check({called}), and put the inputs into cases or hidden of its checks module"))
        if called not in ("check", "check.hidden"):
            continue
        given = call.args[0].id if call.args and isinstance(call.args[0], ast.Name) else None
        if given is None:
            problems.append(Problem(line, f"{called} expects the function itself; write {called}(f), not {called}(f(x))"))
        elif given not in specs:
            problems.append(Problem(line, unknown(given, specs, module)))
        else:
            names.add(given)
    return problems, names


def unknown(name: str, specs: dict, module: str) -> str:
    return f"{module} has no check for {name!r}; add one with check.add, or correct the name: it has {', '.join(specs)}"
