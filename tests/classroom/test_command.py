"""gan-scratch check on exercise notebooks as students have them."""
import copy
import json

import pytest
from nbformat import NotebookNode

from gan_scratch import cli
from gan_scratch.classroom import command, notebooks, released
from gan_scratch.classroom.session import Result, Task

NAME = "e02_backprop"


def write(path, notebook) -> str:
    path.write_text(json.dumps(notebook))
    return str(path)


@pytest.fixture
def exercise() -> dict:
    return copy.deepcopy(dict(released.released(NAME)))


def test_the_exercise_is_recognised_with_and_without_its_metadata(exercise, tmp_path):
    for about in (exercise["metadata"], {}):
        prepared = command.prepare(tmp_path / write(tmp_path / "x.ipynb", {**exercise, "metadata": about}))
        assert [cell.source for cell in prepared.notebook.cells] == [cell["source"] for cell in exercise["cells"]] and not prepared.said


def answered(notebook):
    """The notebook with something written in the place of each answer in words."""
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("YOUR ANSWER HERE", "Because it rounds.")
    return notebook


def test_a_line_for_each_task_and_the_total(exercise):
    notebook = copy.deepcopy(released.released(NAME))
    result = Result([Task("test_f", 2, 2, "", []), Task("test_longer", 0, 3, "", ["no"])])
    assert command.summary(command.Prepared(notebook), result).splitlines() == [
        "✓ f       2 of 2", "✗ longer  0 of 3", "A question in words isn't answered yet.",
        "2 of 5 points by tests; 4 more for a question in words"]
    for cell in answered(notebook)["cells"]:
        assert "YOUR ANSWER HERE" not in cell["source"]
    assert "answered yet" not in command.summary(command.Prepared(notebook), result)
    assert "hidden tests come on top" in command.summary(command.Prepared(notebook, hidden=True), result)


def test_magics_in_given_cells_of_an_unknown_exercise_are_ignored_and_said(exercise, tmp_path):
    exercise["metadata"] = {"gan_scratch": {"text": "course/exercises/unknown.md"}}
    setup = next(cell for cell in exercise["cells"] if cell["id"] == "setup")
    setup["source"] = "%load_ext autoreload\n" + setup["source"]
    prepared = command.prepare(tmp_path / write(tmp_path / "x.ipynb", exercise))
    assert "isn't one of the exercises" in prepared.said[0] and prepared.said[1].endswith("shell commands in it were ignored")
    assert prepared.notebook.cells[2].source.startswith("pass\n")


def test_model_answers(tmp_path, monkeypatch, capsys, exercise):
    monkeypatch.setattr(released, "ANSWERS", tmp_path)
    assert cli.main(["check", "--answers", "e02"]) == 2
    assert capsys.readouterr().err == f"gan-scratch: the model answer of {NAME} isn't given out in this class; ask your instructor\n"
    (tmp_path / f"{NAME}.md").write_text("Because.\n\n2 points for σ", encoding="utf-8")
    assert cli.main(["check", "--answers", write(tmp_path / "mine.ipynb", exercise)]) == 2
    assert "isn't answered yet; write your answer first" in capsys.readouterr().err
    for given in ("e02", NAME, write(tmp_path / "mine.ipynb", answered(exercise))):
        assert cli.main(["check", "--answers", given]) == 0
        assert capsys.readouterr().out == "Because.\n\n2 points for σ\n"


@pytest.mark.parametrize("arguments, said", [
    (["--answers", "e99"], "'e99' is no exercise; name one of"), (["--answers", "e0"], "'e0' is the beginning of"), ([], "needs a notebook file"),
    (["x.ipynb", "--answers", "e02"], "needs a notebook file"), (["."], "is a folder; name the notebook in it: mine.ipynb"),
    (["yours.ipynb"], "there is no file yours.ipynb; beside it are: mine.ipynb"), (["page.txt"], "not a notebook but a web page")])
def test_wrong_use_is_said_in_one_sentence(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ipynb").write_text("{}")
    (tmp_path / "page.txt").write_text("<html>")
    assert cli.main(["check", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_file_that_takes_too_much_memory_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(notebooks, "LARGEST_FILE", 10)
    with pytest.raises(notebooks.NotGradable, match="too large .*: clear the outputs"):
        notebooks.load(tmp_path / write(tmp_path / "x.ipynb", {"cells": []}))


def test_several_notebooks_get_a_table_and_the_worst_exit_status(tmp_path, monkeypatch, capsys):
    results = {"right": Result([Task("test_f", 2, 2, "f\n", [])]), "wrong": Result([Task("test_f", 0.5, 3, "no\n", [])])}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "prepare", lambda path: command.Prepared(NotebookNode(cells=[])))

    def run(path, prepared):
        if path.stem not in results:
            raise RuntimeError("no kernel could be started")
        return results[path.stem]

    monkeypatch.setattr(command, "run", run)
    assert cli.main(["check", "right.ipynb", "right.ipynb"]) == 0
    assert cli.main(["check", "wrong.ipynb", "right.ipynb"]) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "✗ wrong.ipynb  0.5 of 3", "✓ right.ipynb  2 of 2", "2.5 of 5 points by tests"]
    assert cli.main(["check", "none.ipynb", "wrong.ipynb", "right.ipynb"]) == 2
    assert capsys.readouterr().out.splitlines() == [
        "── none.ipynb", "! no kernel could be started", "", "── wrong.ipynb", "no", "", "✗ f  0.5 of 3",
        "0.5 of 3 points by tests", "", "── right.ipynb", "f", "", "✓ f  2 of 2", "2 of 2 points by tests", "",
        "✗ none.ipynb   couldn't be checked", "✗ wrong.ipynb  0.5 of 3", "✓ right.ipynb  2 of 2",
        "2.5 of 5 points by tests, without the 1 of 3 notebooks that couldn't be checked"]


def test_help_says_what_the_command_does(capsys):
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    assert "Run an exercise notebook as the grader does, and say what is wrong" in " ".join(capsys.readouterr().out.split())
