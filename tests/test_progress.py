"""Progress is shown where somebody watches, and nowhere else."""
import io
import sys

from gan_scratch.progress import progress


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


def test_a_terminal_and_a_notebook_show_it(monkeypatch, capsys):
    for stdout in (Terminal(), Notebook()):
        said = told(monkeypatch, capsys, stdout)
        assert "\rtraining D: 100%" in said and all(len(line.rstrip()) <= 80 for line in said.split("\r"))


def test_a_pipe_stays_silent(monkeypatch, capsys):
    assert told(monkeypatch, capsys, io.StringIO()) == ""


def test_it_ends_where_the_loop_does(capsys):
    for k in progress([3, 1, 2], "looking"):
        if k == 1:
            break
    assert k == 1
