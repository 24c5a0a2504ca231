"""A cell that needs a function which isn't written yet says so in one sentence, in a kernel as in JupyterLab."""
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from gan_scratch.classroom.missing import headings_of

STUB = "def dense_backward(dy, x, W):\n    # YOUR CODE HERE\n    raise NotImplementedError()"
CELLS = {
    STUB: "",
    "dense_backward(1, 2, 3)": "This cell needs dense_backward (task 1), which isn't written yet.\n",
    "y = 3 * softplus(1)": "This cell needs softplus (task 2), from a cell that hasn't run to its end; run that first.\n",
    "print(undefined)": "NameError",
    "import io; io.IOBase().seek(0)": "UnsupportedOperation",
    "def own():\n    raise NotImplementedError('later')\nown()": "NotImplementedError",
    "1 / 0": "ZeroDivisionError",
    "print('still running')": "still running\n",
}


def test_one_sentence_instead_of_a_traceback():
    nb = new_notebook(cells=[new_code_cell("from gan_scratch.checks.e02 import check"), *map(new_code_cell, CELLS)])
    NotebookClient(nb, kernel_name="python3", allow_errors=True).execute()
    said = ["".join(output.get("text", output.get("ename", "")) for output in cell.outputs) for cell in nb.cells]
    assert said == ["", *CELLS.values()]


def test_headings_of_an_exercise_and_of_none():
    assert headings_of("e02")["gate_backward"] == "task 6" and headings_of("e99") == {}
