"""Whole notebooks in real kernels. One kernel start costs about a second, so there are few of these."""
import json
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gan_scratch import cli
from gan_scratch.classroom.session import Limits, Unusable, judge, order, run

GIVEN = "import numpy as np\nfrom gan_scratch.checks.e06 import check"
RIGHT = "def kl(p, q):\n    return p[p > 0] @ np.log(p[p > 0] / q[p > 0]) if q[p > 0].all() else np.inf"
TEST = "check(kl).points(1)"
JS = "def js(p, q):\n    return sum(a[a > 0] @ np.log(2 * a[a > 0] / (p + q)[a > 0]) for a in (p, q)) / 2"


def cell(source, name=None, **about):
    made = new_code_cell(source)
    if name:
        made.metadata["nbgrader"] = {"grade_id": name, "grade": False, "solution": False, "locked": False, **about}
    return made


def notebook(*own, kl=RIGHT):
    test = {"grade": True, "locked": True, "points": 1}
    return new_notebook(cells=[
        new_markdown_cell("# text"), cell(GIVEN, "setup", locked=True), *own, cell(kl, "kl", solution=True),
        cell(TEST, "test_kl", **test), cell(JS, "js", solution=True),
        cell("check(js).points(2)", "test_js", **test | {"points": 2})])


def test_a_right_notebook_gets_everything_though_it_warns():
    nb = notebook(kl=RIGHT.replace("    return", "    np.exp(np.float64(1000))\n    return"))
    result = run(nb)
    assert (result.score, result.points, result.problems) == (3, 3, [])
    assert "It warned: RuntimeWarning: overflow" in result.tasks[0].text
    outputs = nb.cells[3].outputs
    assert outputs[0].text.startswith("✓") and outputs[1].data["text/plain"] == "1.0"
    assert nb.metadata["gan_scratch"]["tasks"][0]["name"] == "test_kl"
    nbformat.validate(nb)


PATCHES = """
import sys, numpy, gan_scratch.classroom.check as c
numpy.testing.assert_allclose = lambda *a, **k: None
c.Checks.__call__ = lambda self, f, on=None: c.Verdict("all is well", [])
c.Verdict.points = lambda self, n: float(n)
check = lambda f, on=None: c.Verdict("all is well", [])
sys.modules["gan_scratch.classroom.diagnose"].near = lambda *a: True
get_ipython().input_transformers_cleanup.append(lambda lines: [l for l in lines if "assert" not in l])
"""


def test_what_a_student_patches_in_the_kernel_counts_for_nothing():
    result = run(notebook(cell(PATCHES), kl="def kl(p, q):\n    return q[q > 0] @ np.log(q[q > 0] / p[q > 0]) if p[q > 0].all() else np.inf"))
    assert [task.score for task in result.tasks] == [0, 2]
    assert result.tasks[0].diagnoses == ["kl: KL is KL(q‖p): p and q are exchanged"]


SCRIPT = """
from IPython.display import publish_display_data as show
show({"image/png": "iVBORw0KGgo="}, {"image/png": {"width": "1 onerror=alert(11)"}})
show({"text/plain": 5, "application/x": {"a": [1]}})
show({"application/javascript": "alert(1)", "text/plain": "shown"})
raise ValueError("\\ud800")
"""
FORGED = """
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, "status", {}, parent=kernel.get_parent("shell"))
"""


def test_outputs_are_kept_only_as_far_as_they_are_harmless():
    nb = notebook(cell(SCRIPT))
    result = run(nb)
    shown = nb.cells[2].outputs
    assert result.score == 3 and [o.output_type for o in shown] == ["display_data", "display_data"]
    assert shown[0].metadata == {} and shown[1].data == {"text/plain": "shown"}
    nbformat.writes(nb).encode()


def test_forged_messages_cost_their_own_cell_only():
    result = run(notebook(cell(FORGED)))
    assert result.score == 3 and "disturbed the kernel's messages" in result.problems[0]


DEATH, LOOP, DEAF = "import os; os._exit(3)", "while True: pass", """
while True:
    try:
        while True: pass
    except BaseException: pass
"""


def test_cells_that_kill_or_never_end_are_left_out_and_said(tmp_path):
    nb = notebook(cell(DEATH), cell(LOOP), cell(DEAF), cell("1 / 0"), cell("for i in range(20000): print(i)"))
    result = run(nb, limits=Limits(cell=3, lines=100), folder=tmp_path)
    assert result.score == 3
    begins = ["`import os; os._exit(3)` (\"text\"): ", "`while True: pass` (\"text\"): ", "`while True:` (\"text\"): ",
              "`1 / 0` (\"text\") ended with ZeroDivisionError: "]
    assert len(result.problems) == 4
    assert all(p.startswith(f"the cell that begins with {each}") for p, each in zip(result.problems, begins)), result.problems
    assert sum(len(o.text.splitlines()) for o in nb.cells[6].outputs) < 200


def test_a_function_that_kills_the_kernel_costs_its_own_points_only():
    result = run(notebook(kl="def kl(p, q):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)"))
    assert [task.score for task in result.tasks] == [0, 2] and "ended the kernel" in result.tasks[0].text


