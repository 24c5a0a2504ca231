"""Whether an exercise's tests pass on its solution as the grader runs them: outside the kernel, with answers that
travel as text.
"""
from __future__ import annotations

import nbformat

from course.building.units import Unit


def faults(unit: Unit, solution: bytes) -> list[str]:
    """A line for each test that the solution doesn't pass.

    Args:
        solution: the instructors' notebook as JSON.
    """
    from gan_scratch.classroom import session  # needs Jupyter, which building alone doesn't
    from gan_scratch.classroom.kernel import Stuck

    notebook = nbformat.reads(solution.decode(), as_version=4)
    if not any(map(session.is_test, notebook.cells)):
        return []
    try:
        result = session.run(notebook)
    except (session.Unusable, Stuck) as error:
        return [f"{unit.text}: the solution can't be run as the grader does it: {error}"]
    why = {task.name: "; ".join(task.diagnoses) or " ".join(task.text.split()) for task in result.tasks if task.score < task.points}
    return [f"{unit.text}: {task.name} gives the solution {task.score:g} of {task.points:g} points when the grader runs it: "
            f"{why[task.name]}" for task in result.tasks if task.name in why]
