"""gan-scratch check with several files: one notebook after the other, and a table over all of them."""
from __future__ import annotations

from pathlib import Path

from gan_scratch.classroom import command
from gan_scratch.classroom.session import Result


def check(paths: list[Path]) -> int:
    """Check notebooks and print what is wrong in each, then a table.

    Returns the worst exit status: 0 when nothing is wrong, 1 when something is, 2 when a notebook couldn't be checked.
    The others are checked all the same.
    """
    results = []
    for path in paths:
        print(f"── {path}", flush=True)
        results.append(checked(path))
        print(flush=True)
    print(table(paths, results))
    return max(2 if result is None else int(not result.right) for result in results)


def checked(path: Path) -> Result | None:
    """Check a notebook and print what `gan-scratch check` prints; None, and a sentence, when that isn't possible."""
    try:
        prepared = command.prepare(path)
        result = command.run(path, prepared)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"! {error}")
        return None
    print(command.report(prepared, result))
    return result


def table(paths: list[Path], results: list[Result | None]) -> str:
    """A line for each notebook, and the total of those that could be checked."""
    width = max(len(str(path)) for path in paths)
    lines = [f"{'✓' if result and result.right else '✗'} {str(path):{width}}  {points(result)}"
             for path, result in zip(paths, results)]
    counted = [result for result in results if result]
    total = f"{sum(each.score for each in counted):g} of {sum(each.points for each in counted):g} points by tests"
    if left_out := len(results) - len(counted):
        total += f", without the {left_out} of {len(results)} notebooks that couldn't be checked"
    return "\n".join([*lines, total])


def points(result: Result | None) -> str:
    return f"{result.score:g} of {result.points:g}" if result else "couldn't be checked"
