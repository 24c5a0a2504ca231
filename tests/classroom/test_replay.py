"""Who is blamed for the death of a kernel, with a kernel that is only played."""
import re

import pytest

from gan_scratch.classroom import replay
from gan_scratch.classroom.kernel import Died, Limits, Said
from gan_scratch.classroom.replay import Replay


class Played:
    """A kernel that dies at once of "dead", and of "late_N" while the Nth cell after it runs, or when it is waited for."""

    left, running, starts = 100.0, False, 0

    def begin(self):
        self.running, self.fuses, self.starts = True, [], self.starts + 1

    def stop(self):
        self.running = False

    @property
    def alive(self):
        return self.running and not self.fuses

    def execute(self, source, seconds, expression=None):
        self.fuses = [fuse - 1 for fuse in self.fuses]
        if "dead" in source or 0 in self.fuses:
            raise Died("it ended the kernel")
        self.fuses += map(int, re.findall(r"late_(\d)", source))
        return Said([], {"status": "ok", "data": {"text/plain": "'x'"}}, "exit" in source)


@pytest.fixture
def played(monkeypatch):
    monkeypatch.setattr(replay, "MARGIN", 0.0)
    found = Replay(Played(), Limits(), [])
    return found, found.kernel


@pytest.mark.parametrize("cells, guilty", [
    (["a", "late_1", "b", "c"], {1: "a moment later"}),
    (["late_3", "a", "b", "c", "d"], {0: "a moment later"}),
    (["a", "b", "late_2", "late_1", "c"], {2: "a moment later", 3: "a moment later"}),
    (["a", "dead", "b", "late_1", "dead"], {1: "it ended the kernel; it was left out", 3: "moment", 4: "it was left out"}),
    (["a", "b", "dead"], {2: "it ended the kernel; it was left out"})])
def test_only_the_cell_that_kills_is_blamed(cells, guilty, played):
    session, _ = played
    for i, source in enumerate(cells):
        session.run(source, f"cell {i}")
    assert len(session.problems) == len(guilty)
    for i, words in guilty.items():
        assert sum(problem.startswith(f"cell {i}:") and words in problem for problem in session.problems) == 1
    assert [done.source for done in session._done] == [source for i, source in enumerate(cells) if i not in guilty]


def test_a_late_death_keeps_the_functions_of_its_cell(played):
    session, _ = played
    session.run("def f():\n    return 1\nstart('late_1')", "cell 0")
    session.run("a", "cell 1")
    assert session._done[0].source == "def f():\n    return 1"
    assert session.problems == ["cell 0: it ended the kernel a moment later; only the functions and imports in it were kept, "
                                "and everything else ran again"]


def test_a_death_while_a_function_is_called_is_not_blamed_on_it_when_an_earlier_cell_did_it(played):
    session, kernel = played
    session.run("late_1", "cell 0")
    assert session.evaluate("f()") == "'x'" and session.problems[0].startswith("cell 0: it ended the kernel a moment later")
    starts = kernel.starts
    kernel.execute = lambda *what: (_ for _ in ()).throw(Died("it ended the kernel"))
    with pytest.raises(RuntimeError, match="calling it failed: it ended the kernel"):
        session.evaluate("f()")
    assert kernel.starts - starts <= 2


def test_exit_is_said(played):
    session, _ = played
    session.run("exit()", "cell 0")
    assert session.problems == ["cell 0: exit() and quit() end the kernel, so they were ignored: remove them"]
