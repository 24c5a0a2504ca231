"""From texts to notebooks: `python -m course build`."""
import json
import shutil
import subprocess
import sys

import nbformat
import pytest

from course.__main__ import main
from course.building import build
from course.building.bring_back import bring_back
from course.building.units import ROOT
from tests.course.building.small import (ANSWERS_FILE, EXERCISE, EXERCISE_TEXT, LECTURE_FILE, LECTURE_TEXT, PACKAGED_FILE, RELEASED_FILE,
                                         SOLUTION_FILE, course, edit, everything, opened, refusal, saved)


# What is built

def test_the_lecture(built):
    nb = opened(built, LECTURE_FILE)
    nbformat.validate(nb)
    assert [cell.cell_type for cell in nb.cells] == ["markdown", "markdown", "markdown", "code", "code", "markdown"]
    assert [cell.metadata.slideshow.slide_type for cell in nb.cells] == ["-", "slide", "notes", "fragment", "-", "-"]
    assert [cell.metadata.get("tags") for cell in nb.cells] == [None, None, None, ["figure"], ["experiment", "raises-exception"], None]
    assert nb.cells[2].source == "<details><summary>Speaker note: 2 min</summary>\n\nSay this.\n\n</details>"
    assert nb.cells[0].source == "# Über D and G" and nb.cells[3].source == "import math\n\nplot.show(math.pi)"
    assert nb.cells[3].metadata.jupyter == {"source_hidden": True}
    assert not any("nbgrader" in cell.metadata for cell in nb.cells)
    assert (nb.nbformat, nb.nbformat_minor, nb.metadata.title) == (4, 5, 'The "first" lecture')
    assert nb.metadata.kernelspec.name == "python3" and "version" not in nb.metadata.language_info


def test_what_nbgrader_is_told(built):
    about = {cell.metadata.nbgrader.grade_id: cell for cell in opened(built, SOLUTION_FILE).cells if "nbgrader" in cell.metadata}

    def settings_of(name):
        keys = ("grade", "solution", "locked", "points", "schema_version", "task")
        return {key: about[name].metadata.nbgrader.get(key) for key in keys}

    assert settings_of("setup") == dict(grade=False, solution=False, locked=True, points=None, schema_version=3, task=False)
    assert settings_of("square") == dict(grade=False, solution=True, locked=False, points=None, schema_version=3, task=False)
    assert settings_of("test_square") == dict(grade=True, solution=False, locked=True, points=4, schema_version=3, task=False)
    assert settings_of("answer_why") == dict(grade=True, solution=True, locked=False, points=3.5, schema_version=3, task=False)
    assert all(cell.id == name for name, cell in about.items()) and len(about) == 4


def test_the_release_holds_no_secrets(built):
    nb, text = opened(built, RELEASED_FILE), (built / RELEASED_FILE).read_text()
    for secret in ("secret", "check.hidden", "model answer.", "Rubric", "SOLUTION", "HIDDEN"):
        assert secret in (built / SOLUTION_FILE).read_text() and secret not in text
    sources = {cell.id: cell.source for cell in nb.cells}
    assert sources["square"] == 'def square(x):\n    """x²."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
    assert sources["test_square"] == "verdict = check(square)\nverdict.points(4)"
    assert sources["answer_why"] == "YOUR ANSWER HERE"
    assert not nb.cells[0].metadata.keys() - {"slideshow"}
    assert all(cell.metadata.nbgrader.checksum for cell in nb.cells if "nbgrader" in cell.metadata)
    assert [cell.metadata.get("editable", True) for cell in nb.cells] == [True, False, True, True, False, True, True, True]


def test_the_package_gets_the_released_notebook_and_the_model_answers(built, capsys):
    assert everything(built)[PACKAGED_FILE] == everything(built)[RELEASED_FILE]
    answers = "# Squares\n\n## Task 2: a question in words (3.5 points)\n\nThe model answer. Rubric: 3.5 points.\n"
    assert (built / ANSWERS_FILE).read_text() == answers
    edit(built, EXERCISE_TEXT, "title: Squares\n", "title: Squares\nanswers: false\n")
    assert build.check([], built) == 1
    assert f"{ANSWERS_FILE} must not be there, as {EXERCISE_TEXT} gives no model answers" in capsys.readouterr().out
    assert build.build([], built) == 0 and not (built / ANSWERS_FILE).exists() and build.check([], built) == 0


