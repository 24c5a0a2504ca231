"""What is seen only when all submissions of an exercise are looked at together: frequent diagnoses, answers that are
alike.
"""
from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

import nbformat

from course.grading import similarity
from course.grading.cohort import Cohort, Exercise
from gan_scratch.classroom.matching import grade_id, takes_answer


@dataclass
class Together:
    """Of all graded submissions.

    Attributes:
        diagnoses: how often each (task, sentence) came. alike: sentences about each student whose code is nearly
        another's. equal, near: question -> groups of students whose answers in words are the same, or nearly.
    """

    diagnoses: Counter = field(default_factory=Counter)
    alike: dict[str, list[str]] = field(default_factory=dict)
    equal: dict[str, list[list[str]]] = field(default_factory=dict)
    near: dict[str, list[list[str]]] = field(default_factory=dict)


def look(cohort: Cohort, exercise: Exercise, students: list[str]) -> Together:
    """Read the graded notebooks of these students, and compare them."""
    seen, notebooks = Together(), {}
    answers: dict[str, dict[str, str]] = {}
    for student in students:
        notebook = notebooks[student] = without_outputs(cohort, student)
        for task in notebook.metadata["gan_scratch"]["tasks"]:
            seen.diagnoses.update((task["name"], sentence) for sentence in task["diagnoses"])
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and takes_answer(cell):
                answers.setdefault(grade_id(cell), {})[student] = cell.source
    solution = nbformat.read(cohort.solution / f"{cohort.exercise}.ipynb", as_version=4)
    seen.alike = similarity.remarks(similarity.alike(exercise.released, notebooks, solution))
    seen.equal = {question: similarity.groups(given) for question, given in answers.items()}
    seen.near = {question: similarity.near(given) for question, given in answers.items()}
    return seen


def without_outputs(cohort: Cohort, student: str) -> nbformat.NotebookNode:
    """A graded notebook without what its cells showed, most of which are pictures."""
    found = json.loads(cohort.graded_notebook(student).read_text(encoding="utf-8"))
    for cell in found["cells"]:
        cell["source"] = "".join(cell["source"])
        if "outputs" in cell:
            cell["outputs"] = []
    return nbformat.from_dict(found)
