"""Exercises are tested like code: the solution gets everything, the stub nothing, typical mistakes are named, other right answers pass.

Wrong answers and other right answers stand in course/exercises/NAME.mutants.toml.
"""
import contextlib
import copy
import importlib
import io
import textwrap
import tomllib
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest

from gan_scratch.classroom import session

ROOT = Path(__file__).parents[2]
NAMES = sorted(path.name.split(".")[0] for path in (ROOT / "course/exercises").glob("*.mutants.toml"))
REGION = ("    ### BEGIN SOLUTION\n", "    ### END SOLUTION")


@cache
def cells(name):
    """The code cells of the solution that count: (grade_id, source, nbgrader's metadata)."""
    nb = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
    return [(about["grade_id"], cell.source, about) for cell in nb.cells
            if cell.cell_type == "code" and (about := cell.metadata.get("nbgrader"))]


def score(name, changes=None, only=None, seed=0):
    """Run the solution in this process with some solve cells replaced; returns {task: Task}, of one task if `only` names it."""
    names, tasks = {}, {}
    with contextlib.redirect_stdout(io.StringIO()):
        for task, source, about in cells(name):
            if about["grade"]:
                names["check"].rng = np.random.default_rng(seed)
                if only in (None, task.removeprefix("test_")):
                    tasks[task.removeprefix("test_")] = session.judge(source, about, names, None)
            else:
                exec((changes or {}).get(task, source), names)
    return tasks


def answers(kind):
    """The entries of all mutants.toml: kind is wrong or right."""
    for name in NAMES:
        for function, lists in tomllib.loads((ROOT / f"course/exercises/{name}.mutants.toml").read_text()).items():
            for number, entry in enumerate(lists[kind]):
                yield pytest.param(name, function, entry, id=f"{name.split('_')[0]}-{function}-{number}")


def solve_cell(name, function):
    (source,) = [source for task, source, about in cells(name) if task == function]
    return source


def replaced(source, find, replace):
    """The source with another piece in all places where `find` stands."""
    assert find in source, f"{find!r} isn't in the solution"
    return source.replace(find, replace)


def unwrapped(text):
    """A verdict without its line breaks."""
    return " ".join(text.split())


def answered(source, code):
    """The source with `code` in place of the solution."""
    head, rest = source.split(REGION[0])
    return head + textwrap.indent(code.strip("\n"), "    ") + rest.split(REGION[1])[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_solution_gets_everything_whatever_the_random_inputs(name):
    for seed in range(20):
        for task in score(name, seed=seed).values():
            assert task.score == task.points and not task.diagnoses, task.text


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_gets_nothing_and_is_told_so(name):
    stubs = {task: answered(source, "raise NotImplementedError()") for task, source, about in cells(name) if about["solution"]}
    for task in score(name, stubs).values():
        assert task.score == 0 and "Not written yet" in task.text


@pytest.mark.parametrize("name, function, entry", list(answers("wrong")))
def test_typical_mistakes_are_named(name, function, entry):
    *change, says = entry
    source = (answered if len(change) == 1 else replaced)(solve_cell(name, function), *change)
    for seed in range(3):
        task = score(name, {function: source}, function, seed)[function]
        assert task.score < task.points, f"accepted with seed {seed}: {change}"
        assert says and says in unwrapped(task.text), f"{says!r} isn't in the verdict on {change}: {task.text}"


@pytest.mark.parametrize("name, function, code", list(answers("right")))
def test_other_right_answers_pass(name, function, code):
    for seed in range(3):
        task = score(name, {function: answered(solve_cell(name, function), code)}, function, seed)[function]
        assert task.score == task.points, task.text


@pytest.mark.parametrize("name", NAMES)
def test_every_graded_function_has_wrong_and_right_answers(name):
    lists = tomllib.loads((ROOT / f"course/exercises/{name}.mutants.toml").read_text())
    assert lists.keys() == {task for task, _, about in cells(name) if about["solution"]}
    for function, both in lists.items():
        assert both["wrong"] and len(both["right"]) >= 2, function


def listed():
    """Every mistake and misstep that a checks module lists."""
    for name in NAMES:
        check = checks_of(name)
        for function, spec in check.specs.items():
            for kind in ("mistakes", "missteps"):
                for number, sentence in enumerate(getattr(spec, kind)):
                    yield pytest.param(check, spec, kind, sentence, id=f"{name.split('_')[0]}-{function}-{kind}-{number}")


def checks_of(name):
    return importlib.import_module(f"gan_scratch.checks.{name.split('_')[0]}").check


def as_an_answer(spec, kind, wrong):
    """The wrong function as a student would hand it in: complete, and under the right name."""
    def answer(*args):
        before = copy.deepcopy(args)
        right = spec.reference(*(before if kind == "missteps" else args))  # with its updates, where only the value is wrong
        value = wrong(*(args if kind == "missteps" else before))
        if kind == "missteps":
            return right
        if len(spec.outputs) == 1:
            return value
        assert len(value) == len(spec.outputs), "a mistake must give something for each output, or None"
        return tuple(r if v is None else v for v, r in zip(value, right))

    answer.__name__ = spec.name
    return answer


@pytest.mark.parametrize("check, spec, kind, sentence", list(listed()))
def test_a_listed_mistake_handed_in_gets_its_own_sentence(check, spec, kind, sentence):
    answer = as_an_answer(spec, kind, getattr(spec, kind)[sentence])
    for seed in range(3):
        check.rng, printed = np.random.default_rng(seed), io.StringIO()
        with contextlib.redirect_stdout(printed):
            verdict = check(answer)
        assert not verdict, f"accepted with seed {seed}, so that no case tells it from right: {sentence!r}"
        assert any(sentence in fault.sentence for fault in verdict.faults), f"{sentence!r} isn't in the verdict: {printed.getvalue()}"


def planted():
    """Every function whose cell has code with a planted bug, as it is released."""
    for name in NAMES:
        nb = nbformat.read(ROOT / "exercises" / name / f"{name}.ipynb", as_version=4)
        for cell in nb.cells:
            about = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and about.get("solution") and "raise NotImplementedError()" not in cell.source:
                yield pytest.param(name, about["grade_id"], cell.source, id=f"{name.split('_')[0]}-{about['grade_id']}")


@pytest.mark.parametrize("name, function, source", list(planted()))
def test_a_planted_bug_handed_in_as_it_is_released_is_found(name, function, source):
    for seed in range(3):
        task = score(name, {function: source}, function, seed)[function]
        assert task.score < task.points, f"accepted with seed {seed}, though nothing was mended"
        assert "does what the code that you were given does" in task.text, task.text