def test_the_same_bytes_again_and_elsewhere(built, tmp_path, capsys):
    before = everything(built)
    assert build.build([], built) == 0
    assert capsys.readouterr().out == "01_first: unchanged\ne01_squares: unchanged\n"
    other = course(tmp_path / "another place")
    build.build([], other)
    there = everything(other)
    assert everything(built)[SOLUTION_FILE] == before[SOLUTION_FILE]
    assert there == {path: data for path, data in before.items()}


def test_equal_cells_get_ids_of_their_own(root):
    (root / LECTURE_TEXT).write_text("---\ntitle: x\n---\n\nsame\n\n+++\n\nsame\n\n+++\n\nsame\n\n```{code-cell}\nplot.show(f)\n```\n")
    build.build(["01"], root)
    ids = [cell.id for cell in opened(root, LECTURE_FILE).cells]
    assert ids[:3] == [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"]


def test_only_the_named_unit_is_built(root, capsys):
    build.build(["e01", "course/exercises/e01_squares.md"], root)
    assert capsys.readouterr().out.count("e01_squares: written") == 1 and not (root / "lectures").exists()


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(built):
    before = everything(built)[SOLUTION_FILE]
    (built / EXERCISE_TEXT).write_bytes(b"\xef\xbb\xbf" + EXERCISE.replace("\n", "\r\n").encode())
    assert build.check([], built) == 0 and everything(built)[SOLUTION_FILE] == before


def test_nothing_is_written_when_a_text_is_wrong(root):
    (root / LECTURE_TEXT).write_text("no front matter\n")
    assert refusal(build.build, [], root).startswith(f"{LECTURE_TEXT}:1: ")
    assert not (root / "solutions").exists()


def test_nothing_is_written_when_the_converter_fails(root, monkeypatch):
    monkeypatch.setattr("course.building.release.CODE_STUB", 3)  # not what nbgrader expects
    assert "nbgrader" in refusal(build.build, [], root)
    assert not (root / "solutions").exists() and not (root / "lectures").exists()


# Checking, and edits made by hand

def test_check_says_what_differs_and_why(built, capsys):
    assert build.check([], built) == 0
    assert capsys.readouterr().out == "2 units: every notebook is what its text gives\n"
    before = everything(built)

    def complaint(*names):
        capsys.readouterr()
        assert build.check(list(names), built) == 1
        return capsys.readouterr().out

    edit(built, EXERCISE_TEXT, "never negative", "always positive")
    assert complaint("e01").count("is older than course/exercises/e01_squares.md: run") == 3
    edit(built, EXERCISE_TEXT, "always positive", "never negative")

    edit(built, RELEASED_FILE, "never negative", "always positive")
    assert f"{RELEASED_FILE} was edited by hand: write the edits into {EXERCISE_TEXT}" in complaint()
    edit(built, RELEASED_FILE, "always positive", "never negative")
    edit(built, ANSWERS_FILE, "3.5 points.", "4 points.")
    assert f"{ANSWERS_FILE} is older than {EXERCISE_TEXT}" in complaint()
    edit(built, ANSWERS_FILE, "4 points.", "3.5 points.")

    saved(built, LECTURE_FILE, lambda cells: cells[3].outputs.append(nbformat.v4.new_output("stream", text="3.14")))
    assert f"{LECTURE_FILE} has outputs inside" in complaint()
    saved(built, LECTURE_FILE, lambda cells: cells[3].outputs.clear(),
          version=('"name": "python"', '"version": "3", "name": "python"'))
    assert f"{LECTURE_FILE} was saved by another program" in complaint()
    (built / LECTURE_FILE).unlink()
    assert f"{LECTURE_FILE} is missing" in complaint()
    (built / LECTURE_FILE).write_text("<<<<<<< HEAD\n{}")
    assert f"{LECTURE_FILE} can't be read as a notebook" in complaint()
    (built / LECTURE_FILE).write_bytes(before[LECTURE_FILE])

    assert everything(built) == before and build.check([], built) == 0


def ran(cells) -> None:
    """What Jupyter leaves when a notebook is run with Shift+Enter, looked at and saved."""
    for number, cell in enumerate(cells):
        cell.metadata.update(collapsed=True, scrolled=False, trusted=True, execution={"iopub.execute_input": "2026-01-01"})
        cell.metadata.get("jupyter", {}).update(source_hidden=False, outputs_hidden=True)
        if cell.cell_type == "code":
            cell.execution_count = number + 1
            cell.outputs = [nbformat.v4.new_output("stream", text="out")]
    cells.append(nbformat.v4.new_code_cell(""))


@pytest.mark.parametrize("file", [LECTURE_FILE, SOLUTION_FILE, RELEASED_FILE])
def test_running_a_notebook_is_no_edit(built, file):
    before = everything(built)
    saved(built, file, ran)
    assert everything(built) != before
    assert build.build([], built) == 0 and everything(built) == before
    if file != RELEASED_FILE:
        saved(built, file, ran)
        assert bring_back(built / file, built) == 0 and everything(built)[EXERCISE_TEXT] == before[EXERCISE_TEXT]


@pytest.mark.parametrize("change", [
    lambda cells: cells.pop(), lambda cells: cells.reverse(), lambda cells: cells.append(nbformat.v4.new_markdown_cell("mine")),
    lambda cells: cells[3].metadata.update(tags=["figure", "mine"]),
    lambda cells: cells[1].update(source="## Another slide"), lambda cells: cells[1].metadata.slideshow.update(slide_type="skip"),
    lambda cells: cells[0].update(cell_type="raw"),
], ids=["deleted", "moved", "inserted", "tag", "source", "slide type", "cell type"])
def test_an_edit_by_hand_is_not_overwritten(built, change, capsys):
    saved(built, LECTURE_FILE, change)
    edit(built, LECTURE_TEXT, "The end.", "The very end.")
    edit(built, EXERCISE_TEXT, "never negative", "always positive")
    before = everything(built)
    said = refusal(build.build, [], built)
    assert f'"python -m course import {LECTURE_FILE}"' in said and '"python -m course build 01_first --force"' in said
    assert everything(built)[LECTURE_FILE] == before[LECTURE_FILE]
    assert "01_first: not built\ne01_squares: written" in capsys.readouterr().out
    assert build.build(["01"], built, force=True) == 0 and build.check([], built) == 0


def test_a_foreign_notebook_is_not_overwritten(root):
    (root / "lectures").mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("mine")]), root / LECTURE_FILE)
    assert "wasn't made by" in refusal(build.build, [], root)
    assert opened(root, LECTURE_FILE).cells[0].source == "mine"
    assert "no record" in refusal(bring_back, root / LECTURE_FILE, root)


