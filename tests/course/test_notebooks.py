"""Every lecture and every solution runs from beginning to end without a warning, and one of each in a real kernel."""
import contextlib
import io
import os
import shutil
import warnings
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from gan_scratch import plot

ROOT = Path(__file__).parents[2]
LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", LECTURES + SOLUTIONS, ids=lambda path: path.stem)
def test_it_runs_and_shows_its_figures(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    figures, names, last = [], {}, None
    monkeypatch.setattr(plot, "show", lambda figure: figures.append(figure.canvas.draw()))
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("error")
        for number, cell in enumerate(read(path).cells, 1):
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), names)
    sources = "".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    assert len(figures) == sources.count("plot.show(") > 0


@pytest.mark.parametrize("path", [LECTURES[1], SOLUTIONS[1]], ids=lambda path: path.stem)
def test_it_runs_in_a_kernel_too_with_pictures_in_it(path, tmp_path):
    for file in path.parent.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    nb = read(path)
    NotebookClient(nb, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}},
                   extra_arguments=["--log-level=ERROR"]).execute(env={**os.environ, "PYTHONWARNINGS": "error::UserWarning"})
    outputs = [output for cell in nb.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == sum(cell.source.count("plot.show(") for cell in nb.cells)
    assert not [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"]


@pytest.mark.parametrize("path", LECTURES + SOLUTIONS, ids=lambda path: path.stem)
def test_no_output_is_committed(path):
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in read(path).cells)
