"""Every notebook runs alone, in an empty folder with the package and nothing else; and one of each kind in a real kernel."""
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course.building.units import ROOT

LECTURES = sorted(ROOT.glob("lectures/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
RELEASED = sorted(ROOT.glob("exercises/*/*.ipynb"))
SECONDS = 900  # ends one that hangs; how long each takes is measured by `python -m tests.benchmarks.notebooks`
ALONE = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}


def read(path):
    return nbformat.read(path, as_version=4)


def figures(path):
    return sum(cell.source.count("plot.show(") for cell in read(path).cells if cell.cell_type == "code")


@pytest.fixture
def empty(tmp_path):
    """An empty folder with a space in its name, and the environment of a Python that knows this gan_scratch and no course."""
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed/gan_scratch").symlink_to(ROOT / "gan_scratch")
    (tmp_path / "an empty folder").mkdir()
    return tmp_path / "an empty folder", {**ALONE, "PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1"}


def run(path, folder, environment):
    """Run a notebook in plain Python; returns the number of figures that it showed."""
    command = [sys.executable, str(Path(__file__).with_name("run_notebook.py")), str(path)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert not list(folder.iterdir()), "it leaves files behind"
    return int(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("path", LECTURES + SOLUTIONS, ids=lambda path: path.stem)
def test_it_runs_alone_without_a_warning_and_shows_its_figures(path, empty):
    assert run(path, *empty) == figures(path) > 0


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_an_exercise_runs_alone_before_it_is_solved(path, empty):
    run(path, *empty)


@pytest.mark.parametrize("path", [LECTURES[1], SOLUTIONS[1]], ids=lambda path: path.stem)
def test_it_runs_in_a_kernel_too_with_pictures_in_it(path, empty):
    folder, environment = empty
    nb = read(path)
    NotebookClient(nb, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
                   extra_arguments=["--log-level=ERROR"]).execute(env={**environment, "PYTHONWARNINGS": "error::UserWarning"})
    outputs = [output for cell in nb.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == figures(path)
    assert not [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"]


@pytest.mark.parametrize("path", LECTURES + SOLUTIONS + RELEASED, ids=lambda path: path.parts[-2] + "/" + path.stem)
def test_no_output_is_committed(path):
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in read(path).cells)


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_no_folded_figure_cell_checks_a_claim(path):
    folded = [cell.source for cell in read(path).cells if "figure" in cell.metadata.get("tags", [])]
    assert not [source for source in folded if "assert " in source]


def test_whatever_the_package_reads_is_installed_with_it():
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["gan_scratch"]
    package = ROOT / "gan_scratch"
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    there = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert installed == there