def test_a_cell_that_does_not_run_is_named_as_the_reason():
    result = run(notebook(kl="def kl(p, q)\n    return 0"))
    assert [task.score for task in result.tasks] == [0, 2] and "because the cell of kl (\"text\") ended with SyntaxError" in result.tasks[0].text


def test_experiments_are_not_run():
    extra = cell("raise RuntimeError('not here')")
    extra.metadata["tags"] = ["experiment"]
    assert run(notebook(extra)).problems == []


def test_a_score_is_never_above_the_points_nor_below_0():
    about = {"grade_id": "t", "points": 2}
    assert judge("5.0", about, {}, None).score == 2 and judge("-1.0", about, {}, None).score == 0
    broken = judge("nonsense.points(3)", about, {}, lambda name: object())
    assert broken.score == 0 and "could not be finished" in broken.text and broken.diagnoses


def test_a_test_that_fails_by_itself_is_said_aloud():
    nb = notebook()
    nb.cells[3].source = "check(kl).no_such_method(1)"
    result = run(nb)
    assert result.score == 2 and len(result.problems) == 1 and "test_kl: this test could not be finished" in result.problems[0]


def test_a_test_waits_for_the_cell_that_defines_its_function():
    test = {"grade": True, "locked": True, "points": 1}
    cells = [cell(GIVEN, "setup", locked=True), cell("# moved", "f", solution=True), cell("check(f).points(1)", "test_f", **test),
             cell("g = 1"), cell("check(g).points(1)", "test_g", **test), cell("def f(): return g"), cell("g = 2")]
    assert order(cells) == [0, 1, 3, 4, 5, 2, 6]


def test_a_right_function_counts_though_its_cell_fails_after_it():
    result = run(notebook(kl=f"{RIGHT}\nprint(undefined)"))
    assert result.score == 3 and result.problems == ['the cell of kl ("text") ended with NameError: name \'undefined\' is not defined']


def test_the_kernel_is_this_pythons_whatever_is_set_up(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps({"argv": ["no-such-python", "-f", "{connection_file}"], "display_name": "x", "language": "python"}))
    startup = tmp_path / "profile_default" / "startup" / "own.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("handy = 1")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path)), monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    own = cell("import sys\nprint(sys.executable, 'handy' in globals(), sys.path[-1] == '')")
    nb = notebook(own)
    assert run(nb).score == 3 and own.outputs[0].text == f"{sys.executable} False True\n"


@pytest.mark.parametrize("source, said", [("import not_there", "ModuleNotFoundError"), ("def f(:", "SyntaxError")])
def test_a_given_cell_that_can_not_be_run_is_named(source, said):
    nb = notebook()
    nb.cells[1].source = source
    with pytest.raises(Unusable, match=rf"the given cell setup can't be run \({said}.*take this cell from"):
        run(nb)


@pytest.mark.parametrize("points", [None, "2", float("nan"), True])
def test_a_test_without_points_is_said(points):
    task = judge("1.0", {"grade_id": "t", "points": points}, {}, None)
    assert task.score == task.points == 0 and "don't say how many points" in task.text


@pytest.mark.parametrize("solved, status", [(True, 0), (False, 1)])
def test_the_command_check(solved, status, tmp_path, capsys):
    path = tmp_path / "my notebook.ipynb"
    nbformat.write(notebook() if solved else notebook(kl="def kl(p, q):\n    raise NotImplementedError()"), path)
    before = path.read_bytes()
    assert cli.main(["check", str(path)]) == status
    text = capsys.readouterr().out
    assert ("3 of 3 points" if solved else "2 of 3 points") in text and ("Not written yet" in text) != solved
    assert path.read_bytes() == before


@pytest.mark.parametrize("content, said", [(None, "there is no file"), ("", "can't be read"), ("{", "can't be read"), ('{"cells": []}', "")])
def test_the_command_check_on_something_else(content, said, tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    if content is not None:
        path.write_text(content)
    assert cli.main(["check", str(path)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and "Traceback" not in error


def test_a_name_that_is_defined_further_down_is_explained():
    uses = "def kl(p, q):\n    return total(p[p > 0] * np.log(p[p > 0] / q[p > 0]))"
    nb = notebook(cell("none = js(1, 1)"), kl=uses)
    nb.cells[4:4] = [new_markdown_cell("## Task 2: JS"), cell("def total(terms):\n    return terms.sum()")]
    nb.cells[4], nb.cells[5] = nb.cells[5], nb.cells[4]
    nb.cells.insert(4, nb.cells.pop(6))  # the test of kl comes before the cell of total
    result = run(nb)
    assert result.problems == ['the cell that begins with `none = js(1, 1)` ("text") ended with NameError: name \'js\' is not '
                               "defined; it is defined further down, in the cell of js (task 2), and that must be run first"]
    assert [task.score for task in result.tasks] == [0, 2]
    assert ("NameError: name 'total' is not defined; it is defined further down, in the cell of total (\"text\"), and that must be run first"
            in " ".join(result.tasks[0].text.split()))
