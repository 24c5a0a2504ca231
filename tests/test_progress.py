"""Progress is shown where somebody watches, and nowhere else."""
import importlib.util
import io
import sys

import pytest

from gan_scratch.progress import duration, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Notebook(io.StringIO):
    __module__ = "ipykernel.iostream"


def told(monkeypatch, capsys, stdout):
    """What a loop of 20 steps writes to this stdout; nothing may go to stderr."""
    monkeypatch.setattr(sys, "stdout", stdout)
    assert list(progress(range(20), "training D")) == list(range(20))
    monkeypatch.undo()
    assert capsys.readouterr().err == ""
    return stdout.getvalue()


@pytest.mark.parametrize("stdout", [Terminal, Notebook])
def test_a_terminal_and_a_notebook_show_it(stdout, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)  # no widgets here
    said = told(monkeypatch, capsys, stdout())
    assert "\rtraining D: 100%" in said and all(len(line.rstrip()) <= 80 for line in said.split("\r"))


def test_a_notebook_with_widgets_shows_a_bar(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "ipywidgets")
    monkeypatch.setattr("tqdm.notebook.tqdm", lambda items, **options: shown.append(options["desc"]) or items)
    assert told(monkeypatch, capsys, Notebook()) == "" and shown == ["training D"]


@pytest.mark.parametrize("seconds, words", [(0.4, "0 seconds"), (89, "89 seconds"), (90, "2 minutes"), (5000, "83 minutes"), (9000, "2.5 hours")])
def test_how_long_that_is(seconds, words):
    assert duration(seconds) == words


def test_a_pipe_stays_silent(monkeypatch, capsys):
    assert told(monkeypatch, capsys, io.StringIO()) == ""


def test_it_ends_where_the_loop_does(capsys):
    for k in progress([3, 1, 2], "looking"):
        if k == 1:
            break
    assert k == 1
