"""python -m course tour: train a GAN, grade two submissions, and say how to go on, in two or three minutes.

Everything is written below runs/tour/; the class of the instructor in course/class/ isn't touched.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from threadpoolctl import threadpool_limits

from course.grading import grade
from course.grading.cohort import Cohort
from course.building.units import ROOT, CourseError, find
from gan_scratch import cli

STEPS = 2500  # of a DCGAN: about a minute
PLACE = Path("runs", "tour")

# What the second student gets wrong: task, right, wrong. The code with planted bugs of LEFT is handed in as it came.
MISTAKES = [("sigmoid", "np.where(x >= 0, 1 / (1 + e), e / (1 + e))", "1 / (1 + np.exp(-x))"),
            ("bce_with_logits", "/ logits.size", "/ len(logits)"),
            ("gate_backward", "ds @ W.T + dt @ V.T", "ds @ W.T")]
LEFT = ("prelu_backward",)
ANSWER = """A: h is too large, so that the curvature shows: with h ten times smaller the error is a hundred times smaller. B: rounding of a
number near 100, gone in float64. C: a kink, the same in float64, gone when h is smaller than the distance to it. The tool reports B. It
should compute in float64 and try several h."""


def main() -> int:
    """Run the tour; returns the exit status: 0 well, else that of the part that failed."""
    if not (ROOT / "solutions").is_dir():
        raise CourseError("the tour grades an exercise: run it in a copy of the repository, which has solutions/")
    os.chdir(ROOT)
    print("== 1 of 3: a GAN learns to draw digits, every gradient written by hand\n", flush=True)
    with threadpool_limits(1):  # BLAS's threads spin while they wait: beside other work two are many times slower than one
        status = cli.main(["train", "dcgan", "--steps", str(STEPS), "--out", str(PLACE / "gan")])
    if status:
        return status
    print("\n== 2 of 3: two students hand in exercise e02; the grader says why an answer is wrong\n", flush=True)
    if status := grade_two():
        return status
    print(closing())
    return 0


def grade_two() -> int:
    """Hand in a right and a mistaken notebook, grade both with the real pipeline, and print what the students would read."""
    unit, folder = find("e02"), (PLACE / "class").resolve()
    notebooks = {"right": answered(unit), "mistaken": answered(unit, MISTAKES, LEFT)}
    for student, nb in notebooks.items():
        file = folder / "submitted" / student / unit.name / f"{unit.name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, file)
    if status := grade.main(unit.name, jobs=2, force=True, folder=folder):
        return status
    cohort = Cohort(ROOT, folder, unit.name, folder, isolated=True)
    for student in notebooks:
        tasks = cohort.findings(student)["tasks"]
        print(f"\n{student}: {sum(t['score'] for t in tasks):g} of {sum(t['points'] for t in tasks):g} points")
        for task in tasks:
            if task["score"] < task["points"]:
                print("  " + task["text"].rstrip().replace("\n", "\n  "))
    return 0


def answered(unit, mistakes: Sequence[tuple[str, str, str]] = (), left: Sequence[str] = ()):
    """The released notebook with the solutions filled in, some of them spoilt, and some tasks left as they were handed out."""
    solution, released = (nbformat.read(ROOT / path, as_version=4) for path in unit.notebooks)
    sources = {cell.metadata.nbgrader.grade_id: cell.source for cell in solution.cells if cell.metadata.get("nbgrader", {}).get("solution")}
    for task, right, wrong in mistakes:
        if right not in sources[task]:
            raise CourseError(f"the tour plants a mistake in {task}, but its solution has no {right!r} any more; mend course/tour.py")
        sources[task] = sources[task].replace(right, wrong)
    for cell in released.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") in left:
            continue
        if about.get("solution") and cell.cell_type == "code":
            lines = sources[about["grade_id"]].splitlines()
            cell.source = "\n".join(line for line in lines if "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line)
        elif about.get("solution"):
            cell.source = ANSWER
    return released


def closing() -> str:
    """Where everything is, and the commands that open the rest."""
    programs = Path(sys.executable).parent
    at = programs.relative_to(ROOT) if programs.is_relative_to(ROOT) else programs
    jupyter, gan_scratch = (f"'{at / name}'" if " " in str(at) else at / name for name in ("jupyter", "gan-scratch"))
    page = PLACE / "class" / f"{find('e02').name}_report.html"
    return f"""
== 3 of 3: go on

digits that the GAN drew      {PLACE / 'gan' / 'samples.png'}, over_time.gif
the report of the two grades  {page}
a student's feedback page     {PLACE / 'class' / 'feedback' / 'mistaken' / find('e02').name}/

read a lecture                {jupyter} lab lectures/01_adversarial_game.ipynb
do an exercise                {jupyter} lab exercises/e02_backprop/e02_backprop.ipynb
check it as the grader does   {gan_scratch} check exercises/e02_backprop/e02_backprop.ipynb
grade a class                 course/instructor_guide.md, then: {Path(sys.executable).name} -m course grade e02
the Formgrader                JUPYTER_CONFIG_PATH=course {jupyter} lab     (menu Nbgrader > Formgrader)
train other GANs              {gan_scratch} list"""
