"""What the report says of tasks and diagnoses, and what is remarked about answers."""
from collections import Counter

import nbformat
import pytest

from course.grading import remarks, report
from gan_scratch.classroom.call import NOT_WRITTEN


def test_discrimination_is_the_correlation_with_the_rest():
    points, total = {"a": 2.0, "b": 0.0, "c": 2.0, "d": 0.0}, {"a": 7.0, "b": 1.0, "c": 6.0, "d": 0.0}
    assert report.discrimination(points, total) == "0.97"  # of (2, 0, 2, 0) with (5, 1, 4, 0)
    assert report.discrimination(points, {"a": 3.0, "b": 6.0, "c": 3.0, "d": 5.0}) == "-0.99"
    assert report.discrimination({"a": 2.0, "b": 2.0, "c": 2.0}, total) == "–"
    assert report.discrimination({"a": 2.0, "b": 0.0}, total) == "–"


def test_what_is_not_written_yet_does_not_crowd_out_diagnoses():
    found = Counter({("test_a", f"a: {NOT_WRITTEN}: it still raises"): 40, ("test_b", "b: dW is transposed"): 3})
    page = report.frequent(found, 43)
    assert "Not written yet: a 40." in page and page.count("<tr>") == 2 and "dW is transposed" in page
    assert "<table>" not in report.frequent(Counter({("test_a", f"a: {NOT_WRITTEN}"): 4}), 4)


@pytest.mark.parametrize("source, names", [
    ("from gan_scratch.layers import Dense, ReLU", {"gan_scratch.layers.Dense", "gan_scratch.layers.ReLU"}),
    ("def f():\n    import gan_scratch.checks.e02 as c\n    return c.f", {"gan_scratch.checks.e02"}),
    ("import numpy as np", set()), ("def f(:", set()), ("from . import x", set())])
def test_imports(source, names):
    assert remarks.imports(source) == names


def notebook(*cells):
    made = nbformat.v4.new_notebook()
    for source, about in cells:
        made.cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": about} if about else {}))
    return made


def test_only_what_the_student_imports_is_remarked():
    task = {"grade_id": "dense", "solution": True, "grade": False}
    setup = ("from gan_scratch.layers import Dense", None)
    released = notebook(setup, ("def dense(x):\n    raise NotImplementedError()", task))
    fine = notebook(setup, ("from gan_scratch.layers import Dense\ndef dense(x):\n    return x", task))
    assert remarks.taken_from_the_library(released, fine) == []
    taken = notebook(setup, ("from gan_scratch.checks.e02 import dense", task), ("import gan_scratch.optim", None))
    assert remarks.taken_from_the_library(released, taken) == [
        "dense imports gan_scratch.checks.e02.dense, the references of the checks: look at it",
        "a cell of the student's imports gan_scratch.optim: look at it"]