def test_what_has_no_text_is_named_and_stays(built, capsys):
    copy = built / "lectures/01_first-Copy1.ipynb"
    shutil.copy(built / LECTURE_FILE, copy)
    (built / EXERCISE_TEXT).unlink()
    before = everything(built)
    for action, status in ((build.check, 1), (build.build, 0)):
        assert action([], built) == status
        said = capsys.readouterr().out
        for file in ("lectures/01_first-Copy1.ipynb", RELEASED_FILE, SOLUTION_FILE, PACKAGED_FILE, ANSWERS_FILE):
            assert f"{file} belongs to no text: remove it, or write its text" in said
    assert everything(built) == before


# The command line

def test_the_command_line(monkeypatch, capsys):
    assert main(["build", "no_such_unit"]) == 2
    assert capsys.readouterr().err.startswith("there is no unit 'no_such_unit'")
    assert main(["import", "no_such_file.ipynb"]) == 2
    monkeypatch.setitem(sys.modules, "course.tour", None)
    assert main(["tour"]) == 2 and "isn't installed" in capsys.readouterr().err
    monkeypatch.setattr("course.building.build.check", lambda names: len(names))
    assert main(["build", "--check", "a"]) == 1
    with pytest.raises(SystemExit, match="2"):
        main(["grade", "e01", "--jobs", "0"])


def test_building_prints_nothing_of_nbgrader(root):
    """In a process of its own, with warnings as errors, as nbgrader is loaded only once here."""
    code = "from pathlib import Path; from course.building import build; build.build([], Path(__import__('sys').argv[1]))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, str(root)], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["01_first", "e01_squares"]
    assert json.loads((root / RELEASED_FILE).read_text())["nbformat_minor"] == 5
